/*
 * The master's own socket for administrators: how the server is, reload, stop. Whoever can open it is root,
 * or the user that the server runs as. A command is words in one frame, as on store's socket; the answer to
 * `reload` comes when every role has taken the new settings, that to `stop` when all have ended.
 */
#include "master/master_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "master/master_status.h"

enum {
	VISITORS_MAX = 32, /* at once: people and scripts; each has a socket and no more */
	OUTPUT_MAX = 128 * 1024,
	PROBLEM_MAX = 120 * 1024 /* of what is wrong with settings, so much is told */
};

/* A reload that has to wait; whose settings are read now; whose roles take them. */
enum waits { WAITS_NOT, WAITS_TO_RELOAD, WAITS_RELOAD, WAITS_ROLES, WAITS_STOP };

struct visitor {
	struct master *master;
	struct visitor *next;
	struct channel channel;
	struct loop_task free; /* at the end of the turn */
	enum waits waits;
	uint32_t request;
	bool json;
};

static struct master *serving; /* there is one master in a process */

static void answer(struct visitor *v, uint64_t status, struct view text)
{
	struct message_output m = {.text = text, .status = status, .last = true};
	v->waits = WAITS_NOT;
	ipc_send(&v->channel, MESSAGE_OUTPUT, v->request, &m, -1);
}

static void answer_string(struct visitor *v, uint64_t status, const char *text)
{
	answer(v, status, view_from_string(text));
}

/* ---- what is waited for ---- */

static void answer_all(struct master *m, enum waits waits, uint64_t status, struct view text)
{
	for (struct visitor *v = m->visitors; v; v = v->next)
		if (v->waits == waits)
			answer(v, status, text);
}

void master_command_reload_begins(struct master *m)
{
	for (struct visitor *v = m->visitors; v; v = v->next)
		if (v->waits == WAITS_RELOAD) /* theirs was good: what comes now is another's */
			v->waits = WAITS_ROLES;
		else if (v->waits == WAITS_TO_RELOAD)
			v->waits = WAITS_RELOAD;
}

void master_command_reloaded(struct master *m, struct view problem)
{
	struct buf text;
	buf_init(&text, OUTPUT_MAX);
	if (problem.len > 0)
		buf_printf(&text, "%.*s; the old settings and certificates stay in force\n",
		    VIEW_FMT(view_take(problem, PROBLEM_MAX)));
	answer_all(m, WAITS_RELOAD, problem.len > 0 ? MASTER_STATUS_CONFIG : 0, buf_view(&text));
	if (problem.len == 0)
		answer_all(m, WAITS_ROLES, 0, buf_view(&text));
	buf_done(&text);
}

void master_command_all_ready(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->children[i].starts > 0)
			return; /* it has not answered yet */
	if (m->reload_waits == NULL)
		master_command_reloaded(m, (struct view){0});
}

/* ---- the commands ---- */

static void status(struct visitor *v)
{
	struct buf text;
	buf_init(&text, OUTPUT_MAX);
	uint64_t result = master_status(v->master, v->json, &text);
	answer(v, result, buf_view(&text));
	buf_done(&text);
}

static void metrics(struct visitor *v)
{
	struct buf text;
	buf_init(&text, OUTPUT_MAX);
	master_metrics_write(v->master, &text);
	answer(v, 0, buf_view(&text));
	buf_done(&text);
}

static void reload(struct visitor *v)
{
	if (v->master->stopping) {
		answer_string(v, MASTER_STATUS_LATER, "the server is stopping\n");
		return;
	}
	log_record(LOG_INFO, "-", "reload-asked", log_string("by", "an administrator's command"));
	v->waits = WAITS_TO_RELOAD;
	v->master->reload(v->master);
}

static void stop(struct visitor *v)
{
	log_record(LOG_INFO, "-", "stop-asked", log_string("by", "an administrator's command"));
	v->waits = WAITS_STOP;
	v->master->upgrading = false; /* as at SIGTERM */
	v->master->stop(v->master);
}

static void carry_out(struct visitor *v, const struct message_command *m)
{
	static const struct {
		const char *word;
		void (*run)(struct visitor *v);
	} commands[] = {{"status", status}, {"reload", reload}, {"stop", stop}, {"metrics", metrics}};
	const struct message_field *words = m->words.items;
	v->json = m->json;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (m->words.count == 1 && view_equal(words[0].value, view_from_string(commands[i].word))) {
			commands[i].run(v);
			return;
		}
	answer_string(v, MASTER_STATUS_USAGE,
	    "the running server does not know this command; does it run another version?\n");
}

/* ---- visitors ---- */

static void closed(void *arg)
{
	struct visitor *v = arg;
	v->waits = WAITS_NOT;
	loop_task_schedule(&v->free);
}

static void free_visitor(void *arg)
{
	struct visitor *v = arg, **at = &v->master->visitors;
	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	channel_done(&v->channel);
	v->master->visitor_count--;
	mem_free(v);
}

static void received(void *arg, struct channel_frame *frame)
{
	struct visitor *v = arg;
	struct message_command m;
	struct arena arena;
	if (frame->fd >= 0)
		close(frame->fd);
	frame->fd = -1;
	arena_init(&arena, OUTPUT_MAX);
	if (frame->type != MESSAGE_COMMAND || ipc_decode(frame, &m, &arena) != 0) {
		closed(v);
	} else {
		/* One that waits hears of its first question alone. */
		bool busy = v->waits != WAITS_NOT;
		v->request = busy ? v->request : frame->request;
		if (!busy)
			carry_out(v, &m);
	}
	arena_done(&arena);
}

static void connected(int fd)
{
	struct master *m = serving;
	if (m->visitor_count >= VISITORS_MAX) {
		close(fd);
		return;
	}
	struct visitor *v = mem_alloc(sizeof *v);
	*v = (struct visitor){.master = m, .next = m->visitors};
	m->visitors = v;
	m->visitor_count++;
	loop_task_init(&v->free, &m->loop, free_visitor, v);
	channel_init(&v->channel, &m->loop, fd, received, closed, v);
}

void master_command_serve(struct master *m)
{
	serving = m;
	admin_listener_open(&m->command_listener, &m->loop, m->command_fd, connected);
}

void master_command_end(struct master *m)
{
	answer_all(m, WAITS_STOP, 0, (struct view){0});
	for (enum waits reload = WAITS_TO_RELOAD; reload <= WAITS_ROLES; reload++)
		answer_all(m, reload, MASTER_STATUS_LATER, VIEW("the server has stopped\n"));
}
