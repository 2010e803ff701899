/* An event loop that runs while a call waits: see doctor_talk.h. */
#include "cli/doctor_talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "io/tls.h"

static void fail(struct talk *t, const char *why)
{
	if (t->why[0] == '\0')
		snprintf(t->why, sizeof t->why, "%s", why);
	t->ended = true;
	loop_stop(&t->loop);
}

static void on_timer(void *arg)
{
	struct talk *t = arg;
	t->late = true;
	snprintf(t->why, sizeof t->why, "no answer within %d s", TALK_MS / 1000);
	loop_stop(&t->loop);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct talk *t = arg;
	buf_append(&t->in, bytes);
	if (buf_failed(&t->in))
		fail(t, "the answer is too long");
	else if (t->enough && t->enough(buf_view(&t->in)))
		loop_stop(&t->loop);
	return bytes.len;
}

static void on_secured(void *arg)
{
	struct talk *t = arg;
	t->secured = true;
	loop_stop(&t->loop);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct talk *t = arg;
	const char *tls = stream_tls_failure(&t->stream);
	(void)how;
	fail(t, tls                        ? tls
	        : stream_error(&t->stream) ? strerror(stream_error(&t->stream))
	                                   : "the connection was closed");
}

static const struct stream_handler handler = {.input = on_input, .secured = on_secured, .ended = on_ended};

static void on_connected(void *arg, int result)
{
	struct talk *t = arg;
	t->error = result < 0 ? result : 0;
	if (result < 0) {
		fail(t, strerror(-result));
		return;
	}
	stream_init(&t->stream, &t->loop, result, &handler, t);
	t->streaming = true;
	loop_stop(&t->loop);
}

/* Until a callback stops the loop. */
static bool wait(struct talk *t)
{
	if (t->ended)
		return false;
	t->late = false;
	loop_timer_set(&t->timer, TALK_MS);
	loop_run(&t->loop);
	loop_timer_cancel(&t->timer);
	return !t->late && !t->ended;
}

int talk_open(struct talk *t, const struct sockaddr_storage *address)
{
	socklen_t len =
	    address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	*t = (struct talk){.error = 0};
	loop_init(&t->loop);
	loop_timer_init(&t->timer, &t->loop, on_timer, t);
	buf_init(&t->in, TALK_REPLY_MAX);
	connect_start(&t->connecting, &t->loop, address, len, NULL, TALK_MS, on_connected, t);
	return wait(t) ? 0 : t->error ? t->error : -ETIMEDOUT;
}

void talk_close(struct talk *t)
{
	loop_timer_cancel(&t->timer);
	connect_cancel(&t->connecting);
	if (t->streaming)
		stream_free(&t->stream);
	buf_done(&t->in);
	loop_done(&t->loop);
}

bool talk_secure(struct talk *t, struct tls_context *tls, const char *host)
{
	struct tls_demand demand = {.proof = TLS_ANY, .host = host};
	buf_clear(&t->in);
	stream_discard_input(&t->stream);
	if (!t->ended && stream_connect_tls(&t->stream, tls, &demand) != 0)
		fail(t, "TLS cannot begin");
	/* A server next door may have answered all by now. */
	return t->secured || (wait(t) && t->secured);
}

struct view talk_ask(struct talk *t, const char *text, bool (*enough)(struct view in))
{
	t->enough = enough;
	if (text) {
		buf_clear(&t->in);
		if (!t->ended)
			stream_write(&t->stream, view_from_string(text));
	}
	if (enough(buf_view(&t->in)) || wait(t) || enough(buf_view(&t->in)))
		return buf_view(&t->in);
	return (struct view){0};
}

/* ---- ends of answers ---- */

/* The last line, if it is whole. */
static bool last_line(struct view in, struct view *line)
{
	if (in.len == 0 || in.data[in.len - 1] != '\n')
		return false;
	struct view text = view_take(in, in.len - 1);
	ptrdiff_t before = view_find_last(text, '\n');
	*line = before < 0 ? text : view_skip(text, (size_t)before + 1);
	return true;
}

bool talk_smtp_reply(struct view in)
{
	struct view line;
	return last_line(in, &line) && line.len >= 3 && (line.len == 3 || line.data[3] != '-');
}

bool talk_one_line(struct view in)
{
	struct view line;
	return last_line(in, &line);
}

bool talk_dot(struct view in)
{
	struct view line;
	return last_line(in, &line) && (in.data[0] == '-' || view_equal(view_trim(line), VIEW(".")));
}

bool talk_tag_a(struct view in)
{
	struct view line;
	return last_line(in, &line) && (view_starts(line, VIEW("a ")) || view_starts(line, VIEW("* BYE")));
}

bool talk_sieve(struct view in)
{
	struct view line;
	return last_line(in, &line) &&
	       (view_starts_nocase(line, VIEW("OK")) || view_starts_nocase(line, VIEW("NO")) ||
	           view_starts_nocase(line, VIEW("BYE")));
}

bool talk_http(struct view in)
{
	return in.len >= 4 && memmem(in.data, in.len, "\r\n\r\n", 4) != NULL;
}
