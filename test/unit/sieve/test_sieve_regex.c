/* Regular expressions: what they match, beside the C library's; what is refused; that none takes long. */
#include "../unit.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sieve/sieve_regex.h"

enum { STEPS = 100000000 };

/* The match and its groups, "0-3 1-2 -": a group without a part of it is "-". Empty: nothing matches. */
static const char *find(const char *pattern, const char *text, bool lower)
{
	static char told[1000];
	struct sieve_span spans[SIEVE_MATCHES_MAX + 1];
	struct sieve_regex_problem problem;
	const struct sieve_regex *regex;
	uint64_t steps = STEPS, less = STEPS;
	struct arena arena;
	size_t len = 0;
	int found;

	arena_init(&arena, 1 << 20);
	if (sieve_regex_compile(view_from_string(pattern), lower, &arena, &regex, &problem) != 0)
		fail_msg("%s: %s", pattern, problem.text);
	found = sieve_regex_find(regex, view_from_string(text), spans, &steps);
	assert_int_equal(sieve_regex_find(regex, view_from_string(text), NULL, &less), found);
	assert_true(found == 0 || found == 1);
	told[0] = 0;
	for (size_t i = 0; found && i < sieve_regex_groups(regex); i++)
		len += (size_t)(spans[i].from > spans[i].to
		                    ? snprintf(told + len, sizeof(told) - len, "%s-", i ? " " : "")
		                    : snprintf(told + len, sizeof(told) - len, "%s%zu-%zu", i ? " " : "",
		                          spans[i].from, spans[i].to));
	arena_done(&arena);
	return told;
}

static void matching(void **state)
{
	(void)state;
	assert_string_equal(find("", "abc", false), "0-0");
	assert_string_equal(find("b", "abc", false), "1-2");
	assert_string_equal(find("B", "abc", false), "");
	assert_string_equal(find("B", "abc", true), "1-2");
	assert_string_equal(find("[A-C]+", "xabcx", true), "1-4");
	assert_string_equal(find("[^A]", "aAb", true), "2-3");
	assert_string_equal(find("a*", "baaac", false), "0-0");
	assert_string_equal(find("a+", "baaac", false), "1-4");
	assert_string_equal(find("a{2}", "baaac", false), "1-3");
	assert_string_equal(find("a{2,}", "baaac", false), "1-4");
	assert_string_equal(find("a{,2}c", "baaac", false), "2-5");
	assert_string_equal(find("a{x", "a{x", false), "0-3");
	assert_string_equal(find("^b", "ab", false), "");
	assert_string_equal(find("^a", "ab", false), "0-1");
	assert_string_equal(find("b$", "ab", false), "1-2");
	assert_string_equal(find("^$", "", false), "0-0");
	assert_string_equal(find("$", "ab", false), "2-2");
	assert_string_equal(find("a|ab|abc", "xabcd", false), "1-4"); /* the longest */
	assert_string_equal(find("b|abc|c", "xabcd", false), "1-4");  /* the leftmost */
	assert_string_equal(find("[]a]+", "b]a]", false), "1-4");
	assert_string_equal(find("[^]a]+", "]ab-", false), "2-4");
	assert_string_equal(find("[a-]+", "b-a-", false), "1-4");
	assert_string_equal(find("[[:digit:]x]+", "a12x3", false), "1-5");
	assert_string_equal(find("[\\t]+", "at\\", false), "1-3"); /* in brackets a backslash is one */
	assert_string_equal(find("\\.\\*\\/", "a.*/", false), "1-4");
	assert_string_equal(find("\\w+\\s\\W", "ab_1 -", false), "0-6");
}

static void groups(void **state)
{
	(void)state;
	assert_string_equal(find("(a)(b)?(c)", "xac", false), "1-3 1-2 - 2-3");
	assert_string_equal(find("(a|b)*", "abab", false), "0-4 3-4");
	assert_string_equal(find("((a)|(b))+x", "abx", false), "0-3 1-2 0-1 1-2");
	assert_string_equal(find("(.*) (.*)", "one two three", false), "0-13 0-7 8-13");
	assert_string_equal(find("(a*)*", "b", false), "0-0 -"); /* or 0-0 0-0, as POSIX has it */
	assert_string_equal(find("(a*)+", "aab", false), "0-2 0-2");
	assert_string_equal(find("()x", "x", false), "0-1 0-0");
}

/* Characters, and not octets, are what "." and brackets are about. */
static void characters(void **state)
{
	(void)state;
	assert_string_equal(find("^.$", "\xc3\xbc", false), "0-2");
	assert_string_equal(find("[\xc3\xa4\xc3\xbc]", "x\xc3\xbc", false), "1-3");
	assert_string_equal(find("[^\xc3\xbc]", "\xc3\xbcx", false), "2-3");
	assert_string_equal(find("\xc3\xbc+", "\xc3\xbc\xc3\xbc", false), "0-4");
	assert_string_equal(find("[[:alpha:]]+", "1\xc3\xbcx\xe2\x80\x94", false), "1-4");
	assert_string_equal(find("[\xce\xb1-\xcf\x89]+", "a\xce\xb2\xce\xb3z", false), "1-5");
	assert_string_equal(find("^..$", "\xff\xfe", false), "0-2"); /* octets that are no characters */
	assert_string_equal(find("\xc3\xbc", "\xbc", false), "");
}

static void assert_refused(const char *pattern, size_t character, const char *text)
{
	struct sieve_regex_problem problem = {0};
	const struct sieve_regex *regex;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    sieve_regex_compile(view_from_string(pattern), false, &arena, &regex, &problem), -EINVAL);
	assert_string_equal(problem.text, text);
	assert_int_equal(problem.character, character);
	arena_done(&arena);
}

static void refusing(void **state)
{
	char deep[200] = "";

	(void)state;
	assert_refused("a(b", 2, "has a '(' that is never closed");
	assert_refused("\xc3\xbc)b", 2, "has a ')' without its '('");
	assert_refused("a[b", 2, "has a '[' that is never closed");
	assert_refused("a[]", 2, "has a '[' that is never closed");
	assert_refused("*a", 1, "has a '*', '+' or '?' behind nothing that could be repeated");
	assert_refused("(+a)", 2, "has a '*', '+' or '?' behind nothing that could be repeated");
	assert_refused("^*", 3, "repeats '^' or '$'");
	assert_refused("a{3,2}", 7, "has times in '{' whose end comes before its beginning");
	assert_refused("a{256}", 7, "repeats something in '{' more than 255 times");
	assert_refused("[b-a]", 5, "has a range in '[' whose end comes before its beginning");
	assert_refused("(a)\\1", 4, "refers to a group, which cannot be matched in a time that is known");
	assert_refused("\\d", 1, "has a '\\d', which programs understand differently; write [0-9]");
	assert_refused("\\b", 1, "has a '\\' before a letter, which programs understand differently");
	assert_refused("a\\", 2, "ends with a '\\' that has nothing to stand before");
	assert_refused("(?:a)", 2, "has a '(?', which only other programs understand");
	assert_refused("\xff", 2, "is not UTF-8");
	assert_refused("a*****", 7, "repeats what is repeated again and again");
	memset(deep, '(', SIEVE_REGEX_NESTING_MAX + 1);
	assert_refused(deep, SIEVE_REGEX_NESTING_MAX + 1, "has more than 50 groups in one another");
}

/* What is written short and is long, or does nothing many times. */
static void bombs(void **state)
{
	struct sieve_regex_problem problem;
	const struct sieve_regex *regex;
	uint64_t steps = 1000000;
	struct arena arena;
	struct buf text;

	(void)state;
	assert_refused("((a{100}){100}){100}", 21, "is too long, with all that it repeats");
	assert_refused("(((((){200}){200}){200}){200}){200}", 36, "is too long, with all that it repeats");
	assert_refused("(((((a?){0,255}){0,255}){0,255})*)*", 36, "is too long, with all that it repeats");
	arena_init(&arena, 1 << 20);
	buf_init(&text, 2 << 20);
	for (int i = 0; i < 3000; i++)
		buf_append_byte(&text, '(' + i % 2);
	assert_int_equal(sieve_regex_compile(buf_view(&text), false, &arena, &regex, &problem), 0);
	buf_clear(&text);
	for (int i = 0; i < 1000000; i++)
		buf_append_byte(&text, 'a');
	/* Backtracking programs take ages for these; this one says that it is too much, or is quick. */
	assert_int_equal(
	    sieve_regex_compile(VIEW("^(a?){50}(a*)*(a|a)*b$"), false, &arena, &regex, &problem), 0);
	assert_int_equal(sieve_regex_find(regex, buf_view(&text), NULL, &steps), -E2BIG);
	assert_int_equal(steps, 0);
	steps = STEPS;
	assert_int_equal(sieve_regex_find(regex, view_take(buf_view(&text), 20000), NULL, &steps), 0);
	assert_true(STEPS - steps < 20000 * 400);
	buf_done(&text);
	arena_done(&arena);
}

static void without_memory(void **state)
{
	struct sieve_regex_problem problem;
	const struct sieve_regex *regex;
	uint64_t steps = STEPS;
	struct arena small, arena;

	(void)state;
	arena_init(&small, 100);
	assert_int_equal(sieve_regex_compile(VIEW("[a-z]+"), false, &small, &regex, &problem), -ENOMEM);
	arena_done(&small);
	arena_init(&arena, 1 << 20);
	assert_int_equal(sieve_regex_compile(VIEW("[a-z]+"), false, &arena, &regex, &problem), 0);
	mem_fail_after(1);
	assert_int_equal(sieve_regex_find(regex, VIEW("a"), NULL, &steps), -ENOMEM);
	assert_int_equal(sieve_regex_find(regex, VIEW("a"), NULL, &steps), 1);
	arena_done(&arena);
}

/* ---- beside the C library ---- */

static unsigned long seed = 1;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void make(struct buf *out, unsigned depth)
{
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "a", "b"};
	static const char *const times[] = {"*", "+", "?", "{2}", "{1,2}", "{0,2}", "", "", "", ""};
	unsigned pieces = 1 + dice(3);

	for (unsigned i = 0; i < pieces; i++) {
		if (depth < 3 && dice(3) == 0) {
			buf_append_byte(out, '(');
			make(out, depth + 1);
			if (dice(2)) {
				buf_append_byte(out, '|');
				make(out, depth + 1);
			}
			buf_append_byte(out, ')');
		} else {
			buf_append_string(out, atoms[dice(8)]);
		}
		buf_append_string(out, times[dice(10)]);
	}
}

static void beside_the_library(void **state)
{
	struct buf pattern;
	char text[12], expected[40];

	(void)state;
	buf_init(&pattern, 1 << 16);
	for (int round = 0; round < 3000; round++) {
		regmatch_t match;
		regex_t library;

		buf_clear(&pattern);
		if (dice(8) == 0)
			buf_append_byte(&pattern, '^');
		make(&pattern, 0);
		if (dice(8) == 0)
			buf_append_byte(&pattern, '$');
		assert_int_equal(regcomp(&library, buf_string(&pattern), REG_EXTENDED), 0);
		for (int i = 0; i < 6; i++) {
			unsigned len = dice(sizeof(text));
			const char *found, *space;

			for (unsigned k = 0; k < len; k++)
				text[k] = (char)('a' + dice(3));
			text[len] = 0;
			expected[0] = 0;
			if (regexec(&library, text, 1, &match, 0) == 0)
				snprintf(
				    expected, sizeof(expected), "%d-%d", (int)match.rm_so, (int)match.rm_eo);
			found = find(buf_string(&pattern), text, false);
			space = strchr(found, ' ');
			if (strncmp(found, expected, space ? (size_t)(space - found) : 40) != 0 ||
			    (expected[0] == 0) != (found[0] == 0))
				fail_msg("%s on %s: %s, the library has %s", buf_string(&pattern), text,
				    found, expected);
		}
		regfree(&library);
	}
	buf_done(&pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matching),
	    cmocka_unit_test(groups),
	    cmocka_unit_test(characters),
	    cmocka_unit_test(refusing),
	    cmocka_unit_test(bombs),
	    cmocka_unit_test(without_memory),
	    cmocka_unit_test(beside_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
