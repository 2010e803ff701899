/*
 * `postrider trace` asked of the running store: the search reads files, so it has a thread of its own, one at
 * a time; its answer is sent by the loop.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/store/store_admin.h"
#include "role/store/store_private.h"
#include "trace/trace_text.h"
#include "trace/trace_write.h"
#include "trace/trace_search.h"
#include "store/workers.h"

enum { PIECE = 128 * 1024 };

static struct {
	bool running;
	atomic_bool stop;
	pthread_t thread;
	int event;
	struct loop_watch watch;
	struct buf text, subject; /* what is looked for */
	struct trace_query query;
	struct trace_result result;
	struct buf out;
	int error;
	store_trace_done *done;
	void *arg;
} trace_admin_search;

static void *search_files(void *arg)
{
	uint64_t one = 1;
	(void)arg;
	trace_flush();
	trace_admin_search.error = trace_search(store_role.process->folder, &trace_admin_search.query,
	    &trace_admin_search.out, &trace_admin_search.result);
	if (write(trace_admin_search.event, &one, sizeof one) < 0)
		log_event(LOG_ERROR, "-", "trace-search-lost", log_errno(errno));
	return NULL;
}

static void finish(void)
{
	pthread_join(trace_admin_search.thread, NULL);
	loop_watch_off(&trace_admin_search.watch);
	close(trace_admin_search.event);
	trace_admin_search.running = false;
}

static void found(void *arg)
{
	(void)arg;
	finish();
	if (trace_admin_search.error && trace_admin_search.error != -ENOENT &&
	    trace_admin_search.error != -ECANCELED)
		log_event(LOG_WARNING, "-", "trace-search-failed", log_errno(trace_admin_search.error));
	trace_admin_search.done(
	    trace_admin_search.error == -ENOENT ? 0 : trace_admin_search.error, trace_admin_search.arg);
	buf_done(&trace_admin_search.out);
	buf_done(&trace_admin_search.text);
	buf_done(&trace_admin_search.subject);
}

int store_trace_start(const struct view *words, size_t count, store_trace_done *done, void *arg)
{
	uint64_t days = 0, limit = 0, since = 0, until = 0;
	if (trace_admin_search.running)
		return -EBUSY;
	if ((count != 3 && count != STORE_TRACE_WORDS) || !view_to_u64(words[1], 100000, &days) ||
	    !view_to_u64(words[2], TRACE_LIMIT_MAX, &limit))
		return -EINVAL;
	if (count == STORE_TRACE_WORDS &&
	    (!view_to_u64(words[3], INT64_MAX, &since) || !view_to_u64(words[4], INT64_MAX, &until)))
		return -EINVAL;
	struct view subject = count == STORE_TRACE_WORDS ? words[5] : (struct view){0};
	buf_init(&trace_admin_search.text, 4096);
	buf_init(&trace_admin_search.subject, 4096);
	buf_init(&trace_admin_search.out, TRACE_OUTPUT_MAX);
	trace_admin_search.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (trace_admin_search.event < 0)
		return -errno;
	if (buf_append(&trace_admin_search.text, words[0]) != 0 ||
	    buf_append(&trace_admin_search.subject, subject) != 0) {
		close(trace_admin_search.event);
		buf_done(&trace_admin_search.text);
		buf_done(&trace_admin_search.subject);
		return -EINVAL;
	}
	atomic_store(&trace_admin_search.stop, false);
	trace_admin_search.query = (struct trace_query){.text = buf_view(&trace_admin_search.text),
	    .subject = buf_view(&trace_admin_search.subject),
	    .since = (int64_t)since,
	    .until = (int64_t)until,
	    .days = (unsigned)days,
	    .limit = (unsigned)limit,
	    .stop = &trace_admin_search.stop};
	trace_admin_search.done = done;
	trace_admin_search.arg = arg;
	int error = thread_start(&trace_admin_search.thread, search_files, NULL, "trace-search");
	if (error) {
		buf_done(&trace_admin_search.text);
		buf_done(&trace_admin_search.subject);
		close(trace_admin_search.event);
		return error;
	}
	trace_admin_search.running = true;
	loop_watch_init(&trace_admin_search.watch, &store_role.process->loop, trace_admin_search.event,
	    LOOP_READ, found, NULL);
	loop_watch_on(&trace_admin_search.watch);
	return 0;
}

void store_trace_answer(struct channel *to, uint32_t request)
{
	char summary[64];
	struct view rest = buf_view(&trace_admin_search.out);
	while (rest.len) {
		struct message_output m = {.text = view_take(rest, PIECE)};
		ipc_send(to, MESSAGE_OUTPUT, request, &m, -1);
		rest = view_skip(rest, PIECE);
	}
	snprintf(summary, sizeof summary, "%zu %d %d", trace_admin_search.result.messages,
	    trace_admin_search.result.more, trace_admin_search.result.cut);
	struct message_output m = {.text = view_from_string(summary), .last = true};
	ipc_send(to, MESSAGE_OUTPUT, request, &m, -1);
}

/* Groups of lines have an empty line behind them. */
void store_trace_answer_json(struct channel *to, uint32_t request)
{
	struct view rest = buf_view(&trace_admin_search.out);
	struct buf json;
	buf_init(&json, 8 * TRACE_OUTPUT_MAX);
	while (rest.len) {
		const char *end = memmem(rest.data, rest.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - rest.data) + 1 : rest.len;
		if (trace_json(view_take(rest, len), clock_wall(), (struct view){0}, &json))
			buf_append_byte(&json, '\n');
		rest = view_skip(rest, len + 1);
		for (struct view text = buf_view(&json); text.len; text = view_skip(text, PIECE)) {
			struct message_output m = {.text = view_take(text, PIECE)};
			ipc_send(to, MESSAGE_OUTPUT, request, &m, -1);
		}
		buf_clear(&json);
	}
	buf_done(&json);
	struct message_output m = {.last = true};
	ipc_send(to, MESSAGE_OUTPUT, request, &m, -1);
}

void store_trace_cancel(void)
{
	atomic_store(&trace_admin_search.stop, true);
}

void store_trace_stop(void)
{
	store_trace_cancel();
	if (!trace_admin_search.running)
		return;
	finish();
	buf_done(&trace_admin_search.out);
	buf_done(&trace_admin_search.text);
	buf_done(&trace_admin_search.subject);
}
