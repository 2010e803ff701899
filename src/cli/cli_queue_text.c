/*
 * The sentences of `postrider queue`. An administrator asks: why is it still here, when will it move, what
 * can I do? The answer is in the recipients that still wait and in the destinations that they wait for; of
 * several the one that is tried first is told about.
 */
#include "cli/cli_queue_text.h"

#include <errno.h>

#include "format/plain.h"
#include "format/date.h"
#include "dsn/dsn_explain.h"
#include "format/json_read.h"

enum { BRIEF_RECIPIENTS = 3 };

/* ---- reading ---- */

static int read_recipients(
    const struct json_value *list, struct arena *arena, struct queue_record_view *record)
{
	if (list == NULL || list->kind != JSON_ARRAY || list->count == 0)
		return 0;
	record->recipients = arena_array(arena, list->count, sizeof *record->recipients);
	if (record->recipients == NULL)
		return -ENOBUFS;
	for (const struct json_value *v = list->first; v; v = v->next)
		record->recipients[record->recipient_count++] =
		    (struct queue_recipient_view){.address = json_text_of(v, "address"),
		        .destination = json_text_of(v, "destination"),
		        .state = json_text_of(v, "state"),
		        .status = json_text_of(v, "status"),
		        .cause = json_text_of(v, "cause"),
		        .reply = json_text_of(v, "reply"),
		        .stage = json_text_of(v, "stage"),
		        .host = json_text_of(v, "host"),
		        .tls = json_text_of(v, "tls"),
		        .attempts = json_number_of(v, "attempts"),
		        .last_attempt = json_number_of(v, "last_attempt"),
		        .next_attempt = json_number_of(v, "next_attempt")};
	return 0;
}

static int read_destinations(
    const struct json_value *list, struct arena *arena, struct queue_record_view *record)
{
	if (list == NULL || list->kind != JSON_ARRAY || list->count == 0)
		return 0;
	record->destinations = arena_array(arena, list->count, sizeof *record->destinations);
	if (record->destinations == NULL)
		return -ENOBUFS;
	for (const struct json_value *v = list->first; v; v = v->next) {
		const struct json_value *paused = json_member(v, "paused");
		record->destinations[record->destination_count++] =
		    (struct queue_destination_view){.name = json_text_of(v, "name"),
		        .cause = json_text_of(v, "cause"),
		        .stage = json_text_of(v, "stage"),
		        .last_error = json_text_of(v, "last_error"),
		        .status = json_text_of(v, "status"),
		        .route = json_text_of(v, "route"),
		        .next_attempt = json_number_of(v, "next_attempt"),
		        .failures = json_number_of(v, "failures"),
		        .failing_since = json_number_of(v, "failing_since"),
		        .active = json_true_of(v, "active"),
		        .doing = json_text_of(v, "doing"),
		        .doing_host = json_text_of(v, "doing_host"),
		        .doing_address = json_text_of(v, "doing_address"),
		        .doing_since = json_number_of(v, "doing_since"),
		        .paused_since = paused ? json_number_of(paused, "since") : 0,
		        .paused_by = paused ? json_text_of(paused, "by") : (struct view){0},
		        .paused_why = paused ? json_text_of(paused, "why") : (struct view){0},
		        .all_paused = paused && view_equal(json_text_of(paused, "destination"), VIEW("*"))};
	}
	return 0;
}

int queue_record_read(struct view json, struct arena *arena, struct queue_record_view *out)
{
	struct json_value v;
	int error = json_parse(json, arena, &v);
	if (error)
		return error;
	struct queue_record_view r = {.id = json_text_of(&v, "id"),
	    .state = json_text_of(&v, "state"),
	    .sender = json_text_of(&v, "sender"),
	    .held_by = json_text_of(&v, "held_by"),
	    .held_why = json_text_of(&v, "held_why"),
	    .message_id = json_text_of(&v, "message_id"),
	    .submitter = json_text_of(&v, "submitter"),
	    .size = json_number_of(&v, "size"),
	    .arrived = json_number_of(&v, "arrived"),
	    .expires = json_number_of(&v, "expires"),
	    .priority = json_number_of(&v, "priority"),
	    .hold_until = json_number_of(&v, "hold_until")};
	if (r.id.len == 0 || r.state.len == 0)
		return -EINVAL;
	error = read_recipients(json_member(&v, "recipients"), arena, &r);
	if (error == 0)
		error = read_destinations(json_member(&v, "destinations"), arena, &r);
	if (error == 0)
		*out = r;
	return error;
}

/* ---- words ---- */

static void say(struct buf *out, const char *words)
{
	buf_append_string(out, words);
}

static bool is(struct view v, const char *word)
{
	return view_equal(v, view_from_string(word));
}

/* "in 12 minutes, at 2026-11-22 08:25:06" */
static void say_when(struct buf *out, int64_t when, int64_t now)
{
	say(out, "in ");
	duration_write(out, when - now);
	say(out, ", at ");
	plain_time(out, when);
}

static void say_ago(struct buf *out, int64_t when, int64_t now)
{
	duration_write(out, now - when);
	say(out, " ago");
}

static void say_sender(struct buf *out, const struct queue_record_view *record)
{
	if (record->sender.len)
		plain_text(out, record->sender);
	else
		say(out, "nobody (this is a report)");
}

/* ---- what happens next ---- */

static const struct queue_destination_view *destination_of(
    const struct queue_record_view *record, const struct queue_recipient_view *r)
{
	for (size_t i = 0; i < record->destination_count; i++)
		if (view_equal_nocase(record->destinations[i].name, r->destination))
			return &record->destinations[i];
	return NULL;
}

/* A recipient waits for its own time and for its destination's. */
static int64_t next_of(const struct queue_record_view *record, const struct queue_recipient_view *r)
{
	const struct queue_destination_view *d = destination_of(record, r);
	return d && d->next_attempt > r->next_attempt ? d->next_attempt : r->next_attempt;
}

static const struct queue_recipient_view *first_waiting(const struct queue_record_view *record)
{
	const struct queue_recipient_view *first = NULL;
	for (size_t i = 0; i < record->recipient_count; i++) {
		const struct queue_recipient_view *r = &record->recipients[i];
		if (!is(r->state, "waiting"))
			continue;
		if (first == NULL || next_of(record, r) < next_of(record, first))
			first = r;
	}
	return first;
}

static size_t waiting_count(const struct queue_record_view *record)
{
	size_t n = 0;
	for (size_t i = 0; i < record->recipient_count; i++)
		n += is(record->recipients[i].state, "waiting");
	return n;
}

static struct dsn_outcome outcome_of(
    struct view cause, struct view status, struct view words, struct view stage)
{
	enum trouble trouble = trouble_from_text(cause);
	/* A cause that a later version wrote: whatever it is, no host said it. */
	return (struct dsn_outcome){.cause = trouble == TROUBLE_NONE && cause.len ? TROUBLE_LOCAL : trouble,
	    .status = status,
	    .words = words,
	    .stage = stage};
}

/* Why it has not been delivered: what the destination as a whole suffers from, else what was said of the
 * recipient. False: nothing is known. */
static bool reason_of(
    const struct queue_record_view *record, const struct queue_recipient_view *r, struct dsn_outcome *reason)
{
	const struct queue_destination_view *d = destination_of(record, r);
	bool destination = d && d->failures > 0 && d->last_error.len;
	*reason = destination ? outcome_of(d->cause, d->status, d->last_error, d->stage)
	                      : outcome_of(r->cause, r->status, r->reply, r->stage);
	return reason->words.len > 0 || reason->cause != TROUBLE_NONE;
}

/* A host's words stand as they are; this server's say whose they are. */
static void say_words(struct buf *out, struct view cause, struct view words)
{
	say(out, cause.len ? "    noted by this server: " : "    ");
	plain_text(out, words.len ? words : cause);
	say(out, "\n");
}

/* What a user sends over the account has hosts to go to only once it has been handed in (queue/keys.h). */
static bool is_submitted(const struct queue_recipient_view *r)
{
	return r && is(r->destination, "@submit");
}

static void say_held(const struct queue_record_view *record, int64_t now, struct buf *out)
{
	if (record->held_by.len == 0 && record->hold_until > now) {
		say(out, "Its sender asked for it to be sent later: ");
		say_when(out, record->hold_until, now);
		say(out,
		    is_submitted(first_waiting(record)) ? ". Until then its sender can take it back." : ".");
		return;
	}
	say(out, "It is held");
	if (record->held_by.len) {
		say(out, " by ");
		plain_text(out, record->held_by);
	}
	if (record->held_why.len) {
		say(out, " (");
		plain_text(out, record->held_why);
		say(out, ")");
	}
	if (record->hold_until > now) {
		say(out, " and will go on ");
		say_when(out, record->hold_until, now);
	} else {
		say(out, " and stays until somebody releases it");
	}
	say(out, ": `postrider queue release ");
	plain_text(out, record->id);
	say(out, "`, or `postrider queue delete`.");
}

static void say_submitted(const struct queue_record_view *record, const struct queue_recipient_view *r,
    int64_t now, struct buf *out)
{
	int64_t next = next_of(record, r);
	say(out,
	    "It was sent over its sender's account, who can still take it back. It is completed, signed and "
	    "passed on ");
	if (next > now)
		say_when(out, next, now);
	else
		say(out, "as soon as the relay process takes it");
}

static void say_active(const struct queue_record_view *record, struct buf *out)
{
	if (is_submitted(first_waiting(record))) {
		say(out, "It is being completed, signed and passed on right now.");
		return;
	}
	say(out, "It is being sent right now");
	for (size_t i = 0; i < record->destination_count; i++) {
		if (!record->destinations[i].active)
			continue;
		say(out, " to ");
		plain_text(out, record->destinations[i].name);
		break;
	}
	say(out, ".");
}

static void say_paused(const struct queue_destination_view *d, struct buf *out)
{
	say(out, "Sending to ");
	plain_text(out, d->all_paused ? VIEW("all destinations") : d->name);
	say(out, " has been paused since ");
	plain_time(out, d->paused_since);
	if (d->paused_by.len) {
		say(out, " by ");
		plain_text(out, d->paused_by);
	}
	if (d->paused_why.len) {
		say(out, " (");
		plain_text(out, d->paused_why);
		say(out, ")");
	}
	say(out, "; `postrider queue resume");
	if (!d->all_paused) {
		say(out, " --destination ");
		plain_text(out, d->name);
	}
	say(out, "` goes on");
}

/* "This server is connecting to mx.example.com at 192.0.2.1:25, since 12 seconds" */
static void say_doing(const struct queue_destination_view *d, int64_t now, struct buf *out)
{
	if (is(d->doing, "connect")) {
		say(out, "This server has been connecting to ");
		plain_text(out, d->doing_host);
		if (d->doing_address.len) {
			say(out, " at ");
			plain_text(out, d->doing_address);
		}
	} else {
		say(out, "This server has been asking the DNS where mail for ");
		plain_text(out, d->name);
		say(out, " goes");
	}
	say(out, " since ");
	plain_time(out, d->doing_since);
	say(out, " (");
	duration_write(out, now > d->doing_since ? now - d->doing_since : 0);
	say(out, ")");
}

static void say_attempt(const struct queue_record_view *record, const struct queue_recipient_view *r,
    int64_t now, struct buf *out)
{
	const struct queue_destination_view *d = destination_of(record, r);
	int64_t next = next_of(record, r);
	bool tried = r->attempts > 0 || (d && d->failures > 0);
	if (d && d->paused_since) {
		say_paused(d, out);
	} else if (next <= now && d && d->active && d->doing.len) {
		say_doing(d, now, out);
	} else if (next <= now) {
		say(out, tried ? "It will be tried again as soon as a connection to "
		               : "It will first be tried as soon as a connection to ");
		plain_text(out, r->destination);
		say(out, " is free");
	} else {
		say(out, tried ? "It will be tried again at " : "It will first be tried at ");
		plain_text(out, r->destination);
		say(out, " ");
		say_when(out, next, now);
	}
	if (d && d->route.len) {
		say(out, " (by the route ");
		plain_text(out, d->route);
		say(out, ")");
	}
}

static void say_reason(
    const struct queue_record_view *record, const struct queue_recipient_view *r, struct buf *out)
{
	const struct queue_destination_view *d = destination_of(record, r);
	struct dsn_outcome reason;
	if (!reason_of(record, r, &reason)) {
		say(out, ".");
		return;
	}
	struct explanation e = dsn_explain(&reason);
	say(out, d && (d->paused_since || d->doing.len) ? ". Last time: " : ", because ");
	plain_clause(out, e.meaning);
	if (d && d->failures > 1)
		buf_printf(out, " (%lld attempts in a row)", (long long)d->failures);
	say(out, ". ");
	say(out, e.operator);
}

static void say_waiting(const struct queue_record_view *record, int64_t now, struct buf *out)
{
	const struct queue_recipient_view *r = first_waiting(record);
	size_t waiting = waiting_count(record);
	if (r == NULL) {
		say(out, "No recipient waits for it any more; it leaves the queue in a moment.");
		return;
	}
	if (is_submitted(r))
		say_submitted(record, r, now, out);
	else
		say_attempt(record, r, now, out);
	say_reason(record, r, out);
	if (waiting > 1)
		buf_printf(out, " %zu of its recipients wait; this is the first of them.", waiting);
	if (record->expires > now) {
		say(out, record->sender.len ? " If it cannot be delivered, it goes back to its sender "
		                            : " If it cannot be delivered, it is given up ");
		say_when(out, record->expires, now);
		say(out, ".");
	}
}

void queue_text_next(const struct queue_record_view *record, int64_t now, struct buf *out)
{
	if (is(record->state, "held"))
		say_held(record, now, out);
	else if (is(record->state, "active"))
		say_active(record, out);
	else if (is(record->state, "notifying"))
		say(out, "Its delivery is over; a report to its sender is being written.");
	else
		say_waiting(record, now, out);
}

/* ---- a list ---- */

static void say_recipients(const struct queue_record_view *record, struct buf *out)
{
	size_t shown = 0, waiting = waiting_count(record);
	for (size_t i = 0; i < record->recipient_count && shown < BRIEF_RECIPIENTS; i++) {
		const struct queue_recipient_view *r = &record->recipients[i];
		if (waiting && !is(r->state, "waiting"))
			continue;
		say(out, shown++ ? ", " : "");
		plain_text(out, r->address);
	}
	size_t all = waiting ? waiting : record->recipient_count;
	if (shown < all)
		buf_printf(out, " and %zu more", all - shown);
}

void queue_text_brief(const struct queue_record_view *record, int64_t now, struct buf *out)
{
	plain_text(out, record->id);
	say(out, "  ");
	plain_text(out, record->state);
	say(out, ", ");
	plain_size(out, (uint64_t)record->size);
	say(out, ", came ");
	say_ago(out, record->arrived, now);
	say(out, "\n  ");
	say_sender(out, record);
	say(out, " -> ");
	say_recipients(record, out);
	say(out, "\n  ");
	queue_text_next(record, now, out);
	say(out, "\n");
}

/* ---- one message ---- */

static void row(struct buf *out, const char *name, struct view value)
{
	if (value.len == 0)
		return;
	buf_printf(out, "  %-12s ", name);
	plain_text(out, value);
	say(out, "\n");
}

static void row_time(struct buf *out, const char *name, int64_t when, int64_t now)
{
	if (when == 0)
		return;
	buf_printf(out, "  %-12s ", name);
	plain_time(out, when);
	if (when > now) {
		say(out, " (in ");
		duration_write(out, when - now);
		say(out, ")\n");
	} else {
		say(out, " (");
		say_ago(out, when, now);
		say(out, ")\n");
	}
}

static void full_recipient(const struct queue_recipient_view *r, int64_t now, struct buf *out)
{
	say(out, "\n  ");
	plain_text(out, r->address);
	say(out, "  ");
	plain_text(out, r->state);
	if (r->attempts)
		buf_printf(out, ", %lld attempt%s", (long long)r->attempts, r->attempts == 1 ? "" : "s");
	if (r->last_attempt) {
		say(out, ", the last ");
		say_ago(out, r->last_attempt, now);
	}
	if (r->host.len) {
		say(out, " at ");
		plain_text(out, r->host);
	}
	if (r->tls.len) {
		say(out, " over ");
		plain_text(out, r->tls);
	}
	say(out, "\n");
	if (r->reply.len == 0 && r->cause.len == 0)
		return;
	struct dsn_outcome reason = outcome_of(r->cause, r->status, r->reply, r->stage);
	say_words(out, r->cause, r->reply);
	say(out, "    ");
	say(out, dsn_explain(&reason).meaning);
	say(out, "\n");
}

static void full_destination(const struct queue_destination_view *d, int64_t now, struct buf *out)
{
	say(out, "\n  Destination ");
	plain_text(out, d->name);
	if (d->route.len) {
		say(out, " by the route ");
		plain_text(out, d->route);
	}
	if (d->active)
		say(out, ", being served");
	if (d->failures) {
		buf_printf(
		    out, ", %lld failure%s", (long long)d->failures, d->failures == 1 ? "" : "s in a row");
		if (d->failing_since) {
			say(out, " since ");
			plain_time(out, d->failing_since);
		}
	}
	if (d->next_attempt > now) {
		say(out, ", next attempt ");
		plain_time(out, d->next_attempt);
	}
	say(out, "\n");
	if (d->last_error.len || d->cause.len)
		say_words(out, d->cause, d->last_error);
}

void queue_text_full(const struct queue_record_view *record, int64_t now, struct buf *out)
{
	plain_text(out, record->id);
	say(out, "  ");
	plain_text(out, record->state);
	say(out, "\n  From         ");
	say_sender(out, record);
	say(out, "\n");
	row(out, "Submitted by", record->submitter);
	row(out, "Message-ID", record->message_id);
	say(out, "  Size         ");
	plain_size(out, (uint64_t)record->size);
	say(out, "\n");
	if (record->priority)
		buf_printf(out, "  Priority     %lld\n", (long long)record->priority);
	row_time(out, "Came", record->arrived, now);
	row_time(out, "Gives up", record->expires, now);
	for (size_t i = 0; i < record->recipient_count; i++)
		full_recipient(&record->recipients[i], now, out);
	for (size_t i = 0; i < record->destination_count; i++)
		full_destination(&record->destinations[i], now, out);
	say(out, "\n  ");
	queue_text_next(record, now, out);
	say(out, "\n");
}

/* ---- figures ---- */

bool queue_text_stats(struct view json, int64_t now, struct buf *out)
{
	struct arena arena;
	struct json_value v;
	arena_init(&arena, 1 << 16);
	bool good = json_parse(json, &arena, &v) == 0 && json_member(&v, "messages") != NULL;
	if (good) {
		long long messages = json_number_of(&v, "messages");
		if (messages == 0)
			say(out, "The queue is empty.\n");
		else {
			buf_printf(
			    out, "%lld message%s in the queue", messages, messages == 1 ? " is" : "s are");
			if (json_number_of(&v, "bytes")) {
				say(out, ", ");
				plain_size(out, (uint64_t)json_number_of(&v, "bytes"));
			}
			buf_printf(out,
			    ", for %lld destination%s: %lld held, %lld being sent, %lld being reported on.",
			    (long long)json_number_of(&v, "destinations"),
			    json_number_of(&v, "destinations") == 1 ? "" : "s",
			    (long long)json_number_of(&v, "held"), (long long)json_number_of(&v, "active"),
			    (long long)json_number_of(&v, "notifying"));
			if (json_number_of(&v, "oldest")) {
				say(out, " The oldest came ");
				say_ago(out, json_number_of(&v, "oldest"), now);
				say(out, ".");
			}
			say(out, "\n");
		}
	}
	arena_done(&arena);
	return good;
}
