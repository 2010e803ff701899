/*
 * Whether mailboxes are there: by name (RFC 5490 section 3), by identifier (RFC 9042 section 4.2), by special
 * use (RFC 8579 section 3). The tags that find a mailbox for fileinto stand with it.
 */
#include "sieve/sieve_check.h"

static const struct sieve_word words[] = {
    {.name = "mailboxexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MAILBOX,
        .positionals = {{"mailboxes", SIEVE_STRING_LIST, SIEVE_USE_TEXT}}},
    {.name = "mailboxidexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MAILBOXID,
        .positionals = {{"mailboxes' identifiers", SIEVE_STRING_LIST, SIEVE_USE_TEXT}}},
    {.name = "specialuse_exists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_SPECIAL_USE,
        .first_optional = true,
        .positionals = {{"a mailbox", SIEVE_STRING, SIEVE_USE_MAILBOX},
            {"special uses", SIEVE_STRING_LIST, SIEVE_USE_SPECIAL_USE}}},
};
const struct sieve_words sieve_x_mailbox = {words, sizeof(words) / sizeof(words[0])};
