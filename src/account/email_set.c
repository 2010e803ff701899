/*
 * Changing emails: see email_set.h. Each change is planned before it writes: where the email is, where it is
 * to be, and whether anything refuses that. What is planned can only fail when the store does, and then the
 * whole step is undone.
 */
#include "account/email_set.h"

#include <errno.h>
#include <string.h>

#include "account/annotation_entries.h"
#include "account/correspondents.h"
#include "account/email_look.h"
#include "account/email_plan.h"
#include "account/intent.h"
#include "account/lists.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/email_wire.h"

enum {
	LOOK_AT_ONCE = 1024, /* emails of a step: some three milliseconds */
	FEW = 10             /* whoever changes a few doesn't wait for others */
};

/* ---- the plan: nothing is written ---- */

static int find_names(struct plan *p, struct view words, struct named *out)
{
	struct view word;
	out->count = out->fresh = 0;
	while (view_next(&words, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (out->count == ACCOUNT_FLAGS_KEYWORDS_MAX)
			return -E2BIG;
		if (word.len > MAIL_KEYWORD_MAX)
			return -EINVAL;
		uint32_t number = PLAN_FRESH;
		int error = keywords_find(&p->c, word, &number);
		if (error && error != -ENOENT)
			return error;
		out->fresh += error == -ENOENT;
		out->names[out->count] = word;
		out->numbers[out->count++] = error ? PLAN_FRESH : number;
	}
	return 0;
}

static bool has_mailbox(struct view list, uint32_t number)
{
	struct cursor in = cursor_on(list);
	while (!cursor_at_end(&in))
		if (cursor_u32(&in) == number)
			return true;
	return false;
}

static bool touches_flags(const struct plan *p)
{
	const struct email_change *e = &p->change;
	return e->add_flags || e->remove_flags || p->add.count > 0 || p->remove.count > 0 ||
	       e->what & EMAIL_CHANGE_ALL_FLAGS;
}

static uint32_t rights_to(const struct plan *p, const struct change_mailbox *box)
{
	return account_rights(&box->m, p->set->who);
}

static bool is_same(const struct message_flags *a, const struct message_flags *b)
{
	bool same = a->bits == b->bits && a->more.count == b->more.count;
	for (size_t i = 0; same && i < a->more.count; i++)
		same = a->more.numbers[i] == b->more.numbers[i];
	return same;
}

/* A sharer's \Seen is its own, and stands apart. */
static int seen_in(struct plan *p, uint32_t mailbox)
{
	int error = 0;
	if (p->seen.mailbox == mailbox)
		return 0;
	error = seen_write(&p->c, &p->seen);
	p->seen.mailbox = mailbox;
	p->seen.read = false;
	return error;
}

static int set_seen(struct plan *p, const struct account_place *at, bool seen)
{
	int error = seen_in(p, at->mailbox);
	change_mark_state(&p->c, MAIL_STATE_COUNTS);
	return error ? error : seen_set(&p->c, &p->seen, at->uid, seen);
}

static int get_seen(struct plan *p, const struct account_place *at, uint64_t *bits)
{
	if (p->seen.user == 0)
		return 0;
	int error = seen_in(p, at->mailbox);
	return error ? error : seen_overlay(p->c.txn, p->c.shard, &p->seen, at->uid, bits);
}

/* What of the flags becomes other than it is; FLAG_KEYWORD: any keyword. */
static int difference(struct plan *p, const struct standing *s, uint64_t *out)
{
	const uint64_t keywords = ~(FLAG_KEYWORD - 1) | FLAG_MORE;
	struct message_flags mine, new;
	message_flags_copy(&mine, &s->flags);
	int error = get_seen(p, &s->at, &mine.bits);
	if (error == 0)
		error = plan_new_flags(p, &mine, &new);
	*out = error ? 0 : (mine.bits ^ new.bits) & FLAGS_SYSTEM;
	mine.bits &= keywords;
	new.bits &= keywords;
	if (error == 0 && (p->add.fresh > 0 || !is_same(&mine, &new)))
		*out |= FLAG_KEYWORD;
	return error == -EMLINK ? -E2BIG : error;
}

/* Whether the place goes, and whether that, and what is done with its flags, is allowed. */
static int judge_place(struct plan *p, struct standing *s)
{
	const struct email_change *e = &p->change;
	const uint32_t removing = RIGHT_DELETE | RIGHT_EXPUNGE;
	uint32_t rights = rights_to(p, s->box);
	s->goes = (e->what & EMAIL_CHANGE_DESTROY) ||
	          (e->what & EMAIL_CHANGE_ALL_MAILBOXES ? !has_mailbox(e->add_mailboxes, s->at.mailbox)
	                                                : has_mailbox(e->remove_mailboxes, s->at.mailbox)) ||
	          (p->by_itself && s->at.mailbox == p->leaves);
	if (s->goes && (rights & removing) != removing)
		return -EACCES;
	if (e->what & EMAIL_CHANGE_DESTROY || !touches_flags(p))
		return 0;
	uint64_t changes;
	int error = difference(p, s, &changes);
	return error == 0 && changes & mail_flags_denied(rights) ? -EACCES : error;
}

static size_t writes_of_flags(const struct plan *p, const struct standing *s)
{
	return touches_flags(p) ? 4 + 2 * (s->flags.more.count + p->add.count) : 0;
}

static int take_standing(struct plan *p, const struct account_place *at)
{
	struct standing *s = &p->standing[p->count];
	struct annotations_weight noted;
	uint64_t modseq;
	int error = plan_mailbox(p, at->mailbox, &s->box);
	if (error)
		return error == -ENOENT ? 0 : error;
	s->at = *at;
	error = message_get_flags(&p->c, s->box, at->uid, false, &s->flags, &modseq);
	if (error)
		return error == -ENOENT ? 0 : error;
	/* What IMAP has marked for its end is not there (RFC 8621 section 4.1.1). */
	if (s->flags.bits & FLAG_DELETED)
		return 0;
	error = judge_place(p, s);
	if (error)
		return error;
	p->writes += writes_of_flags(p, s);
	if (s->goes) {
		error = annotations_weigh(&p->c, at->mailbox, at->uid, &noted);
		p->writes += REMOVE_WRITES + 2 * s->flags.more.count + 2 * noted.all;
	}
	p->count++;
	return error;
}

static int find_standing(struct plan *p)
{
	struct account_places places;
	p->count = 0;
	int error = email_places(p->c.txn, p->c.shard, p->change.id, &places);
	p->places = error ? 0 : places.count;
	for (size_t i = 0; i < places.count && error == 0; i++)
		error = take_standing(p, &places.at[i]);
	if (error == 0 && p->count == 0)
		error = -ENOENT;
	return error;
}

static int add_target(struct plan *p, uint32_t number)
{
	struct change_mailbox *box;
	if (plan_stands_in(p, number) || plan_is_target(p, number))
		return 0;
	if (p->target_count == ACCOUNT_PLACES_MAX)
		return -EMLINK;
	int error = plan_mailbox(p, number, &box);
	if (error)
		return error == -ENOENT ? -ENXIO : error;
	if (!(rights_to(p, box) & RIGHT_INSERT))
		return -EACCES;
	if (box->m.uidnext == UINT32_MAX)
		return -EOVERFLOW;
	p->targets[p->target_count++] = box;
	return 0;
}

static int find_targets(struct plan *p)
{
	struct cursor in = cursor_on(p->change.add_mailboxes);
	int error = 0;
	p->target_count = 0;
	while (!cursor_at_end(&in) && error == 0)
		error = add_target(p, cursor_u32(&in));
	if (error == 0 && p->by_itself && p->enters)
		error = add_target(p, p->enters);
	return error ? error : plan_snooze_check(p);
}

/* Where it is to be in the end. */
static int check_places(struct plan *p)
{
	size_t going = 0;
	for (size_t i = 0; i < p->count; i++)
		going += p->standing[i].goes;
	if (p->change.what & EMAIL_CHANGE_DESTROY)
		return 0;
	if (going == p->count && p->target_count == 0)
		return -EINVAL;
	return p->places - going + p->target_count > ACCOUNT_PLACES_MAX ? -EMLINK : 0;
}

/* What is copied: a place that stays, if one does. */
static const struct standing *source_of(const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (!p->standing[i].goes)
			return &p->standing[i];
	return &p->standing[0];
}

/* A draft that is put into Sent: it was sent. */
static bool is_sent_now(const struct plan *p)
{
	const uint32_t *roles = p->c.head.roles;
	bool draft = false, sent = false;
	for (size_t i = 0; i < p->count; i++)
		draft = draft || p->standing[i].at.mailbox == roles[MAILBOX_ROLE_DRAFTS];
	for (size_t i = 0; i < p->target_count; i++)
		sent = sent || p->targets[i]->number == roles[MAILBOX_ROLE_SENT];
	return draft && sent && p->seen.user == 0;
}

/* Its recipients are those whom the account writes to. */
static int learn_sent(struct plan *p)
{
	struct email_copy *copy = mem_alloc(sizeof *copy);
	int error = email_read(p->c.txn, p->c.shard, p->change.id, copy);
	if (error == 0)
		error = correspondents_written(&p->c, copy->email.summary);
	mem_free(copy);
	/* A damaged email can be filed like others. */
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

/* What goes along with copies has to have room; of a move it has. */
static int check_copies(struct plan *p)
{
	struct annotations_weight noted;
	const struct standing *from = source_of(p);
	if (p->target_count == 0)
		return 0;
	int error = annotations_weigh(&p->c, from->at.mailbox, from->at.uid, &noted);
	size_t copies = p->target_count;
	p->writes += copies * (5 + noted.count + 2 * (from->flags.more.count + p->add.count));
	p->writes += is_sent_now(p) ? ACCOUNT_WRITTEN_WRITES : 0;
	if (error == 0 && noted.count > 0)
		error = annotations_room(
		    &p->c.head, copies * noted.count, copies * noted.bytes, p->set->quota_default);
	return error == -ETOOMANYREFS ? -EDQUOT : error;
}

static int check_keywords(const struct plan *p)
{
	bool all = p->change.what & EMAIL_CHANGE_ALL_FLAGS;
	if (p->c.head.keywords + p->add.fresh > ACCOUNT_KEYWORDS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < p->count; i++)
		if ((all ? 0 : p->standing[i].flags.more.count) + p->add.count > ACCOUNT_MORE_KEYWORDS_MAX)
			return -E2BIG;
	return 0;
}

/* 0: it can be carried out. 1: the next step. A negative errno: it is refused, or the store failed. */
static int plan(struct plan *p)
{
	p->writes = 0;
	int error = plan_snooze(p);
	if (error == 0)
		error = find_names(p, p->change.add_keywords, &p->add);
	if (error == 0)
		error = find_names(p, p->change.remove_keywords, &p->remove);
	if (error == 0)
		error = find_standing(p);
	if (error == 0)
		error = find_targets(p);
	if (error == 0)
		error = check_places(p);
	if (error == 0)
		error = check_copies(p);
	if (error == 0)
		error = check_keywords(p);
	return error;
}

/* ---- carrying out ---- */

/* A name that is new comes to all places: none is left that no message has. */
static int number_names(struct plan *p)
{
	int error = 0;
	for (size_t i = 0; i < p->add.count && error == 0; i++)
		if (p->add.numbers[i] == PLAN_FRESH)
			error = keywords_get(&p->c, p->add.names[i], &p->add.numbers[i]);
	return error;
}

static void note_event(struct plan *p, const struct account_email_event *event)
{
	struct account_email_set *s = p->set;
	if (s->step.events == s->event_room) {
		size_t room = s->event_room ? 2 * s->event_room : 64;
		struct account_email_event *more = mem_try_resize(s->events, room * sizeof *more);
		if (more == NULL) {
			s->events_lost = true;
			return;
		}
		s->events = more;
		s->event_room = room;
	}
	s->events[s->step.events++] = *event;
}

static int set_flags(struct plan *p, struct standing *s, bool *changed)
{
	struct message_flags mine, new;
	uint64_t shared_seen = s->flags.bits & FLAG_SEEN;
	message_flags_copy(&mine, &s->flags);
	int error = get_seen(p, &s->at, &mine.bits);
	if (error == 0)
		error = plan_new_flags(p, &mine, &new);
	if (error || is_same(&mine, &new))
		return error;
	*changed = true;
	if (!s->goes)
		note_event(p,
		    &(struct account_email_event){s->at.mailbox, s->at.uid, .changed = mine.bits ^ new.bits});
	if (p->seen.user && (mine.bits ^ new.bits) & FLAG_SEEN)
		error = set_seen(p, &s->at, new.bits &FLAG_SEEN);
	if (p->seen.user)
		new.bits = (new.bits & ~FLAG_SEEN) | shared_seen;
	if (error == 0)
		error = message_set_flags(&p->c, s->box, s->at.uid, &s->flags, &new);
	message_flags_copy(&s->flags, &new);
	return error;
}

/* Puts a copy of a place into a target, or the place itself. */
static int put_into(struct plan *p, const struct standing *from, struct change_mailbox *target, bool move)
{
	struct message_source *source = mem_alloc(sizeof *source);
	uint32_t rights = rights_to(p, target), uid;
	uint64_t seen = 0;
	/* What the owner has seen stays so. */
	uint64_t denied = mail_flags_denied(rights) & ~FLAG_SEEN;
	p->c.without_shared = !(rights & RIGHT_ANNOTATE);
	int error = get_seen(p, &from->at, &seen);
	if (error == 0)
		error = message_source_get(&p->c, from->at.mailbox, from->at.uid, move, source);
	if (error == 0)
		error = move ? message_move(&p->c, source, target->number, denied, &uid)
		             : message_copy(&p->c, source, target->number, denied, &uid);
	mem_free(source);
	if (error == 0)
		note_event(p, &(struct account_email_event){target->number, uid, .came = true});
	for (size_t i = 0; i < p->target_count && error == 0; i++)
		if (p->targets[i] == target)
			p->uids[i] = uid;
	if (error == 0 && p->seen.user && seen & FLAG_SEEN && rights & RIGHT_SEEN)
		error = set_seen(p, &(struct account_place){target->number, uid}, true);
	if (error == 0 && target->number == p->c.head.roles[MAILBOX_ROLE_JUNK])
		error = lists_disown(&p->c, p->change.id);
	return error;
}

/* What goes first moves to the first target, so that IMAP's programs see a move; all else is copied. */
static int change_places(struct plan *p, int64_t undelete_until, bool *changed)
{
	size_t mover = 0;
	int error = 0;
	while (mover < p->count && !p->standing[mover].goes)
		mover++;
	bool moves = mover < p->count && p->target_count > 0;
	const struct standing *from = source_of(p);
	/* What goes makes room first: an email in as many mailboxes as may be can change them all. */
	for (size_t i = 0; i < p->count && error == 0; i++)
		if (p->standing[i].goes && !(moves && i == mover))
			error = message_remove(
			    &p->c, p->standing[i].at.mailbox, p->standing[i].at.uid, undelete_until);
	/* Copies before the move: their source may be what moves. */
	for (size_t i = moves; i < p->target_count && error == 0; i++)
		error = put_into(p, from, p->targets[i], false);
	if (error == 0 && moves)
		error = put_into(p, &p->standing[mover], p->targets[0], true);
	*changed = *changed || mover < p->count || p->target_count > 0;
	return error;
}

static int carry_out(struct plan *p, bool *changed)
{
	bool destroys = p->change.what & EMAIL_CHANGE_DESTROY;
	int error = destroys ? 0 : number_names(p);
	*changed = false;
	if (error == 0 && !destroys && is_sent_now(p))
		error = learn_sent(p);
	for (size_t i = 0; i < p->count && error == 0 && !destroys && touches_flags(p); i++)
		error = set_flags(p, &p->standing[i], changed);
	if (error == 0)
		error = change_places(p, undelete_until(p->set->accounts, p->set->now), changed);
	return error ? error : carry_out_snooze(p, changed);
}

/* ---- a step ---- */

/* Errors of a plan that are about this email alone. */
static bool is_refusal(int error)
{
	return error == -ENOENT || error == -ENXIO || error == -EACCES || error == -EINVAL ||
	       error == -EMLINK || error == -E2BIG || error == -EDQUOT || error == -EOVERFLOW ||
	       error == -EBADMSG || error == -EDOM;
}

static int restore_one(struct plan *p, struct email_set_step *step)
{
	struct account_email_set *s = p->set;
	if (step->finished > 0 &&
	    p->c.writes + RESTORE_WRITES + s->with_writes + CHANGE_END_WRITES > STORE_WRITE_KEYS_MAX)
		return 1;
	int error = plan_restore(p);
	if (error == 1 && step->finished > 0)
		return 1;
	if (error == 1)
		error = -EMLINK;
	if (error && !is_refusal(error))
		return error;
	s->results[s->finished + step->finished++] = error;
	step->changed += error == 0;
	return 0;
}

/* 0; 1: the step is full; a negative errno: of the store. */
static int change_one(struct plan *p, struct email_set_step *step)
{
	struct account_email_set *s = p->set;
	if (p->change.what & EMAIL_CHANGE_RESTORE)
		return restore_one(p, step);
	bool changed = false, alone = step->finished == 0;
	int error = plan(p);
	if (error == 1 && alone)
		error = -EMLINK;
	if (error == 1)
		return 1;
	if (error == 0 && p->writes + s->with_writes + CHANGE_END_WRITES > STORE_WRITE_KEYS_MAX)
		error = -E2BIG;
	if (error == 0 && !alone &&
	    p->c.writes + p->writes + s->with_writes + CHANGE_END_WRITES > STORE_SLICE_KEYS)
		return 1;
	if (error && !is_refusal(error))
		return error;
	size_t inverse = s->inverse ? buf_view(s->inverse).len : 0;
	if (error == 0 && s->inverse)
		error = plan_inverse(p, s->inverse);
	s->results[s->finished + step->finished] = error;
	if (error == 0)
		error = carry_out(p, &changed);
	else
		error = plan_give_up(p);
	if (s->inverse && !changed)
		buf_truncate(s->inverse, inverse);
	step->finished++;
	step->changed += changed;
	return error;
}

static int begin_step(struct plan *p, struct txn *t, struct account_email_set *s)
{
	p->set = s;
	int error = change_begin(&p->c, t, s->shard, s->now);
	if (error)
		return error;
	p->c.user = s->actor;
	p->seen = (struct seen_chunk){.user = s->who ? s->who->user : 0};
	s->step.before = p->c.head.states[MAIL_STATE_EMAILS];
	return s->finished == 0 && s->if_modseq != UINT64_MAX && s->step.before != s->if_modseq ? -ESTALE : 0;
}

static int run_set(struct txn *t, void *arg)
{
	struct account_email_set *s = arg;
	struct plan *p = mem_alloc(sizeof *p);
	s->step = (struct email_set_step){.next = s->from, .events = s->event_count};
	if (s->inverse)
		buf_clear(s->inverse);
	int error = begin_step(p, t, s);
	if (error == 0 && s->with)
		error = s->with(s, &p->c, true);
	while (error == 0 && s->step.finished < LOOK_AT_ONCE) {
		struct cursor before = s->step.next;
		if (!email_change_get(&s->step.next, &p->change)) {
			error = cursor_ok(&s->step.next) ? 1 : -EINVAL;
			break;
		}
		error = change_one(p, &s->step);
		if (error)
			s->step.next = before;
	}
	if (error >= 0)
		error = seen_write(&p->c, &p->seen);
	if (error == 0 && s->with)
		error = s->with(s, &p->c, false);
	if (error == 0 && s->step.alarm && s->accounts->alarm)
		error = s->accounts->alarm(t, s->shard, s->step.alarm);
	if (error == 0)
		error = change_end(&p->c);
	s->step.modseq = p->c.head.states[MAIL_STATE_EMAILS];
	mem_free(p);
	return error;
}

static void step_ended(struct store_commit *commit, int result)
{
	struct account_email_set *s = container_of(commit, struct account_email_set, commit);
	if (result == 0) {
		if (s->finished == 0)
			s->before = s->step.before;
		s->finished += s->step.finished;
		s->changed += s->step.changed;
		s->event_count = s->step.events;
		s->modseq = s->step.modseq;
		s->from = s->step.next;
		if (s->step.alarm && (s->alarm == 0 || s->step.alarm < s->alarm))
			s->alarm = s->step.alarm;
	}
	if (result || s->finished >= s->count)
		s->done(s, result);
	else
		store_commit(s->accounts->store, commit);
}

void account_email_set(struct accounts *a, struct account_email_set *s)
{
	s->accounts = a;
	s->now = clock_wall();
	s->from = cursor_on(s->changes);
	s->finished = s->changed = 0;
	s->before = s->modseq = 0;
	s->events = NULL;
	s->event_count = s->event_room = 0;
	s->events_lost = false;
	s->alarm = 0;
	memcpy(s->language, a->language, sizeof s->language);
	s->commit =
	    (struct store_commit){.run = run_set, .arg = s, .large = s->count > FEW, .done = step_ended};
	if (s->upload) {
		s->commit.uploads[0] = s->upload;
		s->commit.upload_count = 1;
	}
	store_commit(a->store, &s->commit);
}
