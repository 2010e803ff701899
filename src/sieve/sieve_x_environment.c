/* The environment test: RFC 5183. */
#include "sieve/sieve_check.h"

static const struct sieve_word words[] = {
    {.name = "environment",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_ENVIRONMENT,
        .positionals = {{"a name of the environment", SIEVE_STRING, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH},
};
const struct sieve_words sieve_x_environment = {words, sizeof(words) / sizeof(words[0])};
