/* What a check says of a domain whose records are right, and of each way to spoil one of them. */
#include "zone_world.h"

static int start(void **state)
{
	(void)state;
	world_make();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	world_end();
	return 0;
}

static void nothing_is_found_where_all_is_right(void **state)
{
	(void)state;
	world_check();
	world_dump();
	assert_int_equal(world_report.count, 0);
	assert_int_equal(zone_report_worst(&world_report), -1);
	assert_false(world_report.incomplete);
	assert_int_equal(world_report.spf.lookups, 1);
}

/* ---- hosts ---- */

static void mx_is_judged(void **state)
{
	(void)state;
	world_remove("example.org", DNS_MX);
	world_expect(ZONE_FAULT, "has no MX record", "+ example.org. 3600 IN MX 10 mail.example.org.\n");
	zone_mx("example.org", 10, "other.example.net");
	zone_a("other.example.net", 9);
	world_expect(ZONE_FAULT, "names this host", "+ example.org. 3600 IN MX 10 mail.example.org.\n");
	zone_mx("example.org", 20, "mail.example.org");
	world_expect(ZONE_HINT, "Other hosts come before", "");
	world_remove("example.org", DNS_MX);
	zone_mx("example.org", 0, "");
	world_expect(ZONE_FAULT, "null MX",
	    "- example.org. 300 IN MX 0 .\n+ example.org. 3600 IN MX 10 mail.example.org.\n");
}

static void mx_hosts_have_addresses_of_their_own(void **state)
{
	(void)state;
	zone_mx("example.org", 20, "alias.example.org");
	zone_canonical(zone_a("alias.example.org", 9), "real.example.net");
	world_expect(ZONE_FAULT, "is an alias (CNAME) of real.example.net", "");
	zone_mx("example.org", 30, "nothing.example.net");
	world_expect(ZONE_FAULT, "names nothing.example.net, which has no address", "");
}

static void the_domain_exists(void **state)
{
	(void)state;
	zone_status("example.org", DNS_MX, ANSWER_NXDOMAIN, "");
	world_expect(ZONE_FAULT, "does not exist in DNS", "");
	zone_status("example.org", DNS_MX, ANSWER_BOGUS, "signature expired");
	world_expect(ZONE_FAULT, "says DNSSEC (signature expired)", "");
	zone_status("example.org", DNS_MX, ANSWER_FAILED, "no answer within 5 s");
	world_expect(ZONE_WARNING, "cannot be looked up: no answer within 5 s", "");
}

static void addresses_are_those_of_the_machine(void **state)
{
	(void)state;
	world_remove("mail.example.org", DNS_A);
	world_expect(
	    ZONE_FAULT, "has no A record for 192.0.2.1", "+ mail.example.org. 3600 IN A 192.0.2.1\n");
	zone_a("mail.example.org", 5);
	world_expect(
	    ZONE_WARNING, "has no A record for 192.0.2.1", "+ mail.example.org. 3600 IN A 192.0.2.1\n");
	world_expect(ZONE_WARNING, "leads to 192.0.2.5", "- mail.example.org. 300 IN A 192.0.2.5\n");
	world_site.address_count = 0;
	world_check();
	assert_null(world_finding("leads to 192.0.2.5")); /* who knows */
}

static void addresses_have_names(void **state)
{
	(void)state;
	const char *mend = "+ 1.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.org.\n";
	world_remove("1.2.0.192.in-addr.arpa", DNS_PTR);
	world_expect(ZONE_FAULT, "192.0.2.1 has no name", mend);
	zone_ptr("1.2.0.192.in-addr.arpa", "host.provider.example");
	world_expect(ZONE_FAULT, "does not lead back", mend);
	zone_a("host.provider.example", 1);
	world_expect(ZONE_WARNING, "but the server greets others as mail.example.org", mend);
}

/* ---- SPF ---- */

static void spf(const char *record)
{
	world_remove("example.org", DNS_TXT);
	zone_txt("example.org", record);
}

static void spf_is_judged(void **state)
{
	(void)state;
	world_remove("example.org", DNS_TXT);
	zone_txt("example.org", "other=text");
	world_expect(
	    ZONE_FAULT, "example.org has no SPF record", "+ example.org. 3600 IN TXT \"v=spf1 mx -all\"\n");
	spf("v=spf1 mx -all");
	zone_txt("example.org", "v=spf1 -all");
	world_expect(ZONE_FAULT, "has 2 SPF records", "");
	spf("v=spf1 mx ip4:1.2.3 -all");
	world_expect(ZONE_FAULT, "cannot be read at \"ip4:1.2.3\"", "");
	spf("v=spf1 mx +all");
	world_expect(ZONE_FAULT, "ends with +all", "");
	spf("v=spf1 mx ?all");
	world_expect(ZONE_WARNING, "says nothing about other hosts", "");
	spf("v=spf1 mx ptr -all");
	world_expect(ZONE_HINT, "uses ptr", "");
	spf("v=spf1 ip4:192.0.2.77 -all");
	world_expect(ZONE_FAULT, "address 192.0.2.1 is \"fail\", because of the term -all", "");
	world_remove("mail.example.org", DNS_TXT);
	world_expect(ZONE_WARNING, "mail.example.org has no SPF record",
	    "+ mail.example.org. 3600 IN TXT \"v=spf1 a -all\"\n");
	/* Written otherwise, and right. */
	spf("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all");
	world_check();
	assert_null(world_finding("SPF record of example.org"));
}

/* The chain names what it allows, and how much it asks: warned at eight, broken at eleven. */
static void spf_chains_are_laid_out(void **state)
{
	(void)state;
	char record[600] = "v=spf1 mx", name[40], text[100];
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "i%u.example.net", i);
		snprintf(text, sizeof text, "v=spf1 ip4:198.51.100.%u -all", i);
		zone_txt(name, text);
		snprintf(text, sizeof text, " include:%s", name);
		strcat(record, text);

		char whole[700];
		snprintf(whole, sizeof whole, "%s -all", record);
		spf(whole);
		world_check();
		assert_int_equal(world_report.spf.lookups, i + 2);
		const struct zone_finding *f = world_finding("look-ups");
		if (i + 2 < 8)
			assert_null(f);
		else
			assert_int_equal(f->level, i + 2 > 10 ? ZONE_FAULT : ZONE_WARNING);
	}
	size_t networks = 0;
	for (size_t i = 0; i < world_report.spf.count; i++)
		networks += world_report.spf.lines[i].kind == SPF_CHAIN_NETWORK;
	assert_int_equal(networks, 13);
	spf("v=spf1 mx include:loop.example.net -all");
	zone_txt("loop.example.net", "v=spf1 include:example.org -all");
	world_expect(ZONE_FAULT, "includes itself", "");
	spf("v=spf1 mx include:none.example.net -all");
	world_expect(ZONE_FAULT, "none.example.net has no SPF record", "");
	spf("v=spf1 a:n1.example.net a:n2.example.net a:n3.example.net mx -all");
	world_expect(ZONE_FAULT, "asks for 3 names that have nothing", "");
	spf("v=spf1 exists:%{i}.example.net mx redirect=other.example.net");
	zone_txt("other.example.net", "v=spf1 -all");
	world_check();
	assert_true(world_report.spf.open);
	assert_int_equal(world_report.spf.lookups, 3);
}

/* ---- DKIM ---- */

static void keys_are_judged(void **state)
{
	(void)state;
	const char *name = "s1._domainkey.example.org",
	           *add = "+ s1._domainkey.example.org. 3600 IN TXT \"" WORLD_KEY "\"\n";
	world_remove(name, DNS_TXT);
	world_expect(ZONE_FAULT, "DKIM key s1 is missing", add);
	zone_txt(name, WORLD_OTHER_KEY);
	char changes[400];
	snprintf(changes, sizeof changes, "- %s. 300 IN TXT \"" WORLD_OTHER_KEY "\"\n%s", name, add);
	world_expect(ZONE_FAULT, "holds another key", changes);
	world_remove(name, DNS_TXT);
	zone_txt(name, "v=DKIM1; k=ed25519; p=");
	world_expect(ZONE_FAULT, "is revoked", NULL);
	zone_txt(name, WORLD_KEY);
	world_expect(ZONE_FAULT, "There are 2 records of the DKIM key s1", NULL);
	world_remove(name, DNS_TXT);
	zone_txt(name, "v=DKIM1; t=y; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	world_expect(ZONE_HINT, "only tried out (t=y)", NULL);
	/* Written otherwise, and the same. */
	world_remove(name, DNS_TXT);
	zone_txt(name, "k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapi MlrwIaaPcHURo=; n=hello");
	world_check();
	assert_null(world_finding("DKIM"));
	zone_txt("s0._domainkey.example.org", WORLD_OTHER_KEY);
	world_expect(ZONE_HINT, "retired DKIM key s0 is still there",
	    "- s0._domainkey.example.org. 300 IN TXT \"" WORLD_OTHER_KEY "\"\n");
	world_keys[0].state = ZONE_KEY_OLD;
	world_remove(name, DNS_TXT);
	world_expect(ZONE_WARNING, "DKIM key s1 is missing", NULL);
}

/* ---- DMARC ---- */

static void dmarc(const char *record)
{
	world_remove("_dmarc.example.org", DNS_TXT);
	if (record)
		zone_txt("_dmarc.example.org", record);
}

static void dmarc_is_judged(void **state)
{
	(void)state;
	dmarc(NULL);
	world_expect(ZONE_WARNING, "has no DMARC record",
	    "+ _dmarc.example.org. 3600 IN TXT \"v=DMARC1; p=quarantine; "
	    "rua=mailto:postmaster@example.org\"\n");
	dmarc("v=spf1 -all"); /* of a wildcard */
	world_expect(ZONE_WARNING, "has no DMARC record", NULL);
	dmarc("DMARC1; p=reject");
	world_expect(ZONE_FAULT, "This is no DMARC record", "");
	dmarc("v=DMARC1; p=reject; rua=mailto:x@example.org");
	zone_txt("_dmarc.example.org", "v=DMARC1; p=none");
	world_expect(ZONE_FAULT, "There are 2 DMARC records", "");
	dmarc("v=DMARC1; p=rejekt; rua=mailto:x@example.org");
	world_expect(ZONE_FAULT, "p=rejekt means nothing", "");
	dmarc("v=DMARC1; p=reject; adkim=x");
	world_expect(ZONE_WARNING, "adkim=x means nothing", "");
	world_expect(ZONE_HINT, "names nobody who gets reports", "");
	dmarc("v=DMARC1; p=none; x=y; reject");
	world_expect(ZONE_HINT, "policy is p=none", "");
	world_expect(ZONE_HINT, "tag \"x\"", "");
	world_expect(ZONE_WARNING, "\"reject\" is no tag", "");
	dmarc("v=DMARC1; p=reject; t=y; rua=http://x");
	world_expect(ZONE_HINT, "tried out (t=y)", "");
	world_expect(ZONE_WARNING, "no mailto: address", "");
	dmarc("v=DMARC1; p=reject; rua=mailto:nobody");
	world_expect(ZONE_WARNING, "\"nobody\" is no address", "");
	dmarc("v=DMARC1; p=reject; rua=mailto:a@example.net!10m");
	world_expect(ZONE_WARNING, "has not said that it wants them", "");
	zone_txt("example.org._report._dmarc.example.net", "v=DMARC1;");
	world_check();
	assert_int_equal(world_report.count, 0);
	/* The organization's record does for a domain below it. */
	zone_clear();
	world_site.domain = "sub.example.org";
	world_publish();
	world_remove("_dmarc.sub.example.org", DNS_TXT);
	zone_txt("_dmarc.example.org", "v=DMARC1; p=reject; rua=mailto:x@example.org");
	world_check();
	assert_null(world_finding("DMARC"));
}

/* ---- TLS ---- */

static void mta_sts_is_judged(void **state)
{
	(void)state;
	const char *name = "_mta-sts.example.org";
	zone_txt(name, "v=STSv1; id=1");
	world_expect(ZONE_WARNING, "no host mta-sts.example.org",
	    "- _mta-sts.example.org. 300 IN TXT \"v=STSv1; id=1\"\n");
	assert_false(world_report.wants_policy);
	zone_a("mta-sts.example.org", 7);
	world_check();
	assert_true(world_report.wants_policy);
	assert_int_equal(world_report.count, 0);
	world_policy = (struct zone_policy){.known = true, .why = VIEW("the certificate has ended")};
	world_expect(ZONE_WARNING, "the certificate has ended", "");
	world_policy.body = VIEW("nonsense");
	world_expect(ZONE_WARNING, "is none", "");
	world_policy.body = VIEW("version: STSv1\nmode: enforce\nmax_age: 86400\nmx: other.example.org\n");
	world_expect(ZONE_FAULT, "does not name the MX host mail.example.org", "");
	world_policy.body = VIEW("version: STSv1\nmode: testing\nmax_age: 86400\nmx: *.example.org\n");
	world_expect(ZONE_HINT, "only tried out", "");
	assert_null(world_finding("does not name"));
	zone_txt(name, "v=STSv1; id=2");
	world_expect(ZONE_WARNING, "There are 2 MTA-STS records", "");
	world_remove(name, DNS_TXT);
	zone_txt(name, "v=STSv1; id=a-b");
	world_expect(ZONE_WARNING, "cannot be read", "");
}

static void tls_reports_are_asked_for(void **state)
{
	(void)state;
	const char *name = "_smtp._tls.example.org";
	world_remove(name, DNS_TXT);
	world_expect(ZONE_HINT, "Nobody is asked for reports about TLS",
	    "+ _smtp._tls.example.org. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@example.org\"\n");
	zone_txt(name, "v=TLSRPTv1; rua=x");
	world_expect(ZONE_WARNING, "names nobody who gets them", "");
	zone_txt(name, "v=TLSRPTv1; rua=mailto:a@b.example");
	world_expect(ZONE_WARNING, "There are 2 records", "");
}

static void dane_is_judged(void **state)
{
	(void)state;
	const char *name = "_25._tcp.mail.example.org";
	struct zone_entry *e = zone_at(name, DNS_TLSA);
	e->answer.secure = false;
	world_expect(ZONE_WARNING, "its zone is not signed", "");
	zone_data(
	    "example.org", DNS_DS, VIEW("ds")); /* a resolver that does not validate: the parent's word */
	world_check();
	assert_int_equal(world_report.count, 0);
	world_remove(name, DNS_TLSA);
	world_expect(ZONE_HINT, "is signed, but there is no TLSA record",
	    "+ _25._tcp.mail.example.org. 3600 IN TLSA 3 1 1 "
	    "3031323334353637383961626364656630313233343536373839616263646566\n");
	zone_tlsa(name, 3, 1, 1, 32);
	world_expect(ZONE_FAULT, "No TLSA record of mail.example.org is that of its certificate", NULL);
	/* With another kind beside it, nobody can tell. */
	zone_tlsa(name, 2, 0, 1, 32);
	world_check();
	assert_int_equal(world_report.count, 0);
	zone_tlsa(name, 0, 0, 1, 32);
	world_expect(ZONE_HINT, "of a kind that mail does not use", "");
}

/* ---- services ---- */

static void services_are_found(void **state)
{
	(void)state;
	world_remove("_imaps._tcp.example.org", DNS_SRV);
	world_expect(ZONE_HINT, "_imaps._tcp is missing",
	    "+ _imaps._tcp.example.org. 3600 IN SRV 0 1 993 mail.example.org.\n");
	zone_data("_imaps._tcp.example.org", DNS_SRV, VIEW("\0\0\0\0\3\341\5other\0"));
	world_expect(ZONE_WARNING, "does not lead to port 993",
	    "- _imaps._tcp.example.org. 300 IN SRV 0 0 993 other.\n"
	    "+ _imaps._tcp.example.org. 3600 IN SRV 0 1 993 mail.example.org.\n");
	world_remove("_pop3._tcp.example.org", DNS_SRV);
	world_check();
	assert_null(world_finding("_pop3._tcp")); /* not offered, and not named */
	zone_data("_pop3._tcp.example.org", DNS_SRV, VIEW("\0\0\0\0\0\156\5other\0"));
	world_expect(ZONE_HINT, "does not offer that service", NULL);
}

static void authorities_may_renew(void **state)
{
	(void)state;
	world_remove("example.org", DNS_CAA);
	world_expect(ZONE_HINT, "No CAA record", "+ example.org. 3600 IN CAA 0 issue \"letsencrypt.org\"\n");
	zone_data("example.org", DNS_CAA, VIEW("\0\5issueother.example; x=y"));
	world_expect(ZONE_WARNING, "do not name letsencrypt.org", "");
	zone_data("mail.example.org", DNS_CAA, VIEW("\0\5issue LetsEncrypt.org ; accounturi=x"));
	world_check();
	assert_int_equal(world_report.count, 0); /* the nearest ones count */
	zone_data("mail.example.org", DNS_CAA, VIEW("\0\5iodefmailto:x@y"));
	world_check();
	assert_int_equal(world_report.count, 0);
}

static void pictures_need_a_policy(void **state)
{
	(void)state;
	dmarc("v=DMARC1; p=none; rua=mailto:x@example.org");
	world_expect(ZONE_HINT, "BIMI needs a DMARC policy", "");
	world_remove("default._bimi.example.org", DNS_TXT);
	world_expect(ZONE_HINT, "BIMI record is missing",
	    "+ default._bimi.example.org. 3600 IN TXT \"v=BIMI1; l=https://example.org/logo.svg;\"\n");
}

/* Whatever a stranger's records are: the check ends, within its limits. */
static void limits_hold(void **state)
{
	(void)state;
	char host[40];
	for (unsigned i = 0; i < 14; i++) {
		snprintf(host, sizeof host, "h%u.example.net", i);
		zone_mx("example.org", i, host);
	}
	world_check();
	assert_true(world_report.count <= ZONE_FINDINGS_MAX);
	world_end();
	world_make();
	arena_done(&world_arena);
	arena_init(&world_arena, 300);
	dmarc("v=DMARC1; p=none");
	spf("v=spf1 +all");
	world_check();
	assert_true(world_report.incomplete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_found_where_all_is_right, start, stop),
	    cmocka_unit_test_setup_teardown(mx_is_judged, start, stop),
	    cmocka_unit_test_setup_teardown(mx_hosts_have_addresses_of_their_own, start, stop),
	    cmocka_unit_test_setup_teardown(the_domain_exists, start, stop),
	    cmocka_unit_test_setup_teardown(addresses_are_those_of_the_machine, start, stop),
	    cmocka_unit_test_setup_teardown(addresses_have_names, start, stop),
	    cmocka_unit_test_setup_teardown(spf_is_judged, start, stop),
	    cmocka_unit_test_setup_teardown(spf_chains_are_laid_out, start, stop),
	    cmocka_unit_test_setup_teardown(keys_are_judged, start, stop),
	    cmocka_unit_test_setup_teardown(dmarc_is_judged, start, stop),
	    cmocka_unit_test_setup_teardown(mta_sts_is_judged, start, stop),
	    cmocka_unit_test_setup_teardown(tls_reports_are_asked_for, start, stop),
	    cmocka_unit_test_setup_teardown(dane_is_judged, start, stop),
	    cmocka_unit_test_setup_teardown(services_are_found, start, stop),
	    cmocka_unit_test_setup_teardown(authorities_may_renew, start, stop),
	    cmocka_unit_test_setup_teardown(pictures_need_a_policy, start, stop),
	    cmocka_unit_test_setup_teardown(limits_hold, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
