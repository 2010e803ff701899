/* See sent_on.h. */
#include "account/sent_on.h"

#include <errno.h>

#include "account/change.h"

enum { VERSION = 1 };

struct hour {
	int64_t began;
	uint64_t count;
};

static struct account_key hour_key(void)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = 'H';
	return k;
}

static int get(struct txn *t, uint64_t shard, int64_t now, struct hour *hour)
{
	struct view value;
	*hour = (struct hour){.began = now};
	int error = key_get(t, shard, hour_key(), &value);
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	int64_t began = (int64_t)entry_take_fixed(&c, 8);
	uint64_t count = entry_take_number(&c);
	if (entry_result(&c) == 0 && began <= now && now - began < ACCOUNT_SENT_ON_HOUR)
		*hour = (struct hour){.began = began, .count = count};
	return 0;
}

int account_sent_on(struct txn *t, uint64_t shard, int64_t now, uint64_t *count)
{
	struct hour hour;
	int error = get(t, shard, now, &hour);
	*count = hour.count;
	return error;
}

int account_sent_on_add(struct txn *t, uint64_t shard, int64_t now, uint64_t more)
{
	struct account_head head;
	struct entry value;
	struct hour hour;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = get(t, shard, now, &hour);
	if (error)
		return error;
	entry_begin(&value, VERSION);
	entry_add_fixed(&value, 8, (uint64_t)hour.began);
	entry_add_number(&value, hour.count + more);
	return value_put(t, shard, hour_key(), &value);
}
