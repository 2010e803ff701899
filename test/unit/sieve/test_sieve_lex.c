/* The words of scripts, as they stand and as they shouldn't. */
#include "../unit.h"

#include <stdio.h>

#include "sieve/sieve_lex.h"

/* All tokens of the text, one after the other, as a person reads them; then the errors. */
static void lex(const char *text, size_t len, char *told, size_t size)
{
	static const char *const kinds[] = {"", "", ":", "#", "", "", "broken"};
	struct sieve_errors errors;
	struct sieve_lexer lexer;
	struct sieve_token token;
	struct arena arena;
	size_t at = 0;

	arena_init(&arena, 1 << 20);
	sieve_errors_init(&errors);
	sieve_lex_init(&lexer, view_of(text, len), &arena, &errors);
	for (sieve_lex_next(&lexer, &token); token.kind != SIEVE_TOKEN_END; sieve_lex_next(&lexer, &token)) {
		if (token.kind == SIEVE_TOKEN_NUMBER)
			at += (size_t)snprintf(
			    told + at, size - at, "#%llu ", (unsigned long long)token.number);
		else if (token.kind == SIEVE_TOKEN_STRING)
			at += (size_t)snprintf(told + at, size - at, "<%.*s> ", VIEW_FMT(token.text));
		else
			at += (size_t)snprintf(told + at, size - at, "%s%.*s ", kinds[token.kind],
			    token.kind == SIEVE_TOKEN_BROKEN ? 0 : (int)token.text.len, token.text.data);
		assert_true(at < size);
	}
	for (size_t i = 0; i < errors.count; i++)
		at += (size_t)snprintf(told + at, size - at, "%u:%u %.*s ", errors.items[i].place.line,
		    errors.items[i].place.column, VIEW_FMT(errors.items[i].text));
	if (at > 0)
		told[at - 1] = 0;
	else
		told[0] = 0;
	sieve_errors_done(&errors);
	arena_done(&arena);
}

static void assert_lex(const char *text, const char *expected)
{
	char told[4000];

	lex(text, strlen(text), told, sizeof(told));
	assert_string_equal(told, expected);
}

static void words_and_marks(void **state)
{
	(void)state;
	assert_lex("", "");
	assert_lex("if header :is [\"a\",\"b\"] { stop; }", "if header :is [ <a> , <b> ] { stop ; }");
	assert_lex("# a\n/* b * / ** */keep/**/;# no end", "keep ;");
	assert_lex("\xef\xbb\xbfkeep;", "keep ;");
	assert_lex("a/b", "a broken b 1:2 '/' has no meaning here; a text must stand between '\"'");
	assert_lex(
	    "a\n  /* b", "a 2:3 the comment that begins here is never closed; a comment ends with '*/'");
	assert_lex("fileinto \xe2\x80\x9cx",
	    "fileinto broken x 1:10 '\xe2\x80\x9c' has no meaning here; a text must stand between '\"'");
	assert_lex("abcdefghijklmnopqrstuvwxyz0123456",
	    "broken 1:1 the name 'abcdefghijklmnopqrstuvwxyz0123456' is "
	    "too long: no name has more than 32 characters");
}

static void numbers(void **state)
{
	(void)state;
	assert_lex("0 7 1k 2M 3g", "#0 #7 #1024 #2097152 #3221225472");
	assert_lex("18446744073709551615", "#18446744073709551615");
	assert_lex("18446744073709551616", "broken 1:1 the number '18446744073709551616' is too large; the "
	                                   "largest one is 18446744073709551615");
	assert_lex("18014398509481984K", "broken 1:1 the number '18014398509481984K' is too large; the "
	                                 "largest one is 18446744073709551615");
	assert_lex("5x",
	    "broken 1:1 '5x' is no number: behind its digits a number may have K, M or G, and nothing else");
}

static void quoted_strings(void **state)
{
	(void)state;
	assert_lex("\"\" \"a b\" \"\\\"\\\\\\x\"", "<> <a b> <\"\\x>");
	assert_lex("\"a\nb\r\nc\"", "<a\r\nb\r\nc>");
	assert_lex(
	    "x \"a", "x broken 1:3 the string that begins here is never closed; a string ends with '\"'");
	assert_lex(
	    "x \"a\\\"", "x broken 1:3 the string that begins here is never closed; a string ends with '\"'");
	assert_lex(
	    "\"\xff\"", "broken 1:1 the string that begins here is not UTF-8; save the script in UTF-8");
	assert_lex("\"\xc3\xa4\" $",
	    "<\xc3\xa4> broken 1:5 '$' has no meaning here; a text must stand between '\"'");
}

static void multiline_strings(void **state)
{
	(void)state;
	assert_lex("text:\n.\n;", "<> ;");
	assert_lex("TEXT: # why\r\na\r\n..b\n.c\n.\n;", "<a\r\n.b\r\n.c\r\n> ;");
	assert_lex("text:\na\n",
	    "broken 1:1 the text that begins here is never closed; it ends with a line that "
	    "holds a dot and nothing else");
	assert_lex("text: a\nb\n.\n",
	    "broken 1:6 behind 'text:' the line must end; 'a' stands there. The text "
	    "begins on the next line");
	assert_lex("text:\n.", "<>"); /* a script that ends without a line end */
}

static void nul_octets(void **state)
{
	char told[400];

	(void)state;
	lex("\"a\0b\"", 5, told, sizeof(told));
	assert_string_equal(told, "broken 1:1 the string that begins here holds a NUL octet");
	lex("\0;", 2, told, sizeof(told));
	assert_string_equal(told, "broken ; 1:1 '?' has no meaning here; a text must stand between '\"'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_and_marks),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(quoted_strings),
	    cmocka_unit_test(multiline_strings),
	    cmocka_unit_test(nul_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
