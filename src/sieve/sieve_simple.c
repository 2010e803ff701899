/* The list of rules, and what a rule may hold. */
#include "sieve/sieve_simple_private.h"

#include <errno.h>
#include <string.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/json.h"
#include "sieve/sieve_words.h"

/* ---- the list ---- */

size_t sieve_simple_count(const struct sieve_simple *simple)
{
	size_t count = 0;

	for (const struct sieve_simple_item *item = simple->first; item; item = item->next)
		count += item->rules;
	return count;
}

/* Where the item with the rule of that number hangs; behind the last one, where nothing hangs. */
static struct sieve_simple_item **place_of(struct sieve_simple *simple, size_t number)
{
	struct sieve_simple_item **place = &simple->first;

	for (; *place; place = &(*place)->next) {
		if (number <= (*place)->rules)
			break;
		number -= (*place)->rules;
	}
	return place;
}

struct sieve_simple_item *sieve_simple_at(const struct sieve_simple *simple, size_t number)
{
	struct sieve_simple copy = *simple;

	return number ? *place_of(&copy, number) : NULL;
}

size_t sieve_simple_named(const struct sieve_simple *simple, struct view name)
{
	size_t number = 0;

	for (const struct sieve_simple_item *item = simple->first; item; item = item->next) {
		number += item->rules;
		if (item->rule && view_equal(item->rule->name, name))
			return number;
	}
	return 0;
}

int sieve_simple_add(struct sieve_simple *simple, struct sieve_simple_rule *rule, size_t before)
{
	struct sieve_simple_item *item, **place;

	if (sieve_simple_count(simple) >= SIEVE_SIMPLE_RULES_MAX)
		return -E2BIG;
	item = arena_alloc(simple->arena, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->rule = rule;
	item->rules = 1;
	item->commands = true;
	place = place_of(simple, before);
	item->next = *place;
	*place = item;
	simple->changed = true;
	return 0;
}

void sieve_simple_remove(struct sieve_simple *simple, size_t number)
{
	struct sieve_simple_item **place = place_of(simple, number);

	*place = (*place)->next;
	simple->changed = true;
}

void sieve_simple_move(struct sieve_simple *simple, size_t number, size_t before)
{
	struct sieve_simple_item *item = *place_of(simple, number), **place;

	if (number == before || number + 1 == before)
		return;
	sieve_simple_remove(simple, number);
	place = place_of(simple, before > number ? before - 1 : before);
	item->next = *place;
	*place = item;
}

void sieve_simple_changed(struct sieve_simple *simple, struct sieve_simple_item *item)
{
	item->source = (struct view){0};
	simple->changed = true;
}

/* ---- what is wrong with a rule ---- */

struct settling {
	struct arena *arena;
	struct buf *words;
};

static bool wrong(struct settling *s, const char *what, struct view text, const char *why)
{
	buf_append_string(s->words, what);
	if (text.data) {
		buf_append_byte(s->words, ' ');
		json_append_string(s->words, text.len > 100 ? view_take(text, 100) : text);
	}
	buf_printf(s->words, " %s", why);
	return false;
}

/* One line. */
static bool is_line(struct settling *s, const char *what, struct view text)
{
	if (text.len > SIEVE_SIMPLE_TEXT_MAX)
		return wrong(s, what, text, "is longer than 16,384 octets");
	if (!utf8_valid(text))
		return wrong(s, what, text, "is not UTF-8");
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
			return wrong(s, what, text, "holds a control character or the end of a line");
	return true;
}

/* A text of several lines, which are made to end in CRLF, as a script's strings have them. */
static bool settle_text(struct settling *s, const char *what, struct view *text)
{
	struct view lines = *text, line;
	struct buf out;
	bool good;

	if (view_empty(view_trim(*text)))
		return wrong(s, what, *text, "is empty");
	if (text->len > SIEVE_SIMPLE_TEXT_MAX)
		return wrong(s, what, *text, "is longer than 16,384 octets");
	buf_init(&out, 2 * SIEVE_SIMPLE_TEXT_MAX);
	while (view_next(&lines, '\n', &line)) {
		bool ended = line.data + line.len < text->data + text->len;

		if (ended && line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (!is_line(s, what, line)) {
			buf_done(&out);
			return false;
		}
		buf_append(&out, line);
		if (ended)
			buf_append(&out, VIEW("\r\n"));
	}
	good = arena_copy(s->arena, buf_view(&out), text);
	buf_done(&out);
	return good || wrong(s, what, *text, "takes more memory than there is");
}

static bool is_use(struct settling *s, const char *what, enum sieve_use use, struct view text)
{
	const char *problem = sieve_use_problem(use, text);

	return !problem || wrong(s, what, text, problem);
}

static bool is_field_name(struct settling *s, struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_print(name.data[i]) || name.data[i] == ' ' || name.data[i] == ':')
			return wrong(s, "the field", name,
			    "has no name that a header field can have: printable ASCII without blanks and "
			    "colons");
	return name.len > 0 || wrong(s, "the field", name, "has an empty name");
}

static bool are_names_good(struct settling *s, const struct sieve_simple_condition *c)
{
	size_t least = c->test == SIEVE_SIMPLE_DATE ? 0 : 1;
	size_t most = c->test == SIEVE_SIMPLE_DATE ? 1 : SIEVE_SIMPLE_VALUES_MAX;

	if (c->name_count < least || c->name_count > most)
		return wrong(s, "a condition", (struct view){0},
		    c->name_count ? "names too many fields" : "names no field");
	for (size_t i = 0; i < c->name_count; i++) {
		bool addresses = c->test == SIEVE_SIMPLE_ADDRESS || c->test == SIEVE_SIMPLE_DOMAIN ||
		                 c->test == SIEVE_SIMPLE_USER;

		if (c->test == SIEVE_SIMPLE_ENVELOPE) {
			if (!view_equal_nocase(c->names[i], VIEW("from")) &&
			    !view_equal_nocase(c->names[i], VIEW("to")))
				return wrong(s, "the part of the envelope", c->names[i],
				    "is unknown; there are from and to");
		} else if (!is_field_name(s, c->names[i]) ||
		           (addresses && !is_use(s, "the field", SIEVE_USE_ADDRESS_HEADER, c->names[i]))) {
			return false;
		}
	}
	return true;
}

static bool are_values_good(struct settling *s, const struct sieve_simple_condition *c)
{
	bool one = c->how >= SIEVE_SIMPLE_BEFORE && c->how <= SIEVE_SIMPLE_UNTIL;

	if (c->value_count < 1 || c->value_count > (one ? 1 : SIEVE_SIMPLE_VALUES_MAX))
		return wrong(s, "a condition", (struct view){0},
		    c->value_count ? "has too many values" : "has no value to compare with");
	for (size_t i = 0; i < c->value_count; i++) {
		if ((c->how == SIEVE_SIMPLE_BEGINS || c->how == SIEVE_SIMPLE_ENDS) &&
		    view_empty(c->values[i]))
			return wrong(
			    s, "the value", c->values[i], "is empty: every text begins and ends with it");
		if (!is_line(s, "the value", c->values[i]))
			return false;
	}
	return true;
}

static bool is_date_good(struct settling *s, struct sieve_simple_condition *c)
{
	if (view_empty(c->part))
		c->part = VIEW("date");
	return is_use(s, "the part", SIEVE_USE_DATE_PART, c->part) &&
	       ((c->how == SIEVE_SIMPLE_IS ||
	            (c->how >= SIEVE_SIMPLE_BEFORE && c->how <= SIEVE_SIMPLE_UNTIL)) ||
	           wrong(s, "a date", (struct view){0}, "is compared by is, before, since, after or until"));
}

static bool settle_condition(struct settling *s, struct sieve_simple_condition *c)
{
	static const struct view none = {0};

	switch (c->test) {
	case SIEVE_SIMPLE_SIZE:
		return c->how == SIEVE_SIMPLE_OVER || c->how == SIEVE_SIMPLE_UNDER ||
		       wrong(s, "a size", none, "is compared by over or under");
	case SIEVE_SIMPLE_SPAM:
	case SIEVE_SIMPLE_VIRUS:
		if (c->how != SIEVE_SIMPLE_AT_LEAST)
			return wrong(s, "a verdict", none, "is compared by at least");
		return c->number <= (c->test == SIEVE_SIMPLE_SPAM ? 10 : 5) ||
		       wrong(s, "a verdict", none, "is a number up to 10 for spam, up to 5 for viruses");
	case SIEVE_SIMPLE_EXISTS:
		return are_names_good(s, c) &&
		       (c->how == SIEVE_SIMPLE_THERE ||
		           wrong(s, "a condition", none, "asks only if a field exists"));
	case SIEVE_SIMPLE_ATTACHMENT:
		return c->how == SIEVE_SIMPLE_THERE ||
		       wrong(s, "a condition", none, "asks only if there is an attachment");
	case SIEVE_SIMPLE_DATE:
		return is_date_good(s, c) && are_names_good(s, c) && are_values_good(s, c);
	default:
		if (c->how > SIEVE_SIMPLE_REGEX)
			return wrong(
			    s, "a text", none, "is compared by is, contains, begins, ends, matches or regex");
		if ((c->test != SIEVE_SIMPLE_BODY && !are_names_good(s, c)) || !are_values_good(s, c))
			return false;
		return c->how != SIEVE_SIMPLE_MATCHES || sieve_simple_settle_pattern(c, s->arena) ||
		       wrong(s, "a condition", none, "takes more memory than there is");
	}
}

/* A system flag or a keyword: RFC 9051 section 2.3.2. */
static bool is_flag(struct settling *s, struct view flag)
{
	for (size_t i = 0; i < flag.len; i++)
		if (!ascii_is_print(flag.data[i]) || strchr(" (){%*\"]", flag.data[i]) ||
		    (flag.data[i] == '\\' && (i > 0 || flag.len == 1)))
			return wrong(s, "the flag", flag,
			    "has no name that a flag can have: \\Seen, \\Flagged, or a word of printable "
			    "ASCII "
			    "without blanks, brackets, quotes, '%' and '*'");
	return (flag.len > 0 && flag.len <= 128) ||
	       wrong(s, "the flag", flag, "has no name, or a too long one");
}

static bool settle_action(struct settling *s, struct sieve_simple_action *a)
{
	switch (a->what) {
	case SIEVE_SIMPLE_FILE:
	case SIEVE_SIMPLE_COPY:
		return is_use(s, "the mailbox", SIEVE_USE_MAILBOX, a->text) &&
		       is_line(s, "the mailbox", a->text);
	case SIEVE_SIMPLE_FORWARD:
		return is_line(s, "the address", a->text) &&
		       is_use(s, "the address", SIEVE_USE_ADDRESS, a->text);
	case SIEVE_SIMPLE_FLAGS:
		if (a->flag_count < 1 || a->flag_count > SIEVE_SIMPLE_VALUES_MAX)
			return wrong(
			    s, "an action", (struct view){0}, "that sets flags names none, or too many");
		for (size_t i = 0; i < a->flag_count; i++)
			if (!is_flag(s, a->flags[i]))
				return false;
		return true;
	case SIEVE_SIMPLE_REJECT:
		return settle_text(s, "the text of the refusal", &a->text);
	case SIEVE_SIMPLE_ANSWER:
		return settle_text(s, "the text of the answer", &a->text) &&
		       is_line(s, "the subject", a->subject) &&
		       (a->days <= SIEVE_SIMPLE_DAYS_MAX || wrong(s, "the days", (struct view){0},
		                                                "between two answers are more than a year"));
	default:
		return true;
	}
}

/* Flags come first, since they are set on what is filed or kept behind them; else the order stays. */
static bool flags_first(struct settling *s, struct sieve_simple_rule *rule)
{
	struct sieve_simple_action *sorted =
	    arena_array(s->arena, rule->action_count ? rule->action_count : 1, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return wrong(s, "the rule", rule->name, "takes more memory than there is");
	for (int flags = 1; flags >= 0; flags--)
		for (size_t i = 0; i < rule->action_count; i++)
			if ((rule->actions[i].what == SIEVE_SIMPLE_FLAGS) == (flags != 0))
				sorted[count++] = rule->actions[i];
	rule->actions = sorted;
	return true;
}

bool sieve_simple_settle(struct sieve_simple_rule *rule, struct arena *arena, struct buf *words)
{
	struct settling s = {arena, words};

	if (rule->name.len > SIEVE_RULE_NAME_MAX)
		return wrong(&s, "the rule's name", rule->name, "is longer than 100 octets");
	if (!show_is_value(rule->name))
		return wrong(&s, "the rule's name", rule->name, "is not one line of UTF-8");
	if (rule->condition_count > SIEVE_SIMPLE_CONDITIONS_MAX)
		return wrong(&s, "the rule", rule->name, "has more than 100 conditions");
	if (rule->action_count < 1 || rule->action_count > SIEVE_SIMPLE_ACTIONS_MAX)
		return wrong(&s, "the rule", rule->name,
		    rule->action_count ? "does more than 16 things" : "does nothing: it has no action");
	for (size_t i = 0; i < rule->condition_count; i++)
		if (!settle_condition(&s, &rule->conditions[i]))
			return false;
	for (size_t i = 0; i < rule->action_count; i++)
		if (!settle_action(&s, &rule->actions[i]))
			return false;
	rule->any = rule->any && rule->condition_count > 1;
	return flags_first(&s, rule);
}
