/*
 * Each question has a socket of its own, connected, with a port that the kernel chooses: who wants to forge
 * an answer has to guess port and number. See dns_ask.h.
 */
#include "cli/dns_ask.h"

#include <errno.h>
#include <poll.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

enum {
	AT_ONCE = 64, /* sockets; more wait for a place */
	RESEND_MS = 1500,
	SENDS_MAX = 3,
	TELL_MS = 1000,
	LENGTH_SIZE = 2 /* in front of a message by TCP: RFC 1035 section 4.2.2 */
};

static void finish(struct dns_ask *a, int error)
{
	a->error = error;
	a->done = true;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	buf_done(&a->out);
}

static int open_socket(struct dns_ask *a, int kind)
{
	socklen_t len =
	    a->server.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = socket(a->server.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return -errno;
	return connect(a->fd, (struct sockaddr *)&a->server, len) == 0 || errno == EINPROGRESS ? 0 : -errno;
}

static void send_udp(struct dns_ask *a, int64_t now)
{
	struct view v = buf_view(&a->out);
	a->sent++;
	a->resend_at = a->sent < SENDS_MAX ? now + RESEND_MS : INT64_MAX;
	if (send(a->fd, v.data, v.len, MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR)
		finish(a, -errno);
}

static void begin(struct dns_ask *a, int64_t now)
{
	a->fd = -1;
	a->sent = 0;
	a->deadline = now + DNS_ASK_SECONDS * 1000;
	a->id = (uint16_t)random_u64();
	buf_init(&a->out, 1024);
	buf_init(&a->reply, DNS_MESSAGE_MAX + LENGTH_SIZE);
	int error = dns_question_write(&a->out, a->id, a->name, a->type, a->recurse);
	if (error == 0)
		error = open_socket(a, SOCK_DGRAM);
	if (error)
		finish(a, error);
	else
		send_udp(a, now);
}

static void go_tcp(struct dns_ask *a)
{
	struct buf framed;
	struct view question = buf_view(&a->out);
	buf_init(&framed, 1024);
	buf_append_u16(&framed, (uint16_t)question.len);
	buf_append(&framed, question);
	buf_done(&a->out);
	a->out = framed;
	a->tcp = true;
	a->resend_at = INT64_MAX;
	buf_clear(&a->reply);
	int error = open_socket(a, SOCK_STREAM);
	if (error)
		finish(a, error);
}

/* False: it is no answer to this question. */
static bool take_reply(struct dns_ask *a)
{
	if (dns_message_open(buf_view(&a->reply), &a->message) != 0 ||
	    !dns_message_answers(&a->message, a->id, a->name, a->type))
		return false;
	if (a->message.truncated && !a->tcp)
		go_tcp(a);
	else
		finish(a, 0);
	return true;
}

static void read_udp(struct dns_ask *a)
{
	char *to = (buf_clear(&a->reply), buf_reserve(&a->reply, DNS_MESSAGE_MAX));
	ssize_t n = to ? recv(a->fd, to, DNS_MESSAGE_MAX, 0) : -1;
	if (to == NULL) {
		finish(a, -ENOMEM);
	} else if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(a, -errno);
	} else {
		buf_commit(&a->reply, (size_t)n);
		take_reply(a); /* anything else is somebody's guess: the right answer may still come */
	}
}

static void write_tcp(struct dns_ask *a)
{
	struct view v = buf_view(&a->out);
	ssize_t n = send(a->fd, v.data, v.len, MSG_NOSIGNAL);
	if (n >= 0)
		buf_consume(&a->out, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		finish(a, -errno);
}

static void read_tcp(struct dns_ask *a)
{
	char piece[16 * 1024];
	ssize_t n = recv(a->fd, piece, sizeof piece, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || buf_append(&a->reply, view_of(piece, (size_t)n)) != 0) {
		finish(a, n < 0 ? -errno : -ECONNRESET);
		return;
	}
	struct cursor in = cursor_on(buf_view(&a->reply));
	size_t length = cursor_u16(&in);
	if (!cursor_ok(&in) || in.rest.len < length)
		return;
	buf_truncate(&a->reply, LENGTH_SIZE + length);
	buf_consume(&a->reply, LENGTH_SIZE);
	if (!take_reply(a))
		finish(a, -EBADMSG);
}

static void serve(struct dns_ask *a, short events)
{
	if (!a->tcp)
		read_udp(a);
	else if (buf_view(&a->out).len)
		write_tcp(a);
	else if (events & (POLLIN | POLLHUP | POLLERR))
		read_tcp(a);
}

/* Begins what has room, sends again what was lost, gives up what is too late. The number under way. */
static size_t look_at_times(struct dns_ask *asks, size_t count, int64_t now, int64_t *next)
{
	size_t under_way = 0;
	for (size_t i = 0; i < count && under_way < AT_ONCE; i++) {
		struct dns_ask *a = &asks[i];
		if (!a->done && a->deadline == 0)
			begin(a, now);
		if (!a->done && now >= a->deadline)
			finish(a, -ETIMEDOUT);
		if (!a->done && now >= a->resend_at)
			send_udp(a, now);
		if (a->done)
			continue;
		under_way++;
		int64_t at = a->resend_at < a->deadline ? a->resend_at : a->deadline;
		*next = at < *next ? at : *next;
	}
	return under_way;
}

static unsigned open_asks(const struct dns_ask *asks, size_t count)
{
	unsigned open = 0;
	for (size_t i = 0; i < count; i++)
		open += !asks[i].done;
	return open;
}

void dns_ask_all(struct dns_ask *asks, size_t count, void (*waiting)(void *arg, unsigned open), void *arg)
{
	int64_t tell_at = clock_monotonic_ms() + TELL_MS;
	for (size_t i = 0; i < count; i++) {
		asks[i].done = asks[i].tcp = false;
		asks[i].deadline = 0;
		asks[i].fd = -1;
	}
	for (;;) {
		struct pollfd polls[AT_ONCE];
		struct dns_ask *of[AT_ONCE];
		size_t n = 0;
		int64_t now = clock_monotonic_ms(), next = tell_at;
		if (look_at_times(asks, count, now, &next) == 0)
			return;
		for (size_t i = 0; i < count && n < AT_ONCE; i++) {
			if (asks[i].done || asks[i].fd < 0)
				continue;
			bool writes = asks[i].tcp && buf_view(&asks[i].out).len;
			of[n] = &asks[i];
			polls[n++] = (struct pollfd){.fd = asks[i].fd, .events = writes ? POLLOUT : POLLIN};
		}
		if (poll(polls, n, next > now ? (int)(next - now) : 0) > 0)
			for (size_t i = 0; i < n; i++)
				if (polls[i].revents)
					serve(of[i], polls[i].revents);
		if (clock_monotonic_ms() >= tell_at) {
			tell_at += TELL_MS;
			if (waiting)
				waiting(arg, open_asks(asks, count));
		}
	}
}

void dns_ask_done(struct dns_ask *ask)
{
	buf_done(&ask->reply);
	buf_done(&ask->out);
}

int dns_exchange(const struct sockaddr_storage *server, struct view message, struct buf *reply)
{
	struct dns_ask a = {.server = *server, .fd = -1, .tcp = true};
	int64_t deadline = clock_monotonic_ms() + DNS_ASK_SECONDS * 1000;
	buf_init(&a.out, DNS_MESSAGE_MAX + LENGTH_SIZE);
	buf_init(&a.reply, DNS_MESSAGE_MAX + LENGTH_SIZE);
	buf_append_u16(&a.out, (uint16_t)message.len);
	buf_append(&a.out, message);
	int error = open_socket(&a, SOCK_STREAM);
	if (error)
		finish(&a, error);
	size_t length = SIZE_MAX;
	while (!a.done && buf_view(&a.reply).len < length) {
		bool writes = buf_view(&a.out).len > 0;
		struct pollfd p = {.fd = a.fd, .events = writes ? POLLOUT : POLLIN};
		int64_t left = deadline - clock_monotonic_ms();
		if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
			finish(&a, -ETIMEDOUT);
			break;
		}
		if (writes) {
			write_tcp(&a);
			continue;
		}
		char piece[4096];
		ssize_t n = recv(a.fd, piece, sizeof piece, 0);
		if (n <= 0 || buf_append(&a.reply, view_of(piece, (size_t)n)) != 0)
			finish(&a, n < 0 ? -errno : -ECONNRESET);
		struct cursor in = cursor_on(buf_view(&a.reply));
		size_t said = cursor_u16(&in);
		length = cursor_ok(&in) ? LENGTH_SIZE + said : SIZE_MAX;
	}
	if (!a.done)
		finish(&a, 0);
	if (a.error == 0)
		a.error = buf_append(
		    reply, view_take(view_skip(buf_view(&a.reply), LENGTH_SIZE), length - LENGTH_SIZE));
	buf_done(&a.reply);
	return a.error;
}
