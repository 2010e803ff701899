/* What may be shown, and what it becomes otherwise. */
#include "../unit.h"

#include "base/show.h"
#include "base/utf8.h"

#define REPLACED "\xef\xbf\xbd"

static void shows(int (*how)(struct buf *, struct view), struct view text, const char *expected)
{
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(how(&out, text), 0);
	assert_view(buf_view(&out), expected);
	buf_done(&out);
}

static void keeps(const char *text)
{
	assert_true(show_is_plain(view_from_string(text)));
	shows(show_line, view_from_string(text), text);
	shows(show_title, view_from_string(text), text);
	shows(show_text, view_from_string(text), text);
}

/* Letters of all scripts and emoji stay as they are. */
static void keeps_what_people_write(void **state)
{
	(void)state;
	static const char *const texts[] = {"", " ", "plain ~!",
	    "Gr\xc3\xbc\xc3\x9f"
	    "e",
	    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "\xce\x93\xce\xb5\xce\xb9\xce\xb1",
	    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x80\xe8\xaa\x9e", "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
	    "\xe0\xa4\xb9\xe0\xa4\xbf",
	    "no\xc2\xa0"
	    "break",
	    /* Persian with ZWNJ: mi-khaham; Malayalam with ZWJ at the end of a word; Devanagari's explicit
	       half letter */
	    "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85",
	    "\xe0\xb4\xa8\xe0\xb5\x8d\xe2\x80\x8d \xe0\xb4\xa8",
	    "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7",
	    /* Mongolian with a free variation selector */
	    "\xe1\xa0\xa0\xe1\xa0\x8b\xe1\xa0\xa0",
	    /* woman, ZWJ, laptop; heart, selector, ZWJ, fire; thumb with a skin; the key 1; England's flag;
	       copyright as emoji */
	    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	    "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5", "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
	    "1\xef\xb8\x8f\xe2\x83\xa3",
	    "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81\xae\xf3\xa0\x81\xa7"
	    "\xf3\xa0\x81\xbf!",
	    "\xc2\xa9\xef\xb8\x8f",
	    /* an ideographic variant of a name */
	    "\xe8\x91\x9b\xf3\xa0\x84\x80"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		keeps(texts[i]);
}

/* Each control, and each thing that no line or name of ours may hold. */
static void never_lets_through(void **state)
{
	(void)state;
	static const int32_t single[] = {0x7f, 0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d,
	    0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202d, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f, 0x3164,
	    0xfdd0, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffe, 0xffff, 0x1d173, 0x1fffe, 0xe0001, 0xe0041,
	    0xe007f, 0xe0100, 0xe0fff, 0x10ffff};
	struct buf text;
	buf_init(&text, 64);
	for (int32_t c = 0; c < 0xa0 + (int32_t)(sizeof single / sizeof single[0]); c++) {
		int32_t what = c < 0xa0 ? c : single[c - 0xa0];
		if (what >= ' ' && what < 0x7f)
			continue;
		struct buf shown;
		buf_init(&shown, 64);
		buf_clear(&text);
		buf_append_byte(&text, 'a');
		utf8_append(&text, what);
		buf_append_byte(&text, 'b');
		assert_false(show_is_plain(buf_view(&text)));
		bool blank = what == '\t' || what == '\n' || what == '\r' || what == 0x2028 || what == 0x2029;
		shows(show_line, buf_view(&text), blank ? "a b" : "a?b");
		assert_int_equal(show_text(&shown, buf_view(&text)), 0);
		assert_true(show_is_plain(buf_view(&shown)) || view_equal(buf_view(&shown), VIEW("a\nb")) ||
		            view_equal(buf_view(&shown), VIEW("a\tb")));
		assert_false(blank && !show_is_plain(buf_view(&shown)) && buf_view(&shown).len != 3);
		buf_done(&shown);
	}
	buf_done(&text);
}

static void takes_what_is_not_utf8(void **state)
{
	(void)state;
	shows(show_line, VIEW("a\xff\xc2z\xe2\x80"), "a??z??");
	shows(show_text, VIEW("a\xffz"), "a" REPLACED "z");
	/* C1 as bare octets, as an 8-bit terminal takes them */
	shows(show_line,
	    VIEW("\x9b"
	         "2J"),
	    "?2J");
	shows(show_ascii, VIEW("f\xc3\xbcr \xff\x1b"), "f?r ??");
	shows(show_ascii, VIEW("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"), "???");
}

static void reads_as_text_or_as_a_line(void **state)
{
	(void)state;
	const struct view text = VIEW("a\r\nb\nc\rd\te\xe2\x80\xa8"
	                              "f\xe2\x80\xa9g");
	shows(show_text, text, "a\nb\nc\nd\te\nf\ng");
	shows(show_line, text, "a b c d e f g");
	shows(show_title, text, "a b c d e f g");
	/* A text is read without what is invisible; a value shows that something is there. */
	const struct view override = VIEW("invoice\xe2\x80\xaegpj.exe"),
	                  hidden = VIEW("pay\xe2\x80\x8bpal\xef\xbb\xbf");
	shows(show_text, override, "invoicegpj.exe");
	shows(show_line, override, "invoice?gpj.exe");
	shows(show_title, hidden, "paypal");
	shows(show_line, hidden, "pay?pal?");
	shows(show_title, VIEW("\x1b[2Jx\xc2\x9bm"), REPLACED "[2Jx" REPLACED "m");
}

/* Joiners, selectors and tags are plain where they belong, once, and hide nothing. */
static void bounds_what_has_no_shape(void **state)
{
	(void)state;
	shows(show_line, VIEW("pay\xe2\x80\x8cpal"), "pay?pal"); /* between ASCII */
	shows(show_line, VIEW("\xd0\xb0\xe2\x80\x8d\xd0\xb1"),
	    "\xd0\xb0?\xd0\xb1"); /* Cyrillic joins nothing */
	shows(show_line, VIEW("\xd0\xb0\xef\xb8\x8f\xd0\xb1"), "\xd0\xb0?\xd0\xb1");
	shows(show_line, VIEW("\xe1\xbc\x80\xe2\x80\x8d"), "\xe1\xbc\x80?"); /* nor Greek's extensions */
	shows(show_line, VIEW("\xd9\x85\xe2\x80\x8c\xe2\x80\x8c\xd9\x85"), "\xd9\x85\xe2\x80\x8c?\xd9\x85");
	shows(show_line, VIEW("\xe2\x9d\xa4\xef\xb8\x8f\xef\xb8\x8f"), "\xe2\x9d\xa4\xef\xb8\x8f?");
	shows(show_line, VIEW("\xe2\x80\x8d\xe2\x9d\xa4"), "?\xe2\x9d\xa4");
	/* A flag's tags without a flag; and more of them than a flag has. */
	shows(show_line, VIEW("x\xf3\xa0\x81\xa7"), "x?");
	struct buf text;
	buf_init(&text, 1000);
	utf8_append(&text, 0x1f3f4);
	for (int i = 0; i < 20; i++)
		utf8_append(&text, 0xe0061);
	struct buf shown;
	buf_init(&shown, 1000);
	assert_int_equal(show_line(&shown, buf_view(&text)), 0);
	assert_int_equal(buf_view(&shown).len, 4 + 7 * 4 + 13);
	buf_done(&shown);
	buf_done(&text);
}

/* What may be kept: all that is written, and nothing that ends a line or drives a terminal. */
static void knows_a_value(void **state)
{
	(void)state;
	static const char *const good[] = {"", "a b", "j\xc3\xb6", "a\xe2\x80\x8bz", "\xd7\xa9\xe2\x80\x8f"};
	static const char *const bad[] = {
	    "a\nb", "a\tb", "\r", "\x7f", "\xc2\x9b", "\xc2\x85", "\xe2\x80\xa8", "\xff", "a\xc3"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(show_is_value(view_from_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(show_is_value(view_from_string(bad[i])));
}

static void says_when_there_is_no_room(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4);
	assert_int_not_equal(show_line(&out, VIEW("abc\x01"
	                                          "de")),
	    0);
	assert_true(buf_failed(&out));
	buf_done(&out);
}

/* Whatever is shown once is shown alike again. */
static void what_was_shown_stays(void **state)
{
	(void)state;
	uint32_t seed = 7;
	for (int round = 0; round < 20000; round++) {
		static const int32_t some[] = {'a', '1', ' ', '\n', 0x1b, 0x9b, 0x202e, 0x200d, 0xfe0f, 0x627,
		    0x1f3f4, 0xe0061, 0x4e00, 0xfffe};
		struct buf text, once, twice;
		buf_init(&text, 100);
		buf_init(&once, 400);
		buf_init(&twice, 400);
		for (int i = 0; i < 8; i++) {
			seed = seed * 1664525 + 1013904223;
			uint32_t n = seed >> 16;
			if (n % 15 == 14)
				buf_append_byte(&text, (char)(0x80 | n >> 8));
			else
				utf8_append(&text, some[n % 15]);
		}
		assert_int_equal(show_line(&once, buf_view(&text)), 0);
		assert_true(show_is_plain(buf_view(&once)));
		assert_int_equal(show_line(&twice, buf_view(&once)), 0);
		assert_true(view_equal(buf_view(&once), buf_view(&twice)));
		buf_done(&text);
		buf_done(&once);
		buf_done(&twice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_what_people_write),
	    cmocka_unit_test(never_lets_through),
	    cmocka_unit_test(takes_what_is_not_utf8),
	    cmocka_unit_test(reads_as_text_or_as_a_line),
	    cmocka_unit_test(bounds_what_has_no_shape),
	    cmocka_unit_test(knows_a_value),
	    cmocka_unit_test(says_when_there_is_no_room),
	    cmocka_unit_test(what_was_shown_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
