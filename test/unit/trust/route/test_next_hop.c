/* Where mail goes: RFC 5321 section 5.1, null MX, loops, trouble in the DNS, and DANE on top. */
#include "../dns/zone.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "trust/route/next_hop.h"

static struct answers answers;
static struct arena arena;
static struct next_hop hop;
static struct view own_names[] = {{"mail.us.example", 15}, {"US2.example", 11}};
static struct sockaddr_storage own_addresses[2];
static struct next_hop_request request;

static enum next_hop_verdict find(const char *domain)
{
	enum next_hop_verdict verdict;
	answers_done(&answers);
	arena_reset(&arena);
	zone_asked = zone_rounds = 0;
	request.domain = view_from_string(domain);
	do
		verdict = next_hop_find(&answers, &request, &arena, &hop);
	while (verdict == NEXT_HOP_WAIT && zone_answer(&answers));
	assert_int_not_equal(verdict, NEXT_HOP_WAIT);
	if (verdict == NEXT_HOP_HOSTS) {
		assert_true(hop.count > 0);
		assert_null(hop.reason);
	} else {
		assert_int_equal(hop.count, 0);
		assert_non_null(hop.reason);
		assert_int_equal(hop.enhanced[0], verdict == NEXT_HOP_PERMANENT ? '5' : '4');
	}
	return verdict;
}

static void expect_failure(const char *domain, const char *enhanced, const char *reason)
{
	find(domain);
	assert_non_null(hop.reason);
	assert_string_equal(hop.reason, reason);
	assert_string_equal(hop.enhanced, enhanced);
}

static void expect_hosts(const char *domain, const char *names)
{
	char text[4096] = "";
	assert_int_equal(find(domain), NEXT_HOP_HOSTS);
	for (size_t i = 0; i < hop.count; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", hop.hosts[i].name);
	}
	assert_string_equal(text, names);
}

static const char *addresses_of(const struct next_host *host)
{
	static char text[1024];
	text[0] = '\0';
	for (size_t i = 0; i < host->address_count; i++) {
		char one[INET6_ADDRSTRLEN];
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		memcpy(&v4, &host->addresses[i], sizeof v4);
		memcpy(&v6, &host->addresses[i], sizeof v6);
		bool is4 = host->addresses[i].ss_family == AF_INET;
		inet_ntop(is4 ? AF_INET : AF_INET6, is4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, one,
		    sizeof one);
		assert_int_equal(ntohs(is4 ? v4.sin_port : v6.sin6_port), request.port);
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "", one);
	}
	return text;
}

static int fresh(void **state)
{
	(void)state;
	zone_clear();
	request = (struct next_hop_request){.port = 25,
	    .own_names = own_names,
	    .own_name_count = 2,
	    .own_addresses = own_addresses,
	    .own_address_count = 2,
	    .seed = 1};
	struct sockaddr_in v4 = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc00002c8)}; /* 192.0.2.200 */
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	    .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8, [15] = 200},
	    .sin6_port = htons(25)};
	memcpy(&own_addresses[0], &v4, sizeof v4);
	memcpy(&own_addresses[1], &v6, sizeof v6);
	return 0;
}

/* ---- where to ---- */

static void goes_to_the_best_host_first(void **state)
{
	(void)state;
	zone_mx("example.org", 20, "b.example.org");
	zone_mx("example.org", 10, "a.example.org");
	zone_mx("example.org", 30, "c.example.org");
	zone_mx("example.org", 5, "A.Example.org"); /* twice: the better place counts */
	zone_a("a.example.org", 1);
	zone_a("b.example.org", 2);
	zone_a("c.example.org", 3)->answer.ttl = 42;
	expect_hosts("example.org", "a.example.org b.example.org c.example.org");
	assert_true(hop.has_mx);
	assert_false(hop.skipped);
	assert_int_equal(hop.ttl, 42);
	assert_int_equal(hop.hosts[0].preference, 5);
	assert_string_equal(hop.hosts[0].canonical, "a.example.org");
	assert_string_equal(addresses_of(&hop.hosts[2]), "192.0.2.3");
	/* One round for MX, one for all addresses, one for all TLSA records. */
	assert_int_equal(zone_rounds, 3);
	assert_int_equal(zone_asked, 1 + 6 + 3);
}

static void shuffles_equals(void **state)
{
	(void)state;
	unsigned first[4] = {0};
	zone_mx("example.org", 5, "best.example.org");
	zone_a("best.example.org", 9);
	for (unsigned char i = 0; i < 4; i++) {
		char name[] = "0.example.org";
		name[0] = (char)('0' + i);
		zone_mx("example.org", 10, name);
		zone_a(name, (unsigned char)(10 + i));
	}
	request.no_dane = true;
	for (request.seed = 0; request.seed < 400; request.seed++) {
		assert_int_equal(find("example.org"), NEXT_HOP_HOSTS);
		assert_int_equal(hop.count, 5);
		assert_string_equal(hop.hosts[0].name, "best.example.org");
		first[hop.hosts[1].name[0] - '0']++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(first[i], 50, 150);
}

static void takes_the_domain_itself_without_mx(void **state)
{
	(void)state;
	zone_a("example.org", 1);
	zone_aaaa("example.org", 1);
	expect_hosts("example.org", "example.org");
	assert_false(hop.has_mx);
	assert_true(hop.hosts[0].mx_secure && hop.hosts[0].address_secure);
	assert_string_equal(addresses_of(&hop.hosts[0]), "2001:db8::1 192.0.2.1");
}

static void takes_both_families_in_turns(void **state)
{
	(void)state;
	for (unsigned char i = 1; i <= 9; i++) {
		zone_a("example.org", i);
		if (i <= 2)
			zone_aaaa("example.org", i);
	}
	expect_hosts("example.org", "example.org");
	assert_string_equal(addresses_of(&hop.hosts[0]),
	    "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6");
	request.no_ipv6 = true;
	expect_hosts("example.org", "example.org");
	assert_string_equal(addresses_of(&hop.hosts[0]),
	    "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8");
	assert_int_equal(zone_asked, 3); /* MX, A, TLSA */
	request.port = 2525;
	expect_hosts("example.org", "example.org");
	assert_int_equal(hop.hosts[0].address_count, 8);
}

static void follows_aliases(void **state)
{
	(void)state;
	zone_canonical(zone_mx("example.org", 10, "alias.example.org"), "example.net");
	zone_canonical(zone_a("alias.example.org", 1), "host.example.net");
	expect_hosts("example.org", "alias.example.org");
	assert_string_equal(hop.hosts[0].canonical, "host.example.net");
}

static void goes_where_a_route_says(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "mx.example.org");
	zone_a("mx.example.org", 9);
	zone_a("example.org", 200); /* our own address: a route may lead there */
	request.no_mx = true;
	request.port = 2525;
	expect_hosts("example.org", "example.org");
	assert_int_equal(hop.hosts[0].address_count, 1);
	assert_false(hop.has_mx);
	expect_hosts("[192.0.2.200]", "[192.0.2.200]");
	expect_failure(
	    "none.example", "4.4.4", "the host none.example, to which a route leads, has no address");
}

static void reads_literals(void **state)
{
	(void)state;
	expect_hosts("[192.0.2.1]", "[192.0.2.1]");
	assert_true(hop.hosts[0].literal);
	assert_false(hop.hosts[0].mx_secure || hop.hosts[0].address_secure);
	assert_int_equal(hop.hosts[0].dane.level, DANE_NONE);
	assert_string_equal(addresses_of(&hop.hosts[0]), "192.0.2.1");
	assert_int_equal(zone_asked, 0);
	expect_hosts("[IPv6:2001:DB8::5]", "[ipv6:2001:db8::5]");
	assert_string_equal(addresses_of(&hop.hosts[0]), "2001:db8::5");
	static const char *const none[] = {"[]", "[192.0.2]", "[IPv6:]", "[IPv6:192.0.2.1]", "[2001:db8::5]",
	    "[x-tag:something]", "[0.0.0.0]", "[IPv6:::]", "[IPv6:::ffff:192.0.2.200]"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		expect_failure(none[i], "5.1.2", "this address literal names no host");
	expect_failure("[192.0.2.200]", "5.4.6",
	    "mail for [192.0.2.200] loops back to myself: this host is its best mail host, and does not keep "
	    "its mail");
	expect_failure("", "5.1.2", "not a domain name");
	expect_failure("a b", "5.1.2", "not a domain name");
}

/* ---- where not to ---- */

static void says_that_nobody_is_there(void **state)
{
	(void)state;
	expect_failure("example.org", "5.1.2", "there is no domain example.org");
	zone_at("example.org", DNS_TXT);
	expect_failure("example.org", "5.4.4", "example.org has neither a mail host nor an address");
	zone_mx("example.org", 0, "");
	expect_failure("example.org", "5.1.10", "example.org accepts no mail (null MX)");
	assert_int_equal(zone_asked, 1);
	/* Beside others it means nothing. */
	zone_mx("example.org", 10, "mx.example.org");
	expect_failure(
	    "example.org", "5.4.4", "no host that the MX records of example.org name has an address");
	zone_a("mx.example.org", 1);
	expect_hosts("example.org", "mx.example.org");
	zone_data("odd.example", DNS_MX, VIEW("\0"));
	zone_data("odd.example", DNS_MX, VIEW("\0\1\4a b!\0"));
	expect_failure("odd.example", "5.4.4", "the MX records of odd.example name no host that can exist");
}

static void leaves_out_what_has_no_address(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "gone.example.org");
	zone_mx("example.org", 20, "empty.example.org");
	zone_mx("example.org", 30, "any.example.org");
	zone_mx("example.org", 40, "mx.example.org");
	zone_at("empty.example.org", DNS_TXT);
	zone_data("any.example.org", DNS_A, VIEW("\0\0\0\0"));
	zone_data("any.example.org", DNS_AAAA, VIEW("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1"));
	zone_data("any.example.org", DNS_A, VIEW("\1\2\3"));
	zone_a("mx.example.org", 1);
	expect_hosts("example.org", "mx.example.org");
	assert_false(hop.skipped);
}

static void does_not_send_to_itself(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "a.example.org");
	zone_mx("example.org", 20, "MAIL.us.example");
	zone_mx("example.org", 20, "b.example.org");
	zone_mx("example.org", 30, "c.example.org");
	zone_a("a.example.org", 1);
	zone_a("b.example.org", 2);
	zone_a("c.example.org", 3);
	/* Its own name and all of the same or a worse preference; and these are not even looked up. */
	expect_hosts("example.org", "a.example.org");
	assert_int_equal(zone_asked, 1 + 2 + 1);
	/* Its own address under another name. */
	zone_mx("example.net", 10, "a.example.org");
	zone_mx("example.net", 20, "other.example.net");
	zone_mx("example.net", 25, "b.example.org");
	zone_a("other.example.net", 7);
	zone_aaaa("other.example.net", 200);
	expect_hosts("example.net", "a.example.org");
	/* But not at another port. */
	request.port = 26;
	expect_hosts("example.net", "a.example.org other.example.net b.example.org");
	request.port = 25;
	zone_mx("example.com", 10, "us2.example");
	zone_mx("example.com", 10, "a.example.org");
	expect_failure("example.com", "5.4.6",
	    "mail for example.com loops back to myself: this host is its best mail host, and does not keep "
	    "its mail");
	zone_a("self.example", 200);
	find("self.example");
	assert_string_equal(hop.enhanced, "5.4.6");
	/* The better hosts are gone: that is no loop. */
	zone_mx("backup.example", 10, "gone.example.org");
	zone_mx("backup.example", 20, "us2.example");
	expect_failure(
	    "backup.example", "5.4.4", "no host that the MX records of backup.example name has an address");
}

static void waits_while_the_dns_is_in_trouble(void **state)
{
	(void)state;
	zone_status("example.org", DNS_MX, ANSWER_FAILED, "timed out");
	expect_failure(
	    "example.org", "4.4.3", "the MX records of example.org cannot be looked up: timed out");
	zone_status("example.org", DNS_MX, ANSWER_FAILED, "");
	expect_failure("example.org", "4.4.3",
	    "the MX records of example.org cannot be looked up: the name servers do not answer");
	zone_status("example.org", DNS_MX, ANSWER_BOGUS, "");
	expect_failure("example.org", "4.4.3",
	    "the MX records of example.org cannot be looked up: DNSSEC: the answer is forged");
	/* One host in trouble, another fine: on it goes, but not for long. */
	zone_mx("example.net", 10, "a.example.net");
	zone_mx("example.net", 20, "b.example.net");
	zone_a("b.example.net", 2);
	zone_status("a.example.net", DNS_A, ANSWER_FAILED, "timed out");
	zone_status("a.example.net", DNS_AAAA, ANSWER_FAILED, "timed out");
	expect_hosts("example.net", "b.example.net");
	assert_true(hop.skipped);
	assert_int_equal(hop.ttl, 60);
	/* One family in trouble. */
	zone_aaaa("c.example.net", 3);
	zone_status("c.example.net", DNS_A, ANSWER_FAILED, "timed out");
	expect_hosts("c.example.net", "c.example.net");
	assert_false(hop.skipped);
	zone_at("d.example.net", DNS_AAAA);
	zone_status("d.example.net", DNS_A, ANSWER_BOGUS, "signature expired");
	expect_failure("d.example.net", "4.4.3",
	    "the addresses of d.example.net cannot be looked up: signature expired");
	/* No host with an address, and one that may have some: not for good. */
	zone_mx("example.com", 10, "gone.example.net");
	zone_mx("example.com", 20, "d.example.net");
	expect_failure(
	    "example.com", "4.4.3", "the addresses of d.example.net cannot be looked up: signature expired");
}

/* ---- security ---- */

static void says_what_was_validated(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "mx.example.net");
	zone_a("mx.example.net", 1);
	zone_aaaa("mx.example.net", 1);
	zone_tlsa("_25._tcp.mx.example.net", 3, 1, 1, 32);
	expect_hosts("example.org", "mx.example.net");
	assert_true(hop.hosts[0].mx_secure && hop.hosts[0].address_secure);
	assert_int_equal(hop.hosts[0].dane.level, DANE_VERIFY);
	assert_int_equal(hop.hosts[0].dane.name_count, 2);
	assert_string_equal(hop.hosts[0].dane.names[1], "example.org");
	/* RFC 7672 section 2.2.1: a signed host of an unsigned domain may still be held to its records; but
	   the domain's name proves nothing then. */
	zone_at("example.org", DNS_MX)->answer.secure = false;
	expect_hosts("example.org", "mx.example.net");
	assert_false(hop.hosts[0].mx_secure);
	assert_int_equal(hop.hosts[0].dane.level, DANE_VERIFY);
	assert_int_equal(hop.hosts[0].dane.name_count, 1);
	/* Both families must be. */
	zone_at("mx.example.net", DNS_A)->answer.secure = false;
	expect_hosts("example.org", "mx.example.net");
	assert_false(hop.hosts[0].address_secure);
	assert_int_equal(hop.hosts[0].dane.level, DANE_NONE);
	assert_int_equal(zone_asked, 3);
	/* An empty answer of the other family takes nothing away. */
	zone_a("v4.example", 1);
	zone_at("v4.example", DNS_AAAA)->answer.secure = false;
	zone_tlsa("_25._tcp.v4.example", 9, 9, 9, 9);
	expect_hosts("v4.example", "v4.example");
	assert_int_equal(hop.hosts[0].dane.level, DANE_ENCRYPT);
	request.no_dane = true;
	expect_hosts("v4.example", "v4.example");
	assert_int_equal(hop.hosts[0].dane.level, DANE_NONE);
}

static void skips_hosts_whose_tlsa_records_cannot_be_had(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "a.example.org");
	zone_mx("example.org", 20, "b.example.org");
	zone_a("a.example.org", 1);
	zone_a("b.example.org", 2);
	zone_status("_25._tcp.a.example.org", DNS_TLSA, ANSWER_BOGUS, "no signature");
	zone_tlsa("_25._tcp.b.example.org", 3, 1, 1, 32);
	expect_hosts("example.org", "b.example.org");
	assert_true(hop.skipped);
	zone_status("_25._tcp.b.example.org", DNS_TLSA, ANSWER_FAILED, "timed out");
	expect_failure("example.org", "4.7.5",
	    "the TLSA records of _25._tcp.a.example.org cannot be looked up: no signature");
}

/* ---- limits ---- */

static void copes_with_very_many_hosts(void **state)
{
	(void)state;
	static char data[100][32];
	for (int i = 0; i < 100; i++) {
		char name[32];
		snprintf(name, sizeof name, "h%02d.example.org", i);
		data[i][1] = (char)(100 - i);
		zone_data("example.org", DNS_MX, view_of(data[i], 2 + zone_wire_name(name, data[i] + 2)));
		if (i >= 70) {
			zone_canonical(zone_a(name, (unsigned char)i), "canonical.example.org");
			zone_at(name, DNS_A)->answer.secure = i % 2;
		}
	}
	assert_int_equal(find("example.org"), NEXT_HOP_HOSTS);
	assert_int_equal(hop.count, NEXT_HOP_HOSTS_MAX);
	assert_string_equal(hop.hosts[0].name, "h99.example.org");
	assert_true(zone_asked <= ANSWERS_QUESTIONS_MAX);
	assert_true(arena.used <= 65536);
	/* Without memory it is temporary, never wrong. */
	for (size_t size = 0; size < 40000; size += 1999) {
		struct arena small;
		arena_init(&small, size);
		enum next_hop_verdict verdict = next_hop_find(&answers, &request, &small, &hop);
		assert_true(verdict == NEXT_HOP_TEMPORARY || verdict == NEXT_HOP_HOSTS);
		if (verdict == NEXT_HOP_TEMPORARY)
			assert_non_null(hop.reason);
		arena_done(&small);
	}
}

static void runs_that_wait_leave_nothing_behind(void **state)
{
	(void)state;
	zone_mx("example.org", 10, "a.example.org");
	zone_mx("example.org", 20, "b.example.org");
	zone_a("a.example.org", 1);
	zone_a("b.example.org", 1);
	zone_status("a.example.org", DNS_A, ANSWER_FAILED, "x");
	zone_tlsa("_25._tcp.b.example.org", 3, 1, 1, 32);
	answers_done(&answers);
	arena_done(&arena);
	request.domain = VIEW("example.org");
	while (next_hop_find(&answers, &request, &arena, &hop) == NEXT_HOP_WAIT) {
		assert_int_equal(arena.used, 0);
		zone_answer(&answers);
	}
	assert_int_equal(hop.count, 1);
}

static int prepare(void **state)
{
	(void)state;
	answers_init(&answers);
	arena_init(&arena, 65536);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	answers_done(&answers);
	arena_done(&arena);
	zone_clear();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(goes_to_the_best_host_first, fresh),
	    cmocka_unit_test_setup(shuffles_equals, fresh),
	    cmocka_unit_test_setup(takes_the_domain_itself_without_mx, fresh),
	    cmocka_unit_test_setup(takes_both_families_in_turns, fresh),
	    cmocka_unit_test_setup(follows_aliases, fresh),
	    cmocka_unit_test_setup(goes_where_a_route_says, fresh),
	    cmocka_unit_test_setup(reads_literals, fresh),
	    cmocka_unit_test_setup(says_that_nobody_is_there, fresh),
	    cmocka_unit_test_setup(leaves_out_what_has_no_address, fresh),
	    cmocka_unit_test_setup(does_not_send_to_itself, fresh),
	    cmocka_unit_test_setup(waits_while_the_dns_is_in_trouble, fresh),
	    cmocka_unit_test_setup(says_what_was_validated, fresh),
	    cmocka_unit_test_setup(skips_hosts_whose_tlsa_records_cannot_be_had, fresh),
	    cmocka_unit_test_setup(copes_with_very_many_hosts, fresh),
	    cmocka_unit_test_setup(runs_that_wait_leave_nothing_behind, fresh),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
