/* NOTIFY: what a client is told without asking. */
#include "fake_account.h"

static struct fake *f;
static struct fake_mailbox *inbox, *work, *plans;

static int set_up(void **state)
{
	(void)state;
	f = fake_new(true);
	inbox = &f->mailboxes[0];
	work = fake_mailbox(f, "Work", 0);
	plans = fake_mailbox(f, "Plans", 0);
	plans->subscribed = true;
	fake_text(f, inbox, FLAG_SEEN, "Subject: one\n\n1\n");
	fake_text(f, work, 0, "Subject: two\n\n2\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

static void other_mailboxes(void **state)
{
	(void)state;
	fake_talk(f, "a NOTIFY SET STATUS (mailboxes Work (MessageNew MessageExpunge FlagChange))\r\n",
	    "* STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1001 UNSEEN 1 HIGHESTMODSEQ 12)\na OK you will "
	    "be told");
	assert_true(imap_is_idling(f->session));
	fake_text(f, work, 0, "Subject: three\n\n3\n");
	fake_notify(f);
	fake_expect(f, "* STATUS Work (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1001 UNSEEN 2 HIGHESTMODSEQ 13)");
	fake_flags(f, &work->messages[0], FLAG_SEEN);
	fake_notify(f);
	fake_expect(f, "* STATUS Work (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1001 UNSEEN 1 HIGHESTMODSEQ 14)");
	fake_expunge(f, &work->messages[0]);
	fake_notify(f);
	fake_expect(f, "* STATUS Work (MESSAGES 1 UIDNEXT 3 UIDVALIDITY 1001 UNSEEN 1 HIGHESTMODSEQ 15)");
	/* Of mailboxes that nobody asked about nothing is said. */
	fake_text(f, inbox, 0, "Subject: x\n\n");
	fake_message(f, plans, 0);
	fake_notify(f);
	fake_expect(f, "");
	fake_talk(f, "b NOTIFY NONE\r\n", "b OK nothing is told unasked any more");
	assert_false(imap_is_idling(f->session));
	fake_message(f, work, 0);
	fake_notify(f);
	fake_expect(f, "");
}

static void only_what_was_asked_for(void **state)
{
	(void)state;
	fake_talk(
	    f, "a NOTIFY SET (subtree Work NONE) (personal (MessageNew MessageExpunge))\r\n", "a OK ...");
	fake_flags(f, &inbox->messages[0], 0);
	fake_message(f, work, 0);
	fake_notify(f);
	fake_expect(f, "");
	fake_message(f, inbox, 0);
	fake_notify(f);
	fake_expect(f, "* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1000 UNSEEN 2)");
	/* While a command is being carried out it waits. */
	fake_message(f, inbox, 0);
	fake_talk(f, "b NOOP\r\n", "b OK done");
	fake_notify(f);
	fake_expect(f, "* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1000 UNSEEN 3)");
}

static void names_and_subscriptions(void **state)
{
	struct fake_mailbox *fresh;

	(void)state;
	fake_talk(f, "a NOTIFY SET (personal (MailboxName SubscriptionChange))\r\n", "a OK ...");
	fresh = fake_mailbox(f, "New", 0);
	fake_notify(f);
	fake_expect(f, "* LIST () \"/\" New");
	strcpy(fresh->path, "Newer");
	fake_notify(f);
	fake_expect(f, "* LIST () \"/\" Newer (\"OLDNAME\" (New))");
	fresh->subscribed = true;
	fake_notify(f);
	fake_expect(f, "* LIST (\\Subscribed) \"/\" Newer");
	fresh->there = false;
	fake_notify(f);
	fake_expect(f, "* LIST (\\NonExistent) \"/\" Newer");
}

static void the_selected_mailbox(void **state)
{
	(void)state;
	fake_say(f, "s SELECT INBOX\r\n");
	buf_clear(&f->out);
	fake_talk(f,
	    "a NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge "
	    "FlagChange))\r\n",
	    "a OK ...");
	fake_flags(f, &inbox->messages[0], FLAG_FLAGGED);
	fake_notify(f);
	fake_expect(f, "* 1 FETCH (FLAGS (\\Flagged \\Recent))");
	fake_text(f, inbox, 0, "Subject: new\nX: y\n\nhere\n");
	fake_notify(f);
	fake_expect(f,
	    "* 2 EXISTS\n* 2 RECENT\n* 2 FETCH (UID 2 BODY[HEADER.FIELDS (Subject)] {16}\nSubject: new\n\n)");
	fake_expunge(f, &inbox->messages[0]);
	fake_notify(f);
	fake_expect(f, "* 1 EXPUNGE");
	/* In IDLE too. */
	fake_talk(f, "b IDLE\r\n", "+ idling");
	fake_text(f, inbox, 0, "Subject: idle\n\n");
	fake_notify(f);
	fake_expect(f, "* 2 EXISTS\n* 2 RECENT\n* 2 FETCH (UID 3 BODY[HEADER.FIELDS (Subject)] "
	               "{17}\nSubject: idle\n\n)");
	fake_talk(f, "DONE\r\n", "b OK ...");
	fake_talk(f, "c NOTIFY SET (selected-delayed (MessageNew MessageExpunge))\r\n", "c OK ...");
	fake_expunge(f, &inbox->messages[1]);
	fake_notify(f);
	fake_expect(f, "");
	fake_talk(f, "d NOOP\r\n", "* 1 EXPUNGE\nd OK done");
}

static void what_is_refused(void **state)
{
	(void)state;
	fake_talk(f, "a NOTIFY SET (personal (MessageNew))\r\n",
	    "a BAD MessageNew and MessageExpunge go together...");
	fake_talk(f, "a NOTIFY SET (personal (FlagChange))\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (personal (Frob))\r\n", "a BAD there is no such event");
	fake_talk(f, "a NOTIFY SET (frob (MailboxName))\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY FROB\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (personal (MessageNew (FLAGS) MessageExpunge))\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (personal (ServerMetadataChange))\r\n",
	    "a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)] ...");
	f->error = -5;
	fake_talk(f, "a NOTIFY SET (personal (MailboxName))\r\n", "a NO [UNAVAILABLE] ...");
	assert_false(imap_is_idling(f->session));
}

/* A session may end, or change hands, at any time. */
static void ends_with_the_session(void **state)
{
	(void)state;
	fake_talk(f, "a NOTIFY SET (personal (MailboxName))\r\n", "a OK ...");
	fake_talk(f, "b UNAUTHENTICATE\r\n", "b OK ...");
	fake_message(f, inbox, 0);
	fake_notify(f);
	fake_expect(f, "");
	fake_talk(f, "c LOGIN alice secret\r\n", "c OK ...");
	fake_talk(f, "d NOTIFY SET (inboxes (MessageNew MessageExpunge))\r\n", "d OK ...");
	fake_message(f, inbox, 0);
	fake_notify(f);
	fake_expect(f, "* STATUS INBOX ...");
	fake_talk(f, "e LOGOUT\r\n", "* BYE ...\ne OK ...");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(other_mailboxes),
	    TEST(only_what_was_asked_for),
	    TEST(names_and_subscriptions),
	    TEST(the_selected_mailbox),
	    TEST(what_is_refused),
	    TEST(ends_with_the_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
