/* The tables of names, and the search in them. A table has some fifty rows; a script names a few hundred. */
#include "sieve/sieve_words.h"

#include <string.h>

static const char *const extensions[SIEVE_EXTENSIONS] = {
    [SIEVE_X_BODY] = "body",
    [SIEVE_X_COMPARATOR_ASCII_CASEMAP] = "comparator-i;ascii-casemap",
    [SIEVE_X_COMPARATOR_NUMERIC] = "comparator-i;ascii-numeric",
    [SIEVE_X_COMPARATOR_OCTET] = "comparator-i;octet",
    [SIEVE_X_COMPARATOR_UNICODE] = "comparator-i;unicode-casemap",
    [SIEVE_X_COPY] = "copy",
    [SIEVE_X_DATE] = "date",
    [SIEVE_X_DUPLICATE] = "duplicate",
    [SIEVE_X_EDITHEADER] = "editheader",
    [SIEVE_X_ENCODED_CHARACTER] = "encoded-character",
    [SIEVE_X_ENOTIFY] = "enotify",
    [SIEVE_X_ENVELOPE] = "envelope",
    [SIEVE_X_ENVIRONMENT] = "environment",
    [SIEVE_X_EREJECT] = "ereject",
    [SIEVE_X_EXTRACTTEXT] = "extracttext",
    [SIEVE_X_FCC] = "fcc",
    [SIEVE_X_FILEINTO] = "fileinto",
    [SIEVE_X_FOREVERYPART] = "foreverypart",
    [SIEVE_X_IHAVE] = "ihave",
    [SIEVE_X_IMAP4FLAGS] = "imap4flags",
    [SIEVE_X_INCLUDE] = "include",
    [SIEVE_X_INDEX] = "index",
    [SIEVE_X_MAILBOXID] = "mailboxid",
    [SIEVE_X_MAILBOX] = "mailbox",
    [SIEVE_X_MIME] = "mime",
    [SIEVE_X_REJECT] = "reject",
    [SIEVE_X_RELATIONAL] = "relational",
    [SIEVE_X_SPECIAL_USE] = "special-use",
    [SIEVE_X_SUBADDRESS] = "subaddress",
    [SIEVE_X_VACATION] = "vacation",
    [SIEVE_X_VACATION_SECONDS] = "vacation-seconds",
    [SIEVE_X_VARIABLES] = "variables",
};

static const struct sieve_words *const tables[] = {
    /* clang-format off */
    &sieve_words_control,
    &sieve_words_actions,
    &sieve_words_tests,
    &sieve_x_body,
    &sieve_x_date,
    &sieve_x_duplicate,
    &sieve_x_editheader,
    &sieve_x_environment,
    &sieve_x_ihave,
    &sieve_x_imap4flags,
    &sieve_x_mailbox,
    &sieve_x_mime,
    &sieve_x_reject,
    &sieve_x_vacation,
    &sieve_x_variables,
    /* clang-format on */
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

const char *sieve_extension_name(enum sieve_extension extension)
{
	return extension < SIEVE_EXTENSIONS ? extensions[extension] : NULL;
}

enum sieve_extension sieve_extension_by_name(struct view name)
{
	for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++)
		if (extensions[i] && view_equal(name, view_from_string(extensions[i])))
			return i;
	return SIEVE_EXTENSIONS;
}

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

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to be put in, taken out or changed. Names are short: SIEVE_IDENTIFIER_MAX. */
unsigned sieve_name_distance(struct view a, struct view b)
{
	unsigned row[SIEVE_IDENTIFIER_MAX + 1];

	if (a.len > SIEVE_IDENTIFIER_MAX || b.len > SIEVE_IDENTIFIER_MAX)
		return SIEVE_IDENTIFIER_MAX;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			bool same = ascii_lower(a.data[i - 1]) == ascii_lower(b.data[j - 1]);
			unsigned changed = corner + (same ? 0 : 1);

			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b.len];
}

static void consider(struct view name, const char *candidate, const char **best, unsigned *distance)
{
	unsigned d = sieve_name_distance(name, view_from_string(candidate));

	if (d < *distance && d * 3 <= strlen(candidate)) {
		*best = candidate;
		*distance = d;
	}
}

const char *sieve_word_near(struct view name, int kind, const struct sieve_words *extra)
{
	unsigned distance = SIEVE_IDENTIFIER_MAX;
	const struct sieve_words *words;
	const char *best = NULL;

	if (kind < 0) {
		for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++)
			if (extensions[i])
				consider(name, extensions[i], &best, &distance);
		return best;
	}
	for (size_t t = 0; (words = table(t, extra)) != NULL; t++)
		for (size_t i = 0; i < words->count; i++)
			if ((int)words->rows[i].kind == kind)
				consider(name, words->rows[i].name, &best, &distance);
	return best;
}
