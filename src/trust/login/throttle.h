/*
 * Guessing slowed down. An attempt counts as failed from the moment it begins, for the client's address
 * (IPv6: its /64), its network (/24, /48) and the account; it is given back when the password was right. So
 * the limits hold however many attempts come at once. Each count leaks away with time. A few failures cost
 * nothing, more cost growing delays, many lock.
 *
 * A lock keeps no owner out. While it holds, app passwords are still taken: they are random, nobody guesses
 * them. And a known place, an address from which this account was logged in to before, is judged by what
 * comes from there for this account alone: it waits for seconds, and is not locked by what others do
 * elsewhere. Whether a place is known, the caller says: it is kept with the account.
 *
 * Pure: time is an argument (milliseconds of a clock that never goes back). Memory is bounded; past it the
 * entries that were not touched for longest are forgotten.
 */
#ifndef TRUST_LOGIN_THROTTLE_H
#define TRUST_LOGIN_THROTTLE_H

#include "base/view.h"

struct throttle;

/* An address: 4 or 16 octets in network order; IPv4 in IPv6 (::ffff:0:0/96) counts as IPv4. */
struct throttle_client {
	struct view address;
	struct view account; /* its key; also one that doesn't exist, so that both are treated alike */
	bool known_place;    /* the account was logged in to from this address before */
};

enum throttle_verdict {
	THROTTLE_ALLOW,   /* after delay_ms; it is counted, and must be ended by one of the three below */
	THROTTLE_APP_ONLY /* locked for about delay_ms, app passwords alone are taken; it is not counted */
};

struct throttle_answer {
	enum throttle_verdict verdict;
	int64_t delay_ms;
	const char *reason; /* for the log: "address", "network", "account", "place"; NULL without delay */
};

/* Remembers `entries` counts. Never NULL. */
struct throttle *throttle_new(size_t entries);
void throttle_free(struct throttle *t);

/* An attempt begins, before its password is checked. */
struct throttle_answer throttle_begin(struct throttle *t, struct throttle_client client, int64_t now_ms);

/*
 * It ended with a wrong password. `fingerprint` identifies the password tried (a keyed hash, 0: unknown): a
 * program that repeats one old password counts once an hour, not each time it polls. An attempt whose client
 * went away before its end needs no call: it stays counted.
 */
void throttle_failed(struct throttle *t, struct throttle_client client, uint64_t fingerprint, int64_t now_ms);

/* It ended with the right one: what it counted for is given back, and the failures of this address for this
 * account are forgotten. */
void throttle_succeeded(struct throttle *t, struct throttle_client client, int64_t now_ms);

/* It could not be carried out, by our own trouble: it is given back. */
void throttle_withdrawn(struct throttle *t, struct throttle_client client, int64_t now_ms);

/* The beginning of an address that one party controls, whole for IPv4, the /64 of IPv6: what a place is. It
 * points into `address`. */
struct view throttle_place(struct view address);

/* Entries in use, for metrics. */
size_t throttle_count(const struct throttle *t);

#endif
