/*
 * A script as the generic grammar has it (RFC 5228 section 8.2): commands with arguments, tests and blocks,
 * whatever their names are. What the names mean, sieve_check.h looks at.
 */
#ifndef SIEVE_SIEVE_TREE_H
#define SIEVE_SIEVE_TREE_H

#include "sieve/sieve_lex.h"

enum sieve_argument_kind {
	SIEVE_ARGUMENT_NUMBER,
	SIEVE_ARGUMENT_STRING, /* one string, without brackets; strings[0] */
	SIEVE_ARGUMENT_LIST,   /* strings between brackets */
	SIEVE_ARGUMENT_TAG,    /* tag */
};

struct sieve_argument {
	enum sieve_argument_kind kind;
	struct sieve_place place;
	uint64_t number;
	struct view tag; /* without the colon */
	const struct view *strings;
	size_t count;
};

/* A command or a test. */
struct sieve_node {
	struct view name;
	struct sieve_place place;
	struct view comment; /* sieve_lex.h */
	const struct sieve_argument *arguments;
	size_t argument_count;
	struct sieve_node *tests; /* the first one; `next` leads on */
	bool test_list;           /* the tests stand between parentheses */
	bool has_block;
	struct sieve_node *block; /* the first command of the block */
	struct sieve_node *next;  /* the next test of a list, the next command of a block */
};

/*
 * Reads a script. Everything lives in the arena, or is part of the script. *commands is the first command, or
 * NULL. True: the script has the grammar of Sieve; false: errors says what hasn't, and *commands is what
 * could be read.
 */
bool sieve_tree_parse(
    struct view script, struct arena *arena, struct sieve_errors *errors, struct sieve_node **commands);

#endif
