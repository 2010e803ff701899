/*
 * Scripts of anybody. What is said of a script is bounded, in order of its places, and safe to show; a script
 * with nothing wrong in it has a program whose steps hold what their rows promise.
 */
#include "fuzz.h"

#include "base/show.h"
#include "base/utf8.h"
#include "sieve/sieve_program.h"

static void check_value(const struct sieve_value *value, const struct sieve_positional *p, bool optional)
{
	if (value->kind == SIEVE_ABSENT) {
		check(optional);
		return;
	}
	check(value->kind == (p->type == SIEVE_NUMBER ? SIEVE_IS_NUMBER : SIEVE_IS_STRINGS));
	check(value->kind != SIEVE_IS_STRINGS || value->count > 0);
	check(p->type != SIEVE_STRING || value->count == 1);
	for (uint32_t i = 0; i < value->count; i++)
		touch(value->strings[i]);
}

static void check_steps(const struct sieve_step *step, unsigned depth)
{
	check(depth <= 2 * SIEVE_NESTING_MAX + 2);
	for (; step; step = step->next) {
		const struct sieve_word *word = step->word;

		check(step->line > 0 && step->match < SIEVE_MATCH_TYPES && step->relation < SIEVE_RELATIONS &&
		      step->comparator < SIEVE_COMPARATORS && step->part < SIEVE_ADDRESS_PARTS);
		for (size_t i = 0; i < sieve_word_positionals(word); i++)
			check_value(
			    sieve_positional(step, i), &word->positionals[i], i == 0 && word->first_optional);
		for (size_t i = 0; i < word->tag_count; i++) {
			if (word->tags[i].value.type == SIEVE_NOTHING)
				check(sieve_tag(step, i)->kind <= SIEVE_GIVEN);
			else
				check_value(sieve_tag(step, i), &word->tags[i].value, true);
		}
		check(word->tests == SIEVE_NO_TEST ? !step->tests : step->tests != NULL);
		check_steps(step->tests, depth + 1);
		check_steps(step->block, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct sieve_program program;
	struct arena arena;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	if (sieve_compile(view_of(data, size), &language, &arena, &errors, &program)) {
		check(errors.count == 0);
		check_steps(program.first, 0);
	} else {
		check(errors.count > 0);
	}
	for (size_t i = 0; i < errors.count; i++) {
		struct sieve_error *e = &errors.items[i];

		check(e->place.line > 0 && e->place.column > 0 && utf8_valid(e->text) &&
		      show_is_plain(e->text));
		if (i > 0)
			check(errors.items[i - 1].place.line <= e->place.line);
	}
	sieve_errors_done(&errors);
	arena_done(&arena);
	return 0;
}
