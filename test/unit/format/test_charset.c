#include "../unit.h"

#include "format/charset.h"

static void reads(const char *charset, const char *bytes, const char *expected, bool defective)
{
	struct view in = view_from_string(bytes);
	for (size_t piece = 1; piece <= in.len + 1; piece++) {
		struct buf out;
		struct charset_decoder *d = charset_decoder_new(view_from_string(charset));
		buf_init(&out, 10000);
		for (size_t at = 0; at < in.len; at += piece)
			assert_int_equal(
			    charset_decode(d, view_take(view_skip(in, at), piece), false, &out), 0);
		assert_int_equal(charset_decode(d, (struct view){0}, true, &out), 0);
		assert_string_equal(buf_string(&out), expected);
		assert_int_equal(charset_decoder_defective(d), defective);
		charset_decoder_free(d);
		buf_done(&out);
	}
}

static void reads_charsets(void **state)
{
	(void)state;
	reads("utf-8", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
	    false);
	reads("ISO-8859-1", "\xe4\x93", "\xc3\xa4\xe2\x80\x9c", false);
	reads("windows-1251", "\xe8\xe2\xe0\xed", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd", false);
	reads("gb2312", "\xd6\xd0\xce\xc4", "\xe4\xb8\xad\xe6\x96\x87", false);
	reads("big5", "\xa4\xa4\xa4\xe5", "\xe4\xb8\xad\xe6\x96\x87", false);
	reads("iso-2022-jp", "\x1b$B$3$s\x1b(B", "\xe3\x81\x93\xe3\x82\x93", false);
	reads("shift_jis", "\x82\xb1", "\xe3\x81\x93", false);
	reads("ks_c_5601-1987", "\xb0\xa1", "\xea\xb0\x80", false);
	reads("gb18030", "\x95\x32\x82\x36", "\xf0\xa0\x80\x80", false);
	reads("utf-7", "Hi Mom +Jjo!", "Hi Mom \xe2\x98\xba!", false);
}

static void reads_the_unreadable(void **state)
{
	(void)state;
	reads("utf-8", "a\xffz", "a\xef\xbf\xbdz", true);
	reads("utf-8", "a\xc3", "a\xef\xbf\xbd", true);
	reads("utf-8", "\xe2\x82z", "\xef\xbf\xbd\xef\xbf\xbdz", true);
	reads("utf-8", "\xc3\xc3\xa4", "\xef\xbf\xbd\xc3\xa4", true);
	reads("utf-7", "+2D0-x", "\xef\xbf\xbdx", true);
	reads("utf-7", "+3gA-", "\xef\xbf\xbd", true);
	reads("utf-7", "+2D3eAA-", "\xf0\x9f\x98\x80", false);
	reads("no-such", "a\xffz", "a\xef\xbf\xbdz", true);
	reads("../x", "a", "a", true);
	reads("", "plain", "plain", false);
	reads("us-ascii", "\xc3\xa4", "\xc3\xa4", false);
}

static void guesses_without_a_label(void **state)
{
	(void)state;
	reads("us-ascii", "caf\xe9 \x80", "caf\xc3\xa9 \xe2\x82\xac", true);
	reads("", "\xc3\xa4 \xe4\xf6", "\xc3\xa4 \xc3\xa4\xc3\xb6", true);
	reads("", "\xe4", "\xc3\xa4", true);
}

static void fills_any_buffer(void **state)
{
	(void)state;
	/* Surrogate pairs around the end of the converter's own buffer. */
	for (size_t shift = 0; shift < 2; shift++) {
		char in[8192];
		size_t len = shift;
		struct buf out;
		bool defective = false;
		memset(in, 'a', shift);
		while (len + 4 <= sizeof in) {
			memcpy(in + len, "\x95\x32\x82\x36", 4);
			len += 4;
		}
		buf_init(&out, 100000);
		assert_int_equal(charset_to_utf8(VIEW("gb18030"), view_of(in, len), &out, &defective), 0);
		assert_int_equal(buf_view(&out).len, len);
		for (size_t at = shift; at + 4 <= len; at += 4)
			assert_memory_equal(buf_view(&out).data + at, "\xf0\xa0\x80\x80", 4);
		buf_done(&out);
	}
	charset_prepare();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_charsets),
	    cmocka_unit_test(reads_the_unreadable),
	    cmocka_unit_test(guesses_without_a_label),
	    cmocka_unit_test(fills_any_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
