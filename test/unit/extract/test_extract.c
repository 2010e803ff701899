#include "gather.h"

#include "base/mem.h"

static struct extract_file file(const char *type, const char *name, const char *bytes)
{
	return (struct extract_file){
	    .type = view_from_string(type), .name = view_from_string(name), .bytes = view_from_string(bytes)};
}

static void reads_text_in_its_charset(void **state)
{
	(void)state;
	struct extract_file f = file("text/plain", "", "Gr\xfc\xdf Gott\r\n");
	f.charset = VIEW("iso-8859-1");
	assert_text(&f, EXTRACT_ALL, "Grüß Gott \n");
	f = file("text/plain", "", "Grüß Gott");
	assert_text(&f, EXTRACT_ALL, "Grüß Gott");
	/* Two octets a character, NUL among them. */
	f.bytes = view_of("\xff\xfeH\0i\0", 6);
	f.charset = VIEW("utf-16");
	assert_text(&f, EXTRACT_ALL, "Hi");
	f.bytes = view_of("a\0b\x1b", 4);
	f.charset = VIEW("");
	assert_text(&f, EXTRACT_ALL, "a b ");
	f.bytes = VIEW("");
	assert_text(&f, EXTRACT_ALL, "");
}

static void reads_html_in_its_charset(void **state)
{
	(void)state;
	struct extract_file f =
	    file("text/html", "", "<p>Gr\xfc\xdf &amp; <b>Gott</b><script>no()</script><br>two");
	f.charset = VIEW("iso-8859-1");
	assert_text(&f, EXTRACT_ALL, "\nGrüß & Gott\ntwo");
	f = file("application/octet-stream", "a.HTML", "<meta charset='koi8-r'>\xf0\xd2\xc9\xd7\xc5\xd4");
	assert_text(&f, EXTRACT_ALL, "Привет");
	f = file("text/html", "",
	    "<meta http-equiv=\"Content-Type\" content=\"text/html; "
	    "charset=windows-1251\">\xcf\xf0\xe8\xe2\xe5\xf2");
	assert_text(&f, EXTRACT_ALL, "Привет");
}

static void believes_the_bytes_before_the_label(void **state)
{
	(void)state;
	struct extract_file f =
	    file("application/vnd.ms-excel", "sales.xls", "\xef\xbb\xbf\r\n<HTML><td>12<td>13");
	assert_text(&f, EXTRACT_ALL, "   12 13");
	f = file("text/plain", "", "BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n");
	assert_text(&f, EXTRACT_ALL, "Ada\n");
}

static void goes_by_the_name_where_the_type_says_nothing(void **state)
{
	(void)state;
	struct extract_file f = file("application/octet-stream", "notes.TXT", "a note");
	assert_text(&f, EXTRACT_ALL, "a note");
	f = file("", "notes.txt", "a note");
	assert_text(&f, EXTRACT_ALL, "a note");
	f = file("application/octet-stream", "txt", "a note");
	assert_text(&f, EXTRACT_NO_FORMAT, "");
	f = file("image/png", "a.txt", "a note");
	assert_text(&f, EXTRACT_NO_FORMAT, "");
	f = file("image/svg+xml", "", "<svg><text>Plan</text></svg>");
	assert_text(&f, EXTRACT_ALL, "Plan");
}

static void says_what_is_worth_fetching(void **state)
{
	(void)state;
	assert_true(extract_may_read(VIEW("text/x-python"), VIEW("")));
	assert_true(extract_may_read(VIEW("application/octet-stream"), VIEW("x")));
	assert_true(extract_may_read(VIEW(""), VIEW("")));
	assert_true(extract_may_read(VIEW("image/svg+xml"), VIEW("")));
	assert_false(extract_may_read(VIEW("IMAGE/png"), VIEW("a.txt")));
	assert_false(extract_may_read(VIEW("video/mp4"), VIEW("")));
}

static void bounds_what_it_tells(void **state)
{
	(void)state;
	size_t len = EXTRACT_TEXT_MAX + 100000;
	char *bytes = mem_alloc(len);
	memset(bytes, 'a', len);
	struct gathered g = {0};
	struct extract_file f = {.type = VIEW("text/plain"), .bytes = view_of(bytes, len)};
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_SOME);
	assert_int_equal(buf_view(&g.text).len, EXTRACT_TEXT_MAX);
	buf_done(&g.text);

	/* A character of two octets lies across each border. */
	f.bytes.len = 3000001;
	for (size_t i = 1; i < f.bytes.len; i += 2) {
		bytes[i] = '\xc3';
		bytes[i + 1] = '\xa4';
	}
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_ALL);
	assert_int_equal(buf_view(&g.text).len, f.bytes.len);
	buf_done(&g.text);

	f.type = VIEW("text/html");
	gather_file(&g, &f);
	assert_int_equal(g.verdict, EXTRACT_SOME);
	buf_done(&g.text);
	mem_free(bytes);
}

static void ends_when_told_to(void **state)
{
	(void)state;
	char *bytes = mem_alloc(100000);
	memset(bytes, 'a', 100000);
	for (size_t stop = 1; stop < 5; stop++) {
		struct gathered g = {.stop_after = stop};
		struct extract_file f = {.type = VIEW("text/plain"), .bytes = view_of(bytes, 100000)};
		gather_file(&g, &f);
		assert_int_equal(g.verdict, EXTRACT_STOPPED);
		assert_int_equal(g.pieces, stop);
		buf_done(&g.text);
	}
	mem_free(bytes);
}

static void says_when_memory_is_missing(void **state)
{
	(void)state;
	static const char *const types[] = {"text/plain", "text/html", "text/calendar"};
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		bool failed = false;
		for (unsigned n = 1; n < 50; n++) {
			struct gathered g = {0};
			struct extract_file f = file(types[t], "", "SUMMARY:Grüße und viel Glück\r\n");
			buf_init(&g.text, 1000);
			assert_non_null(buf_reserve(&g.text, 1000));
			mem_fail_after(n);
			enum extract_verdict v = extract_text(&f, gather_piece, &g);
			bool came = !mem_fault_pending();
			mem_fail_after(0);
			assert_int_equal(v, came ? EXTRACT_NO_MEMORY : EXTRACT_ALL);
			failed |= came;
			buf_done(&g.text);
		}
		assert_true(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_text_in_its_charset),
	    cmocka_unit_test(reads_html_in_its_charset),
	    cmocka_unit_test(believes_the_bytes_before_the_label),
	    cmocka_unit_test(goes_by_the_name_where_the_type_says_nothing),
	    cmocka_unit_test(says_what_is_worth_fetching),
	    cmocka_unit_test(bounds_what_it_tells),
	    cmocka_unit_test(ends_when_told_to),
	    cmocka_unit_test(says_when_memory_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
