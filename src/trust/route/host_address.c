/* Addresses of hosts: see host_address.h. sockaddr structures are copied, never cast: their alignment and
 * aliasing are not ours. */
#include "trust/route/host_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "format/dns_record.h"

uint16_t host_address_port(const struct sockaddr_storage *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	memcpy(&v4, a, sizeof v4);
	memcpy(&v6, a, sizeof v6);
	return ntohs(a->ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

bool host_address_is(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	struct sockaddr_in x4, y4;
	struct sockaddr_in6 x6, y6;
	if (a->ss_family != b->ss_family ||
	    (host_address_port(b) != 0 && host_address_port(b) != host_address_port(a)))
		return false;
	memcpy(&x4, a, sizeof x4);
	memcpy(&y4, b, sizeof y4);
	memcpy(&x6, a, sizeof x6);
	memcpy(&y6, b, sizeof y6);
	return a->ss_family == AF_INET ? x4.sin_addr.s_addr == y4.sin_addr.s_addr
	                               : memcmp(&x6.sin6_addr, &y6.sin6_addr, sizeof x6.sin6_addr) == 0;
}

void host_address_set_port(struct sockaddr_storage *a, uint16_t port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	if (a->ss_family == AF_INET) {
		memcpy(&v4, a, sizeof v4);
		v4.sin_port = htons(port);
		memcpy(a, &v4, sizeof v4);
	} else {
		memcpy(&v6, a, sizeof v6);
		v6.sin6_port = htons(port);
		memcpy(a, &v6, sizeof v6);
	}
}

/* "Any" leads to this machine; so may an IPv4 address in IPv6's clothes, which no other check would know. */
bool host_address_usable(struct view data)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (data.len == 16 && memcmp(data.data, mapped, sizeof mapped) == 0)
		return false;
	for (size_t i = 0; i < data.len; i++)
		if (data.data[i])
			return true;
	return false;
}

bool host_address_literal(struct view v, struct sockaddr_storage *out)
{
	char text[INET6_ADDRSTRLEN] = {0};
	unsigned char bytes[16];
	if (v.len < 2 || v.data[0] != '[' || v.data[v.len - 1] != ']')
		return false;
	v = view_take(view_skip(v, 1), v.len - 2);
	bool ipv6 = view_starts_nocase(v, VIEW("IPv6:"));
	if (ipv6)
		v = view_skip(v, 5);
	if (v.len == 0 || v.len >= sizeof text || memchr(v.data, '\0', v.len))
		return false;
	memcpy(text, v.data, v.len);
	return inet_pton(ipv6 ? AF_INET6 : AF_INET, text, bytes) == 1 &&
	       host_address_usable(view_of(bytes, ipv6 ? 16 : 4)) &&
	       dns_record_address(ipv6 ? DNS_AAAA : DNS_A, view_of(bytes, ipv6 ? 16 : 4), out) == 0;
}
