/* Flags of messages: RFC 5232. The tag :flags stands with the actions that take it. */
#include "sieve/sieve_check.h"
#include "sieve/sieve_flags.h"
#include "sieve/sieve_match.h"

/* Section 3: flags are kept in variables only where there are variables. */
static void check_variables(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	if (names->kind != SIEVE_ABSENT && !sieve_check_requires(c, SIEVE_X_VARIABLES))
		sieve_check_error(c, names->place,
		    "to keep flags in a variable, the script must begin with require \"variables\";");
}

enum how { SET, ADD, REMOVE };

static bool change(struct sieve_run *run, const struct sieve_step *step, enum how how)
{
	const struct sieve_value *variable = sieve_positional(step, 0);
	bool internal = variable->kind == SIEVE_ABSENT;
	struct view flags = {0}, old = run->flags;
	struct sieve_value had = {.kind = SIEVE_IS_STRINGS, .count = 1, .strings = &old};

	if (!internal)
		old = sieve_run_variable(run, variable->strings[0]);
	/* What a script has put into a variable by itself is put in order. */
	if (how != SET && !sieve_flags_change(run, &flags, &had, false))
		return false;
	if (!sieve_flags_change(run, &flags, sieve_positional(step, 1), how == REMOVE))
		return false;
	if (!internal)
		return sieve_run_set(run, variable->strings[0], flags);
	run->flags = flags;
	return true;
}

static bool act_setflag(struct sieve_run *run, const struct sieve_step *step)
{
	return change(run, step, SET);
}

static bool act_addflag(struct sieve_run *run, const struct sieve_step *step)
{
	return change(run, step, ADD);
}

static bool act_removeflag(struct sieve_run *run, const struct sieve_step *step)
{
	return change(run, step, REMOVE);
}

/* The keys of hasflag are lists of flags as well: each flag of each is a key. */
static bool split_keys(struct sieve_run *run, struct sieve_matching *m)
{
	struct view *keys, rest, flag;
	size_t count = 0;

	for (size_t i = 0; i < m->key_count; i++)
		for (rest = m->keys[i]; sieve_flags_next(&rest, &flag);)
			count++;
	keys = arena_array(run->arena, count ? count : 1, sizeof(*keys));
	if (!keys) {
		sieve_run_no_memory(run);
		return false;
	}
	count = 0;
	for (size_t i = 0; i < m->key_count; i++)
		for (rest = m->keys[i]; sieve_flags_next(&rest, &flag);)
			keys[count++] = flag;
	m->keys = keys;
	m->key_count = count;
	return true;
}

static enum sieve_truth match_flags(struct sieve_matching *m, struct view flags)
{
	enum sieve_truth truth = SIEVE_FALSE;
	struct view flag;

	while (truth == SIEVE_FALSE && sieve_flags_next(&flags, &flag))
		truth = sieve_matching_value(m, flag);
	return truth;
}

static enum sieve_truth test_hasflag(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *variables = sieve_positional(step, 0);
	struct view flags = run->flags;
	enum sieve_truth truth;
	struct sieve_matching m;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 1)) ||
	    (step->match != SIEVE_COUNT && !split_keys(run, &m)))
		return SIEVE_BROKEN;
	if (variables->kind != SIEVE_ABSENT)
		flags = (struct view){0};
	for (uint32_t i = 0; i < variables->count; i++) { /* a flag of two variables counts once */
		struct view more = sieve_run_variable(run, variables->strings[i]);
		struct sieve_value strings = {.kind = SIEVE_IS_STRINGS, .count = 1, .strings = &more};

		if (!sieve_flags_change(run, &flags, &strings, false))
			return SIEVE_BROKEN;
	}
	truth = match_flags(&m, flags);
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

/* clang-format off */
#define COMMAND(command, function) \
    {.name = command, .act = function, .extension = SIEVE_X_IMAP4FLAGS, .first_optional = true, .check = check_variables, \
	.positionals = {{"a variable", SIEVE_STRING, SIEVE_USE_VARIABLE}, {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}}}
/* clang-format on */

static const struct sieve_word words[] = {
    COMMAND("setflag", act_setflag),
    COMMAND("addflag", act_addflag),
    COMMAND("removeflag", act_removeflag),
    {.name = "hasflag",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_IMAP4FLAGS,
        .first_optional = true,
        .positionals = {{"variables", SIEVE_STRING_LIST, SIEVE_USE_VARIABLE},
            {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .check = check_variables,
        .test = test_hasflag},
};
const struct sieve_words sieve_x_imap4flags = {words, sizeof(words) / sizeof(words[0])};
