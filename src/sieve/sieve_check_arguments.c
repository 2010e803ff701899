/* The arguments of one command or test: tags, positional arguments, texts, by the row of its word. */
#include "sieve/sieve_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sieve/sieve_regex.h"
#include "sieve/sieve_text.h"

enum { INDEX_MAX = 1000000 }; /* fields of one name: a header has room for fewer */

/* ---- texts ---- */

/* Of the numbered variables, those that there are: ${0} to ${32}, also with zeros before them. */
static bool is_match(struct view name)
{
	uint64_t number;

	return view_to_u64(name, SIEVE_MATCHES_MAX, &number);
}

/* "global.name": RFC 6609 section 3.4.2. */
static bool is_global(const struct sieve_checker *c, struct view name)
{
	struct view rest = view_skip(name, 7);

	return view_starts_nocase(name, VIEW("global.")) && sieve_check_requires(c, SIEVE_X_INCLUDE) &&
	       !sieve_use_problem(SIEVE_USE_VARIABLE, rest) && view_find(rest, '.') < 0;
}

static void check_text(
    struct sieve_checker *c, struct sieve_place place, const struct sieve_positional *p, struct view text)
{
	struct view rest = text, before, name;
	const char *problem;
	bool constant = true;

	while (sieve_check_requires(c, SIEVE_X_VARIABLES) && sieve_text_next(&rest, &before, &name)) {
		constant = false;
		sieve_check_uses(c, SIEVE_X_VARIABLES);
		if (view_find(name, '.') >= 0)
			sieve_check_uses(c, SIEVE_X_INCLUDE); /* the only one that has a namespace */
		if (is_global(c, name))
			;
		else if (view_find(name, '.') >= 0)
			sieve_check_error(c, place,
			    "${%.*s} stands for nothing: there is no such namespace of variables",
			    name.len > 60 ? 60 : (int)name.len, name.data);
		else if (ascii_is_digit(name.data[0]) && !is_match(name))
			sieve_check_error(c, place,
			    "${%.*s} stands for nothing: a match keeps its first 32 parts",
			    name.len > 60 ? 60 : (int)name.len, name.data);
		else if (!ascii_is_digit(name.data[0]) && name.len > SIEVE_VARIABLE_NAME_MAX)
			sieve_check_error(c, place,
			    "%s is too long: a variable's name has at most %d letters",
			    sieve_quote(name).text, SIEVE_VARIABLE_NAME_MAX);
	}
	if (p->use == SIEVE_USE_VARIABLE && view_find(text, '.') >= 0)
		sieve_check_uses(c, SIEVE_X_INCLUDE);
	if (!constant && p->use != SIEVE_USE_VARIABLE)
		return;
	problem = sieve_use_problem(p->use, text);
	if (!problem && p->use == SIEVE_USE_VARIABLE && view_find(text, '.') >= 0 &&
	    !sieve_check_requires(c, SIEVE_X_INCLUDE))
		problem = "cannot be set: there is no such namespace without require \"include\";";
	if (problem)
		sieve_check_error(c, place, "%s %s", sieve_quote(text).text, problem);
}

static void set_strings(struct sieve_checker *c, const struct sieve_argument *a,
    const struct sieve_positional *p, struct sieve_value *value)
{
	struct view *texts = sieve_check_room(c, a->place, a->count, sizeof(*texts)), wrong;

	if (!texts)
		return;
	memcpy(texts, a->strings, a->count * sizeof(*texts));
	for (size_t i = 0; i < a->count; i++) {
		int result = sieve_check_requires(c, SIEVE_X_ENCODED_CHARACTER)
		                 ? sieve_text_decode(&texts[i], c->arena, &wrong)
		                 : 0;

		if (result == 0 && texts[i].data != a->strings[i].data)
			sieve_check_uses(c, SIEVE_X_ENCODED_CHARACTER);
		if (result == -EINVAL)
			sieve_check_error(
			    c, a->place, "there is no character with the number %s", sieve_quote(wrong).text);
		else if (result)
			sieve_check_error(c, a->place, "the script is too large to be compiled");
		else
			check_text(c, a->place, p, texts[i]);
	}
	*value = (struct sieve_value){SIEVE_IS_STRINGS, (uint32_t)a->count, a->place, 0, texts};
}

/* ---- arguments ---- */

static const char *type_name(enum sieve_type type)
{
	return type == SIEVE_NUMBER   ? "a number"
	       : type == SIEVE_STRING ? "a string"
	                              : "a string or a list of strings";
}

static struct sieve_quoted describe(const struct sieve_argument *a)
{
	struct sieve_token token = {.kind = SIEVE_TOKEN_MARK, .text = VIEW("a list")};
	char number[24];

	if (a->kind == SIEVE_ARGUMENT_NUMBER) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)a->number);
		token.kind = SIEVE_TOKEN_NUMBER;
		token.text = view_from_string(number);
	} else if (a->kind != SIEVE_ARGUMENT_LIST) {
		token.kind = a->kind == SIEVE_ARGUMENT_TAG ? SIEVE_TOKEN_TAG : SIEVE_TOKEN_STRING;
		token.text = a->kind == SIEVE_ARGUMENT_TAG ? a->tag : a->strings[0];
	}
	return sieve_token_describe(&token);
}

static bool has_type(const struct sieve_argument *a, enum sieve_type type)
{
	return type == SIEVE_NUMBER ? a->kind == SIEVE_ARGUMENT_NUMBER
	                            : a->kind == SIEVE_ARGUMENT_STRING ||
	                                  (a->kind == SIEVE_ARGUMENT_LIST && type == SIEVE_STRING_LIST);
}

static void set_value(struct sieve_checker *c, const struct sieve_argument *a,
    const struct sieve_positional *p, struct sieve_value *value)
{
	if (a->kind == SIEVE_ARGUMENT_NUMBER)
		*value = (struct sieve_value){SIEVE_IS_NUMBER, 0, a->place, a->number, NULL};
	else
		set_strings(c, a, p, value);
}

/* The arguments of one command or test, while they are taken. */
struct taking {
	struct sieve_checker *c;
	const struct sieve_node *node;
	const struct sieve_word *word;
	struct sieve_step *step;
	size_t at;
	unsigned seen_match, seen_part, seen_comparator;
	uint64_t groups; /* of the word's own tags */
	const struct sieve_argument *positionals[SIEVE_POSITIONALS_MAX];
	size_t count;
	bool failed;
	bool missing; /* ... since an extension was not required; of those each is told */
};

/* One error is told of the arguments of a command: what follows a first mistake is often no other one. */
static void complain(struct taking *t, struct sieve_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(struct taking *t, struct sieve_place place, const char *format, ...)
{
	char text[800];
	va_list args;

	if (t->failed)
		return;
	t->failed = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sieve_check_error(t->c, place, "%s", text);
}

static void wrong(struct taking *t, struct sieve_place place, const char *text)
{
	complain(t, place, "the %s %s %s", sieve_kind_name(t->word), t->word->name, text);
}

/* What stands behind a tag, if it is of the type; the tag is the argument at `at`. */
static const struct sieve_argument *tag_value(
    struct taking *t, const char *tag, const char *what, enum sieve_type type)
{
	const struct sieve_argument *tag_argument = &t->node->arguments[t->at];
	const struct sieve_argument *a = t->at + 1 < t->node->argument_count ? tag_argument + 1 : NULL;

	if (a && has_type(a, type)) {
		t->at++;
		return a;
	}
	complain(t, a ? a->place : tag_argument->place,
	    "behind :%s %s was expected (%s), but %s stands there", tag, type_name(type), what,
	    a ? describe(a).text : "nothing");
	if (a && a->kind != SIEVE_ARGUMENT_TAG)
		t->at++; /* it stands for the value */
	return NULL;
}

static bool needs(
    struct taking *t, struct sieve_place place, const char *what, enum sieve_extension extension)
{
	if (sieve_check_requires(t->c, extension)) {
		sieve_check_uses(t->c, extension);
		return true;
	}
	if (t->failed && !t->missing)
		return false;
	t->failed = t->missing = true;
	sieve_check_error(t->c, place, "%s is not known here: the script must begin with require \"%s\";",
	    what, sieve_extension_name(extension));
	return false;
}

static void only_one(struct taking *t, const struct sieve_argument *a, unsigned *seen, const char *what)
{
	if ((*seen)++ == 0)
		return;
	complain(t, a->place, ":%.*s is one %s too many: %s %s takes one at most", VIEW_FMT(a->tag), what,
	    sieve_kind_name(t->word), t->word->name);
}

static bool take_match(struct taking *t, const struct sieve_argument *a)
{
	static const char *const names[SIEVE_MATCH_TYPES] = {
	    "is", "contains", "matches", "value", "count", "list", "regex"};
	const struct sieve_argument *value;
	unsigned match = 0;

	while (match < SIEVE_MATCH_TYPES && !view_equal_nocase(a->tag, view_from_string(names[match])))
		match++;
	if (match == SIEVE_MATCH_TYPES)
		return false;
	only_one(t, a, &t->seen_match, "match type");
	t->step->match = (uint8_t)match;
	if (match == SIEVE_LIST)
		needs(t, a->place, ":list", SIEVE_X_EXTLISTS);
	if (match == SIEVE_REGEX)
		needs(t, a->place, ":regex", SIEVE_X_REGEX);
	if (match < SIEVE_VALUE || match == SIEVE_LIST || match == SIEVE_REGEX ||
	    !needs(t, a->place, match == SIEVE_VALUE ? ":value" : ":count", SIEVE_X_RELATIONAL))
		return true;
	value = tag_value(t, names[match], "how to compare", SIEVE_STRING);
	if (!value)
		return true;
	t->step->relation = (uint8_t)sieve_relation_by_name(value->strings[0]);
	if (t->step->relation == SIEVE_RELATIONS) {
		complain(t, value->place, "%s is no way to compare; there are eq, ne, gt, ge, lt and le",
		    sieve_quote(value->strings[0]).text);
		t->step->relation = 0;
	}
	return true;
}

/* Those that every script has can be required all the same. */
static void use_comparator(struct sieve_checker *c, enum sieve_comparator comparator)
{
	static const enum sieve_extension extensions[SIEVE_COMPARATORS] = {
	    [SIEVE_ASCII_CASEMAP] = SIEVE_X_COMPARATOR_ASCII_CASEMAP,
	    [SIEVE_OCTET] = SIEVE_X_COMPARATOR_OCTET,
	    [SIEVE_ASCII_NUMERIC] = SIEVE_X_COMPARATOR_NUMERIC,
	    [SIEVE_UNICODE_CASEMAP] = SIEVE_X_COMPARATOR_UNICODE,
	};

	sieve_check_uses(c, extensions[comparator]);
}

static bool take_comparator(struct taking *t, const struct sieve_argument *a)
{
	const struct sieve_argument *value;
	enum sieve_comparator comparator;

	if (!view_equal_nocase(a->tag, VIEW("comparator")))
		return false;
	only_one(t, a, &t->seen_comparator, "comparator");
	value = tag_value(t, "comparator", "a comparator's name", SIEVE_STRING);
	if (!value)
		return true;
	comparator = sieve_comparator_by_name(value->strings[0]);
	if (comparator == SIEVE_COMPARATORS) {
		complain(t, value->place,
		    "there is no comparator %s; there are i;ascii-casemap, i;octet, i;ascii-numeric and "
		    "i;unicode-casemap",
		    sieve_quote(value->strings[0]).text);
	} else if (needs(t, value->place, sieve_quote(value->strings[0]).text,
	               sieve_comparator_extension(comparator))) {
		t->step->comparator = (uint8_t)comparator;
		use_comparator(t->c, comparator);
	}
	return true;
}

static bool take_part(struct taking *t, const struct sieve_argument *a)
{
	static const char *const names[SIEVE_ADDRESS_PARTS] = {
	    "all", "localpart", "domain", "user", "detail"};
	unsigned part = 0;

	while (part < SIEVE_ADDRESS_PARTS && !view_equal_nocase(a->tag, view_from_string(names[part])))
		part++;
	if (part == SIEVE_ADDRESS_PARTS)
		return false;
	only_one(t, a, &t->seen_part, "address part");
	if (part < SIEVE_USER ||
	    needs(t, a->place, part == SIEVE_USER ? ":user" : ":detail", SIEVE_X_SUBADDRESS))
		t->step->part = (uint8_t)part;
	return true;
}

static bool take_index(struct taking *t, const struct sieve_argument *a)
{
	const struct sieve_argument *value;

	if (view_equal_nocase(a->tag, VIEW("last"))) {
		if (needs(t, a->place, ":last", SIEVE_X_INDEX))
			t->step->last = true;
		return true;
	}
	if (!view_equal_nocase(a->tag, VIEW("index")))
		return false;
	value = needs(t, a->place, ":index", SIEVE_X_INDEX)
	            ? tag_value(t, "index", "which field is meant", SIEVE_NUMBER)
	            : NULL;
	if (!value)
		return true;
	if (value->number == 0 || value->number > INDEX_MAX) {
		complain(t, value->place,
		    "behind :index a number from 1 on was expected; the first field is number 1");
		return true;
	}
	t->step->index = (uint32_t)value->number;
	return true;
}

static bool take_own(struct taking *t, const struct sieve_argument *a)
{
	size_t positionals = sieve_word_positionals(t->word);
	struct sieve_value *values;
	const struct sieve_argument *value;
	const struct sieve_tag *tag;
	char name[SIEVE_IDENTIFIER_MAX + 2];
	size_t i = 0;

	while (i < t->word->tag_count && !view_equal_nocase(a->tag, view_from_string(t->word->tags[i].name)))
		i++;
	if (i == t->word->tag_count)
		return false;
	values = t->step->values + positionals;
	tag = &t->word->tags[i];
	snprintf(name, sizeof(name), ":%s", tag->name);
	if (!needs(t, a->place, name, tag->extension)) {
		if (tag->value.type != SIEVE_NOTHING)
			t->at++;
		return true;
	}
	if (tag->refused) {
		complain(t, a->place, "%s is not possible here: %s", name, tag->refused);
		return true;
	}
	if (values[i].kind != SIEVE_ABSENT || (tag->group && (t->groups >> tag->group & 1))) {
		complain(t, a->place,
		    values[i].kind != SIEVE_ABSENT
		        ? "%s stands here for the second time"
		        : "%s cannot stand beside the tag of its kind that came before it",
		    name);
	}
	t->groups |= tag->group ? UINT64_C(1) << tag->group : 0;
	values[i] = (struct sieve_value){.kind = SIEVE_GIVEN, .place = a->place};
	if (tag->value.type == SIEVE_NOTHING)
		return true;
	value = tag_value(t, tag->name, tag->value.what, tag->value.type);
	if (value)
		set_value(t->c, value, &tag->value, &values[i]);
	return true;
}

static void unknown_tag(struct taking *t, const struct sieve_argument *a)
{
	if (t->word->has == 0 && t->word->tag_count == 0)
		complain(t, a->place, "the %s %s takes no tags, but :%.*s stands here",
		    sieve_kind_name(t->word), t->word->name, VIEW_FMT(a->tag));
	else
		complain(t, a->place, "the %s %s has no tag :%.*s", sieve_kind_name(t->word), t->word->name,
		    VIEW_FMT(a->tag));
}

static void take_argument(struct taking *t)
{
	const struct sieve_argument *a = &t->node->arguments[t->at];
	unsigned has = t->word->has;

	if (a->kind != SIEVE_ARGUMENT_TAG) {
		if (t->count == sieve_word_positionals(t->word)) {
			wrong(t, a->place, t->count ? "takes no further argument here" : "takes no argument");
			return;
		}
		t->positionals[t->count++] = a;
		return;
	}
	if ((has & SIEVE_HAS_MATCH) && (take_match(t, a) || take_comparator(t, a)))
		;
	else if ((has & SIEVE_HAS_ADDRESS_PART) && take_part(t, a))
		;
	else if ((has & SIEVE_HAS_INDEX) && take_index(t, a))
		;
	else if (!take_own(t, a))
		unknown_tag(t, a);
	else if (t->count > 0)
		wrong(t, a->place, "must have its tags before its other arguments (RFC 5228 section 2.6.2)");
}

static void set_positionals(struct taking *t)
{
	static const char *const numerals[SIEVE_POSITIONALS_MAX] = {"first", "second", "third"};
	size_t wanted = sieve_word_positionals(t->word), skip = 0;
	char text[400];

	if (t->word->first_optional && t->count + 1 == wanted)
		skip = 1;
	if (t->word->last_optional && t->count < wanted)
		wanted--;
	if (t->count + skip < wanted) {
		const struct sieve_positional *p = &t->word->positionals[t->count];

		snprintf(text, sizeof(text), "needs %zu argument%s, but %zu stand%s here; %s is missing: %s",
		    wanted, wanted == 1 ? "" : "s", t->count, t->count == 1 ? "s" : "", type_name(p->type),
		    p->what);
		wrong(t, t->node->place, text);
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct sieve_positional *p = &t->word->positionals[i + skip];

		if (has_type(t->positionals[i], p->type)) {
			set_value(t->c, t->positionals[i], p, &t->step->values[i + skip]);
			continue;
		}
		snprintf(text, sizeof(text), "expects %s as its %s argument (%s), but %s stands here",
		    type_name(p->type), numerals[i], p->what, describe(t->positionals[i]).text);
		wrong(t, t->positionals[i]->place, text);
	}
}

/* Expressions that do not depend on variables are read now. */
static void check_regexes(struct taking *t)
{
	const struct sieve_value *keys = &t->step->values[sieve_word_positionals(t->word) - 1];
	struct sieve_regex_problem problem;
	const struct sieve_regex *regex;
	struct arena arena;

	if (t->step->comparator != SIEVE_OCTET && t->step->comparator != SIEVE_ASCII_CASEMAP) {
		wrong(t, t->node->place, "compares regular expressions by i;octet or i;ascii-casemap alone");
		return;
	}
	arena_init(&arena, SIEVE_REGEX_MEMORY_MAX);
	for (uint32_t i = 0; i < keys->count; i++) {
		struct view rest = keys->strings[i], before, name;

		if (sieve_check_requires(t->c, SIEVE_X_VARIABLES) && sieve_text_next(&rest, &before, &name))
			continue;
		if (sieve_regex_compile(keys->strings[i], false, &arena, &regex, &problem) == -EINVAL)
			sieve_check_error(t->c, keys->place, "the regular expression %s %s (character %zu)",
			    sieve_quote(keys->strings[i]).text, problem.text, problem.character);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void check_needed(struct taking *t)
{
	for (size_t i = 0; i < t->word->tag_count; i++) {
		const struct sieve_tag *tag = &t->word->tags[i];
		char text[200];

		if (!tag->needed || (tag->group && (t->groups >> tag->group & 1)))
			continue;
		if (sieve_tag(t->step, i)->kind != SIEVE_ABSENT)
			continue;
		snprintf(text, sizeof(text), "needs the tag :%s%s", tag->name,
		    tag->group ? ", or another one of its kind" : "");
		wrong(t, t->node->place, text);
		return;
	}
}

bool sieve_check_arguments(struct sieve_checker *c, const struct sieve_node *node, struct sieve_step *step)
{
	struct taking t = {.c = c, .node = node, .word = step->word, .step = step};

	for (; t.at < node->argument_count; t.at++)
		take_argument(&t);
	if (!t.failed)
		set_positionals(&t);
	if (!t.failed)
		check_needed(&t);
	if (step->comparator == SIEVE_ASCII_NUMERIC &&
	    (step->match == SIEVE_CONTAINS || step->match == SIEVE_MATCHES))
		wrong(&t, node->place,
		    "cannot find parts of a text by i;ascii-numeric, which compares whole numbers");
	if (step->match == SIEVE_LIST && t.seen_comparator)
		wrong(&t, node->place,
		    "takes no :comparator beside :list: how lists compare is their own matter");
	if (step->match == SIEVE_REGEX)
		check_regexes(&t);
	if (step->last && step->index == 0)
		wrong(&t, node->place,
		    "has :last without :index; :last counts from the end what :index counts from the "
		    "beginning");
	if (!t.failed && step->word->check)
		step->word->check(c, step);
	return !t.failed;
}
