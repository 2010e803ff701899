/* LIST, STATUS, CREATE, DELETE, RENAME, subscriptions, NAMESPACE. */
#include "fake_account.h"

#include "imap/imap_list.h"

static struct fake *f;

static int set_up(void **state)
{
	(void)state;
	f = fake_new(true);
	fake_mailbox(f, "Sent", MAILBOX_ROLE_SENT)->subscribed = true;
	fake_mailbox(f, "Work", 0);
	fake_mailbox(f, "Work/2024", 0)->subscribed = true;
	fake_mailbox(f, "Work-old", 0);
	fake_mailbox(f, "Entw\xc3\xbcrfe & mehr", 0);
	fake_mailbox(f, "gone", 0)->no_mailbox = true;
	f->mailboxes[6].subscribed = true;
	struct fake_mailbox *shared = fake_mailbox(f, "Team/Plans", 0);
	shared->owner = "bob@example.org";
	shared->account = 3;
	shared->rights = RIGHT_LOOKUP | RIGHT_READ | RIGHT_CREATE;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

static void lists(void **state)
{
	(void)state;
	fake_talk(f, "a LIST \"\" \"\"\r\n", "* LIST (\\NoSelect) \"/\" \"\"\na OK this is the delimiter");
	fake_talk(f, "b LIST \"\" *\r\n",
	    "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe &- mehr\"\n"
	    "* LIST (\\HasNoChildren) \"/\" INBOX\n"
	    "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"
	    "* LIST (\\HasNoChildren) \"/\" Users/bob@example.org/Team/Plans\n"
	    "* LIST (\\HasChildren) \"/\" Work\n"
	    "* LIST (\\HasNoChildren) \"/\" Work/2024\n"
	    "* LIST (\\HasNoChildren) \"/\" Work-old\n"
	    "b OK this is the list");
	fake_talk(f, "c LIST \"\" %\r\n",
	    "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe &- mehr\"\n"
	    "* LIST (\\HasNoChildren) \"/\" INBOX\n"
	    "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"
	    "* LIST (\\NonExistent \\NoSelect \\HasChildren) \"/\" Users\n"
	    "* LIST (\\HasChildren) \"/\" Work\n"
	    "* LIST (\\HasNoChildren) \"/\" Work-old\n"
	    "c OK this is the list");
	fake_talk(f, "d LIST Users/ %\r\n",
	    "* LIST (\\NonExistent \\NoSelect \\HasChildren) \"/\" Users/bob@example.org\nd OK this is the "
	    "list");
	fake_talk(f, "e LIST Work/ %\r\n", "* LIST (\\HasNoChildren) \"/\" Work/2024\ne OK this is the list");
	fake_talk(f, "f LIST \"\" inbox\r\n", "* LIST (\\HasNoChildren) \"/\" INBOX\nf OK this is the list");
	fake_talk(f, "g LIST \"\" {4}\r\nWork\r\n",
	    "+ go ahead\n* LIST (\\HasChildren) \"/\" Work\ng OK this is the list");
	fake_talk(f, "h LIST \"\" \"Entw&APw-rfe*\"\r\n",
	    "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe &- mehr\"\nh OK this is the list");
	fake_talk(f, "i ENABLE IMAP4rev2\r\n", "* ENABLED IMAP4rev2\ni OK enabled");
	fake_talk(f, "j LIST \"\" \"Entw\xc3\xbcrfe*\"\r\n",
	    "* LIST (\\HasNoChildren) \"/\" \"Entw\xc3\xbcrfe & mehr\"\nj OK this is the list");
	fake_talk(f, "m LIST \"\" !#$$&'+,-.0123456789:;<=>?@^_`|[}%*\r\n", "m OK this is the list");
	fake_talk(f, "n STATUS ~foo (MESSAGES)\r\n", "n NO [NONEXISTENT] ...");
	fake_talk(f, "k LIST \"\"\r\n", "k BAD a space is missing");
	fake_talk(f, "l LIST \"\" (\r\n", "l BAD a pattern is missing");
}

static void lists_what_is_chosen(void **state)
{
	(void)state;
	fake_talk(f, "a LIST (SUBSCRIBED) \"\" *\r\n",
	    "* LIST (\\Subscribed \\HasNoChildren \\Sent) \"/\" Sent\n"
	    "* LIST (\\Subscribed \\HasNoChildren) \"/\" Work/2024\n"
	    "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" gone\n"
	    "a OK this is the list");
	fake_talk(f, "b LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\r\n",
	    "* LIST (\\Subscribed \\HasNoChildren \\Sent) \"/\" Sent\n"
	    "* LIST (\\HasChildren) \"/\" Work (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"
	    "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" gone\n"
	    "b OK this is the list");
	fake_talk(
	    f, "c LIST (RECURSIVEMATCH) \"\" *\r\n", "c BAD RECURSIVEMATCH needs another selection option");
	fake_talk(f, "d LIST (SPECIAL-USE REMOTE) \"\" (* Work)\r\n",
	    "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\nd OK this is the list");
	fake_talk(f,
	    "e LIST \"\" (Sent \"W*4\") RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES UIDNEXT) MYRIGHTS)\r\n",
	    "* LIST (\\Subscribed \\HasNoChildren \\Sent) \"/\" Sent\n"
	    "* MYRIGHTS Sent lrswipkxtean\n* STATUS Sent (MESSAGES 0 UIDNEXT 1)\n"
	    "* LIST (\\Subscribed \\HasNoChildren) \"/\" Work/2024\n"
	    "* MYRIGHTS Work/2024 lrswipkxtean\n* STATUS Work/2024 (MESSAGES 0 UIDNEXT 1)\n"
	    "e OK this is the list");
	fake_talk(f, "f LIST \"\" * RETURN (FROB)\r\n", "f BAD there is no such return option of LIST");
	fake_talk(f, "g LSUB \"\" *\r\n",
	    "* LSUB (\\HasNoChildren \\Sent) \"/\" Sent\n* LSUB (\\HasNoChildren) \"/\" Work/2024\n"
	    "* LSUB (\\NoSelect \\HasNoChildren) \"/\" gone\ng OK this is the list");
	fake_talk(
	    f, "h LSUB \"\" W%\r\n", "* LSUB (\\NoSelect \\HasChildren) \"/\" Work\nh OK this is the list");
}

static bool matches(const char *pattern, const char *name)
{
	return imap_list_matches(view_from_string(pattern), view_from_string(name));
}

static void matches_patterns(void **state)
{
	(void)state;
	assert_true(matches("*", "a/b/c"));
	assert_true(matches("%", "abc"));
	assert_false(matches("%", "a/b"));
	assert_true(matches("%/%", "a/b"));
	assert_false(matches("%/%", "a/b/c"));
	assert_true(matches("a*c", "a/b/c"));
	assert_true(matches("a%b", "axxb"));
	assert_true(matches("*%b", "a/xb"));
	assert_false(matches("a%c", "a/c"));
	assert_true(matches("%x%y", "axbxy"));
	assert_true(matches("*a/b%c", "a/x/a/bXc"));
	assert_false(matches("*a/b%c", "a/x/a/bX/c"));
	assert_true(matches("*/%/b", "x/a/b"));
	assert_true(matches("", ""));
	assert_false(matches("", "a"));
	assert_true(matches("a*", "a"));
	assert_false(matches("abc", "ab"));
}

static void tells_status(void **state)
{
	(void)state;
	struct fake_mailbox *work = &f->mailboxes[2];
	fake_message(f, work, FLAG_SEEN)->len = 100;
	fake_message(f, work, FLAG_DELETED)->len = 50;
	fake_talk(f,
	    "a STATUS Work (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE RECENT APPENDLIMIT)\r\n",
	    "* STATUS Work (MESSAGES 2 RECENT 2 UIDNEXT 3 UIDVALIDITY 1002 UNSEEN 1 DELETED 1 SIZE 150 "
	    "APPENDLIMIT 1000000)\n"
	    "a OK this is its status");
	fake_talk(
	    f, "b STATUS Work (MAILBOXID)\r\n", "* STATUS Work (MAILBOXID (M7-3))\nb OK this is its status");
	fake_talk(f, "c STATUS Users/bob@example.org/Team/Plans (MAILBOXID)\r\n",
	    "* STATUS Users/bob@example.org/Team/Plans (MAILBOXID (Ma-8))\nc OK this is its status");
	fake_talk(f, "d STATUS Work (FROB)\r\n", "d BAD there is no such item of STATUS");
	fake_talk(f, "e STATUS Work ()\r\n", "e BAD a word is missing");
	fake_talk(f, "f STATUS Users (MESSAGES)\r\n", "f NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "g STATUS Users/bob@example.org (MESSAGES)\r\n",
	    "g NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "h STATUS \"&AP-\" (MESSAGES)\r\n", "h NO [CANNOT] the name is not modified UTF-7");
}

static void changes_mailboxes(void **state)
{
	(void)state;
	fake_talk(f, "a CREATE Neu/\r\n", "a OK [MAILBOXID (M7-18)] the mailbox is there");
	fake_talk(f, "b STATUS Neu (MESSAGES)\r\n", "* STATUS Neu (MESSAGES 0)\nb OK this is its status");
	fake_talk(f, "c CREATE Neu\r\n", "c NO [ALREADYEXISTS] the mailbox exists already");
	fake_talk(f, "d CREATE Weg (USE (\\Trash))\r\n", "d OK [MAILBOXID ...");
	fake_talk(
	    f, "e LIST (SPECIAL-USE) \"\" Weg\r\n", "* LIST (\\HasNoChildren \\Trash) \"/\" Weg\ne OK ...");
	fake_talk(f, "e CREATE Wichtig (USE (\\Important))\r\n", "e OK [MAILBOXID ...");
	fake_talk(f, "e LIST \"\" Wichtig RETURN (SPECIAL-USE)\r\n",
	    "* LIST (...\\Important) \"/\" Wichtig\ne OK ...");
	fake_talk(f, "f CREATE x (USE (\\Frob))\r\n", "f NO [USEATTR] ...");
	fake_talk(f, "g CREATE x (USE (\\Sent \\Junk))\r\n", "g NO [USEATTR] ...");
	fake_talk(f, "h RENAME Neu Alt\r\n", "h OK done");
	fake_talk(f, "i RENAME Neu Alt\r\n", "i NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "j RENAME Alt Users/bob@example.org/Alt\r\n", "j NO [CANNOT] ...");
	fake_say(f, "k SELECT Alt\r\n");
	buf_clear(&f->out);
	fake_talk(f, "l DELETE Alt\r\n", "* OK [CLOSED] the mailbox is not selected any more\nl OK done");
	fake_talk(f, "m DELETE Alt\r\n", "m NO [NONEXISTENT] the mailbox does not exist");
	fake_talk(f, "n UNSUBSCRIBE Sent\r\n", "n OK done");
	assert_false(f->mailboxes[1].subscribed);
	fake_talk(f, "o SUBSCRIBE Users/bob@example.org/Team/Plans\r\n", "o OK done");
	assert_true(f->mailboxes[7].subscribed);
	fake_talk(f, "p CREATE Users/bob@example.org/Mine\r\n", "p NO [NOPERM] ...");
	fake_talk(f, "q CREATE Users/bob@example.org/Team/Plans/Mine\r\n", "q OK [MAILBOXID (Ma-18)] ...");
	fake_talk(f, "r NAMESPACE\r\n", "* NAMESPACE ((\"\" \"/\")) ((\"Users/\" \"/\")) NIL\nr OK done");
	f->error = -16;
	fake_talk(f, "s CREATE y\r\n", "s NO [INUSE] the mailbox is in use");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lists),
	    TEST(lists_what_is_chosen),
	    cmocka_unit_test(matches_patterns),
	    TEST(tells_status),
	    TEST(changes_mailboxes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
