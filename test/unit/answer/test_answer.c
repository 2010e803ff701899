#include <errno.h>

#include "../unit.h"

#include "answer/answer.h"

#define BOUNDARY "0123456789abcdef"
#define DATE "Date: Thu, 1 Jan 1970 01:00:00 +0100\r\n"

static struct arena arena;
static struct buf out;
static const struct view addresses[] = {{"alice@example.org", 17}, {"info@example.org", 16}};

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 8 << 20);
	buf_init(&out, ANSWER_MESSAGE_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_done(&out);
	arena_done(&arena);
	return 0;
}

static struct answer_context to_alice(const char *message)
{
	return (struct answer_context){.message = view_from_string(message),
	    .sender = VIEW("joe@example.com"),
	    .recipient = VIEW("alice@example.org"),
	    .addresses = addresses,
	    .address_count = 2,
	    .now = {.seconds = 0, .offset_minutes = 60, .zone_known = true},
	    .id = VIEW("new1"),
	    .boundary = VIEW(BOUNDARY),
	    .arena = &arena};
}

/* What was written is what is expected, and what else is expected stands in it. */
static void has(const char *text)
{
	if (strstr(buf_string(&out), text) == NULL)
		fail_msg("not in the message: %s\n%s", text, buf_string(&out));
}

static void lacks(const char *text)
{
	if (strstr(buf_string(&out), text))
		fail_msg("in the message: %s\n%s", text, buf_string(&out));
}

/* ---- answers ---- */

static struct answer answers(const struct answer_context *c, struct sieve_vacation v)
{
	struct answer a;
	const char *problem = "";
	v.to = c->sender;
	buf_clear(&out);
	assert_int_equal(answer_vacation(c, &v, &a, &out, &problem), 0);
	assert_int_equal(a.recipient_count, 1);
	assert_view(a.recipients[0], "joe@example.com");
	assert_view(a.sender, ""); /* RFC 5230 section 5.1 */
	return a;
}

static void writes_an_answer(void **state)
{
	(void)state;
	struct answer_context c =
	    to_alice("From: Joe <joe@example.com>\r\nTo: alice@example.org\r\nSubject: Lunch\r\n"
	             "Message-ID: <q@example.com>\r\nReferences: <a@x> <b@x>\r\n\r\nText\r\n");
	struct answer a =
	    answers(&c, (struct sieve_vacation){.reason = VIEW("I'm away until October 19.\n")});
	assert_string_equal(buf_string(&out),
	    DATE "From: alice@example.org\r\nTo: joe@example.com\r\nSubject: Auto: Lunch\r\n"
	         "Message-ID: <new1@example.org>\r\nIn-Reply-To: <q@example.com>\r\n"
	         "References: <a@x> <b@x> <q@example.com>\r\nAuto-Submitted: auto-replied\r\n"
	         "X-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\nMIME-Version: 1.0\r\n"
	         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	         "I'm away until October 19.\r\n");
	assert_false(a.utf8 || a.eight_bit);
}

/* RFC 5322 section 3.6.4, RFC 5230 section 5.8. */
static void keeps_the_thread(void **state)
{
	(void)state;
	struct sieve_vacation v = {.reason = VIEW("x")};
	struct answer_context c = to_alice("Message-ID: <q@x>\nIn-Reply-To: <p@x>\n\n");
	answers(&c, v);
	has("References: <p@x> <q@x>\r\n");
	has("Subject: Automated reply\r\n");
	c = to_alice("Message-ID: <q@x>\nIn-Reply-To: <o@x> <p@x>\n\n");
	answers(&c, v);
	has("References: <q@x>\r\n");
	c = to_alice("References: <p@x>\n\n");
	answers(&c, v);
	lacks("References");
	lacks("In-Reply-To");
	/* No identifier becomes a field, or a line that is too long. */
	c = to_alice("Message-ID: <q@x>\nReferences: <a b@x> <\xc3\xb6@x> <c@x>\n\n");
	answers(&c, v);
	has("References: <ab@x> <c@x> <q@x>\r\n");
	struct buf many;
	buf_init(&many, 1 << 20);
	buf_append_string(&many, "Message-ID: <q@x>\nReferences:");
	for (int i = 0; i < 100; i++)
		buf_printf(&many, "\n <%d@x>", i);
	buf_append_string(&many, "\n\n");
	c = to_alice(buf_string(&many));
	answers(&c, v);
	has("References: <0@x> <82@x> <83@x>");
	has("<99@x> <q@x>\r\n");
	buf_done(&many);
}

static void says_who_answers(void **state)
{
	(void)state;
	struct sieve_vacation v = {.reason = VIEW("x"), .from = VIEW("Info <INFO@example.org>")};
	struct answer_context c = to_alice("Subject: x\n\n");
	answers(&c, v);
	has("From: Info <INFO@example.org>\r\n");
	/* Not the owner's. */
	v.from = VIEW("Boss <boss@example.org>");
	answers(&c, v);
	has("From: alice@example.org\r\n");
	v.from = VIEW("alice@example.org, info@example.org");
	answers(&c, v);
	has("From: alice@example.org\r\n");
	v.from = VIEW("alice@example.org\r\nBcc: b@example.com");
	answers(&c, v);
	has("From: alice@example.org\r\n");
	lacks("Bcc");
	/* What was written to answers, if it is the owner's. */
	v.from = VIEW("");
	c.recipient = VIEW("info@example.org");
	answers(&c, v);
	has("From: info@example.org\r\n");
	c.recipient = VIEW("list@example.org");
	answers(&c, v);
	has("From: alice@example.org\r\n");
}

static void encodes_what_comes_from_outside(void **state)
{
	(void)state;
	struct sieve_vacation v = {.reason = VIEW("Gr\xc3\xbc\xc3\x9f"
	                                          "e\0\xff\n.\nFrom me\n")};
	v.reason.len = 20;
	struct answer_context c =
	    to_alice("Subject: =?utf-8?Q?x=0D=0ABcc:_b@example.com?=\nMessage-ID: <q@x>\n\n");
	answers(&c, v);
	has("Subject: Auto: xBcc: b@example.com\r\n");
	lacks("\r\nBcc");
	has("charset=utf-8");
	v.subject = VIEW("one\r\nBcc: b@example.com");
	answers(&c, v);
	has("Subject: one Bcc: b@example.com\r\n");
	v.subject = VIEW("Ich bin im Urlaub \xe2\x98\x80");
	answers(&c, v);
	has("Subject: =?utf-8?Q?Ich_bin_im_Urlaub_=E2=98=80?=\r\n");
}

static void takes_an_entity(void **state)
{
	(void)state;
	struct answer_context c = to_alice("Subject: x\n\n");
	struct sieve_vacation v = {.mime = true,
	    .reason =
	        VIEW("Content-Type: multipart/alternative; boundary=foo\n\n--foo\n\nI'm at the beach.\n\n"
	             "--foo\nContent-Type: text/html; charset=us-ascii\n\n<P>Surf</P>\n--foo--\n")};
	struct answer a = answers(&c, v);
	has("MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=foo\r\n\r\n--foo\r\n\r\nI'm "
	    "at");
	assert_false(a.eight_bit);
	v.reason =
	    VIEW("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9f"
	         "e\r\rBcc: x\n");
	a = answers(&c, v);
	has("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9f"
	    "eBcc: x\r\n");
	assert_true(a.eight_bit);
}

static void entity_is_wrong(const char *entity, const char *expected)
{
	struct answer_context c = to_alice("Subject: x\n\n");
	struct sieve_vacation v = {.mime = true, .to = c.sender, .reason = view_from_string(entity)};
	struct answer a;
	const char *problem = "";
	buf_clear(&out);
	assert_int_equal(answer_vacation(&c, &v, &a, &out, &problem), -EINVAL);
	assert_non_null(strstr(problem, expected));
	assert_int_equal(buf_view(&out).len, 0);
}

static void refuses_entities_that_are_none(void **state)
{
	(void)state;
	entity_is_wrong("Bcc: b@example.com\n\ntext", "not one of Content-*");
	entity_is_wrong("Content-Type: text/plain\nAuto-Submitted: no\n\ntext", "not one of Content-*");
	entity_is_wrong("Content-Description: \xc3\xb6\n\ntext", "beyond ASCII");
	entity_is_wrong("I am away", "empty line");
	entity_is_wrong("Content-Type: text/plain\n", "empty line");
	assert_null(answer_entity_problem(VIEW("\nText")));
	assert_non_null(answer_entity_problem(VIEW("\na\0b")));
}

/* ---- notifications ---- */

static struct answer notifies(const struct answer_context *c, struct sieve_notify n)
{
	struct answer a;
	const char *problem = "";
	buf_clear(&out);
	assert_int_equal(answer_notify(c, &n, &a, &out, &problem), 0);
	return a;
}

/* The example of RFC 5436 section 3. */
static void writes_a_notification(void **state)
{
	(void)state;
	struct answer_context c =
	    to_alice("Message-ID: <1234567.89ABCDEF@example.com>\r\nPrecedence: list\r\n"
	             "From: \"Jeff Smith\" <jeff@hobbies.example.com>\r\n"
	             "To: \"Knitting Mailing List\" <knitting@example.com>\r\nSubject: [Knitting] A new "
	             "sweater\r\n\r\nText");
	struct answer a = notifies(&c,
	    (struct sieve_notify){.method = VIEW("mailto:0123456789@sms.example.net?to=backup@example.com"),
	        .message = VIEW("From Knitting list: A new sweater"),
	        .importance = 3});
	assert_int_equal(a.recipient_count, 2);
	assert_view(a.recipients[0], "0123456789@sms.example.net");
	assert_view(a.recipients[1], "backup@example.com");
	assert_view(a.sender, "alice@example.org");
	has("Auto-Submitted: auto-notified; owner-email=\"alice@example.org\"\r\n");
	has("From: alice@example.org\r\nTo: 0123456789@sms.example.net, backup@example.com\r\n"
	    "Subject: From Knitting list: A new sweater\r\n");
	has("Importance: low\r\n");
	has("References: <1234567.89ABCDEF@example.com>\r\n");
	has("From: \"Jeff Smith\" <jeff@hobbies.example.com>\r\n");
}

static void heeds_the_uri(void **state)
{
	(void)state;
	struct answer_context c = to_alice("Subject: Lunch\n\n");
	struct sieve_notify n = {
	    .method = VIEW("mailto:a@example.com?subject=Mail&cc=b@example.com&body=Look!"
	                   "&x-extra=yes&x-extra=no&bcc=c@example.com"),
	    .importance = 2};
	struct answer a = notifies(&c, n);
	assert_int_equal(a.recipient_count, 2);
	has("Cc: b@example.com\r\n");
	has("Subject: Mail\r\n");
	has("X-extra: yes\r\n");
	has("\r\n\r\nLook!\r\n");
	lacks("X-extra: no");
	lacks("Importance");
	lacks("c@example.com");
	n.method = VIEW("mailto:a@example.com");
	notifies(&c, n);
	has("Subject: Lunch\r\n");
	c.sender = VIEW("");
	a = notifies(&c, n);
	assert_view(a.sender, "");
}

/* RFC 5436 section 2.7: these are ours alone. */
static void leaves_out_what_is_unsafe(void **state)
{
	(void)state;
	struct answer_context c = to_alice("Subject: Lunch\n\n");
	notifies(
	    &c, (struct sieve_notify){
	            .method = VIEW("mailto:a@example.com?from=boss@example.com&sender=b@x.example&date=today"
	                           "&message-id=%3Cx@y%3E&received=x&auto-submitted=no&content-type=text/html"
	                           "&mime-version=2&resent-from=z@x.example&return-path=y@x.example"
	                           "&list-id=x&dkim-signature=v&reply-to=w@x.example&importance=high")});
	lacks("boss");
	lacks("x.example");
	lacks("today");
	lacks("Auto-Submitted: no");
	lacks("text/html");
	lacks("List-id");
	has("Importance: high\r\n");
}

static void notification_is_wrong(const char *uri, const char *expected)
{
	struct answer_context c = to_alice("Subject: Lunch\n\n");
	struct sieve_notify n = {.method = view_from_string(uri)};
	struct answer a;
	const char *problem = "";
	assert_int_equal(answer_notify(&c, &n, &a, &out, &problem), -EINVAL);
	assert_non_null(strstr(problem, expected));
}

static void refuses_uris_that_name_nobody(void **state)
{
	(void)state;
	notification_is_wrong("mailto:?subject=x", "nobody");
	notification_is_wrong("mailto:?bcc=a@example.com", "nobody");
	notification_is_wrong("xmpp:a@example.com", "mailto:");
}

/* ---- refusals ---- */

static bool refuses(const char *reason, bool utf8, const char *expected)
{
	buf_clear(&out);
	bool said = answer_refusal(view_from_string(reason), utf8, &out);
	assert_string_equal(buf_string(&out), expected);
	return said;
}

static void writes_refusals(void **state)
{
	(void)state;
	assert_true(refuses("I do not take mail\r\nfrom you.\n\n", false, "I do not take mail\nfrom you."));
	assert_true(refuses("Gr\xc3\xbc\xc3\x9f"
	                    "e",
	    true,
	    "Gr\xc3\xbc\xc3\x9f"
	    "e"));
	assert_false(refuses("Gr\xc3\xbc\xc3\x9f"
	                     "e",
	    false, "The recipient's rules refuse this message"));
	refuses("", false, "The recipient's rules refuse this message");
	assert_null(memchr(buf_view(&out).data, '\r', buf_view(&out).len));
	/* Long texts keep within lines. */
	struct buf text;
	struct view rest, line;
	size_t lines = 0;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 2000; i++)
		buf_append_string(&text, "\xc3\xb6\xc3\xb6");
	buf_clear(&out);
	assert_true(answer_refusal(buf_view(&text), true, &out));
	assert_true(buf_view(&out).len <= ANSWER_REFUSAL_MAX);
	rest = buf_view(&out);
	while (view_next(&rest, '\n', &line)) {
		assert_in_range(line.len, 1, ANSWER_REFUSAL_LINE);
		assert_int_equal(line.data[0], '\xc3');
		lines++;
	}
	assert_in_range(lines, 2, ANSWER_REFUSAL_LINES);
	buf_done(&text);
}

/* An arena that is full fails cleanly, wherever that happens. */
static void fails_without_memory(void **state)
{
	(void)state;
	struct answer_context c = to_alice("Subject: x\nMessage-ID: <q@x>\nReferences: <a@x>\n\n");
	struct sieve_vacation v = {.reason = VIEW("away"), .to = c.sender, .from = VIEW("info@example.org")};
	struct sieve_notify n = {.method = VIEW("mailto:a@example.com?x-a=b")};
	struct arena small;
	c.arena = &small;
	bool done[2] = {false, false};
	for (size_t max = 0; !done[0] || !done[1]; max += 16) {
		for (int i = 0; i < 2; i++) {
			struct answer a;
			const char *problem = "";
			arena_init(&small, max);
			buf_clear(&out);
			int error = i ? answer_notify(&c, &n, &a, &out, &problem)
			              : answer_vacation(&c, &v, &a, &out, &problem);
			assert_true(error == 0 || error == -ENOBUFS || error == -EINVAL);
			done[i] = error == 0;
			arena_done(&small);
		}
		assert_true(max < 1 << 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(writes_an_answer),
	    cmocka_unit_test(keeps_the_thread), cmocka_unit_test(says_who_answers),
	    cmocka_unit_test(encodes_what_comes_from_outside), cmocka_unit_test(takes_an_entity),
	    cmocka_unit_test(refuses_entities_that_are_none), cmocka_unit_test(writes_a_notification),
	    cmocka_unit_test(heeds_the_uri), cmocka_unit_test(leaves_out_what_is_unsafe),
	    cmocka_unit_test(refuses_uris_that_name_nobody), cmocka_unit_test(writes_refusals),
	    cmocka_unit_test(fails_without_memory)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
