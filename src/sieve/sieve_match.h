/*
 * Comparing: RFC 5228 section 2.7 (match types, comparators), RFC 5231 (:value, :count), RFC 4790 and 5051
 * (the comparators), RFC 5229 section 3.2 (what wildcards matched).
 */
#ifndef SIEVE_SIEVE_MATCH_H
#define SIEVE_SIEVE_MATCH_H

#include "sieve/sieve_run.h"

struct sieve_matching {
	struct sieve_run *run;
	const struct sieve_step *step;      /* comparator, match type, relation */
	struct view *keys;                  /* with their variables' values; folded for i;unicode-casemap */
	const struct sieve_regex **regexes; /* of the keys, with :regex; NULL: the key is no expression */
	size_t key_count;
	struct view field; /* where the values are from, to tell why; or empty */
	uint64_t count;    /* of values, for :count */
	bool silent;       /* wildcards set no variables: to be set after sieve_matching_begin */
};

/* Takes the keys. False: the run ends. */
bool sieve_matching_begin(struct sieve_matching *m, struct sieve_run *run, const struct sieve_step *step,
    const struct sieve_value *keys);

/* Whether one of the keys matches the value. :count only counts it, and is FALSE. */
enum sieve_truth sieve_matching_value(struct sieve_matching *m, struct view value);

/* To be asked when no value matched: what :count says. */
enum sieve_truth sieve_matching_end(struct sieve_matching *m);

#endif
