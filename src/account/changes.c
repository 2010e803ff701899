/*
 * What has changed in a mailbox since a modseq: see messages.h. First the log, forward from there; then the
 * messages, backward from the newest to the first that was there before. Slices see what is new by then: the
 * answer holds up to the moment in which the log's end was read, and what it has of arrivals after that is
 * told once more the next time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/change.h"
#include "account/messages.h"
#include "base/container.h"
#include "base/mem.h"

enum { AT_ONCE = STORE_READ_KEYS_MAX - 2 };

static int add_logged(void *arg, struct view key, struct view value)
{
	struct account_changes *c = arg;
	struct account_log log;
	uint64_t modseq, id;
	enum account_kind kind;
	if (!key_read_log(key, &modseq, &kind, &id))
		return -EBADMSG;
	int error = kind == KIND_PLACES ? log_decode(value, &log) : 0;
	if (error)
		return error;
	memcpy(c->from.data, key.data, key.len);
	c->from.data[key.len] = '\0';
	c->from.len = key.len + 1;
	c->slice_log++;
	if (kind == KIND_PLACES && id >> 32 == c->mailbox)
		c->blocks[c->count++] = (struct account_changed_block){(uint32_t)id, log.changed, log.gone};
	return 0;
}

static int read_log(struct txn *t, struct account_changes *c)
{
	struct account_key from = c->slice_from, to = key_behind_letter('L');
	struct txn_range range = {
	    .shard = c->shard, .from = key_view(&from), .to = key_view(&to), .limit = AT_ONCE};
	c->from = c->slice_from;
	c->slice_log = 0;
	int error = txn_range(t, &range, add_logged, c);
	c->more = c->slice_log == AT_ONCE;
	return error;
}

static int add_arrived(void *arg, struct view key, struct view value)
{
	struct account_changes *c = arg;
	struct account_message m;
	uint32_t mailbox, uid;
	int error = message_decode_short(value, &m);
	if (error == 0 && !key_read_message(key, &mailbox, &uid))
		error = -EBADMSG;
	if (error)
		return error;
	if (m.modseq <= c->since)
		return 1;
	c->arrived = uid;
	c->slice_log++;
	return 0;
}

static int read_arrived(struct txn *t, struct account_changes *c)
{
	struct account_key from = key_message(c->mailbox, 0), to = key_message(c->mailbox, c->before);
	struct txn_range range = {.shard = c->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .backwards = true,
	    .limit = AT_ONCE};
	c->slice_log = 0;
	c->arrived = c->before;
	int error = txn_range(t, &range, add_arrived, c);
	c->more = c->slice_log == AT_ONCE;
	return error > 0 ? 0 : error;
}

static int run_changes(struct txn *t, void *arg)
{
	struct account_changes *c = arg;
	struct account_head head;
	struct account_mailbox m;
	struct view value;
	c->count = c->slice_count;
	c->more = false;
	int error = head_get(t, c->shard, &head);
	if (error == 0)
		error = key_get(t, c->shard, key_mailbox(c->mailbox), &value);
	if (error == 0)
		error = mailbox_decode(value, &m);
	if (error)
		return error;
	if (c->log_read)
		return read_arrived(t, c);
	if (c->since < head.log_floor)
		return -ESTALE;
	c->modseq = head.modseq;
	/* Most mailboxes are as they were. */
	return m.messages_modseq > c->since ? read_log(t, c) : 0;
}

static int by_block(const void *a, const void *b)
{
	const struct account_changed_block *x = a, *y = b;
	return x->block < y->block ? -1 : x->block > y->block;
}

/* Each block once. A message that is gone has no flags that could have changed. */
static void join_blocks(struct account_changes *c)
{
	size_t kept = 0;
	if (c->count > 0)
		qsort(c->blocks, c->count, sizeof *c->blocks, by_block);
	for (size_t i = 0; i < c->count; i++) {
		struct account_changed_block *b = kept ? &c->blocks[kept - 1] : NULL;
		if (b && b->block == c->blocks[i].block) {
			b->changed |= c->blocks[i].changed;
			b->gone |= c->blocks[i].gone;
		} else {
			c->blocks[kept++] = c->blocks[i];
		}
	}
	c->count = kept;
	for (size_t i = 0; i < kept; i++)
		c->blocks[i].changed &= ~c->blocks[i].gone;
}

static int next_slice(struct account_changes *c);

static void ended(struct store_read *read, int result)
{
	struct account_changes *c = container_of(read, struct account_changes, read);
	c->slice_count = c->count;
	c->slice_from = c->from;
	c->before = c->arrived;
	if (result == 0 && !c->more && !c->log_read) {
		join_blocks(c);
		c->slice_count = c->count;
		c->log_read = c->more = true;
	}
	if (result == 0 && c->more)
		result = next_slice(c);
	else if (result == 0)
		c->done(c, 0);
	if (result == 0)
		return;
	account_changes_free(c);
	c->done(c, result);
}

/* With room made on the loop's thread. Joined as it grows, it is never longer than the mailbox has blocks,
 * and a slice. */
static int next_slice(struct account_changes *c)
{
	if (!c->log_read && c->room - c->count < AT_ONCE) {
		join_blocks(c);
		if (c->room - c->count < AT_ONCE) {
			size_t room = c->room ? c->room * 2 : 2 * AT_ONCE;
			struct account_changed_block *bigger =
			    mem_try_resize(c->blocks, room * sizeof *bigger);
			if (bigger == NULL)
				return -ENOMEM;
			c->blocks = bigger;
			c->room = room;
		}
		c->slice_count = c->count;
	}
	c->read = (struct store_read){.shard = c->shard, .run = run_changes, .arg = c, .done = ended};
	store_read(c->accounts->store, &c->read);
	return 0;
}

void account_changes(struct accounts *a, struct account_changes *c)
{
	c->accounts = a;
	c->blocks = NULL;
	c->count = c->room = c->slice_count = 0;
	c->from = c->slice_from = key_log(c->since + 1, (enum account_kind)0, 0);
	c->arrived = c->before = UINT32_MAX;
	c->log_read = false;
	int error = next_slice(c);
	if (error)
		c->done(c, error);
}

void account_changes_free(struct account_changes *c)
{
	mem_free(c->blocks);
	c->blocks = NULL;
	c->count = c->room = 0;
}
