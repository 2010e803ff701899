/* Whose seals are believed, and what they must say: chains that were judged are taken as given. */
#include "../../unit.h"

#include "trust/sender/arc_trust.h"

static struct arc chain;

static void begin(enum sender_result result)
{
	memset(&chain, 0, sizeof chain);
	chain.verdict.result = result;
}

static void add(const char *sealer, const char *results)
{
	chain.sets[chain.count].seal_field.domain = sealer;
	chain.sets[chain.count++].text = view_from_string(results);
}

#define PASS "mx.l.example; spf=pass; dmarc=pass (p=reject) header.from=bank.example"
#define FAIL "mx.l.example; dmarc=fail header.from=bank.example"

static unsigned ask(const char *trusted)
{
	return arc_vouches(&chain, view_from_string(trusted), VIEW("bank.example"));
}

static void believes_whom_it_trusts(void **state)
{
	(void)state;
	begin(SENDER_PASS);
	add("l.example", PASS);
	assert_int_equal(ask("l.example"), 1);
	assert_int_equal(ask("x.example\nL.Example"), 1);
	assert_int_equal(ask(""), 0);
	assert_int_equal(ask("\n"), 0);
	assert_int_equal(ask("example"), 0);
	assert_int_equal(ask("a.l.example"), 0);
	assert_int_equal(arc_vouches(&chain, VIEW("l.example"), VIEW("other.example")), 0);
	assert_int_equal(arc_vouches(&chain, VIEW("l.example"), (struct view){0}), 0);
	assert_int_equal(arc_vouches(NULL, VIEW("l.example"), VIEW("bank.example")), 0);
	begin(SENDER_FAIL);
	add("l.example", PASS);
	assert_int_equal(ask("l.example"), 0);
}

/* Whoever sealed last may have changed the message, and sealed what it made of it. */
static void trusts_no_chain_that_a_stranger_went_on_with(void **state)
{
	(void)state;
	begin(SENDER_PASS);
	add("l.example", PASS);
	add("evil.example", "mx.evil.example; arc=pass; dmarc=fail header.from=bank.example");
	assert_int_equal(ask("l.example"), 0);
	assert_int_equal(ask("evil.example"), 0);
	assert_int_equal(ask("l.example\nevil.example"), 1);
	/* What was before the first one who is trusted does not matter. */
	begin(SENDER_PASS);
	add("evil.example", FAIL);
	add("l.example", PASS);
	add("m.example", FAIL);
	assert_int_equal(ask("m.example\nl.example"), 2);
	assert_int_equal(ask("m.example"), 0);
}

static void the_results_must_speak_of_this_author(void **state)
{
	static const struct {
		const char *results;
		unsigned expected;
	} cases[] = {{PASS, 1}, {FAIL, 0}, {"mx; dmarc=pass", 0}, {"dmarc=pass header.from=bank.example", 0},
	    {"mx; DMARC=Pass HEADER.FROM=Bank.Example.", 1},
	    {"mx; dmarc=pass header.from=boss@bank.example", 1},
	    {"mx; dmarc=pass header.from=evil.example; dmarc=fail header.from=bank.example", 0},
	    {PASS "; dmarc=fail header.from=bank.example", 0},
	    {"mx; dmarc=pass (header.from=bank.example) header.from=evil.example", 0},
	    {"mx; dkim=pass header.d=bank.example header.from=bank.example", 0},
	    {"mx; dmarc=bestguesspass header.from=bank.example", 0}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(SENDER_PASS);
		add("l.example", cases[i].results);
		assert_int_equal(ask("l.example"), cases[i].expected);
	}
	begin(SENDER_PASS);
	add("xn--bcher-kva.example", "mx; dmarc=pass header.from=b\xc3\xbc"
	                             "cher.example");
	assert_int_equal(arc_vouches(&chain,
	                     VIEW("b\xc3\xbc"
	                          "cher.example"),
	                     VIEW("xn--bcher-kva.example")),
	    1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(believes_whom_it_trusts),
	    cmocka_unit_test(trusts_no_chain_that_a_stranger_went_on_with),
	    cmocka_unit_test(the_results_must_speak_of_this_author),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
