/* See web_sign.h. Requests with one name and password, while auth is asked about it, wait for one answer. */
#include "role/web/web_sign.h"

#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/web/web_auth.h"
#include "role/web/web_edge.h"
#include "role/web/web_user.h"

enum {
	CREDENTIALS_MAX = 2048, /* name and password; auth takes less of each */
	TOKEN_MAX = 1024,
	BASE_MAX = 1024
};

/* Auth is being asked. */
struct web_login {
	struct web_key key;
	uint32_t request;
	enum web_proof proof;
	char *base;
	const char *prefix; /* of the seat */
	char client[NETWORK_TEXT_SIZE];
	char id[RANDOM_ID_SIZE];
	struct web_sign *first; /* those who wait */
};

/* A request that waits for it. */
struct web_sign {
	struct web_login *login;
	struct web_sign *next;
	struct web_exchange *e;
	web_signed *done;
};

static struct map logins; /* key -> struct web_login */

static struct view key_view(const struct web_key *key)
{
	return view_of(key->hash, sizeof key->hash);
}

/* ---- the answer ---- */

/* All who wait are told; the login ends. user: NULL, or counted once for this function. */
static void finish(struct web_login *login, struct web_user *user, enum login_failure why)
{
	map_remove(&logins, key_view(&login->key));
	while (login->first) {
		struct web_sign *s = login->first;
		login->first = s->next;
		s->e->sign = NULL;
		if (user)
			user->references++;
		s->done(s->e, user, why, true);
		mem_free(s);
	}
	web_user_release(user);
	mem_free(login->base);
	mem_free(login);
}

static struct web_user *new_user(
    const struct web_login *login, uint64_t account, struct view address, int channel)
{
	struct web_user *user =
	    web_user_new(&login->key, account, address, view_from_string(login->base), channel);
	if (user)
		user->prefix = login->prefix;
	return user;
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_login *login = arg;
	union {
		struct message_challenge challenge;
		struct message_logged_in logged_in;
		struct message_login_failed failed;
	} m;
	if (frame == NULL) {
		finish(login, NULL, LOGIN_TEMPORARY);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (frame->type == MESSAGE_LOGGED_IN && frame->fd >= 0) {
		int channel = frame->fd;
		frame->fd = -1;
		log_record(LOG_INFO, login->id, web_edge.protocol->login_event,
		    log_text("address", m.logged_in.address), log_string("client", login->client));
		finish(login, new_user(login, m.logged_in.account, m.logged_in.address, channel),
		    LOGIN_TEMPORARY);
		return true;
	}
	/* PLAIN has no further step; without room for a descriptor it is as if store were away. */
	enum login_failure why =
	    frame->type == MESSAGE_LOGIN_FAILED ? (enum login_failure)m.failed.why : LOGIN_TEMPORARY;
	log_event(LOG_WARNING, login->id, web_edge.protocol->login_failed_event,
	    log_string("client", login->client), log_string("reason", login_failure_word(why)));
	finish(login, NULL, why);
	return true;
}

/* The session of a token: auth opens the account for it, or knows no such session (any more). */
static bool opened(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_login *login = arg;
	struct message_sign_in_answer m;
	if (frame == NULL) {
		finish(login, NULL, LOGIN_TEMPORARY);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (m.why == SIGN_DONE && frame->fd >= 0) {
		int channel = frame->fd;
		frame->fd = -1;
		log_record(LOG_INFO, login->id, web_edge.protocol->login_event,
		    log_text("address", m.address), log_string("client", login->client));
		struct web_user *user = new_user(login, m.account, m.address, channel);
		if (user)
			user->administrator = m.administrator;
		finish(login, user, LOGIN_TEMPORARY);
		return true;
	}
	finish(login, NULL, m.why == SIGN_ENDED ? LOGIN_BAD_CREDENTIALS : LOGIN_TEMPORARY);
	return true;
}

/* ---- Basic ---- */

/* "name:password" as PLAIN has it (RFC 4616): NUL, name, NUL, password. False: it is no such thing. */
static bool to_plain(struct view credentials, struct buf *plain)
{
	ptrdiff_t colon = view_find(credentials, ':');
	if (colon <= 0 || view_find(credentials, '\0') >= 0)
		return false;
	buf_append_byte(plain, '\0');
	buf_append(plain, view_take(credentials, (size_t)colon));
	buf_append_byte(plain, '\0');
	buf_append(plain, view_skip(credentials, (size_t)colon + 1));
	return !buf_failed(plain);
}

static uint32_t ask_auth(struct web_login *login, struct view plain)
{
	struct message_login m = {
	    .session = view_from_string(login->id),
	    .service = view_from_string(service_name(SERVICE_HTTPS)),
	    .client = view_from_string(login->client),
	    .mechanism = VIEW("PLAIN"),
	    .initial = plain,
	    .has_initial = true,
	    .secure = true,
	};
	return calls_ask(&web_edge.auth, MESSAGE_LOGIN, &m, answered, login);
}

static uint32_t ask_to_open(struct web_login *login, struct view token)
{
	struct message_sign_in m = {.operation = SIGN_OPEN,
	    .session = view_from_string(login->id),
	    .client = view_from_string(login->client),
	    .token = token};
	return calls_ask(&web_edge.auth, MESSAGE_SIGN_IN, &m, opened, login);
}

/* NULL: auth cannot be asked. */
static struct web_login *begin_login(
    struct web_exchange *e, const struct web_key *key, struct view base, struct view secret)
{
	struct web_login *login = mem_alloc(sizeof *login);
	login->key = *key;
	login->proof = e->proof;
	login->base = mem_string(base);
	login->prefix = web_exchange_prefix(e);
	memcpy(login->client, e->client, sizeof login->client);
	random_id(login->id);
	login->request = e->proof == WEB_BY_BASIC ? ask_auth(login, secret) : ask_to_open(login, secret);
	if (login->request == 0) {
		mem_free(login->base);
		mem_free(login);
		return NULL;
	}
	map_set(&logins, key_view(key), login);
	return login;
}

static void wait_for(struct web_login *login, struct web_exchange *e, web_signed *done)
{
	struct web_sign *s = mem_alloc(sizeof *s), **end = &login->first;
	*s = (struct web_sign){.login = login, .e = e, .done = done};
	while (*end)
		end = &(*end)->next;
	*end = s;
	e->sign = s;
}

/* shown: what the client has shown; asked: what auth is asked with; empty: it is nothing that auth could
 * know. */
static void by_secret(
    struct web_exchange *e, const char *kind, struct view shown, struct view asked, web_signed *done)
{
	struct buf base, home;
	struct web_key key;
	buf_init(&base, BASE_MAX);
	buf_init(&home, BASE_MAX);
	web_exchange_base(e, &base);
	buf_append(&home, buf_view(&base));
	buf_append_string(&home, web_exchange_prefix(e));
	web_user_key(&key, kind, buf_view(&home), shown);
	buf_done(&home);
	struct web_user *user = web_user_find(&key);
	struct web_login *login = map_get(&logins, key_view(&key));
	if (user == NULL && login == NULL && asked.len)
		login = begin_login(e, &key, buf_view(&base), asked);
	buf_done(&base);
	if (user)
		done(e, user, LOGIN_TEMPORARY, true);
	else if (login)
		wait_for(login, e, done);
	else
		done(e, NULL, asked.len ? LOGIN_TEMPORARY : LOGIN_MALFORMED, true);
}

static void by_basic(struct web_exchange *e, struct view credentials, web_signed *done)
{
	struct buf plain;
	buf_init(&plain, CREDENTIALS_MAX);
	bool good = to_plain(credentials, &plain);
	by_secret(e, "basic", credentials, good ? buf_view(&plain) : (struct view){0}, done);
	if (plain.data)
		mem_wipe(plain.data, plain.cap);
	buf_done(&plain);
}

/* A token is a word of a limited length; auth hangs up on whoever says anything else. */
static bool is_token(struct view token)
{
	for (size_t i = 0; i < token.len; i++)
		if (token.data[i] <= ' ' || token.data[i] > '~')
			return false;
	return token.len <= TOKEN_MAX;
}

static void by_token(struct web_exchange *e, web_signed *done)
{
	struct view token = web_auth_token(e, &e->proof);
	if (token.len == 0)
		done(e, NULL, LOGIN_BAD_CREDENTIALS, http_exchange_has_field(e->x, "authorization"));
	else
		by_secret(e, e->proof == WEB_BY_COOKIE ? "cookie" : "bearer", token,
		    is_token(token) ? token : (struct view){0}, done);
}

/* The field's value is "SCHEME rest"; schemes have no case (RFC 9110 section 11.1). */
static bool has_scheme(struct view field, struct view scheme, struct view *rest)
{
	if (!view_starts_nocase(field, scheme))
		return false;
	*rest = view_trim(view_skip(field, scheme.len));
	return true;
}

void web_sign_in(struct web_exchange *e, web_signed *done)
{
	struct view field = http_exchange_field(e->x, "authorization"), encoded;
	struct buf credentials;
	if (!has_scheme(field, VIEW("Basic "), &encoded)) {
		by_token(e, done);
		return;
	}
	e->proof = WEB_BY_BASIC;
	buf_init(&credentials, CREDENTIALS_MAX);
	if (base64_decode(&credentials, encoded) == 0)
		by_basic(e, buf_view(&credentials), done);
	else
		done(e, NULL, LOGIN_MALFORMED, true);
	if (credentials.data)
		mem_wipe(credentials.data, credentials.cap);
	buf_done(&credentials);
}

void web_sign_forget(struct web_exchange *e)
{
	struct web_sign *s = e->sign;
	if (s == NULL)
		return;
	struct web_sign **at = &s->login->first;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	e->sign = NULL;
	/* The login goes on: its answer is kept for the next request. */
	mem_free(s);
}
