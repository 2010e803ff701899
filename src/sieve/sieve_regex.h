/*
 * Regular expressions of the match type :regex (draft-ietf-sieve-regex): extended ones as POSIX has them
 * (IEEE 1003.1, section 9.4), of UTF-8 characters. Matching takes time in proportion to the text, whatever
 * the expression is: no one is tried twice at one place.
 *
 * The leftmost match counts, of those the longest; where it can come about in several ways, alternatives that
 * stand first and repetitions that take more. What cannot be matched so (references to groups) is refused,
 * and so is what has no meaning in all programs.
 */
#ifndef SIEVE_SIEVE_REGEX_H
#define SIEVE_SIEVE_REGEX_H

#include "base/arena.h"
#include "sieve/sieve_limits.h"

enum {
	/* Octets of an expression: people write some fifty. */
	SIEVE_REGEX_MAX = 4000,
	/* Steps of an expression, repetitions written out: matching takes as many for each character, at
	   worst. */
	SIEVE_REGEX_PROGRAM_MAX = 2000,
	/* Groups within each other, which are read by recursion. */
	SIEVE_REGEX_NESTING_MAX = 50,
	/* Times in braces: RE_DUP_MAX of POSIX. */
	SIEVE_REGEX_TIMES_MAX = 255,
	/* Octets that reading one takes: each octet of the expression may be a node. */
	SIEVE_REGEX_MEMORY_MAX = 1 << 20,
};

struct sieve_regex;

/* What is wrong with an expression, as the end of a sentence: "'(' " + ..., and where. */
struct sieve_regex_problem {
	const char *text;
	size_t character; /* from 1 */
};

/*
 * Reads an expression. `lower`: without the case of US-ASCII. The result lives in the arena. 0; -EINVAL with
 * *problem; -ENOMEM.
 */
int sieve_regex_compile(struct view pattern, bool lower, struct arena *arena,
    const struct sieve_regex **regex, struct sieve_regex_problem *problem);

/* Where a match or a group of it lies; from > to: the group is no part of the match. */
struct sieve_span {
	size_t from, to;
};

/* Groups whose spans are given, with the whole match, which is number 0. */
size_t sieve_regex_groups(const struct sieve_regex *regex);

/*
 * Finds the expression in a text of less than 4 GB. `spans` has room for sieve_regex_groups, or is NULL: then
 * the first match that is found is enough. *steps is what may be done, and is lessened by what was done. 1:
 * found; 0: not; -E2BIG: that was not enough; -ENOMEM.
 */
int sieve_regex_find(
    const struct sieve_regex *regex, struct view text, struct sieve_span *spans, uint64_t *steps);

#endif
