/* MAIL_OPEN: a mailbox's state and UIDs for a session that selects it, and what has changed since it was
 * here. */
#include <errno.h>

#include "base/container.h"
#include "mail/uid_ranges.h"
#include "role/store/right_changes.h"
#include "role/store/store_private.h"

struct right_opening {
	struct question question;
	struct right_mailbox box;
	struct mail_open asked;
	struct account_uids uids;
	struct right_keywords keywords;
	struct account_changes changes;
	struct buf there;      /* all UIDs, as ranges: only for a session that asks what has changed */
	struct mail_done done; /* filled in by the first slice */
};

static struct right_opening *opening_of(struct question *question)
{
	return container_of(question, struct right_opening, question);
}

static void release(struct question *question)
{
	struct right_opening *o = opening_of(question);
	account_uids_free(&o->uids);
	account_changes_free(&o->changes);
	right_keywords_free(&o->keywords);
	buf_done(&o->there);
}

static void read_uids(struct right_opening *o, uint32_t from);

static void go_on(struct question *question)
{
	struct right_opening *o = opening_of(question);
	if (o->uids.next)
		read_uids(o, o->uids.next);
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* Of the UIDs that were told those that are new: what arrives changes no flag, so no block names it. */
static bool answer_arrived(struct right_opening *o)
{
	struct buf ranges;
	struct cursor in = cursor_on(buf_view(&o->there));
	uint32_t first, last;
	buf_init(&ranges, o->there.max);
	while (uid_ranges_next(&in, &first, &last))
		if (last >= o->changes.arrived)
			uid_ranges_add(
			    &ranges, first > o->changes.arrived ? first : o->changes.arrived, last);
	bool told = !buf_failed(&ranges);
	if (told)
		question_answer_ranges(&o->question, MAIL_ARRIVED, buf_view(&ranges));
	buf_done(&ranges);
	return told;
}

static void changes_read(struct account_changes *changes, int result)
{
	struct right_opening *o = container_of(changes, struct right_opening, changes);
	struct view there = buf_view(&o->there);
	if (!question_back(&o->question))
		return;
	if (result && result != -ESTALE) {
		question_fail(&o->question, result);
		return;
	}
	o->done.number = result == -ESTALE;
	if (result == 0) {
		right_changes_answer(&o->question, changes, &there);
		if (!answer_arrived(o)) {
			question_fail(&o->question, -ENOMEM);
			return;
		}
	}
	question_done(&o->question, &o->done);
}

static void finish(struct right_opening *o)
{
	bool asks = o->asked.uidvalidity != 0;
	if (!asks || o->asked.uidvalidity != o->done.uidvalidity) {
		o->done.number = asks;
		question_done(&o->question, &o->done);
		return;
	}
	o->changes = (struct account_changes){
	    .shard = o->box.shard, .mailbox = o->box.mailbox, .since = o->asked.since, .done = changes_read};
	question_call(&o->question);
	account_changes(&store_role.accounts, &o->changes);
}

/* The UIDs of this slice. What arrived since the first one is left for later. */
static void answer_uids(struct right_opening *o)
{
	struct question *question = &o->question;
	struct buf ranges;
	int error = 0;
	buf_init(&ranges, (o->uids.count + 1) * UID_RANGE_SIZE);
	for (size_t i = 0; i < o->uids.count; i++) {
		struct uid_range range = o->uids.ranges[i];
		if (range.last >= o->done.uidnext)
			range.last = (uint32_t)o->done.uidnext - 1;
		if (range.first <= range.last && range.first < o->done.uidnext)
			uid_ranges_add(&ranges, range.first, range.last);
	}
	if (o->asked.uidvalidity && buf_append(&o->there, buf_view(&ranges)) != 0)
		error = -ENOMEM;
	if (error == 0)
		question_answer_ranges(question, MAIL_UIDS, buf_view(&ranges));
	buf_done(&ranges);
	if (error)
		question_fail(question, error);
	else if (o->uids.next == 0)
		finish(o);
	else if (right_has_room(question->right))
		read_uids(o, o->uids.next);
}

static bool answer_mailbox(struct right_opening *o)
{
	const struct account_uids *u = &o->uids;
	struct mail_mailbox m = {.account = o->box.account,
	    .mailbox = o->box.mailbox,
	    .owner_number = o->box.shard % MAIL_ACCOUNT_END,
	    .rights = o->box.rights,
	    .uidvalidity = u->uidvalidity,
	    .uidnext = u->uidnext,
	    .recent = u->recent,
	    .messages = u->messages,
	    .unseen = u->unseen,
	    .deleted = u->deleted,
	    .bytes = u->bytes,
	    .modseq = u->modseq};
	o->done = (struct mail_done){.modseq = u->modseq,
	    .uidvalidity = u->uidvalidity,
	    .uidnext = u->uidnext,
	    .messages = u->messages};
	return question_answer(&o->question, MAIL_MAILBOX, &m);
}

static void names_told(struct question *question, int error)
{
	struct right_opening *o = opening_of(question);
	if (error)
		question_fail(question, error);
	else if (answer_mailbox(o))
		answer_uids(o);
}

static void uids_read(struct account_uids *u, int result)
{
	struct right_opening *o = container_of(u, struct right_opening, uids);
	if (!question_back(&o->question))
		return;
	if (result)
		question_fail(&o->question, result);
	else if (o->done.uidvalidity)
		answer_uids(o);
	else
		right_keywords(&o->question, &o->keywords, &o->box, NULL, 0, names_told);
}

static void read_uids(struct right_opening *o, uint32_t from)
{
	account_uids_free(&o->uids);
	/* They are recent to one session alone, whosever it is (RFC 3501 section 2.3.2); but who may not even
	 * note what was seen changes nothing. */
	o->uids = (struct account_uids){.shard = o->box.shard,
	    .mailbox = o->box.mailbox,
	    .user = o->box.user,
	    .from = from,
	    .take_recent = o->asked.take_recent && from == 1 && o->box.rights & RIGHT_SEEN,
	    .done = uids_read};
	question_call(&o->question);
	account_uids(&store_role.accounts, &o->uids);
}

static void granted(struct question *question)
{
	read_uids(opening_of(question), 1);
}

void right_open_mailbox(struct right *r, uint32_t request, const void *message)
{
	const struct mail_open *m = message;
	struct right_opening *o = question_begin(r, request, sizeof *o, &kind);
	o->asked = *m;
	buf_init(&o->there, MAIL_RANGES_MAX * 10);
	right_access(&o->question, m->account, m->mailbox, RIGHT_READ, &o->box, granted);
}
