/* Addresses to listen on, and which of them want the same port. */
#include "../unit.h"

#include "config/listen_address.h"
#include "config/setting_form.h"

static struct sockaddr_storage good(const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;
	const char *problem = "none";
	if (listen_address_parse(view_from_string(text), &address, &len, &problem) != 0)
		fail_msg("%s: %s", text, problem);
	return address;
}

static void what_is_no_address_and_port_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", ":", "25", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
	    "127.0.0.1:65536", "127.0.0.1:2x", "127.0.0:25", "localhost:25", ":25", "::1:25", "[::1]",
	    "[::1]:", "[127.0.0.1]:25", "[]:25", "127.0.0.1 :25", "[fe80::1%eth0]:25", "*:25"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct sockaddr_storage address;
		socklen_t len;
		const char *problem = NULL;
		if (listen_address_parse(view_from_string(wrong[i]), &address, &len, &problem) == 0 ||
		    problem == NULL)
			fail_msg("%s is taken", wrong[i]);
		assert_non_null(setting_form_check(FORM_LISTEN, view_from_string(wrong[i])));
	}
	(void)good("0.0.0.0:1");
	(void)good("[2001:db8::1]:65535");
}

static void two_clash_when_one_would_take_the_other_s_connections(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool clash;
	} pairs[] = {{"127.0.0.1:25", "127.0.0.1:25", true}, {"127.0.0.1:25", "127.0.0.2:25", false},
	    {"127.0.0.1:25", "127.0.0.1:26", false}, {"0.0.0.0:25", "192.0.2.1:25", true},
	    {"0.0.0.0:25", "[::]:25", false}, {"[::]:25", "[::1]:25", true}, {"[::1]:25", "[::2]:25", false},
	    {"[::1]:25", "[0:0::1]:25", true}};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct sockaddr_storage a = good(pairs[i].a), b = good(pairs[i].b);
		assert_int_equal(listen_address_clash(&a, &b), pairs[i].clash);
		assert_int_equal(listen_address_clash(&b, &a), pairs[i].clash);
	}
}

static void networks_have_lengths_that_fit(void **state)
{
	(void)state;
	static const char *const right[] = {
	    "192.0.2.1", "0.0.0.0/0", "10.0.0.0/32", "::/0", "2001:db8::/128", "::1"};
	static const char *const wrong[] = {"", "lan", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129",
	    "/8", "10.0.0/8", "IPv6:::1", "10.0.0.0/8 "};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		assert_null(setting_form_check(FORM_NETWORK, view_from_string(right[i])));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_non_null(setting_form_check(FORM_NETWORK, view_from_string(wrong[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_address_and_port_is_refused),
	    cmocka_unit_test(two_clash_when_one_would_take_the_other_s_connections),
	    cmocka_unit_test(networks_have_lengths_that_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
