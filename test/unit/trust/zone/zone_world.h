/* A domain whose records are all as they should be, on the small DNS of trust/dns/zone.h; tests spoil it. */
#ifndef TEST_ZONE_WORLD_H
#define TEST_ZONE_WORLD_H

#include "../dns/zone.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "trust/zone/zone_check.h"

static struct sockaddr_storage world_address;
static const struct zone_service world_services[] = {{"_imaps._tcp", 993}, {"_pop3._tcp", 0}};
/* Of RFC 8463 appendix A.2, and another one. */
#define WORLD_KEY "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define WORLD_OTHER_KEY "v=DKIM1; k=ed25519; p=PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
static struct zone_key world_keys[2];
static const struct view world_digest = {"0123456789abcdef0123456789abcdef", 32};
static struct zone_site world_site;
static struct zone_plan world_plan;
static struct zone_policy world_policy;
static struct zone_report world_report;
static struct arena world_arena, world_plan_arena;
static struct answers world_answers; /* of the last check; what it found points there */

/* Puts the plan's records into the zone. */
static inline void world_publish(void)
{
	arena_reset(&world_plan_arena);
	assert_int_equal(zone_plan_make(&world_site, &world_plan_arena, &world_plan), 0);
	for (size_t i = 0; i < world_plan.count; i++)
		if (world_plan.items[i].need != ZONE_OPTIONAL)
			zone_data(world_plan.items[i].record.owner, world_plan.items[i].record.type,
			    world_plan.items[i].record.data);
}

static inline void world_make(void)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	v4.sin_addr.s_addr = htonl(0xc0000201);
	memcpy(&world_address, &v4, sizeof v4);
	world_keys[0] = (struct zone_key){"s1", VIEW(WORLD_KEY), ZONE_KEY_ACTIVE};
	world_keys[1] = (struct zone_key){"s0", VIEW(WORLD_OTHER_KEY), ZONE_KEY_RETIRED};
	world_site = (struct zone_site){.domain = "example.org",
	    .host = "mail.example.org",
	    .addresses = &world_address,
	    .address_count = 1,
	    .services = world_services,
	    .service_count = 2,
	    .keys = world_keys,
	    .key_count = 2,
	    .certificates = &world_digest,
	    .certificate_count = 1,
	    .authority = "letsencrypt.org",
	    .logo = "https://example.org/logo.svg"};
	world_policy = (struct zone_policy){0};
	zone_clear();
	arena_init(&world_arena, ZONE_CHECK_MEMORY_MAX);
	arena_init(&world_plan_arena, ZONE_PLAN_MEMORY_MAX);
	world_publish();
}

static inline void world_end(void)
{
	zone_clear();
	answers_done(&world_answers);
	arena_done(&world_arena);
	arena_done(&world_plan_arena);
}

static inline void world_check(void)
{
	unsigned rounds = 0;
	answers_done(&world_answers);
	answers_init_for(&world_answers, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
	for (;;) {
		arena_reset(&world_arena);
		if (zone_check(
		        &world_site, &world_plan, &world_policy, &world_answers, &world_arena, &world_report))
			break;
		assert_true(++rounds < 30);
		assert_true(zone_answer(&world_answers));
	}
}

/* No records of this name and type any more. */
static inline void world_remove(const char *name, unsigned type)
{
	struct zone_entry *e = zone_at(name, type);
	for (size_t i = 0; i < 16; i++)
		buf_done(&e->data[i]);
	e->answer.count = 0;
}

/* The finding whose words contain the text; NULL. */
static inline const struct zone_finding *world_finding(const char *text)
{
	for (size_t i = 0; i < world_report.count; i++) {
		const struct zone_finding *f = &world_report.findings[i];
		for (struct view rest = f->what; rest.len; rest = view_skip(rest, 1))
			if (view_starts(rest, view_from_string(text)))
				return f;
	}
	return NULL;
}

static inline void world_dump(void)
{
	for (size_t i = 0; i < world_report.count; i++)
		print_message("%s: %.*s\n", zone_level_name(world_report.findings[i].level),
		    VIEW_FMT(world_report.findings[i].what));
}

/* Checks, and expects the finding: its level, and its changes as lines "+ RECORD" or "- RECORD". */
static inline void world_expect(enum zone_level level, const char *text, const char *changes)
{
	world_check();
	const struct zone_finding *f = world_finding(text);
	if (f == NULL)
		world_dump();
	assert_non_null(f);
	assert_int_equal(f->level, level);
	assert_true(f->cost.len > 0);
	assert_true(f->mend.len > 0 || f->change_count > 0);
	struct buf all;
	buf_init(&all, 65536);
	for (size_t i = 0; i < f->change_count; i++) {
		buf_append_string(&all, f->changes[i].remove ? "- " : "+ ");
		zone_record_text(&f->changes[i].record, &all);
		buf_append_byte(&all, '\n');
	}
	if (changes)
		assert_string_equal(buf_string(&all), changes);
	buf_done(&all);
}

#endif
