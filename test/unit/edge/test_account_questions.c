/* Questions on an account's channel that read no messages: lists, expunges, and all of mail.h. */
#include "channel_ends.h"

#include <errno.h>

static void loss_of_list_and_expunge(void **state)
{
	(void)state;
	account_client_list(&client);
	account_client_expunge(&client, (const uint32_t[]){1, 2}, 2);
	turn();
	channel_done(&store.channel);
	turn();
	assert_int_equal(session.opened, 1);
	assert_int_equal(session.open_error, -EIO);
	assert_int_equal(session.expunged, 1);
	assert_int_equal(session.expunge_error, -EIO);
	assert_int_equal(session.ends, 0);
	assert_int_equal(session.lost, 1);
}

static void lists_that_cannot_be_kept(void **state)
{
	(void)state;
	session.no_room = true;
	list(10);
	assert_int_equal(session.opened, 1);
	assert_int_equal(session.open_error, -ENOMEM);
	struct message_maildrop_opened busy = {0};
	busy.error = -EBUSY;
	account_client_list(&client);
	turn();
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_OPENED, store.request, &busy, -1), 0);
	/* An answer that nobody has asked for. */
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_OPENED, 999, &busy, -1), 0);
	turn();
	assert_int_equal(session.opened, 2);
	assert_int_equal(session.open_error, -EBUSY);
}

static void expunges_in_parts(void **state)
{
	static uint32_t indexes[100000];
	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		indexes[i] = i;
	account_client_expunge(&client, indexes, 100000);
	turn();
	assert_int_equal(store.expunges, 4);
	assert_int_equal(store.expunged, 100000);
	assert_true(store.last);
	struct message_expunged part = {
	    .modseq = 9, .ranges = view_of("\0\0\0\1\0\0\0\1\0\0\0\3\0\0\1\0", 16)};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_EXPUNGED, store.request, &part, -1), 0);
	turn();
	assert_int_equal(session.expunged, 0);
	assert_int_equal(session.removed, 1 + 254);
	struct message_expunged m = {.error = -EROFS, .modseq = 9, .last = true};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_EXPUNGED, store.request, &m, -1), 0);
	assert_int_equal(ipc_send(&store.channel, MESSAGE_EXPUNGED, store.request, &m, -1), 0);
	turn();
	assert_int_equal(session.expunged, 1);
	assert_int_equal(session.modseq, 9);
	assert_int_equal(session.expunge_error, -EROFS);
}

/* A range without its end. */
static void expunged_ranges_that_are_cut(void **state)
{
	static const uint32_t index = 0;
	(void)state;
	account_client_expunge(&client, &index, 1);
	turn();
	struct message_expunged m = {
	    .modseq = 9, .last = true, .ranges = view_of("\0\0\0\1\0\0\0\1\0\0\0", 11)};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_EXPUNGED, store.request, &m, -1), 0);
	turn();
	assert_int_equal(session.removed, 1);
	assert_int_equal(session.expunged, 1);
	assert_int_equal(session.expunge_error, -EIO);
	assert_int_equal(session.lost, 1);
}

static void answers_come_under_their_number(void **state)
{
	(void)state;
	account_client_ask(&client, 7, MAIL_WATCH, &(struct mail_watch){.modseq = 41});
	turn();
	assert_int_equal(store.watches, 1);
	assert_int_equal(store.known, 41);
	assert_int_equal(store.request, 7);
	for (uint64_t i = 42; i < 45; i++) {
		struct mail_changed m = {.modseq = i};
		assert_int_equal(ipc_send(&store.channel, MAIL_CHANGED, 7, &m, -1), 0);
		turn();
		assert_int_equal(session.modseq, i);
	}
	assert_int_equal(session.changed, 3);
	assert_int_equal(session.answered, 7);
	/* While the client takes nothing, what has come waits with store. */
	session.full = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    ipc_send(&store.channel, MAIL_CHANGED, 7, &(struct mail_changed){.modseq = 50}, -1), 0);
	turn();
	assert_in_range(session.changed, 4, 6);
	session.full = false;
	account_client_go_on(&client);
	turn();
	assert_int_equal(session.changed, 6);
}

/* Nobody may ask more than a frame holds: the answer comes later, like any other. */
static void what_cannot_be_asked_is_answered(void **state)
{
	(void)state;
	static char much[MAIL_RANGES_MAX + 8];
	struct mail_expunge m = {.uids = view_of(much, sizeof much)};
	account_client_ask(&client, 8, MAIL_EXPUNGE, &m);
	account_client_ask(&client, 9, MAIL_EXPUNGE, &m);
	assert_int_equal(session.answers, 0);
	turn();
	assert_int_equal(session.answers, 2);
	assert_int_equal(session.answered, 9);
	assert_int_equal(session.done_error, -E2BIG);
	/* Whoever closes at the first answer gets no second one. */
	session.close = true;
	account_client_ask(&client, 10, MAIL_EXPUNGE, &m);
	account_client_ask(&client, 11, MAIL_EXPUNGE, &m);
	turn();
	assert_int_equal(session.answered, 10);
	account_client_ask(&client, 12, MAIL_EXPUNGE, &m);
	turn();
	assert_int_equal(session.answers, 3);
	assert_int_equal(session.lost, 0);
}

static void nothing_to_expunge(void **state)
{
	(void)state;
	account_client_expunge(&client, NULL, 0);
	assert_int_equal(session.expunged, 1);
	assert_int_equal(session.expunge_error, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(loss_of_list_and_expunge, start, stop),
	    cmocka_unit_test_setup_teardown(lists_that_cannot_be_kept, start, stop),
	    cmocka_unit_test_setup_teardown(expunges_in_parts, start, stop),
	    cmocka_unit_test_setup_teardown(nothing_to_expunge, start, stop),
	    cmocka_unit_test_setup_teardown(expunged_ranges_that_are_cut, start, stop),
	    cmocka_unit_test_setup_teardown(answers_come_under_their_number, start_mail, stop),
	    cmocka_unit_test_setup_teardown(what_cannot_be_asked_is_answered, start_mail, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
