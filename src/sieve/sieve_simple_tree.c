/* What of a script's tree a rule can say, exactly: whatever else stands there makes it text. */
#include "sieve/sieve_simple_private.h"

#include <string.h>

#include "sieve/sieve_tree.h"

/* ---- arguments ---- */

enum {
	TAG_IS = 1 << 0,
	TAG_CONTAINS = 1 << 1,
	TAG_MATCHES = 1 << 2,
	TAG_REGEX = 1 << 3,
	TAG_VALUE = 1 << 4,
	TAG_COMPARATOR = 1 << 5,
	TAG_OVER = 1 << 6,
	TAG_UNDER = 1 << 7,
	TAG_ALL = 1 << 8,
	TAG_LOCALPART = 1 << 9,
	TAG_DOMAIN = 1 << 10,
	TAG_TEXT = 1 << 11,
	TAG_DAYS = 1 << 12,
	TAG_SUBJECT = 1 << 13,
	TAG_COPY = 1 << 14,
	TAG_CREATE = 1 << 15,
	TAG_MIME = 1 << 16,
	TAG_ANYCHILD = 1 << 17,
	TAG_TYPE = 1 << 18,
	TAGS_ATTACHED = TAG_MIME | TAG_ANYCHILD | TAG_TYPE,
	TAGS_MATCH = TAG_IS | TAG_CONTAINS | TAG_MATCHES | TAG_REGEX | TAG_COMPARATOR,
};

static const struct {
	const char *name;
	unsigned tag;
	bool has_value;
} tags[] = {
    {"is", TAG_IS, false},
    {"contains", TAG_CONTAINS, false},
    {"matches", TAG_MATCHES, false},
    {"regex", TAG_REGEX, false},
    {"value", TAG_VALUE, true},
    {"comparator", TAG_COMPARATOR, true},
    {"over", TAG_OVER, false},
    {"under", TAG_UNDER, false},
    {"all", TAG_ALL, false},
    {"localpart", TAG_LOCALPART, false},
    {"domain", TAG_DOMAIN, false},
    {"text", TAG_TEXT, false},
    {"days", TAG_DAYS, true},
    {"subject", TAG_SUBJECT, true},
    {"copy", TAG_COPY, false},
    {"create", TAG_CREATE, false},
    {"mime", TAG_MIME, false},
    {"anychild", TAG_ANYCHILD, false},
    {"type", TAG_TYPE, false},
};

enum { POSITIONALS_MAX = 3 };

struct arguments {
	unsigned given;
	struct view relation, comparator, subject;
	uint64_t days;
	const struct sieve_argument *positionals[POSITIONALS_MAX];
	size_t count;
};

static bool take_value(struct arguments *a, unsigned tag, const struct sieve_argument *value)
{
	if (tag == TAG_DAYS) {
		a->days = value->number;
		return value->kind == SIEVE_ARGUMENT_NUMBER;
	}
	if (value->kind != SIEVE_ARGUMENT_STRING)
		return false;
	if (tag == TAG_VALUE)
		a->relation = value->strings[0];
	else if (tag == TAG_COMPARATOR)
		a->comparator = value->strings[0];
	else
		a->subject = value->strings[0];
	return true;
}

static bool take_tag(struct arguments *a, const struct sieve_node *node, size_t *i)
{
	for (size_t t = 0; t < sizeof(tags) / sizeof(tags[0]); t++) {
		if (!view_equal_nocase(node->arguments[*i].tag, view_from_string(tags[t].name)))
			continue;
		if (a->given & tags[t].tag)
			return false;
		a->given |= tags[t].tag;
		return !tags[t].has_value ||
		       (++*i < node->argument_count && take_value(a, tags[t].tag, &node->arguments[*i]));
	}
	return false;
}

/* All arguments of a node: only tags of `allowed`, and so many others. */
static bool take_arguments(
    struct arguments *a, const struct sieve_node *node, unsigned allowed, size_t positionals)
{
	*a = (struct arguments){0};
	for (size_t i = 0; i < node->argument_count; i++) {
		const struct sieve_argument *argument = &node->arguments[i];

		if (argument->kind == SIEVE_ARGUMENT_TAG) {
			if (a->count > 0 || !take_tag(a, node, &i))
				return false;
		} else if (a->count == POSITIONALS_MAX) {
			return false;
		} else {
			a->positionals[a->count++] = argument;
		}
	}
	return (a->given & ~allowed) == 0 && a->count == positionals;
}

static bool is_text(const struct sieve_argument *argument)
{
	return argument->kind == SIEVE_ARGUMENT_STRING;
}

static bool is_texts(const struct sieve_argument *argument, size_t max)
{
	return (argument->kind == SIEVE_ARGUMENT_STRING || argument->kind == SIEVE_ARGUMENT_LIST) &&
	       argument->count <= max;
}

/* The default comparator, or no name of one. */
static bool is_plain(const struct arguments *a)
{
	return !(a->given & TAG_COMPARATOR) || view_equal(a->comparator, VIEW("i;ascii-casemap"));
}

/* ---- patterns ---- */

/* What a pattern is about that has one '*', at its end or beginning; false: it has more than that. */
static bool take_pattern(struct view pattern, bool begins, struct arena *arena, struct view *literal)
{
	size_t len = 0;
	char *out;

	if (pattern.len < 2 || pattern.data[begins ? pattern.len - 1 : 0] != '*')
		return false;
	pattern = view_take(view_skip(pattern, begins ? 0 : 1), pattern.len - 1);
	out = arena_alloc(arena, pattern.len);
	for (size_t i = 0; out && i < pattern.len; i++) {
		char c = pattern.data[i];

		if (c == '*' || c == '?')
			return false;
		if (c == '\\') {
			if (i + 1 == pattern.len || !strchr("*?\\", pattern.data[i + 1]) ||
			    !pattern.data[i + 1])
				return false;
			c = pattern.data[++i];
		}
		out[len++] = c;
	}
	*literal = view_of(out, len);
	return out != NULL;
}

bool sieve_simple_settle_pattern(struct sieve_simple_condition *c, struct arena *arena)
{
	struct view *literals = arena_array(arena, c->value_count ? c->value_count : 1, sizeof(*literals));

	if (!literals)
		return false;
	for (int begins = 0; begins < 2; begins++) {
		size_t taken = 0;

		while (
		    taken < c->value_count && take_pattern(c->values[taken], begins, arena, &literals[taken]))
			taken++;
		if (taken < c->value_count || taken == 0)
			continue;
		c->values = literals;
		c->how = begins ? SIEVE_SIMPLE_BEGINS : SIEVE_SIMPLE_ENDS;
		return true;
	}
	return true;
}

/* ---- tests ---- */

static bool from_match(const struct arguments *a, struct sieve_simple_condition *c, struct arena *arena)
{
	unsigned match = a->given & (TAG_IS | TAG_CONTAINS | TAG_MATCHES | TAG_REGEX);

	if (!is_plain(a) || (match & (match - 1)))
		return false;
	c->how = match == TAG_CONTAINS  ? SIEVE_SIMPLE_CONTAINS
	         : match == TAG_MATCHES ? SIEVE_SIMPLE_MATCHES
	         : match == TAG_REGEX   ? SIEVE_SIMPLE_REGEX
	                                : SIEVE_SIMPLE_IS;
	return c->how != SIEVE_SIMPLE_MATCHES || sieve_simple_settle_pattern(c, arena);
}

static bool take_names(const struct sieve_argument *argument, struct sieve_simple_condition *c)
{
	c->names = argument->strings;
	c->name_count = argument->count;
	return is_texts(argument, SIEVE_SIMPLE_VALUES_MAX);
}

static bool take_values(const struct sieve_argument *argument, struct sieve_simple_condition *c)
{
	c->values = argument->strings;
	c->value_count = argument->count;
	return is_texts(argument, SIEVE_SIMPLE_VALUES_MAX);
}

/* What put_test of sieve_simple_write.c writes: no other question about parts is a rule's. */
static bool from_attached(const struct arguments *a, struct sieve_simple_condition *c)
{
	bool good = (a->given & TAGS_ATTACHED) == TAGS_ATTACHED && is_plain(a) && c->name_count == 1 &&
	            c->value_count == 1 && !(a->given & (TAG_CONTAINS | TAG_MATCHES | TAG_REGEX)) &&
	            view_equal_nocase(c->names[0], VIEW(SIEVE_SIMPLE_DISPOSITION)) &&
	            view_equal_nocase(c->values[0], VIEW(SIEVE_SIMPLE_ATTACHED));
	*c = (struct sieve_simple_condition){
	    .test = SIEVE_SIMPLE_ATTACHMENT, .how = SIEVE_SIMPLE_THERE, .negated = c->negated};
	return good;
}

static bool from_fields(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	const unsigned parts = c->test == SIEVE_SIMPLE_ADDRESS  ? TAG_ALL | TAG_LOCALPART | TAG_DOMAIN
	                       : c->test == SIEVE_SIMPLE_HEADER ? TAGS_ATTACHED
	                                                        : 0;
	struct arguments a;
	unsigned part;

	if (!take_arguments(&a, node, TAGS_MATCH | parts, 2) || !take_names(a.positionals[0], c) ||
	    !take_values(a.positionals[1], c))
		return false;
	part = a.given & parts;
	if (part & TAGS_ATTACHED)
		return from_attached(&a, c);
	if (part == TAG_DOMAIN)
		c->test = SIEVE_SIMPLE_DOMAIN;
	else if (part == TAG_LOCALPART)
		c->test = SIEVE_SIMPLE_USER;
	else if (part & (part - 1))
		return false;
	return from_match(&a, c, arena);
}

static bool from_exists(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	struct arguments a;

	(void)arena;
	c->how = SIEVE_SIMPLE_THERE;
	return take_arguments(&a, node, 0, 1) && take_names(a.positionals[0], c);
}

static bool from_body(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	struct arguments a;

	return take_arguments(&a, node, TAGS_MATCH | TAG_TEXT, 1) && take_values(a.positionals[0], c) &&
	       from_match(&a, c, arena);
}

static bool from_size(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	struct arguments a;

	(void)arena;
	if (!take_arguments(&a, node, TAG_OVER | TAG_UNDER, 1) ||
	    a.positionals[0]->kind != SIEVE_ARGUMENT_NUMBER)
		return false;
	c->how = a.given == TAG_OVER ? SIEVE_SIMPLE_OVER : SIEVE_SIMPLE_UNDER;
	c->number = a.positionals[0]->number;
	return a.given == TAG_OVER || a.given == TAG_UNDER;
}

static bool take_relation(const struct arguments *a, struct sieve_simple_condition *c)
{
	static const struct {
		const char *name;
		enum sieve_simple_how how;
	} relations[] = {{"lt", SIEVE_SIMPLE_BEFORE}, {"ge", SIEVE_SIMPLE_SINCE}, {"gt", SIEVE_SIMPLE_AFTER},
	    {"le", SIEVE_SIMPLE_UNTIL}};

	if (!(a->given & TAG_VALUE)) {
		c->how = SIEVE_SIMPLE_IS;
		return true;
	}
	if ((a->given & TAG_IS) || c->value_count != 1)
		return false;
	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		if (!view_equal_nocase(a->relation, view_from_string(relations[i].name)))
			continue;
		c->how = relations[i].how;
		return true;
	}
	return false;
}

static bool from_date(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	size_t field = view_equal_nocase(node->name, VIEW("date")) ? 1 : 0;
	struct arguments a;

	(void)arena;
	if (!take_arguments(&a, node, TAG_IS | TAG_VALUE | TAG_COMPARATOR, 2 + field) || !is_plain(&a) ||
	    !is_text(a.positionals[field]) || !take_values(a.positionals[field + 1], c) ||
	    (field && (!is_text(a.positionals[0]) || !take_names(a.positionals[0], c))))
		return false;
	c->part = a.positionals[field]->strings[0];
	return take_relation(&a, c);
}

static bool from_verdict(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	struct arguments a;

	(void)arena;
	c->how = SIEVE_SIMPLE_AT_LEAST;
	return take_arguments(&a, node, TAG_VALUE | TAG_COMPARATOR, 1) &&
	       a.given == (TAG_VALUE | TAG_COMPARATOR) && view_equal_nocase(a.relation, VIEW("ge")) &&
	       view_equal(a.comparator, VIEW("i;ascii-numeric")) && is_text(a.positionals[0]) &&
	       view_to_u64(a.positionals[0]->strings[0], 10, &c->number);
}

static const struct {
	const char *name;
	enum sieve_simple_test test;
	bool (*from)(
	    const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *condition);
} tests[] = {
    {"header", SIEVE_SIMPLE_HEADER, from_fields},
    {"address", SIEVE_SIMPLE_ADDRESS, from_fields},
    {"envelope", SIEVE_SIMPLE_ENVELOPE, from_fields},
    {"exists", SIEVE_SIMPLE_EXISTS, from_exists},
    {"body", SIEVE_SIMPLE_BODY, from_body},
    {"size", SIEVE_SIMPLE_SIZE, from_size},
    {"date", SIEVE_SIMPLE_DATE, from_date},
    {"currentdate", SIEVE_SIMPLE_DATE, from_date},
    {"spamtest", SIEVE_SIMPLE_SPAM, from_verdict},
    {"virustest", SIEVE_SIMPLE_VIRUS, from_verdict},
};

static bool from_test(const struct sieve_node *node, struct arena *arena, struct sieve_simple_condition *c)
{
	*c = (struct sieve_simple_condition){0};
	if (view_equal_nocase(node->name, VIEW("not")) && node->tests && !node->test_list &&
	    node->argument_count == 0) {
		node = node->tests;
		c->negated = true;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (!view_equal_nocase(node->name, view_from_string(tests[i].name)))
			continue;
		c->test = tests[i].test;
		return !node->tests && tests[i].from(node, arena, c);
	}
	return false;
}

static bool from_tests(const struct sieve_node *test, struct arena *arena, struct sieve_simple_rule *rule)
{
	bool any = view_equal_nocase(test->name, VIEW("anyof")),
	     all = view_equal_nocase(test->name, VIEW("allof"));
	size_t count = 0;

	if (view_equal_nocase(test->name, VIEW("true")) && !test->tests && test->argument_count == 0)
		return true;
	if ((any || all) && (!test->test_list || test->argument_count > 0))
		return false;
	if (any || all)
		test = test->tests;
	for (const struct sieve_node *t = test; t; t = any || all ? t->next : NULL)
		count++;
	if (count > SIEVE_SIMPLE_CONDITIONS_MAX)
		return false;
	rule->conditions = arena_array(arena, count, sizeof(*rule->conditions));
	for (; rule->conditions && rule->condition_count < count; test = test->next)
		if (!from_test(test, arena, &rule->conditions[rule->condition_count++]))
			return false;
	rule->any = any && count > 1;
	return rule->conditions != NULL;
}

/* ---- actions ---- */

static bool from_filing(const struct arguments *a, struct sieve_simple_action *action)
{
	action->what = a->given & TAG_COPY ? SIEVE_SIMPLE_COPY : SIEVE_SIMPLE_FILE;
	action->create = a->given & TAG_CREATE;
	return true;
}

static bool from_forward(const struct arguments *a, struct sieve_simple_action *action)
{
	action->copy = a->given & TAG_COPY;
	return true;
}

static bool from_answer(const struct arguments *a, struct sieve_simple_action *action)
{
	bool days = a->given & TAG_DAYS;

	action->subject = a->subject;
	action->days = (uint32_t)a->days;
	return (!days || (a->days > 0 && a->days <= SIEVE_SIMPLE_DAYS_MAX)) &&
	       (!(a->given & TAG_SUBJECT) || !view_empty(a->subject));
}

static const struct {
	const char *name;
	enum sieve_simple_do what;
	unsigned allowed;
	bool has_text;
	bool (*from)(const struct arguments *a, struct sieve_simple_action *action);
} commands[] = {
    {"fileinto", SIEVE_SIMPLE_FILE, TAG_COPY | TAG_CREATE, true, from_filing},
    {"redirect", SIEVE_SIMPLE_FORWARD, TAG_COPY, true, from_forward},
    {"reject", SIEVE_SIMPLE_REJECT, 0, true, NULL},
    {"vacation", SIEVE_SIMPLE_ANSWER, TAG_DAYS | TAG_SUBJECT, true, from_answer},
    {"discard", SIEVE_SIMPLE_DISCARD, 0, false, NULL},
    {"keep", SIEVE_SIMPLE_KEEP, 0, false, NULL},
    {"stop", SIEVE_SIMPLE_STOP, 0, false, NULL},
};

static bool from_command(const struct sieve_node *node, struct sieve_simple_action *action)
{
	struct arguments a;

	*action = (struct sieve_simple_action){0};
	if (node->tests || node->has_block)
		return false;
	if (view_equal_nocase(node->name, VIEW("addflag"))) {
		if (!take_arguments(&a, node, 0, 1) || !is_texts(a.positionals[0], SIEVE_SIMPLE_VALUES_MAX))
			return false;
		action->what = SIEVE_SIMPLE_FLAGS;
		action->flags = a.positionals[0]->strings;
		action->flag_count = a.positionals[0]->count;
		return true;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!view_equal_nocase(node->name, view_from_string(commands[i].name)))
			continue;
		if (!take_arguments(&a, node, commands[i].allowed, commands[i].has_text ? 1 : 0) ||
		    (commands[i].has_text && !is_text(a.positionals[0])))
			return false;
		action->what = commands[i].what;
		if (commands[i].has_text)
			action->text = a.positionals[0]->strings[0];
		return !commands[i].from || commands[i].from(&a, action);
	}
	return false;
}

static bool take_actions(const struct sieve_node *first, const struct sieve_node *after, struct arena *arena,
    struct sieve_simple_rule *rule)
{
	size_t count = 0;

	for (const struct sieve_node *node = first; node != after; node = node->next)
		count++;
	if (count == 0 || count > SIEVE_SIMPLE_ACTIONS_MAX)
		return false;
	rule->actions = arena_array(arena, count, sizeof(*rule->actions));
	for (const struct sieve_node *node = first; rule->actions && node != after; node = node->next)
		if (!from_command(node, &rule->actions[rule->action_count++]))
			return false;
	return rule->actions != NULL;
}

bool sieve_simple_from_actions(const struct sieve_node *node, const struct sieve_node *after,
    struct arena *arena, struct sieve_simple_rule *rule)
{
	*rule = (struct sieve_simple_rule){.enabled = true};
	return take_actions(node, after, arena, rule);
}

bool sieve_simple_from_node(
    const struct sieve_node *node, struct arena *arena, struct sieve_simple_rule *rule)
{
	*rule = (struct sieve_simple_rule){.enabled = true};
	return view_equal_nocase(node->name, VIEW("if")) && node->argument_count == 0 && node->tests &&
	       !node->test_list && node->has_block && from_tests(node->tests, arena, rule) &&
	       take_actions(node->block, NULL, arena, rule);
}
