/*
 * Copying and moving messages: see messages.h. Each slice is planned before it writes: how many messages it
 * has room for, and whether one of them refuses. A move's slice is complete in itself. The slices of a copy
 * that needs several write down which copies they make, as an intent to remove them; the last one withdraws
 * it.
 */
#include <errno.h>

#include "account/annotation_entries.h"
#include "account/intent.h"
#include "account/lists.h"
#include "account/messages.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	/* Entries that a slice writes, of STORE_WRITE_KEYS_MAX: as many as take two milliseconds. More slices
	 * would cost more syncs, one after the other. */
	SLICE_KEYS = 1800,
	LOOK_AT_ONCE = SLICE_KEYS / 2, /* messages that it could have room for */
	FEW = 10,                      /* whoever copies a few doesn't wait for others */
	PARTS_MAX = 900,               /* of a copy's intent: the last slice removes all of them */
	COPIES_MAX =
	    200000 /* uids of one request, so that the parts suffice even for messages with many keywords */
};

/* A slice under way. */
struct slice {
	struct account_change change;
	size_t taken;                                /* of the uids */
	struct message_source sources[LOOK_AT_ONCE]; /* uid 0: there is no such message */
};

/* What the message writes, in a block of its own or in the one before; beside the target's blocks. */
static size_t writes_of(const struct account_copy *c, const struct message_now *now, bool new_block)
{
	size_t more = now->flags.more.count;
	if (c->move)
		return 3 + (new_block ? 3 : 0) + (more ? 2 : 0) + (c->denied & FLAG_KEYWORD ? 2 * more : 0);
	return 2 + (more ? 1 + 2 * more : 0);
}

/* How many of the uids this slice takes, and these; or why one can't be copied. */
static int plan(struct slice *slice, struct account_copy *c)
{
	struct account_change *change = &slice->change;
	/* And what is told of lists, where it goes into Junk. */
	size_t writes = 1 + CHANGE_END_WRITES + 1 + LOOK_AT_ONCE / ACCOUNT_BLOCK + 2 + c->part;
	size_t n = 0, count = 0;
	uint64_t bytes = 0;
	uint32_t block = UINT32_MAX;
	for (; n < LOOK_AT_ONCE && c->next + n < c->uid_count; n++) {
		struct message_source *source = &slice->sources[n];
		uint32_t uid = c->uids[c->next + n];
		int error = message_source_get(change, c->mailbox, uid, c->move, source);
		if (error == -ENOENT) {
			source->uid = 0;
			continue;
		}
		if (error)
			return error;
		struct annotations_weight noted;
		error = annotations_weigh(change, c->mailbox, uid, &noted);
		count += noted.count;
		bytes += noted.bytes;
		/* What is moved takes no more than before. */
		if (error == 0 && !c->move)
			error = annotations_room(&change->head, count, bytes, c->quota_default);
		if (error)
			return error;
		/* Of a move they are put and deleted. */
		writes += writes_of(c, &source->now, block_of(uid) != block) + noted.count +
		          (c->move ? noted.all : 0);
		block = block_of(uid);
		if (n > 0 && writes > SLICE_KEYS)
			break;
	}
	slice->taken = n;
	return 0;
}

static int begin_slice(struct account_change *change, struct txn *t, struct account_copy *c)
{
	struct change_mailbox *from, *to;
	int error = change_begin(change, t, c->shard, c->now);
	change->user = c->user;
	change->without_shared = c->without_shared;
	if (error == 0)
		error = change_mailbox(change, c->mailbox, &from);
	if (error == 0)
		error = change_mailbox(change, c->to, &to);
	if (error == 0 && c->uid_count - c->next >= UINT32_MAX - to->m.uidnext)
		error = -EOVERFLOW;
	if (error == 0)
		c->uidvalidity = to->m.uidvalidity;
	return error;
}

/* The copies of this slice become a part of the intent, unless there is no other slice; with the last one the
 * parts go. */
static int keep_intent(struct account_change *change, struct account_copy *c)
{
	struct entry value;
	bool last = c->slice_next == c->uid_count;
	int error = 0;
	if (c->move || (last && c->part == 0))
		return 0;
	if (c->part == 0)
		c->intent = change->head.next_intent++;
	for (uint32_t part = 0; last && part < c->part && error == 0; part++)
		error = change_delete(change, key_intent(c->intent, part));
	if (last)
		return error;
	struct account_intent *intent = mem_alloc(sizeof *intent);
	*intent = (struct account_intent){
	    .what = INTENT_COPY, .process = c->accounts->process, .mailbox = c->to, .time = c->now};
	if (c->slice_count > 0) {
		intent->count = 1;
		intent->ranges[0] =
		    (struct uid_range){c->new_uids[c->count], c->new_uids[c->count + c->slice_count - 1]};
	}
	intent_encode(intent, &value);
	mem_free(intent);
	return change_put(change, key_intent(c->intent, c->part), &value);
}

static int copy_one(
    struct account_change *change, struct account_copy *c, const struct message_source *source)
{
	uint32_t new_uid;
	int error = c->move ? message_move(change, source, c->to, c->denied, &new_uid)
	                    : message_copy(change, source, c->to, c->denied, &new_uid);
	if (error == 0 && c->to == change->head.roles[MAILBOX_ROLE_JUNK])
		error = lists_disown(change, source->now.m.emailid);
	if (error)
		return error;
	c->copied[c->count + c->slice_count] = source->uid;
	c->new_uids[c->count + c->slice_count++] = new_uid;
	c->slice_modseq = change->head.modseq;
	return 0;
}

static int copy_all(struct slice *slice, struct account_copy *c)
{
	uint64_t highest = 0;
	for (size_t i = 0; i < slice->taken; i++, c->slice_next++) {
		struct message_source *source = &slice->sources[i];
		if (source->uid == 0)
			continue;
		int error = 0;
		/* Emails have their numbers in the order in which they came, so that one with a higher number
		 * got no place in this slice. */
		if (source->now.m.emailid <= highest)
			error = message_source_get(&slice->change, c->mailbox, source->uid, c->move, source);
		else
			highest = source->now.m.emailid;
		if (error == -ENOENT)
			continue;
		/* Its last place was given in this slice: the next one refuses it before it writes. */
		if (error == -EMLINK)
			return 0;
		if (error == 0)
			error = copy_one(&slice->change, c, source);
		if (error)
			return error;
	}
	return 0;
}

static int run_copy(struct txn *t, void *arg)
{
	struct account_copy *c = arg;
	struct slice *slice = mem_alloc(sizeof *slice);
	c->slice_count = 0;
	c->slice_modseq = 0;
	c->slice_next = c->next;
	int error = begin_slice(&slice->change, t, c);
	if (error == 0)
		error = plan(slice, c);
	if (error == 0)
		error = copy_all(slice, c);
	if (error == 0)
		error = keep_intent(&slice->change, c);
	if (error == 0)
		error = change_end(&slice->change);
	mem_free(slice);
	return error;
}

static void undone(struct account_request *r, int result)
{
	struct account_copy *c = container_of(r, struct account_copy, undo);
	if (result)
		intent_leave(c->accounts, c->shard, c->intent);
	c->count = 0;
	c->done(c, c->failure);
}

static void slice_ended(struct store_commit *commit, int result)
{
	struct account_copy *c = container_of(commit, struct account_copy, commit);
	bool last = c->slice_next == c->uid_count;
	if (result == 0) {
		c->part += !c->move && !last;
		c->count += c->slice_count;
		c->modseq = c->slice_modseq ? c->slice_modseq : c->modseq;
		c->next = c->slice_next;
		if (!last && c->part == PARTS_MAX)
			result = -E2BIG;
	}
	if (result == 0 && !last) {
		store_commit(c->accounts->store, commit);
	} else if (result && c->part > 0) {
		c->failure = result;
		c->undo = (struct account_request){.shard = c->shard, .done = undone, .only = c->intent};
		account_repair(c->accounts, &c->undo);
	} else {
		c->done(c, result);
	}
}

static int run_refuse(struct txn *t, void *arg)
{
	(void)t, (void)arg;
	return -E2BIG;
}

void account_copy(struct accounts *a, struct account_copy *c)
{
	c->accounts = a;
	c->now = clock_wall();
	c->count = c->next = c->slice_next = 0;
	c->modseq = 0;
	c->part = 0;
	c->commit = (struct store_commit){.run = c->uid_count <= COPIES_MAX ? run_copy : run_refuse,
	    .arg = c,
	    .large = c->uid_count > FEW,
	    .done = slice_ended};
	store_commit(a->store, &c->commit);
}
