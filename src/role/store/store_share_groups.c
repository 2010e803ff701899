/* See store_share_groups.h. */
#include "role/store/store_share_groups.h"

#include <errno.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "role/store/store_private.h"

/* Groups that wait to be told: each account may bring about a hundred in an hour (SHARING_HOUR_MAX). */
enum { WAITING_MAX = 2000 };

struct telling {
	struct telling *next;
	uint64_t group;
	struct account_telling call;
	char address[ADDRESS_MAX], by_address[ADDRESS_MAX];

	/* The slice. */
	struct store_read read;
	struct address after, last;
	struct address names[ACCOUNT_TELLING_MAX];
	size_t name_count;
	uint64_t people[ACCOUNT_TELLING_MAX];
	size_t count;
	bool more;
};

/* One after the other: what somebody shares with large groups does not hold up everybody's commits. */
static struct {
	struct telling *first, **end;
	size_t count;
	bool under_way;
} waiting;

static void go_on(void);

static void end(int error)
{
	struct telling *t = waiting.first;
	if (error && error != -ENOENT)
		log_event(LOG_WARNING, "-", "share-not-told", log_u64("account", t->call.shard),
		    log_u64("group", t->group), log_errno(error));
	waiting.first = t->next;
	if (waiting.first == NULL)
		waiting.end = &waiting.first;
	waiting.count--;
	waiting.under_way = false;
	mem_free(t);
	go_on();
}

static void told(struct account_telling *call, int result)
{
	struct telling *t = container_of(call, struct telling, call);
	for (size_t i = 0; i < call->invited_count && result == 0; i++)
		store_notice_share(call->invited[i], call->shard, call->mailbox);
	t->after = t->last;
	waiting.under_way = false;
	if (result || !t->more)
		end(result);
	else
		go_on();
}

/* ---- who they are ---- */

static int take_name(void *arg, struct view member)
{
	struct telling *t = arg;
	if (t->name_count == ACCOUNT_TELLING_MAX) {
		t->more = true;
		return 1;
	}
	int error = address_normalize(member, &t->last);
	if (error == 0)
		t->names[t->name_count++] = t->last;
	return error;
}

/* Whoever may not sign in is told nothing. */
static int find_people(struct txn *txn, struct telling *t)
{
	struct directory_account account;
	for (size_t i = 0; i < t->name_count; i++) {
		int error = directory_account_get(txn, address_view(&t->names[i]), &account);
		if (error == 0 && !account.disabled)
			t->people[t->count++] = account.shard;
		else if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

static int run_members(struct txn *txn, void *arg)
{
	struct telling *t = arg;
	struct address group;
	struct view name;
	t->name_count = t->count = 0;
	t->more = false;
	t->last = t->after;
	int error = directory_group_name(txn, t->group, &name);
	if (error == 0)
		error = address_normalize(name, &group);
	if (error == 0)
		error =
		    directory_member_each(txn, address_view(&group), address_view(&t->after), take_name, t);
	return error < 0 ? error : find_people(txn, t);
}

static void members_known(struct store_read *read, int result)
{
	struct telling *t = container_of(read, struct telling, read);
	if (result) {
		end(result);
		return;
	}
	t->call.people = t->people;
	t->call.count = t->count;
	account_tell_people(&store_role.accounts, &t->call);
}

static void go_on(void)
{
	struct telling *t = waiting.first;
	if (t == NULL || waiting.under_way)
		return;
	waiting.under_way = true;
	t->read = (struct store_read){
	    .shard = DIRECTORY_SHARD, .run = run_members, .arg = t, .done = members_known};
	store_read(store_role.store, &t->read);
}

/* ---- what is to be told ---- */

struct view store_share_address(char room[static ADDRESS_MAX], struct view text)
{
	text = view_take(text, ADDRESS_MAX);
	for (size_t i = 0; i < text.len; i++)
		room[i] = text.data[i];
	return view_of(room, text.len);
}

static void add(const struct account_granting *g, const struct account_grant_told *group)
{
	if (waiting.count == WAITING_MAX) {
		log_event(LOG_WARNING, "-", "share-not-told", log_u64("account", g->shard),
		    log_u64("group", group->who), log_errno(-EAGAIN));
		return;
	}
	struct telling *t = mem_alloc(sizeof *t);
	t->group = group->who;
	t->call = (struct account_telling){.shard = g->shard,
	    .mailbox = g->mailbox,
	    .address = store_share_address(t->address, g->address),
	    .by = g->by,
	    .by_address = store_share_address(t->by_address, g->by_address),
	    .old_rights = group->old_rights,
	    .new_rights = group->new_rights,
	    .done = told};
	if (waiting.end == NULL)
		waiting.end = &waiting.first;
	*waiting.end = t;
	waiting.end = &t->next;
	waiting.count++;
}

void store_share_groups(const struct account_granting *granted)
{
	for (size_t i = 0; i < granted->group_count; i++)
		add(granted, &granted->groups[i]);
	go_on();
}
