/*
 * The memory that all checks of one process may take together, so that many messages made to be large cost no
 * ordinary one its place: what is larger than SENDER_LARGE has half of it.
 */
#ifndef TRUST_SENDER_SENDER_BUDGET_H
#define TRUST_SENDER_SENDER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SENDER_LARGE = 256 * 1024 /* octets of one check: five times that of ordinary mail, with a list's ten
	                             signatures and seals */
};

struct sender_budget {
	size_t all, large; /* of these, what checks beyond SENDER_LARGE take */
};

/* A check takes so much now, *charged before. False: that is too much of `max`; the caller ends the check,
 * and charges 0. */
bool sender_budget_charge(struct sender_budget *b, size_t max, size_t *charged, size_t now);

#endif
