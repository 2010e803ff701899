/* Scripts that compile, and what is said of those that don't. */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "sieve/sieve_program.h"

static const struct sieve_language language;

static void compile(struct view script, struct buf *told)
{
	static struct sieve_errors errors;
	struct sieve_program program;
	struct arena arena;
	bool good;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	good = sieve_compile(script, &language, &arena, &errors, &program);
	assert_int_equal(good, errors.count == 0);
	for (size_t i = 0; i < errors.count; i++)
		buf_printf(told, "%s%u:%u %.*s", i ? "\n" : "", errors.items[i].place.line,
		    errors.items[i].place.column, VIEW_FMT(errors.items[i].text));
	if (errors.more)
		buf_printf(told, "\nand %zu more", errors.more);
	sieve_errors_done(&errors);
	arena_done(&arena);
}

static void assert_errors(const char *script, const char *expected)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	compile(view_from_string(script), &told);
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

static void good_scripts(void **state)
{
	static const char *const scripts[] = {
	    "",
	    "# nothing\n",
	    "keep;",
	    "if true { keep; } elsif not false { discard; } else { stop; }",
	    "if anyof (true, allof (false, exists [\"a\", \"b\"])) { redirect \"joe@example.com\"; }",
	    "if size :over 1M { discard; }",
	    "if header :comparator \"i;octet\" :matches \"Subject\" [\"a*\", \"b?\"] { keep; }",
	    "require [\"fileinto\", \"copy\", \"imap4flags\", \"mailbox\", \"special-use\"];\n"
	    "fileinto :copy :create :flags \"\\\\Seen\" :specialuse \"\\\\Junk\" \"Junk\";",
	    "require \"relational\"; require \"comparator-i;ascii-numeric\";\n"
	    "if header :value \"ge\" :comparator \"i;ascii-numeric\" \"X-Spam\" \"5\" { discard; }",
	    "require [\"subaddress\", \"envelope\", \"index\", \"date\"];\n"
	    "if envelope :detail \"to\" \"x\" { keep; }\n"
	    "if date :index 2 :last :zone \"+0100\" :is \"Received\" \"hour\" \"09\" { keep; }",
	    "require [\"variables\", \"encoded-character\"];\n"
	    "if header :matches \"x\" \"*\" { set :lower :length \"a\" \"${1} ${hex:24}\"; redirect "
	    "\"${a}\"; }",
	    "require [\"imap4flags\", \"variables\"]; addflag \"mine\" \"x\"; if hasflag \"mine\" \"x\" { "
	    "setflag \"x\"; }",
	    "redirect \"Joe <joe@example.com>\";",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		assert_errors(scripts[i], "");
}

static void names(void **state)
{
	(void)state;
	assert_errors("filinto \"x\";", "1:1 there is no command 'filinto'; is 'fileinto' meant?");
	assert_errors("fileinto \"x\";",
	    "1:1 the command fileinto is not known here: the script must begin with require \"fileinto\";");
	assert_errors("if radish { }", "1:4 there is no test 'radish'");
	assert_errors("header \"a\" \"b\";",
	    "1:1 'header' is a test and no command; a test stands behind if, as in: if header ... { ... }");
	assert_errors("if keep { }", "1:4 'keep' is a command and no test");
	assert_errors("require \"fileInto\";", "1:9 there is no extension 'fileInto'; is 'fileinto' meant?");
	assert_errors("require [\"keep\"];", "1:9 'keep' is no extension: leave it out of the require");
	assert_errors("keep; require \"copy\";",
	    "1:7 require must stand at the beginning of the script, before all other commands");
}

static void arguments(void **state)
{
	(void)state;
	assert_errors("keep \"x\";", "1:6 the command keep takes no argument");
	assert_errors("if header 45 \"x\" {}", "1:11 the test header expects a string or a list of strings "
	                                       "as its first argument (header names), "
	                                       "but the number '45' stands here");
	assert_errors("if header \"x\" {}", "1:4 the test header needs 2 arguments, but 1 stands here; a "
	                                    "string or a list of strings is missing: keys");
	assert_errors("if header :all \"x\" \"y\" {}", "1:11 the test header has no tag :all");
	assert_errors("stop :x;", "1:6 the command stop takes no tags, but :x stands here");
	assert_errors("if true :is {}", "1:9 the test true takes no tags, but :is stands here");
	assert_errors("if header \"x\" \"y\" :is {}", "");
	assert_errors("if header :is :contains \"x\" \"y\" {}",
	    "1:15 :contains is one match type too many: test header takes one at most");
	assert_errors("if size 45 {}", "1:4 the test size needs the tag :over, or another one of its kind");
	assert_errors("if size :over :under 4 {}",
	    "1:15 :under cannot stand beside the tag of its kind that came before it");
	assert_errors("if header :comparator \"i;x\" \"x\" \"y\" {}",
	    "1:23 there is no comparator 'i;x'; there are i;ascii-casemap, i;octet, i;ascii-numeric and "
	    "i;unicode-casemap");
	assert_errors("require \"relational\"; if header :count \"gr\" \"x\" \"y\" {}",
	    "1:40 'gr' is no way to compare; there are eq, ne, gt, ge, lt and le");
	assert_errors("if header :count \"eq\" \"x\" \"y\" {}",
	    "1:11 :count is not known here: the script must begin with require \"relational\";");
}

static void texts(void **state)
{
	(void)state;
	assert_errors("redirect \"joe\";",
	    "1:10 'joe' is no address that mail can be sent to; one is written as \"joe@example.com\"");
	assert_errors("redirect \"a@example.com, b@example.com\";",
	    "1:10 'a@example.com, b@example.com' is not one address; exactly one was expected, as "
	    "\"joe@example.com\"");
	assert_errors(
	    "if address \"Subject\" \"x\" {}", "1:12 'Subject' is no header field that holds addresses");
	assert_errors("require [\"fileinto\",\"encoded-character\"]; fileinto \"${hex:ff}\";",
	    "1:52 '?' is no mailbox's name: it is not UTF-8");
	assert_errors("require \"encoded-character\"; keep; if header \"a\" \"${unicode:d800}\" {}",
	    "1:50 there is no character with the number 'd800'");
	assert_errors("require \"variables\"; set \"1a\" \"x\";",
	    "1:26 '1a' is no variable's name: one has letters, "
	    "digits and underscores, and no digit in front");
	assert_errors("require \"variables\"; set \"a\" \"${b.c}\";",
	    "1:30 ${b.c} stands for nothing: there is no such namespace of variables");
	assert_errors("require \"imap4flags\"; setflag \"a\" \"b\";",
	    "1:31 to keep flags in a variable, the script must begin with require \"variables\";");
}

static void structure(void **state)
{
	(void)state;
	assert_errors("keep",
	    "1:5 the ';' that ends the command, or a block in '{' and '}', was expected here, but "
	    "the end of the script stands here");
	assert_errors("require \"fileinto\"; fileinto \"a\"\nkeep;",
	    "2:1 a ';' is missing before 'keep': the command fileinto in line 1 ends with one");
	assert_errors("keep true;", "1:6 the command keep takes no test, but 'true' stands here");
	assert_errors("stop { }", "1:1 the command stop takes no block; it ends with ';'");
	assert_errors("if true;", "1:1 the command if needs a block in '{' and '}'");
	assert_errors("if { }", "1:1 the command if needs a test");
	assert_errors("if (true, false) { }",
	    "1:1 the command if takes one test; several ones need anyof or allof before the '('");
	assert_errors("if anyof true { }", "1:4 the tests of anyof must stand in '(' and ')'");
	assert_errors("else { }", "1:1 else must stand right behind the block of an if or elsif");
	assert_errors("if true { } else if false { }", "1:13 'else if' is written as 'elsif'");
	assert_errors("if true { keep;", "1:9 the block that begins here is never closed; it ends with '}'");
	assert_errors("keep; }", "1:7 a command was expected here, but '}' stands here");
	assert_errors("a [\"b\" \"c\"]; d [];",
	    "1:8 ',' or the ']' that ends the list was expected here, but the string 'c' stands here\n"
	    "1:17 at least one string of the list was expected here, but ']' stands here");
	assert_errors("keep 5x; $; { stop; } discard \"",
	    "1:6 '5x' is no number: behind its digits a number may have K, M or G, and nothing else\n"
	    "1:10 '$' has no meaning here; a text must stand between '\"'\n"
	    "1:13 a command was expected here, but '{' stands here\n"
	    "1:31 the string that begins here is never closed; a string ends with '\"'");
}

/* RFC 5463: what ihave does not find may not even be looked at. */
static void ihave(void **state)
{
	(void)state;
	assert_errors("require \"ihave\"; if ihave \"radish\" { radish :x 5; }", "");
	assert_errors("require \"ihave\"; if allof (ihave \"radish\", radish 5) { radish :x 5; }", "");
	assert_errors("require \"ihave\"; if ihave \"fileinto\" { fileinto \"a\"; }", "");
	assert_errors("require \"ihave\"; if anyof (ihave \"radish\", true) { radish; }",
	    "1:52 there is no command 'radish'");
	assert_errors("require \"ihave\"; if ihave \"fileinto\" { } fileinto \"a\";",
	    "1:42 the command fileinto is not known here: the script must begin with require \"fileinto\";");
	assert_errors("require \"ihave\"; if not ihave \"fileinto\" { fileinto \"a\"; }",
	    "1:44 the command fileinto is not known here: the script must begin with require \"fileinto\";");
	assert_errors("require \"ihave\"; if ihave \"variables\" { set \"a\" \"b\"; }", "");
}

static void repeated(struct buf *script, const char *text, size_t times)
{
	while (times-- > 0)
		assert_int_equal(buf_append_string(script, text), 0);
}

static void assert_told(struct buf *script, const char *expected)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	compile(buf_view(script), &told);
	assert_non_null(strstr(buf_string(&told), expected));
	buf_done(&told);
	buf_clear(script);
}

static void limits(void **state)
{
	struct buf script;

	(void)state;
	buf_init(&script, 8 << 20);
	repeated(&script, "if ", 1);
	repeated(&script, "not ", 100000);
	repeated(&script, "true { }", 1);
	assert_told(&script, "lie more than 32 deep");
	repeated(&script, "if anyof(", 1);
	repeated(&script, "anyof(", 100000);
	assert_told(&script, "lie more than 32 deep");
	repeated(&script, "if true {", 100000);
	assert_told(&script, "lie more than 32 deep");
	repeated(&script, "keep;", 100001);
	assert_told(&script, "more than 100,000 commands");
	repeated(&script, "radish;", 150);
	assert_told(&script, "and 50 more");
	repeated(&script, "keep;\n", 200000);
	assert_told(&script, "the script has 1200000 octets; the longest one may have 1048576");
	repeated(&script, "keep", 1);
	repeated(&script, " :a 1", 17);
	assert_told(&script, "more than 32 arguments");
	repeated(&script, "if exists [", 1);
	repeated(&script, "\"a\",", 20001);
	assert_told(&script, "more than 20000 strings");
	buf_done(&script);
}

static void assert_warnings(const char *script, const char *expected)
{
	static struct sieve_errors errors, warnings;
	struct sieve_program program;
	struct arena arena;
	struct buf told;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(&told, 1 << 20);
	sieve_errors_init(&errors);
	sieve_errors_init(&warnings);
	if (!sieve_compile_warned(view_from_string(script), &language, &arena, &errors, &warnings, &program))
		fail_msg("%.*s", VIEW_FMT(errors.items[0].text));
	for (size_t i = 0; i < warnings.count; i++)
		buf_printf(&told, "%s%u:%u %.*s", i ? "\n" : "", warnings.items[i].place.line,
		    warnings.items[i].place.column, VIEW_FMT(warnings.items[i].text));
	assert_string_equal(buf_string(&told), expected);
	sieve_errors_done(&errors);
	sieve_errors_done(&warnings);
	buf_done(&told);
	arena_done(&arena);
}

static void warnings(void **state)
{
	(void)state;
	assert_warnings("require \"fileinto\"; fileinto \"a\";", "");
	assert_warnings("require [\"copy\",\n\"fileinto\", \"body\"];\nfileinto :copy \"a\";",
	    "1:9 nothing in the script needs the extension body");
	assert_warnings("require [\"variables\", \"encoded-character\", \"relational\", "
	                "\"comparator-i;octet\", \"subaddress\"];"
	                "if header :value \"eq\" :comparator \"i;octet\" \"subject\" \"${hex:41}\" { }"
	                "if address :user \"to\" \"${1}\" { }",
	    "");
	assert_warnings(
	    "require \"variables\"; keep;", "1:9 nothing in the script needs the extension variables");
	assert_warnings("require [\"ihave\", \"body\"]; if ihave \"radish\" { if body \"a\" { } }", "");
	assert_warnings("require [\"spamtest\", \"spamtestplus\"]; if spamtest \"5\" { }", "");
	assert_warnings(
	    "require [\"extracttext\", \"variables\", \"foreverypart\"]; foreverypart { extracttext \"a\"; }",
	    "");
	assert_warnings("require [\"envelope\", \"envelope-dsn\"]; if envelope \"notify\" \"NEVER\" { }", "");
	assert_warnings("keep;\nstop;\ndiscard;\nkeep;",
	    "3:1 this is never reached: the command stop in line 2 ends the script before it");
	assert_warnings("if true { stop; } discard;", "");
	assert_warnings("if header :contains \"subject\" [\"a\", \"*list*\"] { }",
	    "1:31 in '*list*' a '*' stands for itself: only :matches takes it for any text");
	assert_warnings("if header :matches \"subject\" \"*list*\" { } if header \"subject\" \"*\" { }", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_scripts),
	    cmocka_unit_test(names),
	    cmocka_unit_test(arguments),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(structure),
	    cmocka_unit_test(ihave),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
