/* What DANE demands of a host: RFC 7672 sections 2 and 3.1. */
#include "../dns/zone.h"

#include "trust/route/dane.h"

static struct answers answers;
static struct arena arena;
static struct dane dane;
static const char *why;

static enum dane_verdict find(const struct dane_host *host)
{
	enum dane_verdict verdict;
	answers_done(&answers);
	arena_reset(&arena);
	zone_asked = 0;
	do
		verdict = dane_find(&answers, host, &arena, &dane, &why);
	while (verdict == DANE_WAIT && zone_answer(&answers));
	assert_int_not_equal(verdict, DANE_WAIT);
	return verdict;
}

static const struct dane_host secure_host = {
    .name = "mx.example", .canonical = "mx.example", .secure = true, .port = 25};

static void demands_nothing_without_records(void **state)
{
	(void)state;
	zone_clear();
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
	assert_int_equal(zone_asked, 1);
	/* Not even a question where the addresses were not validated: some name servers choke on it. */
	struct dane_host host = secure_host;
	host.secure = false;
	zone_tlsa("_25._tcp.mx.example", 3, 1, 1, 32);
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
	assert_int_equal(zone_asked, 0);
	/* Records that were not validated might be anybody's. */
	zone_at("_25._tcp.mx.example", DNS_TLSA)->answer.secure = false;
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
	assert_null(dane.base);
}

static void demands_what_the_records_say(void **state)
{
	(void)state;
	zone_clear();
	zone_tlsa("_25._tcp.mx.example", 3, 1, 1, 32);
	zone_tlsa("_25._tcp.mx.example", 2, 0, 2, 64)->answer.ttl = 77;
	struct dane_host host = secure_host;
	host.domain = "example";
	host.domain_canonical = "example.net";
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_VERIFY);
	assert_int_equal(dane.count, 2);
	assert_int_equal(dane.records[1].usage, 2);
	assert_int_equal(dane.records[1].data.len, 64);
	assert_int_equal(dane.ttl, 77);
	assert_string_equal(dane.base, "mx.example");
	assert_int_equal(dane.name_count, 3);
	assert_string_equal(dane.names[0], "mx.example");
	assert_string_equal(dane.names[1], "example");
	assert_string_equal(dane.names[2], "example.net");
	host.port = 2525;
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
}

static void tells_usable_records_from_others(void **state)
{
	(void)state;
	static const struct {
		unsigned usage, selector, matching;
		size_t len;
	} unusable[] = {{0, 1, 1, 32}, {1, 1, 1, 32}, {4, 1, 1, 32}, {255, 0, 0, 100}, {3, 2, 1, 32},
	    {3, 255, 1, 32}, {3, 1, 3, 32}, {3, 1, 1, 31}, {3, 1, 1, 33}, {3, 1, 2, 32}, {3, 1, 1, 0},
	    {3, 0, 0, 40}, {2, 1, 0, 40}};
	zone_clear();
	for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++)
		zone_tlsa("_25._tcp.mx.example", unusable[i].usage, unusable[i].selector,
		    unusable[i].matching, unusable[i].len);
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_ENCRYPT);
	assert_int_equal(dane.count, 0);
	assert_string_equal(dane.base, "mx.example");
	zone_tlsa("_25._tcp.mx.example", 2, 1, 1, 32);
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_VERIFY);
	assert_int_equal(dane.count, 1);
	/* No more than so many. */
	zone_clear();
	for (int i = 0; i < 90; i++)
		zone_tlsa("_25._tcp.mx.example", 3, 1, 1, 32);
	for (int i = 16; i < 90; i++)
		zone[0].views[i] = zone[0].views[0];
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	assert_int_equal(dane.count, DANE_RECORDS_MAX);
}

static void forbids_hosts_whose_records_cannot_be_had(void **state)
{
	(void)state;
	zone_clear();
	zone_status("_25._tcp.mx.example", DNS_TLSA, ANSWER_FAILED, "SERVFAIL");
	assert_int_equal(find(&secure_host), DANE_UNAVAILABLE);
	assert_string_equal(why, "the TLSA records of _25._tcp.mx.example cannot be looked up: SERVFAIL");
	zone_status("_25._tcp.mx.example", DNS_TLSA, ANSWER_BOGUS, "");
	assert_int_equal(find(&secure_host), DANE_UNAVAILABLE);
	assert_string_equal(
	    why, "the TLSA records of _25._tcp.mx.example cannot be looked up: the answer is bogus (DNSSEC)");
}

static void looks_behind_aliases(void **state)
{
	(void)state;
	struct dane_host host = {
	    .name = "mx.example", .canonical = "host.provider", .secure = true, .port = 25};
	zone_clear();
	zone_tlsa("_25._tcp.mx.example", 3, 1, 1, 32);
	/* The alias's end comes first, its beginning is the fall-back. */
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_string_equal(dane.base, "mx.example");
	zone_tlsa("_25._tcp.host.provider", 3, 1, 1, 32);
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_string_equal(dane.base, "host.provider");
	/* Where nothing can be seen at the end, nobody may fall back. */
	zone_status("_25._tcp.host.provider", DNS_TLSA, ANSWER_FAILED, "time-out");
	assert_int_equal(find(&host), DANE_UNAVAILABLE);
	/* A signed alias to an unsigned place: the alias's own records count, if it is signed. */
	host.secure = false;
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
	zone_data("mx.example", DNS_CNAME, VIEW("\4host\10provider\0"));
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_VERIFY);
	assert_string_equal(dane.base, "mx.example");
	zone_at("mx.example", DNS_CNAME)->answer.secure = false;
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
	zone_status("mx.example", DNS_CNAME, ANSWER_BOGUS, "no signatures");
	assert_int_equal(find(&host), DANE_UNAVAILABLE);
	assert_string_equal(why, "the CNAME record of mx.example cannot be looked up: no signatures");
}

static void stays_within_its_memory(void **state)
{
	(void)state;
	struct arena small;
	zone_clear();
	zone_tlsa("_25._tcp.mx.example", 3, 1, 1, 32);
	assert_int_equal(find(&secure_host), DANE_KNOWN);
	for (size_t size = 0; size < 2048; size += 64) {
		arena_init(&small, size);
		enum dane_verdict verdict = dane_find(&answers, &secure_host, &small, &dane, &why);
		/* Never "nothing is demanded". */
		assert_true(verdict == DANE_UNAVAILABLE || dane.level == DANE_VERIFY);
		arena_done(&small);
	}
	/* A name with no room for the prefix has no records. */
	char name[DNS_NAME_SIZE];
	memset(name, 'a', 253);
	for (int i = 50; i < 253; i += 51)
		name[i] = '.';
	name[253] = '\0';
	struct dane_host host = {.name = name, .secure = true, .port = 25};
	assert_int_equal(find(&host), DANE_KNOWN);
	assert_int_equal(dane.level, DANE_NONE);
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
	    cmocka_unit_test(demands_nothing_without_records),
	    cmocka_unit_test(demands_what_the_records_say),
	    cmocka_unit_test(tells_usable_records_from_others),
	    cmocka_unit_test(forbids_hosts_whose_records_cannot_be_had),
	    cmocka_unit_test(looks_behind_aliases),
	    cmocka_unit_test(stays_within_its_memory),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
