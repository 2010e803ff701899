#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/channel.h"

struct peer {
	struct channel channel;
	unsigned frames, with_fd, drained;
	uint64_t bytes;
	bool closed, ordered;
	unsigned pause_at;
};

static void received(void *arg, struct channel_frame *frame)
{
	struct peer *p = arg;
	if (frame->request != p->frames)
		p->ordered = false;
	p->frames++;
	p->bytes += frame->payload.len;
	/* Type 2 carries a descriptor, type 1 none. */
	if ((frame->fd >= 0) != (frame->type == 2))
		p->ordered = false;
	if (frame->fd >= 0) {
		/* The descriptor's number of bytes says which frame it was sent with. */
		struct stat st;
		if (fstat(frame->fd, &st) != 0 || st.st_size != (off_t)frame->request)
			p->ordered = false;
		p->with_fd++;
		close(frame->fd);
	}
	if (p->pause_at && p->frames == p->pause_at)
		channel_pause(&p->channel, true);
}

static void closed(void *arg)
{
	((struct peer *)arg)->closed = true;
}

static void drained(void *arg)
{
	((struct peer *)arg)->drained++;
}

static void connect_peers(struct loop *loop, struct peer *a, struct peer *b)
{
	int pair[2];
	loop_init(loop);
	assert_int_equal(channel_pair(pair), 0);
	a->ordered = b->ordered = true;
	channel_init(&a->channel, loop, pair[0], received, closed, a);
	channel_init(&b->channel, loop, pair[1], received, closed, b);
	a->channel.drained = drained;
}

static int file_of_size(unsigned size)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static void keeps_order_and_descriptors(void **state)
{
	(void)state;
	static char body[100000];
	struct loop loop;
	struct peer a = {0}, b = {0};
	connect_peers(&loop, &a, &b);
	uint64_t sent = 0;
	unsigned fds = 0;
	for (unsigned i = 0; i < 400; i++) {
		size_t len = i * 7919 % sizeof body;
		bool with_fd = i % 5 == 0;
		fds += with_fd;
		assert_int_equal(channel_send(&a.channel, with_fd ? 2 : 1, i, view_of(body, len),
		                     with_fd ? file_of_size(i) : -1),
		    0);
		sent += len;
		if (i % 3 == 0)
			loop_turn(&loop);
	}
	for (int i = 0; i < 10000 && b.frames < 400; i++)
		loop_turn(&loop);
	assert_int_equal(b.frames, 400);
	assert_int_equal(b.with_fd, fds);
	assert_true(b.ordered);
	assert_true(b.bytes == sent);
	assert_true(a.drained > 0);
	assert_int_equal(channel_backlog(&a.channel), 0);
	channel_done(&a.channel);
	for (int i = 0; i < 10 && !b.closed; i++)
		loop_turn(&loop);
	assert_true(b.closed);
	assert_int_equal(channel_send(&b.channel, 1, 0, VIEW("x"), -1), -EPIPE);
	channel_done(&b.channel);
	loop_done(&loop);
}

static void pauses(void **state)
{
	(void)state;
	struct loop loop;
	struct peer a = {0}, b = {.pause_at = 3};
	connect_peers(&loop, &a, &b);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(channel_send(&a.channel, 1, i, VIEW("abc"), -1), 0);
	for (int i = 0; i < 20; i++)
		loop_turn(&loop);
	assert_int_equal(b.frames, 3);
	channel_pause(&b.channel, false);
	for (int i = 0; i < 20; i++)
		loop_turn(&loop);
	assert_int_equal(b.frames, 10);
	assert_true(b.ordered);
	channel_done(&a.channel);
	channel_done(&b.channel);
	loop_done(&loop);
}

static void refuses_what_is_too_long(void **state)
{
	(void)state;
	static char body[CHANNEL_FRAME_MAX + 1];
	struct loop loop;
	struct peer a = {0}, b = {0};
	connect_peers(&loop, &a, &b);
	assert_int_equal(channel_send(&a.channel, 1, 0, view_of(body, sizeof body), -1), -EMSGSIZE);
	assert_int_equal(channel_send(&a.channel, 1, 0, view_of(body, sizeof body - 1), -1), 0);
	for (int i = 0; i < 100 && b.frames < 1; i++)
		loop_turn(&loop);
	assert_int_equal(b.frames, 1);
	/* A hostile length closes the channel. */
	assert_int_equal(write(a.channel.fd, "\xff\xff\xff\xff\0\1\0\0\0\0\0\0", 12), 12);
	for (int i = 0; i < 100 && !b.closed; i++)
		loop_turn(&loop);
	assert_true(b.closed);
	channel_done(&a.channel);
	channel_done(&b.channel);
	loop_done(&loop);
}

static void exchanges_blocking(void **state)
{
	(void)state;
	int pair[2];
	struct buf in;
	struct channel_frame frame;
	buf_init(&in, CHANNEL_FRAME_MAX + 64);
	assert_int_equal(channel_pair(pair), 0);
	int fd = file_of_size(9);
	assert_int_equal(channel_send_blocking(pair[0], 7, 9, VIEW("payload"), fd), 0);
	close(fd);
	assert_int_equal(channel_receive_blocking(pair[1], &in, &frame, 1000), 0);
	assert_int_equal(frame.type, 7);
	assert_int_equal(frame.request, 9);
	assert_view(frame.payload, "payload");
	assert_true(frame.fd >= 0);
	close(frame.fd);
	assert_int_equal(channel_receive_blocking(pair[1], &in, &frame, 1), -ETIMEDOUT);
	close(pair[0]);
	assert_int_equal(channel_receive_blocking(pair[1], &in, &frame, 1000), -EPIPE);
	close(pair[1]);
	buf_done(&in);
}

/* ---- owners that go away inside a call: the sanitizers are the judges ---- */

static unsigned owners_freed;

static void free_owner(void *arg)
{
	struct peer *p = arg;
	channel_done(&p->channel);
	memset(p, 0xee, sizeof *p);
	free(p);
	owners_freed++;
}

static void frees_at_the_second_frame(void *arg, struct channel_frame *frame)
{
	struct peer *p = arg;
	if (++p->frames < 2)
		return;
	free_owner(p);
	assert_view(frame->payload, "abc");
}

static void may_be_freed_by_a_handler(void **state)
{
	(void)state;
	for (unsigned split = 0; split < 60; split += 7) {
		struct loop loop;
		int pair[2];
		struct peer a = {0}, *b = calloc(1, sizeof *b);
		loop_init(&loop);
		assert_int_equal(channel_pair(pair), 0);
		channel_init(&a.channel, &loop, pair[0], received, closed, &a);
		channel_init(&b->channel, &loop, pair[1], frees_at_the_second_frame, free_owner, b);
		unsigned before = owners_freed;
		char bytes[4 * 15];
		for (int i = 0; i < 4; i++)
			memcpy(bytes + 15 * i, "\0\0\0\3\0\1\0\0\0\0\0\0abc", 15);
		assert_int_equal(write(a.channel.fd, bytes, split), split);
		loop_turn(&loop);
		if (owners_freed == before)
			assert_int_equal(
			    write(a.channel.fd, bytes + split, sizeof bytes - split), sizeof bytes - split);
		for (int i = 0; i < 20; i++)
			loop_turn(&loop);
		assert_int_equal(owners_freed, before + 1);
		channel_done(&a.channel);
		loop_done(&loop);
	}
}

static void may_be_freed_when_the_peer_has_gone(void **state)
{
	(void)state;
	static char body[CHANNEL_HIGH_WATER + 1];
	struct loop loop;
	int pair[2];
	struct peer *b = calloc(1, sizeof *b);
	loop_init(&loop);
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&b->channel, &loop, pair[1], received, free_owner, b);
	b->channel.drained = drained;
	unsigned before = owners_freed;
	assert_int_equal(channel_send(&b->channel, 1, 0, view_of(body, sizeof body), -1), 0);
	close(pair[0]);
	loop_turn(&loop);
	loop_turn(&loop);
	assert_int_equal(owners_freed, before + 1);
	loop_done(&loop);
}

static void dies_of_too_much_output(void **state)
{
	(void)state;
	static char body[CHANNEL_FRAME_MAX];
	struct loop loop;
	struct peer a = {0}, b = {0};
	connect_peers(&loop, &a, &b);
	int error = 0;
	for (int i = 0; i < 100 && error == 0; i++)
		error = channel_send(&a.channel, 1, 0, view_of(body, sizeof body), -1);
	assert_int_equal(error, -ENOBUFS);
	assert_false(a.closed);
	loop_turn(&loop);
	assert_true(a.closed);
	channel_done(&a.channel);
	channel_done(&b.channel);
	loop_done(&loop);
}

static void takes_all_descriptors_of_a_start(void **state)
{
	(void)state;
	struct loop loop;
	struct peer a = {0}, b = {0};
	connect_peers(&loop, &a, &b);
	for (unsigned i = 0; i < CHANNEL_FDS_MAX; i++)
		assert_int_equal(channel_send(&a.channel, 2, i, VIEW(""), file_of_size(i)), 0);
	for (int i = 0; i < 2 * CHANNEL_FDS_MAX; i++)
		loop_turn(&loop);
	assert_int_equal(b.with_fd, CHANNEL_FDS_MAX);
	assert_true(b.ordered);
	channel_done(&a.channel);
	channel_done(&b.channel);
	loop_done(&loop);
}

/* A process without a free descriptor gets the frame without it, and the next ones as they are. */
static void survives_a_lost_descriptor(void **state)
{
	(void)state;
	struct rlimit before, few;
	struct loop loop;
	struct peer a = {0}, b = {0};
	connect_peers(&loop, &a, &b);
	int fd = file_of_size(0);
	assert_int_equal(channel_send(&a.channel, 2, 0, VIEW("x"), fd), 0);
	assert_int_equal(channel_send(&a.channel, 1, 1, VIEW("y"), -1), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)fd; /* closed once it is sent: nothing below it is free */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 20; i++)
		loop_turn(&loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(b.frames, 2);
	assert_int_equal(b.with_fd, 0);
	assert_false(b.closed);
	assert_int_equal(channel_send(&a.channel, 2, 2, VIEW("z"), file_of_size(2)), 0);
	for (int i = 0; i < 20; i++)
		loop_turn(&loop);
	assert_int_equal(b.with_fd, 1);
	channel_done(&a.channel);
	channel_done(&b.channel);
	loop_done(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(may_be_freed_by_a_handler),
	    cmocka_unit_test(may_be_freed_when_the_peer_has_gone),
	    cmocka_unit_test(dies_of_too_much_output),
	    cmocka_unit_test(takes_all_descriptors_of_a_start),
	    cmocka_unit_test(survives_a_lost_descriptor),
	    cmocka_unit_test(keeps_order_and_descriptors),
	    cmocka_unit_test(pauses),
	    cmocka_unit_test(refuses_what_is_too_long),
	    cmocka_unit_test(exchanges_blocking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
