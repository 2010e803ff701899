/* Tag lists: RFC 6376 sections 2.10, 2.11 and 3.2. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "trust/sender/tag_list.h"

static struct tag_list list;

static int parse(const char *text)
{
	return tag_list_parse(view_from_string(text), &list);
}

static void reads_lists(void **state)
{
	(void)state;
	assert_int_equal(parse("v=1; a=rsa-sha256;\r\n\td = example.org ;h=from : to; empty=; last=a=b;"), 0);
	assert_int_equal(list.count, 6);
	assert_view(tag_list_find(&list, "v")->value, "1");
	assert_view(tag_list_find(&list, "d")->value, "example.org");
	assert_view(tag_list_find(&list, "d")->whole, " example.org ");
	assert_view(tag_list_find(&list, "empty")->value, "");
	assert_view(tag_list_find(&list, "last")->value, "a=b");
	assert_null(tag_list_find(&list, "V"));
	assert_null(tag_list_find(&list, "x"));
	assert_int_equal(parse(" a_1 = f\xc3\xa9 ; \r\n "), 0);
	assert_view(tag_list_find(&list, "a_1")->value, "f\xc3\xa9");
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", ";", "a", "=b", "1=b", "a b=c", "a=b;;c=d", ";a=b",
	    "a=b; ;", "a=\x01", "a=\x7f", "a=\xff", "a=b;c", "_a=b", "a-b=c"};
	assert_int_equal(parse("kept=1"), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse(bad[i]), -EINVAL);
	assert_int_equal(parse("a=1; b=2; a=1"), -EEXIST);
	assert_int_equal(tag_list_parse(VIEW("a=b\0c"), &list), -EINVAL);
	assert_non_null(tag_list_find(&list, "kept"));
	assert_int_equal(parse("a=1; A=1"), 0);
}

static void has_an_end(void **state)
{
	(void)state;
	char text[40 * 8] = "";
	size_t len = 0;
	for (int i = 0; i < TAG_LIST_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "t%d=;", i);
	assert_int_equal(parse(text), 0);
	assert_int_equal(list.count, TAG_LIST_MAX);
	snprintf(text + len, sizeof text - len, "more=");
	assert_int_equal(parse(text), -E2BIG);
}

static void takes_entries(void **state)
{
	(void)state;
	struct view rest = VIEW(" a :\r\n b::c: "), entry;
	static const char *const expected[] = {"a", "b", "", "c", ""};
	for (size_t i = 0; i < 5; i++) {
		assert_true(tag_entry_next(&rest, &entry));
		assert_view(entry, expected[i]);
	}
	assert_false(tag_entry_next(&rest, &entry));
	rest = VIEW("");
	assert_true(tag_entry_next(&rest, &entry));
	assert_false(tag_entry_next(&rest, &entry));
}

static void decodes(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(tag_base64(VIEW("aGVs\r\n\tbG8 = "), &out), 0);
	assert_view(buf_view(&out), "hello");
	assert_int_equal(tag_base64(VIEW("aGVsbG8"), &out), -EINVAL);
	assert_int_equal(tag_base64(VIEW("aGVs*G8="), &out), -EINVAL);
	buf_clear(&out);
	assert_int_equal(tag_quoted_printable(VIEW("joe=2Bx\r\n =3D@a"), &out), 0);
	assert_view(buf_view(&out), "joe+x=@a");
	static const char *const bad[] = {"=", "=4", "=4g", "=2b", "a=\r\nb"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(tag_quoted_printable(view_from_string(bad[i]), &out), -EINVAL);
	assert_view(buf_view(&out), "joe+x=@a");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lists),
	    cmocka_unit_test(refuses_what_is_none),
	    cmocka_unit_test(has_an_end),
	    cmocka_unit_test(takes_entries),
	    cmocka_unit_test(decodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
