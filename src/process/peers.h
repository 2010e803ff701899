/*
 * Those who ask a role: a link for each process that may call it, kept for this process's life, since
 * questions under way remember their link. While an upgrade goes on, two processes of one role may call.
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
 * A channel to a caller has come: opens a link, in the place of one of the same role that has closed, if
 * there is any. `closed` as in link_open; may be NULL.
 */
void peers_open(
    struct peers *peers, struct role_process *p, int fd, enum role_bit peer, void (*closed)(struct link *));

/* Sends to each caller that is there and that the table lets hear this message; it is no answer. */
void peers_tell(struct peers *peers, unsigned type, const void *message);
/* The same, to all but the one whose link this is. */
void peers_tell_others(struct peers *peers, const struct link *but, unsigned type, const void *message);

/* Whether one of them is there. */
bool peers_any_up(const struct peers *peers);

/* Closes all links, without `closed`; they stay for those who remember them. */
void peers_close(struct peers *peers);

/* The same, and frees them: nothing may remember one any more. */
void peers_done(struct peers *peers);

#endif
