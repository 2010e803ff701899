/* Gathering keys: see slices.h. */
#include "account/slices.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

struct slice *slice_new(void)
{
	/* Not zeroed: only what has been added is ever read. */
	struct slice *slice = mem_resize(NULL, sizeof *slice);
	slice->count = 0;
	return slice;
}

void slice_free(struct slice *slice)
{
	mem_free(slice);
}

bool slice_add(struct slice *slice, struct view key)
{
	if (slice->count == SLICE_KEYS || key.len > sizeof slice->keys->data)
		return false;
	struct account_key *k = &slice->keys[slice->count++];
	memcpy(k->data, key.data, key.len);
	k->len = key.len;
	return true;
}

static int collect(void *arg, struct view key, struct view value)
{
	(void)value;
	return slice_add(arg, key) ? 0 : -EBADMSG;
}

int slice_collect(
    struct slice *slice, struct txn *t, uint64_t shard, struct view from, struct view to, size_t limit)
{
	struct txn_range range = {.shard = shard, .from = from, .to = to};
	if (limit > SLICE_KEYS)
		limit = SLICE_KEYS;
	if (slice->count >= limit)
		return 0;
	range.limit = limit - slice->count;
	return txn_range(t, &range, collect, slice);
}
