/* SEARCH, SORT and THREAD, as a client writes them and reads the answers. */
#include "fake_account.h"

#include <errno.h>
#include <stdio.h>

static struct fake *f;
static struct fake_mailbox *inbox;

static int set_up(void **state)
{
	(void)state;
	f = fake_new(true);
	inbox = &f->mailboxes[0];
	fake_text(f, inbox, FLAG_SEEN,
	    "From: Ann <ann@a.example>\nSubject: Breakfast\nDate: Wed, 2 Jan 2019 23:30:00 -0500\n"
	    "Message-ID: <1@a>\n\nEggs and bacon.\n");
	fake_expunge(f, fake_text(f, inbox, FLAG_SEEN, "Subject: gone\n\n"));
	fake_text(f, inbox, FLAG_FLAGGED | FLAG_KEYWORD,
	    "From: Bob <bob@b.example>\nTo: ann@a.example\nSubject: Re: breakfast\n"
	    "Date: Thu, 3 Jan 2019 05:30:00 +0000\nMessage-ID: <2@b>\nIn-Reply-To: <1@a>\n\nNo bacon.\n");
	fake_text(f, inbox, FLAG_DELETED,
	    "From: =?utf-8?q?Ren=C3=A9?= <r@c.example>\nSubject: Lunch\nDate: Tue, 1 Jan 2019 12:00:00 "
	    "+0000\n"
	    "Message-ID: <3@c>\nX-Spam: no\n\nCaf\303\251.\n");
	fake_text(f, inbox, 0,
	    "From: ann@a.example\nCc: bob@b.example\nSubject: Fwd: breakfast\nDate: Fri, 4 Jan 2019 12:00:00 "
	    "+0000\n"
	    "Message-ID: <4@a>\nReferences: <1@a>\n\nLook.\n");
	fake_say(f, "s SELECT INBOX (CONDSTORE)\r\n");
	buf_clear(&f->out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

/* "a UID SEARCH key" finds these UIDs. */
static void finds(const char *key, const char *uids)
{
	char said[2000], expected[2000];

	snprintf(said, sizeof(said), "a UID SEARCH %s\r\n", key);
	snprintf(
	    expected, sizeof(expected), "* SEARCH%s%s\na OK this is what was found", *uids ? " " : "", uids);
	fake_talk(f, said, expected);
}

static void keys(void **state)
{
	(void)state;
	finds("ALL", "1 3 4 5");
	finds("2:3", "3 4");
	finds("*", "5");
	finds("UID 2:4", "3 4");
	finds("SEEN", "1");
	finds("UNSEEN UNDELETED", "3 5");
	finds("OR FLAGGED DELETED", "3 4");
	finds("NOT (FLAGGED)", "1 4 5");
	finds("(OR (SEEN) (NOT (NOT DELETED))) ALL", "1 4");
	finds("KEYWORD $Junk", "3");
	finds("UNKEYWORD $junk", "1 4 5");
	finds("KEYWORD other", "");
	finds("ANSWERED", "");
	finds("UNANSWERED UNDRAFT UNFLAGGED DRAFT", "");
	finds("LARGER 150", "3");
	finds("SMALLER 1000 NOT LARGER 150", "1 4 5");
	finds("RECENT", "1 3 4 5");
	finds("NEW", "3 4 5");
	finds("OLD", "");
	finds("MODSEQ 15 UNSEEN", "4 5 (MODSEQ 16)");
}

static void dates(void **state)
{
	(void)state;
	/* They arrived in the first seconds of 1970; it is 2023. */
	finds("BEFORE 1-Jan-1970", "");
	finds("ON 01-Jan-1970", "1 3 4 5");
	finds("SINCE \"2-Jan-1970\"", "");
	finds("OLDER 3600", "1 3 4 5");
	finds("YOUNGER 3600", "");
	finds("YOUNGER 1699999985", "4 5");
	finds("SENTBEFORE 2-Jan-2019", "4");
	finds("SENTON 2-Jan-2019", "1"); /* as its writer's calendar showed it */
	finds("SENTSINCE 3-Jan-2019", "3 5");
	finds("SAVEDON 1-Jan-1970 SAVEDATESUPPORTED", "1 3 4 5");
	finds("SAVEDSINCE 2-Jan-1970", "");
	finds("SAVEDBEFORE 1-Jan-1970", "");
}

static void texts(void **state)
{
	(void)state;
	finds("SUBJECT breakfast", "1 3 5");
	finds("SUBJECT \"\"", "1 3 4 5");
	finds("FROM ANN", "1 5");
	finds("FROM {4+}\r\nann@", "1 5");
	finds("TO a.example", "3");
	finds("CC bob", "5");
	finds("BCC bob", "");
	finds("BODY bacon", "1 3");
	finds("TEXT bacon NOT BODY eggs", "3");
	finds("FROM \"ren\303\251\"", "4");
	finds("CHARSET utf-8 FROM {4+}\r\nREN\303 NOT ALL", "");
	finds("CHARSET utf-8 BODY {5+}\r\nCAF\303\211", "4");
	finds("CHARSET iso-8859-1 BODY {4+}\r\nCAF\311", "4");
	finds("HEADER X-Spam \"\"", "4");
	finds("HEADER x-spam NO", "4");
	finds("HEADER Subject lunch", "4");
	finds("HEADER Message-ID <2@b>", "3");
	finds("FUZZY BODY \"bacon cafe\"", "");
	finds("FUZZY BODY cafe", "4");
	finds("FUZZY (OR SUBJECT lunch BODY \"eggs bac\")", "1 4");
	finds("FUZZY SEEN", "1");
}

static void ids(void **state)
{
	(void)state;
	finds("EMAILID E7-67", "3"); /* account 7, email 103 */
	finds("THREADID T7-cc", "4");
	finds("EMAILID T7-67", "");
	finds("EMAILID nonsense", "");
	finds("NOT EMAILID E7-67", "1 4 5");
	finds("NOT EMAILID E8-67", "1 3 4 5"); /* another account's */
}

static void by_message_numbers(void **state)
{
	(void)state;
	fake_talk(f, "a SEARCH UNSEEN\r\n", "* SEARCH 2 3 4\na OK ...");
	fake_talk(f, "a SEARCH 2,4:3\r\n", "* SEARCH 2 3 4\na OK ...");
	fake_talk(f, "a SEARCH UID 5\r\n", "* SEARCH 4\na OK ...");
	/* A search asks which messages there are: of those that are not it finds none. */
	fake_talk(f, "a SEARCH 9\r\n", "* SEARCH\na OK ...");
	fake_talk(f, "a SEARCH 9:4\r\n", "* SEARCH 4\na OK ...");
	/* What has gone is told later, with a command that names no numbers: these stay what they are. */
	fake_expunge(f, &inbox->messages[0]);
	fake_notify(f);
	fake_talk(f, "a SEARCH UNSEEN\r\n", "* SEARCH 2 3 4\na OK ...");
	fake_talk(f, "a UID SEARCH UNSEEN\r\n", "* SEARCH 3 4 5\n* 1 EXPUNGE\na OK ...");
	fake_talk(f, "a NOOP\r\n", "a OK ...");
	fake_talk(f, "a SEARCH UNSEEN\r\n", "* SEARCH 1 2 3\na OK ...");
}

static void result_options(void **state)
{
	(void)state;
	fake_talk(f, "a SEARCH RETURN () UNSEEN\r\n", "* ESEARCH (TAG \"a\") ALL 2:4\na OK ...");
	fake_talk(f, "a UID SEARCH RETURN () UNSEEN\r\n", "* ESEARCH (TAG \"a\") UID ALL 3:5\na OK ...");
	fake_talk(f, "a UID SEARCH RETURN (ALL) ALL\r\n", "* ESEARCH (TAG \"a\") UID ALL 1,3:5\na OK ...");
	fake_talk(f, "b UID SEARCH RETURN (MIN MAX COUNT) ALL\r\n",
	    "* ESEARCH (TAG \"b\") UID MIN 1 MAX 5 COUNT 4\nb OK ...");
	fake_talk(
	    f, "b SEARCH RETURN (MIN MAX COUNT ALL) ANSWERED\r\n", "* ESEARCH (TAG \"b\") COUNT 0\nb OK ...");
	fake_talk(f, "c UID SEARCH RETURN (PARTIAL 2:3) ALL\r\n",
	    "* ESEARCH (TAG \"c\") UID PARTIAL (2:3 3:4)\nc OK ...");
	fake_talk(f, "c UID SEARCH RETURN (PARTIAL -1:-2 COUNT) ALL\r\n",
	    "* ESEARCH (TAG \"c\") UID COUNT 4 PARTIAL (-1:-2 4:5)\nc OK ...");
	fake_talk(f, "c UID SEARCH RETURN (PARTIAL 7:9) ALL\r\n",
	    "* ESEARCH (TAG \"c\") UID PARTIAL (7:9 NIL)\nc OK ...");
	fake_talk(
	    f, "c UID SEARCH RETURN (PARTIAL 1:2 ALL) ALL\r\n", "c BAD ALL and PARTIAL exclude each other");
	fake_talk(f, "c SEARCH RETURN (FROB) ALL\r\n", "c BAD there is no such result option");
	fake_talk(f, "c UID SEARCH RETURN (PARTIAL 3:2) ALL\r\n",
	    "* ESEARCH (TAG \"c\") UID PARTIAL (2:3 3:4)\nc OK ...");
	fake_talk(f, "c ESEARCH RETURN (UPDATE) ALL\r\n", "c BAD there is no such result option");
	fake_talk(f, "d UID SEARCH RETURN (RELEVANCY ALL) FUZZY BODY bacon\r\n",
	    "* ESEARCH (TAG \"d\") UID ALL 1,3 RELEVANCY (100 100)\nd OK ...");
	fake_talk(f, "d SEARCH RETURN (RELEVANCY) ALL\r\n", "d BAD ...");
	fake_talk(f, "e SEARCH RETURN (MIN) MODSEQ 1\r\n", "* ESEARCH (TAG \"e\") MIN 1 MODSEQ 11\ne OK ...");
	fake_talk(f, "e SEARCH RETURN (MIN MAX) MODSEQ 1\r\n",
	    "* ESEARCH (TAG \"e\") MIN 1 MAX 4 MODSEQ 16\ne OK ...");
	fake_talk(
	    f, "e SEARCH MODSEQ \"/flags/\\\\seen\" all 1\r\n", "* SEARCH 1 2 3 4 (MODSEQ 16)\ne OK ...");
	/* IMAP4rev2 knows no other answer. */
	fake_talk(f, "f ENABLE IMAP4rev2\r\n", "* ENABLED IMAP4rev2\nf OK enabled");
	fake_talk(f, "g SEARCH SEEN\r\n", "* ESEARCH (TAG \"g\") ALL 1\ng OK ...");
	fake_talk(f, "g SEARCH ANSWERED\r\n", "* ESEARCH (TAG \"g\")\ng OK ...");
}

static void saved_results(void **state)
{
	(void)state;
	fake_talk(f, "a UID SEARCH RETURN (SAVE) UNSEEN\r\n", "a OK ...");
	finds("$", "3 4 5");
	finds("UID $ FLAGGED", "3");
	fake_talk(f, "a UID SEARCH RETURN (SAVE COUNT) $ FLAGGED\r\n",
	    "* ESEARCH (TAG \"a\") UID COUNT 1\na OK ...");
	finds("$", "3");
	fake_talk(f, "a UID SEARCH RETURN (SAVE MIN MAX) ALL\r\n",
	    "* ESEARCH (TAG \"a\") UID MIN 1 MAX 5\na OK ...");
	finds("$", "1 5");
	fake_talk(f, "a UID SEARCH RETURN (SAVE PARTIAL 2:3) ALL\r\n",
	    "* ESEARCH (TAG \"a\") UID PARTIAL (2:3 3:4)\na OK ...");
	finds("$", "3 4");
	/* A search that fails leaves nothing. */
	f->error = -EIO;
	fake_talk(f, "a UID SEARCH RETURN (SAVE) SEEN\r\n", "a NO [UNAVAILABLE] ...");
	finds("$", "");
}

static void what_is_wrong(void **state)
{
	(void)state;
	fake_talk(f, "a SEARCH\r\n", "a BAD ...");
	fake_talk(f, "a SEARCH FROB\r\n", "a BAD there is no such search key");
	fake_talk(f, "a SEARCH OR SEEN\r\n", "a BAD a space is missing");
	fake_talk(f, "a SEARCH (SEEN\r\n", "a BAD ...");
	fake_talk(f, "a SEARCH SEEN)\r\n", "a BAD ...");
	fake_talk(f, "a SEARCH ()\r\n", "a BAD ...");
	fake_talk(f, "a SEARCH ON 32-Jan-2020\r\n", "a BAD ...");
	fake_talk(f, "a SEARCH OLDER 0\r\n", "a BAD an interval is a number above 0");
	fake_talk(f, "a SEARCH CHARSET x-none TEXT a\r\n",
	    "a NO [BADCHARSET (US-ASCII UTF-8 ...)] this charset is not known");
	f->error = -EIO;
	fake_talk(f, "a SEARCH SEEN\r\n", "a NO [UNAVAILABLE] ...");
}

static void limits(void **state)
{
	struct buf said;

	(void)state;
	buf_init(&said, 100000);
	buf_append_string(&said, "a UID SEARCH ");
	for (int i = 0; i < 40; i++)
		buf_append_string(&said, "NOT (");
	buf_append_string(&said, "SEEN");
	for (int i = 0; i < 40; i++)
		buf_append_string(&said, ")");
	buf_append_string(&said, "\r\n");
	fake_talk(f, buf_string(&said), "a NO [LIMIT] the search is nested too deeply");
	buf_clear(&said);
	buf_append_string(&said, "a UID SEARCH");
	for (int i = 0; i < 600; i++)
		buf_append_string(&said, " SEEN");
	buf_append_string(&said, "\r\n");
	fake_talk(f, buf_string(&said), "a NO [LIMIT] the search has too many keys");
	buf_clear(&said);
	buf_append_string(&said, "a UID SEARCH");
	for (int i = 0; i < 60; i++)
		buf_append_string(&said, " TEXT a");
	buf_append_string(&said, "\r\n");
	fake_talk(f, buf_string(&said), "a NO [LIMIT] the search has too many conditions on text");
	buf_done(&said);
}

static void utf8_and_uids_alone(void **state)
{
	(void)state;
	fake_talk(f, "a ENABLE UTF8=ACCEPT UIDONLY\r\n", "* ENABLED UTF8=ACCEPT UIDONLY\na OK enabled");
	fake_talk(f, "b UID SEARCH CHARSET utf-8 TEXT a\r\n", "b BAD ...");
	fake_talk(f, "b UID SEARCH FROM \"ren\303\251\"\r\n", "* SEARCH 4\nb OK ...");
	fake_talk(f, "b SEARCH ALL\r\n", "b BAD [UIDREQUIRED] ...");
	fake_talk(f, "b UID SEARCH 1:2\r\n", "b BAD [UIDREQUIRED] ...");
}

static void sorts(void **state)
{
	(void)state;
	fake_talk(f, "a SORT (DATE) us-ascii ALL\r\n", "* SORT 3 1 2 4\na OK this is the order");
	fake_talk(f, "a UID SORT (DATE) us-ascii ALL\r\n", "* SORT 4 1 3 5\na OK ...");
	fake_talk(f, "a UID SORT (REVERSE DATE) utf-8 UNSEEN\r\n", "* SORT 5 3 4\na OK ...");
	fake_talk(f, "a UID SORT (SUBJECT REVERSE ARRIVAL) utf-8 ALL\r\n", "* SORT 5 3 1 4\na OK ...");
	fake_talk(f, "a UID SORT (FROM) utf-8 ALL\r\n", "* SORT 1 5 3 4\na OK ...");
	fake_talk(f, "a UID SORT (DISPLAYFROM) utf-8 ALL\r\n", "* SORT 1 5 3 4\na OK ...");
	fake_talk(f, "a UID SORT (REVERSE SIZE) utf-8 ANSWERED\r\n", "* SORT\na OK ...");
	fake_talk(f, "a UID SORT (ARRIVAL) utf-8 MODSEQ 13\r\n", "* SORT 3 4 5 (MODSEQ 16)\na OK ...");
	fake_talk(f, "a UID SORT RETURN (MIN MAX COUNT ALL) (DATE) utf-8 ALL\r\n",
	    "* ESEARCH (TAG \"a\") UID MIN 4 MAX 5 COUNT 4 ALL 4,1,3,5\na OK ...");
	fake_talk(f, "a SORT RETURN () (REVERSE SUBJECT DATE) utf-8 ALL\r\n",
	    "* ESEARCH (TAG \"a\") ALL 3,1:2,4\na OK ...");
	fake_talk(f, "a SORT RETURN (PARTIAL 1:2) (DATE) utf-8 ALL\r\n",
	    "* ESEARCH (TAG \"a\") PARTIAL (1:2 3,1)\na OK ...");
	fake_talk(f, "a SORT () utf-8 ALL\r\n", "a BAD there is no such sort key");
	fake_talk(f, "a SORT (FROB) utf-8 ALL\r\n", "a BAD there is no such sort key");
	fake_talk(f, "a SORT (DATE) x-none ALL\r\n", "a NO [BADCHARSET ...");
	fake_talk(f, "a SORT (DATE) utf-8\r\n", "a BAD ...");
}

static void threads(void **state)
{
	(void)state;
	fake_talk(
	    f, "a THREAD REFERENCES us-ascii ALL\r\n", "* THREAD (3)(1 (2)(4))\na OK these are the threads");
	fake_talk(f, "a UID THREAD REFERENCES us-ascii ALL\r\n", "* THREAD (4)(1 (3)(5))\na OK ...");
	fake_talk(f, "a UID THREAD REFERENCES us-ascii UNSEEN\r\n", "* THREAD (4)((3)(5))\na OK ...");
	fake_talk(f, "a UID THREAD ORDEREDSUBJECT us-ascii ALL\r\n", "* THREAD (4)(1 (3)(5))\na OK ...");
	fake_talk(f, "a UID THREAD REFS us-ascii UID 1,3:4\r\n", "* THREAD (4)(1 3)\na OK ...");
	fake_talk(f, "a UID THREAD REFS us-ascii ANSWERED\r\n", "* THREAD\na OK ...");
	fake_talk(f, "a THREAD FROB us-ascii ALL\r\n", "a BAD there is no such way to make threads");
}

static void several_mailboxes(void **state)
{
	struct fake_mailbox *work = fake_mailbox(f, "Work", 0), *deep = fake_mailbox(f, "Work/Old/Deep", 0);
	struct fake_mailbox *plans = fake_mailbox(f, "Plans", 0);

	(void)state;
	plans->owner = "bob@example.org";
	plans->account = 5;
	plans->subscribed = true;
	fake_text(f, work, FLAG_SEEN, "Subject: breakfast at work\n\nHm.\n");
	fake_text(f, deep, 0, "Subject: deep\n\nbacon\n");
	fake_text(f, plans, 0, "Subject: no\n\nbacon\n");
	fake_text(f, plans, 0, "Subject: plans\n\nbacon\n");
	fake_talk(f, "a ESEARCH IN (personal) SUBJECT breakfast\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1000) UID ALL 1,3,5\n"
	    "* ESEARCH (TAG \"a\" MAILBOX Work UIDVALIDITY 1001) UID ALL 1\na OK this is what was found");
	fake_talk(f, "a ESEARCH IN (subtree Work subscribed) RETURN (COUNT MIN) BODY bacon\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX Work/Old/Deep UIDVALIDITY 1002) UID MIN 1 COUNT 1\n"
	    "* ESEARCH (TAG \"a\" MAILBOX Users/bob@example.org/Plans UIDVALIDITY 1003) UID MIN 1 COUNT 2\na "
	    "OK ...");
	fake_talk(f, "a ESEARCH IN (subtree-one (Work)) ALL\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX Work UIDVALIDITY 1001) UID ALL 1\na OK ...");
	fake_talk(f, "a ESEARCH IN (mailboxes (Work/Old/Deep none) inboxes) UID 2:*\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1000) UID ALL 3:5\n"
	    "* ESEARCH (TAG \"a\" MAILBOX Work/Old/Deep UIDVALIDITY 1002) UID ALL 1\na OK ...");
	fake_talk(f, "a ESEARCH IN (personal) EMAILID E7-67\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1000) UID ALL 3\na OK ...");
	fake_talk(f, "a ESEARCH SEEN\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1000) UID ALL 1\na OK ...");
	fake_talk(f, "a ESEARCH IN (selected) RETURN (SAVE COUNT) SEEN\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY 1000) UID COUNT 1\na OK ...");
	finds("$", "1");
	fake_talk(f, "a ESEARCH IN (personal) RETURN (SAVE) SEEN\r\n", "a BAD ...");
	fake_talk(
	    f, "a ESEARCH IN (personal) 1:2\r\n", "a BAD message numbers mean nothing in several mailboxes");
	fake_talk(f, "a ESEARCH IN (frob) ALL\r\n", "a BAD this says of no mailboxes which");
	fake_talk(f, "a ESEARCH IN () ALL\r\n", "a BAD ...");
	fake_talk(f, "b UNSELECT\r\n", "b OK ...");
	fake_talk(f, "a ESEARCH ALL\r\n", "a BAD no mailbox is selected");
	fake_talk(f, "a ESEARCH IN (subscribed) ALL\r\n",
	    "* ESEARCH (TAG \"a\" MAILBOX Users/bob@example.org/Plans UIDVALIDITY 1003) UID ALL 1:2\na OK "
	    "...");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* RFC 9585: a search that takes long says how far it is, every ten seconds; a command that has ended nothing.
 */
static void progress(void **state)
{
	(void)state;
	imap_feed(f->session, VIEW("a SEARCH SUBJECT lunch\r\n"));
	imap_tick(f->session);
	fake_expect(f, "");
	f->passed = IMAP_PROGRESS_SECONDS;
	imap_tick(f->session);
	imap_tick(f->session);
	fake_expect(f, "* OK [INPROGRESS (\"a\" 0 4)] ...");
	f->passed *= 2;
	imap_tick(f->session);
	fake_expect(f, "* OK [INPROGRESS (\"a\" 0 4)] ...");
	fake_settle(f);
	fake_expect(f, "* SEARCH 3\na OK ...");
	f->passed *= 2;
	imap_tick(f->session);
	imap_feed(f->session, VIEW("b UID STORE 1:* +FLAGS.SILENT (\\Seen)\r\n"));
	f->passed *= 2;
	imap_tick(f->session);
	fake_expect(f, "* OK [INPROGRESS (\"b\" NIL NIL)] ...");
	fake_settle(f);
	fake_expect(f, "b NO ..."); /* these messages never change; it took long all the same */
}

/* The session's output may be so long. */
static void set_room(size_t max)
{
	buf_done(&f->out);
	f->out.max = max;
}

/* An answer that finds no room is taken back and refused, and the session goes on. */
static void an_answer_too_long_for_a_line_is_refused(void **state)
{
	static const char *const commands[] = {"a UID SEARCH UNFLAGGED\r\n",
	    "a SEARCH RETURN (ALL) UNFLAGGED\r\n", "a SORT (ARRIVAL) UTF-8 ALL\r\n",
	    "a THREAD REFERENCES UTF-8 ALL\r\n", "a ESEARCH IN (inboxes) RETURN (ALL) UNFLAGGED\r\n",
	    "a SORT RETURN (SAVE ALL) (REVERSE ARRIVAL) UTF-8 UNFLAGGED\r\n",
	    "a SEARCH RETURN (SAVE ALL) UNFLAGGED\r\n"};
	(void)state;
	/* Every second one is flagged, so that no ranges are made of the others. */
	for (size_t i = 0; i < 120; i++)
		fake_text(f, inbox, i % 2 ? FLAG_FLAGGED : 0, "Subject: more\n\n");
	fake_say(f, "s SELECT INBOX\r\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		set_room(90);
		fake_say(f, commands[i]);
		assert_true(view_starts(buf_view(&f->out), VIEW("a NO [LIMIT] ")));
		set_room(1 << 24);
		fake_talk(f, "b UID SEARCH 1\r\n", "* SEARCH 1\nb OK this is what was found");
	}
	/* What was to be kept is not. */
	fake_talk(f, "c SEARCH $\r\n", "* SEARCH\nc OK this is what was found");
	set_room(90);
	fake_talk(f, "d SEARCH RETURN (COUNT) ALL\r\n",
	    "* ESEARCH (TAG \"d\") COUNT 124\nd OK this is what was found");
	set_room(1 << 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(keys),
	    TEST(dates),
	    TEST(texts),
	    TEST(ids),
	    TEST(by_message_numbers),
	    TEST(result_options),
	    TEST(saved_results),
	    TEST(what_is_wrong),
	    TEST(limits),
	    TEST(utf8_and_uids_alone),
	    TEST(several_mailboxes),
	    TEST(sorts),
	    TEST(threads),
	    TEST(progress),
	    TEST(an_answer_too_long_for_a_line_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
