/*
 * Groups, in the directory's shard:
 *   g domain NUL local   a group: its number, how many members
 *   h number             a group's name
 *   i shard              an account's address
 *   j number shard       a member: its address
 *   k shard number       a group that the account is in
 */
#include "directory/groups.h"

#include <errno.h>
#include <string.h>

#include "directory/directory_entries.h"
#include "store/entry.h"

enum { VERSION = 1 };

/* ---- a group ---- */

static int find_both(struct txn *t, struct view group, struct view member, struct address *group_name,
    struct address *member_name, struct directory_account *account)
{
	int error = address_normalize(group, group_name);
	if (error == 0)
		error = address_normalize(member, member_name);
	if (error == 0)
		error = directory_find_account(t, member_name, account);
	return error;
}

/* Its number is an account's, that no account has: so no grant of a group ever means another one. */
static int new_group(struct txn *t, const struct address *name, struct directory_group *g)
{
	struct directory_domain domain;
	int error = directory_find_domain(t, address_domain(name), &domain);
	if (error == 0)
		error = directory_next_number(t, &g->number);
	g->members = 0;
	if (error)
		return error;
	struct directory_key k = directory_number_key('h', g->number);
	return directory_text_put(t, &k, address_view(name));
}

int directory_group_add(struct txn *t, struct view group, struct view member)
{
	struct address group_name, member_name;
	struct directory_account account;
	struct directory_domain domain;
	uint64_t numbers[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	struct directory_group g;
	size_t count;
	int error = find_both(t, group, member, &group_name, &member_name, &account);
	if (error)
		return error == -ENOENT ? -ENXIO : error;
	uint64_t shard = account.shard;
	error = directory_find_domain(t, address_domain(&group_name), &domain);
	if (error == 0)
		error = directory_groups_of(t, shard, numbers, &count);
	if (error)
		return error;
	int found = directory_group_get(t, &group_name, &g);
	if (found == 0 && directory_is_member(t, shard, g.number) == 0)
		return 0;
	if (count == DIRECTORY_GROUPS_OF_ACCOUNT_MAX ||
	    (found == 0 && g.members >= DIRECTORY_GROUP_MEMBERS_MAX))
		return -EMLINK;
	error = found == -ENOENT ? new_group(t, &group_name, &g) : found;
	if (error)
		return error;
	g.members++;
	struct directory_key member_key = directory_pair_key('j', g.number, shard),
	                     reverse = directory_pair_key('k', shard, g.number);
	error = directory_group_put(t, &group_name, &g);
	if (error == 0)
		error = directory_text_put(t, &member_key, address_view(&member_name));
	return error ? error : directory_text_put(t, &reverse, address_view(&group_name));
}

int directory_group_remove(struct txn *t, struct view group, struct view member)
{
	struct address group_name, member_name;
	struct directory_account account;
	struct directory_group g;
	int error = find_both(t, group, member, &group_name, &member_name, &account);
	if (error)
		return error;
	uint64_t shard = account.shard;
	error = directory_group_get(t, &group_name, &g);
	if (error == 0)
		error = directory_is_member(t, shard, g.number);
	return error ? error : directory_member_remove(t, &group_name, &g, shard);
}

/* ---- looks ---- */

int directory_group_number(struct txn *t, struct view group, uint64_t *number)
{
	struct address name;
	struct directory_group g;
	int error = address_normalize(group, &name);
	if (error == 0)
		error = directory_group_get(t, &name, &g);
	if (error == 0)
		*number = g.number;
	return error;
}

/* ---- lists ---- */

struct number_walk {
	int (*visit)(void *arg, uint64_t shard);
	void *arg;
};

static int visit_number(void *arg, struct view key, struct view value)
{
	const struct number_walk *w = arg;
	struct cursor c = cursor_on(view_skip(key, 1));
	uint64_t shard = cursor_u64(&c);
	(void)value;
	return cursor_ok(&c) ? w->visit(w->arg, shard) : -EBADMSG;
}

int directory_number_each(struct txn *t, uint64_t after, int (*visit)(void *arg, uint64_t shard), void *arg)
{
	struct directory_key from = directory_number_key('i', after + 1),
	                     to = directory_letter_key('i' + 1, (struct view){0});
	struct number_walk walk = {.visit = visit, .arg = arg};
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_number, &walk);
}

struct group_list {
	struct view domain;
	int (*group)(void *arg, struct view group, uint64_t members);
	int (*member)(void *arg, struct view member);
	void *arg;
};

static int visit_group(void *arg, struct view key, struct view value)
{
	const struct group_list *l = arg;
	struct cursor c = entry_read(value, VERSION);
	struct address name;
	size_t skip = 1 + l->domain.len + 1;
	entry_take_number(&c);
	uint64_t members = entry_take_number(&c);
	int error = key.len <= skip ? -EBADMSG : address_join(view_skip(key, skip), l->domain, &name);
	if (error == 0)
		error = entry_result(&c);
	return error ? error : l->group(l->arg, address_view(&name), members);
}

int directory_group_each(struct txn *t, struct view domain, struct view after,
    int (*visit)(void *arg, struct view group, uint64_t members), void *arg)
{
	struct directory_key from, to;
	struct address name, last;
	int error = address_normalize_domain(domain, &name);
	struct group_list l = {.domain = address_view(&name), .group = visit, .arg = arg};
	if (error == 0 && !view_empty(after))
		error = address_normalize(after, &last);
	struct directory_domain d;
	if (error)
		return error;
	if (directory_domain_entry(t, address_view(&name), &d) == 0 && d.removed)
		return 0;
	directory_domain_range('g', address_view(&name), &from, &to);
	if (!view_empty(after)) {
		from = directory_address_key('g', &last);
		directory_key_add(&from, view_of("", 1));
	}
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_group, &l);
}

static int visit_member(void *arg, struct view key, struct view value)
{
	const struct group_list *l = arg;
	struct cursor c = entry_read(value, VERSION);
	struct view member = entry_take_text(&c);
	(void)key;
	return entry_result(&c) ? -EBADMSG : l->member(l->arg, member);
}

int directory_member_each(struct txn *t, struct view group, struct view after,
    int (*visit)(void *arg, struct view member), void *arg)
{
	struct group_list l = {.member = visit, .arg = arg};
	struct directory_account account = {.shard = 0};
	struct address name, last;
	struct directory_group g;
	int error = address_normalize(group, &name);
	if (error == 0)
		error = directory_group_get(t, &name, &g);
	if (error == 0 && !view_empty(after))
		error = address_normalize(after, &last);
	if (error == 0 && !view_empty(after))
		error = directory_find_account(t, &last, &account);
	if (error)
		return error;
	struct directory_key from = directory_pair_key('j', g.number, account.shard + 1),
	                     to = directory_pair_key('j', g.number, UINT64_MAX);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_member, &l);
}
