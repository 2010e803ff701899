/*
 * A script in its checked form: the commands and tests that run, each with its word, its values in the order
 * of the word's row, and no name left to be looked up. It lives in the
 * arena that it was made in, and its texts there or in the script.
 */
#ifndef SIEVE_SIEVE_PROGRAM_H
#define SIEVE_SIEVE_PROGRAM_H

#include "base/arena.h"
#include "sieve/sieve_words.h"

enum sieve_value_kind {
	SIEVE_ABSENT,
	SIEVE_GIVEN, /* a tag without a value */
	SIEVE_IS_NUMBER,
	SIEVE_IS_STRINGS, /* one or several */
};

struct sieve_value {
	enum sieve_value_kind kind;
	uint32_t count;           /* of strings, at least one */
	struct sieve_place place; /* while it is checked */
	uint64_t number;
	const struct view *strings;
};

struct sieve_step {
	const struct sieve_word *word;
	uint32_t line;
	uint8_t comparator, match, relation, part; /* their enums */
	bool last;                                 /* :last */
	bool never;            /* it is known to be false: ihave, and what depends on it */
	uint32_t index;        /* :index, from 1; 0: none */
	uint32_t rule;         /* commands at the top: the number of the rule that it is part of; 0: none */
	struct view rule_name; /* or empty; sieve_outcome.h */
	struct sieve_value *values;              /* positional ones, then the row's tags */
	struct sieve_step *tests, *block, *next; /* the first ones; the one behind this */
	struct sieve_place place;                /* while it is checked */
};

struct sieve_program {
	struct sieve_step *first;
	bool variables; /* texts may hold ${name}: RFC 5229 */
};

/* A positional argument, or what stands behind a tag of the row, by their numbers there. */
static inline const struct sieve_value *sieve_positional(const struct sieve_step *step, size_t i)
{
	return &step->values[i];
}

static inline const struct sieve_value *sieve_tag(const struct sieve_step *step, size_t i)
{
	return &step->values[sieve_word_positionals(step->word) + i];
}

/* What compilers are told. */
struct sieve_language {
	uint64_t without;                /* extensions that scripts may not require: bits 1 << enum */
	bool imap_events;                /* scripts run at events of IMAP, too: they may require imapsieve */
	const struct sieve_words *extra; /* more rows, of SIEVE_INTERNAL, or NULL */
	const char *const *extra_names;  /* what scripts may require for them, up to a NULL; or NULL */
};

/* Whether scripts may require it: what sieve_extension_name knows, but `without`. */
bool sieve_language_has(const struct sieve_language *language, enum sieve_extension extension);

/*
 * Compiles a script, which must outlive the program. `arena` has SIEVE_COMPILE_MEMORY_MAX at most, and holds
 * what only the compiler needs too. True: *program is set. False: `errors`, sorted by place, says what is
 * wrong; there is at least one.
 */
bool sieve_compile(struct view script, const struct sieve_language *language, struct arena *arena,
    struct sieve_errors *errors, struct sieve_program *program);

/* The same. `warnings` is told what whoever wrote the script may not have meant, when it can be compiled. */
bool sieve_compile_warned(struct view script, const struct sieve_language *language, struct arena *arena,
    struct sieve_errors *errors, struct sieve_errors *warnings, struct sieve_program *program);

#endif
