/*
 * As whose domain a user's message is signed: as the author's, if the user may write from there, else as the
 * sender's. For whoever takes messages from users: the smtp role over the network, relay out of the queue.
 */
#ifndef PROCESS_SIGNING_CHOOSE_H
#define PROCESS_SIGNING_CHOOSE_H

#include "format/address_normal.h"
#include "format/author.h"
#include "process/signing.h"

struct signing_choice {
	const struct authors *authors; /* of the message's header; NULL: not known */
	struct view sender, login;     /* proven as the user's, sender of the envelope; either may be empty */
	bool any_of_ours; /* an author of a domain of ours who is not the user would have been refused */
};

/* Calls signing_domain. *author: the domain of all authors; len 0: there is none, or there are several. */
void signing_choose(struct signing *s, const struct signing_choice *choice, struct address *author);

#endif
