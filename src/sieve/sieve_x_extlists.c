/*
 * Lists that are kept outside of scripts: the match type :list, for which the keys name lists, and the test
 * valid_ext_list. RFC 6134.
 */
#include "sieve/sieve_lists.h"

/* Section 2.6: ":addrbook:" is short for the names of address books. */
bool sieve_list_name(struct sieve_run *run, struct view text, struct view *name)
{
	static const struct view prefix = {"urn:ietf:params:sieve", 21};
	struct buf whole;
	bool good;

	if (!sieve_run_text(run, text, name))
		return false;
	if (!view_starts_nocase(*name, VIEW(":addrbook:")))
		return true;
	buf_init(&whole, SIEVE_TEXT_MAX + prefix.len);
	buf_append(&whole, prefix);
	buf_append(&whole, *name);
	good = !buf_failed(&whole) && arena_copy(run->arena, buf_view(&whole), name);
	buf_done(&whole);
	if (!good)
		sieve_run_no_memory(run);
	return good;
}

enum sieve_truth sieve_list_holds(struct sieve_run *run, struct view list, struct view value)
{
	struct sieve_question question = {.kind = SIEVE_ASK_LIST, .name = list, .detail = value};
	struct view none;
	enum sieve_truth truth = sieve_run_ask(run, &question, &none);

	/* A question that waits for its answer outlives the value, which may be made for this comparison. */
	if (truth == SIEVE_BROKEN && !arena_copy(run->arena, value, &run->outcome->question.detail))
		run->outcome->question.detail = (struct view){0};
	return truth;
}

static enum sieve_truth test_valid_ext_list(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);
	enum sieve_truth truth = SIEVE_TRUE;

	for (uint32_t i = 0; i < names->count && truth == SIEVE_TRUE; i++) {
		struct sieve_question question = {.kind = SIEVE_ASK_LIST_VALID};
		struct view none;

		if (!sieve_list_name(run, names->strings[i], &question.name))
			return SIEVE_BROKEN;
		truth = sieve_run_ask(run, &question, &none);
	}
	return truth;
}

static const struct sieve_word words[] = {
    {.name = "valid_ext_list",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_EXTLISTS,
        .positionals = {{"names of lists", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_valid_ext_list},
};
const struct sieve_words sieve_x_extlists = {words, sizeof(words) / sizeof(words[0])};
