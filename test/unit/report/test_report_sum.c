/* What reports say together, and what a stricter policy would have cost. */
#include "../unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "report/report_sum.h"

/* A view in an initialiser of the file. */
#define TEXT(literal)                                                                                        \
	{                                                                                                    \
		literal, sizeof(literal) - 1                                                                 \
	}

static struct report_signature own[] = {{TEXT("example.com"), TEXT("s"), TEXT("pass")}};
static struct report_signature sub[] = {{TEXT("news.example.com"), TEXT("s"), TEXT("pass")}};
static struct report_signature list[] = {
    {TEXT("example.com"), TEXT("s"), TEXT("fail")}, {TEXT("list.example"), TEXT("s"), TEXT("pass")}};

static struct report_row row(const char *source, uint64_t count, const char *dkim, const char *spf)
{
	return (struct report_row){.source = view_from_string(source),
	    .count = count,
	    .disposition = VIEW("none"),
	    .dkim = view_from_string(dkim),
	    .spf = view_from_string(spf),
	    .header_from = VIEW("example.com")};
}

static void sums(void **state)
{
	struct report_row rows[] = {row("192.0.2.1", 100, "pass", "pass"),
	    row("192.0.2.1", 20, "pass", "fail"), row("192.0.2.2", 5, "fail", "pass"),
	    row("198.51.100.1", 7, "fail", "fail"), row("203.0.113.1", 40, "fail", "fail"),
	    row("203.0.113.1", 1, "PASS", "fail")};
	struct report_dmarc r = {.begin = 1000, .end = 2000, .rows = {rows, sizeof rows / sizeof rows[0]}};
	struct report_sum s;
	size_t count;
	(void)state;
	rows[0].signatures = (struct codec_list){own, 1};
	rows[0].spf_domain = VIEW("bounce.example.com");
	rows[0].spf_result = VIEW("pass");
	rows[1].signatures = (struct codec_list){sub, 1};
	rows[2].spf_domain = VIEW("Example.com");
	rows[2].spf_result = VIEW("pass");
	rows[3].signatures = (struct codec_list){list, 2};
	rows[3].disposition = VIEW("quarantine");
	rows[4].disposition = VIEW("reject");
	report_sum_init(&s);
	report_sum_add(&s, &r);
	r.begin = 500;
	r.end = 900;
	r.rows.count = 1;
	report_sum_add(&s, &r);
	assert_int_equal(s.reports, 2);
	assert_int_equal(s.begin, 500);
	assert_int_equal(s.end, 2000);
	assert_int_equal(report_counts_all(&s.all), 273);
	assert_int_equal(report_counts_proven(&s.all), 226);
	assert_int_equal(s.all.both, 200);
	assert_int_equal(s.all.dkim_only, 21);
	assert_int_equal(s.all.spf_only, 5);
	assert_int_equal(s.all.unproven, 47);
	assert_int_equal(s.all.others_proof, 7);
	assert_int_equal(s.all.relaxed_only, 21);
	assert_int_equal(s.all.quarantined, 7);
	assert_int_equal(s.all.rejected, 40);
	assert_int_equal(s.all.delivered, 226);
	struct report_source **sources = report_sum_sources(&s, &count);
	assert_int_equal(count, 4);
	assert_string_equal(sources[0]->address, "192.0.2.1");
	assert_string_equal(sources[0]->domains, "example.com bounce.example.com news.example.com");
	assert_string_equal(sources[1]->address, "203.0.113.1");
	assert_string_equal(sources[2]->domains, "list.example");
	mem_free(sources);
	struct report_cost cost = report_cost_of(&s.all, REPORT_WISH_NONE, true);
	assert_true(cost.delivered == 273 && cost.junk == 0 && cost.refused == 0);
	cost = report_cost_of(&s.all, REPORT_WISH_QUARANTINE, false);
	assert_true(cost.delivered == 226 && cost.junk == 47 && cost.refused == 0);
	cost = report_cost_of(&s.all, REPORT_WISH_REJECT, true);
	assert_true(cost.delivered == 205 && cost.junk == 0 && cost.refused == 68);
	report_sum_done(&s);
}

static void sources_are_bounded(void **state)
{
	struct report_sum s;
	char address[30];
	(void)state;
	report_sum_init(&s);
	for (unsigned i = 0; i < REPORT_SOURCES_MAX + 50; i++) {
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		struct report_row one = row(address, 1, "fail", "fail");
		struct report_dmarc r = {.rows = {&one, 1}};
		report_sum_add(&s, &r);
	}
	assert_int_equal(s.sources.count, REPORT_SOURCES_MAX);
	assert_int_equal(s.others.unproven, 50);
	assert_int_equal(s.all.unproven, REPORT_SOURCES_MAX + 50);
	report_sum_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(sources_are_bounded)};
	return cmocka_run_group_tests_name("report/report_sum", tests, NULL, NULL);
}
