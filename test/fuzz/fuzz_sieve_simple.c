/*
 * Scripts of anybody as rules. A script that nobody changed is written as it stood; each rule, written anew,
 * is read as the same one, and so it is from JSON and from words; and where the script compiled, it still
 * does after that.
 */
#include "fuzz.h"

#include "format/json_read.h"
#include "sieve/sieve_program.h"
#include "sieve/sieve_simple.h"

enum { ROOM = 4 << 20 };

static bool compiles(struct view script)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct sieve_program program;
	struct arena arena;
	bool good;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	good = sieve_compile(script, &language, &arena, &errors, &program);
	sieve_errors_done(&errors);
	arena_done(&arena);
	return good;
}

static void check_same(const struct sieve_simple_rule *a, const struct sieve_simple_rule *b)
{
	struct buf one, two;

	buf_init(&one, ROOM);
	buf_init(&two, ROOM);
	sieve_simple_to_json(a, &one);
	sieve_simple_to_json(b, &two);
	check(view_equal(buf_view(&one), buf_view(&two)));
	buf_done(&one);
	buf_done(&two);
}

static void check_json(const struct sieve_simple_rule *rule, struct arena *arena, struct buf *words)
{
	struct sieve_simple_rule read;
	struct json_value value;
	struct buf json;

	buf_init(&json, ROOM);
	check(sieve_simple_to_json(rule, &json) == 0);
	check(json_parse(buf_view(&json), arena, &value) == 0);
	check(sieve_simple_from_json(&value, arena, &read, words));
	check_same(rule, &read);
	buf_done(&json);
}

static void check_words(const struct sieve_simple_rule *rule, struct arena *arena, struct buf *words)
{
	struct sieve_simple_rule one = *rule, heard = *rule;
	struct sieve_simple_condition condition;
	struct sieve_simple_action action;
	struct buf told;

	buf_init(&told, ROOM);
	one.condition_count = heard.condition_count = one.action_count = heard.action_count = 1;
	heard.conditions = &condition;
	heard.actions = &action;
	for (size_t i = 0; i < rule->condition_count; i++) {
		one.conditions = &rule->conditions[i];
		buf_clear(&told);
		sieve_simple_tell_condition(one.conditions, &told);
		check(sieve_simple_hear_condition(buf_view(&told), arena, &condition, words));
		one.action_count = heard.action_count = 0;
		check_same(&one, &heard);
	}
	one.condition_count = heard.condition_count = 0;
	one.action_count = heard.action_count = 1;
	for (size_t i = 0; i < rule->action_count; i++) {
		one.actions = &rule->actions[i];
		buf_clear(&told);
		sieve_simple_tell_action(one.actions, &told);
		check(sieve_simple_hear_action(buf_view(&told), arena, &action, words));
		check_same(&one, &heard);
	}
	buf_done(&told);
}

static void check_script(struct view script, struct sieve_simple *simple, struct arena *arena)
{
	static struct sieve_errors errors;
	bool good = compiles(script), every = true;
	struct sieve_simple again;
	struct buf words, out;

	buf_init(&words, 1 << 16);
	buf_init(&out, SIEVE_SCRIPT_MAX);
	check(sieve_simple_write(simple, &out, &words) == 0 && view_equal(buf_view(&out), script));
	for (size_t i = 1; i <= sieve_simple_count(simple); i++) {
		struct sieve_simple_item *item = sieve_simple_at(simple, i);

		if (!item->rule)
			continue;
		if (!sieve_simple_settle(item->rule, arena, &words)) {
			every = false; /* it may only stay as it is */
			continue;
		}
		check_json(item->rule, arena, &words);
		check_words(item->rule, arena, &words);
		sieve_simple_changed(simple, item);
	}
	buf_clear(&out);
	if (every && sieve_simple_write(simple, &out, &words) == 0) {
		sieve_errors_init(&errors);
		check(sieve_simple_read(buf_view(&out), arena, &errors, &again) == 0);
		check(sieve_simple_count(simple) == sieve_simple_count(&again));
		for (size_t i = 1; i <= sieve_simple_count(simple); i++) {
			const struct sieve_simple_rule *rule = sieve_simple_at(simple, i)->rule;

			check(!rule == !sieve_simple_at(&again, i)->rule);
			if (rule)
				check_same(rule, sieve_simple_at(&again, i)->rule);
		}
		check(!good || compiles(buf_view(&out)));
		sieve_errors_done(&errors);
	}
	buf_done(&words);
	buf_done(&out);
}

/* What somebody wrote as a condition or an action either is one, or is refused in words. */
static void check_heard(struct view text, struct arena *arena)
{
	struct sieve_simple_condition condition;
	struct sieve_simple_action action;
	struct buf words;

	buf_init(&words, 1 << 16);
	check(sieve_simple_hear_condition(text, arena, &condition, &words) || buf_view(&words).len > 0);
	buf_clear(&words);
	check(sieve_simple_hear_action(text, arena, &action, &words) || buf_view(&words).len > 0);
	buf_done(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sieve_errors errors;
	struct sieve_simple simple;
	struct arena arena;

	arena_init(&arena, SIEVE_SIMPLE_MEMORY_MAX);
	sieve_errors_init(&errors);
	if (sieve_simple_read(view_of(data, size), &arena, &errors, &simple) == 0)
		check_script(view_of(data, size), &simple, &arena);
	else
		check_heard(view_of(data, size), &arena);
	sieve_errors_done(&errors);
	arena_done(&arena);
	return 0;
}
