/* ENVELOPE, BODY and BODYSTRUCTURE, and the strings that they are made of. */
#include "../unit.h"

#include <string.h>

#include "imap/imap_envelope.h"
#include "mime/mime.h"

static struct buf out;

static int setup(void **state)
{
	(void)state;
	buf_init(&out, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_done(&out);
	return 0;
}

static void assert_out(const char *expected)
{
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

static void put_string(struct view text, bool utf8)
{
	struct imap_pen p;
	imap_pen_begin(&p, &out, utf8);
	imap_pen_string(&p, text);
	imap_pen_end(&p);
}

static void strings_are_quoted_where_that_is_possible(void **state)
{
	(void)state;
	put_string(VIEW("plain text"), false);
	assert_out("\"plain text\"");
	put_string(VIEW(""), false);
	assert_out("\"\"");
	put_string(VIEW("a \"b\" \\ c"), false);
	assert_out("\"a \\\"b\\\" \\\\ c\"");
	put_string(VIEW("two\r\nlines"), false);
	assert_out("{10}\r\ntwo\r\nlines");
	put_string(VIEW("gr\303\274n"), false);
	assert_out("{5}\r\ngr\303\274n");
	put_string(VIEW("gr\303\274n"), true);
	assert_out("\"gr\303\274n\"");
	/* No UTF-8, whatever the client reads. */
	put_string(VIEW("gr\374n"), true);
	assert_out("{4}\r\ngr\374n");
	/* A NUL may stand in no string. */
	put_string(VIEW("a\0b"), false);
	assert_out("{2}\r\nab");
}

/* Wherever an octet stands that a quoted string may not hold as it is. */
static void each_octet_is_looked_at(void **state)
{
	(void)state;
	for (size_t len = 1; len < 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int c = 1; c < 256; c++) {
				char text[20], quoted[50];
				size_t n = 0;
				for (size_t i = 0; i < len; i++)
					text[i] = (char)(i == at ? c : ' ' + (int)i);
				put_string(view_of(text, len), false);
				struct view said = buf_view(&out);
				bool literal = false;
				quoted[n++] = '"';
				for (size_t i = 0; i < len; i++) {
					literal |= text[i] == '\r' || text[i] == '\n' ||
					           (unsigned char)text[i] >= 0x80;
					if (text[i] == '"' || text[i] == '\\')
						quoted[n++] = '\\';
					quoted[n++] = text[i];
				}
				quoted[n++] = '"';
				if (literal) {
					assert_int_equal(said.data[0], '{');
					assert_memory_equal(said.data + said.len - len, text, len);
				} else {
					assert_int_equal(said.len, n);
					assert_memory_equal(said.data, quoted, n);
				}
				buf_clear(&out);
			}
		}
	}
}

static void put_date(int64_t time)
{
	struct imap_pen p;
	imap_pen_begin(&p, &out, false);
	imap_pen_date_time(&p, time);
	imap_pen_end(&p);
}

static void dates_have_two_places_for_the_day(void **state)
{
	(void)state;
	put_date(0);
	assert_out("\" 1-Jan-1970 00:00:00 +0000\"");
	put_date(1795827845);
	assert_out("\"28-Nov-2026 01:04:05 +0000\"");
	put_date(-1);
	assert_out("\"31-Dec-1969 23:59:59 +0000\"");
	put_date(INT64_MAX);
	assert_out("\"31-Dec-9999 23:59:59 +0000\"");
	put_date(INT64_MIN);
	assert_out("\" 1-Jan-0001 00:00:00 +0000\"");
}

static void put_numbers(void **state)
{
	(void)state;
	struct imap_pen p;
	imap_pen_begin(&p, &out, false);
	imap_pen_number(&p, 0);
	imap_pen_byte(&p, ' ');
	imap_pen_number(&p, UINT64_MAX);
	imap_pen_end(&p);
	assert_out("0 18446744073709551615");
}

static void a_full_output_is_marked_and_keeps_what_fitted(void **state)
{
	(void)state;
	struct buf small;
	struct imap_pen p;
	buf_init(&small, 10);
	imap_pen_begin(&p, &small, false);
	imap_pen_view(&p, VIEW("12345678"));
	assert_false(buf_failed(&small));
	imap_pen_view(&p, VIEW("too much"));
	imap_pen_end(&p);
	assert_true(buf_failed(&small));
	assert_view(buf_view(&small), "12345678");
	buf_done(&small);
}

static void put_message(const char *text, bool utf8, bool structure, bool extended)
{
	struct mime_parser *parser = mime_parser_new();
	struct mime_tree *tree = mime_parse(parser, view_from_string(text));
	struct imap_pen p;
	imap_pen_begin(&p, &out, utf8);
	if (structure)
		imap_pen_structure(&p, tree, 0, extended);
	else
		imap_pen_envelope(&p, tree->parts[0].envelope);
	imap_pen_end(&p);
	mime_parser_free(parser);
}

static void an_envelope_has_all_fields(void **state)
{
	(void)state;
	put_message("Message-ID: <msg@id>\r\n"
	            "In-Reply-To: <reply@to.id>\r\n"
	            "Date: Thu, 15 Feb 2007 01:02:03 +0200\r\n"
	            "Subject: one\r\n two\r\n"
	            "From: From Real <fromuser@fromdomain.org>\r\n"
	            "To: group: g1@d1.org, g2@d2.org;, third@d3.org\r\n"
	            "Cc: \"Doe, John\" <\"john doe\"@d4.org>\r\n"
	            "Bcc: nobody\r\n"
	            "Sender: sender@d5.org (Sender Real)\r\n\r\nbody\r\n",
	    false, false, false);
	assert_out(
	    "(\"Thu, 15 Feb 2007 01:02:03 +0200\" \"one two\" "
	    "((\"From Real\" NIL \"fromuser\" \"fromdomain.org\")) "
	    "((\"Sender Real\" NIL \"sender\" \"d5.org\")) "
	    "((\"From Real\" NIL \"fromuser\" \"fromdomain.org\")) "
	    "((NIL NIL \"group\" NIL)(NIL NIL \"g1\" \"d1.org\")(NIL NIL \"g2\" \"d2.org\")(NIL NIL NIL NIL)"
	    "(NIL NIL \"third\" \"d3.org\")) "
	    "((\"Doe, John\" NIL \"john doe\" \"d4.org\")) "
	    "((NIL NIL \"nobody\" \"\")) "
	    "\"<reply@to.id>\" \"<msg@id>\")");
}

static void a_source_route_is_told(void **state)
{
	(void)state;
	put_message("From: <@route , @other:user@domain>\r\nTo: x <@r:>\r\n\r\n", false, false, false);
	assert_out(
	    "(NIL NIL ((NIL \"@route,@other\" \"user\" \"domain\")) ((NIL \"@route,@other\" \"user\" "
	    "\"domain\")) "
	    "((NIL \"@route,@other\" \"user\" \"domain\")) ((\"x\" \"@r\" \"\" \"\")) NIL NIL NIL NIL)");
}

static void an_envelope_of_nothing_is_nil(void **state)
{
	(void)state;
	put_message("X: y\r\n\r\nbody\r\n", false, false, false);
	assert_out("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

/* RFC 9755 section 7, RFC 6858: a client that reads no UTF-8 gets what it can show. */
static void utf8_in_headers_becomes_encoded_words_for_old_clients(void **state)
{
	static const char *text =
	    "From: J\303\274rgen <j@b\303\274cher.example>\r\nSubject: gr\303\274n\r\n\r\n";
	(void)state;
	put_message(text, true, false, false);
	assert_out("(NIL \"gr\303\274n\" ((\"J\303\274rgen\" NIL \"j\" \"b\303\274cher.example\")) "
	           "((\"J\303\274rgen\" NIL \"j\" \"b\303\274cher.example\")) "
	           "((\"J\303\274rgen\" NIL \"j\" \"b\303\274cher.example\")) NIL NIL NIL NIL NIL)");
	put_message(text, false, false, false);
	assert_out(
	    "(NIL \"=?utf-8?B?Z3LDvG4=?=\" ((\"=?utf-8?Q?J=C3=BCrgen?=\" NIL \"j\" "
	    "\"xn--bcher-kva.example\")) "
	    "((\"=?utf-8?Q?J=C3=BCrgen?=\" NIL \"j\" \"xn--bcher-kva.example\")) "
	    "((\"=?utf-8?Q?J=C3=BCrgen?=\" NIL \"j\" \"xn--bcher-kva.example\")) NIL NIL NIL NIL NIL)");
	/* Encoded words stay as they were written, and text in no charset that is known too. */
	put_message("Subject: =?iso-8859-1?q?gr=FCn?= gr\374n\r\n\r\n", false, false, false);
	assert_out("(NIL {28}\r\n=?iso-8859-1?q?gr=FCn?= gr\374n NIL NIL NIL NIL NIL NIL NIL NIL)");
}

static const char *const nested = "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
                                  "Content-Language: de, en\r\n\r\n"
                                  "--b\r\n"
                                  "Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
                                  "Content-Transfer-Encoding: QUOTED-PRINTABLE\r\n"
                                  "Content-Disposition: attachment; filename=\"a.txt\"\r\n\r\n"
                                  "hello\r\nyou\r\n"
                                  "\r\n--b\r\n"
                                  "Content-Type: message/rfc822\r\n"
                                  "Content-Description: forwarded\r\n\r\n"
                                  "Subject: inner\r\n\r\ntext\r\n"
                                  "\r\n--b\r\n"
                                  "Content-Type: image/png\r\nContent-ID: <p@x>\r\n"
                                  "Content-Transfer-Encoding: base64\r\nContent-MD5: abc==\r\n"
                                  "Content-Location: http://x/y\r\n\r\n"
                                  "aGVsbG8=\r\n--b--\r\n";

static void structures_have_their_extension_data(void **state)
{
	(void)state;
	put_message(nested, false, true, true);
	assert_out("((\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL "
	           "\"quoted-printable\" 12 2 "
	           "NIL (\"attachment\" (\"filename\" \"a.txt\")) NIL NIL)"
	           "(\"message\" \"rfc822\" NIL NIL \"forwarded\" \"7bit\" 24 "
	           "(NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	           "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 6 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"
	           "(\"image\" \"png\" NIL \"<p@x>\" NIL \"base64\" 8 \"abc==\" NIL NIL \"http://x/y\")"
	           " \"mixed\" (\"boundary\" \"b\") NIL (\"de\" \"en\") NIL)");
	put_message(nested, false, true, false);
	assert_out("((\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL "
	           "\"quoted-printable\" 12 2)"
	           "(\"message\" \"rfc822\" NIL NIL \"forwarded\" \"7bit\" 24 "
	           "(NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	           "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 6 1) 3)"
	           "(\"image\" \"png\" NIL \"<p@x>\" NIL \"base64\" 8)"
	           " \"mixed\")");
}

/* A name says nothing about whether a part is attached: the disposition is told as it is written. */
static void a_name_is_no_disposition(void **state)
{
	(void)state;
	put_message("Content-Type: text/plain; name=\"b.txt\"\r\n\r\nbody", false, true, true);
	assert_out("(\"text\" \"plain\" (\"name\" \"b.txt\") NIL NIL \"7bit\" 4 1 NIL NIL NIL NIL)");
}

static void an_encoded_message_has_the_form_of_one(void **state)
{
	(void)state;
	put_message("Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\nYTogYg0K\r\n",
	    false, true, false);
	assert_out(
	    "(\"message\" \"global\" NIL NIL NIL \"base64\" 10 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
	    "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0) 1)");
}

static void an_unknown_encoding_is_told_as_written(void **state)
{
	(void)state;
	put_message("Content-Transfer-Encoding: x-rot13\r\n\r\nuryyb\r\n", false, true, false);
	assert_out("(\"text\" \"plain\" NIL NIL NIL \"x-rot13\" 7 1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(strings_are_quoted_where_that_is_possible, setup, teardown),
	    cmocka_unit_test_setup_teardown(each_octet_is_looked_at, setup, teardown),
	    cmocka_unit_test_setup_teardown(dates_have_two_places_for_the_day, setup, teardown),
	    cmocka_unit_test_setup_teardown(put_numbers, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_full_output_is_marked_and_keeps_what_fitted, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_envelope_has_all_fields, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_source_route_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_envelope_of_nothing_is_nil, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        utf8_in_headers_becomes_encoded_words_for_old_clients, setup, teardown),
	    cmocka_unit_test_setup_teardown(structures_have_their_extension_data, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_name_is_no_disposition, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_encoded_message_has_the_form_of_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_unknown_encoding_is_told_as_written, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
