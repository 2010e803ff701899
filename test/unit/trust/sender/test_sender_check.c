/* All about one message's sender: questions as soon as they are known, several authors, the field that is
 * written. */
#include "../dns/zone.h"

#include <netinet/in.h>

#include "trust/sender/authentication_results.h"

static struct sockaddr_in client;
static struct sender_request request;
static struct answers answers;
static struct buf field;
static struct sender_decision decision;
static const char *kept; /* what readers see of the message, or NULL */

static int set_up(void **state)
{
	(void)state;
	zone_clear();
	kept = NULL;
	decision = (struct sender_decision){.action = SENDER_DELIVERED};
	client = (struct sockaddr_in){.sin_family = AF_INET};
	memcpy(&client.sin_addr, "\300\0\2\7", 4);
	request = (struct sender_request){.client = (const struct sockaddr *)&client,
	    .helo = VIEW("helo.example"),
	    .sender_local = VIEW("alice"),
	    .sender_domain = VIEW("a.example"),
	    .receiver = VIEW("mx.example"),
	    .now = 1700000000};
	zone_txt("a.example", "v=spf1 ip4:192.0.2.7 -all");
	zone_txt("_dmarc.a.example", "v=DMARC1; p=reject");
	buf_init(&field, 2000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	answers_done(&answers);
	buf_done(&field);
	zone_clear();
	return 0;
}

/* The verdicts in short, and the field in `field`; in pieces of that size. */
static struct sender_verdicts check(const char *message, size_t piece)
{
	struct view rest = view_from_string(message), kept_rest = view_from_string(kept ? kept : "");
	answers_done(&answers);
	answers_init_for(&answers, SENDER_QUESTIONS_MAX, 1024 * 1024);
	struct sender_check *c = sender_check_new(&request, &answers);
	while (rest.len > 0) {
		sender_check_bytes(c, view_take(rest, piece));
		rest = view_skip(rest, piece);
	}
	for (; kept_rest.len > 0; kept_rest = view_skip(kept_rest, piece))
		sender_check_kept(c, view_take(kept_rest, piece));
	sender_check_end(c);
	while (!sender_check_judge(c))
		assert_true(zone_answer(&answers));
	struct sender_verdicts v = *sender_check_verdicts(c);
	buf_clear(&field);
	assert_int_equal(authentication_results_write(&v, &decision, &request, 900, &field), 0);
	v.dkim = NULL;
	v.arc = NULL;
	sender_check_free(c);
	return v;
}

static const char letter[] = "From: Alice <alice@a.example>\r\nSubject: x\r\n\r\nHello\r\n";

static void writes_what_it_found(void **state)
{
	(void)state;
	zone_ptr("7.2.0.192.in-addr.arpa", "mail.a.example");
	zone_a("mail.a.example", 7);
	for (size_t piece = 1; piece < 60; piece += 7) {
		check(letter, piece);
		assert_view(buf_view(&field), "Authentication-Results: mx.example;\r\n"
		                              "\tdmarc=pass (p=reject) header.from=a.example;\r\n"
		                              "\tspf=pass smtp.mailfrom=alice@a.example;\r\n"
		                              "\tdkim=none;\r\n"
		                              "\tiprev=pass policy.iprev=192.0.2.7 (mail.a.example)\r\n");
	}
}

/* Nothing of it begins a field or ends a result. */
static void writes_no_strangers_words(void **state)
{
	(void)state;
	request.sender_local = VIEW("a;b\"c");
	check(letter, 1000);
	assert_non_null(strstr(buf_string(&field), "spf=pass smtp.mailfrom=a.example;"));
	request.sender_domain = request.sender_local = (struct view){0};
	request.helo = VIEW("x; dmarc=pass");
	check(letter, 1000);
	assert_non_null(strstr(buf_string(&field), "\tspf=none;\r\n"));
	check("DKIM-Signature: v=1; d=x;y; s=\"; b=\"\";;;;\";\r\nFrom: <a@b.example>\r\n\r\n", 1000);
	assert_non_null(strstr(buf_string(&field), "\tdkim=permerror"));
	assert_null(strstr(buf_string(&field), "\";"));
}

static void has_room_for_some_signatures(void **state)
{
	(void)state;
	char message[20000] = "";
	for (int i = 0; i < 30; i++)
		strcat(message, "DKIM-Signature: v=1; a=rsa-sha256; d=a-domain-with-a-long-name.example; "
		                "s=selector; h=from;"
		                " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAAAAAAAAAA\r\n");
	strcat(message, letter);
	check(message, 4096);
	assert_true(buf_view(&field).len <= 900);
	assert_non_null(
	    strstr(buf_string(&field), "header.s=selector header.a=rsa-sha256 header.b=\"AAAAAAAA\""));
	assert_non_null(strstr(buf_string(&field), "dmarc=pass"));
}

/* Of several authors the one that is worst off decides: a reader may be shown either. */
static void looks_at_all_authors(void **state)
{
	(void)state;
	zone_txt("_dmarc.b.example", "v=DMARC1; p=quarantine");
	zone_at("b.example", DNS_A);
	struct sender_verdicts v = check("From: <alice@a.example>, bob@b.example\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_FAIL);
	assert_int_equal(v.authors, 2);
	v = check("From: alice@a.example\r\nFrom: bob@b.example\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_FAIL);
	v = check("From: \"bob@b.example\" <alice@A.example>, eve@a.example\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_PASS);
	assert_int_equal(v.authors, 1);
	v = check("Subject: nobody\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_NONE);
	assert_int_equal(v.authors, 0);
	check("", 1);
	assert_non_null(strstr(buf_string(&field), "dmarc=none;"));
}

/* A header that is repaired on its way in shows readers what signatures know nothing of. */
static void looks_at_what_readers_see(void **state)
{
	(void)state;
	zone_txt("_dmarc.b.example", "v=DMARC1; p=reject");
	zone_at("b.example", DNS_A);
	for (size_t piece = 1; piece < 60; piece += 19) {
		kept = "Received: here\r\nFrom: bob@b.example\r\n\r\nHello\r\n";
		struct sender_verdicts v = check("\r\nFrom: bob@b.example\r\n\r\nHello\r\n", piece);
		assert_int_equal(v.dmarc.result, SENDER_FAIL);
		assert_int_equal(v.authors, 1);
		v = check(letter, piece);
		assert_int_equal(v.dmarc.result, SENDER_FAIL);
		assert_int_equal(v.authors, 2);
		/* Without an end of its header it is looked at too. */
		kept = "From: bob@b.example";
		assert_int_equal(check("Subject: x\r\n", piece).dmarc.result, SENDER_FAIL);
		kept = letter;
		v = check(letter, piece);
		assert_int_equal(v.dmarc.result, SENDER_PASS);
		assert_int_equal(v.authors, 1);
	}
}

/* What is too much to be looked at hides no author, and refuses nobody. */
static void trusts_nothing_that_is_too_large(void **state)
{
	(void)state;
	zone_txt("_dmarc.f.example", "v=DMARC1; p=reject");
	zone_at("f.example", DNS_A);
	struct sender_verdicts v = check("From: alice@a.example, a@b.example, a@c.example, a@d.example,\r\n"
	                                 " a@f.example\r\n\r\n",
	    1000);
	assert_int_equal(v.dmarc.result, SENDER_PERMERROR);
	assert_int_equal(v.dmarc.cause, DMARC_TOO_LARGE);
	assert_int_equal(v.dmarc.policy, DMARC_QUARANTINE);
	assert_non_null(strstr(buf_string(&field), "\tdmarc=permerror"));
	/* Nor do authors in front that want nothing done about forgeries. */
	zone_txt("_dmarc.b.example", "v=DMARC1; p=none");
	zone_at("b.example", DNS_A);
	v = check("From: a@b.example, a@c.example, a@d.example, a@e.example, a@f.example\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_PERMERROR);
	assert_int_equal(v.dmarc.policy, DMARC_QUARANTINE);
	/* What one of those that are looked at wants counts all the same. */
	v = check("From: a@f.example, a@c.example, a@d.example, a@e.example, a@b.example\r\n\r\n", 1000);
	assert_int_equal(v.dmarc.result, SENDER_FAIL);
	assert_int_equal(v.dmarc.policy, DMARC_REJECT);
	struct buf large;
	buf_init(&large, 2 * DKIM_HEADER_MAX);
	while (large.len <= DKIM_HEADER_MAX)
		buf_append(
		    &large, VIEW("X-Stuffing: stuffing stuffing stuffing stuffing stuffing stuffing\r\n"));
	buf_append(&large, VIEW("From: a@f.example\r\n\r\n"));
	v = check(buf_string(&large), 60000);
	assert_int_equal(v.dmarc.result, SENDER_PERMERROR);
	assert_int_equal(v.dmarc.policy, DMARC_QUARANTINE);
	buf_done(&large);
}

/* Whom one reader sees and another does not proves nobody; a defect that shows nobody else is none. */
static void trusts_nobody_who_is_seen_by_some_readers_alone(void **state)
{
	(void)state;
	static const char *const unclear[] = {"\"x@evil.example\r\n <bob@b.example>",
	    "x(\r\n <bob@b.example>", "=?utf-8?q?bob=40b.example?=", "bob@b..example",
	    "bob@b.example\xe3\x80\x82", "alice@a.example, \"bob@b.example"};
	static const char *const clear[] = {"Deals @ Shop <alice@a.example>",
	    "=?utf-8?q?bob=40b.example?= <alice@a.example>", "\"bob@b..example\" <alice@a.example>", "root",
	    "Alice (bob@b..example) <alice@a.example>"};
	char message[200];
	for (size_t i = 0; i < sizeof unclear / sizeof *unclear; i++) {
		snprintf(message, sizeof message, "From: %s\r\n\r\n", unclear[i]);
		struct sender_verdicts v = check(message, 1000);
		assert_int_equal(v.dmarc.result, SENDER_PERMERROR);
		assert_int_equal(v.dmarc.policy, DMARC_QUARANTINE);
	}
	for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
		snprintf(message, sizeof message, "From: %s\r\n\r\n", clear[i]);
		assert_int_not_equal(check(message, 1000).dmarc.result, SENDER_PERMERROR);
	}
}

/* A domain with records without end takes nothing from the policy of another. */
static void lets_no_author_use_up_the_memory(void **state)
{
	(void)state;
	static char text[DNS_TXT_MAX] = "v=DMARC1; p=none; x=";
	char name[100] = "example";
	memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
	for (int i = 0; i < 3; i++)
		for (int level = 0; level < 8; level++) {
			snprintf(
			    name, sizeof name, "_dmarc.%.*se%d.example", 2 * level, "1.1.1.1.1.1.1.1.", i);
			zone_txt(name, text);
		}
	zone_txt("_dmarc.f.example", "v=DMARC1; p=reject");
	zone_at("f.example", DNS_A);
	struct sender_verdicts v = check("From: a@1.1.1.1.1.1.e0.example, a@1.1.1.1.1.1.e1.example,\r\n"
	                                 " a@1.1.1.1.1.1.e2.example, a@f.example\r\n\r\n",
	    1000);
	assert_int_equal(v.dmarc.result, SENDER_FAIL);
	assert_int_equal(v.dmarc.policy, DMARC_REJECT);
}

/* Answers of so many sizes that they fill the half of the table that large ones have, to the last gap. */
static void publish_large_keys(void)
{
	static char text[50000];
	char name[60];
	size_t size = sizeof text - 1;
	for (int i = 0; i < 20; i++) {
		size = i < 10 ? size : size > 1400 ? size / 2 : 700;
		memset(text, 'x', size);
		memcpy(text, "v=DKIM1; n=", 11);
		text[size] = '\0';
		snprintf(name, sizeof name, "k%d._domainkey.a.example", i);
		zone_txt(name, text);
	}
}

/* Large keys of the sender's own leave no room for another domain's long policy: that hides none. */
static void lets_no_key_crowd_a_policy_out(void **state)
{
	(void)state;
	char policy[700] = "v=DMARC1; p=reject; rua=mailto:a@f.example; x=", message[10000] = "";
	memset(policy + strlen(policy), 'x', sizeof policy - 1 - strlen(policy));
	for (int i = 0; i < 20; i++)
		snprintf(message + strlen(message), 300,
		    "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k%d; h=from;"
		    " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAAAAAAAAAA\r\n",
		    i);
	strcat(message, "From: a@f.example\r\n\r\n");
	publish_large_keys();
	zone_txt("_dmarc.f.example", policy);
	zone_at("f.example", DNS_A);
	struct sender_verdicts v = check(message, 4096);
	assert_int_equal(v.dmarc.result, SENDER_PERMERROR);
	assert_int_equal(v.dmarc.policy, DMARC_QUARANTINE);
	/* One of usual length finds room. */
	policy[400] = '\0';
	zone_clear();
	publish_large_keys();
	zone_txt("_dmarc.f.example", policy);
	zone_at("f.example", DNS_A);
	v = check(message, 4096);
	assert_int_equal(v.dmarc.result, SENDER_FAIL);
	assert_int_equal(v.dmarc.policy, DMARC_REJECT);
}

/* What SPF, the client's name and the policy need is asked before the body has come. */
static void asks_early(void **state)
{
	(void)state;
	answers_init_for(&answers, SENDER_QUESTIONS_MAX, 1024 * 1024);
	struct sender_check *c = sender_check_new(&request, &answers);
	assert_true(zone_answer(&answers));
	assert_false(sender_check_bytes(c, VIEW("From: alice@a.example\r\n")));
	assert_true(sender_check_bytes(c, VIEW("\r\nHello")));
	assert_true(zone_answer(&answers));
	sender_check_end(c);
	assert_true(sender_check_judge(c));
	sender_check_free(c);
	sender_check_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(writes_what_it_found, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(writes_no_strangers_words, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(has_room_for_some_signatures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(looks_at_all_authors, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(looks_at_what_readers_see, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(trusts_nothing_that_is_too_large, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        trusts_nobody_who_is_seen_by_some_readers_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lets_no_author_use_up_the_memory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lets_no_key_crowd_a_policy_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(asks_early, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
