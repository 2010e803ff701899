/* PROXY headers of both versions, with every beginning of each. */
#include "../unit.h"

#include <errno.h>

#include "io/network.h"
#include "io/proxy_header.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"

/* extensions: what is at the end of the header, to be passed over by the caller. */
static void expect_more(struct view header, const char *client, bool is_local, size_t extensions)
{
	struct sockaddr_storage address;
	char text[NETWORK_TEXT_SIZE], bytes[PROXY_HEADER_MAX + 8] = {0};
	bool local = !is_local;
	size_t rest = 1;
	memcpy(bytes, header.data, header.len);
	for (size_t i = 0; i < header.len; i++)
		assert_int_equal(proxy_header_parse(view_of(bytes, i), &address, &local, &rest), 0);
	/* What comes behind is not its. */
	assert_int_equal(
	    proxy_header_parse(view_of(bytes, header.len + 4), &address, &local, &rest), header.len);
	assert_int_equal(local, is_local);
	assert_int_equal(rest, extensions);
	if (is_local)
		return;
	network_text(&address, text);
	assert_string_equal(text, client);
}

static void expect(struct view header, const char *client, bool is_local)
{
	expect_more(header, client, is_local, 0);
}

static void refuse(struct view header)
{
	struct sockaddr_storage address;
	bool local;
	size_t rest;
	assert_int_equal(proxy_header_parse(header, &address, &local, &rest), -EBADMSG);
}

static void version_1(void **state)
{
	(void)state;
	expect(VIEW("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n"), "192.0.2.1", false);
	expect(VIEW("PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\n"), "2001:db8::1", false);
	expect(VIEW("PROXY UNKNOWN\r\n"), NULL, true);
	expect(VIEW("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), NULL, true);
	refuse(VIEW("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\n"));
	refuse(VIEW("PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n"));
	refuse(VIEW("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25 1\r\n"));
	refuse(VIEW("PROXY TCP4 2001:db8::1 192.0.2.2 56324 25\r\n"));
	refuse(VIEW("PROXY TCP4 192.0.2.1 192.0.2.2 65536 25\r\n"));
	refuse(VIEW("PROXY TCP5 192.0.2.1 192.0.2.2 56324 25\r\n"));
	refuse(VIEW("EHLO client\r\n"));
	char endless[108] = "PROXY UNKNOWN ";
	memset(endless + 14, 'x', sizeof endless - 14);
	refuse(view_of(endless, sizeof endless));
}

static void version_2(void **state)
{
	(void)state;
	expect(VIEW(V2 "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\xdc\x04\0\x19"), "192.0.2.1", false);
	expect(VIEW(V2 "\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0"
	               "\0\0\2\xdc\x04\0\x19"),
	    "2001:db8::1", false);
	/* Extensions behind the addresses are for the caller to pass over, up to what the length can say. */
	expect_more(VIEW(V2 "\x21\x11\0\x10\xc0\0\2\1\xc0\0\2\2\xdc\x04\0\x19"), "192.0.2.1", false, 4);
	expect_more(
	    VIEW(V2 "\x21\x11\xff\xff\xc0\0\2\1\xc0\0\2\2\xdc\x04\0\x19"), "192.0.2.1", false, 65535 - 12);
	expect(VIEW(V2 "\x20\0\0\0"), NULL, true);                /* LOCAL */
	expect_more(VIEW(V2 "\x20\x11\3\xe8"), NULL, true, 1000); /* with extensions */
	expect_more(VIEW(V2 "\x21\x31\0\xd8"), NULL, true,
	    216);                                  /* of a family that is none of ours: a socket's path */
	refuse(VIEW(V2 "\x31\x11\0\x0c"));         /* another version */
	refuse(VIEW(V2 "\x22\x11\0\x0c"));         /* another command */
	refuse(VIEW(V2 "\x21\x11\0\4\xc0\0\2\1")); /* too short for its family */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(version_1), cmocka_unit_test(version_2)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
