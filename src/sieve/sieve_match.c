/*
 * Wildcards match as little as they can (RFC 5229 section 3.2): what stands between two asterisks is sought
 * from the left, what stands behind the last one must be the end. So each is looked for once, and the work is
 * at most the product of both lengths, which counts as steps.
 */
#include "sieve/sieve_match.h"

#include <errno.h>
#include <string.h>

#include "format/fold.h"
#include "sieve/sieve_lists.h"

enum {
	STEP_OCTETS = 64, /* compared octets that count as one step */
	REGEX_STEPS = 2,  /* of the machine of an expression, likewise */
};

static bool work(struct sieve_matching *m, uint64_t octets)
{
	return sieve_run_work(m->run, octets / STEP_OCTETS + 1);
}

/* Folded text, for i;unicode-casemap, until the next one is made; others compare by themselves. */
static bool fold(struct sieve_matching *m, struct view text, struct view *folded)
{
	struct buf *scratch = &m->run->scratch;

	*folded = text;
	if (m->step->comparator != SIEVE_UNICODE_CASEMAP)
		return true;
	buf_clear(scratch);
	if (fold_casemap(text, scratch) != 0) {
		sieve_run_no_memory(m->run);
		return false;
	}
	*folded = buf_view(scratch);
	return true;
}

static bool take_key(struct sieve_matching *m, struct view text, struct view *key)
{
	struct view folded;

	if (m->step->match == SIEVE_LIST)
		return sieve_list_name(m->run, text, key);
	if (!sieve_run_text(m->run, text, key) || !fold(m, *key, &folded))
		return false;
	if (m->step->comparator != SIEVE_UNICODE_CASEMAP || arena_copy(m->run->arena, folded, key))
		return true;
	sieve_run_no_memory(m->run);
	return false;
}

/* ---- whole texts ---- */

static int order(struct view a, struct view b, bool lower)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)(lower ? ascii_lower(a.data[i]) : a.data[i]);
		unsigned char y = (unsigned char)(lower ? ascii_lower(b.data[i]) : b.data[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

/* RFC 4790 section 9.1: the digits that it begins with; none are more than any number. */
static struct view digits(struct view text, bool *infinite)
{
	size_t len = 0, zeros = 0;

	while (len < text.len && ascii_is_digit(text.data[len]))
		len++;
	*infinite = len == 0;
	while (zeros + 1 < len && text.data[zeros] == '0')
		zeros++;
	return view_skip(view_take(text, len), zeros);
}

static int numeric_order(struct view a, struct view b)
{
	bool a_infinite, b_infinite;
	struct view x = digits(a, &a_infinite), y = digits(b, &b_infinite);

	if (a_infinite || b_infinite)
		return (int)a_infinite - (int)b_infinite;
	return x.len != y.len ? (x.len < y.len ? -1 : 1) : view_compare(x, y);
}

static int compare(enum sieve_comparator comparator, struct view a, struct view b)
{
	return comparator == SIEVE_ASCII_NUMERIC ? numeric_order(a, b)
	                                         : order(a, b, comparator == SIEVE_ASCII_CASEMAP);
}

static bool holds(enum sieve_relation relation, int result)
{
	switch (relation) {
	case SIEVE_EQ:
		return result == 0;
	case SIEVE_NE:
		return result != 0;
	case SIEVE_GT:
		return result > 0;
	case SIEVE_GE:
		return result >= 0;
	case SIEVE_LT:
		return result < 0;
	default:
		return result <= 0;
	}
}

/* ---- parts of texts ---- */

static bool same(char a, char b, bool lower)
{
	return lower ? ascii_lower(a) == ascii_lower(b) : a == b;
}

static bool contains(struct view text, struct view key, bool lower)
{
	if (key.len == 0)
		return true;
	if (!lower)
		return text.len >= key.len && memmem(text.data, text.len, key.data, key.len);
	for (size_t i = 0; i + key.len <= text.len; i++) {
		size_t n = 0;

		while (n < key.len && ascii_lower(text.data[i + n]) == ascii_lower(key.data[n]))
			n++;
		if (n == key.len)
			return true;
	}
	return false;
}

/* ---- wildcards ---- */

struct wildcards {
	struct view text, key;
	bool lower, octets;
	struct sieve_span found[SIEVE_MATCHES_MAX + 1]; /* 0: the whole */
	size_t count;
};

static void note(struct wildcards *w, size_t from, size_t to)
{
	if (w->count <= SIEVE_MATCHES_MAX)
		w->found[w->count++] = (struct sieve_span){from, to};
}

static size_t character(const struct wildcards *w, size_t at)
{
	size_t end = at + 1;

	while (!w->octets && end < w->text.len && ((unsigned char)w->text.data[end] & 0xc0) == 0x80)
		end++;
	return end;
}

/* The part of the key from `from` to the next asterisk: where that is. */
static size_t part_end(struct view key, size_t from)
{
	while (from < key.len && key.data[from] != '*')
		from += key.data[from] == '\\' && from + 1 < key.len ? 2 : 1;
	return from;
}

/* Whether the part of the key lies in the text at `at`; its end, or SIZE_MAX. What "?" stands for is noted.
 */
static size_t part_at(struct wildcards *w, size_t from, size_t to, size_t at)
{
	for (size_t k = from; k < to; k++) {
		if (at >= w->text.len)
			return SIZE_MAX;
		if (w->key.data[k] == '?') {
			size_t end = character(w, at);

			note(w, at, end);
			at = end;
			continue;
		}
		if (w->key.data[k] == '\\' && k + 1 < to)
			k++;
		if (!same(w->text.data[at], w->key.data[k], w->lower))
			return SIZE_MAX;
		at++;
	}
	return at;
}

/* Where the text must go on for its last part to end with it: what the key's part takes, from the end. */
static size_t last_start(const struct wildcards *w, size_t from, size_t to, size_t least)
{
	size_t at = w->text.len, units = 0;
	bool plain = true;

	for (size_t k = from; k < to; k++, units++) {
		plain = plain && w->key.data[k] != '?';
		if (w->key.data[k] == '\\' && k + 1 < to)
			k++;
	}
	if (plain || w->octets)
		return at >= units && at - units >= least ? at - units : SIZE_MAX;
	/* With characters of several octets, only trying tells; a part is short, and so is its end. */
	for (at = at >= 4 * units && at - 4 * units > least ? at - 4 * units : least; at <= w->text.len;
	     at++) {
		struct wildcards trial = *w;

		if ((at == w->text.len || ((unsigned char)w->text.data[at] & 0xc0) != 0x80) &&
		    part_at(&trial, from, to, at) == w->text.len)
			return at;
	}
	return SIZE_MAX;
}

static bool wild(struct wildcards *w)
{
	size_t from = 0, to = part_end(w->key, 0), at, start, end;

	w->count = 1;
	w->found[0] = (struct sieve_span){0, w->text.len};
	at = part_at(w, from, to, 0);
	if (at == SIZE_MAX || to == w->key.len)
		return at == w->text.len;
	for (;;) { /* key.data[to] is an asterisk */
		size_t noted = w->count;

		from = to + 1;
		to = part_end(w->key, from);
		if (to == w->key.len) {
			start = last_start(w, from, to, at);
			if (start == SIZE_MAX)
				return false;
			note(w, at, start);
			return part_at(w, from, to, start) == w->text.len;
		}
		for (start = at;; start = character(w, start)) {
			if (start > w->text.len)
				return false;
			w->count = noted;
			note(w, at, start);
			end = part_at(w, from, to, start);
			if (end != SIZE_MAX)
				break;
		}
		at = end;
	}
}

/*
 * RFC 5229 section 3.2: a match sets all of them, and nothing else changes them. The folded text of
 * i;unicode-casemap is what its wildcards stand for, unless it is as long as the text itself.
 */
static bool keep_matches(
    struct sieve_matching *m, struct view source, const struct sieve_span *spans, size_t count)
{
	if (!m->run->program->variables || m->silent)
		return true;
	if (!arena_copy(m->run->arena, source, &source))
		return false;
	m->run->scope->match_count = count;
	for (size_t i = 0; i < count; i++)
		m->run->scope->matches[i] =
		    spans[i].from > spans[i].to
		        ? (struct view){0}
		        : view_take(view_skip(source, spans[i].from), spans[i].to - spans[i].from);
	return true;
}

static enum sieve_truth matches(
    struct sieve_matching *m, struct view value, struct view folded, struct view key)
{
	struct wildcards w = {.text = folded,
	    .key = key,
	    .lower = m->step->comparator == SIEVE_ASCII_CASEMAP,
	    .octets = m->step->comparator == SIEVE_OCTET};

	if (!wild(&w))
		return SIEVE_FALSE;
	return keep_matches(m, value.len == folded.len ? value : folded, w.found, w.count)
	           ? SIEVE_TRUE
	           : sieve_run_no_memory(m->run);
}

/* ---- regular expressions ---- */

/* An expression is read once in a run. One that a variable has made, and that is none, matches nothing. */
static bool take_regex(struct sieve_matching *m, struct view pattern, const struct sieve_regex **regex)
{
	bool lower = m->step->comparator == SIEVE_ASCII_CASEMAP;
	struct sieve_regex_problem problem;
	struct sieve_run_regex *kept;
	int result;

	for (kept = m->run->regexes; kept; kept = kept->next) {
		if (kept->lower == lower && view_equal(kept->pattern, pattern)) {
			*regex = kept->regex;
			return true;
		}
	}
	if (!sieve_run_work(m->run, pattern.len + 32))
		return false;
	kept = arena_alloc(m->run->arena, sizeof(*kept));
	result = kept ? sieve_regex_compile(pattern, lower, m->run->arena, &kept->regex, &problem) : -ENOMEM;
	if (result == -ENOMEM) {
		sieve_run_no_memory(m->run);
		return false;
	}
	kept->pattern = pattern;
	kept->lower = lower;
	kept->next = m->run->regexes;
	m->run->regexes = kept;
	*regex = kept->regex;
	return true;
}

static enum sieve_truth matches_regex(
    struct sieve_matching *m, struct view value, const struct sieve_regex *regex)
{
	bool wanted = m->run->program->variables && !m->silent;
	struct sieve_span spans[SIEVE_MATCHES_MAX + 1];
	uint64_t all = (SIEVE_STEPS_MAX - m->run->steps) * REGEX_STEPS, left = all;
	int result;

	if (!regex)
		return SIEVE_FALSE;
	result = sieve_regex_find(regex, value, wanted ? spans : NULL, &left);
	if (result == -ENOMEM)
		return sieve_run_no_memory(m->run);
	if (!sieve_run_work(m->run, (all - left) / REGEX_STEPS + 1 + (result == -E2BIG)))
		return SIEVE_BROKEN;
	if (result != 1)
		return SIEVE_FALSE;
	if (wanted && !keep_matches(m, value, spans, sieve_regex_groups(regex)))
		return sieve_run_no_memory(m->run);
	return SIEVE_TRUE;
}

/* ---- keys ---- */

static bool take_regexes(struct sieve_matching *m)
{
	m->regexes = arena_array(m->run->arena, m->key_count, sizeof(*m->regexes));
	if (!m->regexes) {
		sieve_run_no_memory(m->run);
		return false;
	}
	for (size_t i = 0; i < m->key_count; i++)
		if (!take_regex(m, m->keys[i], &m->regexes[i]))
			return false;
	return true;
}

bool sieve_matching_begin(struct sieve_matching *m, struct sieve_run *run, const struct sieve_step *step,
    const struct sieve_value *keys)
{
	*m = (struct sieve_matching){.run = run, .step = step, .key_count = keys->count};
	m->keys = arena_array(run->arena, keys->count, sizeof(*m->keys));
	if (!m->keys) {
		sieve_run_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < m->key_count; i++)
		if (!take_key(m, keys->strings[i], &m->keys[i]))
			return false;
	return step->match != SIEVE_REGEX || take_regexes(m);
}

/* RFC 6134 section 2.7: what is in the list is ${0}. */
static enum sieve_truth is_listed(struct sieve_matching *m, struct view value, struct view list)
{
	const struct sieve_span whole = {0, value.len};
	enum sieve_truth truth = sieve_list_holds(m->run, list, value);

	if (truth != SIEVE_TRUE || keep_matches(m, value, &whole, 1))
		return truth;
	return sieve_run_no_memory(m->run);
}

/* ---- values ---- */

static enum sieve_truth judge(struct sieve_matching *m, struct view value, struct view folded, size_t i)
{
	struct view key = m->keys[i];
	bool lower = m->step->comparator == SIEVE_ASCII_CASEMAP;

	switch (m->step->match) {
	case SIEVE_CONTAINS:
		return contains(folded, key, lower) ? SIEVE_TRUE : SIEVE_FALSE;
	case SIEVE_MATCHES:
		return matches(m, value, folded, key);
	case SIEVE_LIST:
		return is_listed(m, value, key);
	case SIEVE_REGEX:
		return matches_regex(m, value, m->regexes[i]);
	case SIEVE_VALUE:
		return holds(m->step->relation, compare(m->step->comparator, folded, key)) ? SIEVE_TRUE
		                                                                           : SIEVE_FALSE;
	default:
		return compare(m->step->comparator, folded, key) == 0 ? SIEVE_TRUE : SIEVE_FALSE;
	}
}

static void note_match(struct sieve_matching *m, size_t key)
{
	struct sieve_note note = {.test = m->step, .field = m->field, .key = m->keys[key]};

	sieve_run_note(m->run, &note);
}

enum sieve_truth sieve_matching_value(struct sieve_matching *m, struct view value)
{
	enum sieve_truth truth;
	struct view folded;

	m->count++;
	if (m->step->match == SIEVE_COUNT)
		return SIEVE_FALSE;
	if (!fold(m, value, &folded))
		return SIEVE_BROKEN;
	for (size_t i = 0; i < m->key_count; i++) {
		/* Both lengths count where a part is sought; whole texts differ at once. */
		bool seeks = m->step->match == SIEVE_MATCHES && view_find(m->keys[i], '*') >= 0;

		if (!work(m, seeks ? folded.len * (m->keys[i].len + 1) : folded.len))
			return SIEVE_BROKEN;
		truth = judge(m, value, folded, i);
		if (truth == SIEVE_TRUE)
			note_match(m, i);
		if (truth != SIEVE_FALSE)
			return truth;
	}
	return SIEVE_FALSE;
}

enum sieve_truth sieve_matching_end(struct sieve_matching *m)
{
	char count[24];
	int len = 0;
	uint64_t n = m->count;

	if (m->step->match != SIEVE_COUNT)
		return SIEVE_FALSE;
	do {
		len++;
		count[sizeof(count) - (size_t)len] = (char)('0' + n % 10);
	} while ((n /= 10) > 0);
	for (size_t i = 0; i < m->key_count; i++)
		if (holds(m->step->relation,
		        compare(m->step->comparator, view_of(count + sizeof(count) - len, (size_t)len),
		            m->keys[i]))) {
			note_match(m, i);
			return SIEVE_TRUE;
		}
	return SIEVE_FALSE;
}
