/*
 * Which messages must not be answered by a program: RFC 3834 section 2, RFC 5230 sections 4.5 and 4.6. What
 * an account has sent before is not asked here.
 */
#ifndef SIEVE_SIEVE_ANSWER_H
#define SIEVE_SIEVE_ANSWER_H

#include "sieve/sieve_message.h"

/* Whose addresses are the owner's: the account's, what the script says, and where the message came to. */
struct sieve_owner {
	const struct view *addresses; /* of the account; addresses as people write them, without names */
	size_t address_count;
	const struct view *more; /* of the script */
	size_t more_count;
	struct view
	    separators; /* struct sieve_world, subaddress: an address with a detail is the owner's as well */
};

/* Whether an address is one of the owner's. The domain may stand in either form (RFC 5890). */
bool sieve_is_own(const struct sieve_message *message, const struct sieve_owner *owner, struct view address);

/*
 * Judges the message as it came. *silent: why it must not be answered, as a sentence without its end, or
 * NULL. *own: the owner's address that it names as a recipient, or empty. 0, or -ENOMEM when the message's
 * arena is full.
 */
int sieve_answer_judge(
    struct sieve_message *message, const struct sieve_owner *owner, const char **silent, struct view *own);

/* Whether nobody may be notified of it: a program sent it (RFC 5436 section 2.7.1). Likewise. */
int sieve_notify_judge(struct sieve_message *message, const char **silent);

#endif
