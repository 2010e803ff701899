/* Bodies that are kept for a while: see messages.h. Upkeep drops them when they expire. */
#include <errno.h>

#include "account/change.h"
#include "account/messages.h"
#include "base/clock.h"
#include "base/container.h"

static int run_keep(struct txn *t, void *arg)
{
	struct account_keep *k = arg;
	struct account_change c;
	struct entry value;
	int error = change_begin(&c, t, k->shard, k->now);
	if (error)
		return error;
	uint64_t quota = c.head.quota ? c.head.quota : k->quota_default;
	if (c.head.kept >= ACCOUNT_KEPT_MAX ||
	    (quota && (c.head.kept_bytes > quota || k->size > quota - c.head.kept_bytes)))
		return -EDQUOT;
	struct account_kept kept = {.blob = txn_body(t, 0), .size = k->size};
	k->id = c.head.next_kept++;
	k->blob = kept.blob;
	k->expires = k->now + k->seconds;
	if (k->step > 1)
		k->expires += k->step - 1 - (k->expires + k->step - 1) % k->step;
	c.head.kept++;
	c.head.kept_bytes += k->size;
	kept_encode(&kept, &value);
	error = change_put(&c, key_kept(k->expires, k->id), &value);
	return error ? error : change_end(&c);
}

static void kept(struct store_commit *commit, int result)
{
	struct account_keep *k = container_of(commit, struct account_keep, commit);
	k->done(k, result);
}

void account_keep(struct accounts *a, struct account_keep *k)
{
	k->now = clock_wall();
	k->size = store_upload_length(k->upload);
	k->commit = (struct store_commit){
	    .run = run_keep, .arg = k, .uploads = {k->upload}, .upload_count = 1, .done = kept};
	store_commit(a->store, &k->commit);
}

static int run_find(struct txn *t, void *arg)
{
	struct account_keep *k = arg;
	struct account_head head;
	struct account_kept found;
	struct view value;
	int error = head_get(t, k->shard, &head);
	if (error == 0)
		error = k->expires <= k->now ? -ENOENT
		                             : key_get(t, k->shard, key_kept(k->expires, k->id), &value);
	if (error == 0)
		error = kept_decode(value, &found);
	if (error == 0) {
		k->blob = found.blob;
		k->size = found.size;
	}
	return error;
}

static void found(struct store_read *read, int result)
{
	struct account_keep *k = container_of(read, struct account_keep, read);
	k->done(k, result);
}

void account_kept(struct accounts *a, struct account_keep *k)
{
	k->now = clock_wall();
	k->read = (struct store_read){.shard = k->shard, .run = run_find, .arg = k, .done = found};
	store_read(a->store, &k->read);
}
