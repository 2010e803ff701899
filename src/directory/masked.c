/* See masked.h. */
#include "directory/masked.h"

#include <errno.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "store/entry.h"

enum { VERSION = 1 };

int directory_decode_masked(struct cursor *c, struct directory_masked *m)
{
	m->owner = cursor_u64(c);
	m->on = cursor_u8(c) != 0;
	m->number = cursor_ok(c) && !cursor_at_end(c) ? cursor_u32(c) : 0;
	return cursor_ok(c) ? 0 : -EBADMSG;
}

int directory_find_masked(struct txn *t, const struct address *address, struct directory_masked *m)
{
	struct directory_key k = directory_address_key('o', address);
	struct cursor c;
	int error = directory_get(t, &k, &c);
	return error ? error : directory_decode_masked(&c, m);
}

static int put(struct txn *t, const struct address *address, const struct directory_masked *m)
{
	struct directory_key k = directory_address_key('o', address);
	struct entry v;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 8, m->owner);
	entry_add_fixed(&v, 1, m->on);
	entry_add_fixed(&v, 4, m->number);
	return directory_put(t, &k, &v);
}

/* 0: nobody and nothing has it; -EEXIST. */
static int is_free(struct txn *t, const struct address *address)
{
	struct directory_account account;
	struct directory_masked masked;
	struct directory_group group;
	struct view targets;
	int error = directory_find_account(t, address, &account);
	if (error == -ENOENT)
		error = directory_find_alias(t, address, &targets);
	if (error == -ENOENT)
		error = directory_find_masked(t, address, &masked);
	if (error == -ENOENT)
		error = directory_group_get(t, address, &group);
	return error == -ENOENT ? 0 : error ? error : -EEXIST;
}

int directory_masked_add(struct txn *t, struct view text, const struct directory_masked *m)
{
	struct directory_domain domain;
	struct address address;
	struct view owner;
	int error = address_normalize(text, &address);
	if (error == 0)
		error = directory_find_domain(t, address_domain(&address), &domain);
	if (error)
		return error;
	if (!view_empty(domain.alias_of))
		return -ENOENT;
	if (domain.separator && view_find(address_local(&address), domain.separator) >= 0)
		return -EINVAL;
	error = directory_account_address(t, m->owner, &owner);
	if (error == 0)
		error = is_free(t, &address);
	return error ? error : put(t, &address, m);
}

int directory_masked_set(struct txn *t, struct view text, const struct directory_masked *m)
{
	struct directory_masked now;
	struct address address;
	int error = address_normalize(text, &address);
	if (error == 0)
		error = directory_find_masked(t, &address, &now);
	if (error)
		return error;
	return now.owner == m->owner ? put(t, &address, m) : -EACCES;
}

int directory_masked_get(struct txn *t, struct view text, struct directory_masked *m, struct address *normal)
{
	struct directory_domain domain;
	struct address address;
	int error = address_normalize(text, &address);
	if (error == 0)
		error = directory_find_domain(t, address_domain(&address), &domain);
	if (error)
		return error;
	*normal = address;
	if (!view_empty(domain.alias_of))
		error = address_join(address_local(&address), domain.alias_of, normal);
	return error ? error : directory_find_masked(t, normal, m);
}
