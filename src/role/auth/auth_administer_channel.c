/*
 * The channels of administration: whom they are for, when they end, and what is asked on them. One question
 * at a time on each. process/admin_time.h says how long a channel lives.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/auth/auth_administer.h"

enum {
	CHANNELS_MAX = 64, /* at once: administrators are few, and each has some browsers */
	ARENA_MAX = 512 * 1024,
	PAYLOAD_MAX = 256 * 1024
};

static struct administration *channels;
static size_t count;

/* ---- the end ---- */

static void free_channel(void *arg)
{
	struct administration *a = arg;
	struct administration **at = &channels;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	count--;
	link_close(&a->link);
	admin_time_stop(&a->time);
	loop_task_cancel(&a->free);
	mem_free(a->address);
	mem_free(a);
}

/* While a question is under way, its answer frees the channel. */
static void end(struct administration *a)
{
	if (!a->closing)
		link_close(&a->link);
	a->closing = true;
	if (a->question == NULL)
		loop_task_schedule(&a->free);
}

static void closed(struct link *link)
{
	struct administration *a = link->arg;
	a->closing = true;
	end(a);
}

static void expired(void *arg)
{
	struct administration *a = arg;
	log_event(LOG_INFO, "-", "administration-ended", log_string("address", a->address),
	    log_string("reason", "time"));
	end(a);
}

void auth_administer_revoke(uint64_t account, uint64_t session)
{
	for (struct administration *a = channels; a; a = a->next)
		if (account == 0 || (a->account == account && (session == 0 || a->session == session)))
			end(a);
}

void auth_administer_retire(void)
{
	for (struct administration *a = channels; a; a = a->next)
		if (a->question == NULL)
			end(a);
}

static void run_used(struct administering *q)
{
	administer_end(q, 0, 0, NULL, 0);
}

static void run_logins(struct administering *q)
{
	struct view fields[3 * AUTH_HOURS];
	char numbers[3 * AUTH_HOURS][8];
	struct auth_hour hours[AUTH_HOURS];
	auth_brake_hours(hours);
	for (size_t i = 0; i < AUTH_HOURS; i++) {
		const uint64_t values[] = {(uint64_t)hours[i].from, hours[i].refused, hours[i].locked};
		for (size_t k = 0; k < 3; k++) {
			char *to = numbers[3 * i + k];
			for (unsigned b = 0; b < 8; b++)
				to[b] = (char)(values[k] >> (56 - 8 * b));
			fields[3 * i + k] = view_of(to, 8);
		}
	}
	administer_end(q, 0, 0, fields, 3 * AUTH_HOURS);
}

/* ---- questions ---- */

/* clang-format off */
static const struct administer_row rows[ADMIN_OPERATIONS] = {
    [ADMIN_DOMAIN_LIST] = {administer_run_pass, DIRECTORY_DOMAIN_LIST, false, false},
    [ADMIN_DOMAIN_PUT] = {administer_run_pass, DIRECTORY_DOMAIN_PUT, true, false},
    [ADMIN_DOMAIN_REMOVE] = {administer_run_pass, DIRECTORY_DOMAIN_DELETE, true, false},
    [ADMIN_KEY_LIST] = {administer_run_pass, DIRECTORY_SIGNING_LIST, false, false},
    [ADMIN_ACCOUNT_LIST] = {administer_run_pass, DIRECTORY_ACCOUNT_LIST, false, false},
    [ADMIN_ACCOUNT_NAME] = {administer_run_pass, DIRECTORY_ADDRESS, false, false},
    [ADMIN_ACCOUNT_STAT] = {administer_run_pass, DIRECTORY_ACCOUNT_STAT, false, false},
    [ADMIN_ACCOUNT_SECRETS] = {administer_run_secrets, DIRECTORY_LOOK_UP, false, false},
    [ADMIN_ACCOUNT_ADD] = {administer_run_add, DIRECTORY_ACCOUNT_ADD, true, false},
    [ADMIN_ACCOUNT_SET] = {administer_run_set, DIRECTORY_ACCOUNT_SET, true, true},
    [ADMIN_ACCOUNT_REMOVE] = {administer_run_guarded, DIRECTORY_ACCOUNT_DELETE, true, true},
    [ADMIN_PASSWORD_SET] = {administer_run_password, DIRECTORY_CREDENTIALS_PUT, true, true},
    [ADMIN_SESSIONS_END] = {administer_run_sessions_end, DIRECTORY_CREDENTIALS_PUT, true, true},
    [ADMIN_SECOND_OFF] = {administer_run_second_off, DIRECTORY_CREDENTIALS_PUT, true, true},
    [ADMIN_ALIAS_LIST] = {administer_run_pass, DIRECTORY_ALIAS_LIST, false, false},
    [ADMIN_ALIAS_PUT] = {administer_run_pass, DIRECTORY_ALIAS_PUT, true, false},
    [ADMIN_ALIAS_REMOVE] = {administer_run_pass, DIRECTORY_ALIAS_DELETE, true, false},
    [ADMIN_USED] = {run_used, DIRECTORY_LOOK_UP, false, false},
    [ADMIN_LOGINS] = {run_logins, DIRECTORY_LOOK_UP, false, false},
};
/* clang-format on */

/* The question outlives its frame: its own copy is decoded. */
static struct administering *new_question(struct administration *a, const struct channel_frame *frame)
{
	struct administering *q = mem_alloc(sizeof *q);
	q->channel = a;
	q->request = frame->request;
	arena_init(&q->arena, ARENA_MAX);
	buf_init(&q->payload, PAYLOAD_MAX);
	buf_append(&q->payload, frame->payload);
	const struct channel_frame copy = {.type = frame->type, .payload = buf_view(&q->payload)};
	if (buf_failed(&q->payload) || ipc_decode(&copy, &q->m, &q->arena) != 0)
		q->m = (struct message_administer){0};
	a->question = q;
	return q;
}

static void on_administer(struct link *link, struct channel_frame *frame, const void *message)
{
	struct administration *a = link->arg;
	(void)message;
	if (a->closing)
		return;
	/* It had its answer when the successor was there already. */
	if (auth_role.process->retired) {
		end(a);
		return;
	}
	/* One question at a time, which web keeps to. */
	if (a->question) {
		log_event(LOG_ERROR, "-", "administration-confused", log_string("address", a->address));
		end(a);
		return;
	}
	admin_time_use(&a->time);
	struct administering *q = new_question(a, frame);
	if (admin_operation_fields(q->m.operation) != (int)q->m.fields.count) {
		administer_end(q, -EINVAL, 0, NULL, 0);
		return;
	}
	q->row = &rows[q->m.operation];
	q->row->run(q);
}

static const struct link_verb verbs[] = {
    {MESSAGE_ADMINISTER, on_administer},
    {0},
};

int auth_administer_open(uint64_t account, uint64_t session, struct view address, int *fd)
{
	int pair[2];
	int error = auth_role.process->retired ? -EAGAIN
	            : count >= CHANNELS_MAX    ? -EMFILE
	                                       : channel_pair(pair);
	if (error)
		return error;
	struct administration *a = mem_alloc(sizeof *a);
	a->account = account;
	a->session = session;
	a->address = mem_string(address);
	loop_task_init(&a->free, &auth_role.process->loop, free_channel, a);
	link_open(&a->link, auth_role.process, pair[0], ROLE_WEB, closed, a);
	a->link.verbs = verbs; /* the other channel to web has others */
	admin_time_begin(&a->time, &auth_role.process->loop, expired, a);
	a->next = channels;
	channels = a;
	count++;
	*fd = pair[1];
	return 0;
}
