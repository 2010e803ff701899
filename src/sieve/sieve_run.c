/* The machine: blocks, tests, variables, and the limits of all of them. */
#include "sieve/sieve_run.h"

#include <string.h>

#include "sieve/sieve_text.h"

enum sieve_truth sieve_run_fail(struct sieve_run *run, const char *text)
{
	struct sieve_outcome *outcome = run->outcome;

	if (!outcome->failed && !run->asks) {
		outcome->failed = true;
		outcome->failed_line = run->line;
		if (!arena_copy(run->arena, view_from_string(text), &outcome->failed_text))
			outcome->failed_text = VIEW("the script takes more memory than a script may have");
	}
	return SIEVE_BROKEN;
}

enum sieve_truth sieve_run_no_memory(struct sieve_run *run)
{
	return sieve_run_fail(run, "the script takes more memory than a script may have");
}

bool sieve_run_work(struct sieve_run *run, uint64_t steps)
{
	run->steps += steps;
	if (run->steps <= SIEVE_STEPS_MAX)
		return true;
	sieve_run_fail(run, "the script does more work than it may do for one message");
	return false;
}

/* ---- variables ---- */

struct view sieve_run_variable(const struct sieve_run *run, struct view name)
{
	uint64_t number;

	if (view_to_u64(name, SIEVE_MATCHES_MAX, &number))
		return number < run->match_count ? run->matches[number] : (struct view){0};
	for (size_t i = 0; i < run->variable_count; i++)
		if (view_equal_nocase(run->variables[i].name, name))
			return run->variables[i].value;
	return (struct view){0};
}

bool sieve_run_set(struct sieve_run *run, struct view name, struct view value)
{
	size_t i = 0;

	while (i < run->variable_count && !view_equal_nocase(run->variables[i].name, name))
		i++;
	if (i == SIEVE_VARIABLES_MAX) {
		sieve_run_fail(run, "the script sets more variables than a script may have");
		return false;
	}
	if (value.len > SIEVE_VARIABLE_MAX) {
		value = view_take(value, SIEVE_VARIABLE_MAX);
		while (value.len > 0 && ((unsigned char)value.data[value.len] & 0xc0) == 0x80)
			value.len--; /* no character is cut apart */
	}
	run->variables[i] = (struct sieve_variable){name, value};
	run->variable_count += i == run->variable_count;
	return true;
}

bool sieve_run_text(struct sieve_run *run, struct view text, struct view *out)
{
	struct view rest = text, before, name;
	struct buf expanded;
	bool good;

	*out = text;
	if (!run->program->variables || !memchr(text.len ? text.data : "", '$', text.len) ||
	    !sieve_text_next(&rest, &before, &name))
		return true;
	buf_init(&expanded, SIEVE_TEXT_MAX);
	do {
		buf_append(&expanded, before);
		buf_append(&expanded, sieve_run_variable(run, name));
	} while (sieve_text_next(&rest, &before, &name));
	buf_append(&expanded, rest);
	good = !buf_failed(&expanded) && arena_copy(run->arena, buf_view(&expanded), out);
	buf_done(&expanded);
	if (!good)
		sieve_run_fail(run, "a text with the values of its variables is too long");
	return good;
}

/* ---- what the world knows, what is to be done ---- */

enum sieve_truth sieve_run_ask(
    struct sieve_run *run, const struct sieve_question *question, struct view *value)
{
	enum sieve_answer answer = run->world->ask(run->world->arg, question, value);

	if (answer != SIEVE_UNKNOWN)
		return answer == SIEVE_YES ? SIEVE_TRUE : SIEVE_FALSE;
	run->asks = true;
	run->outcome->question = *question;
	return SIEVE_BROKEN;
}

static bool is_same(const struct sieve_action *a, const struct sieve_action *b)
{
	return a->kind == b->kind && view_equal(a->target, b->target) &&
	       view_equal(a->mailbox_id, b->mailbox_id) && view_equal(a->special_use, b->special_use);
}

/* RFC 5228 section 2.10.3: the same action twice is done once; what it was given last counts. */
bool sieve_run_add(struct sieve_run *run, const struct sieve_action *action)
{
	struct sieve_outcome *o = run->outcome;
	size_t same = 0, redirects = 0;

	while (same < o->count && !is_same(&o->actions[same], action))
		redirects += o->actions[same++].kind == SIEVE_REDIRECT;
	if (same < o->count) {
		o->actions[same].flags = action->flags;
		o->actions[same].create = o->actions[same].create || action->create;
		return true;
	}
	if (o->count == SIEVE_ACTIONS_MAX ||
	    (action->kind == SIEVE_REDIRECT && redirects == SIEVE_REDIRECTS_MAX)) {
		sieve_run_fail(run, action->kind == SIEVE_REDIRECT
		                        ? "the script redirects one message to too many addresses"
		                        : "the script does too many things with one message");
		return false;
	}
	o->actions[o->count] = *action;
	if (action->line && !sieve_run_why(run, &o->actions[o->count].why)) {
		sieve_run_no_memory(run);
		return false;
	}
	o->count++;
	return true;
}

/* ---- running ---- */

enum sieve_truth sieve_run_test(struct sieve_run *run, const struct sieve_step *test)
{
	size_t notes = run->note_count;
	enum sieve_truth truth;

	if (!sieve_run_work(run, 1))
		return SIEVE_BROKEN;
	run->line = test->line;
	truth = test->word->test(run, test);
	if (truth != SIEVE_TRUE)
		run->note_count = notes;
	return truth;
}

/* Runs the block of an if, elsif or else. */
static bool run_taken(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_held held = {run->held, step, step->tests};
	bool good;

	run->held = &held;
	good = sieve_run_block(run, step->block);
	run->held = held.outer;
	return good;
}

/* One command. *taken: of if, elsif ... else one was taken; so is one at most (RFC 5228 section 3.1). */
static bool run_command(struct sieve_run *run, const struct sieve_step *step, bool *taken)
{
	enum sieve_truth truth;

	if (!sieve_run_work(run, 1))
		return false;
	run->line = step->line;
	if (step->word->act)
		return step->word->act(run, step);
	if (!step->word->block)
		return true; /* require */
	*taken = *taken && step->word->chained;
	if (*taken)
		return true;
	truth = step->tests ? sieve_run_test(run, step->tests) : SIEVE_TRUE;
	*taken = truth == SIEVE_TRUE;
	return truth != SIEVE_BROKEN && (!*taken || run_taken(run, step));
}

bool sieve_run_block(struct sieve_run *run, const struct sieve_step *first)
{
	size_t notes = run->note_count;
	bool taken = false, good = true;

	run->depth++;
	for (const struct sieve_step *step = first; good && step && !run->stopped; step = step->next) {
		if (run->depth == 1)
			run->rule = step->rule ? step : NULL;
		good = run_command(run, step, &taken);
		run->note_count = notes; /* what held inside of the command holds no longer */
	}
	run->depth--;
	return good;
}

enum sieve_result sieve_run(const struct sieve_program *program, struct sieve_message *message,
    const struct sieve_world *world, struct arena *arena, struct sieve_outcome *outcome)
{
	struct sieve_run run = {.program = program,
	    .message = message,
	    .world = world,
	    .outcome = outcome,
	    .arena = arena,
	    .keeps = true};
	struct sieve_action keep = {.kind = SIEVE_KEEP};
	bool good;

	*outcome = (struct sieve_outcome){0};
	buf_init(&run.scratch, SIEVE_RUN_MEMORY_MAX);
	good = sieve_run_block(&run, program->first);
	buf_done(&run.scratch);
	if (run.asks)
		return SIEVE_ASKS;
	keep.flags = run.flags;
	if (good && run.keeps)
		good = sieve_run_add(&run, &keep);
	if (good)
		return SIEVE_DONE;
	keep.flags = (struct view){0};
	outcome->actions[0] = keep;
	outcome->count = 1;
	return SIEVE_FAILED;
}
