/*
 * Connections to a host: TCP, TLS, and the client machine, which gets one message after the other from
 * whatever destinations share the host. What becomes of a connection its host learns by a small table.
 */
#ifndef ROLE_RELAY_RELAY_CONNECTION_H
#define ROLE_RELAY_RELAY_CONNECTION_H

#include "role/relay/relay_endpoint.h"
#include "role/relay/relay_message.h"
#include "role/relay/relay_place.h"

enum {
	RELAY_WATCH_MS = 5 * 1000,     /* so often it is looked whether a connection holds others up */
	RELAY_SLOW_MS = 5 * 60 * 1000, /* from MAIL to the body, while others wait for the connection */
	RELAY_CLEAR_MS =
	    3600 * 1000 /* that a host whose TLS is broken is spoken to in clear, where that is allowed */
};

/* The host, as its connections see it. */
struct relay_connection_owner {
	struct relay_message *(*next)(void *arg); /* the next message, or NULL: then the connection is idle */
	void (*ready)(void *arg);     /* a connection is of use: greeted, secured and logged in as demanded */
	void (*succeeded)(void *arg); /* the host has taken mail */
	/* A connection could not be made, or not be used; it is not counted any more. */
	void (*failed)(void *arg, const struct relay_reason *why);
	void (*leaves)(
	    void *arg); /* a connection says goodbye though there may be mail: others may be wanted */
	void (*gone)(void *arg); /* a connection is freed; the last thing that is said of it */
};

/* The connections of one host; embedded in it. */
struct relay_connections {
	const struct relay_connection_owner *owner;
	void *arg;
	const struct relay_endpoint *endpoint;
	struct relay_place *address;     /* or NULL */
	const struct share_claim *claim; /* the places of the next one */
	struct relay_connection *idle;   /* a list */
	size_t count, connecting;        /* all; those that were not of use yet */
	size_t ending;       /* counted no more, and the owner is still to hear of it: it must stay */
	int64_t clear_until; /* monotonic: until then without TLS, if need not be */
};

/* Opens one, with the places that the claim has got. */
void relay_connection_open(struct relay_connections *of);
/* One that is idle looks for work. */
void relay_connections_work(struct relay_connections *of);
/* The server stops: whoever has nothing to do says goodbye. */
void relay_connections_quit(struct relay_connections *of);

#endif
