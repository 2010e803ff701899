/* The suite's scripts: compiled, saved and loaded in the compiled form, run one by one or one after another.
 */
#include "sieve_suite.h"

#include <stdio.h>
#include <string.h>

#include "sieve/sieve_form.h"

static bool compile(struct view name)
{
	struct view script;
	char path[1000];

	snprintf(path, sizeof(path), "%.*s", VIEW_FMT(name));
	suite_no_errors();
	suite.compiled = false;
	if (!suite_read_file(path, &script)) {
		suite_error(0, "the script %s cannot be read", path);
		return false;
	}
	suite.compiled = sieve_compile(script, suite.language, &suite.arena, &suite.errors, &suite.program);
	for (size_t i = 0; suite_shows_errors && i < suite.errors.count; i++)
		printf("%s:%u:%u: %.*s\n", path, suite.errors.items[i].place.line,
		    suite.errors.items[i].place.column, VIEW_FMT(suite.errors.items[i].text));
	return suite.compiled;
}

static enum sieve_truth test_compile(struct sieve_run *run, const struct sieve_step *step)
{
	struct view name;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &name))
		return SIEVE_BROKEN;
	return compile(name) ? SIEVE_TRUE : SIEVE_FALSE;
}

static bool is_inbox(const struct sieve_action *a)
{
	return a->kind == SIEVE_KEEP || (a->kind == SIEVE_FILEINTO && view_equal(a->target, VIEW("INBOX")));
}

/*
 * What a script wants behind what others wanted before it. Pigeonhole joins the results of several scripts,
 * and the implicit keep of one is lost when another one keeps explicitly.
 */
static bool append(struct sieve_run *run, const struct sieve_outcome *outcome)
{
	struct sieve_outcome *all = run->outcome;

	for (size_t i = 0; i < outcome->count; i++) {
		const struct sieve_action *a = &outcome->actions[i];
		size_t same = 0;

		if (a->kind == SIEVE_KEEP && a->line == 0)
			continue;
		while (same < all->count && !(is_inbox(a) && is_inbox(&all->actions[same])) &&
		       !(a->kind == SIEVE_REJECT && all->actions[same].kind == SIEVE_REJECT))
			same++;
		if (same < all->count && a->kind == SIEVE_REJECT)
			continue; /* one is enough */
		if (same == SIEVE_ACTIONS_MAX)
			return false;
		all->actions[same] = *a;
		all->count += same == all->count;
	}
	return true;
}

/* Whether the mail is kept by itself, after all that the script did. */
static bool keeps_by_itself(const struct sieve_outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++)
		if (outcome->actions[i].kind == SIEVE_KEEP && outcome->actions[i].line == 0)
			return true;
	return false;
}

/* Runs the program; what it says, when it fails, is an error. */
static bool run_program(struct sieve_run *run, bool appends)
{
	struct sieve_world world = suite.world;

	if (!appends) {
		run->outcome->count = 0;
		run->keeps = true;
		run->flags = (struct view){0};
	}
	world.flags = run->flags; /* a script begins with what the one before it has set */
	suite_no_errors();
	if (sieve_run(&suite.program, run->message, &world, run->arena, &suite.outcome) == SIEVE_DONE) {
		run->keeps = run->keeps && keeps_by_itself(&suite.outcome);
		run->flags = suite.outcome.flags;
		return append(run, &suite.outcome);
	}
	suite_error(suite.outcome.failed_line, "%.*s", VIEW_FMT(suite.outcome.failed_text));
	return false;
}

static enum sieve_truth test_run(struct sieve_run *run, const struct sieve_step *step)
{
	if (!suite.compiled)
		return sieve_run_fail(run, "test_script_run without a script");
	return run_program(run, sieve_tag(step, 0)->kind != SIEVE_ABSENT) ? SIEVE_TRUE : SIEVE_FALSE;
}

/* Scripts one after another, each while the one before it kept the mail. */
static enum sieve_truth test_multiscript(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	run->outcome->count = 0;
	run->keeps = true;
	for (uint32_t i = 0; i < names->count && run->keeps; i++) {
		struct view name;

		if (!sieve_run_text(run, names->strings[i], &name))
			return SIEVE_BROKEN;
		if (!compile(name) || !run_program(run, i > 0))
			return SIEVE_FALSE;
	}
	return suite_execute(run, run->outcome, run->keeps) ? SIEVE_TRUE : SIEVE_FALSE;
}

/* ---- the compiled form ---- */

static struct suite_program *saved(struct view name)
{
	for (size_t i = 0; i < suite.program_count; i++)
		if (view_equal(suite.programs[i].name, name))
			return &suite.programs[i];
	return NULL;
}

/* Saved is what the compiled form gives back. */
static bool act_binary_save(struct sieve_run *run, const struct sieve_step *step)
{
	struct suite_program *program = saved(sieve_positional(step, 0)->strings[0]);
	struct buf form;
	bool good;

	if (!program && suite.program_count < SUITE_PROGRAMS_MAX)
		program = &suite.programs[suite.program_count++];
	if (!suite.compiled || !program) {
		sieve_run_fail(run, "test_binary_save without a script");
		return false;
	}
	program->name = sieve_positional(step, 0)->strings[0];
	buf_init(&form, SUITE_FILE_MAX);
	good = sieve_form_write(&suite.program, &form) == 0 &&
	       sieve_form_read(
	           suite_keep(buf_view(&form)), suite.language->extra, &suite.arena, &program->program) == 0;
	buf_done(&form);
	if (!good)
		sieve_run_fail(run, "the compiled form cannot be read back");
	return good;
}

static bool act_binary_load(struct sieve_run *run, const struct sieve_step *step)
{
	const struct suite_program *program = saved(sieve_positional(step, 0)->strings[0]);

	if (!program) {
		sieve_run_fail(run, "test_binary_load of what was not saved");
		return false;
	}
	suite.program = program->program;
	suite.compiled = true;
	return true;
}

/* ---- errors ---- */

static struct view error_text(size_t i)
{
	return i < suite.errors.count ? suite.errors.items[i].text : VIEW("the script cannot be compiled");
}

/* Pigeonhole counts as an error that there are some, when a script is compiled. */
static enum sieve_truth test_error(struct sieve_run *run, const struct sieve_step *step)
{
	return suite_match_all(run, step, suite.errors.count + !suite.compiled, error_text);
}

static const struct sieve_tag run_tags[] = {
    {"append_result", SIEVE_INTERNAL, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false}};
static const struct sieve_tag error_tags[] = {
    {"index", SIEVE_INTERNAL, 0, {"a number", SIEVE_NUMBER, SIEVE_USE_TEXT}, false}};

static const struct sieve_word rows[] = {
    {.name = "test_script_compile",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a script")},
        .test = test_compile},
    {.name = "test_script_run",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .tags = run_tags,
        .tag_count = 1,
        .test = test_run},
    {.name = "test_multiscript",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {{"scripts", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .test = test_multiscript},
    {.name = "test_binary_save",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a name")},
        .act = act_binary_save},
    {.name = "test_binary_load",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a name")},
        .act = act_binary_load},
    {.name = "test_error",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = error_tags,
        .tag_count = 1,
        .has = SIEVE_HAS_MATCH,
        .test = test_error},
};
const struct sieve_words suite_script_words = {rows, SUITE_COUNT(rows)};
