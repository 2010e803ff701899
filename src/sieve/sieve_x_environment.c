/* The environment test: RFC 5183. */
#include "sieve/sieve_match.h"

/* Section 4: an item that nobody knows matches nothing, and counts as nothing that could be counted. */
static enum sieve_truth test_environment(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_question question = {.kind = SIEVE_ASK_ENVIRONMENT};
	struct sieve_matching m;
	struct view value = {0};
	enum sieve_truth truth;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 1)) ||
	    !sieve_run_text(run, sieve_positional(step, 0)->strings[0], &question.name))
		return SIEVE_BROKEN;
	truth = sieve_run_ask(run, &question, &value);
	if (truth != SIEVE_TRUE)
		return truth;
	truth = sieve_matching_value(&m, value);
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

static const struct sieve_word words[] = {
    {.name = "environment",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_ENVIRONMENT,
        .positionals = {{"a name of the environment", SIEVE_STRING, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_environment},
};
const struct sieve_words sieve_x_environment = {words, sizeof(words) / sizeof(words[0])};
