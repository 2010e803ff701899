/* Which UIDs a mailbox has: all below uidnext that J doesn't have as gone. See messages.h. */
#include <errno.h>

#include "account/change.h"
#include "account/messages.h"
#include "account/seen.h"
#include "base/container.h"
#include "base/mem.h"

enum { CHUNKS_AT_ONCE = STORE_READ_KEYS_MAX - 2 };

/* Adds UIDs to the last range, if they follow it. */
static int add_range(struct account_uids *u, uint32_t first, uint32_t last)
{
	if (u->count > 0 && u->ranges[u->count - 1].last + 1 == first) {
		u->ranges[u->count - 1].last = last;
		return 0;
	}
	if (u->count == u->room) {
		size_t room = u->room ? u->room * 2 : 16;
		struct uid_range *bigger = mem_try_resize(u->ranges, room * sizeof *bigger);
		if (bigger == NULL)
			return -ENOMEM;
		u->ranges = bigger;
		u->room = room;
	}
	u->ranges[u->count++] = (struct uid_range){first, last};
	return 0;
}

/* The UIDs below uidnext from u->next on to `end`, which no chunk has as gone. */
static int add_whole(struct account_uids *u, uint32_t end)
{
	uint32_t last = end < u->uidnext ? end - 1 : u->uidnext - 1;
	int error = u->next <= last ? add_range(u, u->next, last) : 0;
	u->next = end;
	return error;
}

static int add_word(struct account_uids *u, uint32_t first, uint64_t there)
{
	int error = 0;
	while (there && error == 0) {
		unsigned begin = (unsigned)__builtin_ctzll(there);
		uint64_t rest = ~(there >> begin);
		unsigned length = rest ? (unsigned)__builtin_ctzll(rest) : ACCOUNT_BLOCK;
		error = add_range(u, first + begin, first + begin + length - 1);
		there = begin + length < ACCOUNT_BLOCK ? there & UINT64_MAX << (begin + length) : 0;
	}
	return error;
}

/* Of one chunk those that are not gone. */
static int add_chunk(void *arg, struct view key, struct view value)
{
	struct account_uids *u = arg;
	struct account_gone gone;
	uint32_t mailbox, chunk;
	int error = gone_decode(value, &gone);
	if (error == 0 && !key_read_gone(key, &mailbox, &chunk))
		error = -EBADMSG;
	if (error == 0 && chunk * ACCOUNT_CHUNK > u->next)
		error = add_whole(u, chunk * ACCOUNT_CHUNK);
	for (uint32_t i = 0; i < ACCOUNT_CHUNK / ACCOUNT_BLOCK && error == 0; i++) {
		uint32_t first = chunk * ACCOUNT_CHUNK + i * ACCOUNT_BLOCK;
		uint64_t there = ~gone.words[i];
		if (first >= u->uidnext)
			break;
		if (u->uidnext - first < ACCOUNT_BLOCK)
			there &= UINT64_MAX >> (ACCOUNT_BLOCK - (u->uidnext - first));
		if (first < u->next)
			there = u->next - first < ACCOUNT_BLOCK ? there & UINT64_MAX << (u->next - first) : 0;
		error = add_word(u, first, there);
	}
	if (error)
		return error;
	u->chunk++;
	u->next = (chunk + 1) * ACCOUNT_CHUNK;
	return u->count >= ACCOUNT_UIDS_RANGES_MAX - ACCOUNT_CHUNK / 2;
}

static void take_counts(struct account_uids *u, const struct account_mailbox *m)
{
	u->uidnext = m->uidnext;
	u->uidvalidity = m->uidvalidity;
	u->messages = m->messages;
	u->unseen = m->unseen;
	u->deleted = m->deleted;
	u->recent = m->recent;
	u->bytes = m->bytes;
	u->modseq = m->messages_modseq;
}

static int run_uids(struct txn *t, void *arg)
{
	struct account_uids *u = arg;
	struct account_head head;
	struct account_mailbox m;
	struct account_key from = key_gone(u->mailbox, chunk_of(u->from)), to = key_gone(u->mailbox + 1, 0);
	struct txn_range range = {
	    .shard = u->shard, .from = key_view(&from), .to = key_view(&to), .limit = CHUNKS_AT_ONCE};
	u->count = 0;
	u->chunk = 0;
	u->next = u->from ? u->from : 1;
	int error = head_get(t, u->shard, &head);
	if (error == 0)
		error = mailbox_get(t, u->shard, u->mailbox, &m);
	if (error)
		return error;
	take_counts(u, &m);
	u->keywords_modseq = head.keywords_modseq;
	error = u->user ? seen_count_unseen(t, u->shard, u->mailbox, u->user, u->messages, &u->unseen) : 0;
	if (error == 0)
		error = txn_range(t, &range, add_chunk, u);
	if (error < 0)
		return error;
	if (error == 0 && u->chunk < CHUNKS_AT_ONCE && u->next > 0)
		error = add_whole(u, u->uidnext);
	/* Behind the last chunk of all, `next` has begun anew: then nothing is left either. */
	if (error >= 0 && (u->next >= u->uidnext || u->next == 0))
		u->next = 0;
	return error < 0 ? error : 0;
}

/*
 * Whoever else opened it meanwhile has taken some of them: what is recent is what stands there at the commit.
 * Nothing of the mailbox has changed by this that a session would want to know of, so no modseq is used up.
 */
static int run_take(struct txn *t, void *arg)
{
	struct account_uids *u = arg;
	struct account_mailbox m;
	struct entry value;
	int error = mailbox_get(t, u->shard, u->mailbox, &m);
	if (error)
		return error;
	u->taken = m.recent;
	if (m.recent < u->uidnext)
		m.recent = u->uidnext;
	mailbox_encode(&m, &value);
	return value_put(t, u->shard, key_mailbox(u->mailbox), &value);
}

/* A mailbox can be opened when the disk is full: the next session is told of these messages once more. */
static void taken(struct store_commit *commit, int result)
{
	struct account_uids *u = container_of(commit, struct account_uids, commit);
	if (result == 0)
		u->recent = u->taken;
	u->done(u, 0);
}

static void take_recent(struct account_uids *u)
{
	u->commit = (struct store_commit){.run = run_take, .arg = u, .done = taken};
	store_commit(u->accounts->store, &u->commit);
}

static void uids_read(struct store_read *read, int result)
{
	struct account_uids *u = container_of(read, struct account_uids, read);
	if (result)
		account_uids_free(u);
	if (result == 0 && u->take_recent && u->recent < u->uidnext)
		take_recent(u);
	else
		u->done(u, result);
}

void account_uids(struct accounts *a, struct account_uids *u)
{
	u->accounts = a;
	u->ranges = NULL;
	u->count = u->room = 0;
	u->read = (struct store_read){.shard = u->shard, .run = run_uids, .arg = u, .done = uids_read};
	store_read(a->store, &u->read);
}

void account_uids_free(struct account_uids *u)
{
	mem_free(u->ranges);
	u->ranges = NULL;
	u->count = u->room = 0;
}
