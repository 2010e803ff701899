/* See pushed.h. */
#include "ledger/pushed.h"

#include <errno.h>

enum { VERSION = 1 };

static struct ledger_key key_of(uint64_t account)
{
	struct ledger_key k = ledger_key('W');
	ledger_key_add_fixed(&k, 8, account);
	return k;
}

int pushed_put(struct txn *t, uint64_t account)
{
	struct ledger_key k = key_of(account);
	struct view there;
	struct entry e;
	int error = txn_get(t, LEDGER_SHARD, ledger_key_view(&k), &there);
	if (error != -ENOENT)
		return error;
	entry_begin(&e, VERSION);
	return entry_put(t, LEDGER_SHARD, ledger_key_view(&k), &e);
}

int pushed_drop(struct txn *t, uint64_t account)
{
	struct ledger_key k = key_of(account);
	return txn_delete(t, LEDGER_SHARD, ledger_key_view(&k));
}

struct listing {
	uint64_t *accounts;
	size_t count;
};

static int add(void *arg, struct view key, struct view value)
{
	struct listing *l = arg;
	struct cursor c = cursor_on(view_skip(key, 1));
	uint64_t account = cursor_u64(&c);
	(void)value; /* the key says all */
	if (cursor_ok(&c) && cursor_at_end(&c))
		l->accounts[l->count++] = account;
	return l->count == PUSHED_LIST_MAX;
}

int pushed_list(struct txn *t, uint64_t after, uint64_t accounts[PUSHED_LIST_MAX], size_t *count)
{
	struct ledger_key all = ledger_key('W'), behind = ledger_key_behind(&all), from = key_of(after + 1);
	struct listing l = {.accounts = accounts};
	struct txn_range range = {
	    .shard = LEDGER_SHARD, .from = ledger_key_view(&from), .to = ledger_key_view(&behind)};
	int error = txn_range(t, &range, add, &l);
	*count = l.count;
	return error < 0 ? error : 0;
}
