/*
 * Scripts for several servers: the test ihave and the command error, RFC 5463. Whether an extension is there
 * is known when the script is compiled; what stands behind a test that is false for that is not looked at.
 */
#include "sieve/sieve_check.h"
#include "sieve/sieve_run.h"

#include <stdio.h>

/* These change what strings mean, so no test in the midst of a script can begin them: section 4. */
static bool changes_strings(struct view name)
{
	enum sieve_extension extension = sieve_extension_by_name(name);

	return extension == SIEVE_X_VARIABLES || extension == SIEVE_X_ENCODED_CHARACTER;
}

static void check_ihave(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);
	uint64_t set = c->required;

	for (uint32_t i = 0; i < names->count; i++)
		if (!sieve_check_enable(c, names->strings[i], &set) ||
		    (changes_strings(names->strings[i]) &&
		        !sieve_check_requires(c, sieve_extension_by_name(names->strings[i]))))
			step->never = true;
	if (!step->never)
		c->required = set;
}

static enum sieve_truth test_ihave(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run;
	return step->never ? SIEVE_FALSE : SIEVE_TRUE;
}

/* Section 5: the script ends as it does when it fails. */
static bool act_error(struct sieve_run *run, const struct sieve_step *step)
{
	struct view text;
	char why[600];

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &text))
		return false;
	snprintf(why, sizeof(why), "the script ends with the error %s", sieve_quote(text).text);
	sieve_run_fail(run, why);
	return false;
}

static const struct sieve_word words[] = {
    {.name = "ihave",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_IHAVE,
        .positionals = {{"extensions", SIEVE_STRING_LIST, SIEVE_USE_EXTENSION}},
        .check = check_ihave,
        .test = test_ihave},
    {.name = "error",
        .extension = SIEVE_X_IHAVE,
        .positionals = {{"what is wrong", SIEVE_STRING, SIEVE_USE_TEXT}},
        .act = act_error},
};
const struct sieve_words sieve_x_ihave = {words, sizeof(words) / sizeof(words[0])};
