/*
 * One client's connection, as far as every protocol needs the same: the stream, the PROXY header, TLS from
 * the first byte or on demand, the end. A role's own connection begins with a struct edge_connection, is
 * allocated here, and is what the functions of its struct edge_protocol get.
 */
#ifndef EDGE_EDGE_CONNECTION_H
#define EDGE_EDGE_CONNECTION_H

#include "base/random.h"
#include "edge/edge.h"
#include "io/stream.h"

struct edge_connection {
	struct edge_connection *next, *previous;
	struct edge *edge;
	struct edge_client client;
	struct stream stream;
	struct loop_task task;
	char id[RANDOM_ID_SIZE]; /* in all its log lines */
	/* The PROXY header has not come yet, or not all of it; NULL: none is awaited. */
	struct edge_proxy {
		struct sockaddr_storage client;
		bool read;   /* but for the extensions at its end, which are passed over */
		bool local;  /* it names nobody */
		size_t rest; /* octets of these extensions */
	} * proxy;
	uint32_t login;  /* the question to auth under way (login.h); 0: none */
	bool tls_wanted; /* at the end of the turn */
	bool begun;      /* the session exists */
	bool ending;     /* `ended` has been called */
};

/* What a protocol does itself. None of these functions frees the connection. */
struct edge_protocol {
	size_t size;      /* of the role's connection, which is zeroed */
	const char *alpn; /* its name in TLS, or several (io/tls.h) */
	bool
	    lean; /* most of its connections wait: TLS takes little memory (stream_lean_tls) behind `begin` */
	const char *too_many;    /* one line for a client that is refused at once, with its line end */
	size_t descriptors_each; /* a connection takes at most */
	const char *login_event, *login_failed_event; /* in the log */

	void (*opened)(void *connection); /* a client is there: set up what is the role's, and a deadline */
	void (*begin)(void *connection);  /* PROXY header and first TLS are done: start the session */
	/* The rest comes only for a session that has begun. */
	size_t (*input)(void *connection, struct view bytes); /* as in struct stream_handler */
	void (*drained)(void *connection);
	void (*secured)(void *connection); /* TLS that the session asked for is up */
	/* A login goes on: see login.h. `account` is its number; `channel` is the account's, owned by the
	 * callee; -1 for services that get none. */
	void (*challenge)(void *connection, struct view text);
	void (*logged_in)(void *connection, uint64_t account, struct view address, int channel);
	void (*refused)(void *connection, enum login_failure why);
	/* The session has been given an answer: what it said goes out, and it takes input if it wants any. */
	void (*proceed)(void *connection);
	void (*idle)(void *connection);  /* the deadline passed: must close or abort the stream */
	void (*drain)(void *connection); /* the server stops: end it if that costs nobody anything */
	/* Also without a session: forget what is under way and free what is the role's. The stream can still
	 * be looked at. */
	void (*ended)(void *connection, enum stream_end how);
};

/* For edge.c: takes a client that was let in; fd is taken over. */
void edge_connection_open(struct edge *edge, int fd, const struct edge_client *client);
/* The server stops: whoever has not begun goes, the others as `drain` says. */
void edge_connection_drain(struct edge_connection *c);

/* The session wants TLS: it begins at the end of the turn, without what was sent in clear before it. */
void edge_connection_start_tls(struct edge_connection *c);

bool edge_connection_is_secure(const struct edge_connection *c);

/* Whether a password may come unencrypted: the setting wants no TLS for it, or it crosses no wire. */
bool edge_connection_clear_login(const struct edge_connection *c);

#endif
