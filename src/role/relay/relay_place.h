/*
 * Where hosts are, as far as connections are counted: their addresses and their networks, and the shares
 * (base/share.h) of all connections. Which hosts took mail lately is remembered here, too.
 */
#ifndef ROLE_RELAY_RELAY_PLACE_H
#define ROLE_RELAY_RELAY_PLACE_H

#include <sys/socket.h>

#include "base/share.h"
#include "io/network.h"

enum {
	/* Where others wait for its place, a host that is slow loses it, and comes back to the line: RFC 5321
	 * section 4.5.3.2 asks for five minutes for each reply, but thirty silent hosts would have all places
	 * for as long. */
	RELAY_HURRY_MS = 20 * 1000, /* from the beginning until the connection can be used; */
	RELAY_HURRIES_MAX =
	    2 /* twice as long the next times, so that a host which greets late is not passed over for ever */
};

/* How many connections there may be. */
struct relay_shares {
	struct share all;
	struct share reports;  /* those that carry reports only: other mail has the rest */
	struct share unproven; /* those to hosts that took no mail lately: the others have the rest */
	struct share unknown;  /* both */
};
extern struct relay_shares relay_shares;

enum relay_place_kind {
	RELAY_ADDRESS = 1,
	RELAY_NETWORK,
	RELAY_POLICY_HOST /* the same address, for requests by HTTPS */
};
enum { RELAY_PLACE_KEY = 1 + NETWORK_KEY_SIZE + 2 };

/* How the last message went to a host. */
enum relay_place_way { RELAY_WAY_UNKNOWN, RELAY_WAY_CLEAR, RELAY_WAY_TLS };

struct relay_place {
	struct share share;
	size_t users;             /* hosts */
	uint64_t taken;           /* messages */
	int64_t proven_at;        /* monotonic: the last of them */
	int64_t kept_at;          /* monotonic: when store was told so; 0: never */
	enum relay_place_way way; /* of the last of them */
	unsigned hurried; /* times that a connection was ended since others waited, and the host was slow to
	                     begin */
	char key[RELAY_PLACE_KEY];
	size_t key_len;
};

/* Policies that are fetched from one host at once: many domains share one, and get theirs in turn. A variable
 * for tests. */
extern size_t relay_policy_host_fetches;

/* NULL for what has no address (a socket). */
struct relay_place *relay_place_use(const struct sockaddr_storage *address, enum relay_place_kind kind);
void relay_place_release(struct relay_place *p);                             /* NULL is allowed */
void relay_place_took_mail(struct relay_place *p, enum relay_place_way way); /* NULL is allowed */
/* How the last message went to this address, if it took any lately, and so many that this says nothing of
 * anybody here who writes there. */
enum relay_place_way relay_place_way(const struct sockaddr_storage *address);
/* A host that took mail before the last restart (relay_memo.h). */
void relay_place_recall(struct view name, struct view value);
bool relay_place_is_proven(const struct relay_place *p);
/* How long a connection to this host may take to begin while others wait, in milliseconds; and one took too
 * long. */
int64_t relay_place_hurry(const struct relay_place *p); /* NULL is allowed */
void relay_place_was_hurried(struct relay_place *p);    /* NULL is allowed */
/* The limits of all shares, from the settings. */
void relay_places_configure(void);

/* How many places are remembered. */
size_t relay_places_count(void);
/* For tests: as in a new process. Nobody may use one. */
void relay_places_forget(void);

#endif
