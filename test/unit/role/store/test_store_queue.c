/* Smtp and relay at the store role, over their channels: deliveries, what relay takes, what it says, and
 * reports. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "queue_world.h"

#include "account/message.h"
#include "base/clock.h"
#include "base/log.h"
#include "dsn/dsn_explain.h"

static void mailboxes_and_queue_in_one_step(void **state)
{
	struct message_delivery target = {
	    .account = test_account(1), .prefix = VIEW("A: b\r\n"), .address = VIEW("a@here.example")};
	struct message_delivery recipients[2] = {
	    remote("b@b.example", "b.example"), remote("c@c.example", "c.example")};
	struct message_deliver m = delivery("000000000001", &target, 1, recipients, 2);
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.result_count, 3);
	assert_int_equal(smtp.results[0] | smtp.results[1] | smtp.results[2], 0);
	assert_int_equal(messages_in(1), 1);
	/* Once more, as after a lost answer. */
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.frames[MESSAGE_DELIVERED], 2);
	assert_int_equal(smtp.results[0] | smtp.results[1] | smtp.results[2], 0);
	assert_int_equal(messages_in(1), 1);
	ready(10);
	assert_int_equal(relay.offer_count, 2);
	take(offered("b.example"));
	assert_int_equal(relay.message_count, 1);
	assert_string_equal(relay.messages[0].id, "000000000001");
	assert_string_equal(relay.messages[0].address, "b@b.example");
	assert_string_equal(relay.messages[0].body, "Subject: hello\r\n\r\nworld\r\n");
	assert_true(relay.taken.count == 1 && relay.taken.error == 0 && !relay.taken.more);
	take(offered("c.example"));
	outcome(offered("b.example"), "000000000001", 0, QUEUE_RELAYED, "250 ok");
	outcome(offered("c.example"), "000000000001", 1, QUEUE_RELAYED, "250 ok");
	rest(offered("b.example"), REST_EMPTY);
	rest(offered("c.example"), REST_EMPTY);
	relay.offer_count = 0;
	ready(1);
	assert_int_equal(relay.offer_count, 0);
}

static void a_refused_mailbox_refuses_all(void **state)
{
	struct message_delivery targets[2] = {{.account = test_account(1)}, {.account = test_account(7)}};
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", targets, 2, &recipient, 1);
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.results[1], -ENOENT);
	assert_int_equal(smtp.results[2], -ENOENT);
	assert_int_equal(messages_in(1), 0);
	ready(1);
	assert_int_equal(relay.offer_count, 0);
	/* With LMTP each has its own result; who wants to know of success is told of those only that
	 * succeeded. */
	targets[0].address = VIEW("one@here.example");
	targets[1].address = VIEW("two@here.example");
	targets[0].notify = targets[1].notify = NOTIFY_SUCCESS;
	m = delivery("000000000002", targets, 2, &recipient, 1);
	m.all_or_none = false;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	static const int expected[] = {0, -ENOENT, 0};
	assert_int_equal(smtp.result_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(smtp.results[i], expected[i]);
	ready(5);
	take(offered("@notify"));
	assert_int_equal(relay.messages[0].recipients, 1);
	assert_string_equal(relay.messages[0].address, "one@here.example");
	assert_int_equal(relay.messages[0].action, ACTION_DELIVERED);
	take(offered("b.example"));
	assert_int_equal(relay.message_count, 2);
}

static void the_sender_is_told_once(void **state)
{
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", NULL, 0, &recipient, 1);
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	ready(10);
	take(offered("b.example"));
	outcome(offered("b.example"), "000000000001", 0, QUEUE_FAILED, "550 5.1.1 no such user");
	take(offered("@notify"));
	assert_int_equal(relay.message_count, 2);
	assert_string_equal(relay.messages[1].reply, "550 5.1.1 no such user");
	/* The report goes into the sender's mailbox, and in the same step it is told. */
	struct message_delivery_report report = {
	    .id = VIEW("000000000001"), .recipient = 0, .action = ACTION_FAILED};
	struct message_delivery target = {.account = test_account(1), .address = VIEW("s@here.example")};
	m = delivery("000000000002", &target, 1, NULL, 0);
	m.terms.sender = (struct view){0};
	m.reports = (struct codec_list){.items = &report, .count = 1};
	assert_int_equal(ipc_send(&relay.channel, MESSAGE_UPLOAD, 3,
	                     &(struct message_upload){77, VIEW("Subject: failed\r\n")}, -1),
	    0);
	m.upload = 77;
	send_to_store(&relay, MESSAGE_DELIVER, &m);
	assert_int_equal(relay.frames[MESSAGE_DELIVERED], 1);
	assert_int_equal(relay.results[0], 0);
	assert_int_equal(relay.credited, 17);
	assert_int_equal(messages_in(1), 1);
	take(offered("@notify"));
	assert_int_equal(relay.taken.count, 0);
	rest(offered("@notify"), REST_EMPTY);
	rest(offered("b.example"), REST_EMPTY);
	relay.offer_count = 0;
	turn_clock(30 * 86400);
	ready(10);
	assert_int_equal(relay.offer_count, 0);
}

/* Until all that was said is on the disk: outcomes wait a little for others. */
static void settle(void)
{
	struct queue_figures figures;
	do {
		usleep(1000);
		turn();
		queue_figures(store_role.queue, &figures);
	} while (figures.under_way > 0);
}

/* What the sender asked for comes to relay as it came to store: a priority of 0 that was said, and one that
 * was not. */
static void terms_keep_their_value(void **state)
{
	static const struct {
		int64_t priority;
		uint64_t given, require_tls, utf8, body, ret, by_mode, by_trace;
	} cases[] = {{0, 1, 0, 0, SMTP_7BIT, RET_UNSAID, SMTP_BY_NONE, 0},
	    {0, 0, 1, 1, SMTP_8BITMIME, RET_FULL, SMTP_BY_RETURN, 0},
	    {-9, 1, 1, 0, SMTP_BINARYMIME, RET_HDRS, SMTP_BY_NOTIFY, 1},
	    {9, 1, 0, 1, SMTP_7BIT, RET_UNSAID, SMTP_BY_RETURN, 1}};
	struct message_delivery recipient = remote("b@b.example", "b.example");
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char id[13];
		snprintf(id, sizeof id, "00000000000%zu", i);
		struct message_deliver m = delivery(id, NULL, 0, &recipient, 1);
		m.terms.priority = cases[i].priority;
		m.terms.has_priority = cases[i].given;
		m.terms.requiretls = cases[i].require_tls;
		m.terms.utf8 = cases[i].utf8;
		m.terms.body = cases[i].body;
		m.terms.ret = cases[i].ret;
		m.terms.by_mode = cases[i].by_mode;
		m.terms.by_trace = cases[i].by_trace;
		m.terms.by_time = cases[i].by_mode ? clock_wall() + 5000 : 0;
		send_to_store(&smtp, MESSAGE_DELIVER, &m);
	}
	ready(1);
	take(offered("b.example"));
	assert_int_equal(relay.message_count, 4);
	for (size_t k = 0; k < 4; k++) {
		size_t i = (size_t)(relay.messages[k].id[11] - '0'); /* the urgent ones come first */
		const struct message_queue_message *m = &relay.messages[k].terms;
		assert_true(i < 4);
		assert_int_equal(m->terms.priority, cases[i].priority);
		assert_int_equal(m->terms.has_priority, cases[i].given);
		assert_int_equal(m->terms.requiretls, cases[i].require_tls);
		assert_int_equal(m->terms.utf8, cases[i].utf8);
		assert_int_equal(m->terms.body, cases[i].body);
		assert_int_equal(m->terms.ret, cases[i].ret);
		assert_int_equal(m->terms.by_mode, cases[i].by_mode);
		assert_int_equal(m->terms.by_trace, cases[i].by_trace);
		assert_int_equal(m->terms.by_time > 0, cases[i].by_mode > 0);
	}
}

/* Whose words they are is kept from relay to the report; a host's reply with the stage that it answers. */
static void whose_words_they_are_is_kept(void **state)
{
	struct message_delivery recipients[3] = {remote("b@b.example", "b.example"),
	    remote("c@c.example", "c.example"), remote("d@d.example", "d.example")};
	struct message_deliver m = delivery("000000000001", NULL, 0, recipients, 3);
	struct message_queue_result own = {.recipient = 0,
	    .verdict = QUEUE_FAILED,
	    .cause = TROUBLE_NO_SMTPUTF8,
	    .status = VIEW("5.6.7"),
	    .reply = VIEW("the next host does not support SMTPUTF8"),
	    .stage = VIEW("EHLO")};
	struct message_queue_outcome o = {
	    .id = VIEW("000000000001"), .host = VIEW("mx.b.example"), .results = {.items = &own, .count = 1}};
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	ready(10);
	take(offered("b.example"));
	o.number = offered("b.example");
	send_to_store(&relay, MESSAGE_QUEUE_OUTCOME, &o);
	/* A domain that takes no mail; and trouble of ours, which is never a host's word. */
	struct message_queue_rest dead = {.number = offered("c.example"),
	    .how = REST_DEAD,
	    .cause = TROUBLE_NULL_MX,
	    .status = VIEW("5.1.10"),
	    .text = VIEW("there is a null MX")};
	send_to_store(&relay, MESSAGE_QUEUE_REST, &dead);
	dead.number = offered("d.example");
	dead.cause = TROUBLE_LOCAL;
	send_to_store(&relay, MESSAGE_QUEUE_REST, &dead);
	settle();
	take(offered("@notify"));
	size_t last = relay.message_count - 1;
	assert_int_equal(relay.messages[last].recipients, 3);
	assert_int_equal(relay.messages[last].cause, TROUBLE_NO_SMTPUTF8);
	assert_int_equal(relay.messages[last].over, TROUBLE_NONE);
	assert_string_equal(relay.messages[last].stage, "EHLO");
	assert_int_equal(relay.messages[last].causes[1], TROUBLE_NULL_MX);
	assert_int_equal(relay.messages[last].causes[2], TROUBLE_LOCAL);
}

static void relay_comes_again(void **state)
{
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", NULL, 0, &recipient, 1);
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	ready(10);
	take(offered("b.example"));
	assert_int_equal(relay.message_count, 1);
	leave(&relay);
	join(&relay, store_queue_open);
	turn();
	assert_int_equal(relay.offer_count, 0);
	ready(10);
	take(offered("b.example"));
	assert_int_equal(relay.message_count, 1);
	/* New mail while it has the destination. */
	m = delivery("000000000002", NULL, 0, &recipient, 1);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(relay.frames[MESSAGE_QUEUE_MORE], 1);
	take(offered("b.example"));
	assert_string_equal(relay.messages[1].id, "000000000002");
	/* A destination that was never offered. */
	take(999);
	assert_int_equal((int)relay.taken.error, -ENOENT);
}

static void large_bodies(void **state)
{
	static char piece[90000];
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", NULL, 0, &recipient, 1);
	(void)state;
	memset(piece, 'x', sizeof piece);
	m.upload = 5;
	m.trailer = VIEW("the trailer");
	assert_int_equal(ipc_send(&smtp.channel, MESSAGE_UPLOAD, 3,
	                     &(struct message_upload){5, view_of(piece, sizeof piece)}, -1),
	    0);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	ready(1);
	take(offered("b.example"));
	assert_int_equal(relay.messages[0].size, sizeof piece + m.bytes.len);
	assert_int_equal(relay.messages[0].body_len, 0);
	send_to_store(&relay, MESSAGE_QUEUE_READ,
	    &(struct message_queue_read){VIEW("000000000001"), sizeof piece, m.bytes.len + 11});
	assert_int_equal(relay.data_error, 0);
	assert_view(buf_view(&relay.data), "Subject: hello\r\n\r\nworld\r\nthe trailer");
	send_to_store(&relay, MESSAGE_QUEUE_READ,
	    &(struct message_queue_read){VIEW("000000000001"), sizeof piece, m.bytes.len + 12});
	assert_int_equal(relay.data_error, -ERANGE);
}

static void set_quota(unsigned account, uint64_t bytes)
{
	struct account_request r = {.shard = test_account(account), .quota = bytes};
	assert_int_equal(test_request(&store_role.accounts, account_set_quota, &r), 0);
}

/* Account 2 has one message, and no room for another one. */
static void fill(void)
{
	struct message_delivery target = {.account = test_account(2), .address = VIEW("full@here.example")};
	struct message_deliver m = delivery("000000000009", &target, 1, NULL, 0);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.results[0], 0);
	assert_int_equal(messages_in(2), 1);
}

static void local_mail_that_was_held(void **state)
{
	static char much[4000];
	memset(much, 'x', sizeof much);
	memcpy(much + sizeof much - 2, "\r\n", 2);
	struct message_delivery recipients[5] = {{.kind = DELIVER_LATER,
	                                             .address = VIEW("one@here.example"),
	                                             .account = test_account(1),
	                                             .prefix = VIEW("A: b\r\n")},
	    {.kind = DELIVER_LATER,
	        .address = VIEW("full@here.example"),
	        .account = test_account(2),
	        .prefix = VIEW("A: b\r\n")},
	    {.kind = DELIVER_LATER, .address = VIEW("small@here.example"), .account = test_account(3)},
	    {.kind = DELIVER_LATER, .address = VIEW("gone@here.example"), .account = test_account(7)},
	    {.kind = DELIVER_LATER,
	        .address = VIEW("long@here.example"),
	        .account = test_account(4),
	        .prefix = view_of(much, sizeof much)}};
	struct message_deliver m = delivery("000000000001", NULL, 0, recipients, 5);
	(void)state;
	fill();
	m.terms.hold_until = clock_wall() + 600;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.results[0] | smtp.results[1] | smtp.results[2] | smtp.results[3], 0);
	turn_clock(500);
	assert_int_equal(messages_in(1), 0);
	turn_clock(610);
	assert_int_equal(messages_in(1), 1);
	assert_int_equal(messages_in(2), 1);
	/* The one that is gone, and those that can never hold it, are told; the full one is tried again,
	 * until it has room. */
	ready(5);
	take(offered("@notify"));
	assert_int_equal(relay.messages[0].recipients, 3);
	assert_string_equal(relay.messages[0].address, "small@here.example");
	set_quota(2, 1000000);
	turn_clock(610 + 400);
	assert_int_equal(messages_in(2), 2);
	assert_int_equal(messages_in(1), 1);
}

/* More than one commit takes: each account once, and of its names what any of them asked for is told. */
/* What verdicts wrote of a message stands behind the prefix of each mailbox, now and later. */
static void verdicts_stand_behind_each_prefix(void **state)
{
	static const char body[] = "Subject: hello\r\n\r\nworld\r\n", prefix[] = "A: b\r\n",
	                  headers[] = "Authentication-Results: here.example; none\r\n";
	const size_t all = sizeof body + sizeof prefix + sizeof headers - 3;
	struct message_delivery targets[] = {
	    {.account = test_account(1), .prefix = VIEW("A: b\r\n")}, {.account = test_account(4)}};
	struct message_delivery held = {.kind = DELIVER_LATER,
	    .address = VIEW("four@here.example"),
	    .account = test_account(4),
	    .prefix = VIEW("A: b\r\n")};
	struct message_deliver m = delivery("000000000001", targets, 2, NULL, 0);
	(void)state;
	m.headers = view_from_string(headers);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(test_stat(&store_role.accounts, test_account(1)).bytes, all);
	assert_int_equal(test_stat(&store_role.accounts, test_account(4)).bytes, all - 6);
	m = delivery("000000000002", NULL, 0, &held, 1);
	m.headers = view_from_string(headers);
	m.terms.hold_until = clock_wall() + 600;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	turn_clock(700);
	assert_int_equal(test_stat(&store_role.accounts, test_account(4)).bytes, 2 * all - 6);
	/* Whole lines, or none: another field cannot come in with them. */
	m = delivery("000000000003", targets, 2, NULL, 0);
	m.headers = VIEW("X-Spam: no\r\n\r\n");
	assert_int_equal(ipc_send(&smtp.channel, MESSAGE_DELIVER, 9, &m, -1), -EMSGSIZE);
}

/* The thread of an account's message of this number, from its entry. */
static int find_thread_of(struct txn *t, void *arg)
{
	uint64_t *id = arg;
	struct account_email email;
	struct view value;
	int error = key_get(t, test_account(1), key_email(*id), &value);
	if (error == 0)
		error = email_decode(*id, value, &email);
	*id = email.thread;
	return error;
}

static uint64_t thread_of(uint64_t emailid)
{
	assert_int_equal(test_read(store_role.store, test_account(1), find_thread_of, &emailid), 0);
	return emailid;
}

/* A message, its answer, and one that was held until later and answers the answer. */
static void answers_join_their_thread(void **state)
{
	struct message_delivery target = {.account = test_account(1)};
	struct message_delivery held = {
	    .kind = DELIVER_LATER, .address = VIEW("one@here.example"), .account = test_account(1)};
	struct message_reference first[] = {{111}}, both[] = {{222}, {111}}, other[] = {{444}};
	struct message_deliver m = delivery("000000000001", &target, 1, NULL, 0);
	(void)state;
	m.message_id_hash = 111;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	m.id = VIEW("000000000002");
	m.message_id_hash = 222;
	m.references = (struct codec_list){first, 1};
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	m = delivery("000000000003", NULL, 0, &held, 1);
	m.terms.hold_until = clock_wall() + 600;
	m.message_id_hash = 333;
	m.references = (struct codec_list){both, 2};
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(messages_in(1), 2);
	turn_clock(700);
	assert_int_equal(messages_in(1), 3);
	m = delivery("000000000004", &target, 1, NULL, 0);
	m.references = (struct codec_list){other, 1};
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(thread_of(2), thread_of(1));
	assert_int_equal(thread_of(3), thread_of(1));
	assert_int_not_equal(thread_of(4), thread_of(1));
}

static int damage_head(struct txn *t, void *arg)
{
	unsigned *account = arg;
	struct account_key key = key_head();
	return txn_put(t, test_account(*account), key_view(&key), VIEW("?"));
}

/* As with LMTP: one mailbox cannot be read, another is fine, and the queue has something to do. */
static void trouble_with_one_mailbox_keeps_nothing(void **state)
{
	static unsigned damaged = 2;
	struct message_delivery targets[2] = {{.account = test_account(2)}, {.account = test_account(1)}};
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", targets, 2, &recipient, 1);
	(void)state;
	m.all_or_none = false;
	assert_int_equal(test_commit(store_role.store, damage_head, &damaged), 0);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.result_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_not_equal(smtp.results[i], 0);
	assert_int_equal(messages_in(1), 0);
	ready(1);
	assert_int_equal(relay.offer_count, 0);
}

static void many_names_of_one_account(void **state)
{
	enum { OTHERS = 100, GONE = 7, SILENT = 8 };
	static const struct {
		unsigned account, notify;
	} names[] = {{GONE, NOTIFY_NEVER}, {SILENT, NOTIFY_NEVER}, {GONE, NOTIFY_DELAY},
	    {SILENT, NOTIFY_NEVER}, {GONE, NOTIFY_FAILURE}};
	enum { NAMES = sizeof names / sizeof *names };
	struct message_delivery recipients[OTHERS + NAMES];
	(void)state;
	for (size_t i = 0; i < OTHERS + NAMES; i++)
		recipients[i] = (struct message_delivery){.kind = DELIVER_LATER,
		    .address = VIEW("name@here.example"),
		    .account = test_account(i < OTHERS ? 1 : names[i - OTHERS].account),
		    .notify = i < OTHERS ? 0 : names[i - OTHERS].notify};
	struct message_deliver m = delivery("000000000001", NULL, 0, recipients, OTHERS + NAMES);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.result_count, OTHERS + NAMES);
	ready(5);
	take(offered("@notify"));
	assert_int_equal(messages_in(1), 1);
	assert_int_equal(relay.message_count, 1);
	assert_int_equal(relay.messages[0].recipients, 1);
	assert_int_equal(relay.messages[0].action, ACTION_FAILED);
}

static void etrn(void **state)
{
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("000000000001", NULL, 0, &recipient, 1);
	(void)state;
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	ready(10);
	rest(offered("b.example"), REST_FAILED);
	relay.offer_count = 0;
	send_to_store(&smtp, MESSAGE_ETRN, &(struct message_etrn){VIEW("other.example")});
	assert_int_equal(smtp.frames[MESSAGE_ETRN_ANSWER], 1);
	assert_int_equal(smtp.etrn.messages, 0);
	assert_int_equal(relay.offer_count, 0);
	send_to_store(&smtp, MESSAGE_ETRN, &(struct message_etrn){VIEW("b.example")});
	assert_int_equal(smtp.etrn.messages, 1);
	assert_int_equal(relay.offer_count, 1);
}

static void bad_deliveries_are_refused(void **state)
{
	static const char *const names[] = {"", "@local", "@notify", "a>b"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct message_delivery recipient = remote("b@b.example", names[i]);
		struct message_deliver m = delivery("000000000001", NULL, 0, &recipient, 1);
		send_to_store(&smtp, MESSAGE_DELIVER, &m);
		assert_int_equal(smtp.results[0], -EINVAL);
	}
	struct message_delivery recipient = remote("b@b.example", "b.example");
	struct message_deliver m = delivery("tooshort", NULL, 0, &recipient, 1);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.results[0], -EINVAL);
	m = delivery("", NULL, 0, &recipient, 1);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.results[0], -EINVAL);
	assert_int_equal(smtp.frames[MESSAGE_DELIVERED], 6);
	/* More mailboxes than one commit delivers to: they go by the queue, which whoever sends this knows.
	 */
	struct message_delivery many[ACCOUNT_TARGETS_MAX + 1];
	for (size_t i = 0; i < ACCOUNT_TARGETS_MAX + 1; i++)
		many[i] = (struct message_delivery){.account = test_account(100 + (unsigned)i)};
	m = delivery("000000000001", many, ACCOUNT_TARGETS_MAX + 1, NULL, 0);
	send_to_store(&smtp, MESSAGE_DELIVER, &m);
	assert_int_equal(smtp.result_count, ACCOUNT_TARGETS_MAX + 1);
	assert_int_equal(smtp.results[0], -EINVAL);
	ready(5);
	assert_int_equal(relay.offer_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(mailboxes_and_queue_in_one_step, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(a_refused_mailbox_refuses_all, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(the_sender_is_told_once, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(terms_keep_their_value, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(whose_words_they_are_is_kept, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(relay_comes_again, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(large_bodies, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(local_mail_that_was_held, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(verdicts_stand_behind_each_prefix, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(answers_join_their_thread, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(trouble_with_one_mailbox_keeps_nothing, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(many_names_of_one_account, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(etrn, prepare, clean_up),
	    cmocka_unit_test_setup_teardown(bad_deliveries_are_refused, prepare, clean_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
