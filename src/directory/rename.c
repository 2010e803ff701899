/* An account gets another address, and whose account is meant by an address that it had before. */
#include <errno.h>
#include <string.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "directory/masked.h"

struct part {
	char name[DIRECTORY_NAME_MAX], record[DIRECTORY_OPAQUE_MAX];
	size_t name_len, record_len;
};

static int take_first(void *arg, struct view name, struct view record)
{
	struct part *part = arg;
	if (name.len > sizeof part->name || record.len > sizeof part->record)
		return -EBADMSG;
	memcpy(part->name, name.data, name.len);
	memcpy(part->record, record.data, record.len);
	part->name_len = name.len;
	part->record_len = record.len;
	return 1;
}

/* Entries of an account's credentials, one after the other. */
static int move_parts(struct txn *t, struct view from, struct view to)
{
	struct part part;
	for (;;) {
		int error = directory_app_password_each(t, from, take_first, &part);
		if (error <= 0)
			return error;
		struct view name = view_of(part.name, part.name_len);
		error = directory_app_password_put(t, to, name, view_of(part.record, part.record_len));
		if (error == 0)
			error = directory_app_password_delete(t, from, name);
		if (error)
			return error;
	}
}

/* An alias that leads to the account alone makes room for it. */
static int make_room(struct txn *t, const struct address *from, const struct address *to)
{
	struct directory_account account;
	struct directory_masked masked;
	struct directory_domain domain;
	struct view targets;
	int error = directory_find_domain(t, address_domain(to), &domain);
	if (error)
		return error;
	error = directory_account_entry(t, to, &account);
	if (error != -ENOENT)
		return error ? error : account.removed ? -EKEYREVOKED : -EEXIST;
	error = directory_find_masked(t, to, &masked);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	error = directory_find_alias(t, to, &targets);
	if (error)
		return error == -ENOENT ? 0 : error;
	return view_equal(targets, address_view(from)) ? directory_alias_delete(t, address_view(to))
	                                               : -EEXIST;
}

static int move_postmaster(struct txn *t, const struct address *from, const struct address *to)
{
	struct view admin;
	int error = directory_admin_get(t, &admin);
	if (error == 0 && view_equal(admin, address_view(from)))
		error = directory_admin_put(t, address_view(to));
	return error == -ENOENT ? 0 : error;
}

int directory_account_rename(
    struct txn *t, struct view old, struct view fresh, bool alias, struct directory_renamed *renamed)
{
	struct address from, to;
	struct directory_account account;
	char credentials[DIRECTORY_OPAQUE_MAX];
	int error = address_normalize(old, &from);
	if (error == 0)
		error = address_normalize(fresh, &to);
	if (error == 0)
		error = directory_find_account(t, &from, &account);
	if (error == 0 && account.credentials.len > sizeof credentials)
		error = -EBADMSG;
	if (error)
		return error;
	if (view_equal(address_view(&from), address_view(&to)))
		return -EEXIST;
	memcpy(credentials, account.credentials.data, account.credentials.len);
	account.credentials.data = credentials;
	*renamed = (struct directory_renamed){.shard = account.shard};
	error = make_room(t, &from, &to);
	/* Before anything is written: it may be too much. */
	if (error == 0 && !alias)
		error = directory_lead_to(t, &from, &to, &renamed->led);
	if (error == 0)
		error = directory_account_write(t, &to, &account);
	if (error == 0)
		error = move_parts(t, address_view(&from), address_view(&to));
	if (error == 0)
		error = directory_member_rename(t, account.shard, &to);
	struct directory_key key = directory_address_key('a', &from);
	if (error == 0)
		error = txn_delete(t, DIRECTORY_SHARD, directory_key_view(&key));
	if (error == 0)
		error = move_postmaster(t, &from, &to);
	return error || !alias ? error : directory_alias_put(t, address_view(&from), address_view(&to));
}

int directory_login_get(struct txn *t, struct view text, struct directory_account *a, struct address *own)
{
	struct directory_domain domain;
	struct address address;
	struct view targets;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	*own = address;
	error = directory_find_account(t, &address, a);
	if (error != -ENOENT)
		return error;
	error = directory_find_domain(t, address_domain(&address), &domain);
	if (error == 0)
		error = directory_find_alias(t, &address, &targets);
	if (error == 0)
		error = view_find(targets, '\n') < 0 ? address_normalize(targets, own) : -ENOENT;
	return error ? error : directory_find_account(t, own, a);
}
