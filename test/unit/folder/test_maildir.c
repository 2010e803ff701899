/* Maildir and Maildir++ as Dovecot, Courier and others leave them. */
#include "folder_world.h"

static void test_flags_and_order(void **state)
{
	struct world *w = *state;
	world_folder(w, "m/tmp");
	world_file(w, "m/cur/100.a.host:2,RS", "one\n");
	world_file(w, "m/cur/099.b.host:2,DFPTS", "two\r\n");
	world_file(w, "m/new/101.c.host", "three");
	world_file(w, "m/cur/102.d.host:1,S", "an experiment's flags are none\n");
	world_file(w, "m/cur/.hidden", "");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "INBOX\n"
	    "  099.b.host at 1000000000 seen flagged deleted draft [$Forwarded]: two\\r\\n\n"
	    "  100.a.host at 1000000000 seen answered: one\\r\\n\n"
	    "  101.c.host at 1000000000: three\n"
	    "  102.d.host at 1000000000: an experiment's flags are none\\r\\n\n");
	assert_int_equal(w->problems.len, 0);
}

static void test_notes_of_dovecot(void **state)
{
	struct world *w = *state;
	world_file(w, "m/cur/100.a.host,S=4,W=5:2,Sac", "one\n");
	world_file(w, "m/cur/99.b.host:2,b", "two\n");
	world_file(w, "m/new/98.c.host", "three\n");
	world_file(w, "m/cur/97.d.host:2,z", "four\n");
	world_file(w, "m/dovecot-keywords", "0 $Junk\n2 Arbeit\n25 bad(name\nx y\n99 z\n");
	world_file(w, "m/dovecot-uidlist",
	    "3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1\n"
	    "7 :100.a.host,S=4,W=5:2,S\n25006 Pold-uidl W5 :99.b.host\n25007 :gone.host\nbroken\n0 "
	    ":98.c.host\n");
	world_reads(w, "m", FOLDER_MAILDIR,
	    "INBOX\n"
	    "  100.a.host,S=4,W=5 at 1000000000 uid 7 uidl 000000074c0907b0 seen [$Junk Arbeit]: one\\r\\n\n"
	    "  99.b.host at 1000000000 uid 25006 uidl old-uidl: two\\r\\n\n"
	    "  97.d.host at 1000000000: four\\r\\n\n"
	    "  98.c.host at 1000000000: three\\r\\n\n");
}

static void test_an_old_uidlist(void **state)
{
	struct world *w = *state;
	world_file(w, "m/cur/100.a.host:2,", "one\n");
	world_file(w, "m/dovecot-uidlist", "1 1275660208 25022\n12 100.a.host:2,\n");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "INBOX\n  100.a.host at 1000000000 uid 12 uidl 0000000c4c0907b0: one\\r\\n\n");
	world_file(w, "m/dovecot-uidlist", "2 what is this\n12 100.a.host:2,\n");
	world_reads(w, "m", FOLDER_UNKNOWN, "INBOX\n  100.a.host at 1000000000: one\\r\\n\n");
}

static void test_names_and_subscriptions(void **state)
{
	struct world *w = *state;
	static const char *const folders[] = {"m", "m/.Work", "m/.Work.2024", "m/.Entw&APw-rfe", "m/.R&-D",
	    "m/.Über", "m/.a&AC4-b.c", "m/.caf\xe9", "m/.Bad&"};
	char name[100];
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(name, sizeof name, "%s/cur", folders[i]);
		world_folder(w, name);
	}
	world_folder(w, "m/.git");
	world_file(w, "m/subscriptions", "V\t2\n\nWork\t2024\nEntw&APw-rfe\nNowhere\n");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "Bad& -\nEntwürfe +\nINBOX -\nR&D -\nWork -\nWork/2024 +\na.b/c -\ncafé -\nÜber -\n");
	world_file(w, "m/subscriptions", "Work.2024\nINBOX\n");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "Bad& -\nEntwürfe -\nINBOX +\nR&D -\nWork -\nWork/2024 +\na.b/c -\ncafé -\nÜber -\n");
	assert_int_equal(unlink((snprintf(name, sizeof name, "%s/m/subscriptions", w->root), name)), 0);
	world_file(w, "m/courierimapsubscribed", "INBOX.Work\nINBOX.R&-D\n");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "Bad& -\nEntwürfe -\nINBOX -\nR&D +\nWork +\nWork/2024 -\na.b/c -\ncafé -\nÜber -\n");
}

/* Dovecot's LAYOUT=fs: folders in folders. */
static void test_folders_in_folders(void **state)
{
	struct world *w = *state;
	world_file(w, "m/cur/1.a", "one\n");
	world_file(w, "m/Work/2024/cur/2.b", "two\n");
	world_file(w, "m/INBOX/cur/3.c", "three\n");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "INBOX\n  1.a at 1000000000: one\\r\\n\nINBOX\n  3.c at 1000000000: three\\r\\n\n"
	    "Work/2024\n  2.b at 1000000000: two\\r\\n\n");
}

/* Whoever owns the folder may not have us read what is somebody else's. */
static void test_nothing_but_files_is_opened(void **state)
{
	struct world *w = *state;
	char path[200];
	world_file(w, "secret", "secret\n");
	world_file(w, "elsewhere/cur/9.z", "secret\n");
	world_folder(w, "m/cur");
	snprintf(path, sizeof path, "%s/m/cur/1.link", w->root);
	assert_int_equal(symlink("../../secret", path), 0);
	snprintf(path, sizeof path, "%s/m/cur/2.fifo", w->root);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/m/.Link", w->root);
	assert_int_equal(symlink("../elsewhere", path), 0);
	world_folder(w, "m/cur/3.folder");
	world_reads(w, "m", FOLDER_UNKNOWN,
	    "INBOX\n  1.link is not read: Too many levels of symbolic links\n"
	    "  2.fifo is not read: Invalid argument\n  3.folder is not read: Invalid argument\n");
	assert_string_equal(
	    buf_string(&w->problems), ".Link: it is a symbolic link, and these are not followed\n");
}

static void test_what_is_no_tree(void **state)
{
	struct world *w = *state;
	world_reads(w, "missing", FOLDER_UNKNOWN, "nothing: No such file or directory\n");
	world_folder(w, "empty");
	world_reads(w, "empty", FOLDER_UNKNOWN, "nothing: No data available\n");
	world_file(w, "text", "just text\n");
	world_reads(w, "text", FOLDER_UNKNOWN, "nothing: No data available\n");
	world_file(w, "m/cur/1.a", "one\n");
	world_reads(w, "m", FOLDER_MBOX, "nothing: No data available\n");
}

static void test_depth_has_a_limit(void **state)
{
	struct world *w = *state;
	char name[200] = "d";
	for (int i = 0; i < 30; i++)
		strcat(name, "/d");
	strcat(name, "/cur");
	world_folder(w, name);
	world_file(w, "d/cur/1.a", "one\n");
	world_reads(w, "d", FOLDER_UNKNOWN, "INBOX\n  1.a at 1000000000: one\\r\\n\n");
	assert_non_null(strstr(buf_string(&w->problems), "too many levels"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_end)
	const struct CMUnitTest tests[] = {TEST(test_flags_and_order), TEST(test_notes_of_dovecot),
	    TEST(test_an_old_uidlist), TEST(test_names_and_subscriptions), TEST(test_folders_in_folders),
	    TEST(test_nothing_but_files_is_opened), TEST(test_what_is_no_tree), TEST(test_depth_has_a_limit)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
