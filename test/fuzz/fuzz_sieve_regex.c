/*
 * Regular expressions of anybody over texts of anybody: "expression, line end, text". Reading ends, and so
 * does matching, within its steps; whether there is a match does not depend on who wants to know where;
 * groups lie in the match.
 */
#include "fuzz.h"

#include <errno.h>

#include "base/utf8.h"
#include "sieve/sieve_regex.h"

static void match(const struct sieve_regex *regex, struct view text)
{
	struct sieve_span spans[SIEVE_MATCHES_MAX + 1];
	uint64_t steps = 1000000, quick = 1000000, few = 10;
	size_t groups = sieve_regex_groups(regex);
	int found = sieve_regex_find(regex, text, spans, &steps);
	int there = sieve_regex_find(regex, text, NULL, &quick);

	check(groups >= 1 && groups <= SIEVE_MATCHES_MAX + 1);
	check(found == 0 || found == 1 || found == -E2BIG);
	check(found == there || found == -E2BIG || there == -E2BIG);
	check(sieve_regex_find(regex, text, spans, &few) >= -E2BIG);
	if (found != 1 || sieve_regex_find(regex, text, spans, &quick) != 1)
		return;
	check(spans[0].from <= spans[0].to && spans[0].to <= text.len);
	for (size_t i = 1; i < groups; i++)
		check(spans[i].from > spans[i].to ||
		      (spans[i].from >= spans[0].from && spans[i].to <= spans[0].to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size), pattern = input;
	struct sieve_regex_problem problem = {0};
	const struct sieve_regex *regex;
	ptrdiff_t end = view_find(input, '\n');
	struct arena arena;

	if (end >= 0)
		pattern = view_take(input, (size_t)end);
	arena_init(&arena, SIEVE_REGEX_MEMORY_MAX);
	for (int lower = 0; lower < 2; lower++) {
		int result = sieve_regex_compile(pattern, lower, &arena, &regex, &problem);

		check(result == 0 || result == -EINVAL);
		if (result == 0)
			match(regex, view_skip(input, pattern.len + 1));
		else
			check(problem.text && problem.character >= 1 &&
			      problem.character <= utf8_length(pattern) + 1);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return 0;
}
