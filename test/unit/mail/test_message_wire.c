#include "../unit.h"

#include "mail/message_wire.h"

static const struct mail_message FULL = {
    .uid = 7,
    .flags = FLAG_SEEN | FLAG_MORE | FLAG_KEYWORD << 54,
    .more_keywords = {"\0\70\1\0", 4},
    .modseq = 1 << 20,
    .size = (uint64_t)1 << 40,
    .internaldate = -5,
    .savedate = 1700000000,
    .emailid = 12,
    .thread = 11,
    .prefix_len = 99,
    .body_error = 5,
    .summary = {"summary", 7},
    .structure = {"structure", 9},
    .header = {"A: b\r\n\r\n", 8},
    .body = {"A: b\r\n\r\nc", 9},
    .uidl = {"uidl", 4},
    .sender = {"sender", 6},
    .references = {"12345678abcdefgh", 16},
    .has_body = true,
};

enum { WANT_ALL = (1 << 14) - 1 };

static void all_that_is_wanted_comes_through(void **state)
{
	struct buf b;
	struct mail_message m;
	(void)state;
	buf_init(&b, 1000);
	assert_true(mail_message_put(&b, WANT_ALL, &FULL));
	assert_true(mail_message_put(&b, WANT_ALL, &(struct mail_message){.uid = UINT32_MAX}));
	struct cursor c = cursor_on(buf_view(&b));
	assert_true(mail_message_get(&c, WANT_ALL, &m));
	assert_int_equal(m.uid, 7);
	assert_true(m.flags == FULL.flags && m.modseq == FULL.modseq && m.size == FULL.size);
	assert_true(m.internaldate == -5 && m.savedate == 1700000000);
	assert_true(m.emailid == 12 && m.thread == 11 && m.prefix_len == 99 && m.body_error == 5);
	assert_true(m.has_body);
	assert_true(view_equal(m.more_keywords, FULL.more_keywords) && view_equal(m.summary, FULL.summary) &&
	            view_equal(m.structure, FULL.structure) && view_equal(m.header, FULL.header) &&
	            view_equal(m.body, FULL.body) && view_equal(m.uidl, FULL.uidl) &&
	            view_equal(m.references, FULL.references) && view_equal(m.sender, FULL.sender));
	assert_true(mail_message_get(&c, WANT_ALL, &m));
	assert_int_equal(m.uid, UINT32_MAX);
	assert_false(m.has_body);
	assert_int_equal(m.body.len, 0);
	assert_false(mail_message_get(&c, WANT_ALL, &m));
	assert_true(cursor_ok(&c));
	buf_done(&b);
}

static void only_what_is_wanted_travels(void **state)
{
	struct buf b;
	struct mail_message m;
	(void)state;
	buf_init(&b, 1000);
	/* The flags of a large mailbox: some five octets for each message. */
	assert_true(mail_message_put(
	    &b, MAIL_WANT_FLAGS, &(struct mail_message){.uid = 100000, .flags = FLAG_SEEN, .size = 1234}));
	assert_int_equal(buf_view(&b).len, 4);
	struct cursor c = cursor_on(buf_view(&b));
	assert_true(mail_message_get(&c, MAIL_WANT_FLAGS, &m));
	assert_int_equal(m.uid, 100000);
	assert_int_equal(m.size, 0);
	buf_done(&b);
}

static void an_entry_that_finds_no_room_leaves_the_buffer_as_it_was(void **state)
{
	struct buf b;
	struct mail_message m;
	(void)state;
	buf_init(&b, 120);
	assert_true(mail_message_put(&b, WANT_ALL, &FULL));
	size_t len = buf_view(&b).len;
	assert_false(mail_message_put(&b, WANT_ALL, &FULL));
	assert_int_equal(buf_view(&b).len, len);
	assert_false(buf_failed(&b));
	struct cursor c = cursor_on(buf_view(&b));
	assert_true(mail_message_get(&c, WANT_ALL, &m));
	assert_false(mail_message_get(&c, WANT_ALL, &m));
	assert_true(cursor_ok(&c));
	buf_done(&b);
}

static void what_is_cut_off_is_refused(void **state)
{
	struct buf b;
	struct mail_message m = {.uid = 1};
	(void)state;
	buf_init(&b, 1000);
	assert_true(mail_message_put(&b, WANT_ALL, &FULL));
	for (size_t len = 1; len < buf_view(&b).len; len++) {
		struct cursor c = cursor_on(view_take(buf_view(&b), len));
		assert_false(mail_message_get(&c, WANT_ALL, &m));
		assert_false(cursor_ok(&c));
	}
	assert_int_equal(m.uid, 1);
	/* UID 0; half a keyword's number. */
	struct cursor zero = cursor_on(VIEW("\0\0"));
	assert_false(mail_message_get(&zero, MAIL_WANT_FLAGS, &m));
	assert_false(cursor_ok(&zero));
	struct cursor half = cursor_on(VIEW("\1\200\1\2a"));
	assert_false(mail_message_get(&half, MAIL_WANT_FLAGS, &m));
	assert_false(cursor_ok(&half));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_that_is_wanted_comes_through),
	    cmocka_unit_test(only_what_is_wanted_travels),
	    cmocka_unit_test(an_entry_that_finds_no_room_leaves_the_buffer_as_it_was),
	    cmocka_unit_test(what_is_cut_off_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
