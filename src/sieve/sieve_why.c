/*
 * Why a block runs, in words that a person knows from the own script: made only when something is done, of
 * the checked tests and of what was noted when they held. The tests of all blocks around it are told.
 */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "sieve/sieve_run.h"

enum {
	TOLD_VALUES = 3, /* of a list, when nobody noted which of them it was */
	TOLD_DEPTH = 8,  /* tests in one another */
};

void sieve_run_note(struct sieve_run *run, const struct sieve_note *note)
{
	if (run->note_count < SIEVE_NOTES_MAX)
		run->notes[run->note_count++] = *note;
}

static const struct sieve_note *find_note(const struct sieve_run *run, const struct sieve_step *test)
{
	for (size_t i = run->note_count; i-- > 0;)
		if (run->notes[i].test == test)
			return &run->notes[i];
	return NULL;
}

static void put_between(struct buf *out, const char *between)
{
	struct view told = buf_view(out);

	if (*between != ' ' || between[1] || (told.len && !strchr(" (", told.data[told.len - 1])))
		buf_append_string(out, between);
}

static void tell_values(struct buf *out, const struct sieve_value *value, const char *between, bool quoted)
{
	if (value->kind == SIEVE_IS_NUMBER)
		buf_printf(out, " %llu", (unsigned long long)value->number);
	for (uint32_t i = 0; i < value->count && i < TOLD_VALUES; i++) {
		struct sieve_quoted text = sieve_quote(value->strings[i]);
		size_t len = strlen(text.text);

		put_between(out, i ? between : " ");
		buf_printf(out, "%.*s", (int)(quoted ? len : len - 2), text.text + !quoted);
	}
	if (value->count > TOLD_VALUES)
		buf_printf(out, "%s...", between);
}

static void tell_verb(struct buf *out, const struct sieve_step *test)
{
	static const char *const verbs[SIEVE_MATCH_TYPES] = {[SIEVE_IS] = "is",
	    [SIEVE_CONTAINS] = "contains",
	    [SIEVE_MATCHES] = "matches",
	    [SIEVE_LIST] = "is in the list",
	    [SIEVE_REGEX] = "matches the expression"};
	static const char *const relations[SIEVE_RELATIONS] = {"=", "!=", ">", ">=", "<", "<="};

	if (test->match < SIEVE_MATCH_TYPES && verbs[test->match])
		buf_printf(out, " %s", verbs[test->match]);
	else
		buf_printf(out, "%s %s", test->match == SIEVE_COUNT ? " has a count" : "",
		    relations[test->relation]);
}

/* What is matched: "subject", "domain of from", "currentdate hour". */
static void tell_matched(struct buf *out, const struct sieve_step *test, const struct sieve_note *note)
{
	static const char *const parts[SIEVE_ADDRESS_PARTS] = {
	    "", "local part of ", "domain of ", "user of ", "detail of "};
	size_t positionals = sieve_word_positionals(test->word);
	bool has_fields = (test->word->has & (SIEVE_HAS_INDEX | SIEVE_HAS_ADDRESS_PART)) && positionals == 2;

	if (!has_fields)
		buf_append_string(out, test->word->name);
	else
		buf_append_string(out, parts[test->part]);
	if (has_fields && note && !view_empty(note->field)) {
		struct sieve_quoted field = sieve_quote(note->field);

		buf_printf(out, "%.*s", (int)strlen(field.text) - 2, field.text + 1);
		return;
	}
	for (size_t i = 0; i + 1 < positionals; i++)
		tell_values(out, &test->values[i], " or ", false);
}

static void tell_match(struct buf *out, const struct sieve_step *test, const struct sieve_note *note)
{
	tell_matched(out, test, note);
	tell_verb(out, test);
	if (note)
		buf_printf(out, " %s", sieve_quote(note->key).text);
	else
		tell_values(out, &test->values[sieve_word_positionals(test->word) - 1], " or ", true);
}

/* A test without keys: "size :over 1024", "exists 'list-id'". */
static void tell_plain(struct buf *out, const struct sieve_step *test)
{
	size_t positionals = sieve_word_positionals(test->word);

	buf_append_string(out, test->word->name);
	for (size_t i = 0; i < test->word->tag_count; i++) {
		if (test->values[positionals + i].kind == SIEVE_ABSENT)
			continue;
		buf_printf(out, " :%s", test->word->tags[i].name);
		tell_values(out, &test->values[positionals + i], ", ", true);
	}
	for (size_t i = 0; i < positionals; i++)
		tell_values(out, &test->values[i], ", ", true);
}

static void tell_test(
    const struct sieve_run *run, struct buf *out, const struct sieve_step *test, unsigned depth)
{
	const struct sieve_note *note = find_note(run, test);
	bool any = view_equal(view_from_string(test->word->name), VIEW("anyof"));

	if (buf_view(out).len > SIEVE_WHY_MAX)
		return; /* it is cut there */
	if (depth > TOLD_DEPTH) {
		buf_append_string(out, "...");
	} else if (note && note->child) {
		tell_test(run, out, note->child, depth + 1);
	} else if (test->word->tests == SIEVE_ONE_TEST) {
		buf_printf(out, "%s (", test->word->name);
		tell_test(run, out, test->tests, depth + 1);
		buf_append_byte(out, ')');
	} else if (test->word->tests == SIEVE_TEST_LIST) {
		for (const struct sieve_step *t = test->tests; t && buf_view(out).len <= SIEVE_WHY_MAX;
		     t = t->next) {
			if (t != test->tests)
				buf_append_string(out, any ? " or " : " and ");
			tell_test(run, out, t, depth + 1);
		}
	} else if (test->word->has & SIEVE_HAS_MATCH) {
		tell_match(out, test, note);
	} else {
		tell_plain(out, test);
	}
}

/* From the outside in, as a person reads the script. */
static void tell_held(
    const struct sieve_run *run, struct buf *out, const struct sieve_held *held, unsigned depth)
{
	if (held->outer && depth < TOLD_DEPTH) {
		tell_held(run, out, held->outer, depth + 1);
		buf_append_string(out, " and ");
	}
	if (held->test)
		tell_test(run, out, held->test, 0);
	else
		buf_append_string(out, "none of the tests before it held");
}

bool sieve_run_why(const struct sieve_run *run, struct sieve_reason *why)
{
	struct buf out;
	struct view text;
	bool good;

	*why = (struct sieve_reason){.script = run->script};
	if (run->rule) {
		why->rule = run->rule->rule;
		why->rule_name = run->rule->rule_name;
	}
	if (!run->held)
		return true;
	why->line = run->held->test ? run->held->test->line : run->held->command->line;
	buf_init(&out, SIEVE_RUN_MEMORY_MAX);
	tell_held(run, &out, run->held, 0);
	text = buf_view(&out);
	if (text.len > SIEVE_WHY_MAX) {
		buf_truncate(&out, utf8_cut(text, SIEVE_WHY_MAX - 3).len);
		buf_append_string(&out, "...");
	}
	good = !buf_failed(&out) && arena_copy(run->arena, view_trim(buf_view(&out)), &why->text);
	buf_done(&out);
	return good;
}
