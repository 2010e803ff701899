/*
 * Reads a regular expression: first as a tree, since a repetition in braces is written out as often as it
 * says; then as the program of sieve_regex_private.h.
 */
#include "sieve/sieve_regex.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "format/fold.h"
#include "sieve/sieve_regex_private.h"

enum {
	MANY = -1,
	SETS_MAX = 200,     /* '[' of one expression, and ... */
	RANGES_MAX = 100,   /* ... ranges of one: far more than anybody reads */
	REPEATS_MAX = 4,    /* of one thing in a row, which have no use, but a meaning */
	VISITS_MAX = 20000, /* of nodes, when repetitions are written out: many may write nothing */
};

enum node_kind { NODE_STEP, NODE_BOTH, NODE_EITHER, NODE_REPEAT, NODE_GROUP };

struct node {
	enum node_kind kind;
	struct sieve_regex_step step;
	struct node *first, *next; /* what is in it; behind it in that */
	int32_t least, most;       /* MANY: without end */
	size_t group;
};

struct reader {
	struct view all, rest;
	struct arena *arena, nodes;
	struct sieve_regex *regex;
	struct sieve_regex_problem *problem;
	size_t steps_max, sets_max;
	unsigned depth, visits;
	int error;
};

/* ---- what goes wrong ---- */

static struct node *wrong(struct reader *r, const char *text)
{
	if (!r->error) {
		r->error = -EINVAL;
		r->problem->text = text;
		r->problem->character = utf8_length(view_take(r->all, r->all.len - r->rest.len)) + 1;
	}
	return NULL;
}

static struct node *full(struct reader *r)
{
	if (!r->error)
		r->error = -ENOMEM;
	return NULL;
}

static struct node *new_node(struct reader *r, enum node_kind kind)
{
	struct node *node = r->error ? NULL : arena_alloc(&r->nodes, sizeof(*node));

	if (!node)
		return full(r);
	node->kind = kind;
	return node;
}

static struct node *new_step(struct reader *r, enum sieve_regex_code code, uint32_t x)
{
	struct node *node = new_node(r, NODE_STEP);

	if (node)
		node->step = (struct sieve_regex_step){.code = code, .x = x};
	return node;
}

/* ---- sets ---- */

static bool add_range(struct reader *r, struct sieve_regex_set *set, int32_t from, int32_t to)
{
	if (set->count == RANGES_MAX) {
		wrong(r, "has too many characters in one '['");
		return false;
	}
	set->ranges[set->count++] = (struct sieve_regex_range){from, to};
	return true;
}

static const struct {
	const char *name;
	bool letters;
	struct sieve_regex_range ranges[4];
} classes[] = {
    {"alpha", true, {{'a', 'z'}, {'A', 'Z'}}},
    {"digit", false, {{'0', '9'}}},
    {"alnum", true, {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}}},
    {"upper", false, {{'A', 'Z'}}},
    {"lower", false, {{'a', 'z'}}},
    {"space", false, {{'\t', '\r'}, {' ', ' '}}},
    {"blank", false, {{'\t', '\t'}, {' ', ' '}}},
    {"punct", false, {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
    {"print", true, {{' ', '~'}}},
    {"graph", true, {{'!', '~'}}},
    {"cntrl", false, {{0, 31}, {127, 127}}},
    {"xdigit", false, {{'0', '9'}, {'a', 'f'}, {'A', 'F'}}},
    {"word", true, {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}}},
};

static bool add_class(struct reader *r, struct sieve_regex_set *set, struct view name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!view_equal(name, view_from_string(classes[i].name)))
			continue;
		for (size_t k = 0; k < 4 && (classes[i].ranges[k].to || k == 0); k++)
			if (!add_range(r, set, classes[i].ranges[k].from, classes[i].ranges[k].to))
				return false;
		set->letters = set->letters || classes[i].letters;
		return true;
	}
	wrong(r, "names a class of characters that there is not; there are alpha, digit, alnum, upper, "
	         "lower, space, "
	         "blank, punct, print, graph, cntrl and xdigit");
	return false;
}

static struct sieve_regex_set *new_set(struct reader *r)
{
	struct sieve_regex_set *set = &r->regex->sets[r->regex->set_count];

	if (r->regex->set_count == r->sets_max) {
		wrong(r, "has too many '['");
		return NULL;
	}
	*set = (struct sieve_regex_set){.ranges = arena_array(&r->nodes, RANGES_MAX, sizeof(*set->ranges))};
	if (!set->ranges) {
		full(r);
		return NULL;
	}
	r->regex->set_count++;
	return set;
}

/* The set keeps what it needs; its place for building is used again. */
static struct node *end_set(struct reader *r, struct sieve_regex_set *set)
{
	struct sieve_regex_range *ranges =
	    arena_array(r->arena, set->count ? set->count : 1, sizeof(*ranges));

	if (!ranges)
		return full(r);
	memcpy(ranges, set->ranges, set->count * sizeof(*ranges));
	set->ranges = ranges;
	return new_step(r, SIEVE_CODE_SET, (uint32_t)(set - r->regex->sets));
}

/* One element of a bracket expression: a class, or a character or range. */
static bool read_element(struct reader *r, struct sieve_regex_set *set)
{
	int32_t from, to;

	if (view_starts(r->rest, VIEW("[:"))) {
		struct view name = view_skip(r->rest, 2);
		ptrdiff_t end = view_find(name, ':');

		if (end < 0 || !view_starts(view_skip(name, (size_t)end), VIEW(":]"))) {
			wrong(r, "has a '[:' that is never closed; it ends with ':]'");
			return false;
		}
		if (!add_class(r, set, view_take(name, (size_t)end)))
			return false;
		r->rest = view_skip(name, (size_t)end + 2);
		return true;
	}
	if (view_starts(r->rest, VIEW("[.")) || view_starts(r->rest, VIEW("[="))) {
		wrong(r, "has '[.' or '[=', which mean nothing here");
		return false;
	}
	from = to = utf8_next(&r->rest);
	if (r->rest.len > 1 && r->rest.data[0] == '-' && r->rest.data[1] != ']') {
		r->rest = view_skip(r->rest, 1);
		to = utf8_next(&r->rest);
	}
	if (from < 0 || to < from) {
		wrong(r, "has a range in '[' whose end comes before its beginning");
		return false;
	}
	return add_range(r, set, from, to);
}

static struct node *read_bracket(struct reader *r)
{
	struct view begin = r->rest;
	struct sieve_regex_set *set = new_set(r);

	if (!set)
		return NULL;
	r->rest = view_skip(r->rest, 1);
	if (view_starts(r->rest, VIEW("^"))) {
		set->inverse = true;
		r->rest = view_skip(r->rest, 1);
	}
	do { /* a ']' that comes first is one of the characters */
		if (view_empty(r->rest)) {
			r->rest = begin;
			return wrong(r, "has a '[' that is never closed");
		}
		if (!read_element(r, set))
			return NULL;
	} while (!view_starts(r->rest, VIEW("]")));
	r->rest = view_skip(r->rest, 1);
	return end_set(r, set);
}

static struct node *class_of(struct reader *r, const char *name, bool inverse)
{
	struct sieve_regex_set *set = new_set(r);

	if (!set || !add_class(r, set, view_from_string(name)))
		return NULL;
	set->inverse = inverse;
	return end_set(r, set);
}

/* ---- the grammar ---- */

static struct node *read_either(struct reader *r);

static struct node *read_character(struct reader *r)
{
	int32_t c = utf8_next(&r->rest);

	if (c < 0)
		return wrong(r, "is not UTF-8");
	if (r->regex->lower && c < 0x80)
		c = ascii_lower((char)c);
	return new_step(r, SIEVE_CODE_CHAR, (uint32_t)c);
}

/* Behind a backslash only what means the same everywhere is taken. */
static struct node *read_escaped(struct reader *r)
{
	char c = r->rest.len > 1 ? r->rest.data[1] : 0;

	if (c == 0)
		return wrong(r, "ends with a '\\' that has nothing to stand before");
	if (ascii_is_digit(c))
		return wrong(r, "refers to a group, which cannot be matched in a time that is known");
	if (c == 'd' || c == 'D')
		return wrong(r, c == 'd'
		                    ? "has a '\\d', which programs understand differently; write [0-9]"
		                    : "has a '\\D', which programs understand differently; write [^0-9]");
	if (ascii_is_alnum(c) && !strchr("wWsS", c))
		return wrong(r, "has a '\\' before a letter, which programs understand differently");
	r->rest = view_skip(r->rest, 1);
	if (!ascii_is_alnum(c))
		return read_character(r);
	r->rest = view_skip(r->rest, 1);
	return class_of(r, ascii_lower(c) == 'w' ? "word" : "space", c == 'W' || c == 'S');
}

static struct node *read_group(struct reader *r)
{
	struct view begin = r->rest;
	struct node *group = new_node(r, NODE_GROUP);

	if (!group)
		return NULL;
	if (++r->depth > SIEVE_REGEX_NESTING_MAX)
		return wrong(r, "has more than 50 groups in one another");
	group->group = r->regex->groups++;
	r->rest = view_skip(r->rest, 1);
	if (view_starts(r->rest, VIEW("?")))
		return wrong(r, "has a '(?', which only other programs understand");
	group->first = read_either(r);
	if (!group->first)
		return NULL;
	if (view_empty(r->rest)) {
		r->rest = begin;
		return wrong(r, "has a '(' that is never closed");
	}
	r->rest = view_skip(r->rest, 1);
	r->depth--;
	return group;
}

static struct node *read_atom(struct reader *r)
{
	switch (r->rest.data[0]) {
	case '[':
		return read_bracket(r);
	case '(':
		return read_group(r);
	case '\\':
		return read_escaped(r);
	case '.':
		r->rest = view_skip(r->rest, 1);
		return new_step(r, SIEVE_CODE_ANY, 0);
	case '^':
		r->rest = view_skip(r->rest, 1);
		return new_step(r, SIEVE_CODE_BEGIN, 0);
	case '$':
		r->rest = view_skip(r->rest, 1);
		return new_step(r, SIEVE_CODE_END, 0);
	case '*':
	case '+':
	case '?':
		return wrong(r, "has a '*', '+' or '?' behind nothing that could be repeated");
	default:
		return read_character(r);
	}
}

/* "3", "3,", "3,5" or ",5" in braces; false: what stands there is not that. */
static bool read_times(struct reader *r, int32_t *least, int32_t *most)
{
	struct view inside = view_skip(r->rest, 1), from, to;
	ptrdiff_t end = view_find(inside, '}'), comma;
	uint64_t a = 0, b = 0;

	if (end < 0)
		return false;
	from = to = view_take(inside, (size_t)end);
	comma = view_find(from, ',');
	if (comma >= 0) {
		to = view_skip(from, (size_t)comma + 1);
		from = view_take(from, (size_t)comma);
	}
	if ((view_empty(from) && view_empty(to)) || (from.len && !view_to_u64(from, UINT32_MAX, &a)) ||
	    (to.len && !view_to_u64(to, UINT32_MAX, &b)))
		return false;
	r->rest = view_skip(inside, (size_t)end + 1);
	if (a > SIEVE_REGEX_TIMES_MAX || b > SIEVE_REGEX_TIMES_MAX)
		wrong(r, "repeats something in '{' more than 255 times");
	else if (to.len && b < a)
		wrong(r, "has times in '{' whose end comes before its beginning");
	*least = (int32_t)a;
	*most = to.len ? (int32_t)b : MANY;
	return true;
}

static bool read_repetition(struct reader *r, int32_t *least, int32_t *most)
{
	char c = r->rest.len ? r->rest.data[0] : 0;

	if (c == '{')
		return read_times(r, least, most);
	if (c != '*' && c != '+' && c != '?')
		return false;
	*least = c == '+';
	*most = c == '?' ? 1 : MANY;
	r->rest = view_skip(r->rest, 1);
	return true;
}

static struct node *read_piece(struct reader *r)
{
	struct node *node = read_atom(r), *repeat;
	int32_t least, most;

	for (unsigned times = 0; node && read_repetition(r, &least, &most); times++) {
		if (node->kind == NODE_STEP &&
		    (node->step.code == SIEVE_CODE_BEGIN || node->step.code == SIEVE_CODE_END))
			return wrong(r, "repeats '^' or '$'");
		if (times == REPEATS_MAX)
			return wrong(r, "repeats what is repeated again and again");
		repeat = new_node(r, NODE_REPEAT);
		if (!repeat)
			return NULL;
		repeat->first = node;
		repeat->least = least;
		repeat->most = most;
		node = repeat;
	}
	return r->error ? NULL : node;
}

static struct node *read_both(struct reader *r)
{
	struct node *both = new_node(r, NODE_BOTH), **end = both ? &both->first : NULL;

	while (both && r->rest.len && r->rest.data[0] != '|' && r->rest.data[0] != ')') {
		*end = read_piece(r);
		if (!*end)
			return NULL;
		end = &(*end)->next;
	}
	return both;
}

static struct node *read_either(struct reader *r)
{
	struct node *either = new_node(r, NODE_EITHER), **end = either ? &either->first : NULL;

	while (either) {
		*end = read_both(r);
		if (!*end)
			return NULL;
		end = &(*end)->next;
		if (!view_starts(r->rest, VIEW("|")))
			break;
		r->rest = view_skip(r->rest, 1);
	}
	return either;
}

/* ---- the program ---- */

static size_t put(struct reader *r, enum sieve_regex_code code, size_t x, size_t y)
{
	struct sieve_regex *regex = r->regex;

	if (regex->count == r->steps_max) {
		wrong(r, "is too long, with all that it repeats");
		return 0;
	}
	regex->steps[regex->count] = (struct sieve_regex_step){(uint8_t)code, (uint32_t)x, (uint32_t)y};
	return regex->count++;
}

static void write_node(struct reader *r, const struct node *node);

/* Each further time is tried before what follows; where it is not, the program goes on behind all of them. */
static void write_repeat(struct reader *r, const struct node *node)
{
	struct sieve_regex_step *steps = r->regex->steps;
	size_t split = UINT32_MAX;

	for (int32_t i = 0; i < node->least && !r->error; i++)
		write_node(r, node->first);
	if (node->most == MANY) {
		split = put(r, SIEVE_CODE_SPLIT, r->regex->count + 1, 0);
		write_node(r, node->first);
		put(r, SIEVE_CODE_JUMP, split, 0);
		steps[split].y = (uint32_t)r->regex->count;
		return;
	}
	for (int32_t i = node->least; i < node->most && !r->error; i++) {
		split = put(r, SIEVE_CODE_SPLIT, r->regex->count + 1, split); /* y leads to the one before */
		write_node(r, node->first);
	}
	while (!r->error && split != UINT32_MAX) {
		size_t before = steps[split].y;

		steps[split].y = (uint32_t)r->regex->count;
		split = before;
	}
}

/* Each alternative but the last may be left for the next; behind each the program goes on at the end. */
static void write_either(struct reader *r, const struct node *node)
{
	struct sieve_regex_step *steps = r->regex->steps;
	size_t last_jump = UINT32_MAX;

	for (const struct node *one = node->first; one && !r->error; one = one->next) {
		size_t split = one->next ? put(r, SIEVE_CODE_SPLIT, r->regex->count + 1, 0) : 0;

		write_node(r, one);
		if (!one->next)
			break;
		last_jump = put(
		    r, SIEVE_CODE_JUMP, last_jump, 0); /* x leads to the one before, until all are known */
		steps[split].y = (uint32_t)r->regex->count;
	}
	while (!r->error && last_jump != UINT32_MAX) {
		size_t before = steps[last_jump].x;

		steps[last_jump].x = (uint32_t)r->regex->count;
		last_jump = before;
	}
}

static void write_group(struct reader *r, const struct node *node)
{
	bool kept = node->group <= SIEVE_MATCHES_MAX;

	if (kept)
		put(r, SIEVE_CODE_SAVE, 2 * node->group, 0);
	write_node(r, node->first);
	if (kept)
		put(r, SIEVE_CODE_SAVE, 2 * node->group + 1, 0);
}

static void write_node(struct reader *r, const struct node *node)
{
	if (++r->visits > VISITS_MAX)
		wrong(r, "is too long, with all that it repeats");
	if (r->error)
		return;
	switch (node->kind) {
	case NODE_STEP:
		put(r, (enum sieve_regex_code)node->step.code, node->step.x, 0);
		return;
	case NODE_BOTH:
		for (const struct node *one = node->first; one; one = one->next)
			write_node(r, one);
		return;
	case NODE_EITHER:
		write_either(r, node);
		return;
	case NODE_REPEAT:
		write_repeat(r, node);
		return;
	default:
		write_group(r, node);
		return;
	}
}

/* ---- where a match may begin ---- */

static void add_first(struct sieve_regex *regex, const struct sieve_regex_step *step)
{
	for (unsigned c = 0; c < 256; c++) {
		bool may = c >= 0x80; /* part of a character that is not looked at here */

		if (step->code == SIEVE_CODE_CHAR)
			may = c < 0x80
			          ? step->x == (unsigned char)(regex->lower ? ascii_lower((char)c) : (char)c)
			          : step->x >= 0x80;
		else if (step->code == SIEVE_CODE_ANY)
			may = true;
		else if (c < 0x80)
			may = sieve_regex_set_has(&regex->sets[step->x], (int32_t)c, regex->lower);
		if (may)
			regex->first[c / 8] = (uint8_t)(regex->first[c / 8] | 1u << c % 8);
	}
}

/* Behind the beginning of the text; `seen` has a place for each step. */
static void find_first(struct sieve_regex *regex, bool *seen, uint32_t *stack)
{
	size_t count = 1;

	stack[0] = 0;
	while (count > 0) {
		uint32_t at = stack[--count];
		const struct sieve_regex_step *step = &regex->steps[at];

		if (seen[at])
			continue;
		seen[at] = true;
		switch (step->code) {
		case SIEVE_CODE_SPLIT:
			stack[count++] = step->y;
			stack[count++] = step->x;
			break;
		case SIEVE_CODE_JUMP:
			stack[count++] = step->x;
			break;
		case SIEVE_CODE_SAVE:
			stack[count++] = at + 1;
			break;
		case SIEVE_CODE_BEGIN:
			break;
		case SIEVE_CODE_END:
		case SIEVE_CODE_MATCH:
			regex->empty = true;
			break;
		default:
			add_first(regex, step);
		}
	}
}

/* ---- the whole ---- */

static int compile(struct reader *r)
{
	struct sieve_regex *regex = r->regex;
	struct node *tree = read_either(r);
	uint32_t *stack;
	bool *seen;

	if (tree && r->rest.len)
		wrong(r, "has a ')' without its '('");
	if (r->error || !tree)
		return r->error;
	r->rest = (struct view){r->all.data + r->all.len, 0};
	write_node(r, tree);
	put(r, SIEVE_CODE_MATCH, 0, 0);
	seen = arena_array(&r->nodes, regex->count, sizeof(*seen));
	stack = arena_array(&r->nodes, 2 * regex->count + 1, sizeof(*stack));
	if (!seen || !stack)
		full(r);
	if (r->error)
		return r->error;
	find_first(regex, seen, stack);
	return 0;
}

/* Copies what was made with room for the most. */
static int keep(struct reader *r, const struct sieve_regex **out)
{
	struct sieve_regex *regex = arena_alloc(r->arena, sizeof(*regex));
	struct sieve_regex_step *steps = arena_array(r->arena, r->regex->count, sizeof(*steps));
	struct sieve_regex_set *sets = arena_array(r->arena, r->regex->set_count + 1, sizeof(*sets));

	if (!regex || !steps || !sets)
		return -ENOMEM;
	*regex = *r->regex;
	memcpy(steps, regex->steps, regex->count * sizeof(*steps));
	if (regex->set_count)
		memcpy(sets, regex->sets, regex->set_count * sizeof(*sets));
	regex->steps = steps;
	regex->sets = sets;
	*out = regex;
	return 0;
}

/* Room for the program: a character makes one step at most, what repeats or chooses three; but braces repeat.
 */
static void measure(struct reader *r)
{
	bool repeats = view_find(r->all, '{') >= 0;

	r->steps_max = 4 * r->all.len + 4;
	if (repeats || r->steps_max > SIEVE_REGEX_PROGRAM_MAX)
		r->steps_max = SIEVE_REGEX_PROGRAM_MAX;
	for (size_t i = 0; i < r->all.len; i++)
		r->sets_max += r->all.data[i] == '[' || r->all.data[i] == '\\';
	if (r->sets_max > SETS_MAX)
		r->sets_max = SETS_MAX;
}

int sieve_regex_compile(struct view pattern, bool lower, struct arena *arena,
    const struct sieve_regex **regex, struct sieve_regex_problem *problem)
{
	struct sieve_regex made = {.lower = lower, .groups = 1};
	struct reader r = {
	    .all = pattern, .rest = pattern, .arena = arena, .regex = &made, .problem = problem};
	int result;

	if (pattern.len > SIEVE_REGEX_MAX) {
		wrong(&r, "is too long: 4,000 octets are the most");
		return -EINVAL;
	}
	measure(&r);
	arena_init(&r.nodes, SIEVE_REGEX_MEMORY_MAX);
	made.steps = arena_array(&r.nodes, r.steps_max, sizeof(*made.steps));
	made.sets = arena_array(&r.nodes, r.sets_max + 1, sizeof(*made.sets));
	result = made.steps && made.sets ? compile(&r) : -ENOMEM;
	if (result == 0)
		result = keep(&r, regex);
	arena_done(&r.nodes);
	return result;
}
