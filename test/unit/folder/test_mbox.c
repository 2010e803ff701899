/* mbox as many programs write it, and folders of .eml files. */
#include "folder_world.h"

#define FROM "From a@b.test Sat Jan  3 01:05:34 1998\n"
#define AT "at 883789534"

static void reads(struct world *w, const char *mbox, const char *wanted)
{
	char all[8192];
	world_file(w, "box.mbox", mbox);
	snprintf(all, sizeof all, "box\n%s", wanted);
	world_reads(w, ".", FOLDER_UNKNOWN, all);
}

static void test_messages(void **state)
{
	struct world *w = *state;
	reads(w, FROM "S: 1\n\none\n\n" FROM "S: 2\n\ntwo\n\n",
	    "  message 1 " AT ": S: 1\\r\\n\\r\\none\\r\\n\n  message 2 " AT ": S: 2\\r\\n\\r\\ntwo\\r\\n\n");
	/* The last empty line may be missing, and the last line end; an empty line of the text is the text's.
	 */
	reads(w, FROM "S: 1\n\none\n\n\n\n" FROM "S: 2\n\ntwo",
	    "  message 1 " AT ": S: 1\\r\\n\\r\\none\\r\\n\\r\\n\\r\\n\n  message 2 " AT
	    ": S: 2\\r\\n\\r\\ntwo\n");
	reads(w, "\n\n" FROM "S: 1\r\n\r\none\r\n\r\n" FROM,
	    "  message 1 " AT ": S: 1\\r\\n\\r\\none\\r\\n\n  message 2 " AT ": \n");
}

static void test_separators(void **state)
{
	struct world *w = *state;
	/* No empty line before it, or no date in it: text. */
	reads(w, FROM "S: 1\n\ntext\n" FROM "more\n\nFrom here on it is text.\n\nFrom: me\n",
	    "  message 1 " AT
	    ": S: 1\\r\\n\\r\\ntext\\r\\nFrom a@b.test Sat Jan  3 01:05:34 1998\\r\\nmore\\r\\n\\r\\n"
	    "From here on it is text.\\r\\n\\r\\nFrom: me\\r\\n\n");
	reads(w,
	    "From - Thu Jul 04 10:11:12 2019\nS: 1\n\n\n"
	    "From 1234@xxx Mon Oct 01 12:00:00 +0000 2018\nS: 2\n\n\n"
	    "From \"John Q. Public\"@b.test Sat Jan  3 01:05:34 1998\nS: 3\n\n\n"
	    "From a@b.test Tue, 01 Jan 2019 00:00:00 +0100\nS: 4\n\n",
	    "  message 1 at 1562235072: S: 1\\r\\n\\r\\n\n  message 2 at 1538395200: S: 2\\r\\n\\r\\n\n"
	    "  message 3 " AT ": S: 3\\r\\n\\r\\n\n  message 4 at 1546297200: S: 4\\r\\n\\r\\n\n");
	/* The first line is believed without a date; the message itself tells one. */
	reads(w,
	    "From nobody\nReceived: from x by y; Mon, 1 Oct 2018 12:00:00 +0000\nDate: 1 Jan 2000 00:00 "
	    "+0000\n\nx\n",
	    "  message 1 at 1538395200: Received: from x by y; Mon, 1 Oct 2018 12:00:00 +0000\\r\\n"
	    "Date: 1 Jan 2000 00:00 +0000\\r\\n\\r\\nx\\r\\n\n");
}

static void test_a_length_is_not_believed(void **state)
{
	struct world *w = *state;
	reads(w, FROM "Content-Length: 100000\n\none\n\n" FROM "Content-Length: 1\n\ntwo\n",
	    "  message 1 " AT ": \\r\\none\\r\\n\n  message 2 " AT ": \\r\\ntwo\\r\\n\n");
}

static void test_quoting(void **state)
{
	struct world *w = *state;
	static const char text[] = FROM "\n>From one\n>>From two\n> From three\n";
	world_file(w, "box.mbox", text);
	world_reads(w, ".", FOLDER_UNKNOWN,
	    "box\n  message 1 " AT ": \\r\\nFrom one\\r\\n>From two\\r\\n> From three\\r\\n\n");
	world_reads(w, ".", FOLDER_MBOXO,
	    "box\n  message 1 " AT ": \\r\\nFrom one\\r\\n>>From two\\r\\n> From three\\r\\n\n");
}

static void test_notes(void **state)
{
	struct world *w = *state;
	reads(w,
	    FROM "Status: RO\nX-Status: AF\nX-Keywords: $Junk Work \\Bad $junk\n x\nX-UID: 17\nX-UIDL: "
	         "abc\nSubject: 1\n\n1\n",
	    "  message 1 " AT
	    " uid 17 uidl abc seen answered flagged [$Junk Work x]: Subject: 1\\r\\n\\r\\n1\\r\\n\n");
	/* A second one is the sender's, and so is one in the text. */
	reads(w, FROM "Status: O\nSubject: 1\nStatus: R\n\nStatus: R\n",
	    "  message 1 " AT ": Subject: 1\\r\\nStatus: R\\r\\n\\r\\nStatus: R\\r\\n\n");
	reads(w, FROM "X-UID: 99999999999\nX-UIDL: a b\n\n", "  message 1 " AT ": \\r\\n\n");
}

static void test_notes_of_thunderbird(void **state)
{
	struct world *w = *state;
	reads(w,
	    FROM "X-Mozilla-Status: 1007\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: $label1 todo        "
	         "\nS: 1\n\n\n" FROM "X-Mozilla-Status: 0009\nS: deleted\n\n\n" FROM
	         "X-Mozilla-Status: 0000\nS: 3\n\n",
	    "  message 1 " AT " seen answered flagged [$Forwarded $label1 todo]: S: 1\\r\\n\\r\\n\n"
	    "  message 3 " AT ": S: 3\\r\\n\\r\\n\n");
}

static void test_the_first_message_of_uw_imap_is_none(void **state)
{
	struct world *w = *state;
	reads(w,
	    "From MAILER-DAEMON Fri Jul  8 12:08:34 2011\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER "
	    "INTERNAL DATA\n"
	    "X-IMAP: 1310112514 0000000010\nStatus: RO\n\ninternal\n\n" FROM "X-IMAPbase: 1 2 Work\nS: 1\n\n",
	    "  message 2 " AT ": S: 1\\r\\n\\r\\n\n");
}

/* Lines and messages without an end cost a bounded memory, and nothing is lost. */
static void test_long_lines(void **state)
{
	struct world *w = *state;
	enum { LINE = 3 * 1024 * 1024 + 17 };
	struct folder_tree tree;
	struct folder_reader *reader;
	struct folder_message m;
	struct buf text, body;
	char path[200];
	buf_init(&text, 2 * LINE);
	buf_init(&body, 2 * LINE);
	buf_append_string(&text, FROM "S: 1\n\n");
	for (int i = 0; i < LINE; i++)
		buf_append_byte(&text, i % 7 ? 'x' : ' ');
	buf_append_string(&text, "\n\n" FROM "S: 2\n\n");
	world_put(w, "long", buf_view(&text), 1);
	snprintf(path, sizeof path, "%s/long", w->root);
	assert_int_equal(
	    folder_tree_read(path, VIEW("long.mbox"), FOLDER_UNKNOWN, &tree, world_problem, w), 0);
	assert_int_equal(tree.count, 1);
	assert_view(tree.mailboxes[0].path, "long");
	assert_int_equal(folder_reader_open(&tree, &tree.mailboxes[0], &reader), 0);
	assert_int_equal(folder_reader_next(reader, &m, &body), 1);
	assert_int_equal(body.len, LINE + 10);
	assert_memory_equal(buf_view(&body).data + 8, buf_view(&text).data + sizeof FROM - 1 + 6, LINE);
	assert_int_equal(folder_reader_next(reader, &m, &body), 1);
	assert_view(m.name, "message 2");
	assert_int_equal(folder_reader_next(reader, &m, &body), 0);
	folder_reader_close(reader);
	folder_tree_done(&tree);
	buf_done(&text);
	buf_done(&body);
}

static void test_places(void **state)
{
	struct world *w = *state;
	/* Thunderbird, Apple Mail, a plain folder of files; what is no mailbox is passed over. */
	world_file(w, "t/Archives", FROM "S: 1\n\n");
	world_file(w, "t/Archives.msf", "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n");
	world_file(w, "t/Archives.sbd/2024", FROM "S: 2\n\n");
	world_file(w, "t/Sent.mbox/mbox", FROM "S: 3\n\n");
	world_file(w, "t/Sent.mbox/table_of_contents", "binary");
	world_file(w, "t/inbox", FROM "S: 4\n\n");
	world_file(w, "t/.cache", FROM "S: 5\n\n");
	world_file(w, "t/filterlog.html", "<html>");
	world_reads(w, "t", FOLDER_UNKNOWN,
	    "Archives\n  message 1 " AT ": S: 1\\r\\n\\r\\n\nArchives/2024\n  message 1 " AT
	    ": S: 2\\r\\n\\r\\n\n"
	    "INBOX\n  message 1 " AT ": S: 4\\r\\n\\r\\n\nSent\n  message 1 " AT ": S: 3\\r\\n\\r\\n\n");
}

static void test_eml(void **state)
{
	struct world *w = *state;
	world_file(w, "e/b.eml", "Date: Mon, 1 Oct 2018 12:00:00 +0000\n\nb\n");
	world_file(w, "e/a.EML", "S: a\n\n");
	world_file(w, "e/readme.txt", "no message\n");
	world_file(w, "e/sub/c.eml", "S: c\n\n");
	world_reads(w, "e", FOLDER_UNKNOWN,
	    "root\n  a.EML at 1000000000: S: a\\r\\n\\r\\n\n"
	    "  b.eml at 1538395200: Date: Mon, 1 Oct 2018 12:00:00 +0000\\r\\n\\r\\nb\\r\\n\n"
	    "sub\n  c.eml at 1000000000: S: c\\r\\n\\r\\n\n");
	world_file(w, "e/postrider-notes.tsv",
	    "b.eml\t5\t9\tuidl\t\\Seen \\Flagged Work\na.EML\t-\t-\t-\t-\nc.eml\nbroken\t1\n");
	world_reads(w, "e", FOLDER_EML,
	    "root\n  a.EML at 1000000000: S: a\\r\\n\\r\\n\n"
	    "  b.eml at 5 uid 9 uidl uidl seen flagged [Work]: Date: Mon, 1 Oct 2018 12:00:00 "
	    "+0000\\r\\n\\r\\nb\\r\\n\n"
	    "sub\n  c.eml at 1000000000: S: c\\r\\n\\r\\n\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_end)
	const struct CMUnitTest tests[] = {TEST(test_messages), TEST(test_separators),
	    TEST(test_a_length_is_not_believed), TEST(test_quoting), TEST(test_notes),
	    TEST(test_notes_of_thunderbird), TEST(test_the_first_message_of_uw_imap_is_none),
	    TEST(test_long_lines), TEST(test_places), TEST(test_eml)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
