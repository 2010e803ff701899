/* What commands say of an account beside its messages: rights, quota, metadata, language. */
#include "fake_account.h"

#include <errno.h>

static struct fake *f;
static struct fake_mailbox *inbox, *theirs;

static int set_up(void **state)
{
	(void)state;
	f = fake_new(true);
	inbox = &f->mailboxes[0];
	theirs = fake_mailbox(f, "Plans", 0);
	theirs->owner = "bob@example.org";
	theirs->account = 5;
	theirs->rights = RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_REMOVE;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_free(f);
	return 0;
}

static void rights(void **state)
{
	(void)state;
	fake_talk(f, "a MYRIGHTS INBOX\r\n", "* MYRIGHTS INBOX lrswipkxteancd\na OK ...");
	fake_talk(f, "a MYRIGHTS Users/bob@example.org/Plans\r\n",
	    "* MYRIGHTS Users/bob@example.org/Plans lrsxc\na OK ...");
	fake_talk(f, "a MYRIGHTS none\r\n", "a NO [NONEXISTENT] ...");
	fake_talk(f, "a GETACL inbox\r\n", "* ACL INBOX alice@example.org lrswipkxteancd\na OK ...");
	fake_talk(f, "a SETACL INBOX carl@example.org lrs\r\n", "a OK the access list is changed");
	fake_talk(f, "a SETACL INBOX anyone l\r\n", "a OK ...");
	fake_talk(f, "a SETACL INBOX carl@example.org +wd\r\n", "a OK ...");
	fake_talk(f, "a SETACL INBOX carl@example.org -r\r\n", "a OK ...");
	fake_talk(f, "a SETACL INBOX -dora@example.org +r\r\n", "a OK ...");
	fake_talk(f, "a GETACL INBOX\r\n",
	    "* ACL INBOX alice@example.org lrswipkxteancd carl@example.org lswted anyone l -dora@example.org "
	    "r\na OK ...");
	fake_talk(f, "a DELETEACL INBOX carl@example.org\r\n", "a OK ...");
	fake_talk(f, "a SETACL INBOX anyone -lr\r\n", "a OK ...");
	fake_talk(f, "a GETACL INBOX\r\n",
	    "* ACL INBOX alice@example.org lrswipkxteancd -dora@example.org r\na OK ...");
	fake_talk(f, "a LISTRIGHTS INBOX carl@example.org\r\n",
	    "* LISTRIGHTS INBOX carl@example.org \"\" l r s w i p k x t e a n c d\na OK ...");
	fake_talk(f, "a LISTRIGHTS INBOX alice@example.org\r\n",
	    "* LISTRIGHTS INBOX alice@example.org lrswipkxteancd\na OK ...");
}

static void rights_that_are_refused(void **state)
{
	(void)state;
	fake_talk(f, "a SETACL INBOX nobody l\r\n", "a NO [NONEXISTENT] there is nobody of this name here");
	fake_talk(f, "a SETACL INBOX carl@example.org lq\r\n", "a BAD there is no such right");
	fake_talk(f, "a SETACL INBOX \"\" l\r\n", "a BAD ...");
	fake_talk(
	    f, "a SETACL INBOX alice@example.org l\r\n", "a NO [CANNOT] the owner has all rights always");
	fake_talk(f, "a DELETEACL INBOX owner\r\n", "a NO [CANNOT] ...");
	fake_talk(f, "a GETACL Users/bob@example.org/Plans\r\n", "a NO [NOPERM] ...");
	fake_talk(f, "a SETACL Users/bob@example.org/Plans carl@example.org l\r\n", "a NO [NOPERM] ...");
	fake_talk(f, "a LISTRIGHTS Users/bob@example.org/Plans carl@example.org\r\n", "a NO [NOPERM] ...");
	theirs->rights |= RIGHT_ADMIN;
	fake_talk(f, "a GETACL Users/bob@example.org/Plans\r\n",
	    "* ACL Users/bob@example.org/Plans bob@example.org lrswipkxteancd\na OK ...");
	fake_talk(f, "a GETACL\r\n", "a BAD ...");
}

static void quota(void **state)
{
	(void)state;
	f->quota = (struct mail_done){.number = 10241, .modseq = 1024 * 1024};
	fake_talk(f, "a GETQUOTAROOT INBOX\r\n",
	    "* QUOTAROOT INBOX \"\"\n* QUOTA \"\" (STORAGE 11 1024)\na OK ...");
	f->quota = (struct mail_done){.number = 2048, .modseq = 1024 * 1024, .messages = 3, .uidnext = 100};
	fake_talk(f, "a GETQUOTA \"\"\r\n", "* QUOTA \"\" (STORAGE 2 1024 MESSAGE 3 100)\na OK ...");
	fake_talk(f, "a GETQUOTA other\r\n", "a NO [NONEXISTENT] ...");
	fake_talk(f, "a GETQUOTAROOT Users/bob@example.org/Plans\r\n",
	    "* QUOTAROOT Users/bob@example.org/Plans \"bob@example.org\"\n"
	    "* QUOTA \"bob@example.org\" (STORAGE 2 1024 MESSAGE 3 100)\na OK ...");
	theirs->rights = RIGHT_LOOKUP;
	fake_talk(f, "a GETQUOTAROOT Users/bob@example.org/Plans\r\n", "a NO [NOPERM] ...");
	f->quota = (struct mail_done){.number = 5};
	/* No empty list: an account without limits has no quota root. */
	fake_talk(f, "a GETQUOTA \"\"\r\n", "a NO [NONEXISTENT] ...");
	fake_talk(f, "a GETQUOTAROOT INBOX\r\n", "* QUOTAROOT INBOX\na OK ...");
	fake_talk(f, "a SETQUOTA \"\" (STORAGE 100)\r\n", "a NO [NOPERM] administrators alone set limits");
	f->error = -EIO;
	fake_talk(f, "a GETQUOTA \"\"\r\n", "a NO [UNAVAILABLE] ...");
}

static void metadata(void **state)
{
	(void)state;
	fake_talk(f, "a GETMETADATA INBOX /private/comment\r\n", "a OK this is the metadata");
	fake_talk(f,
	    "a SETMETADATA INBOX (/private/comment \"mine\" /shared/Comment {5+}\r\na\r\nb! /private/x "
	    "NIL)\r\n",
	    "a OK the metadata is set");
	fake_talk(f, "a GETMETADATA INBOX /PRIVATE/comment\r\n",
	    "* METADATA INBOX (/private/comment \"mine\")\na OK ...");
	fake_talk(f, "a GETMETADATA INBOX (/private/comment /shared/comment /private/none)\r\n",
	    "* METADATA INBOX (/private/comment \"mine\")\n* METADATA INBOX (/shared/comment {5}\na\nb!)\na "
	    "OK ...");
	fake_talk(f, "a GETMETADATA \"\" /private/comment\r\n", "a OK ...");
	fake_talk(f,
	    "a SETMETADATA \"\" (/private/v/a \"1\" /private/v/a/b \"22\" /private/v/a/b/c \"333\")\r\n",
	    "a OK ...");
	fake_talk(f, "a GETMETADATA (DEPTH 1) \"\" /private/v/a\r\n",
	    "* METADATA \"\" (/private/v/a \"1\" /private/v/a/b \"22\")\na OK ...");
	fake_talk(f, "a GETMETADATA (DEPTH infinity) \"\" (/private/v)\r\n",
	    "* METADATA \"\" (/private/v/a \"1\" /private/v/a/b \"22\" /private/v/a/b/c \"333\")\na OK ...");
	fake_talk(f, "a GETMETADATA \"\" (MAXSIZE 1 DEPTH infinity) (/private)\r\n",
	    "* METADATA \"\" (/private/v/a \"1\")\na OK [METADATA LONGENTRIES 3] ...");
	fake_talk(f, "a SETMETADATA \"\" (/private/v/a NIL)\r\n", "a OK ...");
	fake_talk(f, "a GETMETADATA \"\" /private/v/a\r\n", "a OK ...");
	fake_talk(f, "a SETMETADATA INBOX (/private/bin ~{3+}\r\na%b)\r\n", "a OK ...");
	f->metadata[0].value[1] = '\0';
	fake_say(f, "a GETMETADATA INBOX /private/comment\r\n");
	assert_non_null(memmem(f->out.data + f->out.start, f->out.len, "~{4}\r\nm\0ne)\r\n", 13));
	buf_clear(&f->out);
}

static void metadata_that_is_refused(void **state)
{
	struct buf said;

	(void)state;
	fake_talk(f, "a GETMETADATA INBOX /other/comment\r\n", "a BAD an entry's name ...");
	fake_talk(f, "a GETMETADATA INBOX /private\r\n", "a BAD ...");
	fake_talk(f, "a SETMETADATA INBOX (/private/a* \"x\")\r\n", "a BAD ...");
	fake_talk(f, "a SETMETADATA INBOX (\"/private/a//b\" \"x\")\r\n", "a BAD ...");
	fake_talk(f, "a SETMETADATA INBOX (/private/a/ \"x\")\r\n", "a BAD ...");
	fake_talk(f, "a SETMETADATA INBOX (/privateer/a \"x\")\r\n", "a BAD ...");
	fake_talk(f, "a GETMETADATA (DEPTH 2) INBOX /private/a\r\n", "a BAD a depth is 0, 1 or infinity");
	fake_talk(f, "a GETMETADATA none /private/a\r\n", "a NO [NONEXISTENT] ...");
	f->error = -EACCES;
	fake_talk(f, "a SETMETADATA \"\" (/shared/a \"x\")\r\n", "a NO [NOPERM] ...");
	for (char c = 'a'; c < 'a' + 15; c++) {
		char line[] = "a SETMETADATA \"\" (/private/? \"x\")\r\n";

		*strchr(line, '?') = c;
		fake_talk(f, line, "a OK ...");
	}
	fake_talk(f, "a SETMETADATA \"\" (/private/zz \"x\")\r\n", "a NO [METADATA TOOMANY] ...");
	buf_init(&said, 200000);
	assert_int_equal(buf_append_string(&said, "a SETMETADATA \"\" (/private/long {65537+}\r\n"), 0);
	for (int i = 0; i < 65537; i++)
		assert_int_equal(buf_append_byte(&said, 'x'), 0);
	assert_int_equal(buf_append_string(&said, ")\r\n"), 0);
	fake_talk(f, buf_string(&said), "a NO [METADATA MAXSIZE 65536] the value is too long");
	buf_done(&said);
}

/* Named searches: RFC 5466. */
static void filters(void **state)
{
	(void)state;
	fake_message(f, inbox, FLAG_SEEN);
	fake_message(f, inbox, 0);
	fake_message(f, inbox, FLAG_FLAGGED);
	fake_say(f, "s SELECT INBOX\r\n");
	buf_clear(&f->out);
	fake_talk(f, "a SEARCH FILTER new\r\n", "a NO [UNDEFINED-FILTER new] there is no such filter");
	fake_talk(
	    f, "a SETMETADATA \"\" (/private/filters/values/new \"UNSEEN NOT FILTER big\")\r\n", "a OK ...");
	fake_talk(f, "a SETMETADATA \"\" (/shared/filters/values/big \"(FLAGGED)\")\r\n", "a OK ...");
	fake_talk(f, "a SEARCH FILTER New\r\n", "* SEARCH 2\na OK ...");
	fake_talk(f, "a SEARCH OR FILTER new FILTER big\r\n", "* SEARCH 2 3\na OK ...");
	fake_talk(f, "a SETMETADATA \"\" (/private/filters/values/bad \"FROB\")\r\n", "a OK ...");
	fake_talk(f, "a SEARCH FILTER bad\r\n", "a NO [UNDEFINED-FILTER bad] ...");
	/* One that names itself ends somewhere. */
	fake_talk(
	    f, "a SETMETADATA \"\" (/private/filters/values/loop \"SEEN FILTER loop\")\r\n", "a OK ...");
	fake_talk(f, "a SEARCH FILTER loop\r\n", "a NO [UNDEFINED-FILTER loop] ...");
	fake_talk(f, "a SEARCH FILTER lo/op\r\n", "a BAD a filter's name has no \"/\"");
}

static void languages(void **state)
{
	(void)state;
	fake_talk(f, "a LANGUAGE\r\n", "* LANGUAGE (en de fr es i-default)\na OK these are the languages");
	fake_talk(f, "a LANGUAGE nl en-GB de\r\n",
	    "* LANGUAGE (en)\n* NAMESPACE ((\"\" \"/\")) ((\"Users/\" \"/\")) NIL\na OK this is the language "
	    "now");
	/* Nobody has set a default. */
	fake_talk(f, "a LANGUAGE \"*\"\r\n", "* LANGUAGE (en)\n* NAMESPACE ...\na OK ...");
	fake_talk(f, "a LANGUAGE I-Default\r\n", "* LANGUAGE (i-default)\n* NAMESPACE ...\na OK ...");
	fake_talk(f, "a LANGUAGE nl deu \"\"\r\n", "a NO this server speaks none of these languages");
	fake_talk(f, "a LANGUAGE ES\r\n",
	    "* LANGUAGE (es)\n* NAMESPACE ((\"\" \"/\")) ((\"Users/\" \"/\" \"TRANSLATION\" "
	    "(\"Usuarios/\"))) NIL\na OK Este es ahora el idioma");
	f->error = -EACCES;
	fake_talk(f, "a GETQUOTA \"\"\r\n", "a NO [NOPERM] No tiene derecho a hacer esto: la cuota");
	f->error = 0;
	fake_talk(f, "a LANGUAGE en\r\n", "* LANGUAGE (en)\n* NAMESPACE ...\na OK ...");
	fake_talk(f, "a COMPARATOR\r\n", "* COMPARATOR i;unicode-casemap\na OK ...");
	fake_talk(f, "a COMPARATOR \"cz;*\" i;unicode-*\r\n",
	    "* COMPARATOR i;unicode-casemap (i;unicode-casemap)\na OK ...");
	fake_talk(f, "a COMPARATOR i;octet\r\n", "a NO [BADCOMPARATOR] there is only i;unicode-casemap");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(rights),
	    TEST(rights_that_are_refused),
	    TEST(quota),
	    TEST(metadata),
	    TEST(metadata_that_is_refused),
	    TEST(filters),
	    TEST(languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
