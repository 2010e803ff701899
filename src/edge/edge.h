/*
 * What the roles that talk to clients share: accepting within limits, TLS with the private keys elsewhere,
 * and the drain. A connection's life is in edge_connection.h.
 */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include "base/map.h"
#include "process/role.h"
#include "io/network.h"
#include "io/tls.h"

struct edge;
struct edge_connection;
struct edge_protocol;

struct edge_client {
	struct sockaddr_storage address;
	char text[NETWORK_TEXT_SIZE];
	enum service service;
	bool counted; /* in the per-address table, under `key` */
	char key[NETWORK_KEY_SIZE];
	size_t key_len;
};

struct edge_listener {
	struct edge *edge;
	struct loop_watch watch;
	enum service service;
	int fd;
};

struct edge {
	struct role_process *process;
	const struct edge_protocol *protocol;
	struct edge_connection *first; /* of all connections */
	struct edge_listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct tls_context *tls;   /* NULL: no certificate is set up */
	struct calls keys;         /* signatures and ticket keys come from there, and true senders (SRS) */
	int64_t tickets_looked_at; /* clock_wall, when the ticket keys were asked for */
	char ticket[TLS_TICKET_KEY_SIZE], previous_ticket[TLS_TICKET_KEY_SIZE];
	size_t ticket_len, previous_ticket_len; /* 0: none has come */
	bool opening;                           /* has not begun to accept: waits for the ticket keys */
	struct map clients;                     /* key -> struct client_count */
	size_t connections;
	size_t descriptors; /* this process may have */
	uint64_t refused, refused_told;
	struct loop_timer sweep, accept_again, drain_deadline;
};

void edge_init(struct edge *edge, struct role_process *p, const struct edge_protocol *protocol);
void edge_add_listener(struct edge *edge, enum service service, int fd);
/* A channel to keys has come, the first or a new one: later handshakes are signed over it. Owns fd. A new
 * keys role has a new ticket key, which is asked for. */
void edge_set_keys(struct edge *edge, int fd);

/*
 * After MESSAGE_START: builds the TLS context from the certificates that have come, and the first time begins
 * to accept. Sessions keep the context they have. 0 or a negative errno.
 */
int edge_serve(struct edge *edge);

/* The context for a handshake that begins now; NULL: no certificate is set up. */
struct tls_context *edge_tls(struct edge *edge);

/* For edge.c: the context from the certificates that have come. 0 or a negative errno. */
int edge_configure_tls(struct edge *edge);

/* For edge_tls.c: the ticket keys have come, or will not. */
void edge_tickets_known(struct edge *edge);

/* A connection has ended, for edge_connection.c. */
void edge_disconnected(struct edge *edge, struct edge_client *client);

/* Counts a message from this client; false when it has sent too many within the minute. */
bool edge_count_message(struct edge *edge, const struct edge_client *client);

/* The client turns out to be somebody else (PROXY, XCLIENT). False, and logged, when that one has too many
 * connections. */
bool edge_rename(struct edge *edge, struct edge_client *client, const struct sockaddr_storage *address);

/* Stops accepting and ends who may go; role_exit when the last connection has gone, or at the deadline. */
void edge_drain(struct edge *edge);

#endif
