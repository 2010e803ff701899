/*
 * MAIL_FIND: which messages of a mailbox have a text. The account's segments are looked through on a thread;
 * what they know for certain is said so, and what they only propose, and mail that they do not know yet, may
 * have it: the asker reads those. The index knows emails, and the answer has the UIDs that they have in this
 * mailbox.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/right_find.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

struct right_find *find_of(struct question *q)
{
	return container_of(q, struct right_find, question);
}

static void release(struct question *q)
{
	struct right_find *f = find_of(q);
	account_emails_free(&f->emails);
	buf_done(&f->text);
	for (size_t i = 0; f->found && i < f->state->count; i++)
		segment_found_done(&f->found[i]);
	mem_free(f->found);
	mem_free(f->needed);
	mem_free(f->state);
	mem_free(f->heads);
	mem_free(f->hits);
	mem_free(f->single);
	mem_free(f->walk);
	mem_free(f->places);
}

static const struct question_kind kind = {.release = release};

/* ---- gathering ---- */

static int add_hit(struct right_find *f, uint64_t emailid, bool sure)
{
	if (f->hit_count == f->hit_room) {
		size_t room = f->hit_room ? 2 * f->hit_room : 256;
		struct find_hit *more = mem_try_resize(f->hits, room * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		f->hits = more;
		f->hit_room = room;
	}
	f->hits[f->hit_count++] = (struct find_hit){emailid, sure};
	return 0;
}

/* ---- from emails to UIDs ---- */

static void single_more(struct right_find *f);

static void single_read(struct account_uids_of *u, int result)
{
	struct right_find *f = u->arg;
	if (!question_back(&f->question))
		return;
	for (size_t i = 0; i < u->count && result == 0; i++)
		if (u->uids[i])
			result = find_add_place(f, u->uids[i], f->hits[f->next + i].sure);
	for (size_t i = 0; i < u->more_count && result == 0; i++)
		result = find_add_place(f, u->more[i].uid, f->hits[f->next + u->more[i].index].sure);
	if (result)
		question_fail(&f->question, result);
	else
		single_more(f);
}

static void single_more(struct right_find *f)
{
	if (f->next == 0) {
		find_finish(f, 0);
		return;
	}
	size_t count = f->next < ACCOUNT_SEARCH_IDS ? f->next : ACCOUNT_SEARCH_IDS;
	f->next -= count;
	for (size_t i = 0; i < count; i++)
		f->single_ids[i] = f->hits[f->next + i].emailid;
	if (f->single == NULL)
		f->single = mem_alloc(sizeof *f->single);
	f->single->shard = f->box.shard;
	f->single->mailbox = f->box.mailbox;
	f->single->ids = f->single_ids;
	f->single->count = count;
	f->single->done = single_read;
	f->single->arg = f;
	question_call(&f->question);
	account_uids_of(&store_role.accounts, f->single);
}

static const struct find_hit *find_hit(const struct right_find *f, uint64_t emailid)
{
	size_t low = 0, high = f->hit_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (f->hits[middle].emailid < emailid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->hit_count && f->hits[low].emailid == emailid ? &f->hits[low] : NULL;
}

static void walk_more(struct right_find *f);

static void walk_read(struct account_ids_in *w, int result)
{
	struct right_find *f = w->arg;
	if (!question_back(&f->question))
		return;
	for (size_t i = 0; i < w->count && result == 0; i++) {
		const struct find_hit *hit = find_hit(f, w->ids[i]);
		bool unknown = w->ids[i] > f->state->covered || f->damaged;
		if (hit || unknown)
			result = find_add_place(f, w->uids[i], hit && hit->sure);
	}
	if (result) {
		question_fail(&f->question, result);
	} else if (w->count < STORE_READ_KEYS_MAX) {
		find_finish(f, 0);
	} else {
		w->after = w->uids[w->count - 1];
		walk_more(f);
	}
}

static void walk_more(struct right_find *f)
{
	question_call(&f->question);
	account_ids_in(&store_role.accounts, f->walk);
}

static void place_hits(struct right_find *f)
{
	f->next = f->hit_count;
	if (f->by_email) {
		find_emails(f);
		return;
	}
	if (!f->damaged && f->hit_count <= FIND_SINGLE_MAX) {
		single_more(f);
		return;
	}
	if (f->walk == NULL)
		f->walk = mem_alloc(sizeof *f->walk);
	f->walk->shard = f->box.shard;
	f->walk->down = false;
	f->walk->after = 0;
	f->walk->mailbox = f->box.mailbox;
	f->walk->done = walk_read;
	f->walk->arg = f;
	walk_more(f);
}

/* ---- what the index does not know yet ---- */

static void list_more(struct right_find *f);

static void listed(struct account_email_ids *e, int result)
{
	struct right_find *f = e->arg;
	if (!question_back(&f->question))
		return;
	f->fresh += result ? 0 : e->count;
	for (size_t i = 0; i < e->count && result == 0; i++)
		result = add_hit(f, e->ids[i], false);
	if (result) {
		question_fail(&f->question, result);
	} else if (e->count == e->room) {
		f->listing.after = e->ids[e->count - 1];
		list_more(f);
	} else {
		place_hits(f);
	}
}

static void list_more(struct right_find *f)
{
	question_call(&f->question);
	account_email_ids(&store_role.accounts, &f->listing);
}

/* ---- the index ---- */

static int compare_hits(const void *a, const void *b)
{
	const struct find_hit *x = a, *y = b;
	return x->emailid < y->emailid ? -1 : x->emailid > y->emailid;
}

static int take_found(struct right_find *f, const struct segment_found *found)
{
	int error = 0;
	for (uint32_t i = 0; i < found->messages && error == 0; i++) {
		bool sure = segment_bit(found->sure, i);
		if (sure || segment_bit(found->maybe, i))
			error = add_hit(f, found->emailids[i], sure);
	}
	return error;
}

/* Puts a segment among those before it, by its first email. */
static void put_in_order(const struct right_find *f, uint16_t *order, uint16_t segment)
{
	size_t at = segment;
	for (; at > 0 && f->heads[order[at - 1]].first_email > f->heads[segment].first_email; at--)
		order[at] = order[at - 1];
	order[at] = segment;
}

/* On a thread. Segments are merged from any place, but mostly none begins within another one: looked through
 * in the order of their first emails, they give hits in order. */
static int look(struct search_job *job)
{
	struct right_find *f = container_of(job, struct right_find, job);
	uint16_t order[ACCOUNT_SEGMENTS_MAX];
	int error = 0;
	for (size_t i = 0; i < f->state->count; i++)
		put_in_order(f, order, (uint16_t)i);
	for (size_t i = 0; i < f->state->count && error == 0; i++) {
		error = find_look(f, order[i]);
		if (error == 0)
			error = take_found(f, &f->found[order[i]]);
		segment_found_done(&f->found[order[i]]);
	}
	for (size_t i = 1; i < f->hit_count; i++)
		if (f->hits[i - 1].emailid > f->hits[i].emailid) {
			qsort(f->hits, f->hit_count, sizeof *f->hits, compare_hits);
			break;
		}
	return error;
}

static void looked(struct search_job *job, int result)
{
	struct right_find *f = container_of(job, struct right_find, job);
	if (!find_looked(f, result))
		return;
	/* Any email may have it, then. */
	if (f->by_email && f->damaged) {
		f->hit_count = 0;
		f->listing.after = 0;
	}
	list_more(f);
}

static void find_all(struct right_find *f)
{
	f->place_count = 0;
	f->fresh = 0;
	f->listing = (struct account_email_ids){.shard = f->box.shard,
	    .after = f->state->covered,
	    .last = f->state->next_email ? f->state->next_email - 1 : 0,
	    .ids = f->ids,
	    .room = STORE_READ_KEYS_MAX,
	    .done = listed,
	    .arg = f};
	if (f->state->count == 0 || f->damaged) {
		list_more(f);
		return;
	}
	f->job = (struct search_job){.run = look, .done = looked};
	question_call(&f->question);
	search_job_add(SEARCH_FINDS, &f->job);
}

static void state_read(struct account_search *s, int result)
{
	struct right_find *f = s->arg;
	if (!question_back(&f->question))
		return;
	if (result) {
		question_fail(&f->question, result);
		return;
	}
	f->heads = mem_array(ACCOUNT_SEGMENTS_MAX, sizeof *f->heads);
	/* Of another version: it is made anew, and nothing is known meanwhile. */
	if (store_search_heads(s, f->heads) != 0) {
		s->count = 0;
		s->covered = 0;
	}
	f->found = mem_array(s->count + 1, sizeof *f->found);
	if (f->limit)
		find_newest(f, find_all);
	else
		find_all(f);
}

/* ---- the question ---- */

static unsigned sections_of(uint64_t field)
{
	static const unsigned sections[MAIL_FIELDS] = {
	    [MAIL_FIELD_ANY] = 1 << SEARCH_HEADER | 1 << SEARCH_BODY | 1 << SEARCH_ATTACHMENT,
	    [MAIL_FIELD_BODY] = 1 << SEARCH_BODY | 1 << SEARCH_ATTACHMENT,
	    [MAIL_FIELD_SUBJECT] = 1 << SEARCH_SUBJECT,
	    [MAIL_FIELD_FROM] = 1 << SEARCH_FROM,
	    [MAIL_FIELD_TO] = 1 << SEARCH_TO,
	    [MAIL_FIELD_CC] = 1 << SEARCH_CC,
	    [MAIL_FIELD_BCC] = 1 << SEARCH_BCC,
	    [MAIL_FIELD_HEADER] = 1 << SEARCH_HEADER,
	    [MAIL_FIELD_ATTACHMENT] = 1 << SEARCH_ATTACHMENT,
	};
	return sections[field];
}

void find_granted(struct question *q)
{
	struct right_find *f = find_of(q);
	f->state = mem_alloc(sizeof *f->state);
	f->state->shard = f->box.shard;
	f->state->done = state_read;
	f->state->arg = f;
	question_call(q);
	account_search_read(&store_role.accounts, f->state);
}

struct right_find *find_begin(
    struct right *r, uint32_t request, uint64_t field, uint64_t how, struct view text)
{
	static const enum search_how hows[] = {[MAIL_FIND_SUBSTRING] = SEARCH_SUBSTRING,
	    [MAIL_FIND_WORDS] = SEARCH_WORDS,
	    [MAIL_FIND_PREFIX] = SEARCH_PREFIX};
	struct right_find *f = question_begin(r, request, sizeof *f, &kind);
	buf_init(&f->text, MAIL_FIND_TEXT_MAX);
	buf_append(&f->text, text);
	/* Words of all fields stand together: which field it was is for the asker to see. */
	f->query = (struct search_query){.sections = sections_of(field),
	    .how = hows[how],
	    .text = buf_view(&f->text),
	    .propose = field == MAIL_FIELD_HEADER};
	return f;
}

void right_find(struct right *r, uint32_t request, const void *message)
{
	const struct mail_find *m = message;
	struct right_find *f = find_begin(r, request, m->field, m->how, m->text);
	f->limit = m->limit;
	f->before = (uint32_t)m->before;
	right_access(&f->question, m->account, m->mailbox, RIGHT_READ, &f->box, find_granted);
}
