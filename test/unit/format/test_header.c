#include "../unit.h"

#include "format/header.h"

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

static void finds_fields(void **state)
{
	(void)state;
	struct view body = {0}, block = VIEW("Subject: a\r\nsubject: b\r\n\r\nTo: c\r\n");
	assert_true(header_find(block, VIEW("SUBJECT"), &body));
	assert_view(body, " a");
	assert_false(header_find(block, VIEW("To"), &body));
}

static void reads_message_ids(void **state)
{
	(void)state;
	struct view rest = VIEW("<a@b> (x) \"Your mail\" <c\r\n @d><e@f <g@h> <> <i"), id;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_fields),
	    cmocka_unit_test(finds_fields),
	    cmocka_unit_test(reads_message_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
