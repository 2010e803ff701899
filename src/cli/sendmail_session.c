/* See sendmail_session.h. */
#include "cli/sendmail_session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/store_client.h"
#include "format/dot_stuff.h"

enum {
	REPLY_MS = 10 * 60 * 1000, /* RFC 5321 section 4.5.3.2: what the end of a message may take */
	PIECE = 64 << 10
};

int sendmail_connect(const struct settings *settings)
{
	return admin_client_connect(settings, "sendmail");
}

/* ---- octets ---- */

static bool wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;
	do
		n = poll(&p, 1, REPLY_MS);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool send_all(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = wait_for(fd, POLLOUT) ? send(fd, bytes.data, bytes.len, MSG_NOSIGNAL) : -1;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = view_skip(bytes, (size_t)n);
	}
	return true;
}

static bool receive(struct sendmail_session *s)
{
	char bytes[4096];
	ssize_t n;
	if (!wait_for(s->fd, POLLIN))
		return false;
	do
		n = recv(s->fd, bytes, sizeof bytes, 0);
	while (n < 0 && errno == EINTR);
	return n > 0 && buf_append(&s->in, view_of(bytes, (size_t)n)) == 0;
}

/* ---- replies ---- */

/* RFC 5321 section 4.2: a hyphen behind the code of each line but the last. */
static bool take_line(struct sendmail_session *s, bool *last)
{
	struct view rest = buf_view(&s->in), line;
	uint64_t code;
	if (view_find(rest, '\n') < 0 || !view_next(&rest, '\n', &line))
		return false;
	size_t taken = line.len + 1;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	*last = line.len < 4 || line.data[3] != '-';
	s->code = view_to_u64(view_take(line, 3), 599, &code) && code >= 200 ? (unsigned)code : 0;
	buf_append(&s->reply, line);
	buf_append_byte(&s->reply, '\n');
	buf_consume(&s->in, taken);
	return true;
}

static unsigned take_reply(struct sendmail_session *s)
{
	bool last = false;
	buf_clear(&s->reply);
	s->code = 0;
	while (!last) {
		if (take_line(s, &last))
			continue;
		if (!receive(s)) {
			s->code = 0;
			break;
		}
	}
	if (buf_failed(&s->reply))
		s->code = 0;
	return s->code;
}

/* "220 mail.example.org ESMTP ...": the server's name stands behind the code. */
static void take_hostname(struct sendmail_session *s)
{
	struct view rest = view_skip(buf_view(&s->reply), 4), word;
	if (rest.len && view_next(&rest, ' ', &word) && word.len < sizeof s->hostname)
		snprintf(s->hostname, sizeof s->hostname, "%.*s", VIEW_FMT(view_trim(word)));
}

void sendmail_session_init(struct sendmail_session *s, int fd)
{
	*s = (struct sendmail_session){.fd = fd};
	buf_init(&s->in, SENDMAIL_REPLY_MAX);
	buf_init(&s->reply, SENDMAIL_REPLY_MAX);
	if (take_reply(s) == 220)
		take_hostname(s);
}

void sendmail_session_done(struct sendmail_session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	buf_done(&s->in);
	buf_done(&s->reply);
	s->fd = -1;
}

unsigned sendmail_say(struct sendmail_session *s, struct view line)
{
	s->code = 0;
	if (!send_all(s->fd, line) || !send_all(s->fd, VIEW("\r\n")))
		return 0;
	return take_reply(s);
}

unsigned sendmail_data(struct sendmail_session *s, struct view message)
{
	struct dot_stuff stuff = {.within_line = false};
	struct buf piece;
	bool good = true;
	/* A server that refuses in mid-message has said why: its reply is taken, whatever could be sent. */
	while (good && message.len > 0) {
		/* Each octet can become two, and the end has five. */
		buf_init(&piece, 2 * PIECE + 16);
		dot_stuff(&stuff, view_take(message, PIECE), &piece);
		good = !buf_failed(&piece) && send_all(s->fd, buf_view(&piece));
		message = view_skip(message, PIECE);
		buf_done(&piece);
	}
	buf_init(&piece, 16);
	dot_stuff_end(&stuff, &piece);
	if (good)
		(void)send_all(s->fd, buf_view(&piece));
	buf_done(&piece);
	return take_reply(s);
}

/* ---- both ways ---- */

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = view_skip(bytes, (size_t)n);
	}
	return true;
}

void sendmail_pump(int fd, int in, int out)
{
	char bytes[PIECE];
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = in, .events = POLLIN}};
	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (p[1].revents) {
			ssize_t n = read(in, bytes, sizeof bytes);
			if (n > 0 && !send_all(fd, view_of(bytes, (size_t)n)))
				return;
			if (n <= 0) {
				shutdown(fd, SHUT_WR); /* its last replies still come */
				p[1].fd = -1;
			}
		}
		if (p[0].revents) {
			ssize_t n = recv(fd, bytes, sizeof bytes, 0);
			if (n <= 0 || !write_all(out, view_of(bytes, (size_t)n)))
				return;
		}
	}
}
