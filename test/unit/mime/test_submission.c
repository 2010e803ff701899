#include "../unit.h"

#include <stdio.h>

#include "mime/submission.h"

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
		bool ended = false;
		while (at < in.len && !f.over) {
			size_t n;
			assert_int_equal(
			    header_filter_feed(&f, view_take(view_skip(in, at), piece), &n, &out), 0);
			assert_true(n > 0);
			at += n;
			if (f.ended && !ended) {
				buf_append_byte(&out, '|');
				buf_append(&out, header_filter_held(&f));
				ended = true;
			}
		}
		assert_int_equal(header_filter_end(&f, &out), 0);
		assert_true(f.ended && f.over);
		if (!ended) {
			buf_append_byte(&out, '|');
			buf_append(&out, header_filter_held(&f));
		}
		buf_append(&out, view_skip(in, at));
		assert_string_equal(buf_string(&out), expected);
		buf_done(&out);
		header_filter_done(&f);
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
	f = filters("From: a\r\nno field\r\nnor this\r\n", 0, "From: a\r\n|no field\r\nnor this\r\n");
	assert_false(f.blank_line);
	f = filters("From: a", 0, "From: a\r\n|");
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

/* What a lenient reader takes for Bcc, though it is written in no legal way. */
static void drops_bcc_in_any_form(void **state)
{
	(void)state;
	static const char *const forms[] = {"Bcc:s@x.test\r\n", "Bcc : s@x.test\r\n",
	    "bCC\t \t: s@x.test\r\n", "Bcc: a@x.test,\r\n s@x.test\r\n", "Bcc\r\n : s@x.test\r\n",
	    "Bcc: \r\n\ts@x.test\r\n", "Bcc: s@x.test\n",
	    "\xef\xbb\xbf"
	    "Bcc: s@x.test\r\n",
	    "Bcc\x01: s@x.test\r\n",
	    "\x0b"
	    "Bcc: s@x.test\r\n",
	    "B\x7f"
	    "cc: s@x.test\r\n",
	    "Bcc\xc2\xa0: s@x.test\r\n", "Resent-Bcc: s@x.test\r\n", "RESENT-BCC : s@x.test\r\n",
	    "this is no field\r\nBcc: s@x.test\r\n", "no field\r\nnor this\r\nX-Y: z\r\nBcc: s@x.test\r\n",
	    "X-Y: z\rBcc: s@x.test\r\n", "X-Y: z\r\rBcc: s@x.test\r\n", "\rBcc: s@x.test\r\n",
	    "Bcc; s@x.test\r\nX-Y: z\r\n", "= Bcc: s@x.test\r\nX-Y: z\r\n", ": Bcc: s@x.test\r\n"};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		/* First, among others, and last, without the blank line. */
		static const char *const frames[][2] = {
		    {"", "From: a\r\n\r\nbody"}, {"From: a\r\n", "To: b\r\n\r\nbody"}, {"From: a\r\n", ""}};
		for (size_t k = 0; k < 3; k++) {
			char text[300];
			snprintf(text, sizeof text, "%s%s%s", frames[k][0], forms[i], frames[k][1]);
			for (size_t piece = 1; piece < 60; piece += 58) {
				struct header_filter f;
				struct buf out;
				struct view in = view_from_string(text);
				bool ended = false;
				header_filter_init(&f, DROP_BCC);
				buf_init(&out, 10000);
				while (in.len && !f.over) {
					size_t n;
					assert_int_equal(
					    header_filter_feed(&f, view_take(in, piece), &n, &out), 0);
					in = view_skip(in, n);
					if (f.ended && !ended)
						buf_append(&out, header_filter_held(&f));
					ended = f.ended;
				}
				assert_int_equal(header_filter_end(&f, &out), 0);
				if (!ended)
					buf_append(&out, header_filter_held(&f));
				buf_append(&out, in);
				if (strstr(buf_string(&out), "s@x.test"))
					fail_msg("left in: %s", text);
				assert_true(f.has_from);
				buf_done(&out);
				header_filter_done(&f);
			}
		}
	}
	/* NUL in the name, which no string literal above can hold. */
	struct header_filter f;
	struct buf out;
	size_t n;
	buf_init(&out, 1000);
	header_filter_init(&f, DROP_BCC);
	assert_int_equal(header_filter_feed(&f, VIEW("B\0cc: s@x.test\r\nFrom: a\r\n\r\n"), &n, &out), 0);
	assert_string_equal(buf_string(&out), "From: a\r\n");
	header_filter_done(&f);
	buf_done(&out);
	/* Text that ends no header is looked through up to its first blank line; what is behind one is the
	 * user's own. */
	filters("Subject: x\r\ntext\r\nmore\r\n\r\nBcc: y\r\n", DROP_BCC,
	    "Subject: x\r\n|text\r\nmore\r\n\r\nBcc: y\r\n");
}

/* Addresses of a Bcc whose folding lost its blanks stand on lines of their own. */
static void drops_bcc_that_is_folded_badly(void **state)
{
	(void)state;
	static const char *const known[] = {"Bcc: a@x.test,\r\nS@x.test\r\n", "Bcc:\r\nS@x.test\r\n",
	    "Bcc: a@x.test\r\nS@x.test\r\n", "Bcc: a,\r\n\vS@x.test\r\n", ":Bcc: a,\r\n S@x.test\r\n",
	    "Bcc\r\n: S@x.test\r\n", "Bcc\r\nS@x.test\r\n", "Bcc: a,\r\nb,\r\nS@x.test\r\n",
	    "Bcc: a,\r\nb@x.test\r\n S@x.test\r\n", "Resent-Bcc: a,\r\nS@x.test\r\n",
	    "Bcc: a,\r\n\"Jane: doe\" <S@x.test>\r\n", "Bcc: a,\r\n:S@x.test\r\n",
	    "no field\r\nBcc; a,\r\nS@x.test\r\n"};
	char text[3000], expected[3000];
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		bool has_other = view_starts(view_from_string(known[i]), VIEW("no field"));
		snprintf(text, sizeof text, "From: a\r\n%sSubject: t\r\n\r\nbody", known[i]);
		snprintf(expected, sizeof expected, "From: a\r\n%sSubject: t\r\n|\r\nbody",
		    has_other ? "X-Broken-Line: no field\r\n" : "");
		filters(text, DROP_BCC, expected);
	}
	/* Nothing shows that the header goes on: what is not complete goes with what completes it. */
	static const char *const open[] = {"Bcc: a@x.test,\r\nS@x.test\r\n", "Bcc:\r\nS@x.test\r\n",
	    "Bcc: a,\r\nb,\r\nS@x.test\r\n", "Bcc: a\r\n, S@x.test\r\n", "Bcc: a,\r\nJane <\r\nS@x.test>\r\n",
	    "Bcc\r\n: S@x.test\r\n", "Bcc\r\nS@x.test\r\n"};
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		snprintf(text, sizeof text, "From: a\r\n%s\r\nbody", open[i]);
		filters(text, DROP_BCC, "From: a\r\n|\r\nbody");
		snprintf(text, sizeof text, "From: a\r\n%s", open[i]);
		filters(text, DROP_BCC, "From: a\r\n|");
	}
	filters("From: a\r\nBcc: b@x.test\r\nHello Bob,\r\nit is late\r\n\r\nx", DROP_BCC,
	    "From: a\r\n|Hello Bob,\r\nit is late\r\n\r\nx");
	filters("From: a\r\nBcc: b,\r\nS@x.test\r\nHello\r\n\r\nx", DROP_BCC, "From: a\r\n|Hello\r\n\r\nx");
	filters("From: a\r\nBcc: b,\r\n\r\nHello\r\n", DROP_BCC, "From: a\r\n|\r\nHello\r\n");
	filters(
	    "From: a\r\nSender: b,\r\nHello\r\n\r\nx", DROP_BCC | DROP_SENDER, "From: a\r\n|Hello\r\n\r\nx");
	/* A name too far from its colon. */
	for (int behind = 0; behind < 2; behind++) {
		for (int blanks = 1100; blanks < 12000; blanks *= 10) {
			struct buf in, out;
			buf_init(&in, 20000);
			buf_init(&out, 20000);
			struct header_filter f;
			size_t at = 0, n;
			buf_append_string(&in, behind ? "From: a\r\nhello\r\nBcc" : "From: a\r\nBcc");
			for (int i = 0; i < blanks; i++)
				buf_append_byte(&in, ' ');
			buf_append_string(&in, ": a,\r\n S@x.test\r\n\r\nbody");
			header_filter_init(&f, DROP_BCC);
			while (at < in.len && !f.over) {
				assert_int_equal(
				    header_filter_feed(&f, view_skip(buf_view(&in), at), &n, &out), 0);
				at += n;
			}
			buf_append(&out, header_filter_held(&f));
			assert_null(strstr(buf_string(&out), "S@x.test"));
			assert_int_equal(strstr(buf_string(&out), "hello") != NULL, behind);
			header_filter_done(&f);
			buf_done(&in);
			buf_done(&out);
		}
	}
	/* What is an empty line to some only ends nothing for the others. */
	filters("Subject: t\r\n\r\r\nBcc: S@x.test\r\n\r\nbody", DROP_BCC, "Subject: t\r\n|\r\n\r\nbody");
	filters("Subject: t\r\r\nBcc: S@x.test\r\n\r\nBcc: own", DROP_BCC, "Subject: t\r\n|\r\n\r\nBcc: own");
}

static void shows_all_readers_the_same_fields(void **state)
{
	(void)state;
	struct header_filter f;
	f = filters("\xef\xbb\xbf"
	            "From: a\r\nDate: b\r\nMessage-ID: <c>\r\n\r\nbody",
	    0, "From: a\r\nDate: b\r\nMessage-ID: <c>\r\n|\r\nbody");
	assert_true(f.has_from && f.has_date && f.has_message_id);
	f = filters("\xef\xbb\xbf\r\nFrom: a\r\n\r\n", 0, "From: a\r\n|\r\n");
	assert_true(f.has_from);
	f = filters("HTTP/1.1 200 OK\r\nDate: b\r\nSubject: c\r\n\r\nbody", 0,
	    "X-Broken-Line: HTTP/1.1 200 OK\r\nDate: b\r\nSubject: c\r\n|\r\nbody");
	assert_true(f.has_date);
	filters("A: b\r\ntwo\xe4 \r\n lines\r\nC: d\r\nTo: e\r\n\r\n", 0,
	    "A: b\r\nX-Broken-Line: two?  lines\r\nC: d\r\nTo: e\r\n|\r\n");
	filters("From joe Fri Nov 21 10:00:00 2025\nA: b\n\n", 0,
	    "X-Mailbox-Line: From joe Fri Nov 21 10:00:00 2025\r\nA: b\n|\n");
	filters(": x\r\nA: b\r\n\r\n", 0, "X-Broken-Line: : x\r\nA: b\r\n|\r\n");
	/* A continuation of nothing would continue the trace field that is put before it. */
	filters(" lost\r\n\tagain\r\nA: b\r\n\r\n", 0,
	    "X-Broken-Line:  lost\r\nX-Broken-Line: \tagain\r\nA: b\r\n|\r\n");
	filters("  To: x\r\n y\r\nA: b\r\n\r\n", 0, "To: x\r\n y\r\nA: b\r\n|\r\n");
	filters("\r\n\r\nSubject: x\r\n\r\nbody", 0, "Subject: x\r\n|\r\nbody");
	f = filters("\r\n\r\nbody\r\nSubject: x\r\n", 0, "|\r\n\r\nbody\r\nSubject: x\r\n");
	assert_true(f.blank_line);
	filters("A: b\rTo: c\r\n\r\n", 0, "A: b\r\nTo: c\r\n|\r\n");
	/* Text is no header because a line of it has a colon. */
	f = filters("Hello Bob,\r\nnote: it is late\r\n\r\nx", 0, "|Hello Bob,\r\nnote: it is late\r\n\r\nx");
	assert_false(f.blank_line);
}

/* What is held back, what is kept of broken lines, and how far a known field is looked for, have an end. */
static void keeps_its_limits(void **state)
{
	(void)state;
	struct buf in, out;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int far = 0; far < 2; far++) {
		struct header_filter f;
		size_t n, taken = 0;
		buf_clear(&in);
		buf_clear(&out);
		while (in.len < HEADER_DOUBT_MAX - 100u)
			buf_append_string(&in, "a line of text without a colon\r\n");
		for (int i = 0; i < 20 * far; i++)
			buf_append_string(&in, "and one more\r\n");
		buf_append_string(&in, "Bcc: s@x.test\r\nSubject: x\r\n\r\nbody");
		header_filter_init(&f, DROP_BCC);
		while (taken < in.len && !f.over) {
			assert_int_equal(
			    header_filter_feed(&f, view_skip(buf_view(&in), taken), &n, &out), 0);
			taken += n;
			assert_true(header_filter_held(&f).len <= HEADER_DOUBT_MAX + 2 * FIELD_NAME_MAX + 2);
		}
		assert_true(f.ended && f.over);
		assert_int_equal(f.blank_line, !far);
		assert_null(strstr(buf_string(&out), "s@x.test"));
		assert_non_null(strstr(buf_string(&out), "Subject: x\r\n"));
		header_filter_done(&f);
	}
	size_t kept = 0;
	struct header_filter f;
	size_t n;
	buf_clear(&in);
	buf_clear(&out);
	for (int i = 0; i < 100; i++)
		buf_append_string(&in, "broken\r\n");
	buf_append_string(&in, "Subject: x\r\n\r\n");
	header_filter_init(&f, 0);
	assert_int_equal(header_filter_feed(&f, buf_view(&in), &n, &out), 0);
	for (const char *at = buf_string(&out); (at = strstr(at, "X-Broken-Line: broken\r\n")) != NULL; at++)
		kept++;
	assert_int_equal(kept, HEADER_BROKEN_LINES_MAX);
	header_filter_done(&f);
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passes_headers),
	    cmocka_unit_test(drops_fields),
	    cmocka_unit_test(drops_bcc_in_any_form),
	    cmocka_unit_test(drops_bcc_that_is_folded_badly),
	    cmocka_unit_test(shows_all_readers_the_same_fields),
	    cmocka_unit_test(keeps_its_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
