#include "gather.h"

static void assert_rtf(const char *bytes, const char *expected)
{
	struct extract_file f = {.type = VIEW("application/rtf"), .bytes = view_from_string(bytes)};
	assert_text(&f, EXTRACT_ALL, expected);
}

static void reads_what_word_writes(void **state)
{
	(void)state;
	assert_rtf(
	    "{\\rtf1\\ansi\\ansicpg1252\\deff0\\deflang1031{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}"
	    "{\\f1\\fnil\\fcharset204 Arial Cyr;}}{\\colortbl ;\\red255\\green0\\blue0;}\r\n"
	    "{\\stylesheet{\\s0 Normal;}}{\\info{\\title Hidden}}{\\*\\generator Riched20;}\\viewkind4\\uc1 "
	    "\r\n"
	    "\\pard\\b Gr\\'fc\\'dfe\\b0  an {\\i alle}\\par\r\n"
	    "{\\f1\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}, \\u8364?\\u-10179?\\u-8694? \\{x\\}\\\\ a\\~b\\-c\\par\r\n"
	    "One\\cell Two\\cell\\row\r\n"
	    "{\\field{\\*\\fldinst HYPERLINK \"http://example.test\"}{\\fldrslt the link}}\\emdash\\tab end}",
	    "Grüße an alle\nПривет, €😊 {x}\\ a\xc2\xa0"
	    "bc\nOne\tTwo\t\nthe link—\tend");
}

static void reads_what_stands_for_a_character_once(void **state)
{
	(void)state;
	assert_rtf("{\\rtf1\\uc2\\u12354\\'82\\'a0b{\\uc0\\u12356}c}", "あbいc");
	assert_rtf("{\\rtf1\\u228 ab}", "äb");
	/* What stands for it ends with the group. */
	assert_rtf("{\\rtf1{\\uc9\\u228}a}", "äa");
	assert_rtf("{\\rtf1\\u65\\tab b}", "Ab");
	/* Half a pair is nobody's character. */
	assert_rtf("{\\rtf1\\u-10179?x\\u-8694?y}", "x\xef\xbf\xbdy");
}

static void reads_code_pages_of_two_bytes(void **state)
{
	(void)state;
	/* The second byte of one may be a letter, or a backslash that is written as itself. */
	assert_rtf("{\\rtf1\\ansi\\ansicpg932 \\'83A\\'83\\'41\\'93\\'fa\\'96\\{}", "アア日本");
	assert_rtf("{\\rtf1{\\fonttbl{\\f5\\fcharset134 SimSun;}}\\f5\\'c4\\'e3\\'ba\\'c3\\f0 !}", "你好!");
}

static void leaves_out_what_is_no_text(void **state)
{
	(void)state;
	assert_rtf("{\\rtf1 a{\\*\\unknown{\\b deep}}{\\*\\annotation note}{\\pict 0102{\\b x}}b}", "anoteb");
	assert_rtf("{\\rtf1 a\\bin3 }}}b}", "ab");
	assert_rtf("{\\rtf1 {\\*\\shpinst{\\sp{\\sn name}{\\sv value}}{\\shptxt box}}}", "box");
}

static void reads_what_is_broken(void **state)
{
	(void)state;
	assert_rtf("{\\rtf1 a}}}b", "ab");
	struct extract_file f = {.type = VIEW("text/plain"), .bytes = VIEW("{\\rtf1 a\\'g1{\\'")};
	assert_text(&f, EXTRACT_SOME, "ag1");
	f.bytes = VIEW("{\\rtf1");
	assert_text(&f, EXTRACT_UNREADABLE, "");
}

static void bounds_depth(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_append_string(&text, "{\\rtf1 a");
	for (size_t i = 0; i < 100000; i++)
		buf_append_byte(&text, '{');
	buf_append_string(&text, "b");
	for (size_t i = 0; i < 100000; i++)
		buf_append_byte(&text, '}');
	buf_append_string(&text, "c}");
	assert_rtf(buf_string(&text), "abc");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_word_writes),
	    cmocka_unit_test(reads_what_stands_for_a_character_once),
	    cmocka_unit_test(reads_code_pages_of_two_bytes),
	    cmocka_unit_test(leaves_out_what_is_no_text),
	    cmocka_unit_test(reads_what_is_broken),
	    cmocka_unit_test(bounds_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
