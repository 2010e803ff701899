/* What of a message's path its sender is told, and who got it. */
#include "../unit.h"

#include "trace/trace_share.h"

static struct arena arena;

static void read_line(const char *text, struct trace_line *line)
{
	assert_true(trace_line_read(view_from_string(text), &arena, line));
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* In words, as its sender sees it; "": nothing. */
static void sender_sees(const char *text, const char *expected)
{
	struct trace_line line;
	struct buf words;
	buf_init(&words, 4096);
	read_line(text, &line);
	if (trace_for_sender(&line))
		trace_words(&words, &line);
	assert_string_equal(buf_string(&words), expected);
	buf_done(&words);
}

#define AT "2026-11-22T08:25:06.123Z Ab3dEf6hIj9l "

static void a_sender_learns_what_became_of_it(void **state)
{
	(void)state;
	sender_sees(AT
	    "relayed recipient=joe@example.com host=mx.example.com tls=TLSv1.3 reply=\"250 2.0.0 ok\"",
	    "joe@example.com was taken by mx.example.com over TLSv1.3: 250 2.0.0 ok");
	sender_sees(AT "failed recipient=joe@example.com host=mx.example.com reply=\"550 5.1.1 no\"",
	    "joe@example.com was refused by mx.example.com: 550 5.1.1 no");
	sender_sees(
	    AT "submitted as=Bb3dEf6hIj9l message=x", "its time has come: from now on it is Bb3dEf6hIj9l");
}

static void but_not_what_others_do_with_it(void **state)
{
	(void)state;
	sender_sees(AT
	    "kept recipient=bob@here.example mailbox=Junk by=\"rule 3 of main\" account=bob@here.example",
	    "bob@here.example is in its mailbox");
	sender_sees(AT "discarded recipient=bob@here.example by=\"rule 3 of main\"",
	    "bob@here.example is in its mailbox");
	sender_sees(AT "expanded recipient=sales@here.example to=secret@elsewhere.example", "");
	sender_sees(AT "rerouted by=root why=x destination=example.com route=smtp.other.example", "");
	sender_sees(AT "held by=root why=\"looks bad\"", "held");
	sender_sees(AT "deleted by=root why=\"looks bad\" bounce=0", "taken out of the queue");
	sender_sees(AT "somethingnew recipient=bob@here.example", "");
}

/* In words, as the sender sees it of somebody whom he has not written to. */
static void of_others_is_seen(const char *text, const char *expected)
{
	struct trace_line line;
	struct buf words;
	buf_init(&words, 4096);
	read_line(text, &line);
	assert_true(trace_for_sender(&line));
	trace_hide_recipient(&line);
	trace_words(&words, &line);
	assert_string_equal(buf_string(&words), expected);
	buf_done(&words);
}

static void nor_to_whom_an_alias_leads(void **state)
{
	(void)state;
	of_others_is_seen(AT "kept recipient=bob@here.example mailbox=Junk", "it is in its mailbox");
	of_others_is_seen(
	    AT "queued recipient=bob@secret.example destination=secret.example", "it waits to be sent");
	of_others_is_seen(AT "relayed recipient=bob@secret.example host=mx.secret.example "
	                     "address=192.0.2.1 tls=TLSv1.3 reply=\"250 ok, bob\"",
	    "it was taken over TLSv1.3");
	of_others_is_seen(AT
	    "failed recipient=bob@secret.example host=mx.secret.example status=5.1.1 reply=\"550 bob\"",
	    "it was refused: 5.1.1");
	of_others_is_seen(AT "notified recipient=bob@secret.example kind=failed to=alice@here.example dsn=Bb",
	    "told alice@here.example that it did not get it, in report Bb");
}

static void who_got_it_sees_his_own_lines(void **state)
{
	struct trace_line line;
	(void)state;
	read_line(
	    AT "accepted from=192.0.2.7 service=smtp sender=joe@example.com recipients=2 size=10", &line);
	assert_true(trace_for_recipient(&line, VIEW("bob@here.example")));
	assert_int_equal(trace_field(&line, "recipients").len, 0);
	assert_false(trace_has_reached(&line, VIEW("bob@here.example")));
	read_line(AT "kept recipient=Bob@here.example mailbox=Work by=\"rule 3\"", &line);
	assert_true(trace_for_recipient(&line, VIEW("bob@here.example")));
	assert_true(trace_has_reached(&line, VIEW("bob@here.example")));
	assert_int_equal(trace_field(&line, "by").len, 6);
	/* Nor that there were others. */
	read_line(AT "kept recipient=carol@here.example mailbox=Work", &line);
	assert_false(trace_for_recipient(&line, VIEW("bob@here.example")));
	assert_false(trace_has_reached(&line, VIEW("bob@here.example")));
	read_line(AT "recipient recipient=carol@here.example", &line);
	assert_false(trace_for_recipient(&line, VIEW("bob@here.example")));
	read_line(AT "expanded recipient=all@here.example to=bob@here.example", &line);
	assert_false(trace_for_recipient(&line, VIEW("bob@here.example")));
}

static void what_is_no_line_is_none(void **state)
{
	struct trace_line line;
	(void)state;
	assert_false(trace_line_read(VIEW(""), &arena, &line));
	assert_false(trace_line_read(VIEW("yesterday Ab3dEf6hIj9l kept x=y"), &arena, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_sender_learns_what_became_of_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(but_not_what_others_do_with_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nor_to_whom_an_alias_leads, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_got_it_sees_his_own_lines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_line_is_none, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("trace/share", tests, NULL, NULL);
}
