/*
 * Scripts as rules. The tree says what a script holds, the lexer where each command ends; what lies between
 * commands is white space and comments, of which the last one may name the rule behind it.
 */
#include "sieve/sieve_simple_private.h"

#include <errno.h>
#include <string.h>

#include "sieve/sieve_check.h"
#include "sieve/sieve_lex.h"
#include "sieve/sieve_tree.h"

struct reader {
	struct view script;
	struct arena *arena;
	struct sieve_simple *simple;
	struct sieve_simple_item **end, *last;
	size_t counted, line; /* of the script, so far */
	bool full;
};

static struct view between(const char *from, const char *to)
{
	return view_of(from, (size_t)(to - from));
}

static const char *end_of(struct view v)
{
	return v.data + v.len;
}

/* ---- items ---- */

static uint32_t line_at(struct reader *r, const char *at)
{
	for (; r->script.data + r->counted < at; r->counted++)
		if (r->script.data[r->counted] == '\n')
			r->line++;
	return (uint32_t)r->line;
}

static void add(struct reader *r, struct sieve_simple_item item)
{
	struct sieve_simple_item *kept;
	struct view shown = view_trim(item.source);

	if (view_empty(item.source))
		return;
	if (r->last && !item.rule && !item.own && !r->last->rule && !r->last->own) {
		r->last->source = between(r->last->source.data, end_of(item.source));
		r->last->lines = line_at(r, end_of(shown)) - r->last->line + 1;
		r->last->commands = r->last->commands || item.commands;
		r->last->rules += item.rules;
		return;
	}
	kept = arena_alloc(r->arena, sizeof(*kept));
	if (!kept) {
		r->full = true;
		return;
	}
	item.line = line_at(r, shown.data);
	item.lines = line_at(r, end_of(shown)) - item.line + 1;
	*kept = item;
	*r->end = kept;
	r->end = &kept->next;
	r->last = kept;
}

static void add_text(struct reader *r, struct view source, size_t rules)
{
	add(r, (struct sieve_simple_item){.source = source, .rules = rules});
}

/* With the end of the line, if nothing else stands there. */
static const char *line_end(struct reader *r, const char *at)
{
	const char *p = at, *end = end_of(r->script);

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p < end && *p == '\n' ? p + 1 : p == end ? p : at;
}

/* What lies before a rule: text, up to the comment that is the rule's. Gives where the rule's source begins.
 */
static const char *read_gap(struct reader *r, struct view gap, struct view comment, bool its_own)
{
	const char *from = end_of(gap);

	if (its_own)
		for (from = comment.data - 1; *from != '#';)
			from--; /* only blanks lie between */
	if (view_empty(view_trim(between(gap.data, from))))
		return gap.data;
	add_text(r, between(gap.data, from), 0);
	return from;
}

/* ---- commands ---- */

static bool is(const struct sieve_node *node, const char *name)
{
	return node && view_equal_nocase(node->name, view_from_string(name));
}

static void note_requires(struct reader *r, const struct sieve_node *node)
{
	const struct sieve_argument *names = node->argument_count == 1 ? node->arguments : NULL;

	for (size_t i = 0; names && i < names->count; i++) {
		for (size_t n = 0; n < SIEVE_SIMPLE_NEEDS; n++)
			if (view_equal_nocase(
			        names->strings[i], view_from_string(sieve_simple_need_names[n])))
				r->simple->required |= UINT32_C(1) << n;
		if (view_equal_nocase(names->strings[i], VIEW("variables")))
			r->simple->variables = true;
		if (view_equal_nocase(names->strings[i], VIEW("encoded-character")))
			r->simple->encoded = true;
	}
}

/* Ours stands right behind the line that says so. */
static bool is_own(struct view gap, const struct sieve_node *node, const char **from)
{
	*from = view_empty(node->comment) ? gap.data : node->comment.data - 2;
	return *from >= gap.data &&
	       view_starts(between(*from, end_of(gap)), VIEW(SIEVE_SIMPLE_REQUIRES "\n")) &&
	       *from + sizeof(SIEVE_SIMPLE_REQUIRES) == node->name.data && node->argument_count == 1 &&
	       node->arguments[0].count > 0;
}

static void read_require(struct reader *r, struct view gap, const struct sieve_node *node, const char *end)
{
	uint32_t required = r->simple->required;
	const char *own;

	note_requires(r, node);
	if (!is_own(gap, node, &own)) {
		add_text(r, between(gap.data, end), 0);
		return;
	}
	r->simple->required = required;
	add_text(r, between(gap.data, own), 0);
	add(r, (struct sieve_simple_item){.source = between(own, end),
	           .own = true,
	           .names = node->arguments[0].strings,
	           .name_count = node->arguments[0].count});
}

/* A rule in a text of its own. */
static bool read_alone(struct reader *r, struct view text, struct sieve_simple_rule *rule)
{
	struct sieve_errors errors;
	struct sieve_node *nodes;
	bool good;

	sieve_errors_init(&errors);
	good = sieve_tree_parse(text, r->arena, &errors, &nodes) && nodes && !nodes->next &&
	       sieve_simple_from_node(nodes, r->arena, rule);
	sieve_errors_done(&errors);
	return good;
}

/* A rule that is off, as we and others write it: if false # TESTS, the line's end, { ACTIONS }. */
static bool read_off(
    struct reader *r, struct view unit, const struct sieve_node *node, struct sieve_simple_rule *rule)
{
	struct view rest, text;
	struct buf made;
	const char *end;
	bool good;

	if (!is(node->tests, "false") || node->tests->argument_count > 0)
		return false;
	rest = between(end_of(node->tests->name), end_of(unit));
	while (!view_empty(rest) && (rest.data[0] == ' ' || rest.data[0] == '\t'))
		rest = view_skip(rest, 1);
	end = view_starts(rest, VIEW("#")) ? memchr(rest.data, '\n', rest.len) : NULL;
	if (!end)
		return false;
	buf_init(&made, unit.len + 16);
	buf_append_string(&made, "if ");
	buf_append(&made, between(rest.data + 1, end_of(unit)));
	good = arena_copy(r->arena, buf_view(&made), &text) && read_alone(r, text, rule);
	buf_done(&made);
	rule->enabled = false;
	return good;
}

static bool read_rule(struct reader *r, struct view unit, const struct sieve_node *node,
    const struct sieve_node *after, bool named, struct sieve_simple_rule *rule)
{
	if (!is(node, "if"))
		return named && sieve_simple_from_actions(node, after, r->arena, rule);
	return node->next == after &&
	       (sieve_simple_from_node(node, r->arena, rule) || read_off(r, unit, node, rule));
}

/* An if with what belongs to it, or actions that stand together, up to `after`. */
static void read_unit(struct reader *r, struct view gap, const struct sieve_node *node,
    const struct sieve_node *after, const char *end)
{
	struct view unit = between(end_of(gap), end), name = sieve_rule_name(node->comment);
	struct sieve_simple_item item = {.commands = true};
	struct sieve_simple_rule rule;
	bool named = !view_empty(name), marked = named || view_equal(node->comment, VIEW("rule:[]"));

	if (!read_rule(r, unit, node, after, named, &rule)) {
		item.source = between(gap.data, end);
		item.rules = is(node, "if") || named ? 1 : 0;
		add(r, item);
		return;
	}
	rule.name = name;
	item.source = between(read_gap(r, gap, node->comment, marked), end);
	item.rules = 1;
	item.rule = arena_alloc(r->arena, sizeof(*item.rule));
	if (!item.rule) {
		r->full = true;
		return;
	}
	*item.rule = rule;
	add(r, item);
}

/* The end of the command that begins at `at`: behind its semicolon or block. */
static const char *command_end(struct sieve_lexer *lexer)
{
	struct sieve_token token;
	unsigned depth = 0;

	for (;;) {
		sieve_lex_next(lexer, &token);
		if (token.kind == SIEVE_TOKEN_END || token.kind == SIEVE_TOKEN_BROKEN)
			return lexer->rest.data;
		if (token.kind != SIEVE_TOKEN_MARK)
			continue;
		if (token.mark == '{')
			depth++;
		if (token.mark == '}')
			depth--;
		if (depth == 0 && (token.mark == '}' || token.mark == ';'))
			return lexer->rest.data;
	}
}

/* Whether the next command belongs to the same unit. */
static bool goes_on(const struct sieve_node *node, const char *end)
{
	const struct sieve_node *next = node->next;

	if (!next)
		return false;
	if (is(node, "if") || is(node, "elsif"))
		return is(next, "elsif") || is(next, "else");
	return !is(node, "else") && !is(next, "if") && !next->has_block && !is(next, "require") &&
	       view_empty(view_trim(between(end, next->name.data)));
}

static void read_commands(struct reader *r, const struct sieve_node *nodes)
{
	struct sieve_errors errors;
	struct sieve_lexer lexer;
	const char *before = r->script.data, *end;

	sieve_errors_init(&errors);
	sieve_lex_init(&lexer, r->script, r->arena, &errors);
	for (const struct sieve_node *node = nodes, *last; node && !r->full; node = last->next) {
		struct view gap = between(before, node->name.data);

		last = node;
		end = command_end(&lexer);
		while (!is(node, "require") && goes_on(last, end)) {
			last = last->next;
			end = command_end(&lexer);
		}
		end = line_end(r, end);
		if (is(node, "require"))
			read_require(r, gap, node, end);
		else
			read_unit(r, gap, node, last->next, end);
		before = end;
	}
	sieve_errors_done(&errors);
	if (!r->full)
		add_text(r, between(before, end_of(r->script)), 0);
}

int sieve_simple_read(
    struct view script, struct arena *arena, struct sieve_errors *errors, struct sieve_simple *simple)
{
	bool marked = view_starts(script, VIEW(SIEVE_SIMPLE_MARK));
	struct sieve_simple made = {.arena = arena, .marked = marked};
	struct reader r = {.script = view_skip(script, marked ? 3 : 0),
	    .arena = arena,
	    .simple = &made,
	    .end = &made.first,
	    .line = 1};
	struct sieve_node *nodes;

	if (!sieve_tree_parse(script, arena, errors, &nodes))
		return -EINVAL;
	read_commands(&r, nodes);
	if (r.full)
		return -ENOMEM;
	*simple = made;
	return 0;
}
