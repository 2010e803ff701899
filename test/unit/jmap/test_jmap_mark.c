/* What a search found, shown: words and phrases of filters, marks, previews (RFC 8621 sections 4.4.1 and 5).
 */
#include "../unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "jmap/jmap_email_text.h"
#include "jmap/jmap_mark.h"

static void tokens(const char *text, const char *expected)
{
	struct arena arena;
	struct jmap_token token;
	struct view rest = view_from_string(text);
	char said[200] = "";
	size_t n = 0;
	arena_init(&arena, 10000);
	while (jmap_next_token(&arena, &rest, &token)) {
		n += (size_t)snprintf(
		    said + n, sizeof said - n, "%c%.*s|", token.phrase ? '"' : ' ', VIEW_FMT(token.text));
	}
	assert_string_equal(said, expected);
	arena_done(&arena);
}

static void a_text_is_words_and_phrases(void **state)
{
	(void)state;
	tokens("one  two", " one| two|");
	tokens("\"one two\" three", "\"one two| three|");
	tokens("'it''s' don't", " 'it''s'| don't|");
	tokens("'a \\' b'", "\"a ' b|");
	tokens("\"a \\\\ \\\" b\"", "\"a \\ \" b|");
	tokens("\"open", " \"open|");
	tokens(" \"\" \"  \" x", " x|");
	tokens("", "");
}

static size_t gather(struct arena *arena, const char *text, const struct query **conditions)
{
	struct view rest = view_from_string(text);
	struct jmap_token token;
	size_t count = 0;
	while (jmap_next_token(arena, &rest, &token)) {
		conditions[count] = jmap_text_condition(arena, &token);
		assert_non_null(conditions[count++]);
	}
	return count;
}

static void a_word_alone_forgives(void **state)
{
	struct arena arena;
	const struct query *q[4];
	(void)state;
	arena_init(&arena, 10000);
	assert_int_equal(
	    gather(
	        &arena, "Caf\xc3\xa9 joe@example.com \"two words\" \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", q),
	    4);
	assert_true(q[0]->fuzzy);
	assert_true(view_equal(q[0]->text, VIEW("CAFE")));
	assert_false(q[1]->fuzzy);
	assert_false(q[2]->fuzzy);
	assert_false(q[3]->fuzzy);
	arena_done(&arena);
}

static void marks(const char *sought, const char *text, const char *expected)
{
	struct arena arena;
	const struct query *q[8];
	struct buf out;
	bool found;
	arena_init(&arena, 10000);
	buf_init(&out, 10000);
	struct jmap_sought s = {.conditions = q, .count = gather(&arena, sought, q)};
	assert_int_equal(jmap_mark_all(&s, view_from_string(text), &out, &found), 0);
	assert_int_equal(found, strstr(expected, "<mark>") != NULL);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
	arena_done(&arena);
}

static void what_is_found_is_marked(void **state)
{
	(void)state;
	marks(
	    "report", "The Report & more reports", "The <mark>Report</mark> &amp; more <mark>report</mark>s");
	marks("port", "The Report", "The Report");
	marks("cafe", "un CAF\xc3\x89 <b>", "un <mark>CAF\xc3\x89</mark> &lt;b&gt;");
	/* The accent that is a character of its own belongs to what is marked. */
	marks("cafe", "cafe\xcc\x81!", "<mark>cafe\xcc\x81</mark>!");
	marks("\"big report\"", "big report, Big  report", "<mark>big report</mark>, Big  report");
	marks("strasse",
	    "Stra\xc3\x9f"
	    "e",
	    "<mark>Stra\xc3\x9f"
	    "e</mark>");
	marks("one two", "two one", "<mark>two</mark> <mark>one</mark>");
	marks("\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	    "\xe6\x97\xa5<mark>\xe6\x9c\xac\xe8\xaa\x9e</mark>");
	marks("x", "\xff x", "\xff <mark>x</mark>");
	marks("", "as it is", "as it is");
}

static void previews(const char *sought, struct view text, const char *begin, const char *end)
{
	struct arena arena;
	const struct query *q[8];
	struct buf out;
	bool found;
	arena_init(&arena, 10000);
	buf_init(&out, 10000);
	struct jmap_sought s = {.conditions = q, .count = gather(&arena, sought, q)};
	assert_int_equal(jmap_mark_preview(&s, text, &out, &found), 0);
	const char *said = buf_string(&out);
	assert_int_equal(found, begin != NULL);
	assert_true(strlen(said) <= JMAP_PREVIEW_MAX);
	assert_true(utf8_valid(buf_view(&out)));
	if (begin) {
		assert_memory_equal(said, begin, strlen(begin));
		assert_string_equal(said + strlen(said) - strlen(end), end);
	}
	buf_done(&out);
	arena_done(&arena);
}

static void a_preview_is_short(void **state)
{
	struct buf text;
	(void)state;
	previews("none", VIEW("some text"), NULL, NULL);
	previews("text", VIEW("some\r\n\r\n text"), "some <mark>text</mark>", "<mark>text</mark>");
	buf_init(&text, 100000);
	for (int i = 0; i < 100; i++)
		buf_append_string(&text, "before ");
	buf_append_string(&text, "needle");
	for (int i = 0; i < 100; i++)
		buf_append_string(&text, " \xe2\x82\xac<after>");
	previews("needle", buf_view(&text), "before before", "");
	/* What is marked is ended, though there is no room for all of it. */
	buf_clear(&text);
	for (int i = 0; i < 300; i++)
		buf_append_string(&text, "\xe6\x97\xa5");
	previews("\xe6\x97\xa5", buf_view(&text), "<mark>\xe6\x97\xa5", "\xe6\x97\xa5</mark>");
	buf_clear(&text);
	for (int i = 0; i < 300; i++)
		buf_append_string(&text, "\xe6\x97\xa5");
	buf_append_string(&text, "\xe6\x9c\xac");
	previews("\xe6\x9c\xac", buf_view(&text), "\xe6\x97\xa5", "<mark>\xe6\x9c\xac</mark>");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_words_and_phrases),
	    cmocka_unit_test(a_word_alone_forgives),
	    cmocka_unit_test(what_is_found_is_marked),
	    cmocka_unit_test(a_preview_is_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
