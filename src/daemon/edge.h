/*
 * What the roles that talk to clients share: accepting within limits, TLS with the private keys elsewhere,
 * the PROXY header, and the drain. A connection's own life is the role's.
 */
#ifndef DAEMON_EDGE_H
#define DAEMON_EDGE_H

#include "base/map.h"
#include "daemon/role.h"
#include "io/network.h"
#include "io/stream.h"

struct edge;

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
	struct edge_listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct tls_context *tls; /* NULL: no certificate is set up */
	int keys;                /* the channel to the keys role, blocking; -1: away */
	int64_t keys_away_until; /* it did not answer in time */
	uint32_t last_sign;
	struct map clients; /* key -> struct client_count */
	size_t connections;
	size_t descriptors; /* this process may have */
	unsigned
	    descriptors_each; /* of them a connection takes at most; set by the role, 1 if it says nothing */
	uint64_t refused, refused_told;
	struct loop_timer sweep, accept_again, drain_deadline;
	bool accepting;

	/* A client has connected; the callee owns fd and must call edge_disconnected at its end. */
	void (*connected)(struct edge *edge, int fd, const struct edge_client *client);
	/* One line for a client that is refused at once, with its line end. */
	struct view too_many;
	/* The drain's deadline has come: end every session that is left. */
	void (*end_all)(struct edge *edge);
	const char *alpn;
};

void edge_init(struct edge *edge, struct role_process *p);
void edge_add_listener(struct edge *edge, enum service service, int fd);
void edge_set_keys(struct edge *edge, int fd);

/* After MESSAGE_START: builds the TLS context from the certificates that have come. Sessions keep the one
 * they have. */
int edge_configure(struct edge *edge);

/* Begins to accept. */
void edge_open(struct edge *edge);
void edge_disconnected(struct edge *edge, struct edge_client *client);

/* Counts a message from this client; false when it has sent too many within the minute. */
bool edge_count_message(struct edge *edge, const struct edge_client *client);

/* The client turns out to be somebody else (PROXY, XCLIENT). False when that one has too many connections. */
bool edge_rename(struct edge *edge, struct edge_client *client, const struct sockaddr_storage *address);

/* Stops accepting; role_exit when the last connection has gone. */
void edge_drain(struct edge *edge);

#endif
