/* Changing the flags of many messages, in slices: see messages.h. */
#include <errno.h>

#include "account/message.h"
#include "account/messages.h"
#include "account/seen.h"
#include "base/clock.h"
#include "base/container.h"

enum {
	LOOK_AT_ONCE = 24 * 1024, /* messages that one transaction looks at: two milliseconds */
	FEW = 10                  /* whoever changes a few doesn't wait for others */
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
	if (named->known || f->kept & FLAG_KEYWORD)
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

/* What a message's flags become; -EMLINK: more keywords than a message may have. */
static int new_flags(const struct account_flags *f, const struct named *named,
    const struct message_flags *old, struct message_flags *out)
{
	const uint64_t keywords = ~(FLAG_KEYWORD - 1) | FLAG_MORE;
	uint64_t kept = f->kept & FLAG_KEYWORD ? f->kept | keywords : f->kept;
	int error = 0;
	message_flags_copy(out, old);
	if (f->how == FLAGS_REPLACE) {
		out->bits = 0;
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
	uint64_t bits = (out->bits & ~kept) | (old->bits & kept);
	if (f->kept & FLAG_KEYWORD)
		message_flags_copy(out, old);
	out->bits = bits;
	return error;
}

static bool same_flags(const struct message_flags *a, const struct message_flags *b)
{
	bool same = a->bits == b->bits && a->more.count == b->more.count;
	for (size_t i = 0; same && i < a->more.count; i++)
		same = a->more.numbers[i] == b->more.numbers[i];
	return same;
}

/* Room for what this message writes: Q, a block that makes way for its own, a chunk likewise, the uses of
 * keywords without a bit. */
static bool has_room(
    const struct account_change *c, const struct message_flags *old, const struct message_flags *new)
{
	return c->writes + 4 + 2 * (old->more.count + new->more.count) + CHANGE_END_WRITES <=
	       STORE_SLICE_KEYS;
}

/* Everybody's flags of a message, and of a user's \Seen the bits of its chunk. */
struct at_work {
	struct account_change *c;
	struct change_mailbox *box;
	struct named named;
	struct seen_chunk seen;
};

/* A sharer's \Seen goes to P, everything else to the flags of all. The message's modseq grows with either. */
static int set_flags(struct at_work *w, uint32_t uid, const struct message_flags *shared,
    const struct message_flags *old, struct message_flags *flags)
{
	if (w->seen.user) {
		bool seen = flags->bits & FLAG_SEEN;
		change_mark_state(w->c, MAIL_STATE_COUNTS);
		int error = (old->bits ^ flags->bits) & FLAG_SEEN ? seen_set(w->c, &w->seen, uid, seen) : 0;
		if (error)
			return error;
		flags->bits = (flags->bits & ~FLAG_SEEN) | (shared->bits & FLAG_SEEN);
	}
	return message_set_flags(w->c, w->box, uid, shared, flags);
}

/* 0; 1 when the slice is full, and this message is the next one's first. */
static int change_one(struct at_work *w, struct account_flags *f, uint32_t uid)
{
	struct message_flags shared, old, flags;
	uint64_t modseq;
	bool conditional = f->unchanged_since != UINT64_MAX;
	int error = message_get_flags(w->c, w->box, uid, conditional, &shared, &modseq);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (conditional && modseq > f->unchanged_since) {
		if (f->failed)
			f->failed[f->failed_count + f->slice.failed] = uid;
		f->slice.failed++;
		return 0;
	}
	message_flags_copy(&old, &shared);
	error = seen_overlay(w->c->txn, w->c->shard, &w->seen, uid, &old.bits);
	if (error == 0)
		error = find_keywords(w->c, f, &w->named);
	if (error)
		return error;
	if (new_flags(f, &w->named, &old, &flags) != 0) {
		f->slice.refused++;
		return 0;
	}
	if (same_flags(&old, &flags))
		return 0;
	if (f->slice.changed > 0 && !has_room(w->c, &old, &flags))
		return 1;
	if (f->done_uids)
		f->done_uids[f->changed + f->slice.changed] = uid;
	if (f->differences)
		f->differences[f->changed + f->slice.changed] = old.bits ^ flags.bits;
	f->slice.changed++;
	f->slice.modseq = w->c->head.modseq;
	return set_flags(w, uid, &shared, &old, &flags);
}

static int run_flags(struct txn *t, void *arg)
{
	struct account_flags *f = arg;
	struct account_change c;
	struct at_work w = {.c = &c, .seen = {.user = f->user, .mailbox = f->mailbox}};
	f->slice.changed = f->slice.failed = f->slice.refused = 0;
	f->slice.modseq = 0;
	f->slice_next = f->next;
	int error = change_begin(&c, t, f->shard, f->now);
	if (error == 0)
		error = change_mailbox(&c, f->mailbox, &w.box);
	/* All names might be new: a refusal comes before the first write. */
	if (error == 0 && f->how != FLAGS_REMOVE && c.head.keywords + f->keyword_count > ACCOUNT_KEYWORDS_MAX)
		error = -EMLINK;
	while (error == 0 && f->slice_next < f->uid_count && f->slice_next - f->next < LOOK_AT_ONCE) {
		error = change_one(&w, f, f->uids[f->slice_next]);
		f->slice_next += error == 0;
	}
	/* A new name that nobody got after all is forgotten. */
	for (size_t i = 0; error >= 0 && f->slice.refused > 0 && i < w.named.count; i++)
		error = keywords_settle(&c, w.named.numbers[i]);
	if (error >= 0)
		error = seen_write(&c, &w.seen);
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
		if (view_empty(f->keywords[i]) || f->keywords[i].len > MAIL_KEYWORD_MAX)
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
