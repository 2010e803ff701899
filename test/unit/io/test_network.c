#include "../unit.h"

#include <netinet/in.h>

#include "io/network.h"

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage a;
	assert_true(network_parse(view_from_string(text), &a));
	return a;
}

static void reads_and_writes(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"192.0.2.1", "192.0.2.1"}, {"2001:DB8::1", "2001:db8::1"},
	    {"IPv6:2001:db8::1", "2001:db8::1"}, {"ipv6:::1", "::1"}, {"::ffff:192.0.2.1", "192.0.2.1"}};
	static const char *const bad[] = {"", "192.0.2", "192.0.2.256", "2001:db8::1::2", "host",
	    "192.0.2.1 ", "[::1]", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	    "IPv6:192.0.2.1", "IPv6:"};
	char text[NETWORK_TEXT_SIZE];
	struct sockaddr_storage a;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		a = address(pairs[i][0]);
		network_text(&a, text);
		assert_string_equal(text, pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(network_parse(view_from_string(bad[i]), &a));
	assert_false(network_parse(VIEW("192.0.2.1\0x"), &a));
	a.ss_family = AF_UNIX;
	network_text(&a, text);
	assert_string_equal(text, "?");
}

/* A party has an IPv4 address, or the first 64 bits of an IPv6 one. */
static void counts_parties(void **state)
{
	(void)state;
	char one[NETWORK_KEY_SIZE], other[NETWORK_KEY_SIZE];
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
	    {"192.0.2.1", "::ffff:192.0.2.1", true}, {"2001:db8::1", "2001:db8::ffff:2", true},
	    {"2001:db8::1", "2001:db8:0:1::1", false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sockaddr_storage a = address(cases[i].a), b = address(cases[i].b);
		size_t n = network_key(&a, one), m = network_key(&b, other);
		assert_int_equal(n == m && memcmp(one, other, n) == 0, cases[i].same);
	}
}

static void finds_networks(void **state)
{
	(void)state;
	static const struct {
		const char *networks, *address;
		bool in;
	} cases[] = {{"192.0.2.0/24", "192.0.2.255", true}, {"192.0.2.0/24", "192.0.3.0", false},
	    {"192.0.2.0/23", "192.0.3.0", true}, {"192.0.2.128/25", "192.0.2.127", false},
	    {"0.0.0.0/0", "203.0.113.7", true}, {"0.0.0.0/0", "::1", false}, {"::/0", "203.0.113.7", false},
	    {"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
	    {"2001:db8::/33", "2001:db8:7fff::1", true}, {"2001:db8::/33", "2001:db8:8000::1", false},
	    {"10.0.0.0/8\n192.0.2.0/24", "192.0.2.9", true}, {"192.0.2.0/33", "192.0.2.1", false},
	    {"192.0.2.0/x", "192.0.2.0", false}, {"nonsense\n192.0.2.1", "192.0.2.1", true},
	    {"", "192.0.2.1", false}, {"192.0.2.0/24", "::ffff:192.0.2.3", true}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sockaddr_storage a = address(cases[i].address);
		assert_int_equal(network_contains(view_from_string(cases[i].networks), &a), cases[i].in);
	}
	struct sockaddr_storage a = address("127.3.2.1"), b = address("::1"), c = address("128.0.0.1");
	assert_true(network_is_loopback(&a) && network_is_loopback(&b) && !network_is_loopback(&c));
}

static void knows_what_is_nobodys_on_the_internet(void **state)
{
	(void)state;
	static const char *const public[] = {"9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
	    "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
	    "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8", "::ffff:8.8.8.8",
	    "2001:4860:4860::8888", "2a00:1450::1", "2001:200::1", "64:ff9b::808:808", "3ffe::1"};
	static const char *const not [] = {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.0",
	    "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
	    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
	    "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
	    "255.255.255.255", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::", "::1", "::127.0.0.1", "fe80::1",
	    "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2001::1", "2001:2::1",
	    "2002:7f00:1::1", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1",
	    "3fff::1", "5f00::1"};
	for (size_t i = 0; i < sizeof public / sizeof public[0]; i++) {
		struct sockaddr_storage a = address(public[i]);
		if (!network_is_public(&a))
			fail_msg("%s", public[i]);
	}
	for (size_t i = 0; i < sizeof not / sizeof not [0]; i++) {
		struct sockaddr_storage a = address(not [i]);
		if (network_is_public(&a))
			fail_msg("%s", not [i]);
	}
	struct sockaddr_storage none = {.ss_family = AF_UNIX}, a = address("192.0.2.1"),
	                        b = address("::ffff:192.0.2.1");
	assert_false(network_is_public(&none));
	assert_true(network_same(&a, &b));
	assert_false(network_same(&none, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(knows_what_is_nobodys_on_the_internet),
	    cmocka_unit_test(reads_and_writes), cmocka_unit_test(counts_parties),
	    cmocka_unit_test(finds_networks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
