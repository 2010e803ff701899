/* IMAP URLs and their tokens. */
#include "../unit.h"

#include "mail/mail_url.h"

static struct arena arena;
static struct mail_url url;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static bool parse(const char *text)
{
	return mail_url_parse(view_from_string(text), &arena, &url);
}

static void paths_on_this_server(void **state)
{
	(void)state;
	assert_true(parse("/Drafts/;uid=20/;section=1.2.MIME/;partial=0.1024"));
	assert_false(url.absolute);
	assert_view(url.mailbox, "Drafts");
	assert_int_equal(url.uid, 20);
	assert_view(url.section, "1.2.MIME");
	assert_true(url.partial);
	assert_int_equal(url.count, 1024);
	assert_true(parse("/Drafts;UIDVALIDITY=385759045/;UID=20"));
	assert_int_equal(url.uidvalidity, 385759045);
	assert_view(url.section, "");
	assert_true(parse("/Team/%E5%8F%B0%E5%8C%97/%2F;UID=7/;SECTION=HEADER.FIELDS%20(DATE%20FROM)"));
	assert_view(url.mailbox, "Team/\345\217\260\345\214\227//");
	assert_view(url.section, "HEADER.FIELDS (DATE FROM)");
	/* Relative to the mailbox that is selected. */
	assert_true(parse("/;UID=7"));
	assert_view(url.mailbox, "");
	assert_true(parse(";UID=7/;PARTIAL=5"));
	assert_int_equal(url.offset, 5);
	assert_int_equal(url.count, 0);
}

static void addresses_of_other_servers(void **state)
{
	(void)state;
	assert_true(
	    parse("imap://joe%40example.com;AUTH=*@[2001:db8::1]:1143/INBOX/;uid=20;urlauth=anonymous"));
	assert_true(url.absolute);
	assert_view(url.user, "joe@example.com");
	assert_view(url.host, "[2001:db8::1]");
	assert_int_equal(url.access, MAIL_URL_ANONYMOUS);
	assert_true(parse("imap://mail.example.com/INBOX/;uid=20"));
	assert_view(url.user, "");
	assert_view(url.host, "mail.example.com");
}

static void urlauth_has_a_rump_and_a_verifier(void **state)
{
	(void)state;
	assert_true(parse(
	    "imap://joe@example.com/INBOX/;uid=20/;section=1.2"
	    ";expire=2026-12-01T10:00:00Z;urlauth=submit+fred:internal:91354a473744909de610943775f92038"));
	assert_int_equal(url.access, MAIL_URL_SUBMIT);
	assert_view(url.access_user, "fred");
	assert_true(url.expires);
	assert_int_equal(url.expire, 1796119200);
	assert_view(url.section, "1.2");
	assert_view(url.rump, "imap://joe@example.com/INBOX/;uid=20/"
	                      ";section=1.2;expire=2026-12-01T10:00:00Z;urlauth=submit+fred");
	assert_view(url.mechanism, "internal");
	assert_view(url.token, "91354a473744909de610943775f92038");
}

static void a_token_is_of_one_key_and_one_rump(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1000);
	buf_append_string(&text, "imap://joe@example.com/INBOX/;uid=20;urlauth=user+ann");
	struct view rump = buf_view(&text);
	struct buf token;
	buf_init(&token, 1000);
	assert_int_equal(mail_url_token(VIEW("key"), rump, &token), 0);
	assert_int_equal(buf_view(&token).len, 66);
	buf_append_string(&text, ":internal:");
	buf_append(&text, buf_view(&token));
	assert_true(parse(buf_string(&text)));
	assert_true(mail_url_token_matches(VIEW("key"), &url));
	assert_false(mail_url_token_matches(VIEW("kez"), &url));
	assert_false(mail_url_token_matches(VIEW(""), &url));
	url.rump = VIEW("imap://joe@example.com/INBOX/;uid=21;urlauth=user+ann");
	assert_false(mail_url_token_matches(VIEW("key"), &url));
	assert_true(parse(buf_string(&text)));
	url.mechanism = VIEW("other");
	assert_false(mail_url_token_matches(VIEW("key"), &url));
	assert_true(parse(buf_string(&text)));
	url.token = view_take(url.token, 65);
	assert_false(mail_url_token_matches(VIEW("key"), &url));
	buf_done(&text);
	buf_done(&token);
}

static void what_is_no_url_is_refused(void **state)
{
	static const char *const wrong[] = {"", "/", "/INBOX", "/INBOX/;uid=0", "/INBOX/;uid=4294967296",
	    "/INBOX/;uid=x", "/IN%BOX/;uid=1", "/IN%0ABOX/;uid=1", "/IN%00BOX/;uid=1", "/IN%FFBOX/;uid=1",
	    "/INBOX/;uid=1/;section=", "/INBOX/;uid=1;expire=2026-12-01T10:00:00Z",
	    "/INBOX/;uid=1;expire=never;urlauth=anonymous", "/INBOX/;uid=1;urlauth=user+",
	    "/INBOX/;uid=1;urlauth=root", "/INBOX/;uid=1;urlauth=anonymous:internal",
	    "/INBOX/;uid=1;urlauth=anonymous:internal:", "/INBOX/;uid=1;urlauth=anonymousx",
	    "/INBOX/;uid=1/;partial=1.0", "/INBOX/;uid=1/x", "imap:///INBOX/;uid=1", "imap://host/;uid=1",
	    "imap://host:99999/a/;uid=1", "imap://u;x@host/a/;uid=1", "http://host/a/;uid=1", "imap://host"};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (parse(wrong[i]))
			fail_msg("%s was read", wrong[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(paths_on_this_server),
	    TEST(addresses_of_other_servers),
	    TEST(urlauth_has_a_rump_and_a_verifier),
	    TEST(a_token_is_of_one_key_and_one_rump),
	    TEST(what_is_no_url_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
