/* Which emails a push tells of: the form that web gives and store believes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mail/email_push.h"

/* Urgency normal, the properties "from" and "id", and this filter. */
#define FORM(filter) VIEW_OF("\1\2\2\12\0" filter)
#define VIEW_OF(text) view_of(text, sizeof text - 1)

static const uint32_t two_and_five[] = {2, 5};

static bool has_keyword(void *arg, struct view keyword)
{
	(void)arg;
	return view_equal(keyword, VIEW("$seen")) || view_equal(keyword, VIEW("work"));
}

static bool has_words(void *arg, enum email_push_property field, struct view words)
{
	(void)arg;
	return field == EMAIL_PUSH_SUBJECT && view_equal(words, VIEW("urgent"));
}

static bool matches(struct view form)
{
	const struct email_push_test email = {.received = 1000,
	    .size = 500,
	    .has_attachment = true,
	    .mailboxes = two_and_five,
	    .mailbox_count = 2,
	    .has_keyword = has_keyword,
	    .has_words = has_words};
	struct email_push_form read;
	assert_true(email_push_read(form, &read));
	assert_int_equal(read.urgency, PUSH_NORMAL);
	assert_true(view_equal(read.properties, VIEW_OF("\12\0")));
	return email_push_matches(&read, &email);
}

static void conditions_hold_or_not(void **state)
{
	(void)state;
	assert_true(matches(FORM("\0\0")));  /* AND of nothing */
	assert_false(matches(FORM("\1\0"))); /* OR of nothing */
	assert_true(matches(FORM("\2\0")));  /* NOT of nothing */
	assert_true(matches(FORM("\3\0\0\0\5")));
	assert_false(matches(FORM("\3\0\0\0\3")));
	assert_false(matches(FORM("\3\0\0\0\0")));
	assert_true(matches(FORM("\4\1\0\0\0\2")));
	assert_false(matches(FORM("\4\2\0\0\0\2\0\0\0\5")));
	assert_true(matches(FORM("\4\0")));
	assert_true(matches(FORM("\5\0\0\0\0\0\0\3\351")));  /* before 1001 */
	assert_false(matches(FORM("\5\0\0\0\0\0\0\3\350"))); /* before 1000 */
	assert_true(matches(FORM("\6\0\0\0\0\0\0\3\350")));
	assert_true(matches(FORM("\7\0\0\0\0\0\0\1\364")));
	assert_false(matches(FORM("\10\0\0\0\0\0\0\1\364")));
	assert_true(matches(FORM("\11\5$seen")));
	assert_false(matches(FORM("\12\4work")));
	assert_true(matches(FORM("\12\4play")));
	assert_true(matches(FORM("\13\1")));
	assert_false(matches(FORM("\13\0")));
	assert_true(matches(FORM("\14\17\6urgent")));
	assert_false(matches(FORM("\14\12\6urgent")));
	/* In the inbox, or with a keyword, and not from this one. */
	assert_true(matches(FORM("\0\2\1\2\3\0\0\0\1\11\4work\2\1\14\12\3bob")));
	assert_false(matches(FORM("\0\2\1\2\3\0\0\0\1\11\4play\2\1\14\12\3bob")));
}

static void what_is_no_form_is_refused(void **state)
{
	const struct view wrong[] = {VIEW_OF(""), VIEW_OF("\2\2\0\0\0"), VIEW_OF("\1\4\0\0\0"),
	    VIEW_OF("\1\2\1\23\0\0"), FORM(""), FORM("\15"), FORM("\0\1"), FORM("\0\0\0"), FORM("\3\0\0\0"),
	    FORM("\4\101"), FORM("\5\200\0\0\0\0\0\0\0"), FORM("\11\0"), FORM("\11\5$see"), FORM("\13\2"),
	    FORM("\14\0\1x"), FORM("\0\101")};
	struct email_push_form read;
	char deep[100] = "\1\2\0";
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (email_push_read(wrong[i], &read))
			fail_msg("form %zu is taken", i);
	/* NOT of NOT ... */
	for (unsigned depth = 1; depth <= EMAIL_PUSH_DEPTH_MAX + 1; depth++) {
		size_t len = 3;
		for (unsigned i = 0; i < depth; i++) {
			deep[len++] = EMAIL_PUSH_NONE;
			deep[len++] = i + 1 < depth;
		}
		assert_int_equal(email_push_read(view_of(deep, len), &read), depth <= EMAIL_PUSH_DEPTH_MAX);
	}
	/* Every beginning of one that is good is none. */
	const struct view whole = FORM("\0\2\4\1\0\0\0\2\14\17\6urgent");
	assert_true(email_push_read(whole, &read));
	for (size_t len = 0; len < whole.len; len++)
		assert_false(email_push_read(view_take(whole, len), &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_hold_or_not),
	    cmocka_unit_test(what_is_no_form_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
