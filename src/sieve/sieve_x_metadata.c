/* Annotations of mailboxes and of the server: mboxmetadata and servermetadata, RFC 5490 sections 3 to 5. */
#include "sieve/sieve_match.h"

/* The value of an annotation; FALSE: there is none. `mailbox` NULL: the server's. */
static enum sieve_truth ask(
    struct sieve_run *run, const struct sieve_value *mailbox, struct view name, struct view *value)
{
	struct sieve_question question = {.kind = SIEVE_ASK_METADATA};

	if (!sieve_run_text(run, name, &question.name) ||
	    (mailbox && !sieve_run_text(run, mailbox->strings[0], &question.mailbox)))
		return SIEVE_BROKEN;
	if (mailbox && view_empty(question.mailbox))
		return SIEVE_FALSE; /* an empty name stands for the server elsewhere */
	return sieve_run_ask(run, &question, value);
}

/* What is not there matches nothing, and counts as nothing. */
static enum sieve_truth match(struct sieve_run *run, const struct sieve_step *step,
    const struct sieve_value *mailbox, const struct sieve_value *name, const struct sieve_value *keys)
{
	struct sieve_matching m;
	struct view value = {0};
	enum sieve_truth truth = ask(run, mailbox, name->strings[0], &value);

	if (truth != SIEVE_TRUE)
		return truth;
	if (!sieve_matching_begin(&m, run, step, keys))
		return SIEVE_BROKEN;
	truth = sieve_matching_value(&m, value);
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

static enum sieve_truth all_there(
    struct sieve_run *run, const struct sieve_value *mailbox, const struct sieve_value *names)
{
	enum sieve_truth truth = SIEVE_TRUE;
	struct view value;

	for (uint32_t i = 0; i < names->count && truth == SIEVE_TRUE; i++)
		truth = ask(run, mailbox, names->strings[i], &value);
	return truth;
}

static enum sieve_truth test_metadata(struct sieve_run *run, const struct sieve_step *step)
{
	return match(
	    run, step, sieve_positional(step, 0), sieve_positional(step, 1), sieve_positional(step, 2));
}

static enum sieve_truth test_metadataexists(struct sieve_run *run, const struct sieve_step *step)
{
	return all_there(run, sieve_positional(step, 0), sieve_positional(step, 1));
}

static enum sieve_truth test_servermetadata(struct sieve_run *run, const struct sieve_step *step)
{
	return match(run, step, NULL, sieve_positional(step, 0), sieve_positional(step, 1));
}

static enum sieve_truth test_servermetadataexists(struct sieve_run *run, const struct sieve_step *step)
{
	return all_there(run, NULL, sieve_positional(step, 0));
}

static const struct sieve_word words[] = {
    {.name = "metadata",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MBOXMETADATA,
        .positionals = {{"a mailbox", SIEVE_STRING, SIEVE_USE_TEXT},
            {"an annotation's name", SIEVE_STRING, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_metadata},
    {.name = "metadataexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MBOXMETADATA,
        .positionals = {{"a mailbox", SIEVE_STRING, SIEVE_USE_TEXT},
            {"annotations' names", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_metadataexists},
    {.name = "servermetadata",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_SERVERMETADATA,
        .positionals = {{"an annotation's name", SIEVE_STRING, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_servermetadata},
    {.name = "servermetadataexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_SERVERMETADATA,
        .positionals = {{"annotations' names", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_servermetadataexists},
};
const struct sieve_words sieve_x_metadata = {words, sizeof(words) / sizeof(words[0])};
