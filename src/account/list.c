/* Lists of messages with their flags, in slices: see messages.h. Which messages there are is read from M; or,
 * when only flags are wanted, is what J has not as gone. */
#include "account/messages.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/seen.h"
#include "base/container.h"

static int add_message(void *arg, struct view key, struct view value)
{
	struct account_list *l = arg;
	struct account_message m;
	uint32_t mailbox, uid;
	int error = l->orders ? message_decode(value, &m) : message_decode_short(value, &m);
	if (error == 0 && !key_read_message(key, &mailbox, &uid))
		error = -EBADMSG;
	if (error)
		return error;
	if (l->orders) {
		struct account_listed_order *o = &l->orders[l->count];
		o->order = m.order;
		o->hash_count = m.hash_count;
		memcpy(o->hashes, m.hashes, m.hash_count * sizeof m.hashes[0]);
	}
	l->messages[l->count++] = (struct account_listed){.uid = uid,
	    .emailid = m.emailid,
	    .thread = m.thread,
	    .flags = m.flags,
	    .modseq = m.modseq,
	    .size = m.size,
	    .text_growth = m.text_growth,
	    .internaldate = m.internaldate,
	    .savedate = m.savedate};
	return 0;
}

struct flags_walk {
	struct account_list *list;
	size_t at; /* messages before it belong to earlier blocks */
};

/* Both are in the order of UIDs. */
static int add_flags(void *arg, struct view key, struct view value)
{
	struct flags_walk *w = arg;
	struct account_flags_block b;
	uint32_t mailbox, block;
	int error = flags_block_decode(value, &b);
	if (error == 0 && !key_read_flags(key, &mailbox, &block))
		error = -EBADMSG;
	if (error)
		return error;
	while (w->at < w->list->count && block_of(w->list->messages[w->at].uid) < block)
		w->at++;
	for (; w->at < w->list->count && block_of(w->list->messages[w->at].uid) == block; w->at++) {
		struct account_listed *m = &w->list->messages[w->at];
		unsigned i = block_bit(m->uid);
		if (b.known >> i & 1) {
			m->flags |= b.flags[i];
			m->modseq = b.modseq[i];
		}
	}
	return 0;
}

static int read_flags(struct txn *t, struct account_list *l)
{
	struct flags_walk walk = {.list = l};
	if (l->count == 0)
		return 0;
	struct account_key from = key_flags(l->mailbox, block_of(l->messages[0].uid));
	struct account_key to = key_flags(l->mailbox, block_of(l->messages[l->count - 1].uid) + 1);
	/* A block without messages has no entry, so that there are no more of these than of those. */
	struct txn_range range = {.shard = l->shard, .from = key_view(&from), .to = key_view(&to)};
	return txn_range(t, &range, add_flags, &walk);
}

static int overlay_seen(struct txn *t, struct account_list *l)
{
	struct seen_chunk seen = {.user = l->user, .mailbox = l->mailbox};
	int error = 0;
	for (size_t i = 0; l->user && i < l->count && error == 0; i++)
		error = seen_overlay(t, l->shard, &seen, l->messages[i].uid, &l->messages[i].flags);
	return error;
}

/* ---- with M ---- */

static int list_messages(struct txn *t, struct account_list *l)
{
	struct account_key from = key_message(l->mailbox, l->first), to = key_message(l->mailbox, l->last);
	to.data[to.len++] = '\0'; /* the end is exclusive; one byte more includes the last UID */
	struct txn_range range = {.shard = l->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = l->room < ACCOUNT_LIST_MAX ? l->room : ACCOUNT_LIST_MAX};
	int error = txn_range(t, &range, add_message, l);
	if (error == 0 && l->count == range.limit) {
		l->next = l->messages[l->count - 1].uid + 1;
		l->more = l->messages[l->count - 1].uid < l->last;
	}
	return error;
}

/* ---- without ---- */

/* One slice: as many entries as a read may look at, of J and of O. */
enum { CHUNKS_AT_ONCE = 100, BLOCKS_AT_ONCE = STORE_READ_KEYS_MAX - CHUNKS_AT_ONCE - 4 };

/* The messages of a block that are there; false when the slice is full, with l->next where it ends. */
static bool add_block(struct account_list *l, uint32_t first_uid, uint64_t there, size_t *blocks)
{
	if (there == 0)
		return true;
	if (++*blocks > BLOCKS_AT_ONCE) {
		l->next = first_uid;
		return false;
	}
	for (; there; there &= there - 1) {
		uint32_t uid = first_uid + (uint32_t)__builtin_ctzll(there);
		if (l->count == l->room || l->count == ACCOUNT_LIST_FLAGS_MAX) {
			l->next = uid;
			return false;
		}
		struct account_listed *m = &l->messages[l->count++];
		m->uid = uid;
		m->flags = 0;
	}
	return true;
}

static bool add_chunk(
    struct account_list *l, uint32_t chunk, uint32_t last, const struct account_gone *gone, size_t *blocks)
{
	uint32_t begin = chunk * ACCOUNT_CHUNK, words = ACCOUNT_CHUNK / ACCOUNT_BLOCK;
	for (uint32_t i = 0; i < words; i++) {
		uint32_t first = begin + i * ACCOUNT_BLOCK;
		uint64_t there = ~gone->words[i];
		if (first > last)
			return true;
		if (first + (ACCOUNT_BLOCK - 1) < l->first)
			continue;
		if (first < l->first)
			there &= UINT64_MAX << (l->first - first);
		if (last - first < ACCOUNT_BLOCK - 1)
			there &= UINT64_MAX >> (ACCOUNT_BLOCK - 1 - (last - first));
		if (!add_block(l, first, there, blocks))
			return false;
	}
	return true;
}

static int list_flags(struct txn *t, struct account_list *l)
{
	struct account_gone gone;
	uint32_t first = l->first ? l->first : 1, last = l->last < l->uidnext ? l->last : l->uidnext - 1;
	size_t blocks = 0;
	l->first = first;
	if (first > last)
		return 0;
	for (uint32_t chunk = chunk_of(first); chunk <= chunk_of(last); chunk++) {
		if (chunk - chunk_of(first) == CHUNKS_AT_ONCE) {
			l->next = chunk * ACCOUNT_CHUNK;
			l->more = true;
			return 0;
		}
		int error = gone_get(t, l->shard, l->mailbox, chunk, &gone);
		if (error)
			return error;
		if (!add_chunk(l, chunk, last, &gone, &blocks)) {
			l->more = true;
			return 0;
		}
	}
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_list *l = arg;
	struct account_head head;
	struct account_mailbox m;
	l->count = 0;
	l->more = false;
	l->next = 0;
	int error = head_get(t, l->shard, &head);
	if (error == 0)
		error = mailbox_get(t, l->shard, l->mailbox, &m);
	if (error)
		return error;
	l->modseq = m.messages_modseq;
	l->uidnext = m.uidnext;
	l->uidvalidity = m.uidvalidity;
	l->total = m.messages;
	if (l->room == 0 || l->first > l->last)
		return 0;
	error = l->flags_only ? list_flags(t, l) : list_messages(t, l);
	if (error == 0)
		error = read_flags(t, l);
	return error ? error : overlay_seen(t, l);
}

static void listed(struct store_read *read, int result)
{
	struct account_list *l = container_of(read, struct account_list, read);
	l->done(l, result);
}

void account_list(struct accounts *a, struct account_list *l)
{
	l->read = (struct store_read){.shard = l->shard, .run = run_list, .arg = l, .done = listed};
	store_read(a->store, &l->read);
}
