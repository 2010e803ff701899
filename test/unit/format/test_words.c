#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "format/fold.h"
#include "format/words.h"

static void gives(const char *text, const char *expected)
{
	struct words w = words_of(view_from_string(text));
	struct view word;
	struct buf all;
	buf_init(&all, 10000);
	while (words_next(&w, &word)) {
		if (all.len > 0)
			buf_append_byte(&all, '|');
		buf_append(&all, word);
	}
	assert_string_equal(buf_string(&all), expected);
	assert_false(w.broken);
	buf_done(&all);
}

static void gives_runs_of_letters_and_digits(void **state)
{
	(void)state;
	gives("", "");
	gives(" ,;\n", "");
	gives("HELLO, WORLD 42", "HELLO|WORLD|42");
	gives("BOB@EXAMPLE.TEST", "BOB|EXAMPLE|TEST");
	gives("CAFE\u0301 AU LAIT", "CAFE\u0301|AU|LAIT");
	gives("한국어 메일", "한국어|메일");
	gives("A\xff"
	      "B",
	    "A|B");
}

static void pairs_characters_without_spaces(void **state)
{
	(void)state;
	gives("会", "会");
	gives("会議", "会議");
	gives("会議の件", "会議|議の|の件");
	gives("か\u3099くせい", "か\u3099く|くせ|せい");
	gives("ABC会議DEF 日", "ABC|会議|DEF|日");
	gives("ไทย", "ไท|ทย");
}

static void cuts_long_runs_so_that_pieces_overlap(void **state)
{
	char run[200];
	(void)state;
	for (size_t i = 0; i < sizeof run; i++)
		run[i] = (char)('A' + i % 26);
	struct words w = words_of(view_of(run, 150));
	struct view word;
	size_t at[8], n = 0;
	while (words_next(&w, &word)) {
		assert_in_range(word.len, 64, WORD_MAX);
		at[n++] = (size_t)(word.data - run);
	}
	assert_int_equal(n, 4);
	assert_int_equal(at[0], 0);
	assert_int_equal(at[1], 32);
	assert_int_equal(at[2], 64);
	assert_int_equal(at[3], 86); /* it ends where the run does */
}

static void says_when_a_character_has_too_many_marks(void **state)
{
	struct buf text;
	struct view word;
	(void)state;
	buf_init(&text, 1000);
	buf_append_string(&text, "会");
	for (size_t i = 0; i < 40; i++)
		buf_append_string(&text, "\u3099");
	struct words w = words_of(buf_view(&text));
	while (words_next(&w, &word))
		assert_true(word.len <= WORD_OCTETS_MAX);
	assert_true(w.broken);
	buf_done(&text);
}

static void judges_fragments(void **state)
{
	(void)state;
	assert_int_equal(words_fragment(VIEW("")), WORDS_NONE);
	assert_int_equal(words_fragment(VIEW("@ .")), WORDS_NONE);
	assert_int_equal(words_fragment(VIEW("\u0301")), WORDS_NONE);
	assert_int_equal(words_fragment(VIEW("ELL")), WORDS_WITHIN);
	assert_int_equal(words_fragment(VIEW("会")), WORDS_WITHIN);
	assert_int_equal(words_fragment(VIEW("会議")), WORDS_WITHIN);
	assert_int_equal(words_fragment(VIEW("会議の")), WORDS_ACROSS);
	assert_int_equal(words_fragment(VIEW("LO, W")), WORDS_ACROSS);
	assert_int_equal(words_fragment(VIEW(" LO")), WORDS_ACROSS);
	assert_int_equal(words_fragment(VIEW("A会")), WORDS_ACROSS);
	assert_int_equal(words_fragment(VIEW("\u3099A")), WORDS_NONE);
	assert_int_equal(words_fragment(VIEW("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP")), WORDS_ACROSS);
}

/* ---- the promise: for random texts and fragments ---- */

static bool contains(struct view text, struct view fragment)
{
	return memmem(text.data, text.len, fragment.data, fragment.len) != NULL;
}

static bool meets(struct view word, const struct words_demand *d)
{
	size_t len = d->text.len;
	switch (d->how) {
	case WORDS_CONTAINS:
		return contains(word, d->text);
	case WORDS_EQUALS:
		return view_equal(word, d->text);
	case WORDS_BEGINS_WITH:
		return view_starts(word, d->text);
	default:
		return word.len >= len && view_equal(view_skip(word, word.len - len), d->text);
	}
}

static bool some_word_meets(struct view text, const struct words_demand *d)
{
	struct words w = words_of(text);
	struct view word;
	while (words_next(&w, &word))
		if (meets(word, d))
			return true;
	return false;
}

static bool all_demands_met(struct view text, struct view fragment)
{
	struct view rest = fragment;
	struct words_demand d;
	while (words_demand_next(fragment, &rest, &d))
		if (!some_word_meets(text, &d))
			return false;
	return true;
}

static void check_fragment(struct view text, struct view fragment)
{
	bool there = contains(text, fragment);
	struct words_demand within = {WORDS_CONTAINS, fragment};
	switch (words_fragment(fragment)) {
	case WORDS_WITHIN:
		assert_int_equal(some_word_meets(text, &within), there);
		break;
	case WORDS_ACROSS:
		if (there)
			assert_true(all_demands_met(text, fragment));
		break;
	default:
		break;
	}
}

static void append_random(struct buf *text, size_t pieces)
{
	static const char *const some[] = {"A", "B", "AB", "É", "é", "\u0301", "会", "議", "か\u3099", "ไ",
	    "ท", " ", ", ", "1", "한", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ééééééééé", "\xff"};
	for (size_t i = 0; i < pieces; i++)
		buf_append_string(text, some[(size_t)rand() % (sizeof some / sizeof *some)]);
}

/* A fragment of the text, from character to character, or one that is made up. */
static void check_random(size_t pieces, unsigned fragments)
{
	struct buf raw, text, other, folded;
	buf_init(&raw, 100000);
	buf_init(&text, 100000);
	buf_init(&other, 10000);
	buf_init(&folded, 10000);
	append_random(&raw, pieces);
	fold_casemap(buf_view(&raw), &text);
	struct view all = buf_view(&text);
	for (unsigned i = 0; i < fragments && all.len > 0; i++) {
		size_t from = (size_t)rand() % all.len, to = from + (size_t)rand() % 80;
		while (from > 0 && ((unsigned char)all.data[from] & 0xc0) == 0x80)
			from--;
		to = to > all.len ? all.len : to;
		while (to < all.len && ((unsigned char)all.data[to] & 0xc0) == 0x80)
			to++;
		check_fragment(all, view_take(view_skip(all, from), to - from));
		buf_clear(&other);
		buf_clear(&folded);
		append_random(&other, 1 + (size_t)rand() % 4);
		fold_casemap(buf_view(&other), &folded);
		check_fragment(all, buf_view(&folded));
	}
	buf_done(&raw);
	buf_done(&text);
	buf_done(&other);
	buf_done(&folded);
}

static void never_misses_a_fragment(void **state)
{
	(void)state;
	srand(7);
	for (size_t round = 0; round < 1500; round++)
		check_random(1 + (size_t)rand() % 60, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_runs_of_letters_and_digits),
	    cmocka_unit_test(pairs_characters_without_spaces),
	    cmocka_unit_test(cuts_long_runs_so_that_pieces_overlap),
	    cmocka_unit_test(says_when_a_character_has_too_many_marks),
	    cmocka_unit_test(judges_fragments),
	    cmocka_unit_test(never_misses_a_fragment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
