/* Refusing a message: RFC 5429. How it is refused, at the door or by a report, is for whoever delivers. */
#include "sieve/sieve_run.h"

static bool refuse(struct sieve_run *run, const struct sieve_step *step, enum sieve_action_kind kind)
{
	struct sieve_action action = {.kind = kind, .line = step->line};

	run->keeps = false;
	return sieve_run_text(run, sieve_positional(step, 0)->strings[0], &action.target) &&
	       sieve_run_add(run, &action);
}

static bool act_reject(struct sieve_run *run, const struct sieve_step *step)
{
	return refuse(run, step, SIEVE_REJECT);
}

static bool act_ereject(struct sieve_run *run, const struct sieve_step *step)
{
	return refuse(run, step, SIEVE_EREJECT);
}

static const struct sieve_word words[] = {
    {.name = "reject",
        .extension = SIEVE_X_REJECT,
        .positionals = {{"why it is refused", SIEVE_STRING, SIEVE_USE_TEXT}},
        .act = act_reject},
    {.name = "ereject",
        .extension = SIEVE_X_EREJECT,
        .positionals = {{"why it is refused", SIEVE_STRING, SIEVE_USE_TEXT}},
        .act = act_ereject},
};
const struct sieve_words sieve_x_reject = {words, sizeof(words) / sizeof(words[0])};
