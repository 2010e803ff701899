#include "../../unit.h"

#include "trust/login/strength.h"

static const struct view address = {"joe.miller@smallfirm.example", 28};

static void refuses(const char *password, const char *reason)
{
	const char *found = password_weakness(view_from_string(password), address);
	if (found == NULL)
		fail_msg("%s was accepted with %u bits", password,
		    password_guess_bits(view_from_string(password), address));
	if (strstr(found, reason) == NULL)
		fail_msg("%s: %s", password, found);
}

static void refuses_what_is_guessed_first(void **state)
{
	(void)state;
	refuses("", "fewer than 10");
	refuses("short", "fewer than 10");
	refuses("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", "fewer than 10");
	refuses("password12", "common words");
	refuses("P@ssw0rd123", "common words");
	refuses("Summer2024!", "common words");
	refuses("iloveyou1234", "common words");
	refuses("LiverpoolFC", "common words");
	refuses("SuperDragon", "common words");
	refuses("Dr4g0nM0nkey", "common words");
	refuses("qwertyuiop", "keyboard");
	refuses("1234567890", "keyboard");
	refuses("0987654321", "keyboard");
	refuses("abcdefghijk", "alphabet");
	refuses("1qaz2wsx3edc", "keyboard");
	refuses("qwertzuiop12", "keyboard");
	refuses("aaaaaaaaaaaaaaaa", "repeats");
	refuses("abcabcabcabc", "repeats");
	refuses("xkxkxkxkxkxkxk", "repeats");
	refuses("joemiller1", "your own address");
	refuses("SmallFirm2023", "your own address");
	refuses("millermiller", "your own address");
	refuses("5829104736", "so short");
	refuses("a\nbcdefghij", "control characters");
	refuses("abcdefghi\xff\xfe", "invalid characters");
}

static void accepts(const char *password)
{
	const char *reason = password_weakness(view_from_string(password), address);
	if (reason)
		fail_msg("%s: %s (%u bits)", password, reason,
		    password_guess_bits(view_from_string(password), address));
}

static void accepts_what_is_hard_to_guess(void **state)
{
	(void)state;
	accepts("correct horse battery staple");
	accepts("k7#mQ2xv!p");
	accepts("vutogxkwpazn");
	accepts("blue lamps dance on tuesdays");
	accepts("\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xbd\xd0\xb0\xd1\x8f "
	        "\xd1\x84\xd1\x80\xd0\xb0\xd0\xb7\xd0\xb0");
	accepts("\xe6\x88\x91\xe7\x9a\x84\xe7\x8c\xab\xe5\x96\x9c\xe6\xac\xa2\xe5\x96\x9d\xe7\xbb\xbf\xe8\x8c"
	        "\xb6\xe5\x95\x8a\xe5\x90\x97");
	char longest[1025];
	for (size_t i = 0; i < 1024; i++)
		longest[i] = (char)('a' + (i * i + i / 7) % 26);
	longest[1024] = '\0';
	accepts(longest);
}

static void guesses_without_address(void **state)
{
	(void)state;
	assert_non_null(password_weakness(VIEW("password12"), (struct view){0}));
	assert_null(password_weakness(VIEW("k7#mQ2xv!p"), (struct view){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_what_is_guessed_first),
	    cmocka_unit_test(accepts_what_is_hard_to_guess),
	    cmocka_unit_test(guesses_without_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
