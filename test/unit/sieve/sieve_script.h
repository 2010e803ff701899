/* For tests of the language: runs a script over a message and tells what it wants, in words. */
#ifndef TEST_UNIT_SIEVE_SCRIPT_H
#define TEST_UNIT_SIEVE_SCRIPT_H

#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "sieve/sieve_form.h"
#include "sieve/sieve_run.h"

static inline enum sieve_answer script_knows_nothing(
    void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

/* Where the mail is filed, "keep", "discard"; "line N: ..." when the run fails, "asks NAME" when it must ask.
 */
static inline void script_tell(
    enum sieve_result result, const struct sieve_outcome *outcome, struct buf *told)
{
	if (result == SIEVE_ASKS)
		buf_printf(told, "asks %.*s", VIEW_FMT(outcome->question.name));
	if (result == SIEVE_FAILED)
		buf_printf(told, "line %u: %.*s", outcome->failed_line, VIEW_FMT(outcome->failed_text));
	for (size_t i = 0; i < outcome->count && result == SIEVE_DONE; i++) {
		const struct sieve_action *a = &outcome->actions[i];

		buf_append_string(told, i ? " " : "");
		if (a->kind == SIEVE_KEEP || a->kind == SIEVE_DISCARD)
			buf_append_string(told, a->kind == SIEVE_KEEP ? "keep" : "discard");
		else
			buf_append(told, a->target);
	}
}

/* Runs it from its compiled form. `world` may be NULL: nobody knows anything. */
static inline void script_run(
    struct view script, struct view message, const struct sieve_world *world, struct buf *told)
{
	static const struct sieve_language language;
	static const struct sieve_world nothing = {
	    .ask = script_knows_nothing, .now = 1715000000, .subaddress = {"+", 1}};
	static struct sieve_errors errors;
	static struct sieve_outcome outcome;
	struct sieve_program program;
	struct arena compiled, arena;
	struct sieve_message m;
	struct buf form;

	arena_init(&compiled, 2 * SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	buf_init(&form, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	if (!sieve_compile(script, &language, &compiled, &errors, &program))
		fail_msg("line %u: %.*s", errors.items[0].place.line, VIEW_FMT(errors.items[0].text));
	assert_int_equal(sieve_form_write(&program, &form), 0);
	assert_int_equal(sieve_form_read(buf_view(&form), NULL, &compiled, &program), 0);
	sieve_message_init(&m, message, &arena);
	m.sender = VIEW("ann@example.com");
	m.recipient = VIEW("joe@example.org");
	script_tell(sieve_run(&program, &m, world ? world : &nothing, &arena, &outcome), &outcome, told);
	sieve_message_done(&m);
	sieve_errors_done(&errors);
	buf_done(&form);
	arena_done(&arena);
	arena_done(&compiled);
}

static inline void assert_script(
    const char *script, struct view message, const struct sieve_world *world, const char *expected)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	script_run(view_from_string(script), message, world, &told);
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

/* What is said of a script that doesn't compile: "line:column text", a line for each. */
static inline void assert_script_errors(const char *script, const char *expected)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct sieve_program program;
	struct arena arena;
	struct buf told;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	buf_init(&told, 1 << 20);
	assert_false(sieve_compile(view_from_string(script), &language, &arena, &errors, &program));
	for (size_t i = 0; i < errors.count; i++)
		buf_printf(&told, "%s%u:%u %.*s", i ? "\n" : "", errors.items[i].place.line,
		    errors.items[i].place.column, VIEW_FMT(errors.items[i].text));
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
	sieve_errors_done(&errors);
	arena_done(&arena);
}

#endif
