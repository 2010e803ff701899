/* Which records a domain is told to have, as a zone file has them. */
#include "../../unit.h"
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "trust/zone/zone_plan.h"

static struct sockaddr_storage addresses[2];
static const struct zone_service services[] = {{"_imaps._tcp", 993}, {"_pop3._tcp", 0}};

static struct zone_site site(void)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	memcpy(&addresses[0], &v4, sizeof v4);
	memcpy(&addresses[1], &v6, sizeof v6);
	return (struct zone_site){.domain = "example.org",
	    .host = "mail.example.org",
	    .addresses = addresses,
	    .address_count = 2,
	    .services = services,
	    .service_count = 2};
}

static struct zone_plan plan;
static struct arena arena;

static int make(const struct zone_site *s)
{
	arena_done(&arena);
	arena_init(&arena, ZONE_PLAN_MEMORY_MAX);
	return zone_plan_make(s, &arena, &plan);
}

/* Whether the plan has this record, word for word. */
static bool has(const char *wanted)
{
	bool found = false;
	for (size_t i = 0; i < plan.count; i++) {
		struct buf text;
		buf_init(&text, 16384);
		zone_record_text(&plan.items[i].record, &text);
		found = found || strcmp(buf_string(&text), wanted) == 0;
		buf_done(&text);
	}
	return found;
}

static void says_what_a_domain_needs(void **state)
{
	(void)state;
	struct zone_site s = site();
	assert_int_equal(make(&s), 0);
	assert_true(has("example.org. 3600 IN MX 10 mail.example.org."));
	assert_true(has("mail.example.org. 3600 IN A 192.0.2.1"));
	assert_true(has("mail.example.org. 3600 IN AAAA 2001:db8::1"));
	assert_true(has("1.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.org."));
	assert_true(
	    has("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR "
	        "mail.example.org."));
	assert_true(has("example.org. 3600 IN TXT \"v=spf1 mx -all\""));
	assert_true(has("mail.example.org. 3600 IN TXT \"v=spf1 a -all\""));
	assert_true(has(
	    "_dmarc.example.org. 3600 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org\""));
	assert_true(
	    has("_smtp._tls.example.org. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@example.org\""));
	assert_true(has("_imaps._tcp.example.org. 3600 IN SRV 0 1 993 mail.example.org."));
	assert_true(has("_pop3._tcp.example.org. 3600 IN SRV 0 0 0 ."));
	assert_true(has("mta-sts.example.org. 3600 IN CNAME mail.example.org."));
	assert_true(has("autoconfig.example.org. 3600 IN CNAME mail.example.org."));
	for (size_t i = 0; i < plan.count; i++)
		assert_true(plan.items[i].why[0] && plan.items[i].record.type != DNS_TLSA);
}

/* For those who show it elsewhere: a line each, as many as fit. */
static void the_plan_is_told_in_lines(void **state)
{
	(void)state;
	struct zone_site s = site();
	struct buf lines;
	assert_int_equal(make(&s), 0);
	buf_init(&lines, 64 * 1024);
	assert_int_equal(zone_plan_lines(&plan, 64 * 1024, &lines), 0);
	struct view rest = buf_view(&lines), line, field;
	size_t count = 0;
	while (rest.len && view_next(&rest, '\n', &line)) {
		size_t fields = 0;
		for (count++; line.len && view_next(&line, '\t', &field); fields++)
			assert_true(field.len > 0);
		assert_int_equal(fields, ZONE_LINE_FIELDS);
	}
	assert_int_equal(count, plan.count);
	assert_non_null(
	    strstr(buf_string(&lines), "mx\trequired\texample.org\t3600\tMX\t10 mail.example.org.\t"));
	size_t all = lines.len;
	buf_clear(&lines);
	assert_int_equal(zone_plan_lines(&plan, all - 1, &lines), 0);
	assert_true(lines.len > 0 && lines.len < all);
	buf_done(&lines);
}

static struct buf configuration(
    const struct zone_site *s, int (*make_it)(const struct zone_site *, struct buf *))
{
	struct buf text;
	buf_init(&text, ZONE_CONFIGURATION_MAX);
	assert_int_equal(make_it(s, &text), 0);
	return text;
}

static bool names(const char *part)
{
	for (size_t i = 0; i < plan.count; i++)
		if (strncmp(plan.items[i].record.owner, part, strlen(part)) == 0)
			return true;
	return false;
}

/* The record is the digest of exactly what is served; a service at another port is not told of. */
static void tells_programs_of_services_with_ports_of_their_own(void **state)
{
	(void)state;
	static const struct zone_service all[] = {
	    {"_imaps._tcp", 993}, {"_pop3s._tcp", 1995}, {"_submissions._tcp", 465}, {"_jmap._tcp", 443}};
	struct zone_site s = site();
	unsigned char digest[ZONE_DIGEST_SIZE];
	char line[300];
	struct buf encoded, nothing;
	s.services = all;
	s.service_count = 4;
	struct buf text = configuration(&s, zone_configuration_text),
	           record = configuration(&s, zone_configuration_record);
	assert_string_equal(buf_string(&text),
	    "{\"protocols\":{\"jmap\":{\"url\":\"https://mail.example.org/.well-known/jmap\"},"
	    "\"imap\":{\"host\":\"mail.example.org\"},\"smtp\":{\"host\":\"mail.example.org\"}},"
	    "\"authentication\":{\"password\":true},\"info\":{\"provider\":{\"name\":\"example.org\"}}}");
	assert_true(zone_digest(buf_view(&text), digest));
	buf_init(&encoded, 100);
	base64_encode(&encoded, view_of(digest, sizeof digest));
	snprintf(line, sizeof line, "v=UAAC1; a=sha256; d=%s", buf_string(&encoded));
	assert_string_equal(buf_string(&record), line);
	assert_int_equal(make(&s), 0);
	assert_true(has("ua-auto-config.example.org. 3600 IN CNAME mail.example.org."));
	snprintf(line, sizeof line, "_ua-auto-config.example.org. 3600 IN TXT \"v=UAAC1; a=sha256; d=%s\"",
	    buf_string(&encoded));
	assert_true(has(line));
	/* Without HTTPS at its port nobody finds it, and no record says otherwise. */
	s.service_count = 3;
	buf_init(&nothing, 100);
	assert_int_equal(zone_configuration_text(&s, &nothing), -ENOENT);
	assert_int_equal(zone_configuration_record(&s, &nothing), -ENOENT);
	assert_int_equal(make(&s), 0);
	assert_false(names("ua-auto-config") || names("_ua-auto-config"));
	buf_done(&text);
	buf_done(&record);
	buf_done(&encoded);
}

static void says_more_where_more_is_known(void **state)
{
	(void)state;
	struct zone_site s = site();
	char long_key[600], wanted[800];
	memset(long_key, 'A', sizeof long_key);
	memcpy(long_key, "v=DKIM1; k=rsa; p=", 18);
	const struct zone_key keys[] = {{"new", view_of(long_key, 300), ZONE_KEY_ACTIVE},
	    {"older", VIEW("v=DKIM1; p=x"), ZONE_KEY_OLD}, {"gone", VIEW("v=DKIM1; p=y"), ZONE_KEY_RETIRED}};
	const struct view digest = VIEW("0123456789abcdef0123456789abcdef");
	s.keys = keys;
	s.key_count = 3;
	s.certificates = &digest;
	s.certificate_count = 1;
	s.authority = "letsencrypt.org";
	s.reports = "reports@example.net";
	s.logo = "https://example.org/logo.svg";
	s.smart_host = true;
	s.senders = addresses;
	s.sender_count = 2;
	s.host = "example.org";
	assert_int_equal(make(&s), 0);
	snprintf(wanted, sizeof wanted, "new._domainkey.example.org. 3600 IN TXT \"%.255s\" \"%.45s\"",
	    long_key, long_key + 255);
	assert_true(has(wanted));
	assert_true(has("older._domainkey.example.org. 3600 IN TXT \"v=DKIM1; p=x\""));
	assert_false(has("gone._domainkey.example.org. 3600 IN TXT \"v=DKIM1; p=y\""));
	assert_true(has("_25._tcp.example.org. 3600 IN TLSA 3 1 1 "
	                "3031323334353637383961626364656630313233343536373839616263646566"));
	assert_true(has("example.org. 3600 IN CAA 0 issue \"letsencrypt.org\""));
	assert_true(has("example.org. 3600 IN TXT \"v=spf1 mx ip4:192.0.2.1 ip6:2001:db8::1 ~all\""));
	assert_false(has("example.org. 3600 IN TXT \"v=spf1 a -all\"")); /* one name has one SPF record */
	assert_true(has(
	    "_dmarc.example.org. 3600 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:reports@example.net\""));
	assert_true(
	    has("default._bimi.example.org. 3600 IN TXT \"v=BIMI1; l=https://example.org/logo.svg;\""));
}

static void the_policys_id_changes_with_it(void **state)
{
	(void)state;
	char first[ZONE_POLICY_ID_SIZE], second[ZONE_POLICY_ID_SIZE];
	struct zone_site s = site();
	assert_true(zone_policy_id(&s, first) && zone_policy_id(&s, second));
	assert_string_equal(first, second);
	assert_int_equal(strlen(first), 20);
	s.host = "mx.example.org";
	assert_true(zone_policy_id(&s, second));
	assert_string_not_equal(first, second);
}

static void long_names_and_too_much_are_refused(void **state)
{
	(void)state;
	char name[DNS_NAME_SIZE];
	struct zone_site s = site();
	memset(name, 'a', sizeof name);
	for (size_t i = 50; i < sizeof name; i += 50)
		name[i] = '.';
	name[249] = '\0';
	s.domain = name;
	assert_int_equal(make(&s), -ENAMETOOLONG);
	s = site();
	struct zone_service many[ZONE_WANTED_MAX];
	for (size_t i = 0; i < ZONE_WANTED_MAX; i++)
		many[i] = services[0];
	s.services = many;
	s.service_count = ZONE_WANTED_MAX;
	assert_int_equal(make(&s), -E2BIG);
	s = site();
	arena_done(&arena);
	arena_init(&arena, 100);
	assert_int_equal(zone_plan_make(&s, &arena, &plan), -ENOMEM);
	arena_done(&arena);
}

/* What no word exists for, and what is malformed, is written so that a name server reads the same. */
static void writes_anything(void **state)
{
	(void)state;
	static const struct {
		unsigned type;
		struct view data;
		const char *text;
	} rows[] = {
	    {DNS_TXT, {"\5a\"\\\n\377", 6}, "\"a\\\"\\\\\\010\\255\""},
	    {DNS_TXT, {"\0", 1}, "\"\""},
	    {DNS_TXT, {"\5a", 2}, "\\# 2 0561"},
	    {DNS_A, {"abc", 3}, "\\# 3 616263"},
	    {DNS_MX, {"\0\12", 2}, "\\# 2 000a"},
	    {DNS_MX, {"\0\0\0", 3}, "0 ."},
	    {99, {"\1", 1}, "\\# 1 01"},
	    {DNS_CAA, {"\200\5issue;", 8}, "128 issue \";\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf text;
		buf_init(&text, 1024);
		assert_int_equal(zone_data_text(rows[i].type, rows[i].data, &text), 0);
		assert_string_equal(buf_string(&text), rows[i].text);
		buf_done(&text);
	}
	char type[ZONE_TYPE_SIZE];
	zone_type_text(65280, type);
	assert_string_equal(type, "TYPE65280");
	assert_true(zone_contains("a.b", "x.a.b") && zone_contains("a.b", "a.b"));
	assert_false(zone_contains("a.b", "xa.b") || zone_contains("a.b", "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_a_domain_needs),
	    cmocka_unit_test(the_plan_is_told_in_lines),
	    cmocka_unit_test(tells_programs_of_services_with_ports_of_their_own),
	    cmocka_unit_test(says_more_where_more_is_known),
	    cmocka_unit_test(the_policys_id_changes_with_it),
	    cmocka_unit_test(long_names_and_too_much_are_refused),
	    cmocka_unit_test(writes_anything),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
