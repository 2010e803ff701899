/* See store_group_left.h. */
#include "role/store/store_group_left.h"

#include <errno.h>

#include "account/change.h"
#include "account/shares.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "role/store/store_private.h"
#include "role/store/store_share_groups.h"

struct leaving {
	struct store_commit commit;
	int64_t now;
	struct view member;
	char text[ADDRESS_MAX];
	uint64_t shard;
	uint64_t groups[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	size_t group_count;
};

static int withdraw(struct txn *t, struct leaving *l)
{
	struct account_change *c = mem_alloc(sizeof *c);
	int error = change_begin(c, t, l->shard, l->now);
	if (error == 0)
		error = shares_withdraw_ungranted(c, l->groups, l->group_count);
	if (error == 0)
		error = change_end(c);
	mem_free(c);
	return error;
}

static int run_leave(struct txn *t, void *arg)
{
	struct leaving *l = arg;
	struct directory_account account;
	int error = directory_account_get(t, l->member, &account);
	if (error)
		return error;
	l->shard = account.shard;
	error = directory_groups_of(t, l->shard, l->groups, &l->group_count);
	return error ? error : withdraw(t, l);
}

static void left(struct store_commit *commit, int result)
{
	struct leaving *l = container_of(commit, struct leaving, commit);
	if (result && result != -ENOENT)
		log_event(LOG_WARNING, "-", "shares-not-withdrawn", log_u64("account", l->shard),
		    log_errno(result));
	mem_free(l);
}

void store_group_left(struct view member)
{
	struct leaving *l = mem_alloc(sizeof *l);
	*l = (struct leaving){.now = clock_wall()};
	l->member = store_share_address(l->text, member);
	l->commit = (struct store_commit){.run = run_leave, .arg = l, .done = left, .frees_space = true};
	store_commit(store_role.store, &l->commit);
}
