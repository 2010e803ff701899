/* What an administrator reads about a queued message, sentence by sentence. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "cli/cli_queue_text.h"

enum { NOW = 1795332306 }; /* 2026-11-22 07:25:06 UTC */

static struct arena arena;
static struct buf out;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, QUEUE_RECORD_ARENA);
	buf_init(&out, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	buf_done(&out);
	return 0;
}

static const char *next(const char *json)
{
	struct queue_record_view record;
	buf_clear(&out);
	assert_int_equal(queue_record_read(view_from_string(json), &arena, &record), 0);
	queue_text_next(&record, NOW, &out);
	return buf_string(&out);
}

#define HEAD                                                                                                 \
	"{\"id\":\"Ab3dEf6hIj9l\",\"sender\":\"carol@example.net\",\"size\":4321,\"arrived\":1795328706,"    \
	"\"expires\":1795764306,"

static void waits_for_a_recipient(void **state)
{
	(void)state;
	assert_string_equal(
	    next(HEAD "\"state\":\"waiting\",\"recipients\":[{\"address\":\"joe@example.com\","
	              "\"destination\":\"example.com\","
	              "\"state\":\"waiting\",\"attempts\":3,\"last_attempt\":1795332000,\"next_attempt\":"
	              "1795333026,"
	              "\"status\":\"4.7.1\",\"reply\":\"450 4.7.1 Greylisted\",\"host\":\"mx.example.com\"}],"
	              "\"destinations\":[{\"name\":\"example.com\",\"next_attempt\":0,\"failures\":0}]}"),
	    "It will be tried again at example.com in 12 minutes, at 2026-11-22 07:37:06, because the "
	    "recipient's mail server defers the first message from a sender that it does not know yet. "
	    "Greylisting: the next attempt usually succeeds. If it cannot be delivered, it goes "
	    "back to its sender in 5 days, at 2026-11-27 07:25:06.");
}

static void waits_for_a_destination(void **state)
{
	(void)state;
	const char *text = next(HEAD
	    "\"state\":\"waiting\",\"recipients\":[{\"address\":\"a@dead.org\",\"destination\":"
	    "\"Dead.org\",\"state\":"
	    "\"waiting\",\"attempts\":0,\"next_attempt\":0},{\"address\":\"b@later.org\","
	    "\"destination\":\"later.org\","
	    "\"state\":\"waiting\",\"next_attempt\":1795399999}],"
	    "\"destinations\":[{\"name\":\"dead.org\",\"next_attempt\":1795335906,\"failures\":7,"
	    "\"failing_since\":1795300000,"
	    "\"cause\":\"connection refused\",\"last_error\":\"no connection to 192.0.2.1:25: Connection "
	    "refused\",\"stage\":\"connect\",\"status\":\"4.4.1\"}]}");
	assert_non_null(strstr(text,
	    "It will be tried again at Dead.org in an hour, at 2026-11-22 08:25:06, because the recipient's "
	    "mail "
	    "server is switched off or accepts no connections (7 attempts in a row). Nobody "
	    "listens at that host and port"));
	assert_non_null(strstr(text, " 2 of its recipients wait; this is the first of them."));
}

/* Whose words they are decides, not what they look like; and no name in them means anything. */
static void tells_whose_words_they_are(void **state)
{
	(void)state;
	struct queue_record_view record;
	static const char own[] = HEAD "\"state\":\"waiting\",\"recipients\":[{\"address\":\"a@unreachable."
	                               "certificate.test\",\"destination\":"
	                               "\"unreachable.certificate.test\",\"state\":\"waiting\",\"attempts\":"
	                               "1,\"status\":\"4.4.3\",\"cause\":"
	                               "\"names cannot be looked up\",\"reply\":\"the addresses of "
	                               "unreachable.certificate.test timed out: 550 no\"}]}";
	assert_non_null(strstr(
	    next(own), "because this server could not find out which server accepts mail for this address."));
	assert_int_equal(queue_record_read(view_from_string(own), &arena, &record), 0);
	buf_clear(&out);
	queue_text_full(&record, NOW, &out);
	assert_non_null(strstr(buf_string(&out),
	    "    noted by this server: the addresses of unreachable.certificate.test timed out"));
	/* The same without a cause is what a host said. */
	assert_non_null(strstr(
	    next(HEAD "\"state\":\"waiting\",\"recipients\":[{\"destination\":\"timed-out.test\",\"state\":"
	              "\"waiting\",\"attempts\":1,\"status\":\"4.2.2\",\"reply\":\"452 4.2.2 timed out\"}]}"),
	    "because the recipient's mailbox is full."));
	/* A cause of a later version is no host's either. */
	assert_non_null(strstr(
	    next(HEAD "\"state\":\"waiting\",\"recipients\":[{\"destination\":\"b.c\",\"state\":"
	              "\"waiting\",\"attempts\":1,\"cause\":\"quite new\",\"reply\":\"550 5.1.1 no\"}]}"),
	    "because this mail server has a problem of its own."));
}

static void other_states(void **state)
{
	(void)state;
	assert_string_equal(next(HEAD "\"state\":\"waiting\",\"recipients\":[{\"address\":\"a@b.c\","
	                              "\"destination\":\"b.c\",\"state\":\"waiting\"}]}"),
	    "It will first be tried as soon as a connection to b.c is free. If it cannot be delivered, it "
	    "goes back to its sender in 5 days, at 2026-11-27 07:25:06.");
	assert_string_equal(next("{\"id\":\"x\",\"sender\":\"\",\"state\":\"waiting\",\"expires\":1795335906,"
	                         "\"recipients\":[{\"destination\":\"b.c\",\"state\":"
	                         "\"waiting\",\"attempts\":1}],\"destinations\":[{\"name\":\"b.c\",\"route\":"
	                         "\"smart.host:587\"}]}"),
	    "It will be tried again as soon as a connection to b.c is free (by the route smart.host:587). If "
	    "it cannot be delivered, it is given up in an hour, at 2026-11-22 08:25:06.");
	assert_string_equal(next(HEAD "\"state\":\"waiting\",\"recipients\":[{\"state\":\"relayed\"}]}"),
	    "No recipient waits for it any more; it leaves the queue in a moment.");
	assert_string_equal(next(HEAD "\"state\":\"active\",\"destinations\":[{\"name\":\"x.y\"},{\"name\":"
	                              "\"b.c\",\"active\":true}]}"),
	    "It is being sent right now to b.c.");
	assert_string_equal(next(HEAD "\"state\":\"notifying\"}"),
	    "Its delivery is over; a report to its sender is being written.");
	assert_string_equal(next(HEAD "\"state\":\"held\",\"hold_until\":1795335906}"),
	    "Its sender asked for it to be sent later: in an hour, at 2026-11-22 08:25:06.");
	assert_string_equal(next(HEAD "\"state\":\"held\",\"held_by\":\"root\",\"held_why\":\"looks odd\"}"),
	    "It is held by root (looks odd) and stays until somebody releases it: `postrider queue release "
	    "Ab3dEf6hIj9l`, or "
	    "`postrider queue delete`.");
	assert_string_equal(next(HEAD "\"state\":\"held\",\"held_by\":\"root\",\"hold_until\":1795335906}"),
	    "It is held by root and will go on in an hour, at 2026-11-22 08:25:06: `postrider queue release "
	    "Ab3dEf6hIj9l`, or `postrider queue delete`.");
}

static void brief_and_full(void **state)
{
	(void)state;
	struct queue_record_view record;
	static const char json[] =
	    HEAD "\"state\":\"waiting\",\"message_id\":\"m@x\",\"submitter\":\"carol@example.net\","
	         "\"recipients\":["
	         "{\"address\":\"done@x.org\",\"destination\":\"x.org\",\"state\":\"relayed\",\"attempts\":1,"
	         "\"last_attempt\":1795332000,\"reply\":\"250 ok\","
	         "\"status\":\"2.0.0\",\"host\":\"mx.x.org\",\"tls\":\"TLSv1.3\"},"
	         "{\"address\":\"a@b.c\",\"destination\":\"b.c\",\"state\":\"waiting\",\"attempts\":2,\"last_"
	         "attempt\":1795332186,"
	         "\"next_attempt\":1795332606,\"reply\":\"451 \\u001b[2J\\nbusy\",\"host\":\"mx.b.c\"},"
	         "{\"address\":\"d@b.c\",\"destination\":\"b.c\",\"state\":\"waiting\"},{\"address\":\"e@b."
	         "c\",\"destination\":\"b.c\",\"state\":\"waiting\"},"
	         "{\"address\":\"f@b.c\",\"destination\":\"b.c\",\"state\":\"waiting\"}]}";
	assert_int_equal(queue_record_read(view_from_string(json), &arena, &record), 0);
	buf_clear(&out);
	queue_text_brief(&record, NOW, &out);
	assert_true(view_starts(
	    buf_view(&out), VIEW("Ab3dEf6hIj9l  waiting, 4.3 KB, came an hour ago\n  carol@example.net -> "
	                         "a@b.c, d@b.c, e@b.c and 1 more\n  It will first be tried as soon as ")));
	buf_clear(&out);
	queue_text_full(&record, NOW, &out);
	static const char *const parts[] = {
	    "Ab3dEf6hIj9l  waiting\n  From         carol@example.net\n  Submitted by carol@example.net\n",
	    "  Message-ID   m@x\n  Size         4.3 KB\n  Came         2026-11-22 06:25:06 (an hour ago)\n",
	    "  Gives up     2026-11-27 07:25:06 (in 5 days)\n",
	    "\n  done@x.org  relayed, 1 attempt, the last 5 minutes ago at mx.x.org over TLSv1.3\n    250 "
	    "ok\n    Everything is well.\n",
	    "\n  a@b.c  waiting, 2 attempts, the last 2 minutes ago at mx.b.c\n    451 ?[2J busy\n    The "
	    "recipient's mail server has a "
	    "problem of its own.\n"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(buf_string(&out), parts[i]));
}

static void figures(void **state)
{
	(void)state;
	assert_true(queue_text_stats(VIEW("{\"messages\":12,\"bytes\":34567,\"held\":3,\"active\":1,"
	                                  "\"notifying\":0,\"destinations\":5,\"oldest\":"
	                                  "1795321506}"),
	    NOW, &out));
	assert_view(buf_view(&out), "12 messages are in the queue, 34.6 KB, for 5 destinations: 3 held, 1 "
	                            "being sent, 0 being reported on. "
	                            "The oldest came 3 hours ago.\n");
	buf_clear(&out);
	assert_true(queue_text_stats(VIEW("{\"messages\":0}"), NOW, &out));
	assert_view(buf_view(&out), "The queue is empty.\n");
	assert_false(queue_text_stats(VIEW("{}"), NOW, &out));
	assert_false(queue_text_stats(VIEW("nonsense"), NOW, &out));
}

static void refuses_other_records(void **state)
{
	(void)state;
	struct queue_record_view record;
	static const char *const wrong[] = {
	    "", "{}", "[]", "{\"id\":\"x\"}", "{\"state\":\"held\"}", "{\"id\":5,\"state\":\"held\"}"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(queue_record_read(view_from_string(wrong[i]), &arena, &record), -EINVAL);
	/* Odd members are left out, not believed. */
	assert_int_equal(queue_record_read(VIEW("{\"id\":\"x\",\"state\":\"waiting\",\"recipients\":{\"a\":1}"
	                                        ",\"destinations\":[1,[],{}]}"),
	                     &arena, &record),
	    0);
	queue_text_full(&record, NOW, &out);
	queue_text_brief(&record, NOW, &out);
	assert_true(utf8_valid(buf_view(&out)));
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(waits_for_a_recipient, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(waits_for_a_destination, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tells_whose_words_they_are, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_states, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(brief_and_full, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(figures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuses_other_records, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
