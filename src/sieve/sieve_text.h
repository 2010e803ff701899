/*
 * What strings hold that is not themselves: encoded characters (RFC 5228 section 2.4.2.4), replaced when a
 * script is compiled, and references to variables (RFC 5229 section 3), replaced when it runs.
 */
#ifndef SIEVE_SIEVE_TEXT_H
#define SIEVE_SIEVE_TEXT_H

#include "base/arena.h"

/*
 * Replaces ${hex:40 41} and ${unicode:2014}. What has not this form stays as it is. 0; -ENOMEM: the arena is
 * full; -EINVAL: there is no such character, *wrong is the number. *text is untouched then.
 */
int sieve_text_decode(struct view *text, struct arena *arena, struct view *wrong);

/*
 * The next reference to a variable is taken off *text: *before stands before it, *name is what stands between
 * the braces, with its namespace: "subject", "1", "env.domain". False: there is none; *text is all of it.
 */
bool sieve_text_next(struct view *text, struct view *before, struct view *name);

/* Whether `name` may be one: letters, digits and underscores, parts joined by dots; or digits alone. */
bool sieve_variable_is_name(struct view name);

#endif
