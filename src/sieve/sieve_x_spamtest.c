/* What is known of a message's badness: the tests spamtest and virustest, RFC 5235. */
#include "sieve/sieve_match.h"

static const struct sieve_tag spam_tags[] = {
    {"percent", SIEVE_X_SPAMTESTPLUS, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};
enum { PERCENT };

/* What the world says, as a number up to `most`; 0: the message was not tested. */
static enum sieve_truth ask(
    struct sieve_run *run, enum sieve_question_kind kind, uint64_t most, uint64_t *number)
{
	struct sieve_question question = {.kind = kind};
	enum sieve_truth truth;
	struct view value = {0};

	*number = 0;
	truth = sieve_run_ask(run, &question, &value);
	if (truth == SIEVE_TRUE && !view_to_u64(value, most, number))
		return sieve_run_fail(run, "what is known of this message's badness cannot be understood");
	return truth;
}

static enum sieve_truth match(struct sieve_run *run, const struct sieve_step *step, uint64_t number)
{
	struct sieve_matching m;
	enum sieve_truth truth;
	char text[8];
	size_t len = 0;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 0)))
		return SIEVE_BROKEN;
	if (number >= 100)
		text[len++] = '1'; /* 100 is the largest number */
	if (number >= 10)
		text[len++] = (char)('0' + number / 10 % 10);
	text[len++] = (char)('0' + number % 10);
	truth = sieve_matching_value(&m, view_of(text, len));
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

/* Section 3.2: 0 is "not tested", 1 to 10 are surely good to surely spam; in percent 0 is surely good, too.
 */
static enum sieve_truth test_spamtest(struct sieve_run *run, const struct sieve_step *step)
{
	uint64_t share;
	enum sieve_truth known = ask(run, SIEVE_ASK_SPAM, SIEVE_SPAM_MOST, &share);

	if (known == SIEVE_BROKEN)
		return known;
	if (sieve_tag(step, PERCENT)->kind != SIEVE_ABSENT)
		return match(run, step, share * 100 / SIEVE_SPAM_MOST);
	return match(run, step, known == SIEVE_TRUE ? 1 + share * 9 / SIEVE_SPAM_MOST : 0);
}

/* Section 3.3: 0 is "not tested", 1 to 5 are surely clean to surely infected. */
static enum sieve_truth test_virustest(struct sieve_run *run, const struct sieve_step *step)
{
	uint64_t value;
	enum sieve_truth known = ask(run, SIEVE_ASK_VIRUS, 5, &value);

	return known == SIEVE_BROKEN ? known : match(run, step, value);
}

static const struct sieve_word words[] = {
    {.name = "spamtest",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_SPAMTEST,
        .positionals = {{"a value", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = spam_tags,
        .tag_count = sizeof(spam_tags) / sizeof(spam_tags[0]),
        .has = SIEVE_HAS_MATCH,
        .test = test_spamtest},
    {.name = "virustest",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_VIRUSTEST,
        .positionals = {{"a value", SIEVE_STRING, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_virustest},
};
const struct sieve_words sieve_x_spamtest = {words, sizeof(words) / sizeof(words[0])};
