/* Conditions and actions as a person writes them on a line: sieve_simple_tell.c writes them so. */
#include "sieve/sieve_simple_private.h"

#include <string.h>

#include "format/json.h"
#include "format/json_read.h"

struct hearing {
	struct view rest;
	struct arena *arena;
	struct buf *words;
};

static bool wrong(struct hearing *h, const char *expected)
{
	buf_append_string(h->words, expected);
	if (view_empty(h->rest)) {
		buf_append_string(h->words, " was expected at the end");
		return false;
	}
	buf_append_string(h->words, " was expected where ");
	json_append_string(h->words, view_take(h->rest, 60));
	buf_append_string(h->words, " stands");
	return false;
}

static void skip_blanks(struct hearing *h)
{
	while (!view_empty(h->rest) && strchr(" \t\r\n", h->rest.data[0]) && h->rest.data[0])
		h->rest = view_skip(h->rest, 1);
}

/* The next word, up to a blank, a comma or a quote; nothing is taken. */
static struct view peek(struct hearing *h)
{
	size_t len = 0;

	skip_blanks(h);
	while (len < h->rest.len && h->rest.data[len] && !strchr(" \t\r\n,\"", h->rest.data[len]))
		len++;
	return view_take(h->rest, len);
}

static bool accept(struct hearing *h, const char *word)
{
	struct view next = peek(h);

	if (!view_equal_nocase(next, view_from_string(word)))
		return false;
	h->rest = view_skip(h->rest, next.len);
	return true;
}

static bool accept_comma(struct hearing *h)
{
	skip_blanks(h);
	if (!view_starts(h->rest, VIEW(",")))
		return false;
	h->rest = view_skip(h->rest, 1);
	return true;
}

static bool at_quote(struct hearing *h)
{
	skip_blanks(h);
	return view_starts(h->rest, VIEW("\""));
}

static bool at_end(struct hearing *h)
{
	skip_blanks(h);
	return view_empty(h->rest) || wrong(h, "nothing more");
}

/* A text in quotes, with the escapes of JSON. */
static bool hear_quoted(struct hearing *h, struct view *text)
{
	struct json_value value;
	size_t end = 1;

	while (end < h->rest.len && h->rest.data[end] != '"')
		end += h->rest.data[end] == '\\' ? 2 : 1;
	if (end >= h->rest.len)
		return wrong(h, "a text that ends with a quote");
	if (json_parse(view_take(h->rest, end + 1), h->arena, &value) != 0)
		return wrong(h, "a text in quotes, in which \\\" is a quote and \\\\ a backslash,");
	*text = value.text;
	h->rest = view_skip(h->rest, end + 1);
	return true;
}

/* One text: in quotes, or all that is left. */
static bool hear_text(struct hearing *h, const char *what, struct view *text)
{
	if (at_quote(h))
		return hear_quoted(h, text);
	*text = view_trim(h->rest);
	if (view_empty(*text))
		return wrong(h, what);
	h->rest = (struct view){0};
	return true;
}

/* What stands before the next " or ", of what is left. */
static struct view before_or(struct hearing *h)
{
	struct view rest = h->rest;

	for (size_t i = 1; i + 4 <= rest.len; i++)
		if (view_equal_nocase(view_take(view_skip(rest, i), 4), VIEW(" or "))) {
			h->rest = view_skip(rest, i);
			return view_trim(view_take(rest, i));
		}
	h->rest = (struct view){0};
	return view_trim(rest);
}

struct texts {
	struct view items[SIEVE_SIMPLE_VALUES_MAX];
	size_t count;
};

static bool keep_texts(struct hearing *h, const struct texts *texts, const struct view **kept, size_t *count)
{
	struct view *copy = arena_array(h->arena, texts->count, sizeof(*copy));

	if (!copy)
		return wrong(h, "memory for the texts");
	memcpy(copy, texts->items, texts->count * sizeof(*copy));
	*kept = copy;
	*count = texts->count;
	return true;
}

/* Texts with "or" or a comma between each two. */
static bool hear_values(struct hearing *h, const struct view **values, size_t *count)
{
	struct texts *texts = arena_alloc(h->arena, sizeof(*texts));

	if (!texts)
		return wrong(h, "memory for the texts");
	do {
		struct view *text = &texts->items[texts->count];

		if (texts->count == SIEVE_SIMPLE_VALUES_MAX)
			return wrong(h, "no more than 1,000 texts");
		if (at_quote(h)) {
			if (!hear_quoted(h, text))
				return false;
		} else {
			*text = before_or(h);
			if (view_empty(*text))
				return wrong(h, "a text to compare with");
		}
		texts->count++;
	} while (accept(h, "or") || accept_comma(h));
	return at_end(h) && keep_texts(h, texts, values, count);
}

/* Names with commas between them. */
static bool hear_names(struct hearing *h, struct sieve_simple_condition *c)
{
	struct texts *texts = arena_alloc(h->arena, sizeof(*texts));

	if (!texts)
		return wrong(h, "memory for the names");
	do {
		struct view *text = &texts->items[texts->count];

		if (texts->count == SIEVE_SIMPLE_VALUES_MAX)
			return wrong(h, "no more than 1,000 names");
		if (at_quote(h)) {
			if (!hear_quoted(h, text))
				return false;
		} else {
			*text = peek(h);
			if (view_empty(*text))
				return wrong(h, "a name");
			h->rest = view_skip(h->rest, text->len);
		}
		texts->count++;
	} while (accept_comma(h));
	return keep_texts(h, texts, &c->names, &c->name_count);
}

/* ---- what a condition looks at ---- */

static bool hear_group(struct hearing *h, struct sieve_simple_condition *c, bool *addresses)
{
	for (size_t g = 0; g < SIEVE_SIMPLE_GROUPS; g++) {
		const struct sieve_simple_group *group = &sieve_simple_groups[g];

		if (!accept(h, group->word))
			continue;
		c->names = group->names;
		c->name_count = group->count;
		*addresses = group->addresses;
		return true;
	}
	return false;
}

static bool hear_fields(struct hearing *h, struct sieve_simple_condition *c, bool *addresses)
{
	*addresses = false;
	if (accept(h, "header"))
		return hear_names(h, c);
	return hear_group(h, c, addresses) ||
	       wrong(h, "subject, from, to, cc, recipient, list or header NAME");
}

/* Behind a part of a date and "of". */
static bool hear_moment(struct hearing *h, struct sieve_simple_condition *c)
{
	struct view *name;

	c->test = SIEVE_SIMPLE_DATE;
	if (accept(h, "now"))
		return true;
	name = arena_alloc(h->arena, sizeof(*name));
	if (!name)
		return wrong(h, "memory for the name");
	*name = VIEW("Date");
	if (!accept(h, "date") && !(at_quote(h) && hear_quoted(h, name)))
		return wrong(h, "now, date, or the name of a field in quotes");
	c->names = name;
	c->name_count = 1;
	return true;
}

static bool hear_date(struct hearing *h, struct sieve_simple_condition *c, bool *found)
{
	struct hearing before = *h;
	static const struct view date_field[] = {{"Date", 4}};

	*found = true;
	c->test = SIEVE_SIMPLE_DATE;
	c->part = VIEW("date");
	if (accept(h, "today"))
		return true;
	if (at_quote(h)) {
		if (!hear_quoted(h, &c->part))
			return false;
	} else {
		c->part = peek(h);
		h->rest = view_skip(h->rest, c->part.len);
	}
	if (accept(h, "of"))
		return hear_moment(h, c);
	if (view_equal_nocase(c->part, VIEW("date"))) {
		c->part = VIEW("date");
		c->names = date_field;
		c->name_count = 1;
		return true;
	}
	*h = before;
	*found = false;
	return true;
}

static bool hear_subject(struct hearing *h, struct sieve_simple_condition *c, bool *addresses)
{
	static const struct {
		const char *word;
		enum sieve_simple_test test;
		bool fields;
	} words[] = {{"address", SIEVE_SIMPLE_ADDRESS, true}, {"domain", SIEVE_SIMPLE_DOMAIN, true},
	    {"user", SIEVE_SIMPLE_USER, true}, {"body", SIEVE_SIMPLE_BODY, false},
	    {"attachment", SIEVE_SIMPLE_ATTACHMENT, false}, {"size", SIEVE_SIMPLE_SIZE, false},
	    {"spam", SIEVE_SIMPLE_SPAM, false}, {"virus", SIEVE_SIMPLE_VIRUS, false}};
	bool found;

	*c = (struct sieve_simple_condition){0};
	*addresses = false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!accept(h, words[i].word))
			continue;
		c->test = words[i].test;
		if (!words[i].fields)
			return true;
		if (!accept(h, "of"))
			return wrong(h, "of");
		found = hear_fields(h, c, addresses);
		*addresses = false;
		return found;
	}
	if (accept(h, "envelope")) {
		c->test = SIEVE_SIMPLE_ENVELOPE;
		return hear_names(h, c);
	}
	if (!hear_date(h, c, &found) || found)
		return found;
	*c = (struct sieve_simple_condition){0};
	return hear_fields(h, c, addresses);
}

/* ---- how ---- */

static const struct {
	const char *word, *other; /* contains; (does not) contain */
	const char *behind;
	bool needed; /* what stands behind it */
	enum sieve_simple_how how;
} verbs[] = {
    {"contains", "contain", NULL, false, SIEVE_SIMPLE_CONTAINS},
    {"begins", "begin", "with", false, SIEVE_SIMPLE_BEGINS},
    {"ends", "end", "with", false, SIEVE_SIMPLE_ENDS},
    {"matches", "match", NULL, false, SIEVE_SIMPLE_MATCHES},
    {"fits", "fit", NULL, false, SIEVE_SIMPLE_REGEX},
    {"over", "over", NULL, false, SIEVE_SIMPLE_OVER},
    {"under", "under", NULL, false, SIEVE_SIMPLE_UNDER},
    {"before", "before", NULL, false, SIEVE_SIMPLE_BEFORE},
    {"since", "since", NULL, false, SIEVE_SIMPLE_SINCE},
    {"after", "after", NULL, false, SIEVE_SIMPLE_AFTER},
    {"until", "until", NULL, false, SIEVE_SIMPLE_UNTIL},
    {"at", "at", "least", true, SIEVE_SIMPLE_AT_LEAST},
    {"exists", "exist", NULL, false, SIEVE_SIMPLE_THERE},
};

static bool hear_verb(struct hearing *h, struct sieve_simple_condition *c)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!accept(h, verbs[i].word) && !accept(h, verbs[i].other))
			continue;
		c->how = verbs[i].how;
		if (verbs[i].behind && !accept(h, verbs[i].behind) && verbs[i].needed)
			return wrong(h, verbs[i].behind);
		return true;
	}
	return false;
}

static bool is_number(const struct sieve_simple_condition *c)
{
	return c->test == SIEVE_SIMPLE_SIZE || c->test == SIEVE_SIMPLE_SPAM || c->test == SIEVE_SIMPLE_VIRUS;
}

static bool hear_how(struct hearing *h, struct sieve_simple_condition *c)
{
	static const char expected[] = "is, contains, begins with, ends with, matches, fits, exists, over, "
	                               "under, at least, before, since, "
	                               "after or until";

	if (accept(h, "is")) {
		c->negated = accept(h, "not");
		c->how = SIEVE_SIMPLE_IS;
		if ((c->test == SIEVE_SIMPLE_HEADER || c->test == SIEVE_SIMPLE_ATTACHMENT) &&
		    accept(h, "missing")) {
			c->negated = !c->negated;
			c->how = SIEVE_SIMPLE_THERE;
			return true;
		}
		return (!is_number(c) && c->test != SIEVE_SIMPLE_DATE) || hear_verb(h, c) ||
		       c->test == SIEVE_SIMPLE_DATE || wrong(h, expected);
	}
	c->negated = accept(h, "does") || accept(h, "do");
	if (c->negated && !accept(h, "not"))
		return wrong(h, "not");
	if (!c->negated)
		c->negated = accept(h, "not");
	return hear_verb(h, c) || wrong(h, expected);
}

static bool hear_number(struct hearing *h, struct sieve_simple_condition *c)
{
	struct view number = peek(h);

	if (c->test == SIEVE_SIMPLE_SIZE ? !view_to_size(number, &c->number)
	                                 : !view_to_u64(number, UINT64_MAX, &c->number))
		return wrong(h, c->test == SIEVE_SIMPLE_SIZE ? "a size, as 100K or 5M," : "a whole number");
	h->rest = view_skip(h->rest, number.len);
	return at_end(h);
}

bool sieve_simple_hear_condition(
    struct view text, struct arena *arena, struct sieve_simple_condition *condition, struct buf *words)
{
	struct hearing h = {text, arena, words};
	struct sieve_simple_condition c;
	bool addresses;

	if (!hear_subject(&h, &c, &addresses) || !hear_how(&h, &c))
		return false;
	if (c.test == SIEVE_SIMPLE_ATTACHMENT) {
		skip_blanks(&h);
		if (c.how != SIEVE_SIMPLE_THERE)
			return wrong(&h, "exists, or is missing,");
		if (!at_end(&h))
			return false;
	} else if (c.how == SIEVE_SIMPLE_THERE) {
		if (c.test != SIEVE_SIMPLE_HEADER)
			return wrong(&h, "a field of the header, which exists or not,");
		c.test = SIEVE_SIMPLE_EXISTS;
		if (!at_end(&h))
			return false;
	} else if (is_number(&c)) {
		if (!hear_number(&h, &c))
			return false;
	} else if (!hear_values(&h, &c.values, &c.value_count)) {
		return false;
	}
	if (addresses && c.how == SIEVE_SIMPLE_IS)
		c.test = SIEVE_SIMPLE_ADDRESS;
	*condition = c;
	return true;
}

/* ---- actions ---- */

static bool hear_filing(struct hearing *h, struct sieve_simple_action *a, enum sieve_simple_do what)
{
	a->what = what;
	a->create = !accept(h, "existing");
	return hear_text(h, "a mailbox", &a->text);
}

static bool hear_forward(struct hearing *h, struct sieve_simple_action *a, bool copy)
{
	a->what = SIEVE_SIMPLE_FORWARD;
	a->copy = copy;
	return hear_text(h, "an address", &a->text);
}

static bool one_flag(struct sieve_simple_action *a, bool seen)
{
	static const struct view names[] = {{"\\Seen", 5}, {"\\Flagged", 8}};

	a->what = SIEVE_SIMPLE_FLAGS;
	a->flags = &names[seen ? 0 : 1];
	a->flag_count = 1;
	return true;
}

static bool hear_mark(struct hearing *h, struct sieve_simple_action *a)
{
	accept(h, "as");
	if (accept(h, "read") || accept(h, "seen"))
		return one_flag(a, true);
	return accept(h, "flagged") || accept(h, "important") ? one_flag(a, false)
	                                                      : wrong(h, "read or flagged");
}

static bool hear_flags(struct hearing *h, struct sieve_simple_action *a)
{
	struct sieve_simple_condition names = {0};

	if (!accept(h, "flags") && !accept(h, "flag"))
		return wrong(h, "flags");
	a->what = SIEVE_SIMPLE_FLAGS;
	if (!hear_names(h, &names))
		return false;
	a->flags = names.names;
	a->flag_count = names.name_count;
	return true;
}

static bool hear_answer(struct hearing *h, struct sieve_simple_action *a)
{
	uint64_t days;

	a->what = SIEVE_SIMPLE_ANSWER;
	if (!hear_text(h, "the text of the answer", &a->text))
		return false;
	if (accept(h, "under")) {
		if (!accept(h, "the") || !accept(h, "subject"))
			return wrong(h, "the subject");
		if (!at_quote(h) || !hear_quoted(h, &a->subject))
			return wrong(h, "a subject in quotes");
	}
	if (!accept(h, "every"))
		return true;
	if (!view_to_u64(peek(h), SIEVE_SIMPLE_DAYS_MAX, &days) || days == 0)
		return wrong(h, "a number of days, up to 365,");
	h->rest = view_skip(h->rest, peek(h).len);
	a->days = (uint32_t)days;
	return accept(h, "days") || accept(h, "day") || wrong(h, "days");
}

static bool hear_what(struct hearing *h, struct sieve_simple_action *a)
{
	a->what = SIEVE_SIMPLE_DISCARD;
	if (accept(h, "discard"))
		return true;
	a->what = SIEVE_SIMPLE_KEEP;
	if (accept(h, "keep"))
		return true;
	a->what = SIEVE_SIMPLE_STOP;
	if (accept(h, "stop"))
		return true;
	if (accept(h, "flag"))
		return one_flag(a, false);
	if (accept(h, "mark"))
		return hear_mark(h, a);
	if (accept(h, "set"))
		return hear_flags(h, a);
	if (accept(h, "file"))
		return (accept(h, "into") || accept(h, "in") || wrong(h, "into (as in: file into Work)")) &&
		       hear_filing(h, a, SIEVE_SIMPLE_FILE);
	if (accept(h, "copy"))
		return (accept(h, "to") || accept(h, "into") || wrong(h, "to (as in: copy to Work)")) &&
		       hear_filing(h, a, SIEVE_SIMPLE_COPY);
	if (accept(h, "forward"))
		return (accept(h, "to") || wrong(h, "to (as in: forward to me@example.org)")) &&
		       hear_forward(h, a, true);
	if (accept(h, "redirect"))
		return (accept(h, "to") || wrong(h, "to (as in: redirect to me@example.org)")) &&
		       hear_forward(h, a, false);
	if (accept(h, "answer"))
		return (accept(h, "with") || wrong(h, "with (as in: answer with \"I am away\")")) &&
		       hear_answer(h, a);
	a->what = SIEVE_SIMPLE_REJECT;
	if (accept(h, "reject"))
		return (accept(h, "with") || wrong(h, "with (as in: reject with \"Not here\")")) &&
		       hear_text(h, "the text of the refusal", &a->text);
	return wrong(h,
	    "file into, copy to, mark as read, flag, set flags, forward to, redirect to, reject with, "
	    "answer with, discard, keep or stop");
}

bool sieve_simple_hear_action(
    struct view text, struct arena *arena, struct sieve_simple_action *action, struct buf *words)
{
	struct hearing h = {text, arena, words};
	struct sieve_simple_action a = {0};

	if (!hear_what(&h, &a) || !at_end(&h))
		return false;
	*action = a;
	return true;
}
