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
	fake_talk(f, "a NOTIFY SET (personal (Frob))\r\n",
	    "a NO [BADEVENT (MessageNew MessageExpunge FlagChange AnnotationChange MailboxName "
	    "SubscriptionChange MailboxMetadataChange ServerMetadataChange)] ...");
	fake_talk(f, "a NOTIFY SET (frob (MailboxName))\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (selected (MailboxName))\r\n",
	    "a BAD of the selected mailbox there are events of messages alone");
	fake_talk(f,
	    "a NOTIFY SET (selected (MessageNew MessageExpunge)) (selected-delayed (MessageNew "
	    "MessageExpunge))\r\n",
	    "a BAD the selected mailbox is named once");
	fake_talk(f, "a NOTIFY SET\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY FROB\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (personal (MessageNew (FLAGS) MessageExpunge))\r\n", "a BAD ...");
	fake_talk(f, "a NOTIFY SET (selected (MessageNew MessageExpunge) (Frob))\r\n", "a BAD ...");
	f->error = -5;
	fake_talk(f, "a NOTIFY SET (personal (MailboxName))\r\n", "a NO [UNAVAILABLE] ...");
	assert_false(imap_is_idling(f->session));
}

static void note(uint64_t mailbox, const char *uids, size_t len, const char *name)
{
	for (size_t i = 0; i < sizeof f->watches / sizeof f->watches[0]; i++)
		if (f->watches[i])
			imap_answer(f->session, f->watches[i], MAIL_NOTED,
			    &(struct mail_noted){.mailbox = mailbox,
			        .uids = view_of(uids, len),
			        .name = view_from_string(name)});
}

/* Entries that others set; when store could not tell all of them, the client learns that. */
static void what_others_note(void **state)
{
	(void)state;
	uint64_t number = inbox->number;
	fake_talk(f, "a NOTIFY SET (personal (MailboxMetadataChange))\r\n", "a OK ...");
	note(number, "", 0, "/shared/x");
	fake_expect(f, "* METADATA INBOX /shared/x");
	/* The server's was not asked for; of a mailbox that is not known nothing can be said. */
	note(0, "", 0, "/shared/x");
	note(number + 1000, "", 0, "/shared/x");
	fake_expect(f, "");
	note(number, "", 0, "");
	fake_expect(f, "* OK [NOTIFICATIONOVERFLOW] ...");
	assert_false(imap_is_idling(f->session));
	/* Of annotations likewise, while the mailbox is selected. */
	fake_text(f, inbox, 0, "Subject: x\n\n");
	fake_say(f, "b SELECT INBOX\r\n");
	buf_clear(&f->out);
	fake_talk(f, "c NOTIFY SET (selected (MessageNew MessageExpunge AnnotationChange))\r\n", "c OK ...");
	note(number, "\0\0\0\1\0\0\0\2", 8, "/comment");
	fake_expect(f, "* 1 FETCH (ANNOTATION (\"/comment\"))\n* 2 FETCH (ANNOTATION (\"/comment\"))");
	note(number, "\0\0\0\1\377\377\377\377", 8, "/comment");
	fake_expect(f, "* OK [NOTIFICATIONOVERFLOW] ...");
	assert_false(imap_is_idling(f->session));
	/* Who asks again is told of what comes from then on. */
	fake_talk(f, "d NOTIFY SET (selected (MessageNew MessageExpunge AnnotationChange))\r\n", "d OK ...");
	note(number, "\0\0\0\1\0\0\0\1", 8, "/comment");
	fake_expect(f, "* 1 FETCH (ANNOTATION (\"/comment\"))");
}

/* While the client does nothing, what waits for it is bounded: by the lines that it will take. */
static void what_others_note_meanwhile(void **state)
{
	(void)state;
	fake_say(f, "a SELECT INBOX (ANNOTATE)\r\n");
	buf_clear(&f->out);
	for (size_t i = 0; i < 3; i++)
		note(inbox->number, "\0\0\0\1\0\0\3\350", 8, i == 0 ? "/a" : i == 1 ? "/b" : "/c");
	fake_expect(f, "");
	fake_talk(
	    f, "b NOOP\r\n", "* 1 FETCH (ANNOTATION (\"/a\"))\n* 1 FETCH (ANNOTATION (\"/b\"))\nb OK ...");
	note(inbox->number, "\0\0\0\1\0\0\3\350", 8, "/d");
	fake_talk(f, "c NOOP\r\n", "* 1 FETCH (ANNOTATION (\"/d\"))\nc OK ...");
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
	    TEST(what_others_note),
	    TEST(what_others_note_meanwhile),
	    TEST(ends_with_the_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
