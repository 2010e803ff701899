/* Names of keywords: what is told is known, by account; what is garbled or would break a line is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/mail_names.h"

enum { MINE = 0, OTHERS = 7 };

static void put(struct buf *entries, uint32_t number, struct view name)
{
	const char head[5] = {
	    (char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number, (char)name.len};
	assert_int_equal(buf_append(entries, (struct view){head, sizeof head}), 0);
	assert_int_equal(buf_append(entries, name), 0);
}

static void tell(struct mail_names *names, uint64_t account, uint32_t number, struct view name)
{
	struct buf entries;
	buf_init(&entries, 1024);
	put(&entries, number, name);
	mail_names_take(names, &(struct mail_keywords){account, buf_view(&entries)});
	buf_done(&entries);
}

static void assert_name(const struct mail_names *names, uint64_t account, uint32_t number, struct view name)
{
	assert_true(view_equal(mail_names_get(names, account, number), name));
}

static void test_what_is_told_is_known(void **state)
{
	(void)state;
	struct mail_names names = {0};
	uint32_t number = 99;
	assert_name(&names, MINE, 0, VIEW(""));
	assert_false(mail_names_find(&names, MINE, VIEW("work"), &number));
	tell(&names, MINE, 3, VIEW("Work"));
	tell(&names, OTHERS, 3, VIEW("theirs"));
	tell(&names, MINE, 60000, VIEW("far"));
	assert_name(&names, MINE, 3, VIEW("Work"));
	assert_name(&names, OTHERS, 3, VIEW("theirs"));
	assert_name(&names, MINE, 2, VIEW(""));
	assert_name(&names, MINE, 60000, VIEW("far"));
	assert_true(mail_names_find(&names, MINE, VIEW("wORK"), &number));
	assert_int_equal(number, 3);
	assert_false(mail_names_find(&names, OTHERS, VIEW("work"), &number));
	assert_false(mail_names_find(&names, MINE, VIEW(""), &number));
	assert_int_equal(number, 3);
	assert_true(mail_names_count(&names, MINE) > 60000);
	mail_names_done(&names);
	assert_int_equal(mail_names_count(&names, MINE), 0);
}

static void test_a_number_is_used_again(void **state)
{
	(void)state;
	struct mail_names names = {0};
	uint32_t number;
	tell(&names, MINE, 1, VIEW("old"));
	tell(&names, MINE, 1, VIEW("old"));
	tell(&names, MINE, 1, VIEW("new"));
	assert_name(&names, MINE, 1, VIEW("new"));
	assert_false(mail_names_find(&names, MINE, VIEW("old"), &number));
	mail_names_done(&names);
}

static void test_what_is_garbled_is_not_taken(void **state)
{
	(void)state;
	struct mail_names names = {0};
	struct buf entries;
	buf_init(&entries, 1024);
	put(&entries, 1, VIEW("first"));
	put(&entries, 65536, VIEW("too-high"));
	put(&entries, 2, VIEW("behind"));
	mail_names_take(&names, &(struct mail_keywords){MINE, buf_view(&entries)});
	assert_name(&names, MINE, 1, VIEW("first"));
	assert_name(&names, MINE, 2, VIEW(""));
	/* Cut anywhere, nothing is read behind the end. */
	for (size_t len = 0; len < buf_view(&entries).len; len++) {
		struct mail_names cut = {0};
		mail_names_take(&cut, &(struct mail_keywords){MINE, view_take(buf_view(&entries), len)});
		assert_name(&cut, MINE, 1, len < 10 ? VIEW("") : VIEW("first"));
		mail_names_done(&cut);
	}
	buf_done(&entries);
	tell(&names, MINE, 4, VIEW("two words"));
	tell(&names, MINE, 5, VIEW("line\r\nbreak"));
	tell(&names, MINE, 6, VIEW("caf\xc3\xa9"));
	for (uint32_t number = 4; number <= 6; number++)
		assert_name(&names, MINE, number, VIEW(""));
	mail_names_done(&names);
}

static void test_an_account_has_so_many_octets_of_names(void **state)
{
	(void)state;
	struct mail_names names = {0};
	char name[256];
	unsigned kept = 0;
	for (uint32_t number = 0; number < 6000; number++) {
		memset(name, 'x', sizeof name);
		snprintf(name, sizeof name, "%u-", number);
		name[strlen(name)] = 'x';
		tell(&names, MINE, number, (struct view){name, 250});
		kept += mail_names_get(&names, MINE, number).len == 250;
	}
	assert_int_equal(kept, (1 << 20) / 251);
	assert_int_equal(mail_names_get(&names, MINE, 0).len, 250);
	mail_names_done(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_told_is_known),
	    cmocka_unit_test(test_a_number_is_used_again),
	    cmocka_unit_test(test_what_is_garbled_is_not_taken),
	    cmocka_unit_test(test_an_account_has_so_many_octets_of_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
