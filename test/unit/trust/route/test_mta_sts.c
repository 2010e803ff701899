/* MTA-STS: record, policy, match, memory. RFC 8461. */
#include "../dns/zone.h"

#include <errno.h>

#include "trust/route/mta_sts.h"

static char id[MTA_STS_ID_MAX + 1];

static void makes_names(void **state)
{
	(void)state;
	char name[DNS_NAME_SIZE], domain[DNS_NAME_SIZE];
	assert_int_equal(mta_sts_question("example.org", name), 0);
	assert_string_equal(name, "_mta-sts.example.org");
	assert_int_equal(mta_sts_host("example.org", name), 0);
	assert_string_equal(name, "mta-sts.example.org");
	memset(domain, 'a', 250);
	for (int i = 60; i < 250; i += 61)
		domain[i] = '.';
	domain[250] = '\0';
	assert_int_equal(mta_sts_question(domain, name), -ENAMETOOLONG);
	assert_int_equal(mta_sts_question("[192.0.2.1]", name), -EINVAL);
}

static void reads_records(void **state)
{
	(void)state;
	static const char *const good[] = {"v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z",
	    "v=STSv1 ; id=20160831085700Z ;", "v=STSv1;\tid=20160831085700Z; x.y-z_=1; id=other",
	    "v=STSv1; a=b;id=20160831085700Z;  "};
	static const char *const bad[] = {"", "v=STSv1", "v=STSv1;", "v=STSv2; id=1;", "V=STSv1; id=1;",
	    "v=stsv1; id=1", " v=STSv1; id=1", "v=STSv1; id=;", "v=STSv1; id=a b;", "v=STSv1; id=1-2;",
	    "v=STSv1; ID=1;", "v=STSv1; id;", "v=STSv1; =1; id=2", "v=STSv1; id=1; junk", "v=STSv1;; id=1",
	    "v=STSv1; id=123456789012345678901234567890123;", "v=STSv1 id=1;", "v=STSv1; id=\xc3\xa9"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(mta_sts_record_parse(view_from_string(good[i]), id), 0);
		assert_string_equal(id, "20160831085700Z");
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(mta_sts_record_parse(view_from_string(bad[i]), id), -EINVAL);
	assert_string_equal(id, "20160831085700Z");
	assert_int_equal(mta_sts_record_parse(VIEW("v=STSv1; id=12345678901234567890123456789012;"), id), 0);
	assert_int_equal(mta_sts_record_parse(VIEW("v=STSv1; id=1\0"), id), -EINVAL);
}

static int ask(void)
{
	struct answers a;
	answers_init(&a);
	const struct answer *answer;
	while ((answer = answers_look(&a, "_mta-sts.example.org", DNS_TXT)) == NULL)
		zone_answer(&a);
	int result = mta_sts_id(answer, id);
	answers_done(&a);
	return result;
}

static void wants_exactly_one(void **state)
{
	(void)state;
	zone_clear();
	assert_int_equal(ask(), -ENOENT);
	zone_data("_mta-sts.example.org", DNS_TXT, VIEW("\13v=spf1 -all"));
	zone_data("_mta-sts.example.org", DNS_TXT, VIEW("\7v=STSv2"));
	zone_data("_mta-sts.example.org", DNS_TXT, VIEW("\11v=STSv1"));
	assert_int_equal(ask(), -ENOENT);
	zone_data("_mta-sts.example.org", DNS_TXT, VIEW("\5v=STS\7v1; id=\2ab"));
	assert_int_equal(ask(), 0);
	assert_string_equal(id, "ab");
	zone_data("_mta-sts.example.org", DNS_TXT, VIEW("\15v=STSv1; id=2"));
	assert_int_equal(ask(), -ENOENT);
	zone_status("_mta-sts.example.org", DNS_TXT, ANSWER_FAILED, "");
	assert_int_equal(ask(), -EAGAIN);
	zone_status("_mta-sts.example.org", DNS_TXT, ANSWER_BOGUS, "");
	assert_int_equal(ask(), -EAGAIN);
	assert_string_equal(id, "ab");
	zone_clear();
}

static struct mta_sts_policy policy;
static struct arena arena;

static int parse(const char *body)
{
	arena_reset(&arena);
	return mta_sts_policy_parse(view_from_string(body), &arena, &policy);
}

static void reads_policies(void **state)
{
	(void)state;
	assert_int_equal(parse("version: STSv1\r\nmode: enforce\r\nmx: Mail.Example.com\r\nmx: "
	                       "*.example.NET\r\nmx: b\r\nmax_age: 604800\r\n"),
	    0);
	assert_int_equal(policy.mode, MTA_STS_ENFORCE);
	assert_int_equal(policy.max_age, 604800);
	assert_int_equal(policy.mx_count, 3);
	assert_view(policy.mx[0], "mail.example.com");
	assert_view(policy.mx[1], "*.example.net");
	/* Any order, bare LF, no last line end, blanks, unknown fields; of a repeated field the first counts.
	 */
	assert_int_equal(parse("max_age:86400  \nx-y:  z: z\n\nmx:a.b\nmode:\ttesting\nmode: bogus\nmax_age: "
	                       "x\nversion:STSv1\nversion: 9"),
	    0);
	assert_int_equal(policy.mode, MTA_STS_TESTING);
	assert_int_equal(policy.max_age, 86400);
	assert_int_equal(parse("version: STSv1\nmode: none\nmax_age: 0"), 0);
	assert_int_equal(policy.mode, MTA_STS_NONE);
	assert_int_equal(policy.mx_count, 0);
	assert_int_equal(parse("version: STSv1\nmode: none\nmax_age: 9999999999"), 0);
	assert_int_equal(policy.max_age, MTA_STS_AGE_MAX);
}

static void refuses_what_is_no_policy(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "\n", "<html>", "version: STSv1\nmode: enforce\nmx: a.b\n",
	    "version: STSv1\nmx: a.b\nmax_age: 1", "mode: enforce\nmx: a.b\nmax_age: 1",
	    "version: STSv2\nmode: enforce\nmx: a.b\nmax_age: 1",
	    "version: STSv1\nmode: Enforce\nmx: a.b\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1",
	    "version: STSv1\nmode: testing\nmax_age: 1", "Version: STSv1\nmode: none\nmax_age: 1",
	    "version: STSv1\nmode: none\nmax_age: -1",
	    "version: STSv1\nmode: none\nmax_age: ", "version: STSv1\nmode: none\nmax_age: 12345678901",
	    "version: STSv1\nmode: none\nmax_age: 1 2", "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx: *.\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx: *a.b\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx:\nmax_age: 1",
	    "version: STSv1\nmode: enforce\nmx: \xc3\xa9.fr\nmax_age: 1",
	    "version: STSv1\nmode: none\nmax_age: 1\njunk", "version: STSv1\nmode: none\nmax_age: 1\n: x",
	    "version: STSv1,mode: none,max_age: 1"};
	policy.max_age = 77;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse(bad[i]), -EINVAL);
	assert_int_equal(policy.max_age, 77);
}

static void keeps_to_its_limits(void **state)
{
	(void)state;
	struct buf body;
	buf_init(&body, 1 << 20);
	buf_append_string(&body, "version: STSv1\nmode: enforce\nmax_age: 1\n");
	for (int i = 0; i < MTA_STS_MX_MAX; i++)
		buf_printf(&body, "mx: mx%d.example.org\n", i);
	assert_int_equal(parse(buf_string(&body)), 0);
	assert_int_equal(policy.mx_count, MTA_STS_MX_MAX);
	buf_append_string(&body, "mx: one.more\n");
	assert_int_equal(parse(buf_string(&body)), -E2BIG);
	buf_clear(&body);
	buf_append_string(&body, "version: STSv1\nmode: none\nmax_age: 1\n");
	while (buf_view(&body).len < MTA_STS_BODY_MAX)
		buf_append_string(&body, "\n");
	assert_int_equal(parse(buf_string(&body)), 0);
	buf_append_string(&body, "\n");
	assert_int_equal(parse(buf_string(&body)), -E2BIG);
	buf_done(&body);
	for (size_t size = 0; size < 400; size += 16) {
		struct arena small;
		arena_init(&small, size);
		int result = mta_sts_policy_parse(
		    VIEW("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.b\n"), &small, &policy);
		assert_true(result == 0 || result == -ENOMEM);
		arena_done(&small);
	}
}

static void writes_what_it_reads(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 4096);
	assert_int_equal(
	    parse("version: STSv1\nmode: testing\nmx: *.example.net\nmx: a.b\nmax_age: 604800"), 0);
	assert_int_equal(mta_sts_policy_write(&text, &policy), 0);
	assert_view(
	    buf_view(&text), "version: STSv1\nmode: testing\nmax_age: 604800\nmx: *.example.net\nmx: a.b\n");
	assert_int_equal(parse(buf_string(&text)), 0);
	assert_int_equal(policy.mx_count, 2);
	buf_done(&text);
	buf_init(&text, 10);
	assert_int_equal(mta_sts_policy_write(&text, &policy), -ENOBUFS);
	buf_done(&text);
}

static void knows_its_hosts(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 1"), 0);
	static const char *const good[] = {
	    "mail.example.com", "MAIL.example.COM.", "a.example.net", "A-B.EXAMPLE.net"};
	static const char *const bad[] = {"", ".", "example.com", "a.mail.example.com", "mail.example.comm",
	    "example.net", ".example.net", "a.b.example.net", "aexample.net", "*", "net"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(mta_sts_allows(&policy, view_from_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(mta_sts_allows(&policy, view_from_string(bad[i])));
}

static void knows_its_content_type(void **state)
{
	(void)state;
	assert_true(mta_sts_content_type(VIEW("text/plain")));
	assert_true(mta_sts_content_type(VIEW("Text/Plain ; charset=utf-8")));
	assert_false(mta_sts_content_type(VIEW("text/html")));
	assert_false(mta_sts_content_type(VIEW("text/plainer")));
	assert_false(mta_sts_content_type(VIEW("")));
}

static void decides(void **state)
{
	(void)state;
	enum { DAY = 86400, NOW = 1000 * DAY };
	struct mta_sts_memory m = {.has_policy = false};
	/* Nothing is remembered. */
	assert_int_equal(mta_sts_decide(&m, -ENOENT, NULL, NOW), MTA_STS_NO_POLICY);
	assert_int_equal(mta_sts_decide(&m, -EAGAIN, NULL, NOW), MTA_STS_NO_POLICY);
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_FETCH);
	/* A fetch failed: not again at once, but for a new id. */
	m.failed_at = NOW - 299;
	strcpy(m.failed_id, "1");
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_NO_POLICY);
	assert_int_equal(mta_sts_decide(&m, 0, "2", NOW), MTA_STS_FETCH);
	m.failed_at = NOW - 300;
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_FETCH);
	/* A policy that is valid for a week. */
	m = (struct mta_sts_memory){
	    .has_policy = true, .policy.max_age = 7 * DAY, .id = "1", .fetched_at = NOW - DAY + 1};
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_USE);
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW + 1), MTA_STS_REFRESH);
	assert_int_equal(mta_sts_decide(&m, 0, "2", NOW), MTA_STS_FETCH);
	/* Whoever takes the record away, or blocks it, does not get rid of the policy. */
	assert_int_equal(mta_sts_decide(&m, -ENOENT, NULL, NOW + 6 * DAY), MTA_STS_USE);
	assert_int_equal(mta_sts_decide(&m, -EAGAIN, NULL, NOW + 6 * DAY), MTA_STS_USE);
	assert_int_equal(mta_sts_decide(&m, -EAGAIN, NULL, NOW + 6 * DAY + 1), MTA_STS_NO_POLICY);
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW + 6 * DAY + 1), MTA_STS_FETCH);
	/* Nor who blocks the new one. */
	m.failed_at = NOW;
	strcpy(m.failed_id, "2");
	assert_int_equal(mta_sts_decide(&m, 0, "2", NOW + 10), MTA_STS_USE);
	assert_int_equal(mta_sts_decide(&m, 0, "2", NOW + 300), MTA_STS_FETCH);
	m.failed_at = NOW + 6 * DAY;
	assert_int_equal(mta_sts_decide(&m, 0, "2", NOW + 6 * DAY + 10), MTA_STS_NO_POLICY);
	/* The clock was set back: the policy holds for a week from now on and is looked at daily, a failure
	 * counts for minutes. */
	m.failed_at = 0;
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW - 100 * DAY), MTA_STS_USE);
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW - 99 * DAY), MTA_STS_REFRESH);
	assert_int_equal(mta_sts_decide(&m, -ENOENT, NULL, NOW - 93 * DAY), MTA_STS_NO_POLICY);
	m.failed_at = NOW;
	strcpy(m.failed_id, "1");
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW - 93 * DAY), MTA_STS_NO_POLICY);
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW - 93 * DAY + 300), MTA_STS_FETCH);
	/* Looking for a newer one before mail fails. */
	m.id[0] = '\0';
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_FETCH);
	/* No time at all. */
	m.policy.max_age = 0;
	m.fetched_at = NOW;
	assert_int_equal(mta_sts_decide(&m, 0, "1", NOW), MTA_STS_FETCH);
}

static int prepare(void **state)
{
	(void)state;
	arena_init(&arena, 65536);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makes_names),
	    cmocka_unit_test(reads_records),
	    cmocka_unit_test(wants_exactly_one),
	    cmocka_unit_test(reads_policies),
	    cmocka_unit_test(refuses_what_is_no_policy),
	    cmocka_unit_test(keeps_to_its_limits),
	    cmocka_unit_test(writes_what_it_reads),
	    cmocka_unit_test(knows_its_hosts),
	    cmocka_unit_test(knows_its_content_type),
	    cmocka_unit_test(decides),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
