#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "cli/message_tool.h"

static const char sample[] =
    "From: =?utf-8?q?J=C3=B6?= <joe@example.com>\nTo: ann@example.org\nSubject: \x1b[2Jhello\n"
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nThe text\n--b\n"
    "Content-Type: application/pdf; name=\"a.pdf\"\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--b--\n";

static void shows(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_show(view_from_string(sample), &out, false), 0);
	assert_string_equal(buf_string(&out), "From     J\xc3\xb6 <joe@example.com>\nTo       "
	                                      "ann@example.org\nSubject  \xef\xbf\xbd[2Jhello\n\nThe text\n\n"
	                                      "Attachment 2: application/pdf, 8 B, a.pdf\n");
	buf_clear(&out);
	assert_int_equal(message_tool_show(view_from_string(sample), &out, true), 0);
	assert_true(
	    strstr(buf_string(&out), "\"from\":[{\"name\":\"J\xc3\xb6\",\"email\":\"joe@example.com\"}]"));
	assert_true(strstr(buf_string(&out), "\"subject\":\"\\u001b[2Jhello\""));
	assert_true(strstr(buf_string(&out), "\"hasAttachment\":true"));
	buf_done(&out);
}

static void shown_is(const char *message, const char *expected)
{
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_show(view_from_string(message), &out, false), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void shows_all_of_the_text(void **state)
{
	(void)state;
	/* A name makes no attachment of the first part, and what is to be shown inline is shown, as an
	 * attachment too. */
	shown_is("Content-Type: text/plain; charset=utf-8; name=\"body.txt\"\n\nThis is the text itself.\n",
	    "\nThis is the text itself.\n");
	shown_is("Content-Type: multipart/mixed; boundary=z\n\n--z\nContent-Type: text/html; name=body.html; "
	         "charset=windows-1252\n\n"
	         "<p>The text &mdash; itself</p>\n--z\nContent-Type: application/pdf; "
	         "name=a.pdf\nContent-Disposition: attachment\n\nx\n--z--\n",
	    "\nThe text \xe2\x80\x94 itself\n\nAttachment 2: application/pdf, 1 B, a.pdf\n");
	shown_is("Content-Type: multipart/mixed; boundary=z\n\n--z\n\none\n--z\nContent-Type: text/plain; "
	         "name=a.txt\nContent-Disposition: inline\n\n"
	         "two\n--z\nContent-Type: text/plain; name=b.txt\n\nthree\n--z\n\nfour\n--z--\n",
	    "\none\n\ntwo\n\nfour\n\nAttachment 2: text/plain, 3 B, a.txt\nAttachment 3: text/plain, 5 B, "
	    "b.txt\n");
	shown_is("Content-Type: multipart/alternative; boundary=z\n\n--z\n\none\n--z\nContent-Type: "
	         "text/html\n\n<b>one</b>\n--z--\n",
	    "\none\n");
}

static void shows_when_it_was_sent(void **state)
{
	(void)state;
	struct buf out;
	shown_is("Date: Sat, Apr 09 2005 06:39:52 -0700\nSubject: x\n\ny\n",
	    "Date     Sat, 9 Apr 2005 06:39:52 -0700\nSubject  x\n\ny\n");
	shown_is("Date: some day\nSubject: x\n\ny\n", "Date     some day\nSubject  x\n\ny\n");
	buf_init(&out, 100000);
	assert_int_equal(
	    message_tool_show(VIEW("Date: Thu, 6 Oct 2022 12:27:13 GMT+2\n\nx\n"), &out, true), 0);
	assert_non_null(strstr(buf_string(&out), "\"sentAt\":\"2022-10-06T12:27:13+02:00\""));
	buf_clear(&out);
	assert_int_equal(message_tool_show(VIEW("Date: some day\n\nx\n"), &out, true), 0);
	assert_null(strstr(buf_string(&out), "sentAt"));
	buf_done(&out);
}

static void shows_what_a_report_means(void **state)
{
	(void)state;
	static const char report[] =
	    "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain\n\nwords\n--b\n"
	    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
	    "Original-Recipient: rfc822; old@x.org\nFinal-Recipient: rfc822; new@y.org\nAction: delayed\n"
	    "Status: 4.4.1\nRemote-MTA: dns; h.y.org\nDiagnostic-Code: smtp; 421 \x1b[2J later\n"
	    "Will-Retry-Until: Sun, 22 Nov 2026 07:25:06 +0000\n\nFinal-Recipient: rfc822; z@y.org\nAction: "
	    "failed\n"
	    "Status: 5.7.1\nDiagnostic-Code: smtp; no thanks\n--b--\n";
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_show(view_from_string(report), &out, false), 0);
	assert_string_equal(buf_string(&out),
	    "\nwords\n\nDelivery report of mx.example.org\n  old@x.org is delayed (4.4.1)\n    The "
	    "recipient's mail server is not accepting mail at the moment.\n    h.y.org: 421 ?[2J later\n    "
	    "It was sent on to new@y.org\n    It will be tried until Sun, 22 Nov 2026 07:25:06 +0000\n  "
	    "z@y.org was not delivered (5.7.1)\n    The recipient's mail server refuses this message by a "
	    "rule of its own.\n    Its answer may say which rule; ask the recipient to speak to their "
	    "administrator.\n    no thanks\n");
	buf_done(&out);
}

/* A stranger's characters drive no terminal, forge no line and turn no name around, wherever they stand. */
static void shows_nothing_that_deceives(void **state)
{
	(void)state;
	static const char hostile[] =
	    "Content-Type: multipart/mixed; boundary=b\nFrom: \xc2\x9b"
	    "2J\xe2\x80\xae"
	    "evil <a\xe2\x80\x8b"
	    "b@x.org>\n"
	    "Subject: =?utf-8?q?a=E2=80=A8From:_boss=C2=85=E2=80=AEb?=\n\n--b\nContent-Type: text/plain; "
	    "charset=utf-8\n\n"
	    "one\xe2\x80\xa8two\x1b]0;x\x07\xc2\x9b"
	    "31m\xe2\x80\xaethree\xe2\x81\xa6 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\n--b\n"
	    "Content-Type: application/x; "
	    "name*=utf-8''invoice%E2%80%AEgpj.exe%C2%9B%0A\nContent-Disposition: attachment\n\nx\n--b--\n";
	static const char *const never[] = {"\x1b", "\x07", "\xc2\x9b", "\xc2\x85", "\xe2\x80\xae",
	    "\xe2\x80\xa8", "\xe2\x81\xa6", "\xe2\x80\x8b", "\nFrom: boss"};
	struct buf out;
	buf_init(&out, 100000);
	for (int how = 0; how < 4; how++) {
		buf_clear(&out);
		if (how < 2)
			assert_int_equal(message_tool_show(view_from_string(hostile), &out, how == 1), 0);
		else
			assert_int_equal(
			    message_tool_structure(view_from_string(hostile), &out, how == 3), 0);
		for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
			assert_null(strstr(buf_string(&out), never[i]));
		if (how == 0) {
			assert_non_null(strstr(buf_string(&out), "Subject  a From: boss\xef\xbf\xbd"
			                                         "b\n"));
			assert_non_null(strstr(buf_string(&out), "a?b@x.org"));
			assert_non_null(
			    strstr(buf_string(&out), "one\ntwo\xef\xbf\xbd]0;x\xef\xbf\xbd\xef\xbf\xbd"
			                             "31mthree"));
			assert_non_null(
			    strstr(buf_string(&out), "three \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\n"));
		}
		if (how == 0 || how == 2)
			assert_non_null(strstr(buf_string(&out), "invoice?gpj.exe"));
		if (how == 3)
			assert_non_null(strstr(buf_string(&out), "invoice\\u202egpj.exe"));
	}
	buf_done(&out);
}

/* Exchange's report of an unknown address, with its comments: nobody has this name there, and the domain
 * takes mail. */
static void knows_what_exchange_means(void **state)
{
	(void)state;
	static const struct {
		const char *head, *words;
	} blocks[] = {{"<bob@remote.test>\nAction: Failed (permanently)\nStatus: 5.1.10 (unknown)",
	                  "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;\n  Recipient "
	                  "bob@remote.test not found by SMTP "
	                  "address lookup\n"},
	    {"bob@remote.test\nAction: failed\nStatus: 5.4.1\nRemote-MTA: dns; mx.remote.test",
	        "Diagnostic-Code: smtp;550 5.4.1 Recipient address rejected: Access denied\n"},
	    {"bob@remote.test\nAction: failed\nStatus: 5.1.10\nRemote-MTA: dns; mx.remote.test", ""}};
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		char report[2000];
		struct buf out;
		buf_init(&out, 100000);
		snprintf(report, sizeof report,
		    "Content-Type: multipart/report; report-type=delivery-status; "
		    "boundary=d\n\n--d\nContent-Type: text/plain\n\nSorry.\n"
		    "--d\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;mx.remote.test\n\n"
		    "Final-Recipient: rfc822; %s\n%s\n--d--\n",
		    blocks[i].head, blocks[i].words);
		assert_int_equal(message_tool_show(view_from_string(report), &out, false), 0);
		assert_non_null(strstr(buf_string(&out), " was not delivered (5."));
		assert_non_null(strstr(buf_string(&out), "    This address does not exist there.\n"));
		buf_done(&out);
	}
}

static void shows_structure(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_structure(view_from_string(sample), &out, false), 0);
	assert_string_equal(buf_string(&out),
	    "multipart/mixed                                 112 B      7bit\n"
	    "  text/plain                          1         8 B        7bit\n"
	    "  application/pdf                     2         8 B        base64             \"a.pdf\"\n");
	buf_clear(&out);
	assert_int_equal(message_tool_structure(VIEW("A: b\nbody"), &out, false), 0);
	assert_true(strstr(buf_string(&out), "defect: part 1: no blank line ends the header\n"));
	buf_done(&out);
}

static const char forwarded[] =
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: "
    "message/global\nContent-Transfer-Encoding: base64\n\n"
    /* Subject: x, text/plain "caf\xc3\xa9", and a PDF "Hi" */
    "U3ViamVjdDogeApDb250ZW50LVR5cGU6IG11bHRpcGFydC9taXhlZDsgYm91bmRhcnk9YwoKLS1j\n"
    "CgpjYWbDqQotLWMKQ29udGVudC1UeXBlOiBhcHBsaWNhdGlvbi9wZGYKQ29udGVudC1UcmFuc2Zl\n"
    "ci1FbmNvZGluZzogYmFzZTY0CgpTR2s9Ci0tYy0tCg==\n--b--\n";

/* RFC 6532, section 3.7: a message/global may be encoded as a whole. */
static void opens_encoded_messages(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_structure(view_from_string(forwarded), &out, false), 0);
	assert_non_null(strstr(buf_string(&out), "\n  message/global "));
	assert_non_null(strstr(buf_string(&out), "\n    multipart/mixed "));
	assert_non_null(
	    strstr(buf_string(&out), "\n      text/plain                      2.1       5 B        "));
	assert_non_null(strstr(
	    buf_string(&out), "\n      application/pdf                 2.2       4 B        base64\n"));
	assert_null(strstr(buf_string(&out), "defect"));
	buf_clear(&out);
	assert_int_equal(message_tool_structure(view_from_string(forwarded), &out, true), 0);
	assert_non_null(strstr(buf_string(&out), "\"message\":{\"size\":"));
	assert_non_null(strstr(buf_string(&out), "\"number\":\"2.2\""));
	buf_clear(&out);
	assert_int_equal(message_tool_extract(view_from_string(forwarded), VIEW("2.1"), &out), 0);
	assert_view(buf_view(&out), "caf\xc3\xa9");
	buf_clear(&out);
	assert_int_equal(message_tool_extract(view_from_string(forwarded), VIEW("2.2"), &out), 0);
	assert_view(buf_view(&out), "Hi");
	assert_int_equal(message_tool_extract(view_from_string(forwarded), VIEW("2.3"), &out), -ENOENT);
	assert_int_equal(message_tool_extract(view_from_string(forwarded), VIEW("1.1"), &out), -ENOENT);
	assert_int_equal(message_tool_extract(view_from_string(forwarded), VIEW("2."), &out), -ENOENT);
	buf_done(&out);
}

static void notes_what_is_not_encoded(void **state)
{
	(void)state;
	static const char footer[] = "Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQsCg==\n\n-- \nThis "
	                             "footer was appended by a gateway\n";
	struct buf out;
	buf_init(&out, 10000);
	shown_is(footer, "\nhello world,\n-- \nThis footer was appended by a gateway\n");
	assert_int_equal(message_tool_structure(VIEW(footer), &out, false), 0);
	assert_non_null(strstr(
	    buf_string(&out), "defect: part 1: the body is not entirely in the encoding that it claims\n"));
	buf_clear(&out);
	assert_int_equal(message_tool_extract(VIEW(footer), VIEW("1"), &out), 0);
	assert_view(buf_view(&out), "hello world,\n");
	buf_done(&out);
}

static void extracts(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(message_tool_extract(view_from_string(sample), VIEW("2"), &out), 0);
	assert_view(buf_view(&out), "Hello");
	assert_int_equal(message_tool_extract(view_from_string(sample), VIEW("3"), &out), -ENOENT);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shows),
	    cmocka_unit_test(shows_all_of_the_text),
	    cmocka_unit_test(shows_when_it_was_sent),
	    cmocka_unit_test(shows_what_a_report_means),
	    cmocka_unit_test(shows_nothing_that_deceives),
	    cmocka_unit_test(knows_what_exchange_means),
	    cmocka_unit_test(shows_structure),
	    cmocka_unit_test(opens_encoded_messages),
	    cmocka_unit_test(notes_what_is_not_encoded),
	    cmocka_unit_test(extracts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
