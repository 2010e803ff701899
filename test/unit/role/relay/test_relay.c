/* Messages on their way through the relay role: groups, connections, large bodies, what outlives what. */
#include "relay_support.h"

#include <stdio.h>
#include <unistd.h>

#include "dsn/dsn_explain.h"
#include "mime/summary.h"
#include "mime/trailer.h"
#include "role/relay/relay_transaction.h"
#include "format/mail_terms.h"

static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static void test_a_message_goes_out(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_RELAYED);
	assert_view(r.reply, "250 2.0.0 kept");
	assert_int_equal(r.cause, TROUBLE_NONE);
	expect_rest(d, REST_EMPTY);
	drain();
	hear(fd, "QUIT\r\n");
	say(fd, "221 bye\r\n");
	expect_closed(fd);
}

static void test_a_connection_serves_several_messages_and_destinations(void **state)
{
	(void)state;
	uint64_t d = offer("one.example");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("aaaaaaaaaaaa", 1, 0);
	uint64_t e = offer("two.example");
	expect_take(e);
	give_one(e, "bbbbbbbbbbbb", body);
	taken(e, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("bbbbbbbbbbbb", 1, 0);
	expect_rest(d, REST_EMPTY);
	expect_rest(e, REST_EMPTY);
	close(fd);
}

static void test_recipients_have_results_of_their_own(void **state)
{
	(void)state;
	struct message_queue_recipient three[] = {
	    {.number = 0, .address = VIEW("a@example.net")},
	    {.number = 4,
	        .address = VIEW("b@example.net"),
	        .notify = NOTIFY_SUCCESS | NOTIFY_DELAY,
	        .orcpt = VIEW("rfc822;b@example.org")},
	    {.number = 7, .address = VIEW("c@example.net")},
	};
	static const char *const ids[] = {"aaaaaaaaaaaa"};
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give(d, ids[0], body, three, 3);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@example.net>\r\n"
	         "RCPT TO:<b@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.org\r\nRCPT "
	         "TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n451 4.7.1 greylisted\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(m.results.count, 3);
	assert_int_equal(r[0].verdict, QUEUE_RELAYED);
	assert_int_equal(r[1].verdict, QUEUE_FAILED);
	assert_int_equal(r[1].recipient, 4);
	assert_view(r[1].status, "5.1.1");
	assert_view(r[1].reply, "550 5.1.1 nobody");
	assert_view(r[1].stage, "RCPT");
	assert_int_equal(r[2].verdict, QUEUE_DEFERRED);
	assert_int_equal(r[2].recipient, 7);
	expect_rest(d, REST_EMPTY);
	close(fd);
}

static void test_lost_before_the_end_goes_back(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	close(fd);
	/* No outcome: the message goes back as it was. */
	expect_rest(d, REST_FAILED);
}

static void test_lost_after_the_end_may_have_been_delivered(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	close(fd);
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_DEFERRED);
	assert_non_null(strstr(r.reply.data, "may have been delivered"));
	assert_int_equal(r.cause, TROUBLE_LOST);
	assert_view(r.stage, "end of data");
}

static void test_a_large_body_is_read_in_pieces(void **state)
{
	(void)state;
	enum { LINES = 3000 };
	static char large[LINES * 50 + 1];
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	for (size_t i = 0; i < LINES; i++)
		snprintf(large + i * 50, 51, "%047zu.\r\n", i);
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	struct message_queue_message m = {.number = d,
	    .id = VIEW("aaaaaaaaaaaa"),
	    .terms.sender = VIEW(""),
	    .size = LINES * 50,
	    .recipients = {.items = &bob, .count = 1},
	    .bytes = view_of(large, 1000)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	taken(d, 1);
	hear(fd, "MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	for (uint64_t have = 1000; have < LINES * 50;) {
		struct message_queue_read read;
		expect(store, MESSAGE_QUEUE_READ, &read);
		assert_int_equal(read.offset, have);
		struct message_queue_data data = {.bytes = view_of(large + read.offset, read.length)};
		assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_DATA, last_request, &data, -1), 0);
		hear(fd, view_string(large + have - (have == 1000 ? 1000 : 0),
		             read.length + (have == 1000 ? 1000 : 0)));
		have += read.length;
	}
	hear(fd, ".\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("aaaaaaaaaaaa", 1, 0);
	close(fd);
}

/* A message that this server cannot read is nothing against the host: it is called again at once, and after
 * three attempts the message is put off by itself. */
static void test_a_body_that_cannot_be_read(void **state)
{
	(void)state;
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	uint64_t d = offer("example.net");
	for (unsigned i = 1; i <= RELAY_TRIES_MAX; i++) {
		int fd = take_connection();
		greet(fd);
		if (i == 1) {
			expect_take(d);
			struct message_queue_message m = {.number = d,
			    .id = VIEW("aaaaaaaaaaaa"),
			    .terms.sender = VIEW(""),
			    .size = 1000,
			    .recipients = {.items = &bob, .count = 1},
			    .bytes = VIEW("Subject: x\r\n")};
			tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
			taken(d, 1);
		}
		hear(fd, "MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
		say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
		struct message_queue_read read;
		expect(store, MESSAGE_QUEUE_READ, &read);
		struct message_queue_data data = {.error = EIO};
		assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_DATA, last_request, &data, -1), 0);
		close(fd);
	}
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_DEFERRED);
	assert_int_equal(r.cause, TROUBLE_LOCAL);
}

/* Store dies before it has confirmed: the next one is told before it gets any credit. */
static void test_an_outcome_outlives_store(void **state)
{
	(void)state;
	struct message_queue_outcome m;
	struct message_queue_ready ready;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	close(store);
	store = introduce(ROLE_STORE);
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	assert_view(m.id, "aaaaaaaaaaaa");
	keep();
	expect(store, MESSAGE_QUEUE_READY, &ready);
	assert_true(ready.destinations > 100);
	close(fd);
}

/* A host without 8BITMIME gets the message in 7 bits, with what was kept of its structure to know how. */
static void test_a_body_is_converted(void **state)
{
	(void)state;
	static const char eight[] =
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	    "8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
	    "e, und noch viel mehr Text in dieser Zeile\r\n";
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	struct buf structure, trailer;
	struct mime_parser *parser = mime_parser_new();
	mime_parser_feed(parser, VIEW(eight));
	buf_init(&structure, 100000);
	buf_init(&trailer, 100000);
	assert_int_equal(mime_tree_encode(mime_parser_end(parser), &structure), 0);
	assert_int_equal(trailer_append(&trailer, TRAILER_STRUCTURE, buf_view(&structure)), 0);
	mime_parser_free(parser);
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	struct message_queue_message m = {.number = d,
	    .id = VIEW("aaaaaaaaaaaa"),
	    .terms.sender = VIEW("alice@example.test"),
	    .size = sizeof eight - 1,
	    .terms.body = SMTP_8BITMIME,
	    .trailer = buf_view(&trailer).len,
	    .recipients = {.items = &bob, .count = 1},
	    .bytes = VIEW(eight)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	taken(d, 1);
	struct message_queue_read read;
	expect(store, MESSAGE_QUEUE_READ, &read);
	assert_int_equal(read.offset, sizeof eight - 1);
	assert_int_equal(read.length, buf_view(&trailer).len);
	struct message_queue_data data = {.bytes = buf_view(&trailer)};
	assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_DATA, last_request, &data, -1), 0);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	         "quoted-printable\r\n\r\n"
	         "Gr=C3=BC=C3=9Fe, und noch viel mehr Text in dieser Zeile\r\n.\r\n");
	say(fd, "250 kept\r\n");
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_PASSED_ON);
	close(fd);
	buf_done(&structure);
	buf_done(&trailer);
}

/* Store dies while the host thinks: what the next one gives out again is not sent twice, and its outcome told
 * as the next one's. */
static void test_a_message_on_a_connection_is_not_sent_twice(void **state)
{
	(void)state;
	struct message_queue_outcome m;
	struct message_queue_ready ready;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	close(store);
	store = introduce(ROLE_STORE);
	expect(store, MESSAGE_QUEUE_READY, &ready);
	uint64_t again = offer("example.net");
	int second = take_connection();
	greet(second);
	expect_take(again);
	give_one(again, "aaaaaaaaaaaa", body);
	taken(again, 1);
	say(fd, "250 kept\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	assert_view(m.id, "aaaaaaaaaaaa");
	assert_int_equal(m.number, again);
	expect_rest(again, REST_EMPTY);
	close(fd);
	drain();
	hear(second, "QUIT\r\n");
	close(second);
}

static void test_lmtp(void **state)
{
	(void)state;
	struct message_queue_recipient two[] = {{.number = 0, .address = VIEW("a@lists.example")},
	    {.number = 1, .address = VIEW("b@lists.example")}};
	uint64_t d = offer("lists.example");
	int fd = take_connection();
	say(fd, "220 host.example.net LMTP\r\n");
	hear(fd, "LHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	give(d, "aaaaaaaaaaaa", body, two, 2);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@lists.example>\r\nRCPT "
	         "TO:<b@lists.example>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n452 4.2.2 full\r\n");
	struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(r[0].verdict, QUEUE_DELIVERED);
	assert_int_equal(r[1].verdict, QUEUE_DEFERRED);
	expect_rest(d, REST_EMPTY);
	close(fd);
}

static void test_lmtp_by_a_socket(void **state)
{
	(void)state;
	uint64_t d = offer("near.example");
	int fd = take_connection_of(near_listener);
	say(fd, "220 host.example.net LMTP\r\n");
	hear(fd, "LHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	taken(d, 0);
	close(fd);
	expect_rest(d, REST_EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_body_is_converted, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_message_goes_out, start, stop),
	    cmocka_unit_test_setup_teardown(
	        test_a_connection_serves_several_messages_and_destinations, start, stop),
	    cmocka_unit_test_setup_teardown(test_recipients_have_results_of_their_own, start, stop),
	    cmocka_unit_test_setup_teardown(test_lost_before_the_end_goes_back, start, stop),
	    cmocka_unit_test_setup_teardown(test_lost_after_the_end_may_have_been_delivered, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_large_body_is_read_in_pieces, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_body_that_cannot_be_read, start, stop),
	    cmocka_unit_test_setup_teardown(test_an_outcome_outlives_store, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_message_on_a_connection_is_not_sent_twice, start, stop),
	    cmocka_unit_test_setup_teardown(test_lmtp, start, stop),
	    cmocka_unit_test_setup_teardown(test_lmtp_by_a_socket, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
