/*
 * One round after the other: the list of domains, then each that is due: its keys, its records, what is to be
 * told. One thing at a time, so that a look costs others nothing; whatever fails is tried in the next round.
 */
#include "role/relay/relay_zone.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "process/zone_site.h"
#include "role/relay/relay_memo.h"
#include "role/relay/relay_state.h"
#include "trust/zone/zone_drift.h"

enum {
	LOOK_MS = 60 * 1000,       /* how often the time is looked at */
	DOMAINS_MAX = 10000,       /* that are looked at: as many as memos are kept of, by half */
	DUE_MAX = 1000,            /* of one round: the others come in the next one */
	KEEP_SECONDS = 30 * 86400, /* a memory of a domain that is looked at no more */
	DNS_MS = 10 * 1000
};

/* That the settings name. */
struct certificate {
	struct certificate *next;
	struct buf pem;
};

static struct {
	struct loop *loop;
	struct loop_timer timer;
	struct loop_task task;
	struct certificate *certificates;
	struct map memories; /* domain -> its memory, a string */
	int64_t round_at;    /* seconds of the wall clock */
	bool running;

	/* A round. */
	char *due[DUE_MAX];
	size_t due_count, at;
	char after[DNS_NAME_SIZE];

	/* A look. */
	struct arena site_arena, arena;
	struct zone_site site;
	struct zone_key keys[ZONE_KEYS_MAX];
	struct zone_plan *plan;
	struct zone_report *report;
	struct lookup lookup;
	bool looking;
	struct buf memory;
} zones;

static void next_domain(void);

/* ---- rounds ---- */

static void end_look(void)
{
	if (zones.looking)
		lookup_done(&zones.lookup);
	zones.looking = false;
	arena_done(&zones.site_arena);
	arena_done(&zones.arena);
	buf_done(&zones.memory);
	mem_free(zones.plan);
	mem_free(zones.report);
	zones.plan = NULL;
	zones.report = NULL;
}

static void end_round(void)
{
	size_t domains = zones.due_count;
	end_look();
	while (zones.due_count > 0)
		mem_free(zones.due[--zones.due_count]);
	zones.running = false;
	zones.round_at = clock_wall() + RELAY_ZONE_ROUND_SECONDS;
	log_event(LOG_DEBUG, "-", "records-looked-at", log_u64("domains", domains));
}

/* Away from the functions of links and look-ups. */
static void on_task(void *arg)
{
	(void)arg;
	end_look();
	zones.at++;
	next_domain();
}

static void done_with_domain(void)
{
	loop_task_schedule(&zones.task);
}

static bool ask_store(
    enum directory_operation operation, const struct view *fields, size_t count, call_answered answered)
{
	struct message_field items[DIRECTORY_FIELDS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {.operation = operation, .fields = {.items = items, .count = count}};
	return calls_ask(&relay_role.store, MESSAGE_SIGNING, &m, answered, NULL) != 0;
}

/* ---- telling ---- */

static void remember(void)
{
	const char *domain = zones.due[zones.at];
	struct view memory = buf_view(&zones.memory);
	relay_memo_set(RELAY_MEMO_ZONE, view_from_string(domain), clock_wall() + KEEP_SECONDS, memory);
	relay_zone_recall(view_from_string(domain), memory);
}

static bool on_told(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_result m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	/* Without a postmaster who has an account here, the log alone has told it. */
	if (frame && (m.error == 0 || m.error == -ENOENT))
		remember();
	done_with_domain();
	return true;
}

/* The drift, or at the first look what is wrong. */
static void tell(void)
{
	const char *domain = zones.due[zones.at];
	const char *before = map_get(&zones.memories, view_from_string(domain));
	struct buf text;
	buf_init(&text, 4 * ZONE_MEMORY_MAX);
	size_t wrong = zone_memory_count(buf_view(&zones.memory));
	bool drift =
	    before && zone_drift_text(view_from_string(before), buf_view(&zones.memory), domain, &text);
	if (drift || (before == NULL && wrong))
		log_event(wrong ? LOG_WARNING : LOG_INFO, "-", drift ? "records-changed" : "records-wrong",
		    log_string("domain", domain), log_u64("wrong", wrong),
		    log_string("do",
		        wrong ? "postrider dns check says what each costs and how to mend it" : "nothing"));
	struct message_notice m = {.domain = view_from_string(domain), .text = buf_view(&text)};
	if (!drift) {
		remember();
		done_with_domain();
	} else if (calls_ask(&relay_role.store, MESSAGE_NOTICE, &m, on_told, NULL) == 0) {
		done_with_domain();
	}
	buf_done(&text);
}

/* ---- looking ---- */

static void look(void *arg)
{
	(void)arg;
	arena_reset(&zones.arena);
	if (!zone_check(&zones.site, zones.plan, NULL, &zones.lookup.answers, &zones.arena, zones.report)) {
		lookup_ask(&zones.lookup);
		return;
	}
	/* What cannot be seen now is no news of the domain. */
	if (zones.report->unseen || zones.report->incomplete) {
		done_with_domain();
		return;
	}
	zone_memory_write(zones.report, clock_wall(), &zones.memory);
	tell();
}

/*
 * Whoever sets the domain up is told which records to publish, whatever can be seen of them: this machine's
 * own addresses among them. The look itself knows none. Behind a router that translates addresses, or with
 * temporary ones, DNS rightly has others, and nobody who could say so (`dns check --address`) is there.
 */
static void remember_plan(void)
{
	struct zone_site told = zones.site;
	struct zone_plan *plan = mem_alloc(sizeof *plan);
	struct buf lines;
	buf_init(&lines, RELAY_MEMO_VALUE_MAX);
	zone_site_add_own_addresses(&told, &zones.site_arena, &relay_role.process->settings);
	if (zone_plan_make(&told, &zones.site_arena, plan) == 0 &&
	    zone_plan_lines(plan, RELAY_MEMO_VALUE_MAX, &lines) == 0)
		relay_memo_set(RELAY_MEMO_ZONE_PLAN, view_from_string(zones.due[zones.at]),
		    clock_wall() + KEEP_SECONDS, buf_view(&lines));
	buf_done(&lines);
	mem_free(plan);
}

static void begin_look(void)
{
	zones.plan = mem_alloc(sizeof *zones.plan);
	zones.report = mem_alloc(sizeof *zones.report);
	if (zone_plan_make(&zones.site, &zones.site_arena, zones.plan) != 0) {
		done_with_domain();
		return;
	}
	remember_plan();
	lookup_init(&zones.lookup, zones.loop, &relay_role.dns, DNS_MS, look, NULL);
	lookup_limit(&zones.lookup, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
	zones.looking = true;
	lookup_ask(&zones.lookup); /* asks nothing yet: look begins at the end of the turn */
}

static void take_key(const struct message_field *items)
{
	static const enum zone_key_state states[SIGNING_STATES] = {[SIGNING_NEW] = ZONE_KEY_NEW,
	    [SIGNING_ACTIVE] = ZONE_KEY_ACTIVE,
	    [SIGNING_REPLACED] = ZONE_KEY_OLD,
	    [SIGNING_RETIRED] = ZONE_KEY_RETIRED};
	struct view parts[DIRECTORY_SIGNING_FIELDS], sealed, selector, record;
	struct signing_key key;
	for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
		parts[k] = items[k].value;
	if (zones.site.key_count == ZONE_KEYS_MAX || !directory_signing_read(parts, &key, &sealed) ||
	    !arena_copy(&zones.site_arena, key.selector, &selector) ||
	    !arena_copy(&zones.site_arena, key.record, &record))
		return;
	zones.keys[zones.site.key_count++] = (struct zone_key){selector.data, record, states[key.state]};
}

static bool on_keys(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame == NULL || m.error) {
		done_with_domain();
		return true;
	}
	const struct message_field *items = m.fields.items;
	zones.site.keys = zones.keys;
	for (size_t i = 0; i + DIRECTORY_SIGNING_FIELDS <= m.fields.count; i += DIRECTORY_SIGNING_FIELDS)
		take_key(items + i);
	begin_look();
	return true;
}

/* For TLSA records. */
static void add_certificates(void)
{
	for (const struct certificate *c = zones.certificates; c; c = c->next)
		zone_site_add_certificate(&zones.site, &zones.site_arena, buf_view(&c->pem));
}

static void next_domain(void)
{
	const char *problem;
	if (relay_role.draining || zones.at == zones.due_count) {
		end_round();
		return;
	}
	struct view domain = view_from_string(zones.due[zones.at]);
	/* Two plans: that of the look, and the one that is told. */
	arena_init(&zones.site_arena, ZONE_SITE_MEMORY_MAX + 2 * ZONE_PLAN_MEMORY_MAX);
	arena_init(&zones.arena, ZONE_CHECK_MEMORY_MAX);
	buf_init(&zones.memory, ZONE_MEMORY_MAX);
	if (zone_site_make(&relay_role.process->settings, domain, &zones.site_arena, &zones.site, &problem) !=
	    0) {
		done_with_domain();
		return;
	}
	add_certificates();
	const struct view fields[] = {domain, VIEW(""), VIEW("")};
	if (!ask_store(DIRECTORY_SIGNING_LIST, fields, 3, on_keys))
		done_with_domain();
}

/* ---- the list of domains ---- */

static bool is_due(struct view domain)
{
	const char *memory = map_get(&zones.memories, domain);
	int64_t looked = memory ? zone_memory_time(view_from_string(memory)) : 0, now = clock_wall();
	/* A time that lies ahead is one of a clock that was wrong. */
	return looked > now || now - looked >= RELAY_ZONE_SECONDS;
}

static bool on_domains(void *arg, struct link *link, struct channel_frame *frame);

static void ask_domains(void)
{
	const struct view field = view_from_string(zones.after);
	if (!ask_store(DIRECTORY_DOMAIN_LIST, &field, 1, on_domains))
		end_round();
}

static bool on_domains(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame == NULL || m.error) {
		end_round();
		return true;
	}
	enum { FIELDS = 5 };
	const struct message_field *items = m.fields.items;
	for (size_t i = 0; i + FIELDS <= m.fields.count; i += FIELDS) {
		struct view name = items[i].value;
		bool disabled = items[i + 4].value.len > 0;
		if (name.len < sizeof zones.after) {
			memcpy(zones.after, name.data, name.len);
			zones.after[name.len] = '\0';
		}
		if (!disabled && name.len < DNS_NAME_SIZE && zones.due_count < DUE_MAX && is_due(name))
			zones.due[zones.due_count++] = mem_string(name);
	}
	if (m.fields.count >= FIELDS * DIRECTORY_LIST_PART && zones.due_count < DUE_MAX) {
		ask_domains();
	} else {
		zones.at = 0;
		next_domain();
	}
	return true;
}

/* ---- the clock ---- */

static void on_timer(void *arg)
{
	int64_t now = clock_wall();
	(void)arg;
	loop_timer_set(&zones.timer, clock_is_simulated() ? CLOCK_SIMULATED_LOOK_MS : LOOK_MS);
	if (zones.round_at - now > RELAY_ZONE_ROUND_SECONDS)
		zones.round_at = now + RELAY_ZONE_ROUND_SECONDS; /* the clock was set back */
	if (zones.running || relay_role.draining || now < zones.round_at || !relay_memo_is_loaded() ||
	    !relay_role.process->settings.dns_watch)
		return;
	zones.running = true;
	zones.after[0] = '\0';
	ask_domains();
}

void relay_zone_recall(struct view name, struct view value)
{
	if (zones.memories.count >= DOMAINS_MAX && map_get(&zones.memories, name) == NULL)
		return;
	mem_free(map_set(&zones.memories, name, mem_string(value)));
}

void relay_zone_look(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_zone_look *m = message;
	(void)link;
	(void)frame;
	if (relay_role.draining || !relay_memo_is_loaded() || m->domain.len >= DNS_NAME_SIZE ||
	    zones.due_count == DUE_MAX)
		return;
	for (size_t i = zones.at; i < zones.due_count; i++)
		if (view_equal(view_from_string(zones.due[i]), m->domain))
			return;
	zones.due[zones.due_count++] = mem_string(m->domain);
	if (zones.running)
		return;
	zones.running = true;
	zones.at = 0;
	next_domain();
}

static void forget_certificates(void)
{
	while (zones.certificates) {
		struct certificate *c = zones.certificates;
		zones.certificates = c->next;
		buf_done(&c->pem);
		mem_free(c);
	}
}

void relay_zone_configure(const struct role_process *p)
{
	forget_certificates();
	for (const struct role_file *f = p->files; f; f = f->next) {
		if (f->kind != FILE_CHAIN)
			continue;
		struct certificate *c = mem_alloc(sizeof *c);
		buf_init(&c->pem, f->content.len);
		buf_append(&c->pem, buf_view(&f->content));
		c->next = zones.certificates;
		zones.certificates = c;
	}
}

void relay_zone_init(struct loop *loop)
{
	zones.loop = loop;
	map_init(&zones.memories);
	loop_timer_init(&zones.timer, loop, on_timer, NULL);
	loop_task_init(&zones.task, loop, on_task, NULL);
	zones.round_at = clock_wall() + RELAY_ZONE_ROUND_SECONDS;
	loop_timer_set(&zones.timer, clock_is_simulated() ? CLOCK_SIMULATED_LOOK_MS : LOOK_MS);
}

void relay_zone_done(void)
{
	size_t position = 0;
	struct view name;
	void *memory;
	loop_timer_cancel(&zones.timer);
	loop_task_cancel(&zones.task);
	end_look();
	while (zones.due_count > 0)
		mem_free(zones.due[--zones.due_count]);
	while (map_each(&zones.memories, &position, &name, &memory))
		mem_free(memory);
	map_done(&zones.memories);
	forget_certificates();
}
