/* DMARC, RFC 9989: records, the tree walk, alignment, policies. */
#include "sender_zone.h"

#include "trust/sender/dmarc.h"

static struct dmarc_verdict v;
static struct dmarc_identity spf, dkim[DMARC_IDENTITIES_MAX];
static size_t dkim_count;

static int set_up(void **state)
{
	(void)state;
	spf = (struct dmarc_identity){0};
	dkim_count = 0;
	return zone_begin(DMARC_MEMORY_MAX);
}

static void says(const char *domain, const char *record)
{
	char name[300];
	snprintf(name, sizeof name, "_dmarc.%s", domain);
	zone_txt(name, record);
	zone_at(domain, DNS_A);
}

static enum sender_result check(const char *author)
{
	struct dmarc_request request = {
	    .author = view_from_string(author), .spf = spf, .dkim = dkim, .dkim_count = dkim_count};
	zone_rounds = zone_asked = 0;
	answers_done(&answers);
	answers_init(&answers);
	for (;;) {
		arena_reset(&arena);
		if (dmarc_check(&answers, &request, &arena, &v))
			return v.result;
		assert_true(zone_answer(&answers));
	}
}

static enum sender_result check_signed(const char *author, const char *domain)
{
	dkim[0] = (struct dmarc_identity){view_from_string(domain), SENDER_PASS};
	dkim_count = 1;
	return check(author);
}

static void reads_records(void **state)
{
	(void)state;
	struct dmarc_record r;
	static const char *const none[] = {
	    "", "v=DMARC2; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "v DMARC1;", "v=DMARC1 p=none"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_false(dmarc_record_parse(view_from_string(none[i]), &r));
	assert_true(dmarc_record_parse(VIEW("V = DMARC1 ;p=Reject;SP=quarantine ; adkim=s;aspf=r;t=y;psd=n;"
	                                    "rua=mailto:a@b.example,mailto:c@d.example!10m;x=1;=;;"),
	    &r));
	assert_int_equal(r.domain, DMARC_REJECT);
	assert_int_equal(r.subdomains, DMARC_QUARANTINE);
	assert_int_equal(r.nonexistent, DMARC_QUARANTINE);
	assert_true(r.strict_dkim && !r.strict_spf && r.testing);
	assert_int_equal(r.psd, DMARC_PSD_NO);
	assert_view(r.aggregate, "mailto:a@b.example,mailto:c@d.example!10m");
	assert_true(dmarc_record_parse(VIEW("v=DMARC1; p=block; np=reject"), &r));
	assert_int_equal(r.domain, DMARC_NONE);
	assert_int_equal(r.subdomains, DMARC_NONE);
	assert_int_equal(r.nonexistent, DMARC_NONE);
	assert_true(r.unclear);
	assert_true(dmarc_record_parse(VIEW("v=DMARC1; p=reject; sp=wrong"), &r));
	assert_true(r.unclear && r.domain == DMARC_NONE && r.subdomains == DMARC_NONE);
	assert_true(dmarc_record_parse(VIEW("v=DMARC1; p=reject; np=; sp=none"), &r) && r.unclear);
	assert_true(dmarc_record_parse(VIEW("v=DMARC1; p=reject; adkim=x; fo=y"), &r) && !r.unclear);
	assert_true(dmarc_record_parse(VIEW("v=DMARC1"), &r) && r.unclear);
}

static void asks_for_reports(void **state)
{
	(void)state;
	static const char *const yes[] = {"mailto:a@b.example", " x , https://b.example/", "x-y+z.1:!"},
	                         *const no[] = {
	                             "", ",", "a@b.example", "mailto:", ":x", "1a:x", "m ailto:x", "a:x y"};
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(dmarc_record_asks(&(struct dmarc_record){.aggregate = view_from_string(yes[i])}));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(dmarc_record_asks(&(struct dmarc_record){.aggregate = view_from_string(no[i])}));
}

static void aligns(void **state)
{
	(void)state;
	says("a.example", "v=DMARC1; p=reject");
	assert_int_equal(check("A.example"), SENDER_FAIL);
	assert_int_equal(v.policy, DMARC_REJECT);
	assert_view(v.policy_domain, "a.example");
	static const struct {
		const char *author, *domain;
		bool aligned;
	} cases[] = {{"a.example", "a.example", true}, {"a.example", "Mail.A.Example", true},
	    {"x.a.example", "y.a.example", true}, {"x.a.example", "a.example", true},
	    {"a.example", "ba.example", false}, {"a.example", "example", false},
	    {"a.example", "b.example", false}, {"a.example", "a.example.org", false},
	    {"a.example", "", false}, {"a.example", "[192.0.2.1]", false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum sender_result result = check_signed(cases[i].author, cases[i].domain);
		if ((result == SENDER_PASS) != cases[i].aligned)
			fail_msg("%s %s", cases[i].author, cases[i].domain);
		spf = dkim[0];
		dkim_count = 0;
		assert_int_equal(check(cases[i].author), result);
		spf = (struct dmarc_identity){0};
	}
	says("s.example", "v=DMARC1; p=none; adkim=s");
	assert_int_equal(check_signed("s.example", "mail.s.example"), SENDER_FAIL);
	assert_int_equal(check_signed("s.example", "s.example"), SENDER_PASS);
	assert_int_equal(v.cause, DMARC_ALIGNED_DKIM);
}

static void does_not_count_what_failed(void **state)
{
	(void)state;
	says("a.example", "v=DMARC1; p=reject");
	dkim[0] = (struct dmarc_identity){VIEW("a.example"), SENDER_FAIL};
	dkim[1] = (struct dmarc_identity){VIEW("a.example"), SENDER_POLICY};
	dkim[2] = (struct dmarc_identity){VIEW("other.example"), SENDER_PASS};
	dkim_count = 3;
	spf = (struct dmarc_identity){VIEW("a.example"), SENDER_SOFTFAIL};
	assert_int_equal(check("a.example"), SENDER_FAIL);
	/* What could not be checked now may have proven it. */
	dkim[1].result = SENDER_TEMPERROR;
	assert_int_equal(check("a.example"), SENDER_TEMPERROR);
	assert_int_equal(v.cause, DMARC_MAYBE_LATER);
	spf.result = SENDER_PASS;
	assert_int_equal(check("a.example"), SENDER_PASS);
	assert_int_equal(v.cause, DMARC_ALIGNED_SPF);
}

/* RFC 9989 appendix B and section 4.10. */
static void walks_the_tree(void **state)
{
	(void)state;
	says("example", "v=DMARC1; p=reject; psd=y; np=reject; sp=quarantine");
	says("bank.example", "v=DMARC1; p=none; sp=reject");
	assert_int_equal(check("mail.bank.example"), SENDER_FAIL);
	assert_view(v.organization, "bank.example");
	assert_view(v.policy_domain, "bank.example");
	assert_int_equal(v.policy, DMARC_REJECT);
	/* Nobody's organization is the suffix; its policy holds for those who have none. */
	zone_at("shop.example", DNS_A);
	assert_int_equal(check_signed("shop.example", "bank.example"), SENDER_FAIL);
	assert_view(v.organization, "shop.example");
	assert_view(v.policy_domain, "example");
	assert_int_equal(v.policy, DMARC_QUARANTINE);
	assert_int_equal(check("none.example"), SENDER_FAIL);
	assert_true(v.nonexistent);
	assert_int_equal(v.policy, DMARC_REJECT);
	/* A division that says it is an organization of its own. */
	says("division.bank.example", "v=DMARC1; p=none; psd=n");
	assert_int_equal(check_signed("a.division.bank.example", "bank.example"), SENDER_FAIL);
	assert_view(v.organization, "division.bank.example");
	assert_int_equal(check_signed("bank.example", "division.bank.example"), SENDER_FAIL);
	assert_int_equal(check_signed("a.division.bank.example", "b.division.bank.example"), SENDER_PASS);
}

static void bounds_the_walk(void **state)
{
	(void)state;
	says("a.example", "v=DMARC1; p=reject");
	char author[254] = "";
	for (int i = 0; i < 120; i++)
		strcat(author, "x.");
	strcat(author, "a.example");
	assert_int_equal(check_signed(author, "a.example"), SENDER_PASS);
	assert_view(v.organization, "a.example");
	assert_true(zone_asked <= DMARC_WALK_MAX + 2);
	assert_int_equal(zone_rounds, 1);
	/* Names between the first and the last seven are not looked at: what stands there counts for nobody.
	 */
	says("1.2.3.4.5.6.7.a.example", "v=DMARC1; p=none");
	dkim_count = 0;
	assert_int_equal(check("0.1.2.3.4.5.6.7.a.example"), SENDER_FAIL);
	assert_view(v.policy_domain, "a.example");
	/* One label below a suffix, though that name was passed over. */
	says("c.d.e.f.g.z.suffix", "v=DMARC1; p=none; psd=y");
	dkim_count = 0;
	assert_int_equal(check("1.2.3.a.b.c.d.e.f.g.z.suffix"), SENDER_FAIL);
	assert_view(v.organization, "b.c.d.e.f.g.z.suffix");
	assert_view(v.policy_domain, "c.d.e.f.g.z.suffix");
	dkim_count = 0;
	while (dkim_count < DMARC_IDENTITIES_MAX)
		dkim[dkim_count++] = (struct dmarc_identity){VIEW("q.w.e.r.t.y.u.a.example"), SENDER_PASS};
	assert_int_equal(check("b.example"), SENDER_NONE);
	assert_int_equal(v.cause, DMARC_NO_RECORD);
}

static void treats_what_is_wrong(void **state)
{
	(void)state;
	says("two.example", "v=DMARC1; p=reject");
	says("two.example", "v=DMARC1; p=none");
	assert_int_equal(check("two.example"), SENDER_NONE);
	says("mixed.example", "some other text");
	says("mixed.example", "v=DMARC1; p=reject; t=y");
	assert_int_equal(check("mixed.example"), SENDER_FAIL);
	assert_int_equal(v.policy, DMARC_QUARANTINE);
	/* Section 4.10.1: a record whose policy cannot be read counts for its reports alone. */
	says("unclear.example", "v=DMARC1; p=reject; sp=wrong; rua=mailto:a@unclear.example");
	assert_int_equal(check("unclear.example"), SENDER_FAIL);
	assert_int_equal(v.policy, DMARC_NONE);
	says("mute.example", "v=DMARC1; p=refuse; ruf=mailto:a@mute.example");
	assert_int_equal(check_signed("mute.example", "mute.example"), SENDER_NONE);
	assert_int_equal(v.cause, DMARC_NO_POLICY);
	assert_view(v.policy_domain, "mute.example");
	dkim_count = 0;
	assert_int_equal(check("localhost"), SENDER_NONE);
	assert_int_equal(v.cause, DMARC_NO_DOMAIN);
	assert_int_equal(check(""), SENDER_NONE);
	zone_status("_dmarc.dead.example", DNS_TXT, ANSWER_FAILED, "time-out");
	assert_int_equal(check("dead.example"), SENDER_TEMPERROR);
	assert_view(v.question, "dead.example");
	/* What stands above a record of its own does not matter. */
	says("own.example", "v=DMARC1; p=reject");
	zone_status("_dmarc.example", DNS_TXT, ANSWER_BOGUS, "forged");
	assert_int_equal(check("own.example"), SENDER_FAIL);
	assert_int_equal(check("none.example"), SENDER_TEMPERROR);
	arena_done(&arena);
	arena_init(&arena, 8);
	assert_int_equal(check("own.example"), SENDER_TEMPERROR);
	assert_int_equal(v.cause, DMARC_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(reads_records, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(asks_for_reports, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(aligns, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(does_not_count_what_failed, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(walks_the_tree, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(bounds_the_walk, set_up, zone_end),
	    cmocka_unit_test_setup_teardown(treats_what_is_wrong, set_up, zone_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
