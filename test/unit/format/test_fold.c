#include "../unit.h"

#include <errno.h>

#include "format/fold.h"

static void folds(const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(fold_casemap(view_from_string(text), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void bares(const char *text, const char *expected)
{
	struct buf folded, out;
	buf_init(&folded, 1000);
	buf_init(&out, 1000);
	assert_int_equal(fold_casemap(view_from_string(text), &folded), 0);
	assert_int_equal(fold_bare(buf_view(&folded), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&folded);
	buf_done(&out);
}

/* RFC 5051 section 2. */
static void takes_titlecase_and_decomposes(void **state)
{
	(void)state;
	folds("", "");
	folds("Hello, World 42", "HELLO, WORLD 42");
	folds("café", "CAFE\u0301");
	folds("CAFÉ", "CAFE\u0301");
	folds("cafe\u0301", "CAFE\u0301");
	folds("привет", "ПРИВЕТ");
	folds("ς", "Σ");
	/* What comes of a decomposition is taken into titlecase and decomposed in its turn. */
	folds("ǆ", "DZ\u030c");
	/* A compatibility decomposition counts as well; it may be a chain of them. */
	folds("ﬁ", "FI");
	folds("①", "1");
	folds("ｱ", "ア");
	folds("が", "か\u3099");
	folds("ǖ", "U\u0308\u0304");
	/* SpecialCasing.txt is not asked, and Hangul has no decomposition in UnicodeData.txt. */
	folds("straße", "STRAßE");
	folds("한", "한");
	/* Beyond the planes of the tables. */
	folds("\U0002f800", "丽");
	folds("\U00010428", "\U00010400");
}

static void keeps_what_is_not_utf8(void **state)
{
	(void)state;
	folds("a\xff\xc3z", "A\xff\xc3Z");
	folds("\xed\xa0\x80", "\xed\xa0\x80");
}

static void takes_diacritics_away(void **state)
{
	(void)state;
	bares("Café Ångström", "CAFE ANGSTROM");
	bares("straße", "STRASSE");
	bares("Łódź", "LODZ");
	bares("Ærøskøbing", "AEROSKOBING");
	bares("שָׁלוֹם", "שלום");
	/* What spells stays: without it Hindi would be consonants alone. */
	bares("हिन्दी", "हिन्दी");
	bares("が", "か\u3099");
}

static void has_a_maximum(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 4);
	assert_int_equal(fold_casemap(VIEW("hello"), &out), -ENOBUFS);
	assert_int_equal(fold_casemap(VIEW("éé"), &out), -ENOBUFS);
	buf_done(&out);
}

static void tells_what_characters_are(void **state)
{
	(void)state;
	assert_int_equal(fold_class('A'), FOLD_WORD);
	assert_int_equal(fold_class('7'), FOLD_WORD);
	assert_int_equal(fold_class('_'), FOLD_SEPARATOR);
	assert_int_equal(fold_class(-1), FOLD_SEPARATOR);
	assert_int_equal(fold_class(0x301), FOLD_MARK);
	assert_int_equal(fold_class(0x4e00), FOLD_IDEOGRAPHIC);
	assert_int_equal(fold_class(0xe01), FOLD_IDEOGRAPHIC);
	assert_int_equal(fold_class(0xe31), FOLD_MARK);
	assert_int_equal(fold_class(0x3000), FOLD_SEPARATOR);
	assert_int_equal(fold_class(0xd55c), FOLD_WORD);
	assert_int_equal(fold_class(0x20000), FOLD_IDEOGRAPHIC);
	assert_int_equal(fold_class(0x1f600), FOLD_SEPARATOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_titlecase_and_decomposes),
	    cmocka_unit_test(keeps_what_is_not_utf8),
	    cmocka_unit_test(takes_diacritics_away),
	    cmocka_unit_test(has_a_maximum),
	    cmocka_unit_test(tells_what_characters_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
