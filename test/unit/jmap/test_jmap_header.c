/* Header fields as JMAP shows them: RFC 8621 section 4.1.2. */
#include "../unit.h"

#include "jmap/jmap_header.h"

static void says(enum header_form form, const char *body, const char *expected)
{
	struct buf out;
	struct jmap_scratch s;
	buf_init(&out, 1 << 20);
	jmap_scratch_init(&s);
	struct json_out w = json_out_on(&out);
	jmap_header_write(&w, &s, form, view_from_string(body));
	assert_string_equal(buf_string(&out), expected);
	jmap_scratch_done(&s);
	buf_done(&out);
}

static void raw_is_as_it_stands(void **state)
{
	(void)state;
	says(HEADER_FORM_RAW, " one\r\n\ttwo =?utf-8?q?x?=", "\" one\\r\\n\\ttwo =?utf-8?q?x?=\"");
	says(HEADER_FORM_RAW, " caf\xe9", "\" caf\xef\xbf\xbd\"");
	says(HEADER_FORM_RAW, "", "\"\"");
	struct buf out;
	struct jmap_scratch s;
	buf_init(&out, 1000);
	jmap_scratch_init(&s);
	struct json_out w = json_out_on(&out);
	jmap_header_write(&w, &s, HEADER_FORM_RAW, VIEW("a\0b\0"));
	assert_string_equal(buf_string(&out), "\"ab\"");
	jmap_scratch_done(&s);
	buf_done(&out);
}

static void text_is_decoded(void **state)
{
	(void)state;
	says(HEADER_FORM_TEXT, "  Hello \r\n world ", "\"Hello  world\"");
	says(HEADER_FORM_TEXT,
	    " =?ISO-8859-1?Q?caf=E9?= =?utf-8?B?IOKCrA==?=", "\"caf\xc3\xa9 \xe2\x82\xac\"");
	/* A letter and the accent that belongs on it become one character. */
	says(HEADER_FORM_TEXT, "cafe\xcc\x81", "\"caf\xc3\xa9\"");
	/* What an encoded word brings of control characters goes. */
	says(HEADER_FORM_TEXT, "=?utf-8?Q?a=00b=0D=0Ac=07d?=", "\"abcd\"");
	says(HEADER_FORM_TEXT, "\xe4\xf6", "\"\xc3\xa4\xc3\xb6\"");
	says(HEADER_FORM_TEXT, "", "\"\"");
}

/* Longer than what is normalised at once: cut where nothing joins. */
static void a_long_text_is_normalised(void **state)
{
	struct buf body, out;
	struct jmap_scratch s;
	(void)state;
	buf_init(&body, 1 << 20);
	buf_init(&out, 1 << 20);
	jmap_scratch_init(&s);
	for (int i = 0; i < 9000; i++)
		buf_append_string(&body, "e\xcc\x81");
	struct view text = jmap_header_text(&s, buf_view(&body));
	assert_int_equal(text.len, 18000);
	for (size_t i = 0; i < text.len; i += 2)
		assert_memory_equal(text.data + i, "\xc3\xa9", 2);
	jmap_scratch_done(&s);
	buf_done(&out);
	buf_done(&body);
}

/* The example of section 4.1.2.3. */
static void addresses_are_read(void **state)
{
	(void)state;
	const char *body = " \"  James Smythe\" <james@example.com>, Friends:\r\n  jane@example.com, "
	                   "=?UTF-8?Q?John_Sm=C3=AEth?=\r\n  <john@example.com>;";
	says(HEADER_FORM_ADDRESSES, body,
	    "[{\"name\":\"James Smythe\",\"email\":\"james@example.com\"},"
	    "{\"name\":null,\"email\":\"jane@example.com\"},"
	    "{\"name\":\"John Sm\xc3\xaeth\",\"email\":\"john@example.com\"}]");
	says(HEADER_FORM_GROUPED_ADDRESSES, body,
	    "[{\"name\":null,\"addresses\":[{\"name\":\"James Smythe\",\"email\":\"james@example.com\"}]},"
	    "{\"name\":\"Friends\",\"addresses\":[{\"name\":null,\"email\":\"jane@example.com\"},"
	    "{\"name\":\"John Sm\xc3\xaeth\",\"email\":\"john@example.com\"}]}]");
	says(HEADER_FORM_GROUPED_ADDRESSES, "a@x, Empty:;, b@x",
	    "[{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"a@x\"}]},"
	    "{\"name\":\"Empty\",\"addresses\":[]},"
	    "{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"b@x\"}]}]");
	says(HEADER_FORM_ADDRESSES, "joe@example.com (Joe)",
	    "[{\"name\":\"Joe\",\"email\":\"joe@example.com\"}]");
	says(HEADER_FORM_ADDRESSES, "\"a b\"@x", "[{\"name\":null,\"email\":\"\\\"a b\\\"@x\"}]");
	says(HEADER_FORM_ADDRESSES, "", "[]");
	says(HEADER_FORM_GROUPED_ADDRESSES, "", "[]");
}

static void identifiers_are_read(void **state)
{
	(void)state;
	says(HEADER_FORM_MESSAGE_IDS, " <a@x> (why) <b\r\n @y>", "[\"a@x\",\"b@y\"]");
	says(HEADER_FORM_MESSAGE_IDS, " none at all", "null");
	says(HEADER_FORM_MESSAGE_IDS, "", "null");
}

static void dates_are_read(void **state)
{
	(void)state;
	says(HEADER_FORM_DATE, " Fri, 21 Nov 1997 09:55:06 -0600", "\"1997-11-21T09:55:06-06:00\"");
	says(HEADER_FORM_DATE, " Fri, 21 Nov 1997 09:55:06 +0000", "\"1997-11-21T09:55:06Z\"");
	says(HEADER_FORM_DATE, " yesterday", "null");
}

static void urls_are_read(void **state)
{
	(void)state;
	says(HEADER_FORM_URLS,
	    " <mailto:list@host.com?subject=help> (List <Instructions>),\r\n <https://x/\r\n y>",
	    "[\"mailto:list@host.com?subject=help\",\"https://x/y\"]");
	says(HEADER_FORM_URLS, " NO (posting not allowed)", "null");
	says(HEADER_FORM_URLS, " <https://x", "null");
}

static void property(const char *name, const char *expected)
{
	struct view header = VIEW("X-A: one\r\nSubject: s\r\nx-a: two\r\n\r\n");
	struct header_property p;
	struct buf out;
	struct jmap_scratch s;
	assert_int_equal(header_property_parse(view_from_string(name), &p), 0);
	buf_init(&out, 1000);
	jmap_scratch_init(&s);
	struct json_out w = json_out_on(&out);
	jmap_header_property_write(&w, &s, &p, header);
	assert_string_equal(buf_string(&out), expected);
	jmap_scratch_done(&s);
	buf_done(&out);
}

static void the_last_field_counts(void **state)
{
	(void)state;
	property("header:X-A", "\" two\"");
	property("header:x-a:asText:all", "[\"one\",\"two\"]");
	property("header:X-B", "null");
	property("header:X-B:asText:all", "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(raw_is_as_it_stands),
	    cmocka_unit_test(text_is_decoded),
	    cmocka_unit_test(a_long_text_is_normalised),
	    cmocka_unit_test(addresses_are_read),
	    cmocka_unit_test(identifiers_are_read),
	    cmocka_unit_test(dates_are_read),
	    cmocka_unit_test(urls_are_read),
	    cmocka_unit_test(the_last_field_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
