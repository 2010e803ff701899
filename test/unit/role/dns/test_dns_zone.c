#include "../../unit.h"

#include <stdio.h>

#include "role/dns/dns_zone.h"

static int forget(void **state)
{
	(void)state;
	dns_zones_forget();
	return 0;
}

static void cuts_names(void **state)
{
	static const char *const pairs[][2] = {{"example.com", "example.com"},
	    {"mx.a.b.example.com.", "example.com"}, {"com", "com"}, {"", ""}, {"mx.shop.co.uk", "shop.co.uk"},
	    {"co.uk", "co.uk"}, {"a.b.shop.com.br", "shop.com.br"}, {"mx.posteo.de", "posteo.de"},
	    {"_25._tcp.mx.example.org", "example.org"}, {"x.y.io", "x.y.io"}, {"a.x.y.io", "x.y.io"}};
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct view zone = dns_zone_of(view_from_string(pairs[i][0]));
		if (!view_equal(zone, view_from_string(pairs[i][1])))
			fail_msg("%s: %.*s", pairs[i][0], VIEW_FMT(zone));
	}
}

/* A server that is silent gets less of everything, until it answers; others are not touched by that. */
static void learns(void **state)
{
	(void)state;
	struct dns_zone *z = dns_zone_use(VIEW("a.silent.example"), 1000),
	                *other = dns_zone_use(VIEW("good.example"), 1000);
	assert_ptr_equal(dns_zone_use(VIEW("B.SILENT.example."), 1000), z);
	assert_int_equal(z->share.max, DNS_ZONE_UNPROVEN);
	assert_int_equal(dns_zone_patience(z, 30000, 1000), 30000);
	assert_int_equal(dns_zone_patience(z, 500, 1000), 500);
	uint64_t before = 30000;
	for (int i = 1; i < 10; i++) {
		dns_zone_was_silent(z, 1000 + i);
		uint64_t patience = dns_zone_patience(z, 30000, 1000 + i);
		assert_true(patience <= before && patience >= DNS_ZONE_PATIENCE_MS);
		before = patience;
	}
	assert_int_equal(before, DNS_ZONE_PATIENCE_MS);
	assert_int_equal(z->share.max, DNS_ZONE_SILENT);
	assert_int_equal(dns_zone_patience(other, 30000, 2000), 30000);
	/* After a while it gets another chance. */
	assert_int_equal(dns_zone_patience(z, 30000, 2000 + DNS_ZONE_SILENT_MS), 15000);
	assert_false(dns_zone_is_proven(z, 2000));
	dns_zone_answered(z, 3000);
	assert_true(dns_zone_is_proven(z, 3000));
	assert_int_equal(z->share.max, DNS_ZONE_PROVEN);
	assert_int_equal(dns_zone_patience(z, 30000, 3000), 30000);
	assert_false(dns_zone_is_proven(z, 3000 + DNS_ZONE_PROVEN_MS));
	dns_zone_release(z);
	dns_zone_release(z);
	dns_zone_release(other);
}

static void is_bounded(void **state)
{
	char name[40];
	(void)state;
	for (int i = 0; i < DNS_ZONE_QUESTIONS; i++)
		assert_non_null(dns_zone_use(VIEW("x.much.example"), 1));
	assert_null(dns_zone_use(VIEW("y.much.example"), 1));
	struct dns_zone *kept = dns_zone_use(VIEW("kept.example"), 1);
	dns_zone_answered(kept, 5);
	for (int i = 0; i < 3 * DNS_ZONES_MAX; i++) {
		snprintf(name, sizeof name, "zone%d.example", i);
		dns_zone_release(dns_zone_use(view_from_string(name), 10));
	}
	/* What is in use stays. */
	assert_ptr_equal(dns_zone_use(VIEW("kept.example"), 1), kept);
}

static void silent_zones_have_half_of_the_load(void **state)
{
	struct dns_load l = {0};
	(void)state;
	while (dns_load_has_room(&l, 10, false))
		dns_load_add(&l, false);
	assert_int_equal(l.all, 5);
	while (dns_load_has_room(&l, 10, true))
		dns_load_add(&l, true);
	assert_int_equal(l.all, 10);
	dns_load_remove(&l, true);
	assert_false(dns_load_has_room(&l, 10, false));
	assert_true(dns_load_has_room(&l, 10, true));
	dns_load_remove(&l, false);
	assert_true(dns_load_has_room(&l, 10, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silent_zones_have_half_of_the_load),
	    cmocka_unit_test_setup_teardown(cuts_names, forget, forget),
	    cmocka_unit_test_setup_teardown(learns, forget, forget),
	    cmocka_unit_test_setup_teardown(is_bounded, forget, forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
