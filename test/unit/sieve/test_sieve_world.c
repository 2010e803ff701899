/* Scripts that ask what only others know: annotations, lists, what is known of the message's badness. */
#include "sieve_script.h"

static const char mail[] = "From: ann@example.com\r\n"
                           "To: Joe <joe@example.org>, jim@example.org\r\n"
                           "Subject: hello\r\n"
                           "\r\n"
                           "hello\r\n";

/* What the world says: a row for each question that it answers with YES. */
static const struct {
	enum sieve_question_kind kind;
	const char *name, *mailbox, *detail, *value;
} knowledge[] = {
    {SIEVE_ASK_METADATA, "/private/a", "Work", "", "one"},
    {SIEVE_ASK_METADATA, "/private/b", "Work", "", ""},
    {SIEVE_ASK_METADATA, "/shared/a", "", "", "of the server"},
    {SIEVE_ASK_LIST, "urn:ietf:params:sieve:addrbook:default", "", "jim@example.org", ""},
    {SIEVE_ASK_LIST, "tag:example.com,2024:team", "", "example.org", ""},
    {SIEVE_ASK_LIST_VALID, "urn:ietf:params:sieve:addrbook:default", "", "", ""},
    {SIEVE_ASK_LIST_VALID, "tag:example.com,2024:team", "", "", ""},
};

static const char *spam, *virus; /* NULL: not tested */
static bool knows;

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg;
	if (!knows)
		return SIEVE_UNKNOWN;
	if (question->kind == SIEVE_ASK_SPAM || question->kind == SIEVE_ASK_VIRUS) {
		const char *known = question->kind == SIEVE_ASK_SPAM ? spam : virus;

		*value = view_from_string(known ? known : "");
		return known ? SIEVE_YES : SIEVE_NO;
	}
	for (size_t i = 0; i < sizeof(knowledge) / sizeof(knowledge[0]); i++)
		if (question->kind == knowledge[i].kind &&
		    view_equal(question->name, view_from_string(knowledge[i].name)) &&
		    view_equal(question->mailbox, view_from_string(knowledge[i].mailbox)) &&
		    view_equal(question->detail, view_from_string(knowledge[i].detail))) {
			*value = view_from_string(knowledge[i].value);
			return SIEVE_YES;
		}
	return SIEVE_NO;
}

static const struct sieve_world world = {.ask = ask, .now = 1715000000, .subaddress = {"+", 1}};

#define ALL                                                                                                  \
	"require [\"fileinto\", \"mboxmetadata\", \"servermetadata\", \"extlists\", \"spamtest\", "          \
	"\"spamtestplus\", \"virustest\", \"relational\", \"comparator-i;ascii-numeric\", \"variables\", "   \
	"\"envelope\"];\n"

static void assert_run(const char *script, const char *expected)
{
	char text[2000];

	snprintf(text, sizeof(text), ALL "%s", script);
	assert_script(text, VIEW(mail), &world, expected);
}

static void assert_test(const char *test, bool expected)
{
	char script[1000];

	snprintf(script, sizeof(script), "if %s { keep; } else { discard; }", test);
	assert_run(script, expected ? "keep" : "discard");
}

static void metadata(void **state)
{
	(void)state;
	knows = true;
	assert_test("metadata \"Work\" \"/private/a\" \"ONE\"", true);
	assert_test("metadata :contains \"Work\" \"/private/a\" [\"x\", \"n\"]", true);
	assert_test("metadata \"Work\" \"/private/b\" \"\"", true);
	assert_test("metadata :contains \"Work\" \"/private/c\" \"\"", false);
	assert_test("metadata :contains \"Home\" \"/private/a\" \"\"", false);
	assert_test(
	    "metadata :contains \"\" \"/shared/a\" \"\"", false); /* no name is no way to the server's */
	assert_test("metadataexists \"Work\" [\"/private/a\", \"/private/b\"]", true);
	assert_test("metadataexists \"Work\" [\"/private/a\", \"/private/c\"]", false);
	assert_test("servermetadata :matches \"/shared/a\" \"of * server\"", true);
	assert_test("servermetadata :contains \"/private/a\" \"\"", false);
	assert_test("servermetadataexists \"/shared/a\"", true);
	assert_test("servermetadataexists [\"/shared/a\", \"/shared/b\"]", false);
	knows = false;
	assert_run("if metadata \"Work\" \"/private/a\" \"one\" { }", "asks /private/a");
}

static void lists(void **state)
{
	(void)state;
	knows = true;
	assert_test("address :list \"to\" \":addrbook:default\"", true);
	assert_test("address :list \"to\" \"urn:ietf:params:sieve:addrbook:default\"", true);
	assert_test("address :list \"from\" [\":addrbook:default\", \"tag:example.com,2024:team\"]", false);
	assert_test("address :list :domain \"to\" \"tag:example.com,2024:team\"", true);
	assert_test("envelope :list :domain \"to\" \"tag:example.com,2024:team\"", true);
	assert_test("header :list \"subject\" \":addrbook:default\"", false);
	assert_test("valid_ext_list [\":addrbook:default\", \"tag:example.com,2024:team\"]", true);
	assert_test("valid_ext_list [\":addrbook:default\", \":addrbook:other\"]", false);
	/* What was found is ${0}; the list may come from a variable. */
	assert_run("set \"l\" \"default\"; if address :list \"to\" \":addrbook:${l}\" { fileinto \"${0}\"; }",
	    "jim@example.org");
	knows = false;
	assert_run("if address :list \"to\" \":addrbook:default\" { }",
	    "asks urn:ietf:params:sieve:addrbook:default");
	assert_script_errors("require \"extlists\"; if header :list :comparator \"i;octet\" \"a\" \"b\" { }",
	    "1:24 the test header takes no :comparator beside :list: how lists compare is their own matter");
	assert_script_errors("if header :list \"a\" \"b\" { }",
	    "1:11 :list is not known here: the script must begin with require \"extlists\";");
}

static void assert_spam(const char *known, const char *value, const char *percent)
{
	char test[200];

	spam = known;
	snprintf(test, sizeof(test), "spamtest \"%s\"", value);
	assert_test(test, true);
	snprintf(test, sizeof(test), "spamtest :percent \"%s\"", percent);
	assert_test(test, true);
}

static void badness(void **state)
{
	(void)state;
	knows = true;
	assert_spam(NULL, "0", "0");
	assert_spam("0", "1", "0");
	assert_spam("1000", "1", "10");
	assert_spam("1112", "2", "11");
	assert_spam("8000", "8", "80");
	assert_spam("9999", "9", "99");
	assert_spam("10000", "10", "100");
	assert_test("spamtest :value \"ge\" :comparator \"i;ascii-numeric\" \"9\"", true);
	assert_test("spamtest :count \"eq\" :comparator \"i;ascii-numeric\" \"1\"", true);
	virus = NULL;
	assert_test("virustest \"0\"", true);
	virus = "5";
	assert_test("virustest :value \"gt\" :comparator \"i;ascii-numeric\" \"4\"", true);
	virus = "6";
	assert_run("if virustest \"5\" { discard; }",
	    "line 2: what is known of this message's badness cannot be understood");
	knows = false;
	assert_run("if spamtest \"5\" { discard; }", "asks ");
	assert_script_errors("require \"spamtest\"; if spamtest :percent \"5\" { }",
	    "1:33 :percent is not known here: the script must begin with require \"spamtestplus\";");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(metadata),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(badness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
