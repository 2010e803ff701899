/* The log of log.h: a line is put together on the stack and handed over in one system call. */
#include "base/log_limit.h"
#include "base/log_line.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"

static struct {
	pthread_mutex_t lock; /* store logs from several threads */
	int fd;
	bool is_socket;
	const char *role;
	enum log_level threshold;
	uint64_t dropped, told;
	void (*taker)(struct view, void *);
	void *taker_arg;
	struct log_limit limit;
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO, .role = "postrider", .threshold = LOG_INFO};

/* Called with the lock held. */
static void hand_over(struct log_line *l)
{
	log_line_end(l);
	if (state.taker) {
		state.taker(view_of(l->data, l->len), state.taker_arg);
		return;
	}
	if (state.fd < 0)
		return;
	ssize_t n;
	do
		n = state.is_socket ? send(state.fd, l->data, l->len, MSG_DONTWAIT | MSG_NOSIGNAL)
		                    : write(state.fd, l->data, l->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		state.dropped++;
}

static void write_line(
    enum log_level level, const char *id, const char *event, const struct log_field *fields)
{
	struct log_line l;
	l.len = 0;
	log_line_head(&l, level, state.role, id, event);
	for (; fields->key; fields++)
		log_line_field(&l, fields);
	pthread_mutex_lock(&state.lock);
	if (state.dropped > state.told) {
		struct log_field dropped = log_u64("log_lines_dropped", state.dropped - state.told);
		uint64_t before = state.dropped;
		log_line_field(&l, &dropped);
		hand_over(&l);
		if (state.dropped == before)
			state.told = before;
	} else {
		hand_over(&l);
	}
	pthread_mutex_unlock(&state.lock);
}

/* What stands first names who or what brought the line about: log.h. */
static struct view cause_of(const struct log_field *first, char number[24])
{
	if (first->key == NULL)
		return (struct view){0};
	if (first->kind == LOG_TEXT)
		return first->text;
	int n = first->kind == LOG_SIGNED ? snprintf(number, 24, "%lld", (long long)first->s)
	                                  : snprintf(number, 24, "%llu", (unsigned long long)first->u);
	return view_of(number, (size_t)n);
}

static bool may_write(const char *id, const char *event, const struct log_field *fields, enum log_kind kind)
{
	char number[24];
	enum log_pace pace = kind == LOG_OF_MESSAGE       ? LOG_PACE_MESSAGE
	                     : id && strcmp(id, "-") != 0 ? LOG_PACE_SESSION
	                                                  : LOG_PACE_PLAIN;
	struct view cause = cause_of(fields, number);
	pthread_mutex_lock(&state.lock);
	bool good = log_limit_take(&state.limit, event, cause, pace, clock_monotonic_ms());
	pthread_mutex_unlock(&state.lock);
	return good;
}

void log_fields(enum log_level level, const char *id, const char *event, const struct log_field *fields,
    enum log_kind kind)
{
	if (level < state.threshold)
		return;
	metric_add(METRIC_LOG_LINES, level, 1);
	/* Whoever asked for LOG_DEBUG looks for something, and wants all of it. */
	if (kind != LOG_COMPLETE && level > LOG_DEBUG && !may_write(id, event, fields, kind))
		return;
	write_line(level, id, event, fields);
}

void log_tell_left_out(void)
{
	size_t position = 0;
	for (;;) {
		struct log_limit_event left;
		uint64_t count = 0;
		pthread_mutex_lock(&state.lock);
		const struct log_limit_event *found = log_limit_tell(&state.limit, &position, &count);
		if (found)
			left = *found;
		pthread_mutex_unlock(&state.lock);
		if (found == NULL)
			return;
		write_line(LOG_WARNING, "-", "lines-left-out",
		    (struct log_field[]){log_string("event", left.name), log_u64("count", count),
		        log_string("example", left.example), {.key = NULL}});
	}
}

struct log_field log_errno(int error)
{
	/* strerrordesc_np needs no locale and no buffer; unknown numbers are shown as such. */
	const char *text = strerrordesc_np(error < 0 ? -error : error);
	return text ? log_string("error", text) : log_i64("error", error);
}

struct log_field log_result(int error)
{
	struct log_field field = log_errno(error);
	if (error == 0)
		return log_string("result", "done");
	field.key = "result";
	return field;
}

void log_open(int fd, const char *role, enum log_level threshold)
{
	int type;
	socklen_t size = sizeof type;
	pthread_mutex_lock(&state.lock);
	state.fd = fd;
	state.is_socket = fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
	state.role = role;
	state.threshold = threshold;
	pthread_mutex_unlock(&state.lock);
}

void log_set_threshold(enum log_level threshold)
{
	state.threshold = threshold;
}

uint64_t log_dropped(void)
{
	return state.dropped;
}

void log_capture(void (*taker)(struct view line, void *arg), void *arg)
{
	state.taker = taker;
	state.taker_arg = arg;
	state.limit = (struct log_limit){0};
}
