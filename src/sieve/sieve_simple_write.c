/* Rules as Sieve: each in the one form that sieve_simple_read.c knows as ours. */
#include "sieve/sieve_simple_private.h"

#include <errno.h>
#include <string.h>

#include "format/json.h"
#include "sieve/sieve_text.h"

enum need {
	NEED_BODY,
	NEED_NUMERIC,
	NEED_COPY,
	NEED_DATE,
	NEED_ENVELOPE,
	NEED_FILEINTO,
	NEED_IMAP4FLAGS,
	NEED_MAILBOX,
	NEED_MIME,
	NEED_REGEX,
	NEED_REJECT,
	NEED_RELATIONAL,
	NEED_SPAMTEST,
	NEED_VACATION,
	NEED_VIRUSTEST
};

const char *const sieve_simple_need_names[SIEVE_SIMPLE_NEEDS] = {
    [NEED_BODY] = "body",
    [NEED_NUMERIC] = "comparator-i;ascii-numeric",
    [NEED_COPY] = "copy",
    [NEED_DATE] = "date",
    [NEED_ENVELOPE] = "envelope",
    [NEED_FILEINTO] = "fileinto",
    [NEED_IMAP4FLAGS] = "imap4flags",
    [NEED_MAILBOX] = "mailbox",
    [NEED_MIME] = "mime",
    [NEED_REGEX] = "regex",
    [NEED_REJECT] = "reject",
    [NEED_RELATIONAL] = "relational",
    [NEED_SPAMTEST] = "spamtest",
    [NEED_VACATION] = "vacation",
    [NEED_VIRUSTEST] = "virustest",
};

#define SIEVE_SIMPLE_NAMED "# rule:[" /* as sieve_rule_name has it */

#define BIT(need) (UINT32_C(1) << (need))

static uint32_t needs_of_condition(const struct sieve_simple_condition *c)
{
	uint32_t needs = c->how == SIEVE_SIMPLE_REGEX ? BIT(NEED_REGEX) : 0;

	switch (c->test) {
	case SIEVE_SIMPLE_ENVELOPE:
		return needs | BIT(NEED_ENVELOPE);
	case SIEVE_SIMPLE_BODY:
		return needs | BIT(NEED_BODY);
	case SIEVE_SIMPLE_DATE:
		return needs | BIT(NEED_DATE) | (c->how >= SIEVE_SIMPLE_BEFORE ? BIT(NEED_RELATIONAL) : 0);
	case SIEVE_SIMPLE_ATTACHMENT:
		return BIT(NEED_MIME);
	case SIEVE_SIMPLE_SPAM:
		return BIT(NEED_SPAMTEST) | BIT(NEED_RELATIONAL) | BIT(NEED_NUMERIC);
	case SIEVE_SIMPLE_VIRUS:
		return BIT(NEED_VIRUSTEST) | BIT(NEED_RELATIONAL) | BIT(NEED_NUMERIC);
	default:
		return needs;
	}
}

static uint32_t needs_of_action(const struct sieve_simple_action *a)
{
	switch (a->what) {
	case SIEVE_SIMPLE_FILE:
		return BIT(NEED_FILEINTO) | (a->create ? BIT(NEED_MAILBOX) : 0);
	case SIEVE_SIMPLE_COPY:
		return BIT(NEED_FILEINTO) | BIT(NEED_COPY) | (a->create ? BIT(NEED_MAILBOX) : 0);
	case SIEVE_SIMPLE_FLAGS:
		return BIT(NEED_IMAP4FLAGS);
	case SIEVE_SIMPLE_FORWARD:
		return a->copy ? BIT(NEED_COPY) : 0;
	case SIEVE_SIMPLE_REJECT:
		return BIT(NEED_REJECT);
	case SIEVE_SIMPLE_ANSWER:
		return BIT(NEED_VACATION);
	default:
		return 0;
	}
}

uint32_t sieve_simple_needs(const struct sieve_simple_rule *rule)
{
	uint32_t needs = 0;

	for (size_t i = 0; rule->enabled && i < rule->condition_count; i++)
		needs |= needs_of_condition(&rule->conditions[i]);
	for (size_t i = 0; i < rule->action_count; i++)
		needs |= needs_of_action(&rule->actions[i]);
	return needs;
}

/* ---- strings ---- */

/* Reading makes CRLF of each line's end, so LF is enough. `wild`: '*' and '?' stand for themselves. */
static void put_escaped(struct buf *out, struct view text, bool wild)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		if (wild && c == '\\')
			buf_append(out, VIEW("\\\\")); /* one for the pattern, each escaped below */
		if (wild && (c == '*' || c == '?'))
			buf_append(out, VIEW("\\\\"));
		if (c == '"' || c == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, c);
	}
}

static void put_string(struct buf *out, struct view text)
{
	buf_append_byte(out, '"');
	put_escaped(out, text, false);
	buf_append_byte(out, '"');
}

static void put_strings(struct buf *out, const struct view *texts, size_t count)
{
	if (count == 1) {
		put_string(out, texts[0]);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		buf_append_string(out, i ? ", " : "[");
		put_string(out, texts[i]);
	}
	buf_append_byte(out, ']');
}

/* The values; as patterns where there is no match type of their own. */
static void put_values(struct buf *out, const struct sieve_simple_condition *c)
{
	bool begins = c->how == SIEVE_SIMPLE_BEGINS, ends = c->how == SIEVE_SIMPLE_ENDS;

	if (!begins && !ends) {
		put_strings(out, c->values, c->value_count);
		return;
	}
	if (c->value_count != 1)
		buf_append_byte(out, '[');
	for (size_t i = 0; i < c->value_count; i++) {
		buf_append_string(out, i ? ", \"" : "\"");
		if (ends)
			buf_append_byte(out, '*');
		put_escaped(out, c->values[i], true);
		buf_append_string(out, begins ? "*\"" : "\"");
	}
	if (c->value_count != 1)
		buf_append_byte(out, ']');
}

/* ---- tests ---- */

static const char *how_tag(enum sieve_simple_how how)
{
	static const char *const tags[SIEVE_SIMPLE_HOWS] = {
	    [SIEVE_SIMPLE_IS] = ":is",
	    [SIEVE_SIMPLE_CONTAINS] = ":contains",
	    [SIEVE_SIMPLE_BEGINS] = ":matches",
	    [SIEVE_SIMPLE_ENDS] = ":matches",
	    [SIEVE_SIMPLE_MATCHES] = ":matches",
	    [SIEVE_SIMPLE_REGEX] = ":regex",
	    [SIEVE_SIMPLE_OVER] = ":over",
	    [SIEVE_SIMPLE_UNDER] = ":under",
	    [SIEVE_SIMPLE_BEFORE] = ":value \"lt\"",
	    [SIEVE_SIMPLE_SINCE] = ":value \"ge\"",
	    [SIEVE_SIMPLE_AFTER] = ":value \"gt\"",
	    [SIEVE_SIMPLE_UNTIL] = ":value \"le\"",
	    [SIEVE_SIMPLE_AT_LEAST] = ":value \"ge\" :comparator \"i;ascii-numeric\"",
	    [SIEVE_SIMPLE_THERE] = "",
	};

	return tags[how];
}

/* The largest unit of which it is a whole number. */
static void put_size(struct buf *out, uint64_t n)
{
	static const char units[] = {'K', 'M', 'G'};
	size_t unit = 0;

	while (n > 0 && n % 1024 == 0 && unit < sizeof(units)) {
		n /= 1024;
		unit++;
	}
	buf_printf(out, "%llu", (unsigned long long)n);
	if (unit)
		buf_append_byte(out, units[unit - 1]);
}

static void put_date(struct buf *out, const struct sieve_simple_condition *c)
{
	buf_printf(out, "%s %s ", c->name_count ? "date" : "currentdate", how_tag(c->how));
	if (c->name_count) {
		put_string(out, c->names[0]);
		buf_append_byte(out, ' ');
	}
	put_string(out, c->part);
	buf_append_byte(out, ' ');
	put_strings(out, c->values, c->value_count);
}

static void put_test(struct buf *out, const struct sieve_simple_condition *c)
{
	static const char *const names[SIEVE_SIMPLE_TESTS] = {
	    [SIEVE_SIMPLE_HEADER] = "header",
	    [SIEVE_SIMPLE_ADDRESS] = "address",
	    [SIEVE_SIMPLE_DOMAIN] = "address :domain",
	    [SIEVE_SIMPLE_USER] = "address :localpart",
	    [SIEVE_SIMPLE_EXISTS] = "exists",
	    [SIEVE_SIMPLE_ENVELOPE] = "envelope",
	    [SIEVE_SIMPLE_BODY] = "body",
	    [SIEVE_SIMPLE_SIZE] = "size",
	    [SIEVE_SIMPLE_SPAM] = "spamtest",
	    [SIEVE_SIMPLE_VIRUS] = "virustest",
	};

	if (c->negated)
		buf_append_string(out, "not ");
	switch (c->test) {
	case SIEVE_SIMPLE_DATE:
		put_date(out, c);
		return;
	case SIEVE_SIMPLE_EXISTS:
		buf_append_string(out, "exists ");
		put_strings(out, c->names, c->name_count);
		return;
	case SIEVE_SIMPLE_ATTACHMENT:
		buf_append_string(out, "header :mime :anychild :type \"" SIEVE_SIMPLE_DISPOSITION
		                       "\" \"" SIEVE_SIMPLE_ATTACHED "\"");
		return;
	case SIEVE_SIMPLE_SIZE:
		buf_printf(out, "size %s ", how_tag(c->how));
		put_size(out, c->number);
		return;
	case SIEVE_SIMPLE_SPAM:
	case SIEVE_SIMPLE_VIRUS:
		buf_printf(
		    out, "%s %s \"%llu\"", names[c->test], how_tag(c->how), (unsigned long long)c->number);
		return;
	default:
		buf_printf(out, "%s %s ", names[c->test], how_tag(c->how));
		if (c->test == SIEVE_SIMPLE_BODY) {
			buf_append_string(out, ":text ");
		} else {
			put_strings(out, c->names, c->name_count);
			buf_append_byte(out, ' ');
		}
		put_values(out, c);
	}
}

/* `separator` stands before each of several tests. */
static void put_tests(struct buf *out, const struct sieve_simple_rule *rule, const char *separator)
{
	if (rule->condition_count == 0) {
		buf_append_string(out, "true");
		return;
	}
	if (rule->condition_count == 1) {
		put_test(out, &rule->conditions[0]);
		return;
	}
	buf_append_string(out, rule->any ? "anyof (" : "allof (");
	for (size_t i = 0; i < rule->condition_count; i++) {
		buf_append_string(out, i ? "," : "");
		buf_append_string(out, i || separator[0] == '\n' ? separator : "");
		put_test(out, &rule->conditions[i]);
	}
	buf_append_string(out, separator[0] == '\n' ? "\n)" : ")");
}

/* ---- actions ---- */

static void put_answer(struct buf *out, const struct sieve_simple_action *a)
{
	buf_append_string(out, "vacation ");
	if (a->days)
		buf_printf(out, ":days %u ", (unsigned)a->days);
	if (!view_empty(a->subject)) {
		buf_append_string(out, ":subject ");
		put_string(out, a->subject);
		buf_append_byte(out, ' ');
	}
	put_string(out, a->text);
}

static void put_action(struct buf *out, const struct sieve_simple_action *a)
{
	buf_append_byte(out, '\t');
	switch (a->what) {
	case SIEVE_SIMPLE_FILE:
	case SIEVE_SIMPLE_COPY:
		buf_printf(out, "fileinto %s%s", a->what == SIEVE_SIMPLE_COPY ? ":copy " : "",
		    a->create ? ":create " : "");
		put_string(out, a->text);
		break;
	case SIEVE_SIMPLE_FLAGS:
		buf_append_string(out, "addflag ");
		put_strings(out, a->flags, a->flag_count);
		break;
	case SIEVE_SIMPLE_FORWARD:
		buf_append_string(out, a->copy ? "redirect :copy " : "redirect ");
		put_string(out, a->text);
		break;
	case SIEVE_SIMPLE_REJECT:
		buf_append_string(out, "reject ");
		put_string(out, a->text);
		break;
	case SIEVE_SIMPLE_ANSWER:
		put_answer(out, a);
		break;
	case SIEVE_SIMPLE_DISCARD:
		buf_append_string(out, "discard");
		break;
	case SIEVE_SIMPLE_KEEP:
		buf_append_string(out, "keep");
		break;
	default:
		buf_append_string(out, "stop");
	}
	buf_append_string(out, ";\n");
}

/* In a comment: whatever else is judged before, no text must end its line. */
static void put_comment(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(out, text.data[i] == '\n' || text.data[i] == '\r' ? ' ' : text.data[i]);
}

static void put_off(struct buf *out, const struct sieve_simple_rule *rule)
{
	struct buf tests;

	buf_init(&tests, SIEVE_SCRIPT_MAX);
	put_tests(&tests, rule, " ");
	buf_append_string(out, "if false # ");
	put_comment(out, buf_view(&tests));
	buf_append_string(out, "\n{\n");
	if (buf_failed(&tests))
		out->failed = 1;
	buf_done(&tests);
}

int sieve_simple_put_rule(const struct sieve_simple_rule *rule, struct buf *out)
{
	buf_append_string(out, SIEVE_SIMPLE_NAMED);
	put_comment(out, rule->name);
	buf_append_string(out, "]\n");
	if (rule->enabled) {
		buf_append_string(out, "if ");
		put_tests(out, rule, "\n\t");
		buf_append_string(out, " {\n");
	} else {
		put_off(out, rule);
	}
	for (size_t i = 0; i < rule->action_count; i++)
		put_action(out, &rule->actions[i]);
	return buf_append_string(out, "}\n");
}

/* ---- the script ---- */

static bool has_reference(const struct sieve_simple *simple, struct view text)
{
	struct view rest = text, before, name;

	if (simple->encoded && text.len && memmem(text.data, text.len, "${", 2))
		return true;
	return simple->variables && sieve_text_next(&rest, &before, &name);
}

static bool list_has_reference(const struct sieve_simple *simple, const struct view *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has_reference(simple, texts[i]))
			return true;
	return false;
}

/* Whether a text of the rule would be replaced. */
static bool would_change(const struct sieve_simple *simple, const struct sieve_simple_rule *rule)
{
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct sieve_simple_condition *c = &rule->conditions[i];

		if (list_has_reference(simple, c->names, c->name_count) ||
		    list_has_reference(simple, c->values, c->value_count))
			return true;
	}
	for (size_t i = 0; i < rule->action_count; i++) {
		const struct sieve_simple_action *a = &rule->actions[i];

		if (has_reference(simple, a->text) || has_reference(simple, a->subject) ||
		    list_has_reference(simple, a->flags, a->flag_count))
			return true;
	}
	return false;
}

static bool is_need(struct view name)
{
	for (size_t i = 0; i < SIEVE_SIMPLE_NEEDS; i++)
		if (view_equal_nocase(name, view_from_string(sieve_simple_need_names[i])))
			return true;
	return false;
}

static bool is_listed(const struct sieve_simple_item *own, const char *name)
{
	for (size_t i = 0; own && i < own->name_count; i++)
		if (view_equal_nocase(own->names[i], view_from_string(name)))
			return true;
	return false;
}

/*
 * Our require. Where others have written commands, what it has stays, since those may need it; and so does
 * what no rule can need.
 */
static void put_require(struct buf *out, const struct sieve_simple *simple,
    const struct sieve_simple_item *own, uint32_t needs, bool commands)
{
	const char *before = "[";
	size_t begin = buf_view(out).len;

	buf_append_string(out, SIEVE_SIMPLE_REQUIRES "\nrequire ");
	for (size_t i = 0; i < SIEVE_SIMPLE_NEEDS; i++) {
		const char *name = sieve_simple_need_names[i];

		if (!(needs & ~simple->required & BIT(i)) && !(commands && is_listed(own, name)))
			continue;
		buf_printf(out, "%s\"%s\"", before, name);
		before = ", ";
	}
	for (size_t i = 0; own && i < own->name_count; i++) {
		if (is_need(own->names[i]))
			continue;
		buf_append_string(out, before);
		put_string(out, own->names[i]);
		before = ", ";
	}
	if (before[0] == '[')
		buf_truncate(out, begin);
	else
		buf_append_string(out, "];\n");
}

static void new_line(struct buf *out)
{
	struct view so_far = buf_view(out);

	if (so_far.len && so_far.data[so_far.len - 1] != '\n' && !view_equal(so_far, VIEW(SIEVE_SIMPLE_MARK)))
		buf_append_byte(out, '\n');
}

/* *follows: where the source of the item before ended. */
static int put_item(struct buf *out, const struct sieve_simple *simple, const struct sieve_simple_item *item,
    const char **follows, struct buf *words)
{
	if (!item->rule || !view_empty(item->source)) {
		if (item->source.data != *follows)
			new_line(out); /* a comment may have ended the script without a line's end */
		*follows = item->source.data + item->source.len;
		return buf_append(out, item->source);
	}
	if (would_change(simple, item->rule)) {
		buf_append_string(words, "the rule ");
		json_append_string(words, item->rule->name);
		buf_append_string(words,
		    " has a text with \"${\", which this script would take for a reference, "
		    "since it requires variables or encoded-character");
		return -EINVAL;
	}
	new_line(out);
	if (view_ends_nocase(buf_view(out), VIEW("\n")))
		buf_append_byte(out, '\n');
	return sieve_simple_put_rule(item->rule, out);
}

int sieve_simple_write(const struct sieve_simple *simple, struct buf *out, struct buf *words)
{
	const struct sieve_simple_item *own = NULL;
	const char *follows = NULL;
	bool commands = false;
	uint32_t needs = 0;
	struct buf text;
	int error = 0;

	for (const struct sieve_simple_item *item = simple->first; item; item = item->next) {
		needs |= item->rule ? sieve_simple_needs(item->rule) : 0;
		commands = commands || (item->commands && !item->rule);
		own = item->own ? item : own;
	}
	buf_init(&text, out->max);
	if (simple->marked)
		buf_append(&text, VIEW(SIEVE_SIMPLE_MARK));
	if (!own && simple->changed)
		put_require(&text, simple, NULL, needs, commands);
	for (const struct sieve_simple_item *item = simple->first; item && error == 0; item = item->next) {
		if (item == own && simple->changed) {
			new_line(&text);
			put_require(&text, simple, own, needs, commands);
			follows = item->source.data + item->source.len;
		} else {
			error = put_item(&text, simple, item, &follows, words);
		}
	}
	if (error == 0)
		error = buf_failed(&text) ? -ENOBUFS : buf_append(out, buf_view(&text));
	buf_done(&text);
	return error;
}
