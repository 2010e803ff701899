/* Lists of the directory: what the administrator's pages and commands show. */
#include <errno.h>

#include "directory/directory_entries.h"
#include "directory/masked.h"

struct list {
	char letter;
	struct view domain;
	int (*domain_visit)(void *arg, struct view name, const struct directory_domain *d);
	int (*account_visit)(void *arg, struct view address, const struct directory_account *a);
	int (*alias_visit)(void *arg, struct view address, struct view targets);
	int (*masked_visit)(void *arg, struct view address, const struct directory_masked *m);
	void *arg;
	size_t seen, skipped;
	bool full; /* as many are told as one call may tell */
	struct directory_key last;
};

/* The address in a key: letter, domain, NUL, local part. */
static int address_of_key(const struct list *l, struct view key, struct address *address)
{
	size_t skip = 1 + l->domain.len + 1;
	return key.len <= skip ? -EBADMSG : address_join(view_skip(key, skip), l->domain, address);
}

/* What was removed is in no list (removed.h has one of its own). */
static int skip(struct list *l)
{
	l->skipped++;
	return 0;
}

static int visit_entry(struct list *l, struct view key, struct view value)
{
	struct cursor c = cursor_on(view_skip(value, 1));
	struct directory_domain domain;
	struct directory_account account;
	struct directory_masked masked;
	struct address address;
	int error;
	l->seen++;
	l->last.len = 0;
	directory_key_add(&l->last, key);
	if (l->letter == 'd') {
		error = directory_decode_domain(&c, &domain);
		if (error == 0 && domain.removed)
			return skip(l);
		return error ? error : l->domain_visit(l->arg, view_skip(key, 1), &domain);
	}
	error = address_of_key(l, key, &address);
	if (error == 0 && l->letter == 'l')
		return l->alias_visit(l->arg, address_view(&address), c.rest);
	if (error == 0 && l->letter == 'o') {
		error = directory_decode_masked(&c, &masked);
		return error ? error : l->masked_visit(l->arg, address_view(&address), &masked);
	}
	if (error == 0)
		error = directory_decode_account(&c, &account);
	if (error == 0 && account.removed)
		return skip(l);
	return error ? error : l->account_visit(l->arg, address_view(&address), &account);
}

static int visit(void *arg, struct view key, struct view value)
{
	struct list *l = arg;
	int result = visit_entry(l, key, value);
	l->full = result == 0 && l->seen - l->skipped == STORE_READ_KEYS_MAX;
	return l->full ? 1 : result;
}

/* The first key behind this one. */
static void step_over(struct directory_key *k)
{
	directory_key_add(k, view_of("", 1));
}

static int directory_walk(
    struct txn *t, struct list *l, const struct directory_key *from, const struct directory_key *to)
{
	struct txn_range range = {.shard = DIRECTORY_SHARD,
	    .from = directory_key_view(from),
	    .to = directory_key_view(to),
	    .limit = STORE_READ_KEYS_MAX};
	struct directory_key start;
	size_t before;
	int result;
	do {
		before = l->seen;
		result = txn_range(t, &range, visit, l);
		/* With something passed over it is shorter than callers take the last one to be: it goes on,
		 * but never past what they have room for. */
		start = l->last;
		step_over(&start);
		range.from = directory_key_view(&start);
	} while (result == 0 && l->seen - before == STORE_READ_KEYS_MAX);
	return l->full ? 0 : result;
}

int directory_domain_each(struct txn *t, struct view after,
    int (*domain_visit)(void *arg, struct view name, const struct directory_domain *d), void *arg)
{
	struct list l = {.letter = 'd', .domain_visit = domain_visit, .arg = arg};
	struct directory_key from = directory_letter_key('d', (struct view){0});
	struct directory_key to = directory_letter_key('d' + 1, (struct view){0});
	struct address name;
	if (!view_empty(after)) {
		int error = address_normalize_domain(after, &name);
		if (error)
			return error;
		from = directory_letter_key('d', address_view(&name));
		step_over(&from);
	}
	return directory_walk(t, &l, &from, &to);
}

static int walk_domain(struct txn *t, struct list *l, struct view domain, struct view after)
{
	struct directory_key from, to;
	struct address name, last;
	struct directory_domain d;
	int error = address_normalize_domain(domain, &name);
	if (error)
		return error;
	/* Of a domain that was removed nothing is listed. */
	if (directory_domain_entry(t, address_view(&name), &d) == 0 && d.removed)
		return 0;
	l->domain = address_view(&name);
	directory_domain_range(l->letter, l->domain, &from, &to);
	if (!view_empty(after)) {
		error = address_normalize(after, &last);
		if (error)
			return error;
		from = directory_address_key(l->letter, &last);
		step_over(&from);
	}
	return directory_walk(t, l, &from, &to);
}

int directory_account_each(struct txn *t, struct view domain, struct view after,
    int (*account_visit)(void *arg, struct view address, const struct directory_account *a), void *arg)
{
	struct list l = {.letter = 'a', .account_visit = account_visit, .arg = arg};
	return walk_domain(t, &l, domain, after);
}

int directory_alias_each(struct txn *t, struct view domain, struct view after,
    int (*alias_visit)(void *arg, struct view address, struct view targets), void *arg)
{
	struct list l = {.letter = 'l', .alias_visit = alias_visit, .arg = arg};
	return walk_domain(t, &l, domain, after);
}

int directory_masked_each(struct txn *t, struct view domain, struct view after,
    int (*masked_visit)(void *arg, struct view address, const struct directory_masked *m), void *arg)
{
	struct list l = {.letter = 'o', .masked_visit = masked_visit, .arg = arg};
	return walk_domain(t, &l, domain, after);
}
