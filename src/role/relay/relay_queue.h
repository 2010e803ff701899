/*
 * The client of the queue: what store has handed out to us, and what store is told of it. A lease is a
 * destination that store has handed out: its messages are ours until it is given back ("rests") or store is
 * gone. For each one that rests store gets credit for another.
 */
#ifndef ROLE_RELAY_RELAY_QUEUE_H
#define ROLE_RELAY_RELAY_QUEUE_H

#include "process/link.h"
#include "role/relay/relay_reason.h"

enum {
	RELAY_DESTINATIONS_MAX = 2000, /* under way: what waits for dead hosts must not keep others out */
	RELAY_TAKE_MESSAGES = 64,      /* of one destination at once, at most */
	RELAY_TAKE_BYTES = 256 * 1024,
	/* In memory; above it messages are taken without their bodies, which are read piece by piece. */
	RELAY_BODIES_MAX = 8 * 1024 * 1024,
	RELAY_PIECE = 64 * 1024 /* of a body that is read */
};

struct relay_lease;

/* What store says of a destination. */
struct relay_lease_functions {
	void (*message)(struct relay_lease *l, const struct message_queue_message *m);
	void (*taken)(struct relay_lease *l, const struct message_queue_taken *m);
	void (*more)(struct relay_lease *l);  /* has come for it */
	void (*drain)(struct relay_lease *l); /* the server stops: it should rest soon */
	void (*lost)(struct relay_lease
	        *l); /* store is gone: the lease has ended, and what it gave is the next store's to give */
};

/* Embedded in whatever stands for the destination; it stays where it is until it has ended. */
struct relay_lease {
	uint64_t number;
	const struct relay_lease_functions *functions;
};

/* What relay hears from store: for its role_functions. */
extern const struct link_verb relay_queue_verbs[];

/* `open`: store has handed out a destination; it calls relay_lease_begin. */
void relay_queue_init(void (*open)(const struct message_queue_destination *m));
/* A new store: ends all leases, tells the store what its predecessor did not confirm, and gives it credit
 * then. */
void relay_queue_link(int fd);
/* What relay knew has come back (relay_memo.h): mail may come. */
void relay_queue_begin(void);
/* All leases end, as when store is gone. */
void relay_queue_forget(void);
void relay_queue_drain(void);
size_t relay_queue_leases(void);
/* Most of the leases that there may be are used: what can wait makes room (relay_host.c). */
bool relay_queue_is_crowded(void);

void relay_lease_begin(struct relay_lease *l, uint64_t number, const struct relay_lease_functions *functions);
/*
 * Asks for so many messages at most; `message` and `taken` follow. When store is away nothing follows but
 * `lost`.
 */
void relay_lease_take(struct relay_lease *l, size_t messages);
/* The same, where messages and the end come to `answered`: the request's number, or 0. */
uint32_t relay_lease_ask(struct relay_lease *l, size_t messages, call_answered answered, void *arg);
/* Gives the destination back, with the reason where `how` needs it, and the name of the host that it is
 * about, or NULL. */
void relay_lease_rest(struct relay_lease *l, enum queue_rest how, uint64_t seconds,
    const struct relay_reason *why, const char *host);

/* Says what is being done about it, for those who ask. host, address: NULL: none; why: NULL: nothing has
 * failed.
 */
void relay_lease_step(const struct relay_lease *l, enum queue_step step, const char *host,
    const char *address, const struct relay_reason *why);

/* Reads at most `left` octets of a message's body or trailer from there on, RELAY_PIECE at once:
 * MESSAGE_QUEUE_DATA, or NULL when store is gone. As calls_ask. */
uint32_t relay_queue_read(struct view id, uint64_t offset, uint64_t left, call_answered answered, void *arg);

/*
 * What became of a message: copied, told to store, and kept until store has it on the disk. When store dies
 * in between, the next one is told first, before it hands anything out; else mail that has arrived would be
 * sent again.
 */
void relay_outcome_tell(const struct message_queue_outcome *m);
/* Told once: when store is gone the message comes again, and no harm is done. */
void relay_outcome_tell_once(const struct message_queue_outcome *m);

#endif
