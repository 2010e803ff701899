/*
 * Out of office: whatever stands in a script's first line, what is read is a setting that can be one; and it
 * is written into a script that says the same, in which none of its texts has become a command.
 */
#include "fuzz.h"

#include "mail/vacation.h"
#include "sieve/sieve_error.h"
#include "sieve/sieve_program.h"

static void check_same(const struct vacation *a, const struct vacation *b)
{
	check(
	    a->enabled == b->enabled && a->from == b->from && a->until == b->until && a->period == b->period);
	check(a->begun == b->begun && a->inside_only == b->inside_only);
	check(view_equal(a->subject, b->subject) && view_equal(a->text, b->text));
	check(view_equal(a->html, b->html) && view_equal(a->inside, b->inside));
	check(view_equal(a->inside_text, b->inside_text));
}

/* It compiles, and its commands are those that the setting makes: no other could be required. */
static void check_script(struct view script)
{
	static const struct sieve_language language;
	struct sieve_errors errors;
	struct sieve_program program;
	struct arena arena;
	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	check(sieve_compile(script, &language, &arena, &errors, &program));
	sieve_errors_done(&errors);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct buf script;
	struct vacation v, again;
	arena_init(&arena, 4 << 20);
	buf_init(&script, VACATION_SCRIPT_MAX);
	if (vacation_script_read(view_of(data, size), &arena, &v) == 0) {
		check(vacation_problem(&v) == NULL);
		check(vacation_script_write(&v, &script) == 0);
		check(vacation_script_read(buf_view(&script), &arena, &again) == 0);
		check_same(&v, &again);
		check_script(buf_view(&script));
	}
	buf_done(&script);
	arena_done(&arena);
	return 0;
}
