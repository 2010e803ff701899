/* What is done with a message, by verdicts and rules; and what it claims without proof. */
#include "../../unit.h"

#include "trust/sender/sender_policy.h"

static struct sender_verdicts verdicts;
static struct sender_rules rules;
static struct dkim dkim;
static struct arc arc;

static int set_up(void **state)
{
	(void)state;
	memset(&verdicts, 0, sizeof verdicts);
	memset(&rules, 0, sizeof rules);
	memset(&dkim, 0, sizeof dkim);
	memset(&arc, 0, sizeof arc);
	verdicts.dkim = &dkim;
	verdicts.arc = &arc;
	verdicts.authors = 1;
	verdicts.author[0].domain = VIEW("a.example");
	return 0;
}

static void dmarc(enum sender_result result, enum dmarc_policy policy)
{
	verdicts.dmarc.result = verdicts.author[0].result = result;
	verdicts.dmarc.cause = DMARC_NOT_PROVEN;
	verdicts.dmarc.policy = policy;
	verdicts.dmarc.author = VIEW("a.example");
}

static struct sender_decision expect(enum sender_action action, enum sender_override override)
{
	struct sender_decision d = sender_decide(&verdicts, &rules);
	assert_int_equal(d.action, action);
	assert_int_equal(d.override, override);
	return d;
}

static void follows_the_authors_domain(void **state)
{
	(void)state;
	dmarc(SENDER_PASS, DMARC_REJECT);
	assert_int_equal(expect(SENDER_DELIVERED, SENDER_NO_OVERRIDE).ground, SENDER_NO_GROUND);
	dmarc(SENDER_FAIL, DMARC_NONE);
	expect(SENDER_DELIVERED, SENDER_NO_OVERRIDE);
	dmarc(SENDER_FAIL, DMARC_QUARANTINE);
	expect(SENDER_TO_JUNK, SENDER_NO_OVERRIDE);
	rules.policy = SENDER_MARK;
	expect(SENDER_TO_JUNK, SENDER_NO_OVERRIDE);
	rules.policy = SENDER_IGNORE;
	expect(SENDER_DELIVERED, SENDER_POLICY_OFF);
	dmarc(SENDER_FAIL, DMARC_REJECT);
	expect(SENDER_DELIVERED, SENDER_POLICY_OFF);
	rules.policy = SENDER_MARK;
	expect(SENDER_TO_JUNK, SENDER_POLICY_MARKED);
	rules.policy = SENDER_FOLLOW;
	assert_int_equal(expect(SENDER_REFUSED, SENDER_NO_OVERRIDE).ground, SENDER_AUTHOR_POLICY);
}

/* An answer that is missing opens no way around a policy that is known; and it refuses nothing for good. */
static void waits_for_what_may_prove_it(void **state)
{
	(void)state;
	dmarc(SENDER_TEMPERROR, DMARC_REJECT);
	assert_true(expect(SENDER_REFUSED, SENDER_NO_OVERRIDE).later);
	assert_int_equal(sender_decide(&verdicts, &rules).ground, SENDER_AUTHOR_POLICY);
	rules.policy = SENDER_MARK;
	assert_false(expect(SENDER_TO_JUNK, SENDER_POLICY_MARKED).later);
	rules.policy = SENDER_IGNORE;
	assert_false(expect(SENDER_DELIVERED, SENDER_POLICY_OFF).later);
	rules.policy = SENDER_FOLLOW;
	dmarc(SENDER_TEMPERROR, DMARC_QUARANTINE);
	assert_false(expect(SENDER_TO_JUNK, SENDER_NO_OVERRIDE).later);
	/* The policy itself is not known. */
	dmarc(SENDER_TEMPERROR, DMARC_NONE);
	expect(SENDER_DELIVERED, SENDER_NO_OVERRIDE);
	/* What fails for good fails, whatever else is not known. */
	dmarc(SENDER_FAIL, DMARC_REJECT);
	assert_false(expect(SENDER_REFUSED, SENDER_NO_OVERRIDE).later);
	dmarc(SENDER_TEMPERROR, DMARC_REJECT);
	rules.seal = 1;
	assert_false(expect(SENDER_DELIVERED, SENDER_TRUSTED_SEAL).later);
}

static void who_is_trusted_speaks_for_it(void **state)
{
	(void)state;
	dmarc(SENDER_FAIL, DMARC_REJECT);
	rules.seal = 2;
	assert_int_equal(expect(SENDER_DELIVERED, SENDER_TRUSTED_SEAL).seal, 2);
	rules.known_list = true;
	expect(SENDER_DELIVERED, SENDER_TRUSTED_SEAL);
	rules.seal = 0;
	expect(SENDER_DELIVERED, SENDER_KNOWN_LIST);
	/* Of several authors, or of more than are looked at, nobody speaks. */
	verdicts.authors = 2;
	expect(SENDER_REFUSED, SENDER_NO_OVERRIDE);
	verdicts.authors = 1;
	dmarc(SENDER_PERMERROR, DMARC_QUARANTINE);
	verdicts.dmarc.cause = DMARC_TOO_LARGE;
	assert_int_equal(expect(SENDER_TO_JUNK, SENDER_NO_OVERRIDE).ground, SENDER_UNCLEAR);
}

static void what_claims_to_be_ours_must_prove_it(void **state)
{
	(void)state;
	rules.claims_ours = true;
	assert_int_equal(expect(SENDER_REFUSED, SENDER_NO_OVERRIDE).ground, SENDER_CLAIMS_OURS);
	assert_false(sender_decide(&verdicts, &rules).later);
	rules.ours_later = true;
	assert_true(sender_decide(&verdicts, &rules).later);
	rules.ours = SENDER_MARK;
	assert_false(expect(SENDER_TO_JUNK, SENDER_NO_OVERRIDE).later);
	rules.ours = SENDER_IGNORE;
	expect(SENDER_DELIVERED, SENDER_NO_OVERRIDE);
	rules.ours = SENDER_FOLLOW;
	rules.known_list = true;
	assert_false(expect(SENDER_TO_JUNK, SENDER_KNOWN_LIST).later);
	/* A seal speaks for the author, and not for another in the envelope. */
	rules.seal = 1;
	assert_int_equal(expect(SENDER_TO_JUNK, SENDER_KNOWN_LIST).seal, 0);
	rules.claims_author = true;
	assert_false(expect(SENDER_DELIVERED, SENDER_TRUSTED_SEAL).later);
	/* Nor where it is not clear who the author is. */
	dmarc(SENDER_PERMERROR, DMARC_QUARANTINE);
	verdicts.dmarc.cause = DMARC_TOO_LARGE;
	expect(SENDER_REFUSED, SENDER_NO_OVERRIDE);
	rules.seal = 0;
	rules.known_list = false;
	dmarc(SENDER_FAIL, DMARC_QUARANTINE);
	assert_int_equal(expect(SENDER_REFUSED, SENDER_NO_OVERRIDE).ground, SENDER_CLAIMS_OURS);
	rules.policy = SENDER_IGNORE;
	expect(SENDER_REFUSED, SENDER_NO_OVERRIDE);
}

static void expect_claims(const char *domains, bool later)
{
	struct sender_claim claims[SENDER_CLAIMS_MAX];
	size_t count = sender_unproven(&verdicts, claims);
	struct view rest = view_from_string(domains), domain;
	for (size_t i = 0; i < count; i++) {
		assert_true(view_next(&rest, ' ', &domain));
		assert_true(view_equal(claims[i].domain, domain));
		assert_int_equal(claims[i].later, later);
	}
	assert_int_equal(rest.len, 0);
}

static void sign(const char *domain, enum sender_result result)
{
	dkim.verdicts[dkim.count].field.domain = domain;
	dkim.verdicts[dkim.count++].result = result;
}

static void finds_what_is_claimed(void **state)
{
	(void)state;
	expect_claims("a.example", false);
	verdicts.envelope = VIEW("b.example");
	expect_claims("a.example b.example", false);
	verdicts.envelope = VIEW("A.example");
	expect_claims("a.example", false);
	/* A record that is met proves it; and without one, who has the name. */
	verdicts.author[0].result = SENDER_PASS;
	verdicts.envelope = (struct view){0};
	expect_claims("", false);
	verdicts.author[0].result = SENDER_NONE;
	sign("x.example", SENDER_PASS);
	sign("example", SENDER_PASS);
	sign("ba.example", SENDER_PASS);
	sign("a.example", SENDER_FAIL);
	sign(NULL, SENDER_PERMERROR);
	expect_claims("a.example", false);
	sign("mail.a.example", SENDER_TEMPERROR);
	expect_claims("a.example", true);
	sign("mail.A.example", SENDER_PASS);
	expect_claims("", false);
	dkim.count = 0;
	verdicts.envelope = VIEW("bounces.a.example");
	verdicts.spf.result = SENDER_SOFTFAIL;
	expect_claims("a.example bounces.a.example", false);
	verdicts.spf.result = SENDER_PASS;
	expect_claims("", false);
	/* HELO's name is none of the envelope's. */
	verdicts.spf_of_helo = true;
	verdicts.envelope = (struct view){0};
	expect_claims("a.example", false);
	/* All authors; a domain that is none claims nothing. */
	verdicts.authors = 9;
	verdicts.author[1].domain = VIEW("c.example");
	verdicts.author[3].domain = VIEW("d.example");
	verdicts.author[3].result = SENDER_PASS;
	expect_claims("a.example c.example", false);
	verdicts.authors = 0;
	expect_claims("", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(follows_the_authors_domain, set_up),
	    cmocka_unit_test_setup(waits_for_what_may_prove_it, set_up),
	    cmocka_unit_test_setup(who_is_trusted_speaks_for_it, set_up),
	    cmocka_unit_test_setup(what_claims_to_be_ours_must_prove_it, set_up),
	    cmocka_unit_test_setup(finds_what_is_claimed, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
