/*
 * Guessing slowed down. Failed logins are counted for the client's address (IPv6: its /64), its network (/24,
 * /48) and the account; each count leaks away with time. A few failures cost nothing, more cost growing
 * delays, many a temporary refusal. An address from which the account was logged in to before is judged by
 * its own failures alone, and is delayed but never refused: nobody can lock an owner out by guessing
 * elsewhere.
 *
 * Pure: time is an argument (milliseconds of a clock that never goes back). Memory is bounded; past it the
 * entries that were not touched for longest are forgotten.
 */
#ifndef TRUST_THROTTLE_H
#define TRUST_THROTTLE_H

#include "base/view.h"

struct throttle;

/* An address: 4 or 16 octets in network order; IPv4 in IPv6 (::ffff:0:0/96) counts as IPv4. */
struct throttle_client {
	struct view address;
	struct view account; /* its key; also one that doesn't exist, so that both are treated alike */
};

enum throttle_verdict {
	THROTTLE_ALLOW,  /* after delay_ms */
	THROTTLE_REFUSE, /* temporarily: for about delay_ms */
};

struct throttle_answer {
	enum throttle_verdict verdict;
	int64_t delay_ms;
	const char *reason; /* for the log: "address", "network", "account"; NULL without delay */
};

/* Remembers `entries` counts, and as many pairs of account and address that logged in. Never NULL. */
struct throttle *throttle_new(size_t entries);
void throttle_free(struct throttle *t);

/* Before a password is checked. Asking changes nothing. */
struct throttle_answer throttle_ask(struct throttle *t, struct throttle_client client, int64_t now_ms);

/*
 * After it was wrong. `fingerprint` identifies the password tried (a keyed hash, 0: unknown): a program that
 * repeats one old password counts once an hour, not each time it polls.
 */
void throttle_failed(struct throttle *t, struct throttle_client client, uint64_t fingerprint, int64_t now_ms);

/* After it was right: the pair is known from now on, for 90 days, and its own failures are forgotten. */
void throttle_succeeded(struct throttle *t, struct throttle_client client, int64_t now_ms);

/* Entries in use, for metrics. */
size_t throttle_count(const struct throttle *t);

#endif
