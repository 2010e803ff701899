/* The tables of words, and the search in them. A table has some fifty rows; a script names a few hundred. */
#include "sieve/sieve_words.h"

#include <string.h>

static const struct sieve_words *const tables[] = {
    /* clang-format off */
    &sieve_words_control,
    &sieve_words_actions,
    &sieve_words_tests,
    &sieve_x_body,
    &sieve_x_date,
    &sieve_x_duplicate,
    &sieve_x_editheader,
    &sieve_x_enotify,
    &sieve_x_environment,
    &sieve_x_extlists,
    &sieve_x_ihave,
    &sieve_x_imap4flags,
    &sieve_x_include,
    &sieve_x_mailbox,
    &sieve_x_metadata,
    &sieve_x_mime,
    &sieve_x_reject,
    &sieve_x_replace,
    &sieve_x_spamtest,
    &sieve_x_vacation,
    &sieve_x_variables,
    /* clang-format on */
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

/* i;unicode-casemap may be required, and need not: Pigeonhole's users never had to. */
static const struct {
	const char *name;
	enum sieve_extension extension;
} comparators[SIEVE_COMPARATORS] = {
    [SIEVE_ASCII_CASEMAP] = {"i;ascii-casemap", SIEVE_CORE},
    [SIEVE_OCTET] = {"i;octet", SIEVE_CORE},
    [SIEVE_ASCII_NUMERIC] = {"i;ascii-numeric", SIEVE_X_COMPARATOR_NUMERIC},
    [SIEVE_UNICODE_CASEMAP] = {"i;unicode-casemap", SIEVE_CORE},
};

enum sieve_comparator sieve_comparator_by_name(struct view name)
{
	enum sieve_comparator i = 0;

	while (i < SIEVE_COMPARATORS && !view_equal(name, view_from_string(comparators[i].name)))
		i++;
	return i;
}

enum sieve_extension sieve_comparator_extension(enum sieve_comparator comparator)
{
	return comparators[comparator].extension;
}

enum sieve_relation sieve_relation_by_name(struct view name)
{
	static const char *const relations[SIEVE_RELATIONS] = {"eq", "ne", "gt", "ge", "lt", "le"};
	enum sieve_relation i = 0;

	while (i < SIEVE_RELATIONS && !view_equal_nocase(name, view_from_string(relations[i])))
		i++;
	return i;
}

static const struct sieve_words *table(size_t i, const struct sieve_words *extra)
{
	return i < TABLES ? tables[i] : i == TABLES ? extra : NULL;
}

const struct sieve_word *sieve_word_find(
    struct view name, enum sieve_kind kind, const struct sieve_words *extra)
{
	const struct sieve_words *words;

	for (size_t t = 0; (words = table(t, extra)) != NULL; t++)
		for (size_t i = 0; i < words->count; i++)
			if (words->rows[i].kind == kind &&
			    view_equal_nocase(name, view_from_string(words->rows[i].name)))
				return &words->rows[i];
	return NULL;
}

const char *sieve_word_near(struct view name, enum sieve_kind kind, const struct sieve_words *extra)
{
	unsigned distance = SIEVE_IDENTIFIER_MAX;
	const struct sieve_words *words;
	const char *best = NULL;

	for (size_t t = 0; (words = table(t, extra)) != NULL; t++)
		for (size_t i = 0; i < words->count; i++)
			if (words->rows[i].kind == kind)
				sieve_name_consider(name, words->rows[i].name, &best, &distance);
	return best;
}
