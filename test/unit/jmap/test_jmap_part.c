/* Parts of messages as JMAP shows them: RFC 8621 section 4.1.4. */
#include "../unit.h"

#include "base/mem.h"
#include "jmap/jmap_part.h"

struct taken {
	struct mime_parser *parser;
	struct mime_tree *tree;
	struct jmap_bodies *bodies;
};

static struct taken take(const char *message)
{
	struct taken t = {.parser = mime_parser_new(), .bodies = mem_alloc(sizeof *t.bodies)};
	t.tree = mime_parse(t.parser, view_from_string(message));
	jmap_bodies_find(t.tree, 0, t.bodies);
	return t;
}

static void leave(struct taken *t)
{
	mem_free(t->bodies);
	mime_parser_free(t->parser);
}

/* By the names of the parts, which stand in Content-ID. */
static void lists(const struct taken *t, const struct jmap_part_list *list, const char *expected)
{
	char said[64];
	size_t n = 0;
	for (size_t i = 0; i < list->count; i++)
		said[n++] = t->tree->parts[list->items[i]].content_id.data[0];
	said[n] = 0;
	assert_string_equal(said, expected);
}

#define PART(boundary, id, type, more)                                                                       \
	"--" boundary "\r\nContent-ID: " id "\r\nContent-Type: " type "\r\n" more "\r\n" id "\r\n"
#define OPEN(boundary, outer, subtype)                                                                       \
	"--" outer "\r\nContent-Type: multipart/" subtype "; boundary=" boundary "\r\n\r\n"
#define CLOSE(boundary) "--" boundary "--\r\n"

/* The example at the end of section 4.1.4. */
static void a_list_program_put_texts_around(void **state)
{
	(void)state;
	struct taken t = take("Content-Type: multipart/mixed; boundary=m\r\n\r\n" PART("m", "A", "text/plain",
	    "Content-Disposition: inline\r\n") OPEN("n", "m", "mixed") OPEN("a", "n", "alternative")
	        OPEN("o", "a", "mixed") PART("o", "B", "text/plain", "Content-Disposition: inline\r\n")
	            PART("o", "C", "image/jpeg", "Content-Disposition: inline\r\n") PART("o", "D",
	                "text/plain", "Content-Disposition: inline\r\n") CLOSE("o") OPEN("r", "a", "related")
	                PART("r", "E", "text/html", "") PART("r", "F", "image/jpeg", "") CLOSE("r") CLOSE("a")
	                    PART("n", "G", "image/jpeg", "Content-Disposition: attachment\r\n") PART("n", "H",
	                        "application/x-excel", "") PART("n", "J", "message/rfc822", "") CLOSE("n")
	                        PART("m", "K", "text/plain", "Content-Disposition: inline\r\n") CLOSE("m"));
	lists(&t, &t.bodies->text, "ABCDK");
	lists(&t, &t.bodies->html, "AEK");
	lists(&t, &t.bodies->attachments, "CFGHJ");
	assert_true(jmap_bodies_have_attachment(t.tree, t.bodies));
	leave(&t);
}

static void one_form_stands_for_the_other(void **state)
{
	(void)state;
	struct taken t = take("Content-Type: multipart/alternative; boundary=a\r\n\r\n" PART(
	    "a", "H", "text/html", "") PART("a", "C", "text/calendar", "") CLOSE("a"));
	lists(&t, &t.bodies->text, "H");
	lists(&t, &t.bodies->html, "H");
	lists(&t, &t.bodies->attachments, "C");
	leave(&t);
	t = take("Content-ID: P\r\nContent-Type: text/plain\r\n\r\nHi");
	lists(&t, &t.bodies->text, "P");
	lists(&t, &t.bodies->html, "P");
	assert_false(jmap_bodies_have_attachment(t.tree, t.bodies));
	leave(&t);
	t = take("Content-ID: P\r\nContent-Type: application/pdf\r\nContent-Disposition: inline\r\n\r\nHi");
	lists(&t, &t.bodies->text, "");
	lists(&t, &t.bodies->attachments, "P");
	assert_false(jmap_bodies_have_attachment(t.tree, t.bodies));
	leave(&t);
}

/* Text with a name was attached, unless it comes first; of a multipart/related only the first is shown. */
static void names_tell(void **state)
{
	(void)state;
	struct taken t = take("Content-Type: multipart/mixed; boundary=m\r\n\r\n" PART(
	    "m", "A", "text/plain; name=a.txt", "") PART("m", "B", "text/plain; name=b.txt", "")
	        PART("m", "C", "image/png; name=c.png", "") CLOSE("m"));
	lists(&t, &t.bodies->text, "AC");
	lists(&t, &t.bodies->attachments, "B");
	leave(&t);
	t = take("Content-Type: multipart/related; boundary=m\r\n\r\n" PART("m", "A", "text/html", "")
	        PART("m", "B", "text/plain", "") PART("m", "C", "image/png", "") CLOSE("m"));
	lists(&t, &t.bodies->text, "A");
	lists(&t, &t.bodies->html, "A");
	lists(&t, &t.bodies->attachments, "BC");
	leave(&t);
}

static void writes(const char *message, unsigned properties, struct jmap_values_wanted values, uint64_t max,
    const char *structure, const char *texts)
{
	struct taken t = take(message);
	struct jmap_header_asked header = {.text = VIEW("header:X-A:asText")};
	struct jmap_part_form form = {.properties = properties & ~(1u << 31)};
	struct jmap_part_reads reads;
	struct jmap_scratch s;
	struct buf out;
	if (properties & 1u << 31) {
		assert_int_equal(header_property_parse(header.text, &header.property), 0);
		form.headers = &header;
		form.header_count = 1;
	}
	jmap_scratch_init(&s);
	buf_init(&out, 1 << 20);
	jmap_part_reads_plan(&reads, t.tree, 0, t.bodies, &form, values, max, 0);
	assert_int_equal(jmap_part_reads_all(&reads, t.tree, view_from_string(message)), 0);
	struct jmap_part_source source = {
	    .tree = t.tree, .reads = &reads, .blobs = {.letter = 'P', .account = 7, .number = 0x2c}};
	struct json_out w = json_out_on(&out);
	if (structure) {
		jmap_part_write(&w, &s, &source, &form, 0);
		assert_string_equal(buf_string(&out), structure);
	}
	if (texts) {
		buf_clear(&out);
		w = json_out_on(&out);
		jmap_part_values_write(&w, &source);
		assert_string_equal(buf_string(&out), texts);
	}
	jmap_part_reads_done(&reads);
	jmap_scratch_done(&s);
	buf_done(&out);
	leave(&t);
}

static void a_part_has_its_properties(void **state)
{
	(void)state;
	writes(
	    "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
	    "--m\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Language: de, en-GB (British)\r\n"
	    "Content-Location: http://x/a\r\nX-A: hello\r\n\r\nHi\r\n"
	    "--m\r\nContent-Type: image/png; name=\"=?utf-8?q?caf=C3=A9=2Epng?=\"\r\n"
	    "Content-Disposition: Attachment; size=3\r\nContent-Id: <c@x>\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nYWJjZGU=\r\n\r\n"
	    "--m--\r\n",
	    JMAP_PART_DEFAULT | JMAP_PART_SUB_PARTS | 1u << 31, (struct jmap_values_wanted){0}, 0,
	    "{\"partId\":null,\"blobId\":null,\"size\":320,\"name\":null,\"type\":\"multipart/mixed\","
	    "\"charset\":null,\"disposition\":null,\"cid\":null,\"language\":null,\"location\":null,"
	    "\"subParts\":["
	    "{\"partId\":\"1\",\"blobId\":\"P7-2c-1\",\"size\":2,\"name\":null,\"type\":\"text/plain\","
	    "\"charset\":\"ISO-8859-1\",\"disposition\":null,\"cid\":null,\"language\":[\"de\",\"en-GB\"],"
	    "\"location\":\"http://x/a\",\"subParts\":null,\"header:X-A:asText\":\"hello\"},"
	    "{\"partId\":\"2\",\"blobId\":\"P7-2c-2\",\"size\":5,\"name\":\"caf\xc3\xa9.png\","
	    "\"type\":\"image/png\",\"charset\":null,\"disposition\":\"attachment\",\"cid\":\"c@x\","
	    "\"language\":null,\"location\":null,\"subParts\":null,\"header:X-A:asText\":null}],"
	    "\"header:X-A:asText\":null}",
	    NULL);
	writes("X-A: b\r\n\r\nHi", JMAP_PART_ID | JMAP_PART_CHARSET | JMAP_PART_TYPE | JMAP_PART_HEADERS,
	    (struct jmap_values_wanted){0}, 0,
	    "{\"partId\":\"1\",\"headers\":[{\"name\":\"X-A\",\"value\":\" b\"}],\"type\":\"text/plain\","
	    "\"charset\":\"us-ascii\"}",
	    NULL);
}

static void value(const char *message, uint64_t max, const char *expected)
{
	writes(message, 0, (struct jmap_values_wanted){.all = true}, max, NULL, expected);
}

static void values_are_decoded(void **state)
{
	(void)state;
	value("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
	      "quoted-printable\r\n\r\n"
	      "caf=E9 =\r\nau lait\r\n",
	    0,
	    "{\"1\":{\"value\":\"caf\xc3\xa9 au "
	    "lait\\n\",\"isEncodingProblem\":false,\"isTruncated\":false}}");
	value("Content-Type: text/plain; charset=x-unheard-of\r\n\r\nHi", 0,
	    "{\"1\":{\"value\":\"Hi\",\"isEncodingProblem\":true,\"isTruncated\":false}}");
	value("Content-Type: text/plain\r\nContent-Transfer-Encoding: x-odd\r\n\r\nHi", 0,
	    "{\"1\":{\"value\":\"Hi\",\"isEncodingProblem\":true,\"isTruncated\":false}}");
	value("Content-Type: image/png\r\n\r\nHi", 0, "{}");
}

static void values_are_cut_at_characters(void **state)
{
	(void)state;
	const char *utf8 = "Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9\xc3\xa9\xe2\x82\xac";
	value(utf8, 4,
	    "{\"1\":{\"value\":\"\xc3\xa9\xc3\xa9\",\"isEncodingProblem\":false,\"isTruncated\":true}}");
	value(utf8, 3, "{\"1\":{\"value\":\"\xc3\xa9\",\"isEncodingProblem\":false,\"isTruncated\":true}}");
	value(utf8, 6,
	    "{\"1\":{\"value\":\"\xc3\xa9\xc3\xa9\",\"isEncodingProblem\":false,\"isTruncated\":true}}");
	value(utf8, 7,
	    "{\"1\":{\"value\":\"\xc3\xa9\xc3\xa9\xe2\x82\xac\",\"isEncodingProblem\":false,"
	    "\"isTruncated\":false}}");
	/* Of HTML no tag is torn. */
	value("Content-Type: text/html\r\n\r\n<b>Hi</b><a href=\"https://example.com\">x</a>", 20,
	    "{\"1\":{\"value\":\"<b>Hi</b>\",\"isEncodingProblem\":false,\"isTruncated\":true}}");
}

/* Where little is wanted, little is read; what is read ends at a line's end, where no character is torn. */
static void little_is_read_of_a_long_text(void **state)
{
	struct buf message, out;
	struct jmap_part_reads reads;
	(void)state;
	buf_init(&message, 4 << 20);
	buf_init(&out, 1 << 20);
	buf_append_string(&message, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	for (int i = 0; i < 40000; i++)
		buf_append_string(&message, "\xe2\x82\xac\xe2\x82\xac\r\n");
	struct taken t = take(buf_string(&message));
	jmap_part_reads_plan(
	    &reads, t.tree, 0, t.bodies, NULL, (struct jmap_values_wanted){.text = true}, 1000, 0);
	assert_int_equal(reads.count, 1);
	struct jmap_part_extent e = jmap_part_read_extent(&reads, t.tree, 0);
	assert_true(e.len < 20000);
	for (size_t i = 0; i < e.len; i += 7)
		assert_int_equal(
		    jmap_part_read_feed(&reads, t.tree, 0,
		        view_take(view_skip(buf_view(&message), e.offset + i), e.len - i < 7 ? e.len - i : 7),
		        i + 7 >= e.len),
		    0);
	struct jmap_part_source source = {.tree = t.tree, .reads = &reads};
	struct json_out w = json_out_on(&out);
	jmap_part_values_write(&w, &source);
	const char *tail = ",\"isEncodingProblem\":false,\"isTruncated\":true}}";
	const char *said = buf_string(&out);
	assert_string_equal(said + strlen(said) - strlen(tail), tail);
	assert_true(strlen(said) > 1000 && strlen(said) < 1400);
	jmap_part_reads_done(&reads);
	leave(&t);
	buf_done(&message);
	buf_done(&out);
}

/* A message within a message has numbers of its own. */
static void an_attached_message_is_shown_by_itself(void **state)
{
	const char *message = "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
	                      "--m\r\n\r\nouter\r\n"
	                      "--m\r\nContent-Type: message/rfc822\r\n\r\n"
	                      "Subject: in\r\nContent-Type: multipart/mixed; boundary=n\r\n\r\n"
	                      "--n\r\n\r\ninner\r\n--n--\r\n"
	                      "--m--\r\n";
	struct jmap_part_form form = {.properties = JMAP_PART_ID | JMAP_PART_BLOB_ID | JMAP_PART_SUB_PARTS};
	struct jmap_part_reads reads;
	struct jmap_scratch s;
	struct buf out;
	(void)state;
	struct taken t = take(message);
	jmap_scratch_init(&s);
	buf_init(&out, 10000);
	jmap_bodies_find(t.tree, 3, t.bodies);
	assert_int_equal(t.bodies->text.count, 1);
	jmap_part_reads_plan(
	    &reads, t.tree, 3, t.bodies, &form, (struct jmap_values_wanted){.all = true}, 0, 0);
	assert_int_equal(jmap_part_reads_all(&reads, t.tree, view_from_string(message)), 0);
	struct jmap_part_source source = {.tree = t.tree,
	    .root = 3,
	    .reads = &reads,
	    .blobs = {.letter = 'P', .account = 7, .number = 5, .first = 3}};
	struct json_out w = json_out_on(&out);
	jmap_part_write(&w, &s, &source, &form, 3);
	assert_string_equal(buf_string(&out), "{\"partId\":null,\"blobId\":null,\"subParts\":["
	                                      "{\"partId\":\"1\",\"blobId\":\"P7-5-4\",\"subParts\":null}]}");
	buf_clear(&out);
	w = json_out_on(&out);
	jmap_part_values_write(&w, &source);
	assert_string_equal(buf_string(&out),
	    "{\"1\":{\"value\":\"inner\",\"isEncodingProblem\":false,\"isTruncated\":false}}");
	jmap_part_reads_done(&reads);
	jmap_scratch_done(&s);
	buf_done(&out);
	leave(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_program_put_texts_around),
	    cmocka_unit_test(one_form_stands_for_the_other),
	    cmocka_unit_test(names_tell),
	    cmocka_unit_test(a_part_has_its_properties),
	    cmocka_unit_test(values_are_decoded),
	    cmocka_unit_test(values_are_cut_at_characters),
	    cmocka_unit_test(little_is_read_of_a_long_text),
	    cmocka_unit_test(an_attached_message_is_shown_by_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
