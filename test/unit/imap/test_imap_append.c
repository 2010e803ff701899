/* APPEND: messages in literals of all kinds, several in one command, and what is refused on the way. */
#include "fake_account.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake *f;
static struct fake_mailbox *inbox;

static void each(void (*test)(void))
{
	static const size_t pieces[] = {0, 1, 2, 5, 11};
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		f = fake_new(true);
		inbox = &f->mailboxes[0];
		f->piece = pieces[i];
		test();
		fake_free(f);
	}
}

static void expect_message(size_t i, const char *text)
{
	assert_int_equal(inbox->messages[i].len, strlen(text));
	assert_memory_equal(inbox->messages[i].text, text, strlen(text));
}

static void talk_append(void)
{
	fake_talk(
	    f, "a APPEND INBOX {10}\r\na: b\r\n\r\nhi\r\n", "+ go ahead\na OK [APPENDUID 1000 1] it is kept");
	expect_message(0, "a: b\r\n\r\nhi");
	fake_talk(f,
	    "b APPEND {5+}\r\ninbox (\\Seen $Junk \\Recent) \"17-Jul-1996 02:44:25 -0700\" {10+}\r\na: "
	    "b\r\n\r\nho\r\nc NOOP\r\n",
	    "b OK [APPENDUID 1000 2] it is kept\nc OK done");
	expect_message(1, "a: b\r\n\r\nho");
	assert_int_equal(f->last_append.flags, FLAG_SEEN);
	assert_int_equal(f->last_append.internaldate, 837596665);
	fake_talk(f, "d APPEND INBOX ( \r\n", "d BAD ...");
	fake_talk(f, "e APPEND INBOX\r\n", "e BAD a message is missing");
	fake_talk(f, "f APPEND INBOX {0+}\r\n\r\ng NOOP\r\n", "f NO there is no message in it\ng OK done");
	fake_talk(f, "h APPEND INBOX (\\Frob) {5+}\r\na NOO\r\ni NOOP\r\n",
	    "h BAD there is no such system flag\ni OK done");
	fake_talk(f, "j APPEND none {3}\r\n", "j NO [TRYCREATE] the mailbox does not exist");
	/* What comes unasked is taken before the mailbox is looked for. */
	fake_talk(f, "k APPEND none {3+}\r\nabc\r\n", "k NO [TRYCREATE] the mailbox does not exist");
	fake_talk(f, "k APPEND none {3+}\r\nabc {4}\r\ndefg\r\n",
	    "+ go ahead\nk NO [TRYCREATE] the mailbox does not exist");
	fake_talk(f, "l APPEND INBOX {9999999}\r\n", "l NO [TOOBIG] ...");
	fake_talk(f, "m APPEND INBOX {3+}\r\nabc)\r\nn NOOP\r\n", "m BAD a space is missing\nn OK done");
	assert_int_equal(f->aborted, 1);
	/* The session's frame ends the command, and not the command itself. */
	fake_talk(f, "m APPEND INBOX {3+}\r\nabc (x {300000}\r\n", "m BAD [TOOBIG] the command is too large");
	assert_int_equal(f->aborted, 2);
	/* Its line is too long: that is said, and not that there is no memory. */
	struct buf line;
	buf_init(&line, 1 << 20);
	buf_append(&line, VIEW("m APPEND INBOX {3+}\r\nabc ("));
	for (int i = 0; i < 300 * 1024; i++)
		buf_append_byte(&line, 'x');
	buf_append(&line, VIEW("\r\nn NOOP\r\n"));
	fake_talk(f, buf_string(&line), "m NO [TOOBIG] the command is too large\nn OK done");
	buf_done(&line);
	assert_int_equal(f->aborted, 3);
	f->error = -122;
	fake_talk(f, "o APPEND INBOX {3+}\r\nabc\r\n", "o NO [OVERQUOTA] ...");
	f->error = -109; /* ETOOMANYREFS */
	fake_talk(f, "p APPEND INBOX ANNOTATION (/comment (value.shared \"x\")) {3+}\r\nabc\r\n",
	    "p NO [ANNOTATE TOOMANY] ...");
	assert_int_equal(inbox->count, 2);
}

static void appends(void **state)
{
	(void)state;
	each(talk_append);
}

static void talk_several(void)
{
	fake_talk(f,
	    "a APPEND INBOX (\\Seen) {3}\r\nabc {3+}\r\ndef (\\Draft) \"01-Feb-2024 00:00:00 +0000\" "
	    "{3}\r\nghi\r\n",
	    "+ go ahead\n+ go ahead\na OK [APPENDUID 1000 1:3] it is kept");
	expect_message(0, "abc");
	expect_message(1, "def");
	expect_message(2, "ghi");
	assert_int_equal(inbox->messages[0].flags, FLAG_SEEN);
	assert_int_equal(inbox->messages[1].flags, 0);
	assert_int_equal(inbox->messages[2].flags, FLAG_DRAFT);
	/* All or none: what came before is forgotten. */
	fake_talk(f, "b APPEND INBOX {3+}\r\nabc {3+}\r\ndef {9999999+}\r\n", "b NO [TOOBIG] ...");
	assert_int_equal(f->aborted, 2);
	assert_int_equal(inbox->count, 3);
}

static void appends_several(void **state)
{
	(void)state;
	each(talk_several);
}

static void talk_binary(void)
{
	fake_talk(f, "a APPEND INBOX ~{6+}\r\na\nb\nc\n\r\n", "a OK [APPENDUID 1000 1] it is kept");
	assert_int_equal(f->last_append.binary, 1);
	assert_int_equal(f->last_append.text_growth, 3);
	fake_talk(f, "b APPEND INBOX UTF8 (~{3+}\r\nabc)\r\n", "b BAD ENABLE UTF8=ACCEPT comes first");
	fake_talk(f, "c ENABLE UTF8=ACCEPT\r\n", "* ENABLED UTF8=ACCEPT\nc OK enabled");
	fake_talk(f, "d APPEND INBOX UTF8 (~{3+}\r\nabc)\r\n", "d OK [APPENDUID 1000 2] it is kept");
	expect_message(1, "abc");
	assert_int_equal(f->last_append.binary, 0);
	fake_talk(f, "e APPEND INBOX UTF8 ({3+}\r\nabc)\r\n", "e BAD UTF8 takes a literal8: \"~{\"");
	fake_talk(f, "f APPEND INBOX UTF8 (~{3+}\r\nabc\r\n", "f BAD \")\" is missing");
	/* A name that looks like an option is a mailbox. */
	fake_mailbox(f, "UTF8", 0);
	fake_talk(f, "g APPEND UTF8 {3+}\r\nabc\r\n", "g OK [APPENDUID 1001 1] it is kept");
}

static void appends_what_is_binary(void **state)
{
	(void)state;
	each(talk_binary);
}

static void refuses_nul(void **state)
{
	(void)state;
	f = fake_new(true);
	static const char text[] = "a APPEND INBOX {3+}\r\na\0b\r\n",
	                  eight[] = "b APPEND INBOX ~{3+}\r\na\0b\r\n";
	for (int i = 0; i < 2; i++) {
		struct view rest = i ? view_of(eight, sizeof eight - 1) : view_of(text, sizeof text - 1);
		while (rest.len) {
			rest = view_skip(rest, imap_feed(f->session, rest));
			fake_settle(f);
		}
		fake_expect(f, i ? "b OK [APPENDUID 1000 1] it is kept"
		                 : "a BAD a message with NUL needs a literal8: \"~{\"");
	}
	assert_int_equal(f->last_append.binary, 1);
	fake_free(f);
}

static void tells_the_selected_mailbox(void **state)
{
	(void)state;
	f = fake_new(true);
	fake_say(f, "a SELECT INBOX\r\n");
	buf_clear(&f->out);
	fake_talk(f, "b APPEND INBOX {3+}\r\nabc\r\n",
	    "* 1 EXISTS\n* 1 RECENT\nb OK [APPENDUID 1000 1] it is kept");
	fake_free(f);
}

/* No more than what store has room for goes to it; the rest of the input waits. */
static void waits_for_credit(void **state)
{
	(void)state;
	enum { SIZE = MAIL_UPLOAD_WINDOW + 100000 };
	char *text = malloc(SIZE + 64);
	int head = snprintf(text, 64, "a APPEND INBOX {%d+}\r\n", (int)SIZE);
	memset(text + head, 'x', SIZE);
	memcpy(text + head + SIZE, "\r\n", 3);
	f = fake_new(true);
	f->withholds = true;
	fake_say(f, text);
	assert_int_equal(f->uploaded, MAIL_UPLOAD_WINDOW);
	assert_true(imap_is_busy(f->session));
	assert_int_equal(imap_feed(f->session, VIEW("x")), 0);
	imap_answer(
	    f->session, 0, MAIL_UPLOAD_CREDIT, &(struct mail_upload_credit){.upload = 1, .bytes = 50000});
	fake_say(f, text + head + f->uploaded);
	assert_int_equal(f->uploaded, MAIL_UPLOAD_WINDOW + 50000);
	imap_answer(
	    f->session, 0, MAIL_UPLOAD_CREDIT, &(struct mail_upload_credit){.upload = 2, .bytes = 60000});
	assert_true(imap_is_busy(f->session)); /* another upload's */
	imap_answer(
	    f->session, 0, MAIL_UPLOAD_CREDIT, &(struct mail_upload_credit){.upload = 1, .bytes = 60000});
	fake_talk(f, text + head + f->uploaded, "a OK [APPENDUID 1000 1] it is kept");
	assert_int_equal(f->uploaded, SIZE);
	free(text);
	fake_free(f);
}

static void limits_their_number(void **state)
{
	(void)state;
	f = fake_new(true);
	fake_say(f, "a APPEND INBOX");
	for (int i = 0; i < MAIL_UPLOADS_MAX; i++)
		fake_say(f, " {1+}\r\nx");
	fake_talk(f, " {1}\r\n", "a NO [LIMIT] there are too many messages in one command");
	assert_int_equal(f->aborted, MAIL_UPLOADS_MAX);
	fake_talk(f, "b NOOP\r\n", "b OK done");
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(appends),
	    cmocka_unit_test(appends_several),
	    cmocka_unit_test(appends_what_is_binary),
	    cmocka_unit_test(refuses_nul),
	    cmocka_unit_test(tells_the_selected_mailbox),
	    cmocka_unit_test(waits_for_credit),
	    cmocka_unit_test(limits_their_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
