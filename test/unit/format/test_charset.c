#include "../unit.h"

#include <stdio.h>

#include "format/charset.h"
#include "format/charset_labels.h"

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
	reads("no-such", "a\xffz", "a\xc3\xbfz", true);
	reads("no-such", "\xc3\xa4", "\xc3\xa4", true);
	reads("../x", "\xe4", "\xc3\xa4", true);
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

/* Whole text: what its octets show counts, too. */
static void is_read(const char *charset, struct view bytes, const char *expected, bool defective)
{
	struct buf out;
	bool found = false;
	buf_init(&out, 10000);
	buf_append_string(&out, "before ");
	assert_int_equal(charset_to_utf8(view_from_string(charset), bytes, &out, &found), 0);
	if (strcmp(buf_string(&out) + 7, expected) != 0)
		fail_msg("%s: read as '%s'", charset, buf_string(&out) + 7);
	assert_memory_equal(buf_string(&out), "before ", 7);
	assert_int_equal(found, defective);
	buf_done(&out);
}

static void reads_shifts_that_say_nothing(void **state)
{
	(void)state;
	reads("iso-2022-jp", "\x1b$B2q5D$N\x1b(B\x1b$B$*CN$i$;\x1b(B",
	    "\xe4\xbc\x9a\xe8\xad\xb0\xe3\x81\xae\xe3\x81\x8a\xe7\x9f\xa5\xe3\x82\x89\xe3\x81\x9b", false);
	reads("iso-2022-jp", "\x1b$BK\\J8\x1b(B\x1b$B\x1b(B\x1b$B$G$9\x1b(B",
	    "\xe6\x9c\xac\xe6\x96\x87\xe3\x81\xa7\xe3\x81\x99", false);
	reads("ISO-2022-JP", "\x1b(B\x1b(J\x1b(B", "", false);
	reads("csISO2022JP", "\x1b(I1\x1b(B \x1b$B-!\x1b(B", "\xef\xbd\xb1 \xe2\x91\xa0", false);
	reads("hz-gb-2312", "~{VPND~}~{VPND~}a~~",
	    "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
	    "a~",
	    false);
	reads("hz", "~{~}x", "x", false);
	reads("iso-2022-kr",
	    "\x1b$)C\x0e"
	    "0!\x0f\x0e"
	    "0!\x0f",
	    "\xea\xb0\x80\xea\xb0\x80", false);
	reads("iso-2022-cn", "\x1b$)A\x0eVPND\x0f x", "\xe4\xb8\xad\xe6\x96\x87 x", false);
}

static void reads_byte_order_marks(void **state)
{
	(void)state;
	is_read("utf-16",
	    VIEW("\xff\xfe"
	         "A\0\xac\x20"),
	    "A\xe2\x82\xac", false);
	is_read("utf-16", VIEW("\xfe\xff\0A"), "A", false);
	is_read("utf-16", VIEW("A\0\xac\x20"), "A\xe2\x82\xac", false);
	is_read("utf-16", VIEW("\0A\x20\xac"), "A\xe2\x82\xac", false);
	is_read("utf-16", VIEW("\x20\xac"), "\xe2\x82\xac", false);
	is_read("utf-16le",
	    VIEW("\xff\xfe"
	         "A\0"),
	    "A", false);
	is_read("utf-16be",
	    VIEW("\xff\xfe"
	         "A\0"),
	    "A", false);
	is_read("utf-32",
	    VIEW("\xff\xfe\0\0"
	         "A\0\0\0\xac\x20\0\0"),
	    "A\xe2\x82\xac", false);
	is_read("utf-16",
	    VIEW("\xff\xfe\0\0"
	         "A\0\0\0\xac\x20\0\0"),
	    "A\xe2\x82\xac", false);
	is_read("utf-8", VIEW("\xff\xfe\0\0\0\xf6\1\0"), "\xf0\x9f\x98\x80", false);
	is_read("", VIEW("\0\0\xfe\xff\0\0\0A\0\0\x20\xac"), "A\xe2\x82\xac", false);
	is_read("windows-1252", VIEW("\xff\xfe"), "", false);
	is_read("windows-1252",
	    VIEW("\xff\xfd"
	         "b"),
	    "\xc3\xbf\xc3\xbd"
	    "b",
	    false);
	is_read("utf-16", VIEW("A"), "\xef\xbf\xbd", true);
	is_read("utf-16", VIEW(""), "", false);
	is_read("windows-1252", VIEW("\xef\xbb\xbf\xc3\xa4"), "\xc3\xa4", true); /* the label is wrong */
	is_read("utf-8",
	    VIEW("\xef\xbb\xbf"
	         "a"),
	    "a", false);
	is_read("", VIEW("\xef\xbb\xbf"), "", false);
	is_read("utf-8", VIEW("\xef\xbb"), "\xc3\xaf\xc2\xbb", true);
	reads("utf-8", "a\xef\xbb\xbf", "a\xef\xbb\xbf", false);
	reads("utf-8", "\xef\xbb\xbf\xef\xbb\xbfx", "\xef\xbb\xbfx", false);
}

static void doubts_labels(void **state)
{
	(void)state;
	/* 7-bit charsets hold no octet above 7F. */
	static const char konnichiwa[] = "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf";
	static const char *const seven_bit[] = {"iso-2022-jp", "iso-2022-kr", "hz-gb-2312", "iso-2022-cn",
	    "utf-7", "us-ascii", "no-such", "euc-jp", "windows-1251", "koi8-r"};
	for (size_t i = 0; i < sizeof seven_bit / sizeof seven_bit[0]; i++)
		is_read(seven_bit[i], VIEW(konnichiwa), konnichiwa, strcmp(seven_bit[i], "us-ascii") != 0);
	is_read("iso-2022-jp", VIEW("\xb2\xf1\xb5\xc4"), "\xe4\xbc\x9a\xe8\xad\xb0", true);
	is_read("iso-2022-jp", VIEW("\x82\xb1\x82\xf1"), "\xe3\x81\x93\xe3\x82\x93", true);
	is_read("hz-gb-2312", VIEW("\xd6\xd0"), "\xe4\xb8\xad", true);
	is_read("iso-2022-jp", VIEW("\xff"), "\xef\xbf\xbd", true);
	/* Nothing of what is called UTF-8 is: it is what such programs write else. With any of it, it is
	 * broken. */
	is_read("utf-8", VIEW("caf\xe9 \x80"), "caf\xc3\xa9 \xe2\x82\xac", true);
	is_read("utf-8", VIEW("\xc3\xa4 \xe9"), "\xc3\xa4 \xef\xbf\xbd", true);
	/* One character may be two of an 8-bit charset; more are none. */
	is_read("iso-8859-1", VIEW("\xc3\xa4"), "\xc3\x83\xc2\xa4", false);
	is_read("iso-8859-1", VIEW("\xc3\xa4\xc3\xb6"), "\xc3\xa4\xc3\xb6", true);
	is_read(
	    "iso-8859-1", VIEW("\xc3\xa4\xc3\xb6\xe4"), "\xc3\x83\xc2\xa4\xc3\x83\xc2\xb6\xc3\xa4", false);
	/* Escapes of ISO-2022-JP tell what it is. */
	is_read("", VIEW("\x1b$B2q5D\x1b(B"), "\xe4\xbc\x9a\xe8\xad\xb0", true);
	is_read("us-ascii", VIEW("\x1b[2J"), "\x1b[2J", false);
}

static void reads_labels_of_all_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *labels, *bytes, *text;
	} groups[] = {
	    {"windows-1251 win-1251 win1251 cp1251 CP-1251 x-cp1251 windows1251 windows_1251 ansi-1251 1251 "
	     "x-windows-1251 ms-1251 \"windows-1251\"",
	        "\xcf\xf0", "\xd0\x9f\xd1\x80"},
	    {"koi8-r koi koi8 KOI8_R cskoi8r koi8r koi8-ru koi8-u cp20866 cp21866", "\xf0\xd2",
	        "\xd0\x9f\xd1\x80"},
	    {"ansi x-ansi iso-latin-1 iso8859-1 ISO_8859-1:1987 l1 latin1 latin-1 cp819 iso-8859_1 8859-1 "
	     "iso88591 x-iso-8859-1 cp1252 windows-1252",
	        "\x80\xe4", "\xe2\x82\xac\xc3\xa4"},
	    {"iso-8859-9 iso8859-9 latin5 l5 windows-1254 cp1254 iso-ir-148 iso88599", "\x93\xf0",
	        "\xe2\x80\x9c\xc4\x9f"},
	    {"iso-8859-11 dos-874 tis-620 tis620 windows-874 cp874", "\xa4", "\xe0\xb8\x84"},
	    {"x-mac-ukrainian x-mac-cyrillic cp10007", "\xe4", "\xd0\xb4"},
	    {"cn-big5 big5 x-x-big5 big5-hkscs csbig5 cp950 big-5", "\xa4\xa4\xa4\xe5",
	        "\xe4\xb8\xad\xe6\x96\x87"},
	    {"chinese iso-ir-58 euc-cn gb_2312 csgb2312 gb2312 gb_2312-80 gbk x-gbk gb18030 cp936 GB-2312 "
	     "csiso58gb231280",
	        "\xd6\xd0\x95\x32\x82\x36", "\xe4\xb8\xad\xf0\xa0\x80\x80"},
	    {"euc-kr korean ks_c_5601-1987 ksc5601 windows-949 cp949 ks_c_5601 uhc iso-ir-149",
	        "\xb0\xa1\x81\x41", "\xea\xb0\x80\xea\xb0\x82"},
	    {"shift_jis sjis x-sjis ms_kanji windows-31j cp932 shift-jis csshiftjis ms932",
	        "\x82\xb1\x87\x40", "\xe3\x81\x93\xe2\x91\xa0"},
	    {"euc-jp x-euc-jp cseucpkdfmtjapanese ujis cp51932", "\xb2\xf1", "\xe4\xbc\x9a"},
	    {"iso-2022-jp csiso2022jp jis cp50220 iso-2022-jp-ms", "\x1b$B2q\x1b(B", "\xe4\xbc\x9a"},
	    {"iso-8859-16 latin10 iso8859-16", "\xba\xa4\x41",
	        "\xc8\x99\xe2\x82\xac"
	        "A"},
	    {"iso-8859-15 latin9 l9 iso885915 cp28605", "\xa4", "\xe2\x82\xac"},
	    {"iso-8859-2 latin2 l2 iso_8859-2:1987 iso-ir-101", "\xb1", "\xc4\x85"},
	    {"iso-8859-8-i logical visual hebrew iso-8859-8-e windows-1255", "\xe0", "\xd7\x90"},
	    {"arabic asmo-708 ecma-114 iso-8859-6-e", "\xc7", "\xd8\xa7"},
	    {"greek sun_eu_greek elot_928 windows-1253", "\xe1", "\xce\xb1"},
	    {"866 cp866 ibm866 csibm866", "\x80", "\xd0\x90"},
	    {"macintosh mac x-mac-roman csmacintosh macroman", "\x8a", "\xc3\xa4"},
	    {"utf-8 utf8 UTF_8 unicode-1-1-utf-8 unicode11utf8 x-unicode20utf8 cp65001 utf8mb4 charset=utf-8 "
	     "'utf-8'",
	        "\xc3\xa4 \xc3\xb6", "\xc3\xa4 \xc3\xb6"},
	    {"utf-7 unicode-1-1-utf-7 csunicode11utf7", "+AOk-", "\xc3\xa9"},
	    {"cp437 ibm437", "\x84", "\xc3\xa4"},
	};
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		struct view rest = view_from_string(groups[i].labels), label;
		while (view_next(&rest, ' ', &label)) {
			char name[100];
			snprintf(name, sizeof name, "%.*s", VIEW_FMT(label));
			is_read(name, view_from_string(groups[i].bytes), groups[i].text, false);
		}
	}
	/* These say nothing, or nobody knows them: UTF-8, else windows-1252. */
	static const char *const nothing[] = {"8bit", "7bit", "unknown", "x-unknown", "unknown-8bit",
	    "us-ascii", "ansi_x3.4-1968", "no-such", "none", "x-user-defined", "replacement", "=", "\xe4"};
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		is_read(nothing[i], VIEW("\xfc"), "\xc3\xbc", true);
		reads(nothing[i], "\xc3\xbc", "\xc3\xbc",
		    strcmp(nothing[i], "no-such") == 0 || strchr("=\xe4", nothing[i][0]) != NULL);
	}
}

/* Every label of the standard, in the order of search, with a converter behind it. */
static void knows_the_whole_table(void **state)
{
	(void)state;
	const struct charset_label *row, *last = NULL;
	size_t n = 0;
	assert_int_equal(charset_labels_standard(), 228);
	for (; (row = charset_label_at(n)) != NULL; n++) {
		if (last && n != charset_labels_standard())
			assert_true(strcmp(last->label, row->label) < 0);
		last = row;
		assert_true(strlen(row->label) < CHARSET_LABEL_MAX);
		assert_string_equal(charset_meaning(view_from_string(row->label)), row->meaning);
		struct charset_decoder *d = charset_decoder_new(view_from_string(row->label));
		assert_false(charset_decoder_defective(d));
		charset_decoder_free(d);
	}
	assert_true(n > 228);
	char longest[200];
	memset(longest, 'x', sizeof longest);
	assert_null(charset_meaning(view_of(longest, sizeof longest)));
	assert_null(charset_meaning(view_of(longest, CHARSET_LABEL_MAX - 1)));
	assert_null(charset_meaning(VIEW("---")));
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
	    cmocka_unit_test(reads_shifts_that_say_nothing),
	    cmocka_unit_test(reads_byte_order_marks),
	    cmocka_unit_test(doubts_labels),
	    cmocka_unit_test(reads_labels_of_all_kinds),
	    cmocka_unit_test(knows_the_whole_table),
	    cmocka_unit_test(fills_any_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
