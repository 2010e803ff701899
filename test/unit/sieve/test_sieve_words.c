/* The tables: every name is found, and only once. */
#include "../unit.h"

#include "sieve/sieve_words.h"

static void extensions(void **state)
{
	(void)state;
	for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++) {
		const char *name = sieve_extension_name(i);

		assert_int_equal(name == NULL, i == SIEVE_CORE || i == SIEVE_INTERNAL);
		if (name)
			assert_int_equal(sieve_extension_by_name(view_from_string(name)), i);
	}
	assert_int_equal(sieve_extension_by_name(VIEW("Copy")), SIEVE_EXTENSIONS); /* case counts */
	assert_true(SIEVE_EXTENSIONS <= 64);
}

static void rows(void **state)
{
	static const struct sieve_words *const tables[] = {&sieve_words_control, &sieve_words_actions,
	    &sieve_words_tests, &sieve_x_body, &sieve_x_date, &sieve_x_environment, &sieve_x_ihave,
	    &sieve_x_imap4flags, &sieve_x_mailbox, &sieve_x_variables};

	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct sieve_word *word = &tables[t]->rows[i];

			assert_ptr_equal(
			    sieve_word_find(view_from_string(word->name), word->kind, NULL), word);
			assert_true(word->tag_count <= SIEVE_TAGS_MAX);
			assert_true(strlen(word->name) <= SIEVE_IDENTIFIER_MAX);
			assert_false(word->block && word->kind == SIEVE_TEST);
		}
	assert_null(sieve_word_find(VIEW("header"), SIEVE_COMMAND, NULL));
	assert_non_null(sieve_word_find(VIEW("FileInto"), SIEVE_COMMAND, NULL));
}

static void near_names(void **state)
{
	(void)state;
	assert_int_equal(sieve_name_distance(VIEW("kitten"), VIEW("Sitting")), 3);
	assert_int_equal(sieve_name_distance(VIEW(""), VIEW("abc")), 3);
	assert_string_equal(sieve_word_near(VIEW("filinto"), SIEVE_COMMAND, NULL), "fileinto");
	assert_string_equal(sieve_word_near(VIEW("haeder"), SIEVE_TEST, NULL), "header");
	assert_string_equal(sieve_extension_near(VIEW("variable")), "variables");
	assert_null(sieve_word_near(VIEW("radish"), SIEVE_COMMAND, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(extensions),
	    cmocka_unit_test(rows),
	    cmocka_unit_test(near_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
