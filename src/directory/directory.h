/*
 * The directory: domains, accounts, aliases, app passwords, in the directory shard. Only the auth role's
 * verbs come here. These functions run inside store `run` functions: a reading one in a store_read of
 * DIRECTORY_SHARD, a changing one in a store_commit. All names and addresses are given in any form and are
 * compared in their normal one (address.h); -EINVAL and -EMSGSIZE are address_normalize's.
 *
 * Views in results point into the store's entry: copy before the next change or the end of the run.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "format/address_normal.h"
#include "store/store.h"

#define DIRECTORY_SHARD store_shard(STORE_DIRECTORY, 0)

enum {
	DIRECTORY_OPAQUE_MAX = 1200,      /* credentials or an app password: an encoded record of auth's */
	DIRECTORY_ALIAS_BYTES_MAX = 1500, /* all targets of one alias; more through aliases to aliases */
	DIRECTORY_NAME_MAX = 60,          /* of an app password */
	DIRECTORY_TARGETS_MAX = 1000,     /* that one address leads to: a list, through aliases to aliases */
	DIRECTORY_DEPTH_MAX = 10,         /* aliases behind one another */
	DIRECTORY_LED_MAX = 500 /* aliases that one rename changes: a quarter of what one commit may */
};

struct directory_domain {
	struct view alias_of;  /* all its addresses are those of this domain; empty: a domain of its own */
	struct view catch_all; /* address for unknown local parts; empty: they are refused */
	char separator;        /* user+tag is user's; 0: no sub-addresses */
	bool disabled;
	int64_t
	    removed;   /* when, in seconds since 1970; 0: it is there. Set by removed.h alone, as the next */
	bool with_all; /* it was removed with all that is in it, and not empty */
};

/*
 * Get: -ENOENT, also when it was removed. Put makes it or replaces it, and brings one back that was removed
 * empty; -EKEYREVOKED: it was removed with all that is in it (directory_domain_restore).
 */
int directory_domain_get(struct txn *t, struct view name, struct directory_domain *d);
int directory_domain_put(struct txn *t, struct view name, const struct directory_domain *d);

struct directory_account {
	uint64_t shard;          /* given by directory_account_add, never again to another */
	uint64_t quota;          /* bytes, 0: none; the account's own entry is what counts */
	uint64_t quota_messages; /* the same, of messages */
	bool disabled;
	bool administrator;      /* of this server: it may change others' accounts by the web */
	struct view credentials; /* auth's, opaque here */
	int64_t
	    removed; /* when, in seconds since 1970; 0: it is there. Set by removed.h alone, as the next */
	bool with_domain; /* it was removed with its domain, and comes back with it */
};

/* -EEXIST: the address is an account or an alias; -ENOENT: no such domain; -EKEYREVOKED: an account of this
 * address was removed and is still kept (removed.h). a->shard is set. Elsewhere an account that was removed
 * is none: -ENOENT. */
int directory_account_add(struct txn *t, struct view address, struct directory_account *a);
int directory_account_get(struct txn *t, struct view address, struct directory_account *a);
/* The same for what is done in the account's name: -EACCES when it is disabled. */
int directory_account_in_use(struct txn *t, struct view address, struct directory_account *a);
/* The account that somebody means who logs in: of this address, or the only target of an alias. *own: its
 * address. */
int directory_login_get(struct txn *t, struct view address, struct directory_account *a, struct address *own);
/* -ENOENT: no such account. Its shard never changes. */
int directory_account_put(struct txn *t, struct view address, const struct directory_account *a);
/* For good, one that was removed too; also its app passwords. The account's own shard is erased apart,
 * before, by account_remove. */
int directory_account_delete(struct txn *t, struct view address);

/*
 * Gives the account another address, at once: its mail, groups, shares and passwords stay its own, since they
 * are those of its number. With `alias` the old address becomes an alias that leads to the new one; without,
 * aliases and catch-alls that led to the old one, *led of them, lead to the new one. -ENOENT: no such
 * account, or no such domain; -EEXIST: something else has the new address; -EKEYREVOKED: an account that was
 * removed has it; -E2BIG: too many lead to it.
 */
struct directory_renamed {
	uint64_t shard;
	size_t led;
};
int directory_account_rename(struct txn *t, struct view from, struct view to, bool alias,
    struct directory_renamed *renamed) __attribute__((warn_unused_result));

/* App passwords of an account, by name. Put: -ENOENT without the account. */
int directory_app_password_get(struct txn *t, struct view address, struct view name, struct view *record);
int directory_app_password_put(struct txn *t, struct view address, struct view name, struct view record);
int directory_app_password_delete(struct txn *t, struct view address, struct view name);
int directory_app_password_each(struct txn *t, struct view address,
    int (*visit)(void *arg, struct view name, struct view record), void *arg);

/* Aliases. Targets are separated by a line feed, and may be anywhere. Put: -EEXIST: an account has the
 * address. Exists: 0 or -ENOENT. */
int directory_alias_exists(struct txn *t, struct view address);
int directory_alias_put(struct txn *t, struct view address, struct view targets);
int directory_alias_delete(struct txn *t, struct view address);

/*
 * Lists, in order, from behind `after` (empty: from the start): at most STORE_READ_KEYS_MAX a call. Accounts
 * and aliases of one domain, as full addresses. visit as in txn_range.
 */
int directory_domain_each(struct txn *t, struct view after,
    int (*visit)(void *arg, struct view name, const struct directory_domain *d), void *arg);
int directory_account_each(struct txn *t, struct view domain, struct view after,
    int (*visit)(void *arg, struct view address, const struct directory_account *a), void *arg);
int directory_alias_each(struct txn *t, struct view domain, struct view after,
    int (*visit)(void *arg, struct view address, struct view targets), void *arg);

/* Who gets postmaster@ and abuse@ of domains that have no such address of their own. -ENOENT: nobody is set.
 */
int directory_admin_get(struct txn *t, struct view *address);
int directory_admin_put(struct txn *t, struct view address);

/*
 * Whether an alias with these targets would lead back to itself, through whichever aliases: -ELOOP. 0: it
 * would not, or its targets cannot be followed to their end.
 */
int directory_alias_check(struct txn *t, struct view address, struct view targets);

/*
 * Where mail for an address goes. 0 and at least one target; or
 *   -ENOENT   no such address here, or no such domain
 *   -EACCES   the domain or account is disabled
 *   -ELOOP    aliases lead to themselves and nowhere else
 *   -E2BIG    more than DIRECTORY_TARGETS_MAX, or through too many aliases, or too many behind one another
 * Sub-addresses, domain aliases, aliases, catch-all and the duty of postmaster@ and abuse@ (RFC 2142, RFC
 * 5321 section 4.5.1) are followed; every target appears once.
 */
struct directory_target {
	bool remote; /* an alias led out of our domains: only the address counts */
	uint64_t shard;
	struct address address; /* of the account */
	bool limited;           /* it has a quota of its own */
};

struct directory_targets {
	size_t count;
	bool masked; /* a masked address was looked at, which may change at any time: nobody remembers it */
	struct directory_target items[DIRECTORY_TARGETS_MAX];
};

int directory_resolve(struct txn *t, struct view address, struct directory_targets *out);

/* The same for <Postmaster> without a domain. -ENOENT: there is no account at all. */
int directory_resolve_postmaster(struct txn *t, struct directory_targets *out);

/*
 * The same, telling each step on the way: its name, the address that it is about, and the one that it leads
 * to, or an empty one. domain-alias, domain-disabled, domain-broken, account, account-disabled, alias (for
 * each target), loop, too-many, sub-address, masked, masked-off, duty, catch-all, remote, unknown. Views live
 * during the call.
 */
typedef void directory_step(void *arg, const char *step, struct view from, struct view to);
int directory_explain(
    struct txn *t, struct view address, struct directory_targets *out, directory_step *step, void *arg);

#endif
