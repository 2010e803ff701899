/* Goes through all accounts, one after the other: see store_check.h. */
#include "role/store/store_check.h"

#include <errno.h>

#include "base/container.h"
#include "directory/groups.h"

static void list_more(struct store_checking *x);
static void next_account(struct store_checking *x);

static void checked(struct account_check *account, int result)
{
	struct store_checking *x = container_of(account, struct store_checking, account);
	/* One that is being removed has nothing to be checked. */
	if (result && result != -ENOENT) {
		x->done(x, result);
		return;
	}
	if (result == 0) {
		x->mailboxes += account->mailboxes;
		x->contradictions += account->wrong;
	}
	next_account(x);
}

static void next_account(struct store_checking *x)
{
	if (x->next == x->count) {
		if (x->count < STORE_CHECK_AT_ONCE)
			x->done(x, 0);
		else
			list_more(x);
		return;
	}
	x->account = (struct account_check){.shard = x->shards[x->next++], .done = checked};
	account_check(x->accounts, &x->account);
}

static int take_account(void *arg, uint64_t shard)
{
	struct store_checking *x = arg;
	x->shards[x->count++] = shard;
	return x->count == STORE_CHECK_AT_ONCE;
}

static int run_list(struct txn *t, void *arg)
{
	struct store_checking *x = arg;
	x->count = 0;
	int error = directory_number_each(t, x->after, take_account, x);
	return error > 0 ? 0 : error;
}

static void listed(struct store_read *read, int result)
{
	struct store_checking *x = container_of(read, struct store_checking, read);
	x->next = 0;
	if (x->count > 0)
		x->after = x->shards[x->count - 1];
	if (result)
		x->done(x, result);
	else
		next_account(x);
}

static void list_more(struct store_checking *x)
{
	x->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_list, .arg = x, .done = listed};
	store_read(x->accounts->store, &x->read);
}

/* First the one that is in no list: the server's own scripts. */
void store_check_accounts(struct store_checking *x)
{
	x->mailboxes = x->contradictions = x->after = 0;
	x->next = x->count = STORE_CHECK_AT_ONCE;
	x->account = (struct account_check){.shard = ACCOUNT_SERVER, .done = checked};
	account_check(x->accounts, &x->account);
}
