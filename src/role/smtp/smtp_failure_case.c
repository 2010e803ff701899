/* See smtp_failure_case.h. A case is all failures that are alike. It waits a moment for further ones, is
 * told, and is then remembered for an hour: what comes meanwhile is told in one more report at the end. */
#include "role/smtp/smtp_failure_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "process/lookup.h"
#include "trust/sender/report_uri.h"

enum {
	PLACES_MAX = 1000, /* that are counted apart in an hour; what comes after them is not reported */
	CASES_MAX = 400,   /* of one hour, 20 KB each until they are told */
	CASE_MEMORY = 32 * 1024,
	LETTER_BYTES = 64 * 1024,
	QUESTION_MS = 30 * 1000
};

int64_t failure_gather_ms = 2000;
int64_t failure_remembered_ms = 3600 * 1000;
int64_t failure_later_ms = 5 * 60 * 1000;

struct failure_case {
	struct failure_case *next;
	uint64_t hash; /* of what makes failures alike */
	int64_t due;   /* monotonic: to be told; or, after that, to be forgotten or told again */
	unsigned tries;
	char *domain;
	uint64_t incidents; /* not told yet */

	/* While something is to be told. */
	struct arena arena;
	struct report_failure failure;
	struct view ruf, header;
};

static struct {
	struct letter_way way;
	struct calls *dns;
	struct loop_timer timer;
	bool ready;
	struct failure_case *cases;
	size_t count;

	/* What has been sent in this hour, by domain and "@" place. */
	struct map counted;
	int64_t hour;
	unsigned sent;
	bool limit_said;

	/* The case that is told now. */
	struct failure_case *telling;
	struct lookup lookup;
	bool looking, later, reached; /* somebody has the report */
	struct arena arena;
	struct report_uris uris;
	size_t uri;
	struct letter *letter;
	char id[RANDOM_ID_SIZE];
} all;

static void next_letter(void);

/* ---- how often ---- */

static void begin_hour(void)
{
	int64_t hour = clock_monotonic_ms() / failure_remembered_ms;
	if (hour == all.hour)
		return;
	all.hour = hour;
	all.sent = 0;
	all.limit_said = false;
	map_done(&all.counted);
	map_init(&all.counted);
}

static bool may_send(struct view key, uintptr_t most)
{
	begin_hour();
	uintptr_t so_far = (uintptr_t)map_get(&all.counted, key);
	if (so_far >= most || all.sent >= FAILURE_ALL_HOUR ||
	    (so_far == 0 && all.counted.count >= PLACES_MAX))
		return false;
	map_set(&all.counted, key, (void *)(so_far + 1)); /* a number, and never 0 */
	return true;
}

static void say_limit(const struct failure_case *c)
{
	if (!all.limit_said)
		log_event(LOG_INFO, "-", "failure-reports-limited", log_string("domain", c->domain),
		    log_u64("sent", all.sent));
	all.limit_said = true;
}

/* ---- cases ---- */

static void free_case(struct failure_case *c)
{
	arena_done(&c->arena);
	mem_free(c->domain);
	mem_free(c);
}

static void forget(struct failure_case *c)
{
	struct failure_case **at = &all.cases;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	all.count--;
	free_case(c);
}

static uint64_t hash_of(const struct failure_told *t)
{
	const struct report_failure *f = t->failure;
	const struct view parts[] = {t->domain, f->domain, f->source, f->type, f->alignment, f->delivery,
	    f->dkim_domain, f->dkim_selector, f->spf_dns};
	struct buf key;
	buf_init(&key, 8 * 1024);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		buf_append(&key, parts[i]);
		buf_append_byte(&key, '\n');
	}
	uint64_t hash = map_hash(buf_view(&key));
	buf_done(&key);
	return hash;
}

static bool copy_told(struct failure_case *c, const struct failure_told *t)
{
	struct report_failure *f = &c->failure;
	struct view *const texts[] = {&f->domain, &f->source, &f->type, &f->alignment, &f->delivery,
	    &f->mail_from, &f->results, &f->dkim_domain, &f->dkim_identity, &f->dkim_selector, &f->spf_dns,
	    &f->org, &f->id, &f->from, &f->subject, &f->message_id};
	bool good = arena_copy(&c->arena, t->ruf, &c->ruf) && arena_copy(&c->arena, t->header, &c->header);
	*f = *t->failure;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		good = arena_copy(&c->arena, *texts[i], texts[i]) && good;
	return good;
}

static size_t cases_of(struct view domain)
{
	size_t count = 0;
	for (const struct failure_case *c = all.cases; c; c = c->next)
		count += view_equal(view_from_string(c->domain), domain);
	return count;
}

static void set_timer(void)
{
	int64_t first = INT64_MAX, now = clock_monotonic_ms();
	for (const struct failure_case *c = all.cases; c; c = c->next)
		if (c != all.telling && c->due < first)
			first = c->due;
	if (first < INT64_MAX && all.telling == NULL)
		loop_timer_set(&all.timer, first > now ? first - now : 0);
}

void failure_cases_add(const struct failure_told *t)
{
	uint64_t hash = hash_of(t);
	struct failure_case *c = all.cases;
	if (!all.ready)
		return;
	while (c && c->hash != hash)
		c = c->next;
	if (c == NULL) {
		if (all.count == CASES_MAX || cases_of(t->domain) >= FAILURE_DOMAIN_HOUR)
			return;
		c = mem_alloc(sizeof *c);
		*c = (struct failure_case){.next = all.cases,
		    .hash = hash,
		    .due = clock_monotonic_ms() + failure_gather_ms,
		    .domain = mem_string(t->domain)};
		arena_init(&c->arena, CASE_MEMORY);
		all.cases = c;
		all.count++;
	}
	/* Of those that are alike the first one stands for all. */
	if (c->incidents++ == 0 && !copy_told(c, t)) {
		arena_done(&c->arena);
		c->incidents = 0;
	}
	set_timer();
}

/* ---- telling ---- */

static void tell_end(bool again)
{
	struct failure_case *c = all.telling;
	int64_t now = clock_monotonic_ms();
	all.telling = NULL;
	if (all.looking)
		lookup_done(&all.lookup);
	all.looking = false;
	arena_done(&all.arena);
	if (again && ++c->tries < FAILURE_TRIES) {
		c->due = now + failure_later_ms;
	} else {
		c->tries = 0;
		c->due = now + failure_remembered_ms;
		/* What came while this was told is told at the end of the hour, by the same example. */
		c->incidents -= c->failure.incidents;
		if (c->incidents == 0)
			arena_done(&c->arena);
	}
	set_timer();
}

static void letter_ended(void *arg, enum letter_end how)
{
	const struct report_uri *uri = &all.uris.items[all.uri - 1];
	(void)arg;
	all.letter = NULL;
	all.later = all.later || how == LETTER_LATER;
	all.sent += how == LETTER_SENT;
	all.reached = all.reached || how == LETTER_SENT;
	log_event(how == LETTER_SENT ? LOG_INFO : LOG_WARNING, "-", "failure-report-sent",
	    log_string("domain", all.telling->domain), log_text("to", uri->address),
	    log_u64("incidents", all.telling->failure.incidents),
	    log_string("outcome", how == LETTER_SENT    ? "sent"
	                          : how == LETTER_LATER ? "later"
	                                                : "no such address"));
	next_letter();
}

static int write_mail(const struct report_uri *uri, struct view from, struct buf *out)
{
	const struct settings *s = &all.way.process->settings;
	char boundary[8 + RANDOM_ID_SIZE];
	struct report_failure f = all.telling->failure;
	f.id = view_from_string(all.id);
	snprintf(boundary, sizeof boundary, "failure.%s", all.id);
	const struct failure_mail m = {.org = s->report_org.len ? s->report_org : s->hostname,
	    .from = from,
	    .to = uri->address,
	    .submitter = s->hostname,
	    .date = {.seconds = clock_wall(), .zone_known = true},
	    .boundary = view_from_string(boundary),
	    .failure = &f,
	    .header = all.telling->header};
	return failure_mail_write(&m, out);
}

static void send_to(const struct report_uri *uri)
{
	const struct settings *s = &all.way.process->settings;
	char own[600];
	struct buf text;
	snprintf(own, sizeof own, "postmaster@%.*s", VIEW_FMT(s->hostname));
	struct view from = s->report_from.len ? s->report_from : view_from_string(own);
	ptrdiff_t at = view_find_last(from, '@');
	random_id(all.id);
	buf_init(&text, LETTER_BYTES);
	if (write_mail(uri, from, &text) == 0 &&
	    (uri->size_max == 0 || buf_view(&text).len <= uri->size_max)) {
		const struct letter_request r = {.way = &all.way,
		    .address = uri->address,
		    .domain = at < 0 ? s->hostname : view_skip(from, (size_t)at + 1),
		    .text = buf_view(&text),
		    .id = all.id,
		    .client = VIEW("this server, reporting a failure to another domain"),
		    .done = letter_ended};
		all.letter = letter_send(&r);
	}
	buf_done(&text);
}

static void next_letter(void)
{
	while (all.uri < all.uris.count && all.letter == NULL) {
		const struct report_uri *uri = &all.uris.items[all.uri++];
		char place[REPORT_URI_MAX + 2];
		snprintf(place, sizeof place, "@%.*s", VIEW_FMT(uri->host));
		if (may_send(view_from_string(place), FAILURE_PLACE_HOUR))
			send_to(uri);
		else
			say_limit(all.telling);
	}
	if (all.letter == NULL)
		tell_end(all.later && !all.reached);
}

static void look(void *arg)
{
	struct failure_case *c = all.telling;
	(void)arg;
	arena_reset(&all.arena);
	if (!report_uris_dmarc(&all.lookup.answers, c->domain, c->ruf, "ruf", &all.arena, &all.uris)) {
		lookup_ask(&all.lookup);
		return;
	}
	all.later = all.uris.later;
	all.reached = false;
	all.uri = 0;
	if (all.uris.count == 0 && !all.later)
		log_event(LOG_INFO, "-", "failure-report-unwanted", log_string("domain", c->domain),
		    log_string("why", all.uris.refused ? "its address elsewhere has not agreed to take them"
		                                       : "it names no address for mail"));
	next_letter();
}

static void tell(struct failure_case *c)
{
	all.telling = c;
	c->failure.incidents = c->incidents;
	if (!may_send(view_from_string(c->domain), FAILURE_DOMAIN_HOUR)) {
		say_limit(c);
		arena_init(&all.arena, 0);
		tell_end(false);
		return;
	}
	arena_init(&all.arena, REPORT_URI_MEMORY);
	lookup_init(&all.lookup, &all.way.process->loop, all.dns, QUESTION_MS, look, NULL);
	all.looking = true;
	lookup_ask(&all.lookup); /* asks nothing yet: look begins at the end of the turn */
}

static void on_timer(void *arg)
{
	int64_t now = clock_monotonic_ms();
	(void)arg;
	for (struct failure_case *c = all.cases, *next; c && all.telling == NULL; c = next) {
		next = c->next;
		if (c->due > now)
			continue;
		if (c->incidents > 0)
			tell(c);
		else
			forget(c);
	}
	set_timer();
}

void failure_cases_start(const struct letter_way *way, struct calls *dns)
{
	all.way = *way;
	all.dns = dns;
	all.hour = -1; /* nothing is counted yet */
	loop_timer_init(&all.timer, &way->process->loop, on_timer, NULL);
	map_init(&all.counted);
	all.ready = true;
}

void failure_cases_end(void)
{
	if (!all.ready)
		return;
	all.ready = false;
	loop_timer_cancel(&all.timer);
	letter_free(all.letter);
	all.letter = NULL;
	if (all.telling)
		tell_end(false);
	loop_timer_cancel(&all.timer);
	while (all.cases)
		forget(all.cases);
	map_done(&all.counted);
}
