/* The text of the code that Thunderbird for Android scans: what "QR code format, version 1" of its sources
 * says. */
#include "../../unit.h"

#include "role/web/web_config.h"

static struct web_config config_of(const char *address)
{
	return (struct web_config){.host = VIEW("mail.example.test"),
	    .address = view_from_string(address),
	    .domain = VIEW("example.test"),
	    .services = {{"imap", SERVICE_IMAPS, 993, false}, {"imap", SERVICE_IMAP, 143, true},
	        {"pop3", SERVICE_POP3S, 995, false}, {"smtp", SERVICE_SUBMISSIONS, 0, false},
	        {"smtp", SERVICE_SUBMISSION, 587, true}}};
}

static void check_mobile(const struct web_config *c, const char *expected)
{
	struct buf out;
	buf_init(&out, 1024);
	assert_int_equal(web_config_mobile(c, &out), expected != NULL);
	if (expected)
		assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void test_a_code_for_thunderbird_on_android(void **state)
{
	struct web_config c = config_of("alice@example.test");
	(void)state;
	check_mobile(&c,
	    "[1,[1,1],[0,\"mail.example.test\",993,3,1,\"alice@example.test\"],"
	    "[[[0,\"mail.example.test\",587,2,1,\"alice@example.test\"],[\"alice@example.test\",\"\"]]]]");
	c.services[0].port = c.services[1].port = 0;
	check_mobile(&c,
	    "[1,[1,1],[1,\"mail.example.test\",995,3,1,\"alice@example.test\"],"
	    "[[[0,\"mail.example.test\",587,2,1,\"alice@example.test\"],[\"alice@example.test\",\"\"]]]]");
	c = config_of("\"a\\\"b\"@example.test");
	check_mobile(&c, "[1,[1,1],[0,\"mail.example.test\",993,3,1,\"\\\"a\\\\\\\"b\\\"@example.test\"],"
	                 "[[[0,\"mail.example.test\",587,2,1,\"\\\"a\\\\\\\"b\\\"@example.test\"],"
	                 "[\"\\\"a\\\\\\\"b\\\"@example.test\",\"\"]]]]");
}

static void test_no_code(void **state)
{
	struct web_config c = config_of("ä@example.test");
	(void)state;
	check_mobile(&c, NULL);
	c = config_of("");
	check_mobile(&c, NULL);
	c = config_of("alice@example.test");
	c.services[4].port = 0;
	check_mobile(&c, NULL);
	c = config_of("alice@example.test");
	c.services[0].port = c.services[1].port = c.services[2].port = 0;
	check_mobile(&c, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_code_for_thunderbird_on_android),
	    cmocka_unit_test(test_no_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
