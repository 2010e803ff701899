/*
 * Two things at once over the same events: each is told in a sentence, and together they give the state of
 * each recipient, from which the last sentences are made.
 */
#include "daemon/trace_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/log_line.h"
#include "daemon/plain.h"
#include "daemon/store_trace.h"
#include "format/date.h"
#include "format/dsn_explain.h"
#include "format/json.h"

enum {
	FIELDS_MAX = 24,
	STATES_MAX = 1000, /* recipients that are followed */
	TOLD_MAX = 5,      /* recipients that the last sentences name */
	ARENA_MAX = 32 << 20
};

struct event {
	int64_t time;
	struct view stamp, id, name;
	int kind; /* enum trace_kind, -1: one of a newer version */
	size_t count;
	struct {
		struct view key, value; /* decoded */
	} fields[FIELDS_MAX];
};

enum outcome { WAITING, REACHED, FAILED };

struct recipient {
	struct recipient *next;
	struct view address, destination, host, reply, status;
	enum outcome outcome;
	int64_t when; /* the next attempt */
};

struct path {
	struct arena arena;
	struct event event; /* the one being told */
	struct view id, sender;
	bool any, has_sender;
	struct recipient *recipients, **end;
	size_t count;
	bool held, deleted, told;
	struct view by, why, dsn;
	int64_t until;
};

/* ---- reading ---- */

static struct view get(const struct event *e, const char *key)
{
	for (size_t i = 0; i < e->count; i++)
		if (view_equal(e->fields[i].key, view_from_string(key)))
			return e->fields[i].value;
	return (struct view){0};
}

static int64_t get_number(const struct event *e, const char *key)
{
	uint64_t n = 0;
	view_to_u64(get(e, key), INT64_MAX, &n);
	return (int64_t)n;
}

static struct view decode(struct path *p, struct view value)
{
	struct buf text;
	struct view kept = {0};
	if (value.len == 0 || value.data[0] != '"')
		return value;
	buf_init(&text, LOG_LINE_MAX);
	log_value_append(value, &text);
	if (!arena_copy(&p->arena, buf_view(&text), &kept))
		kept = (struct view){0};
	buf_done(&text);
	return kept;
}

static bool read_event(struct path *p, struct view line)
{
	struct event *e = &p->event;
	struct view rest = line, key, value;
	struct date date;
	if (!view_next(&rest, ' ', &e->stamp) || !view_next(&rest, ' ', &e->id) ||
	    !view_next(&rest, ' ', &e->name))
		return false;
	if (date_parse(e->stamp, &date) != 0 || e->id.len == 0 || e->name.len == 0)
		return false;
	e->time = date.seconds;
	e->kind = trace_kind_by_name(e->name);
	e->count = 0;
	while (e->count < FIELDS_MAX && log_field_next(&rest, &key, &value)) {
		e->fields[e->count].key = key;
		e->fields[e->count++].value = decode(p, value);
	}
	return true;
}

/* ---- one event in words ---- */

static void say(struct buf *out, const char *words)
{
	buf_append_string(out, words);
}

/* `before` and the field's text, if there is one. */
static bool say_field(struct buf *out, const struct event *e, const char *before, const char *key)
{
	struct view v = get(e, key);
	if (v.len == 0)
		return false;
	say(out, before);
	plain_text(out, v);
	return true;
}

static void say_recipient(struct buf *out, const struct event *e)
{
	if (!say_field(out, e, "", "recipient") && !say_field(out, e, "everything for ", "destination"))
		say(out, "it");
}

static void say_host(struct buf *out, const struct event *e, const char *before)
{
	if (say_field(out, e, before, "host"))
		say_field(out, e, " at ", "address");
	else
		say_field(out, e, before, "address");
}

static void say_accepted(struct buf *out, const struct event *e)
{
	if (get(e, "about").len) {
		say_field(out, e, "written here as a report about ", "about");
	} else {
		say(out, "accepted");
		say_field(out, e, " from ", "from");
		say_field(out, e, " by ", "service");
		say_field(out, e, ", logged in as ", "account");
	}
	if (!say_field(out, e, ", sender ", "sender"))
		say(out, ", without a sender");
	if (get(e, "size").len) {
		say(out, ", ");
		plain_size(out, (uint64_t)get_number(e, "size"));
	}
	if (say_field(out, e, ", Message-ID <", "message_id"))
		say(out, ">");
}

static void say_kept(struct buf *out, const struct event *e)
{
	say_recipient(out, e);
	if (get(e, "host").len)
		say_host(out, e, " was taken by ");
	else if (!say_field(out, e, " is in the mailbox of ", "account"))
		say(out, " is in its mailbox");
	say_field(out, e, ", folder ", "mailbox");
	say_field(out, e, ": ", "reply");
}

static void say_relayed(struct buf *out, const struct event *e)
{
	say_recipient(out, e);
	say(out, " was taken");
	say_host(out, e, " by ");
	if (!say_field(out, e, " over ", "tls"))
		say(out, " without encryption");
	say_field(out, e, ", verified by ", "verified");
	say_field(out, e, ": ", "reply");
}

static void say_refused(struct buf *out, const struct event *e, const char *what)
{
	say_recipient(out, e);
	say(out, what);
	say_host(out, e, reply_code(get(e, "reply")) ? " by " : " at ");
	say_field(out, e, ": ", "reply");
	if (get(e, "reply").len == 0)
		say_field(out, e, ": ", "status");
	if (get_number(e, "next")) {
		say(out, "; next attempt ");
		plain_time(out, get_number(e, "next"));
	}
}

static void say_action(struct buf *out, const struct event *e, const char *what)
{
	say(out, what);
	say_field(out, e, " by ", "by");
	if (get_number(e, "until")) {
		say(out, " until ");
		plain_time(out, get_number(e, "until"));
	}
	say_field(out, e, ": ", "why");
}

static void say_others(struct buf *out, const struct event *e)
{
	plain_text(out, e->name);
	for (size_t i = 0; i < e->count; i++) {
		say(out, i ? ", " : ": ");
		plain_text(out, e->fields[i].key);
		say(out, " ");
		plain_text(out, e->fields[i].value);
	}
}

static void say_event(struct buf *out, const struct event *e)
{
	switch (e->kind) {
	case TRACE_ACCEPTED:
		say_accepted(out, e);
		break;
	case TRACE_RECIPIENT:
		say_field(out, e, "for ", "recipient");
		break;
	case TRACE_KEPT:
	case TRACE_DELIVERED:
		say_kept(out, e);
		break;
	case TRACE_QUEUED:
		say_recipient(out, e);
		say_field(out, e, " waits to be carried to ", "destination");
		break;
	case TRACE_RELAYED:
		say_relayed(out, e);
		break;
	case TRACE_DEFERRED:
		say_refused(out, e, " was put off");
		break;
	case TRACE_FAILED:
		say_refused(out, e, " was refused");
		break;
	case TRACE_EXPIRED:
		say_refused(out, e, " has waited as long as it may");
		break;
	case TRACE_EXPANDED:
		say_recipient(out, e);
		say_field(out, e, " leads to ", "to");
		break;
	case TRACE_NOTIFIED:
		say_field(out, e, "told ", "to");
		say_field(out, e, " that it is ", "kind");
		say_field(out, e, ", in report ", "dsn");
		break;
	case TRACE_HELD:
		say_action(out, e, "held");
		break;
	case TRACE_RELEASED:
		say_action(out, e, "released");
		break;
	case TRACE_DELETED:
		say_action(out, e, "taken out of the queue");
		break;
	case TRACE_REROUTED:
		say_recipient(out, e);
		say_field(out, e, " goes to ", "route");
		say_action(out, e, "");
		break;
	case TRACE_RETRIED:
		say_action(out, e, "an attempt was asked for");
		break;
	case TRACE_DONE:
		say(out, "has left the queue");
		break;
	default:
		say_others(out, e);
	}
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

static void set_outcome(struct recipient *r, const struct event *e, enum outcome outcome)
{
	r->outcome = outcome;
	r->host = get(e, "host");
	r->when = get_number(e, "next");
	/* Giving up keeps the words of the last attempt. */
	if (get(e, "reply").len) {
		r->reply = get(e, "reply");
		r->status = get(e, "status");
	}
}

/* An event without a recipient is about all that wait for its destination. */
static void follow_recipients(struct path *p, enum outcome outcome)
{
	const struct event *e = &p->event;
	struct view address = get(e, "recipient"), destination = get(e, "destination");
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
	const struct event *e = &p->event;
	if (!p->any)
		p->id = e->id;
	p->any = true;
	switch (e->kind) {
	case TRACE_ACCEPTED:
		p->sender = get(e, "sender");
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
	case TRACE_EXPANDED:
		forget_expanded(p, get(e, "recipient"));
		break;
	case TRACE_NOTIFIED:
		if (view_equal(get(e, "kind"), VIEW("failed"))) {
			p->told = true;
			p->dsn = get(e, "dsn");
		}
		break;
	case TRACE_HELD:
	case TRACE_RELEASED:
	case TRACE_DELETED:
		p->held = e->kind == TRACE_HELD;
		p->deleted = e->kind == TRACE_DELETED;
		p->by = get(e, "by");
		p->why = get(e, "why");
		p->until = get_number(e, "until");
		break;
	default:
		break;
	}
}

/* ---- where it is now ---- */

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

static void say_waiting_one(struct buf *out, const struct recipient *r, int64_t now)
{
	plain_text(out, r->address);
	if (r->reply.len == 0) {
		say(out, " has not been tried yet");
	} else {
		say(out, " still waits: ");
		plain_clause(out, dsn_explain_text(r->status, r->reply).meaning);
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
		plain_clause(out, dsn_explain_text(r->status, r->reply).meaning);
		say(out, ".");
	}
	if (told < count)
		buf_printf(out, " So it is with %zu more.", count - told);
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
	say(out, dsn_explain_text(chosen->status, chosen->reply).operator);
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
	if (p->count == 0) {
		say(out, "What became of it was not recorded.");
		return;
	}
	if (waiting == 0 && failed == 0) {
		say(out, p->count == 1
		             ? "It has reached its recipient: it is in a mailbox here, or another server has "
		               "taken it and is responsible from then on."
		             : "It has reached all its recipients: it is in mailboxes here, or other servers "
		               "have taken it and are responsible from then on.");
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

bool trace_text(struct view lines, int64_t now, struct buf *out)
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
		say_event(out, &p.event);
		say(out, "\n");
	}
	if (p.any) {
		say(out, "  Now: ");
		say_state(&p, now, out);
		say(out, "\n");
	}
	arena_done(&p.arena);
	return p.any;
}

static bool is_number(struct view key)
{
	static const char *const keys[] = {"size", "next", "until", "bounce", "recipients"};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (view_equal(key, view_from_string(keys[i])))
			return true;
	return false;
}

static void json_event(const struct event *e, struct buf *out)
{
	uint64_t n;
	say(out, "{\"time\":");
	json_append_string(out, e->stamp);
	say(out, ",\"event\":");
	json_append_string(out, e->name);
	for (size_t i = 0; i < e->count; i++) {
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

bool trace_json(struct view lines, int64_t now, struct buf *out)
{
	struct path p;
	struct buf state;
	struct view line;
	begin(&p);
	buf_init(&state, 1 << 20);
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
		json_event(&p.event, out);
	}
	if (p.any) {
		say_state(&p, now, &state);
		say(out, "],\"state\":");
		json_append_string(out, buf_view(&state));
		say(out, "}");
	}
	buf_done(&state);
	arena_done(&p.arena);
	return p.any;
}
