/* Who is in which group: what an account takes with it when it goes, as well. The keys are in groups.c. */
#include <errno.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "store/entry.h"

enum { VERSION = 1 };

int directory_text_get(struct txn *t, const struct directory_key *k, struct view *text)
{
	struct cursor c;
	int error = directory_get(t, k, &c);
	if (error == 0)
		*text = entry_take_text(&c);
	return error ? error : entry_result(&c);
}

static int drop(struct txn *t, const struct directory_key *k)
{
	return txn_delete(t, DIRECTORY_SHARD, directory_key_view(k));
}

int directory_group_get(struct txn *t, const struct address *name, struct directory_group *g)
{
	struct directory_key k = directory_address_key('g', name);
	struct cursor c;
	int error = directory_get(t, &k, &c);
	if (error)
		return error;
	g->number = entry_take_number(&c);
	g->members = entry_take_number(&c);
	return entry_result(&c);
}

int directory_group_put(struct txn *t, const struct address *name, const struct directory_group *g)
{
	struct directory_key k = directory_address_key('g', name);
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, g->number);
	entry_add_number(&e, g->members);
	return directory_put(t, &k, &e);
}

int directory_is_member(struct txn *t, uint64_t shard, uint64_t number)
{
	struct directory_key k = directory_pair_key('k', shard, number);
	struct view value;
	return txn_get(t, DIRECTORY_SHARD, directory_key_view(&k), &value);
}

int directory_member_remove(
    struct txn *t, const struct address *name, struct directory_group *g, uint64_t shard)
{
	struct directory_key member = directory_pair_key('j', g->number, shard),
	                     reverse = directory_pair_key('k', shard, g->number);
	struct directory_key by_number = directory_number_key('h', g->number),
	                     own = directory_address_key('g', name);
	int error = drop(t, &member);
	if (error == 0)
		error = drop(t, &reverse);
	if (error || g->members > 1) {
		g->members--;
		return error ? error : directory_group_put(t, name, g);
	}
	error = drop(t, &by_number);
	return error ? error : drop(t, &own);
}

int directory_group_name(struct txn *t, uint64_t number, struct view *group)
{
	struct directory_key k = directory_number_key('h', number);
	return directory_text_get(t, &k, group);
}

int directory_account_address(struct txn *t, uint64_t shard, struct view *address)
{
	struct directory_key k = directory_number_key('i', shard);
	struct directory_account account;
	struct address normal;
	int error = directory_text_get(t, &k, address);
	if (error == 0)
		error = address_normalize(*address, &normal);
	/* One that was removed is nobody, as long as it is not brought back. */
	return error ? error : directory_find_account(t, &normal, &account);
}

struct number_list {
	uint64_t *numbers;
	size_t count;
};

static int note_number(void *arg, struct view key, struct view value)
{
	struct number_list *l = arg;
	struct cursor c = cursor_on(view_skip(key, 1 + 8));
	(void)value;
	l->numbers[l->count++] = cursor_u64(&c);
	return cursor_ok(&c) ? 0 : -EBADMSG;
}

int directory_groups_of(struct txn *t, uint64_t shard, uint64_t *numbers, size_t *count)
{
	struct directory_key from = directory_pair_key('k', shard, 0),
	                     to = directory_pair_key('k', shard, UINT64_MAX);
	struct number_list l = {.numbers = numbers};
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = DIRECTORY_GROUPS_OF_ACCOUNT_MAX};
	int error = txn_range(t, &range, note_number, &l);
	*count = l.count;
	return error;
}

/* ---- an account comes and goes ---- */

int directory_account_name_put(struct txn *t, uint64_t shard, const struct address *address)
{
	struct directory_key k = directory_number_key('i', shard);
	return directory_text_put(t, &k, address_view(address));
}

int directory_account_name_delete(struct txn *t, uint64_t shard)
{
	struct directory_key own = directory_number_key('i', shard);
	uint64_t numbers[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	size_t count;
	int error = directory_groups_of(t, shard, numbers, &count);
	for (size_t i = 0; i < count && error == 0; i++) {
		struct address name;
		struct view text;
		struct directory_group g;
		error = directory_group_name(t, numbers[i], &text);
		if (error == 0)
			error = address_normalize(text, &name);
		if (error == 0)
			error = directory_group_get(t, &name, &g);
		if (error == 0)
			error = directory_member_remove(t, &name, &g, shard);
	}
	return error ? error : drop(t, &own);
}

int directory_member_rename(struct txn *t, uint64_t shard, const struct address *address)
{
	uint64_t numbers[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	size_t count;
	int error = directory_groups_of(t, shard, numbers, &count);
	for (size_t i = 0; i < count && error == 0; i++) {
		struct directory_key member = directory_pair_key('j', numbers[i], shard);
		error = directory_text_put(t, &member, address_view(address));
	}
	return error ? error : directory_account_name_put(t, shard, address);
}
