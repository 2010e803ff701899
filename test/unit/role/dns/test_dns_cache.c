#include "../../unit.h"

#include <stdio.h>

#include "role/dns/dns_cache.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	dns_cache_forget();
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	dns_cache_forget();
	return 0;
}

static void keeps_for_its_time(void **state)
{
	struct message_field record = {.value = {"\xc0\0\2\1", 4}};
	struct message_answer m = {.status = 0,
	                          .secure = 1,
	                          .ttl = 60,
	                          .canonical = VIEW("mx.example"),
	                          .records = {&record, 1}},
	                      got;
	(void)state;
	assert_false(dns_cache_get(VIEW("a.example"), 1, 0, &arena, &got));
	dns_cache_put(VIEW("a.example"), 1, &m, 1000);
	assert_true(dns_cache_get(VIEW("A.Example"), 1, 1000, &arena, &got));
	assert_int_equal(got.ttl, 60);
	assert_true(got.secure && view_equal(got.canonical, VIEW("mx.example")) && got.records.count == 1);
	assert_true(view_equal(((const struct message_field *)got.records.items)->value, record.value));
	assert_false(dns_cache_get(VIEW("a.example"), 15, 1000, &arena, &got));
	assert_true(dns_cache_get(VIEW("a.example"), 1, 60999, &arena, &got));
	assert_int_equal(got.ttl, 1);
	assert_false(dns_cache_get(VIEW("a.example"), 1, 61000, &arena, &got));
	/* A newer one takes its place; one that says for ever is not believed. */
	m.ttl = UINT32_MAX;
	m.status = 3;
	m.records.count = 0;
	dns_cache_put(VIEW("a.example"), 1, &m, 70000);
	assert_true(dns_cache_get(VIEW("a.example"), 1, 70000, &arena, &got));
	assert_true(got.status == 3 && got.ttl == DNS_CACHE_TTL && got.records.count == 0);
}

static void keeps_no_failures(void **state)
{
	struct message_answer failed = {.status = 2, .ttl = 60}, bogus = {.status = 2, .bogus = 1, .ttl = 60},
	                      forged = {.bogus = 1, .ttl = 60}, fleeting = {.status = 0}, got;
	const struct message_answer *all[] = {&failed, &bogus, &forged, &fleeting};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		dns_cache_put(VIEW("a.example"), 1, all[i], 0);
		assert_false(dns_cache_get(VIEW("a.example"), 1, 0, &arena, &got));
	}
}

static void is_bounded(void **state)
{
	static char big[4000];
	struct message_field record = {.value = {big, sizeof big}};
	struct message_answer m = {.ttl = 60, .records = {&record, 1}}, got;
	char name[40];
	size_t kept = 0;
	(void)state;
	for (int i = 0; i < 12000; i++) {
		snprintf(name, sizeof name, "h%d.example", i);
		dns_cache_put(view_from_string(name), 1, &m, 0);
	}
	for (int i = 0; i < 12000; i++) {
		arena_reset(&arena);
		snprintf(name, sizeof name, "h%d.example", i);
		kept += dns_cache_get(view_from_string(name), 1, 0, &arena, &got);
	}
	assert_in_range(kept, DNS_CACHE_BYTES / 4200, DNS_CACHE_BYTES / 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(keeps_for_its_time, begin, end),
	    cmocka_unit_test_setup_teardown(keeps_no_failures, begin, end),
	    cmocka_unit_test_setup_teardown(is_bounded, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
