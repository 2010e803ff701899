/* A maildrop that goes from one store to the next, with its lock and what is read of it. */
#include <errno.h>
#include <string.h>

#include "../../account/support.h"
#include "maildrop_world.h"
#include "role/store/right.h"
#include "role/store/right_pass.h"
#include "role/store/store_private.h"

static void other_closed(void *arg)
{
	(void)arg;
}

/* Another session of the same account; the error of its maildrop. */
static int64_t other_error;

static void other_received(void *arg, struct channel_frame *frame)
{
	struct message_maildrop_opened m;
	(void)arg;
	if (frame->type != MESSAGE_MAILDROP_OPENED)
		return;
	assert_int_equal(ipc_decode(frame, &m, NULL), 0);
	other_error = (int64_t)m.error;
}

static void other_opens(struct channel *other, unsigned number)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	right_open(test_account(number), RIGHT_MAILDROP, ROLE_POP3, pair[0]);
	channel_init(other, &maildrop_process.loop, pair[1], other_received, other_closed, NULL);
	other_error = 1;
	assert_int_equal(ipc_send(other, MESSAGE_MAILDROP_OPEN, 1, &(struct message_empty){0}, -1), 0);
	maildrop_turn();
}

static void all_passed(void)
{
}

/* Store's successor is this process as well: it knows what goes over the channel. The lock is `other`'s
 * meanwhile, if there is one. */
static void pass(struct channel *other, unsigned number)
{
	int pair[2];
	right_pass_pause();
	assert_true(right_pass_is_quiet());
	right_pass_gather();
	right_end_all();
	maildrop_turn();
	if (other)
		other_opens(other, number);
	assert_int_equal(channel_pair(pair), 0);
	right_pass_receive(&maildrop_process, pair[1]);
	right_pass_send(&maildrop_process, pair[0], all_passed);
	maildrop_turn();
}

static void fill_maildrop(unsigned number)
{
	assert_int_equal(test_create(&store_role.accounts, test_account(number), 0), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(test_deliver(&store_role.accounts, test_account(number), i, 10 + i, ""), 0);
	maildrop_log_in(number);
	maildrop_list();
	assert_int_equal(pop3.count, 3);
}

/* Its numbers stay those of the messages that it listed, whatever has come since, and its lock is kept. */
static void a_maildrop_goes_to_the_next_store(void **state)
{
	const uint32_t first[] = {0}, third[] = {2}, deleted[] = {1, 2};
	struct channel other;
	(void)state;
	fill_maildrop(26);
	maildrop_ask(MESSAGE_FETCH, 5, first, 1);
	maildrop_turn();
	assert_int_equal(pop3.ended, 1);
	assert_int_equal(test_deliver(&store_role.accounts, test_account(26), 9, 90, ""), 0);
	pass(NULL, 0);
	buf_clear(&pop3.body);
	maildrop_ask(MESSAGE_FETCH, 6, third, 1);
	maildrop_turn();
	assert_true(pop3.up);
	assert_int_equal(pop3.ended, 2);
	assert_int_equal(buf_view(&pop3.body).len, 12);
	other_opens(&other, 26);
	assert_int_equal(other_error, -EBUSY);
	channel_done(&other);
	maildrop_ask(MESSAGE_EXPUNGE, 7, deleted, 2);
	maildrop_turn();
	assert_int_equal(pop3.expunge_error, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(26)).messages, 2);
	/* Past its end is what has come since: nothing that it may ask for. */
	const uint32_t fourth[] = {3};
	maildrop_ask(MESSAGE_FETCH, 8, fourth, 1);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
}

/* A client that takes nothing has asked for a large message, and for one behind it: the next store goes on in
 * the middle of it, where perhaps half a frame has gone. */
static void a_reading_goes_on_with_the_next_store(void **state)
{
	enum { LEN = 2000000, PREFIX = 6, SMALL = 500 };
	static char content[PREFIX + LEN + SMALL];
	const struct {
		uint64_t offset, length, ended, expected;
	} readings[] = {{0, UINT64_MAX, 2, sizeof content}, {3, LEN - 100, 1, LEN - 100}};
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(28), 0), 0);
	assert_int_equal(test_deliver(&store_role.accounts, test_account(28), 77, LEN, "A: b\r\n"), 0);
	assert_int_equal(test_deliver(&store_role.accounts, test_account(28), 78, SMALL, ""), 0);
	memcpy(content, "A: b\r\n", PREFIX);
	test_bytes(77, 0, content + PREFIX, LEN);
	test_bytes(78, 0, content + PREFIX + LEN, SMALL);
	for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
		maildrop_log_in(28);
		maildrop_list();
		struct message_fetch m = {.indexes = view_of("\0\0\0\0\0\0\0\1", readings[i].ended * 4),
		    .offset = readings[i].offset,
		    .length = readings[i].length};
		assert_int_equal(ipc_send(&pop3.channel, MESSAGE_FETCH, 5, &m, -1), 0);
		channel_pause(&pop3.channel, true);
		maildrop_turn();
		pass(NULL, 0);
		assert_int_equal(pop3.ended, 0);
		channel_pause(&pop3.channel, false);
		for (int k = 0; k < 100 && pop3.ended < readings[i].ended; k++)
			maildrop_turn();
		assert_true(pop3.up);
		assert_int_equal(pop3.ended, readings[i].ended);
		assert_int_equal(buf_view(&pop3.body).len, readings[i].expected);
		assert_memory_equal(
		    buf_view(&pop3.body).data, content + readings[i].offset, readings[i].expected);
		maildrop_log_out();
	}
}

static void a_maildrop_that_another_has_by_then_ends(void **state)
{
	struct channel other;
	(void)state;
	fill_maildrop(27);
	pass(&other, 27);
	assert_false(pop3.up);
	assert_int_equal(other_error, 0);
	channel_done(&other);
	maildrop_log_out();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_maildrop_goes_to_the_next_store),
	    cmocka_unit_test(a_reading_goes_on_with_the_next_store),
	    cmocka_unit_test(a_maildrop_that_another_has_by_then_ends),
	};
	return cmocka_run_group_tests(tests, maildrop_world_begin, maildrop_world_end);
}
