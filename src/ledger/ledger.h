/*
 * The ledger: what the server itself has learnt and counted, in a shard of its own. It belongs to no account,
 * and no mail depends on it. doc/disk.md has the table.
 *
 *   M kind name part   a memo (memo.h), cut over as many parts as it needs
 *   N kind             how many memos of that kind there are, and their octets
 *   T, U               what is counted for reports (tally.h)
 *   I, R, V            reports of others (received.h)
 *   W account          accounts that somebody has subscribed to (pushed.h)
 *   Z time account     when something is to be done for an account (alarms.h)
 *
 * Whatever puts something in is bounded in number and octets: who fills it up is told so, and nothing else
 * suffers.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "store/entry.h"

#define LEDGER_SHARD store_shard(STORE_LEDGER, 0)

struct ledger_key {
	char data[STORE_KEY_MAX];
	size_t len;
};

static inline struct view ledger_key_view(const struct ledger_key *k)
{
	return view_of(k->data, k->len);
}

/* A letter and what stands behind it; the caller sees to it that all fits into STORE_KEY_MAX. */
struct ledger_key ledger_key(char letter);
void ledger_key_add(struct ledger_key *k, struct view bytes);
void ledger_key_add_fixed(struct ledger_key *k, size_t bytes, uint64_t n);

/* The first key behind all that begin with this one. Its last octet is below 255. */
struct ledger_key ledger_key_behind(const struct ledger_key *k);

/*
 * How much of something there is: the value of an entry of its own, kept by whoever writes and removes. One
 * that is not there, or is damaged, is 0: then twice as much as is allowed may gather, and nothing else
 * stops.
 */
struct ledger_amount {
	uint64_t count, bytes;
};
int ledger_amount_get(struct txn *t, const struct ledger_key *k, struct ledger_amount *out)
    __attribute__((warn_unused_result));
int ledger_amount_put(struct txn *t, const struct ledger_key *k, const struct ledger_amount *a)
    __attribute__((warn_unused_result));

#endif
