/* The tests date and currentdate: RFC 5260 sections 4 and 5. */
#include "sieve/sieve_check.h"

static const struct sieve_tag date_tags[] = {
    {"zone", SIEVE_X_DATE, 1, {"a time zone", SIEVE_STRING, SIEVE_USE_ZONE}, false},
    {"originalzone", SIEVE_X_DATE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

static const struct sieve_word words[] = {
    {.name = "date",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_DATE,
        .positionals = {{"a header's name", SIEVE_STRING, SIEVE_USE_HEADER},
            {"a part of the date", SIEVE_STRING, SIEVE_USE_DATE_PART},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = date_tags,
        .tag_count = 2,
        .has = SIEVE_HAS_MATCH | SIEVE_HAS_INDEX},
    {.name = "currentdate",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_DATE,
        .positionals = {{"a part of the date", SIEVE_STRING, SIEVE_USE_DATE_PART},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = date_tags,
        .tag_count = 1, /* now has no zone of its own */
        .has = SIEVE_HAS_MATCH},
};
const struct sieve_words sieve_x_date = {words, sizeof(words) / sizeof(words[0])};
