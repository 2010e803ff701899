/*
 * The index against the messages themselves: for random messages and random queries, nothing that a message
 * has is missed, and nothing is said to be sure that is not there. Words without diacritics are found exactly
 * where a message's terms have them.
 */
#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/fold.h"
#include "format/words.h"
#include "search/search_message.h"
#include "segments.h"

enum { MESSAGES = 60, SEGMENTS = 4 };

static const char *const bits[] = {"alpha", "Beta", "gam", "ma", "caf\xc3\xa9", "cafe", "stra\xc3\x9f\x65",
    " ", " ", " ", ", ", "@", ".", "-", "1", "42", "\xe4\xbc\x9a\xe8\xad\xb0", "\xe3\x81\x8c", "\xe3\x81\x8b",
    "\xe0\xb9\x84\xe0\xb8\x97", "\xd0\xbf\xd1\x80\xd0\xb8", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x",
    "\xef\xac\x81", "\xcc\x81", "\n", "re: "};

static void append_random(struct buf *out, unsigned count, bool one_line)
{
	for (unsigned i = 0; i < count; i++) {
		const char *bit = bits[(size_t)rand() % (sizeof bits / sizeof *bits)];
		buf_append_string(out, one_line && bit[0] == '\n' ? " " : bit);
	}
}

static void make_message(struct buf *out)
{
	static const char *const names[] = {"Subject", "From", "To", "Cc", "X-Other"};
	buf_clear(out);
	for (size_t i = 0; i < 5; i++) {
		buf_printf(out, "%s: ", names[i]);
		append_random(out, (unsigned)rand() % 8, true);
		buf_append_byte(out, '\n');
	}
	if (rand() % 2) {
		buf_append_string(out, "Content-Type: multipart/mixed; boundary=qq\n\n--qq\n\n");
		append_random(out, (unsigned)rand() % 40, false);
		buf_append_string(out, "\n--qq\nContent-Type: text/html\n\n<p>");
		append_random(out, (unsigned)rand() % 10, false);
		buf_append_string(out, "</p>\n--qq--\n");
	} else {
		buf_append_byte(out, '\n');
		append_random(out, (unsigned)rand() % 60, false);
	}
}

struct world {
	struct buf messages[MESSAGES];
	struct memory_segment segments[SEGMENTS], merged;
};

static void make_world(struct world *w)
{
	struct search_terms t;
	struct buf list;
	struct segment_input inputs[SEGMENTS];
	search_terms_init(&t);
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	for (unsigned s = 0; s < SEGMENTS; s++) {
		struct segment_builder *b = segment_builder_new();
		for (unsigned i = s * MESSAGES / SEGMENTS; i < (s + 1) * MESSAGES / SEGMENTS; i++) {
			buf_init(&w->messages[i], 1 << 20);
			make_message(&w->messages[i]);
			search_terms_clear(&t);
			buf_clear(&list);
			assert_int_equal(search_message(buf_view(&w->messages[i]), NULL, NULL, 0, &t), 0);
			assert_int_equal(search_terms_write(&t, &list), 0);
			assert_int_equal(segment_builder_add(b, i + 1, buf_view(&list), t.cut), 0);
		}
		memory_segment_finish(&w->segments[s], b);
		inputs[s] = (struct segment_input){w->segments[s].head, w->segments[s].source};
	}
	struct segment_sink sink = memory_segment_begin(&w->merged);
	assert_int_equal(segment_merge(inputs, SEGMENTS, NULL, NULL, &sink, &w->merged.head), 0);
	search_terms_done(&t);
	buf_done(&list);
}

static void end_world(struct world *w)
{
	for (unsigned i = 0; i < MESSAGES; i++)
		buf_done(&w->messages[i]);
	for (unsigned s = 0; s < SEGMENTS; s++)
		memory_segment_done(&w->segments[s]);
	memory_segment_done(&w->merged);
}

static const struct {
	enum message_text_field field;
	unsigned sections;
} keys[] = {
    {MESSAGE_IN_SUBJECT, 1 << SEARCH_SUBJECT},
    {MESSAGE_IN_FROM, 1 << SEARCH_FROM},
    {MESSAGE_IN_TO, 1 << SEARCH_TO},
    {MESSAGE_IN_CC, 1 << SEARCH_CC},
    {MESSAGE_IN_BODY, 1 << SEARCH_BODY},
    {MESSAGE_IN_TEXT, 1 << SEARCH_HEADER | 1 << SEARCH_BODY | 1 << SEARCH_ATTACHMENT},
};

static unsigned sures, maybes, hits;

static void check_segment(const struct world *w, const struct memory_segment *s, size_t key, struct view text)
{
	struct segment_found found;
	struct search_query query = {.sections = keys[key].sections, .text = text};
	assert_int_equal(segment_find(&s->head, &s->source, &query, &found), 0);
	for (uint32_t i = 0; i < found.messages; i++) {
		struct message_sought sought = {.field = keys[key].field, .text = text};
		assert_int_equal(
		    message_text_find(buf_view(&w->messages[found.emailids[i] - 1]), &sought, 1), 0);
		if (segment_bit(found.sure, i))
			assert_true(sought.found);
		else if (!segment_bit(found.maybe, i))
			assert_false(sought.found);
		sures += segment_bit(found.sure, i);
		maybes += segment_bit(found.maybe, i);
		hits += sought.found;
	}
	segment_found_done(&found);
}

/* A query: a part of a message, or made up. */
static void make_query(const struct world *w, struct buf *out)
{
	struct view m = buf_view(&w->messages[rand() % MESSAGES]);
	buf_clear(out);
	if (rand() % 3 == 0) {
		append_random(out, 1 + (unsigned)rand() % 3, false);
		return;
	}
	size_t from = (size_t)rand() % m.len, to = from + 1 + (size_t)rand() % 20;
	while (from > 0 && ((unsigned char)m.data[from] & 0xc0) == 0x80)
		from--;
	while (to < m.len && ((unsigned char)m.data[to] & 0xc0) == 0x80)
		to++;
	buf_append(out, view_take(view_skip(m, from), to - from));
}

static void answers_as_the_messages_do(void **state)
{
	struct buf text, folded;
	struct world *w = calloc(1, sizeof *w);
	(void)state;
	srand(11);
	buf_init(&text, 10000);
	buf_init(&folded, 10000);
	for (unsigned round = 0; round < 6; round++) {
		make_world(w);
		for (unsigned q = 0; q < 60; q++) {
			make_query(w, &text);
			buf_clear(&folded);
			fold_casemap(buf_view(&text), &folded);
			size_t key = (size_t)rand() % (sizeof keys / sizeof *keys);
			check_segment(w, &w->merged, key, buf_view(&folded));
			check_segment(w, &w->segments[rand() % SEGMENTS], key, buf_view(&folded));
		}
		end_world(w);
	}
	/* The test would prove nothing if all were proposed, or nothing found. */
	assert_true(hits > 1000 && sures > 500 && maybes < hits * 4);
	free(w);
	buf_done(&text);
	buf_done(&folded);
}

/* ---- words, forgiving ---- */

static bool word_fits(struct view word, struct view wanted, bool begun, bool within)
{
	if (within)
		return word.len >= wanted.len && memmem(word.data, word.len, wanted.data, wanted.len);
	return view_equal(begun ? view_take(word, wanted.len) : word, wanted);
}

static bool term_fits(
    enum search_section section, struct view term, struct view wanted, bool begun, bool within)
{
	struct buf bare;
	struct view word;
	bool fits = false;
	buf_init(&bare, 10000);
	fold_bare(term, &bare);
	if (search_section_has_values(section)) {
		struct words w = words_of(buf_view(&bare));
		while (!fits && words_next(&w, &word))
			fits = word_fits(word, wanted, begun, within);
	} else {
		fits = word_fits(buf_view(&bare), wanted, begun, within);
	}
	buf_done(&bare);
	return fits;
}

static bool list_has(struct view list, unsigned sections, struct view wanted, bool begun, bool within)
{
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	bool has = false;
	search_terms_read(&r, list);
	while (!has && search_terms_next(&r, &section, &term))
		has = (sections >> section & 1) && term_fits(section, term, wanted, begun, within);
	return has;
}

static bool message_has(struct view message, const struct search_query *query)
{
	struct search_terms t;
	struct buf list, bare;
	struct view word, next;
	search_terms_init(&t);
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	buf_init(&bare, 10000);
	assert_int_equal(search_message(message, NULL, NULL, 0, &t), 0);
	assert_int_equal(search_terms_write(&t, &list), 0);
	fold_bare(query->text, &bare);
	struct words w = words_of(buf_view(&bare));
	bool any = words_next(&w, &word), has = any, only = true;
	while (has && any) {
		any = words_next(&w, &next);
		only = only && !any;
		bool begun =
		    query->how == SEARCH_PREFIX && !any && word.data + word.len == bare.data + bare.len;
		bool within =
		    only && fold_class(utf8_next(&(struct view){word.data, word.len})) == FOLD_IDEOGRAPHIC;
		has = list_has(buf_view(&list), query->sections, word, begun, within);
		word = next;
	}
	search_terms_done(&t);
	buf_done(&list);
	buf_done(&bare);
	return has;
}

static void check_words(const struct world *w, const struct memory_segment *s, size_t key, struct view text)
{
	struct segment_found found;
	struct search_query query = {
	    .sections = keys[key].sections, .how = rand() % 3 ? SEARCH_PREFIX : SEARCH_WORDS, .text = text};
	assert_int_equal(segment_find(&s->head, &s->source, &query, &found), 0);
	for (uint32_t i = 0; i < found.messages; i++) {
		bool has = message_has(buf_view(&w->messages[found.emailids[i] - 1]), &query);
		assert_int_equal(segment_bit(found.sure, i), has);
		assert_false(segment_bit(found.maybe, i));
		hits += has;
	}
	segment_found_done(&found);
}

static void finds_the_words_that_terms_have(void **state)
{
	struct buf text, folded;
	struct world *w = calloc(1, sizeof *w);
	(void)state;
	srand(12);
	hits = 0;
	buf_init(&text, 10000);
	buf_init(&folded, 10000);
	for (unsigned round = 0; round < 4; round++) {
		make_world(w);
		for (unsigned q = 0; q < 60; q++) {
			make_query(w, &text);
			buf_clear(&folded);
			fold_casemap(buf_view(&text), &folded);
			check_words(
			    w, &w->merged, (size_t)rand() % (sizeof keys / sizeof *keys), buf_view(&folded));
		}
		end_world(w);
	}
	assert_true(hits > 500);
	free(w);
	buf_done(&text);
	buf_done(&folded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_as_the_messages_do), cmocka_unit_test(finds_the_words_that_terms_have)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
