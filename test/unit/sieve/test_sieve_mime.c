/* Scripts that look into the parts of a message: RFC 5703, and the texts of RFC 5173 section 5.3. */
#include "sieve_script.h"

static const char mail[] = "From: ann@example.com\r\n"
                           "Subject: all\r\n"
                           "Cc: top@example.com\r\n"
                           "X-Part: root\r\n"
                           "Content-Type: multipart/mixed; boundary=o\r\n"
                           "\r\n"
                           "--o\r\n"
                           "Content-Type: multipart/alternative; boundary=i\r\n"
                           "X-Part: choice\r\n"
                           "\r\n"
                           "--i\r\n"
                           "Content-Type: text/plain; charset=iso-8859-1\r\n"
                           "Content-Transfer-Encoding: quoted-printable\r\n"
                           "X-Part: plain\r\n"
                           "\r\n"
                           "gr=FC=DFe\r\n"
                           "--i\r\n"
                           "Content-Type: text/html\r\n"
                           "X-Part: html\r\n"
                           "\r\n"
                           "<p>big &amp; <b>small</b></p>\r\n"
                           "--i--\r\n"
                           "--o\r\n"
                           "Content-Type: application/pdf; name*0*=us-ascii'en'inv%20; name*1=oice.pdf\r\n"
                           "Content-Disposition: attachment; filename=\"=?utf-8?q?=C3=A4.pdf?=\"\r\n"
                           "X-Part: file\r\n"
                           "\r\n"
                           "%PDF\r\n"
                           "--o\r\n"
                           "Content-Type: message/rfc822\r\n"
                           "X-Part: carrier\r\n"
                           "\r\n"
                           "Subject: inner\r\n"
                           "Cc: inner@example.com\r\n"
                           "X-Part: inner\r\n"
                           "\r\n"
                           "hello\r\n"
                           "--o--\r\n";

#define ALL                                                                                                  \
	"require [\"fileinto\", \"mime\", \"foreverypart\", \"extracttext\", \"variables\", "                \
	"\"relational\", "                                                                                   \
	"\"comparator-i;ascii-numeric\", \"index\", \"body\", \"imap4flags\", \"copy\"];\n"

static void assert_run(const char *script, const char *expected)
{
	char text[2000];

	snprintf(text, sizeof(text), ALL "%s", script);
	assert_script(text, VIEW(mail), NULL, expected);
}

static void assert_test(const char *test, bool expected)
{
	char script[1000];

	snprintf(script, sizeof(script), "if %s { keep; } else { discard; }", test);
	assert_run(script, expected ? "keep" : "discard");
}

/* Names of parts are gathered in ${all} by the text between these two. */
#define GATHER_NAMES "if header :mime :matches \"X-Part\" \"*\" { set \"all\" \"${all}/${1}\"; }"
#define AND_FILE " fileinto \"${all}\";"

static void every_part(void **state)
{
	(void)state;
	assert_run(
	    "foreverypart { " GATHER_NAMES " }" AND_FILE, "/root/choice/plain/html/file/carrier/inner");
	/* Within another one, the parts in that part, and not itself. */
	assert_run("foreverypart { if header :mime \"x-part\" \"choice\" { foreverypart { " GATHER_NAMES
	           " } } }" AND_FILE,
	    "/plain/html");
	assert_run("foreverypart { if header :mime \"x-part\" \"file\" { foreverypart { " GATHER_NAMES
	           " } } }"
	           " fileinto \"x${all}\";",
	    "x");
	/* Without :mime it is the message's own header everywhere. */
	assert_run(
	    "foreverypart { if header :matches \"X-Part\" \"*\" { set \"all\" \"${all}/${1}\"; } }" AND_FILE,
	    "/root/root/root/root/root/root/root");
	assert_run("foreverypart { stop; } discard;", "keep");
}

static void breaks(void **state)
{
	(void)state;
	assert_run("foreverypart { " GATHER_NAMES
	           " if header :mime \"x-part\" \"plain\" { break; } }" AND_FILE,
	    "/root/choice/plain");
	/* Out of the inner one, the outer one goes on; by its name the outer one ends, too. */
	assert_run("foreverypart :name \"o\" { " GATHER_NAMES " foreverypart { " GATHER_NAMES
	           " break; } }" AND_FILE,
	    "/root/choice/choice/plain/plain/html/file/carrier/inner/inner");
	assert_run("foreverypart :name \"o\" { " GATHER_NAMES " foreverypart { " GATHER_NAMES
	           " break :name \"o\"; } }" AND_FILE,
	    "/root/choice");
	assert_run("foreverypart { break; discard; } keep;", "keep");
}

static void headers(void **state)
{
	(void)state;
	assert_test("header :mime \"x-part\" \"root\"", true);
	assert_test("header :mime \"x-part\" \"html\"", false);
	assert_test("header :mime :anychild \"x-part\" \"html\"", true);
	assert_test("header :mime :anychild \"x-part\" \"inner\"", true);
	assert_test("header :mime :anychild :count \"eq\" \"x-part\" \"7\"", true);
	assert_test("header :mime :anychild :index 3 \"x-part\" \"plain\"", true);
	assert_test("header :mime :anychild :index 2 :last \"x-part\" \"carrier\"", true);
	assert_test("header :mime :type \"content-type\" \"multipart\"", true);
	assert_test("header :mime :anychild :subtype \"content-type\" \"pdf\"", true);
	assert_test("header :mime :anychild :contenttype \"content-type\" \"application/pdf\"", true);
	assert_test("header :mime :anychild :contenttype \"content-disposition\" \"attachment\"", true);
	assert_test("header :mime :anychild :type \"content-disposition\" \"attachment\"", true);
	assert_test("header :mime :anychild :subtype \"content-disposition\" \"\"", true);
	assert_test("header :mime :type \"subject\" \"\"", true); /* no field of those two: blank */
	assert_test("header :mime :anychild :param \"name\" \"content-type\" \"inv oice.pdf\"", true);
	assert_test(
	    "header :mime :anychild :param \"filename\" \"content-disposition\" \"\xc3\xa4.pdf\"", true);
	assert_test(
	    "header :mime :anychild :param [\"x\", \"charset\"] \"content-type\" \"ISO-8859-1\"", true);
	assert_test("header :mime :param \"radish\" \"content-type\" \"\"", false); /* it is not there */
	assert_test("exists :mime :anychild [\"x-part\", \"content-disposition\"]", true);
	assert_test("exists :mime \"content-disposition\"", false);
	assert_test("address :mime :anychild \"cc\" \"inner@example.com\"", true);
	assert_test("address :mime \"cc\" \"inner@example.com\"", false);
}

static void texts(void **state)
{
	(void)state;
	assert_run("foreverypart { extracttext \"t\"; if string :matches \"${t}\" \"*gr\xc3\xbc\xc3\x9f"
	           "e*\" { " GATHER_NAMES " } }" AND_FILE,
	    "/plain");
	assert_run(
	    "foreverypart { if header :mime \"x-part\" \"html\" { extracttext \"t\"; if string :contains "
	    "\"${t}\" \"big & small\" { fileinto \"no tags\"; } } }",
	    "no tags");
	assert_run("foreverypart { if header :mime \"x-part\" \"plain\" { extracttext :upper :first 3 \"t\"; "
	           "fileinto "
	           "\"${t}\"; } }",
	    "GR\xc3\xbc");
	assert_run("foreverypart { if header :mime \"x-part\" \"file\" { extracttext :length \"t\"; fileinto "
	           "\"${t}\"; } }",
	    "0"); /* it is no text */
	assert_test("body :text :contains \"big & small\"", true);
	assert_test("body :text :contains \"<b>\"", false);
	assert_test("body :text :contains \"%PDF\"", false);
	assert_test("body :text :contains \"hello\"", true);
	assert_test("body :content \"text/html\" :contains \"<b>\"", true);
}

/* What nobody shows as text is none: a type that is none, an encoding that nobody knows. */
static void no_texts(void **state)
{
	static const char *const fields[] = {"Content-Type: text/plain/stupid",
	    "Content-Transfer-Encoding: x-dance", "Content-Type: application/text"};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char message[200];

		snprintf(message, sizeof(message), "%s\r\n\r\nhello\r\n", fields[i]);
		assert_script("require \"body\"; if body :contains \"hello\" { discard; }",
		    view_from_string(message), NULL, "keep");
	}
	assert_script("require \"body\"; if body :contains \"hello\" { discard; }",
	    VIEW("Content-Type: text\r\n\r\nhello\r\n"), NULL, "discard");
}

/* RFC 5173 section 4: behind an empty line there is a body, be it empty; without one nothing can be found. */
static void no_body(void **state)
{
	(void)state;
	assert_script("require \"body\"; if body :raw :is \"\" { discard; }", VIEW("Subject: a\r\n\r\n"),
	    NULL, "discard");
	assert_script("require \"body\"; if body :text :is \"\" { discard; }", VIEW("Subject: a\r\n\r\n"),
	    NULL, "discard");
	assert_script("require \"body\"; if body :raw :contains \"\" { discard; }", VIEW("Subject: a\r\n"),
	    NULL, "keep");
	assert_script(
	    "require \"body\"; if body :text :contains \"\" { discard; }", VIEW("Subject: a"), NULL, "keep");
}

static void errors(void **state)
{
	(void)state;
	assert_script_errors(
	    "require \"foreverypart\"; break;", "1:25 break stands in no foreverypart that it could leave");
	assert_script_errors("require \"foreverypart\"; foreverypart :name \"a\" { break :name \"b\"; }",
	    "1:62 no foreverypart around this has the name 'b'");
	assert_script_errors(
	    "require \"foreverypart\"; foreverypart { foreverypart { foreverypart { foreverypart { "
	    "foreverypart { } } } } }",
	    "1:85 foreverypart stands in 4 others; more is not possible");
	assert_script_errors("require [\"extracttext\", \"variables\"];",
	    "1:9 the extension extracttext works only together with foreverypart: require that, too");
	assert_script_errors("require [\"extracttext\", \"variables\", \"foreverypart\"]; extracttext \"a\";",
	    "1:55 extracttext stands in no foreverypart, which would say whose text is meant");
	assert_script_errors("require \"mime\"; if header :anychild \"a\" \"b\" { }",
	    "1:27 :anychild needs :mime beside it: it looks into MIME fields");
	assert_script_errors("require \"mime\"; if header :mime :type :param \"a\" \"b\" \"c\" { }",
	    "1:39 :param cannot stand beside the tag of its kind that came before it");
	assert_script_errors("if header :mime \"a\" \"b\" { }",
	    "1:11 :mime is not known here: the script must begin with require \"mime\";");
}

/* Each test of each part takes a field apart; that takes no memory that stays. */
static void many_tests(void **state)
{
	struct buf message, script;

	(void)state;
	buf_init(&message, 1 << 20);
	buf_init(&script, 1 << 20);
	buf_append_string(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 450; i++)
		buf_append_string(&message, "--b\r\nContent-Type: text/x-part; name=\"a part of many\"; "
		                            "charset=utf-8\r\n\r\nhello\r\n");
	buf_append_string(&message, "--b--\r\n");
	buf_append_string(&script, "require [\"mime\", \"foreverypart\"]; foreverypart {");
	for (int i = 0; i < 100; i++)
		buf_append_string(
		    &script, "if header :mime :param \"name\" \"content-type\" \"z\" { discard; }\n");
	buf_append_string(&script, "}");
	assert_script(buf_string(&script), buf_view(&message), NULL, "keep");
	buf_done(&message);
	buf_done(&script);
}

/* Thousands of parts in loops of loops: the work has an end, and the mail is kept. */
static void many_parts(void **state)
{
	struct buf message;

	(void)state;
	buf_init(&message, 1 << 20);
	buf_append_string(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 4000; i++)
		buf_append_string(&message, "--b\r\nX-Part: a\r\n\r\nhello\r\n");
	buf_append_string(&message, "--b--\r\n");
	assert_script(ALL "foreverypart { if header :mime :anychild \"x-part\" \"z\" { discard; } }",
	    buf_view(&message), NULL, "keep");
	assert_script(ALL
	    "foreverypart { set \"a\" \"${a}x\"; foreverypart { set \"a\" \"${a}x\"; foreverypart { set "
	    "\"a\" \"x${a}\"; } } } set :length \"n\" \"${a}\"; fileinto \"${n}\";",
	    buf_view(&message), NULL, "999");
	/* Each loop asks all parts at each part: the product of it all is too much. */
	assert_script(ALL
	    "foreverypart { if header :mime \"content-type\" :contains \"multi\" { foreverypart { set "
	    ":upper \"b\" \"${b}${b}${b}yy\"; extracttext \"t\"; set \"c\" \"${b}${b}${c}\"; } } }",
	    buf_view(&message), NULL, "line 2: the script takes more memory than a script may have");
	buf_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_part),
	    cmocka_unit_test(breaks),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(no_texts),
	    cmocka_unit_test(no_body),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(many_tests),
	    cmocka_unit_test(many_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
