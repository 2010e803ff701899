#include "../../unit.h"

#include <errno.h>

#include "trust/login/limits.h"
#include "trust/login/saslprep.h"

static void prepares(const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(saslprep(view_from_string(text), &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void refuses(const char *text)
{
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(saslprep(view_from_string(text), &out), -EINVAL);
	assert_int_equal(out.len, 0);
	buf_done(&out);
}

/* RFC 4013, section 3 */
static void follows_the_examples(void **state)
{
	(void)state;
	prepares("I\xc2\xadX", "IX");
	prepares("user", "user");
	prepares("USER", "USER");
	prepares("\xc2\xaa", "a");
	prepares("\xe2\x85\xa8", "IX");
	refuses("\x07");
	refuses("\xd8\xa7\x31");
}

static void prepares_what_people_type(void **state)
{
	(void)state;
	prepares("a b", "a b");
	prepares("a\xc2\xa0"
	         "b",
	    "a b");
	prepares("o\xcc\x88", "\xc3\xb6");
	prepares("\xf0\x9f\xa6\x8a fox", "\xf0\x9f\xa6\x8a fox");
	refuses("");
	refuses("\xc2\xad");
	refuses("a\xff");
	refuses("a\nb");
	char text[PASSWORD_MAX + 2];
	memset(text, 'a', sizeof text);
	text[PASSWORD_MAX + 1] = '\0';
	refuses(text);
	text[PASSWORD_MAX] = '\0';
	prepares(text, text);
	/* The character that grows most under NFKC, as often as fits. */
	struct buf out;
	buf_init(&out, 100000);
	for (size_t i = 0; i + 3 <= PASSWORD_MAX; i += 3)
		memcpy(text + i, "\xef\xb7\xba", 3);
	int error = saslprep(view_of(text, PASSWORD_MAX / 3 * 3), &out);
	assert_true(error == 0 || error == -EINVAL);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_the_examples),
	    cmocka_unit_test(prepares_what_people_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
