/* Rights to an account, against a store in memory: what pop3 may ask, and what becomes of a peer that asks
 * for more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../account/support.h"
#include "base/cursor.h"
#include "role/store/right.h"
#include "role/store/right_pass.h"
#include "role/store/store_private.h"
#include "master/roles.h"

static struct role_process process;
static struct link auth;
static int granted_fd;

/* Stands for pop3. */
static struct {
	struct channel channel;
	bool up, opened;
	uint64_t error, count;
	unsigned entries, pieces, ended, expunged, changed;
	uint64_t expunge_error, modseq;
	struct {
		uint64_t size, id;
		char uidl[80];
	} list[300];
	struct buf body;
	size_t range_bytes;
	char ranges[64];
} pop3;

static void pop3_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	union {
		struct message_maildrop_list list;
		struct message_maildrop_opened opened;
		struct message_fetch_data data;
		struct message_expunged expunged;
		struct mail_changed changed;
	} m;
	(void)arg;
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	if (frame->type == MESSAGE_MAILDROP_LIST) {
		struct cursor in = cursor_on(m.list.entries);
		while (!cursor_at_end(&in)) {
			pop3.list[pop3.entries].size = cursor_u64(&in);
			pop3.list[pop3.entries].id = cursor_u64(&in);
			assert_int_equal(cursor_u8(&in), 0); /* not binary */
			struct view uidl = cursor_bytes(&in, cursor_u8(&in));
			assert_true(cursor_ok(&in) && uidl.len < 80);
			memcpy(pop3.list[pop3.entries++].uidl, uidl.data, uidl.len);
		}
	} else if (frame->type == MESSAGE_MAILDROP_OPENED) {
		pop3.opened = true;
		pop3.error = m.opened.error;
		pop3.count = m.opened.count;
	} else if (frame->type == MESSAGE_FETCH_DATA) {
		pop3.pieces++;
		pop3.ended += m.data.last != 0;
		buf_append(&pop3.body, m.data.bytes);
	} else if (frame->type == MESSAGE_EXPUNGED) {
		pop3.expunged++;
		pop3.expunge_error = m.expunged.error;
		pop3.modseq = m.expunged.modseq;
		assert_true(m.expunged.last && m.expunged.ranges.len <= sizeof pop3.ranges);
		pop3.range_bytes = m.expunged.ranges.len;
		if (m.expunged.ranges.len)
			memcpy(pop3.ranges, m.expunged.ranges.data, m.expunged.ranges.len);
	} else if (frame->type == MAIL_CHANGED) {
		assert_true(m.changed.modseq > pop3.modseq);
		pop3.changed++;
		pop3.modseq = m.changed.modseq;
	}
	arena_done(&arena);
}

static void pop3_closed(void *arg)
{
	(void)arg;
	pop3.up = false;
}

static void turn(void)
{
	for (int i = 0; i < 50; i++) {
		loop_turn(&process.loop);
		store_dispatch(store_role.store);
	}
}

/* Stands for auth, which gets the channel. */
static void auth_received(void *arg, struct channel_frame *frame)
{
	(void)arg;
	assert_int_equal(frame->type, MESSAGE_GRANTED);
	granted_fd = frame->fd;
}

static void auth_closed(void *arg)
{
	(void)arg;
}

static void log_in(unsigned number)
{
	static struct channel other;
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	link_open(&auth, &process, pair[0], ROLE_AUTH, NULL, NULL);
	channel_init(&other, &process.loop, pair[1], auth_received, auth_closed, NULL);
	granted_fd = -1;
	right_grant(
	    &auth, 1, &(struct message_grant){.account = test_account(number), .service = VIEW("pop3")});
	turn();
	assert_true(granted_fd >= 0);
	link_close(&auth);
	channel_done(&other);
	buf_done(&pop3.body);
	memset(&pop3, 0, sizeof pop3);
	buf_init(&pop3.body, 1 << 22);
	channel_init(&pop3.channel, &process.loop, granted_fd, pop3_received, pop3_closed, NULL);
	pop3.up = true;
}

static void log_out(void)
{
	channel_done(&pop3.channel);
	turn();
}

/* A session of imap's, with these permissions. */
static void session(unsigned number, unsigned permissions)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	right_open(test_account(number), permissions, ROLE_IMAP, pair[0]);
	buf_done(&pop3.body);
	memset(&pop3, 0, sizeof pop3);
	channel_init(&pop3.channel, &process.loop, pair[1], pop3_received, pop3_closed, NULL);
	pop3.up = true;
}

static void open_maildrop(void)
{
	assert_int_equal(
	    ipc_send(&pop3.channel, MESSAGE_MAILDROP_OPEN, 1, &(struct message_empty){0}, -1), 0);
	turn();
}

static void ask(unsigned type, uint32_t request, const uint32_t *indexes, size_t count)
{
	struct buf bytes;
	buf_init(&bytes, 4096);
	for (size_t i = 0; i < count; i++)
		buf_append_u32(&bytes, indexes[i]);
	struct message_fetch fetch = {.indexes = buf_view(&bytes), .length = UINT64_MAX};
	struct message_expunge expunge = {.indexes = buf_view(&bytes), .last = true};
	const void *m = type == MESSAGE_FETCH ? (const void *)&fetch : &expunge;
	assert_int_equal(ipc_send(&pop3.channel, type, request, m, -1), 0);
	buf_done(&bytes);
}

static int prepare(void **state)
{
	(void)state;
	process.role = role_by_name("store");
	loop_init(&process.loop);
	settings_init(&process.settings);
	store_role.process = &process;
	store_role.store = store_memory();
	accounts_init(&store_role.accounts, store_role.store, 0);
	assert_int_equal(test_create(&store_role.accounts, test_account(1), 0), 0);
	for (uint32_t i = 0; i < 200; i++) {
		char uidl[80];
		memset(uidl, 'u', sizeof uidl);
		snprintf(uidl, sizeof uidl, "imported-%u", i);
		struct account_target target = {.shard = test_account(1),
		    .prefix = VIEW("A: b\r\n"),
		    .uidl = i % 3 == 0 ? view_from_string(uidl) : (struct view){0}};
		struct account_delivery d = {.targets = &target, .target_count = 1};
		assert_int_equal(test_delivery(&store_role.accounts, &d, i, 100 + i), 0);
	}
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	buf_done(&pop3.body);
	turn();
	accounts_done(&store_role.accounts);
	store_close(store_role.store);
	settings_done(&process.settings);
	loop_done(&process.loop);
	return 0;
}

static void lists_with_imported_uidls(void **state)
{
	(void)state;
	char uidl[80];
	log_in(1);
	open_maildrop();
	assert_true(pop3.opened);
	assert_int_equal(pop3.error, 0);
	assert_int_equal(pop3.count, 200);
	assert_int_equal(pop3.entries, 200);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(uidl, sizeof uidl, "imported-%u", i);
		assert_string_equal(pop3.list[i].uidl, i % 3 == 0 ? uidl : "");
		assert_int_equal(pop3.list[i].size, 106 + i);
	}
	log_out();
}

static void one_session_at_a_time(void **state)
{
	(void)state;
	log_in(1);
	open_maildrop();
	/* A second channel of the same account: its own right, but the maildrop is taken. */
	int fd = dup(pop3.channel.fd);
	channel_done(&pop3.channel);
	log_in(1);
	open_maildrop();
	assert_int_equal((int)pop3.error, -EBUSY);
	close(fd); /* the first one ends only now */
	turn();
	log_out();
	log_in(1);
	open_maildrop();
	assert_int_equal(pop3.error, 0);
	log_out();
}

static void fetches_in_order(void **state)
{
	(void)state;
	const uint32_t indexes[] = {7, 3, 199};
	log_in(1);
	open_maildrop();
	ask(MESSAGE_FETCH, 5, indexes, 3);
	turn();
	assert_int_equal(pop3.ended, 3);
	assert_int_equal(buf_view(&pop3.body).len, 107 + 6 + 103 + 6 + 299 + 6);
	log_out();
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
		log_in(1);
		open_maildrop();
		ask(bad[i].type, 1, bad[i].indexes, bad[i].count);
		ask(MESSAGE_FETCH, 2, one, 1); /* in the same read as the bad one */
		turn();
		assert_false(pop3.up);
		log_out();
	}
	/* Before the list is there. */
	log_in(1);
	ask(MESSAGE_FETCH, 1, one, 1);
	turn();
	assert_false(pop3.up);
	log_out();
	/* What does not decode, with more behind it. */
	log_in(1);
	assert_int_equal(channel_send(&pop3.channel, MESSAGE_FETCH, 1, VIEW("nonsense"), -1), 0);
	assert_int_equal(
	    channel_send(&pop3.channel, MESSAGE_MAILDROP_OPEN, 1, VIEW("\0\0\0\0\0\0\0\0"), -1), 0);
	turn();
	assert_false(pop3.up);
	log_out();
	/* A message that is not pop3's to send. */
	log_in(1);
	assert_int_equal(channel_send(&pop3.channel, MESSAGE_GRANT, 1, VIEW(""), -1), 0);
	turn();
	assert_false(pop3.up);
	log_out();
	/* What its service has no permission for. */
	log_in(1);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	turn();
	assert_false(pop3.up);
	assert_int_equal(pop3.changed, 0);
	log_out();
	session(1, RIGHT_MAILDROP);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	turn();
	assert_false(pop3.up);
	assert_int_equal(pop3.changed, 0);
	log_out();
	/* The maildrop twice, and the end of a list of deletions that never began. */
	log_in(1);
	open_maildrop();
	open_maildrop();
	assert_false(pop3.up);
	log_out();
	log_in(1);
	open_maildrop();
	ask(MESSAGE_EXPUNGE, 1, NULL, 0);
	turn();
	assert_false(pop3.up);
	log_out();
	/* The same number twice, the second time for less. */
	log_in(1);
	open_maildrop();
	ask(MESSAGE_FETCH, 9, many, 100);
	loop_turn(&process.loop);
	loop_turn(&process.loop);
	ask(MESSAGE_FETCH, 9, one, 1);
	turn();
	assert_true(pop3.up);
	assert_int_equal(pop3.ended, 1);
	log_out();
}

static void unknown_services_get_no_right(void **state)
{
	static struct channel other;
	int pair[2];
	(void)state;
	assert_int_equal(channel_pair(pair), 0);
	link_open(&auth, &process, pair[0], ROLE_AUTH, NULL, NULL);
	channel_init(&other, &process.loop, pair[1], auth_received, auth_closed, NULL);
	granted_fd = -1;
	right_grant(&auth, 1, &(struct message_grant){.account = test_account(1), .service = VIEW("gopher")});
	turn();
	assert_int_equal(granted_fd, -1);
	link_close(&auth);
	channel_done(&other);
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
	log_in(2);
	open_maildrop();
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		buf_clear(&pop3.body);
		pop3.ended = 0;
		struct message_fetch m = {
		    .indexes = view_of("\0\0\0\0", 4), .offset = parts[i].offset, .length = parts[i].length};
		assert_int_equal(ipc_send(&pop3.channel, MESSAGE_FETCH, 10 + (uint32_t)i, &m, -1), 0);
		turn();
		assert_int_equal(pop3.ended, 1);
		assert_int_equal(buf_view(&pop3.body).len, parts[i].expected);
		if (parts[i].expected)
			assert_memory_equal(
			    buf_view(&pop3.body).data, content + parts[i].offset, parts[i].expected);
	}
	assert_true(pop3.pieces > 7);
	/* The client goes while a piece is being read. */
	ask(MESSAGE_FETCH, 99, index, 1);
	loop_turn(&process.loop);
	loop_turn(&process.loop);
	log_out();
}

static void deletes_all_or_none(void **state)
{
	const uint32_t second[] = {3}, last[] = {4};
	(void)state;
	assert_int_equal(test_create(&store_role.accounts, test_account(3), 0), 0);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(test_deliver(&store_role.accounts, test_account(3), i, 10, ""), 0);
	log_in(3);
	open_maildrop();
	struct message_expunge part = {.indexes = view_of("\0\0\0\0\0\0\0\2", 8)};
	assert_int_equal(ipc_send(&pop3.channel, MESSAGE_EXPUNGE, 4, &part, -1), 0);
	turn();
	/* Without the end nothing has happened. */
	assert_int_equal(pop3.expunged, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 5);
	ask(MESSAGE_EXPUNGE, 4, second, 1);
	turn();
	assert_int_equal(pop3.expunged, 1);
	/* UIDs 1, and 3 and 4. */
	assert_int_equal(pop3.range_bytes, 16);
	assert_memory_equal(pop3.ranges, "\0\0\0\1\0\0\0\1\0\0\0\3\0\0\0\4", 16);
	assert_int_equal(pop3.modseq, test_stat(&store_role.accounts, test_account(3)).modseq);
	assert_int_equal(pop3.expunge_error, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 2);
	/* A session that has gone gets no answer; its right is freed when the store has given its own. */
	ask(MESSAGE_EXPUNGE, 5, last, 1);
	loop_turn(&process.loop);
	loop_turn(&process.loop);
	log_out();
	assert_int_equal(test_stat(&store_role.accounts, test_account(3)).messages, 1);
}

static void revoking_ends_one_account(void **state)
{
	const uint32_t one[] = {1};
	(void)state;
	log_in(1);
	open_maildrop();
	right_revoke(test_account(2), 0);
	turn();
	assert_true(pop3.up);
	ask(MESSAGE_FETCH, 5, one, 1);
	loop_turn(&process.loop);
	loop_turn(&process.loop);
	right_revoke(test_account(1), 0);
	turn();
	assert_false(pop3.up);
	log_out();
	/* The maildrop is free again. */
	log_in(1);
	open_maildrop();
	assert_int_equal(pop3.error, 0);
	right_end_all();
	turn();
	assert_false(pop3.up);
	log_out();
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
	channel_init(other, &process.loop, pair[1], other_received, auth_closed, NULL);
	other_error = 1;
	assert_int_equal(ipc_send(other, MESSAGE_MAILDROP_OPEN, 1, &(struct message_empty){0}, -1), 0);
	turn();
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
	turn();
	if (other)
		other_opens(other, number);
	assert_int_equal(channel_pair(pair), 0);
	right_pass_receive(&process, pair[1]);
	right_pass_send(&process, pair[0], all_passed);
	turn();
}

static void fill_maildrop(unsigned number)
{
	assert_int_equal(test_create(&store_role.accounts, test_account(number), 0), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(test_deliver(&store_role.accounts, test_account(number), i, 10 + i, ""), 0);
	log_in(number);
	open_maildrop();
	assert_int_equal(pop3.count, 3);
}

/* Its numbers stay those of the messages that it listed, whatever has come since, and its lock is kept. */
static void a_maildrop_goes_to_the_next_store(void **state)
{
	const uint32_t first[] = {0}, third[] = {2}, deleted[] = {1, 2};
	struct channel other;
	(void)state;
	fill_maildrop(26);
	ask(MESSAGE_FETCH, 5, first, 1);
	turn();
	assert_int_equal(pop3.ended, 1);
	assert_int_equal(test_deliver(&store_role.accounts, test_account(26), 9, 90, ""), 0);
	pass(NULL, 0);
	buf_clear(&pop3.body);
	ask(MESSAGE_FETCH, 6, third, 1);
	turn();
	assert_true(pop3.up);
	assert_int_equal(pop3.ended, 2);
	assert_int_equal(buf_view(&pop3.body).len, 12);
	other_opens(&other, 26);
	assert_int_equal(other_error, -EBUSY);
	channel_done(&other);
	ask(MESSAGE_EXPUNGE, 7, deleted, 2);
	turn();
	assert_int_equal(pop3.expunge_error, 0);
	assert_int_equal(test_stat(&store_role.accounts, test_account(26)).messages, 2);
	/* Past its end is what has come since: nothing that it may ask for. */
	const uint32_t fourth[] = {3};
	ask(MESSAGE_FETCH, 8, fourth, 1);
	turn();
	assert_false(pop3.up);
	log_out();
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
		log_in(28);
		open_maildrop();
		struct message_fetch m = {.indexes = view_of("\0\0\0\0\0\0\0\1", readings[i].ended * 4),
		    .offset = readings[i].offset,
		    .length = readings[i].length};
		assert_int_equal(ipc_send(&pop3.channel, MESSAGE_FETCH, 5, &m, -1), 0);
		channel_pause(&pop3.channel, true);
		turn();
		pass(NULL, 0);
		assert_int_equal(pop3.ended, 0);
		channel_pause(&pop3.channel, false);
		for (int k = 0; k < 100 && pop3.ended < readings[i].ended; k++)
			turn();
		assert_true(pop3.up);
		assert_int_equal(pop3.ended, readings[i].ended);
		assert_int_equal(buf_view(&pop3.body).len, readings[i].expected);
		assert_memory_equal(
		    buf_view(&pop3.body).data, content + readings[i].offset, readings[i].expected);
		log_out();
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
	log_out();
}

static void watch(uint64_t known)
{
	struct mail_watch m = {.modseq = known};
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &m, -1), 0);
	turn();
}

static void watcher(unsigned number)
{
	session(number, RIGHT_MAIL);
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
	turn();
	assert_int_equal(pop3.changed, 1);
	deliver(4);
	turn();
	assert_int_equal(pop3.changed, 2);
	assert_int_equal(pop3.modseq, last_change(4));
	/* A crowd of changes before the peer's turn: fewer words, and the last one is the last change. */
	for (int i = 0; i < 100; i++)
		deliver(4);
	turn();
	assert_in_range(pop3.changed, 3, 102);
	assert_int_equal(pop3.modseq, last_change(4));
	/* It may watch and nothing else. */
	open_maildrop();
	assert_false(pop3.up);
	log_out();
	deliver(4);
	/* The end while a question is under way. */
	watcher(4);
	assert_int_equal(ipc_send(&pop3.channel, MAIL_WATCH, 1, &(struct mail_watch){0}, -1), 0);
	loop_turn(&process.loop);
	loop_turn(&process.loop);
	right_revoke(test_account(4), 0);
	turn();
	assert_int_equal(pop3.changed, 0);
	log_out();
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
		loop_turn(&process.loop);
		store_dispatch(store_role.store);
	}
	assert_int_equal(pop3.changed, before);
	channel_pause(&pop3.channel, false);
	uint64_t last = last_change(6);
	for (int i = 0; i < 1000 && pop3.modseq < last; i++)
		turn();
	assert_int_equal(pop3.modseq, last);
	assert_true(pop3.changed - before < CHANGES);
	log_out();
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
	log_in(7);
	open_maildrop();
	assert_int_equal(pop3.error, 0);
	assert_int_equal(pop3.count, 1);
	log_out();
	deliver(7);
	i.intent.ranges[0].first = i.intent.ranges[0].last = 3;
	assert_int_equal(test_commit(store_role.store, test_put_intent, &i), 0);
	watcher(7);
	turn();
	assert_int_equal(test_stat(&store_role.accounts, test_account(7)).messages, 1);
	log_out();
	/* An account that is none. */
	watcher(99);
	turn();
	assert_false(pop3.up);
	log_out();
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
	    cmocka_unit_test(a_maildrop_goes_to_the_next_store),
	    cmocka_unit_test(a_reading_goes_on_with_the_next_store),
	    cmocka_unit_test(a_maildrop_that_another_has_by_then_ends),
	    cmocka_unit_test(watches_tell_of_every_change),
	    cmocka_unit_test(slow_watchers_get_the_last_word),
	    cmocka_unit_test(nobody_sees_half_a_change),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
