#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "dsn/mdn.h"

static struct arena arena;

static int parse(const char *text, struct mdn *mdn)
{
	arena_done(&arena);
	arena_init(&arena, MDN_PARSE_MEMORY);
	return mdn_parse(view_from_string(text), &arena, mdn);
}

/* RFC 8098 section 9. */
static void reads_the_example_of_the_rfc(void **state)
{
	(void)state;
	struct mdn m;
	assert_int_equal(parse("Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\n"
	                       "Original-Recipient: rfc822;Joe_Recipient@example.com\r\n"
	                       "Final-Recipient: rfc822;Joe_Recipient@example.com\r\n"
	                       "Original-Message-ID: <199509192301.23456@example.org>\r\n"
	                       "Disposition: manual-action/MDN-sent-manually; displayed\r\n",
	                     &m),
	    0);
	assert_view(m.reporting_ua, "joes-pc.cs.example.com; Foomail 97.1");
	assert_view(m.final_recipient, "rfc822;Joe_Recipient@example.com");
	assert_view(m.original_message_id, "<199509192301.23456@example.org>");
	assert_int_equal(m.type, MDN_DISPLAYED);
	assert_false(m.automatic_action);
	assert_false(m.sent_automatically);
	assert_int_equal(m.error_count, 0);
	assert_int_equal(m.extension_count, 0);
}

static void reads_what_others_write(void **state)
{
	(void)state;
	struct mdn m;
	assert_int_equal(
	    parse("\n\nstray line\nDISPOSITION : Automatic-Action / mdn-SENT-automatically ;\n"
	          " Deleted/error,x\nX-Other: 1\nx-other: 2\nError: no\n  disk\nError: again\x01\n",
	        &m),
	    0);
	assert_int_equal(m.type, MDN_DELETED);
	assert_true(m.automatic_action);
	assert_true(m.sent_automatically);
	assert_int_equal(m.error_count, 2);
	assert_view(m.errors[0], "no  disk");
	assert_int_equal(m.extension_count, 1);
	assert_view(m.extensions[0].name, "X-Other");
	assert_view(m.extensions[0].value, "1");
	for (size_t i = 0; i < m.errors[1].len; i++)
		assert_true(m.errors[1].data[i] >= ' ');
}

static void refuses_what_tells_nothing(void **state)
{
	(void)state;
	struct mdn m;
	static const char *const texts[] = {"", "\r\n", "Final-Recipient: rfc822; a@b\r\n",
	    "Disposition: \r\n", "Disposition: displayed\r\n", "Disposition: manual-action; displayed\r\n",
	    "Disposition: manual-action/MDN-sent-manually; seen\r\n",
	    "Disposition: by-magic/MDN-sent-manually; displayed\r\n",
	    "Disposition: manual-action/sent; displayed\r\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(parse(texts[i], &m), -EINVAL);
}

static void keeps_its_limits(void **state)
{
	(void)state;
	struct mdn m;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_append_string(&text, "Disposition: manual-action/MDN-sent-manually; displayed\r\nReporting-UA: ");
	for (unsigned i = 0; i < 3 * MDN_VALUE_MAX; i++)
		buf_append_byte(&text, 'x');
	for (unsigned i = 0; i < 3 * MDN_EXTENSIONS_MAX; i++)
		buf_printf(&text, "\r\nX-%u: 1\r\nError: %u", i, i);
	buf_append_byte(&text, '\0');
	assert_int_equal(parse(buf_view(&text).data, &m), 0);
	assert_int_equal(m.reporting_ua.len, MDN_VALUE_MAX);
	assert_int_equal(m.extension_count, MDN_EXTENSIONS_MAX);
	assert_int_equal(m.error_count, MDN_ERRORS_MAX);
	buf_done(&text);
	/* Lines that are no fields are counted too. */
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < 2 * MDN_FIELDS_MAX; i++)
		buf_append_string(&text, "no field\r\n");
	buf_append_string(&text, "Disposition: manual-action/MDN-sent-manually; displayed\r\n");
	buf_append_byte(&text, '\0');
	assert_int_equal(parse(buf_view(&text).data, &m), -EINVAL);
	buf_done(&text);
	arena_done(&arena);
}

static struct mdn_report example(void)
{
	return (struct mdn_report){.mdn = {.type = MDN_DISPLAYED,
	                               .final_recipient = VIEW("rfc822; bob@example.test"),
	                               .original_message_id = VIEW("<1@example.test>"),
	                               .extensions = {{VIEW("X-A"), VIEW("b\r\nDisposition: forged")}},
	                               .extension_count = 1},
	    .text = VIEW("Seen.\n--=_0123456789abcdefX\nGr\xc3\xbc\xc3\x9f"
	                 "e"),
	    .boundary = VIEW("0123456789abcdef")};
}

/* What is written is one message of the parts that it should have, and says what it was to say. */
static void is_read_as_it_was_written(void **state)
{
	(void)state;
	struct mdn_report r = example();
	struct mdn m;
	struct buf out, body;
	unsigned needs = 9;
	r.original = VIEW("From: a@b\r\nSubject: x\r\n\r\nHello\r\n");
	buf_init(&out, MDN_FRAME_MAX);
	buf_init(&body, MDN_FRAME_MAX);
	assert_int_equal(mdn_write(&r, &out, &needs), 0);
	assert_int_equal(needs, 0);
	struct mime_parser *parser = mime_parser_new();
	struct mime_tree *tree = mime_parse(parser, buf_view(&out));
	assert_int_equal(tree->defects, 0);
	assert_int_equal(tree->count, 5);
	assert_true(media_type_is(&tree->parts[0].type, "multipart", "report"));
	assert_true(media_type_is(&tree->parts[3].type, "message", "rfc822"));
	assert_int_equal(mdn_part(tree), 2);
	mime_decode_body(&tree->parts[1], buf_view(&out), true, &body, NULL);
	assert_view(buf_view(&body), "Seen.\r\n--=_0123456789abcdefX\r\nGr\xc3\xbc\xc3\x9f"
	                             "e");
	buf_clear(&body);
	mime_decode_body(&tree->parts[2], buf_view(&out), false, &body, NULL);
	arena_done(&arena);
	arena_init(&arena, MDN_PARSE_MEMORY);
	assert_int_equal(mdn_parse(buf_view(&body), &arena, &m), 0);
	assert_view(m.final_recipient, "rfc822; bob@example.test");
	assert_int_equal(m.extension_count, 1);
	assert_int_equal(m.type, MDN_DISPLAYED);
	mime_parser_free(parser);
	buf_done(&out);
	buf_done(&body);
	arena_done(&arena);
}

static void says_what_its_way_needs(void **state)
{
	(void)state;
	struct mdn_report r = example();
	struct buf out;
	unsigned needs;
	char line[1100];
	buf_init(&out, MDN_FRAME_MAX);
	r.original = VIEW("From: a@b\r\n\r\nGr\xc3\xbc\xc3\x9f\r\n");
	assert_int_equal(mdn_write(&r, &out, &needs), 0);
	assert_int_equal(needs, MDN_NEEDS_8BITMIME);
	r.original = VIEW("From: \xc3\xbc@b\r\n\r\nHi\r\n");
	assert_int_equal(mdn_write(&r, &out, &needs), 0);
	assert_int_equal(needs, MDN_NEEDS_8BITMIME | MDN_NEEDS_SMTPUTF8);
	r.original = (struct view){0};
	r.mdn.final_recipient = VIEW("utf-8; \xc3\xbc@example.test");
	assert_int_equal(mdn_write(&r, &out, &needs), 0);
	assert_int_equal(needs, MDN_NEEDS_8BITMIME | MDN_NEEDS_SMTPUTF8);
	/* What no host would carry. */
	size_t before = buf_view(&out).len;
	memset(line, 'x', sizeof line);
	r.original = view_of(line, sizeof line);
	assert_int_equal(mdn_write(&r, &out, &needs), -EILSEQ);
	r.original = VIEW("From: a@b\r\n\r\n\0\r\n");
	assert_int_equal(mdn_write(&r, &out, &needs), -EILSEQ);
	r.original = (struct view){0};
	r.boundary = VIEW("short");
	assert_int_equal(mdn_write(&r, &out, &needs), -EINVAL);
	r = example();
	r.mdn.final_recipient = (struct view){0};
	assert_int_equal(mdn_write(&r, &out, &needs), -EINVAL);
	assert_int_equal(buf_view(&out).len, before);
	buf_done(&out);
}

static void knows_names_that_are_taken(void **state)
{
	(void)state;
	assert_true(mdn_field_is_taken(VIEW("disposition")));
	assert_true(mdn_field_is_taken(VIEW("Error")));
	assert_true(mdn_field_is_taken(VIEW("")));
	assert_true(mdn_field_is_taken(VIEW("a b")));
	assert_true(mdn_field_is_taken(VIEW("a:")));
	assert_false(mdn_field_is_taken(VIEW("X-Anything")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_example_of_the_rfc),
	    cmocka_unit_test(reads_what_others_write),
	    cmocka_unit_test(refuses_what_tells_nothing),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(is_read_as_it_was_written),
	    cmocka_unit_test(says_what_its_way_needs),
	    cmocka_unit_test(knows_names_that_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
