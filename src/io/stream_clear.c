/* A stream's socket, in clear: see stream_private.h. */
#include <errno.h>
#include <sys/socket.h>

#include "io/stream_private.h"

ssize_t stream_receive_some(struct stream *s, char *data, size_t size)
{
	ssize_t n;
	do
		n = recv(s->fd, data, size, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n == 0)
		return IO_ENDED;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IO_AGAIN;
	s->error = errno;
	return IO_FAILED;
}

ssize_t stream_send_some(struct stream *s, struct view v)
{
	ssize_t n;
	do
		n = send(s->fd, v.data, v.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		s->error = errno;
		return IO_FAILED;
	}
	loop_watch_on(&s->writable);
	return IO_AGAIN;
}
