/* SPF, RFC 7208: what test/suites/spf_suite.py does not say: what was found out, questions at once, and what
 * a hostile zone may try. */
#include "sender_zone.h"

#include <netinet/in.h>
#include <arpa/inet.h>

#include "trust/sender/spf.h"

static struct spf_verdict v;

static int set_up(void **state)
{
	(void)state;
	return zone_begin(SPF_MEMORY_MAX);
}

static enum sender_result check_from(const char *address, const char *local, const char *domain)
{
	struct sockaddr_storage client = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		memcpy(&client, &v4, sizeof v4);
	else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		memcpy(&client, &v6, sizeof v6);
	struct spf_request request = {.client = (const struct sockaddr *)&client,
	    .helo = VIEW("helo.example"),
	    .local_part = view_from_string(local),
	    .domain = view_from_string(domain),
	    .receiver = VIEW("mx.receiver.example"),
	    .explain = true};
	zone_rounds = 0;
	answers_done(&answers);
	answers_init(&answers);
	for (;;) {
		arena_reset(&arena);
		if (spf_check(&answers, &request, &arena, &v))
			return v.result;
		assert_true(zone_answer(&answers));
	}
}

static enum sender_result check(const char *domain)
{
	return check_from("192.0.2.7", "alice", domain);
}

static void says_what_decided(void **state)
{
	(void)state;
	zone_txt("a.example", "v=spf1 ip4:192.0.2.0/29 include:b.example ~all");
	zone_txt("b.example", "v=spf1 ip4:198.51.100.1 -all");
	assert_int_equal(check("A.Example."), SENDER_PASS);
	assert_int_equal(v.cause, SPF_MATCHED);
	assert_view(v.term, "ip4:192.0.2.0/29");
	assert_view(v.domain, "a.example");
	assert_int_equal(check_from("198.51.100.1", "", "a.example"), SENDER_PASS);
	assert_view(v.term, "include:b.example");
	assert_int_equal(check_from("198.51.100.2", "", "a.example"), SENDER_SOFTFAIL);
	assert_view(v.term, "~all");
	assert_view(v.record, "v=spf1 ip4:192.0.2.0/29 include:b.example ~all");
	assert_int_equal(v.lookups, 1);
	assert_int_equal(check("nothing.example"), SENDER_NONE);
	assert_int_equal(v.cause, SPF_NO_RECORD);
	zone_txt("two.example", "v=spf1 -all");
	zone_txt("two.example", "v=spf1 +all");
	assert_int_equal(check("two.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_SEVERAL_RECORDS);
	zone_txt("bad.example", "v=spf1 +all ipv4:1.2.3.4");
	assert_int_equal(check("bad.example"), SENDER_PERMERROR);
	assert_view(v.term, "ipv4:1.2.3.4");
	zone_txt("c.example", "v=spf1 include:bad.example -all");
	assert_int_equal(check("c.example"), SENDER_PERMERROR);
	assert_view(v.domain, "bad.example");
	zone_txt("d.example", "v=spf1 redirect=nothing.example");
	assert_int_equal(check("d.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_NO_TARGET);
	assert_view(v.term, "redirect=nothing.example");
	assert_view(v.domain, "d.example");
}

static void names_a_failed_question(void **state)
{
	(void)state;
	zone_txt("a.example", "v=spf1 a:dead.example -all");
	zone_status("dead.example", DNS_A, ANSWER_FAILED, "time-out");
	assert_int_equal(check("a.example"), SENDER_TEMPERROR);
	assert_int_equal(v.cause, SPF_LOOKUP_FAILED);
	assert_view(v.question, "dead.example");
	zone_status("dead.example", DNS_A, ANSWER_BOGUS, "forged");
	assert_int_equal(check("a.example"), SENDER_TEMPERROR);
}

/* A client with IPv6, and hosts without. */
static void counts_terms_that_find_nothing(void **state)
{
	(void)state;
	zone_txt("a.example", "v=spf1 mx ip6:2001:db8::/32 -all");
	for (int i = 0; i < 4; i++) {
		char host[40];
		sprintf(host, "mx%d.example", i);
		zone_mx("a.example", 1, host);
		zone_a(host, 1);
		zone_at(host, DNS_AAAA);
	}
	assert_int_equal(check_from("2001:db8::7", "alice", "a.example"), SENDER_PASS);
	assert_int_equal(v.voids, 0);
	zone_txt("b.example", "v=spf1 a:n1.example mx:n2.example exists:n3.example ip6:2001:db8::/32 -all");
	zone_at("n1.example", DNS_AAAA);
	zone_at("n2.example", DNS_MX);
	zone_at("n3.example", DNS_A);
	assert_int_equal(check_from("2001:db8::7", "alice", "b.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_TOO_MANY_VOIDS);
}

static void asks_at_once(void **state)
{
	(void)state;
	zone_txt("a.example",
	    "v=spf1 a:h1.example a:h2.example mx:m.example include:i.example exists:%{ir}.l.example -all");
	zone_a("h1.example", 1);
	zone_a("h2.example", 2);
	zone_mx("m.example", 1, "x.example");
	zone_a("x.example", 3);
	zone_txt("i.example", "v=spf1 ip4:192.0.2.77 -all");
	zone_a("7.2.0.192.l.example", 1);
	assert_int_equal(check("a.example"), SENDER_PASS);
	assert_int_equal(v.lookups, 5);
	/* The record; all terms; the MX's address. */
	assert_int_equal(zone_rounds, 3);
}

/* What is asked does not depend on more than the limit allows, however the records call one another. */
static void bounds_a_bomb(void **state)
{
	(void)state;
	char record[4000] = "v=spf1";
	for (int i = 0; i < 100; i++)
		sprintf(record + strlen(record), " include:b%d.example", i);
	for (int i = 0; i < 40; i++) {
		char name[40];
		sprintf(name, "b%d.example", i);
		zone_txt(name, record);
	}
	assert_int_equal(check("b0.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_TOO_MANY_LOOKUPS);
	assert_true(zone_asked <= 12);
	zone_txt("self.example", "v=spf1 include:self.example -all");
	assert_int_equal(check("self.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_TOO_MANY_LOOKUPS);
	zone_txt("round.example", "v=spf1 redirect=round.example");
	assert_int_equal(check("round.example"), SENDER_PERMERROR);
	zone_txt("void.example", "v=spf1 a:n1.example a:n2.example a:n3.example +all");
	assert_int_equal(check("void.example"), SENDER_PERMERROR);
	assert_int_equal(v.cause, SPF_TOO_MANY_VOIDS);
}

/* Ten MX terms of ten hosts each are 111 questions: they have room in one table. */
static void takes_what_the_standard_allows(void **state)
{
	(void)state;
	char record[400] = "v=spf1";
	for (int i = 0; i < 10; i++) {
		char name[40], host[40];
		sprintf(name, "m%d.example", i);
		sprintf(record + strlen(record), " mx:%s", name);
		for (int j = 0; j < 10; j++) {
			sprintf(host, "h%d-%d.example", i, j);
			zone_mx(name, 1, host);
			if (i == 9 || j == 0)
				zone_a(host, (unsigned char)(100 + j));
		}
	}
	strcat(record, " -all");
	zone_txt("a.example", record);
	assert_int_equal(check_from("192.0.2.109", "", "a.example"), SENDER_PASS);
	assert_int_equal(zone_asked, 111);
}

static void expands_macros(void **state)
{
	(void)state;
	zone_txt("email.example", "v=spf1 exists:%{l1r-}.%{d2}.x.example exp=e.%{d} -all");
	zone_txt("e.email.example", "%{S} is not %{L}, at %{c} for %{r}");
	assert_int_equal(check_from("192.0.2.7", "strong-bad", "email.example"), SENDER_FAIL);
	assert_view(v.explanation,
	    "strong-bad%40email.example is not strong-bad, at 192.0.2.7 for mx.receiver.example");
	zone_a("strong.email.example.x.example", 2);
	assert_int_equal(check_from("192.0.2.7", "strong-bad", "email.example"), SENDER_PASS);
	/* A local part beyond ASCII is in no name that can be asked for; an upper-case letter escapes it. */
	zone_txt("x.example", "v=spf1 exists:%{l}.x.example exp=e.x.example -all");
	zone_txt("e.x.example", "%{L} %{l}");
	assert_int_equal(check_from("192.0.2.7", "str\xc3\xb6ng", "email.example"), SENDER_FAIL);
	assert_view(v.explanation,
	    "str%C3%B6ng%40email.example is not str%C3%B6ng, at 192.0.2.7 for mx.receiver.example");
	assert_int_equal(check_from("192.0.2.7", "a\r\nb", "x.example"), SENDER_FAIL);
	assert_view(v.explanation, "");
	assert_int_equal(check_from("192.0.2.7", "a\\b", "x.example"), SENDER_FAIL);
	assert_view(v.explanation, "a%5Cb a\\b");
}

static void cuts_long_names(void **state)
{
	(void)state;
	char local[300];
	memset(local, 0, sizeof local);
	for (int i = 0; i < 259; i++)
		local[i] = i % 20 == 19 ? '.' : 'a';
	zone_txt("a.example", "v=spf1 exists:%{l}.l.example -all");
	assert_int_equal(check_from("192.0.2.7", local, "a.example"), SENDER_FAIL);
	/* 259 octets and ".l.example": labels at the left go, and the name is asked for. */
	assert_int_equal(v.lookups, 1);
	assert_int_equal(zone_asked, 2);
}

static void knows_names_of_the_client(void **state)
{
	(void)state;
	zone_txt("a.example", "v=spf1 ptr -all");
	zone_ptr("7.2.0.192.in-addr.arpa", "liar.a.example");
	assert_int_equal(check("a.example"), SENDER_FAIL);
	zone_ptr("7.2.0.192.in-addr.arpa", "Host.A.example");
	zone_a("host.a.example", 7);
	assert_int_equal(check("a.example"), SENDER_PASS);
	/* The end of a name is not a name below it. */
	zone_txt("t.a.example", "v=spf1 ptr:t.a.example -all");
	zone_ptr("8.2.0.192.in-addr.arpa", "host.a.example");
	assert_int_equal(check("t.a.example"), SENDER_FAIL);
}

static void takes_names_of_any_script(void **state)
{
	(void)state;
	zone_txt("xn--bcher-kva.example", "v=spf1 ip4:192.0.2.7 -all");
	assert_int_equal(check("B\xc3\xbc"
	                       "cher.example"),
	    SENDER_PASS);
	assert_int_equal(check("[192.0.2.7]"), SENDER_NONE);
	assert_int_equal(check("localhost"), SENDER_NONE);
	assert_int_equal(check(""), SENDER_NONE);
	assert_int_equal(v.cause, SPF_NO_DOMAIN);
}

static void reads_odd_records(void **state)
{
	(void)state;
	static const char *const bad[] = {"v=spf1 ip4:192.0.2.7/33", "v=spf1 ip4:192.0.2.7/032",
	    "v=spf1 ip4:192.0.2", "v=spf1 ip6:::1/129", "v=spf1 a:/24", "v=spf1 a//",
	    "v=spf1 a:b.example//129", "v=spf1 include:", "v=spf1 include", "v=spf1 all:b.example",
	    "v=spf1 all/8", "v=spf1 a:%{x}.example", "v=spf1 a:%{d0}.example", "v=spf1 a:%{d",
	    "v=spf1 a:b.example%", "v=spf1 redirect=b.example redirect=b.example",
	    "v=spf1 exp=", "v=spf1 a:caf\xc3\xa9.example", "v=spf1 -all\t", "v=spf1 --all", "v=spf1 +",
	    "v=spf1 x-y=%{c}", "v=spf1 ptr/24", "v=spf1 exists:%{d}/24 =", "v=spf1 a:%{d1000}.example"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		zone_clear();
		zone_txt("a.example", bad[i]);
		if (check("a.example") != SENDER_PERMERROR || v.cause != SPF_BAD_SYNTAX)
			fail_msg("%s: %d", bad[i], (int)v.result);
	}
	static const char *const good[] = {"v=spf1", "V=SPF1 ", "v=spf1   ip4:198.51.100.1  ",
	    "v=spf1 x.y-z_=%{d}%%%_", "v=spf1 moo=", "v=spf1 ip6:2001:db8::/32", "v=spf1 a:%{d}",
	    "v=spf1 A:B.example/0//0"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		zone_clear();
		zone_txt("a.example", good[i]);
		if (check("a.example") != SENDER_NEUTRAL)
			fail_msg("%s: %d", good[i], (int)v.result);
	}
	char *large = calloc(1, 12000);
	strcpy(large, "v=spf1");
	while (strlen(large) < 9000)
		strcat(large, " ip4:198.51.100.1");
	zone_clear();
	zone_txt("a.example", large);
	assert_int_equal(check("a.example"), SENDER_PERMERROR);
	strcpy(large, "v=verify");
	memset(large + 8, 'x', 9000);
	zone_clear();
	zone_txt("a.example", large);
	zone_txt("a.example", "v=spf1 +all");
	assert_int_equal(check("a.example"), SENDER_PASS);
	free(large);
}

static void has_a_limit_of_memory(void **state)
{
	(void)state;
	zone_txt("a.example", "v=spf1 ip4:198.51.100.1 ip4:198.51.100.2 -all");
	arena_done(&arena);
	arena_init(&arena, 64);
	assert_int_equal(check("a.example"), SENDER_TEMPERROR);
	assert_int_equal(v.cause, SPF_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(says_what_decided, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(names_a_failed_question, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(counts_terms_that_find_nothing, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(asks_at_once, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(bounds_a_bomb, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(takes_what_the_standard_allows, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(expands_macros, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(cuts_long_names, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(knows_names_of_the_client, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(takes_names_of_any_script, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(reads_odd_records, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(has_a_limit_of_memory, set_up, zone_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
