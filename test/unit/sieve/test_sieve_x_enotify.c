/* Notifications: what is judged, what is told, and how many. */
#include "play.h"

#define ALL "require [\"enotify\", \"variables\", \"fcc\", \"mailbox\"];\n"
#define MAIL "From: a@b\r\nSubject: s\r\n\r\n"

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

static const struct sieve_world world = {.ask = ask};

static void what_is_said(void **state)
{
	const struct sieve_notify *n;
	struct play p;

	(void)state;
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, ALL "notify \"mailto:joe@example.com\";"), SIEVE_DONE);
	assert_int_equal(p.outcome.count, 2);
	assert_int_equal(p.outcome.actions[0].kind, SIEVE_NOTIFY);
	n = p.outcome.actions[0].notify;
	assert_view(n->method, "mailto:joe@example.com");
	assert_int_equal(n->importance, 2);
	assert_int_equal(n->option_count, 0);
	assert_null(n->silent);
	assert_int_equal(
	    play_run(&p, &world,
	        ALL
	        "set \"x\" \"joe\"; notify :from \"${x}@b\" :importance \"1\" :options [\"a.b=${x}\", \"c=\"]"
	        ":message \"Hi ${x}\" :fcc \"Sent\" :create \"mailto:${x}@example.com?subject=a\";"),
	    SIEVE_DONE);
	n = p.outcome.actions[0].notify;
	assert_view(n->method, "mailto:joe@example.com?subject=a");
	assert_view(n->from, "joe@b");
	assert_view(n->message, "Hi joe");
	assert_int_equal(n->importance, 1);
	assert_view(n->options[0], "a.b=joe");
	assert_view(n->options[1], "c=");
	assert_view(n->fcc->mailbox, "Sent");
	assert_true(n->fcc->create);
	play_done(&p);
	play_begin(&p, "Auto-Submitted: auto-generated\r\n" MAIL);
	assert_int_equal(play_run(&p, &world, ALL "notify \"mailto:joe@example.com\";"), SIEVE_DONE);
	assert_string_equal(p.outcome.actions[0].notify->silent, "a program sent it (Auto-Submitted)");
	play_done(&p);
}

static void assert_test(const char *test, bool expected)
{
	char script[1000];
	struct play p;

	snprintf(script, sizeof(script), ALL "if %s { discard; }", test);
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, script), SIEVE_DONE);
	assert_int_equal(p.outcome.actions[0].kind, expected ? SIEVE_DISCARD : SIEVE_KEEP);
	play_done(&p);
}

static void tests_of_methods(void **state)
{
	(void)state;
	assert_test("valid_notify_method \"mailto:a@example.com\"", true);
	assert_test("valid_notify_method [\"mailto:a@example.com\", \"xmpp:a@example.com\"]", false);
	assert_test("valid_notify_method \"mailto:?subject=x\"", false);
	assert_test("notify_method_capability \"mailto:a@example.com\" \"Online\" [\"no\", \"maybe\"]", true);
	assert_test("notify_method_capability \"mailto:a@example.com\" \"online\" \"yes\"", false);
	assert_test("notify_method_capability \"xmpp:a@example.com\" \"online\" \"maybe\"", false);
	assert_test("notify_method_capability \"mailto:a@example.com\" \"radish\" \"maybe\"", false);
}

static void assert_encoded(const char *text, const char *expected)
{
	char script[1000];
	struct play p;

	snprintf(
	    script, sizeof(script), ALL "set :encodeurl \"a\" \"%s\"; redirect \"${a}@x.example\";", text);
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, script), SIEVE_DONE);
	assert_view(view_take(p.outcome.actions[0].target, strlen(expected)), expected);
	play_done(&p);
}

static void encodeurl(void **state)
{
	(void)state;
	assert_encoded("aZ09-_.~", "aZ09-_.~@");
	assert_encoded("a b&c=\xc3\xbc/", "a%20b%26c%3D%C3%BC%2F@");
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
	struct play p;

	(void)state;
	assert_refused(ALL "notify \"xmpp:a@b\";",
	    "2:8: 'xmpp:a@b' is no way to notify anybody: the one way here is by mail, as in "
	    "\"mailto:joe@example.com\"");
	assert_refused(ALL "notify \"mailto:a b\";", "2:8: 'mailto:a b' is no way to notify anybody: it "
	                                             "holds a character that a URI must write with \"%\"");
	assert_refused(ALL "notify :importance \"4\" \"mailto:a@b.example\";",
	    "2:20: '4' is no importance; there are \"1\", \"2\" and \"3\", and 1 is the most urgent");
	assert_refused(ALL "notify :options \"=x\" \"mailto:a@b.example\";",
	    "2:17: '=x' is no option; one is written as \"name=value\", on one line");
	assert_refused(ALL "notify :create \"mailto:a@b.example\";",
	    "2:8: :create says where a copy goes; there is none without :fcc");
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, ALL "set \"a\" \"x\"; notify \"${a}\";"), SIEVE_FAILED);
	assert_view(p.outcome.failed_text,
	    "'x' is no way to notify anybody: the one way here is by mail, as in \"mailto:joe@example.com\"");
	play_done(&p);
}

static void storms(void **state)
{
	struct buf script;
	struct play p;

	(void)state;
	buf_init(&script, 1 << 20);
	buf_append_string(&script, ALL "notify \"mailto:");
	for (int i = 0; i <= SIEVE_NOTIFIED_MAX; i++)
		buf_printf(&script, "%sa%d@example.com", i ? "," : "", i);
	buf_append_string(&script, "\";");
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, buf_string(&script)), SIEVE_FAILED);
	assert_view(p.outcome.failed_text, "the script notifies too many people of one message");
	play_done(&p);
	buf_done(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_said),
	    cmocka_unit_test(tests_of_methods),
	    cmocka_unit_test(encodeurl),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
