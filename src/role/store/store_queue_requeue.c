/*
 * `postrider queue requeue`: for whom a queued message waits is found out anew, as if it came now. An alias
 * that was mended, a domain that is ours since yesterday: its mail goes where it goes today.
 *
 * Recipients of a record are never taken out and never change their numbers, since relay may be trying them:
 * one that leads elsewhere now has become others (RECORD_EXPANDED), which stand behind the rest. A mailbox
 * that has got the message already knows its id and takes it no second time.
 */
#include <errno.h>

#include "base/mem.h"
#include "format/domain.h"
#include "role/store/directory_job.h"
#include "role/store/store_queue_task.h"

enum { PREFIX_MAX = 4096 };

struct anew {
	struct spool *s;
	const struct queue_id *id;
	struct queue_record *record;
	struct directory_targets *targets; /* where `original` leads now */
	struct view original;              /* the recipient as it was given: before any alias */
	bool changed;
};

/* ---- where it leads ---- */

static struct view original_of(const struct record_recipient *p)
{
	return p->forwarder.len > 0 ? p->forwarder : p->address;
}

/* What waits for a time or for relay's own work is not on its way yet. */
static bool is_open(const struct record_recipient *p)
{
	return p->state == RECORD_WAITING && !(p->destination.len > 0 && p->destination.data[0] == '@');
}

static bool is_target(const struct record_recipient *p, const struct directory_target *t)
{
	return t->remote ? !p->local && view_equal_nocase(p->address, address_view(&t->address))
	                 : p->local && p->account == t->shard;
}

/* An address of another host is its own only target. False: it leads nowhere now, and waits as before. */
static bool look(struct anew *a)
{
	int error = directory_job_resolve(a->s->txn, a->original, a->targets);
	if (error != -EXDEV)
		return error == 0;
	a->targets->count = 1;
	a->targets->items[0] = (struct directory_target){.remote = true};
	return address_normalize(a->original, &a->targets->items[0].address) == 0;
}

/* ---- who is added ---- */

static bool set_here(struct anew *a, struct record_recipient *p, const struct directory_target *t)
{
	struct buf prefix;
	buf_init(&prefix, PREFIX_MAX);
	buf_printf(&prefix, "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n",
	    VIEW_FMT(a->record->terms.sender), VIEW_FMT(address_view(&t->address)));
	p->local = true;
	p->account = t->shard;
	bool good = !buf_failed(&prefix) && arena_copy(&a->s->arena, buf_view(&prefix), &p->prefix) &&
	            arena_copy(&a->s->arena, a->original, &p->address);
	buf_done(&prefix);
	return good;
}

static bool set_elsewhere(struct anew *a, struct record_recipient *p, const struct directory_target *t)
{
	struct buf domain;
	buf_init(&domain, QUEUE_NAME_MAX);
	bool itself = view_equal_nocase(a->original, address_view(&t->address));
	bool good = domain_normalize(address_domain(&t->address), &domain) == 0 &&
	            arena_copy(&a->s->arena, buf_view(&domain), &p->destination) &&
	            arena_copy(&a->s->arena, itself ? a->original : address_view(&t->address), &p->address);
	p->forwarder = itself ? (struct view){0} : a->original;
	buf_done(&domain);
	return good;
}

static bool is_known(const struct anew *a, const struct directory_target *t)
{
	for (size_t i = 0; i < a->record->count; i++)
		if (view_equal_nocase(original_of(&a->record->recipients[i]), a->original) &&
		    a->record->recipients[i].state != RECORD_EXPANDED &&
		    is_target(&a->record->recipients[i], t))
			return true;
	return false;
}

/* 0; -E2BIG: the record can take no more; -ENODATA: what mailboxes need is not known of this message. */
static int add(struct anew *a, const struct record_recipient *like, const struct directory_target *t)
{
	struct queue_record *r = a->record;
	if (r->count == QUEUE_RECIPIENTS_MAX)
		return -E2BIG;
	if (!t->remote && r->summary.len == 0)
		return -ENODATA;
	struct record_recipient *p = &r->recipients[r->count];
	*p = (struct record_recipient){.state = RECORD_WAITING,
	    .notify = like->notify,
	    .orcpt = like->orcpt,
	    .not_before = r->terms.hold_until};
	if (!(t->remote ? set_elsewhere(a, p, t) : set_here(a, p, t)))
		return -ENOMEM;
	r->count++;
	spool_note(a->s, NOTE_QUEUED, a->id, p)->at = a->s->now;
	return 0;
}

/* ---- one recipient ---- */

static int renew(struct anew *a, size_t number)
{
	struct record_recipient *p = &a->record->recipients[number];
	bool stays = false;
	int error = 0;
	a->original = original_of(p);
	if (!look(a))
		return 0;
	for (size_t i = 0; i < a->targets->count; i++)
		stays = stays || is_target(p, &a->targets->items[i]);
	for (size_t i = 0; i < a->targets->count && error == 0; i++) {
		if (is_known(a, &a->targets->items[i]))
			continue;
		error = add(a, p, &a->targets->items[i]);
		a->changed = true;
	}
	if (error || stays)
		return error;
	p->state = RECORD_EXPANDED;
	a->changed = true;
	spool_note(a->s, NOTE_EXPANDED, a->id, p);
	return 0;
}

int store_queue_anew(struct spool *s, struct spool_message *m, bool *changed)
{
	struct queue_record *r = &m->record;
	size_t count = r->count;
	struct record_recipient *all = arena_array(&s->arena, QUEUE_RECIPIENTS_MAX, sizeof *all);
	int error = 0;
	*changed = false;
	if (all == NULL || count > QUEUE_RECIPIENTS_MAX)
		return all ? -E2BIG : -ENOMEM;
	for (size_t i = 0; i < count; i++)
		all[i] = r->recipients[i];
	r->recipients = all;
	struct anew a = {.s = s, .id = &m->id, .record = r, .targets = mem_resize(NULL, sizeof *a.targets)};
	for (size_t i = 0; i < count && error == 0; i++)
		if (is_open(&r->recipients[i]))
			error = renew(&a, i);
	mem_free(a.targets);
	*changed = a.changed;
	return error;
}
