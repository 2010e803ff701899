/* Variables: RFC 5229. The command set with its modifiers, and the test string. */
#include "sieve/sieve_variables.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "sieve/sieve_check.h"
#include "sieve/sieve_match.h"

static const struct sieve_tag set_tags[] = {SIEVE_MODIFIER_TAGS};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether a modifier puts a backslash before the character: RFC 5229, draft-ietf-sieve-regex. */
static bool quotes(const bool *given, char c)
{
	return c && ((given[SIEVE_MODIFY_QUOTEWILDCARD] && strchr("*?\\", c)) ||
	                (given[SIEVE_MODIFY_QUOTEREGEX] && strchr("\\^$.[]|()?*+{}", c)));
}

/* RFC 5435 section 6: all but what RFC 3986 calls unreserved. No character is cut apart where the value gets
 * too long. */
static bool encode(struct sieve_run *run, struct view *value)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(run->arena, SIEVE_VARIABLE_MAX);
	struct view rest = *value;
	size_t len = 0;

	if (!out) {
		sieve_run_no_memory(run);
		return false;
	}
	while (rest.len > 0) {
		struct view one = rest;
		bool plain = ascii_is_alnum(rest.data[0]) || (rest.data[0] && strchr("-_.~", rest.data[0]));

		utf8_next(&rest);
		one = view_take(one, one.len - rest.len);
		if (len + (plain ? 1 : 3 * one.len) > SIEVE_VARIABLE_MAX)
			break;
		for (size_t i = 0; i < one.len; i++) {
			unsigned char c = (unsigned char)one.data[i];

			if (plain) {
				out[len++] = (char)c;
				continue;
			}
			out[len++] = '%';
			out[len++] = digits[c >> 4];
			out[len++] = digits[c & 15];
		}
	}
	*value = view_of(out, len);
	return true;
}

/* Section 4.1: the modifiers in the order of their precedence. Letters beyond US-ASCII stay as they are. */
bool sieve_modify(struct sieve_run *run, const struct sieve_step *step, struct view *value)
{
	bool given[SIEVE_MODIFIERS];
	char number[24], *out;
	size_t len = 0;

	for (size_t i = 0; i < SIEVE_MODIFIERS; i++)
		given[i] = sieve_tag(step, i)->kind != SIEVE_ABSENT;
	out = arena_alloc(run->arena, 2 * value->len + 1);
	if (!out) {
		sieve_run_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < value->len; i++) {
		char c = value->data[i];

		c = given[SIEVE_MODIFY_LOWER] ? ascii_lower(c) : given[SIEVE_MODIFY_UPPER] ? upper(c) : c;
		if (i == 0)
			c = given[SIEVE_MODIFY_LOWERFIRST]   ? ascii_lower(c)
			    : given[SIEVE_MODIFY_UPPERFIRST] ? upper(c)
			                                     : c;
		if (quotes(given, c)) {
			if (len + 2 > SIEVE_VARIABLE_MAX)
				break; /* no quotation is cut apart */
			out[len++] = '\\';
		}
		out[len++] = c;
	}
	*value = view_of(out, len);
	if (given[SIEVE_MODIFY_ENCODEURL] && !encode(run, value))
		return false;
	if (!given[SIEVE_MODIFY_LENGTH])
		return true;
	snprintf(number, sizeof(number), "%zu", utf8_length(*value));
	if (arena_copy(run->arena, view_from_string(number), value))
		return true;
	sieve_run_no_memory(run);
	return false;
}

static void check_set(struct sieve_checker *c, struct sieve_step *step)
{
	sieve_check_variable(c, sieve_positional(step, 0)->strings[0], false);
}

static bool act_set(struct sieve_run *run, const struct sieve_step *step)
{
	struct view value;

	return sieve_run_text(run, sieve_positional(step, 1)->strings[0], &value) &&
	       sieve_modify(run, step, &value) &&
	       sieve_run_set(run, sieve_positional(step, 0)->strings[0], value);
}

/* Section 5: :count counts texts that are not empty. */
static enum sieve_truth test_string(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *texts = sieve_positional(step, 0);
	enum sieve_truth truth = SIEVE_FALSE;
	struct sieve_matching m;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 1)))
		return SIEVE_BROKEN;
	for (uint32_t i = 0; i < texts->count && truth == SIEVE_FALSE; i++) {
		struct view text;

		if (!sieve_run_text(run, texts->strings[i], &text))
			return SIEVE_BROKEN;
		if (step->match != SIEVE_COUNT || !view_empty(text))
			truth = sieve_matching_value(&m, text);
	}
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

static const struct sieve_word words[] = {
    {.name = "set",
        .extension = SIEVE_X_VARIABLES,
        .positionals = {{"a variable", SIEVE_STRING, SIEVE_USE_VARIABLE},
            {"its value", SIEVE_STRING, SIEVE_USE_TEXT}},
        .tags = set_tags,
        .tag_count = sizeof(set_tags) / sizeof(set_tags[0]),
        .check = check_set,
        .act = act_set},
    {.name = "string",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_VARIABLES,
        .positionals = {{"texts", SIEVE_STRING_LIST, SIEVE_USE_TEXT},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .test = test_string},
};
const struct sieve_words sieve_x_variables = {words, sizeof(words) / sizeof(words[0])};
