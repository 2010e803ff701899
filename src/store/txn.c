/* Transactions as `run` functions see them: the limits are checked here, once for all engines. */
#include <errno.h>

#include "store/engine.h"

int txn_get(struct txn *t, uint64_t shard, struct view key, struct view *value)
{
	if (shard_is_internal(shard) || view_empty(key) || key.len > STORE_KEY_MAX)
		return -EINVAL;
	return t->ops->get(t, shard, key, value);
}

static int may_write(struct txn *t, uint64_t shard, struct view key, size_t value_len)
{
	if (t->read_only)
		return -EROFS;
	if (shard_is_internal(shard) || view_empty(key))
		return -EINVAL;
	if (key.len > STORE_KEY_MAX || value_len > STORE_ENTRY_MAX - key.len ||
	    t->writes >= STORE_WRITE_KEYS_MAX)
		return -EMSGSIZE;
	return 0;
}

int txn_put(struct txn *t, uint64_t shard, struct view key, struct view value)
{
	int error = may_write(t, shard, key, value.len);
	if (error)
		return error;
	t->wrote = true;
	t->writes++;
	return t->ops->put(t, shard, key, value);
}

int txn_delete(struct txn *t, uint64_t shard, struct view key)
{
	int error = may_write(t, shard, key, 0);
	if (error)
		return error;
	t->wrote = true;
	t->writes++;
	return t->ops->erase(t, shard, key);
}

int txn_range(struct txn *t, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	if (shard_is_internal(range->shard) || range->from.len > STORE_KEY_MAX ||
	    range->to.len > STORE_KEY_MAX)
		return -EINVAL;
	return t->ops->range(t, range, visit, arg);
}

void txn_tell(struct txn *t, uint64_t shard, uint64_t number, const uint32_t *parts, size_t part_count)
{
	if (t->commit && !shard_is_internal(shard))
		commit_tell(t->commit, shard, number, parts, part_count);
}

struct blob_id txn_body(struct txn *t, size_t i)
{
	return i < STORE_UPLOADS_MAX ? t->bodies[i] : (struct blob_id){{0}};
}
