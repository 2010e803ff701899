#include "io/network.h"

#include <arpa/inet.h>
#include <string.h>

/* The address as bytes: 4 or 16 of them, 0 for other families. */
static size_t bytes_of(const struct sockaddr_storage *address, unsigned char out[16])
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	if (address->ss_family == AF_INET) {
		memcpy(out, &((const struct sockaddr_in *)address)->sin_addr, 4);
		return 4;
	}
	if (address->ss_family != AF_INET6)
		return 0;
	memcpy(out, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	if (memcmp(out, mapped, sizeof mapped) != 0)
		return 16;
	memmove(out, out + 12, 4);
	return 4;
}

void network_text(const struct sockaddr_storage *address, char out[NETWORK_TEXT_SIZE])
{
	unsigned char bytes[16];
	size_t len = bytes_of(address, bytes);
	if (len == 0 || inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, out, NETWORK_TEXT_SIZE) == NULL)
		strcpy(out, "?");
}

size_t network_key(const struct sockaddr_storage *address, char out[NETWORK_KEY_SIZE])
{
	unsigned char bytes[16];
	size_t len = bytes_of(address, bytes);
	out[0] = (char)len;
	size_t kept = len == 16 ? 8 : len;
	memcpy(out + 1, bytes, kept);
	return kept + 1;
}

bool network_parse(struct view text, struct sockaddr_storage *address)
{
	char name[INET6_ADDRSTRLEN];
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	bool named = view_starts_nocase(text, VIEW("IPv6:"));
	if (named)
		text = view_skip(text, 5);
	/* inet_pton stops at a NUL: what stands behind it would not count. */
	if (text.len == 0 || text.len >= sizeof name || view_find(text, '\0') >= 0)
		return false;
	memcpy(name, text.data, text.len);
	name[text.len] = '\0';
	memset(address, 0, sizeof *address);
	if (!named && inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return true;
	}
	v6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, name, &v6->sin6_addr) == 1;
}

static bool matches(struct view network, const unsigned char *bytes, size_t len)
{
	struct sockaddr_storage base;
	unsigned char base_bytes[16];
	ptrdiff_t slash = view_find(network, '/');
	uint64_t bits = 8 * len;
	if (slash >= 0 && !view_to_u64(view_skip(network, (size_t)slash + 1), 128, &bits))
		return false;
	if (!network_parse(slash >= 0 ? view_take(network, (size_t)slash) : network, &base) ||
	    bytes_of(&base, base_bytes) != len || bits > 8 * len)
		return false;
	size_t whole = bits / 8, rest = bits % 8;
	if (memcmp(bytes, base_bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ base_bytes[whole]) >> (8 - rest) == 0;
}

bool network_contains(struct view networks, const struct sockaddr_storage *address)
{
	unsigned char bytes[16];
	struct view network;
	size_t len = bytes_of(address, bytes);
	while (len && networks.len && view_next(&networks, '\n', &network))
		if (matches(view_trim(network), bytes, len))
			return true;
	return false;
}

bool network_is_loopback(const struct sockaddr_storage *address)
{
	return network_contains(VIEW("127.0.0.0/8\n::1"), address);
}

bool network_is_public(const struct sockaddr_storage *address)
{
	/* this network, private, shared by providers (RFC 6598), loopback, link-local, protocol assignments,
	 * documentation, 6to4's relays, benchmarks, multicast, reserved and broadcast */
	static const char four[] = "0.0.0.0/8\n10.0.0.0/8\n100.64.0.0/10\n127.0.0.0/8\n169.254.0.0/"
	                           "16\n172.16.0.0/12\n192.0.0.0/24\n192.0.2.0/24\n"
	                           "192.88.99.0/24\n192.168.0.0/16\n198.18.0.0/15\n198.51.100.0/"
	                           "24\n203.0.113.0/24\n224.0.0.0/4\n240.0.0.0/4";
	/* Of IPv6, 2000::/3 is what is given out; in it, protocol assignments with Teredo, documentation,
	 * 6to4. */
	static const char six[] = "2001::/23\n2001:db8::/32\n2002::/16\n3fff::/20";
	/* NAT64 (RFC 6052): an IPv4 address in its last four octets. */
	static const char translated[] = "64:ff9b::/96";
	struct sockaddr_storage inner = {.ss_family = AF_INET};
	unsigned char bytes[16];
	size_t len = bytes_of(address, bytes);
	if (len == 4)
		return !network_contains(view_from_string(four), address);
	if (len == 16 && network_contains(view_from_string(translated), address)) {
		memcpy(&((struct sockaddr_in *)&inner)->sin_addr, bytes + 12, 4);
		return network_is_public(&inner);
	}
	return len == 16 && network_contains(VIEW("2000::/3"), address) &&
	       !network_contains(view_from_string(six), address);
}

bool network_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	unsigned char one[16], other[16];
	size_t len = bytes_of(a, one);
	return len > 0 && len == bytes_of(b, other) && memcmp(one, other, len) == 0;
}
