/* A message's path in words. */
#include "../unit.h"

#include <time.h>

#include "trace/trace_text.h"
#include "format/json_read.h"

enum { NOW = 1795332306 }; /* 2026-11-22 07:25:06 UTC */

static struct buf out;

static const char *text_of(const char *lines)
{
	buf_clear(&out);
	assert_true(trace_text(view_from_string(lines), NOW, (struct view){0}, &out));
	return buf_string(&out);
}

static const char *state_of(const char *lines)
{
	const char *at = strstr(text_of(lines), "  Now: ");
	assert_non_null(at);
	return at + 7;
}

#define T "2026-11-22T07:20:00.123Z AAA "

static void tells_the_path(void **state)
{
	(void)state;
	assert_string_equal(
	    text_of(T "accepted from=[127.0.0.1] service=submission account=carol@example.net "
	              "sender=carol@example.net size=1234 message_id=m@x\n" T
	              "recipient recipient=joe@example.com\n" T "recipient recipient=bob@example.net\n" T
	              "kept recipient=bob@example.net account=bob@example.net mailbox=INBOX\n" T
	              "queued recipient=joe@example.com destination=example.com\n" T
	              "deferred recipient=joe@example.com destination=example.com host=mx.example.com "
	              "reply=\"450 4.7.1 Grey\\x0alisted\" status=4.7.1 "
	              "next=1795332306\n"
	              "2026-11-22T07:25:01.000Z AAA relayed recipient=joe@example.com host=mx.example.com "
	              "address=192.0.2.1:25 reply=\"250 ok\" "
	              "tls=\"TLSv1.3 X\" verified=dane-ee\n" T "done recipients=2\n"),
	    "AAA\n  2026-11-22 07:20:00  accepted from [127.0.0.1] by submission, logged in as "
	    "carol@example.net, sender carol@example.net, 1.2 KB, Message-ID <m@x>\n  2026-11-22 07:20:00  "
	    "for joe@example.com\n  2026-11-22 07:20:00  for bob@example.net\n  2026-11-22 07:20:00  "
	    "delivered to bob@example.net's mailbox, folder INBOX\n  2026-11-22 07:20:00  "
	    "joe@example.com waits to be sent to example.com\n  2026-11-22 07:20:00  joe@example.com was put "
	    "off by mx.example.com: 450 4.7.1 Grey listed; next attempt 2026-11-22 07:25:06\n  2026-11-22 "
	    "07:25:01  joe@example.com was accepted by mx.example.com at 192.0.2.1:25, which is now "
	    "responsible "
	    "for it, over TLSv1.3 X, verified by dane-ee: 250 ok\n  2026-11-22 07:20:00  has left the "
	    "queue\n  Now: It has reached all its "
	    "recipients: it is in mailboxes here, or other servers have accepted it and are now responsible "
	    "for it.\n");
}

static void says_why_it_waits(void **state)
{
	(void)state;
	assert_string_equal(state_of(T "queued recipient=joe@example.com destination=example.com\n"),
	    "joe@example.com has not been tried yet; it is due now.\n");
	assert_string_equal(state_of(T "queued recipient=joe@example.com destination=example.com\n" T
	                               "deferred destination=example.com cause=\"connection refused\" "
	                               "reply=\"no connection to 192.0.2.1:25: Connection refused\" "
	                               "next=1795333026\n"),
	    "joe@example.com still waits: the recipient's mail server is switched off or accepts no "
	    "connections; the next attempt is in 12 "
	    "minutes, at 2026-11-22 07:37:06. Nobody listens at that host and port; if other hosts refuse "
	    "too, look for a firewall on the "
	    "way.\n");
	/* One waits, one has failed. */
	assert_string_equal(
	    state_of(T "accepted sender=a@b.c\n" T "queued recipient=x@y.z destination=y.z\n" T
	               "queued recipient=u@v.w destination=v.w\n" T
	               "failed recipient=u@v.w reply=\"550 5.1.1 no\"\n" T
	               "notified kind=failed to=a@b.c dsn=DDD\n"),
	    "x@y.z has not been tried yet; it is due now. u@v.w did not get it: this address does not exist "
	    "there. Its sender was told. The "
	    "recipient's server knows no such mailbox; only the sender can correct the address.\n");
}

static void says_what_was_refused(void **state)
{
	(void)state;
	assert_string_equal(
	    state_of(T "rejected from=192.0.2.9 recipient=c@d code=550 reply=\"550 5.1.1 no\"\n"),
	    "It was not accepted. The client was told so at once, and still has it.\n");
}

static void says_what_ended_it(void **state)
{
	(void)state;
	assert_string_equal(
	    state_of(T "accepted sender=\"\" about=BBB\n" T "queued recipient=x@y.z destination=y.z\n" T
	               "deferred recipient=x@y.z cause=\"timed out\" reply=\"no answer\" next=5\n" T
	               "expired recipient=x@y.z status=4.4.7\n"),
	    "x@y.z did not get it: the recipient's mail server does not answer. It has no sender who could "
	    "be told. If many hosts do not answer, outgoing connections to port 25 may be blocked here; "
	    "check with `postrider queue stats`, and ask your provider.\n");
	assert_string_equal(state_of(T "queued recipient=x@y.z\n" T "held by=root why=\"looks odd\"\n"),
	    "It is held by root (looks odd); `postrider queue release AAA` lets it go.\n");
	assert_string_equal(
	    state_of(T "queued recipient=x@y.z\n" T "held by=root why=odd\n" T "released by=root\n"),
	    "x@y.z has not been tried yet; it is due now.\n");
	assert_string_equal(
	    state_of(T "queued recipient=x@y.z\n" T "deleted by=alice why=\"a virus\" bounce=1\n" T
	               "notified kind=failed to=a@b.c dsn=D\n"),
	    "It was taken out of the queue by alice (a virus), and its sender was told.\n");
	assert_string_equal(state_of(T "accepted sender=a@b.c\n"), "What became of it was not recorded.\n");
	assert_string_equal(
	    state_of(T "expanded recipient=team@b.c to=x@b.c\n" T "kept recipient=x@b.c account=x@b.c\n"),
	    "It has reached all its recipients: it is in mailboxes here, or other servers have accepted it "
	    "and are now responsible for it.\n");
}

/* What this server decided was refused by nobody else. */
static void keeps_own_words_apart(void **state)
{
	(void)state;
	const char *text =
	    text_of(T "failed recipient=a@b host=mx.b address=192.0.2.1:25 status=5.6.7 cause=\"SMTPUTF8 not "
	              "known there\" "
	              "reply=\"the next host does not support SMTPUTF8\" stage=EHLO\n" T
	              "failed recipient=c@b host=mx.b status=5.1.1 reply=\"550 5.1.1 no\" stage=RCPT\n" T
	              "deferred recipient=d@b host=mx.b status=4.7.0 cause=\"a limit of this server\" "
	              "reply=\"so much\" "
	              "next=0\n" T
	              "expired recipient=e@b host=mx.b status=4.4.7 reply=\"450 4.7.1 later\" stage=RCPT\n" T
	              "expired recipient=f@b host=mx.b status=4.4.7 cause=\"connection refused\" "
	              "reply=refused stage=connect\n");
	static const char *const lines[] = {("  a@b was given up by this server because of mx.b at "
	                                     "192.0.2.1:25: the next host does not support SMTPUTF8\n"),
	    "  c@b was refused by mx.b: 550 5.1.1 no\n", "  d@b was put off by this server: so much\n",
	    "  e@b has waited as long as a message may; the last answer came from mx.b: 450 4.7.1 later\n",
	    "  f@b has waited as long as a message may; this server noted last about mx.b: refused\n"};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_non_null(strstr(text, lines[i]));
}

static void the_queue_knows_better_what_comes_next(void **state)
{
	(void)state;
	struct buf id;
	static const char waits[] =
	    T "queued recipient=x@y.z destination=y.z\n" T "failed recipient=u@v.w reply=\"550 5.1.1 no\"\n";
	buf_init(&id, 100);
	assert_true(trace_waits(view_from_string(waits), &id));
	assert_view(buf_view(&id), "AAA");
	assert_false(trace_waits(VIEW(T "queued recipient=x@y.z\n" T "relayed recipient=x@y.z\n"), &id));
	assert_false(trace_waits(VIEW(T "queued recipient=x@y.z\n" T "deleted by=root\n"), &id));
	assert_false(trace_waits(VIEW("nonsense\n"), &id));
	buf_clear(&out);
	assert_true(
	    trace_text(view_from_string(waits), NOW, VIEW("It is being sent right now to y.z."), &out));
	assert_non_null(strstr(buf_string(&out), "  Now: It is being sent right now to y.z. u@v.w did not "
	                                         "get it: this address does not exist there.\n"));
	buf_done(&id);
}

static void every_kind_has_words(void **state)
{
	(void)state;
	const char *text = text_of(
	    T "rerouted destination=y.z route=smart:25 by=root why=test\n" T "retried by=root\n" T
	      "expanded recipient=a@b to=c@d\n" T "notified recipient=a@b kind=delayed to=c@d dsn=DDD\n" T
	      "held by=root until=1795332306\n" T "accepted about=XXX size=1 sender=\"\"\n" T
	      "somethingnew key=value other=\"two words\"\n" T "failed recipient=a@b status=5.0.0\n" T
	      "relayed recipient=a@b host=h\n" T
	      "attempt destination=b host=h address=192.0.2.1:25 cause=\"timed out\" reply=\"no answer\"\n" T
	      "attempt destination=b host=h reply=\"554 no\" stage=greeting\n" T
	      "attempt destination=b host=h cause=\"timed out\" reply=\"no answer\" passed_over=1\n" T
	      "attempt destination=b cause=\"no such domain\" reply=NXDOMAIN\n" T
	      "rejected from=192.0.2.9 sender=a@b recipient=c@d code=550 reply=\"550 5.1.1 no\"\n" T
	      "kept recipient=a@b original=info@b mailbox=INBOX by=\"rule 3\"\n" T
	      "queued recipient=a@x original=team@b destination=x\n" T
	      "discarded recipient=a@b original=all@b\n");
	static const char *const parts[] = {"everything for y.z goes to smart:25 by root: test\n",
	    "an immediate attempt was requested by root\n", "a@b leads to c@d\n",
	    "told c@d that a@b has to wait for it, in report DDD\n",
	    "held by root until 2026-11-22 07:25:06\n",
	    "written here as a report about XXX, without a sender, 1 B\n",
	    "somethingnew: key value, other two words\n", "a@b was refused: 5.0.0\n",
	    "a@b was accepted by h, which is now responsible for it, without encryption\n",
	    "tried h at 192.0.2.1:25 for b, in vain; this server noted: no answer\n",
	    "tried h for b, in vain; it answered: 554 no\n",
	    "did not try h for b again, which had just failed; this server noted: no answer\n",
	    "looked for the hosts of b, in vain; this server noted: NXDOMAIN\n",
	    "refused to the client 192.0.2.9: mail for c@d, sender a@b: 550 5.1.1 no\n",
	    "delivered to a@b's mailbox, folder INBOX (written to info@b), by rule 3\n",
	    "a@x (written to team@b) waits to be sent to x\n", "a@b (written to all@b) keeps it nowhere\n"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(text, parts[i]));
}

static void odd_lines_do_no_harm(void **state)
{
	(void)state;
	buf_clear(&out);
	assert_false(trace_text(VIEW(""), NOW, (struct view){0}, &out));
	assert_false(
	    trace_text(VIEW("nonsense\n\n2026-11-22T07:20:00.123Z\n2026-11-22T07:20:00.123Z AAA\nx y z\n"),
	        NOW, (struct view){0}, &out));
	assert_false(trace_json(VIEW("nonsense\n"), NOW, (struct view){0}, &out));
	assert_int_equal(out.len, 0);
	assert_non_null(
	    strstr(text_of(T "failed recipient=\"a\\x1b[2J@b\" reply=\"\\xff"), "a?[2J@b was refused"));
}

static void json_holds_the_same(void **state)
{
	(void)state;
	struct arena arena;
	struct json_value v;
	arena_init(&arena, 1 << 20);
	buf_clear(&out);
	assert_true(trace_json(VIEW(T "accepted sender=a@b.c size=12 message_id=\"1\"\n" T
	                              "deferred recipient=\"x y\" next=5 reply=450\n" T
	                              "queued recipient=d@e.f destination=@submit\n"),
	    NOW, (struct view){0}, &out));
	assert_int_equal(json_parse(buf_view(&out), &arena, &v), 0);
	assert_view(json_text_of(&v, "id"), "AAA");
	const struct json_value *e = json_member(&v, "events")->first;
	assert_view(json_text_of(e, "time"), "2026-11-22T07:20:00.123Z");
	assert_view(json_text_of(e, "event"), "accepted");
	assert_int_equal(json_number_of(e, "size"), 12);
	assert_view(json_text_of(e, "message_id"), "1");
	assert_view(json_text_of(e->next, "recipient"), "x y");
	assert_view(json_text_of(e->next, "reply"), "450");
	assert_int_equal(json_number_of(e->next, "next"), 5);
	assert_view(json_text_of(e->next->next, "destination"), "@submit");
	assert_view(json_text_of(e->next->next, "text"), "d@e.f waits here until it is time to send it");
	assert_true(view_starts(json_text_of(&v, "state"), VIEW("x y still waits: ")));
	arena_done(&arena);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	buf_init(&out, 1 << 20);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_the_path),
	    cmocka_unit_test(says_why_it_waits),
	    cmocka_unit_test(says_what_was_refused),
	    cmocka_unit_test(says_what_ended_it),
	    cmocka_unit_test(keeps_own_words_apart),
	    cmocka_unit_test(the_queue_knows_better_what_comes_next),
	    cmocka_unit_test(every_kind_has_words),
	    cmocka_unit_test(odd_lines_do_no_harm),
	    cmocka_unit_test(json_holds_the_same),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_done(&out);
	return failed;
}
