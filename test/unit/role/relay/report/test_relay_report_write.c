/* From counts to reports: what was counted stands in the document; the same content has the same ids; what
 * cannot be read is left out. */
#include "../../../unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/report_find.h"
#include "report/report_wish.h"
#include "role/relay/report/relay_report_write.h"

enum { DAY = 20000, NOW = (DAY + 2) * 86400 };

static struct arena arena;
static struct buf policy, rows[3];
static struct relay_report_row list[3];
static struct relay_report_group group;
static const struct relay_report_sender from = {{"Org", 3}, {"reports@mx.example", 18}, {"mx.example", 10}};

static void put_row(unsigned i, const char *source, const char *dkim, uint64_t count)
{
	struct report_row row = {.source = view_from_string(source),
	    .disposition = VIEW("none"),
	    .dkim = view_from_string(dkim),
	    .spf = VIEW("fail"),
	    .header_from = VIEW("example.com"),
	    .spf_domain = VIEW("example.com"),
	    .spf_result = VIEW("fail")};
	assert_int_equal(codec_encode(&rows[i], &report_row_schema, &row), 0);
	list[i] = (struct relay_report_row){.bytes = buf_view(&rows[i]), .count = count};
}

static int begin(void **state)
{
	struct report_wish wish = {.policy = {.domain = VIEW("example.com"), .p = VIEW("reject")},
	    .rua = VIEW("mailto:a@example.com")};
	(void)state;
	arena_init(&arena, REPORT_MEMORY);
	buf_init(&policy, 2000);
	assert_int_equal(codec_encode(&policy, &report_wish_schema, &wish), 0);
	for (unsigned i = 0; i < 3; i++)
		buf_init(&rows[i], 2000);
	put_row(0, "192.0.2.1", "pass", 7);
	put_row(1, "2001:db8::1", "fail", 2);
	buf_append_string(&rows[2], "no row");
	list[2] = (struct relay_report_row){.bytes = buf_view(&rows[2]), .count = 1};
	group = (struct relay_report_group){.policy = buf_view(&policy), .rows = list, .count = 3};
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	buf_done(&policy);
	for (unsigned i = 0; i < 3; i++)
		buf_done(&rows[i]);
	return 0;
}

static void what_was_counted_is_reported(void **state)
{
	struct relay_report r;
	struct report_found found;
	(void)state;
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW, 4, &from, &r), 0);
	assert_int_equal(r.messages, 9);
	assert_int_equal(r.begin, (uint64_t)DAY * 86400);
	assert_int_equal(r.end, (uint64_t)DAY * 86400 + 86399);
	assert_int_equal(report_find_in_file(buf_view(&r.document), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_DMARC);
	assert_int_equal(found.dmarc.rows.count, 2);
	const struct report_row *row = found.dmarc.rows.items;
	assert_int_equal(row[0].count, 7);
	assert_view(row[0].source, "192.0.2.1");
	assert_view(row[1].source, "2001:db8::1");
	assert_view(found.dmarc.policy.p, "reject");
	assert_view(found.dmarc.org, "Org");
	assert_view(found.dmarc.id, r.id);
	assert_true(view_starts(found.dmarc.error, VIEW("4 further messages")));
	buf_done(&r.document);
	/* Of a day that is not over: until now. */
	assert_int_equal(relay_report_dmarc(&group, DAY, (int64_t)DAY * 86400 + 100, 0, &from, &r), 0);
	assert_int_equal(r.end, (uint64_t)DAY * 86400 + 100);
	buf_done(&r.document);
}

static void ids_are_made_of_the_content(void **state)
{
	struct relay_report a, b;
	struct buf mail;
	char first[RANDOM_ID_SIZE];
	(void)state;
	buf_init(&mail, 1 << 20);
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW, 0, &from, &a), 0);
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW + 500, 0, &from, &b), 0);
	assert_string_equal(a.id, b.id);
	assert_int_equal(
	    relay_report_letter(&a, VIEW("example.com"), VIEW("a@example.com"), &from, NOW, &mail), 0);
	snprintf(first, sizeof first, "%s", a.message);
	assert_int_equal(strlen(first), RANDOM_ID_SIZE - 1);
	buf_clear(&mail);
	assert_int_equal(
	    relay_report_letter(&b, VIEW("example.com"), VIEW("a@example.com"), &from, NOW + 9, &mail), 0);
	assert_string_equal(b.message, first);
	buf_clear(&mail);
	assert_int_equal(
	    relay_report_letter(&b, VIEW("example.com"), VIEW("b@example.com"), &from, NOW, &mail), 0);
	assert_string_not_equal(b.message, first);
	struct report_found found;
	assert_int_equal(report_find(buf_view(&mail), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_DMARC);
	buf_done(&b.document);
	list[0].count = 8;
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW, 0, &from, &b), 0);
	assert_string_not_equal(a.id, b.id);
	buf_done(&a.document);
	buf_done(&b.document);
	buf_done(&mail);
}

static void what_cannot_be_read_is_no_report(void **state)
{
	struct relay_report r;
	(void)state;
	group.rows = &list[2];
	group.count = 1;
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW, 0, &from, &r), -EBADMSG);
	buf_done(&r.document);
	group.policy = VIEW("no policy");
	group.rows = list;
	assert_int_equal(relay_report_dmarc(&group, DAY, NOW, 0, &from, &r), -EBADMSG);
	buf_done(&r.document);
	assert_int_equal(relay_report_tls(&group, 1, VIEW("example.com"), DAY, NOW, &from, &r), -EBADMSG);
	buf_done(&r.document);
}

static void tls_policies_of_a_domain_are_one_report(void **state)
{
	static const char *const types[] = {"sts", "no-policy-found"};
	struct buf policies[2], good, bad;
	struct relay_report_row both[2][2];
	struct relay_report_group groups[2];
	struct relay_report r;
	struct report_found found;
	struct report_tls_failure success = {.count = 0},
	                          failure = {.type = VIEW("certificate-expired"), .mx_host = VIEW("mx")};
	(void)state;
	buf_init(&good, 1000);
	buf_init(&bad, 1000);
	assert_int_equal(codec_encode(&good, &report_tls_failure_schema, &success), 0);
	assert_int_equal(codec_encode(&bad, &report_tls_failure_schema, &failure), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct report_tls_policy p = {
		    .type = view_from_string(types[i]), .domain = VIEW("example.com")};
		buf_init(&policies[i], 1000);
		assert_int_equal(codec_encode(&policies[i], &report_tls_policy_schema, &p), 0);
		both[i][0] = (struct relay_report_row){.bytes = buf_view(&good), .count = 10 + i};
		both[i][1] = (struct relay_report_row){.bytes = buf_view(&bad), .count = 3};
		groups[i] = (struct relay_report_group){
		    .policy = buf_view(&policies[i]), .rows = both[i], .count = 2};
	}
	assert_int_equal(relay_report_tls(groups, 2, VIEW("example.com"), DAY, NOW, &from, &r), 0);
	assert_int_equal(r.messages, 27);
	assert_int_equal(report_find_in_file(buf_view(&r.document), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_TLS);
	assert_int_equal(found.tls.policies.count, 2);
	const struct report_tls_policy *p = found.tls.policies.items;
	assert_view(p[0].type, "sts");
	assert_int_equal(p[0].successes, 10);
	assert_int_equal(p[1].successes, 11);
	assert_int_equal(p[1].failures, 3);
	const struct report_tls_failure *f = p[1].details.items;
	assert_view(f->type, "certificate-expired");
	assert_int_equal(f->count, 3);
	buf_done(&r.document);
	for (unsigned i = 0; i < 2; i++)
		buf_done(&policies[i]);
	buf_done(&good);
	buf_done(&bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_was_counted_is_reported, begin, end),
	    cmocka_unit_test_setup_teardown(ids_are_made_of_the_content, begin, end),
	    cmocka_unit_test_setup_teardown(what_cannot_be_read_is_no_report, begin, end),
	    cmocka_unit_test_setup_teardown(tls_policies_of_a_domain_are_one_report, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
