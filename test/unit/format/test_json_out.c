/* JSON as a stream: commas and brackets come by themselves, and what stands in strings is always JSON. */
#include "../unit.h"

#include "base/arena.h"
#include "base/random.h"
#include "format/json_out.h"
#include "format/json_read.h"

static void writes_containers_with_their_commas(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	struct json_out w = json_out_on(&out);
	json_out_object(&w);
	json_out_name(&w, VIEW("list"));
	json_out_array(&w);
	json_out_object(&w);
	json_out_end(&w);
	json_out_object(&w);
	json_out_name(&w, VIEW("id"));
	json_out_string(&w, VIEW("E1-2"));
	json_out_name(&w, VIEW("size"));
	json_out_unsigned(&w, UINT64_MAX);
	json_out_name(&w, VIEW("least"));
	json_out_number(&w, INT64_MIN);
	json_out_end(&w);
	json_out_array(&w);
	json_out_end(&w);
	json_out_number(&w, 0);
	json_out_bool(&w, true);
	json_out_bool(&w, false);
	json_out_null(&w);
	json_out_raw(&w, VIEW("{\"raw\":1}"));
	json_out_end(&w);
	json_out_name(&w, VIEW("a\"b"));
	json_out_number(&w, -7);
	json_out_end(&w);
	assert_view(buf_view(&out),
	    "{\"list\":[{},{\"id\":\"E1-2\",\"size\":18446744073709551615,\"least\":-9223372036854775808},[],"
	    "0,true,false,null,{\"raw\":1}],\"a\\\"b\":-7}");
	assert_int_equal(w.depth, 0);
	json_out_end(&w); /* one too many does nothing */
	assert_int_equal(w.depth, 0);
	buf_done(&out);
}

static void string_is(struct view text, const char *expected)
{
	struct buf out;
	buf_init(&out, 1000);
	struct json_out w = json_out_on(&out);
	json_out_string(&w, text);
	assert_view(buf_view(&out), expected);
	buf_done(&out);
}

static void escapes_what_a_string_may_not_hold(void **state)
{
	(void)state;
	string_is(VIEW(""), "\"\"");
	string_is(VIEW("a\"b\\c/d\n\r\t"), "\"a\\\"b\\\\c/d\\n\\r\\t\"");
	string_is(VIEW("\x01\x1f\x7f"), "\"\\u0001\\u001f\x7f\"");
	string_is(view_of("\0", 1), "\"\\u0000\"");
	string_is(VIEW("j\xc3\xb6 \xf0\x9f\x94\xa5"), "\"j\xc3\xb6 \xf0\x9f\x94\xa5\"");
	string_is(VIEW("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	string_is(VIEW("\xed\xa0\x80x"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\""); /* a surrogate */
}

/* Whatever bytes are written, a reader of JSON takes the string, and finds the same bytes where they were
 * UTF-8. */
static void any_bytes_can_be_read_back(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		char bytes[40];
		size_t len = random_below(sizeof bytes);
		random_bytes(bytes, len);
		for (size_t i = 0; i < len && round % 2; i++)
			bytes[i] &= 0x7f;
		struct buf out;
		buf_init(&out, 1000);
		struct json_out w = json_out_on(&out);
		json_out_string(&w, view_of(bytes, len));
		struct arena arena;
		arena_init(&arena, 4000);
		struct json_value value;
		assert_int_equal(json_parse(buf_view(&out), &arena, &value), 0);
		assert_int_equal(value.kind, JSON_STRING);
		if (round % 2) {
			assert_int_equal(value.text.len, len);
			assert_memory_equal(value.text.data, bytes, len);
		}
		arena_done(&arena);
		buf_done(&out);
	}
}

static void marks_the_buffer_when_there_is_no_room(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 10);
	struct json_out w = json_out_on(&out);
	json_out_string(&w, VIEW("eleven octets"));
	assert_true(buf_failed(&out));
	buf_done(&out);
	buf_init(&out, 1000);
	w = json_out_on(&out);
	for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++)
		json_out_array(&w);
	assert_false(buf_failed(&out));
	json_out_array(&w);
	assert_true(buf_failed(&out));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_containers_with_their_commas),
	    cmocka_unit_test(escapes_what_a_string_may_not_hold),
	    cmocka_unit_test(any_bytes_can_be_read_back),
	    cmocka_unit_test(marks_the_buffer_when_there_is_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
