/* Messages made fit for 7-bit hosts: what changes, what may not, and that every part decodes to what it was.
 */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "mime/downgrade.h"

struct outcome {
	int error;
	bool needed;
	enum downgrade_obstacle obstacle;
};

static struct outcome run(struct view message, size_t piece, struct buf *out)
{
	struct outcome o = {0};
	struct mime_parser *parser = mime_parser_new();
	struct downgrade *d = downgrade_new(mime_parse(parser, message));
	assert_non_null(d);
	for (size_t at = 0; at < message.len; at += piece)
		downgrade_survey(d, view_take(view_skip(message, at), piece));
	o.error = downgrade_decide(d, &o.needed, &o.obstacle);
	for (size_t at = 0; at < message.len && o.error == 0; at += piece)
		assert_int_equal(downgrade_convert(d, view_take(view_skip(message, at), piece), out), 0);
	if (o.error == 0)
		assert_int_equal(downgrade_end(d, out), 0);
	downgrade_free(d);
	mime_parser_free(parser);
	return o;
}

static void becomes_view(struct view message, const char *expected, bool needed)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 2, 3, 7, 50};
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct buf out;
		buf_init(&out, 1 << 20);
		struct outcome o = run(message, pieces[i], &out);
		assert_int_equal(o.error, 0);
		assert_int_equal(o.needed, needed);
		assert_view(buf_view(&out), expected);
		buf_done(&out);
	}
}

static void becomes(const char *message, const char *expected)
{
	becomes_view(view_from_string(message), expected, true);
	/* A second time there is nothing left to do. */
	becomes_view(view_from_string(expected), expected, false);
}

static void stays(const char *message)
{
	becomes_view(view_from_string(message), message, false);
}

static void refuses_view(struct view message, enum downgrade_obstacle obstacle)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	struct outcome o = run(message, SIZE_MAX / 2, &out);
	assert_int_equal(o.error, -ENOTSUP);
	assert_int_equal(o.obstacle, obstacle);
	assert_true(strlen(downgrade_obstacle_text(obstacle)) > 10);
	buf_done(&out);
}

static void refuses(const char *message, enum downgrade_obstacle obstacle)
{
	refuses_view(view_from_string(message), obstacle);
}

static void text(void **state)
{
	(void)state;
	becomes("From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	        "Content-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\nGr\xc3\xbc\xc3\x9f"
	        "e = alles, was man sich zum Abschied w\xc3\xbcnscht\r\n",
	    "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: x\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =3D alles, was man sich zum "
	    "Abschied w=C3=BCnscht\r\n");
	/* More than every sixth octet: base64 is shorter. */
	becomes("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	        "8bit\r\n\r\n\xe6\xbc\xa2\xe5\xad\x97\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\n5ryi5a2XDQo=\r\n");
}

static void binary(void **state)
{
	static const char message[] = "MIME-Version: 1.0\r\nContent-Type: "
	                              "image/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\nc\rd\xff";
	(void)state;
	becomes_view(view_of(message, sizeof message - 1),
	    "MIME-Version: 1.0\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\nYQBiCmMNZP8=\r\n",
	    true);
	/* A bare LF is an octet like others: no lines are made of it, whatever it is called. */
	becomes("Content-Type: text/plain\r\nMIME-Version: 1.0\r\n\r\na\nb\r\n",
	    "Content-Type: text/plain\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: "
	    "base64\r\n\r\nYQpiDQo=\r\n");
}

/* What was no MIME message is one afterwards, and says that nobody knows its charset (RFC 1428). */
static void no_mime(void **state)
{
	(void)state;
	becomes("Subject: x\r\n\r\nna\xefve text, written long ago\r\n",
	    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nna=EFve text, written long ago\r\n");
	/* Without a blank line, even without a header. */
	becomes("Subject: x\r\nthis is na\xefve text without a header's end\r\n",
	    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nthis is na=EFve text without a header's "
	    "end\r\n");
	becomes("\r\nna\xefve text, written long ago",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\nna=EFve text, written long ago");
}

static void nothing_to_do(void **state)
{
	(void)state;
	stays("Subject: x\r\n\r\ntext\r\n");
	stays("");
	stays("Subject: x");
	stays("MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n");
	stays("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--b--\r\n");
}

/* It says 8bit, and is not. */
static void labels(void **state)
{
	(void)state;
	becomes("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding : "
	        "8BIT\r\nSubject: x\r\n\r\ntext\r\n",
	    "MIME-Version: 1.0\r\nSubject: x\r\nContent-Transfer-Encoding: 7bit\r\n\r\ntext\r\n");
}

static void multiparts(void **state)
{
	(void)state;
	becomes("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	        "boundary=\"b\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	        "pr\xe9"
	        "ambule\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
	        "8bit\r\n\r\n"
	        "caf\xe9 as everybody knows it\r\n--b\r\nContent-Type: text/plain\r\n\r\nuntouched = "
	        "\r\n--b\r\n\r\nd\xe9"
	        "faut, of which nothing is known\r\n--b--\r\n\xe9pilogue\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=\"b\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "pr?ambule\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\n\r\n"
	    "caf=E9 as everybody knows it\r\n--b\r\nContent-Type: text/plain\r\n\r\nuntouched = \r\n--b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\n\r\nd=E9faut, of which nothing is known\r\n--b--\r\n?pilogue\r\n");
}

/* A forwarded message is converted inside, and becomes MIME itself. */
static void forwarded(void **state)
{
	(void)state;
	becomes("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	        "8bit\r\n\r\nSubject: y\r\n\r\na caf\xe9 as everybody knows it\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
	    "7bit\r\n\r\nSubject: y\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\n\r\na caf=E9 as everybody knows it\r\n");
	/* One with a header in UTF-8 is encoded whole (RFC 6532 section 3.7). */
	becomes("MIME-Version: 1.0\r\nContent-Type: message/global\r\n\r\nSubject: \xc3\xbc\r\n\r\na "
	        "caf\xc3\xa9 as everybody knows it\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: message/global\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\n\r\nSubject: =C3=BC\r\n\r\na caf=C3=A9 as everybody knows it\r\n");
}

static void long_lines(void **state)
{
	char message[1200], *end;
	struct buf out;
	(void)state;
	end = message + snprintf(message, sizeof message, "MIME-Version: 1.0\r\n\r\n");
	memset(end, 'x', 999);
	memcpy(end + 999, "\r\n", 3);
	buf_init(&out, 1 << 16);
	assert_true(run(view_from_string(message), 100, &out).needed);
	struct view rest = buf_view(&out), line;
	while (rest.len && view_next(&rest, '\n', &line))
		assert_true(line.len <= 77);
	buf_clear(&out);
	/* 998 are allowed. */
	memcpy(end + 998, "\r\n", 3);
	assert_false(run(view_from_string(message), 100, &out).needed);
	buf_done(&out);
}

/* Raw octets in what people read, as programs write that know no other charset. */
static void fields(void **state)
{
	(void)state;
	becomes("Subject: na\xefve\r\n\r\ntext\r\n", "Subject: =?utf-8?B?bmHDr3Zl?=\r\n\r\ntext\r\n");
	becomes("From: \"J\xf6rg, M.\" <j@x.test>, Ann <a@x.test>\r\nX-Y: z\r\nSubject: =?utf-8?Q?=C3=BC?= "
	        "na\xc3\xaf\r\n ve\r\nTo: b@x.test\r\n\r\ntext\r\n",
	    "From: =?utf-8?B?SsO2cmcsIE0u?= <j@x.test>, Ann <a@x.test>\r\nX-Y: z\r\nSubject: "
	    "=?utf-8?B?w7wgbmHDryB2ZQ==?=\r\nTo: b@x.test\r\n\r\ntext\r\n");
	becomes("MIME-Version: 1.0\r\nX-Name: \xc3\xbc\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: "
	        "text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9f"
	        "e = alles, was man sich zum Abschied w\xc3\xbcnscht\r\n",
	    "MIME-Version: 1.0\r\nX-Name: =?utf-8?B?w7w=?=\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =3D alles, "
	    "was man sich zum Abschied w=C3=BCnscht\r\n");
	becomes("Content-Type: image/png; name=\xfc.png; x=\"a b\"\r\nContent-Disposition: attachment; "
	        "filename=\"\xc3\xbc n.png\"; size=5\r\n\r\ntext\r\n",
	    "Content-Type: image/png;\r\n name*=utf-8''%C3%BC.png;\r\n x=\"a b\"\r\n"
	    "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%BC%20n.png;\r\n "
	    "size=\"5\"\r\n\r\ntext\r\n");
	becomes("Content-Type: message/rfc822\r\n\r\nSubject: \xc3\xbc\r\n\r\n",
	    "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?B?w7w=?=\r\n\r\n");
}

static void refusals(void **state)
{
	static const char sealed[] =
	    "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: "
	    "8bit\r\n\r\n"
	    "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n--b\r\nContent-Type: "
	    "application/pgp-signature\r\n\r\nsig\r\n--b--\r\n";
	char message[1000];
	(void)state;
	refuses("From: j\xc3\xb6@x.test\r\n\r\ntext\r\n", DOWNGRADE_HEADER);
	refuses("From: J\xc3\xb6 <j@b\xc3\xbc"
	        "cher.test>\r\n\r\ntext\r\n",
	    DOWNGRADE_HEADER);
	refuses("Subject: na\xefve\r\nReferences: <\xef@x.test>\r\n\r\ntext\r\n", DOWNGRADE_HEADER);
	refuses("Content-Type: text/plain; charset=\xef\r\n\r\ntext\r\n", DOWNGRADE_HEADER);
	refuses("Content-Type: multipart/mixed; boundary=\"\xef\"\r\n\r\n--\xef\r\n\r\nx\r\n--\xef--\r\n",
	    DOWNGRADE_HEADER);
	refuses("Subject: x\r\nna\xefve no field\r\nTo: a@b\r\n\r\ntext\r\n", DOWNGRADE_HEADER);
	snprintf(message, sizeof message, sealed, "na\xefve");
	refuses(message, DOWNGRADE_PROTECTED);
	/* Sealed text of 7 bits is not touched, not even where it says 8bit; what is around it is. */
	snprintf(message, sizeof message, sealed, "plain");
	becomes(message, "MIME-Version: 1.0\r\nContent-Type: multipart/signed; "
	                 "boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	                 "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--b\r\nContent-Type: "
	                 "application/pgp-signature\r\n\r\nsig\r\n--b--\r\n");
	refuses("Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n\xff\r\n--b--\r\n",
	    DOWNGRADE_PROTECTED);
	refuses("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
	        "boundary=c\r\n\r\n\xff\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
	    DOWNGRADE_PROTECTED);
	refuses("Content-Type: message/partial\r\n\r\n\xff\r\n", DOWNGRADE_FORBIDDEN);
	refuses("Content-Type: multipart/mixed\r\n\r\n\xff\r\n", DOWNGRADE_STRUCTURE);
	refuses("Content-Transfer-Encoding: x-uuencode\r\n\r\n\xff\r\n", DOWNGRADE_ENCODING);
	refuses("Content-Transfer-Encoding: base64\r\n\r\n\xff\r\n", DOWNGRADE_ENCODING);
	snprintf(message, sizeof message, sealed, "x\r\n--b\r\nContent-Description: \xef\r\n\r\nx");
	refuses(message, DOWNGRADE_HEADER);
	/* A header has no encoding for NUL, and no host may get one outside of a binary body. */
	refuses_view(VIEW("Content-Type: message/rfc822\r\n\r\nSubject: \0\r\n\r\n"), DOWNGRADE_HEADER);
}

/* A structure that is another message's, or nobody's: found, and nothing outside of it is read. */
static void foreign_structure(void **state)
{
	struct mime_parser *parser = mime_parser_new();
	struct mime_tree tree = *mime_parse(parser, VIEW("Subject: x\r\n\r\ntext\r\n"));
	struct mime_part part = tree.parts[0];
	bool needed;
	enum downgrade_obstacle obstacle;
	(void)state;
	for (size_t len = 0; len < 40; len++) {
		char text[40] = {0};
		struct downgrade *d = downgrade_new(&tree);
		downgrade_survey(d, view_of(text, len));
		downgrade_survey(d, view_of(text, 0));
		assert_int_equal(downgrade_decide(d, &needed, &obstacle) == -EINVAL, len != 20);
		downgrade_free(d);
	}
	struct mime_tree lies = {.parts = &part, .count = 1, .size = 20};
	part.body_offset = 21;
	assert_null(downgrade_new(&lies));
	part.body_offset = 19;
	assert_null(downgrade_new(&lies));
	part.body_offset = 2;
	part.header_offset = 3;
	assert_null(downgrade_new(&lies));
	part = tree.parts[0];
	part.parent = 0;
	assert_null(downgrade_new(&lies));
	lies.count = 0;
	assert_null(downgrade_new(&lies));
	mime_parser_free(parser);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),
	    cmocka_unit_test(binary),
	    cmocka_unit_test(no_mime),
	    cmocka_unit_test(nothing_to_do),
	    cmocka_unit_test(labels),
	    cmocka_unit_test(multiparts),
	    cmocka_unit_test(forwarded),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(foreign_structure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
