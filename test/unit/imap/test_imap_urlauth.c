/* GENURLAUTH, URLFETCH and RESETKEY. */
#include "imap_fake.h"

#include "../unit.h"

#include "format/transfer.h"

#include <stdio.h>

static struct imap_fake f;

static int setup(void **state)
{
	(void)state;
	imap_fake_start(&f);
	imap_fake_add(&f, "", VIEW("Subject: one\r\n\r\nHello\r\n"));
	imap_fake_select(&f, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	imap_fake_stop(&f);
	return 0;
}

static void assert_has(const char *line, const char *expected)
{
	const char *said = imap_fake_say(&f, line);
	if (strstr(said, expected) == NULL)
		fail_msg("%s lacks %s", said, expected);
}

/* The URL that GENURLAUTH makes of this one. */
static void generate(const char *url, char made[400])
{
	char line[500];
	snprintf(line, sizeof line, "g GENURLAUTH \"%s\" INTERNAL\r\n", url);
	const char *said = imap_fake_say(&f, line);
	const char *first = strstr(said, "* GENURLAUTH \"");
	assert_non_null(first);
	first += strlen("* GENURLAUTH \"");
	const char *last = strchr(first, '"');
	assert_true(last - first < 400);
	memcpy(made, first, (size_t)(last - first));
	made[last - first] = '\0';
	assert_non_null(strstr(said, "g OK "));
}

static void assert_shows(const char *url, const char *shown)
{
	char line[500], expected[1000];
	snprintf(line, sizeof line, "u URLFETCH \"%s\"\r\n", url);
	snprintf(expected, sizeof expected, "* URLFETCH \"%s\" %s\r\nu OK ", url, shown);
	assert_has(line, expected);
}

static void a_url_shows_what_it_names(void **state)
{
	char whole[400], part[400];
	(void)state;
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=user+joe", whole);
	generate(
	    "imap://joe%40example.com@mx.example/INBOX/;uid=1/;section=TEXT/;partial=0.4;urlauth=authuser",
	    part);
	assert_shows(whole, "{23}\r\nSubject: one\r\n\r\nHello\r\n");
	assert_shows(part, "{4}\r\nHell");
	assert_int_equal(imap_fake_asked(&f, MAIL_METADATA_SET), 1);
}

static void a_changed_url_shows_nothing(void **state)
{
	char url[400];
	(void)state;
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=user+joe", url);
	url[strlen(url) - 1] = url[strlen(url) - 1] == '0' ? '1' : '0';
	assert_shows(url, "NIL");
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=user+ann", url);
	assert_shows(url, "NIL");
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=submit+joe", url);
	assert_shows(url, "NIL");
	generate("imap://joe@example.com/INBOX/;uid=1;expire=2026-11-27T00:00:00Z;urlauth=anonymous", url);
	assert_shows(url, "NIL");
	generate("imap://joe@example.com/INBOX/;uid=7;urlauth=anonymous", url);
	assert_shows(url, "NIL");
	assert_shows("imap://joe@example.com/INBOX/;uid=1;urlauth=user+joe", "NIL");
	assert_shows("no URL", "NIL");
}

static void a_new_key_takes_urls_back(void **state)
{
	char url[400], again[400];
	(void)state;
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=anonymous", url);
	assert_shows(url, "{23}\r\nSubject: one\r\n\r\nHello\r\n");
	assert_has("r RESETKEY INBOX INTERNAL\r\n", "r OK [URLMECH INTERNAL] ");
	assert_shows(url, "NIL");
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=anonymous", again);
	assert_string_not_equal(url, again);
	assert_shows(again, "{23}\r\nSubject: one\r\n\r\nHello\r\n");
}

static void assert_extended(const char *url, const char *as, const char *shown)
{
	char line[600], expected[1000];
	snprintf(line, sizeof line, "u URLFETCH (\"%s\"%s)\r\n", url, as);
	snprintf(expected, sizeof expected, "* URLFETCH \"%s\" %s\r\nu OK ", url, shown);
	assert_has(line, expected);
}

/* RFC 5524 */
static void a_url_shows_a_part_behind_its_encoding(void **state)
{
	char text[400], some[400], header[400], nul[400], odd[400], whole[400];
	(void)state;
	imap_fake_add(&f, "",
	    VIEW("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	         "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8sIHdvcmxk\r\n"
	         "--b\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi\r\n"
	         "--b\r\nContent-Transfer-Encoding: x-odd\r\n\r\n?\r\n--b--\r\n"));
	generate("imap://joe@example.com/INBOX/;uid=2/;section=1;urlauth=user+joe", text);
	generate("imap://joe@example.com/INBOX/;uid=2/;section=1/;partial=7.3;urlauth=user+joe", some);
	generate("imap://joe@example.com/INBOX/;uid=2/;section=2.MIME;urlauth=user+joe", header);
	generate("imap://joe@example.com/INBOX/;uid=2/;section=2;urlauth=user+joe", nul);
	generate("imap://joe@example.com/INBOX/;uid=2/;section=3;urlauth=user+joe", odd);
	generate("imap://joe@example.com/INBOX/;uid=1;urlauth=user+joe", whole);
	assert_extended(text, " BINARY", "(BINARY {12}\r\nHello, world)");
	assert_extended(text, " BODY", "(BODY {16}\r\nSGVsbG8sIHdvcmxk)");
	assert_extended(text, "", "(BODY {16}\r\nSGVsbG8sIHdvcmxk)");
	assert_extended(some, " BINARY", "(BINARY {3}\r\nwor)");
	assert_extended(header, " BINARY",
	    "(BINARY {60}\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n)");
	assert_extended(odd, " BINARY", "(BINARY NIL)");
	assert_extended(whole, " BINARY", "(BINARY {23}\r\nSubject: one\r\n\r\nHello\r\n)");
	assert_extended(text, " BODYPARTSTRUCTURE BINARY",
	    "(BODYPARTSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 12 0 NIL "
	    "NIL "
	    "NIL NIL)) (BINARY {12}\r\nHello, world)");
	assert_extended(nul, " BODYPARTSTRUCTURE",
	    "(BODYPARTSTRUCTURE (\"image\" \"x\" NIL NIL NIL \"base64\" 4 NIL NIL NIL NIL))");
	assert_extended(header, " BODYPARTSTRUCTURE", "NIL");
	assert_extended("imap://joe@example.com/INBOX/;uid=1;urlauth=user+joe", " BINARY", "NIL");
	char line[500];
	snprintf(line, sizeof line, "n URLFETCH (\"%s\" BINARY)\r\n", nul);
	imap_fake_say(&f, line);
	assert_non_null(
	    memmem(buf_view(&f.out).data, buf_view(&f.out).len, " (BINARY ~{3}\r\na\0b)\r\n", 20));
	assert_has("b URLFETCH (\"x\" BODY BINARY)\r\n", "b BAD ");
	assert_has("c URLFETCH (\"x\" OTHER)\r\n", "c BAD ");
	assert_has("d URLFETCH (\"x\" BODY\r\n", "d BAD ");
}

/* Of a mailbox that the session does not see store says what is shown, a piece at a time. */
static void a_url_of_anothers_shows_what_store_does(void **state)
{
	static const char part[] =
	    "imap://ann@example.com/INBOX/;uid=1/;section=1;urlauth=authuser:internal:01";
	static const char cut[] =
	    "imap://ann@example.com/INBOX/;uid=1/;section=1/;partial=7.3;urlauth=user+joe:internal:01";
	(void)state;
	assert_shows(part, "NIL");
	assert_extended(part, " BODYPARTSTRUCTURE BINARY", "NIL");
	f.piece = 5;
	f.shown = VIEW("SGVsbG8sIHdvcmxk");
	f.shown_encoding = TRANSFER_BASE64;
	assert_shows(part, "{16}\r\nSGVsbG8sIHdvcmxk");
	assert_extended(part, " BINARY", "(BINARY {12}\r\nHello, world)");
	assert_extended(cut, " BINARY", "(BINARY {3}\r\nwor)");
	f.shown_encoding = TRANSFER_UNKNOWN;
	assert_extended(part, " BINARY", "(BINARY NIL)");
	assert_int_equal(imap_fake_asked(&f, MAIL_METADATA), 0);
}

static void what_cannot_be_authorised_is_refused(void **state)
{
	(void)state;
	assert_has("a GENURLAUTH \"imap://joe@example.com/INBOX/;uid=1\" INTERNAL\r\n", "a BAD ");
	assert_has("b GENURLAUTH \"/INBOX/;uid=1;urlauth=anonymous\" INTERNAL\r\n", "b BAD ");
	assert_has(
	    "c GENURLAUTH \"imap://joe@example.com/INBOX/;uid=1;urlauth=anonymous\" OTHER\r\n", "c BAD ");
	assert_has(
	    "d GENURLAUTH \"imap://joe@example.com/None/;uid=1;urlauth=anonymous\" INTERNAL\r\n", "d NO ");
	assert_has(
	    "e GENURLAUTH \"imap://joe@elsewhere.example/INBOX/;uid=1;urlauth=anonymous\" INTERNAL\r\n",
	    "e NO ");
	assert_has("f GENURLAUTH\r\n", "f BAD ");
	assert_has("g URLFETCH\r\n", "g BAD ");
	assert_has("h RESETKEY None\r\n", "h NO ");
	f.read_error = -5;
	assert_has("i NOOP\r\n", "i OK ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_url_shows_what_it_names),
	    TEST(a_changed_url_shows_nothing),
	    TEST(a_new_key_takes_urls_back),
	    TEST(a_url_shows_a_part_behind_its_encoding),
	    TEST(a_url_of_anothers_shows_what_store_does),
	    TEST(what_cannot_be_authorised_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
