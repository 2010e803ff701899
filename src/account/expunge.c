/*
 * Expunging, all or none. What fits one transaction needs no more than that. More is first written down as an
 * intent (I): from then on it is decided. It is applied in transactions of which each removes the messages
 * that it can hold; whoever finds an intent goes on with it, and the last one removes it. Applying is
 * idempotent, since a message that is already gone is passed over.
 */
#include <errno.h>

#include "account/message.h"
#include "account/slices.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	REMOVE_WRITES =
	    MESSAGE_REMOVE_FEW + 2, /* with an O and an L entry, when each is in a block of its own */
	REMOVE_AT_ONCE = (STORE_WRITE_KEYS_MAX - CHANGE_END_WRITES) / REMOVE_WRITES,
	FEW = 10 /* as many changes as a delivery to some mailboxes makes: whoever deletes a few doesn't wait
	            for others */
};

static int64_t undelete_until(const struct accounts *a, int64_t now)
{
	return a->undelete_seconds > 0 ? now + a->undelete_seconds : 0;
}

/* Room for one message more? Keywords beyond those with a bit are what makes one large. */
static bool has_room(const struct account_change *c)
{
	return c->writes + MESSAGE_WRITES_MAX + CHANGE_END_WRITES <= STORE_SLICE_KEYS;
}

static void note_removed(struct account_removed *removed, const struct account_change *c, uint32_t uid)
{
	if (removed == NULL)
		return;
	removed->uids[removed->count++] = uid;
	removed->modseq = c->head.modseq;
}

/*
 * Does all of it fit one transaction? Not always when messages have keywords without a bit. Asked before the
 * first write, as refusals must be.
 */
static int check_room(struct account_change *c, const struct account_expunge *x)
{
	size_t writes = CHANGE_END_WRITES;
	struct message_now now;
	for (size_t i = 0; i < x->uid_count; i++) {
		int error = message_get(c, x->mailbox, x->uids[i], &now);
		if (error && error != -ENOENT)
			return error;
		if (error == 0)
			writes += REMOVE_WRITES + 2 * now.flags.more.count;
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
			note_removed(x->removed, &c, x->uids[i]);
		if (error == -ENOENT)
			error = 0;
	}
	return error ? error : change_end(&c);
}

static int put_intent_part(struct txn *t, const struct account_expunge *x, uint64_t id, uint32_t part,
    const struct account_intent *intent)
{
	struct entry value;
	intent_encode(intent, &value);
	return value_put(t, x->shard, key_intent(id, part), &value);
}

/* Parts that the intent will have; refusals come before the first write (store.h). */
static size_t count_parts(const struct account_expunge *x)
{
	size_t ranges = 0;
	for (size_t i = 0; i < x->uid_count; i++)
		ranges += i == 0 || x->uids[i] != x->uids[i - 1] + 1;
	return (ranges + ACCOUNT_INTENT_RANGES - 1) / ACCOUNT_INTENT_RANGES;
}

/* Writes the intent: ranges of UIDs, in as many parts as it takes. */
static int run_intent(struct txn *t, void *arg)
{
	struct account_expunge *x = arg;
	if (count_parts(x) >= STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	struct account_head head;
	struct account_intent *intent = mem_alloc(sizeof *intent);
	uint32_t parts = 0;
	int error = head_get(t, x->shard, &head);
	*intent = (struct account_intent){.mailbox = x->mailbox, .time = x->now};
	for (size_t i = 0; i < x->uid_count && error == 0; i++) {
		uint32_t uid = x->uids[i];
		if (intent->count && intent->ranges[intent->count - 1].last + 1 == uid) {
			intent->ranges[intent->count - 1].last = uid;
			continue;
		}
		if (intent->count == ACCOUNT_INTENT_RANGES) {
			error = put_intent_part(t, x, head.next_intent, parts++, intent);
			intent->count = 0;
		}
		intent->ranges[intent->count++] = (struct uid_range){uid, uid};
	}
	if (error == 0)
		error = put_intent_part(t, x, head.next_intent, parts, intent);
	head.next_intent++;
	if (error == 0)
		error = head_put(t, x->shard, &head);
	mem_free(intent);
	return error;
}

struct first_intent {
	bool found;
	uint64_t id;
	uint32_t part;
	struct account_intent intent;
};

static int take_intent(void *arg, struct view key, struct view value)
{
	struct first_intent *first = arg;
	if (!key_read_intent(key, &first->id, &first->part))
		return -EBADMSG;
	first->found = true;
	return intent_decode(value, &first->intent);
}

static int find_intent(struct txn *t, uint64_t shard, struct first_intent *first)
{
	struct account_key from = key_letter('I'), to = key_behind_letter('I');
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = 1};
	first->found = false;
	return txn_range(t, &range, take_intent, first);
}

/* The UIDs that are there, of the intent's ranges, as many as a slice has room for. */
static int collect_messages(
    struct txn *t, uint64_t shard, const struct account_intent *intent, struct slice *all)
{
	int error = 0;
	for (size_t i = 0; i < intent->count && all->count < REMOVE_AT_ONCE && error == 0; i++) {
		struct account_key from = key_message(intent->mailbox, intent->ranges[i].first);
		struct account_key to = key_message(intent->mailbox, intent->ranges[i].last);
		/* The end of a range is exclusive; one byte more includes the last UID. */
		to.data[to.len++] = '\0';
		error = slice_collect(all, t, shard, key_view(&from), key_view(&to), REMOVE_AT_ONCE);
	}
	return error;
}

/* How many of them are gone now: all, or as many as there was room for. */
static int remove_collected(struct txn *t, struct account_request *r, const struct account_intent *intent,
    const struct slice *messages, size_t *gone)
{
	struct account_change c;
	struct change_mailbox *box;
	*gone = messages->count;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = change_mailbox(&c, intent->mailbox, &box);
	if (error)
		return error == -ENOENT ? 0 : error; /* the mailbox is gone, and its messages with it */
	for (size_t i = 0; i < messages->count && error == 0; i++) {
		uint32_t mailbox, uid;
		if (i > 0 && !has_room(&c)) {
			*gone = i;
			break;
		}
		if (!key_read_message(slice_key(messages, i), &mailbox, &uid))
			return -EBADMSG;
		error = message_remove(&c, mailbox, uid, undelete_until(r->accounts, intent->time));
		note_removed(r->removed, &c, uid);
		r->counted += error == 0;
	}
	return error ? error : change_end(&c);
}

/* One slice of an intent; r->more until none is left. */
static int run_repair(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct first_intent *first = mem_alloc(sizeof *first);
	struct slice *messages = slice_new();
	size_t gone = 0;
	r->more = false;
	r->counted = 0;
	if (r->removed)
		r->removed->count = r->removed->kept_count;
	int error = find_intent(t, r->shard, first);
	if (error == 0 && first->found) {
		error = collect_messages(t, r->shard, &first->intent, messages);
		if (error == 0 && messages->count > 0)
			error = remove_collected(t, r, &first->intent, messages, &gone);
		if (error == 0 && gone < REMOVE_AT_ONCE && gone == messages->count)
			error = key_delete(t, r->shard, key_intent(first->id, first->part));
		r->more = error == 0;
	}
	slice_free(messages);
	mem_free(first);
	return error;
}

void account_repair(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_repair, true);
}

/* Is there anything to finish? */
static int run_look(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	struct first_intent *first = mem_alloc(sizeof *first);
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = find_intent(t, r->shard, first);
	r->more = error == 0 && first->found;
	mem_free(first);
	return error;
}

static void looked(struct store_read *read, int result)
{
	struct account_request *r = container_of(read, struct account_request, read);
	if (result == 0 && r->more)
		account_repair(r->accounts, r);
	else
		r->done(r, result);
}

void account_begin_use(struct accounts *a, struct account_request *r)
{
	r->accounts = a;
	r->count = 0;
	r->read = (struct store_read){.shard = r->shard, .run = run_look, .arg = r, .done = looked};
	store_read(a->store, &r->read);
}

static void applied(struct account_request *r, int result)
{
	struct account_expunge *x = container_of(r, struct account_expunge, repair);
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
	if (result || c->run == run_small) {
		x->done(x, result);
		return;
	}
	if (x->removed)
		*x->removed = (struct account_removed){.uids = x->removed->uids};
	x->repair = (struct account_request){.shard = x->shard, .done = applied, .removed = x->removed};
	account_repair(x->accounts, &x->repair);
}

void account_expunge(struct accounts *a, struct account_expunge *x)
{
	x->accounts = a;
	x->now = clock_wall();
	x->commit = (struct store_commit){.run = x->uid_count <= REMOVE_AT_ONCE ? run_small : run_intent,
	    .arg = x,
	    .frees_space = true,
	    .large = x->uid_count > FEW,
	    .done = committed};
	store_commit(a->store, &x->commit);
}
