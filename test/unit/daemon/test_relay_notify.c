/* Telling senders what became of their mail, against a server of which only that part is real. */
#include "notify_support.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/header.h"
#include "smtp/smtp_terms.h"

static struct delivery *only_delivery(void)
{
	assert_int_equal(server.delivered, 1);
	delivery_read(&server.deliveries[0]);
	return &server.deliveries[0];
}

static void assert_field(const struct delivery *d, const char *name, const char *expected)
{
	struct view body;
	assert_true(header_find(buf_view(&d->text), view_from_string(name), &body));
	assert_view(view_trim(body), expected);
}

static void assert_rested_empty(void)
{
	assert_int_equal(server.rests, 1);
	assert_int_equal(server.how, REST_EMPTY);
	assert_int_equal(relay_role.destinations.count, 0);
}

/* ---- one message, one notice ---- */

static void tells_of_a_failure(void **state)
{
	char id[100];
	(void)state;
	struct item *i = add_item("Alice@Example.ORG");
	i->m.envid = VIEW("QQ+2B1");
	i->recipients[0].orcpt = VIEW("rfc822;Joe+2Bx@there.example");
	server_offer();
	struct delivery *d = only_delivery();
	assert_rested_empty();
	assert_int_equal(d->m.targets.count, 1);
	assert_int_equal(d->m.recipients.count, 0);
	assert_int_equal(d->m.reports.count, 1);
	const struct message_delivery_target *t = d->m.targets.items;
	assert_int_equal(t->account, 42);
	assert_view(t->prefix, "Return-Path: <>\r\nDelivered-To: alice@example.org\r\n");
	assert_int_equal(d->m.enforce_quota, 0); /* the one who must hear of it has nobody else to tell him */
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
	i->m.utf8 = 1;
	i->recipients[0].forwarder = VIEW("team@example.org");
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(d->m.targets.count, 0);
	assert_int_equal(d->m.recipients.count, 1);
	const struct message_delivery_recipient *r = d->m.recipients.items;
	assert_int_equal(r->kind, RECIPIENT_REMOTE);
	assert_int_equal(r->notify, NOTIFY_NEVER);
	assert_view(r->address, "\"J. D\"@B\303\274ro.Example");
	assert_view(r->destination, "xn--bro-hoa.example");
	assert_int_equal(r->forwarder.len, 0);
	assert_int_equal(d->m.utf8, 1);
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
	const struct message_delivery_target *t = d->m.targets.items;
	const struct message_delivery_recipient *r = d->m.recipients.items;
	assert_int_equal(d->m.targets.count, 2);
	assert_int_equal(t[0].account, 7);
	assert_int_equal(t[1].account, 8);
	assert_view(t[1].prefix, "Return-Path: <>\r\nDelivered-To: bob@example.org\r\n");
	assert_int_equal(d->m.recipients.count, 1);
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
	const struct message_delivery_recipient *r = d->m.recipients.items;
	assert_view(r->address, "true@Sender.Example");
	assert_view(r->destination, "sender.example");
	assert_int_equal(forged->verdict, QUEUE_FAILED);
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
	i->recipients[0].reply = VIEW("connection refused");
	server_offer();
	struct delivery *d = only_delivery();
	assert_true(delivery_says(d, "It was tried for 5 days"));
	assert_view(d->status.recipients[0].status, "4.4.7");
	assert_true(delivery_says(d, "connection refused"));
}

/* ---- what is returned ---- */

enum returned { NOTHING, HEADER, WHOLE };

static enum returned returned(const struct delivery *d)
{
	bool message = delivery_find(d, "message", "rfc822") >= 0,
	     header = delivery_find(d, "text", "rfc822-headers") >= 0;
	assert_false(message && header);
	return message ? WHOLE : header ? HEADER : NOTHING;
}

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
		i->m.ret = cases[c].ret;
		i->m.require_tls = cases[c].require_tls;
		i->recipients[0].action = cases[c].action;
		server.give = gives[k % 4];
		server_offer();
		struct delivery *d = only_delivery();
		assert_int_equal(returned(d), cases[c].expected);
		assert_true(delivery_says(d, "Subject: lunch"));
		assert_int_equal(d->m.body, SMTP_7BIT);
		if (returned(d) == WHOLE) {
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
	i->m.ret = 1;
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
		i->m.body = cases[c].declared;
		server_offer();
		struct delivery *d = only_delivery();
		assert_int_equal(returned(d), cases[c].expected);
		assert_int_equal(d->m.body, cases[c].kind);
	}
}

static void returns_what_can_be_read(void **state)
{
	(void)state;
	struct item *i = add_item("alice@example.org");
	item_set_body(i, "Subject: lunch\r\n", 300 * 1024);
	i->m.ret = 1;
	server.give = 4096;
	server.read_error = -EIO;
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(returned(d), HEADER);
	assert_int_equal(server.reads, 1);
	server_anew(state);
	add_item("alice@example.org");
	server.give = 0;
	server.read_error = -ENOENT;
	server_offer();
	assert_int_equal(returned(only_delivery()), NOTHING);
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
		i->m.ret = 2;
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
		i->m.ret = c % 2 ? 2 : 1;
		server.give = 1000;
		server_offer();
		struct delivery *d = only_delivery();
		assert_true(buf_view(&d->text).len < 2 * NOTIFY_HEADER_MAX + 10000);
		assert_int_equal(returned(d), HEADER);
		assert_view(view_take(delivery_part(d, delivery_find(d, "text", "rfc822-headers")), 16),
		    "Subject: lunch\r\n");
		assert_in_range(server.reads, 0, 2);
	}
}

static void repeats_no_line_of_a_remote(void **state)
{
	(void)state;
	struct item *i = add_item("alice@there.example");
	i->recipients[0].reply =
	    VIEW("550-no\r\n\r\n--=_boundary\r\nAction: delivered\r\n550 \0\377\033 end");
	i->recipients[0].host = VIEW("mx\r\nStatus: 2.0.0");
	i->recipients[0].address = VIEW("joe\r\nAction: relayed@there.example");
	i->recipients[0].orcpt = VIEW("rfc822;joe+0D+0AAction:+20expanded");
	i->recipients[0].stage = VIEW("RCPT\r\n\r\n");
	i->m.envid = VIEW("a+0D+0Ab");
	server_offer();
	struct delivery *d = only_delivery();
	assert_int_equal(d->status.count, 1);
	assert_int_equal(d->status.recipients[0].action, DSN_FAILED);
	assert_view(d->status.recipients[0].status, "5.1.1");
}

/* ---- many for one ---- */

static void gathers_what_is_many(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		add_item("alice@example.org");
	add_item("bob@example.org");
	server_offer();
	assert_int_equal(server.delivered, 12);
	assert_rested_empty();
	size_t singles = 0;
	for (size_t i = 0; i < server.delivered; i++) {
		struct delivery *d = &server.deliveries[i];
		delivery_read(d);
		singles += d->m.reports.count == 1;
		if (d->m.reports.count == 1)
			continue;
		assert_int_equal(d->m.reports.count, 20);
		assert_true(media_type_is(&d->tree->parts[0].type, "multipart", "mixed"));
		size_t reports = 0;
		for (size_t k = 0; k < d->tree->count; k++)
			reports += media_type_is(&d->tree->parts[k].type, "message", "delivery-status");
		assert_int_equal(reports, 20);
		assert_true(
		    delivery_says(d, "Subject: Messages of yours could not be delivered: 20 reports"));
	}
	assert_int_equal(singles, 11);

	/* More of them wait, so that still more can gather; others' news do not wait with them. */
	for (int i = 0; i < 5; i++)
		add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.delivered, 12);
	assert_int_equal(server.rests, 1);
	add_item("bob@example.org");
	add_item("alice@example.org");
	server_more();
	assert_int_equal(server.delivered, 13);
	assert_int_equal(server.rests, 1);
	server_pass(NOTIFY_GATHER_SECONDS - 100);
	assert_int_equal(server.delivered, 13);
	server_pass(101);
	assert_int_equal(server.rests, 2);
	assert_int_equal(server.how, REST_EMPTY); /* due at once */
	server_offer();
	assert_int_equal(server.delivered, 14);
	assert_int_equal(server.deliveries[13].m.reports.count, 6);
	assert_int_equal(server.rests, 3);

	/* A crowd does not wait. */
	for (int i = 0; i < 3 * RELAY_TAKE_MESSAGES; i++)
		add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.delivered, 17);
	assert_int_equal(server.deliveries[16].m.reports.count, RELAY_TAKE_MESSAGES);
	assert_int_equal(server.rests, 4);

	/* The next hour begins anew. */
	server_pass(NOTIFY_HOUR);
	add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.delivered, 18);
	assert_true(all_told());
}

/* What gathered for long goes in one sweep, however many takes that needs. */
static void gathers_over_several_takes(void **state)
{
	(void)state;
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(VIEW("alice@example.org"), clock_wall());
	for (int i = 0; i < 300; i++)
		add_item(i % 10 == 0  ? "alice@example.org"
		         : i % 10 < 5 ? "bob@example.org"
		                      : "carl@example.org");
	server_offer();
	assert_rested_empty();
	size_t alice = 0;
	for (size_t i = 0; i < server.delivered; i++) {
		const struct message_delivery_target *t = server.deliveries[i].m.targets.items;
		alice += view_equal(t[0].address, VIEW("alice@example.org"));
	}
	assert_int_equal(alice, 5); /* one for each take */
	assert_true(all_told());
}

static void splits_what_is_too_much_for_one(void **state)
{
	(void)state;
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(VIEW("alice@example.org"), clock_wall());
	for (int i = 0; i < 8; i++) {
		item_add_recipients(add_item("alice@example.org"), 299, ACTION_DELAYED);
		item_set_body(&server.items[i], "Subject: lunch\r\n", 40 * 1024);
		server.items[i].m.ret = 1;
	}
	server_offer();
	assert_int_equal(server.delivered, 3);
	size_t reports = 0;
	for (int i = 0; i < 3; i++) {
		delivery_read(&server.deliveries[i]);
		assert_in_range(server.deliveries[i].m.reports.count, 600, 900);
		reports += server.deliveries[i].m.reports.count;
	}
	assert_int_equal(reports, 2400);
}

static void bounds_what_a_gathered_one_returns(void **state)
{
	(void)state;
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(VIEW("alice@example.org"), clock_wall());
	for (int i = 0; i < 8; i++) {
		item_set_body(add_item("alice@example.org"), "Subject: lunch\r\n", 300 * 1024);
		server.items[i].m.ret = 1;
	}
	server_offer();
	struct delivery *d = only_delivery();
	size_t whole = 0, headers = 0;
	for (size_t k = 0; k < d->tree->count; k++) {
		headers += media_type_is(&d->tree->parts[k].type, "text", "rfc822-headers");
		whole += media_type_is(&d->tree->parts[k].type, "text", "plain") &&
		         d->tree->parts[k].body_len > 200 * 1024;
	}
	assert_int_equal(whole, 3);
	assert_int_equal(headers, 5);
}

static void remembers_a_thousand_senders(void **state)
{
	char address[40];
	int64_t now = clock_wall();
	(void)state;
	for (int i = 0; i < NOTIFY_SENDERS_MAX + 1; i++) {
		snprintf(address, sizeof address, "sender%d@example.org", i);
		assert_int_equal(relay_notify_singles(view_from_string(address), now), NOTIFY_SINGLES);
		relay_notify_sent(view_from_string(address), now);
	}
	assert_int_equal(relay_notify_singles(VIEW("sender1000@example.org"), now), NOTIFY_SINGLES - 1);
	assert_int_equal(relay_notify_singles(VIEW("sender1@example.org"), now), NOTIFY_SINGLES - 1);
	assert_int_equal(
	    relay_notify_singles(VIEW("sender0@example.org"), now), NOTIFY_SINGLES); /* forgotten */
	/* The clock is put back: nobody waits for long. */
	assert_true(relay_notify_gathers(VIEW("sender1@example.org"), 1000000, now));
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(VIEW("sender1@example.org"), now);
	assert_true(relay_notify_gathers(VIEW("sender1@example.org"), 1000000, now));
	assert_false(relay_notify_gathers(VIEW("sender1@example.org"), 1000001, now));
	assert_true(relay_notify_gathers(VIEW("sender1@example.org"), 1000002, now - 86400));
	assert_int_equal(relay_notify_singles(VIEW("sender1@example.org"), now - 86400), NOTIFY_SINGLES);
}

/* ---- trouble ---- */

/* Store dies at each step, one after the other: nothing is told then, and all of it when store is back. */
static void survives_a_store_that_goes_away(void **state)
{
	size_t step = 1;
	for (;; step++) {
		server_anew(state);
		for (int i = 0; i < 3; i++) {
			item_set_body(add_item(i ? "alice@example.org" : "team@example.org"),
			    "Subject: lunch\r\n", 200 * 1024);
			server.items[i].m.ret = 1;
		}
		server.give = 500;
		server.close_after = step;
		server_offer();
		bool died = !server.store_up;
		if (died) {
			assert_int_equal(relay_role.destinations.count, 0);
			server_return();
			server_offer();
		}
		assert_int_equal(server.delivered, 3);
		for (size_t i = 0; i < 3; i++) {
			delivery_read(&server.deliveries[i]);
			assert_int_equal(returned(&server.deliveries[i]), WHOLE);
			assert_true(server.items[i].told[0]);
		}
		if (!died)
			break;
	}
	assert_true(step > 15);
}

static void repeats_under_the_same_id(void **state)
{
	(void)state;
	add_item("alice@example.org");
	server.close_on_deliver = true;
	server_offer();
	char id[RANDOM_ID_SIZE];
	memcpy(id, server.last_id, sizeof id);
	assert_int_equal(strlen(id), 12);
	server_return();
	server_offer();
	assert_int_equal(server.delivered, 1);
	assert_string_equal(server.last_id, id);
	/* And no other one. */
	add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.delivered, 2);
	assert_string_not_equal(server.last_id, id);
}

static void waits_for_auth(void **state)
{
	(void)state;
	add_item("alice@example.org");
	for (int i = 0; i < 5; i++) {
		server.auth_away = true;
		server_offer();
		assert_int_equal(server.rests, i + 1);
		assert_int_equal(server.how, i < 3 ? REST_LATER : REST_FAILED);
		assert_true(i >= 3 || server.seconds == 5);
		if (i >= 3)
			assert_string_equal(server.rest_text, "4.3.0 auth does not answer");
		server_return();
	}
	assert_int_equal(server.delivered, 0);
	server_offer();
	assert_int_equal(server.delivered, 1);
	/* One success, and a short absence is short again. */
	add_item("alice@example.org");
	server.auth_away = true;
	server_offer();
	assert_int_equal(server.how, REST_LATER);
	server_return();
}

static void waits_for_store(void **state)
{
	static const struct {
		int error;
		bool later;
		uint64_t verdict;
	} cases[] = {{-EAGAIN, true, 0}, {-ENOSPC, true, 0}, {-ENOENT, false, QUEUE_FAILED},
	    {-EMSGSIZE, false, QUEUE_DEFERRED}, {-EIO, false, QUEUE_DEFERRED}};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		server_anew(state);
		struct item *i = add_item("alice@example.org");
		server.error = cases[c].error;
		server_offer();
		assert_int_equal(server.delivered, 0);
		assert_int_equal(server.rests, 1);
		assert_int_equal(server.how == REST_EMPTY, !cases[c].later);
		assert_int_equal(i->outcomes, !cases[c].later);
		if (i->outcomes)
			assert_int_equal(i->verdict, cases[c].verdict);
		server.error = 0;
		i->gone = false;
		server_offer();
		assert_int_equal(server.delivered, 1);
	}
}

static void defers_what_cannot_be_looked_up(void **state)
{
	(void)state;
	struct item *i = add_item("crowded@example.org");
	add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.delivered, 1);
	assert_int_equal(i->verdict, QUEUE_DEFERRED);
	assert_rested_empty();
}

static void ends_when_the_server_stops(void **state)
{
	(void)state;
	for (int i = 0; i <= NOTIFY_SINGLES; i++)
		relay_notify_sent(VIEW("alice@example.org"), clock_wall());
	add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.rests, 0); /* it waits for more */
	relay_role.draining = true;
	relay_destinations_drain();
	server_run();
	assert_int_equal(server.rests, 1);
	assert_int_equal(relay_role.destinations.count, 0);
}

/* Each allocation fails once: the news are told, now or at the next attempt. */
static void survives_without_memory(void **state)
{
	bool pending = false;
	for (unsigned n = 1; !pending; n++) {
		server_anew(state);
		for (int i = 0; i < 12; i++)
			add_item("alice@example.org");
		server.faulty = true;
		mem_fail_after(n);
		server_offer();
		pending = mem_fault_pending();
		mem_fail_after(0);
		server_return();
		if (!all_told())
			server_offer();
		assert_true(all_told());
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, server_reset, server_forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(tells_of_a_failure),
	    TEST(tells_a_sender_elsewhere),
	    TEST(tells_everybody_behind_an_alias),
	    TEST(finds_the_true_sender_of_forwarded_mail),
	    TEST(gives_up_where_nobody_can_be_told),
	    TEST(never_tells_the_null_sender),
	    TEST(tells_of_all_recipients_at_once),
	    TEST(says_what_led_to_the_end),
	    TEST(returns_what_was_asked_for),
	    TEST(uploads_a_large_one_on_credit),
	    TEST(returns_octets_as_they_are),
	    TEST(returns_what_can_be_read),
	    TEST(survives_hostile_headers),
	    TEST(bounds_huge_headers),
	    TEST(repeats_no_line_of_a_remote),
	    TEST(gathers_what_is_many),
	    TEST(gathers_over_several_takes),
	    TEST(splits_what_is_too_much_for_one),
	    TEST(bounds_what_a_gathered_one_returns),
	    TEST(remembers_a_thousand_senders),
	    TEST(survives_a_store_that_goes_away),
	    TEST(repeats_under_the_same_id),
	    TEST(waits_for_auth),
	    TEST(waits_for_store),
	    TEST(defers_what_cannot_be_looked_up),
	    TEST(ends_when_the_server_stops),
	    TEST(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
