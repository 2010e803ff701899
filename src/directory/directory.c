/*
 * The entries of the directory shard. Addresses are keyed by domain and then local part, so that a domain's
 * accounts are one range:
 *   d domain                 domain
 *   a domain NUL local       account
 *   l domain NUL local       alias
 *   o domain NUL local       masked address (masked.c)
 *   p domain NUL local NUL name   app password
 *   n                        the next account's or group's number
 *   s                        who is postmaster
 *   q time kind name         what was removed and can be brought back (removed.c)
 * groups (groups.c): g h i j k; and the keys that sign mail (signing.c): m
 */
#include "directory/directory.h"

#include <errno.h>
#include <string.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "directory/removed.h"
#include "store/entry.h"

enum { VERSION = 1 };

static struct directory_key password_key(const struct address *a, struct view name)
{
	struct directory_key k = directory_address_key('p', a);
	directory_key_add(&k, view_of("", 1));
	directory_key_add(&k, name);
	return k;
}

static int exists(struct txn *t, const struct directory_key *k)
{
	struct view value;
	return txn_get(t, DIRECTORY_SHARD, directory_key_view(k), &value);
}

static int delete (struct txn *t, const struct directory_key *k)
{
	int error = exists(t, k);
	return error ? error : txn_delete(t, DIRECTORY_SHARD, directory_key_view(k));
}

int directory_domain_get(struct txn *t, struct view name, struct directory_domain *d)
{
	struct address domain;
	int error = address_normalize_domain(name, &domain);
	return error ? error : directory_find_domain(t, address_view(&domain), d);
}

int directory_domain_put(struct txn *t, struct view name, const struct directory_domain *d)
{
	struct address domain, alias_of = {.len = 0}, catch_all = {.len = 0};
	int error = address_normalize_domain(name, &domain);
	if (error == 0 && !view_empty(d->alias_of))
		error = address_normalize_domain(d->alias_of, &alias_of);
	if (error == 0 && !view_empty(d->catch_all))
		error = address_normalize(d->catch_all, &catch_all);
	if (error)
		return error;
	struct directory_domain before, now = {.alias_of = address_view(&alias_of),
	                                    .catch_all = address_view(&catch_all),
	                                    .separator = d->separator,
	                                    .disabled = d->disabled};
	/* One that was removed empty comes back with its keys; one that was removed with all that is in it is
	 * not brought back by accident. */
	error = directory_domain_entry(t, address_view(&domain), &before);
	if (error == 0 && before.removed)
		error = before.with_all ? -EKEYREVOKED
		                        : directory_removed_forget(t, before.removed,
		                              DIRECTORY_REMOVED_DOMAIN, address_view(&domain));
	if (error && error != -ENOENT)
		return error;
	return directory_domain_write(t, address_view(&domain), &now);
}

/* Numbers of accounts are counted, not chosen: one that was removed never gets its successor's mail. */
int directory_next_number(struct txn *t, uint64_t *shard)
{
	struct directory_key k = directory_letter_key('n', (struct view){0});
	struct entry v;
	struct cursor c;
	uint64_t number = 1;
	int error = directory_get(t, &k, &c);
	if (error == 0)
		number = cursor_u64(&c);
	else if (error != -ENOENT)
		return error;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 8, number + 1);
	*shard = store_shard(STORE_ACCOUNT, number);
	return directory_put(t, &k, &v);
}

int directory_account_add(struct txn *t, struct view text, struct directory_account *a)
{
	struct address address;
	struct directory_domain domain;
	struct directory_account before;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key alias = directory_address_key('l', &address),
	                     masked = directory_address_key('o', &address);
	if (a->credentials.len > DIRECTORY_OPAQUE_MAX)
		return -EMSGSIZE;
	error = directory_find_domain(t, address_domain(&address), &domain);
	if (error)
		return error;
	error = directory_account_entry(t, &address, &before);
	if (error != -ENOENT)
		return error ? error : before.removed ? -EKEYREVOKED : -EEXIST;
	if (exists(t, &alias) == 0 || exists(t, &masked) == 0)
		return -EEXIST;
	error = directory_next_number(t, &a->shard);
	if (error == 0)
		error = directory_account_name_put(t, a->shard, &address);
	return error ? error : directory_account_write(t, &address, a);
}

int directory_account_get(struct txn *t, struct view text, struct directory_account *a)
{
	struct address address;
	int error = address_normalize(text, &address);
	return error ? error : directory_find_account(t, &address, a);
}

int directory_account_in_use(struct txn *t, struct view text, struct directory_account *a)
{
	int error = directory_account_get(t, text, a);
	return error == 0 && a->disabled ? -EACCES : error;
}

int directory_account_put(struct txn *t, struct view text, const struct directory_account *a)
{
	struct address address;
	struct directory_account old, changed = *a;
	int error = address_normalize(text, &address);
	if (error == 0)
		error = directory_find_account(t, &address, &old);
	if (error)
		return error;
	changed.shard = old.shard;
	return directory_account_write(t, &address, &changed);
}

/* App passwords of one account: [domain NUL local NUL, domain NUL local 0x01). */
static void password_range(
    const struct address *address, struct directory_key *from, struct directory_key *to)
{
	*from = directory_address_key('p', address);
	*to = *from;
	directory_key_add(from, view_of("\0", 1));
	directory_key_add(to, view_of("\1", 1));
}

static int first_key(void *arg, struct view key, struct view value)
{
	struct directory_key *k = arg;
	(void)value;
	k->len = 0;
	directory_key_add(k, key);
	return 1;
}

int directory_account_delete(struct txn *t, struct view text)
{
	struct address address;
	struct directory_account account;
	struct directory_key from, to, found;
	int error = address_normalize(text, &address);
	if (error == 0)
		error = directory_account_entry(t, &address, &account);
	if (error == 0 && account.removed)
		error = directory_removed_forget(
		    t, account.removed, DIRECTORY_REMOVED_ACCOUNT, address_view(&address));
	if (error)
		return error;
	struct directory_key k = directory_address_key('a', &address);
	error = directory_account_name_delete(t, account.shard);
	if (error == 0)
		error = delete (t, &k);
	password_range(&address, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = 1};
	while (error == 0) {
		error = txn_range(t, &range, first_key, &found);
		if (error <= 0)
			return error;
		error = txn_delete(t, DIRECTORY_SHARD, directory_key_view(&found));
	}
	return error;
}

int directory_app_password_get(struct txn *t, struct view text, struct view name, struct view *record)
{
	struct address address;
	struct cursor c;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key k = password_key(&address, name);
	error = directory_get(t, &k, &c);
	if (error == 0)
		*record = c.rest;
	return error;
}

int directory_app_password_put(struct txn *t, struct view text, struct view name, struct view record)
{
	struct address address;
	struct entry v;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	if (view_empty(name) || view_find(name, '\0') >= 0)
		return -EINVAL;
	if (name.len > DIRECTORY_NAME_MAX || record.len > DIRECTORY_OPAQUE_MAX)
		return -EMSGSIZE;
	struct directory_key account = directory_address_key('a', &address), k = password_key(&address, name);
	error = exists(t, &account);
	if (error)
		return error;
	entry_begin(&v, VERSION);
	entry_add_bytes(&v, record);
	return directory_put(t, &k, &v);
}

int directory_app_password_delete(struct txn *t, struct view text, struct view name)
{
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key k = password_key(&address, name);
	return delete (t, &k);
}

struct password_visit {
	size_t skip; /* bytes of the key before the name */
	int (*visit)(void *arg, struct view name, struct view record);
	void *arg;
};

static int visit_password(void *arg, struct view key, struct view value)
{
	const struct password_visit *p = arg;
	return p->visit(p->arg, view_skip(key, p->skip), view_skip(value, 1));
}

int directory_app_password_each(
    struct txn *t, struct view text, int (*visit)(void *arg, struct view name, struct view record), void *arg)
{
	struct address address;
	struct directory_key from, to;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	password_range(&address, &from, &to);
	struct password_visit p = {from.len, visit, arg};
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_password, &p);
}

int directory_find_alias(struct txn *t, const struct address *address, struct view *targets)
{
	struct cursor c;
	struct directory_key k = directory_address_key('l', address);
	int error = directory_get(t, &k, &c);
	if (error == 0)
		*targets = c.rest;
	return error;
}

/* The targets in their normal form, each once, as they will be stored. */
static int normalize_targets(struct view targets, struct entry *v)
{
	struct view one;
	size_t start = v->len;
	while (view_next(&targets, '\n', &one)) {
		struct address target;
		one = view_trim(one);
		if (view_empty(one))
			continue;
		int error = address_normalize(one, &target);
		if (error)
			return error;
		if (target.len + 1 > DIRECTORY_ALIAS_BYTES_MAX - (v->len - start))
			return -EMSGSIZE;
		if (v->len > start)
			entry_add_bytes(v, VIEW("\n"));
		entry_add_bytes(v, address_view(&target));
	}
	return v->len > start ? 0 : -EINVAL;
}

int directory_alias_put(struct txn *t, struct view text, struct view targets)
{
	struct address address;
	struct entry v;
	int error = address_normalize(text, &address);
	entry_begin(&v, VERSION);
	if (error == 0)
		error = normalize_targets(targets, &v);
	if (error)
		return error;
	struct directory_domain domain;
	struct directory_account account;
	struct directory_key alias = directory_address_key('l', &address),
	                     masked = directory_address_key('o', &address);
	error = directory_find_domain(t, address_domain(&address), &domain);
	if (error)
		return error;
	/* The address of an account that was removed is free for an alias: its mail goes on to somebody else.
	 */
	if (directory_find_account(t, &address, &account) == 0 || exists(t, &masked) == 0)
		return -EEXIST;
	return directory_put(t, &alias, &v);
}

int directory_alias_exists(struct txn *t, struct view text)
{
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key alias = directory_address_key('l', &address);
	return exists(t, &alias);
}

int directory_alias_delete(struct txn *t, struct view text)
{
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key k = directory_address_key('l', &address),
	                     masked = directory_address_key('o', &address);
	error = delete (t, &k);
	return error == -ENOENT ? delete (t, &masked) : error;
}

int directory_admin_get(struct txn *t, struct view *address)
{
	struct directory_key k = directory_letter_key('s', (struct view){0});
	struct cursor c;
	int error = directory_get(t, &k, &c);
	if (error == 0)
		*address = c.rest;
	return error;
}

int directory_admin_put(struct txn *t, struct view text)
{
	struct directory_key k = directory_letter_key('s', (struct view){0});
	struct entry v;
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	entry_begin(&v, VERSION);
	entry_add_bytes(&v, address_view(&address));
	return directory_put(t, &k, &v);
}
