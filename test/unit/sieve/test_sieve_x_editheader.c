/* Changes of the header: each action takes the message as it is then, and no value ends its field. */
#include "play.h"

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)value;
	return question->kind == SIEVE_ASK_MAILBOX ? SIEVE_UNKNOWN : SIEVE_NO;
}

static const struct sieve_world world = {.ask = ask};

#define ALL                                                                                                  \
	"require [\"editheader\", \"fileinto\", \"variables\", \"encoded-character\", \"index\", "           \
	"\"mailbox\"];\n"
#define MAIL "From: a@b\r\nX: 1\r\nSubject: s\r\nX: 2\r\n\r\nbody\r\n"

/* The message that the last action goes with. */
static void assert_becomes(const char *mail, const char *script, const char *expected)
{
	struct play p;

	play_begin(&p, mail);
	assert_int_equal(play_run(&p, &world, script), SIEVE_DONE);
	assert_string_equal(play_version(&p, p.outcome.count - 1), expected);
	play_done(&p);
}

static void adding(void **state)
{
	(void)state;
	assert_becomes(MAIL, ALL "addheader \"Y\" \"new\";", "Y: new\r\n" MAIL);
	assert_becomes(MAIL, ALL "addheader :last \"Y\" \"new\";",
	    "From: a@b\r\nX: 1\r\nSubject: s\r\nX: 2\r\nY: new\r\n\r\nbody\r\n");
	assert_becomes("", ALL "addheader \"Y\" \"new\";", "Y: new\r\n\r\n");
	assert_becomes("just text", ALL "addheader \"Y\" \"new\";", "Y: new\r\n\r\njust text");
	assert_becomes("\r\ntext", ALL "addheader \"Y\" \"new\";", "Y: new\r\n\r\ntext");
	assert_becomes("A: b", ALL "addheader :last \"Y\" \"new\";", "A: b\r\nY: new\r\n");
	assert_becomes("A: b\r\n", ALL "addheader \"Y\" \"\";", "Y: \r\nA: b\r\n");
	assert_becomes(
	    "A: b\r\n", ALL "set \"v\" \"x\"; addheader \"Y-${v}\" \"${v}${v}\";", "Y-x: xx\r\nA: b\r\n");
}

/* Line ends, line ends with nothing between them, a carriage return alone: what follows is folded or encoded.
 */
static void injection(void **state)
{
	(void)state;
	assert_becomes("A: b\r\n", ALL "addheader \"Y\" \"one\r\nBcc: c@d\r\n\r\nbody\";",
	    "Y: one\r\n Bcc: c@d\r\n body\r\nA: b\r\n");
	assert_becomes("A: b\r\n", ALL "addheader \"Y\" \"one${hex:0d}Bcc: c@d${hex:0a}x\";",
	    "Y: one\r\n Bcc: c@d\r\n x\r\nA: b\r\n");
	assert_becomes("A: b\r\n", ALL "addheader \"Y\" \"${hex:0d 0a 0d 0a}\";", "Y: \r\nA: b\r\n");
	assert_becomes(
	    "A: b\r\n", ALL "addheader \"Y\" \"bell${hex:07}\";", "Y: =?utf-8?Q?bell=07?=\r\nA: b\r\n");
	assert_becomes(
	    "A: b\r\n", ALL "addheader \"Y\" \"f\xc3\xbcr\";", "Y: =?utf-8?Q?f=C3=BCr?=\r\nA: b\r\n");
}

static void long_values(void **state)
{
	struct play p;
	struct buf script;
	struct view rest, line;

	(void)state;
	buf_init(&script, 1 << 20);
	buf_append_string(&script, ALL "addheader \"Y\" \"");
	for (int i = 0; i < 60; i++)
		buf_printf(&script, "word number %d ", i);
	for (int i = 0; i < 2000; i++)
		buf_append_byte(&script, 'x'); /* no blank to fold at */
	buf_append_string(&script, "\";");
	play_begin(&p, "A: b\r\n");
	assert_int_equal(play_run(&p, &world, buf_string(&script)), SIEVE_DONE);
	play_version(&p, 0);
	rest = buf_view(&p.text);
	while (view_next(&rest, '\n', &line))
		assert_true(line.len <= 100);
	buf_clear(&script);
	buf_append_string(&script, ALL "addheader \"Y\" \"");
	for (int i = 0; i < 5000; i++)
		buf_append_byte(&script, 'x');
	buf_append_string(&script, "\";");
	play_done(&p);
	play_begin(&p, "A: b\r\n");
	assert_non_null(strstr(play_refused(&p, buf_string(&script)), "is too long for a header field"));
	play_done(&p);
	buf_done(&script);
}

static void deleting(void **state)
{
	(void)state;
	assert_becomes(MAIL, ALL "deleteheader \"x\";", "From: a@b\r\nSubject: s\r\n\r\nbody\r\n");
	assert_becomes(
	    MAIL, ALL "deleteheader :index 2 \"X\";", "From: a@b\r\nX: 1\r\nSubject: s\r\n\r\nbody\r\n");
	assert_becomes(MAIL, ALL "deleteheader :index 2 :last \"X\";",
	    "From: a@b\r\nSubject: s\r\nX: 2\r\n\r\nbody\r\n");
	assert_becomes(MAIL, ALL "deleteheader :contains \"X\" [\"9\", \"2\"];",
	    "From: a@b\r\nX: 1\r\nSubject: s\r\n\r\nbody\r\n");
	assert_becomes(MAIL, ALL "deleteheader :index 1 \"X\" \"2\";", MAIL);
	assert_becomes(MAIL, ALL "deleteheader \"Nothing\";", MAIL);
	assert_becomes("Received: a\r\nAuto-Submitted: no\r\n\r\n",
	    ALL "deleteheader \"Received\"; deleteheader \"auto-submitted\";",
	    "Received: a\r\nAuto-Submitted: no\r\n\r\n");
	assert_becomes(MAIL, ALL "addheader \"Z\" \"z\"; deleteheader \"Z\";", MAIL);
	assert_becomes("A: b", ALL "deleteheader \"A\";", "\r\n"); /* nothing is no message */
}

/* Tests see the header as it is, with :index too. */
static void tests_see_it(void **state)
{
	(void)state;
	assert_becomes(MAIL,
	    ALL "addheader \"X\" \"0\"; if header :index 1 \"X\" \"0\" { deleteheader :index 2 \"X\"; }\n"
	        "if header :index 2 \"X\" \"2\" { deleteheader \"From\"; }\n"
	        "if not exists \"From\" { deleteheader \"Subject\"; }",
	    "X: 0\r\nX: 2\r\n\r\nbody\r\n");
}

static void versions(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world,
	                     ALL "fileinto \"a\"; addheader \"Y\" \"y\"; fileinto \"b\"; fileinto \"c\";\n"
	                         "if header \"Y\" \"y\" { deleteheader \"X\"; } keep;"),
	    SIEVE_DONE);
	assert_int_equal(p.outcome.count, 4);
	assert_string_equal(play_version(&p, 0), MAIL);
	assert_string_equal(play_version(&p, 1), "Y: y\r\n" MAIL);
	assert_ptr_equal(p.outcome.actions[1].version, p.outcome.actions[2].version);
	assert_string_equal(play_version(&p, 3), "Y: y\r\nFrom: a@b\r\nSubject: s\r\n\r\nbody\r\n");
	/* What was done is told. */
	assert_true(p.outcome.edits->added);
	assert_view(p.outcome.edits->name, "Y");
	assert_view(p.outcome.edits->value, "y");
	assert_false(p.outcome.edits->next->added);
	assert_view(p.outcome.edits->next->value, "1");
	assert_int_equal(p.outcome.edits->next->line, 3);
	assert_view(p.outcome.edits->next->why.text, "Y is 'y'");
	assert_view(p.outcome.edits->next->next->value, "2");
	assert_null(p.outcome.edits->next->next->next);
	/* A script that runs behind this one goes on with what it has made. */
	assert_int_equal(play_run(&p, &world, ALL "deleteheader \"Y\"; keep;"), SIEVE_DONE);
	assert_string_equal(play_version(&p, 0), "From: a@b\r\nSubject: s\r\n\r\nbody\r\n");
	play_done(&p);
}

/* A run that fails, or that must be made again, leaves the header as it was. */
static void failures(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, MAIL);
	assert_int_equal(
	    play_run(&p, &world, ALL "deleteheader \"X\"; if mailboxexists \"Work\" { }"), SIEVE_ASKS);
	assert_int_equal(play_run(&p, &world, ALL "addheader \"Y\" \"1\";"), SIEVE_DONE);
	assert_string_equal(play_version(&p, 0), "Y: 1\r\n" MAIL);
	assert_int_equal(
	    play_run(&p, &world, ALL "addheader \"Z\" \"1\"; set \"a\" \"X:\"; addheader \"${a}\" \"1\";"),
	    SIEVE_FAILED);
	assert_view(p.outcome.failed_text,
	    "the field name 'X:' is invalid: it has letters, digits and hyphens, 64 at most");
	assert_string_equal(play_version(&p, 0), MAIL); /* the implicit keep of RFC 5293 section 6 */
	assert_null(p.outcome.edits);
	assert_int_equal(play_run(&p, &world, "keep;"), SIEVE_DONE);
	assert_string_equal(play_version(&p, 0), "Y: 1\r\n" MAIL);
	play_done(&p);
}

static void limits(void **state)
{
	struct buf script, mail;
	struct play p;

	(void)state;
	buf_init(&script, 1 << 20);
	buf_init(&mail, 1 << 20);
	buf_append_string(&script, ALL);
	for (int i = 0; i <= SIEVE_EDITS_MAX; i++)
		buf_append_string(&script, "addheader \"Y\" \"1\";");
	play_begin(&p, MAIL);
	assert_int_equal(play_run(&p, &world, buf_string(&script)), SIEVE_FAILED);
	assert_view(p.outcome.failed_text, "the script changes the header of one message too often");
	play_done(&p);
	/* A stranger's message with many fields is no reason to fail. */
	for (int i = 0; i < 1500; i++)
		buf_append_string(&mail, "X: 1\r\n");
	buf_append_string(&mail, "\r\nbody");
	assert_becomes(buf_string(&mail), ALL "deleteheader \"X\";", "\r\nbody");
	buf_done(&script);
	buf_done(&mail);
}

static void refused(void **state)
{
	struct play p;

	(void)state;
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, ALL "addheader \"a b\" \"x\";"),
	    "2:11: the field name 'a b' is invalid: it has letters, digits and hyphens, 64 at most");
	play_done(&p);
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, ALL "deleteheader :last \"a\";"),
	    "2:14: the :last tag cannot be specified without the :index tag: it counts from the other end");
	play_done(&p);
	play_begin(&p, "");
	assert_string_equal(play_refused(&p, ALL "deleteheader;"),
	    "2:1: the command deleteheader needs 1 argument, but 0 "
	    "stand here; a string is missing: a header name");
	play_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adding),
	    cmocka_unit_test(injection),
	    cmocka_unit_test(long_values),
	    cmocka_unit_test(deleting),
	    cmocka_unit_test(tests_see_it),
	    cmocka_unit_test(versions),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
