/* \Seen of users who share a mailbox: see seen.h. */
#include "account/seen.h"

#include <errno.h>
#include <string.h>

static int read_chunk(struct txn *t, uint64_t shard, struct seen_chunk *s, uint32_t number)
{
	struct view value;
	int error = key_get(t, shard, key_seen(s->mailbox, s->user, number), &value);
	if (error == 0)
		error = gone_decode(value, &s->seen);
	else if (error == -ENOENT)
		memset(&s->seen, 0, sizeof s->seen);
	s->number = number;
	s->read = error == 0 || error == -ENOENT;
	s->changed = false;
	return error == -ENOENT ? 0 : error;
}

static uint64_t *word_of(struct seen_chunk *s, uint32_t uid)
{
	return &s->seen.words[uid % ACCOUNT_CHUNK / ACCOUNT_BLOCK];
}

int seen_overlay(struct txn *t, uint64_t shard, struct seen_chunk *s, uint32_t uid, uint64_t *flags)
{
	if (s->user == 0)
		return 0;
	int error = s->read && s->number == chunk_of(uid) ? 0 : read_chunk(t, shard, s, chunk_of(uid));
	if (error)
		return error;
	*flags = (*flags & ~FLAG_SEEN) | (*word_of(s, uid) >> block_bit(uid) & 1 ? FLAG_SEEN : 0);
	return 0;
}

int seen_write(struct account_change *c, struct seen_chunk *s)
{
	struct entry value;
	if (!s->changed)
		return 0;
	s->changed = false;
	gone_encode(&s->seen, &value);
	return change_put(c, key_seen(s->mailbox, s->user, s->number), &value);
}

int seen_set(struct account_change *c, struct seen_chunk *s, uint32_t uid, bool seen)
{
	uint64_t bit = (uint64_t)1 << block_bit(uid);
	int error = 0;
	if (!s->read || s->number != chunk_of(uid)) {
		error = seen_write(c, s);
		if (error == 0)
			error = read_chunk(c->txn, c->shard, s, chunk_of(uid));
	}
	if (error)
		return error;
	*word_of(s, uid) = seen ? *word_of(s, uid) | bit : *word_of(s, uid) & ~bit;
	s->changed = true;
	return 0;
}

/* ---- counting ---- */

struct seen_list {
	size_t count;
	uint32_t chunks[SEEN_CHUNKS_MAX];
};

static int note_chunk(void *arg, struct view key, struct view value)
{
	struct seen_list *l = arg;
	uint32_t mailbox;
	uint64_t user;
	(void)value;
	return key_read_seen(key, &mailbox, &user, &l->chunks[l->count++]) ? 0 : -EBADMSG;
}

int seen_count_unseen(
    struct txn *t, uint64_t shard, uint32_t mailbox, uint64_t user, uint32_t messages, uint32_t *unseen)
{
	struct account_key from = key_seen(mailbox, user, 0), to = key_seen(mailbox, user, UINT32_MAX);
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = SEEN_CHUNKS_MAX};
	struct seen_chunk s = {.user = user, .mailbox = mailbox};
	struct seen_list chunks = {.count = 0};
	struct account_gone gone;
	uint64_t seen = 0;
	int error = txn_range(t, &range, note_chunk, &chunks);
	for (size_t i = 0; i < chunks.count && error == 0; i++) {
		error = read_chunk(t, shard, &s, chunks.chunks[i]);
		if (error == 0)
			error = gone_get(t, shard, mailbox, chunks.chunks[i], &gone);
		for (size_t w = 0; w < ACCOUNT_CHUNK / ACCOUNT_BLOCK && error == 0; w++)
			seen += (uint64_t)__builtin_popcountll(s.seen.words[w] & ~gone.words[w]);
	}
	*unseen = (uint32_t)less(messages, seen);
	return error;
}
