#include "../unit.h"

#include "base/mem.h"
#include "mail/email_wire.h"

static const struct email_entry EMAIL = {
    .mailbox_count = 3,
    .mailboxes = {1, 7, 4000000000},
    .message = {.emailid = 77, .thread = 5, .flags = FLAG_SEEN | FLAG_HAS_ATTACHMENT, .size = 1234},
};
static const struct email_row ROW = {
    .id = 77,
    .thread = 5,
    .mailbox = 9,
    .flags = FLAG_FLAGGED | FLAG_MORE,
    .more_keywords = {"\0\70\1\0", 4},
    .size = (uint64_t)1 << 33,
    .received = -5,
    .snoozed = 1700000001,
    .order = {.known = true, .dated = true, .sent = 1700000000, .minutes = -90, .subject = 99},
};
static const struct email_change CHANGE = {
    .id = 77,
    .what = EMAIL_CHANGE_ALL_FLAGS,
    .add_flags = FLAG_SEEN,
    .remove_flags = FLAG_DRAFT,
    .add_keywords = {"a b", 3},
    .add_mailboxes = {"\0\0\0\1", 4},
    .remove_mailboxes = {"\0\0\0\2\0\0\0\3", 8},
    .snooze = {"z", 1},
};
static const uint64_t WANT = MAIL_WANT_FLAGS | MAIL_WANT_SIZE | MAIL_WANT_IDS;

static void what_is_put_comes_through(void **state)
{
	struct buf b;
	struct email_entry e;
	struct email_row r;
	struct email_change c;
	(void)state;
	buf_init(&b, 1000);
	assert_true(email_entry_put(&b, WANT, &EMAIL));
	assert_true(email_entry_put(&b, 0, &(struct email_entry){.message.emailid = 2}));
	struct cursor in = cursor_on(buf_view(&b));
	assert_true(email_entry_get(&in, WANT, &e));
	assert_int_equal(e.mailbox_count, 3);
	assert_memory_equal(e.mailboxes, EMAIL.mailboxes, 3 * sizeof e.mailboxes[0]);
	assert_true(e.message.emailid == 77 && e.message.thread == 5 && e.message.size == 1234);
	assert_true(e.message.flags == EMAIL.message.flags && e.message.uid == 0);
	assert_true(email_entry_get(&in, 0, &e));
	assert_true(e.message.emailid == 2 && e.mailbox_count == 0);
	assert_false(email_entry_get(&in, 0, &e));
	assert_true(cursor_ok(&in));
	buf_clear(&b);
	assert_true(email_row_put(&b, &ROW));
	in = cursor_on(buf_view(&b));
	assert_true(email_row_get(&in, &r) && cursor_at_end(&in));
	assert_true(r.id == 77 && r.thread == 5 && r.mailbox == 9 && r.flags == ROW.flags);
	assert_true(
	    r.size == ROW.size && r.received == -5 && r.snoozed == 1700000001 && r.order.sent == 1700000000);
	assert_true(r.order.minutes == -90 && r.order.subject == 99);
	assert_true(view_equal(r.more_keywords, ROW.more_keywords));
	buf_clear(&b);
	assert_true(email_change_put(&b, &CHANGE));
	in = cursor_on(buf_view(&b));
	assert_true(email_change_get(&in, &c) && cursor_at_end(&in));
	assert_true(c.id == 77 && c.what == EMAIL_CHANGE_ALL_FLAGS && c.add_flags == FLAG_SEEN);
	assert_true(c.remove_flags == FLAG_DRAFT && view_equal(c.add_keywords, CHANGE.add_keywords));
	assert_true(view_equal(c.add_mailboxes, CHANGE.add_mailboxes));
	assert_true(view_equal(c.snooze, CHANGE.snooze) &&
	            view_equal(c.remove_mailboxes, CHANGE.remove_mailboxes) && c.remove_keywords.len == 0);
	buf_done(&b);
}

static bool put_one(struct buf *b, unsigned which)
{
	return which == 0   ? email_entry_put(b, WANT, &EMAIL)
	       : which == 1 ? email_row_put(b, &ROW)
	                    : email_change_put(b, &CHANGE);
}

static bool get_one(struct cursor *in, unsigned which)
{
	struct email_entry e;
	struct email_row r;
	struct email_change c;
	return which == 0   ? email_entry_get(in, WANT, &e)
	       : which == 1 ? email_row_get(in, &r)
	                    : email_change_get(in, &c);
}

static void what_is_cut_off_is_nothing(void **state)
{
	struct buf b;
	(void)state;
	for (unsigned which = 0; which < 3; which++) {
		buf_init(&b, 1000);
		assert_true(put_one(&b, which));
		for (size_t len = 1; len < buf_view(&b).len; len++) {
			/* A copy of its own length: a read past its end is seen. */
			char *copy = mem_string(view_take(buf_view(&b), len));
			copy = mem_resize(copy, len);
			struct cursor in = cursor_on(view_of(copy, len));
			assert_false(get_one(&in, which));
			assert_false(cursor_ok(&in));
			mem_free(copy);
		}
		buf_done(&b);
	}
}

static void what_finds_no_room_leaves_the_buffer_as_it_was(void **state)
{
	struct buf b;
	(void)state;
	for (unsigned which = 0; which < 3; which++) {
		size_t whole;
		buf_init(&b, 1000);
		assert_true(put_one(&b, which));
		whole = buf_view(&b).len;
		buf_done(&b);
		for (size_t room = 0; room < whole; room++) {
			buf_init(&b, whole + room);
			assert_true(put_one(&b, which));
			assert_false(put_one(&b, which));
			assert_int_equal(buf_view(&b).len, whole);
			assert_false(buf_failed(&b));
			buf_done(&b);
		}
	}
}

/* Mailboxes out of order, another email's message, octets that are no whole numbers, unknown orders. */
static void what_makes_no_sense_is_refused(void **state)
{
	struct buf b;
	struct email_entry e = EMAIL;
	(void)state;
	buf_init(&b, 1000);
	e.mailboxes[1] = 1;
	assert_true(email_entry_put(&b, WANT, &e));
	struct cursor in = cursor_on(buf_view(&b));
	assert_false(get_one(&in, 0) || cursor_ok(&in));
	buf_clear(&b);
	struct email_change c = CHANGE;
	c.add_mailboxes.len = 3;
	assert_true(email_change_put(&b, &c));
	in = cursor_on(buf_view(&b));
	assert_false(get_one(&in, 2) || cursor_ok(&in));
	buf_clear(&b);
	c = CHANGE;
	c.what = EMAIL_CHANGE_RESTORE << 1;
	assert_true(email_change_put(&b, &c));
	in = cursor_on(buf_view(&b));
	assert_false(get_one(&in, 2) || cursor_ok(&in));
	buf_clear(&b);
	c = CHANGE;
	c.add_flags = FLAG_MORE;
	assert_true(email_change_put(&b, &c));
	in = cursor_on(buf_view(&b));
	assert_false(get_one(&in, 2) || cursor_ok(&in));
	buf_clear(&b);
	struct email_row r = ROW;
	r.more_keywords.len = 3;
	assert_true(email_row_put(&b, &r));
	in = cursor_on(buf_view(&b));
	assert_false(get_one(&in, 1) || cursor_ok(&in));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_put_comes_through),
	    cmocka_unit_test(what_is_cut_off_is_nothing),
	    cmocka_unit_test(what_finds_no_room_leaves_the_buffer_as_it_was),
	    cmocka_unit_test(what_makes_no_sense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
