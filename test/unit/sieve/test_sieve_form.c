/* The compiled form: what is written is read alike, and what is damaged is refused or can be run all the
 * same. */
#include "../unit.h"

#include <errno.h>

#include "sieve/sieve_form.h"
#include "sieve/sieve_run.h"

static const char script[] =
    "require [\"fileinto\", \"copy\", \"variables\", \"imap4flags\", \"relational\", \"date\", \"index\", "
    "\"ihave\"];\n"
    "# rule:[One]\n"
    "if allof (header :index 2 :last :comparator \"i;octet\" :matches [\"Subject\", \"X\"] \"*a\", not size "
    ":over 1M) {\n"
    "  set :lower \"v\" \"${1}\"; fileinto :copy :flags [\"a\", \"b\"] \"Work/${v}\";\n"
    "} elsif header :value \"ge\" \"X\" \"5\" { discard; stop; } else { addflag \"v\" \"x\"; keep; }\n"
    "if ihave \"radish\" { radish; }\n";

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

static void run(const struct sieve_program *program, struct sieve_outcome *outcome)
{
	static const struct sieve_world world = {.ask = ask};
	struct sieve_message message;
	struct arena arena;

	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	sieve_message_init(&message, VIEW("Subject: b\r\nX: 6\r\nX: banana\r\nX: 7\r\n\r\nbody\r\n"), &arena);
	assert_int_not_equal(sieve_run(program, &message, &world, &arena, outcome), SIEVE_ASKS);
	sieve_message_done(&message);
	arena_done(&arena);
}

static void compile(struct arena *arena, struct buf *form)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct sieve_program program;

	arena_init(arena, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(form, 1 << 20);
	sieve_errors_init(&errors);
	assert_true(sieve_compile(VIEW(script), &language, arena, &errors, &program));
	assert_int_equal(sieve_form_write(&program, form), 0);
	sieve_errors_done(&errors);
}

static void read_as_written(void **state)
{
	struct sieve_program program;
	struct sieve_outcome outcome;
	struct buf form, again;
	struct arena arena;

	(void)state;
	compile(&arena, &form);
	buf_init(&again, 1 << 20);
	assert_int_equal(sieve_form_read(buf_view(&form), NULL, &arena, &program), 0);
	assert_true(program.variables);
	assert_int_equal(sieve_form_write(&program, &again), 0);
	assert_true(view_equal(buf_view(&form), buf_view(&again)));
	run(&program, &outcome);
	assert_int_equal(outcome.count, 2); /* the second X from the end ends with "a" */
	assert_int_equal(outcome.actions[0].kind, SIEVE_FILEINTO);
	assert_int_equal(outcome.actions[0].line, 4);
	assert_int_equal(outcome.actions[0].why.rule, 1);
	assert_view(outcome.actions[0].why.rule_name, "One");
	assert_int_equal(outcome.actions[1].kind, SIEVE_KEEP);
	buf_done(&form);
	buf_done(&again);
	arena_done(&arena);
}

static void a_full_buffer(void **state)
{
	struct sieve_program program;
	struct buf form, small;
	struct arena arena;

	(void)state;
	compile(&arena, &form);
	buf_init(&small, 40);
	assert_int_equal(buf_append_string(&small, "before"), 0);
	assert_int_equal(sieve_form_read(buf_view(&form), NULL, &arena, &program), 0);
	assert_int_equal(sieve_form_write(&program, &small), -ENOBUFS);
	assert_view(buf_view(&small), "before");
	buf_done(&form);
	buf_done(&small);
	arena_done(&arena);
}

static void damage(void **state)
{
	struct sieve_program program;
	struct sieve_outcome outcome;
	struct arena arena, reading;
	struct buf form;
	char *bytes;
	size_t len;

	(void)state;
	compile(&arena, &form);
	len = buf_view(&form).len;
	bytes = malloc(len);
	assert_non_null(bytes);
	arena_init(&reading, 1 << 20);
	for (size_t cut = 0; cut < len; cut++) {
		char *part = malloc(cut ? cut : 1); /* so that reading past its end is found */

		assert_non_null(part);
		memcpy(part, buf_view(&form).data, cut);
		assert_int_equal(sieve_form_read(view_of(part, cut), NULL, &reading, &program), -EINVAL);
		free(part);
		arena_reset(&reading);
	}
	for (size_t i = 0; i < len * 8; i++) {
		memcpy(bytes, buf_view(&form).data, len);
		bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
		if (sieve_form_read(view_of(bytes, len), NULL, &reading, &program) == 0)
			run(&program, &outcome);
		arena_reset(&reading);
	}
	arena_done(&reading);
	arena_init(&reading, 100);
	assert_int_equal(sieve_form_read(buf_view(&form), NULL, &reading, &program), -ENOMEM);
	arena_done(&reading);
	free(bytes);
	buf_done(&form);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_as_written),
	    cmocka_unit_test(a_full_buffer),
	    cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
