/*
 * The check of a domain's records: the input is the data of answers, a line each, of which each question gets
 * the next one, as often as it says. Whatever strangers publish, the check ends within its limits, each
 * finding can be shown, and what is remembered of it differs from itself in nothing.
 */
#include "fuzz_dns.h"

#include <netinet/in.h>
#include <string.h>

#include "base/show.h"
#include "trust/zone/zone_drift.h"

enum { ROUNDS_MAX = 60, COPIES_MAX = 40 };

static const struct zone_service services[] = {{"_imaps._tcp", 993}, {"_pop3._tcp", 0}};
static const struct zone_key keys[] = {
    {"s1", {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", 66}, ZONE_KEY_ACTIVE},
    {"s0", {"", 0}, ZONE_KEY_RETIRED}};
static const struct view digest = {"0123456789abcdef0123456789abcdef", 32};

static void answer(struct answers *answers, struct view *rest, struct buf *text)
{
	struct question q;
	while (answers_next(answers, &q)) {
		struct view line = {0}, records[COPIES_MAX];
		if (rest->len)
			view_next(rest, '\n', &line);
		/* The first octet says how many of it there are, and how the answer came. */
		unsigned how = line.len ? (unsigned char)line.data[0] : 0;
		struct view data = fuzz_record(view_skip(line, 1), q.type, text);
		for (size_t i = 0; i < COPIES_MAX; i++)
			records[i] = data;
		answers_put(answers, q.number,
		    &(struct answer){.status = (enum answer_status)(how >> 6),
		        .secure = how & 32,
		        .ttl = 60,
		        .canonical = how & 16 ? VIEW("alias.example") : VIEW(""),
		        .why = view_take(line, 20),
		        .records = records,
		        .count = (how & 15) == 15 ? COPIES_MAX : how & 15});
	}
}

static void check_report(const struct zone_report *report)
{
	struct buf memory, text;
	check(report->count <= ZONE_FINDINGS_MAX && report->change_count <= ZONE_CHANGES_MAX);
	check(report->spf.count <= SPF_CHAIN_MAX && report->spf.lookups <= SPF_CHAIN_LOOKUPS_MAX + 40);
	for (size_t i = 0; i < report->count; i++) {
		const struct zone_finding *f = &report->findings[i];
		touch(f->what);
		check(f->what.len > 0 && f->cost.len > 0 && f->part < ZONE_PARTS);
		for (size_t k = 0; k < f->change_count; k++) {
			buf_init(&text, 1 << 20);
			zone_record_text(&f->changes[k].record, &text);
			check(!buf_failed(&text) && show_is_plain(buf_view(&text)));
			buf_done(&text);
		}
	}
	for (size_t i = 0; i < report->spf.count; i++)
		touch(report->spf.lines[i].text);
	buf_init(&memory, ZONE_MEMORY_MAX);
	buf_init(&text, 4 * ZONE_MEMORY_MAX);
	check(zone_memory_write(report, 1700000000, &memory) == 0);
	check(zone_memory_time(buf_view(&memory)) == 1700000000);
	check(!zone_drift_text(buf_view(&memory), buf_view(&memory), "a.example", &text));
	buf_done(&text);
	buf_done(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone_plan plan;
	static struct zone_report report;
	struct view rest = view_of(data, size);
	struct sockaddr_storage address = {0};
	struct zone_site site = {.domain = "a.example",
	    .host = "mail.a.example",
	    .addresses = &address,
	    .address_count = 1,
	    .services = services,
	    .service_count = 2,
	    .keys = keys,
	    .key_count = 2,
	    .certificates = &digest,
	    .certificate_count = 1,
	    .authority = "letsencrypt.org",
	    .logo = "https://a.example/logo.svg"};
	struct zone_policy policy = {.known = true, .body = view_take(rest, 300)};
	struct answers answers;
	struct arena plan_arena, arena;
	struct buf text;
	((struct sockaddr_in *)&address)->sin_family = AF_INET;
	((struct sockaddr_in *)&address)->sin_addr.s_addr = 0x070200c0;
	arena_init(&plan_arena, ZONE_PLAN_MEMORY_MAX);
	arena_init(&arena, ZONE_CHECK_MEMORY_MAX);
	answers_init_for(&answers, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
	buf_init(&text, 64 * 1024);
	check(zone_plan_make(&site, &plan_arena, &plan) == 0);
	for (unsigned rounds = 0;; rounds++) {
		check(rounds < ROUNDS_MAX);
		arena_reset(&arena);
		if (zone_check(&site, &plan, &policy, &answers, &arena, &report))
			break;
		answer(&answers, &rest, &text);
	}
	check_report(&report);
	buf_done(&text);
	answers_done(&answers);
	arena_done(&arena);
	arena_done(&plan_arena);
	return 0;
}
