/* See alarms.h. */
#include "ledger/alarms.h"

#include <errno.h>

enum { VERSION = 1 };

static struct ledger_key key_of(const struct alarm *a)
{
	struct ledger_key k = ledger_key('Z');
	ledger_key_add_fixed(&k, 8, a->at > 0 ? (uint64_t)a->at : 0);
	ledger_key_add_fixed(&k, 8, a->account);
	return k;
}

int alarm_put(struct txn *t, const struct alarm *a)
{
	struct ledger_key k = key_of(a);
	struct view there;
	struct entry e;
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(&k), &there);
	if (error != -ENOENT)
		return error;
	entry_begin(&e, VERSION);
	return entry_put(t, LEDGER_SHARD, ledger_key_view(&k), &e);
}

int alarm_drop(struct txn *t, const struct alarm *a)
{
	struct ledger_key k = key_of(a);
	return txn_delete(t, LEDGER_SHARD, ledger_key_view(&k));
}

struct listing {
	struct alarm *list;
	size_t count;
};

static int add(void *arg, struct view key, struct view value)
{
	struct listing *l = arg;
	struct cursor c = cursor_on(view_skip(key, 1));
	struct alarm a = {.at = (int64_t)cursor_u64(&c)};
	a.account = cursor_u64(&c);
	(void)value; /* the key says all */
	if (cursor_ok(&c) && cursor_at_end(&c))
		l->list[l->count++] = a;
	return l->count == ALARMS_LIST_MAX;
}

int alarms_list(struct txn *t, struct alarm list[ALARMS_LIST_MAX], size_t *count)
{
	struct ledger_key all = ledger_key('Z'), behind = ledger_key_behind(&all);
	struct listing l = {.list = list};
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&all), .to = ledger_key_view(&behind)};
	int error = txn_range(t, &range, add, &l);
	*count = l.count;
	return error < 0 ? error : 0;
}
