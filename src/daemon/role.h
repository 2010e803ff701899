/*
 * What every role's process has in common: its start by the master, its channels to other roles, its
 * confinement, its end. A role's own file (role_smtp.c ...) holds its functions for the process table and one
 * structure of its own.
 */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include "base/map.h"
#include "daemon/roles.h"

struct tls_context;

struct role_file {
	uint64_t kind, number;
	struct buf content; /* a chain */
	int fd;             /* a key */
	char *name;
	struct role_file *next;
};

struct role_process {
	const struct role *role;
	struct loop loop;
	struct settings settings;
	struct channel control;
	struct role_file *files; /* of the last MESSAGE_START */
	int folder;              /* the data folder, or -1 */
	struct role_handover *handovers,
	    **handovers_end; /* peers and listeners that came before MESSAGE_START */
	bool serving, draining;
	struct { /* the channel that the role's `peer` is being given now: link_open knows it again */
		int fd;
		uint64_t number;
	} introduced;
};

/* Runs the role until its end; `control` is its channel to the master. Returns the exit status. */
int role_run(const char *name, int control);

/* Tells the master that the role serves; for a role whose serve() gave ROLE_READY_LATER. */
enum { ROLE_READY_LATER = 1 };
void role_ready(struct role_process *p);

/* Ends the process after this turn of the loop. */
void role_exit(struct role_process *p);

/*
 * For a peer's channel that is not a link: its number, to be asked for in the role's `peer`; and that it has
 * closed, though not by us. Links do both by themselves.
 */
uint64_t role_peer_number(const struct role_process *p, int fd);
void role_peer_lost(struct role_process *p, unsigned peer, uint64_t number);

/* ---- links: channels to other roles ---- */

struct link;

/* Called for each frame that the peer may send; the view lives during the call. frame->fd is the callee's if
 * it takes it (sets -1). */
typedef void (*link_received)(struct link *link, struct channel_frame *frame);

struct link {
	struct role_process *process;
	struct channel channel;
	unsigned peer, self; /* who may say what is checked against these */
	uint64_t number;     /* of a channel that the master made; 0: of another kind */
	link_received received;
	void (*closed)(struct link *link); /* may free the link's owner; may be NULL */
	void *arg;
	struct arena arena;  /* for decoding; reset after each frame */
	uint64_t generation; /* differs for every opening: an answer to an earlier one is dropped */
	bool up;
};

/*
 * Takes fd over; a link that was up is closed first, without calling `closed`. When the channel closes and
 * the master made it, he is told, and makes a new one if the peer lives: it comes as another call of the
 * role's `peer`.
 */
void link_open(struct link *link, struct role_process *p, int fd, unsigned peer, link_received received,
    void (*closed)(struct link *), void *arg);
void link_close(struct link *link);

/* Decodes as ipc_decode; on failure the peer is broken: it is logged and the link closed, and false returned. */
#define link_decode(link, frame, message)                                                                    \
	link_decode_as(link, frame, IPC_SCHEMA_OF(message), sizeof *(message), message)
bool link_decode_as(struct link *link, const struct channel_frame *frame, const struct codec_schema *schema,
    size_t size, void *message);

/* ---- calls: questions whose answers come later ---- */

/*
 * The answer's frame, or NULL when the peer went away. Returns true when the call is over, false when more
 * frames will come with its number. frame->fd as above.
 */
typedef bool (*call_answered)(void *arg, struct link *link, struct channel_frame *frame);

struct calls {
	struct link link;
	struct map pending; /* request number -> struct call */
	uint32_t last;
	link_received notice; /* for what the peer says unasked, with the number 0; may be NULL */
};

void calls_init(struct calls *c);

/* A channel for the calls has arrived; the ones that were pending on an earlier channel are answered with
 * NULL. */
void calls_link(struct calls *c, struct role_process *p, int fd, unsigned peer);
void calls_close(struct calls *c);

/*
 * Asks. The number of the request, for further frames and for calls_forget; 0 when the peer is away or the
 * message does not fit: then `answered` is not called.
 */
uint32_t calls_ask(
    struct calls *c, enum message_type type, const void *message, call_answered answered, void *arg);

/* The asker is gone: later answers are dropped, their descriptors closed. */
void calls_forget(struct calls *c, uint32_t request);

#endif
