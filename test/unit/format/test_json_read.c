#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "format/json.h"
#include "format/json_read.h"

static struct arena arena;
static struct json_value value;

static int parse(const char *text)
{
	arena_done(&arena);
	arena_init(&arena, 1 << 16);
	return json_parse(view_from_string(text), &arena, &value);
}

static void reads_values(void **state)
{
	(void)state;
	assert_int_equal(
	    parse(" {\"a\":1, \"b\" : [true,false,null,-2.5e+3,\"x\"] ,\"c\":{}, \"d\":\"\"}\n"), 0);
	assert_int_equal(value.kind, JSON_OBJECT);
	assert_int_equal(value.count, 4);
	assert_int_equal(json_number_of(&value, "a"), 1);
	const struct json_value *b = json_member(&value, "b");
	assert_int_equal(b->kind, JSON_ARRAY);
	assert_int_equal(b->count, 5);
	assert_int_equal(b->first->kind, JSON_TRUE);
	assert_view(b->first->next->next->next->text, "-2.5e+3");
	assert_view(b->first->next->next->next->next->text, "x");
	assert_int_equal(json_member(&value, "c")->count, 0);
	assert_null(json_member(&value, "z"));
	assert_null(json_member(NULL, "z"));
	assert_null(json_member(b, "z"));
	assert_int_equal(json_text_of(&value, "a").len, 0);
	assert_int_equal(json_number_of(&value, "d"), 0);
	assert_int_equal(
	    parse("{\"t\":true,\"f\":false,\"n\":-7,\"big\":99999999999999999999,\"r\":3.9}"), 0);
	assert_true(json_true_of(&value, "t"));
	assert_false(json_true_of(&value, "f"));
	assert_int_equal(json_number_of(&value, "n"), -7);
	assert_int_equal(json_number_of(&value, "big"), 0);
	assert_int_equal(json_number_of(&value, "r"), 3);
}

static void reads_strings(void **state)
{
	(void)state;
	assert_int_equal(parse("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \\ud800x \\udc00\""), 0);
	assert_view(value.text, "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80 \xef\xbf\xbdx \xef\xbf\xbd");
	struct buf written;
	buf_init(&written, 1000);
	static const char odd[] = "q\" b\\ n\n t\t \x01 \x7f \xe2\x80\xa8 j\xc3\xb6";
	json_append_string(&written, view_from_string(odd));
	assert_int_equal(parse(buf_string(&written)), 0);
	assert_view(value.text, odd);
	buf_done(&written);
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", " ", "{", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}",
	    "{\"a\":1,}", "[1 2]", "1 2", "tru", "nul", "01", "-", "1.", "1e", ".5", "+1", "\"", "\"\\",
	    "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "}", "[1}",
	    "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		value.count = 77;
		assert_int_equal(parse(wrong[i]), -EINVAL);
		assert_int_equal(value.count, 77);
	}
	assert_int_equal(parse("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"), 0);
	struct arena small;
	arena_init(&small, 100);
	assert_int_equal(json_parse(VIEW("[1,2,3,4,5,6,7]"), &small, &value), -ENOBUFS);
	arena_done(&small);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_values),
	    cmocka_unit_test(reads_strings),
	    cmocka_unit_test(refuses_what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
