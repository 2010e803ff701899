/* Links of callers: each role that may call gets one, and a newer channel replaces the older. */
#include "../unit.h"

#include <unistd.h>

#include "process/peers.h"

enum { CALLERS = 24 }; /* far more roles than there are */

struct caller {
	struct peer peer;
	unsigned begun;
};

static struct role_process process;
static struct peers peers;
static struct channel far_ends[CALLERS];
static unsigned heard[CALLERS], gone, begun, closed_count;

static void on_frame(void *arg, struct channel_frame *frame)
{
	assert_int_equal(frame->type, MESSAGE_REVOKE);
	++*(unsigned *)arg;
}

static void on_gone(void *arg)
{
	(void)arg;
	gone++;
}

static void on_closed(struct link *link)
{
	(void)link;
	closed_count++;
}

static void begin(struct peer *peer)
{
	((struct caller *)peer)->begun = ++begun;
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		loop_turn(&process.loop);
}

static void call(size_t number)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&far_ends[number], &process.loop, pair[1], on_frame, on_gone, &heard[number]);
	peers_open(&peers, &process, pair[0], (enum role_bit)(1u << number), on_closed);
}

static int start(void **state)
{
	static const struct role_functions none;
	static const struct role auth = {.bit = ROLE_AUTH, .name = "auth", .functions = &none};
	(void)state;
	process.role = &auth;
	process.introduced.fd = -1;
	loop_init(&process.loop);
	peers = (struct peers){.size = sizeof(struct caller), .begin = begin};
	memset(heard, 0, sizeof heard);
	gone = begun = closed_count = 0;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	peers_done(&peers);
	loop_done(&process.loop);
	return 0;
}

static void every_caller_gets_its_link(void **state)
{
	(void)state;
	size_t up = 0;
	for (size_t i = 0; i < CALLERS; i++)
		call(i);
	turn();
	for (struct peer *peer = peers.first; peer; peer = peer->next)
		up += peer->link.up;
	assert_int_equal(up, CALLERS);
	assert_int_equal(begun, CALLERS);
	assert_int_equal(gone, 0);
	for (size_t i = 0; i < CALLERS; i++)
		channel_done(&far_ends[i]);
}

static void a_new_channel_replaces_the_old(void **state)
{
	(void)state;
	struct channel old;
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&old, &process.loop, pair[1], on_frame, on_gone, NULL);
	peers_open(&peers, &process, pair[0], ROLE_SMTP, on_closed);
	struct peer *peer = peers.first;
	uint64_t generation = peer->link.generation;
	call(6); /* ROLE_SMTP again */
	turn();
	assert_ptr_equal(peers.first, peer); /* questions under way remember the link's place */
	assert_null(peer->next);
	assert_true(peer->link.up && peer->link.generation != generation);
	assert_int_equal(closed_count, 1);
	assert_int_equal(begun, 1);
	assert_int_equal(gone, 1);
	channel_done(&old);
	channel_done(&far_ends[6]);
}

static void only_who_may_hear_is_told(void **state)
{
	(void)state;
	const struct message_revoke m = {.account = 7};
	for (size_t i = 0; i < 10; i++)
		call(i);
	channel_done(&far_ends[2]); /* store has gone */
	turn();
	peers_tell(&peers, MESSAGE_REVOKE, &m);
	turn();
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(heard[i], 1u << i == ROLE_SMTP ? 1 : 0);
	for (size_t i = 0; i < 10; i++)
		if (i != 2)
			channel_done(&far_ends[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_caller_gets_its_link, start, stop),
	    cmocka_unit_test_setup_teardown(a_new_channel_replaces_the_old, start, stop),
	    cmocka_unit_test_setup_teardown(only_who_may_hear_is_told, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
