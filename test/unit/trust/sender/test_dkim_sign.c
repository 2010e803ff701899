/* Signing: RFC 6376 section 5. What is signed is verified, also after what relays and lists may do. */
#include "sender_world.h"

#include <errno.h>

static const char text[] =
    "Received: from here\r\nDate: Sun, 29 Nov 2026 12:00:00 +0000\r\n"
    "From: J\xc3\xb6rg <joe@example.org>\r\nTo: sue@example.net,\r\n\tbob@example.net\r\n"
    "Subject:  a\r\n subject \r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nA  text \t here.  \r\n\r\n.\r\n\r\n\r\n";

static struct buf out;
static const struct dkim_signer by_rsa = {.algorithm = DKIM_RSA_SHA256,
    .domain = "example.org",
    .selector = "rsa",
    .signed_at = NOW - 10,
    .expires = NOW + 1000};
static const struct dkim_signer by_ed25519 = {.algorithm = DKIM_ED25519_SHA256,
    .domain = "example.org",
    .selector = "ed",
    .signed_at = NOW - 10,
    .expires = DKIM_NO_TIME};

static void sign(const char *message)
{
	buf_clear(&out);
	assert_int_equal(sign_message(view_from_string(message), rsa, &by_rsa, &out), 0);
}

static enum sender_result result(const char *message)
{
	check_message(view_from_string(message));
	return dkim_result(&dkim);
}

static void is_verified(void **state)
{
	(void)state;
	struct buf both;
	buf_init(&both, 1 << 16);
	sign(text);
	assert_int_equal(sign_message(buf_view(&out), ed25519, &by_ed25519, &both), 0);
	assert_int_equal(result(buf_string(&both)), SENDER_PASS);
	assert_int_equal(dkim.verdicts[0].result, SENDER_PASS);
	assert_int_equal(dkim.verdicts[0].field.algorithm, DKIM_ED25519_SHA256);
	assert_int_equal(dkim.verdicts[1].result, SENDER_PASS);
	assert_int_equal(dkim.verdicts[1].field.algorithm, DKIM_RSA_SHA256);
	assert_int_equal(dkim.verdicts[1].field.signed_at, NOW - 10);
	assert_int_equal(dkim.verdicts[1].field.expires, NOW + 1000);
	assert_true(dkim.verdicts[1].field.length == DKIM_WHOLE);
	buf_done(&both);
}

static void writes_lines_that_fit(void **state)
{
	(void)state;
	sign(text);
	struct view rest = view_take(buf_view(&out), out.len - strlen(text)), line;
	while (rest.len && view_next(&rest, '\n', &line)) {
		assert_true(line.len <= 79 && line.data[line.len - 1] == '\r');
		assert_true(line.data[0] == 'D' || line.data[0] == ' ');
	}
}

static void chooses_fields(void **state)
{
	(void)state;
	struct dkim_header h;
	struct buf names;
	buf_init(&names, 4096);
	assert_int_equal(
	    dkim_header_read(&h, VIEW("Received: x\r\nto: a\r\nFrom: b\r\nTo: c\r\nList-Id: <d>\r\n")), 0);
	assert_int_equal(dkim_sign_names(&h, &names), 0);
	assert_string_equal(buf_string(&names), "From:From:Subject:Date:To:To:To:Cc:Reply-To:MIME-Version:"
	                                        "Content-Type:Content-Transfer-Encoding:List-Id");
	dkim_header_done(&h);
	buf_done(&names);
}

/* What relays do to blanks and folds, and what lists and forwarders put above. */
static void survives_the_way(void **state)
{
	(void)state;
	struct buf changed;
	buf_init(&changed, 1 << 16);
	sign(text);
	buf_append_string(&changed,
	    "Received: from there\r\nX-Spam: no\r\nList-Id: <l.example>\r\nSender: l@l.example\r\n"
	    "Resent-From: x@l.example\r\n");
	/* Folded elsewhere, with other blanks; empty lines at the end. */
	struct view whole = buf_view(&out);
	const char fold[] = "sue@example.net,\r\n\tbob", *at = strstr(buf_string(&out), fold);
	assert_non_null(at);
	size_t before = (size_t)(at - whole.data);
	buf_append(&changed, view_take(whole, before));
	buf_append_string(&changed, "sue@example.net, \t bob");
	buf_append(&changed, view_skip(whole, before + strlen(fold)));
	buf_append_string(&changed, "\r\n \r\n\r\n");
	assert_int_equal(result(buf_string(&changed)), SENDER_PASS);
	buf_done(&changed);
}

static void breaks_when_a_field_is_added(void **state)
{
	(void)state;
	static const char *const added[] = {"From: x@example.com\r\n", "Subject: x\r\n",
	    "To: x@example.com\r\n", "Cc: x@example.com\r\n", "Date: x\r\n", "Reply-To: x@example.com\r\n",
	    "Content-Type: text/html\r\n", "Content-Transfer-Encoding: base64\r\n", "MIME-Version: 1.0\r\n"};
	for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
		struct buf with;
		buf_init(&with, 1 << 16);
		sign(text);
		buf_append_string(&with, added[i]);
		buf_append(&with, buf_view(&out));
		assert_int_not_equal(result(buf_string(&with)), SENDER_PASS);
		buf_done(&with);
	}
}

static void signs_what_has_no_body(void **state)
{
	(void)state;
	static const char *const messages[] = {"From: a@example.org\r\n\r\n", "From: a@example.org\r\n",
	    "From: a@example.org\r\n\r\n\r\n\r\n", "From: a@example.org\r\n\r\nno end",
	    "From: a@example.org\r\n\r\n \r\n"};
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		sign(messages[i]);
		assert_int_equal(result(buf_string(&out)), SENDER_PASS);
	}
}

static void refuses_what_proves_nothing(void **state)
{
	(void)state;
	buf_clear(&out);
	assert_int_equal(sign_message(VIEW("To: a@example.org\r\n\r\n"), rsa, &by_rsa, &out), -EINVAL);
	assert_int_equal(
	    sign_message(VIEW("From: a@example.org\nX: y\r\n\r\n"), rsa, &by_rsa, &out), -EINVAL);
	struct dkim_signer odd = by_rsa;
	odd.domain = "no domain";
	assert_int_equal(sign_message(view_from_string(text), rsa, &odd, &out), -EINVAL);
	odd = by_rsa;
	odd.selector = "a;b";
	assert_int_equal(sign_message(view_from_string(text), rsa, &odd, &out), -EINVAL);
	odd = by_rsa;
	odd.names = VIEW("to:subject");
	assert_int_equal(sign_message(view_from_string(text), rsa, &odd, &out), -EINVAL);
	struct buf many;
	buf_init(&many, 1 << 16);
	for (int i = 0; i < DKIM_NAMES_MAX; i++)
		buf_append_string(&many, "To: a@example.net\r\n");
	buf_append_string(&many, text);
	assert_int_equal(sign_message(buf_view(&many), rsa, &by_rsa, &out), -E2BIG);
	assert_int_equal(out.len, 0);
	buf_done(&many);
}

static int set_up(void **state)
{
	(void)state;
	world_open();
	buf_init(&out, 1 << 20);
	publish(rsa, "rsa", "example.org");
	publish(ed25519, "ed", "example.org");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close();
	buf_done(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_verified),
	    cmocka_unit_test(writes_lines_that_fit),
	    cmocka_unit_test(chooses_fields),
	    cmocka_unit_test(survives_the_way),
	    cmocka_unit_test(breaks_when_a_field_is_added),
	    cmocka_unit_test(signs_what_has_no_body),
	    cmocka_unit_test(refuses_what_proves_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
