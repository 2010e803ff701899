/*
 * Goes down by recursion as far as SIEVE_NESTING_MAX, and passes over what lies deeper without it. After an
 * error it goes on with the next command.
 */
#include "sieve/sieve_tree.h"

#include <string.h>

struct parser {
	struct sieve_lexer lexer;
	struct sieve_token token; /* the next one, not taken yet */
	struct arena *arena;
	struct sieve_errors *errors;
	size_t nodes;
	bool failed, full;
};

static void take(struct parser *p)
{
	sieve_lex_next(&p->lexer, &p->token);
	if (p->token.kind == SIEVE_TOKEN_BROKEN)
		p->failed = true;
}

static bool at_mark(const struct parser *p, char mark)
{
	return p->token.kind == SIEVE_TOKEN_MARK && p->token.mark == mark;
}

static bool at_end(const struct parser *p)
{
	return p->token.kind == SIEVE_TOKEN_END || p->full;
}

/* What the next token is, where `expected` should be. The lexer has told what is wrong with a broken one. */
static void expect(struct parser *p, const char *expected)
{
	p->failed = true;
	if (p->token.kind == SIEVE_TOKEN_BROKEN || p->full)
		return;
	sieve_error_add(p->errors, p->token.place, "%s was expected here, but %s stands here", expected,
	    sieve_token_describe(&p->token).text);
}

static void is_full(struct parser *p, const char *what)
{
	p->failed = true;
	if (!p->full && !p->lexer.failed)
		sieve_error_add(
		    p->errors, p->token.place, "the script is too large to be compiled: %s", what);
	p->full = true;
}

static void *room(struct parser *p, size_t count, size_t size)
{
	void *memory = arena_array(p->arena, count, size);

	if (!memory)
		is_full(p, "it takes more memory than a script may have");
	return memory;
}

/*
 * After an error: behind the command's semicolon or block, or before the end of the block that it stands in.
 * Blocks within are passed over as a whole.
 */
static void recover(struct parser *p)
{
	size_t depth = 0;

	while (!at_end(p)) {
		if (at_mark(p, '{')) {
			depth++;
		} else if (at_mark(p, '}')) {
			if (depth == 0)
				return;
			if (--depth == 0) {
				take(p);
				return;
			}
		} else if (at_mark(p, ';') && depth == 0) {
			take(p);
			return;
		}
		take(p);
	}
}

/* Behind the bracket of a list, which has been taken. */
static bool read_list(struct parser *p, struct sieve_argument *argument)
{
	struct view *strings = NULL;
	size_t count = 0, cap = 0;

	argument->kind = SIEVE_ARGUMENT_LIST;
	while (p->token.kind == SIEVE_TOKEN_STRING) {
		if (count == SIEVE_LIST_MAX) {
			p->failed = true;
			sieve_error_add(p->errors, p->token.place,
			    "this list has more than %d strings; divide it over several tests",
			    SIEVE_LIST_MAX);
			return false;
		}
		if (count == cap) {
			struct view *more = room(p, cap ? cap * 2 : 8, sizeof(*more));

			if (!more)
				return false;
			if (count)
				memcpy(more, strings, count * sizeof(*more));
			strings = more;
			cap = cap ? cap * 2 : 8;
		}
		strings[count++] = p->token.text;
		take(p);
		if (!at_mark(p, ','))
			break;
		take(p);
		if (p->token.kind != SIEVE_TOKEN_STRING) {
			expect(p, "another string, behind the ',' of the list,");
			return false;
		}
	}
	argument->strings = strings;
	argument->count = count;
	if (!at_mark(p, ']')) {
		expect(p, count ? "',' or the ']' that ends the list" : "a string of the list");
		return false;
	}
	if (count == 0) {
		expect(p, "at least one string of the list");
		return false;
	}
	take(p);
	return true;
}

/* One argument, if there is one. False: an error, *argument is nothing. */
static bool read_argument(struct parser *p, struct sieve_argument *argument, bool *found)
{
	struct view *string;

	*argument = (struct sieve_argument){.place = p->token.place};
	*found = true;
	switch (p->token.kind) {
	case SIEVE_TOKEN_NUMBER:
		argument->kind = SIEVE_ARGUMENT_NUMBER;
		argument->number = p->token.number;
		break;
	case SIEVE_TOKEN_TAG:
		argument->kind = SIEVE_ARGUMENT_TAG;
		argument->tag = p->token.text;
		break;
	case SIEVE_TOKEN_STRING:
		string = room(p, 1, sizeof(*string));
		if (!string)
			return false;
		*string = p->token.text;
		argument->kind = SIEVE_ARGUMENT_STRING;
		argument->strings = string;
		argument->count = 1;
		break;
	default:
		*found = at_mark(p, '[');
		if (!*found)
			return true;
		take(p);
		return read_list(p, argument);
	}
	take(p);
	return true;
}

static bool read_arguments(struct parser *p, struct sieve_node *node)
{
	struct sieve_argument all[SIEVE_ARGUMENTS_MAX], argument, *kept;
	size_t count = 0;
	bool found;

	while (read_argument(p, &argument, &found)) {
		if (!found) {
			kept = count ? room(p, count, sizeof(*kept)) : NULL;
			if (kept)
				memcpy(kept, all, count * sizeof(*kept));
			node->arguments = kept;
			node->argument_count = kept ? count : 0;
			return kept || count == 0;
		}
		if (count == SIEVE_ARGUMENTS_MAX) {
			p->failed = true;
			sieve_error_add(p->errors, argument.place,
			    "%s has more than %d arguments; nothing takes so many",
			    sieve_quote(node->name).text, SIEVE_ARGUMENTS_MAX);
			return false;
		}
		all[count++] = argument;
	}
	return false;
}

static struct sieve_node *new_node(struct parser *p)
{
	struct sieve_node *node;

	if (++p->nodes > SIEVE_NODES_MAX) {
		is_full(p, "it has more than 100,000 commands and tests");
		return NULL;
	}
	node = room(p, 1, sizeof(*node));
	if (!node)
		return NULL;
	node->name = p->token.text;
	node->place = p->token.place;
	node->comment = p->token.comment;
	take(p);
	return node;
}

static bool too_deep(struct parser *p, unsigned depth)
{
	if (depth <= SIEVE_NESTING_MAX)
		return false;
	p->failed = true;
	sieve_error_add(p->errors, p->token.place,
	    "tests and blocks lie more than %d deep in one another here; divide the rule into several ones",
	    SIEVE_NESTING_MAX);
	return true;
}

static bool read_test(struct parser *p, unsigned depth, struct sieve_node **test);

static bool read_test_list(struct parser *p, unsigned depth, struct sieve_node **tests)
{
	take(p);
	for (struct sieve_node **end = tests;; end = &(*end)->next) {
		if (p->token.kind != SIEVE_TOKEN_IDENTIFIER) {
			expect(p, "a test of the list");
			return false;
		}
		if (!read_test(p, depth, end))
			return false;
		if (!at_mark(p, ','))
			break;
		take(p);
	}
	if (!at_mark(p, ')')) {
		expect(p, "',' or the ')' that ends the list of tests");
		return false;
	}
	take(p);
	return true;
}

/* The arguments and tests of a command or test. */
static bool read_inside(struct parser *p, unsigned depth, struct sieve_node *node)
{
	if (!read_arguments(p, node))
		return false;
	if (at_mark(p, '(')) {
		node->test_list = true;
		return read_test_list(p, depth + 1, &node->tests);
	}
	if (p->token.kind == SIEVE_TOKEN_IDENTIFIER)
		return read_test(p, depth + 1, &node->tests);
	return true;
}

static bool read_test(struct parser *p, unsigned depth, struct sieve_node **test)
{
	struct sieve_node *node;

	if (too_deep(p, depth))
		return false;
	node = new_node(p);
	if (!node)
		return false;
	*test = node;
	return read_inside(p, depth, node);
}

static void read_commands(struct parser *p, unsigned depth, struct sieve_node **end);

/* Behind a command's arguments and tests. */
static bool read_tail(struct parser *p, unsigned depth, struct sieve_node *node)
{
	struct sieve_place place = p->token.place;

	if (at_mark(p, ';')) {
		take(p);
		return true;
	}
	if (!at_mark(p, '{')) {
		expect(p, "the ';' that ends the command, or a block in '{' and '}',");
		return false;
	}
	if (too_deep(p, depth + 1))
		return false;
	take(p);
	node->has_block = true;
	read_commands(p, depth + 1, &node->block);
	if (at_mark(p, '}')) {
		take(p);
	} else {
		p->failed = true;
		if (!p->full)
			sieve_error_add(
			    p->errors, place, "the block that begins here is never closed; it ends with '}'");
	}
	return true;
}

static void read_commands(struct parser *p, unsigned depth, struct sieve_node **end)
{
	while (!at_end(p)) {
		struct sieve_node *node;

		if (at_mark(p, '}')) {
			if (depth > 0)
				return;
			expect(p, "a command");
			take(p);
			continue;
		}
		if (p->token.kind != SIEVE_TOKEN_IDENTIFIER) {
			expect(p, "a command");
			if (at_mark(p, ';'))
				take(p);
			else
				recover(p);
			continue;
		}
		node = new_node(p);
		if (!node)
			return;
		*end = node;
		end = &node->next;
		if (!read_inside(p, depth, node) || !read_tail(p, depth, node))
			recover(p);
	}
}

bool sieve_tree_parse(
    struct view script, struct arena *arena, struct sieve_errors *errors, struct sieve_node **commands)
{
	struct parser p = {.arena = arena, .errors = errors};

	*commands = NULL;
	if (script.len > SIEVE_SCRIPT_MAX) {
		sieve_error_add(errors, (struct sieve_place){1, 1},
		    "the script has %zu octets; the longest one may have %d", script.len, SIEVE_SCRIPT_MAX);
		return false;
	}
	sieve_lex_init(&p.lexer, script, arena, errors);
	take(&p);
	read_commands(&p, 0, commands);
	return !p.failed && !p.full && !p.lexer.failed && errors->count == 0;
}
