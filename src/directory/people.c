/* See people.h. */
#include "directory/people.h"

#include <errno.h>

#include "directory/directory_entries.h"

bool people_seen_read(struct view text, enum people_seen *seen)
{
	static const char *const words[] = {
	    [PEOPLE_OF_DOMAIN] = "domain", [PEOPLE_OF_GROUPS] = "groups", [PEOPLE_NOBODY] = "nobody"};
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (view_equal(text, view_from_string(words[i]))) {
			*seen = (enum people_seen)i;
			return true;
		}
	return false;
}

int directory_viewer_begin(struct txn *t, struct directory_viewer *v)
{
	struct view address;
	int error = directory_account_address(t, v->shard, &address);
	if (error == 0)
		error = address_normalize(address, &v->address);
	return error ? error : directory_groups_of(t, v->shard, v->groups, &v->group_count);
}

static bool is_listed(const uint64_t *numbers, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static bool is_of_domain(const struct directory_viewer *v, struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return v->seen == PEOPLE_OF_DOMAIN && at >= 0 &&
	       view_equal_nocase(view_skip(address, (size_t)at + 1), address_domain(&v->address));
}

/* 0: some group has both; -ENOENT. */
static int share_a_group(struct txn *t, const struct directory_viewer *v, uint64_t number)
{
	int error = -ENOENT;
	for (size_t i = 0; v->seen != PEOPLE_NOBODY && i < v->group_count && error == -ENOENT; i++)
		error = directory_is_member(t, number, v->groups[i]);
	return error;
}

static int sees_account(
    struct txn *t, const struct directory_viewer *v, uint64_t number, struct directory_person *person)
{
	struct directory_account account;
	struct address normal;
	int error = address_normalize(person->address, &normal);
	if (error == 0)
		error = directory_find_account(t, &normal, &account);
	if (error == 0 && account.disabled)
		error = -ENOENT;
	if (error)
		return error;
	if (!is_listed(v->sharers, v->sharer_count, number) && !is_of_domain(v, address_view(&normal)))
		error = share_a_group(t, v, number);
	/* The other looks have ended the view. */
	return error ? error : directory_account_address(t, number, &person->address);
}

int directory_sees(
    struct txn *t, const struct directory_viewer *v, uint64_t number, struct directory_person *person)
{
	struct directory_person found = {.number = number};
	int error = directory_account_address(t, number, &found.address);
	if (error == 0 && number != v->shard) {
		error = sees_account(t, v, number, &found);
	} else if (error == -ENOENT) {
		found.group = true;
		error = directory_group_name(t, number, &found.address);
		bool own = v->seen != PEOPLE_NOBODY && is_listed(v->groups, v->group_count, number);
		if (error == 0 && !own && !is_of_domain(v, found.address))
			error = -ENOENT;
	}
	if (error == 0)
		*person = found;
	return error;
}
