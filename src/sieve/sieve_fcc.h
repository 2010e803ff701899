/* The tags with which an answer or a notification is filed as well: RFC 8580. Words that have them put
 * SIEVE_FCC_TAGS at the end of their tags, and number them from `first` on. */
#ifndef SIEVE_SIEVE_FCC_H
#define SIEVE_SIEVE_FCC_H

#include "sieve/sieve_check.h"
#include "sieve/sieve_run.h"

enum { SIEVE_FCC, SIEVE_FCC_FLAGS, SIEVE_FCC_CREATE, SIEVE_FCC_MAILBOXID, SIEVE_FCC_SPECIALUSE };

/* clang-format off */
#define SIEVE_FCC_TAGS \
    {"fcc", SIEVE_X_FCC, 0, {"a mailbox", SIEVE_STRING, SIEVE_USE_MAILBOX}, false}, \
    {"flags", SIEVE_X_IMAP4FLAGS, 0, {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false}, \
    {"create", SIEVE_X_MAILBOX, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}, \
    {"mailboxid", SIEVE_X_MAILBOXID, 0, {"a mailbox's identifier", SIEVE_STRING, SIEVE_USE_TEXT}, false}, \
    {"specialuse", SIEVE_X_SPECIAL_USE, 0, {"a special use", SIEVE_STRING, SIEVE_USE_SPECIAL_USE}, false}
/* clang-format on */

/* The tags beside :fcc need it. */
void sieve_fcc_check(struct sieve_checker *checker, const struct sieve_step *step, size_t first);

/* *fcc is NULL when there is no :fcc. False: the run ends. */
bool sieve_fcc_take(
    struct sieve_run *run, const struct sieve_step *step, size_t first, const struct sieve_fcc **fcc);

#endif
