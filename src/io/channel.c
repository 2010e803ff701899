/* Framed messages over Unix stream sockets. See channel.h. */
#include "io/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/mem.h"

enum { HEADER = 12, READ_SIZE = 256 * 1024, FDS_A_READ = 16 };
enum { CARRIES_FD = -2 }; /* in a frame that was cut out, before its descriptor is known */

int channel_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -errno;
	return 0;
}

/* Of ten thousand channels nearly all are quiet: these have no output buffer. The next that speaks takes the
 * last one that was used, grown as it is. One loop a process. */
static struct buf spare;

static void put_aside(struct buf *out)
{
	struct buf used = *out;
	buf_init(out, used.max);
	if (used.cap > CHANNEL_HIGH_WATER || used.cap <= spare.cap) {
		buf_done(&used);
		return;
	}
	buf_done(&spare);
	spare = used;
	buf_clear(&spare);
}

static void take_spare(struct buf *out)
{
	if (out->cap > 0 || spare.cap == 0)
		return;
	spare.max = out->max;
	*out = spare;
	spare = (struct buf){0};
}

static void on_turn(void *arg);
static void on_readable(void *arg);
static void on_writable(void *arg);

void channel_init(struct channel *c, struct loop *loop, int fd,
    void (*received)(void *, struct channel_frame *), void (*closed)(void *), void *arg)
{
	*c = (struct channel){.loop = loop, .fd = fd, .received = received, .closed = closed, .arg = arg};
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	buf_init(&c->in, CHANNEL_FRAME_MAX + HEADER);
	buf_init(&c->out, CHANNEL_OUTPUT_MAX);
	loop_watch_init(&c->readable, loop, fd, LOOP_READ, on_readable, c);
	loop_watch_init(&c->writable, loop, fd, LOOP_WRITE, on_writable, c);
	loop_task_init(&c->turn, loop, on_turn, c);
	loop_watch_on(&c->readable);
}

void channel_done(struct channel *c)
{
	if (c->loop == NULL || c->fd < 0)
		return;
	loop_watch_off(&c->readable);
	loop_watch_off(&c->writable);
	loop_task_cancel(&c->turn);
	for (unsigned i = 0; i < c->in_fd_count; i++)
		if (c->in_fds[i] >= 0)
			close(c->in_fds[i]);
	for (unsigned i = 0; i < c->out_fd_count; i++)
		close(c->out_fds[i].fd);
	mem_free(c->out_fds);
	c->out_fds = NULL;
	c->in_fd_count = c->out_fd_count = c->out_fd_room = 0;
	if (c->ended)
		*c->ended = true;
	c->ended = NULL;
	close(c->fd);
	c->fd = -1;
	c->dead = true;
	buf_done(&c->in);
	buf_done(&c->out);
}

void channel_move(struct channel *to, struct channel *from)
{
	bool writes = loop_watch_is_on(&from->writable);
	loop_watch_off(&from->readable);
	loop_watch_off(&from->writable);
	loop_task_cancel(&from->turn);
	*to = *from;
	*from = (struct channel){.fd = -1, .dead = true};
	loop_watch_init(&to->readable, to->loop, to->fd, LOOP_READ, on_readable, to);
	loop_watch_init(&to->writable, to->loop, to->fd, LOOP_WRITE, on_writable, to);
	loop_task_init(&to->turn, to->loop, on_turn, to);
	if (to->dead)
		return;
	if (!to->paused)
		loop_watch_on(&to->readable);
	if (writes)
		loop_watch_on(&to->writable);
	if (to->resuming || to->overflown || buf_view(&to->out).len > 0)
		loop_task_schedule(&to->turn);
}

struct view channel_unread(const struct channel *c)
{
	return buf_view(&c->in);
}

/* The last thing that a function does: `closed` may free the channel. */
static void die(struct channel *c)
{
	if (c->dead)
		return;
	c->dead = true;
	loop_watch_off(&c->readable);
	loop_watch_off(&c->writable);
	loop_task_cancel(&c->turn);
	c->closed(c->arg);
}

/* ---- sending ---- */

/* Attaches fds to the control part of msg; returns how many bytes of the output may go out with them. */
static size_t attach_fds(
    struct channel *c, struct msghdr *msg, char *control, size_t control_size, size_t available)
{
	if (c->out_fd_count == 0)
		return available;
	size_t ahead = (size_t)(c->out_fds[0].at - c->out_done);
	if (ahead > 0)
		return ahead < available ? ahead : available;
	/* The descriptor goes with the first byte of its frame; the next one's frame starts a new message. */
	msg->msg_control = control;
	msg->msg_controllen = control_size;
	struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &c->out_fds[0].fd, sizeof(int));
	if (c->out_fd_count > 1) {
		size_t until_next = (size_t)(c->out_fds[1].at - c->out_done);
		return until_next < available ? until_next : available;
	}
	return available;
}

static void sent_fd(struct channel *c)
{
	close(c->out_fds[0].fd);
	c->out_fd_count--;
	memmove(&c->out_fds[0], &c->out_fds[1], c->out_fd_count * sizeof c->out_fds[0]);
}

/* False when the channel has died: then it may be gone. */
static bool send_some(struct channel *c)
{
	while (!c->dead && buf_view(&c->out).len > 0) {
		struct view v = buf_view(&c->out);
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
		struct iovec part;
		struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
		size_t len = attach_fds(c, &msg, control, sizeof control, v.len);
		part = (struct iovec){.iov_base = (void *)(uintptr_t)v.data, .iov_len = len};
		ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			loop_watch_on(&c->writable);
			return true;
		}
		if (n < 0) {
			die(c);
			return false;
		}
		if (msg.msg_control)
			sent_fd(c);
		c->out_done += (uint64_t)n;
		buf_consume(&c->out, (size_t)n);
	}
	if (c->dead)
		return false;
	loop_watch_off(&c->writable);
	put_aside(&c->out);
	return true;
}

static void flush(struct channel *c)
{
	if (c->overflown) {
		/* The peer would wait for ever for the frame that did not fit. */
		die(c);
		return;
	}
	if (!send_some(c) || !c->above_water || buf_view(&c->out).len >= CHANNEL_HIGH_WATER)
		return;
	c->above_water = false;
	if (c->drained)
		c->drained(c->arg);
}

static void on_writable(void *arg)
{
	flush(arg);
}

struct buf *channel_begin(struct channel *c, uint16_t type, uint32_t request, size_t *mark)
{
	take_spare(&c->out);
	*mark = buf_view(&c->out).len;
	buf_append_u32(&c->out, 0);
	buf_append_u16(&c->out, type);
	buf_append_u16(&c->out, 0);
	buf_append_u32(&c->out, request);
	return &c->out;
}

static bool add_fd(struct channel *c, uint64_t at, int fd)
{
	if (c->out_fd_count == CHANNEL_FDS_MAX)
		return false;
	if (c->out_fd_count == c->out_fd_room) {
		c->out_fd_room = c->out_fd_room ? 2 * c->out_fd_room : 4;
		c->out_fds = mem_resize(c->out_fds, c->out_fd_room * sizeof *c->out_fds);
	}
	c->out_fds[c->out_fd_count++] = (struct channel_pass){.at = at, .fd = fd};
	return true;
}

static int end_frame(struct channel *c, size_t mark, int fd)
{
	size_t len = buf_view(&c->out).len;
	if (c->dead)
		return -EPIPE;
	if (c->out.failed)
		return -ENOBUFS;
	if (len - mark - HEADER > CHANNEL_FRAME_MAX)
		return -EMSGSIZE;
	if (fd >= 0 && !add_fd(c, c->out_done + mark, fd))
		return -ENOBUFS;
	uint32_t payload = (uint32_t)(len - mark - HEADER);
	char *at = c->out.data + c->out.start + mark;
	for (int i = 0; i < 4; i++)
		at[i] = (char)(payload >> (24 - 8 * i));
	at[7] = fd >= 0;
	return 0;
}

int channel_end(struct channel *c, size_t mark, int fd)
{
	int error = end_frame(c, mark, fd);
	if (error) {
		buf_truncate(&c->out, mark);
		c->out.failed = false;
		if (fd >= 0)
			close(fd);
		if (error == -ENOBUFS) {
			c->overflown = true;
			loop_task_schedule(&c->turn);
		}
		if (c->dead)
			buf_done(&c->out);
		return error;
	}
	if (buf_view(&c->out).len >= CHANNEL_HIGH_WATER)
		c->above_water = true;
	loop_task_schedule(&c->turn);
	return 0;
}

int channel_send(struct channel *c, uint16_t type, uint32_t request, struct view payload, int fd)
{
	size_t mark;
	struct buf *out = channel_begin(c, type, request, &mark);
	buf_append(out, payload);
	return channel_end(c, mark, fd);
}

size_t channel_backlog(const struct channel *c)
{
	return buf_view(&c->out).len;
}

bool channel_unsent(const struct channel *c, struct view *bytes)
{
	*bytes = buf_view(&c->out);
	return c->out_fd_count == 0;
}

int channel_put_unsent(struct channel *c, struct view bytes)
{
	if (bytes.len == 0)
		return 0;
	take_spare(&c->out);
	int error = buf_append(&c->out, bytes);
	if (error)
		return error;
	c->above_water = buf_view(&c->out).len >= CHANNEL_HIGH_WATER;
	loop_task_schedule(&c->turn);
	return 0;
}

/* ---- receiving ---- */

static void keep_fd(struct channel *c, int fd)
{
	if (c->in_fd_count < sizeof c->in_fds / sizeof c->in_fds[0])
		c->in_fds[c->in_fd_count++] = fd;
	else if (fd >= 0)
		close(fd);
}

static void keep_fds(struct channel *c, struct msghdr *msg)
{
	bool any = false;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
			keep_fd(c, fd);
			any = true;
		}
	}
	/* This process has no descriptor left: the one frame goes without, the channel lives on. */
	if (!any && msg->msg_flags & MSG_CTRUNC)
		keep_fd(c, -1);
}

/* Takes one whole frame off *in. 1, 0 when there is none yet, -EBADMSG for a length past the limit. */
static int next_frame(struct view *in, struct channel_frame *frame)
{
	if (in->len < HEADER)
		return 0;
	struct cursor cursor = cursor_on(*in);
	uint32_t len = cursor_u32(&cursor);
	uint16_t type = cursor_u16(&cursor);
	uint16_t descriptors = cursor_u16(&cursor);
	uint32_t request = cursor_u32(&cursor);
	if (len > CHANNEL_FRAME_MAX || descriptors > 1)
		return -EBADMSG;
	if (cursor.rest.len < len)
		return 0;
	*frame = (struct channel_frame){.type = type,
	    .request = request,
	    .payload = cursor_bytes(&cursor, len),
	    .fd = descriptors ? CARRIES_FD : -1};
	*in = cursor.rest;
	return 1;
}

static ssize_t receive(struct channel *c, char *data, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_A_READ * sizeof(int))];
	struct iovec part = {.iov_base = data, .iov_len = size};
	struct msghdr msg = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	ssize_t n;
	do
		n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		keep_fds(c, &msg);
	return n;
}

/*
 * Descriptors arrive in the order of the frames that carry them and no later than the first byte of their
 * frame, so the oldest one that waits belongs to the next frame that says it carries one.
 */
static int claim_fd(struct channel *c, int *fd)
{
	if (c->in_fd_count == 0)
		return -EBADMSG;
	*fd = c->in_fds[0];
	c->in_fd_count--;
	memmove(c->in_fds, c->in_fds + 1, c->in_fd_count * sizeof c->in_fds[0]);
	return 0;
}

/*
 * Hands out the whole frames. A handler may close the channel, and its owner free it: then false is returned,
 * and nothing of the channel may be touched any more.
 */
static bool deliver(struct channel *c, struct view *in)
{
	struct channel_frame frame;
	bool ended = false;
	while (!c->paused) {
		int result = next_frame(in, &frame);
		if (result == 0)
			break;
		if (result > 0 && frame.fd == CARRIES_FD)
			result = claim_fd(c, &frame.fd);
		if (result < 0) {
			die(c);
			return false;
		}
		c->ended = &ended;
		c->received(c->arg, &frame);
		if (ended)
			return false;
		c->ended = NULL;
		if (c->dead)
			return false;
	}
	return true;
}

static void take_in(struct channel *c, struct view fresh)
{
	if (c->in.len > 0 && buf_append(&c->in, fresh) != 0) {
		die(c);
		return;
	}
	/* The kept bytes are held here meanwhile: a handler that closes the channel still reads its
	 * frame. */
	struct buf kept = c->in;
	struct view rest = kept.len > 0 ? buf_view(&kept) : fresh;
	size_t before = rest.len;
	buf_init(&c->in, kept.max);
	bool alive = deliver(c, &rest);
	if (kept.len == 0) {
		buf_done(&kept);
		if (alive && rest.len > 0 && buf_append(&c->in, rest) != 0)
			die(c);
		return;
	}
	buf_consume(&kept, before - rest.len);
	if (!alive || kept.len == 0)
		buf_done(&kept);
	if (alive)
		c->in = kept;
}

static void on_readable(void *arg)
{
	static char scratch[READ_SIZE]; /* one loop a process: what is left over is copied to the channel */
	struct channel *c = arg;
	if (c->paused)
		return;
	size_t room = c->in.max - buf_view(&c->in).len;
	ssize_t n = receive(c, scratch, room < sizeof scratch ? room : sizeof scratch);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		die(c);
		return;
	}
	take_in(c, view_of(scratch, (size_t)n));
}

static void on_turn(void *arg)
{
	struct channel *c = arg;
	if (!c->resuming) {
		flush(c);
		return;
	}
	/* What is taken in may free the channel: else it sends right afterwards. */
	c->resuming = false;
	loop_task_schedule(&c->turn);
	take_in(c, (struct view){0});
}

void channel_pause(struct channel *c, bool paused)
{
	if (c->dead || c->paused == paused)
		return;
	c->paused = paused;
	if (paused) {
		loop_watch_off(&c->readable);
		return;
	}
	loop_watch_on(&c->readable);
	if (buf_view(&c->in).len > 0) {
		/* Frames that were read before the pause are handed over at the end of the turn. */
		c->resuming = true;
		loop_task_schedule(&c->turn);
	}
}

int channel_frame_append(struct buf *out, uint16_t type, uint32_t request, struct view payload)
{
	buf_append_u32(out, (uint32_t)payload.len);
	buf_append_u16(out, type);
	buf_append_u16(out, 0);
	buf_append_u32(out, request);
	return buf_append(out, payload);
}

int channel_put_unread(struct channel *c, struct view bytes)
{
	struct buf all;
	buf_init(&all, c->in.max);
	int error = buf_append(&all, bytes);
	if (error == 0)
		error = buf_append(&all, buf_view(&c->in));
	if (error) {
		buf_done(&all);
		return error;
	}
	buf_done(&c->in);
	c->in = all;
	if (!c->paused && buf_view(&c->in).len > 0) {
		c->resuming = true;
		loop_task_schedule(&c->turn);
	}
	return 0;
}

/* ---- blocking exchange ---- */

int channel_send_blocking(int fd, uint16_t type, uint32_t request, struct view payload, int pass)
{
	struct buf out;
	int result = 0;
	buf_init(&out, CHANNEL_FRAME_MAX + HEADER);
	buf_append_u32(&out, (uint32_t)payload.len);
	buf_append_u16(&out, type);
	buf_append_u16(&out, pass >= 0);
	buf_append_u32(&out, request);
	buf_append(&out, payload);
	if (out.failed)
		result = -EMSGSIZE;
	while (result == 0 && buf_view(&out).len > 0) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
		struct view v = buf_view(&out);
		struct iovec part = {.iov_base = (void *)(uintptr_t)v.data, .iov_len = v.len};
		struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
		if (pass >= 0) {
			msg.msg_control = control;
			msg.msg_controllen = sizeof control;
			struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
			header->cmsg_level = SOL_SOCKET;
			header->cmsg_type = SCM_RIGHTS;
			header->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(header), &pass, sizeof pass);
		}
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n > 0) {
			pass = -1;
			buf_consume(&out, (size_t)n);
		} else if (n < 0 && errno != EINTR) {
			result = -errno;
		}
	}
	buf_done(&out);
	return result;
}

/* Reads exactly n more bytes into `in`; a descriptor that comes along goes to *pass. */
static int read_exactly(int fd, struct buf *in, size_t n, int *pass, int timeout_ms)
{
	while (n > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int ready = poll(&wait, 1, timeout_ms);
		if (ready == 0)
			return -ETIMEDOUT;
		char *room = buf_reserve(in, n);
		if (room == NULL)
			return -ENOBUFS;
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
		struct iovec part = {.iov_base = room, .iov_len = n};
		struct msghdr msg = {.msg_iov = &part,
		    .msg_iovlen = 1,
		    .msg_control = control,
		    .msg_controllen = sizeof control};
		ssize_t got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -EPIPE : -errno;
		struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
		if (h && h->cmsg_type == SCM_RIGHTS && *pass < 0)
			memcpy(pass, CMSG_DATA(h), sizeof *pass);
		buf_commit(in, (size_t)got);
		n -= (size_t)got;
	}
	return 0;
}

int channel_receive_blocking(int fd, struct buf *in, struct channel_frame *frame, int timeout_ms)
{
	int pass = -1;
	buf_clear(in);
	int error = read_exactly(fd, in, HEADER, &pass, timeout_ms);
	if (error == 0) {
		struct cursor c = cursor_on(buf_view(in));
		uint32_t len = cursor_u32(&c);
		error = len > CHANNEL_FRAME_MAX ? -EBADMSG : read_exactly(fd, in, len, &pass, timeout_ms);
	}
	struct view whole = buf_view(in);
	if (error == -ETIMEDOUT && whole.len > 0)
		error = -EBADMSG; /* half a frame: what follows cannot be told apart */
	if (error == 0 && (next_frame(&whole, frame) != 1 || (frame->fd == CARRIES_FD) != (pass >= 0)))
		error = -EBADMSG;
	if (error) {
		if (pass >= 0)
			close(pass);
		return error;
	}
	frame->fd = pass;
	return 0;
}
