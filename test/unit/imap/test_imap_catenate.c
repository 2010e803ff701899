/* CATENATE and REPLACE: messages from parts of others, and in their place. */
#include "imap_fake.h"

#include "../unit.h"

#include <errno.h>

static struct imap_fake f;

static int setup(void **state)
{
	(void)state;
	imap_fake_start(&f);
	imap_fake_add(&f, "", VIEW("From: foo@example.com\r\nSubject: one\r\n\r\nHello world body\r\n\r\n"));
	imap_fake_add(&f, "P: prefix\r\n", VIEW("From: foo2@example.com\r\n\r\nAnother body\r\n"));
	imap_fake_select(&f, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	imap_fake_stop(&f);
	return 0;
}

static void assert_has(const char *line, const char *expected)
{
	const char *said = imap_fake_say(&f, line);
	if (strstr(said, expected) == NULL)
		fail_msg("%s lacks %s", said, expected);
}

static void assert_last(const char *text)
{
	assert_view(buf_view(&f.messages[f.count - 1].text), text);
}

static void parts_follow_one_another(void **state)
{
	(void)state;
	assert_has("a APPEND INBOX (\\Seen) CATENATE (URL \"/INBOX/;uid=1/;section=HEADER\" TEXT "
	           "{7+}\r\nbody1\r\n)\r\n",
	    "* 3 EXISTS\r\n* 0 RECENT\r\na OK [APPENDUID 38505 3] ");
	assert_last("From: foo@example.com\r\nSubject: one\r\n\r\nbody1\r\n");
	assert_int_equal(f.messages[2].flags, FLAG_SEEN);
	assert_has("b APPEND INBOX CATENATE (TEXT {13+}\r\nSubject: t\r\n\n URL "
	           "\"/INBOX;UIDVALIDITY=38505/;UID=2/;SECTION=TEXT\" "
	           "TEXT {3+}\r\nend URL \"/;uid=1/;section=HEADER.FIELDS%20(SUBJECT)\")\r\n",
	    "b OK [APPENDUID 38505 4] ");
	assert_last("Subject: t\r\n\nAnother body\r\nendSubject: one\r\n\r\n");
	assert_has(
	    "c APPEND INBOX CATENATE (URL imap://joe@example.com/INBOX/;uid=2/;partial=3.6)\r\n", "c OK ");
	assert_last("prefix");
	/* A URL as a literal, behind one that is a message's. */
	assert_has("e APPEND INBOX CATENATE (TEXT {1+}\r\nx URL "
	           "{40+}\r\n/INBOX/;uid=2/;section=TEXT/;partial=8.4)\r\n",
	    "e OK ");
	assert_last("xbody");
}

static void several_messages_are_one_step(void **state)
{
	(void)state;
	assert_has("a APPEND INBOX CATENATE (URL /INBOX/;uid=1) CATENATE (URL /INBOX/;uid=2/;section=HEADER "
	           "TEXT {2+}\r\nb3) "
	           "(\\Draft) {4+}\r\nX: y\r\n",
	    "a OK [APPENDUID 38505 3:5] ");
	assert_view(buf_view(&f.messages[3].text), "P: prefix\r\nFrom: foo2@example.com\r\n\r\nb3");
	assert_int_equal(f.messages[4].flags, FLAG_DRAFT);
}

static void a_large_part_waits_for_room(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1000000);
	buf_append_string(&text, "Subject: large\r\n\r\n");
	for (int i = 0; i < 90000; i++)
		buf_append_string(&text, "12345678\r\n");
	imap_fake_add(&f, "", buf_view(&text));
	f.piece = 20000;
	assert_has(
	    "a APPEND INBOX CATENATE (URL /INBOX/;uid=3 URL /INBOX/;uid=3/;section=TEXT/;partial=0.100)\r\n",
	    "a OK ");
	assert_int_equal(buf_view(&f.messages[3].text).len, buf_view(&text).len + 100);
	assert_true(imap_fake_asked(&f, MAIL_READ) > 6);
	buf_done(&text);
}

static void what_names_nothing_is_told(void **state)
{
	static const char *const wrong[] = {"/INBOX;uidvalidity=12345/;uid=1", "/INBOX/;uid=9",
	    "/None/;uid=1", "/INBOX", "imap://other.example/INBOX/;uid=1", "/INBOX/;uid=1/;section=7",
	    "/INBOX/;uid=1/;section=NONSENSE", "imap://ann@example.com/INBOX/;uid=1"};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf line, code;
		buf_init(&line, 500);
		buf_init(&code, 500);
		buf_printf(&line, "a APPEND INBOX CATENATE (TEXT {1+}\r\nx URL \"%s\" TEXT {2+}\r\nyy)\r\n",
		    wrong[i]);
		buf_printf(&code, "a NO [BADURL %s] ", wrong[i]);
		assert_has(buf_string(&line), buf_string(&code));
		buf_done(&line);
		buf_done(&code);
	}
	assert_int_equal(f.count, 2);
	assert_int_equal(f.aborted, sizeof wrong / sizeof wrong[0]);
	f.read_error = -EIO;
	assert_has("b APPEND INBOX CATENATE (URL /INBOX/;uid=1)\r\n", "b NO [UNAVAILABLE] ");
	f.read_error = 0;
	assert_has("c APPEND INBOX CATENATE (URL /INBOX/;uid=1)\r\n", "c OK ");
	assert_has("d APPEND None CATENATE (URL /INBOX/;uid=1 TEXT {1+}\r\nx)\r\n", "d NO [TRYCREATE] ");
	/* Also when the literal comes first, and a URL that names nothing behind it. */
	assert_has(
	    "d APPEND None (\\Seen) CATENATE (TEXT {1+}\r\nx URL /INBOX/;uid=99)\r\n", "d NO [TRYCREATE] ");
	assert_has("e APPEND INBOX CATENATE (TEXT {0+}\r\n)\r\n", "e NO ");
	assert_has("f APPEND INBOX CATENATE ()\r\n", "f BAD ");
	assert_has("g APPEND INBOX CATENATE (FILE x)\r\n", "g BAD ");
	assert_has("h NOOP\r\n", "h OK ");
}

static void a_message_takes_anothers_place(void **state)
{
	(void)state;
	assert_has("a REPLACE 1 INBOX (\\Seen) {12+}\r\nX: new\r\n\r\nn\n\r\n",
	    "* OK [APPENDUID 38505 3] the new message is kept\r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 0 "
	    "RECENT\r\na OK it is kept\r\n");
	assert_int_equal(f.replaced, 1);
	assert_has("b UID REPLACE 2 INBOX CATENATE (URL /INBOX/;uid=2/;section=HEADER TEXT {3+}\r\nnew)\r\n",
	    "* OK [APPENDUID 38505 4] ");
	assert_last("P: prefix\r\nFrom: foo2@example.com\r\n\r\nnew");
	assert_has("c REPLACE 1:2 INBOX {1+}\r\nx\r\n", "c BAD ");
	assert_has("d UID REPLACE 99 INBOX {1+}\r\nx\r\n", "d NO [NONEXISTENT] ");
	assert_has("e REPLACE 1 None {1+}\r\nx\r\n", "e NO [TRYCREATE] ");
	assert_has("f REPLACE 9 INBOX {1+}\r\nx\r\n", "f BAD ");
	assert_has("g NOOP\r\n", "g OK ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(parts_follow_one_another),
	    TEST(several_messages_are_one_step),
	    TEST(a_large_part_waits_for_room),
	    TEST(what_names_nothing_is_told),
	    TEST(a_message_takes_anothers_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
