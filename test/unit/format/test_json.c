/* Strings in JSON: safe on a terminal, and the same again when they are read. */
#include "../unit.h"

#include "format/json.h"
#include "format/json_read.h"

static void writes(struct view text, const char *expected)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(json_append_string(&out, text), 0);
	assert_view(buf_view(&out), expected);
	buf_done(&out);
}

static void escapes_what_is_not_plain(void **state)
{
	(void)state;
	writes(VIEW(""), "\"\"");
	writes(VIEW("a\"\\/\n\r\t\x1b\x7f"), "\"a\\\"\\\\/\\n\\u000d\\u0009\\u001b\\u007f\"");
	writes(
	    VIEW("j\xc3\xb6 \xe6\x97\xa5 \xf0\x9f\x94\xa5"), "\"j\xc3\xb6 \xe6\x97\xa5 \xf0\x9f\x94\xa5\"");
	writes(VIEW("\xc2\x9b"
	            "2J"),
	    "\"\\u009b2J\"");
	writes(VIEW("x\xe2\x80\xaey\xe2\x80\xa8z\xe2\x80\x8b"), "\"x\\u202ey\\u2028z\\u200b\"");
	writes(VIEW("\xf3\xa0\x81\x81"), "\"\\udb40\\udc41\""); /* a tag without a flag: U+E0041 */
	writes(VIEW("a\xff"), "\"a\\ufffd\"");
	writes(VIEW("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
	    "\"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\"");
}

static void reads_back_the_same(void **state)
{
	(void)state;
	static const struct view texts[] = {{"a\xe2\x80\xae"
	                                     "b\xc2\x85\xf3\xa0\x81\x81\xe2\x80\xa9\x01",
	                                        15},
	    {"\xf4\x8f\xbf\xbf\xef\xbf\xbe", 7}};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct arena arena;
		struct json_value value;
		struct buf out;
		buf_init(&out, 1000);
		arena_init(&arena, 4096);
		buf_append_string(&out, "{\"k\":");
		assert_int_equal(json_append_string(&out, texts[i]), 0);
		buf_append_byte(&out, '}');
		for (size_t k = 0; k < buf_view(&out).len; k++)
			assert_true(ascii_is_print(buf_view(&out).data[k]));
		assert_int_equal(json_parse(buf_view(&out), &arena, &value), 0);
		assert_true(view_equal(json_text_of(&value, "k"), texts[i]));
		arena_done(&arena);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes_what_is_not_plain),
	    cmocka_unit_test(reads_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
