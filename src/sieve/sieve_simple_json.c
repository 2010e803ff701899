/* Rules as JSON, as the command line and programs read and write them. */
#include "sieve/sieve_simple.h"

#include <errno.h>

#include "format/json.h"
#include "format/json_read.h"

static const char *const tests[SIEVE_SIMPLE_TESTS] = {
    [SIEVE_SIMPLE_HEADER] = "header",
    [SIEVE_SIMPLE_ADDRESS] = "address",
    [SIEVE_SIMPLE_DOMAIN] = "domain",
    [SIEVE_SIMPLE_USER] = "user",
    [SIEVE_SIMPLE_EXISTS] = "exists",
    [SIEVE_SIMPLE_ENVELOPE] = "envelope",
    [SIEVE_SIMPLE_BODY] = "body",
    [SIEVE_SIMPLE_SIZE] = "size",
    [SIEVE_SIMPLE_DATE] = "date",
    [SIEVE_SIMPLE_SPAM] = "spam",
    [SIEVE_SIMPLE_VIRUS] = "virus",
    [SIEVE_SIMPLE_ATTACHMENT] = "attachment",
};

static const char *const hows[SIEVE_SIMPLE_HOWS] = {
    [SIEVE_SIMPLE_IS] = "is",
    [SIEVE_SIMPLE_CONTAINS] = "contains",
    [SIEVE_SIMPLE_BEGINS] = "begins",
    [SIEVE_SIMPLE_ENDS] = "ends",
    [SIEVE_SIMPLE_MATCHES] = "matches",
    [SIEVE_SIMPLE_REGEX] = "regex",
    [SIEVE_SIMPLE_OVER] = "over",
    [SIEVE_SIMPLE_UNDER] = "under",
    [SIEVE_SIMPLE_BEFORE] = "before",
    [SIEVE_SIMPLE_SINCE] = "since",
    [SIEVE_SIMPLE_AFTER] = "after",
    [SIEVE_SIMPLE_UNTIL] = "until",
    [SIEVE_SIMPLE_AT_LEAST] = "atLeast",
    [SIEVE_SIMPLE_THERE] = "exists",
};

static const char *const actions[SIEVE_SIMPLE_DOS] = {
    [SIEVE_SIMPLE_FILE] = "file",
    [SIEVE_SIMPLE_COPY] = "copy",
    [SIEVE_SIMPLE_FLAGS] = "flags",
    [SIEVE_SIMPLE_FORWARD] = "forward",
    [SIEVE_SIMPLE_REJECT] = "reject",
    [SIEVE_SIMPLE_ANSWER] = "answer",
    [SIEVE_SIMPLE_DISCARD] = "discard",
    [SIEVE_SIMPLE_KEEP] = "keep",
    [SIEVE_SIMPLE_STOP] = "stop",
};

/* ---- writing ---- */

static void put_text(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, ", \"%s\": ", name);
	json_append_string(out, text);
}

static void put_texts(struct buf *out, const char *name, const struct view *texts, size_t count)
{
	buf_printf(out, ", \"%s\": [", name);
	for (size_t i = 0; i < count; i++) {
		buf_append_string(out, i ? ", " : "");
		json_append_string(out, texts[i]);
	}
	buf_append_byte(out, ']');
}

static void put_condition(struct buf *out, const struct sieve_simple_condition *c)
{
	buf_printf(out, "{\"test\": \"%s\", \"how\": \"%s\"", tests[c->test], hows[c->how]);
	if (c->negated)
		buf_append_string(out, ", \"not\": true");
	if (c->name_count)
		put_texts(out, "fields", c->names, c->name_count);
	if (c->test == SIEVE_SIMPLE_DATE)
		put_text(out, "part", c->part);
	if (c->value_count)
		put_texts(out, "values", c->values, c->value_count);
	if (c->test == SIEVE_SIMPLE_SIZE || c->test == SIEVE_SIMPLE_SPAM || c->test == SIEVE_SIMPLE_VIRUS)
		buf_printf(out, ", \"number\": %llu", (unsigned long long)c->number);
	buf_append_byte(out, '}');
}

static void put_action(struct buf *out, const struct sieve_simple_action *a)
{
	bool files = a->what == SIEVE_SIMPLE_FILE || a->what == SIEVE_SIMPLE_COPY;
	bool forwards = a->what == SIEVE_SIMPLE_FORWARD;

	buf_printf(out, "{\"do\": \"%s\"", actions[a->what]);
	if (a->what == SIEVE_SIMPLE_FLAGS)
		put_texts(out, "flags", a->flags, a->flag_count);
	if (files || forwards || a->what == SIEVE_SIMPLE_REJECT || a->what == SIEVE_SIMPLE_ANSWER)
		put_text(out, files ? "mailbox" : forwards ? "address" : "text", a->text);
	if (files)
		buf_printf(out, ", \"create\": %s", a->create ? "true" : "false");
	if (forwards)
		buf_printf(out, ", \"copy\": %s", a->copy ? "true" : "false");
	if (!view_empty(a->subject))
		put_text(out, "subject", a->subject);
	if (a->days)
		buf_printf(out, ", \"days\": %u", (unsigned)a->days);
	buf_append_byte(out, '}');
}

int sieve_simple_to_json(const struct sieve_simple_rule *rule, struct buf *out)
{
	buf_append_string(out, "{\"name\": ");
	json_append_string(out, rule->name);
	buf_printf(out, ", \"enabled\": %s, \"match\": \"%s\", \"conditions\": [",
	    rule->enabled ? "true" : "false", rule->any ? "any" : "all");
	for (size_t i = 0; i < rule->condition_count; i++) {
		buf_append_string(out, i ? ", " : "");
		put_condition(out, &rule->conditions[i]);
	}
	buf_append_string(out, "], \"actions\": [");
	for (size_t i = 0; i < rule->action_count; i++) {
		buf_append_string(out, i ? ", " : "");
		put_action(out, &rule->actions[i]);
	}
	return buf_append_string(out, "]}");
}

/* ---- reading ---- */

struct reading {
	struct arena *arena;
	struct buf *words;
};

static bool wrong(struct reading *r, const char *what, struct view text)
{
	buf_append_string(r->words, what);
	if (text.data) {
		buf_append_byte(r->words, ' ');
		json_append_string(r->words, view_take(text, 100));
	}
	return false;
}

static size_t index_of(struct view name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal(name, view_from_string(names[i])))
			return i;
	return count;
}

/* An array of texts, or one text. */
static bool read_texts(
    struct reading *r, const struct json_value *value, const struct view **texts, size_t *count)
{
	const struct json_value *first = value && value->kind == JSON_ARRAY ? value->first : value;
	size_t wanted = value && value->kind == JSON_ARRAY ? value->count : 1;
	struct view *out;

	*texts = NULL;
	*count = 0;
	if (!value || wanted == 0)
		return true;
	if (wanted > SIEVE_SIMPLE_VALUES_MAX)
		return wrong(r, "a list holds more than 1,000 texts", (struct view){0});
	out = arena_array(r->arena, wanted, sizeof(*out));
	if (!out)
		return wrong(r, "there is no memory for the rule", (struct view){0});
	for (const struct json_value *text = first; *count < wanted; text = text->next) {
		if (text->kind != JSON_STRING)
			return wrong(r, "a text was expected in the list", value->name);
		out[(*count)++] = text->text;
	}
	*texts = out;
	return true;
}

/* A whole number, which may be left out. */
static bool read_number(
    struct reading *r, const struct json_value *object, const char *name, uint64_t *number)
{
	const struct json_value *value = json_member(object, name);

	*number = 0;
	return !value || (value->kind == JSON_NUMBER && view_to_u64(value->text, UINT64_MAX, number)) ||
	       wrong(r, "a whole number was expected as", view_from_string(name));
}

static bool read_condition(
    struct reading *r, const struct json_value *value, struct sieve_simple_condition *c)
{
	struct view how = json_text_of(value, "how");

	*c = (struct sieve_simple_condition){0};
	c->test = (enum sieve_simple_test)index_of(json_text_of(value, "test"), tests, SIEVE_SIMPLE_TESTS);
	if (c->test == SIEVE_SIMPLE_TESTS)
		return wrong(r, "there is no condition with the test", json_text_of(value, "test"));
	bool there = c->test == SIEVE_SIMPLE_EXISTS || c->test == SIEVE_SIMPLE_ATTACHMENT;
	c->how = there ? SIEVE_SIMPLE_THERE : (enum sieve_simple_how)index_of(how, hows, SIEVE_SIMPLE_THERE);
	if (c->how == SIEVE_SIMPLE_THERE && !there)
		return wrong(r, "there is no way to compare that is named", how);
	c->negated = json_true_of(value, "not");
	c->part = json_text_of(value, "part");
	return read_texts(r, json_member(value, "fields"), &c->names, &c->name_count) &&
	       read_texts(r, json_member(value, "values"), &c->values, &c->value_count) &&
	       read_number(r, value, "number", &c->number);
}

static bool read_action(struct reading *r, const struct json_value *value, struct sieve_simple_action *a)
{
	uint64_t days;

	*a = (struct sieve_simple_action){0};
	a->what = (enum sieve_simple_do)index_of(json_text_of(value, "do"), actions, SIEVE_SIMPLE_DOS);
	if (a->what == SIEVE_SIMPLE_DOS)
		return wrong(r, "there is no action that is named", json_text_of(value, "do"));
	if (a->what == SIEVE_SIMPLE_FILE || a->what == SIEVE_SIMPLE_COPY) {
		a->text = json_text_of(value, "mailbox");
		a->create = json_true_of(value, "create");
	} else if (a->what == SIEVE_SIMPLE_FORWARD) {
		a->text = json_text_of(value, "address");
		a->copy = json_true_of(value, "copy");
	} else {
		a->text = json_text_of(value, "text");
	}
	if (!read_texts(r, json_member(value, "flags"), &a->flags, &a->flag_count))
		return false;
	if (a->what != SIEVE_SIMPLE_ANSWER)
		return true;
	a->subject = json_text_of(value, "subject");
	if (!read_number(r, value, "days", &days))
		return false;
	a->days = days > SIEVE_SIMPLE_DAYS_MAX ? SIEVE_SIMPLE_DAYS_MAX + 1 : (uint32_t)days;
	return true;
}

static bool is_list(struct reading *r, const struct json_value *list, const char *name, size_t max)
{
	return !list || (list->kind == JSON_ARRAY && list->count <= max) ||
	       wrong(r, "a list, and not too long a one, was expected as", view_from_string(name));
}

bool sieve_simple_from_json(
    const struct json_value *value, struct arena *arena, struct sieve_simple_rule *rule, struct buf *words)
{
	const struct json_value *conditions = json_member(value, "conditions"),
	                        *list = json_member(value, "actions"),
	                        *enabled = json_member(value, "enabled");
	struct view match = json_text_of(value, "match");
	struct reading r = {arena, words};
	struct sieve_simple_rule made = {.name = json_text_of(value, "name")};

	if (value->kind != JSON_OBJECT)
		return wrong(&r, "a rule is an object", (struct view){0});
	made.enabled = !enabled || enabled->kind != JSON_FALSE;
	made.any = view_equal(match, VIEW("any"));
	if (!made.any && !view_empty(match) && !view_equal(match, VIEW("all")))
		return wrong(&r, "match is any or all, and not", match);
	if (!is_list(&r, conditions, "conditions", SIEVE_SIMPLE_CONDITIONS_MAX) ||
	    !is_list(&r, list, "actions", SIEVE_SIMPLE_ACTIONS_MAX))
		return false;
	made.conditions = arena_array(
	    arena, conditions && conditions->count ? conditions->count : 1, sizeof(*made.conditions));
	made.actions = arena_array(arena, list && list->count ? list->count : 1, sizeof(*made.actions));
	if (!made.conditions || !made.actions)
		return wrong(&r, "there is no memory for the rule", (struct view){0});
	for (const struct json_value *v = conditions ? conditions->first : NULL; v; v = v->next)
		if (!read_condition(&r, v, &made.conditions[made.condition_count++]))
			return false;
	for (const struct json_value *v = list ? list->first : NULL; v; v = v->next)
		if (!read_action(&r, v, &made.actions[made.action_count++]))
			return false;
	*rule = made;
	return sieve_simple_settle(rule, arena, words);
}

bool sieve_simple_from_json_text(
    struct view json, struct arena *arena, struct sieve_simple_rule *rule, struct buf *words)
{
	struct json_value value;
	if (json_parse(json, arena, &value) == 0)
		return sieve_simple_from_json(&value, arena, rule, words);
	buf_append_string(words, "it is too large, or no JSON");
	return false;
}
