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
	reads("=?nonsense?q?a=ff?=", "a\xc3\xbf");
	reads("=?utf-8?x?a?=", "=?utf-8?x?a?=");
	reads("=?utf-8?q?open", "=?utf-8?q?open");
	reads("=?", "=?");
	reads("a\r\n b", "a b");
	/* No new header line comes out of an encoded word. */
	reads("=?utf-8?q?a=0d=0aBcc:_b?=", "aBcc: b");
}

/* Charsets with shifts: what one word ends and the next begins says nothing, also where it stands in the
 * middle. */
static void joins_words_with_shifts(void **state)
{
	(void)state;
	static const char kaigi_no_oshirase[] =
	    "\xe4\xbc\x9a\xe8\xad\xb0\xe3\x81\xae\xe3\x81\x8a\xe7\x9f\xa5\xe3\x82\x89\xe3\x81\x9b";
	reads("=?ISO-2022-JP?B?GyRCMnE1RCROGyhC?=\r\n =?ISO-2022-JP?B?GyRCJCpDTiRpJDsbKEI=?=",
	    kaigi_no_oshirase);
	reads(
	    "=?ISO-2022-JP?B?GyRCMnE1RCROGyhC?= =?iso-2022-jp*ja?Q?=1B$B$*CN$i$;=1B(B?=", kaigi_no_oshirase);
	/* A word that is not ended goes on in the next one. */
	reads("=?iso-2022-jp?B?GyRCMnE=?= =?iso-2022-jp?B?NUQbKEI=?=", "\xe4\xbc\x9a\xe8\xad\xb0");
	reads("=?hz-gb-2312?B?fntWUE5Efn0=?= =?hz-gb-2312?B?fntWUE5Efn0=?=",
	    "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87");
	/* Each begins anew: an open run of base64, a byte order mark; unless a character was split. */
	reads("=?utf-7?B?K0FPaw==?= =?utf-7?B?K0FPaw==?=", "\xc3\xa9\xc3\xa9");
	reads("=?utf-7?Q?+AOk-?= =?utf-7?Q?+AOk-?=", "\xc3\xa9\xc3\xa9");
	reads("=?utf-16?B?//4aTw==?= =?utf-16?B?//5wiw==?=", "\xe4\xbc\x9a\xe8\xad\xb0");
	reads("=?utf-16be?B?TxqL?= =?utf-16be?B?cA==?=", "\xe4\xbc\x9a\xe8\xad\xb0");
	/* Without a word. */
	reads("\x1b$B2q5D$N$*CN$i$;\x1b(B", kaigi_no_oshirase);
	reads("Re: \x1b$B2q5D\x1b(B (1)", "Re: \xe4\xbc\x9a\xe8\xad\xb0 (1)");
	reads("\x1b$B2q5D\x1b(B\r\n \x1b$B2q5D\x1b(B =?iso-2022-jp?B?GyRCMnE1RBsoQg==?=",
	    "\xe4\xbc\x9a\xe8\xad\xb0 \xe4\xbc\x9a\xe8\xad\xb0 \xe4\xbc\x9a\xe8\xad\xb0");
	/* Labels that nobody knows, or that are untrue. */
	reads("=?win-1251?Q?=CF=F0=E8=E2=E5=F2?= =?koi8-ru?Q?=F0=D2=C9=D7=C5=D4?= =?ansi?Q?=E4?= "
	      "=?iso8859-9?Q?=93x=94?= =?cn-big5?B?pKSk5Q==?=",
	    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"
	    "\xc3\xa4\xe2\x80\x9cx\xe2\x80\x9d\xe4\xb8\xad\xe6\x96\x87");
	reads("=?iso-2022-jp?Q?=E3=81=93=E3=82=93?=", "\xe3\x81\x93\xe3\x82\x93");
	reads("=?8bit?Q?=FC?= =?8bit?Q?=C3=BC?=", "\xc3\xbc\xc3\x83\xc2\xbc");
	reads("=?utf-8?Q?caf=E9?=", "caf\xc3\xa9");
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
	/* Half a character in each word, which no join makes whole. */
	buf_clear(&text);
	buf_clear(&out);
	while (text.len < 1000000)
		buf_append(&text, VIEW("=?utf-16be?B?2AA=?= "));
	assert_int_equal(encoded_word_decode(buf_view(&text), &out), 0);
	assert_int_equal(out.len, text.len / 20 * 3);
	buf_done(&text);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_encoded_words),
	    cmocka_unit_test(reads_what_programs_write),
	    cmocka_unit_test(joins_words_with_shifts),
	    cmocka_unit_test(writes_words_that_read_back),
	    cmocka_unit_test(ends_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
