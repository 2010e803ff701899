#include "../unit.h"

#include "base/utf8.h"
#include "format/encoded_word.h"

static void reads(const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(encoded_word_decode(view_from_string(text), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void reads_encoded_words(void **state)
{
	(void)state;
	reads("plain text", "plain text");
	/* RFC 2047, section 8 */
	reads("(=?ISO-8859-1?Q?a?=)", "(a)");
	reads("=?ISO-8859-1?Q?a?= b", "a b");
	reads("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab");
	reads("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab");
	reads("=?ISO-8859-1?Q?a_b?=", "a b");
	reads("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b");
	reads("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore");
	reads("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	      "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	    "If you can read this you understand the example.");
	reads("=?iso-2022-jp?b?GyRCRnxLXDhsGyhC?=", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	reads("=?koi8-r?q?=C9=D7=C1=CE?=", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd");
}

static void reads_what_programs_write(void **state)
{
	(void)state;
	/*
	 * A character split between two words, words inside words and quotes, raw UTF-8 and Latin-1, blanks.
	 */
	reads("=?utf-8?q?=c3?= =?utf-8?q?=a4?=", "\xc3\xa4");
	reads("x=?utf-8?q?=c3=a4?=y", "x\xc3\xa4y");
	reads("=?utf-8?q?a b?=", "a b");
	reads("\xc3\xa4 =?utf-8?q?=c3=a4?=", "\xc3\xa4 \xc3\xa4");
	reads("\xe4 b", "\xc3\xa4 b");
	reads("=?utf-8?q?what?"
	      "?=",
	    "what?");
	reads("=?utf-8?b?w6Q?=", "\xc3\xa4");
	reads("=?nonsense?q?a=ff?=", "a\xef\xbf\xbd");
	reads("=?utf-8?x?a?=", "=?utf-8?x?a?=");
	reads("=?utf-8?q?open", "=?utf-8?q?open");
	reads("=?", "=?");
	reads("a\r\n b", "a b");
	/* No new header line comes out of an encoded word. */
	reads("=?utf-8?q?a=0d=0aBcc:_b?=", "aBcc: b");
}

static void round_trip(const char *text, size_t column)
{
	struct buf out, back;
	buf_init(&out, 100000);
	buf_init(&back, 100000);
	assert_int_equal(encoded_word_write(&out, view_from_string(text), column), 0);
	assert_true(utf8_is_ascii(buf_view(&out)));
	struct view rest = buf_view(&out), line;
	for (bool first = true; view_next(&rest, '\n', &line); first = false)
		assert_true(line.len + (first ? column : 0) <= 79 || (first && line.len == 1));
	assert_int_equal(encoded_word_decode(buf_view(&out), &back), 0);
	assert_string_equal(buf_string(&back), text);
	buf_done(&out);
	buf_done(&back);
}

static void writes_words_that_read_back(void **state)
{
	(void)state;
	static const char text[] =
	    "Gr\xc3\xbc\xc3\x9f"
	    "e aus K\xc3\xb6ln, und noch ein langer Text, der viele Zeilen "
	    "braucht, weil er nicht aufh\xc3\xb6rt: \xf0\x9f\x98\x80\xf0\x9f\x98\x80 = _ ? (x) \"y\"";
	for (size_t column = 0; column < 90; column++)
		round_trip(text, column);
	round_trip("\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd \xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd "
	           "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd",
	    9);
	round_trip("\xc3\xa4", 0);
}

static void ends_in_time(void **state)
{
	(void)state;
	struct buf text, out;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	while (text.len < 200000)
		buf_append(&text, VIEW("=?a?q?x"));
	assert_int_equal(encoded_word_decode(buf_view(&text), &out), 0);
	assert_int_equal(out.len, text.len);
	buf_done(&text);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_encoded_words),
	    cmocka_unit_test(reads_what_programs_write),
	    cmocka_unit_test(writes_words_that_read_back),
	    cmocka_unit_test(ends_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
