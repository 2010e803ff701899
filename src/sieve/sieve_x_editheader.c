/*
 * Changes of the header: RFC 5293. The script sees the header as it has made it; each action takes the
 * message as it is then. Whatever a value holds, it stays one field: line ends in it become folds, and what
 * is no plain text is encoded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "sieve/sieve_check.h"
#include "sieve/sieve_match.h"
#include "sieve/sieve_text.h"

enum {
	NAME_MAX_OCTETS = 64, /* twice the longest name that there is */
	LINE_WANTED = 78,     /* RFC 5322 section 2.1.1, both */
	LINE_MOST = 998,
	FIELD_TEXT_MAX =
	    8 * SIEVE_FIELD_MAX, /* octets of the whole field: encoded words are some four times as long */
};

enum { ADD_LAST };
static const struct sieve_tag add_tags[] = {
    {"last", SIEVE_X_EDITHEADER, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};
enum { DELETE_INDEX, DELETE_LAST };
static const struct sieve_tag delete_tags[] = {
    {"index", SIEVE_X_EDITHEADER, 0, {"which field is meant", SIEVE_NUMBER, SIEVE_USE_TEXT}, false},
    {"last", SIEVE_X_EDITHEADER, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

/* ---- names: RFC 5322, with a limit ---- */

static const char *name_problem(struct view name)
{
	bool good = name.len > 0 && name.len <= NAME_MAX_OCTETS;

	for (size_t i = 0; good && i < name.len; i++)
		good = header_is_ftext(name.data[i]);
	return good ? NULL : "is invalid: it has letters, digits and hyphens, 64 at most";
}

static void check_name(struct sieve_checker *c, const struct sieve_value *name)
{
	struct view rest = name->strings[0], before, variable;
	const char *problem = name_problem(rest);

	if (problem &&
	    !(sieve_check_requires(c, SIEVE_X_VARIABLES) && sieve_text_next(&rest, &before, &variable)))
		sieve_check_error(
		    c, name->place, "the field name %s %s", sieve_quote(name->strings[0]).text, problem);
}

/* ---- what changed, to be shown ---- */

static bool note(struct sieve_run *run, const struct sieve_edit *edit)
{
	struct sieve_edit *made = arena_alloc(run->arena, sizeof(*made));

	if (!made)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	*made = *edit;
	made->line = run->line;
	if (!sieve_run_why(run, &made->why))
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	if (run->last_edit)
		run->last_edit->next = made;
	else
		run->outcome->edits = made;
	run->last_edit = made;
	return true;
}

static bool changed(struct sieve_run *run, int result)
{
	if (result == -E2BIG)
		sieve_run_fail(run, "the script changes the header of one message too often");
	else if (result)
		sieve_run_no_memory(run);
	return result == 0;
}

/* ---- addheader: section 4 ---- */

static const char *value_problem(struct view value)
{
	if (value.len > SIEVE_FIELD_MAX)
		return "is too long for a header field: 4,096 octets are the most";
	return memchr(value.len ? value.data : "", 0, value.len)
	           ? "is an invalid value of a header field: it holds a NUL"
	           : NULL;
}

static void check_add(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *value = sieve_positional(step, 1);
	const char *problem = value_problem(value->strings[0]);

	check_name(c, sieve_positional(step, 0));
	if (problem)
		sieve_check_error(
		    c, value->place, "the value %s %s", sieve_quote(value->strings[0]).text, problem);
}

/* The next line of a value, without blanks at its ends; false at the end. Lines of blanks alone are left out.
 */
static bool next_line(struct view *rest, struct view *line)
{
	do {
		size_t len = 0;

		while (len < rest->len && rest->data[len] != '\n' && rest->data[len] != '\r')
			len++;
		*line = view_trim(view_take(*rest, len));
		*rest = view_skip(*rest, len < rest->len ? len + 1 : len);
	} while (view_empty(*line) && rest->len > 0);
	return !view_empty(*line);
}

/* Whether the line can stand in a header as it is: printable, and no word of it too long. */
static bool is_plain(struct view line)
{
	size_t word = 0;

	for (size_t i = 0; i < line.len; i++) {
		bool blank = line.data[i] == ' ' || line.data[i] == '\t';

		if (!blank && !ascii_is_print(line.data[i]))
			return false;
		word = blank ? 0 : word + 1;
		if (word > LINE_MOST - SIEVE_FIELD_MAX / 40)
			return false;
	}
	return true;
}

/* Where a line is to be folded that begins at `column`: its last blank that is not too far, else the first
 * one. */
static size_t fold_at(struct view line, size_t column)
{
	size_t at = line.len;

	if (column + line.len <= LINE_WANTED)
		return at;
	for (size_t i = 1; i < line.len; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t')
			continue;
		if (column + i > LINE_WANTED)
			return at == line.len ? i : at;
		at = i;
	}
	return at;
}

static void write_line(struct buf *out, struct view line, size_t column)
{
	while (line.len > 0) {
		size_t len = fold_at(line, column);

		buf_append(out, view_take(line, len));
		line =
		    view_skip(line, len); /* a blank goes on, and makes the next line a part of the field */
		if (line.len > 0)
			buf_append_string(out, "\r\n");
		column = 0;
	}
}

/* "Name: value" CRLF. */
static void write_field(struct buf *out, struct view name, struct view value)
{
	struct view line;
	bool first = true;

	buf_append(out, name);
	buf_append_string(out, ": ");
	while (next_line(&value, &line)) {
		size_t column = first ? name.len + 2 : 1;

		if (!first)
			buf_append_string(out, "\r\n ");
		if (is_plain(line))
			write_line(out, line, column);
		else
			encoded_word_write(out, line, column);
		first = false;
	}
	buf_append_string(out, "\r\n");
}

static bool take_problem(struct sieve_run *run, struct view text, const char *what, const char *problem)
{
	char why[400];

	if (!problem)
		return true;
	snprintf(why, sizeof(why), "%s %s %s", what, sieve_quote(text).text, problem);
	sieve_run_fail(run, why);
	return false;
}

static bool act_addheader(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_edit edit = {.added = true};
	struct view raw = {0};
	struct buf out;
	bool good;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &edit.name) ||
	    !sieve_run_text(run, sieve_positional(step, 1)->strings[0], &edit.value) ||
	    !take_problem(run, edit.name, "the field name", name_problem(edit.name)) ||
	    !take_problem(run, edit.value, "the value", value_problem(edit.value)))
		return false;
	buf_init(&out, FIELD_TEXT_MAX);
	write_field(&out, edit.name, edit.value);
	good = !buf_failed(&out) && arena_copy(run->arena, buf_view(&out), &raw);
	buf_done(&out);
	if (!good)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	return changed(run, sieve_message_add(run->message, edit.name, raw,
	                        sieve_tag(step, ADD_LAST)->kind != SIEVE_ABSENT)) &&
	       note(run, &edit);
}

/* ---- deleteheader: section 5 ---- */

static void check_delete(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *index = sieve_tag(step, DELETE_INDEX), *last = sieve_tag(step, DELETE_LAST);

	if (last->kind == SIEVE_ABSENT || index->kind != SIEVE_ABSENT)
		check_name(c, sieve_positional(step, 0));
	else
		sieve_check_error(c, last->place,
		    "the :last tag cannot be specified without the :index tag: it counts from the other end");
	if (index->kind == SIEVE_IS_NUMBER && index->number == 0)
		sieve_check_error(c, index->place,
		    "behind :index a number from 1 on was expected; the first field is number 1");
	if (step->match == SIEVE_COUNT)
		sieve_check_error(
		    c, step->place, "deleteheader looks at the fields one by one, so it takes no :count");
}

/* Section 6: what shows where a message has been, and what stops loops, stays. */
static bool is_protected(struct view name)
{
	return view_equal_nocase(name, VIEW("received")) || view_equal_nocase(name, VIEW("auto-submitted"));
}

/* Whether the field is to go: one of the patterns matches it, or there are none. */
static enum sieve_truth is_meant(struct sieve_run *run, struct sieve_matching *m, struct sieve_field *field)
{
	struct view text;

	if (!m)
		return SIEVE_TRUE;
	if (sieve_message_text(run->message, field, &text) != 0)
		return sieve_run_no_memory(run);
	return sieve_matching_value(m, text);
}

/* Marks the fields that go; gives how many, or -1 when the run ends. */
static int64_t mark_fields(struct sieve_run *run, const struct sieve_step *step, struct view name,
    struct sieve_matching *m, bool *gone)
{
	const struct sieve_value *index = sieve_tag(step, DELETE_INDEX);
	bool backwards = sieve_tag(step, DELETE_LAST)->kind != SIEVE_ABSENT;
	uint64_t place = 0;
	struct sieve_field *fields;
	int64_t marked = 0;
	size_t count;

	if (sieve_message_fields(run->message, &fields, &count) != 0 || !sieve_run_work(run, count / 8 + 1))
		return -1;
	for (size_t n = 0; n < count; n++) {
		size_t i = backwards ? count - 1 - n : n;
		enum sieve_truth meant;

		if (!view_equal_nocase(fields[i].name, name) ||
		    (index->kind == SIEVE_IS_NUMBER && ++place != index->number))
			continue;
		meant = is_meant(run, m, &fields[i]);
		if (meant == SIEVE_BROKEN)
			return -1;
		gone[i] = meant == SIEVE_TRUE;
		marked += gone[i];
	}
	return marked;
}

static bool note_deleted(struct sieve_run *run, const bool *gone)
{
	struct sieve_field *fields;
	unsigned told = 0;
	size_t count;

	if (sieve_message_fields(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	for (size_t i = 0; i < count && told < SIEVE_EDITS_TOLD; i++) {
		struct sieve_edit edit = {.name = fields[i].name};

		if (!gone[i])
			continue;
		if (sieve_message_text(run->message, &fields[i], &edit.value) != 0)
			return sieve_run_no_memory(run) == SIEVE_TRUE;
		if (!note(run, &edit))
			return false;
		told++;
	}
	return true;
}

static bool act_deleteheader(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *patterns = sieve_positional(step, 1);
	struct sieve_field *fields;
	struct sieve_matching m;
	struct view name;
	int64_t marked;
	size_t count;
	bool *gone;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &name) ||
	    !take_problem(run, name, "the field name", name_problem(name)))
		return false;
	if (is_protected(name))
		return true;
	if (patterns->kind != SIEVE_ABSENT && !sieve_matching_begin(&m, run, step, patterns))
		return false;
	m.silent = true; /* the fields that go are many */
	if (sieve_message_fields(run->message, &fields, &count) != 0)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	gone = arena_array(run->arena, count ? count : 1, sizeof(*gone));
	if (!gone)
		return sieve_run_no_memory(run) == SIEVE_TRUE;
	marked = mark_fields(run, step, name, patterns->kind != SIEVE_ABSENT ? &m : NULL, gone);
	if (marked <= 0)
		return marked == 0;
	return note_deleted(run, gone) && changed(run, sieve_message_delete(run->message, gone));
}

static const struct sieve_word words[] = {
    {.name = "addheader",
        .extension = SIEVE_X_EDITHEADER,
        .positionals = {{"a header name", SIEVE_STRING, SIEVE_USE_TEXT},
            {"its value", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = add_tags,
        .tag_count = sizeof(add_tags) / sizeof(add_tags[0]),
        .check = check_add,
        .act = act_addheader},
    {.name = "deleteheader",
        .extension = SIEVE_X_EDITHEADER,
        .positionals = {{"a header name", SIEVE_STRING, SIEVE_USE_TEXT},
            {"patterns of values", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .last_optional = true,
        .tags = delete_tags,
        .tag_count = sizeof(delete_tags) / sizeof(delete_tags[0]),
        .has = SIEVE_HAS_MATCH,
        .check = check_delete,
        .act = act_deleteheader},
};
const struct sieve_words sieve_x_editheader = {words, sizeof(words) / sizeof(words[0])};
