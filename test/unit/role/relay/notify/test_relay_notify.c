/* Telling senders what became of their mail, against a server of which only that part is real. */
#include "notify_support.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/header.h"
#include "format/mail_terms.h"

static void assert_field(const struct delivery *d, const char *name, const char *expected)
{
	struct view body;
	assert_true(header_find(buf_view(&d->text), view_from_string(name), &body));
	assert_view(view_trim(body), expected);
}

/* ---- one message, one notice ---- */

static void tells_of_a_failure(void **state)
{
	char id[100];
	(void)state;
	struct item *i = add_item("Alice@Example.ORG");
	i->m.terms.envid = VIEW("QQ+2B1");
	i->recipients[0].orcpt = VIEW("rfc822;Joe+2Bx@there.example");
	server_offer();
	struct delivery *d = only_delivery();
	assert_rested_empty();
	assert_int_equal(d->m.deliveries.count, 1);
	assert_int_equal(d->m.reports.count, 1);
	const struct message_delivery *t = d->m.deliveries.items;
	assert_int_equal(t->kind, DELIVER_MAILBOX);
	assert_int_equal(t->account, (int)account_of(VIEW("alice@example.org")));
	assert_view(t->prefix, "Return-Path: <>\r\nDelivered-To: alice@example.org\r\n");
	assert_int_equal(t->enforce_quota, 0); /* the one who must hear of it has nobody else to tell him */
	assert_field(d, "To", "<Alice@Example.ORG>");
	assert_field(d, "From", "Mail Delivery System <postmaster@example.org>");
	assert_field(d, "In-Reply-To", "<original@example.org>");
	snprintf(id, sizeof id, "<%.*s@mail.example.net>", VIEW_FMT(d->m.id));
	assert_field(d, "Message-ID", id);
	assert_true(view_equal(d->m.message_id, view_of(id + 1, strlen(id) - 2)));
	assert_true(delivery_says(d, "550 5.1.1 nobody of that name"));
	assert_true(delivery_says(d, "Subject: lunch"));
	assert_int_equal(d->status.count, 1);
	assert_int_equal(d->status.recipients[0].action, DSN_FAILED);
	assert_view(d->status.envid, "QQ+1");
	assert_view(d->status.recipients[0].original.value, "Joe+x@there.example");
	assert_view(d->status.recipients[0].final.value, "joe0@there.example");
	assert_view(d->status.recipients[0].status, "5.1.1");
	assert_view(d->status.recipients[0].remote.value, "mx.there.example");
	assert_view(d->status.recipients[0].final_log_id, i->id);
	assert_int_equal(d->status.arrival, (int64_t)i->m.arrived);
	snprintf(id, sizeof id, "dsn-sent to=Alice@Example.ORG about=%s action=failed", i->id);
	assert_true(was_logged(id));
}

static void tells_a_sender_elsewhere(void **state)
{
	(void)state;
	struct item *i = add_item("\"J. D\"@B\303\274ro.Example");
	i->m.terms.utf8 = 1;
	i->recipients[0].forwarder = VIEW("team@example.org");
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(d->m.deliveries.count, 1);
	const struct message_delivery *r = d->m.deliveries.items;
	assert_int_equal(r->kind, DELIVER_REMOTE);
	assert_int_equal(r->notify, NOTIFY_NEVER);
	assert_view(r->address, "\"J. D\"@B\303\274ro.Example");
	assert_view(r->destination, "xn--bro-hoa.example");
	assert_int_equal(r->forwarder.len, 0);
	assert_int_equal(d->m.terms.utf8, 1);
	assert_field(d, "From", "Mail Delivery System <postmaster@example.org>");
	/* He wrote to the alias, not to whom it led to. */
	assert_view(d->status.recipients[0].original.value, "team@example.org");
	assert_int_equal(i->outcomes, 0);
}

static void tells_everybody_behind_an_alias(void **state)
{
	(void)state;
	add_item("Team@example.org");
	server_offer();
	struct delivery *d = only_delivery();
	const struct message_delivery *t = d->m.deliveries.items, *r = &t[2];
	assert_int_equal(d->m.deliveries.count, 3);
	assert_int_equal(t[0].kind, DELIVER_MAILBOX);
	assert_int_equal(r->kind, DELIVER_REMOTE);
	assert_int_equal(t[0].account, 7);
	assert_int_equal(t[1].account, 8);
	assert_view(t[1].prefix, "Return-Path: <>\r\nDelivered-To: bob@example.org\r\n");
	assert_view(r->address, "carl@Elsewhere.Example");
	assert_view(r->destination, "elsewhere.example");
	assert_view(r->forwarder, "team@example.org");
	assert_int_equal(r->notify, NOTIFY_NEVER);
}

static void finds_the_true_sender_of_forwarded_mail(void **state)
{
	(void)state;
	add_item("SRS0=good=AB=sender.example=true@example.org");
	struct item *forged = add_item("SRS0=forged=AB=sender.example=true@example.org");
	server_offer();
	struct delivery *d = only_delivery();
	const struct message_delivery *r = d->m.deliveries.items;
	assert_view(r->address, "true@Sender.Example");
	assert_view(r->destination, "sender.example");
	assert_int_equal(forged->verdict, QUEUE_FAILED);
}

static void finds_the_true_sender_before_a_catch_all(void **state)
{
	(void)state;
	add_item("SRS0=good=AB=sender.example=true@xn--bcher-kva.example");
	server_offer();
	struct delivery *d = only_delivery();
	const struct message_delivery *r = d->m.deliveries.items;
	assert_int_equal(d->m.deliveries.count, 1);
	assert_view(r->address, "true@Sender.Example");
}

static void a_catch_all_takes_what_only_looks_rewritten(void **state)
{
	(void)state;
	add_item("SRS0=forged=AB=sender.example=true@xn--bcher-kva.example");
	server_offer();
	struct delivery *d = only_delivery();
	const struct message_delivery *t = d->m.deliveries.items;
	assert_int_equal(d->m.deliveries.count, 1);
	assert_int_equal(t->kind, DELIVER_MAILBOX);
	/* Auth is asked for the address in its normal form. */
	assert_int_equal(t->account, account_of(VIEW("srs0=forged=ab=sender.example=true@")));
}

static void gives_up_where_nobody_can_be_told(void **state)
{
	static const char *const senders[] = {
	    "nobody@example.org", "disabled@example.org", "no address", "postmaster", "a@b..c"};
	(void)state;
	for (size_t i = 0; i < 5; i++)
		add_item(senders[i]);
	server_offer();
	assert_int_equal(server.delivered, 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(server.items[i].outcomes, 1);
		assert_int_equal(server.items[i].verdict, QUEUE_FAILED);
	}
	assert_true(was_logged("message00001 notify-undeliverable to=nobody@example.org"));
	assert_rested_empty();
}

static void never_tells_the_null_sender(void **state)
{
	(void)state;
	struct item *null = add_item(""), *nothing = add_item("alice@example.org");
	nothing->recipients[0].action = ACTION_NONE;
	server_offer();
	assert_int_equal(server.delivered, 0);
	assert_int_equal(null->verdict, QUEUE_DELIVERED);
	assert_int_equal(nothing->verdict, QUEUE_DELIVERED);
	assert_rested_empty();
}

static void tells_of_all_recipients_at_once(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	item_add_recipients(i, 100, ACTION_DELAYED);
	item_add_recipients(i, 50, ACTION_RELAYED);
	item_add_recipients(i, 50, ACTION_EXPANDED);
	item_add_recipients(i, 50, ACTION_NONE);
	item_add_recipients(i, 49, ACTION_DELIVERED);
	server_offer();
	struct delivery *d = only_delivery();
	size_t counts[DSN_ACTIONS] = {0};
	assert_int_equal(d->m.reports.count, 250);
	assert_int_equal(d->status.count, 250);
	for (size_t k = 0; k < 250; k++)
		counts[d->status.recipients[k].action]++;
	assert_int_equal(counts[DSN_FAILED], 1);
	assert_int_equal(counts[DSN_DELAYED], 100);
	assert_int_equal(counts[DSN_RELAYED], 50);
	assert_int_equal(counts[DSN_EXPANDED], 50);
	assert_int_equal(counts[DSN_DELIVERED], 49);
	assert_int_equal(d->status.recipients[1].retry_until, (int64_t)i->m.expires);
	assert_true(
	    was_logged("action=delayed") && was_logged("action=expanded") && was_logged("action=failed"));
}

static void says_what_led_to_the_end(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	i->m.arrived -= 5 * 86400;
	i->recipients[0].status = VIEW("4.4.7");
	i->recipients[0].cause = TROUBLE_REFUSED;
	i->recipients[0].over = TROUBLE_EXPIRED;
	i->recipients[0].reply = VIEW("no connection to 192.0.2.1:25");
	i->recipients[0].stage = VIEW("connect");
	server_offer();
	struct delivery *d = only_delivery();
	assert_true(delivery_says(d, "It was tried for 5 days"));
	assert_view(d->status.recipients[0].status, "4.4.7");
	assert_true(delivery_says(d, "connection refused: no connection to 192.0.2.1:25"));
	assert_view(d->status.recipients[0].diagnostic.type, "x-postrider");
	assert_int_equal(d->status.recipients[0].remote.value.len, 0);
}

/* A host may say 4.4.7 and 5.4.7 as well: that this server has waited long enough, it knows by itself. */
static void what_a_host_says_did_not_end_it_here(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	i->m.terms.by_time = i->m.arrived + 600;
	i->m.terms.by_mode = SMTP_BY_RETURN;
	i->recipients[0].status = VIEW("5.4.7");
	i->recipients[0].reply = VIEW("550 5.4.7 message expired");
	server_offer();
	struct delivery *d = only_delivery();
	assert_false(delivery_says(d, "The time that you allowed for it has passed."));
	assert_true(delivery_says(d, "The mail server mx.there.example said"));
	assert_view(d->status.recipients[0].diagnostic.type, "smtp");
}

/* What this server decided has no words of the host, and yet its name: it was spoken to. */
static void own_decisions_are_told_as_such(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	i->recipients[0].status = VIEW("5.6.7");
	i->recipients[0].cause = TROUBLE_NO_SMTPUTF8;
	i->recipients[0].reply = VIEW("the next host does not support SMTPUTF8");
	i->recipients[0].stage = VIEW("EHLO");
	server_offer();
	struct delivery *d = only_delivery();
	assert_false(delivery_says(d, " said"));
	assert_view(d->status.recipients[0].status, "5.6.7");
	assert_view(d->status.recipients[0].diagnostic.type, "x-postrider");
	assert_view(d->status.recipients[0].remote.value, "mx.there.example");
}

/* RFC 8689 section 5, RFC 6710: what was asked of the way there holds for the way back. */
static void terms_hold_for_the_way_back(void **state)
{
	static const struct {
		bool require_tls, given;
		int64_t priority;
	} cases[] = {
	    {false, false, 0}, {true, false, 0}, {false, true, 0}, {false, true, 4}, {true, true, -9}};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		server_anew(state);
		struct item *i = add_item("alice@example.org");
		i->m.terms.requiretls = cases[c].require_tls;
		i->m.terms.priority = cases[c].priority;
		i->m.terms.has_priority = cases[c].given;
		server_offer();
		struct delivery *d = only_delivery();
		assert_int_equal(d->m.terms.requiretls, cases[c].require_tls);
		assert_int_equal(d->m.terms.priority, cases[c].priority);
		assert_int_equal(d->m.terms.has_priority, cases[c].given);
	}
}

/* ---- what is returned ---- */

static void returns_what_was_asked_for(void **state)
{
	enum { KB = 1024, MB = 1024 * KB };
	static const struct {
		uint64_t ret;
		size_t size;
		enum queue_action action;
		bool require_tls;
		enum returned expected;
	} cases[] = {
	    {0, 1 * KB, ACTION_FAILED, false, WHOLE},
	    {0, 49 * KB, ACTION_FAILED, false, WHOLE},
	    {0, 51 * KB, ACTION_FAILED, false, HEADER},
	    {1, 51 * KB, ACTION_FAILED, false, WHOLE},
	    {1, 1000 * KB, ACTION_FAILED, false, WHOLE},
	    {1, 1 * MB, ACTION_FAILED, false, HEADER}, /* with its header it is larger */
	    {1, 9 * MB, ACTION_FAILED, false, HEADER},
	    {2, 1 * KB, ACTION_FAILED, false, HEADER},
	    {2, 9 * MB, ACTION_FAILED, false, HEADER},
	    {1, 1 * KB, ACTION_DELAYED, false, HEADER},
	    {1, 1 * KB, ACTION_DELIVERED, false, HEADER},
	    {1, 1 * KB, ACTION_RELAYED, false, HEADER},
	    {0, 1 * KB, ACTION_EXPANDED, false, HEADER},
	    {1, 1 * KB, ACTION_FAILED, true, HEADER},
	};
	static const size_t gives[] = {64 * KB, 10, 0, 5000};
	for (size_t k = 0; k < 4 * sizeof cases / sizeof cases[0]; k++) {
		const size_t c = k / 4;
		server_anew(state);
		struct item *i = add_item("alice@example.org");
		item_set_body(i, "Subject: lunch\r\n", cases[c].size);
		i->m.terms.ret = cases[c].ret;
		i->m.terms.requiretls = cases[c].require_tls;
		i->recipients[0].action = cases[c].action;
		server.give = gives[k % 4];
		server_offer();
		struct delivery *d = only_delivery();
		assert_int_equal(delivery_returned(d), cases[c].expected);
		assert_true(delivery_says(d, "Subject: lunch"));
		assert_int_equal(d->m.terms.body, SMTP_7BIT);
		if (delivery_returned(d) == WHOLE) {
			struct view whole = delivery_part(d, delivery_find(d, "message", "rfc822"));
			assert_true(view_equal(whole, buf_view(&i->body)));
		} else {
			assert_false(delivery_says(d, "text of a message"));
			assert_in_range(server.reads, 0, 1); /* nothing is fetched that is not used */
		}
		assert_rested_empty();
	}
}

static void uploads_a_large_one_on_credit(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	item_set_body(i, "Subject: lunch\r\n", 1000 * 1024);
	i->m.terms.ret = RET_FULL;
	server.withhold = true;
	server_offer();
	assert_int_equal(server.delivered, 0);
	assert_in_range(server.most_owed, UPLOAD_UNDER_WAY, UPLOAD_UNDER_WAY + UPLOAD_PIECE);
	for (int turn = 0; turn < 10 && server.delivered == 0; turn++) {
		server_send_credit();
		server_run();
	}
	assert_in_range(server.most_owed, UPLOAD_UNDER_WAY, UPLOAD_UNDER_WAY + UPLOAD_PIECE);
	struct delivery *d = only_delivery();
	assert_true(view_equal(delivery_part(d, delivery_find(d, "message", "rfc822")), buf_view(&i->body)));
}

static void returns_octets_as_they_are(void **state)
{
	static const struct {
		const char *sender, *body;
		size_t len;
		uint64_t declared;
		enum returned expected;
		uint64_t kind;
	} cases[] = {
	    {"alice@example.org", "A: b\r\n\r\n\303\274ber\r\n", 15, SMTP_7BIT, WHOLE, SMTP_8BITMIME},
	    {"alice@there.example", "A: b\r\n\r\n\303\274ber\r\n", 15, SMTP_7BIT, WHOLE, SMTP_8BITMIME},
	    {"alice@example.org", "A: b\r\n\r\nnot\0text\r\n", 18, SMTP_8BITMIME, WHOLE, SMTP_BINARYMIME},
	    {"alice@there.example", "A: b\r\n\r\nnot\0text\r\n", 18, SMTP_8BITMIME, HEADER, SMTP_7BIT},
	    {"alice@example.org", "A: b\r\n\r\nbare\nend\r\n", 18, SMTP_7BIT, WHOLE, SMTP_BINARYMIME},
	    {"alice@there.example", "A: b\r\n\r\nbare\rend\r\n", 18, SMTP_7BIT, HEADER, SMTP_7BIT},
	    {"alice@there.example", "A: b\r\n\r\nend\r", 12, SMTP_7BIT, HEADER, SMTP_7BIT},
	    {"alice@there.example", "A: b\r\n\r\ntext\r\n", 14, SMTP_BINARYMIME, HEADER, SMTP_7BIT},
	    {"alice@there.example", "A: \303\274\r\n\r\ntext\0\r\n", 16, SMTP_7BIT, HEADER, SMTP_8BITMIME},
	    {"alice@there.example", "\r\nno header", 11, SMTP_7BIT, WHOLE, SMTP_7BIT},
	    {"alice@there.example", "\r\nno header\0", 12, SMTP_7BIT, NOTHING, SMTP_7BIT},
	    {"alice@there.example", "", 0, SMTP_7BIT, WHOLE, SMTP_7BIT},
	};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		server_anew(state);
		struct item *i = add_item(cases[c].sender);
		buf_clear(&i->body);
		buf_append(&i->body, view_of(cases[c].body, cases[c].len));
		i->m.terms.body = cases[c].declared;
		server_offer();
		struct delivery *d = only_delivery();
		assert_int_equal(delivery_returned(d), cases[c].expected);
		assert_int_equal(d->m.terms.body, cases[c].kind);
	}
}

/* RFC 5322 section 2.1.1: no host needs to take more than 998 octets in a line. */
static void returns_no_line_that_is_too_long(void **state)
{
	for (int over = 0; over < 2; over++) {
		server_anew(state);
		struct item *i = add_item("alice@there.example");
		for (int n = 0; n < 998 + over; n++)
			buf_append_byte(&i->body, 'x');
		buf_append_string(&i->body, "\r\n");
		server_offer();
		assert_int_equal(delivery_returned(only_delivery()), over ? HEADER : WHOLE);
	}
}

static void returns_what_can_be_read(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	item_set_body(i, "Subject: lunch\r\n", 300 * 1024);
	i->m.terms.ret = RET_FULL;
	server.give = 4096;
	server.read_error = -EIO;
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(delivery_returned(d), HEADER);
	assert_int_equal(server.reads, 1);
	server_anew(state);
	add_item("alice@example.org");
	server.give = 0;
	server.read_error = -ENOENT;
	server_offer();
	assert_int_equal(delivery_returned(only_delivery()), NOTHING);
}

static void survives_hostile_headers(void **state)
{
	static const char *const headers[] = {
	    ("Subject: =?utf-8?Q?a=0D=0ABcc:_evil@example.org=0D=0A=0D=0Abody?=\r\nMessage-ID: <a\r\nb: "
	     "c>\r\n"),
	    "Subject: a\rBcc: evil@example.org\r\nMessage-ID: <a@b>\rc\r\n",
	    "From evil Mon Jan  1\r\n: nameless\r\nSubject:\r\n\t\r\n \r\nMessage-ID:\r\n",
	    "Subject: \033[31mred\033[0m \177\r\nMessage-ID: <<<<>>>> <\377@\377>\r\n",
	    "Subject: \344\366\374\r\nContent-Type: multipart/mixed; boundary=\"\"\r\nX: \200\r\n",
	    "no header at all\r\n",
	    "Bare: line\nends: here\n",
	};
	for (size_t c = 0; c < sizeof headers / sizeof headers[0]; c++) {
		server_anew(state);
		struct item *i = add_item("alice@there.example");
		item_set_body(i, headers[c], 100);
		i->m.terms.ret = RET_HDRS;
		server_offer();
		struct delivery *d = only_delivery();
		struct view evil;
		assert_false(header_find(buf_view(&d->text), VIEW("Bcc"), &evil));
		assert_int_equal(d->status.count, 1);
	}
}

/* Each of these is a megabyte of header in its own way; what of it comes back is bounded, and made of whole
 * fields. */
static void bounds_huge_headers(void **state)
{
	static const char *const lines[] = {
	    "X-Field: value of a field\r\n", "X:\r\n", " folded for ever\r\n", "word ", "\n", "a:\n"};
	for (size_t c = 0; c < sizeof lines / sizeof lines[0]; c++) {
		server_anew(state);
		struct item *i = add_item("alice@there.example");
		item_set_body(i, "Subject: lunch\r\nX-Long: ", 0);
		buf_truncate(&i->body, i->body.len - 2);
		while (i->body.len <= (1 << 20))
			buf_append_string(&i->body, lines[c]);
		i->m.terms.ret = c % 2 ? RET_HDRS : RET_FULL;
		server.give = 1000;
		server_offer();
		struct delivery *d = only_delivery();
		assert_true(buf_view(&d->text).len < 2 * NOTIFY_HEADER_MAX + 10000);
		assert_int_equal(delivery_returned(d), HEADER);
		struct view header = delivery_part(d, delivery_find(d, "text", "rfc822-headers"));
		assert_view(view_take(header, 16), "Subject: lunch\r\n");
		if (c == 0)
			assert_true(view_ends_nocase(header, VIEW("X-Field: value of a field\r\n")));
		assert_in_range(server.reads, 0, 2);
	}
}

static void repeats_no_line_of_a_remote(void **state)
{
	(void)state;
	struct item *i = add_item("alice@there.example");
	i->recipients[0].reply = VIEW("550-no\n\n--=_boundary\nAction: delivered\n550 end");
	i->recipients[0].orcpt = VIEW("rfc822;joe+0D+0AAction:+20expanded");
	i->m.terms.envid = VIEW("a+0D+0Ab");
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(d->status.count, 1);
	assert_int_equal(d->status.recipients[0].action, DSN_FAILED);
	assert_view(d->status.recipients[0].status, "5.1.1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, server_reset, server_forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(tells_of_a_failure),
	    TEST(tells_a_sender_elsewhere),
	    TEST(tells_everybody_behind_an_alias),
	    TEST(finds_the_true_sender_of_forwarded_mail),
	    TEST(finds_the_true_sender_before_a_catch_all),
	    TEST(a_catch_all_takes_what_only_looks_rewritten),
	    TEST(gives_up_where_nobody_can_be_told),
	    TEST(never_tells_the_null_sender),
	    TEST(tells_of_all_recipients_at_once),
	    TEST(says_what_led_to_the_end),
	    TEST(what_a_host_says_did_not_end_it_here),
	    TEST(own_decisions_are_told_as_such),
	    TEST(terms_hold_for_the_way_back),
	    TEST(returns_what_was_asked_for),
	    TEST(uploads_a_large_one_on_credit),
	    TEST(returns_octets_as_they_are),
	    TEST(returns_no_line_that_is_too_long),
	    TEST(returns_what_can_be_read),
	    TEST(survives_hostile_headers),
	    TEST(bounds_huge_headers),
	    TEST(repeats_no_line_of_a_remote),
	};
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
