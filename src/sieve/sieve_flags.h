/* Lists of flags as scripts keep them: names with one blank between each two (RFC 5232 section 2). */
#ifndef SIEVE_SIEVE_FLAGS_H
#define SIEVE_SIEVE_FLAGS_H

#include "sieve/sieve_run.h"

/*
 * *flags with the flags of `strings` put in or taken out; each string may hold several. What can be no flag
 * is passed over, and a flag stands there once, whatever its case. False: the run ends.
 */
bool sieve_flags_change(
    struct sieve_run *run, struct view *flags, const struct sieve_value *strings, bool take_out);

/* The flags of an action: what its tag says, else the internal variable. False: the run ends. */
bool sieve_flags_of_action(struct sieve_run *run, const struct sieve_value *tag, struct view *flags);

/* The next flag of a list is taken off *rest; false at the end. */
bool sieve_flags_next(struct view *rest, struct view *flag);

#endif
