/* Scripts that run at events of IMAP: RFC 6785. */
#ifndef SIEVE_SIEVE_IMAP_H
#define SIEVE_SIEVE_IMAP_H

#include "sieve/sieve_outcome.h"
#include "sieve/sieve_program.h"

/* Section 3.11: the command of a script that requires what only a delivery allows, or NULL; whether an action
 * is one that makes sense without a delivery. */
const struct sieve_step *sieve_imap_unsuited(const struct sieve_step *first);
bool sieve_imap_allows(enum sieve_action_kind kind);

#endif
