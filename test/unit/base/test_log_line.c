#include "../unit.h"

#include "base/buf.h"
#include "base/log_line.h"

static void reads_back_what_it_wrote(void **state)
{
	(void)state;
	static const char *const texts[] = {"plain", "", "with blanks", "a=b", "quote\" and \\ back",
	    "\r\n\x7f\t", "\\x41", "\\", "\"", "j\xc3\xb6", "ends with \\", "=", "\\\"x"};
	struct log_line l;
	struct buf text;
	buf_init(&text, 4096);
	l.len = 0;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct log_field f = log_string("k", texts[i]);
		log_line_field(&l, &f);
	}
	struct log_field n = log_i64("n", INT64_MIN), u = log_u64("u", UINT64_MAX);
	log_line_field(&l, &n);
	log_line_field(&l, &u);
	struct view rest = view_of(l.data, l.len), key, value;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_true(log_field_next(&rest, &key, &value));
		assert_view(key, "k");
		buf_clear(&text);
		assert_int_equal(log_value_append(value, &text), 0);
		assert_view(buf_view(&text), texts[i]);
	}
	assert_true(log_field_next(&rest, &key, &value));
	assert_view(value, "-9223372036854775808");
	assert_true(log_field_next(&rest, &key, &value));
	assert_view(value, "18446744073709551615");
	assert_false(log_field_next(&rest, &key, &value));
	buf_done(&text);
}

static void reads_cut_lines(void **state)
{
	(void)state;
	struct view rest = VIEW(" a=\"cut he"), key, value;
	struct buf text;
	buf_init(&text, 100);
	assert_true(log_field_next(&rest, &key, &value));
	log_value_append(value, &text);
	assert_view(buf_view(&text), "cut he");
	static const char *const none[] = {"", " ", "word", "=x", "two words=3"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		rest = view_from_string(none[i]);
		assert_false(log_field_next(&rest, &key, &value));
	}
	rest = VIEW("a=\"\\");
	assert_true(log_field_next(&rest, &key, &value));
	buf_clear(&text);
	log_value_append(value, &text);
	rest = VIEW("a=\"\\x4");
	assert_true(log_field_next(&rest, &key, &value));
	log_value_append(value, &text);
	buf_done(&text);
}

static void a_line_has_an_end_and_a_limit(void **state)
{
	(void)state;
	struct log_line l;
	char big[400];
	memset(big, 'x', sizeof big);
	l.len = 0;
	for (int i = 0; i < 20; i++) {
		struct log_field f = log_text("key", view_of(big, sizeof big));
		log_line_field(&l, &f);
	}
	log_line_end(&l);
	assert_int_equal(l.len, LOG_LINE_MAX);
	assert_int_equal(l.data[l.len - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_back_what_it_wrote),
	    cmocka_unit_test(reads_cut_lines),
	    cmocka_unit_test(a_line_has_an_end_and_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
