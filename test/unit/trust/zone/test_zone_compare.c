/* Servers of one zone that do not say the same, and resolvers that remember. */
#include "zone_world.h"

#include "trust/zone/zone_compare.h"

static struct answers tables[4]; /* two servers, the resolver, what was asked */
static struct zone_server servers[] = {{"ns1", &tables[0]}, {"ns2", &tables[1]}};
static struct zone_servers all;

static void put(struct answers *table, const char *name, unsigned type, const struct answer *answer)
{
	struct question q;
	assert_null(answers_look(table, name, type));
	assert_true(answers_next(table, &q));
	answers_put(table, q.number, answer);
}

static void put_soa(struct answers *table, char serial)
{
	char soa[] = "\2ns\0\4host\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	soa[13] = serial;
	struct view data = view_of(soa, 30);
	put(table, "example.org", DNS_SOA, &(struct answer){.records = &data, .count = 1});
}

/* To one question: what ns1, ns2 and the resolver say, as one TXT record each; NULL: no answer. */
static void all_say(const char *first, const char *second, const char *resolver)
{
	const char *const texts[] = {first, second, resolver, first};
	for (size_t i = 0; i < 4; i++) {
		char data[100] = "";
		struct answer a = {.status = ANSWER_FAILED, .why = VIEW("no answer within 5 s"), .ttl = 50};
		struct view record;
		if (texts[i]) {
			data[0] = (char)strlen(texts[i]);
			strcpy(data + 1, texts[i]);
			record = view_of(data, strlen(data));
			a = (struct answer){.records = &record, .count = 1, .ttl = 50};
		}
		put(&tables[i], "example.org", DNS_TXT, &a);
	}
}

static void begin(void)
{
	for (size_t i = 0; i < 4; i++)
		answers_init(&tables[i]);
	arena_init(&world_arena, ZONE_CHECK_MEMORY_MAX);
	all = (struct zone_servers){
	    .apex = "example.org", .items = servers, .count = 2, .resolver = &tables[2]};
}

static void compare(void)
{
	memset(&world_report, 0, sizeof world_report);
	zone_compare(&all, &tables[3], &world_arena, &world_report);
}

static void end(void)
{
	for (size_t i = 0; i < 4; i++)
		answers_done(&tables[i]);
	arena_done(&world_arena);
}

static void agreement_is_no_finding(void **state)
{
	(void)state;
	begin();
	put_soa(&tables[0], 1);
	put_soa(&tables[1], 1);
	all_say("a", "a", "a");
	compare();
	world_dump();
	assert_int_equal(world_report.count, 0);
	all.count = 1;
	compare();
	assert_non_null(world_finding("has one name server"));
	all.given = true;
	compare();
	assert_int_equal(world_report.count, 0);
	all.apex = NULL;
	compare();
	assert_non_null(world_finding("cannot be found"));
	end();
}

static void differences_are_told(void **state)
{
	(void)state;
	begin();
	put_soa(&tables[0], 1);
	put_soa(&tables[1], 1);
	all_say("a", "b", "c");
	compare();
	assert_int_equal(world_finding("ns1 and ns2 have different TXT records")->level, ZONE_WARNING);
	assert_int_equal(world_finding("The resolver still has other TXT records")->level, ZONE_HINT);
	assert_true(
	    view_equal(world_finding("The resolver")->mend, VIEW("Wait; here it takes 50 s at most.")));
	end();
	begin();
	put_soa(&tables[0], 1);
	put_soa(&tables[1], 2);
	all_say("a", "b", "a");
	compare();
	assert_int_equal(world_report.count, 1); /* an edition explains the records */
	assert_non_null(world_finding("ns1 has edition 1 of the zone example.org, but ns2 has 2"));
	end();
}

static void silent_servers_are_told(void **state)
{
	(void)state;
	begin();
	put_soa(&tables[0], 1);
	all_say("a", NULL, "a");
	compare();
	assert_int_equal(world_report.count, 1);
	const struct zone_finding *f =
	    world_finding("name server ns2 gives no answer about example.org: no answer within 5 s");
	assert_int_equal(f->level, ZONE_WARNING);
	all.count = 1;
	all.items = &servers[1];
	compare();
	assert_int_equal(world_finding("ns2 gives no answer")->level, ZONE_FAULT);
	all.items = servers;
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agreement_is_no_finding),
	    cmocka_unit_test(differences_are_told),
	    cmocka_unit_test(silent_servers_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
