/* The host's own addresses, out of the settings, in a plan: those that the internet reaches. */
#include "../unit.h"

#include <string.h>

#include "process/zone_site.h"

static struct arena arena;
static struct zone_plan plan;

static void make_plan(struct view listen)
{
	struct settings settings = {.hostname = VIEW("mail.example.org"), .smtp_listen = listen};
	struct zone_site site;
	const char *problem;
	arena_init(&arena, ZONE_SITE_MEMORY_MAX + ZONE_PLAN_MEMORY_MAX);
	assert_int_equal(zone_site_make(&settings, VIEW("example.org"), &arena, &site, &problem), 0);
	zone_site_add_own_addresses(&site, &arena, &settings);
	assert_int_equal(zone_plan_make(&site, &arena, &plan), 0);
}

static size_t count_of(enum zone_part part)
{
	size_t count = 0;
	for (size_t i = 0; i < plan.count; i++)
		count += plan.items[i].part == part;
	return count;
}

static void wants_addresses_that_the_internet_reaches(void **state)
{
	(void)state;
	make_plan(VIEW("8.8.8.8:25\n[2606:4700::1]:25\n127.0.0.1:25\n10.0.0.1:25\n8.8.8.8:2525"));
	assert_int_equal(count_of(ZONE_ADDRESS), 2);
	assert_int_equal(count_of(ZONE_PTR), 2);
	arena_done(&arena);
}

static void knows_none_where_the_settings_name_none(void **state)
{
	(void)state;
	make_plan(VIEW("127.0.0.1:25\n[::1]:25"));
	assert_int_equal(count_of(ZONE_ADDRESS), 0);
	assert_int_equal(count_of(ZONE_PTR), 0);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wants_addresses_that_the_internet_reaches),
	    cmocka_unit_test(knows_none_where_the_settings_name_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
