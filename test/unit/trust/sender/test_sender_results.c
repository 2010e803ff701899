/* The values that are kept of a check: both ways, whatever becomes of their octets, and in sentences. */
#include "sender_world.h"

#include <errno.h>
#include <netinet/in.h>

#include "trust/sender/sender_results_make.h"
#include "trust/sender/sender_words.h"

static struct sockaddr_in client;
static struct sender_request request;
static struct buf message, encoded, said;
static struct sender_results results; /* as decoded, so its views are in `encoded` */

static int set_up(void **state)
{
	(void)state;
	zone_clear();
	client = (struct sockaddr_in){.sin_family = AF_INET};
	memcpy(&client.sin_addr, "\300\0\2\7", 4);
	request = (struct sender_request){.client = (const struct sockaddr *)&client,
	    .helo = VIEW("mail.a.example"),
	    .sender_local = VIEW("alice"),
	    .sender_domain = VIEW("a.example"),
	    .receiver = VIEW("mx.example"),
	    .now = NOW};
	zone_txt("a.example", "v=spf1 ip4:192.0.2.7 -all");
	zone_txt("_dmarc.a.example", "v=DMARC1; p=reject");
	zone_at("a.example", DNS_A);
	zone_ptr("7.2.0.192.in-addr.arpa", "mail.a.example");
	zone_a("mail.a.example", 7);
	publish(rsa, "rsa", "a.example");
	buf_init(&message, 1 << 20);
	buf_init(&encoded, SENDER_RESULTS_MAX);
	buf_init(&said, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	answers_done(&answers);
	buf_done(&message);
	buf_done(&encoded);
	buf_done(&said);
	zone_clear();
	return 0;
}

static int open_world(void **state)
{
	(void)state;
	world_open();
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_close();
	return 0;
}

static void sign(const char *text, const char *domain)
{
	struct dkim_signer signer = {.algorithm = DKIM_RSA_SHA256,
	    .domain = domain,
	    .selector = "rsa",
	    .signed_at = NOW - 60,
	    .expires = DKIM_NO_TIME};
	assert_int_equal(sign_message(view_from_string(text), rsa, &signer, &message), 0);
}

/* Checks `message`, keeps what was found, and reads it again. */
static void check(void)
{
	struct sender_results made;
	answers_done(&answers);
	answers_init_for(&answers, SENDER_QUESTIONS_MAX, 1024 * 1024);
	struct sender_check *c = sender_check_new(&request, &answers);
	sender_check_bytes(c, buf_view(&message));
	sender_check_end(c);
	while (!sender_check_judge(c))
		assert_true(zone_answer(&answers));
	sender_results_make(sender_check_verdicts(c), &made);
	buf_clear(&encoded);
	assert_int_equal(sender_results_encode(&made, &encoded), 0);
	sender_check_free(c);
	assert_true(sender_results_decode(buf_view(&encoded), &results));
}

/* The same octets again, and these words. */
static void expect(enum sender_standing standing, const char *words)
{
	struct buf again;
	buf_init(&again, SENDER_RESULTS_MAX);
	assert_int_equal(sender_results_encode(&results, &again), 0);
	assert_true(view_equal(buf_view(&again), buf_view(&encoded)));
	buf_done(&again);
	assert_int_equal(sender_standing(&results), standing);
	buf_clear(&said);
	assert_int_equal(sender_words(&results, &said), 0);
	assert_string_equal(buf_string(&said), words);
}

#define LETTER "From: Alice <alice@a.example>\r\nTo: bob@b.example\r\nSubject: x\r\n\r\nHello\r\n"
#define CLIENT                                                                                               \
	"client pass       The host 192.0.2.7 has the name mail.a.example; it called itself "                \
	"mail.a.example.\n"
#define SPF_PASS                                                                                             \
	"SPF    pass       The host 192.0.2.7 may send for a.example (\"ip4:192.0.2.7\" in the record of "   \
	"a.example)."

static void tells_of_genuine_mail(void **state)
{
	(void)state;
	sign(LETTER, "a.example");
	check();
	expect(SENDER_PROVEN,
	    "This message is proven to come from a.example.\n"
	    "DMARC  pass       The signature of a.example proves it, and so does SPF. The policy of "
	    "a.example for mail that is not proven: reject.\n" SPF_PASS "\n"
	    "DKIM   pass       The signature of a.example is good: the signed fields and the body "
	    "are as they were signed. (rsa-sha256, selector rsa)\n" CLIENT);
	assert_int_equal(results.at, NOW);
	assert_view(results.mail_from, "alice@a.example");
	assert_view(results.helo, "mail.a.example");
	assert_view(results.spf.record, "v=spf1 ip4:192.0.2.7 -all");
	assert_view(results.dmarc.record, "v=DMARC1; p=reject");
	assert_view(results.dmarc.proven_by, "a.example");
	assert_view(results.dkim[0].selector, "rsa");
	assert_view(results.dkim[0].algorithm, "rsa-sha256");
	assert_int_equal(results.dkim[0].id.len, SENDER_ID_KEPT);
	assert_int_equal(results.dkim[0].bits, 2048);
	assert_int_equal(results.dkim[0].signed_at, NOW - 60);
	assert_true(results.dkim[0].expires == DKIM_NO_TIME && results.dkim[0].signed_length == DKIM_WHOLE);
	assert_int_equal(results.dkim_result, SENDER_PASS);
}

static void tells_what_is_not_aligned(void **state)
{
	(void)state;
	zone_txt("e.example", "v=spf1 ip4:192.0.2.0/24 -all");
	publish(rsa, "rsa", "e.example");
	request.sender_domain = VIEW("e.example");
	sign(LETTER, "e.example");
	check();
	expect(SENDER_UNPROVEN,
	    "Nothing proves that this message comes from a.example, which its From field names; that domain "
	    "wants "
	    "such mail refused.\n"
	    "DMARC  fail       Neither SPF nor a signature speaks for a.example or another name of the same "
	    "organization. The policy of a.example for mail that is not proven: reject.\n"
	    "SPF    pass       The host 192.0.2.7 may send for e.example (\"ip4:192.0.2.0/24\" in the record "
	    "of "
	    "e.example). That proves nothing about a.example: e.example is another domain.\n"
	    "DKIM   pass       The signature of e.example is good: the signed fields and the body are as "
	    "they were "
	    "signed. (rsa-sha256, selector rsa) That proves nothing about a.example: e.example is another "
	    "domain.\n" CLIENT);
}

/* What was done with it stands behind the first sentence. */
static void expect_action(
    enum sender_action action, enum sender_override why, struct view by, const char *words)
{
	struct sender_results r = results;
	r.action = action;
	r.override = why;
	r.override_by = by;
	buf_clear(&said);
	assert_int_equal(sender_explain_action(&r, &said), 0);
	assert_string_equal(buf_string(&said), words);
}

static void tells_what_was_done(void **state)
{
	(void)state;
	client.sin_addr.s_addr = htonl(0xc6336401);
	buf_append_string(&message, LETTER);
	check();
	expect(SENDER_UNPROVEN,
	    "Nothing proves that this message comes from a.example, which its From field names; that domain "
	    "wants "
	    "such mail refused.\n"
	    "DMARC  fail       Neither SPF nor a signature speaks for a.example or another name of the same "
	    "organization. The policy of a.example for mail that is not proven: reject.\n"
	    "SPF    fail       The host 198.51.100.1 may not send for a.example (\"-all\" in the record of "
	    "a.example).\n"
	    "DKIM   none       Nobody has signed the message.\n"
	    "client none       The host 198.51.100.1 has no name; it called itself mail.a.example.\n");
	expect_action(SENDER_DELIVERED, SENDER_NO_OVERRIDE, VIEW(""), "");
	expect_action(SENDER_TO_JUNK, SENDER_NO_OVERRIDE, VIEW(""), "It was put into Junk for that.");
	expect_action(SENDER_REFUSED, SENDER_NO_OVERRIDE, VIEW(""), "It was refused for that.");
	expect_action(SENDER_TO_JUNK, SENDER_POLICY_MARKED, VIEW(""),
	    "It was put into Junk for that. Nothing is refused for such a reason here (dmarc_policy).");
	expect_action(SENDER_DELIVERED, SENDER_POLICY_OFF, VIEW(""),
	    "It was delivered all the same: wishes of other domains are not followed here (dmarc_policy).");
	expect_action(SENDER_DELIVERED, SENDER_TRUSTED_SEAL, VIEW("lists.example"),
	    "It was delivered all the same: lists.example, a server that is trusted here, found it genuine "
	    "before it "
	    "was changed on its way.");
	expect_action(SENDER_DELIVERED, SENDER_KNOWN_LIST, VIEW("talk.b.example\n"),
	    "It was delivered all the same: it came over talk.b.example , a mailing list that is read here.");
}

/* Only the first sentence, and those of SPF. */
static void expect_spf(const char *record, const char *words)
{
	struct zone_entry *entry = zone_at("s.example", DNS_TXT);
	buf_done(&entry->data[0]);
	entry->answer.count = 0;
	zone_txt("s.example", record);
	request.sender_domain = VIEW("s.example");
	check();
	buf_clear(&said);
	assert_int_equal(sender_explain_spf(&results, &said), 0);
	assert_string_equal(buf_string(&said), words);
}

static void tells_of_spf(void **state)
{
	(void)state;
	buf_append_string(&message, LETTER);
	expect_spf("v=spf1 ~all",
	    "The host 192.0.2.7 probably may not send for s.example (\"~all\" in the record of s.example).");
	expect_spf("v=spf1 ?all",
	    "The host 192.0.2.7 is one of which s.example does not say whether it may send for it "
	    "(\"?all\" in the record of s.example).");
	expect_spf(
	    "v=spf1 ip4:192.0.2.8", "The SPF record of s.example says nothing about the host 192.0.2.7.");
	expect_spf("v=spf1 include:a.example -all",
	    "The host 192.0.2.7 may send for s.example (\"include:a.example\" in the "
	    "record of s.example). That proves nothing about a.example: "
	    "s.example is another domain.");
	expect_spf(
	    "v=spf1 ip4:x -all", "The SPF record of s.example cannot be used: \"ip4:x\" is not understood.");
	expect_spf("v=spf1 include:none.example",
	    "The SPF record of s.example cannot be used: \"include:none.example\" leads to "
	    "a domain without one.");
	expect_spf("v=spf1 a:1.e a:2.e a:3.e -all",
	    "The SPF record of s.example cannot be used: it names more than 2 "
	    "things that are not there (at \"a:3.e\").");
	expect_spf("nothing", "s.example does not say which hosts may send for it.");
	zone_at("s.example", DNS_TXT)->answer.status = ANSWER_FAILED;
	expect_spf("v=spf1 -all",
	    "Whether the host may send for s.example could not be found out: there was no answer for "
	    "s.example.");
	request.client = NULL;
	expect_spf("v=spf1 -all", "This was not checked: the host's address is not known.");
	assert_int_equal(sender_standing(&results), SENDER_UNKNOWN);
	assert_false(results.has_client);
	buf_clear(&said);
	sender_words(&results, &said);
	assert_non_null(
	    strstr(buf_string(&said), "No signature proves that this message comes from a.example. Whether"));
	assert_null(strstr(buf_string(&said), "client"));
}

static void expect_first(const char *from, enum sender_standing standing, const char *words)
{
	buf_clear(&message);
	buf_printf(&message, "%s\r\n\r\nHello\r\n", from);
	check();
	assert_int_equal(sender_standing(&results), standing);
	buf_clear(&said);
	assert_int_equal(sender_explain(&results, &said), 0);
	assert_string_equal(buf_string(&said), words);
}

static void tells_what_is_not_known(void **state)
{
	(void)state;
	zone_txt("_dmarc.f.example", "v=DMARC1; p=none")->answer.status = ANSWER_FAILED;
	expect_first("From: a@c.example", SENDER_UNKNOWN,
	    "Whether this message comes from c.example is not known: that "
	    "domain does not say how its mail can be told from forged mail.");
	expect_first("From: a@localhost", SENDER_UNKNOWN,
	    "Nobody can tell whom this message comes from: its From field names "
	    "no domain that could be asked.");
	expect_first("From: a@f.example", SENDER_LATER,
	    "Whether this message comes from f.example could not be found out when "
	    "it came.");
	expect_first("From: a@1.e, a@2.e, a@3.e, a@4.e, a@5.e", SENDER_UNPROVEN,
	    "Nobody can tell whom this message comes from: it names more authors, or has a larger header, "
	    "than is looked "
	    "at, or its From field can be read in several ways, or it asks "
	    "for too much to be looked up.");
}

/* Whatever they are cut to or changed into, they are values or they are nothing. */
static void reads_hostile_octets(void **state)
{
	(void)state;
	sign(LETTER, "a.example");
	check();
	struct view good = buf_view(&encoded);
	char octets[SENDER_RESULTS_MAX];
	struct sender_results r;
	for (size_t len = 0; len < good.len; len++)
		if (sender_results_decode(view_take(good, len), &r)) {
			buf_clear(&said);
			assert_int_equal(sender_words(&r, &said), 0);
			assert_true(r.dkim_count == 0 || len > good.len / 4);
		}
	for (size_t i = 0; i < good.len; i++)
		for (unsigned change = 1; change < 256; change += 13) {
			memcpy(octets, good.data, good.len);
			octets[i] ^= (char)change;
			if (!sender_results_decode(view_of(octets, good.len), &r))
				continue;
			buf_clear(&said);
			assert_int_equal(sender_words(&r, &said), 0);
			assert_int_equal(sender_json(&r, &said), 0);
		}
	assert_false(sender_results_decode(VIEW(""), &r));
	assert_false(sender_results_decode(VIEW("\2"), &r));         /* another version */
	assert_true(sender_results_decode(VIEW("\1\177\4abc"), &r)); /* a section of a newer one */
	assert_false(sender_results_decode(VIEW("\1\177\5abc"), &r));
}

/* What goes past every limit is cut, and finds room. */
static void keeps_the_longest(void **state)
{
	(void)state;
	static char text[4000];
	memset(text, 'x', sizeof text);
	struct view v = view_of(text, sizeof text);
	struct sender_results r = {
	    .override_by = v, .client_name = v, .helo = v, .mail_from = v, .dkim_count = DKIM_SIGNATURES_MAX};
	r.spf.decided = r.spf.record = r.spf.term = r.spf.question = v;
	r.dmarc.author = r.dmarc.organization = r.dmarc.policy_domain = r.dmarc.record = r.dmarc.question = v;
	r.arc.cause = ARC_BAD_SEAL;
	struct sender_signature longest = {.domain = v,
	    .selector = v,
	    .identity = v,
	    .algorithm = v,
	    .id = v,
	    .tag = v,
	    .added = v,
	    .why = v,
	    .signed_length = UINT64_MAX,
	    .body_length = UINT64_MAX,
	    .signed_at = -1,
	    .expires = -1};
	r.arc.signature = longest;
	for (size_t i = 0; i < DKIM_SIGNATURES_MAX; i++)
		r.dkim[i] = longest;
	assert_int_equal(sender_results_encode(&r, &encoded), 0);
	assert_true(sender_results_decode(buf_view(&encoded), &r));
	assert_int_equal(r.dkim_count, DKIM_SIGNATURES_MAX);
	assert_int_equal(r.spf.record.len, SENDER_RECORD_KEPT);
	assert_int_equal(sender_json(&r, &said), 0);
	struct buf small;
	buf_init(&small, 100);
	buf_append_string(&small, "before");
	assert_int_equal(sender_results_encode(&r, &small), -ENOBUFS);
	assert_view(buf_view(&small), "before");
	buf_done(&small);
}

static void writes_json(void **state)
{
	(void)state;
	buf_append_string(&message, LETTER);
	check();
	results.action = SENDER_TO_JUNK;
	assert_int_equal(sender_json(&results, &said), 0);
	assert_string_equal(buf_string(&said),
	    "{\"standing\":\"proven\",\"words\":\"This message is proven to come from "
	    "a.example.\",\"at\":1800000000,"
	    "\"action\":\"junk\",\"mailFrom\":\"alice@a.example\","
	    "\"dmarc\":{\"result\":\"pass\",\"author\":\"a.example\",\"authors\":1,\"organization\":\"a."
	    "example\","
	    "\"policyDomain\":\"a.example\",\"policy\":\"reject\",\"record\":\"v=DMARC1; p=reject\","
	    "\"alignedSpf\":true,\"alignedDkim\":false,"
	    "\"words\":\"SPF proves it; no signature does. The policy of a.example for mail that is not "
	    "proven: reject.\"},"
	    "\"spf\":{\"result\":\"pass\",\"checked\":true,\"identity\":\"mailfrom\",\"domain\":\"a."
	    "example\","
	    "\"decidedBy\":\"a.example\",\"record\":\"v=spf1 ip4:192.0.2.7 -all\",\"term\":\"ip4:192.0.2.7\","
	    "\"lookups\":0,\"voidLookups\":0,"
	    "\"words\":\"The host 192.0.2.7 may send for a.example (\\\"ip4:192.0.2.7\\\" in the record of "
	    "a.example).\"},"
	    "\"dkim\":[],\"dkimNotLookedAt\":0,"
	    "\"arc\":{\"result\":\"none\",\"sets\":0,\"words\":\"Nobody on the way has sealed what they "
	    "found (ARC).\"},"
	    "\"client\":{\"address\":\"192.0.2.7\",\"iprev\":\"pass\",\"name\":\"mail.a.example\",\"helo\":"
	    "\"mail.a.example\","
	    "\"words\":\"The host 192.0.2.7 has the name mail.a.example; it called itself "
	    "mail.a.example.\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tells_of_genuine_mail, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tells_what_is_not_aligned, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tells_what_was_done, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tells_of_spf, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tells_what_is_not_known, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_hostile_octets, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keeps_the_longest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(writes_json, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, open_world, close_world);
}
