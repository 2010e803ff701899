/* The body test: RFC 5173. */
#include "sieve/sieve_check.h"

/* Which part of the body is looked at, and how: section 5. Without a tag it is :text. */
static const struct sieve_tag body_tags[] = {
    {"raw", SIEVE_X_BODY, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"content", SIEVE_X_BODY, 1, {"content types", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
    {"text", SIEVE_X_BODY, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

static const struct sieve_word words[] = {
    {.name = "body",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_BODY,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = body_tags,
        .tag_count = sizeof(body_tags) / sizeof(body_tags[0]),
        .has = SIEVE_HAS_MATCH},
};
const struct sieve_words sieve_x_body = {words, sizeof(words) / sizeof(words[0])};
