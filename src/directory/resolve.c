/*
 * From an address to the accounts behind it. The steps, for each address: the domain (or the one it is an
 * alias of), the address itself, its sub-address, the duties of postmaster and abuse, the domain's catch-all.
 * RFC 5321 section 3.4 (forwarding) and RFC 5321 section 3.9 (lists): an alias starts the same for each of
 * its targets. Each alias is entered once, which ends loops; and depth and number are bounded.
 */
#include <errno.h>

#include "directory/directory_entries.h"
#include "directory/groups.h"
#include "directory/masked.h"
#include "base/mem.h"

/*
 * Entered for one address: what bounds a lookup, with DIRECTORY_TARGETS_MAX: some thousand entries, a
 * millisecond. A list of that many members takes so many, since the entry of an alias holds some 1,000 octets
 * of addresses.
 */
enum {
	ALIASES_MAX = 300,
	/* Domains in which a person is looked for who takes a postmaster's mail, when nobody has been named:
	   those without any account are few. */
	DUTY_DOMAINS = 20
};

struct search {
	struct txn *txn;
	struct directory_targets *out;
	struct address *entered; /* aliases */
	size_t entered_count;
	const struct address
	    *origin; /* an alias that is to be written: whether anything leads back to it is asked */
	bool came_back;
	directory_step *step; /* whom each step is told; or NULL */
	void *arg;
};

static int resolve(struct search *s, const struct address *address, unsigned depth);

static void tell(const struct search *s, const char *step, const struct address *from, struct view to)
{
	if (s->step)
		s->step(s->arg, step, address_view(from), to);
}

/* account: NULL for an address of another host. */
static int add_target(
    struct search *s, const struct directory_account *account, const struct address *address)
{
	for (size_t i = 0; i < s->out->count; i++) {
		const struct directory_target *have = &s->out->items[i];
		if (have->remote != (account == NULL))
			continue;
		if (account == NULL ? view_equal(address_view(&have->address), address_view(address))
		                    : have->shard == account->shard)
			return 0;
	}
	if (s->out->count == DIRECTORY_TARGETS_MAX)
		return -E2BIG;
	s->out->items[s->out->count++] = (struct directory_target){.remote = account == NULL,
	    .shard = account ? account->shard : 0,
	    .address = *address,
	    .limited = account && (account->quota > 0 || account->quota_messages > 0)};
	return 0;
}

/* Errors that end one branch, while others may still lead somewhere. */
static bool is_dead_end(int error)
{
	return error == -ENOENT || error == -EACCES || error == -ELOOP;
}

static int follow_alias(struct search *s, const struct address *alias, struct view targets, unsigned depth)
{
	struct view one;
	int first_error = 0;
	bool any = false;
	for (size_t i = 0; i < s->entered_count; i++)
		if (view_equal(address_view(&s->entered[i]), address_view(alias))) {
			tell(s, "loop", alias, (struct view){0});
			return -ELOOP;
		}
	/* No dead ends: the members behind them would miss the mail, and nobody would hear of it. */
	if (depth == DIRECTORY_DEPTH_MAX || s->entered_count == ALIASES_MAX) {
		tell(s, "too-many", alias, (struct view){0});
		return -E2BIG;
	}
	s->entered[s->entered_count++] = *alias;
	while (view_next(&targets, '\n', &one)) {
		struct address target;
		int error = address_normalize(one, &target);
		tell(s, "alias", alias, error ? one : address_view(&target));
		if (error == 0)
			error = resolve(s, &target, depth + 1);
		if (error && !is_dead_end(error))
			return error;
		any = any || error == 0;
		if (error && first_error == 0)
			first_error = error;
	}
	return any ? 0 : first_error ? first_error : -ENOENT;
}

/*
 * It leads to the account that made it, and not to one that has that account's address now. One that is off,
 * or whose account is gone, is refused: it is nobody else's, and so not the catch-all's.
 */
static int resolve_masked(struct search *s, const struct address *address)
{
	struct directory_masked m;
	struct directory_account account;
	struct address owner;
	struct view text;
	int error = directory_find_masked(s->txn, address, &m);
	if (error)
		return error;
	s->out->masked = true;
	error = m.on ? directory_account_address(s->txn, m.owner, &text) : -EACCES;
	if (error == 0)
		error = address_normalize(text, &owner);
	if (error == 0)
		error = directory_find_account(s->txn, &owner, &account);
	if (error == 0 && (account.shard != m.owner || account.disabled))
		error = -EACCES;
	if (error) {
		tell(s, "masked-off", address, (struct view){0});
		return error == -ENOENT ? -EACCES : error;
	}
	tell(s, "masked", address, address_view(&owner));
	tell(s, "account", &owner, (struct view){0});
	return add_target(s, &account, &owner);
}

/* The address as it stands: an account, an alias or a masked address. */
static int resolve_exactly(struct search *s, const struct address *address, unsigned depth)
{
	struct directory_account account;
	struct view targets;
	if (s->origin && view_equal(address_view(s->origin), address_view(address))) {
		s->came_back = true;
		return -ELOOP;
	}
	int error = directory_find_account(s->txn, address, &account);
	if (error == 0) {
		tell(s, account.disabled ? "account-disabled" : "account", address, (struct view){0});
		return account.disabled ? -EACCES : add_target(s, &account, address);
	}
	if (error != -ENOENT)
		return error;
	error = directory_find_alias(s->txn, address, &targets);
	if (error == -ENOENT)
		return resolve_masked(s, address);
	return error ? error : follow_alias(s, address, targets, depth);
}

/* Whether there is such an account, alias or masked address. */
static bool leads_somewhere(struct search *s, const struct address *address)
{
	struct directory_account account;
	struct directory_masked masked;
	struct view targets;
	return directory_find_account(s->txn, address, &account) == 0 ||
	       directory_find_alias(s->txn, address, &targets) == 0 ||
	       directory_find_masked(s->txn, address, &masked) == 0;
}

static int resolve_sub_address(
    struct search *s, const struct address *address, char separator, unsigned depth)
{
	struct address base;
	ptrdiff_t at = separator ? view_find(address_local(address), separator) : -1;
	if (at <= 0)
		return -ENOENT;
	int error =
	    address_join(view_take(address_local(address), (size_t)at), address_domain(address), &base);
	if (error)
		return error;
	/* Only one that leads somewhere is one. */
	if (leads_somewhere(s, &base))
		tell(s, "sub-address", address, address_view(&base));
	return resolve_exactly(s, &base, depth);
}

struct first_account {
	bool administrator; /* nobody else will do */
	struct address address;
	struct directory_account account;
};

static int take_first(void *arg, struct view address, const struct directory_account *a)
{
	struct first_account *first = arg;
	if (a->disabled || (first->administrator && !a->administrator))
		return 0;
	first->account = *a;
	int error = address_normalize(address, &first->address);
	return error ? error : 1;
}

struct domains_left {
	struct address names[DUTY_DOMAINS];
	size_t count;
};

static int take_domain(void *arg, struct view name, const struct directory_domain *d)
{
	struct domains_left *l = arg;
	if (d->disabled || !view_empty(d->alias_of))
		return 0;
	int error = address_normalize_domain(name, &l->names[l->count]);
	return error ? error : ++l->count == DUTY_DOMAINS;
}

/*
 * The server's first administrator; where there is none, its first account. Whoever gets a postmaster's mail
 * may write as postmaster, too, and certificates are given on such mail: that is nothing for anybody of
 * another domain.
 */
static int find_anybody(struct search *s, struct first_account *first)
{
	struct domains_left *l = mem_alloc(sizeof *l);
	l->count = 0;
	int error = directory_domain_each(s->txn, (struct view){0}, take_domain, l);
	error = error > 0 ? 0 : error;
	for (size_t i = 0; i < 2 * l->count && error == 0; i++) {
		first->administrator = i < l->count;
		error = directory_account_each(
		    s->txn, address_view(&l->names[i % l->count]), (struct view){0}, take_first, first);
	}
	mem_free(l);
	return error;
}

/*
 * postmaster@ and abuse@ must reach a person (RFC 5321 section 4.5.1): whom the administrator has named, else
 * the domain's first account, else an administrator of the server, else its first account.
 */
static int resolve_duty(struct search *s, const struct address *address, unsigned depth)
{
	struct view local = address_local(address), admin;
	struct address person;
	struct first_account first = {.administrator = false};
	if (!view_equal(local, VIEW("postmaster")) && !view_equal(local, VIEW("abuse")))
		return -ENOENT;
	int error = directory_admin_get(s->txn, &admin);
	if (error == 0)
		error = address_normalize(admin, &person);
	/* The administrator's own address may be a duty of this kind: its domain's first account then. */
	if (error == 0 && !view_equal(address_view(&person), address_view(address))) {
		tell(s, "duty", address, address_view(&person));
		error = resolve_exactly(s, &person, depth);
	} else if (error == 0)
		error = -ENOENT;
	if (error == 0 || !is_dead_end(error))
		return error;
	error = directory_account_each(s->txn, address_domain(address), (struct view){0}, take_first, &first);
	if (error == 0)
		error = find_anybody(s, &first);
	if (error == 1) {
		tell(s, "duty", address, address_view(&first.address));
		tell(s, "account", &first.address, (struct view){0});
		return add_target(s, &first.account, &first.address);
	}
	return error ? error : -ENOENT;
}

static int resolve_catch_all(
    struct search *s, const struct address *address, struct view catch_all, unsigned depth)
{
	struct address target;
	if (view_empty(catch_all))
		return -ENOENT;
	int error = address_normalize(catch_all, &target);
	if (error)
		return error;
	if (view_equal(address_view(&target), address_view(address)) || depth == DIRECTORY_DEPTH_MAX)
		return -ENOENT;
	tell(s, "catch-all", address, address_view(&target));
	return view_equal(address_domain(&target), address_domain(address))
	           ? resolve_exactly(s, &target, depth + 1)
	           : resolve(s, &target, depth + 1);
}

static int resolve(struct search *s, const struct address *given, unsigned depth)
{
	struct directory_domain domain;
	struct address address = *given;
	int error = directory_find_domain(s->txn, address_domain(given), &domain);
	if (error == -ENOENT && depth > 0) {
		tell(s, "remote", given, (struct view){0});
		return add_target(s, NULL, given);
	}
	if (error == 0 && domain.disabled) {
		tell(s, "domain-disabled", given, (struct view){0});
		return -EACCES;
	}
	if (error == 0 && !view_empty(domain.alias_of)) {
		error = address_join(address_local(given), domain.alias_of, &address);
		if (error == 0) {
			tell(s, "domain-alias", given, address_view(&address));
			error = directory_find_domain(s->txn, address_domain(&address), &domain);
		}
		/* One step: an alias of an alias is a mistake of the administrator's, and no loop. */
		if (error == 0 && (domain.disabled || !view_empty(domain.alias_of))) {
			tell(s, domain.disabled ? "domain-disabled" : "domain-broken", &address,
			    (struct view){0});
			return domain.disabled ? -EACCES : -ELOOP;
		}
	}
	if (error)
		return error;
	error = resolve_exactly(s, &address, depth);
	/* An alias for postmaster that has come to lead nowhere excuses nobody from reading it. */
	if (is_dead_end(error) && view_equal(address_local(&address), VIEW("postmaster")) && !s->came_back)
		error = -ENOENT;
	if (error == -ENOENT)
		error = resolve_sub_address(s, &address, domain.separator, depth);
	if (error == -ENOENT)
		error = resolve_duty(s, &address, depth);
	if (error == -ENOENT)
		error = resolve_catch_all(s, &address, domain.catch_all, depth);
	if (error == -ENOENT)
		tell(s, "unknown", &address, (struct view){0});
	return error;
}

int directory_resolve(struct txn *t, struct view text, struct directory_targets *out)
{
	return directory_explain(t, text, out, NULL, NULL);
}

int directory_explain(
    struct txn *t, struct view text, struct directory_targets *out, directory_step *step, void *arg)
{
	struct search s = {.txn = t, .out = out, .step = step, .arg = arg};
	struct address address;
	int error = address_normalize(text, &address);
	if (error)
		return error;
	out->count = 0;
	out->masked = false;
	s.entered = mem_resize(NULL, ALIASES_MAX * sizeof *s.entered);
	error = resolve(&s, &address, 0);
	mem_free(s.entered);
	return error;
}

int directory_resolve_postmaster(struct txn *t, struct directory_targets *out)
{
	struct search s = {.txn = t, .out = out};
	struct first_account first;
	struct view admin;
	out->count = 0;
	out->masked = false;
	int error = directory_admin_get(t, &admin);
	if (error == 0)
		error = directory_resolve(t, admin, out);
	if (error == 0 || !is_dead_end(error))
		return error;
	out->count = 0;
	error = find_anybody(&s, &first);
	if (error == 1)
		return add_target(&s, &first.account, &first.address);
	return error ? error : -ENOENT;
}

int directory_alias_check(struct txn *t, struct view text, struct view targets)
{
	struct address address, target;
	struct view one;
	struct directory_targets *out = mem_resize(NULL, sizeof *out);
	struct search s = {.txn = t, .out = out, .origin = &address};
	out->count = 0;
	s.entered = mem_resize(NULL, ALIASES_MAX * sizeof *s.entered);
	int error = address_normalize(text, &address);
	while (error == 0 && !s.came_back && view_next(&targets, '\n', &one)) {
		/* A target that leads nowhere, or to too many, is no circle. */
		if (address_normalize(view_trim(one), &target) == 0)
			(void)resolve(&s, &target, 1);
	}
	mem_free(s.entered);
	mem_free(out);
	return error == 0 && s.came_back ? -ELOOP : 0;
}
