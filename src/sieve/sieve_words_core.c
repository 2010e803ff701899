/* The words of RFC 5228, and envelope and fileinto, which it makes optional; with what extensions add to
 * them. */
#include "sieve/sieve_check.h"
#include "sieve/sieve_dsn.h"
#include "sieve/sieve_mime.h"
#include "sieve/sieve_words_run.h"

static const struct sieve_word control[] = {
    {.name = "require",
        .positionals = {{"extensions", SIEVE_STRING_LIST,
            SIEVE_USE_EXTENSION}}}, /* sieve_check.c looks at them */
    {.name = "if", .tests = SIEVE_ONE_TEST, .block = true},
    {.name = "elsif", .tests = SIEVE_ONE_TEST, .block = true, .chained = true},
    {.name = "else", .block = true, .chained = true},
    {.name = "stop", .act = sieve_act_stop},
};
const struct sieve_words sieve_words_control = {control, sizeof(control) / sizeof(control[0])};

/* ---- actions: RFC 5228 section 4 ---- */

static const struct sieve_tag keep_tags[] = {
    {"flags", SIEVE_X_IMAP4FLAGS, 0, {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
};
static const struct sieve_tag redirect_tags[] = {
    {"copy", SIEVE_X_COPY, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"notify", SIEVE_X_REDIRECT_DSN, 0, {"conditions of reports", SIEVE_STRING, SIEVE_USE_NOTIFY}, false},
    {"ret", SIEVE_X_REDIRECT_DSN, 0, {"what reports return", SIEVE_STRING, SIEVE_USE_RET}, false},
    {"bytimerelative", SIEVE_X_REDIRECT_DELIVERBY, 1, {"seconds", SIEVE_NUMBER, SIEVE_USE_TEXT}, false},
    {"bytimeabsolute", SIEVE_X_REDIRECT_DELIVERBY, 1, {"a time", SIEVE_STRING, SIEVE_USE_DATE_TIME}, false},
    {"bymode", SIEVE_X_REDIRECT_DELIVERBY, 0, {"what is done then", SIEVE_STRING, SIEVE_USE_BY_MODE}, false},
    {"bytrace", SIEVE_X_REDIRECT_DELIVERBY, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"list", SIEVE_X_EXTLISTS, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false,
        "a list has any number of members, and a script may redirect to few addresses"},
};
static const struct sieve_tag fileinto_tags[] = {
    {"copy", SIEVE_X_COPY, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"flags", SIEVE_X_IMAP4FLAGS, 0, {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
    {"create", SIEVE_X_MAILBOX, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"mailboxid", SIEVE_X_MAILBOXID, 0, {"a mailbox's identifier", SIEVE_STRING, SIEVE_USE_TEXT}, false},
    {"specialuse", SIEVE_X_SPECIAL_USE, 0, {"a special use", SIEVE_STRING, SIEVE_USE_SPECIAL_USE}, false},
};

/* RFC 9042 section 4.1: the two ways to find a mailbox exclude one another. */
static void check_fileinto(struct sieve_checker *c, struct sieve_step *step)
{
	if (sieve_tag(step, SIEVE_FILEINTO_MAILBOXID)->kind != SIEVE_ABSENT &&
	    sieve_tag(step, SIEVE_FILEINTO_SPECIALUSE)->kind != SIEVE_ABSENT)
		sieve_check_error(c, step->place, "fileinto takes :mailboxid or :specialuse, and not both");
}

static const struct sieve_word actions[] = {
    {.name = "keep",
        .act = sieve_act_keep,
        .tags = keep_tags,
        .tag_count = sizeof(keep_tags) / sizeof(keep_tags[0])},
    {.name = "discard", .act = sieve_act_discard},
    {.name = "redirect",
        .act = sieve_act_redirect,
        .positionals = {{"an address", SIEVE_STRING, SIEVE_USE_ADDRESS}},
        .check = sieve_check_redirect,
        .tags = redirect_tags,
        .tag_count = sizeof(redirect_tags) / sizeof(redirect_tags[0])},
    {.name = "fileinto",
        .act = sieve_act_fileinto,
        .extension = SIEVE_X_FILEINTO,
        .positionals = {{"a mailbox", SIEVE_STRING, SIEVE_USE_MAILBOX}},
        .tags = fileinto_tags,
        .tag_count = sizeof(fileinto_tags) / sizeof(fileinto_tags[0]),
        .check = check_fileinto},
};
const struct sieve_words sieve_words_actions = {actions, sizeof(actions) / sizeof(actions[0])};

/* ---- tests: RFC 5228 section 5 ---- */

static const struct sieve_tag size_tags[] = {
    {"over", SIEVE_CORE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, true},
    {"under", SIEVE_CORE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, true},
};

static const struct sieve_tag envelope_tags[] = {
    {"zone", SIEVE_X_ENVELOPE_DELIVERBY, 0, {"a time zone", SIEVE_STRING, SIEVE_USE_ZONE}, false},
};

static const struct sieve_word tests[] = {
    {.name = "address",
        .kind = SIEVE_TEST,
        .test = sieve_test_address,
        .positionals = {{"header names", SIEVE_STRING_LIST, SIEVE_USE_ADDRESS_HEADER},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = sieve_mime_tags,
        .tag_count = SIEVE_MIME_ANYCHILD + 1,
        .check = sieve_check_mime,
        .has = SIEVE_HAS_MATCH | SIEVE_HAS_ADDRESS_PART | SIEVE_HAS_INDEX},
    {.name = "allof", .kind = SIEVE_TEST, .test = sieve_test_allof, .tests = SIEVE_TEST_LIST},
    {.name = "anyof", .kind = SIEVE_TEST, .test = sieve_test_anyof, .tests = SIEVE_TEST_LIST},
    {.name = "envelope",
        .kind = SIEVE_TEST,
        .test = sieve_test_envelope,
        .extension = SIEVE_X_ENVELOPE,
        .tags = envelope_tags,
        .tag_count = sizeof(envelope_tags) / sizeof(envelope_tags[0]),
        .check = sieve_check_envelope,
        .positionals = {{"parts of the envelope", SIEVE_STRING_LIST, SIEVE_USE_ENVELOPE},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH | SIEVE_HAS_ADDRESS_PART},
    {.name = "exists",
        .kind = SIEVE_TEST,
        .test = sieve_test_exists,
        .tags = sieve_mime_tags,
        .tag_count = SIEVE_MIME_ANYCHILD + 1,
        .check = sieve_check_mime,
        .positionals = {{"header names", SIEVE_STRING_LIST, SIEVE_USE_HEADER}}},
    {.name = "false", .kind = SIEVE_TEST, .test = sieve_test_false},
    {.name = "header",
        .kind = SIEVE_TEST,
        .test = sieve_test_header,
        .positionals = {{"header names", SIEVE_STRING_LIST, SIEVE_USE_HEADER},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = sieve_mime_tags,
        .tag_count = SIEVE_MIME_PARAM + 1,
        .check = sieve_check_mime,
        .has = SIEVE_HAS_MATCH | SIEVE_HAS_INDEX},
    {.name = "not", .kind = SIEVE_TEST, .test = sieve_test_not, .tests = SIEVE_ONE_TEST},
    {.name = "size",
        .kind = SIEVE_TEST,
        .test = sieve_test_size,
        .positionals = {{"a size", SIEVE_NUMBER, SIEVE_USE_TEXT}},
        .tags = size_tags,
        .tag_count = sizeof(size_tags) / sizeof(size_tags[0])},
    {.name = "true", .kind = SIEVE_TEST, .test = sieve_test_true},
};
const struct sieve_words sieve_words_tests = {tests, sizeof(tests) / sizeof(tests[0])};
