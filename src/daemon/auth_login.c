/*
 * Logins: a SASL machine for each, which waits here for the directory, for the password threads and for the
 * guessing brake. A login that succeeded is remembered for an hour (as a keyed hash), so that a client which
 * polls costs no Argon2 each time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "account/address.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "daemon/auth_private.h"
#include "io/network.h"
#include "trust/credentials.h"
#include "trust/keyed_md5.h"
#include "trust/sasl.h"
#include "trust/throttle.h"

enum {
	SESSIONS_MAX = 20000,
	REMEMBERED_MAX = 10000,
	REMEMBERED_MS = 3600 * 1000,
	THROTTLE_ENTRIES = 100000,
	NONCE_BYTES = 18,
	SECRET_SIZE = 32
};

struct login {
	struct login *next, *previous;
	struct link *edge;
	uint64_t generation;
	uint32_t request;
	char session[32];
	unsigned protocol; /* CREDENTIAL_* */
	bool wants_channel, is_apop, finished, cancelled;
	struct sockaddr_storage client;
	unsigned char address[16];
	size_t address_len;
	struct buf nonce, binding, hostname, stamp, apop_digest;
	struct sasl_setup setup;
	struct sasl_server *sasl;
	struct loop_timer delay;

	struct buf brake_name; /* by which the brake counts: the same for every way to write an address */

	/* Whose login it is, as the directory had it in that epoch. */
	struct buf identity, record, normal;
	uint64_t epoch;
	uint64_t account;
	bool known;
	struct credentials credentials;
	struct arena arena;
	uint32_t asked; /* of store */
	uint64_t fingerprint, credential;
	unsigned char memory_key[crypto_generichash_BYTES];
	struct password_work *work;
};

/* Lives apart from the login, which may end while a thread still hashes. */
struct password_work {
	struct auth_work work;
	struct login *login; /* NULL: nobody waits any more */
	struct buf record, password;
	unsigned protocol;
	int result;
	uint64_t credential;
};

struct remembered {
	int64_t until;
	uint64_t credential;
};

static struct {
	struct login *first;
	size_t count;
	uint64_t epoch; /* raised with each change of the directory */
	struct map remembered;
	struct throttle *throttle;
	unsigned char memory_secret[crypto_generichash_KEYBYTES];
	unsigned char server_secret[SECRET_SIZE];
	bool has_secret;
} state;

static void advance(struct login *l, enum sasl_step step);

/* ---- the end of a login ---- */

static void free_login(struct login *l)
{
	if (l->asked)
		calls_forget(&auth_role.store, l->asked);
	if (l->work)
		l->work->login = NULL;
	loop_timer_cancel(&l->delay);
	sasl_server_free(l->sasl);
	if (l->record.data)
		mem_wipe(l->record.data, l->record.cap);
	struct buf *bufs[] = {&l->nonce, &l->binding, &l->hostname, &l->stamp, &l->apop_digest, &l->identity,
	    &l->record, &l->normal, &l->brake_name};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
	arena_done(&l->arena);
	if (l->previous)
		l->previous->next = l->next;
	else
		state.first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	state.count--;
	mem_free(l);
}

static bool edge_is_there(const struct login *l)
{
	return l->edge->up && l->edge->generation == l->generation;
}

static void refuse_request(struct link *edge, uint32_t request, enum login_failure why)
{
	struct message_login_failed m = {.why = why};
	ipc_send(&edge->channel, MESSAGE_LOGIN_FAILED, request, &m, -1);
}

static void fail(struct login *l, enum login_failure why)
{
	log_event(LOG_INFO, l->session, "login-failed", log_text("identity", buf_view(&l->identity)),
	    log_u64("reason", why));
	if (edge_is_there(l))
		refuse_request(l->edge, l->request, why);
	free_login(l);
}

static struct throttle_client throttle_key(const struct login *l)
{
	return (struct throttle_client){
	    .address = view_of(l->address, l->address_len), .account = buf_view(&l->brake_name)};
}

static bool granted(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *l = arg;
	struct message_granted m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->asked = 0;
	if (frame == NULL || m.error || frame->fd < 0) {
		fail(l, LOGIN_TEMPORARY);
		return true;
	}
	struct message_logged_in answer = {.account = l->account, .address = buf_view(&l->normal)};
	if (edge_is_there(l)) {
		ipc_send(&l->edge->channel, MESSAGE_LOGGED_IN, l->request, &answer, frame->fd);
		frame->fd = -1;
	}
	free_login(l);
	return true;
}

static bool use_noted(void *arg, struct link *link, struct channel_frame *frame)
{
	(void)arg;
	(void)link;
	(void)frame;
	return true; /* when an app password was last used is only a help: a lost note costs nothing */
}

static void note_use(struct login *l)
{
	struct buf fresh;
	if (l->credential == 0 || !credentials_touch_app(&l->credentials, l->credential, clock_wall()))
		return;
	buf_init(&fresh, CREDENTIALS_MAX + 1024);
	if (credentials_encode(&l->credentials, &fresh) == 0) {
		const struct view fields[] = {buf_view(&l->normal), buf_view(&fresh), buf_view(&l->record)};
		auth_ask_directory(DIRECTORY_CREDENTIALS_PUT, 0, fields, 3, use_noted, &state);
	}
	if (fresh.data)
		mem_wipe(fresh.data, fresh.cap);
	buf_done(&fresh);
}

static void succeed(struct login *l);

static bool confirmed(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *l = arg;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->asked = 0;
	if (frame && m.error == 0 && m.number == l->account &&
	    view_equal(auth_answer_field(&m, 1), buf_view(&l->record)))
		succeed(l);
	else
		fail(l, LOGIN_TEMPORARY); /* the next try meets what is true now */
	return true;
}

/* The directory has changed while this login was under way: perhaps it was this account, and its sessions
 * have been ended already. */
static void confirm(struct login *l)
{
	struct view identity = buf_view(&l->identity);
	l->epoch = state.epoch;
	l->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 0, &identity, 1, confirmed, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

static void succeed(struct login *l)
{
	if (l->epoch != state.epoch) {
		confirm(l);
		return;
	}
	throttle_succeeded(state.throttle, throttle_key(l), clock_monotonic_ms());
	note_use(l);
	log_record(LOG_INFO, l->session, "login", log_text("address", buf_view(&l->normal)),
	    log_u64("credential", l->credential));
	if (!l->wants_channel) {
		struct message_logged_in answer = {.account = l->account, .address = buf_view(&l->normal)};
		if (edge_is_there(l))
			ipc_send(&l->edge->channel, MESSAGE_LOGGED_IN, l->request, &answer, -1);
		free_login(l);
		return;
	}
	struct message_grant m = {.account = l->account, .service = VIEW("pop3")};
	l->asked = calls_ask(&auth_role.store, MESSAGE_GRANT, &m, granted, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

static void wrong(struct login *l)
{
	throttle_failed(state.throttle, throttle_key(l), l->fingerprint, clock_monotonic_ms());
	fail(l, LOGIN_BAD_CREDENTIALS);
}

/* ---- what was right within the hour ---- */

static void drop_remembered(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&state.remembered, &position, NULL, &value))
		mem_free(value);
	map_done(&state.remembered);
}

void auth_forget_logins(void)
{
	state.epoch++;
	drop_remembered();
}

static void make_memory_key(struct login *l, struct view password)
{
	crypto_generichash_state hash;
	unsigned char protocol = (unsigned char)l->protocol;
	crypto_generichash_init(&hash, state.memory_secret, sizeof state.memory_secret, sizeof l->memory_key);
	crypto_generichash_update(
	    &hash, (const unsigned char *)buf_view(&l->normal).data, buf_view(&l->normal).len);
	crypto_generichash_update(&hash, (const unsigned char *)"", 1);
	crypto_generichash_update(&hash, &protocol, 1);
	crypto_generichash_update(&hash, (const unsigned char *)password.data, password.len);
	crypto_generichash_final(&hash, l->memory_key, sizeof l->memory_key);
	memcpy(&l->fingerprint, l->memory_key, sizeof l->fingerprint);
}

static bool recall(struct login *l)
{
	struct remembered *r = map_get(&state.remembered, view_of(l->memory_key, sizeof l->memory_key));
	if (r == NULL || r->until < clock_monotonic_ms())
		return false;
	l->credential = r->credential;
	return true;
}

static void remember(struct login *l)
{
	/* A password that was changed while it was being checked was right for the last time. */
	if (l->epoch != state.epoch)
		return;
	struct remembered *r = mem_alloc(sizeof *r);
	*r = (struct remembered){.until = clock_monotonic_ms() + REMEMBERED_MS, .credential = l->credential};
	if (state.remembered.count >= REMEMBERED_MAX)
		drop_remembered();
	mem_free(map_set(&state.remembered, view_of(l->memory_key, sizeof l->memory_key), r));
}

/* ---- passwords, in a thread ---- */

static void hash_password(struct auth_work *work)
{
	struct password_work *p = (struct password_work *)work;
	struct credentials credentials;
	bool known =
	    buf_view(&p->record).len > 0 && credentials_decode(buf_view(&p->record), &credentials) == 0;
	p->result = credentials_check(
	    known ? &credentials : NULL, buf_view(&p->password), p->protocol, &p->credential);
}

static void password_hashed(struct auth_work *work)
{
	struct password_work *p = (struct password_work *)work;
	struct login *l = p->login;
	int result = p->result;
	uint64_t credential = p->credential;
	mem_wipe(p->password.data, p->password.cap);
	if (p->record.data)
		mem_wipe(p->record.data, p->record.cap);
	buf_done(&p->password);
	buf_done(&p->record);
	mem_free(p);
	if (l == NULL)
		return;
	l->work = NULL;
	if (result == -ENOMEM) {
		fail(l, LOGIN_TEMPORARY);
		return;
	}
	l->credential = credential;
	if (result == 0)
		remember(l);
	advance(l, sasl_server_answer_password(l->sasl, result == 0, credential));
}

static void check_password(struct login *l, struct view password)
{
	make_memory_key(l, password);
	if (l->known && recall(l)) {
		advance(l, sasl_server_answer_password(l->sasl, true, l->credential));
		return;
	}
	struct password_work *p = mem_alloc(sizeof *p);
	*p = (struct password_work){
	    .work = {.run = hash_password, .done = password_hashed}, .login = l, .protocol = l->protocol};
	buf_init(&p->record, CREDENTIALS_MAX + 1024);
	buf_init(&p->password, SASL_MESSAGE_MAX);
	if (l->known)
		buf_append(&p->record, buf_view(&l->record));
	buf_append(&p->password, password);
	if (auth_work_add(&p->work)) {
		l->work = p;
		return;
	}
	/* Too many logins at once: the honest answer is 'later', not 'wrong'. */
	if (p->password.data)
		mem_wipe(p->password.data, p->password.cap);
	if (p->record.data)
		mem_wipe(p->record.data, p->record.cap);
	buf_done(&p->record);
	buf_done(&p->password);
	mem_free(p);
	fail(l, LOGIN_TEMPORARY);
}

/* ---- what the machine wants to know ---- */

static void answer_apop(struct login *l)
{
	const struct sasl_secret *secrets;
	size_t count = 0;
	bool right = false;
	if (credentials_secrets(
	        l->known ? &l->credentials : NULL, l->protocol, &l->arena, &secrets, &count) != 0) {
		fail(l, LOGIN_TEMPORARY);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (apop_matches(buf_view(&l->stamp), secrets[i].secret, buf_view(&l->apop_digest))) {
			right = true;
			l->credential = secrets[i].credential;
		}
	if (right)
		succeed(l);
	else
		wrong(l);
}

static void answer_want(struct login *l)
{
	if (l->is_apop) {
		answer_apop(l);
		return;
	}
	const struct sasl_want *want = sasl_server_want(l->sasl);
	const struct credentials *credentials = l->known ? &l->credentials : NULL;
	if (want->kind == SASL_WANT_PASSWORD) {
		check_password(l, want->password);
	} else if (want->kind == SASL_WANT_SCRAM) {
		struct sasl_scram_record record;
		if (credentials_scram_record(credentials, want->hash, l->protocol, &l->arena, &record) == 0)
			advance(l, sasl_server_answer_scram(l->sasl, &record));
		else
			fail(l, LOGIN_TEMPORARY);
	} else {
		const struct sasl_secret *secrets;
		size_t count;
		if (credentials_secrets(credentials, l->protocol, &l->arena, &secrets, &count) == 0)
			advance(l, sasl_server_answer_secrets(l->sasl, secrets, count));
		else
			fail(l, LOGIN_TEMPORARY);
	}
}

static bool looked_up(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *l = arg;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->asked = 0;
	int error = frame ? (int)(int64_t)m.error : -EAGAIN;
	if (error && error != -ENOENT && error != -EINVAL && error != -EMSGSIZE) {
		fail(l, LOGIN_TEMPORARY);
		return true;
	}
	/* A disabled account is answered as one that does not exist. */
	if (error == 0 && m.number != 0) {
		buf_append(&l->normal, auth_answer_field(&m, 0));
		buf_append(&l->record, auth_answer_field(&m, 1));
		l->account = m.number;
		l->known = credentials_decode(buf_view(&l->record), &l->credentials) == 0;
	}
	answer_want(l);
	return true;
}

static void look_up(void *arg)
{
	struct login *l = arg;
	struct view identity = buf_view(&l->identity);
	l->epoch = state.epoch;
	l->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 0, &identity, 1, looked_up, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

/* The brake comes before the look-up, for known and unknown names alike. */
static void wait_for_identity(struct login *l, struct view identity)
{
	struct address normal;
	buf_clear(&l->identity);
	buf_append(&l->identity, identity);
	buf_clear(&l->brake_name);
	buf_append(
	    &l->brake_name, address_normalize(identity, &normal) == 0 ? address_view(&normal) : identity);
	struct throttle_answer answer = throttle_ask(state.throttle, throttle_key(l), clock_monotonic_ms());
	if (answer.verdict == THROTTLE_REFUSE) {
		log_event(LOG_WARNING, l->session, "login-throttled", log_text("identity", identity),
		    log_string("by", answer.reason), log_i64("for_ms", answer.delay_ms));
		fail(l, LOGIN_THROTTLED);
	} else if (answer.delay_ms > 0) {
		loop_timer_set(&l->delay, answer.delay_ms);
	} else {
		look_up(l);
	}
}

static void advance(struct login *l, enum sasl_step step)
{
	struct view authorization;
	switch (step) {
	case SASL_CHALLENGE:
		if (edge_is_there(l)) {
			struct message_challenge m = {.text = sasl_server_output(l->sasl)};
			ipc_send(&l->edge->channel, MESSAGE_CHALLENGE, l->request, &m, -1);
		} else {
			free_login(l);
		}
		break;
	case SASL_WAIT:
		wait_for_identity(l, sasl_server_want(l->sasl)->identity);
		break;
	case SASL_DONE:
		/* Nobody acts for another: an authorization identity must be one's own. */
		authorization = sasl_server_authorization(l->sasl);
		l->credential = sasl_server_credential(l->sasl);
		if (!l->known ||
		    (authorization.len > 0 && !view_equal_nocase(authorization, buf_view(&l->identity))))
			wrong(l);
		else
			succeed(l);
		break;
	case SASL_FAILED:
		if (sasl_server_error(l->sasl) == SASL_MALFORMED)
			fail(l, LOGIN_MALFORMED);
		else
			wrong(l);
		break;
	}
}

/* ---- requests ---- */

static void set_up(struct login *l, const struct message_login *m)
{
	unsigned char nonce[NONCE_BYTES];
	random_bytes(nonce, sizeof nonce);
	buf_init(&l->nonce, 64);
	buf_init(&l->binding, 64);
	buf_init(&l->hostname, 256);
	base64_encode(&l->nonce, view_of(nonce, sizeof nonce));
	buf_append(&l->binding, m->binding);
	buf_append(&l->hostname, auth_role.process->settings.hostname);
	l->setup = (struct sasl_setup){.nonce = buf_view(&l->nonce),
	    .host = buf_view(&l->hostname),
	    .server_secret = view_of(state.server_secret, SECRET_SIZE)};
	if (view_equal(m->binding_type, VIEW("tls-exporter")))
		l->setup.tls_exporter = buf_view(&l->binding);
	else if (view_equal(m->binding_type, VIEW("tls-unique")))
		l->setup.tls_unique = buf_view(&l->binding);
}

static void set_client(struct login *l, struct view text)
{
	if (!network_parse(text, &l->client))
		return;
	if (l->client.ss_family == AF_INET) {
		l->address_len = 4;
		memcpy(l->address, &((struct sockaddr_in *)&l->client)->sin_addr, 4);
	} else {
		l->address_len = 16;
		memcpy(l->address, &((struct sockaddr_in6 *)&l->client)->sin6_addr, 16);
	}
}

static struct login *new_login(struct link *edge, uint32_t request, const struct message_login *m)
{
	struct login *l = mem_alloc(sizeof *l);
	*l = (struct login){
	    .edge = edge, .generation = edge->generation, .request = request, .next = state.first};
	if (state.first)
		state.first->previous = l;
	state.first = l;
	state.count++;
	size_t n = m->session.len < sizeof l->session - 1 ? m->session.len : sizeof l->session - 1;
	memcpy(l->session, m->session.data, n);
	l->wants_channel = view_starts(m->service, VIEW("pop3"));
	l->protocol = l->wants_channel ? CREDENTIAL_POP3 : CREDENTIAL_SMTP;
	arena_init(&l->arena, 256 * 1024);
	buf_init(&l->identity, SASL_IDENTITY_MAX + 1);
	buf_init(&l->record, CREDENTIALS_MAX + 1024);
	buf_init(&l->normal, SASL_IDENTITY_MAX + 1);
	buf_init(&l->brake_name, SASL_IDENTITY_MAX + 1);
	buf_init(&l->stamp, 256);
	buf_init(&l->apop_digest, 64);
	loop_timer_init(&l->delay, &auth_role.process->loop, look_up, l);
	set_client(l, m->client);
	set_up(l, m);
	return l;
}

/* "name digest" (RFC 1939 section 7). */
static void begin_apop(struct login *l, const struct message_login *m)
{
	ptrdiff_t space = view_find_last(m->initial, ' ');
	struct view digest = view_skip(m->initial, space < 0 ? m->initial.len : (size_t)space + 1);
	l->is_apop = true;
	if (space < 1 || digest.len != 32 || m->apop_stamp.len == 0) {
		fail(l, LOGIN_MALFORMED);
		return;
	}
	buf_append(&l->stamp, m->apop_stamp);
	buf_append(&l->apop_digest, digest);
	wait_for_identity(l, view_take(m->initial, (size_t)space));
}

void auth_login_begin(struct link *edge, uint32_t request, const struct message_login *m)
{
	if (state.count >= SESSIONS_MAX || !state.has_secret) {
		auth_login_start();
		refuse_request(edge, request, LOGIN_TEMPORARY);
		return;
	}
	struct login *l = new_login(edge, request, m);
	if (view_equal(m->mechanism, VIEW("APOP"))) {
		begin_apop(l, m);
		return;
	}
	const struct sasl_mechanism *mechanism = sasl_mechanism_find(m->mechanism);
	if (mechanism == NULL || !sasl_mechanism_is_usable(mechanism, &l->setup)) {
		fail(l, LOGIN_BAD_MECHANISM);
		return;
	}
	l->sasl = sasl_server_new(mechanism, &l->setup);
	struct view initial = m->has_initial ? view_of(m->initial.data ? m->initial.data : "", m->initial.len)
	                                     : (struct view){0};
	advance(l, sasl_server_start(l->sasl, initial));
}

void auth_login_more(struct link *edge, uint32_t request, const struct message_login_more *m)
{
	for (struct login *l = state.first; l; l = l->next) {
		if (l->edge != edge || l->generation != edge->generation || l->request != request)
			continue;
		if (m->cancel) {
			fail(l, LOGIN_MALFORMED);
			return;
		}
		/* A message while the machine waits for us is a fault of the edge role. */
		if (l->sasl == NULL || l->asked || l->work)
			fail(l, LOGIN_MALFORMED);
		else
			advance(l, sasl_server_feed(l->sasl,
			               view_of(m->response.data ? m->response.data : "", m->response.len)));
		return;
	}
}

void auth_login_edge_closed(struct link *edge)
{
	for (struct login *l = state.first, *next; l; l = next) {
		next = l->next;
		if (l->edge == edge)
			free_login(l);
	}
}

static bool secret_known(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame == NULL)
		return true;
	if (!link_decode(link, frame, &m))
		return false;
	struct view secret = auth_answer_field(&m, 0);
	if (m.error == 0 && secret.len == SECRET_SIZE) {
		bool first = !state.has_secret;
		memcpy(state.server_secret, secret.data, SECRET_SIZE);
		state.has_secret = true;
		if (first)
			role_ready(auth_role.process);
	}
	return true;
}

void auth_login_start(void)
{
	unsigned char fresh[SECRET_SIZE];
	if (state.throttle == NULL) {
		state.throttle = throttle_new(THROTTLE_ENTRIES);
		random_bytes(state.memory_secret, sizeof state.memory_secret);
	}
	if (state.has_secret)
		return;
	random_bytes(fresh, sizeof fresh);
	struct view field = view_of(fresh, sizeof fresh);
	auth_ask_directory(DIRECTORY_SECRET, 0, &field, 1, secret_known, NULL);
}
