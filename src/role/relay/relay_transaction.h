/*
 * One message on a connection: group by group of its recipients, what the host announced decides whether and
 * how it can be sent, its answers become the recipients' results.
 */
#ifndef ROLE_RELAY_RELAY_TRANSACTION_H
#define ROLE_RELAY_RELAY_TRANSACTION_H

#include "role/relay/relay_body.h"
#include "role/relay/relay_message.h"

enum {
	RELAY_TRIES_MAX =
	    3 /* attempts in one turn of the destination when connections are lost in mid-message */
};

struct relay_transaction_functions {
	void (*ready)(void *arg); /* what was waited for is there: call relay_transaction_go_on */
	void (*taken)(void *arg); /* the host has taken the message for some recipients */
	void (*wrote)(void *arg); /* the client has put octets of a body into its output */
	void (*cut)(void *arg);   /* the body cannot be had: end the connection */
};

/* Embedded in the connection. */
struct relay_transaction {
	const struct relay_transaction_functions *functions;
	void *arg;
	struct smtp_client *client;
	const struct relay_peer *peer;
	bool lmtp;

	struct relay_message *message; /* NULL: none is under way */
	struct relay_body *body;
	size_t accepted,
	    crowded; /* recipients of the group under way that were taken, and those that were too many */
	struct relay_reason crowd; /* what the host said to the first that was too many */
};

/* Takes the message over. True while it is under way; false: it is finished. */
bool relay_transaction_begin(struct relay_transaction *t, struct relay_message *m);
/* The client is ready for the next group, or `ready` was called. As above; false too when there is no
 * message. */
bool relay_transaction_go_on(struct relay_transaction *t);
/* The client wants the body. */
void relay_transaction_body(struct relay_transaction *t);
/* The host's answer to a recipient of the group. */
void relay_transaction_answered(
    struct relay_transaction *t, size_t index, const struct smtp_client_reply *reply);
/* The group is done. */
void relay_transaction_done(struct relay_transaction *t);
/* The connection has ended: the message is tried again on another, a few times. */
void relay_transaction_end(struct relay_transaction *t, const struct relay_reason *why);

#endif
