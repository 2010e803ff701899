/* Rights to an account, against a store in memory: what pop3 may ask, and what becomes of a peer that asks
 * for more. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../account/support.h"
#include "maildrop_world.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

static void lists_with_imported_uidls(void **state)
{
	(void)state;
	char uidl[80];
	maildrop_log_in(1);
	maildrop_list();
	assert_true(pop3.opened);
	assert_int_equal(pop3.error, 0);
	assert_int_equal(pop3.count, 200);
	assert_int_equal(pop3.entries, 200);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(uidl, sizeof uidl, "imported-%u", i);
		assert_string_equal(pop3.list[i].uidl, i % 3 == 0 ? uidl : "");
		assert_int_equal(pop3.list[i].size, 106 + i);
	}
	maildrop_log_out();
}

static void one_session_at_a_time(void **state)
{
	(void)state;
	maildrop_log_in(1);
	maildrop_list();
	/* A second channel of the same account: its own right, but the maildrop is taken. */
	int fd = dup(pop3.channel.fd);
	channel_done(&pop3.channel);
	maildrop_log_in(1);
	maildrop_list();
	assert_int_equal((int)pop3.error, -EBUSY);
	close(fd); /* the first one ends only now */
	maildrop_turn();
	maildrop_log_out();
	maildrop_log_in(1);
	maildrop_list();
	assert_int_equal(pop3.error, 0);
	maildrop_log_out();
}

static void fetches_in_order(void **state)
{
	(void)state;
	const uint32_t indexes[] = {7, 3, 199};
	maildrop_log_in(1);
	maildrop_list();
	maildrop_ask(MESSAGE_FETCH, 5, indexes, 3);
	maildrop_turn();
	assert_int_equal(pop3.ended, 3);
	assert_int_equal(buf_view(&pop3.body).len, 107 + 6 + 103 + 6 + 299 + 6);
	maildrop_log_out();
}

/* Each of these would read or write what is not there, or free what is in use: the channel ends, store goes
 * on. */
static void survives_a_hostile_peer(void **state)
{
	(void)state;
	uint32_t many[100];
	const uint32_t one[] = {1}, past[] = {200}, down[] = {5, 4}, same[] = {4, 4};
	for (uint32_t i = 0; i < 100; i++)
		many[i] = i;
	const struct {
		unsigned type;
		const uint32_t *indexes;
		size_t count;
	} bad[] = {{MESSAGE_FETCH, past, 1}, {MESSAGE_EXPUNGE, past, 1}, {MESSAGE_EXPUNGE, down, 2},
	    {MESSAGE_EXPUNGE, same, 2}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		maildrop_log_in(1);
		maildrop_list();
		maildrop_ask(bad[i].type, 1, bad[i].indexes, bad[i].count);
		maildrop_ask(MESSAGE_FETCH, 2, one, 1); /* in the same read as the bad one */
		maildrop_turn();
		assert_false(pop3.up);
		maildrop_log_out();
	}
	/* Before the list is there. */
	maildrop_log_in(1);
	maildrop_ask(MESSAGE_FETCH, 1, one, 1);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
	/* What does not decode, with more behind it. */
	maildrop_log_in(1);
	assert_int_equal(channel_send(&pop3.channel, MESSAGE_FETCH, 1, VIEW("nonsense"), -1), 0);
	assert_int_equal(
	    channel_send(&pop3.channel, MESSAGE_MAILDROP_OPEN, 1, VIEW("\0\0\0\0\0\0\0\0"), -1), 0);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
	/* A message that is not pop3's to send. */
	maildrop_log_in(1);
	assert_int_equal(channel_send(&pop3.channel, MESSAGE_GRANT, 1, VIEW(""), -1), 0);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
	/* What its service has no permission for. */
	maildrop_log_in(1);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	maildrop_turn();
	assert_false(pop3.up);
	assert_int_equal(pop3.changed, 0);
	maildrop_log_out();
	maildrop_session(1, RIGHT_MAILDROP);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	maildrop_turn();
	assert_false(pop3.up);
	assert_int_equal(pop3.changed, 0);
	maildrop_log_out();
	/* The maildrop twice, and the end of a list of deletions that never began. */
	maildrop_log_in(1);
	maildrop_list();
	maildrop_list();
	assert_false(pop3.up);
	maildrop_log_out();
	maildrop_log_in(1);
	maildrop_list();
	maildrop_ask(MESSAGE_EXPUNGE, 1, NULL, 0);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
	/* The same number twice, the second time for less. */
	maildrop_log_in(1);
	maildrop_list();
	maildrop_ask(MESSAGE_FETCH, 9, many, 100);
	loop_turn(&maildrop_process.loop);
	loop_turn(&maildrop_process.loop);
	maildrop_ask(MESSAGE_FETCH, 9, one, 1);
	maildrop_turn();
	assert_true(pop3.up);
	assert_int_equal(pop3.ended, 1);
	maildrop_log_out();
}

static void unknown_services_get_no_right(void **state)
{
	(void)state;
	assert_int_equal(maildrop_grant(1, VIEW("gopher")), -1);
}

/* A message of several batches: whole, from within, past its end, and cut off by the client's end. */
static void large_messages_go_in_pieces(void **state)
{
	enum { LEN = 700000, PREFIX = 6 };
	const uint32_t index[] = {0};
	static char content[PREFIX + LEN];
	const struct {
		uint64_t offset, length, expected;
	} parts[] = {{0, UINT64_MAX, PREFIX + LEN}, {0, 10, 10}, {3, 400000, 400000},
	    {PREFIX + LEN - 5, 100, 5}, {PREFIX + LEN, 1, 0}, {UINT64_MAX, UINT64_MAX, 0},
	    {300000, UINT64_MAX, PREFIX + LEN - 300000}};
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(2), 0), 0);
	assert_int_equal(test_deliver(&store_role.accounts, test_account(2), 77, LEN, "A: b\r\n"), 0);
	memcpy(content, "A: b\r\n", PREFIX);
	test_bytes(77, 0, content + PREFIX, LEN);
	maildrop_log_in(2);
	maildrop_list();
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		buf_clear(&pop3.body);
		pop3.ended = 0;
		struct message_fetch m = {
		    .indexes = view_of("\0\0\0\0", 4), .offset = parts[i].offset, .length = parts[i].length};
		assert_int_equal(ipc_send(&pop3.channel, MESSAGE_FETCH, 10 + (uint32_t)i, &m, -1), 0);
		maildrop_turn();
		assert_int_equal(pop3.ended, 1);
		assert_int_equal(buf_view(&pop3.body).len, parts[i].expected);
		if (parts[i].expected)
			assert_memory_equal(
			    buf_view(&pop3.body).data, content + parts[i].offset, parts[i].expected);
	}
	assert_true(pop3.pieces > 7);
	/* The client goes while a piece is being read. */
	maildrop_ask(MESSAGE_FETCH, 99, index, 1);
	loop_turn(&maildrop_process.loop);
	loop_turn(&maildrop_process.loop);
	maildrop_log_out();
}

static void deletes_all_or_none(void **state)
{
	const uint32_t second[] = {3}, last[] = {4};
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(3), 0), 0);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(test_deliver(&store_role.accounts, test_account(3), i, 10, ""), 0);
	maildrop_log_in(3);
	maildrop_list();
	struct message_expunge part = {.indexes = view_of("\0\0\0\0\0\0\0\2", 8)};
	assert_int_equal(ipc_send(&pop3.channel, MESSAGE_EXPUNGE, 4, &part, -1), 0);
	maildrop_turn();
	/* Without the end nothing has happened. */
	assert_int_equal(pop3.expunged, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 5);
	maildrop_ask(MESSAGE_EXPUNGE, 4, second, 1);
	maildrop_turn();
	assert_int_equal(pop3.expunged, 1);
	/* UIDs 1, and 3 and 4. */
	assert_int_equal(pop3.range_bytes, 16);
	assert_memory_equal(pop3.ranges, "\0\0\0\1\0\0\0\1\0\0\0\3\0\0\0\4", 16);
	assert_int_equal(pop3.modseq, test_stat(&store_role.accounts, test_account(3)).modseq);
	assert_int_equal(pop3.expunge_error, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 2);
	/* A session that has gone gets no answer; its right is freed when the store has given its own. */
	maildrop_ask(MESSAGE_EXPUNGE, 5, last, 1);
	loop_turn(&maildrop_process.loop);
	loop_turn(&maildrop_process.loop);
	maildrop_log_out();
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 1);
}

static void revoking_ends_one_account(void **state)
{
	const uint32_t one[] = {1};
	(void)state;
	maildrop_log_in(1);
	maildrop_list();
	right_revoke(test_account(2), 0);
	maildrop_turn();
	assert_true(pop3.up);
	maildrop_ask(MESSAGE_FETCH, 5, one, 1);
	loop_turn(&maildrop_process.loop);
	loop_turn(&maildrop_process.loop);
	right_revoke(test_account(1), 0);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
	/* The maildrop is free again. */
	maildrop_log_in(1);
	maildrop_list();
	assert_int_equal(pop3.error, 0);
	right_end_all();
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
}

static void watch(uint64_t known)
{
	struct mail_watch m = {.modseq = known};
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &m, -1), 0);
	maildrop_turn();
}

static void watcher(unsigned number)
{
	maildrop_session(number, RIGHT_MAIL);
}

static void deliver(unsigned number)
{
	assert_int_equal(test_deliver(&store_role.accounts, test_account(number), 1, 10, ""), 0);
}

static uint64_t last_change(unsigned number)
{
	return test_stat(&store_role.accounts, test_account(number)).modseq;
}

static void watches_tell_of_every_change(void **state)
{
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(4), 0), 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(5), 0), 0);
	deliver(4);
	watcher(4);
	/* Who knows less is told at once, and who knows all when something happens. */
	watch(0);
	assert_int_equal(pop3.changed, 1);
	assert_int_equal(pop3.modseq, last_change(4));
	watch(pop3.modseq);
	assert_int_equal(pop3.changed, 1);
	deliver(5);
	maildrop_turn();
	assert_int_equal(pop3.changed, 1);
	deliver(4);
	maildrop_turn();
	assert_int_equal(pop3.changed, 2);
	assert_int_equal(pop3.modseq, last_change(4));
	/* A crowd of changes before the peer's turn: fewer words, and the last one is the last change. */
	for (int i = 0; i < 100; i++)
		deliver(4);
	maildrop_turn();
	assert_in_range(pop3.changed, 3, 102);
	assert_int_equal(pop3.modseq, last_change(4));
	/* It may watch and nothing else. */
	maildrop_list();
	assert_false(pop3.up);
	maildrop_log_out();
	deliver(4);
	/* The end while a question is under way. */
	watcher(4);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	loop_turn(&maildrop_process.loop);
	loop_turn(&maildrop_process.loop);
	right_revoke(test_account(4), 0);
	maildrop_turn();
	assert_int_equal(pop3.changed, 0);
	maildrop_log_out();
}

/* Whoever reads nothing is told the last change in the end, and costs no more than the channel's water mark
 * meanwhile. */
static void slow_watchers_get_the_last_word(void **state)
{
	enum { CHANGES = 20000 };
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(6), 0), 0);
	watcher(6);
	watch(0);
	channel_pause(&pop3.channel, true);
	unsigned before = pop3.changed;
	for (int i = 0; i < CHANGES; i++) {
		deliver(6);
		loop_turn(&maildrop_process.loop);
		store_dispatch(store_role.store);
	}
	assert_int_equal(pop3.changed, before);
	channel_pause(&pop3.channel, false);
	uint64_t last = last_change(6);
	for (int i = 0; i < 1000 && pop3.modseq < last; i++)
		maildrop_turn();
	assert_int_equal(pop3.modseq, last);
	assert_true(pop3.changed - before < CHANGES);
	maildrop_log_out();
}

/* What a crash had left of a deletion is finished before anything is heard, whatever the right is for. */
static void nobody_sees_half_a_change(void **state)
{
	struct test_intent i = {.shard = test_account(7),
	    .intent = {.what = INTENT_EXPUNGE, .mailbox = MAILBOX_INBOX, .count = 1, .ranges = {{1, 2}}}};
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(7), 0), 0);
	for (int k = 0; k < 3; k++)
		deliver(7);
	assert_int_equal(test_commit(store_role.store, test_put_intent, &i), 0);
	maildrop_log_in(7);
	maildrop_list();
	assert_int_equal(pop3.error, 0);
	assert_int_equal(pop3.count, 1);
	maildrop_log_out();
	deliver(7);
	i.intent.ranges[0].first = i.intent.ranges[0].last = 3;
	assert_int_equal(test_commit(store_role.store, test_put_intent, &i), 0);
	watcher(7);
	maildrop_turn();
	assert_int_equal(test_stat(&store_role.accounts, test_account(7)).messages, 1);
	maildrop_log_out();
	/* An account that is none. */
	watcher(99);
	maildrop_turn();
	assert_false(pop3.up);
	maildrop_log_out();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_with_imported_uidls),
	    cmocka_unit_test(one_session_at_a_time),
	    cmocka_unit_test(fetches_in_order),
	    cmocka_unit_test(survives_a_hostile_peer),
	    cmocka_unit_test(unknown_services_get_no_right),
	    cmocka_unit_test(large_messages_go_in_pieces),
	    cmocka_unit_test(deletes_all_or_none),
	    cmocka_unit_test(revoking_ends_one_account),
	    cmocka_unit_test(watches_tell_of_every_change),
	    cmocka_unit_test(slow_watchers_get_the_last_word),
	    cmocka_unit_test(nobody_sees_half_a_change),
	};
	return cmocka_run_group_tests(tests, maildrop_world_begin, maildrop_world_end);
}
