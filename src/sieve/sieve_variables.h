/* What sets variables besides the command set: the modifiers of values (RFC 5229 section 4.1). */
#ifndef SIEVE_SIEVE_VARIABLES_H
#define SIEVE_SIEVE_VARIABLES_H

#include "sieve/sieve_run.h"

/* The first tags of each word that sets a variable. Modifiers of one precedence, in one group, exclude one
 * another. */
enum {
	SIEVE_MODIFY_LOWER,
	SIEVE_MODIFY_UPPER,
	SIEVE_MODIFY_LOWERFIRST,
	SIEVE_MODIFY_UPPERFIRST,
	SIEVE_MODIFY_QUOTEWILDCARD,
	SIEVE_MODIFY_LENGTH,
	SIEVE_MODIFY_QUOTEREGEX, /* draft-ietf-sieve-regex */
	SIEVE_MODIFY_ENCODEURL,  /* RFC 5435 section 6 */
	SIEVE_MODIFIERS
};
/* clang-format off */
#define SIEVE_MODIFIER_TAGS \
	{"lower", SIEVE_X_VARIABLES, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"upper", SIEVE_X_VARIABLES, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"lowerfirst", SIEVE_X_VARIABLES, 2, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"upperfirst", SIEVE_X_VARIABLES, 2, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"quotewildcard", SIEVE_X_VARIABLES, 3, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"length", SIEVE_X_VARIABLES, 4, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"quoteregex", SIEVE_X_REGEX, 3, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
	{"encodeurl", SIEVE_X_ENOTIFY, 5, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}
/* clang-format on */

/* The value as the step's modifiers make it. False: the run ends. */
bool sieve_modify(struct sieve_run *run, const struct sieve_step *step, struct view *value);

#endif
