/*
 * Scripts of anybody over messages of anybody: "script, line with a dot, message". Every run ends, within its
 * memory, with an outcome that holds what it promises; a run that asks is made again with an answer. What
 * runs is read from the compiled form; the input is taken for one too.
 */
#include "fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "sieve/sieve_form.h"
#include "sieve/sieve_run.h"

struct fuzz_world {
	bool knows;
	const struct sieve_program *program;
};

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	const struct fuzz_world *world = arg;

	touch(question->name);
	touch(question->mailbox);
	touch(question->detail);
	if (!world->knows)
		return SIEVE_UNKNOWN;
	*value = question->name;
	return question->name.len % 2 ? SIEVE_YES : SIEVE_NO;
}

/* Of the scripts that are there each is the one that includes it. */
static enum sieve_answer script(
    void *arg, struct view name, bool global, struct arena *arena, const struct sieve_program **program)
{
	const struct fuzz_world *world = arg;

	(void)global, (void)arena;
	touch(name);
	if (!world->knows)
		return SIEVE_UNKNOWN;
	*program = world->program;
	return name.len % 2 ? SIEVE_YES : SIEVE_NO;
}

static void touch_reason(const struct sieve_reason *why)
{
	touch(why->script);
	touch(why->rule_name);
	touch(why->text);
	check(why->text.len <= SIEVE_WHY_MAX && utf8_valid(why->text));
}

/* Whatever was put in and taken out, what was a field is one still, and nothing more has come before the
 * body. */
static void check_version(const struct sieve_version *version, struct view message)
{
	uint64_t size = 0;
	struct buf bytes;

	if (!version)
		return;
	buf_init(&bytes, 64 << 20);
	for (size_t i = 0; i < version->count; i++) {
		size += version->pieces[i].len;
		check(buf_append(&bytes, version->pieces[i]) == 0);
	}
	check(size == version->size && size > 0 && size < message.len + SIEVE_RUN_MEMORY_MAX);
	buf_done(&bytes);
}

static void check_vacation(const struct sieve_vacation *v)
{
	touch(v->reason);
	touch(v->to);
	check(v->handle.len > 0 && v->handle.len <= SIEVE_HANDLE_MAX);
	check(view_find(v->subject, '\n') < 0);
	check(!sieve_use_problem(SIEVE_USE_ADDRESS, v->from) || v->silent);
	if (v->fcc)
		check(!sieve_use_problem(SIEVE_USE_MAILBOX, v->fcc->mailbox));
}

static void check_notify(const struct sieve_notify *n)
{
	touch(n->message);
	check(n->importance >= 1 && n->importance <= 3);
	check(view_starts_nocase(n->method, VIEW("mailto:")));
	check(view_empty(n->from) || !sieve_use_problem(SIEVE_USE_ADDRESS, n->from));
	for (size_t i = 0; i < n->option_count; i++)
		check(view_find(n->options[i], '=') > 0 && view_find(n->options[i], '\n') < 0);
}

static void check_action(const struct sieve_action *a, struct view message)
{
	touch(a->flags);
	touch(a->mailbox_id);
	touch(a->special_use);
	touch_reason(&a->why);
	check_version(a->version, message);
	check((a->vacation != NULL) == (a->kind == SIEVE_VACATION));
	check((a->notify != NULL) == (a->kind == SIEVE_NOTIFY));
	if (a->vacation)
		check_vacation(a->vacation);
	if (a->notify)
		check_notify(a->notify);
	if (a->kind == SIEVE_FILEINTO)
		check(!sieve_use_problem(SIEVE_USE_MAILBOX, a->target));
	if (a->kind == SIEVE_REDIRECT)
		check(!sieve_use_problem(SIEVE_USE_ADDRESS, a->target));
}

static void check_outcome(const struct sieve_outcome *outcome, struct view message)
{
	check(outcome->count <= SIEVE_ACTIONS_MAX);
	for (size_t i = 0; i < outcome->count; i++)
		check_action(&outcome->actions[i], message);
	for (const struct sieve_edit *edit = outcome->edits; edit; edit = edit->next) {
		touch(edit->name);
		touch(edit->value);
		touch_reason(&edit->why);
	}
	for (const struct sieve_mark *mark = outcome->marks; mark; mark = mark->next) {
		touch(mark->handle);
		touch(mark->id);
		check(mark->seconds <= SIEVE_DUPLICATE_MOST);
	}
}

static void run(const struct sieve_program *program, struct view message)
{
	struct fuzz_world knowing = {false, program};
	struct sieve_world world = {
	    .ask = ask, .script = script, .arg = &knowing, .now = 1700000000, .subaddress = VIEW("+")};
	struct sieve_outcome outcome;
	struct sieve_message m;
	enum sieve_result result;
	struct arena arena;

	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	sieve_message_init(&m, message, &arena);
	m.sender = VIEW("ann@example.com");
	m.recipient = VIEW("joe+list@example.com");
	result = sieve_run(program, &m, &world, &arena, &outcome);
	if (result == SIEVE_ASKS) {
		touch(outcome.question.name);
		knowing.knows = true;
		result = sieve_run(program, &m, &world, &arena, &outcome);
		check(result != SIEVE_ASKS);
	}
	check_outcome(&outcome, message);
	check(outcome.failed == (result == SIEVE_FAILED));
	if (outcome.failed)
		check(outcome.count == 1 && outcome.actions[0].kind == SIEVE_KEEP &&
		      outcome.failed_text.len > 0);
	sieve_message_done(&m);
	arena_done(&arena);
}

/* The form of a program is read alike, and what was read is run. */
static void run_form(const struct sieve_program *program, struct view message)
{
	struct sieve_program read;
	struct buf form, again;
	struct arena arena;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(&form, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(&again, SIEVE_COMPILE_MEMORY_MAX);
	check(sieve_form_write(program, &form) == 0);
	check(sieve_form_read(buf_view(&form), NULL, &arena, &read) == 0);
	check(sieve_form_write(&read, &again) == 0 && view_equal(buf_view(&form), buf_view(&again)));
	run(&read, message);
	buf_done(&form);
	buf_done(&again);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct view input = view_of(data, size), script = input;
	const char *dot = size ? memmem(data, size, "\n.\n", 3) : NULL;
	struct sieve_program program;
	struct arena arena;

	if (dot)
		script = view_take(input, (size_t)(dot - input.data));
	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	if (sieve_compile(script, &language, &arena, &errors, &program))
		run_form(&program, dot ? view_skip(input, script.len + 3) : (struct view){0});
	arena_reset(&arena);
	if (sieve_form_read(input, NULL, &arena, &program) == 0)
		run(&program, VIEW("Subject: a\r\n\r\nbody\r\n"));
	sieve_errors_done(&errors);
	arena_done(&arena);
	return 0;
}
