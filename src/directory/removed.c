/*
 * See removed.h. The list of what was removed:
 *   q time kind name         the name, as it is shown
 * Times are of eight octets, so that the list is in their order.
 */
#include "directory/removed.h"

#include <errno.h>

#include "account/account_hide.h"
#include "base/mem.h"
#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "directory/signing.h"
#include "store/entry.h"

enum {
	LETTER = DIRECTORY_REMOVED_LETTER,
	ERASED_AT_ONCE = 200 /* entries of a domain: far below what one commit may change */
};

/* ---- the list ---- */

struct removed_walk {
	int (*visit)(void *arg, const struct directory_removed *r);
	void *arg;
};

static int visit_removed(void *arg, struct view key, struct view value)
{
	const struct removed_walk *w = arg;
	struct cursor k = cursor_on(view_skip(key, 1)), v = entry_read(value, 1);
	struct directory_removed r = {.place = view_skip(key, 1), .when = (int64_t)cursor_u64(&k)};
	unsigned kind = cursor_u8(&k);
	r.kind = kind == DIRECTORY_REMOVED_DOMAIN ? DIRECTORY_REMOVED_DOMAIN : DIRECTORY_REMOVED_ACCOUNT;
	r.name = entry_take_text(&v);
	return entry_result(&v) || !cursor_ok(&k) || kind != (unsigned)r.kind ? -EBADMSG
	                                                                      : w->visit(w->arg, &r);
}

int directory_removed_each(
    struct txn *t, struct view after, int (*visit)(void *arg, const struct directory_removed *r), void *arg)
{
	struct directory_key from = directory_letter_key(LETTER, after),
	                     to = directory_letter_key(LETTER + 1, (struct view){0});
	struct removed_walk walk = {.visit = visit, .arg = arg};
	if (!view_empty(after))
		directory_key_add(&from, view_of("", 1));
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = STORE_READ_KEYS_MAX};
	return txn_range(t, &range, visit_removed, &walk);
}

/* ---- accounts ---- */

/* The views of an entry end with the first write. */
struct account_entry {
	struct address address;
	struct directory_account a;
	char credentials[DIRECTORY_OPAQUE_MAX];
};

static int keep_credentials(struct account_entry *e)
{
	if (e->a.credentials.len > sizeof e->credentials)
		return -EBADMSG;
	for (size_t i = 0; i < e->a.credentials.len; i++)
		e->credentials[i] = e->a.credentials.data[i];
	e->a.credentials.data = e->credentials;
	return 0;
}

static int get_account(struct txn *t, struct view text, struct account_entry *e)
{
	int error = address_normalize(text, &e->address);
	if (error == 0)
		error = directory_account_entry(t, &e->address, &e->a);
	return error ? error : keep_credentials(e);
}

static int hide(struct txn *t, struct account_entry *e, int64_t now, bool listed)
{
	int error = 0;
	if (e->a.removed && !e->a.with_domain)
		error = directory_removed_forget(
		    t, e->a.removed, DIRECTORY_REMOVED_ACCOUNT, address_view(&e->address));
	e->a.removed = now;
	e->a.with_domain = !listed;
	if (error == 0)
		error = directory_account_write(t, &e->address, &e->a);
	if (error == 0 && listed)
		error = directory_removed_note(t, now, DIRECTORY_REMOVED_ACCOUNT, address_view(&e->address));
	return error ? error : account_hide(t, e->a.shard, true);
}

static int show(struct txn *t, struct account_entry *e)
{
	int error = e->a.with_domain ? 0
	                             : directory_removed_forget(t, e->a.removed, DIRECTORY_REMOVED_ACCOUNT,
	                                   address_view(&e->address));
	e->a.removed = 0;
	e->a.with_domain = false;
	if (error == 0)
		error = directory_account_write(t, &e->address, &e->a);
	return error ? error : account_hide(t, e->a.shard, false);
}

int directory_account_hide(struct txn *t, struct view text, int64_t now, uint64_t *shard)
{
	struct account_entry e;
	int error = get_account(t, text, &e);
	if (error)
		return error;
	if (e.a.removed && now != DIRECTORY_ERASING)
		return -ENOENT;
	*shard = e.a.shard;
	return hide(t, &e, now, true);
}

int directory_account_restore(struct txn *t, struct view text, uint64_t *shard)
{
	struct account_entry e;
	struct directory_domain domain;
	struct view targets;
	int error = get_account(t, text, &e);
	if (error == 0)
		error = e.a.removed ? directory_find_domain(t, address_domain(&e.address), &domain) : -ENOENT;
	if (error)
		return error;
	if (e.a.removed == DIRECTORY_ERASING)
		return -EKEYEXPIRED;
	error = directory_find_alias(t, &e.address, &targets);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	*shard = e.a.shard;
	return show(t, &e);
}

/* ---- a domain's accounts ---- */

struct account_walk {
	size_t prefix; /* octets of a key before the local part */
	struct view domain;
	enum {
		ACCOUNTS_THERE,
		ACCOUNTS_REMOVED_WITH, /* with the domain */
		ACCOUNTS_TO_ERASE      /* those whose erasing has not begun: it is one for itself then */
	} which;
	struct address found[DIRECTORY_REMOVED_SLICE];
	size_t count, seen;
	struct directory_key last;
};

static bool is_one(const struct account_walk *w, const struct directory_account *a)
{
	if (w->which == ACCOUNTS_THERE)
		return a->removed == 0;
	return w->which == ACCOUNTS_REMOVED_WITH ? a->with_domain
	                                         : a->removed != DIRECTORY_ERASING || a->with_domain;
}

static int gather_account(void *arg, struct view key, struct view value)
{
	struct account_walk *w = arg;
	struct cursor c = entry_read(value, 1);
	struct directory_account a;
	w->seen++;
	w->last.len = 0;
	directory_key_add(&w->last, key);
	int error = directory_decode_account(&c, &a);
	if (error || !is_one(w, &a))
		return error;
	error = address_join(view_skip(key, w->prefix), w->domain, &w->found[w->count]);
	return error ? error : ++w->count == DIRECTORY_REMOVED_SLICE;
}

static int gather_accounts(struct txn *t, struct view domain, struct account_walk *w)
{
	struct directory_key from, to;
	int error;
	directory_domain_range('a', domain, &from, &to);
	w->domain = domain;
	w->prefix = 1 + domain.len + 1;
	w->count = 0;
	do {
		struct txn_range range = {.shard = DIRECTORY_SHARD,
		    .from = directory_key_view(&from),
		    .to = directory_key_view(&to),
		    .limit = STORE_READ_KEYS_MAX};
		w->seen = 0;
		error = txn_range(t, &range, gather_account, w);
		from = w->last;
		directory_key_add(&from, view_of("", 1));
	} while (error == 0 && w->seen == STORE_READ_KEYS_MAX);
	return error < 0 ? error : 0;
}

/* A slice of its accounts is removed, or brought back. */
static int move_accounts(
    struct txn *t, const struct address *domain, bool back, int64_t now, struct directory_slice *slice)
{
	struct account_walk w = {.which = back ? ACCOUNTS_REMOVED_WITH : ACCOUNTS_THERE};
	struct account_entry e;
	int error = gather_accounts(t, address_view(domain), &w);
	slice->count = 0;
	slice->more = w.count == DIRECTORY_REMOVED_SLICE;
	for (size_t i = 0; error == 0 && i < w.count; i++) {
		error = get_account(t, address_view(&w.found[i]), &e);
		if (error == 0)
			error = back ? show(t, &e) : hide(t, &e, now, false);
		if (error == 0)
			slice->shards[slice->count++] = e.a.shard;
	}
	return error;
}

/* ---- domains ---- */

static int stop_at_first(void *arg, struct view key, struct view value)
{
	struct directory_key *k = arg;
	(void)value;
	k->len = 0;
	directory_key_add(k, key);
	return 1;
}

static int first_of(struct txn *t, char letter, struct view domain, struct directory_key *found)
{
	struct directory_key from, to;
	directory_domain_range(letter, domain, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = 1};
	return txn_range(t, &range, stop_at_first, found);
}

static int refuse_full(struct txn *t, struct view domain)
{
	struct directory_key found;
	struct account_walk w = {.which = ACCOUNTS_THERE};
	int error = gather_accounts(t, domain, &w);
	if (error == 0 && w.count > 0)
		error = -ENOTEMPTY;
	for (const char *letter = "log"; error == 0 && *letter; letter++)
		error = first_of(t, *letter, domain, &found);
	return error > 0 ? -ENOTEMPTY : error;
}

/* Whether anything goes with the domain: one that was empty is simply made again. */
static int look_for_content(struct txn *t, struct view domain, bool *full)
{
	struct account_walk w = {.which = ACCOUNTS_REMOVED_WITH};
	int error = refuse_full(t, domain);
	*full = error == -ENOTEMPTY;
	if (error)
		return *full ? 0 : error;
	error = gather_accounts(t, domain, &w);
	*full = w.count > 0;
	return error;
}

/* Texts of an entry, which end with the first write. */
struct domain_entry {
	struct address name, alias_of, catch_all;
	struct directory_domain d;
};

static int get_domain(struct txn *t, struct view text, struct domain_entry *e)
{
	int error = address_normalize_domain(text, &e->name);
	if (error == 0)
		error = directory_domain_entry(t, address_view(&e->name), &e->d);
	if (error == 0 && !view_empty(e->d.alias_of)) {
		error = address_normalize_domain(e->d.alias_of, &e->alias_of);
		e->d.alias_of = address_view(&e->alias_of);
	}
	if (error == 0 && !view_empty(e->d.catch_all)) {
		error = address_normalize(e->d.catch_all, &e->catch_all);
		e->d.catch_all = address_view(&e->catch_all);
	}
	return error;
}

static int mark_domain(struct txn *t, struct domain_entry *e, int64_t now, bool all)
{
	struct view name = address_view(&e->name);
	int error =
	    e->d.removed ? directory_removed_forget(t, e->d.removed, DIRECTORY_REMOVED_DOMAIN, name) : 0;
	e->d.removed = now;
	e->d.with_all = all;
	if (error == 0)
		error = directory_domain_write(t, name, &e->d);
	return error == 0 && now ? directory_removed_note(t, now, DIRECTORY_REMOVED_DOMAIN, name) : error;
}

int directory_domain_hide(
    struct txn *t, struct view text, bool all, int64_t now, struct directory_slice *slice)
{
	struct domain_entry e;
	slice->count = 0;
	slice->more = false;
	int error = get_domain(t, text, &e);
	if (error == 0 && e.d.removed && now != DIRECTORY_ERASING)
		error = -ENOENT;
	if (error == 0 && !all)
		error = refuse_full(t, address_view(&e.name));
	else if (error == 0)
		error = move_accounts(t, &e.name, false, now, slice);
	if (error || slice->more)
		return error;
	bool full = e.d.with_all;
	if (all && !full)
		error = look_for_content(t, address_view(&e.name), &full);
	return error ? error : mark_domain(t, &e, now, full);
}

/* A removal that was cut has left the domain, and taken some of its accounts. */
static int end_cut_removal(struct txn *t, const struct address *domain, struct directory_slice *slice)
{
	struct account_walk rest = {.which = ACCOUNTS_REMOVED_WITH};
	int error = gather_accounts(t, address_view(domain), &rest);
	slice->more = rest.count > 0;
	return error ? error : slice->count > 0 ? 0 : -ENOENT;
}

int directory_domain_restore(struct txn *t, struct view text, struct directory_slice *slice)
{
	struct domain_entry e;
	slice->count = 0;
	slice->more = false;
	int error = get_domain(t, text, &e);
	if (error == 0 && e.d.removed == DIRECTORY_ERASING)
		error = -EKEYEXPIRED;
	if (error == 0)
		error = move_accounts(t, &e.name, true, 0, slice);
	if (error == 0 && e.d.removed == 0)
		return end_cut_removal(t, &e.name, slice);
	return error || slice->more ? error : mark_domain(t, &e, 0, false);
}

/* ---- erasing ---- */

struct key_list {
	struct directory_key keys[ERASED_AT_ONCE];
	size_t count;
};

static int gather_key(void *arg, struct view key, struct view value)
{
	struct key_list *l = arg;
	(void)value;
	l->keys[l->count].len = 0;
	directory_key_add(&l->keys[l->count++], key);
	return 0;
}

/* A slice of its aliases or masked addresses. */
static int erase_slice(struct txn *t, char letter, struct view domain, bool *more)
{
	struct directory_key from, to;
	struct key_list *l = mem_alloc(sizeof *l);
	directory_domain_range(letter, domain, &from, &to);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = ERASED_AT_ONCE};
	l->count = 0;
	int error = txn_range(t, &range, gather_key, l);
	for (size_t i = 0; error == 0 && i < l->count; i++)
		error = txn_delete(t, DIRECTORY_SHARD, directory_key_view(&l->keys[i]));
	*more = l->count == ERASED_AT_ONCE;
	mem_free(l);
	return error;
}

struct member_list {
	uint64_t shards[ERASED_AT_ONCE];
	size_t count, skip;
};

static int gather_member(void *arg, struct view key, struct view value)
{
	struct member_list *l = arg;
	struct cursor c = cursor_on(view_skip(key, l->skip));
	(void)value;
	l->shards[l->count++] = cursor_u64(&c);
	return cursor_ok(&c) ? 0 : -EBADMSG;
}

/* Members of one group leave it; with the last one it is gone. */
static int erase_group(struct txn *t, const struct address *name)
{
	struct directory_group g;
	struct member_list l = {.skip = 1 + 8};
	int error = directory_group_get(t, name, &g);
	if (error)
		return error;
	struct directory_key from = directory_pair_key('j', g.number, 0),
	                     to = directory_pair_key('j', g.number, UINT64_MAX);
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(&from),
	    .to = directory_key_view(&to),
	    .limit = ERASED_AT_ONCE};
	error = txn_range(t, &range, gather_member, &l);
	for (size_t i = 0; error == 0 && i < l.count; i++)
		error = directory_member_remove(t, name, &g, l.shards[i]);
	return error;
}

static int first_address(struct txn *t, char letter, struct view domain, struct address *address)
{
	struct directory_key found;
	int error = first_of(t, letter, domain, &found);
	address->len = 0;
	if (error <= 0)
		return error;
	error = address_join(view_skip(directory_key_view(&found), 1 + domain.len + 1), domain, address);
	return error ? error : 1;
}

/* 1: there is one. -ENOTEMPTY: there are only those that are being erased already. */
static int next_account(struct txn *t, struct view domain, struct address *account)
{
	struct account_walk w = {.which = ACCOUNTS_TO_ERASE};
	int error = first_address(t, 'a', domain, account);
	if (error <= 0)
		return error;
	account->len = 0;
	error = gather_accounts(t, domain, &w);
	if (error || w.count == 0)
		return error ? error : -ENOTEMPTY;
	*account = w.found[0];
	return 1;
}

int directory_domain_erase(struct txn *t, struct view text, struct address *account, bool *more)
{
	struct domain_entry e;
	struct address group;
	*more = true;
	account->len = 0;
	int error = get_domain(t, text, &e);
	if (error == 0 && e.d.removed == 0)
		error = -ENOENT;
	if (error)
		return error;
	struct view name = address_view(&e.name);
	error = next_account(t, name, account);
	if (error)
		return error > 0 ? 0 : error;
	error = erase_slice(t, 'l', name, more);
	if (error == 0 && !*more)
		error = erase_slice(t, 'o', name, more);
	if (error || *more)
		return error;
	error = first_address(t, 'g', name, &group);
	*more = error > 0;
	if (error)
		return error > 0 ? erase_group(t, &group) : error;
	struct directory_key own = directory_letter_key('d', name);
	error = directory_removed_forget(t, e.d.removed, DIRECTORY_REMOVED_DOMAIN, name);
	if (error == 0)
		error = txn_delete(t, DIRECTORY_SHARD, directory_key_view(&own));
	return error ? error : directory_signing_forget(t, name);
}
