/* What senders ask of the transport, and scripts of it: RFC 6009. Scripts at events of IMAP: RFC 6785. */
#include "sieve_script.h"

static const struct sieve_terms asked = {.notify = {"FAILURE,DELAY", 13},
    .orcpt = {"rfc822;joe@example.org", 22},
    .envid = {"QQ314159", 8},
    .ret = {"HDRS", 4},
    .has_by = true,
    .by_time = 1715000600, /* ten minutes after `now` of the world */
    .by_mode = 'R'};

static const struct sieve_world world = {
    .ask = script_knows_nothing, .now = 1715000000, .zone_minutes = 120, .subaddress = {"+", 1}};

static struct sieve_outcome outcome;
static struct arena compiled, arena;
static struct sieve_message message;

static enum sieve_result run(
    const char *script, const struct sieve_terms *terms, const struct sieve_world *where, struct buf *told)
{
	static struct sieve_errors errors;
	const struct sieve_language language = {.imap_events = true};
	struct sieve_program program;
	enum sieve_result result;

	arena_reset(&compiled);
	arena_reset(&arena);
	sieve_errors_init(&errors);
	if (!sieve_compile(view_from_string(script), &language, &compiled, &errors, &program))
		fail_msg("%.*s", VIEW_FMT(errors.items[0].text));
	sieve_message_done(&message);
	sieve_message_init(&message, VIEW("Subject: a\r\n\r\nb\r\n"), &arena);
	message.recipient = VIEW("joe@example.org");
	message.terms = terms;
	result = sieve_run(&program, &message, where, &arena, &outcome);
	script_tell(result, &outcome, told);
	sieve_errors_done(&errors);
	return result;
}

static void assert_run(const char *script, const struct sieve_terms *terms, const struct sieve_world *where,
    const char *expected)
{
	struct buf told;

	buf_init(&told, 1000);
	run(script, terms, where, &told);
	assert_string_equal(buf_string(&told), expected);
	buf_done(&told);
}

static void assert_test(const char *test, const struct sieve_terms *terms, bool expected)
{
	char script[1000];

	snprintf(script, sizeof(script),
	    "require [\"envelope\", \"envelope-dsn\", \"envelope-deliverby\", \"relational\", "
	    "\"comparator-i;ascii-numeric\", \"variables\"]; if %s { keep; } else { discard; }",
	    test);
	assert_run(script, terms, &world, expected ? "keep" : "discard");
}

static void envelopes(void **state)
{
	static const struct sieve_terms late = {
	    .has_by = true, .by_time = 1714999940, .by_mode = 'N', .by_trace = true};

	(void)state;
	assert_test("envelope \"notify\" \"delay\"", &asked, true);
	assert_test("envelope \"notify\" \"SUCCESS\"", &asked, false);
	assert_test("envelope :count \"eq\" :comparator \"i;ascii-numeric\" \"notify\" \"2\"", &asked, true);
	assert_test("envelope :count \"eq\" :comparator \"i;ascii-numeric\" \"notify\" \"0\"", NULL, true);
	assert_test("envelope :matches \"orcpt\" \"rfc822;*@example.org\"", &asked, true);
	assert_test("envelope [\"ret\", \"envid\"] \"hdrs\"", &asked, true);
	assert_test("envelope \"ENVID\" \"QQ314159\"", &asked, true);
	assert_test("envelope :contains \"envid\" \"\"", &late, false); /* it was not given */
	assert_test("envelope \"bytimerelative\" \"600\"", &asked, true);
	assert_test("envelope :contains \"bytimerelative\" \"-\"", &late, true);
	assert_test("envelope \"bytimeabsolute\" \"2024-05-06T15:03:20+02:00\"", &asked, true);
	assert_test(
	    "envelope :zone \"+0000\" \"bytimeabsolute\" \"2024-05-06T13:03:20+00:00\"", &asked, true);
	assert_test("envelope \"bymode\" \"return\"", &asked, true);
	assert_test("envelope \"bymode\" \"notify\"", &late, true);
	assert_test("envelope \"bytrace\" \"false\"", &asked, true);
	assert_test("envelope \"bytrace\" \"true\"", &late, true);
	assert_test("envelope :contains \"bytrace\" \"\"", NULL, false);
	assert_script_errors("require \"envelope\"; if envelope \"notify\" \"x\" { }",
	    "1:33 the part 'notify' of the envelope is not known here: the script must begin with require "
	    "\"envelope-dsn\";");
}

#define BOTH "require [\"redirect-dsn\", \"redirect-deliverby\", \"copy\", \"variables\"];\n"

static const struct sieve_transport *transport_of(const char *script)
{
	struct buf told;

	buf_init(&told, 1000);
	if (run(script, NULL, &world, &told) != SIEVE_DONE)
		fail_msg("%s", buf_string(&told));
	buf_done(&told);
	assert_int_equal(outcome.actions[0].kind, SIEVE_REDIRECT);
	return outcome.actions[0].transport;
}

static void redirects(void **state)
{
	const struct sieve_transport *t;

	(void)state;
	assert_null(transport_of("redirect \"a@example.com\";"));
	t = transport_of(BOTH "redirect :notify \"success,Delay\" :ret \"full\" \"a@example.com\";");
	assert_view(t->notify, "SUCCESS,DELAY");
	assert_view(t->ret, "FULL");
	assert_false(t->has_by);
	t = transport_of(BOTH "redirect :bytimerelative 600 :bymode \"return\" :bytrace \"a@example.com\";");
	assert_true(t->has_by && t->by == 600 && t->by_mode == 'R' && t->by_trace);
	t = transport_of(BOTH
	    "set \"t\" \"15:03:20\"; redirect :bytimeabsolute \"2024-05-06T${t}+02:00\" \"a@example.com\";");
	assert_true(t->has_by && t->by == 600 && t->by_mode == 'N' && !t->by_trace);
	t = transport_of(BOTH "redirect :bytimeabsolute \"2024-05-06T12:43:20Z\" \"a@example.com\";");
	assert_true(t->by == -600);
	assert_run(BOTH
	    "redirect :bymode \"return\" :bytimeabsolute \"2024-05-06T12:43:20Z\" \"a@example.com\";",
	    NULL, &world, "line 2: the script redirects the message until a time that has passed already");
	assert_run(BOTH "set \"n\" \"maybe\"; redirect :notify \"${n}\" \"a@example.com\";", NULL, &world,
	    "line 2: 'maybe' is no list of conditions; it is \"NEVER\", or some of SUCCESS, FAILURE and "
	    "DELAY with commas "
	    "between them");
	assert_script_errors(BOTH "redirect :bymode \"notify\" \"a@example.com\";",
	    "2:18 :bymode needs :bytimerelative or :bytimeabsolute beside it");
	assert_script_errors(BOTH "redirect :notify \"NEVER,DELAY\" :ret \"some\" \"a@example.com\";",
	    "2:18 'NEVER,DELAY' is no list of conditions; it is \"NEVER\", or some of SUCCESS, FAILURE and "
	    "DELAY with "
	    "commas between them\n2:37 'some' is not what a report can return; that is \"FULL\" or \"HDRS\"");
	assert_script_errors("require \"extlists\"; redirect :list \"tag:x,2024:y\";",
	    "1:30 :list is not possible here: a list has any number of members, and a script may redirect to "
	    "few "
	    "addresses");
}

/* The address alone counts, in one form. */
static void addresses(void **state)
{
	(void)state;
	assert_run("redirect \"Joe Doe <joe@example.com>\"; redirect \"\\\"joe\\\"@example.com\";", NULL,
	    &world, "joe@example.com");
	assert_run("redirect \"\\\"a b\\\"@example.com\";", NULL, &world, "\"a b\"@example.com");
}

/* To file into INBOX is to keep: the message lies there once. */
static void inbox(void **state)
{
	(void)state;
	assert_run("require \"fileinto\"; keep; fileinto \"Inbox\";", NULL, &world, "keep");
	assert_run("require \"fileinto\"; fileinto \"INBOX\"; keep;", NULL, &world, "INBOX");
}

static void imap_events(void **state)
{
	static const struct sieve_world event = {.ask = script_knows_nothing,
	    .now = 1715000000,
	    .subaddress = {"+", 1},
	    .imap_event = true,
	    .flags = {"\\Flagged x", 10}};

	(void)state;
	assert_run("require [\"imapsieve\", \"imap4flags\"]; if hasflag \"x\" { discard; }", NULL, &event,
	    "discard");
	assert_run("require \"envelope\"; if envelope \"to\" \"joe@example.org\" { discard; }", NULL, &event,
	    "line 1: a message that is there already has no envelope to be tested");
	assert_run("keep;\n", NULL, &event, "keep");
	assert_run("require \"fileinto\";\nrequire \"reject\"; discard;", NULL, &event,
	    "line 2: nobody can be answered about a message that is there already");
	assert_run("require \"ihave\"; if ihave \"reject\" { reject \"no\"; }", NULL, &event,
	    "line 1: nobody can be answered about a message that is there already");
	/* A server that runs no scripts there does not have the extension. */
	assert_script_errors("require \"imapsieve\";", "1:9 there is no extension 'imapsieve'");
}

/* What a script has set, the next one begins with. */
static void flags_go_on(void **state)
{
	struct buf told;

	(void)state;
	buf_init(&told, 1000);
	run("require \"imap4flags\"; addflag [\"a\", \"b\"]; removeflag \"a\"; discard;", NULL, &world,
	    &told);
	assert_view(outcome.flags, "b");
	buf_done(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(envelopes),
	    cmocka_unit_test(redirects),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(inbox),
	    cmocka_unit_test(imap_events),
	    cmocka_unit_test(flags_go_on),
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
