#include <errno.h>

#include "../unit.h"

#include "mime/compose.h"
#include "mime/file_type.h"
#include "format/limits.h"
#include "cli/message_tool.h"

#define HEAD "Date: Thu, 1 Jan 1970 01:00:00 +0100\r\n"
#define FROM "From: ann@example.org\r\n"
#define TO "To: bob@example.net\r\n"
#define ID "Message-ID: <id@example.org>\r\n"
#define MIME "MIME-Version: 1.0\r\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOUNDARY "0123456789abcdef"

static struct compose letter(void)
{
	return (struct compose){.from = VIEW("ann@example.org"),
	    .to = VIEW("bob@example.net"),
	    .date = {.seconds = 0, .offset_minutes = 60, .zone_known = true},
	    .message_id = VIEW("id@example.org"),
	    .boundary = VIEW(BOUNDARY)};
}

/* The message; buf_done it. */
static void compose(const struct compose *c, struct buf *out, bool *utf8)
{
	struct buf problem;
	buf_init(&problem, 10000);
	buf_init(out, 10 << 20);
	int error = compose_write(c, out, utf8, &problem);
	assert_string_equal(buf_string(&problem), "");
	assert_int_equal(error, 0);
	buf_done(&problem);
}

static void writes(const struct compose *c, const char *expected)
{
	struct buf out;
	bool utf8 = true;
	compose(c, &out, &utf8);
	assert_string_equal(buf_string(&out), expected);
	assert_false(utf8);
	buf_done(&out);
}

static void refuses(const struct compose *c, const char *expected)
{
	struct buf out, problem;
	bool utf8 = false;
	buf_init(&problem, 10000);
	buf_init(&out, 10 << 20);
	assert_int_equal(compose_write(c, &out, &utf8, &problem), -EINVAL);
	assert_non_null(strstr(buf_string(&problem), expected));
	buf_done(&problem);
	buf_done(&out);
}

/* ---- the header ---- */

static void writes_a_header(void **state)
{
	(void)state;
	struct compose c = letter();
	writes(&c, HEAD FROM TO ID MIME PLAIN "7bit\r\n\r\n");
	c.from = VIEW("J\xc3\xb6rg M\xc3\xbcller <joerg@B\xc3\xbc"
	              "cher.example>");
	c.to = VIEW("\"Doe, Joe\" <joe@example.net>, ann@[192.0.2.1], Team: a@example.com.;");
	c.cc = VIEW("c@example.com");
	c.subject = VIEW("A first mail");
	c.text = VIEW("Hello");
	writes(&c,
	    HEAD "From: =?utf-8?B?SsO2cmcgTcO8bGxlcg==?= <joerg@xn--bcher-kva.example>\r\n"
	         "To: \"Doe, Joe\" <joe@example.net>, ann@[192.0.2.1], Team: a@example.com;\r\n"
	         "Cc: c@example.com\r\nSubject: A first mail\r\n" ID MIME PLAIN "7bit\r\n\r\nHello\r\n");
	c = letter();
	c.to = VIEW("");
	writes(&c, HEAD FROM "To: undisclosed-recipients:;\r\n" ID MIME PLAIN "7bit\r\n\r\n");
}

static void writes_subjects(void **state)
{
	(void)state;
	struct compose c = letter();
	c.subject = VIEW("gr\xc3\xbc\xc3\x9f");
	writes(&c, HEAD FROM TO "Subject: =?utf-8?B?Z3LDvMOf?=\r\n" ID MIME PLAIN "7bit\r\n\r\n");
	/* Read as an encoded word it would be another text. */
	c.subject = VIEW("=?utf-8?q?x?=");
	writes(&c, HEAD FROM TO "Subject: =?utf-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n" ID MIME PLAIN "7bit\r\n\r\n");
	c.subject =
	    VIEW("a subject that goes on and on until it is longer than one line  may be, and then it ends");
	writes(&c,
	    HEAD FROM TO "Subject: a subject that goes on and on until it is longer than one line  may\r\n"
	                 " be, and then it ends\r\n" ID MIME PLAIN "7bit\r\n\r\n");
	c.subject = VIEW("two\r\nBcc: lines@example.org");
	refuses(&c, "the subject contains a control character");
	c.subject = VIEW("\xff");
	refuses(&c, "is not UTF-8");
}

static void writes_further_fields(void **state)
{
	(void)state;
	struct compose c = letter();
	const struct compose_field fields[] = {{VIEW("Date"), VIEW("Fri, 21 Nov 1997 09:55:06 -0600")},
	    {VIEW("X-Mood"), VIEW("sch\xc3\xb6n")}, {VIEW("Reply-To"), VIEW("\xc3\x84nn <ann@example.com>")},
	    {VIEW("message-id"), VIEW("<own@example.org>")}, {VIEW("References"), VIEW("<a@b> <c@d>")}};
	c.fields = fields;
	c.field_count = sizeof fields / sizeof fields[0];
	writes(&c,
	    FROM TO "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nX-Mood: =?utf-8?B?c2Now7Zu?=\r\n"
	            "Reply-To: =?utf-8?Q?=C3=84nn?= <ann@example.com>\r\nmessage-id: <own@example.org>\r\n"
	            "References: <a@b> <c@d>\r\n" MIME PLAIN "7bit\r\n\r\n");
	const struct {
		struct compose_field field;
		const char *problem;
	} wrong[] = {
	    {{VIEW("Bcc"), VIEW("x@example.org")}, "cannot be a further field"},
	    {{VIEW("content-type"), VIEW("text/html")}, "cannot be a further field"},
	    {{VIEW(""), VIEW("x")}, "not a valid name"},
	    {{VIEW("A B"), VIEW("x")}, "not a valid name"},
	    {{VIEW("A\r\nBcc"), VIEW("x")}, "not a valid name"},
	    {{VIEW("X-A"), VIEW("x\nBcc: y@example.org")}, "control character"},
	    {{VIEW("Sender"), VIEW("nobody")}, "has no domain"},
	};
	c.field_count = 1;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		c.fields = &wrong[i].field;
		refuses(&c, wrong[i].problem);
	}
	char word[1200];
	memset(word, 'x', sizeof word);
	struct compose_field endless = {VIEW("X-Long"), view_of(word, sizeof word)};
	c.fields = &endless;
	refuses(&c, "too long for a line");
	/* A subject has a form in which it can be folded. */
	c = letter();
	c.subject = view_of(word, sizeof word);
	struct buf out;
	bool utf8;
	compose(&c, &out, &utf8);
	assert_non_null(strstr(buf_string(&out), "Subject: =?utf-8?Q?xxx"));
	buf_done(&out);
}

/* ---- addresses ---- */

static void reads_addresses(void **state)
{
	(void)state;
	struct compose c = letter();
	static const struct {
		const char *text, *problem;
	} wrong[] = {
	    {"bob", "it has no domain"},
	    {"Joe Doe", "a name without an address"},
	    {"Doe, Joe <joe@example.net>", "it has no domain"},
	    {"joe@example.net extra", "it has no domain"},
	    {"joe@example..net", "not an address that SMTP can carry"},
	    {"joe@-example.net", "not an address that SMTP can carry"},
	    {"a@b@c", "Name <local-part@domain>"},
	    {"<a@b", "Name <local-part@domain>"},
	    {"a@b; c@d", "Name <local-part@domain>"},
	    {"a@b\nBcc: c@d", "control character"},
	    {"a\xff@b", "not UTF-8"},
	    {A50 A50 A50 A50 A50 A50 "@b", "too long"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		c.to = view_from_string(wrong[i].text);
		refuses(&c, wrong[i].problem);
	}
	c = letter();
	c.from = VIEW("a@example.org, b@example.org");
	refuses(&c, "From takes exactly one address");
	c.from = VIEW("");
	refuses(&c, "From takes exactly one address");
	/* Only an address that is beyond ASCII before its "@" needs SMTPUTF8. */
	bool utf8 = false;
	struct buf out;
	c.from = VIEW("j\xc3\xb6@example.org");
	compose(&c, &out, &utf8);
	assert_true(utf8);
	assert_non_null(strstr(buf_string(&out), "From: j\xc3\xb6@example.org\r\n"));
	buf_done(&out);
}

static void gathers_recipients(void **state)
{
	(void)state;
	struct arena arena;
	struct buf problem;
	struct compose_envelope e = {0};
	arena_init(&arena, 100000);
	buf_init(&problem, 1000);
	assert_int_equal(compose_recipients(VIEW(""), &arena, &e, &problem), 0);
	assert_int_equal(e.count, 0);
	assert_int_equal(
	    compose_recipients(
	        VIEW("Joe <joe@example.net>, Team: a@example.com, joe@example.net;"), &arena, &e, &problem),
	    0);
	assert_false(e.utf8);
	assert_int_equal(compose_recipients(VIEW("\"x y\"@b\xc3\xbc"
	                                         "cher.example, a@example.com, j\xc3\xb6@example.org"),
	                     &arena, &e, &problem),
	    0);
	assert_true(e.utf8);
	assert_int_equal(e.count, 4);
	assert_view(e.items[0], "joe@example.net");
	assert_view(e.items[1], "a@example.com");
	assert_view(e.items[2], "\"x y\"@xn--bcher-kva.example");
	assert_view(e.items[3], "j\xc3\xb6@example.org");
	/* What is wrong leaves them as they were. */
	assert_int_equal(compose_recipients(VIEW("b@example.com, nobody"), &arena, &e, &problem), -EINVAL);
	assert_string_equal(buf_string(&problem), "nobody is not an address: it has no domain");
	assert_int_equal(e.count, 4);
	buf_done(&problem);
	arena_done(&arena);
}

/* ---- the body ---- */

static void encodes(struct view text, const char *expected)
{
	struct compose c = letter();
	struct buf all;
	c.text = text;
	buf_init(&all, 10000);
	buf_append_string(&all, HEAD FROM TO ID MIME PLAIN);
	buf_append_string(&all, expected);
	writes(&c, buf_string(&all));
	buf_done(&all);
}

static void writes_texts(void **state)
{
	(void)state;
	encodes(VIEW("one\ntwo\r\nthree\rfour"), "7bit\r\n\r\none\r\ntwo\r\nthree\r\nfour\r\n");
	encodes(VIEW("\n.\n\n"), "7bit\r\n\r\n\r\n.\r\n\r\n");
	encodes(VIEW("Gr\xc3\xbc\xc3\x9f Gott, liebe Leute, wie geht es?"),
	    "quoted-printable\r\n\r\nGr=C3=BC=C3=9F Gott, liebe Leute, wie geht es?\r\n");
	encodes(VIEW("\xe6\xbc\xa2\xe5\xad\x97"), "base64\r\n\r\n5ryi5a2XDQo=\r\n");
	encodes(VIEW("Dear,\nFrom here on, nothing"),
	    "quoted-printable\r\n\r\nDear,\r\n=46rom here on, nothing\r\n");
	encodes(VIEW("a bell rings \x07 and nobody hears it at all"),
	    "quoted-printable\r\n\r\na bell rings =07 and nobody hears it at all\r\n");
	struct compose c = letter();
	c.text = VIEW("\xe4");
	refuses(&c, "the text is not UTF-8");
	/* A line may have 998 octets. */
	static char line[999];
	memset(line, 'x', sizeof line);
	struct buf out;
	bool utf8;
	for (size_t len = 998; len <= 999; len++) {
		c.text = view_of(line, len);
		compose(&c, &out, &utf8);
		assert_int_equal(strstr(buf_string(&out), "7bit") != NULL, len == 998);
		buf_done(&out);
	}
}

static void writes_both_forms(void **state)
{
	(void)state;
	struct compose c = letter();
	c.html = VIEW("<p>Hello");
	writes(&c, HEAD FROM TO ID MIME
	    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<p>Hello\r\n");
	c.text = VIEW("Hello");
	writes(&c,
	    HEAD FROM TO ID MIME "Content-Type: multipart/alternative;\r\n boundary=\"=_" BOUNDARY "_2\"\r\n"
	                         "\r\n--=_" BOUNDARY "_2\r\n" PLAIN "7bit\r\n\r\nHello\r\n"
	                         "\r\n--=_" BOUNDARY "_2\r\nContent-Type: text/html; charset=utf-8\r\n"
	                         "Content-Transfer-Encoding: 7bit\r\n\r\n<p>Hello\r\n"
	                         "\r\n--=_" BOUNDARY "_2--\r\n");
}

/* An entity stands as it is, instead of everything else that the body could be. */
static void takes_a_ready_entity(void **state)
{
	(void)state;
	struct compose c = letter();
	c.text = VIEW("text");
	c.entity = VIEW("Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n");
	writes(&c, HEAD FROM TO ID MIME "Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n");
}

static void attaches_files(void **state)
{
	(void)state;
	struct compose c = letter();
	struct compose_file files[] = {{.name = VIEW("b\xc3\xbcro.PDF"), .content = VIEW("%PDF")},
	    {.name = VIEW("x"), .type = VIEW("image/png"), .content = VIEW("")}};
	c.files = files;
	c.file_count = 2;
	c.text = VIEW("Hello");
	writes(&c,
	    HEAD FROM TO ID MIME "Content-Type: multipart/mixed;\r\n boundary=\"=_" BOUNDARY "_1\"\r\n"
	                         "\r\n--=_" BOUNDARY "_1\r\n" PLAIN "7bit\r\n\r\nHello\r\n"
	                         "\r\n--=_" BOUNDARY "_1\r\nContent-Type: application/pdf\r\n"
	                         "Content-Disposition: attachment;\r\n filename*=utf-8''b%C3%BCro.PDF\r\n"
	                         "Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
	                         "\r\n--=_" BOUNDARY "_1\r\nContent-Type: image/png\r\n"
	                         "Content-Disposition: attachment;\r\n filename=\"x\"\r\n"
	                         "Content-Transfer-Encoding: base64\r\n\r\n"
	                         "\r\n--=_" BOUNDARY "_1--\r\n");
	const struct {
		struct view name, type;
		const char *problem;
	} wrong[] = {
	    {VIEW("a/b"), VIEW(""), "not a valid name for an attachment"},
	    {VIEW("a\nb"), VIEW(""), "not a valid name for an attachment"},
	    {VIEW("\xff"), VIEW(""), "not a valid name for an attachment"},
	    {VIEW("a"), VIEW("message/rfc822"), "not a type that an attachment can have"},
	    {VIEW("a"), VIEW("text"), "not a type that an attachment can have"},
	    {VIEW("a"), VIEW("a/b; c=d"), "not a type that an attachment can have"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		files[1].name = wrong[i].name;
		files[1].type = wrong[i].type;
		refuses(&c, wrong[i].problem);
	}
	c.file_count = COMPOSE_FILES_MAX + 1;
	refuses(&c, "at most 400");
	c = letter();
	c.boundary = VIEW("short");
	refuses(&c, "is not a valid boundary");
}

/* Our own reader finds each octet of a file again, and both forms of the text. */
static void is_read_again(void **state)
{
	(void)state;
	static char octets[70000];
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (char)(i * 31 + i / 256);
	struct compose c = letter();
	struct compose_file file = {.name = VIEW("all.bin"), .content = view_of(octets, sizeof octets)};
	struct buf out, part;
	bool utf8;
	c.files = &file;
	c.file_count = 1;
	c.text = VIEW("Hello");
	c.html = VIEW("<p>Hello");
	compose(&c, &out, &utf8);
	buf_init(&part, 1 << 20);
	assert_int_equal(message_tool_extract(buf_view(&out), VIEW("2"), &part), 0);
	assert_true(view_equal(buf_view(&part), file.content));
	buf_clear(&part);
	assert_int_equal(message_tool_extract(buf_view(&out), VIEW("1.2"), &part), 0);
	assert_view(buf_view(&part), "<p>Hello\r\n");
	buf_done(&part);
	/* Without room it fails, and says nothing of the writer's doing. */
	struct buf full, problem;
	buf_init(&full, 5000);
	buf_init(&problem, 1000);
	assert_int_equal(compose_write(&c, &full, &utf8, &problem), -ENOBUFS);
	assert_int_equal(buf_view(&problem).len, 0);
	buf_done(&full);
	buf_done(&problem);
	buf_done(&out);
}

/* ---- ready messages ---- */

static void ready(struct view message, const char *expected)
{
	struct buf out, problem;
	buf_init(&out, 10000);
	buf_init(&problem, 1000);
	int error = compose_ready(message, COMPOSE_FOR_SENDING, &out, &problem);
	assert_string_equal(error ? buf_string(&problem) : buf_string(&out), expected);
	buf_done(&out);
	buf_done(&problem);
}

static void makes_messages_ready(void **state)
{
	(void)state;
	ready(VIEW("Subject: x\n\n.\nbody"), "Subject: x\r\n\r\n.\r\nbody\r\n");
	ready(VIEW("Subject: x\r\n\r\nbody\r\n"), "Subject: x\r\n\r\nbody\r\n");
	ready(VIEW("Subject: x"), "Subject: x\r\n\r\n");
	ready(VIEW("\xef\xbb\xbf"
	           "From ann Sat Jan  1\nA: b\nbcc : c@d,\n e@f\nB: c\nResent-Bcc: g@h\nReturn-Path: "
	           "<i@j>\n\nBcc: stays\n"),
	    "A: b\r\nB: c\r\n\r\nBcc: stays\r\n");
	/* A bare CR is a line end to some readers: then to all. */
	ready(VIEW("A: b\rBcc: c@d\r\rtext"), "A: b\r\n\r\ntext\r\n");
	ready(VIEW("A: b\nno field\nBcc: c@d\n\nbody"),
	    "line 2 of the message is not a header field, and no empty line ends the header before it");
	ready(VIEW(" x\nBcc: c@d\n\nbody"),
	    "line 1 of the message is not a header field, and no empty line ends the header before it");
	ready(VIEW("\nbody"), "the message has no header");
	ready(VIEW(""), "the message has no header");
	ready(view_of("A: b\n\nx\0y", 9), "the message contains a NUL byte, which no host accepts");
	struct buf out, problem;
	buf_init(&out, 1000);
	buf_init(&problem, 1000);
	assert_int_equal(compose_ready(VIEW("A: b\nBcc: c@d\n\nx"), COMPOSE_FOR_READING, &out, &problem), 0);
	assert_string_equal(buf_string(&out), "A: b\r\nBcc: c@d\r\n\r\nx\r\n");
	buf_done(&out);
	buf_done(&problem);
}

static void guesses_types(void **state)
{
	(void)state;
	assert_string_equal(file_type_by_name(VIEW("a.b.JPG")), "image/jpeg");
	assert_string_equal(file_type_by_name(VIEW("x.docx")),
	    "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
	assert_string_equal(file_type_by_name(VIEW("x.eml")), "application/octet-stream");
	assert_string_equal(file_type_by_name(VIEW(".png")), "application/octet-stream");
	assert_string_equal(file_type_by_name(VIEW("png")), "application/octet-stream");
	assert_string_equal(file_type_by_name(VIEW("x.")), "application/octet-stream");
	assert_string_equal(file_type_by_name(VIEW("")), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_a_header),
	    cmocka_unit_test(writes_subjects),
	    cmocka_unit_test(writes_further_fields),
	    cmocka_unit_test(reads_addresses),
	    cmocka_unit_test(gathers_recipients),
	    cmocka_unit_test(writes_texts),
	    cmocka_unit_test(writes_both_forms),
	    cmocka_unit_test(takes_a_ready_entity),
	    cmocka_unit_test(attaches_files),
	    cmocka_unit_test(is_read_again),
	    cmocka_unit_test(makes_messages_ready),
	    cmocka_unit_test(guesses_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
