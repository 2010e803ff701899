/* The texts of responses: each is there in each language, fit for a line, and with its place for a word. */
#include "../unit.h"

#include <string.h>

#include "base/utf8.h"
#include "imap/imap_texts.h"

static void each_text_is_there_in_each_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < imap_text_count; i++) {
		const char *english = imap_texts[i].in[IMAP_ENGLISH];
		for (enum imap_tongue t = 0; t < IMAP_TONGUES; t++) {
			const char *text = imap_texts[i].in[t];
			if (text == NULL || *text == '\0' || *text == '[' || strpbrk(text, "\r\n") ||
			    !utf8_valid(view_from_string(text)))
				fail_msg("%s: no text for a response in %s", english, imap_tongue_tag(t));
			if (!strstr(text, "%s") != !strstr(english, "%s"))
				fail_msg("%s: in %s no thing is named", english, imap_tongue_tag(t));
			assert_string_equal(imap_text(t, view_from_string(english)), text);
		}
		assert_true(utf8_is_ascii(view_from_string(english)));
	}
}

static void no_text_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < imap_text_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(imap_texts[i].in[0], imap_texts[j].in[0]);
	assert_null(imap_text(IMAP_GERMAN, VIEW("nobody says this")));
}

static void ranges_mean_languages(void **state)
{
	(void)state;
	enum imap_tongue tongue;
	assert_true(imap_tongue_of(VIEW("DE-at"), &tongue));
	assert_int_equal(tongue, IMAP_GERMAN);
	assert_true(imap_tongue_of(VIEW("i-default"), &tongue));
	assert_int_equal(tongue, IMAP_ENGLISH);
	assert_false(imap_tongue_of(VIEW("den"), &tongue));
	assert_false(imap_tongue_of(VIEW(""), &tongue));
	assert_false(imap_tongue_of(VIEW("d"), &tongue));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_text_is_there_in_each_language),
	    cmocka_unit_test(no_text_stands_twice),
	    cmocka_unit_test(ranges_mean_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
