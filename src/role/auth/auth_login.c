/*
 * Logins: a SASL machine for each, which waits here for the directory, for the password threads
 * (auth_password.c) and for the guessing brake (auth_brake.c).
 */
#include "role/auth/auth_login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "io/network.h"
#include "trust/login/keyed_md5.h"

enum { SESSIONS_MAX = 20000, NONCE_BYTES = 18 };

static struct {
	struct login *first;
	size_t count;
	uint64_t epoch; /* raised with each change of the directory */
	unsigned char server_secret[AUTH_SECRET_SIZE];
	bool has_secret;
} state;

const unsigned char *auth_login_secret(void)
{
	return state.has_secret ? state.server_secret : NULL;
}

uint64_t auth_login_epoch(void)
{
	return state.epoch;
}

void auth_forget_logins(void)
{
	state.epoch++;
	auth_password_forget();
}

/* ---- the end of a login ---- */

static void free_login(struct login *l)
{
	if (l->asked)
		calls_forget(&auth_role.store, l->asked);
	auth_password_abandon(l);
	loop_timer_cancel(&l->delay);
	sasl_server_free(l->sasl);
	if (l->record.data)
		mem_wipe(l->record.data, l->record.cap);
	struct buf *bufs[] = {&l->nonce, &l->binding, &l->hostname, &l->stamp, &l->apop_digest, &l->identity,
	    &l->record, &l->normal, &l->brake_name, &l->client_text};
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

static const char *const failure_names[] = {[LOGIN_BAD_CREDENTIALS] = "wrong",
    [LOGIN_TEMPORARY] = "temporary",
    [LOGIN_THROTTLED] = "locked",
    [LOGIN_MALFORMED] = "malformed",
    [LOGIN_BAD_MECHANISM] = "mechanism",
    [LOGIN_DISABLED] = "disabled",
    [LOGIN_CANCELLED] = "cancelled"};

void auth_login_fail(struct login *l, enum login_failure why)
{
	if (why == LOGIN_TEMPORARY)
		auth_brake_withdrawn(l);
	log_event(LOG_INFO, l->session, "login-failed", log_text("identity", buf_view(&l->identity)),
	    log_text("client", buf_view(&l->client_text)), log_string("reason", failure_names[why]),
	    log_string("locked_by", l->lock_reason));
	if (edge_is_there(l))
		refuse_request(l->edge, l->request, why);
	free_login(l);
}

static bool granted(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *l = arg;
	struct message_granted m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->asked = 0;
	if (frame == NULL || m.error || frame->fd < 0) {
		auth_login_fail(l, LOGIN_TEMPORARY);
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
		auth_login_fail(l, LOGIN_TEMPORARY); /* the next try meets what is true now */
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
		auth_login_fail(l, LOGIN_TEMPORARY);
}

static void succeed(struct login *l)
{
	if (l->epoch != state.epoch) {
		confirm(l);
		return;
	}
	auth_brake_succeeded(l);
	log_record(LOG_INFO, l->session, "login", log_text("address", buf_view(&l->normal)),
	    log_u64("credential", l->credential));
	if (!l->service->channel) {
		struct message_logged_in answer = {.account = l->account, .address = buf_view(&l->normal)};
		if (edge_is_there(l))
			ipc_send(&l->edge->channel, MESSAGE_LOGGED_IN, l->request, &answer, -1);
		free_login(l);
		return;
	}
	struct message_grant m = {.account = l->account, .service = view_from_string(l->service->name)};
	l->asked = calls_ask(&auth_role.store, MESSAGE_GRANT, &m, granted, l);
	if (l->asked == 0)
		auth_login_fail(l, LOGIN_TEMPORARY);
}

static void wrong(struct login *l)
{
	/* Of a locked one nobody learns whether it was right. */
	enum login_failure why = l->protocol & CREDENTIAL_APPS_ONLY ? LOGIN_THROTTLED : LOGIN_BAD_CREDENTIALS;
	auth_brake_failed(l);
	auth_login_fail(l, why);
}

/* ---- what the machine wants to know ---- */

static void answer_apop(struct login *l)
{
	const struct sasl_secret *secrets;
	size_t count = 0;
	bool right = false;
	if (credentials_secrets(
	        l->known ? &l->credentials : NULL, l->protocol, &l->arena, &secrets, &count) != 0) {
		auth_login_fail(l, LOGIN_TEMPORARY);
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
		auth_password_check(l, want->password);
	} else if (want->kind == SASL_WANT_SCRAM) {
		struct sasl_scram_record record;
		if (credentials_scram_record(credentials, want->hash, l->protocol, &l->arena, &record) == 0)
			auth_login_advance(l, sasl_server_answer_scram(l->sasl, &record));
		else
			auth_login_fail(l, LOGIN_TEMPORARY);
	} else {
		const struct sasl_secret *secrets;
		size_t count;
		if (credentials_secrets(credentials, l->protocol, &l->arena, &secrets, &count) == 0)
			auth_login_advance(l, sasl_server_answer_secrets(l->sasl, secrets, count));
		else
			auth_login_fail(l, LOGIN_TEMPORARY);
	}
}

static void delay_over(void *arg)
{
	struct login *l = arg;
	l->delayed = false;
	answer_want(l);
}

static bool looked_up(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *l = arg;
	struct message_directory_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->asked = 0;
	int error = frame ? (int)m.error : -EAGAIN;
	if (error && error != -ENOENT && error != -EINVAL && error != -EMSGSIZE) {
		auth_login_fail(l, LOGIN_TEMPORARY);
		return true;
	}
	/* A disabled account is answered as one that does not exist. */
	if (error == 0 && m.number != 0) {
		buf_append(&l->normal, auth_answer_field(&m, 0));
		buf_append(&l->record, auth_answer_field(&m, 1));
		l->account = m.number;
		l->known = credentials_decode(buf_view(&l->record), &l->credentials) == 0;
	}
	/* The brake, for known and unknown names alike. */
	int64_t wait = auth_brake_begin(l);
	l->delayed = wait > 0;
	if (l->delayed)
		loop_timer_set(&l->delay, wait);
	else
		answer_want(l);
	return true;
}

static void wait_for_identity(struct login *l, struct view identity)
{
	buf_clear(&l->identity);
	buf_append(&l->identity, identity);
	l->epoch = state.epoch;
	l->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 0, &identity, 1, looked_up, l);
	if (l->asked == 0)
		auth_login_fail(l, LOGIN_TEMPORARY);
}

void auth_login_advance(struct login *l, enum sasl_step step)
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
			auth_login_fail(l, LOGIN_MALFORMED);
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
	    .server_secret = view_of(state.server_secret, AUTH_SECRET_SIZE)};
	if (view_equal(m->binding_type, VIEW("tls-exporter")))
		l->setup.tls_exporter = buf_view(&l->binding);
	else if (view_equal(m->binding_type, VIEW("tls-unique")))
		l->setup.tls_unique = buf_view(&l->binding);
}

static void set_client(struct login *l, struct view text)
{
	buf_append(&l->client_text, text);
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

/* NULL for a service that no password opens, or that is not this edge's. */
static const struct service_row *find_service(const struct link *edge, struct view name)
{
	const struct service_row *service = service_by_name(name);
	return service && service->credential && strcmp(service->role, role_bit_name(edge->peer)) == 0
	           ? service
	           : NULL;
}

static struct login *new_login(
    struct link *edge, uint32_t request, const struct service_row *service, const struct message_login *m)
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
	l->service = service;
	l->protocol = service->credential;
	arena_init(&l->arena, 256 * 1024);
	buf_init(&l->identity, SASL_IDENTITY_MAX + 1);
	buf_init(&l->record, CREDENTIALS_MAX + 1024);
	buf_init(&l->normal, SASL_IDENTITY_MAX + 1);
	buf_init(&l->brake_name, SASL_IDENTITY_MAX + 1);
	buf_init(&l->client_text, 64);
	buf_init(&l->stamp, 256);
	buf_init(&l->apop_digest, 64);
	loop_timer_init(&l->delay, &auth_role.process->loop, delay_over, l);
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
		auth_login_fail(l, LOGIN_MALFORMED);
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
	const struct service_row *service = find_service(edge, m->service);
	if (service == NULL) {
		log_event(LOG_ERROR, "-", "login-service-refused", log_text("service", m->service),
		    log_u64("peer", edge->peer));
		refuse_request(edge, request, LOGIN_BAD_MECHANISM);
		return;
	}
	struct login *l = new_login(edge, request, service, m);
	if (view_equal(m->mechanism, VIEW("APOP"))) {
		begin_apop(l, m);
		return;
	}
	const struct sasl_mechanism *mechanism = sasl_mechanism_find(m->mechanism);
	if (mechanism == NULL || !sasl_mechanism_is_usable(mechanism, &l->setup)) {
		auth_login_fail(l, LOGIN_BAD_MECHANISM);
		return;
	}
	l->sasl = sasl_server_new(mechanism, &l->setup);
	struct view initial = m->has_initial ? view_of(m->initial.data ? m->initial.data : "", m->initial.len)
	                                     : (struct view){0};
	auth_login_advance(l, sasl_server_start(l->sasl, initial));
}

void auth_login_more(struct link *edge, uint32_t request, const struct message_login_more *m)
{
	for (struct login *l = state.first; l; l = l->next) {
		if (l->edge != edge || l->generation != edge->generation || l->request != request)
			continue;
		if (m->cancel) {
			auth_login_fail(l, LOGIN_CANCELLED);
			return;
		}
		/* A message while the machine waits for us is a fault of the edge role. */
		if (l->sasl == NULL || l->asked || l->work || l->delayed)
			auth_login_fail(l, LOGIN_MALFORMED);
		else
			auth_login_advance(
			    l, sasl_server_feed(l->sasl,
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
	if (m.error == 0 && secret.len == AUTH_SECRET_SIZE) {
		bool first = !state.has_secret;
		memcpy(state.server_secret, secret.data, AUTH_SECRET_SIZE);
		state.has_secret = true;
		if (first)
			role_ready(auth_role.process);
	}
	return true;
}

void auth_login_start(void)
{
	unsigned char fresh[AUTH_SECRET_SIZE];
	auth_brake_start();
	auth_password_start();
	if (state.has_secret)
		return;
	random_bytes(fresh, sizeof fresh);
	struct view field = view_of(fresh, sizeof fresh);
	auth_ask_directory(DIRECTORY_SECRET, 0, &field, 1, secret_known, NULL);
}
