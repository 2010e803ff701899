/*
 * What an administrator asks of store by the web (mail/administration.h): commands of the administrator's
 * socket, but only those that look at the queue, traces and reports, and what is done to the queue. The right
 * names who asks, as auth has said; so no other name gets into log and trace. One command at a time.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/route.h"
#include "mail/administration.h"
#include "process/admin_time.h"
#include "role/store/right.h"
#include "role/store/store_admin.h"
#include "role/store/store_private.h"

struct right_admin {
	char *who;
	struct admin_time time;
	uint32_t request;
	bool tracing;
	struct queue_task *queue;
	struct store_received *received;
	struct store_records *records;
};

/* ---- the time that it has ---- */

static void expired(void *arg)
{
	struct right *r = arg;
	log_event(LOG_INFO, "-", "administration-ended", log_string("address", r->admin->who),
	    log_string("reason", "time"));
	right_end(r);
}

void right_admin_begin(struct right *r, struct view who)
{
	struct right_admin *a = mem_alloc(sizeof *a);
	a->who = mem_string(who);
	r->admin = a;
	admin_time_begin(&a->time, &store_role.process->loop, expired, r);
}

/* ---- answers ---- */

static void answer(struct right *r, uint32_t request, struct view text, uint64_t status)
{
	struct message_output m = {.text = text, .status = status, .last = true};
	ipc_send(&r->link.channel, MESSAGE_OUTPUT, request, &m, -1);
}

static void answer_words(struct right *r, uint32_t request, const char *text, uint64_t status)
{
	answer(r, request, view_from_string(text), status);
}

static bool is_busy(const struct right_admin *a)
{
	return a->tracing || a->queue || a->received || a->records;
}

static void queue_ended(void *arg)
{
	struct right *r = arg;
	r->admin->queue = NULL;
	(void)!right_back(r);
}

static void received_ended(void *arg)
{
	struct right *r = arg;
	r->admin->received = NULL;
	(void)!right_back(r);
}

static void records_ended(void *arg)
{
	struct right *r = arg;
	r->admin->records = NULL;
	(void)!right_back(r);
}

static void trace_ended(int error, void *arg)
{
	struct right *r = arg;
	r->admin->tracing = false;
	if (!right_back(r))
		return;
	if (error == 0)
		store_trace_answer_json(&r->link.channel, r->admin->request);
	else
		answer_words(r, r->admin->request, "the trace records cannot be read\n", 75);
}

/* ---- commands ---- */

static void start_trace(struct right *r, const struct message_field *words, size_t count)
{
	struct view text[3];
	for (size_t i = 0; i < count && i < 3; i++)
		text[i] = words[i].value;
	right_begin(r);
	r->admin->tracing = true;
	int error = count == 3 ? store_trace_start(text, count, trace_ended, r) : -EINVAL;
	if (error == 0)
		return;
	r->admin->tracing = false;
	if (right_back(r))
		answer_words(r, r->admin->request,
		    error == -EBUSY ? "another search is under way; try again in a moment\n"
		                    : "give the id of a message, a Message-ID, an address or @DOMAIN\n",
		    error == -EBUSY ? 75 : 64);
}

static bool changes_queue(struct view verb)
{
	return !view_equal(verb, VIEW("list")) && !view_equal(verb, VIEW("show")) &&
	       !view_equal(verb, VIEW("stats")) && !view_equal(verb, VIEW("age"));
}

static void log_change(
    const struct right *r, const char *what, const struct message_field *words, size_t count)
{
	struct buf text;
	buf_init(&text, 1024);
	for (size_t i = 0; i < count; i++) {
		buf_append_string(&text, i ? " " : "");
		buf_append(&text, words[i].value);
	}
	log_record(LOG_INFO, "-", "administration", log_string("by", r->admin->who), log_string("what", what),
	    log_text("words", buf_view(&text)));
	buf_done(&text);
}

/* What a message says is for the command line alone: a breach of the web must not reach it, nor send it where
 * it likes. So mail is taken from a host, or led to one that the settings name. NULL: it may be asked. */
static const char *why_not_by_web(const struct message_field *words, size_t count)
{
	struct route route;
	const char *problem;
	if (view_equal(words[0].value, VIEW("cat")))
		return "this command is not possible by the web\n";
	for (size_t i = 1; i < count && view_equal(words[0].value, VIEW("route")); i++) {
		struct view to = words[i].value;
		if (!view_starts(to, VIEW("to=")) || to.len == 3)
			continue;
		if (route_parse_target(view_skip(to, 3), &route, &problem) != 0 ||
		    !route_is_named(store_role.process->settings.routes, &route))
			return "by the web, mail is led only to a host that the setting routes names; "
			       "at the server, `postrider queue route` leads it to any\n";
	}
	return NULL;
}

/* Who it was, only the right says. */
static void start_queue(struct right *r, const struct message_field *words, size_t count)
{
	struct message_field own[ADMIN_WORDS_MAX + 1];
	struct buf by;
	size_t n = 0;
	buf_init(&by, 2048);
	buf_printf(&by, "by=%s", r->admin->who);
	for (size_t i = 0; i < count; i++)
		if (!view_starts(words[i].value, VIEW("by=")))
			own[n++] = words[i];
	const char *why_not = why_not_by_web(words, count);
	if (why_not) {
		answer_words(r, r->admin->request, why_not, 64);
		buf_done(&by);
		return;
	}
	if (changes_queue(words[0].value))
		log_change(r, "queue", own, n);
	own[n++].value = buf_view(&by);
	right_begin(r);
	r->admin->queue = store_queue_command(&r->link.channel, r->admin->request, own, n, queue_ended, r);
	buf_done(&by);
	if (r->admin->queue == NULL)
		(void)!right_back(r);
}

static void start_received(struct right *r)
{
	right_begin(r);
	r->admin->received = store_received_start(&r->link.channel, r->admin->request, received_ended, r);
}

/* `records`, `records plans` (which records there should be as well), `records look DOMAIN`. */
static void start_records(struct right *r, uint32_t request, const struct message_field *words, size_t count)
{
	if (count == 2 && view_equal(words[0].value, VIEW("look"))) {
		bool begun = store_records_look(words[1].value);
		answer_words(r, request,
		    begun ? "" : "the role that asks name servers is not there; try again in a moment\n",
		    begun ? 0 : 75);
		return;
	}
	bool plans = count == 1 && view_equal(words[0].value, VIEW("plans"));
	right_begin(r);
	r->admin->records = store_records_start(&r->link.channel, request, plans, records_ended, r);
}

static void put_stats(struct buf *out)
{
	store_stats_put(out, true);
}

static void answer_now(struct right *r, uint32_t request, void (*put)(struct buf *out))
{
	struct buf out;
	buf_init(&out, 64 * 1024);
	put(&out);
	answer(r, request, buf_view(&out), 0);
	buf_done(&out);
}

void right_admin_command(struct right *r, uint32_t request, const void *message)
{
	const struct message_command *m = message;
	const struct message_field *words = m->words.items;
	size_t count = m->words.count;
	admin_time_use(&r->admin->time);
	if (count == 0 || count > ADMIN_WORDS_MAX) {
		answer_words(r, request, "this is no command\n", 64);
		return;
	}
	if (view_equal(words[0].value, VIEW("used"))) {
		answer_words(r, request, "", 0);
		return;
	}
	if (view_equal(words[0].value, VIEW("stats"))) {
		answer_now(r, request, put_stats);
		return;
	}
	if (view_equal(words[0].value, VIEW("mail"))) {
		answer_now(r, request, store_hours_json);
		return;
	}
	if (is_busy(r->admin)) {
		answer_words(r, request, "another command is under way; try again in a moment\n", 75);
		return;
	}
	r->admin->request = request;
	if (count > 1 && view_equal(words[0].value, VIEW("queue")))
		start_queue(r, words + 1, count - 1);
	else if (view_equal(words[0].value, VIEW("reports")))
		start_received(r);
	else if (count > 1 && view_equal(words[0].value, VIEW("trace")))
		start_trace(r, words + 1, count - 1);
	else if (view_equal(words[0].value, VIEW("records")))
		start_records(r, request, words + 1, count - 1);
	else
		answer_words(r, request, "this command is not possible by the web\n", 64);
}

/* ---- a part of the right ---- */

void right_admin_drained(struct right *r)
{
	if (r->admin && r->admin->queue)
		store_queue_command_go(r->admin->queue);
}

/* At the right's end: what was begun is not listened to any more. */
void right_admin_stop(struct right *r)
{
	struct right_admin *a = r->admin;
	if (a == NULL)
		return;
	admin_time_stop(&a->time);
	if (a->tracing)
		store_trace_cancel();
	if (a->queue)
		store_queue_command_cancel(a->queue);
	if (a->received)
		store_received_cancel(a->received);
	if (a->records)
		store_records_cancel(a->records);
}

void right_admin_close(struct right *r)
{
	if (r->admin)
		mem_free(r->admin->who);
	mem_free(r->admin);
	r->admin = NULL;
}
