/*
 * Makes a program of a tree. It follows the tree by recursion, which the parser has limited, and goes on
 * behind each error.
 */
#include "sieve/sieve_check.h"

#include "base/utf8.h"

/* ---- tests and blocks ---- */

static struct sieve_step *check_node(
    struct sieve_checker *c, const struct sieve_node *node, enum sieve_kind kind);

static void refuse_tests(
    struct sieve_checker *c, const struct sieve_node *node, const struct sieve_word *word)
{
	const struct sieve_node *test = node->tests;
	const struct sieve_word *command = sieve_word_find(test->name, SIEVE_COMMAND, c->language->extra);

	if (!node->test_list && (command || test->place.line > node->place.line))
		sieve_check_error(c, test->place,
		    "a ';' is missing before %s: the %s %s in line %u ends with one",
		    sieve_quote(test->name).text, sieve_kind_name(word), word->name,
		    (unsigned)node->place.line);
	else
		sieve_check_error(c, test->place, "the %s %s takes no test, but %s stands here",
		    sieve_kind_name(word), word->name, sieve_quote(test->name).text);
}

static bool test_is_never(const struct sieve_step *step)
{
	bool all = view_equal(view_from_string(step->word->name), VIEW("allof"));

	if (!all && !view_equal(view_from_string(step->word->name), VIEW("anyof")))
		return step->never;
	for (const struct sieve_step *t = step->tests; t; t = t->next)
		if (t->never == all)
			return all;
	return !all;
}

/* Makes the tests of a node. What ihave makes known holds for the tests behind it, and for the block, where
 * all of them must hold. */
static void check_tests(struct sieve_checker *c, const struct sieve_node *node, struct sieve_step *step)
{
	bool all = step->word->kind == SIEVE_COMMAND ||
	           view_equal(view_from_string(step->word->name), VIEW("allof"));
	uint64_t required = c->required;
	struct sieve_step **end = &step->tests;

	for (const struct sieve_node *test = node->tests; test; test = test->next) {
		*end = check_node(c, test, SIEVE_TEST);
		if (!all)
			c->required = required;
		if (!*end)
			continue;
		if (all && (*end)->never)
			break; /* what follows is never asked, and may use what is not known */
		end = &(*end)->next;
	}
	step->never = step->never || (step->tests && test_is_never(step));
}

/* `good`: nothing was wrong with the node so far. One mistake of its own form is told of each. */
static bool take_tests(
    struct sieve_checker *c, const struct sieve_node *node, struct sieve_step *step, bool good)
{
	const struct sieve_word *word = step->word;

	if (word->tests == SIEVE_NO_TEST) {
		if (node->tests && good)
			refuse_tests(c, node, word);
		return good && !node->tests;
	}
	if (node->tests && node->test_list == (word->tests == SIEVE_TEST_LIST)) {
		check_tests(c, node, step);
		return good;
	}
	if (!good)
		return false;
	if (!node->tests)
		sieve_check_error(c, node->place, "the %s %s needs %s", sieve_kind_name(word), word->name,
		    word->tests == SIEVE_ONE_TEST ? "a test" : "tests in '(' and ')'");
	else if (word->tests == SIEVE_ONE_TEST)
		sieve_check_error(c, node->place,
		    "the %s %s takes one test; several ones need anyof or allof before the '('",
		    sieve_kind_name(word), word->name);
	else
		sieve_check_error(c, node->place, "the tests of %s must stand in '(' and ')'", word->name);
	return false;
}

static struct sieve_step *check_commands(struct sieve_checker *c, const struct sieve_node *first);

static void check_block(struct sieve_checker *c, const struct sieve_node *node, struct sieve_step *step)
{
	bool loop = step->word->loop;

	if (loop && c->loop_count == SIEVE_LOOPS_MAX) {
		sieve_check_error(c, step->place, "%s stands in %d others; more is not possible",
		    step->word->name, SIEVE_LOOPS_MAX);
		return;
	}
	if (loop)
		c->loops[c->loop_count++] = step;
	c->depth++;
	step->block = check_commands(c, node->block);
	c->depth--;
	if (loop)
		c->loop_count--;
}

static void take_block(
    struct sieve_checker *c, const struct sieve_node *node, struct sieve_step *step, bool good)
{
	const struct sieve_word *word = step->word;

	if (word->kind == SIEVE_TEST)
		return; /* the grammar gives tests no block */
	if (word->block != node->has_block) {
		if (good)
			sieve_check_error(c, node->place, "the command %s %s", word->name,
			    word->block ? "needs a block in '{' and '}'"
			                : "takes no block; it ends with ';'");
	} else if (node->has_block && !(step->tests && step->tests->never)) {
		check_block(c, node, step);
	}
}

/* ---- require: RFC 5228 section 3.2 ---- */

static bool is_named(const struct sieve_node *node, const char *name)
{
	return node && view_equal_nocase(node->name, view_from_string(name));
}

static void refuse_extension(struct sieve_checker *c, struct sieve_place place, struct view name)
{
	const char *absent = sieve_extension_absent(name), *near = sieve_extension_near(name);

	if (near && !sieve_language_has(c->language, sieve_extension_by_name(view_from_string(near))))
		near = NULL;
	if (absent)
		sieve_check_error(c, place, "there is no extension %s: %s", sieve_quote(name).text, absent);
	else if (!(near && view_equal_nocase(name, view_from_string(near))) &&
	         (sieve_word_find(name, SIEVE_COMMAND, NULL) || sieve_word_find(name, SIEVE_TEST, NULL)))
		sieve_check_error(
		    c, place, "%s is no extension: leave it out of the require", sieve_quote(name).text);
	else
		sieve_check_error(c, place, "there is no extension %s%s%s%s", sieve_quote(name).text,
		    near ? "; is '" : "", near ? near : "", near ? "' meant?" : "");
}

/* Capabilities are names of this program, so each string is judged here. */
static void take_extensions(
    struct sieve_checker *c, const struct sieve_node *node, const struct sieve_step *step)
{
	bool formed = !node->tests && !node->has_block; /* else that is what is told of it */
	const struct sieve_value *names = sieve_positional(step, 0);

	for (uint32_t i = 0; i < names->count; i++) {
		enum sieve_extension extension = sieve_extension_by_name(names->strings[i]);

		if (!sieve_check_enable(c, names->strings[i], &c->required)) {
			if (formed)
				refuse_extension(c, names->place, names->strings[i]);
		} else if (extension < SIEVE_EXTENSIONS && c->places[extension].line == 0) {
			c->places[extension] = names->place;
		}
	}
}

/* ---- names ---- */

static const struct sieve_word *find_word(
    struct sieve_checker *c, const struct sieve_node *node, enum sieve_kind kind)
{
	const struct sieve_words *extra = c->language->extra;
	const struct sieve_word *word = sieve_word_find(node->name, kind, extra);
	const char *near;

	if (word && (word->extension <= SIEVE_INTERNAL || sieve_language_has(c->language, word->extension))) {
		if (sieve_check_requires(c, word->extension)) {
			sieve_check_uses(c, word->extension);
			return word;
		}
		sieve_check_error(c, node->place,
		    "the %s %s is not known here: the script must begin with require \"%s\";",
		    sieve_kind_name(word), word->name, sieve_extension_name(word->extension));
		return NULL;
	}
	if (kind == SIEVE_COMMAND && sieve_word_find(node->name, SIEVE_TEST, extra)) {
		sieve_check_error(c, node->place,
		    "%s is a test and no command; a test stands behind if, as in: if %.*s ... { ... }",
		    sieve_quote(node->name).text, VIEW_FMT(node->name));
		return NULL;
	}
	if (kind == SIEVE_TEST && sieve_word_find(node->name, SIEVE_COMMAND, extra)) {
		sieve_check_error(
		    c, node->place, "%s is a command and no test", sieve_quote(node->name).text);
		return NULL;
	}
	near = sieve_word_near(node->name, kind, extra);
	sieve_check_error(c, node->place, "there is no %s %s%s%s%s", kind == SIEVE_TEST ? "test" : "command",
	    sieve_quote(node->name).text, near ? "; is '" : "", near ? near : "", near ? "' meant?" : "");
	return NULL;
}

/* ---- what may not have been meant ---- */

/* A key such as "*list*", where it is no wildcard. */
static void warn_of_asterisks(struct sieve_checker *c, const struct sieve_step *step)
{
	size_t positionals = sieve_word_positionals(step->word);
	const struct sieve_value *keys = positionals ? sieve_positional(step, positionals - 1) : NULL;

	if (!(step->word->has & SIEVE_HAS_MATCH) || !keys || step->match > SIEVE_CONTAINS)
		return;
	for (uint32_t i = 0; i < keys->count; i++) {
		struct view key = keys->strings[i];

		if (key.len > 1 && (key.data[0] == '*' || key.data[key.len - 1] == '*')) {
			sieve_check_warn(c, keys->place,
			    "in %s a '*' stands for itself: only :matches takes it for any text",
			    sieve_quote(key).text);
			return;
		}
	}
}

static bool ends_script(const struct sieve_step *step)
{
	struct view name = view_from_string(step->word->name);

	return step->word->kind == SIEVE_COMMAND &&
	       (view_equal(name, VIEW("stop")) || view_equal(name, VIEW("error")));
}

/* Extensions that are required, and that nothing needs. Behind a test that is never true nothing is looked
 * at, so with ihave nobody can tell. */
static void warn_of_extensions(struct sieve_checker *c)
{
	static const struct {
		enum sieve_extension extension, by; /* needed by what needs the other */
	} also[] = {
	    {SIEVE_X_VARIABLES, SIEVE_X_EXTRACTTEXT},
	    {SIEVE_X_VARIABLES, SIEVE_X_INCLUDE},
	    {SIEVE_X_SPAMTESTPLUS, SIEVE_X_SPAMTEST},
	    {SIEVE_X_SPAMTEST, SIEVE_X_SPAMTESTPLUS},
	    {SIEVE_X_VACATION, SIEVE_X_VACATION_SECONDS},
	};
	uint64_t used = c->used | UINT64_C(1) << SIEVE_X_IMAPSIEVE; /* it says where the script runs */

	if (sieve_check_requires(c, SIEVE_X_IHAVE))
		return;
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (used >> also[i].by & 1)
			used |= UINT64_C(1) << also[i].extension;
	for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++)
		if (c->places[i].line > 0 && !(used >> i & 1))
			sieve_check_warn(c, c->places[i], "nothing in the script needs the extension %s",
			    sieve_extension_name(i));
}

static struct sieve_step *check_node(
    struct sieve_checker *c, const struct sieve_node *node, enum sieve_kind kind)
{
	const struct sieve_word *word = find_word(c, node, kind);
	size_t slots = word ? sieve_word_positionals(word) + word->tag_count : 0;
	uint64_t required = c->required;
	struct sieve_step *step;
	size_t errors;
	bool good;

	if (!word)
		return NULL;
	step = sieve_check_room(c, node->place, 1, sizeof(*step));
	if (!step)
		return NULL;
	*step = (struct sieve_step){.word = word, .line = node->place.line, .place = node->place};
	step->values = slots ? sieve_check_room(c, node->place, slots, sizeof(*step->values)) : NULL;
	if (slots && !step->values)
		return NULL;
	good = sieve_check_arguments(c, node, step);
	if (good)
		warn_of_asterisks(c, step);
	if (good && is_named(node, "require"))
		take_extensions(c, node, step);
	errors = c->errors->count + c->errors->more;
	good = take_tests(c, node, step, good) && c->errors->count + c->errors->more == errors;
	take_block(c, node, step, good);
	if (word->kind == SIEVE_COMMAND && word->block)
		c->required = required; /* what ihave has made known ends with its block */
	return step;
}

/* What a misplaced require names is known from here on, so that nothing more is said of it. */
static void enable_silently(struct sieve_checker *c, const struct sieve_node *node)
{
	for (size_t i = 0; i < node->argument_count; i++)
		for (size_t j = 0; j < node->arguments[i].count; j++)
			(void)sieve_check_enable(c, node->arguments[i].strings[j], &c->required);
}

/* RFC 5228 section 3.1: elsif and else follow if and elsif. False: nothing more is to be said of the command.
 */
static bool check_order(
    struct sieve_checker *c, const struct sieve_node *node, const struct sieve_node *before)
{
	bool chain = is_named(node, "elsif") || is_named(node, "else");

	if (is_named(node, "require")) {
		if (!c->settled && c->depth == 0)
			return true;
		sieve_check_error(c, node->place,
		    "require must stand at the beginning of the script, before all other commands");
		enable_silently(c, node);
		return false;
	}
	c->settled = true;
	if (is_named(node, "else") && is_named(node->tests, "if")) {
		sieve_check_error(c, node->place, "'else if' is written as 'elsif'");
		return false;
	}
	if (chain && !is_named(before, "if") && !is_named(before, "elsif"))
		sieve_check_error(c, node->place, "%.*s must stand right behind the block of an if or elsif",
		    VIEW_FMT(node->name));
	return true;
}

/* "rule:[Name]", as webmails write it, "# Name" behind another '#'. */
struct view sieve_rule_name(struct view comment)
{
	struct view name = {0};

	if (view_starts_nocase(comment, VIEW("rule:[")) && comment.data[comment.len - 1] == ']')
		name = view_skip(view_take(comment, comment.len - 1), 6);
	else if (view_starts(comment, VIEW("#")) && view_find(view_skip(comment, 1), '#') < 0)
		name = view_trim(view_skip(comment, 1));
	return name.len <= SIEVE_RULE_NAME_MAX && utf8_valid(name) ? name : (struct view){0};
}

/* Gives a command at the top its rule: sieve_outcome.h, struct sieve_reason. */
static void number_rule(
    struct sieve_checker *c, struct sieve_step *step, const struct sieve_step *before, struct view comment)
{
	if (step->word->chained && before) {
		step->rule = before->rule;
		step->rule_name = before->rule_name;
		return;
	}
	step->rule_name = sieve_rule_name(comment);
	if ((step->word->block && step->word->tests == SIEVE_ONE_TEST) || !view_empty(step->rule_name))
		step->rule = ++c->rules;
}

static struct sieve_step *check_commands(struct sieve_checker *c, const struct sieve_node *first)
{
	struct sieve_step *commands = NULL, **end = &commands, *last = NULL;
	const struct sieve_node *before = NULL;

	for (const struct sieve_node *node = first; node; node = node->next) {
		bool good = check_order(c, node, before);

		before = node;
		*end = good ? check_node(c, node, SIEVE_COMMAND) : NULL;
		if (!*end)
			continue;
		if (last && ends_script(last))
			sieve_check_warn(c, node->place,
			    "this is never reached: the command %s in line %u ends the script before it",
			    last->word->name, (unsigned)last->line);
		if (c->depth == 0)
			number_rule(c, *end, last, node->comment);
		last = *end;
		end = &last->next;
	}
	return commands;
}

/* Extensions that are of no use without others. */
static void check_needs(struct sieve_checker *c)
{
	static const struct {
		enum sieve_extension extension, needs;
	} needs[] = {
	    {SIEVE_X_EXTRACTTEXT, SIEVE_X_VARIABLES},
	    {SIEVE_X_EXTRACTTEXT, SIEVE_X_FOREVERYPART},
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (c->places[needs[i].extension].line > 0 && !sieve_check_requires(c, needs[i].needs))
			sieve_check_error(c, c->places[needs[i].extension],
			    "the extension %s works only together with %s: require that, too",
			    sieve_extension_name(needs[i].extension), sieve_extension_name(needs[i].needs));
}

bool sieve_compile_warned(struct view script, const struct sieve_language *language, struct arena *arena,
    struct sieve_errors *errors, struct sieve_errors *warnings, struct sieve_program *program)
{
	struct sieve_checker c = {
	    .language = language, .arena = arena, .errors = errors, .warnings = warnings};
	struct sieve_node *tree;
	struct sieve_step *first;
	bool good;

	good = sieve_tree_parse(script, arena, errors, &tree);
	first = good ? check_commands(&c, tree) : NULL;
	if (good)
		check_needs(&c);
	good = good && !c.failed;
	if (!good) {
		sieve_errors_sort(errors);
		return false;
	}
	warn_of_extensions(&c);
	if (warnings)
		sieve_errors_sort(warnings);
	*program = (struct sieve_program){first, sieve_check_requires(&c, SIEVE_X_VARIABLES)};
	return true;
}

bool sieve_compile(struct view script, const struct sieve_language *language, struct arena *arena,
    struct sieve_errors *errors, struct sieve_program *program)
{
	return sieve_compile_warned(script, language, arena, errors, NULL, program);
}
