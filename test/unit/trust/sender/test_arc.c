/* ARC chains, judged and made: RFC 8617 section 5. */
#include "sender_world.h"

#include <errno.h>

#include "base/mem.h"
#include "trust/sender/sender_results_make.h"
#include "trust/sender/sender_words.h"
#include "trust/sender/arc_seal.h"

static struct arc arc;
static struct buf message, next;

static const char plain[] =
    "From: joe@example.org\r\nTo: list@example.net\r\nSubject: x\r\n\r\nThe text.\r\n";

/* The evaluation of `message` alone, DKIM aside. */
static void judge(struct view text)
{
	arc_done(&arc);
	answers_done(&answers);
	dkim_mail_done(&mail);
	dkim_mail_init(&mail);
	answers_init(&answers);
	size_t taken = dkim_mail_header(&mail, text);
	dkim_mail_header_end(&mail);
	arc_begin(&arc, &mail, NOW);
	dkim_sign_begin(&mail);
	arc_ask(&arc, &answers);
	dkim_mail_body(&mail, view_skip(text, taken));
	dkim_mail_end(&mail);
	while (!arc_judge(&arc, &answers))
		zone_answer(&answers);
}

static void finish(struct dkim_draft *draft, EVP_PKEY *key, struct buf *out)
{
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	assert_int_equal(dkim_key_sign(key, buf_view(&draft->block), signature, &len), 0);
	assert_int_equal(dkim_draft_finish(draft, view_of(signature, len), out), 0);
}

/* `message` gets a set above it, as a hop would write it. */
static int add_set(EVP_PKEY *key, const char *selector)
{
	struct dkim_signer signer = {.algorithm = key == rsa ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
	    .domain = "example.net",
	    .selector = selector,
	    .signed_at = NOW,
	    .expires = DKIM_NO_TIME};
	struct dkim_draft draft;
	struct buf results, signature;
	judge(buf_view(&message));
	buf_init(&results, 4096);
	buf_init(&signature, 8192);
	dkim_draft_init(&draft);
	buf_clear(&next);
	int error = arc_seal_results(
	    &arc, "mx.example.net", VIEW("spf=pass\r\n\tsmtp.mailfrom=a@example.org"), &results);
	if (error == 0)
		error = arc_seal_message(&arc, &mail, &signer, &draft);
	if (error == 0) {
		finish(&draft, key, &signature);
		error = arc_seal_chain(&arc, &signer, buf_view(&results), buf_view(&signature), &draft);
	}
	if (error == 0) {
		finish(&draft, key, &next);
		buf_append(&next, buf_view(&signature));
		buf_append(&next, buf_view(&results));
		buf_append(&next, buf_view(&message));
		buf_clear(&message);
		buf_append(&message, buf_view(&next));
	}
	dkim_draft_done(&draft);
	buf_done(&results);
	buf_done(&signature);
	return error;
}

static void begin(const char *text, unsigned sets)
{
	zone_clear();
	publish(rsa, "rsa", "example.net");
	publish(ed25519, "ed", "example.net");
	buf_clear(&message);
	buf_append_string(&message, text);
	for (unsigned i = 0; i < sets; i++)
		assert_int_equal(add_set(i % 2 ? rsa : ed25519, i % 2 ? "rsa" : "ed"), 0);
}

static void replace(const char *from, const char *to)
{
	const char *at = strstr(buf_string(&message), from);
	assert_non_null(at);
	size_t before = (size_t)(at - buf_view(&message).data);
	buf_clear(&next);
	buf_append(&next, view_take(buf_view(&message), before));
	buf_append_string(&next, to);
	buf_append(&next, view_skip(buf_view(&message), before + strlen(from)));
	buf_clear(&message);
	buf_append(&message, buf_view(&next));
}

static void expect(enum sender_result result, enum arc_cause cause, unsigned instance)
{
	judge(buf_view(&message));
	assert_int_equal(arc.verdict.cause, cause);
	assert_int_equal(arc.verdict.result, result);
	assert_int_equal(arc.verdict.instance, instance);
}

static void expect_words(const char *words)
{
	struct buf said;
	buf_init(&said, 4096);
	struct sender_results results = {0};
	sender_results_take_arc(&arc, &results);
	assert_int_equal(sender_explain_arc(&results, &said), 0);
	assert_string_equal(buf_string(&said), words);
	buf_done(&said);
}

static void makes_chains_that_pass(void **state)
{
	(void)state;
	begin(plain, 0);
	expect(SENDER_NONE, ARC_NO_CHAIN, 0);
	expect_words("Nobody on the way has sealed what they found (ARC).");
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(add_set(i % 2 ? rsa : ed25519, i % 2 ? "rsa" : "ed"), 0);
		expect(SENDER_PASS, ARC_VALID, i);
		assert_int_equal(arc.count, i);
		assert_string_equal(arc.sets[i - 1].seal_field.domain, "example.net");
		assert_view(
		    arc.sets[i - 1].text, "mx.example.net;\r\n\tspf=pass\r\n\tsmtp.mailfrom=a@example.org");
	}
	expect_words("The chain of 4 seals, the last by example.net, is whole.");
	/* A hop puts its own fields between; what comes after the last seal is the next one's matter. */
	begin(plain, 1);
	buf_clear(&next);
	buf_append_string(&next, "Received: from there\r\n");
	buf_append(&next, buf_view(&message));
	buf_clear(&message);
	buf_append(&message, buf_view(&next));
	expect(SENDER_PASS, ARC_VALID, 1);
}

static void notices_changes(void **state)
{
	(void)state;
	begin(plain, 3);
	replace("The text", "The TEXT");
	expect(SENDER_FAIL, ARC_BAD_SIGNATURE, 3);
	expect_words("The chain of 3 seals, the last by example.net, is broken at message signature 3. The "
	             "signature of "
	             "example.net does not fit: the body was changed after it was signed.");
	/* It is sealed as broken, and then no more. */
	assert_int_equal(add_set(rsa, "rsa"), 0);
	expect(SENDER_FAIL, ARC_BROKEN_BEFORE, 4);
	expect_words("The chain of 4 seals, the last by example.net, was broken before the last one.");
	assert_int_equal(add_set(rsa, "rsa"), -EALREADY);
	begin(plain, 3);
	replace("i=2; mx.example.net", "i=2; mx.example.com");
	expect(SENDER_FAIL, ARC_BAD_SEAL, 3);
	assert_int_equal(arc.verdict.signature.cause, DKIM_WRONG_SIGNATURE);
	begin(plain, 1);
	replace("Subject: x", "Subject: y");
	expect(SENDER_FAIL, ARC_BAD_SIGNATURE, 1);
	begin(plain, 1);
	replace("From: joe", "From: bank@example.com\r\nFrom: joe");
	expect(SENDER_FAIL, ARC_BAD_SIGNATURE, 1);
}

static void wants_whole_sets(void **state)
{
	(void)state;
	begin(plain, 2);
	replace("ARC-Authentication-Results: i=1;", "X-Was: i=1;");
	expect(SENDER_FAIL, ARC_BAD_SET, 1);
	begin(plain, 2);
	replace("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results: i=2;");
	expect(SENDER_FAIL, ARC_BAD_SET, 2);
	begin(plain, 1);
	replace("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results: i=51;");
	expect(SENDER_FAIL, ARC_BAD_RESULTS, 0);
	begin(plain, 1);
	replace("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results: (c) i (d) = 1 ;");
	expect(SENDER_FAIL, ARC_BAD_SEAL, 1); /* read, and not as it was sealed */
	begin(plain, 1);
	replace("cv=none", "cv=pass");
	expect(SENDER_FAIL, ARC_WRONG_CV, 1);
	begin(plain, 2);
	replace("cv=pass", "cv=none");
	expect(SENDER_FAIL, ARC_WRONG_CV, 2);
	begin(plain, 1);
	replace("cv=none", "cv=fail");
	expect(SENDER_FAIL, ARC_BROKEN_BEFORE, 1);
	begin(plain, 1);
	replace("cv=none", "cv=none; h=from");
	expect(SENDER_FAIL, ARC_BAD_SEAL, 1);
	begin(plain, 1);
	replace("h=From:", "h=ARC-Seal:From:");
	expect(SENDER_FAIL, ARC_BAD_SIGNATURE, 1);
	begin(plain, 1);
	replace("ARC-Seal: ", "ARC-Seal: i=1; a=rsa-sha256\r\nARC-Seal: ");
	judge(buf_view(&message));
	assert_int_equal(arc.verdict.result, SENDER_FAIL);
	begin(plain, 1);
	replace("From: joe", "no field\r\nFrom: joe");
	judge(buf_view(&message));
	assert_int_equal(arc.verdict.result, SENDER_FAIL);
	assert_int_equal(arc.verdict.signature.cause, DKIM_MALFORMED_HEADER);
}

static void judges_keys(void **state)
{
	(void)state;
	begin(plain, 2);
	zone_status("ed._domainkey.example.net", DNS_TXT, ANSWER_FAILED, "time-out");
	expect(SENDER_TEMPERROR, ARC_BAD_SEAL, 1);
	expect_words(
	    "The chain of 2 seals, the last by example.net, could not be checked now at seal 1. The "
	    "signature of "
	    "example.net could not be checked now: the key at ed._domainkey.example.net cannot be looked up "
	    "(time-out).");
	assert_int_equal(arc_seal_instance(&arc), -EAGAIN);
	begin(plain, 2);
	zone_clear();
	publish(ed25519, "ed", "example.net");
	expect(SENDER_FAIL, ARC_BAD_SIGNATURE, 2);
	assert_int_equal(arc.verdict.signature.cause, DKIM_NO_KEY);
}

static void has_an_end(void **state)
{
	(void)state;
	begin(plain, ARC_SETS_MAX);
	zone_asked = 0;
	expect(SENDER_PASS, ARC_VALID, ARC_SETS_MAX);
	assert_int_equal(zone_asked, 2);
	assert_int_equal(add_set(rsa, "rsa"), -E2BIG);
	buf_clear(&next);
	buf_append_string(&next, "ARC-Seal: i=1; cv=none\r\n");
	buf_append(&next, buf_view(&message));
	judge(buf_view(&next));
	assert_int_equal(arc.verdict.result, SENDER_FAIL);
	/* Fields without end: no more than a chain can have are read. */
	buf_clear(&next);
	for (int i = 0; i < 5000; i++)
		buf_append_string(&next, "ARC-Authentication-Results: i=1; x\r\n");
	buf_append_string(&next, plain);
	judge(buf_view(&next));
	assert_int_equal(arc.verdict.cause, ARC_BAD_SET);
}

static void survives_without_memory(void **state)
{
	(void)state;
	begin(plain, 2);
	unsigned n = 1;
	for (bool failed = true; failed; n++) {
		mem_fail_after(n);
		judge(buf_view(&message));
		failed = !mem_fault_pending();
		mem_fail_after(0);
		if (failed && arc.verdict.result != SENDER_PASS)
			assert_int_equal(arc.verdict.result, SENDER_TEMPERROR);
	}
	assert_true(n > 10);
	assert_int_equal(arc.verdict.result, SENDER_PASS);
}

static int set_up(void **state)
{
	(void)state;
	world_open();
	arena_init(&arc.arena, 1);
	buf_init(&message, 1 << 20);
	buf_init(&next, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arc_done(&arc);
	world_close();
	buf_done(&message);
	buf_done(&next);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makes_chains_that_pass),
	    cmocka_unit_test(notices_changes),
	    cmocka_unit_test(wants_whole_sets),
	    cmocka_unit_test(judges_keys),
	    cmocka_unit_test(has_an_end),
	    cmocka_unit_test(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
