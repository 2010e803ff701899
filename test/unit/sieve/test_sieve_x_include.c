/* Scripts within scripts: variables of their own and shared ones, once, return, circles; names and limits. */
#include "play.h"

#define ALL "require [\"include\", \"variables\", \"fileinto\"];\n"

/* The scripts of the world: "name" and text, one after the other; a name with '!' in front is asked for
 * first. */
static const char *const *scripts;
static unsigned loads;

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

static enum sieve_answer script(
    void *arg, struct view name, bool global, struct arena *arena, const struct sieve_program **program)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	struct sieve_program *made = arena_alloc(arena, sizeof(*made));

	(void)arg;
	for (const char *const *s = scripts; *s; s += 2) {
		struct view known = view_from_string(*s);

		if (view_starts(known, VIEW("!")) && view_equal(view_skip(known, 1), name))
			return SIEVE_UNKNOWN;
		if (!view_equal(global ? view_skip(known, 1) : known, name) ||
		    global != view_starts(known, VIEW("/")))
			continue;
		loads++;
		sieve_errors_init(&errors);
		assert_non_null(made);
		if (!sieve_compile(view_from_string(s[1]), &language, arena, &errors, made))
			fail_msg("%.*s", VIEW_FMT(errors.items[0].text));
		sieve_errors_done(&errors);
		*program = made;
		return SIEVE_YES;
	}
	return SIEVE_NO;
}

static const struct sieve_world world = {.ask = ask, .script = script};

/* Runs the script with those that it may include; the mailboxes that it files into, one behind the other. */
static void assert_files(const char *const *others, const char *text, const char *expected)
{
	struct buf told;
	struct play p;

	scripts = others;
	loads = 0;
	buf_init(&told, 1000);
	play_begin(&p, "Subject: a\r\n\r\n");
	if (play_run(&p, &world, text) != SIEVE_DONE)
		fail_msg("%.*s", VIEW_FMT(p.outcome.failed_text));
	for (size_t i = 0; i < p.outcome.count; i++)
		buf_printf(&told, "%s%.*s", i ? " " : "",
		    VIEW_FMT(p.outcome.actions[i].kind == SIEVE_KEEP ? VIEW("keep")
		                                                     : p.outcome.actions[i].target));
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
	play_done(&p);
}

static void variables(void **state)
{
	static const char *const others[] = {"a",
	    ALL "fileinto \"a${v}\"; set \"v\" \"2\"; fileinto \"a${v}\";", "g",
	    ALL "global [\"g\", \"r\"]; set \"r\" \"${g}${global.h}\"; set \"global.k\" \"k\";", "m",
	    ALL "if string :matches \"xy\" \"x*\" { fileinto \"m${1}\"; }", "plain",
	    "require \"fileinto\"; fileinto \"${v}\";", NULL};

	(void)state;
	assert_files(
	    others, ALL "set \"v\" \"1\"; include \"a\"; fileinto \"${v}\"; include \"a\";", "a a2 1");
	assert_files(others,
	    ALL "global \"g\"; set \"g\" \"G\"; set \"global.h\" \"H\"; include \"g\"; global \"r\"; "
	        "fileinto \"${r}${k}${global.K}\";",
	    "GHk");
	assert_files(
	    others, ALL "if string :matches \"ab\" \"a*\" { include \"m\"; fileinto \"${1}\"; }", "my b");
	/* Each script requires for itself. */
	assert_files(others, ALL "set \"v\" \"1\"; include \"plain\";", "${v}");
}

static void control(void **state)
{
	static const char *const others[] = {"a", ALL "fileinto \"a\"; if true { return; } fileinto \"b\";",
	    "s", ALL "include \"stops\"; fileinto \"never\";", "stops", "stop;", "/a",
	    ALL "fileinto \"global\";", "c1", ALL "include :once \"c2\"; fileinto \"c1\";", "c2",
	    ALL "include :once \"c1\"; fileinto \"c2\";", NULL};

	(void)state;
	assert_files(others, ALL "include \"a\"; fileinto \"c\";", "a c");
	assert_files(others, ALL "fileinto \"a\"; return; fileinto \"c\";", "a");
	assert_files(others, ALL "fileinto \"a\"; include \"s\"; fileinto \"c\";", "a");
	assert_files(
	    others, ALL "include \"a\"; include :global \"a\"; include :personal \"a\";", "a global");
	assert_int_equal(loads, 2);
	assert_files(others, ALL "include :once \"a\"; include :once \"a\";", "a");
	assert_files(others, ALL "include :once \"c1\";", "c2 c1"); /* a circle that :once opens */
	assert_files(others, ALL "include :optional \"missing\"; fileinto \"c\";", "c");
}

static void assert_failed(const char *const *others, const char *text, const char *where, const char *why)
{
	struct play p;

	scripts = others;
	play_begin(&p, "Subject: a\r\n\r\n");
	assert_int_equal(play_run(&p, &world, text), SIEVE_FAILED);
	assert_view(p.outcome.failed_script, where);
	assert_view(p.outcome.failed_text, why);
	assert_int_equal(p.outcome.count, 1);
	play_done(&p);
}

static void failures(void **state)
{
	static const char *const others[] = {"me", ALL "include \"me\";", "a", ALL "include \"b\";", "b",
	    ALL "include \"a\";", "d1", ALL "include \"d2\";", "d2", ALL "include \"d3\";", "d3",
	    ALL "include \"d4\";", "d4", ALL "include \"d5\";", "d5", ALL "include \"d6\";", "d6",
	    ALL "include \"d7\";", "d7", ALL "include \"d8\";", "d8", ALL "include \"d9\";", "d9",
	    ALL "include \"d10\";", "d10", ALL "include \"d11\";", "d11", "keep;", "bad",
	    ALL "\nset \"x\" \"\"; fileinto \"${x}\";", "empty", "", NULL};
	struct buf text;

	(void)state;
	assert_failed(others, ALL "include \"no\";", "",
	    "'no' cannot be included: there is no such script, or it has mistakes");
	assert_failed(others, ALL "include \"me\";", "me", "'me' includes itself, perhaps by way of others");
	assert_failed(others, ALL "include \"a\";", "b", "'a' includes itself, perhaps by way of others");
	assert_failed(others, ALL "include \"d1\";", "d10",
	    "'d11' cannot be included: scripts lie more than 10 deep in one another");
	assert_failed(
	    others, ALL "fileinto \"x\"; include \"bad\";", "bad", "'' is no mailbox's name: it is empty");
	buf_init(&text, 1 << 20);
	buf_append_string(&text, ALL);
	for (int i = 0; i <= SIEVE_INCLUDES_MAX; i++)
		buf_append_string(&text, "include \"empty\";\n");
	assert_failed(others, buf_string(&text), "",
	    "'empty' cannot be included: scripts were included 255 times already");
	buf_done(&text);
}

static void asking(void **state)
{
	static const char *const others[] = {"!later", "", NULL};
	struct play p;

	(void)state;
	scripts = others;
	play_begin(&p, "");
	assert_int_equal(play_run(&p, &world, ALL "fileinto \"x\"; include :global \"later\";"), SIEVE_ASKS);
	assert_int_equal(p.outcome.question.kind, SIEVE_ASK_SCRIPT);
	assert_view(p.outcome.question.name, "later");
	assert_view(p.outcome.question.detail, "global");
	play_done(&p);
}

/* What an included script does names that script, its line and its rule. */
static void reasons(void **state)
{
	static const char *const others[] = {
	    "a", "require \"fileinto\";\n# rule:[In]\nif true {\n fileinto \"x\"; }", NULL};
	const struct sieve_action *a;
	struct play p;

	(void)state;
	scripts = others;
	play_begin(&p, "Subject: a\r\n\r\n");
	assert_int_equal(
	    play_run(&p, &world, ALL "if header \"subject\" \"a\" { include \"a\"; fileinto \"y\"; }"),
	    SIEVE_DONE);
	a = p.outcome.actions;
	assert_view(a[0].why.script, "a");
	assert_view(a[0].why.rule_name, "In");
	assert_int_equal(a[0].line, 4);
	assert_view(a[0].why.text, "true");
	assert_view(a[1].why.script, "");
	assert_view(a[1].why.text, "subject is 'a'");
	play_done(&p);
}

static void assert_refused(const char *text, const char *expected)
{
	struct play p;

	play_begin(&p, "");
	assert_string_equal(play_refused(&p, text), expected);
	play_done(&p);
}

static void refused(void **state)
{
	(void)state;
	assert_refused(ALL "include \"../a\";",
	    "2:9: '../a' is no script's name: it holds a slash or a control character");
	assert_refused(ALL "include \"a\x7f!\";",
	    "2:9: 'a?!' is no script's name: it holds a slash or a control character");
	assert_refused(ALL "include \"\";", "2:9: '' is no script's name: one has 1 to 128 characters");
	assert_refused(
	    ALL "include \"a${b}\";", "2:9: 'a${b}': which script is included cannot depend on variables");
	assert_refused(ALL "set \"a\" \"\"; global \"a\";",
	    "2:20: 'a' was set before, so it is no global variable any more");
	assert_refused("require \"include\"; global \"a\";",
	    "1:20: the command global is not known here: the script must begin with require \"variables\";");
	assert_refused("require \"variables\"; set \"global.a\" \"\";",
	    "1:26: 'global.a' cannot be set: there is no such namespace without require \"include\";");
	assert_refused(ALL "set \"global.1\" \"\";",
	    "2:5: 'global.1' cannot be set: the numbered variables hold what the last match found");
	assert_refused(ALL "keep :flags \"${global.a.b}\";",
	    "2:6: :flags is not known here: the script must begin with require "
	    "\"imap4flags\";");
	assert_refused(ALL "fileinto \"${globl.a}\";",
	    "2:10: ${globl.a} stands for nothing: there is no such namespace of variables");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(variables),
	    cmocka_unit_test(control),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(asking),
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
