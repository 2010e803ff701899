/*
 * What was removed and can be brought back. An account or a domain that is removed keeps its entries, marked
 * with the time, so that nothing of it has to be gathered again: from then on it is found by nobody, and its
 * account takes no mail and opens to nobody. When the time is over, upkeep erases it. In `run` functions, as
 * directory.h.
 */
#ifndef DIRECTORY_REMOVED_H
#define DIRECTORY_REMOVED_H

#include "directory/directory.h"

enum directory_removed_kind { DIRECTORY_REMOVED_ACCOUNT = 'a', DIRECTORY_REMOVED_DOMAIN = 'd' };

enum {
	DIRECTORY_REMOVED_LETTER = 'q', /* of the list's keys */
	/* The time of what is being erased: the oldest of all, and too late to be brought back. */
	DIRECTORY_ERASING = 1,
	/* Accounts that one commit removes or brings back with their domain: each is some ten entries. */
	DIRECTORY_REMOVED_SLICE = 100
};

/*
 * Removes an account, or marks one that was removed already anew (now = DIRECTORY_ERASING). *shard: its
 * number. -ENOENT. Restore: -ENOENT: none of this address was removed, or its domain is not there; -EEXIST:
 * an alias has the address now; -EKEYEXPIRED: it is being erased.
 */
int directory_account_hide(struct txn *t, struct view address, int64_t now, uint64_t *shard)
    __attribute__((warn_unused_result));
int directory_account_restore(struct txn *t, struct view address, uint64_t *shard)
    __attribute__((warn_unused_result));

/* Accounts of which a slice has made something; more: the same call goes on behind them. */
struct directory_slice {
	uint64_t shards[DIRECTORY_REMOVED_SLICE];
	size_t count;
	bool more;
};

/*
 * Removes a domain. Without `all`: -ENOTEMPTY while it has accounts, aliases, masked addresses or groups.
 * With it the accounts go first, a slice a call, and the domain in the last call; a crash between two leaves
 * a domain with fewer accounts, and the same call goes on. now = DIRECTORY_ERASING: also one that was removed
 * already.
 */
int directory_domain_hide(struct txn *t, struct view name, bool all, int64_t now,
    struct directory_slice *slice) __attribute__((warn_unused_result));

/* Brings it back with the accounts that were removed with it, in slices as above, the domain in the last one;
 * or, when a removal was cut, those that it had taken. -ENOENT: it was not removed; -EKEYEXPIRED. */
int directory_domain_restore(struct txn *t, struct view name, struct directory_slice *slice)
    __attribute__((warn_unused_result));

/*
 * Erases a domain that is removed, a slice a call, and its keys with it. Its accounts come first, and are the
 * caller's to erase: *account is the address of the next one whose erasing has not begun, empty when there is
 * none (-ENOTEMPTY: some are being erased, or could not be); then the call has
 * taken away aliases, masked addresses and groups, and with *more false the domain itself.
 */
int directory_domain_erase(struct txn *t, struct view name, struct address *account, bool *more)
    __attribute__((warn_unused_result));

/* What was removed, the oldest first, from behind `after`, a place that was given before. */
struct directory_removed {
	struct view place;
	int64_t when;
	enum directory_removed_kind kind;
	struct view name; /* an address, or a domain */
};
int directory_removed_each(
    struct txn *t, struct view after, int (*visit)(void *arg, const struct directory_removed *r), void *arg)
    __attribute__((warn_unused_result));

struct directory_key;
/* Where it stands in this list. */
void directory_removed_place(
    int64_t when, enum directory_removed_kind kind, struct view name, struct directory_key *place);

/* entries.c: it is in this list from now on, or no more. */
int directory_removed_note(struct txn *t, int64_t when, enum directory_removed_kind kind, struct view name)
    __attribute__((warn_unused_result));
int directory_removed_forget(struct txn *t, int64_t when, enum directory_removed_kind kind, struct view name)
    __attribute__((warn_unused_result));

#endif
