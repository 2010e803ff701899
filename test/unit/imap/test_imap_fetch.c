/* FETCH: its items, and from what each is answered. */
#include "imap_fake.h"

#include "../unit.h"

#include <errno.h>

#include "mail/mail.h"

static struct imap_fake f;

static const char *const prefix = "Return-Path: <x@y>\r\n";

static const char *const simple = "From: Ann <ann@example.com>\r\n"
                                  "Subject: hello\r\n"
                                  "X-Note: a note\r\n\r\n"
                                  "first line\r\nsecond line\r\n";

static const char *const nested = "Subject: outer\r\nMIME-Version: 1.0\r\n"
                                  "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
                                  "--b\r\n"
                                  "Content-Transfer-Encoding: base64\r\n\r\n"
                                  "aGVsbG8g\r\nd29ybGQ=\r\n"
                                  "\r\n--b\r\n"
                                  "Content-Type: message/rfc822\r\n\r\n"
                                  "Subject: inner\r\nFrom: bob@example.com\r\n\r\ninner text\r\n"
                                  "\r\n--b\r\n"
                                  "Content-Type: application/x\r\n"
                                  "Content-Transfer-Encoding: x-unknown\r\n\r\n"
                                  "??\r\n--b--\r\n";

static int setup(void **state)
{
	(void)state;
	imap_fake_start(&f);
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

static void assert_has(const char *line, const char *expected)
{
	const char *said = imap_fake_say(&f, line);
	if (strstr(said, expected) == NULL)
		fail_msg("%s lacks %s", said, expected);
}

static void two_messages(const char *enable)
{
	imap_fake_add(&f, prefix, view_from_string(simple));
	imap_fake_add(&f, "", view_from_string(nested));
	imap_fake_select(&f, enable);
}

static void simple_items_need_no_body(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 1 (FLAGS UID INTERNALDATE RFC822.SIZE MODSEQ EMAILID THREADID SAVEDATE)\r\n",
	    "* OK [HIGHESTMODSEQ 12] the highest\r\n* 1 FETCH (FLAGS () UID 1 INTERNALDATE \"28-Nov-2026 "
	    "01:04:05 +0000\" RFC822.SIZE 108 MODSEQ (11) "
	    "EMAILID (E1f-101) THREADID (T1f-201) SAVEDATE \"28-Nov-2026 01:04:06 +0000\")\r\n"
	    "a OK FETCH completed\r\n");
	assert_says("b UID FETCH 2 FLAGS\r\n", "* 2 FETCH (UID 2 FLAGS ())\r\nb OK FETCH completed\r\n");
	assert_says("c UID FETCH 2 UID\r\n", "* 2 FETCH (UID 2)\r\nc OK FETCH completed\r\n");
	assert_says("d UID FETCH 7:9 UID\r\n", "d OK FETCH completed\r\n");
	assert_false(
	    f.wanted & (MAIL_WANT_BODY | MAIL_WANT_HEADER | MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE));
}

static void envelope_structure_and_preview_need_no_body(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 1 ENVELOPE\r\n",
	    "* 1 FETCH (ENVELOPE (NIL \"hello\" ((\"Ann\" NIL \"ann\" \"example.com\")) "
	    "((\"Ann\" NIL \"ann\" \"example.com\")) ((\"Ann\" NIL \"ann\" \"example.com\")) NIL NIL NIL NIL "
	    "NIL))\r\n"
	    "a OK FETCH completed\r\n");
	assert_says("b FETCH 1 (BODY BODYSTRUCTURE PREVIEW)\r\n",
	    "* 1 FETCH (BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 25 2) BODYSTRUCTURE (\"text\" "
	    "\"plain\" NIL NIL NIL "
	    "\"7bit\" 25 2 NIL NIL NIL NIL) PREVIEW \"first line second line\")\r\nb OK FETCH completed\r\n");
	assert_says("c FETCH 1 (PREVIEW (LAZY))\r\n",
	    "* 1 FETCH (PREVIEW \"first line second line\")\r\nc OK FETCH completed\r\n");
	assert_false(f.wanted & (MAIL_WANT_BODY | MAIL_WANT_HEADER));
}

static void macros_stand_for_their_items(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 1 FAST\r\n",
	    "* 1 FETCH (FLAGS () INTERNALDATE \"28-Nov-2026 01:04:05 +0000\" RFC822.SIZE "
	    "108)\r\na OK FETCH completed\r\n");
	assert_has("b FETCH 1 all\r\n", " RFC822.SIZE 108 ENVELOPE (");
	assert_has("c FETCH 1 FULL\r\n", " BODY (\"text\"");
	assert_has("d FETCH 1 (FULL)\r\n", "d BAD ");
}

static void sections_of_the_header_need_no_body(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 1 BODY.PEEK[HEADER.FIELDS (subject X-NOTE)]\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS (subject X-NOTE)] {34}\r\nSubject: hello\r\nX-Note: a "
	    "note\r\n\r\n)\r\n"
	    "a OK FETCH completed\r\n");
	assert_says("b FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (from return-path)]<9.5>\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS.NOT (from return-path)]<9> {5}\r\nhello)\r\nb OK FETCH "
	    "completed\r\n");
	assert_says("c FETCH 1 RFC822.HEADER\r\n",
	    "* 1 FETCH (RFC822.HEADER {83}\r\nReturn-Path: <x@y>\r\nFrom: Ann <ann@example.com>\r\n"
	    "Subject: hello\r\nX-Note: a note\r\n\r\n)\r\nc OK FETCH completed\r\n");
	assert_says("d FETCH 1 BODY.PEEK[HEADER.FIELDS (none)]\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS (none)] {2}\r\n\r\n)\r\nd OK FETCH completed\r\n");
	assert_false(f.wanted & MAIL_WANT_BODY);
	assert_int_equal(imap_fake_asked(&f, MAIL_STORE), 0);
}

static void a_body_becomes_seen(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 1 BODY[TEXT]\r\n", "* 1 FETCH (BODY[TEXT] {25}\r\nfirst line\r\nsecond line\r\n "
	                                        "FLAGS (\\Seen))\r\na OK FETCH completed\r\n");
	assert_int_equal(f.messages[0].flags, FLAG_SEEN);
	assert_says("b FETCH 1 (FLAGS BODY[TEXT]<6.4>)\r\n",
	    "* 1 FETCH (FLAGS (\\Seen) BODY[TEXT]<6> {4}\r\nline)\r\nb OK FETCH completed\r\n");
	assert_int_equal(imap_fake_asked(&f, MAIL_STORE), 1);
	/* A client that follows MODSEQ is told the new one. */
	imap_fake_say(&f, "c FETCH 1 MODSEQ\r\n");
	assert_has("d FETCH 2 RFC822.TEXT\r\n", "* 2 FETCH (FLAGS (\\Seen) MODSEQ (14))\r\nd OK");
}

static void examine_sets_nothing_seen(void **state)
{
	(void)state;
	two_messages(NULL);
	imap_fake_say(&f, "x EXAMINE INBOX\r\n");
	assert_says(
	    "a FETCH 1 BODY[1]<0.5>\r\n", "* 1 FETCH (BODY[1]<0> {5}\r\nfirst)\r\na OK FETCH completed\r\n");
	assert_int_equal(f.messages[0].flags, 0);
	assert_has("b STORE 1 +FLAGS (\\Seen)\r\n", "b NO [NOPERM] ");
	assert_has("c EXPUNGE\r\n", "c NO [NOPERM] ");
}

static void parts_are_found_behind_the_prefix(void **state)
{
	(void)state;
	imap_fake_add(&f, prefix, view_from_string(nested));
	imap_fake_select(&f, NULL);
	assert_has(
	    "a FETCH 1 BODY.PEEK[]<0.28>\r\n", "BODY[]<0> {28}\r\nReturn-Path: <x@y>\r\nSubject:)\r\n");
	assert_has("b FETCH 1 BODY.PEEK[1]\r\n", "BODY[1] {20}\r\naGVsbG8g\r\nd29ybGQ=\r\n)\r\n");
	assert_has("c FETCH 1 BODY.PEEK[1.MIME]\r\n",
	    "BODY[1.MIME] {37}\r\nContent-Transfer-Encoding: base64\r\n\r\n)\r\n");
	assert_has("d FETCH 1 BODY.PEEK[2.HEADER]\r\n",
	    "BODY[2.HEADER] {41}\r\nSubject: inner\r\nFrom: bob@example.com\r\n\r\n)\r\n");
	assert_has("e FETCH 1 BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]\r\n",
	    "BODY[2.HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: inner\r\n\r\n)\r\n");
	assert_has("f FETCH 1 BODY.PEEK[2.TEXT]\r\n", "BODY[2.TEXT] {12}\r\ninner text\r\n)\r\n");
	assert_has("g FETCH 1 BODY.PEEK[2.1]\r\n", "BODY[2.1] {12}\r\ninner text\r\n)\r\n");
	assert_has("h FETCH 1 (BODY.PEEK[7] BODY.PEEK[1.TEXT] BODY.PEEK[2.1.1])\r\n",
	    "(BODY[7] NIL BODY[1.TEXT] NIL BODY[2.1.1] NIL)\r\n");
	assert_has("i FETCH 1 BODY.PEEK[TEXT]<100000.5>\r\n", "BODY[TEXT]<100000> {0}\r\n)\r\n");
}

static void binary_stands_without_its_encoding(void **state)
{
	(void)state;
	two_messages(NULL);
	assert_says("a FETCH 2 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<6.3>)\r\n",
	    "* 2 FETCH (BINARY.SIZE[1] 11 BINARY[1] {11}\r\nhello world BINARY[1]<6> {3}\r\nwor)\r\n"
	    "a OK FETCH completed\r\n");
	assert_says("b FETCH 2 (BINARY.PEEK[2.1] BINARY.SIZE[2])\r\n",
	    "* 2 FETCH (BINARY[2.1] {12}\r\ninner text\r\n BINARY.SIZE[2] 53)\r\nb OK FETCH completed\r\n");
	assert_says("c FETCH 2 BINARY.PEEK[3]\r\n",
	    "* 2 FETCH (BINARY[3] NIL)\r\n"
	    "c NO [UNKNOWN-CTE] A part has a content transfer encoding that is not known.\r\n");
	assert_says(
	    "d FETCH 2 BINARY.SIZE[9]\r\n", "* 2 FETCH (BINARY.SIZE[9] 0)\r\nd OK FETCH completed\r\n");
}

static void a_nul_is_shown_by_binary_alone(void **state)
{
	(void)state;
	imap_fake_add(&f, "", VIEW("Content-Transfer-Encoding: base64\r\n\r\nYQBi\r\n"));
	imap_fake_add(&f, "", VIEW("Content-Transfer-Encoding: binary\r\n\r\na\0b"));
	imap_fake_select(&f, NULL);
	imap_fake_say(&f, "a FETCH 1 BINARY.PEEK[1]\r\n");
	assert_memory_equal(buf_view(&f.out).data, "* 1 FETCH (BINARY[1] ~{3}\r\na\0b)\r\n", 33);
	assert_has("b FETCH 2 BODY.PEEK[1]\r\n", "BODY[1] {3}\r\na\200b)\r\n");
}

/* Line ends are mended for everybody but BINARY. */
static void binary_shows_what_was_sent(void **state)
{
	(void)state;
	imap_fake_add(&f, prefix, VIEW("Content-Transfer-Encoding: binary\r\n\r\na\nb"));
	f.messages[0].flags = FLAG_BINARY;
	imap_fake_select(&f, NULL);
	assert_has("a FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n",
	    "(BINARY.SIZE[1] 3 BINARY[1] ~{3}\r\na\nb)\r\na OK");
	buf_append(&f.messages[0].text, VIEW("\0"));
	imap_fake_say(&f, "z FETCH 1 BINARY.PEEK[1]\r\n");
	assert_memory_equal(buf_view(&f.out).data, "* 1 FETCH (BINARY[1] ~{4}\r\na\nb\0)", 32);
	buf_truncate(&f.messages[0].text, buf_view(&f.messages[0].text).len - 1);
	assert_has("b FETCH 1 (BINARY.PEEK[]<18.100> UID)\r\n", "BINARY[]<18> ~{42}\r\n\r\nContent-");
	assert_has("c FETCH 1 BODY.PEEK[1]\r\n", "BODY[1] {5}\r\na\nb\r\n)\r\n");
	assert_has("d FETCH 1 (BODY BINARY.PEEK[1])\r\n", "\"binary\" 5 2) BINARY[1] {5}\r\n");
}

/* A summary that is cut gives way to the header, one that cannot be read too. */
static void a_cut_summary_is_not_shown(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 100000);
	buf_append_string(&text, "To: ");
	for (int i = 0; i < 60; i++)
		buf_printf(&text, "%sa%d@example.com", i ? ",\r\n " : "", i);
	buf_append_string(&text, "\r\n\r\nbody\r\n");
	imap_fake_add(&f, "", buf_view(&text));
	imap_fake_add(&f, "", view_from_string(simple));
	buf_clear(&f.messages[1].summary);
	buf_append_string(&f.messages[1].summary, "\377 not one");
	imap_fake_select(&f, NULL);
	assert_has("a FETCH 1 ENVELOPE\r\n", "(NIL NIL \"a59\" \"example.com\")) NIL NIL");
	assert_has("b FETCH 2 ENVELOPE\r\n", "\"hello\" ((\"Ann\"");
	assert_false(f.wanted & MAIL_WANT_BODY);
	assert_has("c FETCH 2 PREVIEW\r\n", "PREVIEW \"first line second line\"");
	buf_done(&text);
}

/* A header that is too large to come with others is read from the message. */
static void a_large_header_is_read_on_its_own(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 100000);
	buf_append_string(&text, "Subject: s\r\nTo: ");
	for (int i = 0; i < 1500; i++)
		buf_printf(&text, "%sa%d@example.com", i ? ",\r\n " : "", i);
	buf_append_string(&text, "\r\nX: y\r\n\r\nbody\r\n");
	imap_fake_add(&f, prefix, buf_view(&text));
	imap_fake_select(&f, NULL);
	assert_has("a FETCH 1 (ENVELOPE UID)\r\n",
	    "(NIL NIL \"a1499\" \"example.com\")) NIL NIL NIL NIL) UID 1)\r\na OK");
	assert_has("b FETCH 1 BODY.PEEK[HEADER.FIELDS (X)]\r\n",
	    "BODY[HEADER.FIELDS (X)] {8}\r\nX: y\r\n\r\n)\r\nb OK");
	assert_has("c FETCH 1 BODY.PEEK[HEADER]<0.20>\r\n",
	    "BODY[HEADER]<0> {20}\r\nReturn-Path: <x@y>\r\n)\r\nc OK");
	buf_clear(&f.messages[0].structure);
	assert_has("d FETCH 1 (ENVELOPE BODY[1])\r\n",
	    "\"a1499\" \"example.com\")) NIL NIL NIL NIL) BODY[1] {6}\r\nbody\r\n");
	buf_done(&text);
}

static void a_structure_that_cannot_be_read_is_made_anew(void **state)
{
	(void)state;
	two_messages(NULL);
	buf_clear(&f.messages[1].structure);
	buf_append_string(&f.messages[1].structure, "\377 of a later version");
	assert_has("a FETCH 2 BODY\r\n",
	    "BODY ((\"text\" \"plain\" NIL NIL NIL \"base64\" 20 2)(\"message\" \"rfc822\"");
	assert_has("b FETCH 2 BODY.PEEK[2.TEXT]\r\n", "BODY[2.TEXT] {12}\r\ninner text\r\n)\r\n");
	assert_has("c FETCH 2 (BINARY.PEEK[1] UID)\r\n", "(BINARY[1] {11}\r\nhello world UID 2)\r\nc OK");
}

/* A large message: a multipart whose first part is base64 of "0123456789abcdef" over and over. */
static void add_large(void)
{
	struct buf text;
	buf_init(&text, 900000);
	buf_append_string(&text, "Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	                         "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	for (int i = 0; i < 12000; i++)
		buf_append_string(
		    &text, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\n");
	buf_append_string(&text, "--b\r\n\r\nsecond\r\n--b--\r\n");
	imap_fake_add(&f, prefix, buf_view(&text));
	buf_done(&text);
}

static void large_messages_are_read_in_pieces(void **state)
{
	(void)state;
	add_large();
	imap_fake_add(&f, "", view_from_string(simple));
	imap_fake_select(&f, NULL);
	assert_has("a FETCH 1 (BODY.PEEK[] UID)\r\n", "--b--\r\n UID 1)\r\na OK FETCH completed\r\n");
	assert_int_equal(imap_fake_asked(&f, MAIL_READ), 1);
	assert_has("b FETCH 1 BODY.PEEK[2]\r\n", "BODY[2] {6}\r\nsecond)\r\n");
	assert_has("c FETCH 1 BODY.PEEK[1]<2.6>\r\n", "BODY[1]<2> {6}\r\nEyMzQ1)\r\n");
	assert_has("d FETCH 1 BINARY.SIZE[1]\r\n", "BINARY.SIZE[1] 576000)\r\n");
	assert_has("e FETCH 1 BINARY.PEEK[1]<570002.5>\r\n", "BINARY[1]<570002> {5}\r\n23456)\r\n");
	assert_has("f FETCH 1 BINARY.PEEK[1]<575998.100>\r\n", "BINARY[1]<575998> {2}\r\nef)\r\n");
	assert_has("g FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n", "{18}\r\nSubject: large\r\n\r\n)\r\n");
	assert_has(
	    "h FETCH 1 BODY.PEEK[1.MIME]\r\n", "{37}\r\nContent-Transfer-Encoding: base64\r\n\r\n)\r\n");
	/* Those that come with their entries are written first. */
	assert_has("i FETCH 1:2 BODY[]<0.6>\r\n", "* 2 FETCH (BODY[]<0> {6}\r\nFrom:  FLAGS (\\Seen))\r\n* 1 "
	                                          "FETCH (BODY[]<0> {6}\r\nReturn FLAGS (\\Seen))\r\n");
	assert_int_equal(imap_fake_asked(&f, MAIL_STORE), 1);
	assert_true(f.messages[0].flags & FLAG_SEEN && f.messages[1].flags & FLAG_SEEN);
}

static void a_large_structure_that_cannot_be_read_is_made_anew(void **state)
{
	(void)state;
	add_large();
	buf_clear(&f.messages[0].structure);
	imap_fake_select(&f, NULL);
	assert_has("a FETCH 1 (BODY BODY.PEEK[2])\r\n",
	    "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 6 1) \"mixed\") BODY[2] "
	    "{6}\r\nsecond)\r\n");
}

/* An error before the first octet costs the item, one in the middle the connection: the literal is promised.
 */
static void a_read_that_fails_never_breaks_the_protocol(void **state)
{
	(void)state;
	add_large();
	imap_fake_select(&f, NULL);
	f.read_error = -EIO;
	assert_has("a FETCH 1 (BODY.PEEK[] UID)\r\n", "* 1 FETCH (BODY[] NIL UID 1)\r\na NO [UNAVAILABLE] ");
	assert_has(
	    "b FETCH 1 (BINARY.PEEK[1] UID)\r\n", "* 1 FETCH (BINARY[1] NIL UID 1)\r\nb NO [UNAVAILABLE] ");
	f.read_error = 0;
	assert_has("c FETCH 1 BODY.PEEK[2]\r\n", "{6}\r\nsecond)\r\nc OK");
	f.read_error = -EIO;
	f.read_error_at = 5000;
	assert_has("d FETCH 1 BODY.PEEK[]\r\n", "* BYE [UNAVAILABLE] ");
	assert_true(f.closed);
}

static void what_others_expunged_is_missed(void **state)
{
	(void)state;
	two_messages(NULL);
	f.messages[0].gone = true;
	assert_says("a FETCH 1:2 UID\r\n",
	    "* 2 FETCH (UID 2)\r\na NO [EXPUNGEISSUED] Some of these messages have been expunged.\r\n");
	assert_says("b UID FETCH 1:2 UID\r\n", "* 2 FETCH (UID 2)\r\nb OK FETCH completed\r\n");
}

static void changed_since_and_vanished(void **state)
{
	(void)state;
	two_messages("QRESYNC");
	imap_fake_add(&f, "", view_from_string(simple));
	imap_fake_say(&f, "n NOOP\r\n");
	assert_says("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 11)\r\n",
	    "* 2 FETCH (UID 2 FLAGS () MODSEQ (12))\r\n* 3 FETCH (UID 3 FLAGS () MODSEQ (13))\r\na OK FETCH "
	    "completed\r\n");
	imap_fake_say(&f, "s STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
	imap_fake_say(&f, "x EXPUNGE\r\n");
	assert_has("b UID FETCH 1:5 UID (CHANGEDSINCE 13 VANISHED)\r\n", "* VANISHED (EARLIER) 1\r\nb OK");
	assert_has("c FETCH 1 UID (CHANGEDSINCE 13 VANISHED)\r\n", "c BAD ");
}

static void partial_takes_a_window(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		imap_fake_add(&f, "", view_from_string(simple));
	imap_fake_select(&f, NULL);
	assert_says("a UID FETCH 1:* UID (PARTIAL -1:-2)\r\n",
	    "* 4 FETCH (UID 4)\r\n* 5 FETCH (UID 5)\r\na OK FETCH completed\r\n");
	assert_says("b UID FETCH 1:* UID (PARTIAL 2:3)\r\n",
	    "* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\nb OK FETCH completed\r\n");
	assert_says("c UID FETCH 1:* UID (PARTIAL 7:9)\r\n", "c OK FETCH completed\r\n");
	assert_says(
	    "d UID FETCH 1:* UID (PARTIAL -5:-100)\r\n", "* 1 FETCH (UID 1)\r\nd OK FETCH completed\r\n");
	assert_has("e UID FETCH 1:* UID (PARTIAL 0:9)\r\n", "e BAD ");
}

static void uid_only_names_uids(void **state)
{
	(void)state;
	imap_fake_add(&f, "", view_from_string(simple));
	imap_fake_add(&f, "", view_from_string(simple));
	f.messages[0].gone = true;
	imap_fake_select(&f, "UIDONLY");
	assert_says("a UID FETCH 1:* (FLAGS)\r\n", "* 2 UIDFETCH (FLAGS ())\r\na OK FETCH completed\r\n");
	assert_has("b FETCH 1 FLAGS\r\n", "b BAD [UIDREQUIRED]");
}

static void what_cannot_be_read_is_bad(void **state)
{
	static const char *const wrong[] = {"FETCH 1", "FETCH 1 ()", "FETCH 1 NOTHING", "FETCH 1 BODY[",
	    "FETCH 1 BODY[1.]", "FETCH 1 BODY[0]", "FETCH 1 BODY[1..2]", "FETCH 1 BODY[MIME]",
	    "FETCH 1 BODY[HEADER.FIELDS]", "FETCH 1 BODY[HEADER.FIELDS ()]", "FETCH 1 BODY[TEXT]<0>",
	    "FETCH 1 BODY[TEXT]<0.0>", "FETCH 1 BODY[1TEXT]", "FETCH 1 BODY[.TEXT]", "FETCH 1 BINARY[TEXT]",
	    "FETCH 1 BINARY.SIZE[1]<0.1>", "FETCH 1 (FLAGS", "FETCH 3 FLAGS", "FETCH 1 FLAGS (NOSUCH)",
	    "FETCH 1 PREVIEW (EAGER)", "FETCH 1 RFC822.NONE", "FETCH 1  FLAGS", "FETCH 1 FLAGS "};
	(void)state;
	two_messages(NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf line;
		buf_init(&line, 200);
		buf_printf(&line, "a %s\r\n", wrong[i]);
		const char *said = imap_fake_say(&f, buf_string(&line));
		if (strncmp(said, "a BAD ", 6) != 0)
			fail_msg("%s: %s", wrong[i], said);
		buf_done(&line);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(simple_items_need_no_body),
	    TEST(envelope_structure_and_preview_need_no_body),
	    TEST(macros_stand_for_their_items),
	    TEST(sections_of_the_header_need_no_body),
	    TEST(a_body_becomes_seen),
	    TEST(examine_sets_nothing_seen),
	    TEST(parts_are_found_behind_the_prefix),
	    TEST(binary_stands_without_its_encoding),
	    TEST(a_nul_is_shown_by_binary_alone),
	    TEST(binary_shows_what_was_sent),
	    TEST(a_cut_summary_is_not_shown),
	    TEST(a_large_header_is_read_on_its_own),
	    TEST(a_structure_that_cannot_be_read_is_made_anew),
	    TEST(large_messages_are_read_in_pieces),
	    TEST(a_large_structure_that_cannot_be_read_is_made_anew),
	    TEST(a_read_that_fails_never_breaks_the_protocol),
	    TEST(what_others_expunged_is_missed),
	    TEST(changed_since_and_vanished),
	    TEST(partial_takes_a_window),
	    TEST(uid_only_names_uids),
	    TEST(what_cannot_be_read_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
