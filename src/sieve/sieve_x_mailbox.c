/*
 * Whether mailboxes are there: by name (RFC 5490 section 3), by identifier (RFC 9042 section 4.2), by special
 * use (RFC 8579 section 3). The tags that find a mailbox for fileinto stand with it.
 */
#include "sieve/sieve_run.h"

/* Whether all of a list are there. */
static enum sieve_truth all_there(struct sieve_run *run, const struct sieve_value *names,
    enum sieve_question_kind kind, struct view mailbox)
{
	struct view none;

	for (uint32_t i = 0; i < names->count; i++) {
		struct sieve_question question = {.kind = kind, .mailbox = mailbox};
		enum sieve_truth truth;

		if (!sieve_run_text(run, names->strings[i], &question.name))
			return SIEVE_BROKEN;
		truth = sieve_run_ask(run, &question, &none);
		if (truth != SIEVE_TRUE)
			return truth;
	}
	return SIEVE_TRUE;
}

static enum sieve_truth test_mailboxexists(struct sieve_run *run, const struct sieve_step *step)
{
	return all_there(run, sieve_positional(step, 0), SIEVE_ASK_MAILBOX, (struct view){0});
}

static enum sieve_truth test_mailboxidexists(struct sieve_run *run, const struct sieve_step *step)
{
	return all_there(run, sieve_positional(step, 0), SIEVE_ASK_MAILBOX_ID, (struct view){0});
}

static enum sieve_truth test_specialuse(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *name = sieve_positional(step, 0);
	struct view mailbox = {0};

	if (name->kind != SIEVE_ABSENT && !sieve_run_text(run, name->strings[0], &mailbox))
		return SIEVE_BROKEN;
	return all_there(run, sieve_positional(step, 1), SIEVE_ASK_SPECIAL_USE, mailbox);
}

static const struct sieve_word words[] = {
    {.name = "mailboxexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MAILBOX,
        .positionals = {{"mailboxes", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_mailboxexists},
    {.name = "mailboxidexists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_MAILBOXID,
        .positionals = {{"mailboxes' identifiers", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_mailboxidexists},
    {.name = "specialuse_exists",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_SPECIAL_USE,
        .first_optional = true,
        .positionals = {{"a mailbox", SIEVE_STRING, SIEVE_USE_TEXT},
            {"special uses", SIEVE_STRING_LIST, SIEVE_USE_SPECIAL_USE}},
        .test = test_specialuse},
};
const struct sieve_words sieve_x_mailbox = {words, sizeof(words) / sizeof(words[0])};
