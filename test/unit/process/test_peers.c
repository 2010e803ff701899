/* Links of callers: each process that may call gets one, in the place of one that has closed. */
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

static void a_new_channel_takes_the_place_of_a_closed_one(void **state)
{
	(void)state;
	call(6); /* ROLE_SMTP */
	turn();
	struct peer *peer = peers.first;
	uint64_t generation = peer->link.generation;
	channel_done(&far_ends[6]);
	turn();
	assert_int_equal(closed_count, 1);
	call(6);
	turn();
	assert_ptr_equal(peers.first, peer); /* questions under way remember the link's place */
	assert_null(peer->next);
	assert_true(peer->link.up && peer->link.generation != generation);
	assert_int_equal(begun, 1);
	channel_done(&far_ends[6]);
}

/* An upgrade: the one before goes on beside its successor. */
static void two_processes_of_one_role_have_two_links(void **state)
{
	(void)state;
	const struct message_revoke m = {.account = 7};
	struct channel successor;
	unsigned told = 0;
	int pair[2];
	call(6);
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&successor, &process.loop, pair[1], on_frame, on_gone, &told);
	peers_open(&peers, &process, pair[0], ROLE_SMTP, on_closed);
	turn();
	assert_int_equal(begun, 2);
	assert_int_equal(closed_count + gone, 0);
	peers_tell(&peers, MESSAGE_REVOKE, &m);
	turn();
	assert_int_equal(heard[6], 1);
	assert_int_equal(told, 1);
	/* The first of the list has come last. */
	peers_tell_others(&peers, &peers.first->link, MESSAGE_REVOKE, &m);
	turn();
	assert_int_equal(heard[6], 2);
	assert_int_equal(told, 1);
	channel_done(&far_ends[6]);
	turn();
	assert_true(peers_any_up(&peers));
	channel_done(&successor);
	turn();
	assert_false(peers_any_up(&peers));
	assert_int_equal(closed_count, 2);
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
	    cmocka_unit_test_setup_teardown(a_new_channel_takes_the_place_of_a_closed_one, start, stop),
	    cmocka_unit_test_setup_teardown(two_processes_of_one_role_have_two_links, start, stop),
	    cmocka_unit_test_setup_teardown(only_who_may_hear_is_told, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
