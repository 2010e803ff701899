/*
 * Expunging, all or none. What fits one transaction needs no more than that. More is first written down as an
 * intent, and from then on it is decided (intent.h).
 */
#include <errno.h>

#include "account/annotation_entries.h"
#include "account/intent.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* As many changes as a delivery to some mailboxes makes: whoever deletes a few doesn't wait for others. */
enum { FEW = 10 };

/* Messages that one step of an EXPUNGE looks at: those that stay write nothing, so room alone is no limit. */
enum { EXPUNGE_LOOKS = 1000 };

/*
 * Does all of it fit one transaction? Not always when messages have keywords without a bit. Asked before the
 * first write, as refusals must be.
 */
static int check_room(struct account_change *c, const struct account_expunge *x)
{
	size_t writes = CHANGE_END_WRITES;
	struct message_now now;
	for (size_t i = 0; i < x->uid_count; i++) {
		size_t annotations = 0;
		int error = message_get(c, x->mailbox, x->uids[i], &now);
		if (error == 0)
			error = annotations_count(c, x->mailbox, x->uids[i], &annotations);
		if (error && error != -ENOENT)
			return error;
		if (error == 0)
			writes += REMOVE_WRITES + 2 * now.flags.more.count + annotations;
	}
	return writes > STORE_WRITE_KEYS_MAX ? -E2BIG : 0;
}

/* Everything in one transaction. */
static int run_small(struct txn *t, void *arg)
{
	const struct account_expunge *x = arg;
	struct account_change c;
	struct change_mailbox *box;
	if (x->removed)
		x->removed->count = x->removed->modseq = 0;
	int error = change_begin(&c, t, x->shard, x->now);
	if (error == 0)
		error = change_mailbox(&c, x->mailbox, &box);
	if (error == 0)
		error = check_room(&c, x);
	for (size_t i = 0; i < x->uid_count && error == 0; i++) {
		error = message_remove(&c, x->mailbox, x->uids[i], undelete_until(x->accounts, x->now));
		if (error == 0)
			intent_note_removed(x->removed, &c, x->uids[i]);
		if (error == -ENOENT)
			error = 0;
	}
	return error ? error : change_end(&c);
}

/* -ENOENT: it is gone, or is not to go any more. */
static int remove_deleted(struct account_change *c, const struct account_expunge *x, uint32_t uid)
{
	struct message_now now;
	int error = message_get(c, x->mailbox, uid, &now);
	if (error || !(now.flags.bits & FLAG_DELETED))
		return error ? error : -ENOENT;
	return message_remove(c, x->mailbox, uid, undelete_until(x->accounts, x->now));
}

/* Those that still have \\Deleted, as many as there is room for. */
static int run_deleted(struct txn *t, void *arg)
{
	struct account_expunge *x = arg;
	struct account_change c;
	struct change_mailbox *box;
	size_t i = 0;
	if (x->removed)
		x->removed->count = x->removed->modseq = 0;
	int error = change_begin(&c, t, x->shard, x->now);
	if (error == 0)
		error = change_mailbox(&c, x->mailbox, &box);
	for (; i < x->uid_count && i < EXPUNGE_LOOKS && error == 0 && (i == 0 || intent_has_room(&c)); i++) {
		error = remove_deleted(&c, x, x->uids[i]);
		if (error == 0)
			intent_note_removed(x->removed, &c, x->uids[i]);
		if (error == -ENOENT)
			error = 0;
	}
	x->reached = i;
	return error ? error : change_end(&c);
}

/* Parts that the intent will have; refusals come before the first write (store.h). */
static size_t count_parts(const struct account_expunge *x)
{
	size_t ranges = 0;
	for (size_t i = 0; i < x->uid_count; i++)
		ranges += i == 0 || x->uids[i] != x->uids[i - 1] + 1;
	return (ranges + ACCOUNT_INTENT_RANGES - 1) / ACCOUNT_INTENT_RANGES;
}

static int check_mailbox(struct txn *t, const struct account_expunge *x)
{
	struct account_mailbox m;
	return mailbox_get(t, x->shard, x->mailbox, &m);
}

/* Writes the intent: ranges of UIDs, in as many parts as it takes. */
static int run_intent(struct txn *t, void *arg)
{
	struct account_expunge *x = arg;
	if (count_parts(x) >= STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	struct account_head head;
	uint32_t parts = 0;
	int error = head_get(t, x->shard, &head);
	if (error == 0)
		error = check_mailbox(t, x);
	if (error)
		return error;
	struct account_intent *intent = mem_alloc(sizeof *intent);
	*intent =
	    (struct account_intent){.process = x->accounts->process, .mailbox = x->mailbox, .time = x->now};
	for (size_t i = 0; i < x->uid_count && error == 0; i++) {
		uint32_t uid = x->uids[i];
		if (intent->count && intent->ranges[intent->count - 1].last + 1 == uid) {
			intent->ranges[intent->count - 1].last = uid;
			continue;
		}
		if (intent->count == ACCOUNT_INTENT_RANGES) {
			error = intent_put(t, x->shard, head.next_intent, parts++, intent);
			intent->count = 0;
		}
		intent->ranges[intent->count++] = (struct uid_range){uid, uid};
	}
	if (error == 0)
		error = intent_put(t, x->shard, head.next_intent, parts, intent);
	x->intent = head.next_intent++;
	if (error == 0)
		error = head_put(t, x->shard, &head);
	mem_free(intent);
	return error;
}

static void applied(struct account_request *r, int result)
{
	struct account_expunge *x = container_of(r, struct account_expunge, repair);
	if (result)
		intent_leave(x->accounts, x->shard, x->intent);
	x->done(x, result);
}

static void committed(struct store_commit *c, int result)
{
	struct account_expunge *x = container_of(c, struct account_expunge, commit);
	if (result == -E2BIG && c->run == run_small) {
		c->run = run_intent;
		store_commit(x->accounts->store, c);
		return;
	}
	if (result || c->run != run_intent) {
		x->done(x, result);
		return;
	}
	if (x->removed)
		*x->removed = (struct account_removed){.uids = x->removed->uids};
	/* Only this one: of what others left to be removed, nobody is to be told here. */
	x->repair = (struct account_request){
	    .shard = x->shard, .done = applied, .removed = x->removed, .only = x->intent};
	account_repair(x->accounts, &x->repair);
}

void account_expunge(struct accounts *a, struct account_expunge *x)
{
	x->accounts = a;
	x->now = clock_wall();
	x->commit = (struct store_commit){.run = x->deleted_only                  ? run_deleted
	                                         : x->uid_count <= REMOVE_AT_ONCE ? run_small
	                                                                          : run_intent,
	    .arg = x,
	    .frees_space = true,
	    .large = x->uid_count > FEW,
	    .done = committed};
	store_commit(a->store, &x->commit);
}
