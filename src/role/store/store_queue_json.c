#include "role/store/store_queue_json.h"

#include <inttypes.h>

#include "dsn/dsn_explain.h"
#include "format/json.h"

/* In the form's words; a recipient that became several others is done with. */
static const char *const states[] = {[RECORD_WAITING] = "waiting",
    [RECORD_DELIVERED] = "delivered",
    [RECORD_RELAYED] = "relayed",
    [RECORD_FAILED] = "failed",
    [RECORD_EXPANDED] = "expanded"};

static void put_text(struct buf *out, const char *name, struct view text)
{
	if (text.len == 0)
		return;
	buf_printf(out, ",\"%s\":", name);
	json_append_string(out, text);
}

static void put_number(struct buf *out, const char *name, int64_t n)
{
	if (n != 0)
		buf_printf(out, ",\"%s\":%" PRId64, name, n);
}

/* What this server found or decided; without it the words are the host's own. */
static void put_cause(struct buf *out, unsigned cause)
{
	put_text(out, "cause", view_from_string(trouble_phrase((enum trouble)cause)));
}

static struct view name_of(const struct record_recipient *p, char space[QUEUE_DESTINATION_MAX])
{
	return spool_destination_name(p->destination, p->route, space);
}

static void put_recipient(struct buf *out, const struct record_recipient *p)
{
	buf_append_string(out, "{\"address\":");
	json_append_string(out, p->address);
	put_text(out, "destination", p->destination);
	put_text(out, "state", view_from_string(states[p->state]));
	buf_printf(out, ",\"attempts\":%" PRIu32, p->attempts);
	put_number(out, "last_attempt", p->last_attempt);
	if (p->state == RECORD_WAITING)
		put_number(out, "next_attempt", p->not_before);
	put_text(out, "status", p->status);
	put_cause(out, p->cause);
	put_text(out, "reply", p->reply);
	put_text(out, "stage", p->stage);
	put_text(out, "host", p->host);
	put_text(out, "tls", p->tls);
	buf_append_byte(out, '}');
}

/* What relay is doing about it just now. */
static void put_doing(struct queue_walk *w, struct buf *out, struct view name)
{
	struct queue_doing doing;
	if (!queue_doing(w->queue, name, &doing))
		return;
	put_text(out, "doing", doing.connecting ? VIEW("connect") : VIEW("look up"));
	put_text(out, "doing_host", doing.host);
	put_text(out, "doing_address", doing.address);
	put_number(out, "doing_since", doing.since);
}

static void put_pause(struct queue_walk *w, struct buf *out, struct view name)
{
	struct queue_pause pause;
	if (!queue_is_paused(w->queue, name, &pause))
		return;
	buf_append_string(out, ",\"paused\":");
	store_queue_pause_json(&pause, out);
}

void store_queue_pause_json(const struct queue_pause *pause, struct buf *out)
{
	buf_append_string(out, "{\"destination\":");
	json_append_string(out, pause->name);
	buf_printf(out, ",\"since\":%" PRId64, pause->since);
	put_text(out, "by", pause->by);
	put_text(out, "why", pause->why);
	buf_append_byte(out, '}');
}

static void put_destination(struct queue_walk *w, struct buf *out, const struct record_recipient *p)
{
	char space[QUEUE_DESTINATION_MAX];
	struct view name = name_of(p, space);
	const struct queue_destination *d = queue_walk_destination(w, name);
	buf_append_string(out, "{\"name\":");
	json_append_string(out, p->destination);
	put_number(out, "next_attempt", d ? d->next : 0);
	put_number(out, "failures", d ? d->failures : 0);
	put_number(out, "failing_since", d ? d->failing_since : 0);
	put_cause(out, d ? d->cause : TROUBLE_NONE);
	put_text(out, "last_error", d ? d->text : (struct view){0});
	put_text(out, "stage", d ? d->stage : (struct view){0});
	put_text(out, "status", d ? d->status : (struct view){0});
	buf_printf(out, ",\"active\":%s", queue_is_active(w->queue, name) ? "true" : "false");
	put_text(out, "route", p->route.len ? p->route : d ? d->route : (struct view){0});
	put_doing(w, out, name);
	put_pause(w, out, name);
	buf_append_byte(out, '}');
}

/* Each once, of those that are still waited for. */
static void put_destinations(struct queue_walk *w, struct buf *out, const struct queue_record *r)
{
	bool first = true;
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		bool seen = p->state != RECORD_WAITING || p->local;
		for (size_t k = 0; k < i && !seen; k++)
			seen = r->recipients[k].state == RECORD_WAITING &&
			       view_equal(r->recipients[k].destination, p->destination) &&
			       view_equal(r->recipients[k].route, p->route);
		if (seen)
			continue;
		if (!first)
			buf_append_byte(out, ',');
		put_destination(w, out, p);
		first = false;
	}
}

static const char *state_of(struct queue_walk *w, const struct queue_found *f, int64_t now)
{
	const struct queue_record *r = f->record;
	bool waits = false;
	for (size_t i = 0; i < r->count; i++)
		waits = waits || r->recipients[i].state == RECORD_WAITING;
	if (r->held)
		return "held";
	if (queue_is_leased(w->queue, &f->place.id))
		return "active";
	return !waits ? "notifying" : r->terms.hold_until > now ? "held" : "waiting";
}

void store_queue_json(struct queue_walk *w, const struct queue_found *f, int64_t now, struct buf *out)
{
	const struct queue_record *r = f->record;
	int64_t hold_until = r->held ? r->held_until : r->terms.hold_until > now ? r->terms.hold_until : 0;
	buf_append_string(out, "{\"id\":");
	json_append_string(out, queue_id_view(&f->place.id));
	buf_printf(out, ",\"state\":\"%s\",\"sender\":", state_of(w, f, now));
	json_append_string(out, r->terms.sender);
	buf_printf(out,
	    ",\"size\":%" PRIu64 ",\"arrived\":%" PRId64 ",\"expires\":%" PRId64 ",\"priority\":%" PRId64,
	    r->body_len, r->arrived, r->expires, r->terms.priority);
	put_number(out, "hold_until", hold_until);
	put_text(out, "held_by", r->held_by);
	put_text(out, "held_why", r->held_why);
	put_text(out, "message_id", r->message_id);
	put_text(out, "submitter", r->submitter ? r->client : (struct view){0});
	buf_append_string(out, ",\"recipients\":[");
	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			buf_append_byte(out, ',');
		put_recipient(out, &r->recipients[i]);
	}
	buf_append_string(out, "],\"destinations\":[");
	put_destinations(w, out, r);
	buf_append_string(out, "]}\n");
}
