/*
 * The master's own socket for administrators: how the server is, reload, upgrade, stop. Whoever can open it
 * is root, or the user that the server runs as. A command is words in one frame, as on store's socket; the
 * answer to `reload` comes when every role has taken the new settings, that to `stop` when all have ended.
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
#include "master/passage.h"

enum {
	VISITORS_MAX = 32, /* at once: people and scripts; each has a socket and no more */
	OUTPUT_MAX = 128 * 1024,
	PROBLEM_MAX = 120 * 1024 /* of what is wrong with settings, so much is told */
};

/* A reload that has to wait; whose settings are read now; whose roles take them. */
enum waits { WAITS_NOT, WAITS_TO_RELOAD, WAITS_RELOAD, WAITS_ROLES, WAITS_UPGRADE, WAITS_STOP };

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
		if (m->current[i]->starts > 0)
			return; /* it has not answered yet */
	if (m->reload_waits == NULL && !m->reload_again)
		master_command_reloaded(m, (struct view){0});
}

void master_command_upgraded(struct master *m, uint64_t status, struct view text)
{
	answer_all(m, WAITS_UPGRADE, status, text);
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

static void upgrade(struct visitor *v)
{
	if (v->master->stopping) {
		answer_string(v, MASTER_STATUS_LATER, "the server is stopping\n");
		return;
	}
	log_record(LOG_INFO, "-", "upgrade-asked", log_string("by", "an administrator's command"));
	v->waits = WAITS_UPGRADE;
	v->master->begin_upgrade(v->master);
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
	} commands[] = {{"status", status}, {"reload", reload}, {"upgrade", upgrade}, {"stop", stop},
	    {"metrics", metrics}};
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

static struct visitor *add_visitor(struct master *m, int fd)
{
	struct visitor *v = mem_alloc(sizeof *v);
	*v = (struct visitor){.master = m, .next = m->visitors};
	m->visitors = v;
	m->visitor_count++;
	loop_task_init(&v->free, &m->loop, free_visitor, v);
	channel_init(&v->channel, &m->loop, fd, received, closed, v);
	return v;
}

static void connected(int fd)
{
	if (serving->visitor_count >= VISITORS_MAX)
		close(fd);
	else
		add_visitor(serving, fd);
}

/* ---- to the next master ---- */

static void pass_visitor(struct visitor *v, struct passage *p)
{
	uint64_t waits = v->waits, request = v->request;
	passage_number(p, &waits);
	passage_number(p, &request);
	passage_flag(p, &v->json);
	v->waits = (enum waits)waits;
	v->request = (uint32_t)request;
}

void master_command_pass(struct master *m, struct passage *p)
{
	uint64_t count = m->visitor_count;
	passage_number(p, &count);
	struct visitor *v = p->reads ? NULL : m->visitors;
	for (uint64_t i = 0; i < count && i < VISITORS_MAX; i++) {
		int fd = v ? v->channel.fd : -1;
		passage_descriptor(p, &fd);
		if (p->reads)
			v = add_visitor(m, fd);
		pass_visitor(v, p);
		v = p->reads ? NULL : v->next;
	}
}

bool master_command_is_quiet(const struct master *m)
{
	const struct visitor *v = m->visitors;
	while (v && !v->channel.dead && channel_backlog(&v->channel) + channel_unread(&v->channel).len == 0)
		v = v->next;
	return v == NULL;
}

void master_command_serve(struct master *m)
{
	serving = m;
	admin_listener_open(&m->command_listener, &m->loop, m->command_fd, connected);
}

void master_command_end(struct master *m)
{
	answer_all(m, WAITS_STOP, 0, (struct view){0});
	for (enum waits other = WAITS_TO_RELOAD; other <= WAITS_UPGRADE; other++)
		answer_all(m, other, MASTER_STATUS_LATER, VIEW("the server has stopped\n"));
}
