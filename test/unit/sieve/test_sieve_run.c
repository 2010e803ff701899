/* Scripts over a message: what is to be done with it. */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "sieve/sieve_run.h"

static const char mail[] = "Return-Path: <ann+list@example.com>\r\n"
                           "Received: from a by b; Mon, 6 May 2024 10:20:30 +0200\r\n"
                           "Received: from c by a; Mon, 6 May 2024 09:00:00 +0200\r\n"
                           "From: =?utf-8?q?=C3=84nn?= <ann+list@example.com>\r\n"
                           "To: Joe <joe@example.org>, \"Doe, Jane\" <jane@example.net>\r\n"
                           "Cc: team: a@example.org, b@example.org;\r\n"
                           "Subject: [work] Invoice\r\n 42 =?iso-8859-1?q?f=FCr?= you\r\n"
                           "Date: Mon, 6 May 2024 08:59:00 +0200\r\n"
                           "X-Score: 007\r\n"
                           "X-Empty:\r\n"
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: multipart/mixed; boundary=b\r\n"
                           "\r\n"
                           "before\r\n--b\r\n"
                           "Content-Type: text/plain; charset=iso-8859-1\r\n"
                           "Content-Transfer-Encoding: quoted-printable\r\n"
                           "\r\n"
                           "Gr=FC=DFe\r\n--b\r\n"
                           "Content-Type: application/x-thing\r\n"
                           "Content-Transfer-Encoding: base64\r\n"
                           "\r\n"
                           "c2VjcmV0\r\n--b--\r\nbehind\r\n";

static bool knows;

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg;
	if (!knows)
		return SIEVE_UNKNOWN;
	switch (question->kind) {
	case SIEVE_ASK_MAILBOX:
		return view_equal(question->name, VIEW("Work")) ? SIEVE_YES : SIEVE_NO;
	case SIEVE_ASK_SPECIAL_USE:
		return view_equal(question->name, VIEW("\\Junk")) &&
		               !view_equal(question->mailbox, VIEW("Work"))
		           ? SIEVE_YES
		           : SIEVE_NO;
	case SIEVE_ASK_ENVIRONMENT:
		*value = VIEW("Postrider");
		return view_equal(question->name, VIEW("name")) ? SIEVE_YES : SIEVE_NO;
	default:
		return SIEVE_NO;
	}
}

static bool tell_reasons;

static void tell_reason(struct buf *told, const struct sieve_action *a)
{
	buf_printf(told, " [line %u", a->line);
	if (a->why.rule)
		buf_printf(told, ", rule %u", a->why.rule);
	if (!view_empty(a->why.rule_name))
		buf_printf(told, " '%.*s'", VIEW_FMT(a->why.rule_name));
	if (a->why.line)
		buf_printf(told, ", line %u: %.*s", a->why.line, VIEW_FMT(a->why.text));
	buf_append_byte(told, ']');
}

static void tell(struct buf *told, const struct sieve_outcome *outcome)
{
	static const char *const kinds[] = {
	    "keep", "fileinto", "redirect", "discard", "reject", "ereject", "vacation", "notify"};

	for (size_t i = 0; i < outcome->count; i++) {
		const struct sieve_action *a = &outcome->actions[i];

		buf_printf(told, "%s%s", i ? "; " : "", kinds[a->kind]);
		if (!view_empty(a->target))
			buf_printf(told, " %.*s", VIEW_FMT(a->target));
		if (!view_empty(a->flags))
			buf_printf(told, " (%.*s)", VIEW_FMT(a->flags));
		if (a->create)
			buf_append_string(told, " create");
		if (tell_reasons && a->line)
			tell_reason(told, a);
	}
}

static void run(struct view script, struct view message, enum sieve_result expected, struct buf *told)
{
	static const struct sieve_language language;
	static const struct sieve_world world = {
	    .ask = ask, .now = 1715000000, .zone_minutes = 60, .subaddress = {"+", 1}};
	static struct sieve_errors errors;
	struct arena compiled, arena;
	struct sieve_outcome outcome;
	struct sieve_program program;
	struct sieve_message m;

	arena_init(&compiled, SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	sieve_errors_init(&errors);
	if (!sieve_compile(script, &language, &compiled, &errors, &program))
		fail_msg("%.*s", VIEW_FMT(errors.items[0].text));
	sieve_message_init(&m, message, &arena);
	m.sender = VIEW("ann+list@example.com");
	m.recipient = VIEW("joe+news@example.org");
	assert_int_equal(sieve_run(&program, &m, &world, &arena, &outcome), expected);
	if (expected == SIEVE_ASKS)
		buf_printf(told, "asks %.*s", VIEW_FMT(outcome.question.name));
	else
		tell(told, &outcome);
	if (outcome.failed)
		buf_printf(told, "; line %u: %.*s", outcome.failed_line, VIEW_FMT(outcome.failed_text));
	sieve_message_done(&m);
	sieve_errors_done(&errors);
	arena_done(&arena);
	arena_done(&compiled);
}

static void assert_run_as(const char *script, enum sieve_result result, const char *expected)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	run(view_from_string(script), VIEW(mail), result, &told);
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

static void assert_run(const char *script, const char *expected)
{
	assert_run_as(script, SIEVE_DONE, expected);
}

#define ALL                                                                                                  \
	"require [\"fileinto\", \"copy\", \"envelope\", \"variables\", \"imap4flags\", \"relational\", "     \
	"\"comparator-i;ascii-numeric\", \"comparator-i;unicode-casemap\", \"subaddress\", \"date\", "       \
	"\"index\", \"body\", \"mailbox\", \"special-use\", \"environment\", \"ihave\", "                    \
	"\"encoded-character\", \"regex\"];\n"

/* Whether a test holds. */
static void assert_test(const char *test, bool expected)
{
	char script[1000];

	snprintf(script, sizeof(script), ALL "if %s { keep; } else { discard; }", test);
	assert_run(script, expected ? "keep" : "discard");
}

static void actions(void **state)
{
	(void)state;
	knows = true;
	assert_run("", "keep");
	assert_run("discard;", "discard");
	assert_run("keep; discard;", "keep; discard");
	assert_run("redirect \"a@example.com\"; redirect \"a@example.com\";", "redirect a@example.com");
	assert_run(ALL "redirect :copy \"a@example.com\";", "redirect a@example.com; keep");
	assert_run(ALL "fileinto :create :flags [\"\\\\Seen x\", \"X\"] \"Work\";",
	    "fileinto Work (\\Seen x) create");
	assert_run(ALL "addflag [\"a\", \"b c\"]; removeflag \"B\"; keep;", "keep (a c)");
	assert_run(ALL "setflag \"v\" \"a b\"; addflag \"v\" \"c\"; fileinto :flags \"${v}\" \"Work\";",
	    "fileinto Work (a b c)");
	assert_run("stop; discard;", "keep");
	assert_run("if true { stop; } discard;", "keep");
}

static void control(void **state)
{
	(void)state;
	assert_run(
	    "if false { discard; } elsif true { keep; } elsif true { discard; } else { discard; }", "keep");
	assert_run("if true { } else { discard; } if false { } else { discard; }", "discard");
	assert_test("not true", false);
	assert_test("anyof (false, true)", true);
	assert_test("anyof (false, false)", false);
	assert_test("allof (true, not false)", true);
	assert_test("allof (true, false)", false);
	assert_test("ihave \"fileinto\"", true);
	assert_test("ihave \"radish\"", false);
}

static void headers(void **state)
{
	(void)state;
	assert_test("header \"subject\" \"[WORK] invoice 42 f\xc3\xbcr you\"", true);
	assert_test("header :comparator \"i;octet\" :contains \"subject\" \"invoice\"", false);
	assert_test("header :contains [\"x\", \"Subject\"] [\"y\", \"INVOICE\"]", true);
	assert_test("header :comparator \"i;unicode-casemap\" :contains \"subject\" \"F\xc3\x9cR\"", true);
	assert_test("header :contains \"subject\" \"F\xc3\x9cR\"", false);
	assert_test("header :matches \"subject\" \"*invoice ?? *\"", true);
	assert_test("header :is \"x-empty\" \"\"", true);
	assert_test("header :contains \"x-missing\" \"\"", false);
	assert_test("exists [\"to\", \"cc\"]", true);
	assert_test("exists [\"to\", \"bcc\"]", false);
	assert_test("size :over 500", true);
	assert_test("size :under 500", false);
	assert_test("header :index 2 :contains \"received\" \"from c\"", true);
	assert_test("header :index 1 :last :contains \"received\" \"from c\"", true);
	assert_test("header :index 3 :contains \"received\" \"from\"", false);
	/* The fields of several names count one after the other, as the names stand. */
	assert_test("header :index 2 [\"x-score\", \"received\"] \"007\"", false);
	assert_test("header :index 2 :contains [\"x-score\", \"received\"] \"from a\"", true);
	assert_test("header :index 3 :contains [\"x-score\", \"received\"] \"from c\"", true);
	assert_test("header :index 4 :contains [\"x-score\", \"received\"] \"\"", false);
	assert_test("header :index 3 :last [\"x-score\", \"received\"] \"007\"", true);
	assert_test("header :index 1 :last :contains [\"x-score\", \"received\"] \"from c\"", true);
}

static void relations(void **state)
{
	(void)state;
	assert_test("header :value \"eq\" :comparator \"i;ascii-numeric\" \"x-score\" \"7\"", true);
	assert_test("header :value \"gt\" :comparator \"i;ascii-numeric\" \"x-score\" \"10\"", false);
	assert_test("header :value \"gt\" \"x-score\" \"006\"", true);
	assert_test("header :count \"eq\" \"received\" \"2\"", true);
	assert_test("header :count \"eq\" \"x-missing\" \"0\"", true);
	assert_test("address :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] \"4\"", true);
	assert_test(
	    "header :is :comparator \"i;ascii-numeric\" \"subject\" \"x\"", true); /* both are infinite */
}

static void addresses(void **state)
{
	(void)state;
	assert_test("address :is \"from\" \"ann+list@example.com\"", true);
	assert_test("address :domain \"to\" \"example.net\"", true);
	assert_test("address :localpart \"to\" \"jane\"", true);
	assert_test("address :user \"from\" \"ann\"", true);
	assert_test("address :detail \"from\" \"list\"", true);
	assert_test("address :detail :contains \"to\" \"\"", false);
	assert_test("address \"cc\" \"b@example.org\"", true);
	assert_test("envelope :detail \"to\" \"news\"", true);
	assert_test("envelope \"from\" \"ann+list@EXAMPLE.com\"", true);
	assert_test("envelope \"auth\" \"joe\"", false);
}

static void dates(void **state)
{
	(void)state;
	assert_test("date :originalzone \"date\" \"hour\" \"08\"", true);
	assert_test("date :zone \"+0000\" \"date\" \"std11\" \"Mon, 6 May 2024 06:59:00 +0000\"", true);
	assert_test("date \"date\" \"iso8601\" \"2024-05-06T07:59:00+01:00\"", true);
	assert_test("date :zone \"-0530\" \"date\" \"zone\" \"-0530\"", true);
	assert_test("date \"received\" \"weekday\" \"1\"", true);
	assert_test("date :originalzone \"received\" \"time\" \"10:20:30\"", true);
	assert_test(
	    "date :originalzone \"received\" \"time\" \"09:00:00\"", false); /* the first field alone */
	assert_test("date \"date\" \"julian\" \"60436\"", true);
	assert_test("date :index 2 :originalzone \"received\" \"time\" \"09:00:00\"", true);
	assert_test("date \"x-score\" \"year\" \"2024\"", false);
	assert_test("currentdate :value \"ge\" \"date\" \"2024-05-06\"", true);
	assert_test("currentdate :zone \"+0000\" \"minute\" \"53\"", true);
}

static void bodies(void **state)
{
	(void)state;
	assert_test("body :contains \"gr\xc3\xbc\xc3\x9f"
	            "e\"",
	    true);
	assert_test("body :contains \"secret\"", false);
	assert_test("body :content \"application/x-thing\" :contains \"secret\"", true);
	assert_test("body :content \"application\" :is \"secret\"", true);
	assert_test("body :content \"\" :contains \"secret\"", true);
	assert_test("body :content \"multipart\" :contains \"behind\"", true);
	assert_test("body :content \"multipart\" :contains \"gr\"", false);
	assert_test("body :content \"multipart\" :contains \"--b\"", false);
	assert_test("body :content \"application/x-thing/x\" :contains \"\"", false);
	assert_run(ALL "if body :matches \"G*\" { fileinto \"x${1}\"; }", "fileinto x");
	assert_test("body :raw :contains \"gr=FC\"", true);
	assert_test("body :raw :contains \"Subject\"", false);
}

static void variables(void **state)
{
	(void)state;
	assert_run(ALL "if header :matches \"subject\" \"[*] * ?? *\" { fileinto \"${1}/${2}/${3}${4}\"; }",
	    "fileinto work/Invoice/42");
	assert_run(ALL "if string :matches \"abcd\" \"a*?d\" { fileinto \"<${0}|${01}|${2}|${3}>\"; }",
	    "fileinto <abcd|b|c|>");
	assert_run(ALL
	    "if string :matches \"a\" \"*\" { } if string :matches \"b\" \"c*\" { } fileinto \"${1}\";",
	    "fileinto a");
	assert_run(ALL "set :upper :lowerfirst \"a\" \"joe\"; fileinto \"${A}\";", "fileinto jOE");
	assert_run(ALL "set :quotewildcard :length \"a\" \"*x\"; fileinto \"${a}${nothing}\";", "fileinto 3");
	assert_run(ALL "set \"b\" \"x\"; set \"a\" \"${hex:24}{b}\"; fileinto \"m${a}\";", "fileinto mx");
	assert_run(ALL "if header :regex \"subject\" \"\\\\[([a-z]+)\\\\] (x)?(Inv[^ ]+)\" { fileinto "
	               "\"${1}/${2}${3}\"; }",
	    "fileinto work/Invoice");
	assert_run(ALL
	    "set :quoteregex \"a\" \"[work]\"; if header :regex \"subject\" \"^${a} \" { discard; }",
	    "discard");
	assert_run(
	    ALL "set \"a\" \"[\"; if header :regex \"subject\" [\"${a}\", \"42\"] { discard; }", "discard");
	assert_run(
	    ALL "if header :regex :comparator \"i;octet\" \"subject\" \"invoice\" { discard; }", "keep");
	assert_test("string :count \"eq\" [\"\", \"a\"] \"1\"", true);
}

static void flags(void **state)
{
	(void)state;
	assert_run(ALL "setflag \"a b\"; if hasflag \"B\" { discard; }", "discard");
	assert_run(ALL "setflag \"a b\"; if hasflag :count \"eq\" \"2\" { discard; }", "discard");
	assert_run(ALL "set \"v\" \"x y x\"; if hasflag :count \"eq\" \"v\" \"2\" { discard; }", "discard");
	assert_run(ALL "set \"v\" \"x y\"; if hasflag :matches \"v\" \"?\" { discard; }", "discard");
	assert_test("hasflag :contains \"x\"", false);
}

static void world(void **state)
{
	(void)state;
	assert_test("mailboxexists \"Work\"", true);
	assert_test("mailboxexists [\"Work\", \"Play\"]", false);
	assert_test("specialuse_exists \"\\\\Junk\"", true);
	assert_test("specialuse_exists \"Work\" \"\\\\Junk\"", false);
	assert_test("environment :is \"name\" \"postrider\"", true);
	assert_test("environment :contains \"radish\" \"\"", false);
	assert_test("environment :count \"eq\" \"radish\" \"0\"", false);
	knows = false;
	assert_run_as(ALL "discard; if mailboxexists \"Work\" { keep; }", SIEVE_ASKS, "asks Work");
	knows = true;
}

/* ---- why ---- */

static void assert_why(const char *script, const char *expected)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	tell_reasons = true;
	run(view_from_string(script), VIEW(mail), SIEVE_DONE, &told);
	tell_reasons = false;
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

static void reasons(void **state)
{
	(void)state;
	assert_why("", "keep");
	assert_why("if true { }\nkeep;", "keep [line 2]");
	assert_why("if header :contains [\"X\", \"Subject\"] [\"zz\", \"INVOICE\"] {\n discard; }",
	    "discard [line 2, rule 1, line 1: Subject contains 'INVOICE']");
	assert_why("# rule:[Big ones]\r\nif size :over 5 { discard; }",
	    "discard [line 2, rule 1 'Big ones', line 2: size :over 5]");
	assert_why("# other\n## The last\nkeep;", "keep [line 3, rule 1 'The last']");
	assert_why("/* rule:[x] */ if true { keep; }", "keep [line 1, rule 1, line 1: true]");
	assert_why(ALL
	    "if false { }\nif anyof (false, allof (true, address :domain \"from\" \"example.com\")) {\n"
	    "if not exists \"List-Id\" { keep; } }",
	    "keep [line 4, rule 2, line 4: true and domain of from is 'example.com' and not (exists "
	    "'List-Id')]");
	assert_why("if false { } elsif false { } else { keep; }",
	    "keep [line 1, rule 1, line 1: none of the tests before it held]");
	assert_why("if not header [\"a\", \"b\"] [\"c\", \"d\", \"e\", \"f\"] { keep; }",
	    "keep [line 1, rule 1, line 1: not (a or b is 'c' or 'd' or 'e' or ...)]");
	assert_why(ALL "if header :count \"ge\" \"received\" \"2\" { keep; } elsif true { discard; }",
	    "keep [line 2, rule 1, line 2: received has a count >= '2']");
	assert_why(ALL "if currentdate :zone \"+0000\" \"minute\" \"53\" { keep; }",
	    "keep [line 2, rule 1, line 2: currentdate minute is '53']");
}

/* Whatever goes wrong, the mail is kept, and nothing else is done. */
static void failures(void **state)
{
	(void)state;
	assert_run_as(ALL "discard;\nset \"a\" \"joe\";\nredirect \"${a}\";", SIEVE_FAILED,
	    "keep; line 4: 'joe' is no address that mail can be sent to; one is written as "
	    "\"joe@example.com\"");
	assert_run_as(ALL "error \"so\";", SIEVE_FAILED, "keep; line 2: the script ends with the error 'so'");
}

static void repeated(struct buf *script, const char *format, int times)
{
	for (int i = 0; i < times; i++)
		assert_int_equal(buf_printf(script, "%s", format), 0);
}

static void assert_failed(struct buf *script, struct view message, const char *text)
{
	struct buf told;

	buf_init(&told, 1 << 20);
	run(buf_view(script), message, SIEVE_FAILED, &told);
	assert_non_null(strstr(buf_string(&told), text));
	buf_done(&told);
	buf_clear(script);
}

static void limits(void **state)
{
	struct buf script, message;

	(void)state;
	buf_init(&script, 1 << 20);
	buf_init(&message, 8 << 20);
	for (int i = 0; i < 5; i++)
		buf_printf(&script, "redirect \"a%d@example.com\";", i);
	assert_failed(&script, VIEW(mail), "too many addresses");
	buf_append_string(&script, "require \"fileinto\";");
	for (int i = 0; i < 33; i++)
		buf_printf(&script, "fileinto \"a%d\";", i);
	assert_failed(&script, VIEW(mail), "too many things");
	buf_append_string(&script, "require \"variables\";");
	for (int i = 0; i < 256; i++)
		buf_printf(&script, "set \"a%d\" \"\";", i);
	assert_failed(&script, VIEW(mail), "more variables");
	/* A variable that doubles is cut, and many texts of it end at the memory's limit. */
	repeated(&script, "require \"variables\"; set \"a\" \"12345678901234567890\";", 1);
	repeated(&script, "set \"a\" \"${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}\";", 2000);
	assert_failed(&script, VIEW(mail), "more memory");
	/* A wildcard for each letter, over a long text of one letter. */
	repeated(&message, "a", 2000000);
	repeated(&script, "require \"body\"; if body :raw :matches \"", 1);
	repeated(&script, "*a", 20000);
	repeated(&script, "b\" { discard; }", 1);
	buf_append_string(&message, "\r\n\r\n");
	repeated(&message, "a", 1000000);
	assert_failed(&script, buf_view(&message), "more work");
	buf_done(&script);
	buf_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(actions),
	    cmocka_unit_test(control),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(relations),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(bodies),
	    cmocka_unit_test(variables),
	    cmocka_unit_test(flags),
	    cmocka_unit_test(world),
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
