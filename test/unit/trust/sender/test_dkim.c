/* Verifying: the examples of the standards, and each verdict. RFC 6376 section 6 and appendix A, RFC 8463
 * appendix A. */
#include "sender_world.h"

#include <errno.h>

#include "base/mem.h"
#include "trust/sender/sender_results_make.h"
#include "trust/sender/signature_words.h"

static struct buf message;

/* RFC 8463 appendix A.3 */
static const char example[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                              " d=football.example.com; i=@football.example.com;\r\n"
                              " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                              " subject : date : message-id : from : subject : date;\r\n"
                              " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                              " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
                              " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
                              "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                              " d=football.example.com; i=@football.example.com;\r\n"
                              " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                              " date : message-id : from : subject : date;\r\n"
                              " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                              " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
                              " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
                              " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
                              "From: Joe SixPack <joe@football.example.com>\r\n"
                              "To: Suzie Q <suzie@shopping.example.net>\r\n"
                              "Subject: Is dinner ready?\r\n"
                              "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
                              "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
                              "\r\n"
                              "Hi.\r\n"
                              "\r\n"
                              "We lost the game.  Are you hungry yet?\r\n"
                              "\r\n"
                              "Joe.\r\n";

#define EXAMPLE_KEY                                                                                          \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"         \
	"J16JYi0Qvx/byYzCN"                                                                                  \
	"b3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/" \
	"K4w3QIDA"                                                                                           \
	"QAB"

static void passes_the_example(void **state)
{
	(void)state;
	zone_clear();
	zone_txt("brisbane._domainkey.football.example.com",
	    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	zone_txt("test._domainkey.football.example.com", "v=DKIM1; k=rsa; p=" EXAMPLE_KEY);
	struct view text = view_from_string(example);
	for (size_t piece = 1; piece <= text.len; piece = piece * 2 + 1) {
		check_pieces(text, NOW, piece);
		assert_int_equal(dkim.count, 2);
		assert_int_equal(dkim.verdicts[0].result, SENDER_PASS);
		assert_int_equal(dkim.verdicts[1].result, SENDER_PASS);
	}
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
	assert_string_equal(dkim.verdicts[1].field.domain, "football.example.com");
	assert_string_equal(dkim.verdicts[1].key.name, "test._domainkey.football.example.com");
	assert_int_equal(dkim.verdicts[1].key.key.bits, 1024);
	assert_true(dkim.verdicts[1].key.secure);
}

/* Any octet of the signed fields and of the body: what is not a blank or the case of a name breaks it. */
static void fails_when_anything_is_changed(void **state)
{
	(void)state;
	size_t from = (size_t)(strstr(example, "From: Joe") - example), body;
	body = (size_t)(strstr(example, "Hi.") - example);
	for (size_t i = from; i < sizeof example - 1; i++) {
		if (strchr(" \r\n:", example[i]))
			continue;
		buf_clear(&message);
		buf_append_string(&message, example);
		message.data[i] ^= 1;
		check_message(buf_view(&message));
		assert_int_not_equal(dkim_result(&dkim), SENDER_PASS);
		if (i >= body)
			assert_int_equal(dkim.verdicts[0].cause, DKIM_BODY_CHANGED);
	}
}

/* ---- verdicts ---- */

static const char plain[] = "Subject: the subject\r\nFrom: joe@example.org\r\nTo: sue@example.net\r\n"
                            "Date: Sun, 29 Nov 2026 12:00:00 +0000\r\n\r\nThe text.\r\n";

/* A signature that is made as the test likes: by the library's own parts, so that all but `tags` is right. */
static void sign_with(const char *tags, EVP_PKEY *key, const char *text)
{
	struct dkim_mail m;
	struct dkim_draft draft;
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	struct view whole = view_from_string(text);
	dkim_mail_init(&m);
	dkim_draft_init(&draft);
	dkim_mail_header(&m, whole);
	dkim_draft_begin(&draft, "DKIM-Signature");
	struct view rest = view_from_string(tags), tag;
	while (view_next(&rest, ';', &tag)) {
		struct view value = view_trim(tag), name;
		char name_text[16];
		view_next(&value, '=', &name);
		snprintf(name_text, sizeof name_text, "%.*s", VIEW_FMT(name));
		dkim_draft_tag(&draft, name_text, value, ";");
	}
	dkim_draft_tag(&draft, "b", VIEW(""), "");
	if (dkim_draft_end(&draft, DKIM_SIGNATURE, &m.header) == 0)
		assert_int_equal(dkim_key_sign(key, buf_view(&draft.block), signature, &len), 0);
	else
		len = 3;
	buf_clear(&message);
	dkim_draft_finish(&draft, view_of(signature, len), &message);
	buf_append(&message, whole);
	dkim_draft_done(&draft);
	dkim_mail_done(&m);
}

#define BODY_HASH "bh=MYQLzD1Trn3leM+gS+2DQJQ9gl+7Jst7/wRow8VqwvQ="
#define SIGNED "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=rsa; " BODY_HASH "; "

static void expect(enum sender_result result, enum dkim_cause cause, const char *words)
{
	struct buf said;
	buf_init(&said, 4096);
	check_message(buf_view(&message));
	assert_int_equal(dkim.count, 1);
	assert_int_equal(dkim.verdicts[0].cause, cause);
	assert_int_equal(dkim.verdicts[0].result, result);
	assert_int_equal(dkim_result(&dkim), result);
	struct sender_signature signature;
	sender_results_take_signature(&dkim.verdicts[0], &signature);
	assert_int_equal(signature_explain(&signature, &said), 0);
	assert_string_equal(buf_string(&said), words);
	buf_done(&said);
}

static void prepare(void)
{
	zone_clear();
	publish(rsa, "rsa", "example.org");
	publish(ed25519, "ed", "example.org");
}

static void judges_fields(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from:to:subject", rsa, plain);
	expect(SENDER_PASS, DKIM_VERIFIED,
	    "The signature of example.org is good: the signed fields and the body are as they were signed.");
	sign_with(SIGNED "h=to:subject", rsa, plain);
	expect(SENDER_PERMERROR, DKIM_BAD_FIELD,
	    "The signature of example.org proves nothing: it does not cover From.");
	sign_with(SIGNED "h=from; i=joe@example.net", rsa, plain);
	expect(SENDER_PERMERROR, DKIM_BAD_FIELD,
	    "The signature of example.org cannot be used: it speaks for an address outside its domain (i=).");
	sign_with(
	    "v=1; a=rsa-sha1; d=example.org; s=rsa; bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=; h=from", rsa, plain);
	expect(SENDER_POLICY, DKIM_HISTORIC,
	    "The signature of example.org proves nothing: SHA-1 can be forged.");
	sign_with(SIGNED "h=from; x=1799999999", rsa, plain);
	expect(SENDER_POLICY, DKIM_EXPIRED, "The signature of example.org has expired.");
	sign_with(SIGNED "h=from; x=1800000001; t=1800086400", rsa, plain);
	expect(SENDER_PERMERROR, DKIM_BAD_FIELD,
	    "The signature of example.org cannot be used: it expires before it was made (t=, x=).");
	sign_with(SIGNED "h=from; t=1800086401", rsa, plain);
	expect(SENDER_POLICY, DKIM_IN_FUTURE, "The signature of example.org is dated in the future.");
	sign_with(SIGNED "h=from; t=1800086400", rsa, plain);
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
}

static void judges_keys(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from", rsa, plain);
	zone_clear();
	expect(SENDER_PERMERROR, DKIM_NO_KEY,
	    "The signature of example.org cannot be checked: there is no key at rsa._domainkey.example.org.");
	zone_txt("rsa._domainkey.example.org", "v=spf1 -all");
	expect(SENDER_PERMERROR, DKIM_NO_KEY,
	    "The signature of example.org cannot be checked: there is no key at rsa._domainkey.example.org.");
	publish(rsa, "rsa", "example.org"); /* beside the record of another kind */
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
	publish(rsa, "rsa", "example.org");
	expect(SENDER_PERMERROR, DKIM_SEVERAL_KEYS,
	    "The signature of example.org cannot be checked: there are several keys at "
	    "rsa._domainkey.example.org.");
	zone_status("rsa._domainkey.example.org", DNS_TXT, ANSWER_FAILED, "SERVFAIL");
	expect(SENDER_TEMPERROR, DKIM_NO_ANSWER,
	    "The signature of example.org could not be checked now: the key at rsa._domainkey.example.org "
	    "cannot be "
	    "looked up (SERVFAIL).");
	zone_status("rsa._domainkey.example.org", DNS_TXT, ANSWER_BOGUS, "");
	expect(SENDER_TEMPERROR, DKIM_NO_ANSWER,
	    "The signature of example.org could not be checked now: the key at rsa._domainkey.example.org "
	    "cannot be "
	    "looked up.");
	zone_clear();
	zone_txt("rsa._domainkey.example.org", "v=DKIM1; p=");
	expect(SENDER_PERMERROR, DKIM_BAD_KEY,
	    "The signature of example.org cannot be checked: the key at rsa._domainkey.example.org has been "
	    "revoked by "
	    "its owner.");
	zone_clear();
	publish(ed25519, "rsa", "example.org");
	expect(SENDER_PERMERROR, DKIM_OTHER_ALGORITHM,
	    "The signature of example.org cannot be checked: the key at rsa._domainkey.example.org is of "
	    "another kind "
	    "than the signature.");
	zone_clear();
	zone_txt("rsa._domainkey.example.org",
	    "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALgSoqXVSEmfcIsOzw7oRuCCOwsmtX/"
	    "SJnTWxYyj2leFxfS/AVJ+dYfY+hXqMsT7l+MZvvh/R1WzN4MO/kI/7XsCAwEAAQ==");
	expect(SENDER_POLICY, DKIM_BAD_KEY,
	    "The signature of example.org cannot be checked: the key at rsa._domainkey.example.org has 512 "
	    "bits, too "
	    "few to prove anything; 1024 are needed.");
}

/* With a flag in front of the key's own record. */
static void publish_flag(const char *flag)
{
	struct buf record;
	buf_init(&record, 4096);
	zone_clear();
	dkim_key_record(rsa, &record);
	struct view own = view_skip(buf_view(&record), strlen("v=DKIM1; "));
	struct buf text;
	buf_init(&text, 4096);
	buf_printf(&text, "v=DKIM1; t=%s; %.*s", flag, VIEW_FMT(own));
	zone_txt("rsa._domainkey.example.org", buf_string(&text));
	buf_done(&text);
	buf_done(&record);
}

static void heeds_flags(void **state)
{
	(void)state;
	sign_with(SIGNED "h=from; i=joe@sub.example.org", rsa, plain);
	publish_flag("s");
	expect(SENDER_PERMERROR, DKIM_STRICT_KEY,
	    "The signature of example.org cannot be used: the key at rsa._domainkey.example.org is for "
	    "addresses of the "
	    "domain itself (t=s).");
	sign_with(SIGNED "h=from; i=joe@example.org", rsa, plain);
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
	publish_flag("y");
	expect(SENDER_PASS, DKIM_VERIFIED,
	    "The signature of example.org is good: the signed fields and the body are as they were signed. "
	    "The domain "
	    "is trying DKIM out (t=y).");
	message.data[message.len - 4] ^= 1;
	expect(SENDER_NEUTRAL, DKIM_BODY_CHANGED,
	    "The signature of example.org does not fit: the body was changed after it was signed. The domain "
	    "is trying "
	    "DKIM out (t=y).");
}

static void judges_messages(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from:subject", rsa, plain);
	message.data[message.len - 4] ^= 1;
	expect(SENDER_FAIL, DKIM_BODY_CHANGED,
	    "The signature of example.org does not fit: the body was changed after it was signed.");
	sign_with(SIGNED "h=from:subject", ed25519, plain);
	expect(SENDER_FAIL, DKIM_WRONG_SIGNATURE,
	    "The signature of example.org does not fit: signed header fields were changed, or another key "
	    "made it.");
	sign_with(SIGNED "l=11; h=from", rsa, plain);
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
	buf_append_string(&message, "An advertisement.\r\n");
	expect(SENDER_POLICY, DKIM_BODY_ADDED,
	    "The signature of example.org fits, but proves nothing: 19 octets of the body are not covered "
	    "(l=).");
	sign_with(SIGNED "l=12; h=from", rsa, plain);
	expect(SENDER_FAIL, DKIM_BODY_CUT,
	    "The signature of example.org does not fit: the body has 11 octets, and 12 were signed.");
}

/* ---- additions ---- */

/* Puts a line above the message, as whoever forwards it can. */
static void add_above(const char *line)
{
	struct buf with;
	buf_init(&with, 1 << 16);
	buf_append_string(&with, line);
	buf_append(&with, buf_view(&message));
	buf_clear(&message);
	buf_append(&message, buf_view(&with));
	buf_done(&with);
}

static void notices_what_was_added(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from:subject", rsa, plain);
	add_above("X-Loop: 1\r\nReceived: from a\r\nList-Id: <a.b>\r\n");
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
	add_above("from: bank@example.com\r\n");
	expect(SENDER_POLICY, DKIM_FIELD_ADDED,
	    "The signature of example.org fits, but proves nothing: somebody may have added a From field.");
	/* Named once more than it stands: then it breaks. */
	sign_with(SIGNED "h=from:subject:from:cc", rsa, plain);
	add_above("From: bank@example.com\r\n");
	check_message(buf_view(&message));
	assert_int_equal(dkim.verdicts[0].cause, DKIM_WRONG_SIGNATURE);
	sign_with(SIGNED "h=from:subject:from:cc", rsa, plain);
	add_above("Cc: x@example.com\r\n");
	check_message(buf_view(&message));
	assert_int_equal(dkim.verdicts[0].cause, DKIM_WRONG_SIGNATURE);
	/* Not covered at all, as its signer wished. */
	sign_with(SIGNED "h=from", rsa, plain);
	add_above("Subject: another\r\n");
	check_message(buf_view(&message));
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
}

static void proves_nothing_about_a_broken_header(void **state)
{
	(void)state;
	prepare();
	const struct view lines[] = {VIEW("X: a\nFrom: bank@example.com\r\n"),
	    VIEW("X: a\rFrom: bank@example.com\r\n"), VIEW("no field\r\n"), VIEW("X: \0\r\n"),
	    VIEW("From joe Mon Jan 1\r\n")};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct buf with;
		sign_with(SIGNED "h=from", rsa, plain);
		buf_init(&with, 1 << 16);
		buf_append(&with, lines[i]);
		buf_append(&with, buf_view(&message));
		buf_clear(&message);
		buf_append(&message, buf_view(&with));
		buf_done(&with);
		expect(SENDER_NEUTRAL, DKIM_MALFORMED_HEADER,
		    "The signature of example.org proves nothing: the header is broken, and readers may see "
		    "different "
		    "fields.");
	}
	/* In the body they are octets like others. */
	sign_with(SIGNED "h=from", rsa, plain);
	buf_append(&message, VIEW("a\rb\nc\0\r\n"));
	check_message(buf_view(&message));
	assert_int_equal(dkim.verdicts[0].cause, DKIM_BODY_CHANGED);
}

/* A signature that names DKIM-Signature means the others, from the bottom. */
static void signs_signatures(void **state)
{
	(void)state;
	prepare();
	struct buf first;
	buf_init(&first, 1 << 16);
	sign_with(SIGNED "h=from", rsa, plain);
	buf_append(&first, buf_view(&message));
	sign_with(SIGNED "h=from:dkim-signature:dkim-signature", rsa, buf_string(&first));
	check_message(buf_view(&message));
	assert_int_equal(dkim.verdicts[0].result, SENDER_PASS);
	assert_int_equal(dkim.verdicts[1].result, SENDER_PASS);
	add_above("DKIM-Signature: v=1; a=rsa-sha256; d=example.com\r\n");
	check_message(buf_view(&message));
	assert_int_equal(dkim.verdicts[1].cause, DKIM_WRONG_SIGNATURE);
	assert_int_equal(dkim.verdicts[2].result, SENDER_PASS);
	buf_done(&first);
}

static void looks_at_so_many(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from", rsa, plain);
	struct buf many;
	buf_init(&many, DKIM_HEADER_MAX);
	for (int i = 0; i < 200; i++)
		buf_printf(&many, "DKIM-Signature: %s l=%d; h=from; b=c2ln\r\n", SIGNED, i);
	struct view tail = buf_view(&message);
	buf_append(&many, tail);
	zone_asked = 0;
	check_message(buf_view(&many));
	assert_int_equal(dkim.count, DKIM_SIGNATURES_MAX);
	assert_int_equal(dkim.passed_over, 200 + 1 - DKIM_SIGNATURES_MAX);
	assert_int_equal(zone_asked, 1);
	assert_int_equal(dkim_result(&dkim), SENDER_FAIL);
	buf_done(&many);
	buf_init(&many, 2 * DKIM_HEADER_MAX);
	while (many.len <= DKIM_HEADER_MAX)
		buf_append_string(&many,
		    "X-Long: and on and on and on and on and on and on and on and on and on and on\r\n "
		    "and on and on and on and on and on and on and on and on and on and on\r\n");
	buf_append_string(&many, plain);
	check_message(buf_view(&many));
	assert_int_equal(mail.error, -E2BIG);
	assert_int_equal(dkim_result(&dkim), SENDER_NEUTRAL);
	buf_done(&many);
}

static void reads_messages_without_this_and_that(void **state)
{
	(void)state;
	check_message(VIEW(""));
	assert_int_equal(dkim_result(&dkim), SENDER_NONE);
	check_message(VIEW("\r\nbody"));
	assert_int_equal(dkim_result(&dkim), SENDER_NONE);
	check_message(VIEW("From: a\r\nDKIM-Signature: v=1"));
	assert_int_equal(dkim_result(&dkim), SENDER_PERMERROR);
	check_message(VIEW("DKIM-Signature:\r\nFrom: a\r\n\r\n"));
	assert_int_equal(dkim_result(&dkim), SENDER_PERMERROR);
	assert_int_equal(dkim.verdicts[0].field.fault, DKIM_FIELD_SYNTAX);
}

/* Whichever allocation fails: a temporary error, and never a pass or a lasting failure. */
static void survives_without_memory(void **state)
{
	(void)state;
	prepare();
	sign_with(SIGNED "h=from:subject", rsa, plain);
	unsigned n = 1;
	for (bool failed = true; failed; n++) {
		mem_fail_after(n);
		check_message(buf_view(&message));
		failed = !mem_fault_pending();
		mem_fail_after(0);
		if (failed && dkim_result(&dkim) != SENDER_PASS)
			assert_int_equal(dkim_result(&dkim), SENDER_TEMPERROR);
	}
	assert_true(n > 8);
	assert_int_equal(dkim_result(&dkim), SENDER_PASS);
}

static int set_up(void **state)
{
	(void)state;
	world_open();
	buf_init(&message, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close();
	buf_done(&message);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passes_the_example),
	    cmocka_unit_test(fails_when_anything_is_changed),
	    cmocka_unit_test(judges_fields),
	    cmocka_unit_test(judges_keys),
	    cmocka_unit_test(heeds_flags),
	    cmocka_unit_test(judges_messages),
	    cmocka_unit_test(notices_what_was_added),
	    cmocka_unit_test(proves_nothing_about_a_broken_header),
	    cmocka_unit_test(signs_signatures),
	    cmocka_unit_test(looks_at_so_many),
	    cmocka_unit_test(reads_messages_without_this_and_that),
	    cmocka_unit_test(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
