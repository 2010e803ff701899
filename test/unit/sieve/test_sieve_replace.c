/* Scripts that change parts of a message, or put it into another one: RFC 5703 sections 5 and 6. */
#include "sieve_script.h"

static const char mail[] = "From: ann@example.com\r\n"
                           "Subject: all\r\n"
                           "X-Kept: yes\r\n"
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: multipart/mixed; boundary=o\r\n"
                           "\r\n"
                           "before\r\n"
                           "--o\r\n"
                           "Content-Type: multipart/alternative; boundary=i\r\n"
                           "\r\n"
                           "--i\r\n"
                           "Content-Type: text/plain\r\n"
                           "\r\n"
                           "hello\r\n"
                           "--i\r\n"
                           "Content-Type: text/html\r\n"
                           "\r\n"
                           "<p>hello</p>\r\n"
                           "--i--\r\n"
                           "--o\r\n"
                           "Content-Type: application/pdf; name=a.pdf\r\n"
                           "\r\n"
                           "%PDF\r\n"
                           "--o--\r\n"
                           "behind\r\n";

#define ALL                                                                                                  \
	"require [\"fileinto\", \"mime\", \"foreverypart\", \"extracttext\", \"variables\", \"replace\", "   \
	"\"enclose\", \"editheader\", \"body\", \"copy\"];\n"

static struct arena compiled, arena;
static struct sieve_outcome outcome;
static struct sieve_message message;

static const struct view owner = {"joe@example.org", 15};
static const struct sieve_world world = {.ask = script_knows_nothing,
    .addresses = &owner,
    .address_count = 1,
    .now = 1715000000,
    .subaddress = {"+", 1}};

static enum sieve_result run(const char *script, const char *octets)
{
	static struct sieve_errors errors;
	static const struct sieve_language language;
	struct sieve_program program;
	char text[4000];

	arena_reset(&compiled);
	sieve_message_done(&message);
	arena_reset(&arena);
	sieve_errors_init(&errors);
	snprintf(text, sizeof(text), ALL "%s", script);
	if (!sieve_compile(view_from_string(text), &language, &compiled, &errors, &program))
		fail_msg("%.*s", VIEW_FMT(errors.items[0].text));
	sieve_message_init(&message, view_from_string(octets), &arena);
	message.recipient = owner;
	sieve_errors_done(&errors);
	return sieve_run(&program, &message, &world, &arena, &outcome);
}

static void put(const struct sieve_version *version, struct buf *out)
{
	buf_clear(out);
	if (!version)
		buf_append(out, message.bytes);
	for (size_t i = 0; version && i < version->count; i++)
		buf_append(out, version->pieces[i]);
}

/* What action number `i` stores or sends, of which each of the texts must be a part, in their order. */
static void assert_holds(size_t i, const char *const *texts)
{
	struct buf octets;
	struct view rest;

	assert_true(i < outcome.count);
	buf_init(&octets, 1 << 20);
	put(outcome.actions[i].version, &octets);
	rest = buf_view(&octets);
	for (; *texts; texts++) {
		const char *at = memmem(rest.data, rest.len, *texts, strlen(*texts));

		if (!at)
			fail_msg("'%s' is not in:\n%.*s", *texts, VIEW_FMT(buf_view(&octets)));
		rest = view_skip(rest, (size_t)(at - rest.data) + strlen(*texts));
	}
	buf_done(&octets);
}

#define HOLDS(i, ...) assert_holds(i, (const char *const[]){__VA_ARGS__, NULL})

static void parts(void **state)
{
	(void)state;
	assert_int_equal(run("foreverypart { if header :mime :type \"content-type\" \"application\" { "
	                     "replace \"gone\"; } }",
	                     mail),
	    SIEVE_DONE);
	HOLDS(0, "From: ann@example.com\r\nSubject: all\r\n", "boundary=o\r\n\r\nbefore\r\n--o\r\n",
	    "<p>hello</p>\r\n--i--\r\n--o\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\n\r\ngone\r\n--o--\r\nbehind\r\n");
	/* A multipart goes with its parts, and the loop does not go into them. */
	run("foreverypart { set \"n\" \"${n}x\"; if header :mime :subtype \"content-type\" \"alternative\" { "
	    "replace "
	    "\"one text\"; } } fileinto \"${n}\";",
	    mail);
	assert_view(outcome.actions[0].target, "xxx");
	HOLDS(
	    0, "before\r\n--o\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none text\r\n--o\r\n", "%PDF");
	/* What replaces is seen by later tests. */
	run("foreverypart { if header :mime :subtype \"content-type\" \"html\" { extracttext :upper \"t\"; "
	    "replace "
	    "\"${t}\"; } } if body :contains \"HELLO\" { fileinto \"seen\"; }",
	    mail);
	assert_view(outcome.actions[0].target, "seen");
	/* Twice, and with an edited header: all of it is there. */
	run("addheader \"X-New\" \"1\"; foreverypart { if header :mime :type \"content-type\" \"text\" { "
	    "replace \"t\"; } } "
	    "addheader :last \"X-Last\" \"2\"; keep;",
	    mail);
	HOLDS(0, "X-New: 1\r\nFrom:", "X-Last: 2\r\n\r\nbefore\r\n",
	    "--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nt\r\n--i\r\n", "\r\n\r\nt\r\n--i--\r\n",
	    "%PDF\r\n--o--\r\nbehind\r\n");
}

static void entities(void **state)
{
	(void)state;
	run("foreverypart { if header :mime :type \"content-type\" \"application\" { replace :mime "
	    "\"Content-Type: "
	    "text/html\nX-Evil: 1\n\n<h1>gone</h1>\"; } }",
	    mail);
	HOLDS(0, "--o\r\nContent-Type: text/html\r\n\r\n<h1>gone</h1>\r\n--o--\r\n");
	run("replace :subject \"Gr\xc3\xbc\xc3\x9f"
	    "e\" :from \"Joe <joe@example.org>\" \"All\nof it\";",
	    mail);
	HOLDS(0,
	    "Original-From: ann@example.com\r\nOriginal-Subject: all\r\nX-Kept: yes\r\nFrom: Joe "
	    "<joe@example.org>\r\nSubject: =?",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nAll\r\nof it");
	run("replace \"caf\xc3\xa9\"; if body :contains \"caf\xc3\xa9\" { fileinto \"x\"; }", mail);
	assert_view(outcome.actions[0].target, "x");
	HOLDS(0, "Content-Transfer-Encoding: base64\r\n\r\n");
}

static void enclosed(void **state)
{
	(void)state;
	run("enclose :headers [\"X-Kept\", \"From\"] \"Beware.\"; redirect :copy \"a@example.net\"; keep;",
	    mail);
	assert_int_equal(outcome.count, 2);
	assert_null(outcome.actions[0].version); /* what is redirected is not enclosed */
	HOLDS(1, "From: ann@example.com\r\nSubject: all\r\nX-Kept: yes\r\nDate: Mon, 6 May 2024",
	    "Message-ID: <sieve.",
	    "@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_sieve_",
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nBeware.\r\n--=_sieve_",
	    "Content-Type: message/rfc822\r\n\r\nFrom: ann", "behind\r\n\r\n--=_sieve_");
	/* Tests look at the new message; twice is twice. */
	run("enclose :subject \"one\" \"1\"; enclose :subject \"two\" \"2\"; foreverypart { set \"n\" "
	    "\"${n}x\"; } if header "
	    "\"subject\" \"two\" { fileinto \"${n}\"; }",
	    mail);
	assert_view(outcome.actions[0].target, "xxxxxxxxxxx");
	HOLDS(0, "Subject: two\r\n", "From: joe@example.org\r\n", "Subject: one\r\n", "Subject: all\r\n");
	/* What stops loops goes on. */
	run("enclose \"x\";", "Received: from a\r\nAuto-Submitted: auto-replied\r\nTo: b\r\n\r\nx\r\n");
	HOLDS(0,
	    "Received: from a\r\nAuto-Submitted: auto-replied\r\nDate: ", "Content-Type: message/rfc822\r\n");
	run("enclose \"x\";", "Subject: 8\r\n\r\nGr\xc3\xbc\xc3\x9f\r\n");
	HOLDS(
	    0, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: 8\r\n\r\nGr");
}

/* Text stays text: it ends no part, adds no field, and a header that only looks like one is no header. */
static void hostile(void **state)
{
	(void)state;
	run("foreverypart { if header :mime :type \"content-type\" \"application\" { replace "
	    "\"a\n--o--\nb\"; } }",
	    mail);
	HOLDS(0, "Content-Transfer-Encoding: base64\r\n\r\n", "--o--\r\nbehind\r\n");
	assert_int_equal(
	    run("foreverypart { if header :mime :type \"content-type\" \"application\" { replace :mime "
	        "\"Content-Type: text/plain\n\na\n--o--\nb\"; } }",
	        mail),
	    SIEVE_FAILED);
	assert_view(outcome.failed_text, "a line of the replacement is a boundary of the message");
	assert_null(outcome.actions[0].version);
	run("set \"s\" \"a\nBcc: x@example.com\"; replace :subject \"${s}\" \"b\";", mail);
	HOLDS(0, "Subject: a  Bcc: x@example.com\r\n");
	run("replace :mime \"no entity at all\";", mail);
	HOLDS(0, "MIME-Version: 1.0\r\n\r\nno entity at all");
	run("replace \"x\";", "no header at all");
	HOLDS(0, "MIME-Version: 1.0\r\n", "\r\n\r\nx");
	run("enclose \"x\";", "");
	HOLDS(0, "Content-Type: message/rfc822\r\n\r\n");
}

/* A run that fails leaves the message as it came, also for the script that runs after it. */
static void failures(void **state)
{
	(void)state;
	assert_int_equal(
	    run("addheader \"X-A\" \"1\"; replace \"x\"; enclose \"y\"; redirect \"${nobody}\";", mail),
	    SIEVE_FAILED);
	assert_memory_equal(message.bytes.data, mail, sizeof(mail) - 1);
	assert_int_equal(message.rest_count, 0);
	assert_int_equal(sieve_message_size(&message), sizeof(mail) - 1);
}

/* Again and again: the memory has an end, and the mail is kept. */
static void bombs(void **state)
{
	static char script[3000];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(script + len, sizeof(script) - len, "enclose \"x\";");
	assert_int_not_equal(run(script, mail), SIEVE_ASKS);
	assert_int_equal(outcome.actions[0].kind, SIEVE_KEEP);
	assert_int_not_equal(
	    run("foreverypart { foreverypart { foreverypart { enclose \"x\"; } } }", mail), SIEVE_ASKS);
	assert_int_equal(outcome.actions[0].kind, SIEVE_KEEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parts),
	    cmocka_unit_test(entities),
	    cmocka_unit_test(enclosed),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(bombs),
	};
	int failed;

	arena_init(&compiled, SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sieve_message_done(&message);
	arena_done(&compiled);
	arena_done(&arena);
	return failed;
}
