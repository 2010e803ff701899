/* The log of log.h: a line is put together on the stack and handed over in one system call. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 2048, /* a line is for a person; more than this is cut */
	TEXT_MAX_BYTES = 512   /* a single value from outside */
};

static struct {
	pthread_mutex_t lock; /* store logs from several threads */
	int fd;
	bool is_socket;
	const char *role;
	enum log_level threshold;
	uint64_t dropped, told;
	void (*taker)(struct view, void *);
	void *taker_arg;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO, .role = "postrider", .threshold = LOG_INFO};

struct line {
	char data[LINE_MAX_BYTES];
	size_t len;
};

static void put(struct line *l, char c)
{
	if (l->len < sizeof l->data - 1)
		l->data[l->len++] = c;
}

static void put_string(struct line *l, const char *s)
{
	while (*s)
		put(l, *s++);
}

static bool needs_quotes(struct view v)
{
	if (v.len == 0)
		return true;
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_print(v.data[i]) || v.data[i] == ' ' || v.data[i] == '"' || v.data[i] == '\\' ||
		    v.data[i] == '=')
			return true;
	return false;
}

static void put_text(struct line *l, struct view v)
{
	static const char hex[] = "0123456789abcdef";
	bool cut = v.len > TEXT_MAX_BYTES;
	v = view_take(v, TEXT_MAX_BYTES);
	bool quotes = cut || needs_quotes(v);
	if (quotes)
		put(l, '"');
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if (c == '"' || c == '\\')
			put(l, '\\');
		/* UTF-8 stays readable; control characters and DEL could fool a terminal or a log reader. */
		if (c >= ' ' && c != 0x7f) {
			put(l, (char)c);
			continue;
		}
		put_string(l, "\\x");
		put(l, hex[c >> 4]);
		put(l, hex[c & 15]);
	}
	if (cut)
		put_string(l, "...");
	if (quotes)
		put(l, '"');
}

static void put_number(struct line *l, const char *fmt, long long n)
{
	char digits[24];
	snprintf(digits, sizeof digits, fmt, n);
	put_string(l, digits);
}

static void put_field(struct line *l, const struct log_field *f)
{
	put(l, ' ');
	put_string(l, f->key);
	put(l, '=');
	if (f->kind == LOG_TEXT)
		put_text(l, f->text);
	else if (f->kind == LOG_SIGNED)
		put_number(l, "%lld", f->s);
	else
		put_number(l, "%llu", (long long)f->u);
}

static void put_head(struct line *l, enum log_level level, const char *id, const char *event)
{
	static const char *const names[] = {"debug", "info", "warning", "error"};
	struct timespec now;
	struct tm utc;
	char stamp[40];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(stamp + n, sizeof stamp - n, ".%03ldZ ", now.tv_nsec / 1000000);
	put_string(l, stamp);
	put_string(l, names[level]);
	put(l, ' ');
	put_string(l, state.role);
	put(l, ' ');
	put_string(l, id ? id : "-");
	put(l, ' ');
	put_string(l, event);
}

/* Called with the lock held. */
static void hand_over(struct line *l)
{
	l->data[l->len++] = '\n';
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

void log_fields(enum log_level level, const char *id, const char *event, const struct log_field *fields)
{
	if (level < state.threshold)
		return;
	struct line l = {.len = 0};
	put_head(&l, level, id, event);
	for (; fields->key; fields++)
		put_field(&l, fields);
	pthread_mutex_lock(&state.lock);
	if (state.dropped > state.told) {
		struct log_field dropped = log_u64("log_lines_dropped", state.dropped - state.told);
		uint64_t before = state.dropped;
		put_field(&l, &dropped);
		hand_over(&l);
		if (state.dropped == before)
			state.told = before;
	} else {
		hand_over(&l);
	}
	pthread_mutex_unlock(&state.lock);
}

struct log_field log_errno(int error)
{
	/* strerrordesc_np needs no locale and no buffer; unknown numbers are shown as such. */
	const char *text = strerrordesc_np(error < 0 ? -error : error);
	return text ? log_string("error", text) : log_i64("error", error);
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
}
