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
	    "joe@example.com was accepted by mx.example.com, which is now responsible for it, over TLSv1.3: "
	    "250 "
	    "2.0.0 ok");
	sender_sees(AT "failed recipient=joe@example.com host=mx.example.com reply=\"550 5.1.1 no\"",
	    "joe@example.com was refused by mx.example.com: 550 5.1.1 no");
	sender_sees(AT "queued recipient=joe@example.com destination=@submit",
	    "joe@example.com waits here until it is time to send it");
	sender_sees(AT "queued recipient=joe@example.com destination=@local",
	    "joe@example.com waits here to be put into the mailbox");
	sender_sees(AT "expired destination=@submit",
	    "everything that was to be sent from here has waited as long as a message may");
	sender_sees(
	    AT "submitted as=Bb3dEf6hIj9l message=x", "its time has come: from now on it is Bb3dEf6hIj9l");
}

static void but_not_what_others_do_with_it(void **state)
{
	(void)state;
	sender_sees(AT
	    "kept recipient=bob@here.example mailbox=Junk by=\"rule 3 of main\" account=bob@here.example",
	    "delivered to bob@here.example's mailbox");
	sender_sees(AT "discarded recipient=bob@here.example by=\"rule 3 of main\"",
	    "delivered to bob@here.example's mailbox");
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

/* All lines of a message for one user. */
static const char *user_sees(const char *lines, const char *address)
{
	static struct buf out;
	buf_done(&out);
	buf_init(&out, 8192);
	bool any = trace_for_user(view_from_string(lines), view_from_string(address), &out);
	assert_int_equal(any, out.len > 0);
	return buf_string(&out);
}

static void a_user_sees_what_is_his(void **state)
{
	(void)state;
	const char *lines =
	    AT "accepted from=192.0.2.7 sender=joe@here.example size=10 session=S1\n" AT
	       "kept recipient=bob@here.example original=info@here.example mailbox=Work by=x\n" AT
	       "queued recipient=x@secret.example original=team@here.example "
	       "destination=secret.example\n" AT
	       "attempt destination=secret.example host=mx.secret.example reply=\"554 no\"\n" AT
	       "held by=root why=\"looks bad\"\n";
	assert_string_equal(user_sees(lines, "carol@here.example"), "");
	assert_string_equal(user_sees(lines, "BOB@here.example"),
	    AT "accepted from=192.0.2.7 sender=joe@here.example size=10\n" AT
	       "kept recipient=bob@here.example original=info@here.example mailbox=Work by=x\n");
	const char *sent = user_sees(lines, "joe@here.example");
	assert_non_null(strstr(sent, "kept recipient=info@here.example\n"));
	assert_null(strstr(sent, "bob@"));
	assert_null(strstr(sent, "x@secret.example"));
	assert_null(strstr(sent, "looks bad"));
}

static void nor_to_whom_an_alias_leads(void **state)
{
	(void)state;
	of_others_is_seen(AT "kept recipient=bob@here.example mailbox=Junk", "delivered to its mailbox");
	of_others_is_seen(
	    AT "queued recipient=bob@secret.example destination=secret.example", "it waits to be sent");
	of_others_is_seen(AT "relayed recipient=bob@secret.example host=mx.secret.example "
	                     "address=192.0.2.1 tls=TLSv1.3 reply=\"250 ok, bob\"",
	    "it was accepted over TLSv1.3");
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
	    cmocka_unit_test_setup_teardown(a_user_sees_what_is_his, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nor_to_whom_an_alias_leads, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_got_it_sees_his_own_lines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_line_is_none, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("trace/share", tests, NULL, NULL);
}
