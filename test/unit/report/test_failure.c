/* Failure reports: what is told of a message, what is replaced, what we write and others write. */
#include "report_arena.h"

#include <errno.h>
#include <stdio.h>

#include "report/report_find.h"

static const struct failure_key key = {"a key of the tests, 32 octets.."};

static struct buf out;

static int begin(void **state)
{
	buf_init(&out, 1 << 20);
	return arena_begin(state);
}

static int end(void **state)
{
	buf_done(&out);
	return arena_end(state);
}

static const char *redacted(const char *text)
{
	buf_clear(&out);
	assert_int_equal(failure_redact(view_from_string(text), &key, &out), 0);
	return buf_string(&out);
}

static const char *header(const char *text)
{
	buf_clear(&out);
	assert_int_equal(failure_header(view_from_string(text), &key, &out), 0);
	return buf_string(&out);
}

/* ---- what could name a person ---- */

static void local_parts_are_replaced(void **state)
{
	(void)state;
	static const char *const texts[] = {"alice@a.example", "for <alice@a.example>; Tue", "x alice@a y",
	    "\"alice x\"@a", "alice.\"o b\"@a", "alice . b @a", "alice..b@a", ".alice@a", "alice+tag@a",
	    "i=alice@a; b=x", "smtp.mailfrom=alice@a", "<alice=home@a>", "(alice@a)", "alice\xc3\xa9@a",
	    "x@a alice@b", "\"alice @a", "alice\r\n @a"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strstr(redacted(texts[i]), "alice") || view_find(buf_view(&out), '@') < 0)
			fail_msg("%s: %s", texts[i], buf_string(&out));
	assert_string_equal(redacted("nobody here"), "nobody here");
	assert_string_equal(redacted("<@a>"), "<@a>");
	assert_string_equal(redacted("@"), "@");
	assert_string_equal(redacted(""), "");
	assert_null(strstr(redacted("i=alice@a"), "i=@"));
	assert_int_equal(strncmp(redacted("i=alice@a"), "i=", 2), 0);
	assert_int_equal(strncmp(redacted("x smtp.mailfrom=alice@a"), "x smtp.mailfrom=", 16), 0);
}

/* RFC 6590 section 3: the same text becomes the same, another key makes another. */
static void what_belongs_together_is_seen(void **state)
{
	(void)state;
	static const struct failure_key other = {"another key"};
	char first[100];
	snprintf(first, sizeof first, "%s", redacted("alice@a.example"));
	assert_int_equal(strlen(first), 16 + strlen("@a.example"));
	assert_string_equal(redacted("alice@a.example"), first);
	assert_string_not_equal(redacted("alicf@a.example"), first);
	buf_clear(&out);
	failure_redact(VIEW("alice@a.example"), &other, &out);
	assert_string_not_equal(buf_string(&out), first);
}

static void of_a_header_what_matters_is_told(void **state)
{
	(void)state;
	const char *told =
	    header("Received: from h.example by g.example\r\n for <bob@g.example>; Tue\r\n"
	           "Subject: Dismissal of Bob\r\nFrom: \"Alice Doe\" <alice@a.example>\r\n"
	           "To: bob@g.example\r\nCc: Bob Smith <bob@g.example>\r\n"
	           "Content-Type: text/plain; name=\"bob.pdf\"\r\nX-Bob: bob\r\n"
	           "DKIM-Signature: v=1; d=a.example; i=alice@a.example;\r\n\tb=AAAA\r\n"
	           "Message-ID: <1@a.example>\r\nDate: Tue, 1 Dec 2026 00:00:00 +0000\r\n\r\nbob");
	static const char *const there[] = {"Received: from h.example",
	    "DKIM-Signature: v=1; d=a.example; i=", ";\r\n\tb=AAAA\r\n", "Message-ID: <1@a.example>\r\n",
	    "@a.example>\r\n", "Date: Tue, 1 Dec"};
	static const char *const gone[] = {
	    "bob", "Bob", "alice", "Alice", "Doe", "Subject", "To:", "Cc:", "X-"};
	for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
		if (strstr(told, there[i]) == NULL)
			fail_msg("no %s in: %s", there[i], told);
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		if (strstr(told, gone[i]))
			fail_msg("%s in: %s", gone[i], told);
}

static void a_header_cannot_break_out(void **state)
{
	(void)state;
	assert_string_equal(header("Date: a\rb\xff\x01\r\n"), "Date: ab??\r\n");
	assert_string_equal(header("From: nobody\r\n"), "");
	assert_string_equal(header("From: @\r\nSender: a@\r\n"), "");
	assert_string_equal(header(""), "");
	struct buf large;
	buf_init(&large, 1 << 20);
	for (int i = 0; i < 200; i++)
		buf_printf(&large, "Received: from h%0500d.example\r\n", i);
	assert_true(strlen(header(buf_string(&large))) <= FAILURE_HEADER_MAX);
	assert_true(strlen(buf_string(&out)) > FAILURE_HEADER_MAX - 600);
	buf_clear(&large);
	buf_printf(&large, "Received: %05000d\r\nDate: x\r\n", 1);
	assert_string_equal(header(buf_string(&large)), "Date: x\r\n");
	buf_done(&large);
}

/* ---- the mail ---- */

static const struct report_failure failure = {.at = 1796083200,
    .incidents = 3,
    .port = 4711,
    .domain = {"a.example", 9},
    .source = {"192.0.2.7", 9},
    .type = {"dmarc", 5},
    .alignment = {"dkim, spf", 9},
    .delivery = {"reject", 6},
    .mail_from = {"XYZ@b.example", 13},
    .results = {"mx.c.example; dmarc=fail header.from=a.example; spf=pass", 56},
    .dkim_domain = {"a.example", 9},
    .dkim_identity = {"XYZ@a.example", 13},
    .dkim_selector = {"s1", 2},
    .spf_dns = {"txt : a.example : \"v=spf1 -all\"", 31}};

static int read_mail(struct view text, struct report_found *found)
{
	arena_reset(&arena);
	return report_find(text, &arena, found);
}

static void what_we_write_is_read_alike(void **state)
{
	(void)state;
	struct report_found found;
	struct report_failure f = failure;
	f.id = VIEW("abc");
	const struct failure_mail m = {.org = VIEW("A \"Receiver\""),
	    .from = VIEW("reports@c.example"),
	    .to = VIEW("ruf@a.example"),
	    .submitter = VIEW("mx.c.example"),
	    .date = {.seconds = 1796083201, .zone_known = true},
	    .boundary = VIEW("boundary"),
	    .failure = &f,
	    .header = VIEW("From:\r\n <XYZ@a.example>\r\nMessage-ID: <1@a.example>\r\n")};
	assert_int_equal(failure_mail_write(&m, &out), 0);
	assert_non_null(strstr(buf_string(&out), "Auto-Submitted: auto-generated\r\n"));
	assert_non_null(strstr(buf_string(&out), "report-type=feedback-report"));
	assert_int_equal(read_mail(buf_view(&out), &found), 0);
	assert_int_equal(found.kind, REPORT_FAILURE);
	const struct report_failure *r = &found.failure;
	assert_int_equal(r->at, failure.at);
	assert_int_equal(r->incidents, 3);
	assert_int_equal(r->port, 4711);
	assert_view(r->domain, "a.example");
	assert_view(r->source, "192.0.2.7");
	assert_view(r->type, "dmarc");
	assert_view(r->alignment, "dkim, spf");
	assert_view(r->delivery, "reject");
	assert_view(r->mail_from, "XYZ@b.example");
	assert_view(r->results, "mx.c.example; dmarc=fail header.from=a.example; spf=pass");
	assert_view(r->dkim_identity, "XYZ@a.example");
	assert_view(r->dkim_selector, "s1");
	assert_view(r->spf_dns, "txt : a.example : \"v=spf1 -all\"");
	assert_view(r->org, "mx.c.example");
	assert_view(r->id, "<abc@mx.c.example>");
	assert_view(r->from, "<XYZ@a.example>");
	assert_view(r->message_id, "<1@a.example>");
}

#define MAIL(feedback, third)                                                                                \
	"From: r@c.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n"  \
	"Content-Type: message/feedback-report\r\n\r\n" feedback "\r\n--b\r\n" third "\r\n--b--\r\n"

/* As servers wrote them before RFC 9991, and as nobody should. */
static void others_reports_are_read(void **state)
{
	(void)state;
	struct report_found found;
	assert_int_equal(
	    read_mail(
	        VIEW(MAIL("Feedback-Type: auth-failure\r\nAuth-Failure: spf\r\nSource-IP: 192.0.2.1\r\n",
	            "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?x?=\r\n y\r\nFrom: A "
	            "<a@d.example>\r\n\r\nText")),
	        &found),
	    0);
	assert_view(found.failure.domain, "d.example");
	assert_view(found.failure.org, "c.example");
	assert_view(found.failure.subject, "=?utf-8?q?x?= y");
	assert_int_equal(found.failure.incidents, 1);
	/* Another kind of feedback; none; nobody's. */
	assert_int_equal(
	    read_mail(VIEW(MAIL("Feedback-Type: abuse\r\nReported-Domain: d.example\r\n", "\r\nx")), &found),
	    -ENOENT);
	assert_int_equal(read_mail(VIEW(MAIL("", "\r\nx")), &found), -ENOENT);
	assert_int_equal(read_mail(VIEW(MAIL("Feedback-Type: auth-failure\r\n", "\r\nx")), &found), -EBADMSG);
	/* Numbers and times that are none, the second of two, controls. */
	assert_int_equal(
	    read_mail(VIEW(MAIL("Feedback-Type: auth-failure\r\nReported-Domain: d.example\r\n"
	                        "Reported-Domain: e.example\r\nIncidents: 99999999999999999999\r\n"
	                        "Arrival-Date: never\r\nSource-Port: 70000\r\nSource-IP: a\x1b[31mb\r\n",
	                  "\r\nx")),
	        &found),
	    0);
	assert_view(found.failure.domain, "d.example");
	assert_view(found.failure.source, "a [31mb");
	assert_int_equal(found.failure.incidents, 1);
	assert_int_equal(found.failure.at + found.failure.port, 0);
}

static void long_reports_are_cut(void **state)
{
	(void)state;
	struct report_found found;
	struct buf text;
	buf_init(&text, 4 << 20);
	buf_append_string(&text,
	    "From: r@c.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\n"
	    "Authentication-Results: ");
	for (int i = 0; i < 5000; i++)
		buf_append_string(&text, "0123456789");
	buf_append_string(&text,
	    "\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
	    "\r\nRnJvbTogYUBkLmV4YW1wbGUNCg0K\r\n");
	for (int i = 0; i < 20000; i++)
		buf_append_string(&text, "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n");
	buf_append_string(&text, "--b--\r\n");
	assert_int_equal(read_mail(buf_view(&text), &found), 0);
	assert_view(found.failure.domain, "d.example");
	assert_int_equal(found.failure.results.len, FAILURE_RESULTS_MAX);
	buf_done(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(local_parts_are_replaced),
	    TEST(what_belongs_together_is_seen),
	    TEST(of_a_header_what_matters_is_told),
	    TEST(a_header_cannot_break_out),
	    TEST(what_we_write_is_read_alike),
	    TEST(others_reports_are_read),
	    TEST(long_reports_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
