/* The routes below /auth: see web_auth.h. */
#include "role/web/web_auth.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "format/json.h"
#include "format/json_read.h"
#include "http/http_cookie.h"
#include "http/http_url.h"
#include "role/web/web_auth_form.h"
#include "role/web/web_auth_page.h"
#include "role/web/web_texts.h"
#include "role/web/web_edge.h"
#include "role/web/web_html.h"
#include "role/web/web_next.h"
#include "role/web/web_origin.h"
#include "role/web/web_seat.h"
#include "role/web/web_user.h"
#include "trust/login/credentials.h"

enum {
	ARENA_MAX = 512 * 1024,
	ANSWER_MAX = 256 * 1024,
	BASE_MAX = 1024,
	PATH_MAX_OCTETS = 4096, /* of a place on the way in, escaped */
	AGENT_MAX = 250,
	RETRY_SECONDS = 60,
	SEATS_MAX = 64,     /* of web_seat_tell */
	QR_MAX = 64 * 1024, /* the largest code there is has 177 rows of 177 */
};

/* What a path asks auth for: the operation, and its fields by the names that they have in requests. */
struct action {
	const char *path;
	enum sign_operation operation;
	const char *fields[SIGN_FIELDS_MAX];
	const char *answer; /* the name of the answer's text in JSON; NULL: it has none */
	bool is_json;       /* that text is JSON itself */
};

/* clang-format off */
static const struct action actions[] = {
    {"/auth/login", SIGN_PASSWORD, {"username", "password"}, NULL, false},
    {"/auth/code", SIGN_CODE, {"code"}, NULL, false},
    {"/auth/passkey/options", SIGN_PASSKEY_ASK, {NULL}, "options", true},
    {"/auth/passkey", SIGN_PASSKEY, {"id", "clientDataJSON", "authenticatorData", "signature", "userHandle"}, NULL, false},
    {"/auth/logout", SIGN_OUT, {NULL}, NULL, false},
    {"/auth/prove", SIGN_PROVE, {"secret"}, NULL, false},
    {"/auth/account", SIGN_STATE, {NULL}, NULL, true},
    {"/auth/sessions/end", SIGN_SESSION_END, {NULL}, NULL, false},
    {"/auth/tokens/add", SIGN_TOKEN_ADD, {"name"}, "token", false},
    {"/auth/passwords/add", SIGN_APP_ADD, {"name"}, "password", false},
    {"/auth/passwords/remove", SIGN_APP_REMOVE, {NULL}, NULL, false},
    {"/auth/password", SIGN_PASSWORD_SET, {"current", "new"}, NULL, false},
    {"/auth/codes/begin", SIGN_TOTP_ASK, {NULL}, "codes", true},
    {"/auth/codes/set", SIGN_TOTP_SET, {"code"}, "recoveryCodes", true},
    {"/auth/codes/remove", SIGN_TOTP_REMOVE, {NULL}, NULL, false},
    {"/auth/passkeys/begin", SIGN_PASSKEY_MAKE, {NULL}, "options", true},
    {"/auth/passkeys/add", SIGN_PASSKEY_ADD, {"name", "clientDataJSON", "attestationObject"}, "recoveryCodes", true},
    {"/auth/passkeys/remove", SIGN_PASSKEY_REMOVE, {NULL}, NULL, false},
    {"/auth/recovery/make", SIGN_RECOVERY_MAKE, {NULL}, "recoveryCodes", true},
};
/* clang-format on */

/* A request under way. */
struct call {
	const struct action *action;
	struct buf body;
	struct arena arena;
	struct web_form form;
	enum web_proof proof;
	uint32_t asked;
	bool is_page;
};

/* ---- whose session ---- */

struct view web_auth_token(struct web_exchange *e, enum web_proof *proof)
{
	struct view authorization = http_exchange_field(e->x, "authorization");
	*proof = WEB_NOBODY;
	if (view_starts_nocase(authorization, VIEW("Bearer "))) {
		*proof = WEB_BY_BEARER;
		return view_trim(view_skip(authorization, sizeof "Bearer"));
	}
	struct view token;
	if (!http_cookie_get(
	        http_exchange_field(e->x, "cookie"), web_seat_cookie(web_exchange_seat(e)), &token) ||
	    token.len == 0)
		return (struct view){0};
	*proof = WEB_BY_COOKIE;
	return token;
}

/* An address is no site: a browser makes no passkeys for it. */
static bool is_address(struct view host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!ascii_is_digit(host.data[i]) && host.data[i] != '.')
			return host.data[0] == '[';
	return true;
}

struct view web_auth_site(const struct web_exchange *e)
{
	struct view host = http_authority_host(http_exchange_authority(e->x));
	return is_address(host) ? (struct view){0} : host;
}

/* The session's token, for as long as a session that nobody uses. It is said to nobody but this host, by TLS
 * alone, in no request that another site makes, and to no script. */
static void set_cookie(struct web_exchange *e, struct view token)
{
	struct buf value;
	const struct http_cookie cookie = {.name = web_seat_cookie(web_exchange_seat(e)),
	    .value = token,
	    .path = "/",
	    .max_age = token.len ? WEB_SESSION_SECONDS : 0,
	    .secure = true,
	    .http_only = true,
	    .same_site = "Strict"};
	buf_init(&value, WEB_TOKEN_TEXT_MAX + 200);
	http_cookie_write(&value, &cookie);
	http_exchange_add(e->x, "set-cookie", buf_view(&value));
	if (value.data)
		mem_wipe(value.data, value.cap);
	buf_done(&value);
}

/* ---- the answer ---- */

static const struct {
	unsigned status;
	const char *name, *words;
} whys[SIGN_WHYS] = {
    [SIGN_DONE] = {200, "done", ""},
    [SIGN_WRONG] = {401, "wrong", "That was not right. Look at what you typed and try again."},
    [SIGN_SECOND] = {200, "second", ""},
    [SIGN_LOCKED] = {429, "locked", "There were too many wrong attempts. Try again in some minutes."},
    [SIGN_TEMPORARY] = {503, "temporary",
        "This cannot be looked at right now. Nothing was changed; try again in a moment."},
    [SIGN_ENDED] = {401, "ended", "You are not signed in any more. Sign in again."},
    [SIGN_STALE] = {409, "stale", "That took too long, or the page is an old one. Begin again."},
    [SIGN_UNPROVED] = {403, "unproved", "Prove once more that it is you."},
    [SIGN_INVALID] = {400, "invalid", "That does not make sense."},
    [SIGN_WEAK] = {400, "weak", "This password is easily guessed."},
    [SIGN_FULL] = {409, "full", "There are too many of these. Remove one first."},
    [SIGN_EXISTS] = {409, "exists", "That passkey is there already."},
    [SIGN_FORBIDDEN] = {403, "forbidden",
        "Only an administrator of this server can do this, with a browser."},
    [SIGN_MISSING] = {404, "missing", "There is no such thing any more."},
};

/* What is said of a failure: auth's own words go behind ours. */
static void put_words(struct buf *out, enum web_language language, const struct message_sign_in_answer *m)
{
	buf_append_string(out, web_text(language, whys[m->why].words));
	if ((m->why == SIGN_INVALID || m->why == SIGN_WEAK) && m->text.len) {
		buf_clear(out);
		buf_append_string(out,
		    web_text(language,
		        m->why == SIGN_WEAK ? "This password cannot be used: " : "That is not possible: "));
		buf_append(out, web_text_of(language, m->text));
		buf_append_string(out, web_language_stop(language));
	}
}

static void put_error(struct buf *out, enum web_language language, const struct message_sign_in_answer *m)
{
	struct buf words;
	buf_init(&words, 1024);
	put_words(&words, language, m);
	buf_printf(out,
	    "{\"type\":\"about:blank\",\"status\":%u,\"reason\":\"%s\",\"detail\":", whys[m->why].status,
	    whys[m->why].name);
	json_append_string(out, buf_view(&words));
	buf_append_byte(out, '}');
	buf_done(&words);
}

void web_auth_refuse(struct web_exchange *e, enum sign_why why)
{
	struct buf out;
	buf_init(&out, 1024);
	put_error(&out, web_language_of(e), &(struct message_sign_in_answer){.why = why});
	if (why == SIGN_TEMPORARY)
		web_exchange_retry(e, RETRY_SECONDS);
	http_exchange_reply(e->x, whys[why].status, VIEW("application/problem+json"), buf_view(&out));
	buf_done(&out);
}

static bool begins_session(const struct action *a)
{
	return a->operation == SIGN_PASSWORD || a->operation == SIGN_CODE || a->operation == SIGN_PASSKEY;
}

/* The way of codes into an authenticator program, as a picture. */
static void put_qr(struct buf *out, struct call *call, struct view codes)
{
	struct json_value value;
	struct view uri;
	struct buf rows;
	buf_init(&rows, QR_MAX);
	if (json_parse(codes, &call->arena, &value) == 0 &&
	    arena_copy(&call->arena, json_text_of(&value, "uri"), &uri) &&
	    web_html_qr_rows(&rows, uri.data)) {
		buf_append_string(out, ",\"qr\":");
		buf_append(out, buf_view(&rows));
	}
	if (rows.data)
		mem_wipe(rows.data, rows.cap);
	buf_done(&rows);
}

/* {"next", "address" or "token", "ticket", what the operation gives} */
static void put_done(struct buf *out, struct call *call, const struct message_sign_in_answer *m, bool program)
{
	const struct action *a = call->action;
	buf_printf(out, "{\"next\":%s", m->why == SIGN_SECOND ? "\"second\"" : "null");
	if (m->address.len) {
		buf_append_string(out, ",\"address\":");
		json_append_string(out, m->address);
	}
	if (m->ticket.len) {
		buf_append_string(out, ",\"ticket\":");
		json_append_string(out, m->ticket);
	}
	if (program && m->token.len) {
		buf_append_string(out, ",\"token\":");
		json_append_string(out, m->token);
	}
	if (m->text.len && (a->answer || m->why == SIGN_SECOND)) {
		buf_printf(out, ",\"%s\":", m->why == SIGN_SECOND ? "second" : a->answer);
		if (a->is_json || m->why == SIGN_SECOND)
			buf_append(out, m->text);
		else
			json_append_string(out, m->text);
	}
	if (a->operation == SIGN_TOTP_ASK)
		put_qr(out, call, m->text);
	buf_append_byte(out, '}');
}

static bool is_program(const struct call *call)
{
	return web_form_get(&call->form, "program").len > 0;
}

static void answer_json(struct web_exchange *e, const struct message_sign_in_answer *m)
{
	struct call *call = e->data;
	struct buf out;
	buf_init(&out, ANSWER_MAX);
	bool good = m->why == SIGN_DONE || m->why == SIGN_SECOND;
	if (!good)
		put_error(&out, web_language_of(e), m);
	else if (call->action->operation == SIGN_STATE)
		buf_append(&out, m->text);
	else
		put_done(&out, call, m, is_program(call));
	http_exchange_plain(e->x);
	http_exchange_reply(e->x, whys[m->why].status,
	    good ? VIEW("application/json") : VIEW("application/problem+json"), buf_view(&out));
	if (out.data)
		mem_wipe(out.data, out.cap);
	buf_done(&out);
}

static void lead_to(struct web_exchange *e, struct view path)
{
	http_exchange_add(e->x, "location", path);
	http_exchange_reply(e->x, 303, (struct view){0}, (struct view){0});
}

/* To a place of a seat. */
static void go_from(struct web_exchange *e, unsigned seat, struct view path)
{
	struct buf place;
	buf_init(&place, PATH_MAX_OCTETS);
	buf_append_string(&place, web_seat_prefix(seat));
	buf_append(&place, path);
	lead_to(e, buf_view(&place));
	buf_done(&place);
}

static void go_to(struct web_exchange *e, struct view path)
{
	go_from(e, web_exchange_seat(e), path);
}

/* Who is signed in gets to where they wanted to go. */
static void go_in(struct web_exchange *e, struct view next)
{
	struct view place = web_next_of(next);
	go_to(e, place.len ? place : VIEW("/mail/inbox"));
}

/* Who is not has to sign in first, and gets to `next` afterwards. */
static void go_sign_in(struct web_exchange *e, struct view next)
{
	struct buf path;
	buf_init(&path, PATH_MAX_OCTETS);
	web_next_front(&path, web_exchange_prefix(e), next);
	lead_to(e, buf_view(&path));
	buf_done(&path);
}

/* Who has signed out gets to somebody else who is signed in in this browser, or to where one signs in. */
static void go_out(struct web_exchange *e)
{
	unsigned other = web_seat_other(http_exchange_field(e->x, "cookie"), web_exchange_seat(e));
	if (other < WEB_SEATS)
		go_from(e, other, VIEW("/mail/inbox"));
	else
		lead_to(e, VIEW("/"));
}

static void answer_page(struct web_exchange *e, const struct message_sign_in_answer *m)
{
	struct call *call = e->data;
	const struct action *a = call->action;
	struct buf words;
	buf_init(&words, 1024);
	put_words(&words, web_language_of(e), m);
	struct web_auth_page page = {.status = whys[m->why].status,
	    .words = buf_view(&words),
	    .text = m->text,
	    .ticket = m->ticket.len ? m->ticket : web_form_get(&call->form, "ticket"),
	    .username = web_form_get(&call->form, "username"),
	    .next = web_form_get(&call->form, "next")};
	if (a->operation == SIGN_STATE && m->why == SIGN_DONE)
		web_auth_page_account(e, &page);
	else if (m->why == SIGN_SECOND || (m->why == SIGN_WRONG && a->operation == SIGN_CODE))
		web_auth_page_second(e, &page);
	else if (m->why == SIGN_UNPROVED || (m->why == SIGN_WRONG && a->operation == SIGN_PROVE))
		web_auth_page_prove(e, &page);
	else if (begins_session(a) && m->why != SIGN_DONE)
		web_auth_page_sign_in(e, &page);
	else if (m->why == SIGN_ENDED)
		go_sign_in(e, a->operation == SIGN_OUT ? (struct view){0} : VIEW("/account"));
	else if (m->why == SIGN_DONE && a->operation == SIGN_TOTP_ASK)
		web_auth_page_codes(e, &page);
	else if (m->why == SIGN_DONE && m->text.len)
		web_auth_page_secret(e, &page, a->answer);
	else if (m->why == SIGN_DONE && begins_session(a))
		go_in(e, page.next);
	else if (m->why == SIGN_DONE && a->operation == SIGN_OUT)
		go_out(e);
	else if (m->why == SIGN_DONE)
		go_to(e, VIEW("/account"));
	else
		web_auth_page_words(e, &page);
	buf_done(&words);
}

/* Store will close the session's channel; until it does, nothing is served by it any more. */
static void end_user(struct web_exchange *e)
{
	struct buf base;
	struct web_key key;
	enum web_proof proof;
	struct view token = web_auth_token(e, &proof);
	buf_init(&base, BASE_MAX);
	web_exchange_base(e, &base);
	buf_append_string(&base, web_exchange_prefix(e));
	web_user_key(&key, proof == WEB_BY_COOKIE ? "cookie" : "bearer", buf_view(&base), token);
	buf_done(&base);
	struct web_user *user = web_user_find(&key);
	if (user)
		web_user_end(user);
	web_user_release(user);
}

static void answer(struct web_exchange *e, const struct message_sign_in_answer *m)
{
	struct call *call = e->data;
	if (m->why == SIGN_DONE && call->action->operation == SIGN_OUT)
		end_user(e);
	if (m->why == SIGN_DONE && begins_session(call->action) && !is_program(call) && m->token.len)
		set_cookie(e, m->token);
	if (call->proof == WEB_BY_COOKIE && (m->why == SIGN_ENDED || call->action->operation == SIGN_OUT))
		set_cookie(e, (struct view){0});
	if (m->why == SIGN_LOCKED || m->why == SIGN_TEMPORARY)
		web_exchange_retry(e, RETRY_SECONDS);
	if (call->is_page)
		answer_page(e, m);
	else
		answer_json(e, m);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_exchange *e = arg;
	struct call *call = e->data;
	struct message_sign_in_answer m = {.why = SIGN_TEMPORARY};
	if (frame && !link_decode(link, frame, &m))
		return false;
	call->asked = 0;
	answer(e, &m);
	web_exchange_touch(e);
	return true;
}

/* ---- the question ---- */

/* 0 without one. What is no number names nothing that there is: above all not "all others". */
static uint64_t id_of(const struct call *call)
{
	uint64_t id = web_form_number(&call->form, "id");
	return id == 0 && web_form_get(&call->form, "id").len ? UINT64_MAX : id;
}

static uint64_t number_of(const struct call *call)
{
	static const struct {
		const char *name;
		unsigned bit;
	} opens[] = {{"smtp", CREDENTIAL_SMTP}, {"pop3", CREDENTIAL_POP3}, {"imap", CREDENTIAL_IMAP},
	    {"web", CREDENTIAL_WEB}, {"sieve", CREDENTIAL_SIEVE}};
	uint64_t bits = 0;
	if (call->action->operation == SIGN_PASSWORD)
		return is_program(call);
	if (call->action->operation != SIGN_APP_ADD)
		return id_of(call);
	for (size_t i = 0; i < call->form.count; i++)
		for (size_t k = 0; k < sizeof opens / sizeof opens[0]; k++)
			if (view_equal(call->form.fields[i].name, VIEW("opens")) &&
			    view_equal(call->form.fields[i].value, view_from_string(opens[k].name)))
				bits |= opens[k].bit;
	return bits;
}

/* What is no line of text is left out. */
static struct view line(struct view text, size_t most)
{
	text = view_take(text, most);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 127)
			return (struct view){0};
	return text;
}

/* What is no word of a token or ticket can be none that was given out. */
static struct view word(struct view text, size_t most)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return VIEW("-");
	return text.len > most ? VIEW("-") : text;
}

/* Who signs in does so beside a session that is there; a passkey can prove that session instead. */
static bool goes_with_token(const struct call *call)
{
	switch (call->action->operation) {
	case SIGN_PASSWORD:
	case SIGN_CODE:
		return false;
	case SIGN_PASSKEY_ASK:
	case SIGN_PASSKEY:
		return web_form_get(&call->form, "prove").len > 0;
	default:
		return true;
	}
}

static void ask(struct web_exchange *e)
{
	struct call *call = e->data;
	struct message_field fields[SIGN_FIELDS_MAX];
	struct buf origin;
	size_t count = 0;
	enum web_proof proof;
	buf_init(&origin, BASE_MAX);
	web_exchange_base(e, &origin);
	for (; count < SIGN_FIELDS_MAX && call->action->fields[count]; count++)
		fields[count].value = web_form_get(&call->form, call->action->fields[count]);
	struct message_sign_in m = {.operation = call->action->operation,
	    .number = number_of(call),
	    .session = view_from_string(e->connection->edge.id),
	    .client = view_from_string(e->client),
	    .agent = line(http_exchange_field(e->x, "user-agent"), AGENT_MAX),
	    .token = word(web_auth_token(e, &proof), WEB_TOKEN_TEXT_MAX),
	    .ticket = word(web_form_get(&call->form, "ticket"), 64),
	    .site = word(web_auth_site(e), 255),
	    .origin = word(buf_view(&origin), 300),
	    .fields = {.items = fields, .count = count}};
	if (!goes_with_token(call))
		m.token = (struct view){0};
	call->asked = calls_ask(&web_edge.auth, MESSAGE_SIGN_IN, &m, answered, e);
	buf_done(&origin);
	if (call->asked == 0)
		answer(e, &(struct message_sign_in_answer){.why = SIGN_TEMPORARY});
}

/* ---- the request ---- */

static const struct action *find_action(struct view path)
{
	if (view_equal(path, VIEW("/account")))
		path = VIEW("/auth/account");
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (view_equal(path, view_from_string(actions[i].path)))
			return &actions[i];
	return NULL;
}

static struct call *new_call(struct web_exchange *e)
{
	struct call *call = mem_alloc(sizeof *call);
	call->action = find_action(web_exchange_path(e));
	buf_init(&call->body, WEB_FORM_BODY_MAX);
	arena_init(&call->arena, ARENA_MAX);
	web_auth_token(e, &call->proof);
	e->data = call;
	return call;
}

static void over(struct web_exchange *e, bool whole)
{
	struct call *call = e->data;
	(void)whole;
	if (call == NULL)
		return;
	if (call->asked)
		calls_forget(&web_edge.auth, call->asked);
	if (call->body.data)
		mem_wipe(call->body.data, call->body.cap);
	buf_done(&call->body);
	arena_done(&call->arena);
	mem_free(call);
}

/* A page of another site may neither use the cookie nor sign somebody in. */
static bool is_from_ours(struct web_exchange *e, const struct call *call)
{
	e->proof = call->proof;
	return call->proof == WEB_BY_BEARER || (web_origin_is_ours(e, true) && web_origin_is_allowed(e));
}

static void refuse(struct web_exchange *e, unsigned status, const char *words)
{
	const struct call *call = e->data;
	struct view said = view_from_string(web_text(web_language_of(e), words));
	struct buf out;
	if (call->is_page) {
		web_auth_page_words(e, &(struct web_auth_page){.status = status, .words = said});
		return;
	}
	buf_init(&out, 1024);
	buf_printf(
	    &out, "{\"type\":\"about:blank\",\"status\":%u,\"reason\":\"invalid\",\"detail\":", status);
	json_append_string(&out, said);
	buf_append_byte(&out, '}');
	http_exchange_reply(e->x, status, VIEW("application/problem+json"), buf_view(&out));
	buf_done(&out);
}

static void begin(struct web_exchange *e)
{
	struct call *call = new_call(e);
	struct view type = http_exchange_field(e->x, "content-type");
	call->is_page = web_form_is_form(type);
	if (!is_from_ours(e, call))
		refuse(e, 403, "This request came from a page of another site.");
	else if (call->action == NULL)
		refuse(e, 404, "There is nothing here.");
	else if (!http_exchange_take_body(e->x, WEB_FORM_BODY_MAX))
		refuse(e, 413, "This request is too large.");
}

static size_t body(struct web_exchange *e, struct view bytes, bool last)
{
	struct call *call = e->data;
	if (call == NULL || http_exchange_has_begun(e->x))
		return bytes.len;
	buf_append(&call->body, bytes);
	if (!last)
		return bytes.len;
	if (!buf_failed(&call->body) && web_form_read(&call->form, http_exchange_field(e->x, "content-type"),
	                                    buf_view(&call->body), &call->arena))
		ask(e);
	else
		refuse(e, 400, "This is neither a form nor a JSON object.");
	return bytes.len;
}

/* What is asked by GET: the state, as JSON or as a page. */
static void begin_state(struct web_exchange *e)
{
	struct call *call = new_call(e);
	call->is_page = view_equal(web_exchange_path(e), VIEW("/account"));
	/* A link to the page may stand anywhere; what it shows is seen by the person alone. */
	if (!call->is_page && !is_from_ours(e, call))
		refuse(e, 403, "This request came from a page of another site.");
	else if (call->is_page && call->proof != WEB_BY_COOKIE)
		go_sign_in(e, VIEW("/account"));
	else
		ask(e);
}

/* For our own pages: where somebody may sign in beside the others. */
static void begin_seats(struct web_exchange *e)
{
	struct buf out;
	e->proof = WEB_BY_COOKIE;
	if (!web_origin_is_allowed(e)) {
		web_exchange_refuse(e, 403, NULL, NULL, "This request came from a page of another site.");
		return;
	}
	buf_init(&out, SEATS_MAX);
	web_seat_tell(&out, http_exchange_field(e->x, "cookie"));
	http_exchange_reply(e->x, 200, VIEW("application/json"), buf_view(&out));
	buf_done(&out);
}

/* Whoever is signed in gets to the mail from here; the webmail leads to "/?sign-in" when the session has
 * ended, with the place that was open as "next". */
static void begin_front(struct web_exchange *e)
{
	enum web_proof proof;
	struct buf value, next;
	buf_init(&value, HTTP_TARGET_MAX);
	buf_init(&next, HTTP_TARGET_MAX);
	web_auth_token(e, &proof);
	bool wants_form = http_query_get(http_exchange_query(e->x), "sign-in", &value) == 0;
	if (http_query_get(http_exchange_query(e->x), "next", &next) != 0)
		buf_clear(&next);
	if (proof == WEB_BY_COOKIE && !wants_form)
		go_in(e, buf_view(&next));
	else
		web_auth_page_sign_in(e, &(struct web_auth_page){.status = 200, .next = buf_view(&next)});
	buf_done(&value);
	buf_done(&next);
}

/* Programs that keep passwords send people here to change one (W3C, A Well-Known URL for Changing Passwords).
 */
static void begin_password(struct web_exchange *e)
{
	go_to(e, VIEW("/account"));
}

const struct web_route web_auth_routes[] = {
    {"GET", "/.well-known/change-password", 0, begin_password, NULL, NULL, NULL},
    {"GET", "/", 0, begin_front, NULL, NULL, NULL},
    {"GET", "/auth/seats", 0, begin_seats, NULL, NULL, NULL},
    {"GET", "/account", 0, begin_state, NULL, NULL, over},
    {"GET", "/auth/account", 0, begin_state, NULL, NULL, over},
    {"POST", "/auth/*", WEB_WRITES, begin, body, NULL, over},
    {0},
};
