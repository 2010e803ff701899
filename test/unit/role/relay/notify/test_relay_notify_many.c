/* Telling senders of many messages at once, and when parts of the server fail. */
#include "notify_support.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"

static uint64_t alice(void)
{
	return relay_notify_person_of_account(account_of(VIEW("alice@example.org")));
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
		assert_true(delivery_says(d, "Subject: Your messages could not be delivered: 20 reports"));
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
		relay_notify_sent(alice(), clock_wall());
	for (int i = 0; i < 300; i++)
		add_item(i % 10 == 0  ? "alice@example.org"
		         : i % 10 < 5 ? "bob@example.org"
		                      : "carl@example.org");
	server_offer();
	assert_rested_empty();
	size_t alice = 0;
	for (size_t i = 0; i < server.delivered; i++) {
		const struct message_delivery *t = server.deliveries[i].m.deliveries.items;
		alice += view_equal(t[0].address, VIEW("alice@example.org"));
	}
	assert_int_equal(alice, 5); /* one for each take */
	assert_true(all_told());
}

static void splits_what_is_too_much_for_one(void **state)
{
	(void)state;
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(alice(), clock_wall());
	for (int i = 0; i < 8; i++) {
		item_add_recipients(add_item("alice@example.org"), 299, ACTION_DELAYED);
		item_set_body(&server.items[i], "Subject: lunch\r\n", 40 * 1024);
		server.items[i].m.terms.ret = RET_FULL;
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
		relay_notify_sent(alice(), clock_wall());
	for (int i = 0; i < 8; i++) {
		item_set_body(add_item("alice@example.org"), "Subject: lunch\r\n", 300 * 1024);
		server.items[i].m.terms.ret = RET_FULL;
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

static void remembers_who_gets_much(void **state)
{
	char address[40];
	int64_t now = clock_wall();
	uint64_t much = relay_notify_person(VIEW("much@example.org"));
	(void)state;
	for (int i = 0; i < NOTIFY_SINGLES; i++)
		relay_notify_sent(much, now);
	/* A flood of others makes it not forgotten; and a few others are not forgotten either. */
	for (int i = 0; i < 20 * NOTIFY_PERSON_SETS * NOTIFY_PERSON_WAYS; i++) {
		snprintf(address, sizeof address, "sender%d@example.org", i);
		relay_notify_sent(relay_notify_person(view_from_string(address)), now);
	}
	assert_int_equal(relay_notify_singles(much, now), 0);
	assert_int_equal(
	    relay_notify_singles(relay_notify_person(view_from_string(address)), now), NOTIFY_SINGLES - 1);
	/* The clock is put back: nobody waits for long. */
	uint64_t other = relay_notify_person(VIEW("other@example.org"));
	assert_true(relay_notify_gathers(other, 1000000, now));
	for (int i = 0; i < NOTIFY_SINGLES + 1; i++)
		relay_notify_sent(other, now);
	assert_true(relay_notify_gathers(other, 1000000, now));
	assert_false(relay_notify_gathers(other, 1000001, now));
	assert_true(relay_notify_gathers(other, 1000002, now - 86400));
	assert_int_equal(relay_notify_singles(other, now - 86400), NOTIFY_SINGLES);
}

static void knows_a_person(void **state)
{
	(void)state;
	static const char *const same[][2] = {{"a@b.example", "a+1@b.example"},
	    {"a@b.example", "A+x+y@B.example"},
	    {"SRS0=abcd=EF=x.example=joe@ours.example", "srs0=wxyz=GH=x.example=joe@ours.example"},
	    {"prvs=1234567890=joe@x.example", "joe@x.example"},
	    {"prvs=1234567890=joe@x.example", "prvs=0987654321=joe+z@x.example"},
	    {"SRS0=a=b=c", "SRS0=x=y=c"}};
	static const char *const others[][2] = {{"a@b.example", "a@c.example"},
	    {"a@b.example", "b@b.example"}, {"+a@b.example", "+b@b.example"},
	    {"SRS0=abcd=EF=x.example=joe@ours.example", "SRS0=abcd=EF=x.example=jim@ours.example"},
	    {"a-1@b.example", "a-2@b.example"}};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		assert_int_equal(relay_notify_person(view_from_string(same[i][0])),
		    relay_notify_person(view_from_string(same[i][1])));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_not_equal(relay_notify_person(view_from_string(others[i][0])),
		    relay_notify_person(view_from_string(others[i][1])));
}

/* alice+0, alice+1 ... are one: after ten mails the rest is one more, in the same mailbox. */
static void gathers_for_the_person(void **state)
{
	static char addresses[30][40];
	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(addresses[i], sizeof addresses[i], "alice+%d@example.org", i);
		add_item(addresses[i]);
	}
	server_offer();
	assert_int_equal(server.delivered, 11);
	assert_int_equal(server.deliveries[10].m.reports.count, 20);
	/* A flood of strangers' news between them changes nothing. */
	for (int i = 0; i < 10; i++)
		add_item("stranger@elsewhere.example");
	add_item("alice+another@example.org");
	server_offer();
	assert_int_equal(server.delivered, 21);
	assert_true(!all_told());
}

/* Reports of success to strangers: a hundred in an hour. What failed is told whoever it is. */
static void strangers_get_few_reports_of_success(void **state)
{
	static char addresses[NOTIFY_STRANGERS + 20][40];
	size_t told = 0, given_up = 0;
	(void)state;
	for (size_t i = 0; i < NOTIFY_STRANGERS + 20; i++) {
		snprintf(addresses[i], sizeof addresses[i], "m@d%zu.elsewhere.example", i);
		add_item(addresses[i])->recipients[0].action = ACTION_DELIVERED;
	}
	add_item("alice@example.org")->recipients[0].action = ACTION_DELIVERED;
	add_item("late@elsewhere.example");
	server_offer();
	for (size_t i = 0; i < server.count; i++) {
		told += server.items[i].told[0];
		given_up += server.items[i].outcomes > 0 && server.items[i].verdict == QUEUE_FAILED;
	}
	assert_int_equal(told, NOTIFY_STRANGERS + 2);
	assert_int_equal(given_up, 20);
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
			server.items[i].m.terms.ret = RET_FULL;
		}
		server.give = 500;
		server.close_after = step;
		server_offer();
		bool died = !server.store_up;
		if (died) {
			assert_int_equal(relay_queue_leases(), 0);
			server_return();
			server_offer();
		}
		assert_int_equal(server.delivered, 3);
		for (size_t i = 0; i < 3; i++) {
			delivery_read(&server.deliveries[i]);
			assert_int_equal(delivery_returned(&server.deliveries[i]), WHOLE);
			assert_true(server.items[i].told[0]);
		}
		if (!died)
			break;
	}
	assert_true(step > 15);
}

/* The destination goes while its notices are on their way: what still comes for them finds nobody. */
static void forgets_what_is_under_way(void **state)
{
	for (int while_reading = 0; while_reading < 2; while_reading++) {
		server_anew(state);
		item_set_body(add_item("alice@example.org"), "Subject: lunch\r\n", 700 * 1024);
		server.items[0].m.terms.ret = RET_FULL;
		server.withhold = true;
		server.withhold_data = while_reading;
		server_offer();
		assert_int_equal(server.rests + server.delivered, 0);
		relay_queue_forget();
		if (while_reading)
			server_send_data();
		else
			server_send_credit();
		server_run();
		assert_int_equal(server.aborts, !while_reading);
		assert_int_equal(server.delivered, 0);
		server.withhold = server.withhold_data = false;
		server_return();
		server_offer();
		assert_int_equal(server.delivered, 1);
	}
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
		relay_notify_sent(alice(), clock_wall());
	add_item("alice@example.org");
	server_offer();
	assert_int_equal(server.rests, 0); /* it waits for more */
	relay_role.draining = true;
	relay_queue_drain();
	server_run();
	assert_int_equal(server.rests, 1);
	assert_int_equal(relay_queue_leases(), 0);
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
	    TEST(gathers_what_is_many),
	    TEST(gathers_over_several_takes),
	    TEST(splits_what_is_too_much_for_one),
	    TEST(bounds_what_a_gathered_one_returns),
	    TEST(remembers_who_gets_much),
	    TEST(knows_a_person),
	    TEST(gathers_for_the_person),
	    TEST(strangers_get_few_reports_of_success),
	    TEST(survives_a_store_that_goes_away),
	    TEST(forgets_what_is_under_way),
	    TEST(repeats_under_the_same_id),
	    TEST(waits_for_auth),
	    TEST(waits_for_store),
	    TEST(defers_what_cannot_be_looked_up),
	    TEST(ends_when_the_server_stops),
	    TEST(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
