/* Reading ahead through an account's channel. */
#include "channel_ends.h"

#include <errno.h>

static void reads_ahead_in_order(void **state)
{
	(void)state;
	list(MESSAGES);
	assert_int_equal(session.opened, 1);
	assert_int_equal(session.open_error, 0);
	assert_int_equal(session.listed, MESSAGES);
	/* Each miss asks for twice as many: 2, 4, 8 ... 128, 46. */
	unsigned asked = 0;
	uint32_t behind = 0;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		fetch(i);
		if (store.fetches > asked) {
			uint32_t most =
			    2u << asked < ACCOUNT_AHEAD_MESSAGES ? 2u << asked : ACCOUNT_AHEAD_MESSAGES;
			uint32_t left = MESSAGES - i;
			asked = store.fetches;
			assert_int_equal(i, behind);
			assert_int_equal(store.indexes[0], i);
			assert_int_equal(store.count, most < left ? most : left);
			assert_true(store.offset == 0 && store.length == UINT64_MAX);
			serve();
			behind = i + (uint32_t)store.count;
		}
		assert_int_equal(session.ends, i + 1);
		assert_message(i);
	}
	assert_int_equal(asked, 8);
	/* Whoever has taken all keeps no memory. */
	assert_null(maildrop.fetch.waiting);
	assert_null(maildrop.fetch.bytes.data);
}

static void bytes_bound_what_is_asked_for(void **state)
{
	(void)state;
	session.size = ACCOUNT_AHEAD_BYTES / 4;
	list(MESSAGES);
	for (uint32_t i = 0; i < 20; i++) {
		fetch(i);
		assert_true(store.count <= 4);
		if (store.indexes[0] == i)
			serve();
		assert_message(i);
	}
	/* One alone may be of any size, and one whose size no sum can hold. */
	session.size = UINT64_MAX;
	fetch(200);
	assert_int_equal(store.count, 1);
}

static void a_jump_begins_anew(void **state)
{
	(void)state;
	list(MESSAGES);
	fetch(0);
	serve();
	fetch(1);
	fetch(2); /* asks for 4 */
	assert_int_equal(store.count, 4);
	uint32_t old = store.request;
	send_piece(old, 2, VIEW("half"), false, 0);
	turn();
	send_piece(old, 2, VIEW("of it"), true, 0);
	send_piece(old, 3, VIEW("this waits"), true, 0);
	turn();
	fetch(100);
	assert_int_equal(store.count, 1);
	assert_int_equal(store.indexes[0], 100);
	/* What was on its way is passed over. */
	send_piece(old, 4, VIEW("stale"), true, 0);
	send_message(100);
	turn();
	assert_message(100);
	/* Back is a jump, too. */
	fetch(3);
	assert_int_equal(store.count, 1);
	assert_int_equal(store.indexes[0], 3);
}

static void a_part_can_ask_for_the_next(void **state)
{
	(void)state;
	list(10);
	account_client_fetch(&client, 4, 0, 10);
	turn();
	assert_int_equal(store.count, 1);
	assert_int_equal(store.length, 10);
	session.ask_more = true;
	session.index = 4;
	session.offset = 10;
	session.length = 10;
	/* The end waits here, because the client was full: what is handed over then must outlive the next
	 * question. */
	session.full = true;
	send_piece(store.request, 4, VIEW("0123456789"), true, 0);
	turn();
	assert_int_equal(session.ends, 0);
	session.full = false;
	account_client_go_on(&client);
	turn();
	assert_int_equal(session.ends, 1);
	assert_int_equal(store.fetches, 2);
	assert_int_equal(store.offset, 10);
	send_piece(store.request, 4, VIEW("the rest"), true, 0);
	turn();
	assert_view(buf_view(&session.text), "0123456789the rest");
	assert_int_equal(session.ends, 2);
}

static void a_slow_client_makes_store_wait(void **state)
{
	static char block[64 * 1024];
	(void)state;
	memset(block, 'x', sizeof block);
	list(MESSAGES);
	session.full = true;
	fetch(0); /* and 1 */
	assert_int_equal(store.count, 2);
	unsigned ends = session.ends;
	enum { PIECES = 100 };
	for (unsigned i = 0; i < PIECES; i++) {
		send_piece(store.request, 0, view_of(block, sizeof block), i == PIECES - 1, 0);
		turn();
	}
	send_message(1);
	turn();
	assert_int_equal(session.ends, ends);
	assert_int_equal(buf_view(&session.text).len, 0);
	assert_true(buf_view(&maildrop.fetch.bytes).len <= ACCOUNT_AHEAD_BYTES + sizeof block);
	assert_true(channel_backlog(&store.channel) > PIECES * sizeof block / 2);
	/* It takes a little at a time. */
	for (unsigned i = 0; i < 2 * PIECES && session.ends == ends; i++) {
		session.full = false;
		account_client_go_on(&client);
		session.full = true;
		turn();
		assert_true(buf_view(&maildrop.fetch.bytes).len <= ACCOUNT_AHEAD_BYTES + sizeof block);
	}
	session.full = false;
	account_client_go_on(&client);
	turn();
	assert_int_equal(session.ends, ends + 1);
	assert_int_equal(buf_view(&session.text).len, PIECES * sizeof block);
	fetch(1);
	assert_message(1);
}

static void a_message_that_fails_alone(void **state)
{
	(void)state;
	list(10);
	fetch(0);
	send_piece(store.request, 0, (struct view){0}, true, -EBADMSG);
	send_message(1);
	turn();
	assert_int_equal(session.ends, 1);
	assert_int_equal(session.error, -EBADMSG);
	fetch(1);
	assert_message(1);
	/* One that failed while a part of it waited here: nothing of it is shown. */
	fetch(2);
	send_message(2);
	send_piece(store.request, 3, VIEW("half"), false, 0);
	send_piece(store.request, 3, (struct view){0}, true, -EIO);
	turn();
	assert_message(2);
	fetch(3);
	assert_int_equal(session.ends, 4);
	assert_int_equal(session.error, -EIO);
	assert_int_equal(buf_view(&session.text).len, 0);
	assert_int_equal(session.lost, 0);
}

static void loss_in_mid_message(void **state)
{
	(void)state;
	list(10);
	fetch(0);
	serve();
	fetch(1);
	fetch(2);
	send_piece(store.request, 2, VIEW("half a mes"), false, 0);
	turn();
	channel_done(&store.channel);
	turn();
	assert_view(buf_view(&session.text), "half a mes");
	assert_int_equal(session.ends, 3);
	assert_int_equal(session.error, -EIO);
	assert_int_equal(session.lost, 1);
	assert_int_equal(session.opened, 1);
	assert_int_equal(session.expunged, 0);
	/* From now on every question is answered at once. */
	fetch(3);
	assert_int_equal(session.ends, 4);
	assert_int_equal(session.error, -EIO);
	account_client_expunge(&client, (const uint32_t[]){1}, 1);
	assert_int_equal(session.expunged, 1);
	assert_true(session.expunge_error < 0);
	account_client_list(&client);
	assert_int_equal(session.opened, 2);
	assert_int_equal(session.open_error, -EIO);
	assert_int_equal(session.lost, 1);
}

static void loss_between_questions(void **state)
{
	(void)state;
	list(10);
	fetch(0);
	serve();
	channel_done(&store.channel);
	turn();
	assert_int_equal(session.ends, 1);
	assert_int_equal(session.error, 0);
	assert_int_equal(session.lost, 1);
}

static void closing_forgets_all(void **state)
{
	(void)state;
	list(10);
	session.close = true;
	fetch(0);
	serve();
	assert_int_equal(session.ends, 1);
	assert_int_equal(session.lost, 0);
	assert_false(client.link.up);
	assert_false(store.up);
}

/* Pieces out of their order, or of what was not asked for: a message made of them would not be one. */
static void disorder_ends_the_channel(void **state)
{
	const uint32_t wrong[] = {1, 2, 5, MESSAGES, UINT32_MAX};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		list(10);
		fetch(0);
		send_piece(store.request, wrong[i], VIEW("x"), true, 0);
		turn();
		assert_int_equal(session.ends, 1);
		assert_int_equal(session.error, -EIO);
		assert_int_equal(session.lost, 1);
		stop(state);
		start(state);
	}
	/* More than was asked for. */
	list(10);
	fetch(0);
	send_message(0);
	send_message(1);
	send_message(2);
	turn();
	assert_int_equal(session.lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(reads_ahead_in_order, start, stop),
	    cmocka_unit_test_setup_teardown(bytes_bound_what_is_asked_for, start, stop),
	    cmocka_unit_test_setup_teardown(a_jump_begins_anew, start, stop),
	    cmocka_unit_test_setup_teardown(a_part_can_ask_for_the_next, start, stop),
	    cmocka_unit_test_setup_teardown(a_slow_client_makes_store_wait, start, stop),
	    cmocka_unit_test_setup_teardown(a_message_that_fails_alone, start, stop),
	    cmocka_unit_test_setup_teardown(loss_in_mid_message, start, stop),
	    cmocka_unit_test_setup_teardown(loss_between_questions, start, stop),
	    cmocka_unit_test_setup_teardown(closing_forgets_all, start, stop),
	    cmocka_unit_test_setup_teardown(disorder_ends_the_channel, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
