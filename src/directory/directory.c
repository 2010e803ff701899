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
 * groups (groups.c): g h i j k; and the keys that sign mail (signing.c): m
 */
#include "directory/directory.h"

#include <errno.h>
#include <string.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "directory/signing.h"
#include "store/entry.h"

enum { VERSION = 1 };

static struct directory_key password_key(const struct address *a, struct view name)
{
	struct directory_key k = directory_address_key('p', a);
	directory_key_add(&k, view_of("", 1));
	directory_key_add(&k, name);
	return k;
}

static int put(struct txn *t, const struct directory_key *k, const struct entry *e)
{
	return entry_put(t, DIRECTORY_SHARD, directory_key_view(k), e);
}

static int get(struct txn *t, const struct directory_key *k, struct cursor *c)
{
	struct view value;
	int error = txn_get(t, DIRECTORY_SHARD, directory_key_view(k), &value);
	if (error)
		return error;
	*c = entry_read(value, VERSION);
	return entry_result(c);
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

int directory_decode_domain(struct cursor *c, struct directory_domain *d)
{
	struct directory_domain r;
	r.disabled = cursor_u8(c) != 0;
	r.separator = (char)cursor_u8(c);
	r.alias_of = entry_take_text(c);
	r.catch_all = entry_take_text(c);
	if (!cursor_ok(c))
		return -EBADMSG;
	*d = r;
	return 0;
}

int directory_find_domain(struct txn *t, struct view name, struct directory_domain *d)
{
	struct cursor c;
	struct directory_key k = directory_letter_key('d', name);
	int error = get(t, &k, &c);
	return error ? error : directory_decode_domain(&c, d);
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
	struct entry v;
	int error = address_normalize_domain(name, &domain);
	if (error == 0 && !view_empty(d->alias_of))
		error = address_normalize_domain(d->alias_of, &alias_of);
	if (error == 0 && !view_empty(d->catch_all))
		error = address_normalize(d->catch_all, &catch_all);
	if (error)
		return error;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 1, d->disabled);
	entry_add_fixed(&v, 1, (unsigned char)d->separator);
	entry_add_text(&v, address_view(&alias_of));
	entry_add_text(&v, address_view(&catch_all));
	struct directory_key k = directory_letter_key('d', address_view(&domain));
	return put(t, &k, &v);
}

static int stop_at_first(void *arg, struct view key, struct view value)
{
	(void)arg, (void)key, (void)value;
	return 1;
}

static int any_of(struct txn *t, char letter, struct view domain)
{
	struct directory_key from, to;
	directory_domain_range(letter, domain, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = 1};
	return txn_range(t, &range, stop_at_first, NULL);
}

int directory_domain_delete(struct txn *t, struct view name)
{
	struct address domain;
	int error = address_normalize_domain(name, &domain);
	if (error)
		return error;
	error = any_of(t, 'a', address_view(&domain));
	if (error == 0)
		error = any_of(t, 'l', address_view(&domain));
	if (error == 0)
		error = any_of(t, 'o', address_view(&domain));
	if (error == 0)
		error = any_of(t, 'g', address_view(&domain));
	if (error)
		return error > 0 ? -ENOTEMPTY : error;
	struct directory_key k = directory_letter_key('d', address_view(&domain));
	error = delete (t, &k);
	return error ? error : directory_signing_forget(t, address_view(&domain));
}

int directory_decode_account(struct cursor *c, struct directory_account *a)
{
	struct directory_account r;
	r.disabled = cursor_u8(c) != 0;
	r.shard = cursor_u64(c);
	r.quota = cursor_u64(c);
	r.credentials = entry_take_text(c);
	/* Entries that were written before there was such a limit end here. */
	r.quota_messages = cursor_ok(c) && !cursor_at_end(c) ? entry_take_number(c) : 0;
	r.administrator = cursor_ok(c) && !cursor_at_end(c) && cursor_u8(c) != 0;
	if (!cursor_ok(c))
		return -EBADMSG;
	*a = r;
	return 0;
}

static int put_account(struct txn *t, const struct directory_key *k, const struct directory_account *a)
{
	struct entry v;
	if (a->credentials.len > DIRECTORY_OPAQUE_MAX)
		return -EMSGSIZE;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 1, a->disabled);
	entry_add_fixed(&v, 8, a->shard);
	entry_add_fixed(&v, 8, a->quota);
	entry_add_text(&v, a->credentials);
	entry_add_number(&v, a->quota_messages);
	entry_add_fixed(&v, 1, a->administrator);
	return put(t, k, &v);
}

int directory_find_account(struct txn *t, const struct address *address, struct directory_account *a)
{
	struct cursor c;
	struct directory_key k = directory_address_key('a', address);
	int error = get(t, &k, &c);
	return error ? error : directory_decode_account(&c, a);
}

/* Numbers of accounts are counted, not chosen: one that was removed never gets its successor's mail. */
int directory_next_number(struct txn *t, uint64_t *shard)
{
	struct directory_key k = directory_letter_key('n', (struct view){0});
	struct entry v;
	struct cursor c;
	uint64_t number = 1;
	int error = get(t, &k, &c);
	if (error == 0)
		number = cursor_u64(&c);
	else if (error != -ENOENT)
		return error;
	entry_begin(&v, VERSION);
	entry_add_fixed(&v, 8, number + 1);
	*shard = store_shard(STORE_ACCOUNT, number);
	return put(t, &k, &v);
}

int directory_account_add(struct txn *t, struct view text, struct directory_account *a)
{
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	struct directory_key account = directory_address_key('a', &address),
	                     alias = directory_address_key('l', &address),
	                     masked = directory_address_key('o', &address);
	struct directory_key domain = directory_letter_key('d', address_domain(&address));
	if (a->credentials.len > DIRECTORY_OPAQUE_MAX)
		return -EMSGSIZE;
	error = exists(t, &domain);
	if (error)
		return error;
	if (exists(t, &account) == 0 || exists(t, &alias) == 0 || exists(t, &masked) == 0)
		return -EEXIST;
	error = directory_next_number(t, &a->shard);
	if (error == 0)
		error = directory_account_name_put(t, a->shard, &address);
	return error ? error : put_account(t, &account, a);
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
	struct directory_key k = directory_address_key('a', &address);
	changed.shard = old.shard;
	return put_account(t, &k, &changed);
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
		error = directory_find_account(t, &address, &account);
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
	error = get(t, &k, &c);
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
	return put(t, &k, &v);
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
	int error = get(t, &k, &c);
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
	struct directory_key alias = directory_address_key('l', &address),
	                     account = directory_address_key('a', &address),
	                     masked = directory_address_key('o', &address);
	struct directory_key domain = directory_letter_key('d', address_domain(&address));
	error = exists(t, &domain);
	if (error)
		return error;
	if (exists(t, &account) == 0 || exists(t, &masked) == 0)
		return -EEXIST;
	return put(t, &alias, &v);
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
	int error = get(t, &k, &c);
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
	return put(t, &k, &v);
}
