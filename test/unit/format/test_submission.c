#include "../unit.h"

#include "format/submission.h"

/* What comes out, "|" where the header ends, what follows; and the filter after it. */
static struct header_filter filters(const char *text, unsigned drop, const char *expected)
{
	struct header_filter f = {0};
	struct view in = view_from_string(text);
	for (size_t piece = 1; piece <= in.len + 1; piece++) {
		struct buf out;
		buf_init(&out, 10000);
		header_filter_init(&f, drop);
		size_t at = 0;
		while (at < in.len && !f.ended) {
			size_t n;
			assert_int_equal(
			    header_filter_feed(&f, view_take(view_skip(in, at), piece), &n, &out), 0);
			assert_true(n > 0);
			at += n;
		}
		assert_int_equal(header_filter_end(&f, &out), 0);
		buf_append_byte(&out, '|');
		buf_append(&out, header_filter_held(&f));
		buf_append(&out, view_skip(in, at));
		assert_string_equal(buf_string(&out), expected);
		buf_done(&out);
	}
	return f;
}

static void passes_headers(void **state)
{
	(void)state;
	struct header_filter f = filters("From: a\r\nDate: b\r\n c\r\n\r\nBcc: d\r\n", DROP_BCC,
	    "From: a\r\nDate: b\r\n c\r\n|\r\nBcc: d\r\n");
	assert_true(f.has_from && f.has_date && !f.has_message_id && f.blank_line);
	f = filters("Received: a\nreceived: b\nDelivered-To: c\nMESSAGE-ID: <d>\nMIME-Version : 1.0\n\n", 0,
	    "Received: a\nreceived: b\nDelivered-To: c\nMESSAGE-ID: <d>\nMIME-Version : 1.0\n|\n");
	assert_int_equal(f.received, 2);
	assert_int_equal(f.delivered_to, 1);
	assert_true(f.has_message_id && f.has_mime_version);
	f = filters("From: a\r\nno field\r\nBcc: x\r\n", DROP_BCC, "From: a\r\n|no field\r\nBcc: x\r\n");
	assert_false(f.blank_line);
	f = filters("From: a", 0, "From: a|");
	assert_true(f.has_from);
	f = filters("", 0, "|");
	f = filters("\r\nbody", 0, "|\r\nbody");
	assert_true(f.blank_line);
	f = filters("Dates: x\r\nDat", 0, "Dates: x\r\n|Dat");
	assert_false(f.has_date);
}

static void drops_fields(void **state)
{
	(void)state;
	struct header_filter f =
	    filters("From: a\r\nBcc: b,\r\n c\r\n\td\r\nTo: e\r\nresent-bcc : f\r\n\r\nx", DROP_BCC,
	        "From: a\r\nTo: e\r\n|\r\nx");
	assert_int_equal(f.dropped, 17 + 16);
	filters("Bcc:\r\nBcc: x\r\nReturn-Path: <y>\r\n\r\n", DROP_BCC | DROP_RETURN_PATH, "|\r\n");
	filters("Bcc: x\r\n\r\n", 0, "Bcc: x\r\n|\r\n");
	filters("X: y\r\nBcc: x", DROP_BCC, "X: y\r\n|");
	filters("Bcc2: x\r\n\r\n", DROP_BCC, "Bcc2: x\r\n|\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passes_headers),
	    cmocka_unit_test(drops_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
