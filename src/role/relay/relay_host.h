/*
 * A host's address, shared by all destinations that lead there under the same demands: its connections, how
 * many there may be, and whose turn it is. A destination with mail for a host waits in the host's line; what
 * becomes of that it learns by a small table.
 */
#ifndef ROLE_RELAY_RELAY_HOST_H
#define ROLE_RELAY_RELAY_HOST_H

#include "role/relay/relay_endpoint.h"
#include "role/relay/relay_message.h"
#include "role/relay/relay_reason.h"

enum {
	RELAY_CONNECTIONS_FIRST = 4, /* to a host that is not known yet */
	RELAY_HOST_DEAD_MS =
	    20 * 1000 /* that a host which could not be reached is not tried again for another destination */
};

struct relay_host;
struct relay_waiter;

/* A destination, as its hosts see it. */
struct relay_waiter_functions {
	/* The next message, or NULL: then it is out of the line, and comes back when it has some. */
	struct relay_message *(*next)(struct relay_waiter *w);
	/* The host cannot be used: it is out of the line. */
	void (*failed)(struct relay_waiter *w, struct relay_host *h, const struct relay_reason *why);
	/* There is no place for a connection now: it finds out what its mail is, if it does not know, and may
	 * go away where others need the room. */
	void (*must_wait)(struct relay_waiter *w);
};

/* Embedded in the destination. */
struct relay_waiter {
	const struct relay_waiter_functions *functions;
	size_t pending; /* messages that wait for a connection */
	bool regular; /* some of its mail is no report (RFC 5321 section 4.5.5: those have the null sender) */
	bool waiting; /* in the line */
	struct relay_waiter *next;
};

/* The host for this endpoint, which is taken over. */
struct relay_host *relay_host_use(struct relay_endpoint *endpoint);
void relay_host_release(struct relay_host *h);
/* The destination has mail, or wants to know whether the host is there. */
void relay_host_want(struct relay_host *h, struct relay_waiter *w);
void relay_host_forget(struct relay_host *h, struct relay_waiter *w);
bool relay_host_is_dead(const struct relay_host *h);
/* Somebody asked for an attempt now: it counts as dead no longer. */
void relay_host_try_again(struct relay_host *h);
/* Why it is dead. */
const struct relay_reason *relay_host_reason(const struct relay_host *h);
const char *relay_host_name(const struct relay_host *h);
/* "192.0.2.1:25" */
const char *relay_host_address(const struct relay_host *h);
/* How many connections it may have, as far as it is known. */
size_t relay_host_limit(const struct relay_host *h);

/* The server stops: connections that have nothing to do say goodbye. */
void relay_hosts_quit(void);
/* How many are remembered. */
size_t relay_hosts_count(void);

#endif
