/*
 * What the roles that talk to clients share: accepting within limits, TLS with the private keys elsewhere,
 * and the drain. A connection's life is in edge_connection.h, and its login in login.h.
 */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include "edge/edge_limits.h"
#include "io/tls.h"
#include "process/role.h"

struct edge;
struct edge_connection;
struct edge_protocol;

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
	bool accepting;
	struct tls_context *tls;   /* NULL: no certificate is set up */
	struct calls keys;         /* signatures and ticket keys come from there, and true senders (SRS) */
	struct calls auth;         /* logins */
	int64_t tickets_looked_at; /* clock_wall, when the ticket keys were asked for */
	char ticket[TLS_TICKET_KEY_SIZE], previous_ticket[TLS_TICKET_KEY_SIZE];
	size_t ticket_len, previous_ticket_len; /* 0: none has come */
	void (*tickets_known)(
	    struct edge *edge); /* the ticket keys have come, or will not; NULL: nobody waits */
	struct edge_limits limits;
	struct loop_timer sweep, accept_again, drain_deadline;
	struct loop_timer give_back; /* memory, a moment after a crowd has gone */
};

/* A process has one edge. */
void edge_init(struct edge *edge, struct role_process *p, const struct edge_protocol *protocol);

/* The settings of this process, whose edge has been made. */
const struct settings *edge_settings(void);

/* Rows of the role's functions (role.h), where it has nothing to add to them. */
int edge_role_serve(struct role_process *p);
void edge_role_peer(
    struct role_process *p, enum role_bit peer, int fd); /* keys and auth; any other is closed */
void edge_role_listener(struct role_process *p, enum service service, int fd);
void edge_role_drain(struct role_process *p);
void edge_role_retire(struct role_process *p);

/*
 * edge_tls.c: a channel to keys has come, the first or a new one: later handshakes are signed over it. Owns
 * fd. A new keys role has a new ticket key, which is asked for.
 */
void edge_set_keys(struct edge *edge, int fd);

/* The context for a handshake that begins now; NULL: no certificate is set up. */
struct tls_context *edge_tls(struct edge *edge);

/* For edge.c: the context from the certificates that have come. 0 or a negative errno. */
int edge_configure_tls(struct edge *edge);

#endif
