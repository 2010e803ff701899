/* Sections of a message: their names, and where they lie. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "mime/section.h"

static const char message[] =
    "Subject: all\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\none\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntwo\r\n--b--\r\n";

/* What the section shows of the message behind this prefix; "-": nothing. */
static const char *shown(const char *name, const char *prefix)
{
	static char text[1000], out[1000];
	struct mime_section section;
	struct mime_extent extent;
	struct mime_parser *parser = mime_parser_new();
	snprintf(text, sizeof text, "%s%s", prefix, message);
	mime_parser_feed(parser, view_from_string(message));
	struct mime_form form = {
	    .tree = mime_parser_end(parser), .prefix_len = strlen(prefix), .size = strlen(text)};
	assert_true(mime_section_parse(view_from_string(name), &section));
	if (mime_section_find(&section, &form, &extent))
		snprintf(out, sizeof out, "%.*s", (int)extent.len, text + extent.offset);
	else
		snprintf(out, sizeof out, "-");
	mime_parser_free(parser);
	return out;
}

static void sections_lie_where_they_are_named(void **state)
{
	(void)state;
	assert_string_equal(shown("", ""), message);
	assert_string_equal(shown("HEADER", "X: y\r\n"),
	    "X: y\r\nSubject: all\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
	assert_string_equal(shown("text", "X: y\r\n"), strstr(message, "--b"));
	assert_string_equal(shown("1", "X: y\r\n"), "one");
	assert_string_equal(shown("1.MIME", ""), "Content-Type: text/plain\r\n\r\n");
	assert_string_equal(shown("2.HEADER", "X: y\r\n"), "Subject: inner\r\n\r\n");
	assert_string_equal(shown("2.TEXT", ""), "two");
	assert_string_equal(shown("1.TEXT", ""), "-");
	assert_string_equal(shown("3", ""), "-");
}

static void what_is_no_section_is_refused(void **state)
{
	static const char *const wrong[] = {"MIME", "0", "1.0", "1.", ".1", ".TEXT", "1TEXT", "1..2",
	    "1.HEADER.", "HEADER.FIELDS (SUBJECT)", "TEXTS", "99999999999", "1.TEXT.1", " 1"};
	struct mime_section section = {.text = MIME_SECTION_TEXT};
	char deep[400];
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (mime_section_parse(view_from_string(wrong[i]), &section))
			fail_msg("%s is a section", wrong[i]);
	memset(deep, '1', sizeof deep);
	for (size_t i = 1; i < sizeof deep; i += 2)
		deep[i] = '.';
	assert_false(mime_section_parse(view_of(deep, sizeof deep - 1), &section));
	assert_int_equal(section.text, MIME_SECTION_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sections_lie_where_they_are_named),
	    cmocka_unit_test(what_is_no_section_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
