/*
 * Running a table of verdicts: rows of a test's own, between a real session and an upload that nobody takes.
 * They wait, see the message pass, write into its header, and judge single recipients.
 */
#include "../../unit.h"

#include <errno.h>

#include "role/smtp/smtp_hooks.h"

static struct {
	struct smtp_connection c;
	struct buf out, came, seen, headers;
	struct smtp_verdict at_end;
	bool waits, tap_is_full;
	unsigned first, second, begun, ended, delivered, kept, closed;
	const char *header;
	int header_result;
	const struct smtp_verdict *for_first, *for_second; /* recipient */
} world;

/* ---- the table ---- */

static enum smtp_hook_result first_row(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	assert_ptr_equal(c, &world.c);
	(void)verdict;
	world.first++;
	return world.waits ? HOOK_WAIT : HOOK_ACCEPT;
}

static enum smtp_hook_result second_row(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	world.second++;
	assert_view(smtp_message(c->session)->message_id, "1@remote.test"); /* all is known by now */
	if (world.header)
		world.header_result = smtp_hooks_add_header(c, view_from_string(world.header));
	if (world.for_first)
		smtp_hooks_judge_recipient(c, 0, world.for_first);
	if (world.for_second)
		smtp_hooks_judge_recipient(c, 1, world.for_second);
	*verdict = world.at_end;
	return verdict->kind == SMTP_ACCEPT ? HOOK_ACCEPT : HOOK_DECIDED;
}

/* Waits at every stage, until smtp_hooks_resume. */
static enum smtp_hook_result waiting_row(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	(void)c;
	(void)verdict;
	return world.waits ? HOOK_WAIT : HOOK_ACCEPT;
}

static void tap_begin(struct smtp_connection *c)
{
	(void)c;
	world.begun++;
}

static void tap_came(struct smtp_connection *c, struct view bytes)
{
	(void)c;
	assert_true(world.begun > world.ended);
	buf_append(&world.came, bytes);
}

static bool tap_bytes(struct smtp_connection *c, struct view bytes)
{
	(void)c;
	buf_append(&world.seen, bytes);
	return !world.tap_is_full;
}

static void tap_end(struct smtp_connection *c)
{
	(void)c;
	world.ended++;
}

static const struct smtp_tap tap = {tap_begin, tap_came, tap_bytes, tap_end};

static const struct smtp_hook_row rows[] = {
    {SMTP_AT_END, 1 << SMTP_RELAY | 1 << SMTP_LMTP, first_row, NULL},
    {SMTP_AT_END, 1 << SMTP_RELAY | 1 << SMTP_LMTP, second_row, &tap},
    {SMTP_AT_MAIL, 1 << SMTP_SUBMISSION, waiting_row, NULL},
    {SMTP_AT_RCPT, 1 << SMTP_SUBMISSION, waiting_row, NULL},
    {SMTP_AT_HEADER, 1 << SMTP_SUBMISSION, waiting_row, NULL},
    {SMTP_AT_END, 1 << SMTP_SUBMISSION, waiting_row, NULL},
};

/* ---- the session ---- */

static void deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	struct smtp_connection *c = arg;
	int results[10] = {0};
	assert_true(digest->trailer.len > 0);
	world.delivered++;
	for (size_t i = 0; i < envelope->count; i++)
		world.kept += !envelope->recipients[i].dropped;
	buf_append(&world.headers, buf_view(&c->message.headers));
	smtp_delivered(c->session, results, NULL, envelope->count, VIEW("ID"));
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1000000000;
}

static void login(void *arg, const struct smtp_login *terms)
{
	struct smtp_connection *c = arg;
	(void)terms;
	smtp_logged_in(c->session, VIEW("alice@example.test"));
}

static void close_it(void *arg)
{
	assert_ptr_equal(arg, &world.c);
	world.closed++;
}

static const char *const mechanisms[] = {"PLAIN", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

static enum smtp_kind kind_of(enum service service)
{
	return service == SERVICE_LMTP ? SMTP_LMTP : service == SERVICE_SMTP ? SMTP_RELAY : SMTP_SUBMISSION;
}

static void start(enum service service)
{
	static const struct smtp_backend backend = {.check = smtp_hooks_check,
	    .login = login,
	    .close = close_it,
	    .body = smtp_hooks_body,
	    .came = smtp_hooks_came,
	    .deliver = deliver,
	    .abandon = smtp_hooks_abandon,
	    .now = now};
	struct smtp_config config = {.kind = kind_of(service),
	    .mechanisms = mechanisms,
	    .announced = announced,
	    .clear_login = true,
	    .hostname = VIEW("mx.example.test"),
	    .client_address = VIEW("192.0.2.1"),
	    .id = VIEW("session"),
	    .size_max = 1 << 20,
	    .recipients_max = 10,
	    .received_max = 10,
	    .errors_max = 10};
	memset(&world, 0, sizeof world);
	buf_init(&world.out, 1 << 20);
	buf_init(&world.came, 1 << 20);
	buf_init(&world.seen, 1 << 20);
	buf_init(&world.headers, 4096);
	world.c.edge.ending = true; /* there is no stream to go on with */
	world.c.edge.client.service = service;
	smtp_hooks_init(&world.c);
	smtp_upload_init(&world.c);
	smtp_hooks_use(rows, sizeof rows / sizeof rows[0]);
	world.c.session = smtp_session_new(&config, &backend, &world.c, &world.out);
	smtp_start(world.c.session);
}

static int stop(void **state)
{
	(void)state;
	smtp_hooks_forget(&world.c);
	smtp_session_free(world.c.session);
	buf_done(&world.out);
	buf_done(&world.came);
	buf_done(&world.seen);
	buf_done(&world.headers);
	return 0;
}

static size_t say(const char *text)
{
	buf_clear(&world.out);
	return smtp_feed(world.c.session, view_from_string(text));
}

#define TO_TWO                                                                                               \
	"MAIL FROM:<a@remote.test>\r\nRCPT TO:<alice@example.test>\r\nRCPT "                                 \
	"TO:<bob@example.test>\r\nDATA\r\n"
#define MESSAGE "Message-ID: <1@remote.test>\r\nSubject: x\r\n\r\ntext\r\n.\r\n"

static void begin(void)
{
	say(world.c.edge.client.service == SERVICE_LMTP ? "LHLO client\r\n" TO_TWO
	                                                : "EHLO client\r\n" TO_TWO);
	assert_true(view_ends_nocase(buf_view(&world.out), VIEW("single dot\r\n")));
}

static void expect(const char *replies)
{
	assert_string_equal(buf_string(&world.out), replies);
}

/* ---- the tests ---- */

static void a_row_that_waits_keeps_the_session_waiting(void **state)
{
	(void)state;
	start(SERVICE_SMTP);
	begin();
	world.waits = true;
	say(MESSAGE);
	expect("");
	assert_int_equal(smtp_waits_for(world.c.session), SMTP_FOR_US);
	assert_int_equal(say("NOOP\r\n"), 0);
	assert_true(world.first == 1 && world.second == 0 && world.delivered == 0);
	smtp_hooks_resume(&world.c, HOOK_ACCEPT, NULL);
	expect("250 2.0.0 kept as ID\r\n");
	assert_true(world.first == 1 && world.second == 1 && world.delivered == 1 && world.kept == 2);
	/* The client goes while a row waits: nothing is left behind. */
	say(TO_TWO MESSAGE);
	assert_true(world.first == 2 && world.second == 1);
}

static void each_verdict_has_its_reply(void **state)
{
	static const struct {
		struct smtp_verdict verdict;
		const char *reply;
	} cases[] = {{{.kind = SMTP_ACCEPT}, "250 2.0.0 kept as ID\r\n"},
	    {{SMTP_TEMPORARY, 451, "4.7.1", "come again later", .each = NULL},
	        "451 4.7.1 come again later\r\n"},
	    {{SMTP_PERMANENT, 550, "5.7.1", "this looks forged", .each = NULL},
	        "550 5.7.1 this looks forged\r\n"},
	    {{.kind = SMTP_DISCARD}, "250 2.0.0 accepted\r\n"}};
	(void)state;
	start(SERVICE_SMTP);
	say("EHLO client\r\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned before = world.delivered;
		world.at_end = cases[i].verdict;
		say(TO_TWO);
		say(MESSAGE);
		expect(cases[i].reply);
		assert_int_equal(world.delivered - before, cases[i].verdict.kind == SMTP_ACCEPT);
		assert_int_equal(world.ended, i + 1);
	}
}

static void a_tap_sees_the_message_and_may_stop_it(void **state)
{
	(void)state;
	start(SERVICE_SMTP);
	begin();
	assert_int_equal(world.begun, 0);
	world.tap_is_full = true;
	say("Message-ID: <1@remote.test>\r\nSubject: x\r\n\r\none\r\n");
	assert_int_equal(world.begun, 1);
	assert_int_equal(smtp_waits_for(world.c.session), SMTP_FOR_US);
	assert_int_equal(say("two\r\n"), 0); /* it stays with the connection */
	world.tap_is_full = false;
	smtp_hooks_tap_ready(&world.c, &tap);
	say("two\r\n.\r\n");
	expect("250 2.0.0 kept as ID\r\n");
	/* As store gets it: the trace field, the header, the body. */
	assert_true(view_starts(buf_view(&world.seen), VIEW("Received: ")));
	assert_true(view_ends_nocase(buf_view(&world.seen), VIEW("\r\nSubject: x\r\n\r\none\r\ntwo\r\n")));
	assert_true(world.begun == 1 && world.ended == 1 && world.delivered == 1);
	/* As it came, without the dots of SMTP. */
	assert_string_equal(
	    buf_string(&world.came), "Message-ID: <1@remote.test>\r\nSubject: x\r\n\r\none\r\ntwo\r\n");
	/* A message that is given up has an end for the tap, too. */
	say(TO_TWO);
	say("Subject: y\r\n");
	assert_int_equal(world.begun, 2);
	smtp_hooks_abandon(&world.c);
	assert_int_equal(world.ended, 2);
}

static void verdicts_write_into_the_header(void **state)
{
	static const char *const bad[] = {"", "X-Spam: yes", "X-Spam: yes\n", "X-Spam: yes\r\n\r\n",
	    " folded: first\r\n", "X-Spam: \ryes\r\n", "\r\n", "X-Spam: yes\r\nno field\r\n", ": no name\r\n",
	    "X-Spam: yes\r\n \t\r\n", "X-Spam: yes\r\n\r\ntext\r\n", "X Spam: yes\r\n",
	    "X-Spam: yes\r\n.\r\n"};
	char longest[VERDICT_HEADERS_MAX + 1];
	(void)state;
	start(SERVICE_SMTP);
	begin();
	world.header = "Authentication-Results: mx.example.test;\r\n spf=pass\r\nX-Spam: no\r\n";
	say(MESSAGE);
	assert_int_equal(world.header_result, 0);
	assert_string_equal(buf_string(&world.headers), world.header);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(smtp_hooks_add_header(&world.c, view_from_string(bad[i])), -EINVAL);
	/* The next message has its own. */
	assert_int_equal(world.c.message.headers.len, 0);
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "X: ", 3);
	memcpy(longest + sizeof longest - 2, "\r\n", 2);
	assert_int_equal(smtp_hooks_add_header(&world.c, view_of(longest, sizeof longest)), -ENOBUFS);
	memcpy(longest + 1, "X: ", 3);
	assert_int_equal(smtp_hooks_add_header(&world.c, view_of(longest + 1, sizeof longest - 1)), 0);
	assert_int_equal(smtp_hooks_add_header(&world.c, VIEW("Y: z\r\n")), -ENOBUFS);
	assert_int_equal(world.c.message.headers.len, VERDICT_HEADERS_MAX);
}

/* SMTP has one reply for all of them: what may be tried again is not refused for good. */
static void one_reply_is_temporary_when_any_verdict_is(void **state)
{
	static const struct smtp_verdict no = {SMTP_PERMANENT, 550, "5.7.1", "rejected by a rule",
	                                     .each = NULL},
	                                 later = {
	                                     SMTP_TEMPORARY, 451, "4.7.1", "come again later", .each = NULL};
	(void)state;
	start(SERVICE_SMTP);
	begin();
	world.for_first = &no;
	world.for_second = &later;
	say(MESSAGE);
	expect("451 4.7.1 come again later\r\n");
	world.for_second = &no;
	say(TO_TWO);
	say(MESSAGE);
	expect("550 5.7.1 rejected by a rule\r\n");
	assert_int_equal(world.delivered, 0);
	/* Who refuses while others accept gets it: RCPT was its chance. */
	world.for_first = NULL;
	say(TO_TWO);
	say(MESSAGE);
	expect("250 2.0.0 kept as ID\r\n");
	assert_int_equal(world.kept, 2);
}

static void single_recipients_of_lmtp_have_their_own(void **state)
{
	static const struct smtp_verdict no = {
	    SMTP_PERMANENT, 550, "5.7.1", "rejected by a rule", .each = NULL};
	(void)state;
	start(SERVICE_LMTP);
	begin();
	world.for_second = &no;
	say(MESSAGE);
	expect("250 2.0.0 kept as ID\r\n550 5.7.1 rejected by a rule\r\n");
	assert_int_equal(world.kept, 1);
	/* It is forgotten with its message. */
	world.for_second = NULL;
	say(TO_TWO);
	say(MESSAGE);
	expect("250 2.0.0 kept as ID\r\n250 2.0.0 kept as ID\r\n");
}

/* The login is taken away while a verdict is awaited, and the answer comes all the same. */
static void an_answer_after_the_end_is_passed_over(void **state)
{
	static const char *const before[] = {"", "MAIL FROM:<alice@example.test>\r\n",
	    "RCPT TO:<bob@example.test>\r\n", "DATA\r\nSubject: x\r\n\r\n", "text\r\n.\r\n"};
	(void)state;
	for (size_t stage = 1; stage < sizeof before / sizeof before[0]; stage++) {
		start(SERVICE_SUBMISSION);
		say("EHLO client\r\nAUTH PLAIN AGEAYg==\r\n");
		for (size_t i = 1; i < stage; i++)
			say(before[i]);
		world.waits = true;
		say(before[stage]);
		assert_int_equal(smtp_waits_for(world.c.session), SMTP_FOR_US);
		smtp_end(world.c.session, "4.7.0", "the login has ended");
		smtp_hooks_resume(&world.c, HOOK_ACCEPT, NULL);
		assert_true(
		    view_ends_nocase(buf_view(&world.out), VIEW("421 4.7.0 the login has ended\r\n")));
		assert_int_equal(smtp_envelope(world.c.session)->count, 0);
		assert_int_equal(say("NOOP\r\n"), 0);
		assert_true(world.closed == 1 && world.delivered == 0);
		stop(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_row_that_waits_keeps_the_session_waiting, stop),
	    cmocka_unit_test_teardown(each_verdict_has_its_reply, stop),
	    cmocka_unit_test_teardown(a_tap_sees_the_message_and_may_stop_it, stop),
	    cmocka_unit_test_teardown(verdicts_write_into_the_header, stop),
	    cmocka_unit_test_teardown(one_reply_is_temporary_when_any_verdict_is, stop),
	    cmocka_unit_test_teardown(single_recipients_of_lmtp_have_their_own, stop),
	    cmocka_unit_test(an_answer_after_the_end_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
