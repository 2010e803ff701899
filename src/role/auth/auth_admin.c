/*
 * The administrator's socket: directory operations from the command line, passed on to store. Those who can
 * open the socket are root and the user that the server runs as. Everything that was remembered of a
 * changed entry is forgotten at once.
 */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "process/admin_listener.h"
#include "role/auth/auth_login.h"

enum { SUBJECT_MAX = 320 /* octets of what was changed, for the log */ };

struct admin {
	struct link link;
	uint32_t request; /* the command's own number */
	uint32_t asked;   /* 0: nothing is under way */
	uint64_t operation;
	bool revokes;           /* takes a right away */
	struct buf subject, by; /* of a change, for the log */
	bool closing;
	struct loop_task task; /* frees it at the end of the turn */
};

static void free_admin(void *arg)
{
	struct admin *a = arg;
	link_close(&a->link);
	loop_task_cancel(&a->task);
	buf_done(&a->subject);
	buf_done(&a->by);
	mem_free(a);
}

static void end(struct admin *a)
{
	a->closing = true;
	if (a->asked == 0)
		loop_task_schedule(&a->task);
}

/* A right that was held until now may be gone. A new quota or a further app password takes nothing away. What
 * a session of the web may do as an administrator is settled when it begins. */
static bool takes_away(const struct message_directory *m)
{
	const struct message_field *fields = m->fields.items;
	if (m->operation == DIRECTORY_ACCOUNT_SET)
		return m->fields.count > 1 && (view_equal(fields[1].value, VIEW("disabled")) ||
		                                  view_equal(fields[1].value, VIEW("administrator")));
	if (m->operation == DIRECTORY_CREDENTIALS_PUT)
		return m->number != DIRECTORY_CREDENTIALS_ADDED;
	return m->operation == DIRECTORY_ACCOUNT_DELETE || m->operation == DIRECTORY_DOMAIN_DELETE ||
	       m->operation == DIRECTORY_KICK;
}

static void revoke(const struct admin *a, const struct message_directory_answer *m)
{
	const struct message_field *accounts = m->fields.items;
	if (!a->revokes || !directory_may_have_changed(a->operation, m->error))
		return;
	if (a->operation != DIRECTORY_DOMAIN_DELETE && m->number != 0)
		auth_revoke(m->number, 0);
	for (size_t i = 0; a->operation == DIRECTORY_DOMAIN_DELETE && i < m->fields.count; i++)
		auth_revoke(directory_number(accounts[i].value), 0);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct admin *a = arg;
	struct message_directory_answer m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	a->asked = 0;
	if (directory_operation_changes(a->operation)) {
		log_record(m.error ? LOG_WARNING : LOG_INFO, "-", "directory-change",
		    log_text("by", buf_view(&a->by)),
		    log_string("operation", directory_operation_name(a->operation)),
		    log_text("subject", buf_view(&a->subject)), log_result((int)m.error));
		auth_directory_forget();
		if (frame)
			revoke(a, &m);
		else if (a->revokes)
			auth_revoke_everybody();
	}
	if (a->closing)
		loop_task_schedule(&a->task);
	else
		ipc_send(&a->link.channel, MESSAGE_DIRECTORY_ANSWER, a->request, &m, -1);
	return true;
}

static void on_directory(struct link *link, struct channel_frame *frame, const void *message)
{
	struct admin *a = link->arg;
	const struct message_directory *m = message;
	if (a->closing)
		return;
	/* One question at a time, and none more when a successor is there to be asked. */
	if (a->asked || auth_role.process->retired) {
		end(a);
		return;
	}
	a->request = frame->request;
	a->operation = m->operation;
	a->revokes = takes_away(m);
	buf_clear(&a->subject);
	buf_clear(&a->by);
	if (m->fields.count > 0)
		buf_append(&a->subject,
		    view_take(((const struct message_field *)m->fields.items)->value, SUBJECT_MAX));
	buf_append(&a->by, m->by);
	a->asked = calls_ask(&auth_role.store, MESSAGE_DIRECTORY, m, answered, a);
	if (a->asked)
		return;
	a->revokes = false; /* nobody was asked */
	answered(a, NULL, NULL);
}

const struct link_verb auth_admin_verbs[] = {
    {MESSAGE_DIRECTORY, on_directory},
    {0},
};

static void closed(struct link *link)
{
	end(link->arg);
}

static void connected(int fd)
{
	struct admin *a = mem_alloc(sizeof *a);
	loop_task_init(&a->task, &auth_role.process->loop, free_admin, a);
	buf_init(&a->subject, SUBJECT_MAX);
	buf_init(&a->by, DIRECTORY_BY_MAX);
	link_open(&a->link, auth_role.process, fd, ROLE_ADMIN, closed, a);
}

static struct admin_listener listener;

void auth_admin_listener(int fd)
{
	admin_listener_open(&listener, &auth_role.process->loop, fd, connected);
}

void auth_admin_retire(void)
{
	admin_listener_close(&listener);
}
