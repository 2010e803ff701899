/*
 * How many connections and messages an edge takes, in all and from one address or IPv6 network: a machine
 * without a clock and sockets. Times are clock_monotonic_ms. What is over a limit is logged by its setting's
 * name; a flood is summed up.
 */
#ifndef EDGE_EDGE_LIMITS_H
#define EDGE_EDGE_LIMITS_H

#include "base/map.h"
#include "config/services.h"
#include "io/network.h"

enum { EDGE_WINDOW_MS = 60000 }; /* in which connections and messages of an address are counted */

struct edge_client {
	struct sockaddr_storage address;
	char text[NETWORK_TEXT_SIZE];
	enum service service;
	uid_t user;   /* of a local socket: who has connected, by the kernel */
	bool counted; /* in the table, under `key` */
	char key[NETWORK_KEY_SIZE];
	size_t key_len;
};

struct edge_limits {
	const struct settings *settings;
	size_t connections, connections_most; /* open now; as many as there are descriptors for */
	size_t crowd;                         /* the most that were open since edge_limits_crowd_has_gone */
	struct map clients;                   /* key -> struct client_count */
	uint64_t refused, refused_told;
	int64_t refusals_since; /* of what all asked for */
	unsigned refusals;
};

/* The settings stay the caller's, and may change. descriptors_each: what a connection takes at most. */
void edge_limits_init(struct edge_limits *l, const struct settings *settings, size_t descriptors_each);
void edge_limits_done(struct edge_limits *l);

/* A client has connected: counts it. Sets its text and key. False when it is one too many. */
bool edge_limits_admit(struct edge_limits *l, struct edge_client *client, int64_t now)
    __attribute__((warn_unused_result));

/* It has gone. */
void edge_limits_leave(struct edge_limits *l, struct edge_client *client);

/* Whether more than half of a crowd has gone since this was last true: then the memory that it had is to be
 * given back. */
bool edge_limits_crowd_has_gone(struct edge_limits *l);

/* It turns out to be somebody else (PROXY, XCLIENT). False when that one has too many connections: then it is
 * still to leave. */
bool edge_limits_rename(struct edge_limits *l, struct edge_client *client,
    const struct sockaddr_storage *address, int64_t now) __attribute__((warn_unused_result));

/* It sends a message; false when it has sent too many within the minute. */
bool edge_limits_count_message(struct edge_limits *l, const struct edge_client *client, int64_t now)
    __attribute__((warn_unused_result));

/*
 * Something that it asked for was refused: whether that is noted for the trace. A few of each address within
 * the minute are, and so many of all together, so that no flood pushes out what others were refused.
 */
bool edge_limits_count_refusal(struct edge_limits *l, const struct edge_client *client, int64_t now)
    __attribute__((warn_unused_result));

/* To be called every EDGE_WINDOW_MS: forgets the addresses that have gone, so that the table is as large as
 * the crowd of a minute, and logs how many were refused. */
void edge_limits_sweep(struct edge_limits *l, int64_t now);

#endif
