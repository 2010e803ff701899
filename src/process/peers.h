/*
 * Those who ask a role: one link for each role that may call it, however many there are, kept for the
 * process's life, since questions under way remember their link.
 */
#ifndef PROCESS_PEERS_H
#define PROCESS_PEERS_H

#include "process/role.h"

struct peer {
	struct link link; /* the first member */
	struct peer *next;
};

struct peers {
	struct peer *first;
	size_t size; /* of a caller's own struct that begins with a struct peer; 0: a struct peer alone */
	void (*begin)(struct peer *peer); /* once, when a role calls for the first time; may be NULL */
};

/*
 * A channel to a caller has come: opens its link. `closed` as in link_open; it is called as well for the link
 * of the same caller that was up until now. May be NULL.
 */
void peers_open(
    struct peers *peers, struct role_process *p, int fd, enum role_bit peer, void (*closed)(struct link *));

/* Sends to each caller that is there and that the table lets hear this message; it is no answer. */
void peers_tell(struct peers *peers, unsigned type, const void *message);

/* Closes all links, without `closed`, and frees them: nothing may remember one any more. */
void peers_done(struct peers *peers);

#endif
