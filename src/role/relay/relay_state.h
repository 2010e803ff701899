/*
 * What all of relay's files stand on: the process and its channels, what the settings and the machine lend
 * it, and whether it may end.
 *
 * The way of mail through relay, each file knowing those below it alone:
 *
 *   role_relay.c              the role: its peers, its files, its beginning and end
 *   notify/                   telling senders what became of their mail
 *   relay_destination.c       a destination: finds its hosts, takes its messages, gives it back
 *   relay_find.c              which hosts, and what TLS they must show (over lookup.c and relay_policy.c)
 *   relay_host.c              a host, shared by all destinations that lead to it: how many connections, and
 * whose turn it is relay_connection.c        one connection: socket, TLS, and the machine of
 * smtp/smtp_client.h relay_transaction.c       one message on a connection, in groups of recipients
 *   relay_idle.c relay_turn.c connections without work; the places that a connection has, and when its turn
 * is over relay_patience.c          how long a connection waits relay_body.c              a message's body,
 * from store to the connection, converted where the host takes less relay_message.c           a message: its
 * recipients' results, told to store when the last one is known relay_convert.c           what must be
 * changed in a message for a host that takes 7 bits only relay_queue.c             the client of the queue:
 * what store has handed out, and what it is told relay_place.c             addresses and networks of hosts,
 * and which took mail lately relay_endpoint.c relay_own.c relay_rate.c relay_reason.c
 *
 * Everything is in memory only: what a crash of this role interrupts is still in the queue. Nothing is freed
 * inside the functions of a stream or a client machine, but in tasks at the end of the loop's turn.
 */
#ifndef ROLE_RELAY_RELAY_STATE_H
#define ROLE_RELAY_RELAY_STATE_H

#include "process/role.h"
#include "process/lookup.h"

enum {
	RELAY_ROUTES_MAX = 256,       /* lines of `routes` that can have a password */
	RELAY_CONNECT_MS = 30 * 1000, /* for TCP: a host that is there answers within a few */
	RELAY_DNS_MS = 30 * 1000,     /* for one look-up */
	RELAY_DESCRIPTORS_KEPT =
	    128 /* for everything but connections: 50 fetches of policies, channels, sockets' folders */
};

struct relay_role {
	struct role_process *process;
	struct calls store, dns, keys, auth;
	struct tls_context *tls;
	char *passwords[RELAY_ROUTES_MAX]; /* of the routes' lines */
	/* Of the routes that lead to a socket: its folder, opened before the confinement, which has no other
	 * files; 0: none. */
	int folders[RELAY_ROUTES_MAX];
	struct sockaddr_storage source4, source6; /* family 0: any */
	size_t descriptors;                       /* that connections may have */
	size_t bodies;                            /* octets of messages in memory */
	size_t under_way;                         /* destinations and connections */
	bool draining;                            /* the server stops: nothing new is begun */
};
extern struct relay_role relay_role;

/* A destination or a connection begins, and is gone: the process ends when it drains and nothing is under way
 * any more. */
void relay_begins(void);
void relay_is_gone(void);
/* The server stops. */
void relay_end_when_idle(void);

/* lookup.h, with this role's loop, its channel to dns and its patience. */
static inline void relay_lookup_init(struct lookup *l, void (*ready)(void *arg), void *arg)
{
	lookup_init(l, &relay_role.process->loop, &relay_role.dns, RELAY_DNS_MS, ready, arg);
}

#endif
