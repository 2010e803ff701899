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
	if (view_starts_nocase(text, VIEW("IPv6:")))
		text = view_skip(text, 5);
	if (text.len == 0 || text.len >= sizeof name)
		return false;
	memcpy(name, text.data, text.len);
	name[text.len] = '\0';
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
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
