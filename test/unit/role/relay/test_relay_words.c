/* What the relay role is told, what it decides itself, and what it says of a message: whose words, and which
 * terms. */
#include "relay_support.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "dsn/dsn_explain.h"

static const char body[] = "Subject: x\r\n\r\nhello\r\n";

/* RFC 5321 section 4.5.3.1.10: 552 as well says only that they are too many at once; the rest comes in the
 * next transaction. */
static void test_too_many_recipients_come_again(void **state)
{
	static const struct {
		const char *reply;
		uint64_t verdict;
		const char *status;
	} alone[] = {{"552 no", QUEUE_DEFERRED, "4.5.3"},
	    {"552 Too many recipients", QUEUE_DEFERRED, "4.5.3"}, {"552 5.5.3 no", QUEUE_DEFERRED, "4.5.3"},
	    {"552 5.0.0 too many recipients", QUEUE_DEFERRED, "4.5.3"}, {"452 no", QUEUE_DEFERRED, "4.5.3"},
	    {"452 4.2.2 full", QUEUE_DEFERRED, "4.2.2"}, {"552 Mailbox full", QUEUE_FAILED, "5.0.0"},
	    {"552 5.2.2 full", QUEUE_FAILED, "5.2.2"},
	    {"552 Message size exceeds fixed limit", QUEUE_FAILED, "5.0.0"}};
	enum { ALONE = sizeof alone / sizeof alone[0] };
	struct message_queue_recipient three[] = {{.number = 0, .address = VIEW("a@example.net")},
	    {.number = 1, .address = VIEW("b@example.net")}, {.number = 2, .address = VIEW("c@example.net")}};
	struct message_queue_outcome m;
	char text[200];
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give(d, "aaaaaaaaaaaa", body, three, 3);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<b@example.net>\r\n"
	         "RCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n552 Too many recipients\r\n552 no\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<b@example.net>\r\nRCPT "
	         "TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n552 no\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	/* The last one is alone now: what it hears is its own, and no refusal for good. */
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n552 no\r\n503 no\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(m.results.count, 3);
	assert_int_equal(r[0].verdict, QUEUE_RELAYED);
	assert_int_equal(r[1].verdict, QUEUE_RELAYED);
	assert_int_equal(r[2].verdict, QUEUE_DEFERRED);
	assert_view(r[2].status, "4.5.3");
	assert_view(r[2].reply, "552 no");
	assert_int_equal(r[2].cause, TROUBLE_NONE);
	for (size_t i = 0; i < ALONE; i++) {
		give_one(d, "bbbbbbbbbbbb", body);
		hear(fd, "RSET\r\nMAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
		snprintf(text, sizeof text, "250 ok\r\n250 ok\r\n%s\r\n503 no\r\n", alone[i].reply);
		say(fd, text);
		struct message_queue_result one = expect_outcome("bbbbbbbbbbbb", 1, 0);
		assert_int_equal(one.verdict, alone[i].verdict);
		assert_view(one.status, alone[i].status);
		assert_view(one.reply, alone[i].reply);
	}
	close(fd);
}

static void test_a_host_that_is_not_there(void **state)
{
	(void)state;
	close(listener);
	listener = -1;
	uint64_t d = offer("example.net");
	struct message_queue_rest rest = expect_rest(d, REST_FAILED);
	assert_true(view_starts(rest.text, VIEW("4.4.1 no connection to 127.0.0.1:")));
	assert_int_equal(rest.cause, TROUBLE_REFUSED);
	assert_string_equal(rest_stage, "connect");
	/* It is remembered: the next one hears the same at once, without another attempt. */
	d = offer("example.org");
	expect_rest(d, REST_FAILED);
}

static void test_a_host_that_refuses_to_talk(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "554 5.7.1 go away\r\n");
	struct message_queue_rest rest = expect_rest(d, REST_FAILED);
	/* Its own words, as it said them. */
	assert_view(rest.text, "4.7.1 554 5.7.1 go away");
	assert_int_equal(rest.cause, TROUBLE_NONE);
	assert_string_equal(rest_stage, "greeting");
	close(fd);
}

/* What a host does not announce is not tried: no MAIL is said, and what is decided here are no words of the
 * host. */
static void test_what_is_decided_here_is_no_reply(void **state)
{
	static const struct {
		const char *id, *status;
		enum trouble cause;
	} expected[] = {{"aaaaaaaaaaaa", "5.3.4", TROUBLE_TOO_LARGE},
	    {"bbbbbbbbbbbb", "5.6.7", TROUBLE_NO_SMTPUTF8}, {"cccccccccccc", "5.7.10", TROUBLE_REQUIRETLS},
	    {"dddddddddddd", "5.4.7", TROUBLE_NO_DELIVERBY}, {"eeeeeeeeeeee", "5.6.7", TROUBLE_UNWRITABLE}};
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	struct message_queue_recipient odd = {.address = VIEW("b\xc3\xa9@example.net")};
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 SIZE 100\r\n");
	expect_take(d);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_message m = {.number = d,
		    .id = view_from_string(expected[i].id),
		    .terms.sender = VIEW("alice@example.test"),
		    .size = i == 0 ? 101 : strlen(body),
		    .terms.utf8 = i == 1,
		    .terms.requiretls = i == 2,
		    .terms.by_time = i == 3 ? time(NULL) + 1000 : 0,
		    .terms.by_mode = i == 3 ? SMTP_BY_RETURN : SMTP_BY_NONE,
		    .recipients = {.items = i == 4 ? &odd : &bob, .count = 1},
		    .bytes = i == 0 ? (struct view){0} : view_from_string(body)};
		tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	}
	taken(d, 5);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_result r = expect_outcome(expected[i].id, 1, 0);
		assert_int_equal(r.verdict, QUEUE_FAILED);
		assert_int_equal(r.cause, expected[i].cause);
		assert_view(r.status, expected[i].status);
		assert_view(r.stage, "EHLO");
		assert_false(view_starts(r.reply, VIEW("5")));
	}
	/* Nothing was said to the host. */
	expect_rest(d, REST_EMPTY);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 0);
	close(fd);
}

static void take_message(int fd, const char *mail)
{
	hear(fd, mail);
	say(fd, "250 ok\r\n");
	hear(fd, "RCPT TO:<bob@example.net>\r\n");
	say(fd, "250 ok\r\n");
	hear(fd, "DATA\r\n");
	say(fd, "354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
}

/* What was said when the message came is said to the next host, and nothing else. */
static void test_terms_keep_their_value(void **state)
{
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	static const char *const ids[] = {
	    "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd", "eeeeeeeeeeee"};
	static const char *const mail[] = {"MAIL FROM:<alice@example.test> MT-PRIORITY=0\r\n",
	    "MAIL FROM:<alice@example.test>\r\n",
	    "MAIL FROM:<alice@example.test> RET=HDRS ENVID=x MT-PRIORITY=-5\r\n", "MAIL FROM:<>\r\n", NULL};
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250-MT-PRIORITY\r\n250-DELIVERBY\r\n250 DSN\r\n");
	expect_take(d);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_message m = {.number = d,
		    .id = view_from_string(ids[i]),
		    .terms.sender = i == 3 ? VIEW("") : VIEW("alice@example.test"),
		    .size = strlen(body),
		    .terms.priority = i == 2 ? -5 : 0,
		    .terms.has_priority = i == 0 || i == 2,
		    .terms.ret = i == 2 ? RET_HDRS : RET_UNSAID,
		    .terms.envid = i == 2 ? VIEW("x") : VIEW(""),
		    .terms.requiretls =
		        i == 3, /* a report: better in clear than not at all (RFC 8689 section 5) */
		    .terms.by_time =
		        i == 4 ? time(NULL)
		               : 0, /* this very moment is over, and no time at all is another thing */
		    .terms.by_mode = i == 4 ? SMTP_BY_RETURN : SMTP_BY_NONE,
		    .recipients = {.items = &bob, .count = 1},
		    .bytes = view_from_string(body)};
		tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	}
	taken(d, 5);
	for (size_t i = 0; i < 4; i++) {
		take_message(fd, mail[i]);
		assert_int_equal(expect_outcome(ids[i], 1, 0).verdict, QUEUE_RELAYED);
	}
	struct message_queue_result r = expect_outcome(ids[4], 1, 0);
	assert_int_equal(r.verdict, QUEUE_FAILED);
	assert_int_equal(r.cause, TROUBLE_NO_DELIVERBY);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_too_many_recipients_come_again, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_host_that_is_not_there, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_host_that_refuses_to_talk, start, stop),
	    cmocka_unit_test_setup_teardown(test_what_is_decided_here_is_no_reply, start, stop),
	    cmocka_unit_test_setup_teardown(test_terms_keep_their_value, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
