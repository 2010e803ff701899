#include "../unit.h"

#include <errno.h>

#include "format/message_tool.h"

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
	    "\nwords\n\nDelivery report of mx.example.org\n"
	    "  old@x.org is delayed (4.4.1)\n    The recipient's mail server does not answer.\n"
	    "    h.y.org: 421 ?[2J later\n    It was sent on to new@y.org\n"
	    "    It will be tried until Sun, 22 Nov 2026 07:25:06 +0000\n"
	    "  z@y.org was not delivered (5.7.1)\n"
	    "    The recipient's mail server refuses this message by a rule of its own.\n"
	    "    Its answer may tell which rule; ask the recipient to speak to their administrator.\n    no "
	    "thanks\n");
	buf_done(&out);
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
	    cmocka_unit_test(shows_what_a_report_means),
	    cmocka_unit_test(shows_structure),
	    cmocka_unit_test(extracts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
