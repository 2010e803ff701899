/* Duplicates: what is asked, and what is to be remembered. */
#include "play.h"

static const char *known, *asked_handle;

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)value;
	assert_int_equal(question->kind, SIEVE_ASK_DUPLICATE);
	if (!known)
		return SIEVE_UNKNOWN;
	assert_view(question->detail, asked_handle);
	return view_equal(question->name, view_from_string(known)) ? SIEVE_YES : SIEVE_NO;
}

static const struct sieve_world world = {.ask = ask};

/* Whether the test holds; the marks as "handle/id/seconds". */
static void assert_test(const char *test, bool expected, const char *marks)
{
	struct buf told;
	char script[1000];
	struct play p;

	snprintf(script, sizeof(script), "require [\"duplicate\", \"variables\"]; if %s { discard; }", test);
	play_begin(&p, "Message-ID: <1@x>\r\nX: x\r\nX: y\r\nEmpty:\r\n\r\n");
	buf_init(&told, 1000);
	assert_int_equal(play_run(&p, &world, script), SIEVE_DONE);
	assert_int_equal(p.outcome.actions[0].kind, expected ? SIEVE_DISCARD : SIEVE_KEEP);
	for (const struct sieve_mark *m = p.outcome.marks; m; m = m->next)
		buf_printf(&told, "%.*s/%.*s/%llu%s;", VIEW_FMT(m->handle), VIEW_FMT(m->id),
		    (unsigned long long)m->seconds, m->last ? " last" : "");
	assert_string_equal(buf_string(&told), marks);
	buf_done(&told);
	play_done(&p);
}

static void what_is_remembered(void **state)
{
	(void)state;
	known = "<1@x>";
	asked_handle = "";
	assert_test("duplicate", true, "");
	assert_test("duplicate :last", true, "/<1@x>/604800 last;");
	assert_test("duplicate :header \"x\" :seconds 100", false, "/x/100;");
	assert_test("duplicate :uniqueid \"${x}u\" :seconds 99999999999", false, "/u/7776000;");
	asked_handle = "h";
	assert_test("duplicate :handle \"h\"", true, "");
	assert_test("duplicate :handle \"h\" :uniqueid \"2\"", false, "h/2/604800;");
	/* Without anything to go by there is no duplicate: RFC 7352 section 3.1. */
	assert_test("duplicate :header \"Empty\"", false, "");
	assert_test("duplicate :header \"Missing\"", false, "");
	assert_test("duplicate :uniqueid \"\"", false, "");
}

static void asking_and_failing(void **state)
{
	struct play p;

	(void)state;
	known = NULL;
	play_begin(&p, "Message-ID: <1@x>\r\n\r\n");
	assert_int_equal(
	    play_run(&p, &world, "require \"duplicate\"; if duplicate :handle \"h\" { discard; }"),
	    SIEVE_ASKS);
	assert_int_equal(p.outcome.question.kind, SIEVE_ASK_DUPLICATE);
	assert_view(p.outcome.question.name, "<1@x>");
	assert_view(p.outcome.question.detail, "h");
	known = "";
	asked_handle = "";
	assert_int_equal(
	    play_run(&p, &world, "require [\"duplicate\", \"ihave\"]; if duplicate { } error \"x\";"),
	    SIEVE_FAILED);
	assert_null(p.outcome.marks);
	play_done(&p);
}

static void limits(void **state)
{
	struct buf script;
	struct play p;

	(void)state;
	known = asked_handle = "";
	buf_init(&script, 1 << 20);
	buf_append_string(&script, "require \"duplicate\";");
	for (int i = 0; i <= SIEVE_MARKS_MAX; i++)
		buf_printf(&script, "if duplicate :uniqueid \"%d\" { }", i);
	play_begin(&p, "\r\n");
	assert_int_equal(play_run(&p, &world, buf_string(&script)), SIEVE_FAILED);
	assert_view(p.outcome.failed_text, "the script tests for duplicates too often for one message");
	play_done(&p);
	buf_done(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_remembered),
	    cmocka_unit_test(asking_and_failing),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
