/* Changing the flags of many messages, in slices: see messages.h. */
#include <errno.h>

#include "account/message.h"
#include "account/messages.h"
#include "base/clock.h"
#include "base/container.h"

enum {
	LOOK_AT_ONCE = 4096, /* messages that one transaction reads: some milliseconds */
	FEW = 10             /* whoever changes a few doesn't wait for others */
};

/* The numbers of the keywords that were named. */
struct named {
	bool known;
	size_t count;
	uint32_t numbers[ACCOUNT_FLAGS_KEYWORDS_MAX];
};

/* Once a message is there that gets them: a name that nobody has would never be forgotten. */
static int find_keywords(struct account_change *c, const struct account_flags *f, struct named *named)
{
	if (named->known)
		return 0;
	named->known = true;
	named->count = 0;
	for (size_t i = 0; i < f->keyword_count; i++) {
		uint32_t number;
		int error = f->how == FLAGS_REMOVE ? keywords_find(c, f->keywords[i], &number)
		                                   : keywords_get(c, f->keywords[i], &number);
		if (error == -ENOENT)
			continue;
		if (error)
			return error;
		named->numbers[named->count++] = number;
	}
	return 0;
}

/* What the message's flags become; -EMLINK: more keywords than a message may have. */
static int new_flags(const struct account_flags *f, const struct named *named,
    const struct message_flags *old, struct message_flags *out)
{
	int error = 0;
	*out = *old;
	if (f->how == FLAGS_REPLACE) {
		out->bits &= FLAG_OWN_UIDL | FLAG_BINARY;
		out->more.count = 0;
	}
	if (f->how == FLAGS_REMOVE)
		out->bits &= ~(f->flags & FLAGS_SYSTEM);
	else
		out->bits |= f->flags & FLAGS_SYSTEM;
	for (size_t i = 0; i < named->count && error == 0; i++) {
		if (f->how == FLAGS_REMOVE)
			keywords_remove(out, named->numbers[i]);
		else
			error = keywords_add(out, named->numbers[i]);
	}
	return error;
}

static bool same_flags(const struct message_flags *a, const struct message_flags *b)
{
	bool same = a->bits == b->bits && a->more.count == b->more.count;
	for (size_t i = 0; same && i < a->more.count; i++)
		same = a->more.numbers[i] == b->more.numbers[i];
	return same;
}

/* Room for what this message writes: Q, a block that makes way for its own, the uses of keywords without a
 * bit. */
static bool has_room(
    const struct account_change *c, const struct message_flags *old, const struct message_flags *new)
{
	return c->writes + 3 + 2 * (old->more.count + new->more.count) + CHANGE_END_WRITES <=
	       STORE_SLICE_KEYS;
}

/* 0; 1 when the slice is full, and this message is the next one's first. */
static int change_one(struct account_change *c, struct account_flags *f, struct named *named, uint32_t uid)
{
	struct message_now now;
	struct message_flags flags;
	int error = message_get(c, f->mailbox, uid, &now);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (now.modseq > f->unchanged_since) {
		if (f->failed)
			f->failed[f->failed_count + f->slice.failed] = uid;
		f->slice.failed++;
		return 0;
	}
	error = find_keywords(c, f, named);
	if (error)
		return error;
	if (new_flags(f, named, &now.flags, &flags) != 0) {
		f->slice.refused++;
		return 0;
	}
	if (same_flags(&now.flags, &flags))
		return 0;
	if (f->slice.changed > 0 && !has_room(c, &now.flags, &flags))
		return 1;
	if (f->done_uids)
		f->done_uids[f->changed + f->slice.changed] = uid;
	f->slice.changed++;
	f->slice.modseq = c->head.modseq;
	return message_set_flags(c, f->mailbox, uid, &now, &flags);
}

static int run_flags(struct txn *t, void *arg)
{
	struct account_flags *f = arg;
	struct account_change c;
	struct change_mailbox *box;
	struct named named = {.known = false, .count = 0};
	f->slice.changed = f->slice.failed = f->slice.refused = 0;
	f->slice.modseq = 0;
	f->slice_next = f->next;
	int error = change_begin(&c, t, f->shard, f->now);
	if (error == 0)
		error = change_mailbox(&c, f->mailbox, &box);
	/* All names might be new: a refusal comes before the first write. */
	if (error == 0 && f->how != FLAGS_REMOVE && c.head.keywords + f->keyword_count > ACCOUNT_KEYWORDS_MAX)
		error = -EMLINK;
	while (error == 0 && f->slice_next < f->uid_count && f->slice_next - f->next < LOOK_AT_ONCE) {
		error = change_one(&c, f, &named, f->uids[f->slice_next]);
		f->slice_next += error == 0;
	}
	/* A new name that nobody got after all is forgotten. */
	for (size_t i = 0; error >= 0 && f->slice.refused > 0 && i < named.count; i++)
		error = keywords_settle(&c, named.numbers[i]);
	return error < 0 ? error : change_end(&c);
}

static void changed(struct store_commit *commit, int result)
{
	struct account_flags *f = container_of(commit, struct account_flags, commit);
	if (result == 0) {
		f->changed += f->slice.changed;
		f->failed_count += f->slice.failed;
		f->refused += f->slice.refused;
		f->modseq = f->slice.modseq ? f->slice.modseq : f->modseq;
		f->next = f->slice_next;
	}
	if (result || f->next == f->uid_count)
		f->done(f, result);
	else
		store_commit(f->accounts->store, commit);
}

static bool are_keywords(const struct account_flags *f)
{
	for (size_t i = 0; i < f->keyword_count; i++)
		if (view_empty(f->keywords[i]) || f->keywords[i].len > ACCOUNT_KEYWORD_MAX)
			return false;
	return f->keyword_count <= ACCOUNT_FLAGS_KEYWORDS_MAX;
}

/* A request that is refused without a look is answered like all others: in store_dispatch. */
static int run_refuse(struct txn *t, void *arg)
{
	(void)t, (void)arg;
	return -EINVAL;
}

void account_flags(struct accounts *a, struct account_flags *f)
{
	f->accounts = a;
	f->now = clock_wall();
	f->changed = f->failed_count = f->refused = f->next = 0;
	f->modseq = 0;
	f->commit = (struct store_commit){.run = are_keywords(f) ? run_flags : run_refuse,
	    .arg = f,
	    .large = f->uid_count > FEW,
	    .done = changed};
	store_commit(a->store, &f->commit);
}
