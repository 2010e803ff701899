/* Reading ahead through an account's channel: the test is store at one end and the session at the other. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"
#include "edge/account_client.h"
#include "master/roles.h"

enum { MESSAGES = 300, SIZE = 100 };

static struct role_process process;
static struct account_client client;
static struct account_maildrop maildrop;

/* Stands for store. */
static struct {
	struct channel channel;
	bool up;
	unsigned lists, fetches, expunges;
	uint32_t request;           /* of the last question */
	uint32_t indexes[MESSAGES]; /* of the last fetch */
	size_t count;
	uint64_t offset, length;
	size_t expunged; /* indexes, in all */
	bool last;
	unsigned watches;
	uint64_t known;
} store;

/* Stands for the session. */
static struct {
	size_t listed;
	uint64_t size; /* that it says of every message */
	bool no_room;
	unsigned opened, ends, expunged, changed, lost, answers;
	uint32_t answered;
	int64_t done_error;
	uint64_t modseq;
	uint32_t removed, last_removed;
	int open_error, error, expunge_error;
	bool full;
	struct buf text;
	/* Asked for from within the last piece. */
	bool ask_more, close;
	uint32_t index;
	uint64_t offset, length;
} session;

static void store_received(void *arg, struct channel_frame *frame)
{
	struct arena arena;
	union {
		struct message_empty empty;
		struct message_fetch fetch;
		struct message_expunge expunge;
		struct mail_watch watch;
	} m;
	(void)arg;
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	store.request = frame->request;
	if (frame->type == MESSAGE_MAILDROP_OPEN) {
		store.lists++;
	} else if (frame->type == MESSAGE_FETCH) {
		struct cursor in = cursor_on(m.fetch.indexes);
		store.fetches++;
		for (store.count = 0; !cursor_at_end(&in); store.count++)
			store.indexes[store.count] = cursor_u32(&in);
		store.offset = m.fetch.offset;
		store.length = m.fetch.length;
	} else if (frame->type == MAIL_WATCH) {
		store.watches++;
		store.known = m.watch.modseq;
	} else {
		assert_int_equal(frame->type, MESSAGE_EXPUNGE);
		store.expunges++;
		store.expunged += m.expunge.indexes.len / 4;
		store.last = m.expunge.last;
	}
	arena_done(&arena);
}

static void store_closed(void *arg)
{
	(void)arg;
	store.up = false;
}

static bool on_listed(void *arg, const struct account_client_message *message)
{
	(void)arg;
	assert_int_equal(message->id, session.listed + 1);
	session.listed += !session.no_room;
	return !session.no_room;
}

static void on_opened(void *arg, int error)
{
	(void)arg;
	session.opened++;
	session.open_error = error;
}

static void on_piece(void *arg, struct view bytes, bool last, int error)
{
	(void)arg;
	buf_append(&session.text, bytes);
	session.ends += last;
	session.error = error;
	if (last && session.close)
		account_client_close(&client);
	if (!last || !session.ask_more)
		return;
	session.ask_more = false;
	account_client_fetch(&client, session.index, session.offset, session.length);
	/* What was handed over stays readable although something else has been asked for. */
	assert_true(bytes.len == 0 || bytes.data[0] != 0);
}

static bool on_is_full(void *arg)
{
	(void)arg;
	return session.full;
}

static uint64_t on_size(void *arg, uint32_t index)
{
	(void)arg;
	assert_true(index < session.listed);
	return session.size;
}

static void on_removed(void *arg, uint32_t first, uint32_t last)
{
	(void)arg;
	assert_true(first > session.last_removed && last >= first);
	session.removed += last - first + 1;
	session.last_removed = last;
}

static void on_expunged(void *arg, int error, uint64_t modseq)
{
	(void)arg;
	session.modseq = modseq;
	session.expunged++;
	session.expunge_error = error;
}

static void on_answer(void *arg, uint32_t request, enum mail_type type, const void *answer)
{
	const struct mail_changed *changed = answer;
	const struct mail_done *done = answer;
	(void)arg;
	session.answers++;
	session.answered = request;
	if (type == MAIL_CHANGED) {
		session.changed++;
		session.modseq = changed->modseq;
	} else {
		assert_int_equal(type, MAIL_DONE);
		session.done_error = done->error;
	}
	if (session.close)
		account_client_close(&client);
}

static void on_lost(void *arg)
{
	(void)arg;
	session.lost++;
}

static const struct account_client_handler handler = {
    .listed = on_listed,
    .opened = on_opened,
    .piece = on_piece,
    .is_full = on_is_full,
    .size = on_size,
    .removed = on_removed,
    .expunged = on_expunged,
    .answer = on_answer,
    .lost = on_lost,
};

static void turn(void)
{
	for (int i = 0; i < 100; i++)
		loop_turn(&process.loop);
}

/* imap's end, as far as this channel is concerned. */
static const struct role_hears mail_hears[] = {{ROLE_STORE, account_client_mail_verbs}, {0}};
static const struct role_functions mail_functions = {.hears = mail_hears};
static const struct role mail_role = {ROLE_IMAP, "imap", .functions = &mail_functions};

static int start_as(const struct role *role)
{
	int pair[2];
	memset(&store, 0, sizeof store);
	memset(&session, 0, sizeof session);
	session.size = SIZE;
	buf_init(&session.text, 1 << 24);
	process.role = role;
	process.introduced.fd = -1;
	loop_init(&process.loop);
	assert_int_equal(channel_pair(pair), 0);
	channel_init(&store.channel, &process.loop, pair[0], store_received, store_closed, NULL);
	store.up = true;
	account_client_init(&client, &handler, NULL, &maildrop);
	account_client_open(&client, &process, pair[1]);
	return 0;
}

static int start(void **state)
{
	(void)state;
	return start_as(role_by_name("pop3"));
}

static int start_mail(void **state)
{
	(void)state;
	return start_as(&mail_role);
}

static int stop(void **state)
{
	(void)state;
	account_client_close(&client);
	channel_done(&store.channel);
	buf_done(&session.text);
	loop_done(&process.loop);
	return 0;
}

static void list(size_t count)
{
	struct buf entries;
	account_client_list(&client);
	turn();
	assert_int_equal(store.lists, 1);
	buf_init(&entries, count * 32 + 1);
	for (size_t i = 0; i < count; i++) {
		buf_append_u64(&entries, session.size);
		buf_append_u64(&entries, i + 1);
		buf_append_u8(&entries, 0);
		buf_append_u8(&entries, 0);
	}
	struct message_maildrop_list m = {.entries = buf_view(&entries)};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_LIST, store.request, &m, -1), 0);
	struct message_maildrop_opened end = {.count = count};
	assert_int_equal(ipc_send(&store.channel, MESSAGE_MAILDROP_OPENED, store.request, &end, -1), 0);
	buf_done(&entries);
	turn();
}

static void fetch(uint32_t index)
{
	buf_clear(&session.text);
	account_client_fetch(&client, index, 0, UINT64_MAX);
	turn();
}

static void send_piece(uint32_t request, uint32_t index, struct view bytes, bool last, int error)
{
	struct message_fetch_data m = {.index = index, .bytes = bytes, .last = last};
	m.error = error;
	assert_int_equal(ipc_send(&store.channel, MESSAGE_FETCH_DATA, request, &m, -1), 0);
}

/* A message in two pieces: "message 7, " and "its end". */
static void send_message(uint32_t index)
{
	char text[32];
	snprintf(text, sizeof text, "message %u, ", (unsigned)index);
	send_piece(store.request, index, view_from_string(text), false, 0);
	send_piece(store.request, index, VIEW("its end"), true, 0);
}

/* All that was asked for. */
static void serve(void)
{
	for (size_t i = 0; i < store.count; i++)
		send_message(store.indexes[i]);
	turn();
}

static void assert_message(uint32_t index)
{
	char text[64];
	snprintf(text, sizeof text, "message %u, its end", (unsigned)index);
	assert_view(buf_view(&session.text), text);
	assert_int_equal(session.error, 0);
}

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
	    cmocka_unit_test_setup_teardown(reads_ahead_in_order, start, stop),
	    cmocka_unit_test_setup_teardown(bytes_bound_what_is_asked_for, start, stop),
	    cmocka_unit_test_setup_teardown(a_jump_begins_anew, start, stop),
	    cmocka_unit_test_setup_teardown(a_part_can_ask_for_the_next, start, stop),
	    cmocka_unit_test_setup_teardown(a_slow_client_makes_store_wait, start, stop),
	    cmocka_unit_test_setup_teardown(a_message_that_fails_alone, start, stop),
	    cmocka_unit_test_setup_teardown(loss_in_mid_message, start, stop),
	    cmocka_unit_test_setup_teardown(loss_between_questions, start, stop),
	    cmocka_unit_test_setup_teardown(loss_of_list_and_expunge, start, stop),
	    cmocka_unit_test_setup_teardown(closing_forgets_all, start, stop),
	    cmocka_unit_test_setup_teardown(disorder_ends_the_channel, start, stop),
	    cmocka_unit_test_setup_teardown(lists_that_cannot_be_kept, start, stop),
	    cmocka_unit_test_setup_teardown(expunges_in_parts, start, stop),
	    cmocka_unit_test_setup_teardown(nothing_to_expunge, start, stop),
	    cmocka_unit_test_setup_teardown(expunged_ranges_that_are_cut, start, stop),
	    cmocka_unit_test_setup_teardown(answers_come_under_their_number, start_mail, stop),
	    cmocka_unit_test_setup_teardown(what_cannot_be_asked_is_answered, start_mail, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
