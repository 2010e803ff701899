#include "../unit.h"

#include "format/header.h"
#include "format/limits.h"

/* The fields as "name=body;", then "|", "!" when defective, and what is left: the body. */
static void reads(const char *text, const char *expected)
{
	struct buf seen;
	struct header_field field;
	struct view block = view_from_string(text);
	struct header_reader r = header_read(block);
	buf_init(&seen, 10000);
	while (header_next(&r, &field)) {
		buf_printf(&seen, "%.*s=", VIEW_FMT(field.name));
		header_unfold(field.body, &seen);
		buf_append_byte(&seen, ';');
		assert_true(field.offset + field.len <= r.at);
	}
	buf_append_string(&seen, r.defective ? "|!" : "|");
	buf_append(&seen, view_skip(block, r.at));
	assert_string_equal(buf_string(&seen), expected);
	buf_done(&seen);
}

static void reads_fields(void **state)
{
	(void)state;
	reads("A: b\r\nC: d\r\n\r\nbody", "A=b;C=d;|body");
	reads("A: b\nC: d\n\nbody", "A=b;C=d;|body");
	reads("A: b\r\n c\r\n\td\r\nE:\r\n\r\n", "A=b c\td;E=;|");
	reads("A : b\r\n\r\n", "A=b;|");
	reads("A: b", "A=b;|");
	reads("", "|");
	reads("\r\nbody", "|body");
	reads("A: b\r\n\r", "A=b;|!\r");
	reads("From joe Fri Nov 21\nA: b\n\n", "A=b;|!");
	reads(": x\r\nA: b\r\n\r\n", "A=b;|!");
	reads(" lost\r\nA: b\r\n\r\n", "A=b;|!");
	reads("A: b\r\nno field\r\nC: d\r\n", "A=b;|!no field\r\nC: d\r\n");
	reads("A: b\r\n \r\n c\r\n\r\nbody", "A=b  c;|body");
	reads("A: b\rC: d\r\n\r\n", "A=bC: d;|");
	reads("\xc3\xa4: b\r\n", "|!\xc3\xa4: b\r\n");
}

/* No line that is none puts a field out of sight that another reader would see; and text is no header. */
static void reads_on_behind_broken_lines(void **state)
{
	(void)state;
	reads("\xef\xbb\xbf"
	      "From: a\r\nTo: b\r\n\r\nbody",
	    "From=a;To=b;|!body");
	reads("\xef\xbb\xbf"
	      "Tip: a\r\nTo: b\r\n\r\nbody",
	    "To=b;|!body");
	reads("garbage\r\nnothing: x\r\nTo: b\r\n\r\nbody", "nothing=x;To=b;|!body");
	reads("A: b\r\none\r\n two: c\r\nthree\r\nX-D: e\r\n\r\nbody", "A=b;X-D=e;|!body");
	reads("A: b\r\none\r\n\r\nTo: c\r\n", "A=b;|!one\r\n\r\nTo: c\r\n");
	reads("Hello Bob,\r\nnote: it is late\r\n\r\nx", "|!Hello Bob,\r\nnote: it is late\r\n\r\nx");
	reads("\tSubject: a\r\n\tb\r\n\r\n", "Subject=a\tb;|!");
	reads("Subject\r\n : a\r\nB\x01"
	      "cc: c\r\n\r\n",
	    "Subject=a;Bcc=c;|!");
	reads("In Reply To: me\r\n\r\n", "|!In Reply To: me\r\n\r\n");
	reads("\xd0\x9a\xd0\xbe\xd0\xbc\xd1\x83 To: b\r\n\r\n", "To=b;|!");
	reads("\xd0\x9a\xd0\xbe\xd0\xbc\xd1\x83\xd0\xba To: b\r\n\r\n",
	    "|!\xd0\x9a\xd0\xbe\xd0\xbc\xd1\x83\xd0\xba To: b\r\n\r\n");
}

static void looks_ahead_only_so_far(void **state)
{
	(void)state;
	for (size_t lines = HEADER_DOUBT_MAX / 4 - 1; lines < HEADER_DOUBT_MAX / 4 + 2; lines++) {
		struct buf block;
		struct header_field field;
		buf_init(&block, 1 << 20);
		for (size_t i = 0; i < lines; i++)
			buf_append_string(&block, "ab\r\n");
		buf_append_string(&block, "To: x\r\n\r\n");
		struct header_reader r = header_read(buf_view(&block));
		assert_int_equal(header_next(&r, &field), lines < HEADER_DOUBT_MAX / 4);
		buf_done(&block);
	}
}

static void finds_fields(void **state)
{
	(void)state;
	struct view body = {0}, block = VIEW("Subject: a\r\nsubject: b\r\n\r\nTo: c\r\n");
	assert_true(header_find(block, VIEW("SUBJECT"), &body));
	assert_view(body, " a");
	assert_false(header_find(block, VIEW("To"), &body));
}

static void tells_utf8_from_other_charsets(void **state)
{
	(void)state;
	assert_true(header_needs_utf8(VIEW("Subject: Gr\xc3\xbc\xc3\x9f"
	                                   "e\r\n\r\nbody")));
	assert_true(header_needs_utf8(VIEW("A: b\nTo: \xd0\xb6@far.test\n\nlatin \xe4\n")));
	assert_false(header_needs_utf8(VIEW("Subject: plain\r\n\r\nSch\xc3\xb6n\r\n")));
	assert_false(header_needs_utf8(VIEW("Subject: Gr\xfc\xdf"
	                                    "e\r\n\r\nbody")));
	assert_false(header_needs_utf8(VIEW("")));
}

static void reads_message_ids(void **state)
{
	(void)state;
	struct view rest = VIEW("<a@b> (x (y) <not@me>) \"Your mail\" <c\r\n @d><e@f <g@h> <> <i"), id;
	static const char *const expected[] = {"a@b", "c@d", "g@h"};
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < 3; i++) {
		assert_true(message_id_next(&rest, &id));
		buf_clear(&out);
		message_id_append(id, &out);
		assert_view(buf_view(&out), expected[i]);
	}
	assert_false(message_id_next(&rest, &id));
	buf_done(&out);
}

static void passes_over_nothing_if_told(void **state)
{
	(void)state;
	struct header_field field;
	struct header_reader r = header_read(VIEW("A: b\r\nno field\r\nTo: c\r\n\r\n"));
	r.strict = true;
	assert_true(header_next(&r, &field));
	assert_false(header_next(&r, &field));
	assert_true(r.defective);
	assert_int_equal(r.at, 6);
}

/* A name shows once, with the line that brings its colon. */
static void sees_names_once(void **state)
{
	(void)state;
	struct view name;
	static const char lines[] = "Bcc\r\n \r\n : a\r\n :b\r\n";
	assert_int_equal(header_field_becomes_known(view_of(lines, 5), 0, &name), 0);
	assert_int_equal(header_field_becomes_known(view_of(lines, 8), 5, &name), 0);
	assert_int_equal(header_field_becomes_known(view_of(lines, 14), 8, &name), 10);
	assert_view(name, "Bcc");
	assert_int_equal(header_field_becomes_known(view_of(lines, 19), 14, &name), 0);
	assert_int_equal(header_field_becomes_known(VIEW("To: a\r\n"), 0, &name), 3);
	assert_int_equal(header_field_becomes_known(VIEW("Note: a\r\n"), 0, &name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_fields),
	    cmocka_unit_test(reads_on_behind_broken_lines),
	    cmocka_unit_test(looks_ahead_only_so_far),
	    cmocka_unit_test(passes_over_nothing_if_told),
	    cmocka_unit_test(sees_names_once),
	    cmocka_unit_test(finds_fields),
	    cmocka_unit_test(tells_utf8_from_other_charsets),
	    cmocka_unit_test(reads_message_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
