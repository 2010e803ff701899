/* What a role says to the master, and what follows from it. A role that says anything else is not itself any
 * more: it is ended, and the master starts it anew. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "master/master_private.h"

static void announce(struct master *m)
{
	m->announced = true;
	if (m->options->ready_text) {
		fputs(m->options->ready_text, stdout);
		fflush(stdout);
	}
	log_record(
	    LOG_INFO, "-", "ready", log_i64("pid", getpid()), log_string("version", POSTRIDER_VERSION));
	master_notify("READY=1");
}

static void on_ready(struct child *child, const void *message)
{
	struct master *m = child->master;
	(void)message;
	child->ready = child->starts == 0 || --child->starts == 0;
	if (child->ready)
		master_reload_continue(m, child);
	if (child->ready && m->upgrade.step != UPGRADE_NOT)
		m->upgrade_heard(m, child, MESSAGE_READY);
	bool all = true;
	for (size_t i = 0; i < roles_count; i++) {
		master_give_listeners(m, m->current[i]);
		all = all && m->current[i]->ready;
	}
	if (!all)
		return;
	master_metrics_tell_roles(m);
	master_open(m);
	master_command_all_ready(m);
	if (!m->announced)
		announce(m);
}

static void on_peer_lost(struct child *child, const void *message)
{
	master_peer_lost(child->master, child, message);
}

static void on_metrics(struct child *child, const void *message)
{
	master_metrics_take(child->master, child, ((const struct message_metrics *)message)->values);
}

static void on_may_yield(struct child *child, const void *message)
{
	(void)message;
	child->master->upgrade_heard(child->master, child, MESSAGE_MAY_YIELD);
}

static void on_yielded(struct child *child, const void *message)
{
	(void)message;
	child->master->upgrade_heard(child->master, child, MESSAGE_YIELDED);
}

static const struct {
	unsigned type;
	void (*carry_out)(struct child *child, const void *message);
} verbs[] = {{MESSAGE_READY, on_ready}, {MESSAGE_PEER_LOST, on_peer_lost}, {MESSAGE_METRICS, on_metrics},
    {MESSAGE_MAY_YIELD, on_may_yield}, {MESSAGE_YIELDED, on_yielded}};

void master_hear(void *arg, struct channel_frame *frame)
{
	struct child *child = arg;
	_Alignas(16) char message[MESSAGE_STRUCT_MAX];
	struct arena arena;
	size_t row = 0, rows = sizeof verbs / sizeof verbs[0];
	if (frame->fd >= 0)
		close(frame->fd);
	frame->fd = -1;
	while (row < rows && verbs[row].type != frame->type)
		row++;
	arena_init(&arena, 4096);
	if (row < rows && ipc_allowed(frame->type, child->role->bit, ROLE_MASTER) &&
	    ipc_decode_as(frame, NULL, sizeof message, message, &arena) == 0) {
		verbs[row].carry_out(child, message);
	} else {
		log_record(LOG_ERROR, "-", "role-misbehaves", log_string("role", child->role->name),
		    log_u64("type", frame->type), log_string("message", ipc_name(frame->type)));
		if (child->pid > 0)
			kill(child->pid, SIGKILL);
	}
	arena_done(&arena);
}
