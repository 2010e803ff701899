/* MTA-STS as relay finds it (relay_policy.c, relay_policy_fetch.c), in the world of policy_world.h. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "role/relay/relay_https.h"
#include "role/relay/relay_policy_fetch.h"
#include "policy_asker.h"

enum { KEPT_MAX = 10000 };

static void ask_all(struct asker *many, int from, int to)
{
	char domain[32];
	for (int i = from; i < to; i++) {
		snprintf(domain, sizeof domain, "d%d.example", i);
		find(&many[i], domain);
	}
}

static const char testing[] = "version: STSv1\nmode: testing\nmx: *.other.example\nmax_age: 604800\n";
static const char none[] = "version: STSv1\nmode: none\nmax_age: 604800\n";

/* ---- the record ---- */

static void domains_without_a_record_have_none(void **state)
{
	(void)state;
	world.record = NULL;
	expect_none("d0.example");
	world.record = "v=spf1 -all";
	expect_none("d0.example");
	world.record = "v=STSv1; id=no blanks";
	expect_none("d0.example");
	world.record = world.second_record = "v=STSv1; id=1;";
	expect_none("d0.example");
	world.second_record = NULL;
	world.dns_status = 3;
	expect_none("d0.example");
	world.dns_status = 2;
	expect_none("d0.example");
	assert_int_equal(world.records_asked, 6);
	assert_int_equal(world.connections, 0);
	assert_int_equal(world.failures, 0);
}

static void names_that_are_none_have_none(void **state)
{
	(void)state;
	char name[280];
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	expect_none(name);
	expect_none("[192.0.2.1]");
	expect_none("\xc3\xa9.example");
	assert_int_equal(world.records_asked, 0);
}

static void nothing_is_known_without_dns(void **state)
{
	(void)state;
	expect_policy("d1.example", MTA_STS_ENFORCE);
	world_close_dns();
	expect_none("d0.example");
	expect_policy("d1.example", MTA_STS_ENFORCE);
	world_open_dns();
	expect_policy("d0.example", MTA_STS_ENFORCE);
}

/* ---- the policy ---- */

static void policies_are_fetched_and_kept(void **state)
{
	(void)state;
	struct asker a = ask("d0.example");
	assert_true(a.has_policy && a.allows_mx && !a.allows_other);
	assert_int_equal(a.mode, MTA_STS_ENFORCE);
	assert_non_null(strstr(world.request, "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"));
	assert_non_null(strstr(world.request, "\r\nHost: mta-sts.d0.example\r\n"));
	/* The record is asked for each time, the policy is not. */
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 1);
	assert_int_equal(world.records_asked, 2);
	/* Another id: another policy. */
	world.record = "v=STSv1; id=2;";
	world_serve_policy(testing);
	a = ask("d0.example");
	assert_true(a.has_policy && !a.allows_mx && a.allows_other);
	assert_int_equal(a.mode, MTA_STS_TESTING);
	assert_int_equal(world.fetches, 2);
	assert_int_equal(world.failures, 0);
}

static void fetches_come_from_the_configured_source(void **state)
{
	(void)state;
	char text[NETWORK_TEXT_SIZE];
	assert_true(network_parse(VIEW("127.0.0.3"), &relay_role.source4));
	expect_policy("d0.example", MTA_STS_ENFORCE);
	network_text(&world.client, text);
	assert_string_equal(text, "127.0.0.3");
}

static void mode_none_is_no_policy(void **state)
{
	(void)state;
	world_serve_policy(none);
	expect_none("d0.example");
	expect_none("d0.example");
	assert_int_equal(world.fetches, 1);
	assert_int_equal(world.failures, 0);
}

static void a_policy_outlives_its_record(void **state)
{
	(void)state;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world.dns_status = 3;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world.dns_status = 2;
	world_pass(6 * DAY);
	world_serve("HTTP/1.1 404 gone", "");
	expect_policy("d0.example", MTA_STS_ENFORCE);
	/* Until it expires. */
	world_pass(2 * DAY);
	expect_none("d0.example");
}

static void policies_are_refreshed_while_the_old_one_is_used(void **state)
{
	(void)state;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_pass(DAY + 1);
	world_serve_policy(testing);
	expect_policy("d0.example", MTA_STS_ENFORCE); /* not waited for */
	assert_int_equal(world.fetches, 1);
	world_until(&world.fetches, 2);
	/* It may come in the next turn or the one after. */
	while (ask("d0.example").mode != MTA_STS_TESTING)
		;
	assert_int_equal(world.fetches, 2);
	/* A refresh that fails changes nothing, and is not repeated at once. */
	world_pass(DAY + 1);
	world_serve("HTTP/1.1 500 broken", "");
	expect_policy("d0.example", MTA_STS_TESTING);
	world_until(&world.failures, 1);
	expect_policy("d0.example", MTA_STS_TESTING);
	assert_int_equal(world.fetches, 3);
	world_pass(301);
	expect_policy("d0.example", MTA_STS_TESTING);
	world_until(&world.fetches, 4);
}

static void a_refresh_is_under_way_once(void **state)
{
	(void)state;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_pass(DAY + 1);
	world_serve_nothing();
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_until(&world.fetches, 2);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world_serve_policy(testing);
	world_respond_to_all();
	while (ask("d0.example").mode != MTA_STS_TESTING)
		;
	assert_int_equal(world.fetches, 2);
	assert_int_equal(world.connections, 2);
}

static void a_changed_policy_that_cannot_be_had_leaves_the_old_one(void **state)
{
	(void)state;
	expect_policy("d0.example", MTA_STS_ENFORCE);
	world.record = "v=STSv1; id=2;";
	world_serve("HTTP/1.1 500 broken", "");
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 2);
	assert_int_equal(world.failures, 1);
}

static void a_policy_that_expires_at_once_is_used_once(void **state)
{
	(void)state;
	world_serve_policy("version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 0\n");
	expect_policy("d0.example", MTA_STS_ENFORCE);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 2);
}

/* ---- fetches that fail ---- */

static void bad_responses_give_no_policy(void **state)
{
	(void)state;
	static char large[80000];
	memset(large, '\n', sizeof large - 1);
	world_serve("HTTP/1.1 200 OK\r\nContent-Type: text/html", policy_enforce);
	expect_failure("d0.example", "text/plain");
	world_serve("HTTP/1.1 200 OK", policy_enforce);
	expect_failure("d1.example", "text/plain");
	world_serve(
	    "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.d0.example/other\r\nContent-Type: text/plain",
	    policy_enforce);
	expect_failure("d2.example", "301");
	world_serve("HTTP/1.1 404 Not found\r\nContent-Type: text/plain", policy_enforce);
	expect_failure("d3.example", "404");
	world_serve_policy("version: STSv1\nmode: enforce\nmax_age: 1\n");
	expect_failure("d4.example", "malformed");
	world_serve_policy(large);
	expect_failure("d5.example", "too long");
	world_serve("220 mail.example ESMTP", "");
	expect_failure("d6.example", "not HTTP");
	world_serve("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000", policy_enforce);
	expect_failure("d7.example", "HTTP: ");
	assert_int_equal(world.fetches, 8);
}

static void an_endless_response_is_left(void **state)
{
	(void)state;
	world_serve_policy(policy_enforce);
	world.manner = POURS;
	expect_failure("d0.example", "too long");
	world_until_left();
}

/* A policy without a length that somebody has cut short reads like a whole one. */
static void a_cut_response_does_not_count(void **state)
{
	(void)state;
	world_serve_policy(policy_enforce);
	world.manner = HANGS_UP;
	expect_failure("d0.example", "cut");
}

static void a_slow_host_is_left(void **state)
{
	(void)state;
	relay_policy_fetch_ms = 100;
	world_serve_policy(policy_enforce);
	world.manner = HANGS;
	expect_failure("d0.example", "too slow");
	world_until_left();
}

static void the_certificate_must_fit(void **state)
{
	(void)state;
	expect_failure("other.example", "hostname mismatch");
	relay_role.tls = world.distrusting;
	expect_failure("d0.example", "unable to get local issuer certificate");
	relay_role.tls = NULL;
	expect_failure("d1.example", "TLS");
	assert_int_equal(world.fetches, 0);
}

static void a_host_may_be_missing_or_dead(void **state)
{
	(void)state;
	world.no_host = true;
	expect_failure("d0.example", "no address");
	world.no_host = false;
	world.two_addresses = true;
	expect_policy("d1.example", MTA_STS_ENFORCE);
	world.two_addresses = false;
	world_stop_listening();
	expect_failure("d2.example", "refused");
}

static void failures_are_remembered_and_told_once(void **state)
{
	(void)state;
	world_serve("HTTP/1.1 404 Not found", "");
	expect_failure("d0.example", "404");
	expect_none("d0.example");
	assert_int_equal(world.fetches, 1);
	world_pass(301);
	expect_none("d0.example");
	assert_int_equal(world.fetches, 2);
	assert_int_equal(world.failures, 1);
	world_pass(301);
	world_serve("HTTP/1.1 403 No", "");
	expect_failure("d0.example", "403");
	/* A new id is a reason to try at once. */
	world.record = "v=STSv1; id=2;";
	world_serve_policy(policy_enforce);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	/* After a success it is news again. */
	world_pass(8 * DAY);
	world_serve("HTTP/1.1 403 No", "");
	expect_failure("d0.example", "403");
}

/* ---- askers ---- */

static void many_askers_share_one_fetch(void **state)
{
	(void)state;
	struct asker many[20] = {0};
	for (size_t i = 0; i < 20; i++)
		find(&many[i], "d0.example");
	relay_policy_forget(&many[3].request);
	relay_policy_forget(&many[3].request);
	world_until(&answers, 19);
	assert_int_equal(world.records_asked, 1);
	assert_int_equal(world.fetches, 1);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(many[i].answers, i != 3);
		assert_int_equal(many[i].has_policy, i != 3);
		relay_policy_forget(&many[i].request);
	}
	struct asker never = {0}, none_left = {0};
	relay_policy_forget(&never.request);
	/* Nothing is remembered of a domain without a policy. */
	world.record = NULL;
	find(&none_left, "d1.example");
	world_until(&answers, 20);
	relay_policy_forget(&none_left.request);
}

static void late_askers_join_a_fetch(void **state)
{
	(void)state;
	struct asker first = {0}, late = {0};
	world_serve_nothing();
	find(&first, "d0.example");
	world_until(&world.fetches, 1);
	find(&late, "d0.example");
	world_serve_policy(policy_enforce);
	world_respond_to_all();
	world_until(&answers, 2);
	assert_true(first.has_policy && late.has_policy);
	assert_int_equal(world.fetches, 1);
	assert_int_equal(world.records_asked, 1);
}

static void askers_may_forget_and_ask_while_answered(void **state)
{
	(void)state;
	struct asker a = {0}, b = {0}, again = {0};
	/* Whoever is answered first forgets the other. */
	a.forgets = &b;
	b.forgets = &a;
	a.finds = b.finds = &again;
	find(&a, "d0.example");
	find(&b, "d0.example");
	world_until(&again.answers, 1);
	assert_int_equal(a.answers + b.answers, 1);
	assert_int_equal(answers, 2);
	assert_true(again.has_policy);
	assert_int_equal(world.fetches, 1);
}

static void nobody_waits_any_more(void **state)
{
	(void)state;
	struct asker a = {0};
	find(&a, "d0.example");
	relay_policy_forget(&a.request);
	/* The fetch goes on for whoever comes next. */
	world_until(&world.fetches, 1);
	expect_policy("d0.example", MTA_STS_ENFORCE);
	assert_int_equal(world.fetches, 1);
	assert_int_equal(a.answers, 0);
	/* And the end may come at any time. */
	find(&a, "d1.example");
	relay_policy_forget(&a.request);
	world_until(&world.connections, 2);
}

/* ---- limits ---- */

static void only_so_many_fetches_are_under_way(void **state)
{
	(void)state;
	struct asker many[WORLD_DOMAINS] = {0};
	world_serve_nothing();
	ask_all(many, 0, WORLD_DOMAINS);
	world_until(&world.records_asked, WORLD_DOMAINS);
	world_until(&world.fetches, RELAY_HTTPS_MAX);
	assert_int_equal(world.connections, RELAY_HTTPS_MAX);
	world_serve_policy(policy_enforce);
	world_respond_to_all();
	world_until(&answers, WORLD_DOMAINS);
	for (int i = 0; i < WORLD_DOMAINS; i++)
		assert_true(many[i].has_policy);
	assert_int_equal(world.fetches, WORLD_DOMAINS);
}

/* A host that keeps silent has a few of the places, however many domains it serves: others' policies are
 * fetched meanwhile. */
static void one_host_has_few_of_the_places(void **state)
{
	(void)state;
	struct asker many[WORLD_DOMAINS] = {0};
	relay_policy_host_fetches = 8;
	world_serve_nothing();
	ask_all(many, 0, WORLD_DOMAINS);
	world_until(&world.records_asked, WORLD_DOMAINS);
	world_until(&world.fetches, 8);
	assert_int_equal(world.connections, 8);
	/* All of them are served in the end, eight at a time. */
	world_serve_policy(policy_enforce);
	world_respond_to_all();
	world_until(&answers, WORLD_DOMAINS);
	for (int i = 0; i < WORLD_DOMAINS; i++)
		assert_true(many[i].has_policy);
}

static void who_waits_too_long_does_without(void **state)
{
	(void)state;
	static struct asker many[WORLD_DOMAINS];
	world_serve_nothing();
	memset(many, 0, sizeof many);
	ask_all(many, 0, RELAY_HTTPS_MAX);
	world_until(&world.fetches, RELAY_HTTPS_MAX);
	relay_policy_fetch_ms = 20;
	ask_all(many, RELAY_HTTPS_MAX, WORLD_DOMAINS);
	world_until(&answers, WORLD_DOMAINS - RELAY_HTTPS_MAX);
	assert_non_null(strstr(world.logged, "too many"));
	assert_int_equal(world.connections, RELAY_HTTPS_MAX);
	/* The others are not touched by this, and their places become free. */
	world_serve_policy(policy_enforce);
	world_respond_to_all();
	world_until(&answers, WORLD_DOMAINS);
	for (int i = 0; i < WORLD_DOMAINS; i++)
		assert_int_equal(many[i].has_policy, i < RELAY_HTTPS_MAX);
	relay_policy_fetch_ms = (int64_t)MTA_STS_FETCH_SECONDS * 1000;
	world_pass(301);
	ask_all(many, 0, WORLD_DOMAINS);
	world_until(&answers, 2 * WORLD_DOMAINS);
	for (int i = 0; i < WORLD_DOMAINS; i++)
		assert_true(many[i].has_policy);
	assert_int_equal(world.fetches, WORLD_DOMAINS);
}

/* What is not asked for makes room; a failure that is remembered shows it. */
static void only_so_many_are_remembered(void **state)
{
	(void)state;
	char domain[32];
	world.no_host = true;
	expect_failure("old.example", "no address");
	expect_failure("used.example", "no address");
	for (int i = 0; i < KEPT_MAX; i++) {
		snprintf(domain, sizeof domain, "n%d.example", i);
		expect_none(domain);
		if (i == KEPT_MAX / 2)
			expect_none("used.example");
	}
	unsigned earlier = world.hosts_asked;
	assert_int_equal(earlier, KEPT_MAX + 2);
	expect_none("used.example");
	assert_int_equal(world.hosts_asked, earlier);
	expect_none("old.example");
	assert_int_equal(world.hosts_asked, earlier + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, askers_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(domains_without_a_record_have_none),
	    TEST(names_that_are_none_have_none),
	    TEST(nothing_is_known_without_dns),
	    TEST(policies_are_fetched_and_kept),
	    TEST(fetches_come_from_the_configured_source),
	    TEST(mode_none_is_no_policy),
	    TEST(a_policy_outlives_its_record),
	    TEST(policies_are_refreshed_while_the_old_one_is_used),
	    TEST(a_refresh_is_under_way_once),
	    TEST(a_changed_policy_that_cannot_be_had_leaves_the_old_one),
	    TEST(a_policy_that_expires_at_once_is_used_once),
	    TEST(bad_responses_give_no_policy),
	    TEST(an_endless_response_is_left),
	    TEST(a_cut_response_does_not_count),
	    TEST(a_slow_host_is_left),
	    TEST(the_certificate_must_fit),
	    TEST(a_host_may_be_missing_or_dead),
	    TEST(failures_are_remembered_and_told_once),
	    TEST(many_askers_share_one_fetch),
	    TEST(late_askers_join_a_fetch),
	    TEST(askers_may_forget_and_ask_while_answered),
	    TEST(nobody_waits_any_more),
	    TEST(only_so_many_fetches_are_under_way),
	    TEST(one_host_has_few_of_the_places),
	    TEST(who_waits_too_long_does_without),
	    TEST(only_so_many_are_remembered),
	};
	return cmocka_run_group_tests(tests, world_make, world_end);
}
