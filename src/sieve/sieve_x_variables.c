/* Variables: RFC 5229. The command set with its modifiers, and the test string. */
#include "sieve/sieve_check.h"

/* Section 4.1: modifiers of one precedence exclude one another; the groups stand in their order. */
static const struct sieve_tag set_tags[] = {
    {"lower", SIEVE_X_VARIABLES, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"upper", SIEVE_X_VARIABLES, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"lowerfirst", SIEVE_X_VARIABLES, 2, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"upperfirst", SIEVE_X_VARIABLES, 2, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"quotewildcard", SIEVE_X_VARIABLES, 3, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"length", SIEVE_X_VARIABLES, 4, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

static const struct sieve_word words[] = {
    {.name = "set",
        .extension = SIEVE_X_VARIABLES,
        .positionals = {{"a variable", SIEVE_STRING, SIEVE_USE_VARIABLE},
            {"its value", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = set_tags,
        .tag_count = sizeof(set_tags) / sizeof(set_tags[0])},
    {.name = "string",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_VARIABLES,
        .positionals = {{"texts", SIEVE_STRING_LIST, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH},
};
const struct sieve_words sieve_x_variables = {words, sizeof(words) / sizeof(words[0])};
