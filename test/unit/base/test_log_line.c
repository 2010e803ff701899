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

static const char *field_of(struct log_line *l, struct view text)
{
	struct log_field f = log_text("k", text);
	l->len = 0;
	log_line_field(l, &f);
	log_line_byte(l, '\0');
	return l->data;
}

/* What could drive the terminal of whoever reads the log, or deceive him; and what is not UTF-8. */
static void escapes_what_is_not_plain(void **state)
{
	(void)state;
	struct log_line l;
	assert_string_equal(field_of(&l, VIEW("a\xc2\x9b"
	                                      "2J")),
	    " k=\"a\\xc2\\x9b2J\"");
	assert_string_equal(field_of(&l, VIEW("a\xe2\x80\xae"
	                                      "b")),
	    " k=\"a\\xe2\\x80\\xaeb\"");
	assert_string_equal(field_of(&l, VIEW("a\xe2\x80\xa8"
	                                      "b")),
	    " k=\"a\\xe2\\x80\\xa8b\"");
	assert_string_equal(field_of(&l, VIEW("\x9b"
	                                      "2J\xff")),
	    " k=\"\\x9b2J\\xff\"");
	assert_string_equal(field_of(&l, VIEW("j\xc3\xb6 \xe6\x97\xa5")), " k=\"j\xc3\xb6 \xe6\x97\xa5\"");
	/* What is cut is cut between characters: 511 letters and half of the next one. */
	struct buf big;
	buf_init(&big, 2000);
	for (int i = 0; i < 511; i++)
		buf_append_byte(&big, 'x');
	buf_append_string(&big, "\xc3\xb6yz");
	const char *line = field_of(&l, buf_view(&big));
	assert_string_equal(line + strlen(line) - 6, "xx...\"");
	assert_null(strchr(line, '\xc3'));
	buf_done(&big);
}

/* A character for which there is no room leaves no half, and nothing behind it. */
static void a_full_line_is_good_to_its_end(void **state)
{
	(void)state;
	for (size_t letters = 0; letters < 5; letters++) {
		struct log_line l = {.len = 0};
		struct buf text;
		buf_init(&text, 1000);
		for (size_t i = 0; i < letters; i++)
			buf_append_byte(&text, 'x');
		for (int i = 0; i < 120; i++)
			buf_append_string(&text, "\xf0\x9f\x94\xa5");
		log_line_head(&l, LOG_INFO, "smtp", "id", "event");
		for (int i = 0; i < 6; i++) {
			struct log_field f = log_text("key", buf_view(&text));
			log_line_field(&l, &f);
		}
		log_line_end(&l);
		assert_int_equal(l.len, LOG_LINE_MAX);
		assert_true(log_line_is_good(view_of(l.data, l.len), "smtp"));
		buf_done(&text);
	}
}

static void knows_a_good_line(void **state)
{
	(void)state;
	struct log_line l = {.len = 0};
	struct log_field f =
	    log_text("k", VIEW("\r\n\x1b[2J \xe2\x80\xae \xff \xf0\x9f\x94\xa5 1\xef\xb8\x8f"));
	log_line_head(&l, LOG_WARNING, "pop3", NULL, "some-event");
	log_line_field(&l, &f);
	log_line_end(&l);
	assert_true(log_line_is_good(view_of(l.data, l.len), "pop3"));
	assert_false(log_line_is_good(view_of(l.data, l.len), "smtp"));
	assert_false(log_line_is_good(view_of(l.data, l.len - 1), "pop3"));
	static const char *const bad[] = {"", "\n",
	    "2026-11-28T19:00:00.000Z info smtp - event k=1", /* no line end */
	    "2026-11-28T19:00:00.000Z info auth - event k=1\n",
	    "2026-11-28T19:00:00.000Z info  smtp - event k=1\n",
	    "2026-11-28T19:00:00.000Z fatal smtp - event k=1\n",
	    "2026-11-28 19:00:00.000Z info smtp - event k=1\n",
	    "2026-11-28T19:00:00Z info smtp - event k=1\n", "2026-11-28T19:00:00.000Z info smtp -\n",
	    "2026-11-28T19:00:00.000Z info smtp\n",
	    ("2026-11-28T19:00:00.000Z info smtp - a k=1\n2026-11-28T19:00:00.000Z info auth - logged-in "
	     "k=1\n"),
	    "2026-11-28T19:00:00.000Z info smtp - a k=\r1\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\x1b[2J\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\xc2\x85\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\xe2\x80\xa8x\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\xff\n",
	    "postrider: out of memory, ending this process\n"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(log_line_is_good(view_from_string(bad[i]), "smtp"));
	assert_true(log_line_is_good(VIEW("2026-11-28T19:00:00.000Z info smtp - event k=1\n"), "smtp"));
	struct buf longer;
	buf_init(&longer, 10000);
	buf_append_string(&longer, "2026-11-28T19:00:00.000Z info smtp - event k=");
	while (buf_view(&longer).len < LOG_LINE_MAX - 1)
		buf_append_byte(&longer, 'x');
	buf_append_byte(&longer, '\n');
	assert_true(log_line_is_good(buf_view(&longer), "smtp"));
	buf_truncate(&longer, LOG_LINE_MAX - 1);
	buf_append_string(&longer, "x\n");
	assert_false(log_line_is_good(buf_view(&longer), "smtp"));
	buf_done(&longer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_back_what_it_wrote),
	    cmocka_unit_test(reads_cut_lines),
	    cmocka_unit_test(a_line_has_an_end_and_a_limit),
	    cmocka_unit_test(escapes_what_is_not_plain),
	    cmocka_unit_test(a_full_line_is_good_to_its_end),
	    cmocka_unit_test(knows_a_good_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
