/*
 * Logins: a machine for each (auth_sasl.c), which waits here for the directory, for the password threads
 * (auth_password.c) and for the guessing brake (auth_brake.c), and in the end for the account's channel from
 * store.
 */
#include "role/auth/auth_login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/network.h"

enum { SESSIONS_MAX = 20000 };

static struct {
	struct login *first;
	size_t count;
} logins;

/* ---- the end of a login ---- */

static void free_login(struct login *l)
{
	if (l->asked)
		calls_forget(&auth_role.store, l->asked);
	auth_password_abandon(l);
	loop_timer_cancel(&l->delay);
	auth_sasl_end(l);
	if (l->record.data)
		mem_wipe(l->record.data, l->record.cap);
	struct buf *bufs[] = {&l->identity, &l->record, &l->normal, &l->brake_name, &l->client_text};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
	arena_done(&l->arena);
	if (l->previous)
		l->previous->next = l->next;
	else
		logins.first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	logins.count--;
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

/* "app password 'Phone'": which of the account's. */
static void name_credential(const struct login *l, char *out, size_t size)
{
	snprintf(out, size, "%s", l->credential ? "app password" : "password");
	for (size_t i = 0; l->credential && i < l->credentials.app_count; i++)
		if (l->credentials.apps[i].id == l->credential)
			snprintf(out, size, "app password '%.*s'", VIEW_FMT(l->credentials.apps[i].name));
}

static void fail(struct login *l, enum login_failure why)
{
	if (why == LOGIN_TEMPORARY)
		auth_brake_withdrawn(l);
	metric_add(METRIC_LOGINS, METRIC_LOGIN_FAILED + why, 1);
	log_event(LOG_INFO, l->session, "login-failed", log_text("identity", buf_view(&l->identity)),
	    log_text("client", buf_view(&l->client_text)), log_string("service", l->service->name),
	    log_string("result", "refused"), log_string("reason", login_failure_word(why)),
	    log_string(l->lock_reason ? "locked_by" : NULL, l->lock_reason));
	if (edge_is_there(l))
		refuse_request(l->edge, l->request, why);
	free_login(l);
}

static void confirm(struct login *l);

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
	/* In an upgrade another auth may have taken this right away before it was granted. */
	if (l->epoch != auth_directory_epoch()) {
		confirm(l);
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
		fail(l, LOGIN_TEMPORARY); /* the next try meets what is true now */
	return true;
}

/* The directory has changed while this login was under way: perhaps it was this account, and its sessions
 * have been ended already. */
static void confirm(struct login *l)
{
	struct view identity = buf_view(&l->identity);
	l->epoch = auth_directory_epoch();
	l->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 1, &identity, 1, confirmed, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

static void note_success(struct login *l)
{
	char credential[120];
	l->noted = true;
	auth_brake_succeeded(l);
	metric_add(METRIC_LOGINS, METRIC_LOGIN_GOOD, 1);
	metric_took(METRIC_LOGIN_SECONDS, clock_monotonic_ms() - l->began);
	name_credential(l, credential, sizeof credential);
	log_record(LOG_INFO, l->session, "login", log_text("address", buf_view(&l->normal)),
	    log_text("client", buf_view(&l->client_text)), log_string("service", l->service->name),
	    log_string("result", "accepted"), log_string("credential", credential));
}

static void succeed(struct login *l)
{
	if (l->epoch != auth_directory_epoch()) {
		confirm(l);
		return;
	}
	if (!l->noted)
		note_success(l);
	if (!l->service->channel) {
		struct message_logged_in answer = {.account = l->account, .address = buf_view(&l->normal)};
		if (edge_is_there(l))
			ipc_send(&l->edge->channel, MESSAGE_LOGGED_IN, l->request, &answer, -1);
		free_login(l);
		return;
	}
	struct message_grant m = {.account = l->account,
	    .service = view_from_string(l->service->name),
	    .who = buf_view(&l->normal),
	    .client = buf_view(&l->client_text)};
	l->asked = calls_ask(&auth_role.store, MESSAGE_GRANT, &m, granted, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

static void wrong(struct login *l)
{
	/* Of a locked one nobody learns whether it was right. */
	enum login_failure why = l->protocol & CREDENTIAL_APPS_ONLY ? LOGIN_THROTTLED : LOGIN_BAD_CREDENTIALS;
	auth_brake_failed(l);
	fail(l, why);
}

/*
 * The main password was right, but the account has a second factor, which no mail program asks for. Its owner
 * is told; so a guesser learns it too, but a password that opens nothing is what the second factor is for.
 * Counted as wrong: a program that keeps the old password tries it for ever.
 */
static void needs_app_password(struct login *l)
{
	auth_brake_failed(l);
	fail(l, LOGIN_APP_PASSWORD);
}

/* ---- the machine's steps ---- */

static void advance(struct login *l, enum sasl_step step);

static void go(struct login *l, struct auth_sasl_answer answer)
{
	if (answer.kind == AUTH_SASL_STEP)
		advance(l, answer.step);
	else if (answer.kind == AUTH_SASL_FAILURE)
		fail(l, answer.why);
}

static void checked(struct login *l, int result)
{
	go(l, auth_sasl_checked(l, result));
}

static void delay_over(void *arg)
{
	struct login *l = arg;
	l->delayed = false;
	go(l, auth_sasl_look(l, checked));
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
	/* The brake, for known and unknown names alike. */
	int64_t wait = auth_brake_begin(l);
	l->delayed = wait > 0;
	if (l->delayed)
		loop_timer_set(&l->delay, wait);
	else
		go(l, auth_sasl_look(l, checked));
	return true;
}

static void look_up(struct login *l)
{
	struct view identity = auth_sasl_identity(l);
	buf_clear(&l->identity);
	buf_append(&l->identity, identity);
	l->epoch = auth_directory_epoch();
	l->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 1, &identity, 1, looked_up, l);
	if (l->asked == 0)
		fail(l, LOGIN_TEMPORARY);
}

static void challenge(struct login *l)
{
	struct message_challenge m = {.text = auth_sasl_challenge(l)};
	if (edge_is_there(l))
		ipc_send(&l->edge->channel, MESSAGE_CHALLENGE, l->request, &m, -1);
	else
		free_login(l);
}

static void advance(struct login *l, enum sasl_step step)
{
	switch (step) {
	case SASL_CHALLENGE:
		challenge(l);
		break;
	case SASL_WAIT:
		look_up(l);
		break;
	case SASL_DONE:
		/* Nobody acts for another: an authorization identity must be one's own. */
		if (!auth_sasl_is_for_itself(l) || !l->known)
			wrong(l);
		else if (l->credential == 0 && second_factor_is_set(&l->credentials.second))
			needs_app_password(l);
		else
			succeed(l);
		break;
	case SASL_FAILED:
		if (auth_sasl_is_malformed(l))
			fail(l, LOGIN_MALFORMED);
		else
			wrong(l);
		break;
	}
}

/* ---- requests ---- */

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

void auth_login_prepare(struct login *l)
{
	arena_init(&l->arena, 256 * 1024);
	buf_init(&l->identity, SASL_IDENTITY_MAX + 1);
	buf_init(&l->record, CREDENTIALS_MAX + 1024);
	buf_init(&l->normal, SASL_IDENTITY_MAX + 1);
	buf_init(&l->brake_name, SASL_IDENTITY_MAX + 1);
	buf_init(&l->client_text, 64);
}

void auth_login_name(struct login *l, struct view session, struct view client)
{
	size_t n = session.len < sizeof l->session - 1 ? session.len : sizeof l->session - 1;
	memcpy(l->session, session.data, n);
	set_client(l, client);
}

static struct login *new_login(
    struct link *edge, uint32_t request, const struct service_row *service, const struct message_login *m)
{
	struct login *l = mem_alloc(sizeof *l);
	*l = (struct login){
	    .edge = edge, .generation = edge->generation, .request = request, .next = logins.first};
	if (logins.first)
		logins.first->previous = l;
	logins.first = l;
	logins.count++;
	l->service = service;
	l->began = clock_monotonic_ms();
	l->protocol = service->credential;
	auth_login_prepare(l);
	loop_timer_init(&l->delay, &auth_role.process->loop, delay_over, l);
	auth_login_name(l, m->session, m->client);
	return l;
}

void auth_login_begin(struct link *edge, uint32_t request, const struct message_login *m)
{
	if (logins.count >= SESSIONS_MAX || auth_secret() == NULL) {
		auth_secret_ask();
		refuse_request(edge, request, LOGIN_TEMPORARY);
		return;
	}
	const struct service_row *service = find_service(edge, m->service);
	if (service == NULL) {
		log_event(LOG_ERROR, "-", "login-service-refused", log_text("service", m->service),
		    log_string("peer", role_bit_name(edge->peer)));
		refuse_request(edge, request, LOGIN_BAD_MECHANISM);
		return;
	}
	struct login *l = new_login(edge, request, service, m);
	go(l, auth_sasl_begin(l, m));
}

void auth_login_more(struct link *edge, uint32_t request, const struct message_login_more *m)
{
	for (struct login *l = logins.first; l; l = l->next) {
		if (l->edge != edge || l->generation != edge->generation || l->request != request)
			continue;
		if (m->cancel) {
			fail(l, LOGIN_CANCELLED);
			return;
		}
		/* A message while the machine waits for us is a fault of the edge role. */
		if (l->sasl == NULL || l->asked || l->work || l->delayed)
			fail(l, LOGIN_MALFORMED);
		else
			go(l, auth_sasl_more(l, m->response));
		return;
	}
}

void auth_login_edge_closed(struct link *edge)
{
	for (struct login *l = logins.first, *next; l; l = next) {
		next = l->next;
		if (l->edge == edge)
			free_login(l);
	}
}
