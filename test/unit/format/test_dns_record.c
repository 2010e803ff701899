/* Record data, well-formed and not: what comes out is a name that may be used, or nothing. */
#include "../unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "format/dns_record.h"

static void reads_addresses(void **state)
{
	(void)state;
	struct sockaddr_storage a;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	assert_int_equal(dns_record_address(DNS_A, VIEW("\xc0\0\2\1"), &a), 0);
	memcpy(&v4, &a, sizeof v4);
	assert_int_equal(ntohl(v4.sin_addr.s_addr), 0xc0000201);
	assert_int_equal(v4.sin_port, 0);
	assert_int_equal(dns_record_address(DNS_AAAA, VIEW("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), &a), 0);
	memcpy(&v6, &a, sizeof v6);
	assert_int_equal(v6.sin6_addr.s6_addr[15], 1);
	assert_int_equal(dns_record_address(DNS_A, VIEW("\xc0\0\2"), &a), -22);
	assert_int_equal(dns_record_address(DNS_A, VIEW("\xc0\0\2\1\1"), &a), -22);
	assert_int_equal(dns_record_address(DNS_AAAA, VIEW("\xc0\0\2\1"), &a), -22);
	assert_int_equal(dns_record_address(DNS_MX, VIEW("\xc0\0\2\1"), &a), -22);
	assert_int_equal(a.ss_family, AF_INET6);
}

static void reads_names(void **state)
{
	(void)state;
	char name[DNS_NAME_SIZE] = "untouched";
	assert_int_equal(dns_record_name(VIEW("\4Mail\7EXAMPLE\3org\0"), name), 0);
	assert_string_equal(name, "mail.example.org");
	assert_int_equal(dns_record_name(VIEW("\4_dmt\1x\0"), name), 0);
	assert_string_equal(name, "_dmt.x");
	static const struct view wrong[] = {
	    {"", 0},
	    {"\0", 1},                       /* the root */
	    {"\4Mail\7EXAMPLE\3org", 17},    /* no end */
	    {"\4Mail\7EXAMPLE\3org\0x", 19}, /* something behind the end */
	    {"\4Mail\300\14", 7},            /* a pointer */
	    {"\100aaaa\0", 6},               /* a label of 64 */
	    {"\5a.b.c\0", 7},                /* a dot within a label */
	    {"\3a\nb\0", 5},
	    {"\3a b\0", 5},
	    {"\3a\0b\0", 5},
	    {"\2\303\251\0", 4},
	    {"\1*\0", 3},
	    {"\2a/\0", 4},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(dns_record_name(wrong[i], name), -22);
	assert_string_equal(name, "_dmt.x");
}

static void keeps_to_the_lengths(void **state)
{
	(void)state;
	char wire[300], text[300], name[DNS_NAME_SIZE];
	/* Three labels of 63 and one of 61: 255 octets, 253 characters. */
	size_t at = 0;
	for (int i = 0; i < 4; i++) {
		size_t len = i < 3 ? 63 : 61;
		wire[at] = (char)len;
		memset(wire + at + 1, 'a' + i, len);
		memset(text + at, 'a' + i, len);
		text[at + len] = '.';
		at += 1 + len;
	}
	wire[at] = 0;
	assert_int_equal(at + 1, 255);
	assert_int_equal(dns_record_name(view_of(wire, 255), name), 0);
	assert_int_equal(strlen(name), 253);
	assert_int_equal(dns_name_parse(view_of(text, 254), name), 0);
	assert_int_equal(dns_name_parse(view_of(text, 253), name), 0);
	wire[192] = 62;
	memset(wire + 193, 'd', 62);
	wire[255] = 0;
	assert_int_equal(dns_record_name(view_of(wire, 256), name), -22);
	memset(text + 192, 'd', 62);
	assert_int_equal(dns_name_parse(view_of(text, 254), name), -36);
	memset(text, 'a', 64);
	assert_int_equal(dns_name_parse(view_of(text, 64), name), -36);
	assert_int_equal(dns_name_parse(view_of(text, 63), name), 0);
}

static void parses_names_of_people(void **state)
{
	(void)state;
	char name[DNS_NAME_SIZE] = "untouched";
	assert_int_equal(dns_name_parse(VIEW("Mail.Example.ORG."), name), 0);
	assert_string_equal(name, "mail.example.org");
	static const struct view wrong[] = {{"", 0}, {".", 1}, {"a..b", 4}, {".a", 2}, {"a..", 3}, {"a b", 3},
	    {"a\0b", 3}, {"\303\251.fr", 5}, {"[192.0.2.1]", 11}, {"a:25", 4}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(dns_name_parse(wrong[i], name), -22);
	assert_string_equal(name, "mail.example.org");
	/* What is only asked for may hold more, but nothing that ends a line or a label. */
	assert_int_equal(dns_question_parse(VIEW("a+b:c\\ d.Example"), name), 0);
	assert_string_equal(name, "a+b:c\\ d.example");
	assert_int_equal(dns_question_parse(VIEW("a\nb.example"), name), -22);
	assert_int_equal(dns_question_parse(VIEW("\303\251.fr"), name), -22);
	assert_int_equal(dns_question_parse(VIEW("a..b"), name), -22);
	struct dns_mx mx;
	struct view data = VIEW("\0\1\3a:b\2fr\0"), dotted = VIEW("\0\1\3a.b\2fr\0");
	assert_int_equal(dns_record_mx(data, &mx), -22);
	assert_int_equal(dns_record_mx_question(data, &mx), 0);
	assert_string_equal(mx.host, "a:b.fr");
	assert_int_equal(dns_record_mx_question(dotted, &mx), -22);
}

static void reads_mail_hosts(void **state)
{
	(void)state;
	struct dns_mx mx;
	assert_int_equal(dns_record_mx(VIEW("\1\2\2mx\1a\0"), &mx), 0);
	assert_int_equal(mx.preference, 258);
	assert_string_equal(mx.host, "mx.a");
	assert_int_equal(dns_record_mx(VIEW("\0\0\0"), &mx), 0);
	assert_string_equal(mx.host, "");
	assert_int_equal(dns_record_mx(VIEW("\0\0"), &mx), -22);
	assert_int_equal(dns_record_mx(VIEW("\0\0\0\0"), &mx), -22);
	assert_int_equal(dns_record_mx(VIEW(""), &mx), -22);
	assert_int_equal(dns_record_mx(VIEW("\0\12\4a b!\0"), &mx), -22);
}

static void joins_strings(void **state)
{
	(void)state;
	static char many[70000];
	struct buf out;
	buf_init(&out, 100000);
	assert_int_equal(dns_record_txt(VIEW("\3v=S\0\3TSv"), &out), 0);
	assert_view(buf_view(&out), "v=STSv");
	assert_int_equal(dns_record_txt(VIEW("\0"), &out), 0);
	assert_int_equal(dns_record_txt(VIEW(""), &out), -22);
	assert_int_equal(dns_record_txt(VIEW("\4abc"), &out), -22);
	assert_int_equal(dns_record_txt(VIEW("\2abc"), &out), -22);
	assert_view(buf_view(&out), "v=STSv");
	for (size_t i = 0; i < sizeof many; i += 256)
		many[i] = (char)255;
	assert_int_equal(dns_record_txt(view_of(many, 33 * 256), &out), -36);
	assert_int_equal(dns_record_txt(view_of(many, 32 * 256), &out), 0);
	assert_int_equal(buf_view(&out).len, 6 + 32 * 255);
	buf_done(&out);
	buf_init(&out, 3);
	assert_int_equal(dns_record_txt(VIEW("\4abcd"), &out), -105);
	buf_done(&out);
}

static void reads_associations(void **state)
{
	(void)state;
	static char large[DNS_TLSA_DATA_MAX + 4] = "\3\1\1";
	struct dns_tlsa tlsa;
	assert_int_equal(dns_record_tlsa(VIEW("\3\1\2data"), &tlsa), 0);
	assert_int_equal(tlsa.usage, 3);
	assert_int_equal(tlsa.selector, 1);
	assert_int_equal(tlsa.matching, 2);
	assert_view(tlsa.data, "data");
	assert_int_equal(dns_record_tlsa(VIEW("\3\1\2"), &tlsa), -22);
	assert_int_equal(dns_record_tlsa(VIEW("\3\1"), &tlsa), -22);
	assert_int_equal(dns_record_tlsa(view_of(large, sizeof large), &tlsa), -22);
	assert_int_equal(dns_record_tlsa(view_of(large, sizeof large - 1), &tlsa), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_addresses),
	    cmocka_unit_test(reads_names),
	    cmocka_unit_test(keeps_to_the_lengths),
	    cmocka_unit_test(parses_names_of_people),
	    cmocka_unit_test(reads_mail_hosts),
	    cmocka_unit_test(joins_strings),
	    cmocka_unit_test(reads_associations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
