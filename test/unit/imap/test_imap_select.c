/* SELECT and what follows from it: the state, changes as they are told, QRESYNC, IDLE. */
#include "fake_account.h"

#include <stdio.h>

#include "base/mem.h"

static struct fake *f;
static struct fake_mailbox *inbox;

static int set_up(void **state)
{
	(void)state;
	f = fake_new(true);
	inbox = &f->mailboxes[0];
	for (int i = 0; i < 5; i++)
		fake_message(f, inbox, i == 2 ? FLAG_SEEN : 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

static void tells_the_state(void **state)
{
	(void)state;
	fake_talk(f, "a SELECT inbox\r\n",
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk)\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk \\*)] these are kept\n"
	    "* 5 EXISTS\n* 5 RECENT\n"
	    "* OK [UIDVALIDITY 1000] UIDs are valid\n* OK [UIDNEXT 6] the next UID\n"
	    "* OK [HIGHESTMODSEQ 15] the highest\n* OK [ANNOTATIONS 1700] annotations\n* OK [MAILBOXID "
	    "(M7-1)] its id\n"
	    "* OK [UNSEEN 1] the first unseen one\na OK [READ-WRITE] the mailbox is selected");
	/* Whoever selects it later finds nothing recent. */
	fake_talk(f, "b EXAMINE INBOX\r\n",
	    "* OK [CLOSED] ...\n* FLAGS (...)\n* OK [PERMANENTFLAGS (...\n* 5 EXISTS\n* 0 "
	    "RECENT\n...\n...\n...\n* OK [ANNOTATIONS READ-ONLY] ...\n...\n"
	    "* OK [UNSEEN 1] ...\nb OK [READ-ONLY] the mailbox is selected");
	fake_talk(f, "c ENABLE IMAP4rev2\r\n", "* ENABLED IMAP4rev2\nc OK enabled");
	fake_talk(f, "d SELECT INBOX\r\n",
	    "* OK [CLOSED] ...\n...\n...\n* 5 EXISTS\n...\n...\n...\n...\n...\n* LIST () \"/\" INBOX\nd OK "
	    "[READ-WRITE] ...");
	/* If it fails, nothing is selected. */
	fake_talk(f, "e SELECT none\r\n", "* OK [CLOSED] ...\ne NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "f CLOSE\r\n", "f BAD select a mailbox first, ...");
	f->error = -5;
	fake_talk(f, "g SELECT INBOX\r\n", "g NO [UNAVAILABLE] the server cannot do this now, ...");
	fake_talk(f, "h SELECT INBOX (FROB)\r\n", "h BAD there is no such parameter of SELECT");
	inbox->rights = RIGHT_LOOKUP;
	fake_talk(f, "i SELECT INBOX\r\n", "i NO [NOPERM] ...");
	inbox->rights = RIGHT_LOOKUP | RIGHT_READ;
	fake_talk(f, "j SELECT INBOX\r\n",
	    "...\n* OK [PERMANENTFLAGS ()] ...\n...\n...\n...\n...\n...\n...\n...\nj OK [READ-ONLY] ...");
}

static void tells_which_flags_the_rights_change(void **state)
{
	(void)state;
	static const struct {
		unsigned rights;
		const char *flags;
	} cases[] = {
	    {RIGHT_SEEN, "\\Seen"},
	    {RIGHT_DELETE, "\\Deleted"},
	    {RIGHT_DELETE | RIGHT_SEEN, "\\Deleted \\Seen"},
	    {RIGHT_WRITE, "\\Answered \\Flagged \\Draft $Junk \\*"},
	    {RIGHT_INSERT, ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[300];
		snprintf(wanted, sizeof(wanted),
		    "%s* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk)\n"
		    "* OK [PERMANENTFLAGS (%s)] ...\n...\n...\n...\n...\n...\n...\n...\n...\na OK "
		    "[READ-WRITE] "
		    "...",
		    i ? "* OK [CLOSED] ...\n" : "", cases[i].flags);
		inbox->rights = RIGHT_LOOKUP | RIGHT_READ | cases[i].rights;
		fake_talk(f, "a SELECT INBOX\r\n", wanted);
	}
}

static void quietly_select(const char *how)
{
	fake_say(f, how);
	buf_clear(&f->out);
}

static void tells_changes(void **state)
{
	(void)state;
	quietly_select("a SELECT INBOX\r\n");
	fake_talk(f, "b NOOP\r\n", "b OK done");
	fake_flags(f, &inbox->messages[0], FLAG_SEEN | FLAG_KEYWORD);
	fake_expunge(f, &inbox->messages[1]);
	fake_expunge(f, &inbox->messages[3]);
	fake_expunge(f, &inbox->messages[4]);
	fake_message(f, inbox, 0);
	fake_message(f, inbox, 0);
	fake_talk(f, "c NOOP\r\n",
	    "* 2 EXPUNGE\n* 3 EXPUNGE\n* 3 EXPUNGE\n* 4 EXISTS\n* 4 RECENT\n* 1 FETCH (FLAGS (\\Seen "
	    "\\Recent $Junk))\nc OK done");
	/* A message that comes and goes unseen was never there. */
	fake_expunge(f, fake_message(f, inbox, 0));
	fake_talk(f, "d CHECK\r\n", "d OK done");
	fake_talk(f, "e ENABLE QRESYNC\r\n",
	    "* ENABLED QRESYNC\n* OK [HIGHESTMODSEQ 23] the highest\ne OK enabled");
	fake_flags(f, &inbox->messages[0], 0);
	fake_expunge(f, &inbox->messages[2]);
	fake_talk(f, "f NOOP\r\n", "* VANISHED 3\n* 1 FETCH (UID 1 FLAGS (\\Recent) MODSEQ (24))\nf OK done");
	/* Without memory of what changed, the difference is made. */
	f->forgets = true;
	fake_expunge(f, &inbox->messages[0]);
	fake_message(f, inbox, FLAG_SEEN);
	fake_talk(f, "g NOOP\r\n",
	    "* VANISHED 1\n* 3 EXISTS\n* 3 RECENT\n* 1 FETCH (UID 6 ...\n* 2 FETCH (UID 7 ...\ng OK done");
	/* A mailbox that was removed has no messages. */
	inbox->there = false;
	fake_talk(f, "h NOOP\r\n", "* VANISHED 6:7,9\nh OK done");
	fake_talk(f, "i UNSELECT\r\n", "i OK ...");
}

static void resynchronises(void **state)
{
	(void)state;
	fake_talk(f, "a SELECT INBOX (QRESYNC (1000 15))\r\n", "a BAD ENABLE QRESYNC comes first");
	fake_talk(f, "b ENABLE QRESYNC\r\n", "* ENABLED QRESYNC\nb OK enabled");
	fake_expunge(f, &inbox->messages[1]);
	fake_expunge(f, &inbox->messages[4]);
	fake_flags(f, &inbox->messages[3], FLAG_FLAGGED);
	fake_message(f, inbox, 0);
	static const char begin[] =
	    "...\n...\n* 4 EXISTS\n...\n...\n...\n...\n...\n...\n* OK [UNSEEN 1] ...\n";
	char expected[400];
	snprintf(expected, sizeof expected,
	    "%s* VANISHED (EARLIER) 2,5\n* 3 FETCH (UID 4 FLAGS (\\Flagged \\Recent) MODSEQ (18))\n* 4 FETCH "
	    "(UID 6 ...\nc OK [READ-WRITE] ...",
	    begin);
	fake_talk(f, "c SELECT INBOX (QRESYNC (1000 15))\r\n", expected);
	/* Of the UIDs that the client names alone. */
	snprintf(expected, sizeof expected,
	    "* OK [CLOSED] ...\n%s* VANISHED (EARLIER) 2\n* 3 FETCH (UID 4 FLAGS (\\Flagged) MODSEQ (18))\nd "
	    "OK [READ-WRITE] ...",
	    begin);
	fake_talk(f, "d SELECT INBOX (QRESYNC (1000 15 1:4 (1,2 1,2)))\r\n", expected);
	snprintf(expected, sizeof expected, "* OK [CLOSED] ...\n%se OK [READ-WRITE] ...", begin);
	fake_talk(f, "e SELECT INBOX (QRESYNC (999 15))\r\n", expected);
	fake_talk(f, "f SELECT INBOX (QRESYNC (1000 15 5,3))\r\n",
	    "f BAD UIDs that are known stand in ascending order, from 1 on");
	/* What went is not known any more: all that is not there is named. */
	f->forgets = true;
	snprintf(expected, sizeof expected,
	    "* OK [CLOSED] ...\n%s* VANISHED (EARLIER) 2,5\n* 3 FETCH (UID 4 ...\n* 4 FETCH (UID 6 ...\ng OK "
	    "...",
	    begin);
	fake_talk(f, "g SELECT INBOX (QRESYNC (1000 15))\r\n", expected);
}

/* \\Recent is a message to one session alone; RFC 3501 section 2.3.2. */
static void claims_what_is_recent(void **state)
{
	(void)state;
	quietly_select("a SELECT INBOX\r\n");
	assert_int_equal(inbox->recent, 6);
	fake_message(f, inbox, FLAG_SEEN);
	fake_talk(f, "b NOOP\r\n", "* 6 EXISTS\n* 6 RECENT\nb OK done");
	assert_int_equal(inbox->recent, 7);
	/* Another session claims one: what lies before it is recent no more. */
	fake_message(f, inbox, FLAG_SEEN);
	inbox->recent = 8;
	fake_talk(f, "c NOOP\r\n", "* 7 EXISTS\n* 0 RECENT\nc OK done");
	fake_message(f, inbox, FLAG_SEEN);
	fake_talk(f, "d NOOP\r\n", "* 8 EXISTS\n* 1 RECENT\nd OK done");
	/* An idle session claims when it does something. */
	fake_say(f, "e IDLE\r\n");
	fake_message(f, inbox, FLAG_SEEN);
	fake_notify(f);
	fake_expect(f, "+ idling\n* 9 EXISTS\n* 2 RECENT");
	assert_int_equal(inbox->recent, 9);
	fake_talk(f, "DONE\r\n", "e OK you were idle");
	assert_int_equal(inbox->recent, 10);
	/* Who only examines claims nothing. */
	quietly_select("f EXAMINE INBOX\r\n");
	fake_message(f, inbox, FLAG_SEEN);
	fake_talk(f, "g NOOP\r\n", "* 10 EXISTS\n* 1 RECENT\ng OK done");
	assert_int_equal(inbox->recent, 10);
}

static void idles(void **state)
{
	(void)state;
	quietly_select("a SELECT INBOX\r\n");
	fake_talk(f, "b IDLE\r\n", "+ idling");
	assert_true(imap_is_idling(f->session));
	assert_false(imap_is_busy(f->session));
	fake_message(f, inbox, 0);
	fake_notify(f);
	fake_expect(f, "* 6 EXISTS\n* 6 RECENT");
	fake_flags(f, &inbox->messages[0], FLAG_ANSWERED);
	fake_expunge(f, &inbox->messages[1]);
	fake_notify(f);
	fake_expect(f, "* 2 EXPUNGE\n* 1 FETCH (FLAGS (\\Answered \\Recent))");
	fake_notify(f);
	fake_expect(f, "");
	fake_talk(f, "DONE\r\n", "b OK you were idle");
	fake_talk(f, "c IDLE\r\nNONE\r\n", "+ idling\nc BAD DONE ends it");
	fake_talk(f, "d UNSELECT\r\n", "d OK ...");
	fake_talk(f, "e IDLE\r\ndone\r\n", "+ idling\ne OK you were idle");
}

/* So many that they are told in parts. */
static void tells_what_is_gone_in_parts(void **state)
{
	(void)state;
	struct fake_mailbox *vast = fake_mailbox(f, "vast", 0);
	vast->vast = 150000;
	fake_say(f, "a ENABLE QRESYNC\r\n");
	quietly_select("b SELECT vast\r\n");
	vast->there = false;
	fake_talk(f, "c NOOP\r\n", "* VANISHED 1:700,801:100100\nc OK done");
	fake_talk(f, "d NOOP\r\n", "* VANISHED 100101:150100\nd OK done");
	fake_talk(f, "e NOOP\r\n", "e OK done");
}

/* Whichever piece of memory there is none of: with it, the client knows all. */
static void tells_later_what_there_was_no_memory_for(void **state)
{
	(void)state;
	quietly_select("a SELECT INBOX\r\n");
	for (unsigned n = 1; n <= 20; n++) {
		char command[100], expected[100];
		fake_message(f, inbox, 0);
		mem_fail_after(n);
		quietly_select("b NOOP\r\n");
		mem_fail_after(0);
		quietly_select("c NOOP\r\n");
		snprintf(command, sizeof command, "d FETCH %u UID\r\n", 5 + n);
		snprintf(expected, sizeof expected, "* %u FETCH (UID %u)\nd OK ...", 5 + n, 5 + n);
		fake_talk(f, command, expected);
	}
}

static void tells_batches(void **state)
{
	(void)state;
	fake_expunge(f, &inbox->messages[1]);
	quietly_select("a SELECT INBOX\r\n");
	fake_talk(f, "b UIDBATCHES 500\r\n", "* UIDBATCHES (TAG \"b\") 5:1\nb OK these are the batches");
	fake_talk(f, "c UIDBATCHES 2000 2:3\r\n", "* UIDBATCHES (TAG \"c\")\nc OK these are the batches");
	struct fake_mailbox *vast = fake_mailbox(f, "vast", 0);
	vast->vast = 1300;
	quietly_select("g SELECT vast\r\n");
	fake_talk(f, "h UIDBATCHES 500\r\n",
	    "* UIDBATCHES (TAG \"h\") 1400:901,900:301,300:1\nh OK these are the batches");
	fake_talk(f, "i UIDBATCHES 500 3:2\r\n",
	    "* UIDBATCHES (TAG \"i\") 900:301,300:1\ni OK these are the batches");
	fake_talk(
	    f, "j UIDBATCHES 1299\r\n", "* UIDBATCHES (TAG \"j\") 1400:2,1\nj OK these are the batches");
	fake_talk(f, "d UIDBATCHES 499\r\n", "d NO [TOOSMALL] ...");
	fake_talk(f, "e UIDBATCHES 500 0:1\r\n", "e BAD ...");
	fake_talk(f, "f UIDBATCHES 500 1\r\n", "f BAD ...");
}

static void closes(void **state)
{
	(void)state;
	fake_flags(f, &inbox->messages[0], FLAG_DELETED);
	quietly_select("a EXAMINE INBOX\r\n");
	fake_talk(f, "b CLOSE\r\n", "b OK the mailbox is closed");
	assert_false(inbox->messages[0].gone);
	quietly_select("c SELECT INBOX\r\n");
	fake_talk(f, "d CLOSE\r\n", "d OK the mailbox is closed");
	assert_true(inbox->messages[0].gone);
	fake_talk(f, "e CLOSE\r\n", "e BAD ...");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(tells_the_state),
	    TEST(tells_which_flags_the_rights_change),
	    TEST(tells_changes),
	    TEST(resynchronises),
	    TEST(claims_what_is_recent),
	    TEST(idles),
	    TEST(tells_what_is_gone_in_parts),
	    TEST(tells_later_what_there_was_no_memory_for),
	    TEST(tells_batches),
	    TEST(closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
