/*
 * Records and what follows from them: spool.h. A record's entries are computed from it before and after a
 * change, and the difference is written; so whoever changes a record need not know what stands where.
 */
#include "queue/spool.h"

#include <errno.h>
#include <string.h>

#include "base/checksum.h"

enum {
	ARENA_MAX = 1 << 20,
	RAW_MAX = QUEUE_RECORD_MAX + STORE_ENTRY_MAX,
	PART_MAX = 1900, /* of a record, in one entry */
	RANKS = 19,
	LOGGED = 1536, /* about what a message's entries take of the log while it lives */
	REST_SECONDS_MAX = 7 * 86400,
	SUBMITTED_RECIPIENTS_MAX = 100 /* of one: mail/submission.h */
};

#define NEVER INT64_MAX

void spool_init(struct spool *s, const struct queue_config *config, int64_t now)
{
	*s = (struct spool){.config = *config, .now = now};
	arena_init(&s->arena, ARENA_MAX);
	arena_init(&s->notes_arena, ARENA_MAX);
	buf_init(&s->raw, RAW_MAX);
	buf_init(&s->encoded, 4 * QUEUE_RECORD_MAX);
	spool_begin(s, NULL);
}

void spool_done(struct spool *s)
{
	arena_done(&s->arena);
	arena_done(&s->notes_arena);
	buf_done(&s->raw);
	buf_done(&s->encoded);
}

void spool_begin(struct spool *s, struct txn *t)
{
	s->txn = t;
	s->writes = 0;
	s->freed = 0;
	s->local_due = NEVER;
	for (size_t i = 0; i < QUEUE_SHARDS; i++)
		s->due[i] = s->event[i] = NEVER;
	arena_reset(&s->notes_arena);
	s->notes = NULL;
	s->awaited = NULL;
	s->notes_end = s->untold = &s->notes;
	s->news = 0;
}

static int put(struct spool *s, unsigned shard, const struct queue_key *key, struct view value)
{
	s->writes++;
	return txn_put(s->txn, queue_shard(shard), queue_key_view(key), value);
}

static int erase(struct spool *s, unsigned shard, const struct queue_key *key)
{
	s->writes++;
	return txn_delete(s->txn, queue_shard(shard), queue_key_view(key));
}

static int put_mark(struct spool *s, unsigned shard, const struct queue_key *key)
{
	struct entry mark;
	queue_mark_encode(&mark);
	return put(s, shard, key, entry_view(&mark));
}

static bool fits(const struct spool *s, size_t writes)
{
	return s->reserved + s->news + s->writes + writes <= STORE_WRITE_KEYS_MAX;
}

/* ---- notes ---- */

void spool_note_text(struct spool *s, struct view *to, struct view text)
{
	if (text.len && !arena_copy(&s->notes_arena, text, to))
		*to = (struct view){0};
}

struct queue_note *spool_note(struct spool *s, enum queue_note_kind kind, const struct queue_id *id,
    const struct record_recipient *recipient)
{
	static struct queue_note dropped;
	struct queue_note *n = arena_alloc(&s->notes_arena, sizeof *n);
	if (n == NULL)
		return &dropped;
	n->kind = kind;
	n->id = *id;
	n->submitter = s->submitter;
	n->submission = s->submission;
	*s->notes_end = n;
	s->notes_end = &n->next;
	if (n->submission && s->config.news)
		s->news += QUEUE_NEWS_WRITES + (kind == NOTE_DELETED ? SUBMITTED_RECIPIENTS_MAX : 0);
	if (recipient == NULL)
		return n;
	n->action = recipient->action;
	n->cause = recipient->cause;
	spool_note_text(s, &n->recipient, recipient->address);
	spool_note_text(s, &n->destination, recipient->destination);
	spool_note_text(s, &n->forwarder, recipient->forwarder);
	spool_note_text(s, &n->route, recipient->route);
	spool_note_text(s, &n->status, recipient->status);
	spool_note_text(s, &n->reply, recipient->reply);
	spool_note_text(s, &n->stage, recipient->stage);
	spool_note_text(s, &n->host, recipient->host);
	spool_note_text(s, &n->address, recipient->host_address);
	spool_note_text(s, &n->tls, recipient->tls);
	spool_note_text(s, &n->verified, recipient->verified);
	return n;
}

int spool_news(struct spool *s)
{
	int error = 0;
	if (*s->untold && s->config.news)
		error = s->config.news(s->txn, s->now, *s->untold);
	s->untold = s->notes_end;
	return error;
}

/* ---- destinations ---- */

struct view spool_destination_name(
    struct view destination, struct view route, char space[QUEUE_DESTINATION_MAX])
{
	destination = view_take(destination, QUEUE_NAME_MAX);
	route = view_take(route, QUEUE_ROUTE_MAX);
	if (route.len == 0)
		return destination;
	memcpy(space, destination.data, destination.len);
	space[destination.len] = '>';
	memcpy(space + destination.len + 1, route.data, route.len);
	return view_of(space, destination.len + 1 + route.len);
}

void spool_split_name(struct view name, struct view *destination, struct view *route)
{
	ptrdiff_t at = view_find(name, '>');
	*destination = at < 0 ? name : view_take(name, (size_t)at);
	*route = at < 0 ? (struct view){0} : view_skip(name, (size_t)at + 1);
}

static int get_destination(struct spool *s, struct view name, struct queue_destination *d)
{
	struct view value;
	struct queue_key key = queue_key_destination(name);
	int error = txn_get(s->txn, queue_shard(queue_home(name)), queue_key_view(&key), &value);
	return error ? error : queue_destination_decode(value, d);
}

int spool_destination(struct spool *s, struct view name, struct queue_destination *d)
{
	struct queue_destination r;
	int error = get_destination(s, name, &r);
	if (error)
		return error;
	struct view *const texts[] = {&r.status, &r.text, &r.host, &r.stage, &r.route};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->len && !arena_copy(&s->arena, *texts[i], texts[i]))
			return -ENOMEM;
	*d = r;
	return 0;
}

/* One that can't be read is begun anew: all of it may wait, now. What T had for it is stale, and goes as
 * that. */
static int readable_destination(struct spool *s, struct view name, struct queue_destination *d)
{
	int error = spool_destination(s, name, d);
	if (error != -EBADMSG)
		return error;
	*d = (struct queue_destination){.shards = UINT64_MAX};
	return 0;
}

static int put_destination(struct spool *s, struct view name, const struct queue_destination *d)
{
	struct entry value;
	struct queue_key key = queue_key_destination(name);
	queue_destination_encode(d, &value);
	return put(s, queue_home(name), &key, entry_view(&value));
}

/* Sets or moves T. *d is changed, and written by the caller. */
static int set_due(struct spool *s, struct view name, struct queue_destination *d, int64_t time, bool had)
{
	unsigned home = queue_home(name);
	struct queue_key old = queue_key_due(d->next, name);
	int error = had && d->next != time ? erase(s, home, &old) : 0;
	d->next = time > 0 ? time : 0;
	struct queue_key key = queue_key_due(d->next, name);
	if (error == 0)
		error = put_mark(s, home, &key);
	if (view_equal(name, QUEUE_LOCAL))
		s->local_due = d->next < s->local_due ? d->next : s->local_due;
	else if (d->next < s->due[home])
		s->due[home] = d->next;
	return error;
}

enum { AWAIT_WRITES = 3, FORGET_WRITES = 2 };

static void note_awaited(struct spool *s, struct view name, unsigned shard, int64_t time)
{
	struct spool_awaited *a = arena_alloc(&s->notes_arena, sizeof *a);
	if (a == NULL || !arena_copy(&s->notes_arena, name, &a->name))
		return;
	a->shard = shard;
	a->time = time;
	a->next = s->awaited;
	s->awaited = a;
}

/* A message in this shard waits for the destination, from this time on. */
static int await(struct spool *s, struct view name, unsigned shard, int64_t time)
{
	struct queue_destination d;
	uint64_t bit = UINT64_C(1) << shard;
	note_awaited(s, name, shard, time);
	int error = get_destination(s, name, &d);
	/* One that can't be read is begun anew: what waits for it must not be forgotten. */
	if (error == -ENOENT || error == -EBADMSG) {
		d = (struct queue_destination){.shards = error == -ENOENT ? bit : UINT64_MAX};
		error = set_due(s, name, &d, time, false);
		return error ? error : put_destination(s, name, &d);
	}
	if (error)
		return error;
	int64_t due = time > d.until ? time : d.until;
	bool earlier = due < d.next;
	if (!earlier && (d.shards & bit))
		return 0;
	char copy[STORE_ENTRY_MAX];
	struct view *const texts[] = {&d.status, &d.text, &d.host, &d.stage, &d.route};
	size_t used = 0;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i]->len)
			memcpy(copy + used, texts[i]->data, texts[i]->len);
		texts[i]->data = copy + used;
		used += texts[i]->len;
	}
	d.shards |= bit;
	if (earlier)
		error = set_due(s, name, &d, due, true);
	return error ? error : put_destination(s, name, &d);
}

struct found {
	bool any;
	uint8_t rank;
	int64_t time;
};

static int note_first(void *arg, struct view key, struct view value)
{
	struct found *f = arg;
	struct view name;
	struct queue_id id;
	(void)value;
	f->any = queue_key_read_wait(key, &name, &f->rank, &f->time, &id);
	return 1;
}

/* The first message of this rank or a later one that waits in the shard. */
static int first_wait(struct spool *s, struct view name, unsigned shard, uint8_t rank, struct found *f)
{
	struct queue_key from = queue_key_waits(name, rank), to = queue_key_behind_waits(name);
	struct txn_range range = {.shard = queue_shard(shard),
	    .from = queue_key_view(&from),
	    .to = queue_key_view(&to),
	    .limit = 1};
	*f = (struct found){0};
	int error = txn_range(s->txn, &range, note_first, f);
	return error < 0 ? error : 0;
}

/* The earliest time at which something may be tried, and where anything waits at all. */
static int earliest_wait(struct spool *s, struct view name, uint64_t shards, int64_t *time, uint64_t *used)
{
	*time = NEVER;
	*used = 0;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		if (!(shards >> i & 1))
			continue;
		struct found f = {.any = true};
		for (uint8_t rank = 0; rank < RANKS; rank = (uint8_t)(f.rank + 1)) {
			int error = first_wait(s, name, i, rank, &f);
			if (error)
				return error;
			if (!f.any)
				break;
			*used |= UINT64_C(1) << i;
			*time = f.time < *time ? f.time : *time;
		}
	}
	return 0;
}

static int forget_destination(struct spool *s, struct view name, const struct queue_destination *d)
{
	unsigned home = queue_home(name);
	struct queue_key due = queue_key_due(d->next, name), key = queue_key_destination(name);
	int error = erase(s, home, &due);
	return error ? error : erase(s, home, &key);
}

/* Nothing of this shard may wait for the destination any more. */
static int tidy_destination(struct spool *s, struct view name, unsigned shard)
{
	struct queue_destination d;
	struct found f;
	int error = first_wait(s, name, shard, 0, &f);
	if (error || f.any)
		return error;
	error = spool_destination(s, name, &d);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	d.shards &= ~(UINT64_C(1) << shard);
	return d.shards ? put_destination(s, name, &d) : forget_destination(s, name, &d);
}

int spool_rest(struct spool *s, const struct spool_rest *rest)
{
	struct queue_destination d;
	int64_t earliest;
	int64_t seconds = rest->seconds < 0                  ? 0
	                  : rest->seconds < REST_SECONDS_MAX ? rest->seconds
	                                                     : REST_SECONDS_MAX;
	if (!fits(s, AWAIT_WRITES))
		return -E2BIG;
	arena_reset(&s->arena);
	int error = readable_destination(s, rest->name, &d);
	if (error)
		return error == -ENOENT ? 0 : error;
	uint64_t used;
	error = earliest_wait(s, rest->name, d.shards, &earliest, &used);
	if (error)
		return error;
	if (used == 0)
		return forget_destination(s, rest->name, &d);
	d.shards = used;
	d.until = 0;
	if (rest->how == REST_LATER) {
		d.until = s->now + seconds;
	} else if (rest->how == REST_FAILED) {
		d.failures++;
		d.failing_since = d.failing_since ? d.failing_since : s->now;
		d.until = s->now + schedule_wait(&s->config.schedule, d.failures,
		                       schedule_mix(s->seed, crc32c(rest->name)));
		d.cause = rest->cause;
		d.status = view_take(rest->status, 16);
		d.text = view_take(rest->text, QUEUE_REPLY_MAX);
		d.host = view_take(rest->host, QUEUE_NAME_MAX);
		d.stage = view_take(rest->stage, QUEUE_STAGE_MAX);
	} else {
		d.failures = 0;
		d.failing_since = 0;
		d.cause = 0;
		d.status = d.text = d.host = d.stage = (struct view){0};
	}
	error = set_due(s, rest->name, &d, earliest > d.until ? earliest : d.until, true);
	return error ? error : put_destination(s, rest->name, &d);
}

int spool_destination_retry(struct spool *s, struct view name)
{
	struct queue_destination d;
	if (!fits(s, AWAIT_WRITES))
		return -E2BIG;
	int error = readable_destination(s, name, &d);
	if (error)
		return error;
	if (d.until <= s->now && d.next <= s->now && d.next > 0)
		return 0;
	d.until = 0;
	error = set_due(s, name, &d, s->now, true);
	return error ? error : put_destination(s, name, &d);
}

int spool_destination_route(struct spool *s, struct view name, struct view route)
{
	struct queue_destination d;
	if (!fits(s, AWAIT_WRITES))
		return -E2BIG;
	int error = readable_destination(s, name, &d);
	if (error)
		return error;
	d.route = route;
	d.until = 0;
	error = set_due(s, name, &d, s->now, true);
	return error ? error : put_destination(s, name, &d);
}

/* ---- what follows from a record ---- */

static void add_wait(struct spool_entries *e, struct view destination, struct view route, int64_t time)
{
	for (size_t i = 0; i < e->count; i++) {
		struct spool_wait *w = &e->waits[i];
		if (view_equal(w->destination, destination) && view_equal(w->route, route)) {
			w->time = time < w->time ? time : w->time;
			return;
		}
	}
	e->waits[e->count++] = (struct spool_wait){destination, route, time > 0 ? time : 0};
}

static struct spool_entries *entries_of(struct spool *s, const struct queue_record *r)
{
	bool waiting = false, warn = false, tell = false;
	struct spool_entries *e = arena_alloc(&s->arena, sizeof *e);
	if (e == NULL || (e->waits = arena_array(&s->arena, r->count + 1, sizeof *e->waits)) == NULL)
		return NULL;
	e->rank = queue_rank(r->terms.priority);
	e->told = (struct queue_event){.arrived = r->arrived, .size = r->body_len};
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		tell = tell || p->action != ACTION_NONE;
		if (p->state != RECORD_WAITING)
			continue;
		waiting = true;
		warn = warn || !p->warned;
		if (!r->held)
			add_wait(e, p->local ? QUEUE_LOCAL : p->destination,
			    p->local ? (struct view){0} : p->route, p->not_before);
	}
	if (tell)
		add_wait(e, QUEUE_NOTIFY, (struct view){0}, r->notify_after);
	e->any = waiting || tell;
	e->event = r->held && r->held_until > 0 ? r->held_until : NEVER;
	if (waiting && !r->held) {
		e->event = r->expires;
		if (warn && r->warn_at > 0 && r->warn_at < e->event)
			e->event = r->warn_at;
		if (r->terms.by_mode != SMTP_BY_NONE && !r->by_done && r->terms.by_time < e->event)
			e->event = r->terms.by_time;
	}
	e->told.flags = (r->held ? QUEUE_EVENT_HELD : 0) | (tell ? QUEUE_EVENT_NOTIFYING : 0);
	return e;
}

static bool has_wait(const struct spool_entries *e, const struct spool_wait *w)
{
	for (size_t i = 0; e && i < e->count; i++)
		if (e->waits[i].time == w->time && view_equal(e->waits[i].destination, w->destination) &&
		    view_equal(e->waits[i].route, w->route))
			return true;
	return false;
}

static bool has_destination(const struct spool_entries *e, const struct spool_wait *w)
{
	for (size_t i = 0; i < e->count; i++)
		if (view_equal(e->waits[i].destination, w->destination) &&
		    view_equal(e->waits[i].route, w->route))
			return true;
	return false;
}

static struct queue_key key_of_wait(
    const struct spool_entries *e, const struct spool_wait *w, const struct queue_id *id)
{
	char space[QUEUE_DESTINATION_MAX];
	return queue_key_wait(spool_destination_name(w->destination, w->route, space), e->rank, w->time, id);
}

static bool same_event(const struct spool_entries *a, const struct spool_entries *b)
{
	return a && a->any == b->any && a->event == b->event && a->told.flags == b->told.flags &&
	       a->told.arrived == b->told.arrived;
}

/* ---- loading and saving ---- */

struct parts {
	struct buf *raw;
	unsigned count;
	bool broken;
};

static int add_part(void *arg, struct view key, struct view value)
{
	struct parts *p = arg;
	struct queue_id id;
	unsigned part;
	if (!queue_key_read_record(key, &id, &part) || part != p->count)
		p->broken = true;
	p->count++;
	return buf_append(p->raw, value) ? -EBADMSG : 0;
}

static int read_parts(struct spool *s, unsigned shard, const struct queue_id *id, unsigned *count)
{
	struct queue_key from = queue_key_record(id, 0), to = queue_key_record(id, 0xffff);
	struct parts parts = {.raw = &s->raw};
	struct txn_range range = {
	    .shard = queue_shard(shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	buf_clear(&s->raw);
	int error = txn_range(s->txn, &range, add_part, &parts);
	if (error)
		return error;
	if (parts.count == 0)
		return -ENOENT;
	*count = parts.count;
	return parts.broken ? -EBADMSG : 0;
}

int spool_load(struct spool *s, unsigned shard, const struct queue_id *id, struct spool_message *m)
{
	arena_reset(&s->arena);
	m->shard = shard;
	m->id = *id;
	m->parts = 0;
	m->before = NULL;
	int error = read_parts(s, shard, id, &m->parts);
	if (error == 0)
		error = queue_record_decode(buf_view(&s->raw), &m->record, &s->arena);
	if (error)
		return error;
	s->submitter = m->record.submitter;
	s->submission = m->record.submission;
	m->before = entries_of(s, &m->record);
	return m->before ? 0 : -ENOMEM;
}

int spool_find(struct spool *s, const struct queue_id *id, unsigned *shard)
{
	struct queue_key key = queue_key_record(id, 0);
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		struct view value;
		int error = txn_get(s->txn, queue_shard(i), queue_key_view(&key), &value);
		if (error == 0)
			*shard = i;
		if (error != -ENOENT)
			return error;
	}
	return -ENOENT;
}

static int save_record(struct spool *s, const struct spool_message *m, unsigned parts)
{
	struct view rest = buf_view(&s->encoded);
	int error = 0;
	for (unsigned i = 0; i < parts && error == 0; i++) {
		struct queue_key key = queue_key_record(&m->id, i);
		error = put(s, m->shard, &key, view_take(rest, PART_MAX));
		rest = view_skip(rest, PART_MAX);
	}
	for (unsigned i = parts; i < m->parts && error == 0; i++) {
		struct queue_key key = queue_key_record(&m->id, i);
		error = erase(s, m->shard, &key);
	}
	return error;
}

static int save_waits(
    struct spool *s, const struct spool_message *m, const struct spool_entries *after, bool tidy)
{
	const struct spool_entries *before = m->before;
	int error = 0;
	for (size_t i = 0; before && i < before->count && error == 0; i++) {
		const struct spool_wait *w = &before->waits[i];
		if (has_wait(after, w))
			continue;
		struct queue_key key = key_of_wait(before, w, &m->id);
		error = erase(s, m->shard, &key);
	}
	for (size_t i = 0; i < after->count && error == 0; i++) {
		const struct spool_wait *w = &after->waits[i];
		char space[QUEUE_DESTINATION_MAX];
		if (has_wait(before, w))
			continue;
		struct queue_key key = key_of_wait(after, w, &m->id);
		error = put_mark(s, m->shard, &key);
		if (error == 0)
			error = await(
			    s, spool_destination_name(w->destination, w->route, space), m->shard, w->time);
	}
	for (size_t i = 0; tidy && before && i < before->count && error == 0; i++) {
		const struct spool_wait *w = &before->waits[i];
		char space[QUEUE_DESTINATION_MAX];
		if (!has_destination(after, w))
			error = tidy_destination(
			    s, spool_destination_name(w->destination, w->route, space), m->shard);
	}
	return error;
}

static int save_event(struct spool *s, const struct spool_message *m, const struct spool_entries *after)
{
	struct entry value;
	int error = 0;
	if (same_event(m->before, after))
		return 0;
	if (m->before && (m->before->event != after->event || !after->any)) {
		struct queue_key key = queue_key_event(m->before->event, &m->id);
		error = erase(s, m->shard, &key);
	}
	if (error || !after->any)
		return error;
	struct queue_key key = queue_key_event(after->event, &m->id);
	queue_event_encode(&after->told, &value);
	if (after->event < s->event[m->shard])
		s->event[m->shard] = after->event;
	return put(s, m->shard, &key, entry_view(&value));
}

/* Entries that saving changes at most. */
static size_t count_writes(
    const struct spool_message *m, const struct spool_entries *after, unsigned parts, bool tidy)
{
	size_t n = (m->parts > parts ? m->parts : parts) + 2;
	for (size_t i = 0; m->before && i < m->before->count; i++)
		if (!has_wait(after, &m->before->waits[i]))
			n += 1 + (tidy ? FORGET_WRITES : 0);
	for (size_t i = 0; i < after->count; i++)
		if (!has_wait(m->before, &after->waits[i]))
			n += 1 + AWAIT_WRITES;
	return n;
}

int spool_save(struct spool *s, struct spool_message *m, bool tidy)
{
	struct spool_entries *after = entries_of(s, &m->record);
	unsigned parts = 0;
	if (after == NULL)
		return -ENOMEM;
	if (after->any) {
		buf_clear(&s->encoded);
		int error = queue_record_encode(&m->record, &s->encoded);
		if (error)
			return error;
		parts = (unsigned)((buf_view(&s->encoded).len + PART_MAX - 1) / PART_MAX);
	} else {
		after->count = 0;
	}
	if (!fits(s, count_writes(m, after, parts, tidy)))
		return s->writes > 0 ? -E2BIG : -EMSGSIZE;
	int error = save_record(s, m, parts);
	if (error == 0)
		error = save_waits(s, m, after, tidy);
	if (error == 0)
		error = save_event(s, m, after);
	if (error || after->any)
		return error;
	spool_note(s, NOTE_DONE, &m->id, NULL);
	s->freed += LOGGED + (m->record.shared ? 0 : blob_length(&m->record.blob));
	return 0;
}
