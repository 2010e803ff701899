/* The machine: blocks, tests, variables, and the limits of all of them. */
#include "sieve/sieve_run.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "sieve/sieve_imap.h"
#include "sieve/sieve_text.h"

static const char NO_DELIVERY[] = "nobody can be answered about a message that is there already";

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

static struct sieve_variable *find_variable(struct sieve_variables *scope, struct view name)
{
	for (size_t i = 0; i < scope->count; i++)
		if (view_equal_nocase(scope->variables[i].name, name))
			return &scope->variables[i];
	return NULL;
}

/* Where the value of a variable is kept: "global.x" and what was declared so are shared (RFC 6609
 * section 3.4). *name is then without its namespace. NULL: it was not set in this scope, which is *scope. */
static struct sieve_variable *resolve(
    struct sieve_run *run, struct view *name, struct sieve_variables **scope)
{
	struct sieve_variable *found;

	*scope = run->scope;
	if (view_starts_nocase(*name, VIEW("global."))) {
		*name = view_skip(*name, 7);
		*scope = run->globals;
	}
	found = find_variable(*scope, *name);
	if (found && found->shared) {
		*scope = run->globals;
		found = find_variable(*scope, *name);
	}
	return found;
}

struct view sieve_run_variable(struct sieve_run *run, struct view name)
{
	const struct sieve_variable *found;
	struct sieve_variables *scope;
	uint64_t number;

	if (view_to_u64(name, SIEVE_MATCHES_MAX, &number))
		return number < run->scope->match_count ? run->scope->matches[number] : (struct view){0};
	found = resolve(run, &name, &scope);
	return found ? found->value : (struct view){0};
}

static bool add_variable(struct sieve_run *run, struct sieve_variables *scope, struct sieve_variable variable)
{
	if (scope->count == SIEVE_VARIABLES_MAX) {
		sieve_run_fail(run, "the script sets more variables than a script may have");
		return false;
	}
	scope->variables[scope->count++] = variable;
	return true;
}

bool sieve_run_set(struct sieve_run *run, struct view name, struct view value)
{
	struct sieve_variables *scope;
	struct sieve_variable *found = resolve(run, &name, &scope);

	value = utf8_cut(value, SIEVE_VARIABLE_MAX);
	if (!found)
		return add_variable(run, scope, (struct sieve_variable){name, value, false});
	found->value = value;
	return true;
}

bool sieve_run_share(struct sieve_run *run, struct view name)
{
	const struct sieve_variable *found = find_variable(run->scope, name);

	if (found && !found->shared) {
		sieve_run_fail(run, "the script declares a variable as global that it has set before");
		return false;
	}
	return found || add_variable(run, run->scope, (struct sieve_variable){.name = name, .shared = true});
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

bool sieve_run_take(
    struct sieve_run *run, const struct sieve_value *value, enum sieve_use use, struct view *text)
{
	const char *problem;
	char why[400];

	if (value->kind == SIEVE_ABSENT)
		return true;
	if (!sieve_run_text(run, value->strings[0], text))
		return false;
	problem = sieve_use_problem(use, *text);
	if (!problem)
		return true;
	snprintf(why, sizeof(why), "%s %s", sieve_quote(*text).text, problem);
	sieve_run_fail(run, why);
	return false;
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

/* RFC 5228 section 4.1: to file into INBOX is to keep. */
static bool is_inbox(const struct sieve_action *a)
{
	return a->kind == SIEVE_KEEP ||
	       (a->kind == SIEVE_FILEINTO && view_equal_nocase(a->target, VIEW("INBOX")) &&
	           view_empty(a->mailbox_id) && view_empty(a->special_use));
}

static bool is_same(const struct sieve_action *a, const struct sieve_action *b)
{
	if (is_inbox(a) && is_inbox(b))
		return true;
	return a->kind == b->kind && a->kind < SIEVE_REJECT && view_equal(a->target, b->target) &&
	       view_equal(a->mailbox_id, b->mailbox_id) && view_equal(a->special_use, b->special_use);
}

enum {
	DELIVERS = 1 << SIEVE_KEEP | 1 << SIEVE_FILEINTO | 1 << SIEVE_REDIRECT,
	REFUSES = 1 << SIEVE_REJECT | 1 << SIEVE_EREJECT,
};

/* RFC 5429 section 2.4, RFC 5230 section 4.7: what is refused is neither delivered nor answered. */
static const char *conflict(const struct sieve_outcome *o, const struct sieve_action *action)
{
	unsigned kinds = 1u << action->kind, twice = 0;

	for (size_t i = 0; i < o->count; i++) {
		twice |= kinds & 1u << o->actions[i].kind;
		kinds |= 1u << o->actions[i].kind;
	}
	if (!(kinds & REFUSES))
		return NULL;
	if (kinds & 1u << SIEVE_VACATION)
		return "the script refuses the message and answers it by vacation: it can only do one of "
		       "them";
	if (kinds & DELIVERS)
		return "the script refuses the message and keeps or forwards it: it can only do one of them";
	if ((kinds & REFUSES) == REFUSES || (twice & REFUSES))
		return "the script refuses one message twice";
	return NULL;
}

/* RFC 5228 section 2.10.3: the same action twice is done once; what it was given last counts. */
bool sieve_run_add(struct sieve_run *run, const struct sieve_action *action)
{
	struct sieve_outcome *o = run->outcome;
	const char *problem = conflict(o, action);
	size_t same = 0, redirects = 0;

	if (problem) {
		sieve_run_fail(run, problem);
		return false;
	}
	if (run->world->imap_event && !sieve_imap_allows(action->kind)) {
		sieve_run_fail(run, NO_DELIVERY);
		return false;
	}
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
	if (action->kind == SIEVE_REDIRECT && run->message->enclosed) { /* RFC 5703 section 6 */
		o->actions[o->count].version = run->message->unenclosed;
	} else if (sieve_message_version(run->message, &o->actions[o->count].version) != 0) {
		sieve_run_no_memory(run);
		return false;
	}
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

static bool goes_on(const struct sieve_run *run)
{
	return !run->stopped && !(run->loop && run->loop->left);
}

bool sieve_run_block(struct sieve_run *run, const struct sieve_step *first)
{
	size_t notes = run->note_count;
	bool taken = false, good = true;

	run->depth++;
	for (const struct sieve_step *step = first; good && step && goes_on(run); step = step->next) {
		if (run->depth == 1)
			run->rule = step->rule ? step : NULL;
		good = run_command(run, step, &taken);
		run->note_count = notes; /* what held inside of the command holds no longer */
	}
	run->depth--;
	return good;
}

static bool suits_event(struct sieve_run *run)
{
	const struct sieve_step *unsuited =
	    run->world->imap_event ? sieve_imap_unsuited(run->program->first) : NULL;

	if (!unsuited)
		return true;
	run->line = unsuited->line;
	sieve_run_fail(run, NO_DELIVERY);
	return false;
}

enum sieve_result sieve_run(const struct sieve_program *program, struct sieve_message *message,
    const struct sieve_world *world, struct arena *arena, struct sieve_outcome *outcome)
{
	struct sieve_variables scope = {.count = 0}, globals = {.count = 0};
	struct sieve_run run = {.program = program,
	    .scope = &scope,
	    .globals = &globals,
	    .message = message,
	    .world = world,
	    .outcome = outcome,
	    .arena = arena,
	    .flags = world->flags,
	    .keeps = true};
	struct sieve_action keep = {.kind = SIEVE_KEEP};
	struct sieve_message_state before;
	bool good;

	*outcome = (struct sieve_outcome){0};
	buf_init(&run.scratch, SIEVE_RUN_MEMORY_MAX);
	good = sieve_message_save(message, &before) == 0 || sieve_run_no_memory(&run) == SIEVE_TRUE;
	good = good && suits_event(&run) && sieve_run_block(&run, program->first);
	buf_done(&run.scratch);
	if (run.asks || !good)
		sieve_message_restore(message, &before);
	if (run.asks)
		return SIEVE_ASKS;
	keep.flags = outcome->flags = run.flags;
	if (good && run.keeps)
		good = sieve_run_add(&run, &keep);
	if (good)
		return SIEVE_DONE;
	keep.flags = (struct view){0};
	outcome->actions[0] = keep;
	outcome->count = 1;
	outcome->flags = world->flags;
	outcome->edits = NULL;
	outcome->marks = NULL;
	return SIEVE_FAILED;
}
