/* STORE, COPY, MOVE and EXPUNGE. */
#include "imap_fake.h"

#include "../unit.h"

#include <errno.h>

#include "mail/mail.h"

static struct imap_fake f;

static int setup(void **state)
{
	(void)state;
	imap_fake_start(&f);
	for (int i = 0; i < 4; i++)
		imap_fake_add(&f, "", VIEW("Subject: x\r\n\r\nbody\r\n"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	imap_fake_stop(&f);
	return 0;
}

static void assert_says(const char *line, const char *expected)
{
	assert_string_equal(imap_fake_say(&f, line), expected);
}

static void flags_are_told_of_all_that_were_named(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	assert_says("a STORE 2:3 FLAGS (\\Seen \\Flagged)\r\n",
	    "* 2 FETCH (FLAGS (\\Flagged \\Seen))\r\n* 3 FETCH (FLAGS (\\Flagged \\Seen))\r\na OK STORE "
	    "completed\r\n");
	assert_says("b UID STORE 1:2 +FLAGS \\Seen\r\n",
	    "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (UID 2 FLAGS "
	    "(\\Flagged \\Seen))\r\nb OK STORE completed\r\n");
	assert_says(
	    "c STORE 2 -FLAGS (\\Flagged)\r\n", "* 2 FETCH (FLAGS (\\Seen))\r\nc OK STORE completed\r\n");
	assert_says("d STORE 2 FLAGS.SILENT (\\Draft)\r\n", "d OK STORE completed\r\n");
	assert_int_equal(f.messages[1].flags, FLAG_DRAFT);
	assert_says("e UID STORE 9 FLAGS ()\r\n", "e OK STORE completed: there were no messages\r\n");
	f.store_error = -ENOSPC;
	assert_non_null(strstr(imap_fake_say(&f, "f STORE 1 FLAGS ()\r\n"), "f NO [UNAVAILABLE] "));
}

/* What the client has set itself is not read again; what another session changes meanwhile is told. */
static void own_changes_are_not_read_again(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	unsigned before = imap_fake_asked(&f, MAIL_FETCH);
	assert_says("a STORE 1:3 +FLAGS.SILENT (\\Flagged)\r\n", "a OK STORE completed\r\n");
	assert_int_equal(imap_fake_asked(&f, MAIL_FETCH), before);
	f.answered_behind = 2;
	assert_says("b STORE 1:3 +FLAGS.SILENT (\\Draft)\r\n",
	    "* 2 FETCH (FLAGS (\\Answered \\Flagged \\Draft))\r\nb OK STORE completed\r\n");
	f.answered_behind = 4;
	assert_says("c STORE 1:3 -FLAGS.SILENT (\\Draft)\r\n",
	    "* 4 FETCH (FLAGS (\\Answered))\r\nc OK STORE completed\r\n");
	f.answered_behind = 0;
	assert_says("d NOOP\r\n", "d OK done\r\n");
}

static void unchanged_since_names_what_changed(void **state)
{
	(void)state;
	imap_fake_select(&f, "CONDSTORE");
	assert_says(
	    "a STORE 2 +FLAGS.SILENT (\\Flagged)\r\n", "* 2 FETCH (MODSEQ (15))\r\na OK STORE completed\r\n");
	assert_says("b STORE 1:3 (UNCHANGEDSINCE 14) +FLAGS (\\Seen)\r\n",
	    "* 1 FETCH (FLAGS (\\Seen) MODSEQ (16))\r\n* 3 FETCH (FLAGS (\\Seen) MODSEQ (16))\r\n"
	    "b OK [MODIFIED 2] STORE completed\r\n");
	assert_says("c UID STORE 4,1:2 (UNCHANGEDSINCE 14) +FLAGS.SILENT (\\Draft)\r\n",
	    "* 4 FETCH (UID 4 MODSEQ (17))\r\nc OK [MODIFIED 1:2] STORE completed\r\n");
	assert_non_null(strstr(imap_fake_say(&f, "d STORE 1 (SOMETHING 1) FLAGS ()\r\n"), "d BAD "));
	assert_non_null(strstr(imap_fake_say(&f, "e STORE 1 FLUGS ()\r\n"), "e BAD "));
}

/* Numbers that follow one another are one range, whatever lies between their UIDs. */
static void modified_is_named_by_number(void **state)
{
	(void)state;
	f.messages[1].gone = true;
	imap_fake_select(&f, "CONDSTORE");
	assert_says(
	    "a STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS (\\Seen)\r\n", "a OK [MODIFIED 1:3] STORE completed\r\n");
	assert_says("b UID STORE 1:4 (UNCHANGEDSINCE 3) +FLAGS (\\Seen)\r\n",
	    "b OK [MODIFIED 1,3:4] STORE completed\r\n");
}

static void copies_are_named(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	assert_says("a COPY 1:2,4 Archive\r\n", "a OK [COPYUID 38505 1:2,4 100:102] COPY completed\r\n");
	assert_says("b UID COPY 3 Archive\r\n", "b OK [COPYUID 38505 3 100] COPY completed\r\n");
	assert_says("c COPY 1 None\r\n", "c NO [TRYCREATE] there is no such mailbox\r\n");
	assert_says("d UID COPY 17 Archive\r\n", "d OK there were no messages\r\n");
}

static void a_move_names_the_copies_first(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	assert_says("a MOVE 1,3 Archive\r\n", "* OK [COPYUID 38505 1,3 100:101] moved\r\n* 1 EXPUNGE\r\n* 2 "
	                                      "EXPUNGE\r\na OK MOVE completed\r\n");
	imap_fake_say(&f, "e ENABLE QRESYNC\r\n");
	assert_says("b UID MOVE 4 Archive\r\n",
	    "* OK [COPYUID 38505 4 100] moved\r\n* VANISHED 4\r\nb OK [HIGHESTMODSEQ 16] MOVE completed\r\n");
}

/* Of a move that fails halfway the client is told what has gone where. */
static void a_move_that_fails_names_what_was_moved(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	f.copy_error = -EDQUOT;
	assert_says("a MOVE 1:3 Archive\r\n",
	    "* OK [COPYUID 38505 1 100] moved\r\n* 1 EXPUNGE\r\n"
	    "a NO [OVERQUOTA] there is no room left in the quota of the mailbox\r\n");
	f.copy_error = -E2BIG;
	assert_non_null(strstr(imap_fake_say(&f, "b UID COPY 2:4 Archive\r\n"), "b NO [LIMIT] "));
}

static void expunges_are_told(void **state)
{
	(void)state;
	imap_fake_select(&f, NULL);
	imap_fake_say(&f, "s STORE 1:3 +FLAGS.SILENT (\\Deleted)\r\n");
	assert_says("a UID EXPUNGE 2,4\r\n", "* 2 EXPUNGE\r\na OK EXPUNGE completed\r\n");
	assert_says("b EXPUNGE\r\n", "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nb OK EXPUNGE completed\r\n");
	assert_says("c UID EXPUNGE 2\r\n", "c OK EXPUNGE completed: there were no messages\r\n");
	assert_int_equal(imap_fake_asked(&f, MAIL_EXPUNGE), 2);
	assert_false(f.messages[3].gone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(flags_are_told_of_all_that_were_named),
	    TEST(own_changes_are_not_read_again),
	    TEST(unchanged_since_names_what_changed),
	    TEST(modified_is_named_by_number),
	    TEST(copies_are_named),
	    TEST(a_move_names_the_copies_first),
	    TEST(a_move_that_fails_names_what_was_moved),
	    TEST(expunges_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
