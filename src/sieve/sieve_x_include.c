/*
 * Scripts within scripts: RFC 6609. An included script runs as if it stood where it is included, but with
 * variables of its own; those that both call global they share. Whether a script is there shows when it is
 * included: it may come and go after this one was compiled.
 */
#include <stdio.h>
#include <string.h>

#include "sieve/sieve_check.h"
#include "sieve/sieve_run.h"
#include "sieve/sieve_text.h"

enum { PERSONAL, GLOBAL, ONCE, OPTIONAL };

static const struct sieve_tag tags[] = {
    {"personal", SIEVE_X_INCLUDE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"global", SIEVE_X_INCLUDE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"once", SIEVE_X_INCLUDE, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"optional", SIEVE_X_INCLUDE, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

/* Section 3.2: the name is constant. */
static void check_include(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *name = sieve_positional(step, 0);
	struct view rest = name->strings[0], before, variable;

	if (sieve_check_requires(c, SIEVE_X_VARIABLES) && sieve_text_next(&rest, &before, &variable))
		sieve_check_error(c, name->place, "%s: which script is included cannot depend on variables",
		    sieve_quote(name->strings[0]).text);
}

/* Section 3.4: where there are no variables, none are global; and what was set before is of this script
 * alone. */
static void check_global(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	if (!sieve_check_requires(c, SIEVE_X_VARIABLES)) {
		sieve_check_error(c, step->place,
		    "the command global is not known here: the script must begin with require "
		    "\"variables\";");
		return;
	}
	for (uint32_t i = 0; i < names->count; i++)
		if (!sieve_check_variable(c, names->strings[i], true))
			sieve_check_error(c, names->place,
			    "%s was set before, so it is no global variable any more",
			    sieve_quote(names->strings[i]).text);
}

/* ---- running ---- */

static bool fail(struct sieve_run *run, const char *format, struct view name)
{
	char why[400];

	snprintf(why, sizeof(why), "%s %s", sieve_quote(name).text, format);
	sieve_run_fail(run, why);
	return false;
}

/* The script, if it was met before. */
static struct sieve_included *find(const struct sieve_run *run, struct view name, bool global)
{
	struct sieve_included *one = run->included;

	while (one && (one->global != global || !view_equal(one->name, name)))
		one = one->next;
	return one;
}

/* Gets a script from the world. *script is NULL when there is none, and none is needed. */
static bool load(
    struct sieve_run *run, struct view name, bool global, bool optional, struct sieve_included **script)
{
	const struct sieve_world *world = run->world;
	const struct sieve_program *program = NULL;
	enum sieve_answer answer =
	    world->script ? world->script(world->arg, name, global, run->arena, &program) : SIEVE_NO;

	*script = NULL;
	if (answer == SIEVE_UNKNOWN) {
		run->asks = true;
		run->outcome->question = (struct sieve_question){.kind = SIEVE_ASK_SCRIPT,
		    .name = name,
		    .detail = global ? VIEW("global") : VIEW("personal")};
		return false;
	}
	if (answer == SIEVE_NO && !optional)
		return fail(run, "cannot be included: there is no such script, or it has mistakes", name);
	if (answer == SIEVE_NO)
		return true;
	*script = arena_alloc(run->arena, sizeof(**script));
	if (!*script)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	**script = (struct sieve_included){
	    .next = run->included, .name = name, .global = global, .program = program};
	run->included = *script;
	return true;
}

/* What an included script has of its own. */
struct frame {
	const struct sieve_program *program;
	struct sieve_variables *scope;
	const struct sieve_step *rule;
	const struct sieve_held *held;
	unsigned depth;
	struct view script;
};

static bool run_script(struct sieve_run *run, struct sieve_included *script)
{
	struct frame outer = {run->program, run->scope, run->rule, run->held, run->depth, run->script};
	struct sieve_variables *scope = run->free_scopes;
	bool good;

	if (scope)
		run->free_scopes = scope->next;
	else
		scope = arena_alloc(run->arena, sizeof(*scope));
	if (!scope)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	scope->count = scope->match_count = 0;
	run->program = script->program;
	run->scope = scope;
	run->rule = NULL;
	run->held = NULL;
	run->depth = 0;
	run->script = script->name;
	script->running = true;
	run->include_depth++;
	good = sieve_run_block(run, script->program->first);
	if (!good && !run->asks && view_empty(run->outcome->failed_script))
		run->outcome->failed_script = script->name;
	run->include_depth--;
	script->running = false;
	run->program = outer.program;
	run->scope = outer.scope;
	run->rule = outer.rule;
	run->held = outer.held;
	run->depth = outer.depth;
	run->script = outer.script;
	if (run->returning)
		run->returning = run->stopped = false;
	scope->next = run->free_scopes;
	run->free_scopes = scope;
	return good;
}

static bool act_include(struct sieve_run *run, const struct sieve_step *step)
{
	bool global = sieve_tag(step, GLOBAL)->kind != SIEVE_ABSENT;
	struct view name = sieve_positional(step, 0)->strings[0];
	struct sieve_included *script = find(run, name, global);

	if (script && sieve_tag(step, ONCE)->kind != SIEVE_ABSENT)
		return true;
	if (script && script->running)
		return fail(run, "includes itself, perhaps by way of others", name);
	if (run->include_depth == SIEVE_INCLUDE_DEPTH_MAX)
		return fail(run, "cannot be included: scripts lie more than 10 deep in one another", name);
	if (++run->includes > SIEVE_INCLUDES_MAX)
		return fail(run, "cannot be included: scripts were included 255 times already", name);
	if (!script && !load(run, name, global, sieve_tag(step, OPTIONAL)->kind != SIEVE_ABSENT, &script))
		return false;
	return !script || run_script(run, script);
}

/* Section 3.3: at the top it is as stop. */
static bool act_return(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	run->stopped = true;
	run->returning = run->include_depth > 0;
	return true;
}

static bool act_global(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	for (uint32_t i = 0; i < names->count; i++)
		if (!sieve_run_share(run, names->strings[i]))
			return false;
	return true;
}

static const struct sieve_word words[] = {
    {.name = "include",
        .extension = SIEVE_X_INCLUDE,
        .positionals = {{"a script's name", SIEVE_STRING, SIEVE_USE_SCRIPT}},
        .tags = tags,
        .tag_count = sizeof(tags) / sizeof(tags[0]),
        .check = check_include,
        .act = act_include},
    {.name = "return", .extension = SIEVE_X_INCLUDE, .act = act_return},
    {.name = "global",
        .extension = SIEVE_X_INCLUDE,
        .positionals = {{"variables", SIEVE_STRING_LIST, SIEVE_USE_VARIABLE}},
        .check = check_global,
        .act = act_global},
};
const struct sieve_words sieve_x_include = {words, sizeof(words) / sizeof(words[0])};
