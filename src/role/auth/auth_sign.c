/*
 * A question of signing in, from its coming to its answer: what the directory says of the account, the
 * guessing brake, a new password's hash in a thread, and the record that is written back. The operations
 * themselves are in the other files (auth_sign.h).
 */
#include "role/auth/auth_sign.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "trust/login/password.h"

enum {
	QUESTIONS_MAX = 5000, /* at once: each has some 60 KB while it looks at an account */
	TRIES_MAX = 8,        /* a record that is always changed by somebody else */
	ARENA_MAX = 512 * 1024,
	PAYLOAD_MAX = 128 * 1024
};

static struct {
	struct sign *first;
	size_t count;
} signs;

/* A new password's hash, or an app password with its verifiers, in a thread. It lives apart from the
 * question, which may end before. */
struct hashing {
	struct auth_work work;
	struct sign *sign; /* NULL: nobody waits any more */
	sign_step step;
	struct buf password, hash;
	struct credentials scratch; /* of one app password: `password` is its name */
	unsigned protocols;
	char text[APP_PASSWORD_LENGTH + 1];
	int result;
};

/* ---- the end ---- */

static void wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_done(b);
}

static void free_sign(struct sign *s)
{
	if (s->asked)
		calls_forget(&auth_role.store, s->asked);
	if (s->hashing)
		s->hashing->sign = NULL;
	if (s->channel >= 0)
		close(s->channel);
	auth_password_abandon(&s->login);
	loop_timer_cancel(&s->login.delay);
	struct buf *secrets[] = {&s->payload, &s->login.record, &s->hash, &s->text, &s->token_text};
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		wipe(secrets[i]);
	struct buf *bufs[] = {
	    &s->login.identity, &s->login.normal, &s->login.brake_name, &s->login.client_text};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
	arena_done(&s->arena);
	arena_done(&s->login.arena);
	*(s->previous ? &s->previous->next : &signs.first) = s->next;
	if (s->next)
		s->next->previous = s->previous;
	signs.count--;
	mem_wipe(s->token, sizeof s->token);
	mem_wipe(s->app_text, sizeof s->app_text);
	mem_free(s);
}

static bool edge_is_there(const struct sign *s)
{
	return s->edge->up && s->edge->generation == s->generation;
}

void sign_end(struct sign *s, enum sign_why why)
{
	if (why == SIGN_TEMPORARY)
		auth_brake_withdrawn(&s->login);
	/* What was made ready and did not come to be is told to nobody. */
	if (why != SIGN_DONE)
		buf_clear(&s->token_text);
	if (why != SIGN_DONE && why != SIGN_SECOND && why != SIGN_INVALID && why != SIGN_WEAK)
		buf_clear(&s->text);
	s->answer.why = why;
	s->answer.token = buf_view(&s->token_text);
	s->answer.ticket = view_from_string(s->ticket);
	s->answer.text = buf_view(&s->text);
	if (edge_is_there(s)) {
		ipc_send(&s->edge->channel, MESSAGE_SIGN_IN_ANSWER, s->request, &s->answer, s->channel);
		s->channel = -1;
	}
	free_sign(s);
}

void sign_refuse(struct sign *s, enum sign_why why, const char *text)
{
	buf_clear(&s->text);
	buf_append_string(&s->text, text);
	sign_end(s, why);
}

void sign_failed(struct sign *s, const char *means)
{
	auth_brake_failed(&s->login);
	log_event(LOG_INFO, s->login.session, "sign-in-failed",
	    log_text("identity", buf_view(&s->login.identity)),
	    log_text("client", buf_view(&s->login.client_text)), log_string("service", "web"),
	    log_string("result", "refused"), log_string("reason", means));
	sign_end(s, SIGN_WRONG);
}

void sign_name_password(const struct credentials *c, unsigned char name[TICKET_PASSWORD_SIZE])
{
	crypto_generichash(name, TICKET_PASSWORD_SIZE, (const unsigned char *)c->password_hash.data,
	    c->password_hash.len, auth_secret(), AUTH_SECRET_SIZE);
}

/* ---- the directory ---- */

static bool looked_up(void *arg, struct link *link, struct channel_frame *frame)
{
	struct sign *s = arg;
	struct login *l = &s->login;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->asked = 0;
	int error = frame ? (int)m.error : -EAGAIN;
	if (error && error != -ENOENT && error != -EINVAL && error != -EMSGSIZE) {
		sign_end(s, SIGN_TEMPORARY);
		return true;
	}
	buf_clear(&l->normal);
	buf_clear(&l->record);
	l->known = s->administrator = false;
	/* A disabled account is answered as one that does not exist. */
	if (error == 0 && m.number != 0) {
		buf_append(&l->normal, auth_answer_field(&m, 0));
		buf_append(&l->record, auth_answer_field(&m, 1));
		l->account = m.number;
		s->administrator = auth_answer_field(&m, 2).len > 0;
		l->known = credentials_decode(buf_view(&l->record), &l->credentials) == 0;
	}
	s->step(s);
	return true;
}

void sign_look_up(struct sign *s, struct view address, sign_step step)
{
	struct login *l = &s->login;
	struct view whose = address;
	if (address.data != buf_view(&l->identity).data) {
		buf_clear(&l->identity);
		buf_append(&l->identity, address);
		whose = buf_view(&l->identity);
	}
	s->step = step;
	l->epoch = auth_directory_epoch();
	s->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 1, &whose, 1, looked_up, s);
	if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}

static bool named(void *arg, struct link *link, struct channel_frame *frame)
{
	struct sign *s = arg;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->asked = 0;
	if (frame && m.error == 0)
		sign_look_up(s, auth_answer_field(&m, 0), s->step);
	else if (frame && m.error == -ENOENT)
		s->step(s); /* nobody is known */
	else
		sign_end(s, SIGN_TEMPORARY);
	return true;
}

void sign_look_up_number(struct sign *s, uint64_t account, sign_step step)
{
	s->step = step;
	s->login.known = s->administrator = false;
	s->asked = auth_ask_directory(DIRECTORY_ADDRESS, account, NULL, 0, named, s);
	if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}

static bool put(void *arg, struct link *link, struct channel_frame *frame)
{
	struct sign *s = arg;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->asked = 0;
	int error = frame ? (int)m.error : -EAGAIN;
	if (s->how == DIRECTORY_CREDENTIALS_REPLACED &&
	    directory_may_have_changed(DIRECTORY_CREDENTIALS_PUT, error)) {
		auth_directory_changed();
		auth_password_forget_account(s->login.account);
		auth_revoke(s->login.account, 0);
	}
	if (error == -ESTALE && ++s->tries < TRIES_MAX)
		sign_look_up(s, buf_view(&s->login.identity), s->step);
	else if (error)
		sign_end(s, SIGN_TEMPORARY);
	else
		s->written(s);
	return true;
}

void sign_write(struct sign *s, enum directory_credentials how, sign_step written)
{
	struct buf fresh;
	s->how = how;
	s->written = written;
	buf_init(&fresh, CREDENTIALS_MAX + 1024);
	int error = credentials_encode(&s->login.credentials, &fresh);
	const struct view fields[] = {
	    buf_view(&s->login.normal), buf_view(&fresh), buf_view(&s->login.record)};
	if (error == 0)
		s->asked = auth_ask_directory(DIRECTORY_CREDENTIALS_PUT, how, fields, 3, put, s);
	wipe(&fresh);
	if (error)
		sign_end(s, SIGN_FULL);
	else if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}

/* A question that was asked of the record as it was before is asked again: see sign_open. */
void sign_revoke(struct sign *s, uint64_t session)
{
	auth_directory_changed();
	auth_revoke(s->login.account, session);
}

/* ---- the brake ---- */

static void waited(void *arg)
{
	struct sign *s = container_of(arg, struct sign, login);
	s->delayed = false;
	s->step(s);
}

void sign_brake(struct sign *s, sign_step step)
{
	int64_t wait = auth_brake_begin(&s->login);
	if (s->login.protocol & CREDENTIAL_APPS_ONLY) {
		log_event(LOG_INFO, s->login.session, "sign-in-failed",
		    log_text("identity", buf_view(&s->login.identity)),
		    log_text("client", buf_view(&s->login.client_text)), log_string("service", "web"),
		    log_string("result", "refused"), log_string("reason", "locked"),
		    log_string("locked_by", s->login.lock_reason));
		sign_end(s, SIGN_LOCKED);
		return;
	}
	s->step = step;
	s->delayed = wait > 0;
	if (s->delayed)
		loop_timer_set(&s->login.delay, wait);
	else
		step(s);
}

/* ---- new passwords ---- */

static void free_hashing(struct hashing *h)
{
	wipe(&h->password);
	wipe(&h->hash);
	mem_wipe(h->text, sizeof h->text);
	mem_free(h);
}

/* The name is put in place later, from memory that lasts. */
static void make_app(struct auth_work *work)
{
	struct hashing *h = (struct hashing *)work;
	struct arena arena;
	unsigned char random[APP_PASSWORD_RANDOM];
	uint64_t id;
	arena_init(&arena, 4096);
	random_bytes(random, sizeof random);
	h->result = credentials_add_app(&h->scratch, buf_view(&h->password), h->protocols, APP_PASSWORD_SCRAM,
	    random, clock_wall(), &arena, h->text, &id);
	mem_wipe(random, sizeof random);
	arena_done(&arena);
}

static void hash_it(struct auth_work *work)
{
	struct hashing *h = (struct hashing *)work;
	h->result = password_hash(buf_view(&h->password), &h->hash);
}

static void hashed(struct auth_work *work)
{
	struct hashing *h = (struct hashing *)work;
	struct sign *s = h->sign;
	bool is_app = h->protocols != 0;
	if (s) {
		s->hashing = NULL;
		buf_clear(&s->hash);
		buf_append(&s->hash, buf_view(&h->hash));
		s->app = h->scratch.apps[0];
		memcpy(s->app_text, h->text, sizeof s->app_text);
	}
	sign_step step = h->step;
	int result = h->result;
	free_hashing(h);
	if (s && result == 0)
		step(s);
	else if (s && result == -EINVAL && is_app)
		sign_refuse(s, SIGN_INVALID, "the app password needs a name of 1 to 128 characters");
	else if (s && result == -EINVAL)
		sign_refuse(s, SIGN_WEAK, "it contains characters that cannot be used");
	else if (s)
		sign_end(s, SIGN_TEMPORARY);
}

static void begin_hashing(struct sign *s, struct hashing *h, struct view text, sign_step step)
{
	h->work.done = hashed;
	h->sign = s;
	h->step = step;
	buf_init(&h->password, PASSWORD_MAX + 1);
	buf_init(&h->hash, PASSWORD_HASH_MAX);
	buf_append(&h->password, text);
	if (!buf_failed(&h->password) && auth_work_add(&h->work)) {
		s->hashing = h;
		return;
	}
	free_hashing(h);
	sign_end(s, SIGN_TEMPORARY);
}

void sign_hash(struct sign *s, struct view password, sign_step step)
{
	struct hashing *h = mem_alloc(sizeof *h);
	h->work.run = hash_it;
	begin_hashing(s, h, password, step);
}

void sign_make_app(struct sign *s, struct view name, unsigned protocols, sign_step step)
{
	struct hashing *h = mem_alloc(sizeof *h);
	h->work.run = make_app;
	h->protocols = protocols;
	credentials_init(&h->scratch, s->login.credentials.salt);
	begin_hashing(s, h, view_take(name, APP_PASSWORD_NAME_MAX + 1), step);
}

/* ---- texts ---- */

struct view sign_field(const struct sign *s, size_t n)
{
	const struct message_field *fields = s->m.fields.items;
	return n < s->m.fields.count ? fields[n].value : (struct view){0};
}

bool sign_base64(struct sign *s, struct view text, struct view *octets)
{
	size_t len = 0;
	unsigned char *room = arena_alloc(&s->arena, text.len + 1);
	if (room == NULL || text.len == 0 || base64url_read(text, room, text.len + 1, &len) != 0)
		return false;
	*octets = view_of(room, len);
	return true;
}

void sign_put_base64(struct buf *out, struct view octets)
{
	size_t len = sodium_base64_encoded_len(octets.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *room = buf_reserve(out, len);
	if (room == NULL)
		return;
	sodium_bin2base64(room, len, (const unsigned char *)octets.data, octets.len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_commit(out, len - 1);
}

void sign_tell_ticket(struct sign *s, const struct ticket *t)
{
	memcpy(s->ticket, t->name, sizeof s->ticket);
}

/* ---- questions ---- */

/* With a token: the session that it opens, anew after each look at the record. */
static void with_session(struct sign *s)
{
	int64_t now = clock_wall();
	s->session = s->login.known ? web_session_find(&s->login.credentials.sessions, s->token, now) : NULL;
	if (s->session == NULL)
		sign_end(s, SIGN_ENDED);
	else if (s->session->is_token && !(s->verb->needs & SIGN_PROGRAMS_MAY))
		sign_refuse(s, SIGN_INVALID, "a program's token does not change how somebody signs in");
	else if (s->verb->needs & SIGN_NEEDS_PROOF && !web_session_is_proved(s->session, now))
		sign_end(s, SIGN_UNPROVED);
	else
		s->verb->run(s);
}

void sign_look_up_session(struct sign *s)
{
	sign_look_up(s, buf_view(&s->login.identity), with_session);
}

static struct sign *new_sign(struct link *edge, uint32_t request)
{
	struct sign *s = mem_alloc(sizeof *s);
	*s = (struct sign){.edge = edge,
	    .generation = edge->generation,
	    .request = request,
	    .next = signs.first,
	    .channel = -1};
	if (signs.first)
		signs.first->previous = s;
	signs.first = s;
	signs.count++;
	arena_init(&s->arena, ARENA_MAX);
	buf_init(&s->payload, PAYLOAD_MAX);
	buf_init(&s->hash, PASSWORD_HASH_MAX);
	buf_init(&s->text, SIGN_TEXT_MAX);
	buf_init(&s->token_text, WEB_TOKEN_TEXT_MAX);
	auth_login_prepare(&s->login);
	loop_timer_init(&s->login.delay, &auth_role.process->loop, waited, &s->login);
	return s;
}

/* The question outlives its frame: its own copy is decoded. */
static bool keep_question(struct sign *s, const struct channel_frame *frame)
{
	buf_append(&s->payload, frame->payload);
	const struct channel_frame copy = {.type = frame->type, .payload = buf_view(&s->payload)};
	return !buf_failed(&s->payload) && ipc_decode(&copy, &s->m, &s->arena) == 0;
}

void sign_begin(struct link *edge, const struct channel_frame *frame, const struct sign_verb *verb)
{
	struct buf address;
	if (signs.count >= QUESTIONS_MAX || auth_secret() == NULL) {
		auth_secret_ask();
		const struct message_sign_in_answer m = {.why = SIGN_TEMPORARY};
		ipc_send(&edge->channel, MESSAGE_SIGN_IN_ANSWER, frame->request, &m, -1);
		return;
	}
	struct sign *s = new_sign(edge, frame->request);
	if (!keep_question(s, frame)) {
		sign_end(s, SIGN_TEMPORARY);
		return;
	}
	auth_login_name(&s->login, s->m.session, s->m.client);
	s->verb = verb;
	if (sign_operation_fields(s->m.operation) != (int)s->m.fields.count) {
		sign_refuse(s, SIGN_INVALID, "the question has other fields");
		return;
	}
	buf_init(&address, SASL_IDENTITY_MAX);
	s->has_token = s->m.token.len > 0 && web_token_read(s->m.token, s->token, &address);
	if (!s->has_token && (s->m.token.len > 0 || s->verb->needs & SIGN_NEEDS_SESSION))
		sign_end(s, SIGN_ENDED);
	else if (s->has_token)
		sign_look_up(s, buf_view(&address), with_session);
	else
		s->verb->run(s);
	buf_done(&address);
}

void auth_sign_edge_closed(struct link *edge)
{
	for (struct sign *s = signs.first, *next; s; s = next) {
		next = s->next;
		if (s->edge == edge)
			free_sign(s);
	}
}
