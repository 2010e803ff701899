/*
 * Two things at once over the same events: each is told in a sentence, and together they give the state of
 * each recipient, from which the last sentences are made.
 */
#include "trace/trace_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/log_line.h"
#include "format/plain.h"
#include "trace/trace_write.h"
#include "trace/trace_words.h"
#include "format/date.h"
#include "dsn/dsn_explain.h"
#include "format/json.h"

enum {
	STATES_MAX = 1000, /* recipients that are followed */
	TOLD_MAX = 5,      /* recipients that the last sentences name */
	ARENA_MAX = 32 << 20
};

enum outcome { WAITING, REACHED, FAILED };

struct recipient {
	struct recipient *next;
	struct view address, destination, host, reply, status, stage, cause;
	enum outcome outcome;
	int64_t when; /* the next attempt */
};

struct path {
	struct arena arena;
	struct trace_line event; /* the one being told */
	struct view id, sender;
	bool any, has_sender;
	struct recipient *recipients, **end;
	size_t count;
	bool held, deleted, told, rejected;
	struct view by, why, dsn;
	int64_t until;
};

/* ---- reading ---- */

static bool read_event(struct path *p, struct view line)
{
	return trace_line_read(line, &p->arena, &p->event);
}

/* ---- what the events make of it ---- */

static struct recipient *recipient_of(struct path *p, struct view address)
{
	for (struct recipient *r = p->recipients; r; r = r->next)
		if (view_equal_nocase(r->address, address))
			return r;
	if (p->count == STATES_MAX)
		return NULL;
	struct recipient *r = arena_alloc(&p->arena, sizeof *r);
	if (r == NULL)
		return NULL;
	r->address = address;
	*p->end = r;
	p->end = &r->next;
	p->count++;
	return r;
}

static void set_outcome(struct recipient *r, const struct trace_line *e, enum outcome outcome)
{
	r->outcome = outcome;
	r->host = trace_field(e, "host");
	r->when = trace_number(e, "next");
	/* Giving up keeps the words of the last attempt. */
	if (trace_field(e, "reply").len) {
		r->reply = trace_field(e, "reply");
		r->status = e->kind == TRACE_EXPIRED ? (struct view){0}
		                                     : trace_field(e, "status"); /* its own says nothing */
		r->stage = trace_field(e, "stage");
		r->cause = trace_field(e, "cause");
	}
}

/* An event without a recipient is about all that wait for its destination. */
static void follow_recipients(struct path *p, enum outcome outcome)
{
	const struct trace_line *e = &p->event;
	struct view address = trace_field(e, "recipient"), destination = trace_field(e, "destination");
	if (address.len) {
		struct recipient *r = recipient_of(p, address);
		if (r)
			set_outcome(r, e, outcome);
		if (r && destination.len)
			r->destination = destination;
		return;
	}
	for (struct recipient *r = p->recipients; r; r = r->next)
		if (r->outcome == WAITING &&
		    (destination.len == 0 || view_equal_nocase(r->destination, destination)))
			set_outcome(r, e, outcome);
}

static void forget_expanded(struct path *p, struct view address)
{
	struct recipient *r = recipient_of(p, address);
	if (r)
		r->outcome = REACHED;
}

static void follow(struct path *p)
{
	const struct trace_line *e = &p->event;
	if (!p->any)
		p->id = e->id;
	p->any = true;
	switch (e->kind) {
	case TRACE_ACCEPTED:
		p->sender = trace_field(e, "sender");
		p->has_sender = true;
		break;
	case TRACE_QUEUED:
	case TRACE_DEFERRED:
		follow_recipients(p, WAITING);
		break;
	case TRACE_KEPT:
	case TRACE_DELIVERED:
	case TRACE_RELAYED:
		follow_recipients(p, REACHED);
		break;
	case TRACE_FAILED:
	case TRACE_EXPIRED:
		follow_recipients(p, FAILED);
		break;
	case TRACE_REJECTED:
		p->rejected = true;
		break;
	case TRACE_EXPANDED:
		forget_expanded(p, trace_field(e, "recipient"));
		break;
	case TRACE_NOTIFIED:
		if (view_equal(trace_field(e, "kind"), VIEW("failed"))) {
			p->told = true;
			p->dsn = trace_field(e, "dsn");
		}
		break;
	case TRACE_HELD:
	case TRACE_RELEASED:
	case TRACE_DELETED:
		p->held = e->kind == TRACE_HELD;
		p->deleted = e->kind == TRACE_DELETED;
		p->by = trace_field(e, "by");
		p->why = trace_field(e, "why");
		p->until = trace_number(e, "until");
		break;
	default:
		break;
	}
}

/* ---- where it is now ---- */

static void say(struct buf *out, const char *words)
{
	buf_append_string(out, words);
}

static size_t count_of(const struct path *p, enum outcome outcome)
{
	size_t n = 0;
	for (const struct recipient *r = p->recipients; r; r = r->next)
		n += r->outcome == outcome;
	return n;
}

static void say_when(struct buf *out, int64_t when, int64_t now)
{
	if (when <= now) {
		say(out, "it is due now");
		return;
	}
	say(out, "the next attempt is in ");
	duration_write(out, when - now);
	say(out, ", at ");
	plain_time(out, when);
}

static struct explanation explain(const struct recipient *r)
{
	enum trouble cause = trouble_from_text(r->cause);
	/* A cause that a later version wrote: whatever it is, the host did not say it. */
	return dsn_explain(
	    &(struct dsn_outcome){.cause = cause == TROUBLE_NONE && r->cause.len ? TROUBLE_LOCAL : cause,
	        .status = r->status,
	        .words = r->reply,
	        .stage = r->stage});
}

static void say_waiting_one(struct buf *out, const struct recipient *r, int64_t now)
{
	plain_text(out, r->address);
	if (r->reply.len == 0) {
		say(out, " has not been tried yet");
	} else {
		say(out, " still waits: ");
		plain_clause(out, explain(r).meaning);
	}
	say(out, "; ");
	say_when(out, r->when, now);
	say(out, ".");
}

/* The sentences about those with that outcome, as many as a person reads. */
static void say_each(struct path *p, enum outcome outcome, int64_t now, struct buf *out)
{
	size_t told = 0, count = count_of(p, outcome);
	for (const struct recipient *r = p->recipients; r && told < TOLD_MAX; r = r->next) {
		if (r->outcome != outcome)
			continue;
		if (told++)
			say(out, " ");
		if (outcome == WAITING) {
			say_waiting_one(out, r, now);
			continue;
		}
		plain_text(out, r->address);
		say(out, " did not get it: ");
		plain_clause(out, explain(r).meaning);
		say(out, ".");
	}
	if (told < count)
		buf_printf(out, " The same is true of %zu more.", count - told);
}

/* What the administrator can look at: of the first that waits or failed with a reason. */
static void say_advice(struct path *p, struct buf *out)
{
	const struct recipient *chosen = NULL;
	for (const struct recipient *r = p->recipients; r; r = r->next)
		if (r->outcome != REACHED && r->reply.len && (chosen == NULL || chosen->outcome == FAILED))
			chosen = r;
	if (chosen == NULL)
		return;
	say(out, " ");
	say(out, explain(chosen).operator);
}

static void say_by_whom(struct path *p, struct buf *out)
{
	if (p->by.len) {
		say(out, " by ");
		plain_text(out, p->by);
	}
	if (p->why.len) {
		say(out, " (");
		plain_text(out, p->why);
		say(out, ")");
	}
}

static void say_held(struct path *p, int64_t now, struct buf *out)
{
	say(out, "It is held");
	say_by_whom(p, out);
	if (p->until > now) {
		say(out, " until ");
		plain_time(out, p->until);
	}
	say(out, "; `postrider queue release ");
	plain_text(out, p->id);
	say(out, "` lets it go.");
}

static void say_state(struct path *p, int64_t now, struct buf *out)
{
	size_t waiting = count_of(p, WAITING), failed = count_of(p, FAILED);
	if (p->deleted) {
		say(out, "It was taken out of the queue");
		say_by_whom(p, out);
		say(out, p->told ? ", and its sender was told." : ".");
		return;
	}
	if (p->count == 0 && p->rejected) {
		say(out, "It was not accepted. The client was told so at once, and still has it.");
		return;
	}
	if (p->count == 0) {
		say(out, "What became of it was not recorded.");
		return;
	}
	if (waiting == 0 && failed == 0) {
		say(out, p->count == 1
		             ? "It has reached its recipient: it is in a mailbox here, or another server has "
		               "accepted it and is now responsible for it."
		             : "It has reached all its recipients: it is in mailboxes here, or other servers "
		               "have accepted it and are now responsible for it.");
		return;
	}
	if (waiting && p->held)
		say_held(p, now, out);
	else if (waiting)
		say_each(p, WAITING, now, out);
	if (failed) {
		say(out, waiting ? " " : "");
		say_each(p, FAILED, now, out);
		if (p->told)
			say(out, " Its sender was told.");
		else if (p->has_sender && p->sender.len == 0)
			say(out, " It has no sender who could be told.");
	}
	if (!p->held || waiting == 0)
		say_advice(p, out);
}

/* ---- all of it ---- */

static void begin(struct path *p)
{
	*p = (struct path){0};
	arena_init(&p->arena, ARENA_MAX);
	p->end = &p->recipients;
}

bool trace_waits(struct view lines, struct buf *id)
{
	struct path p;
	struct view line;
	begin(&p);
	while (view_next(&lines, '\n', &line))
		if (read_event(&p, line))
			follow(&p);
	bool waits = p.any && !p.deleted && count_of(&p, WAITING) > 0;
	if (waits)
		buf_append(id, p.id);
	arena_done(&p.arena);
	return waits;
}

/* What the queue says of those that wait, and the lines of those that failed. */
static void say_present(struct path *p, int64_t now, struct view next, struct buf *out)
{
	if (next.len == 0) {
		say_state(p, now, out);
		return;
	}
	buf_append(out, next);
	if (count_of(p, FAILED) > 0) {
		say(out, " ");
		say_each(p, FAILED, now, out);
		say(out, p->told ? " Its sender was told." : "");
	}
}

bool trace_text(struct view lines, int64_t now, struct view next, struct buf *out)
{
	struct path p;
	struct view line;
	begin(&p);
	while (view_next(&lines, '\n', &line)) {
		if (!read_event(&p, line))
			continue;
		if (!p.any) {
			plain_text(out, p.event.id);
			say(out, "\n");
		}
		follow(&p);
		say(out, "  ");
		plain_time(out, p.event.time);
		say(out, "  ");
		trace_words(out, &p.event);
		say(out, "\n");
	}
	if (p.any) {
		say(out, "  Now: ");
		say_present(&p, now, next, out);
		say(out, "\n");
	}
	arena_done(&p.arena);
	return p.any;
}

static bool is_number(struct view key)
{
	static const char *const keys[] = {
	    "size", "next", "until", "bounce", "recipients", "code", "refused", "passed_over"};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (view_equal(key, view_from_string(keys[i])))
			return true;
	return false;
}

/* `words` is empty, and becomes what trace_words says. */
static void json_event(const struct trace_line *e, struct buf *words, struct buf *out)
{
	uint64_t n;
	say(out, "{\"time\":");
	json_append_string(out, e->stamp);
	say(out, ",\"event\":");
	json_append_string(out, e->name);
	trace_words(words, e);
	say(out, ",\"text\":");
	json_append_string(out, buf_view(words));
	for (size_t i = 0; i < e->count; i++) {
		if (view_equal(e->fields[i].key, VIEW("subject_words")))
			continue; /* it says nothing to anybody */
		say(out, ",");
		json_append_string(out, e->fields[i].key);
		say(out, ":");
		if (is_number(e->fields[i].key) && view_to_u64(e->fields[i].value, UINT64_MAX, &n))
			buf_printf(out, "%" PRIu64, n);
		else
			json_append_string(out, e->fields[i].value);
	}
	say(out, "}");
}

bool trace_json(struct view lines, int64_t now, struct view next, struct buf *out)
{
	struct path p;
	struct buf words;
	struct view line;
	begin(&p);
	buf_init(&words, 1 << 20);
	while (view_next(&lines, '\n', &line)) {
		if (!read_event(&p, line))
			continue;
		if (!p.any) {
			say(out, "{\"id\":");
			json_append_string(out, p.event.id);
			say(out, ",\"events\":[");
		} else {
			say(out, ",");
		}
		follow(&p);
		buf_clear(&words);
		json_event(&p.event, &words, out);
	}
	if (p.any) {
		buf_clear(&words);
		say_present(&p, now, next, &words);
		say(out, "],\"state\":");
		json_append_string(out, buf_view(&words));
		say(out, "}");
	}
	buf_done(&words);
	arena_done(&p.arena);
	return p.any;
}
