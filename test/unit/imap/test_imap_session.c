/* The frame of a session: lines, literals, tags, states, logins; and that it does not matter how input is
 * cut. */
#include "fake_account.h"

#include "base/mem.h"
#include "imap/imap_state.h"

static struct fake *f;

static void each(void (*test)(void), bool login)
{
	/* Whole, octet by octet, and in pieces that cut lines and literals anywhere. */
	static const size_t pieces[] = {0, 1, 2, 3, 7};
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		f = fake_new(login);
		f->piece = pieces[i];
		test();
		fake_free(f);
	}
}

static void talk_before_login(void)
{
	fake_expect(f, "* OK [CAPABILITY IMAP4rev2 IMAP4rev1 STARTTLS LOGINDISABLED LITERAL+ ID ENABLE "
	               "LANGUAGE] Postrider at "
	               "imap.example.org is ready");
	fake_talk(f, "a NOOP\r\n", "a OK done");
	fake_talk(f, "b noop\n", "b OK done");
	fake_talk(f, "c SELECT INBOX\r\n", "c BAD log in first");
	fake_talk(f, "d FROBNICATE\r\n", "d BAD there is no such command");
	fake_talk(f, "* NOOP\r\n", "* BAD a tag and a command are missing");
	fake_talk(f, "e\r\n", "e BAD there is no such command");
	fake_talk(f, "\r\n", "* BAD a tag and a command are missing");
	fake_talk(f, "f NOOP now\r\n", "f BAD there is more than this command takes");
	fake_talk(f, "g LOGIN alice secret\r\n", "g NO [PRIVACYREQUIRED] ...");
	fake_talk(f, "g AUTHENTICATE PLAIN\r\n", "g NO [PRIVACYREQUIRED] ...");
	fake_talk(f, "h STARTTLS\r\n", "h OK begin TLS now");
	assert_true(f->secured);
	assert_int_equal(imap_feed(f->session, VIEW("i NOOP\r\n")), 0);
	imap_secured(f->session);
	fake_talk(f, "i CAPABILITY\r\n",
	    "* CAPABILITY IMAP4rev2 IMAP4rev1 SASL-IR LITERAL+ ID ENABLE LANGUAGE AUTH=PLAIN\ni OK these are "
	    "the "
	    "capabilities");
	fake_talk(f, "j STARTTLS\r\n", "j BAD TLS is already in use");
	fake_talk(f, "k LOGIN alice wrong\r\n", "k NO [AUTHENTICATIONFAILED] wrong name or password");
	fake_talk(
	    f, "l LOGIN \"alice\" {6}\r\nsecret\r\n", "+ go ahead\nl OK [CAPABILITY ...] you are logged in");
	assert_true(imap_is_authenticated(f->session));
	fake_talk(f, "m LOGIN alice secret\r\n",
	    "m BAD select a mailbox first, or it is too late for this command");
	fake_talk(f, "n UNAUTHENTICATE\r\n", "n OK [CAPABILITY ...AUTH=PLAIN] nobody is logged in");
	fake_talk(f, "o LOGIN {5+}\r\nalice {6+}\r\nsecret\r\n", "o OK [CAPABILITY ...] you are logged in");
	fake_talk(f, "p LOGOUT\r\n", "* BYE goodbye\np OK you are logged out");
	assert_true(f->closed);
}

static void talks_before_the_login(void **state)
{
	(void)state;
	each(talk_before_login, false);
}

static void talk_sasl(void)
{
	buf_clear(&f->out);
	imap_secured(f->session);
	fake_talk(f, "a AUTHENTICATE PLAIN\r\n", "+ ");
	fake_talk(f, "*\r\n", "a BAD the login was cancelled");
	fake_talk(f, "b AUTHENTICATE PLAIN\r\n", "+ ");
	fake_talk(f, "????\r\n", "b BAD the response is not base64");
	fake_talk(f, "c AUTHENTICATE SCRAM-NONE =\r\n", "c NO this mechanism is not offered...");
	fake_talk(f, "d AUTHENTICATE PLAIN =\r\n", "d NO [AUTHENTICATIONFAILED] ...");
	fake_talk(
	    f, "e AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\r\n", "e OK [CAPABILITY ...] you are logged in");
	fake_talk(f, "f UNAUTHENTICATE\r\n", "f OK ...");
	fake_talk(f, "g AUTHENTICATE plain\r\nAGFsaWNlAHNlY3JldA==\r\n",
	    "+ \ng OK [CAPABILITY ...] you are logged in");
}

static void takes_sasl(void **state)
{
	(void)state;
	each(talk_sasl, false);
}

static void talk_literals(void)
{
	/* A refused literal that waits is never sent; one that does not wait is dropped, with the rest of its
	 * command. */
	fake_talk(f, "a FROB {5}\r\n", "a BAD there is no such command");
	fake_talk(
	    f, "b FROB {5+}\r\nb NOO {3+}\r\nxxx\r\nc NOOP\r\n", "b BAD there is no such command\nc OK done");
	fake_talk(f, "d STATUS {999999999}\r\n", "d BAD [TOOBIG] the command is too large");
	fake_talk(f, "e STATUS {5+}\r\nINBOX (MESSAGES)\r\n",
	    "* STATUS INBOX (MESSAGES 0)\ne OK this is its status");
	fake_talk(f, "f STATUS {0}\r\n (MESSAGES)\r\n",
	    "+ go ahead\nf NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "h STATUS INBOX{5}\r\n", "h BAD ...");
	fake_talk(f, "i STATUS \"INBOX (MESSAGES)\r\n", "i BAD a quoted string is not right");
	fake_talk(f, "j STATUS \"IN\\BOX\" (MESSAGES)\r\n", "j BAD a quoted string is not right");
}

static void takes_literals(void **state)
{
	(void)state;
	each(talk_literals, true);
}

/* Whatever of the line's end comes in a piece of its own, the literal there is seen. */
static void a_literal_behind_too_long_a_line_is_seen_in_pieces(void **state)
{
	(void)state;
	for (size_t less = 0; less < 12; less++) {
		struct buf line;
		f = fake_new(true);
		f->piece = 1;
		buf_init(&line, 1 << 20);
		buf_append(&line, VIEW("a STATUS "));
		while (line.len + less < IMAP_COMMAND_MAX)
			buf_append_byte(&line, 'x');
		buf_append(&line, VIEW(" {10+}\r\nz LOGOUT\r\n (MESSAGES)\r\nb NOOP\r\n"));
		fake_talk(f, buf_string(&line), "a BAD [TOOBIG] the command is too large\nb OK done");
		buf_done(&line);
		fake_free(f);
	}
}

static void refuses_what_is_too_long(void **state)
{
	(void)state;
	struct buf line;
	for (size_t piece = 0; piece <= 4096; piece += 1365) {
		f = fake_new(true);
		f->piece = piece;
		buf_init(&line, 1 << 20);
		buf_append(&line, VIEW("a STATUS "));
		for (int i = 0; i < 300 * 1024; i++)
			buf_append_byte(&line, 'x');
		/* At its end stands a literal, whose octets must not be taken for a command. */
		buf_append(&line, VIEW(" {10+}\r\nz LOGOUT\r\n (MESSAGES)\r\nb NOOP\r\n"));
		fake_talk(f, buf_string(&line), "a BAD [TOOBIG] the command is too large\nb OK done");
		buf_done(&line);
		fake_free(f);
	}
}

static void ends_after_many_errors(void **state)
{
	(void)state;
	f = fake_new(true);
	for (int i = 0; i < 19; i++)
		fake_talk(f, "a FROB\r\n", "a BAD there is no such command");
	assert_false(f->closed);
	fake_talk(f, "a FROB\r\n", "a BAD there is no such command\n* BYE [CLIENTBUG] too many errors");
	assert_true(f->closed);
	assert_int_equal(imap_feed(f->session, VIEW("b NOOP\r\n")), 0);
	fake_free(f);
}

static void says_goodbye(void **state)
{
	(void)state;
	f = fake_new(true);
	imap_lost(f->session);
	fake_expect(f, "* BYE [UNAVAILABLE] your mail cannot be reached now, try again later");
	imap_bye(f->session, NULL, "twice");
	fake_expect(f, "");
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(talks_before_the_login),
	    cmocka_unit_test(takes_sasl),
	    cmocka_unit_test(takes_literals),
	    cmocka_unit_test(refuses_what_is_too_long),
	    cmocka_unit_test(a_literal_behind_too_long_a_line_is_seen_in_pieces),
	    cmocka_unit_test(ends_after_many_errors),
	    cmocka_unit_test(says_goodbye),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
