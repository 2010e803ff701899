/* The parts of a message one by one, and their texts: foreverypart, break and extracttext, RFC 5703. */
#include "sieve/sieve_mime.h"

#include "sieve/sieve_variables.h"

/* ---- section 3: foreverypart, break ---- */

static const struct sieve_tag loop_tags[] = {
    {"name", SIEVE_X_FOREVERYPART, 0, {"a name", SIEVE_STRING, SIEVE_USE_EXTENSION}, false},
};

static struct view loop_name(const struct sieve_step *step)
{
	const struct sieve_value *name = sieve_tag(step, 0);

	return name->kind == SIEVE_IS_STRINGS ? name->strings[0] : (struct view){0};
}

/* Whether `name` may mean this loop: without a name, the innermost one is meant. */
static bool is_meant(const struct sieve_step *step, struct view loop)
{
	return sieve_tag(step, 0)->kind == SIEVE_ABSENT || view_equal(loop_name(step), loop);
}

static size_t end_of_loop(const struct mime_tree *tree, const struct sieve_loop *loop)
{
	return loop->outer ? sieve_mime_end(tree, loop->outer->part) : tree->count;
}

static bool act_foreverypart(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_loop loop = {.outer = run->loop, .name = loop_name(step)};
	const struct mime_tree *tree;
	unsigned depth = 0;
	bool good = true;

	for (const struct sieve_loop *l = run->loop; l; l = l->outer)
		depth++;
	if (depth == SIEVE_LOOPS_MAX) { /* scripts that are included can nest deeper than the checker sees */
		sieve_run_fail(run, "foreverypart stands in too many others");
		return false;
	}
	if (!sieve_run_work(run, sieve_message_size(run->message) / 64 + 1))
		return false;
	if (sieve_message_tree(run->message, &tree) != 0) {
		sieve_run_no_memory(run);
		return false;
	}
	loop.part = run->loop ? run->loop->part + 1 : 0;
	run->loop = &loop;
	/* The block may replace parts, so where the loop ends is looked for each time (section 5). */
	for (; good && loop.part < end_of_loop(tree, &loop) && !loop.left && !run->stopped; loop.part++) {
		good = sieve_run_work(run, 1) && sieve_run_block(run, step->block);
		if (good && sieve_message_tree(run->message, &tree) != 0)
			good = sieve_run_no_memory(run) == SIEVE_TRUE;
	}
	run->loop = loop.outer;
	return good;
}

static void check_break(struct sieve_checker *c, struct sieve_step *step)
{
	for (unsigned i = c->loop_count; i > 0; i--)
		if (is_meant(step, loop_name(c->loops[i - 1])))
			return;
	if (c->loop_count == 0)
		sieve_check_error(c, step->place, "break stands in no foreverypart that it could leave");
	else
		sieve_check_error(c, sieve_tag(step, 0)->place, "no foreverypart around this has the name %s",
		    sieve_quote(loop_name(step)).text);
}

static bool act_break(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_loop *last = run->loop;

	while (last && !is_meant(step, last->name))
		last = last->outer;
	if (!last) {
		sieve_run_fail(run, "break stands in no foreverypart that it could leave");
		return false;
	}
	for (struct sieve_loop *l = run->loop; l != last; l = l->outer)
		l->left = true;
	last->left = true;
	return true;
}

/* ---- section 7: extracttext ---- */

static const struct sieve_tag extract_tags[] = {
    SIEVE_MODIFIER_TAGS,
    {"first", SIEVE_X_EXTRACTTEXT, 0, {"how many characters", SIEVE_NUMBER, SIEVE_USE_TEXT}, false},
};
enum { FIRST = SIEVE_MODIFIERS };

static void check_extracttext(struct sieve_checker *c, struct sieve_step *step)
{
	if (!sieve_check_requires(c, SIEVE_X_VARIABLES) && c->places[SIEVE_X_EXTRACTTEXT].line == 0)
		sieve_check_error(c, step->place,
		    "extracttext sets a variable: the script must begin with require \"variables\";");
	else if (c->loop_count == 0)
		sieve_check_error(c, step->place,
		    "extracttext stands in no foreverypart, which would say whose text is meant");
}

/* So many characters of it. */
static struct view first_of(struct view text, uint64_t characters)
{
	size_t len = 0;

	for (; len < text.len; len++)
		if (((unsigned char)text.data[len] & 0xc0) != 0x80 && characters-- == 0)
			break;
	return view_take(text, len);
}

/* What is no text gives an empty one. Longer than a variable is no value, so no more is modified. */
static bool act_extracttext(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *first = sieve_tag(step, FIRST);
	struct view text;
	bool is_text;

	if (!run->loop) {
		sieve_run_fail(run, "extracttext stands in no foreverypart");
		return false;
	}
	if (!sieve_run_work(run, sieve_message_size(run->message) / 64 + 1))
		return false;
	if (sieve_message_part_text(run->message, run->loop->part, &text, &is_text) != 0) {
		sieve_run_no_memory(run);
		return false;
	}
	text = first_of(is_text ? text : (struct view){0},
	    first->kind == SIEVE_IS_NUMBER && first->number < SIEVE_VARIABLE_MAX ? first->number
	                                                                         : SIEVE_VARIABLE_MAX);
	return sieve_modify(run, step, &text) &&
	       sieve_run_set(run, sieve_positional(step, 0)->strings[0], text);
}

static const struct sieve_word words[] = {
    {.name = "foreverypart",
        .extension = SIEVE_X_FOREVERYPART,
        .tags = loop_tags,
        .tag_count = sizeof(loop_tags) / sizeof(loop_tags[0]),
        .block = true,
        .loop = true,
        .act = act_foreverypart},
    {.name = "break",
        .extension = SIEVE_X_FOREVERYPART,
        .tags = loop_tags,
        .tag_count = sizeof(loop_tags) / sizeof(loop_tags[0]),
        .check = check_break,
        .act = act_break},
    {.name = "extracttext",
        .extension = SIEVE_X_EXTRACTTEXT,
        .positionals = {{"a variable", SIEVE_STRING, SIEVE_USE_VARIABLE}},
        .tags = extract_tags,
        .tag_count = sizeof(extract_tags) / sizeof(extract_tags[0]),
        .check = check_extracttext,
        .act = act_extracttext},
};
const struct sieve_words sieve_x_mime = {words, sizeof(words) / sizeof(words[0])};
