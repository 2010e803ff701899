/* For tests of rules that people read (sieve/sieve_simple.h): a rule from JSON, its script, and its words. */
#ifndef TEST_UNIT_SIEVE_SIMPLE_SCRIPT_H
#define TEST_UNIT_SIEVE_SIMPLE_SCRIPT_H

#include "../unit.h"

#include <errno.h>

#include "format/json_read.h"
#include "sieve/sieve_program.h"
#include "sieve/sieve_simple.h"

static struct arena arena;
static struct buf words, out;
static struct sieve_errors errors;

static inline int setup(void **state)
{
	(void)state;
	arena_init(&arena, SIEVE_SIMPLE_MEMORY_MAX);
	buf_init(&words, 1 << 16);
	buf_init(&out, SIEVE_SCRIPT_MAX);
	sieve_errors_init(&errors);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	buf_done(&words);
	buf_done(&out);
	sieve_errors_done(&errors);
	return 0;
}

static inline struct sieve_simple read_script(const char *script)
{
	struct sieve_simple simple;

	assert_int_equal(sieve_simple_read(view_from_string(script), &arena, &errors, &simple), 0);
	return simple;
}

static inline const char *written(const struct sieve_simple *simple)
{
	buf_clear(&out);
	assert_int_equal(sieve_simple_write(simple, &out, &words), 0);
	return buf_string(&out);
}

static inline struct sieve_simple_rule *rule_of(const char *json)
{
	struct sieve_simple_rule *rule = arena_alloc(&arena, sizeof(*rule));
	struct json_value value;

	assert_non_null(rule);
	assert_int_equal(json_parse(view_from_string(json), &arena, &value), 0);
	if (!sieve_simple_from_json(&value, &arena, rule, &words))
		fail_msg("%s", buf_string(&words));
	return rule;
}

static inline void assert_told(const struct sieve_simple *simple, size_t number, const char *expected)
{
	struct sieve_simple_item *item = sieve_simple_at(simple, number);
	struct buf told;

	assert_non_null(item);
	buf_init(&told, 1 << 16);
	buf_printf(&told, "%.*s%s: ", VIEW_FMT(item->rule->name), item->rule->enabled ? "" : " (off)");
	sieve_simple_tell(item->rule, &told);
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

static inline void assert_compiles(const char *script)
{
	static const struct sieve_language language;
	struct sieve_program program;

	if (!sieve_compile(view_from_string(script), &language, &arena, &errors, &program))
		fail_msg("%u: %.*s\n%s", errors.items[0].place.line, VIEW_FMT(errors.items[0].text), script);
}

#endif
