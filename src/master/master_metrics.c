/*
 * Figures of the whole server: roles send their values every few seconds, the master adds them up and gives
 * the text to the role that serves it. A scrape meets a text that lies ready; no role waits for one.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "master/master_private.h"
#include "master/master_status.h"
#include "master/passage.h"

enum { TEXT_MAX = 96 * 1024 /* what a frame takes; the figures need a quarter of it */ };

struct master_metrics {
	uint64_t ended[METRICS_SLOTS_MAX]; /* of processes that have ended */
	uint64_t roles[CHILDREN_MAX][METRICS_SLOTS_MAX];
	struct loop_timer tell;
};

void master_metrics_take(struct master *m, const struct child *child, struct view bytes)
{
	struct cursor in = cursor_on(bytes);
	uint64_t *values = m->metrics->roles[child - m->children];
	for (size_t i = 0; i < metrics_slots() && !cursor_at_end(&in); i++)
		values[i] = cursor_u64(&in);
}

void master_metrics_ended(struct master *m, const struct child *child)
{
	uint64_t *values = m->metrics->roles[child - m->children];
	metrics_sum(m->metrics->ended, values, true);
	memset(values, 0, sizeof m->metrics->roles[0]);
}

static void pass_values(struct passage *p, uint64_t *values, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		passage_number(p, &values[i]);
}

void master_metrics_pass(struct master *m, struct passage *p)
{
	uint64_t count = metrics_slots(), *ended = mem_alloc(METRICS_SLOTS_MAX * sizeof *ended),
	         *own = mem_alloc(METRICS_SLOTS_MAX * sizeof *own);
	if (!p->reads) {
		/* What this master has counted itself is over with it. */
		metrics_read(own);
		metrics_sum(ended, m->metrics->ended, false);
		metrics_sum(ended, own, true);
	}
	passage_number(p, &count);
	if (count != metrics_slots())
		p->in.failed = true; /* a program with other figures has another IPC_REVISION */
	count = metrics_slots();
	pass_values(p, ended, count);
	if (p->reads)
		memcpy(m->metrics->ended, ended, sizeof m->metrics->ended);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		pass_values(p, m->metrics->roles[i], count);
	mem_free(ended);
	mem_free(own);
}

/* ---- the text ---- */

static void put_roles(const struct master *m, struct buf *out, const char *name, const char *suffix,
    uint64_t (*value)(const struct child *c))
{
	for (size_t i = 0; i < roles_count; i++)
		buf_printf(out, "%s%s{role=\"%s\"} %" PRIu64 "\n", name, suffix, m->current[i]->role->name,
		    value(m->current[i]));
}

static uint64_t is_up(const struct child *c)
{
	return c->ready;
}

static uint64_t memory_of(const struct child *c)
{
	return master_memory_of(c->pid);
}

static uint64_t restarts_of(const struct child *c)
{
	return c->ends;
}

static uint64_t since_of(const struct child *c)
{
	return c->pid > 0 ? (uint64_t)c->since : 0;
}

static void put_server(const struct master *m, struct buf *out)
{
	struct statvfs disk;
	metrics_write_head(out, "postrider_build", "info", "", "The program's version.");
	buf_append_string(out, "postrider_build_info{version=\"" POSTRIDER_VERSION "\"} 1\n");
	metrics_write_head(
	    out, "postrider_start_time_seconds", "gauge", "seconds", "When the server was started.");
	buf_printf(out, "postrider_start_time_seconds %" PRId64 "\n", m->began);
	metrics_write_head(out, "postrider_role_up", "gauge", "", "Whether a role's process serves.");
	put_roles(m, out, "postrider_role_up", "", is_up);
	metrics_write_head(out, "postrider_role_memory_bytes", "gauge", "bytes",
	    "Memory of a role's process, with what it shares with others.");
	put_roles(m, out, "postrider_role_memory_bytes", "", memory_of);
	metrics_write_head(out, "postrider_role_start_time_seconds", "gauge", "seconds",
	    "When a role's process was started; 0: there is none.");
	put_roles(m, out, "postrider_role_start_time_seconds", "", since_of);
	metrics_write_head(
	    out, "postrider_role_restarts", "counter", "", "How often a role's process has ended.");
	put_roles(m, out, "postrider_role_restarts", "_total", restarts_of);
	if (fstatvfs(m->folder, &disk) == 0) {
		metrics_write_head(out, "postrider_disk_free_bytes", "gauge", "bytes",
		    "Free space of the disk that has the mail.");
		buf_printf(out, "postrider_disk_free_bytes %" PRIu64 "\n",
		    (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize);
	}
}

void master_metrics_write(const struct master *m, struct buf *out)
{
	uint64_t *sum = mem_alloc(METRICS_SLOTS_MAX * sizeof *sum),
	         *own = mem_alloc(METRICS_SLOTS_MAX * sizeof *own);
	metrics_sum(sum, m->metrics->ended, false);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		metrics_sum(sum, m->metrics->roles[i], false);
	metrics_read(own);
	metrics_sum(sum, own, false);
	put_server(m, out);
	metrics_write(sum, out);
	buf_append_string(out, "# EOF\n");
	mem_free(sum);
	mem_free(own);
}

/* ---- to the role that serves it ---- */

/* Processes are told of always: administrators see them by the web. */

static void tell_web(struct master *m, unsigned type, const void *message)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m->children[i].place != CHILD_FREE && m->children[i].role->bit == ROLE_WEB &&
		    m->children[i].ready)
			ipc_send(&m->children[i].control, type, 0, message, -1);
}

void master_metrics_tell_roles(struct master *m)
{
	struct buf text;
	buf_init(&text, ROLES_TEXT_MAX);
	master_status_roles(m, &text);
	if (!buf_failed(&text))
		tell_web(m, MESSAGE_ROLES_TEXT, &(struct message_roles_text){.text = buf_view(&text)});
	buf_done(&text);
}

static void tell(void *arg)
{
	struct master *m = arg;
	struct buf text;
	loop_timer_set(&m->metrics->tell, METRICS_MS);
	if (m->stopping)
		return;
	master_metrics_tell_roles(m);
	if (m->settings->metrics_listen.len == 0)
		return;
	buf_init(&text, TEXT_MAX);
	master_metrics_write(m, &text);
	tell_web(m, MESSAGE_METRICS_TEXT, &(struct message_metrics_text){.text = buf_view(&text)});
	buf_done(&text);
}

void master_metrics_start(struct master *m)
{
	m->metrics = mem_alloc(sizeof *m->metrics);
	loop_timer_init(&m->metrics->tell, &m->loop, tell, m);
	loop_timer_set(&m->metrics->tell, METRICS_MS);
}

void master_metrics_stop(struct master *m)
{
	if (m->metrics == NULL)
		return;
	loop_timer_cancel(&m->metrics->tell);
	mem_free(m->metrics);
	m->metrics = NULL;
}
