/* The steps of change.h. */
#include "queue/change.h"

#include <errno.h>

#include "dsn/dsn_explain.h"

/* ---- a new message ---- */

static const struct record_recipient *first_waiting(const struct queue_record *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->recipients[i].state == RECORD_WAITING && !r->recipients[i].local)
			return &r->recipients[i];
	return NULL;
}

unsigned change_shard(const struct queue_record *r, const struct queue_id *id)
{
	const struct record_recipient *first = first_waiting(r);
	return queue_home(first ? first->destination : queue_id_view(id));
}

static void set_deadlines(const struct spool *s, struct queue_record *r)
{
	int64_t from = r->terms.hold_until > r->arrived ? r->terms.hold_until : r->arrived;
	r->expires = from + s->config.give_up_seconds;
	r->warn_at = s->config.warn_seconds > 0 ? from + s->config.warn_seconds : 0;
	r->notify_after = r->arrived;
	for (size_t i = 0; i < r->count; i++)
		r->recipients[i].not_before = from;
}

static void note_new(struct spool *s, const struct queue_id *id, const struct queue_record *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		if (p->state == RECORD_WAITING)
			spool_note(s, NOTE_QUEUED, id, p)->at = p->not_before;
		else if (p->state == RECORD_EXPANDED)
			spool_note(s, NOTE_EXPANDED, id, p);
	}
}

int change_add(struct spool *s, unsigned shard, const struct queue_id *id, struct queue_record *r)
{
	struct spool_message m = {.shard = shard, .id = *id};
	struct view value;
	struct queue_key key = queue_key_record(id, 0);
	int error = txn_get(s->txn, queue_shard(shard), queue_key_view(&key), &value);
	if (error != -ENOENT)
		return error;
	arena_reset(&s->arena);
	set_deadlines(s, r);
	m.record = *r;
	s->submitter = r->submitter;
	s->submission = r->submission;
	error = spool_save(s, &m, false);
	if (error == 0)
		note_new(s, id, r);
	return error;
}

/* It did not happen. */
static void forget_notes(struct spool *s, struct queue_note **notes_end)
{
	*notes_end = NULL;
	s->notes_end = notes_end;
}

/* ---- outcomes ---- */

static void tell(const struct queue_record *r, struct record_recipient *p, enum queue_action action)
{
	p->action = queue_record_tells(r, p, action) ? action : ACTION_NONE;
}

/* Deliver-by's own wishes override NOTIFY, but for NEVER (RFC 2852 section 4). */
static void tell_by(const struct queue_record *r, struct record_recipient *p, enum queue_action action)
{
	p->action = record_sender_is_null(r) || (p->notify & NOTIFY_NEVER) ? ACTION_NONE : action;
}

static void take_words(struct record_recipient *p, const struct change_result *result,
    const struct change_outcome *o, int64_t now)
{
	p->attempts++;
	p->last_attempt = now;
	p->cause = result->cause;
	p->status = view_take(result->status, 16);
	p->reply = view_take(result->reply, QUEUE_REPLY_MAX);
	p->stage = view_take(result->stage, QUEUE_STAGE_MAX);
	p->host = view_take(o->host, QUEUE_NAME_MAX);
	p->host_address = view_take(o->address, 128);
	p->tls = view_take(o->tls, 128);
	p->verified = view_take(o->verified, 64);
}

static void take_result(struct spool *s, struct spool_message *m, const struct change_result *result,
    const struct change_outcome *o)
{
	struct queue_record *r = &m->record;
	if (result->recipient >= r->count)
		return;
	struct record_recipient *p = &r->recipients[result->recipient];
	if (p->state != RECORD_WAITING || result->verdict == QUEUE_UNTRIED)
		return;
	take_words(p, result, o, s->now);
	switch (result->verdict) {
	case QUEUE_DELIVERED:
		p->state = RECORD_DELIVERED;
		tell(r, p, ACTION_DELIVERED);
		spool_note(s, NOTE_DELIVERED, &m->id, p);
		break;
	case QUEUE_RELAYED:
	case QUEUE_PASSED_ON:
		p->state = RECORD_RELAYED;
		p->action = ACTION_NONE;
		if (r->terms.by_mode != SMTP_BY_NONE && r->terms.by_trace)
			tell_by(r, p, ACTION_RELAYED);
		else if (result->verdict == QUEUE_PASSED_ON)
			tell(r, p, ACTION_RELAYED);
		spool_note(s, NOTE_RELAYED, &m->id, p);
		break;
	case QUEUE_FAILED:
		p->state = RECORD_FAILED;
		tell(r, p, ACTION_FAILED);
		spool_note(s, NOTE_FAILED, &m->id, p);
		break;
	default:
		p->not_before = schedule_not_before(
		    &s->config.schedule, s->now, p->attempts, schedule_mix(s->seed, result->recipient));
		spool_note(s, NOTE_DEFERRED, &m->id, p)->at = p->not_before;
	}
}

static void untell(
    struct spool *s, struct spool_message *m, struct record_recipient *p, enum queue_note_kind kind)
{
	struct queue_note *n = spool_note(s, kind, &m->id, p);
	spool_note_text(s, &n->to, m->record.terms.sender);
	p->action = ACTION_NONE;
}

/* Of "@notify": what could not be told comes later, or never. */
static void take_notify_result(struct spool *s, struct spool_message *m, const struct change_result *result)
{
	struct queue_record *r = &m->record;
	if (result->recipient >= r->count || r->recipients[result->recipient].action == ACTION_NONE)
		return;
	struct record_recipient *p = &r->recipients[result->recipient];
	if (result->verdict == QUEUE_FAILED)
		untell(s, m, p, NOTE_UNTOLD);
	else if (result->verdict == QUEUE_DEFERRED)
		r->notify_after = schedule_not_before(
		    &s->config.schedule, s->now, r->notify_attempts + 1, schedule_mix(s->seed, 0));
	else if (result->verdict != QUEUE_UNTRIED)
		p->action = ACTION_NONE;
}

static bool anything_deferred(const struct change_outcome *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->results[i].verdict == QUEUE_DEFERRED)
			return true;
	return false;
}

static void pass_time(struct spool *s, struct spool_message *m);

int change_outcome(struct spool *s, unsigned shard, const struct queue_id *id, const struct change_outcome *o)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct queue_note **notes_end = s->notes_end;
	for (size_t i = 0; i < o->count; i++) {
		if (o->notify)
			take_notify_result(s, &m, &o->results[i]);
		else
			take_result(s, &m, &o->results[i], o);
	}
	if (o->notify && anything_deferred(o))
		m.record.notify_attempts++;
	/* Its events waited for this outcome. */
	pass_time(s, &m);
	error = spool_save(s, &m, !o->active);
	if (error)
		forget_notes(s, notes_end);
	return error;
}

int change_told(struct spool *s, unsigned shard, const struct queue_id *id,
    const struct change_report *reports, size_t count)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? 0 : error;
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		if (reports[i].recipient >= m.record.count || reports[i].action == ACTION_NONE)
			continue;
		struct record_recipient *p = &m.record.recipients[reports[i].recipient];
		if (p->action != reports[i].action)
			continue;
		untell(s, &m, p, NOTE_NOTIFIED);
		any = true;
	}
	return any ? spool_save(s, &m, false) : 0;
}

/* ---- what users submit ---- */

static bool is_waiting(const struct queue_record *r, uint32_t recipient)
{
	return recipient < r->count && r->recipients[recipient].state == RECORD_WAITING;
}

int change_submission(struct spool *s, unsigned shard, const struct queue_id *id, const uint32_t *recipients,
    size_t count, struct change_submitter *who)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? -ECANCELED : error;
	bool waits = !m.record.held && m.record.submission != 0;
	for (size_t i = 0; i < count && waits; i++)
		waits = is_waiting(&m.record, recipients[i]);
	*who = (struct change_submitter){.account = m.record.submitter, .submission = m.record.submission};
	size_t left = 0;
	for (uint32_t i = 0; i < m.record.count; i++)
		left += is_waiting(&m.record, i) || m.record.recipients[i].action != ACTION_NONE;
	who->whole = left == count;
	return waits ? 0 : -ECANCELED;
}

int change_submitted(struct spool *s, unsigned shard, const struct queue_id *id, const uint32_t *recipients,
    size_t count, const struct queue_id *as)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++) {
		struct record_recipient *p = &m.record.recipients[recipients[i]];
		p->state = RECORD_RELAYED;
		p->action = ACTION_NONE;
	}
	struct queue_note *n = spool_note(s, NOTE_SUBMITTED, id, NULL);
	spool_note_text(s, &n->dsn, queue_id_view(as));
	return spool_save(s, &m, false);
}

int change_withdrawn(struct spool *s, unsigned shard, const struct queue_id *id)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error;
	for (uint32_t i = 0; i < m.record.count; i++)
		if (!is_waiting(&m.record, i))
			return -EBUSY;
	for (size_t i = 0; i < m.record.count; i++) {
		m.record.recipients[i].state = RECORD_FAILED;
		m.record.recipients[i].action = ACTION_NONE;
	}
	m.record.held = false;
	struct queue_note *n = spool_note(s, NOTE_DELETED, id, NULL);
	spool_note_text(s, &n->by, VIEW("its sender"));
	spool_note_text(s, &n->why, VIEW("it was taken back before it was sent"));
	return spool_save(s, &m, true);
}

/* ---- time ---- */

static void take_last_words(struct spool *s, struct record_recipient *p)
{
	struct queue_destination d;
	char space[QUEUE_DESTINATION_MAX];
	struct view name = p->local ? QUEUE_LOCAL : spool_destination_name(p->destination, p->route, space);
	if (p->reply.len > 0 || spool_destination(s, name, &d) != 0)
		return;
	p->cause = d.cause;
	p->reply = d.text;
	p->host = d.host;
	p->status = d.status;
	p->stage = d.stage;
}

static void expire(struct spool *s, struct spool_message *m, enum trouble why)
{
	for (size_t i = 0; i < m->record.count; i++) {
		struct record_recipient *p = &m->record.recipients[i];
		if (p->state != RECORD_WAITING)
			continue;
		take_last_words(s, p);
		p->state = RECORD_FAILED;
		p->status = why == TROUBLE_EXPIRED ? VIEW("4.4.7") : VIEW("5.4.7");
		p->over = (uint8_t)why;
		/* Where nothing has been said, the trouble's phrase stands. */
		if (p->reply.len == 0) {
			p->reply = view_from_string(trouble_phrase(why));
			p->cause = (uint8_t)why;
		}
		tell(&m->record, p, ACTION_FAILED);
		spool_note(s, NOTE_EXPIRED, &m->id, p);
	}
}

static void delay(struct spool *s, struct spool_message *m, bool by_deadline)
{
	for (size_t i = 0; i < m->record.count; i++) {
		struct record_recipient *p = &m->record.recipients[i];
		if (p->state != RECORD_WAITING || (p->warned && !by_deadline))
			continue;
		take_last_words(s, p);
		p->warned = true;
		if (by_deadline)
			tell_by(&m->record, p, ACTION_DELAYED);
		else
			tell(&m->record, p, ACTION_DELAYED);
		if (p->action == ACTION_DELAYED)
			spool_note(s, NOTE_DELAYED, &m->id, p);
	}
}

/* The time for which it was held does not count. */
static bool release(struct spool *s, struct queue_record *r)
{
	if (!r->held)
		return false;
	int64_t held = s->now > r->held_since ? s->now - r->held_since : 0;
	r->held = false;
	r->held_until = 0;
	r->expires += held;
	r->warn_at += r->warn_at > 0 ? held : 0;
	r->held_by = r->held_why = (struct view){0};
	return true;
}

static void pass_time(struct spool *s, struct spool_message *m)
{
	struct queue_record *r = &m->record;
	if (r->held && r->held_until > 0 && r->held_until <= s->now) {
		bool spooled = view_equal(r->held_by, QUEUE_SPOOLED);
		release(s, r);
		if (!spooled)
			spool_note(s, NOTE_RELEASED, &m->id, NULL)->why = VIEW("its time has come");
	}
	if (r->held)
		return;
	if (r->expires <= s->now)
		expire(s, m, TROUBLE_EXPIRED);
	if (r->terms.by_mode != SMTP_BY_NONE && !r->by_done && r->terms.by_time <= s->now) {
		r->by_done = true;
		if (r->terms.by_mode == SMTP_BY_RETURN)
			expire(s, m, TROUBLE_DEADLINE);
		else
			delay(s, m, true);
	}
	if (r->warn_at > 0 && r->warn_at <= s->now) {
		r->warn_at = 0;
		delay(s, m, false);
	}
}

int change_event(struct spool *s, unsigned shard, const struct queue_id *id)
{
	struct spool_message m;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct queue_note **notes_end = s->notes_end;
	pass_time(s, &m);
	error = spool_save(s, &m, true);
	if (error)
		forget_notes(s, notes_end);
	return error;
}

int change_fail(struct spool *s, unsigned shard, const struct queue_id *id, const struct change_failure *f)
{
	struct spool_message m;
	char space[QUEUE_DESTINATION_MAX];
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct queue_note **notes_end = s->notes_end;
	bool any = false;
	for (size_t i = 0; i < m.record.count && m.record.terms.hold_until <= s->now; i++) {
		struct record_recipient *p = &m.record.recipients[i];
		if (p->state != RECORD_WAITING || p->local ||
		    !view_equal(spool_destination_name(p->destination, p->route, space), f->name))
			continue;
		p->state = RECORD_FAILED;
		p->attempts++;
		p->last_attempt = s->now;
		p->cause = f->cause;
		p->status = view_take(f->status, 16);
		p->reply = view_take(f->text, QUEUE_REPLY_MAX);
		p->host = view_take(f->host, QUEUE_NAME_MAX);
		p->stage = view_take(f->stage, QUEUE_STAGE_MAX);
		p->host_address = p->tls = p->verified = (struct view){0};
		tell(&m.record, p, ACTION_FAILED);
		spool_note(s, NOTE_FAILED, &m.id, p);
		any = true;
	}
	error = any ? spool_save(s, &m, false) : 0;
	if (error)
		forget_notes(s, notes_end);
	return error;
}

/* ---- an administrator ---- */

static bool hold(struct spool *s, struct queue_record *r, const struct change_order *order)
{
	bool waits = false;
	for (size_t i = 0; i < r->count; i++)
		waits = waits || r->recipients[i].state == RECORD_WAITING;
	if (r->held || !waits)
		return false;
	r->held = true;
	r->held_since = s->now;
	r->held_until = order->until;
	r->held_by = view_take(order->by, QUEUE_WORDS_MAX);
	r->held_why = view_take(order->why, QUEUE_WORDS_MAX);
	return true;
}

/* What waits ends; what was to be told of others is told. Without `bounce` nothing is told any more. */
static bool delete (struct spool *s, struct spool_message *m, const struct change_order *order)
{
	struct queue_record *r = &m->record;
	bool any = false;
	for (size_t i = 0; i < r->count; i++) {
		struct record_recipient *p = &r->recipients[i];
		any = any || p->state == RECORD_WAITING || p->action != ACTION_NONE;
		if (order->kind == CHANGE_DELETE)
			p->action = ACTION_NONE;
		if (p->state != RECORD_WAITING)
			continue;
		p->state = RECORD_FAILED;
		p->status = VIEW("5.7.1");
		p->cause = TROUBLE_DELETED;
		p->reply = view_from_string(trouble_phrase(TROUBLE_DELETED));
		p->host = p->stage = (struct view){0};
		if (order->kind == CHANGE_BOUNCE)
			tell(r, p, ACTION_FAILED);
	}
	if (any)
		r->held = false;
	(void)s;
	return any;
}

/* *moved: whether anything in the record had a later time. */
static bool retry(struct spool *s, struct queue_record *r, bool *moved)
{
	bool any = false;
	/* The time that its sender has named is no schedule of ours. */
	bool later = r->terms.hold_until > s->now;
	*moved = false;
	for (size_t i = 0; i < r->count && !r->held; i++) {
		struct record_recipient *p = &r->recipients[i];
		bool waits = p->state == RECORD_WAITING && !later;
		if (waits && p->not_before > s->now) {
			p->not_before = s->now;
			*moved = true;
		}
		if (p->action != ACTION_NONE && r->notify_after > s->now) {
			r->notify_after = s->now;
			*moved = true;
		}
		any = any || waits || p->action != ACTION_NONE;
	}
	return any;
}

static bool reroute(struct queue_record *r, const struct change_order *order)
{
	bool any = false;
	for (size_t i = 0; i < r->count; i++) {
		struct record_recipient *p = &r->recipients[i];
		bool ours = p->local || (p->destination.len > 0 && p->destination.data[0] == '@');
		if (p->state != RECORD_WAITING || ours || view_equal(p->route, order->route))
			continue;
		p->route = view_take(order->route, QUEUE_ROUTE_MAX);
		any = true;
	}
	return any;
}

/* Resolved anew, and tried at once. */
static int requeue(struct spool *s, struct spool_message *m, const struct change_order *order, bool *any)
{
	bool moved;
	int error = order->anew(s, m, any);
	*any = error == 0 && (retry(s, &m->record, &moved) || *any);
	return error;
}

/* What waits for it may be tried at once: its destinations too. */
static int wake_destinations(struct spool *s, const struct queue_record *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		char space[QUEUE_DESTINATION_MAX];
		if (p->state != RECORD_WAITING)
			continue;
		int error = spool_destination_retry(
		    s, p->local ? QUEUE_LOCAL : spool_destination_name(p->destination, p->route, space));
		/* The message itself has been changed: what doesn't fit here comes in its own time. */
		if (error == -E2BIG)
			return 0;
		if (error && error != -ENOENT && error != -EBADMSG)
			return error;
	}
	return 0;
}

int change_ordered(struct spool *s, unsigned shard, const struct queue_id *id,
    const struct change_order *order, bool *changed)
{
	static const enum queue_note_kind notes[] = {[CHANGE_HOLD] = NOTE_HELD,
	    [CHANGE_RELEASE] = NOTE_RELEASED,
	    [CHANGE_DELETE] = NOTE_DELETED,
	    [CHANGE_BOUNCE] = NOTE_DELETED,
	    [CHANGE_RETRY] = NOTE_RETRIED,
	    [CHANGE_ROUTE] = NOTE_REROUTED,
	    [CHANGE_REQUEUE] = NOTE_REQUEUED};
	struct queue_note **notes_end = s->notes_end;
	struct spool_message m;
	bool any = false, save = true;
	*changed = false;
	int error = spool_load(s, shard, id, &m);
	if (error)
		return error == -ENOENT ? 0 : error;
	switch (order->kind) {
	case CHANGE_HOLD:
		any = hold(s, &m.record, order);
		break;
	case CHANGE_RELEASE:
		any = release(s, &m.record);
		break;
	case CHANGE_DELETE:
	case CHANGE_BOUNCE:
		any = delete (s, &m, order);
		break;
	case CHANGE_RETRY:
		any = retry(s, &m.record, &save);
		break;
	case CHANGE_ROUTE:
		any = reroute(&m.record, order);
		break;
	case CHANGE_REQUEUE:
		error = requeue(s, &m, order, &any);
		break;
	}
	if (error || !any) {
		forget_notes(s, notes_end);
		return error;
	}
	struct queue_note *n = spool_note(s, notes[order->kind], &m.id, NULL);
	n->action = order->kind == CHANGE_BOUNCE ? ACTION_FAILED : ACTION_NONE;
	spool_note_text(s, &n->by, order->by);
	spool_note_text(s, &n->why, order->why);
	spool_note_text(s, &n->route, order->route);
	error = save ? spool_save(s, &m, true) : 0;
	if (error) {
		forget_notes(s, notes_end);
		return error;
	}
	*changed = true;
	return order->kind >= CHANGE_RETRY ? wake_destinations(s, &m.record) : 0;
}

int change_drop_wait(
    struct spool *s, unsigned shard, struct view name, uint8_t rank, int64_t time, const struct queue_id *id)
{
	struct queue_key key = queue_key_wait(name, rank, time, id), record = queue_key_record(id, 0);
	struct view value;
	int error = txn_get(s->txn, queue_shard(shard), queue_key_view(&record), &value);
	if (error != -ENOENT)
		return error;
	if (s->reserved + s->writes + 1 > STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	s->writes++;
	return txn_delete(s->txn, queue_shard(shard), queue_key_view(&key));
}
