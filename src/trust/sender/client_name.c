/* An address, its names, and their addresses: RFC 8601 section 3. */
#include "trust/sender/client_name.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool client_address_of(const struct sockaddr *client, struct client_address *out)
{
	*out = (struct client_address){0};
	if (client->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, client, sizeof v4);
		memcpy(out->bytes, &v4.sin_addr, 4);
		return true;
	}
	if (client->sa_family != AF_INET6)
		return false;
	struct sockaddr_in6 v6;
	memcpy(&v6, client, sizeof v6);
	out->ipv6 = !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
	if (out->ipv6)
		memcpy(out->bytes, &v6.sin6_addr, 16);
	else
		memcpy(out->bytes, v6.sin6_addr.s6_addr + 12, 4);
	return true;
}

bool client_address_in(const struct client_address *a, const unsigned char *network, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(a->bytes, network, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

bool client_address_among(const struct client_address *a, const struct answer *answer, unsigned bits)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].len == (a->ipv6 ? 16 : 4) &&
		    client_address_in(a, (const unsigned char *)answer->records[i].data, bits))
			return true;
	return false;
}

void client_address_reverse(const struct client_address *a, char out[REVERSE_NAME_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b = a->bytes;
	if (!a->ipv6) {
		snprintf(out, REVERSE_NAME_SIZE, "%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0]);
		return;
	}
	char *to = out;
	for (int i = 15; i >= 0; i--) {
		*to++ = hex[b[i] & 15];
		*to++ = '.';
		*to++ = hex[b[i] >> 4];
		*to++ = '.';
	}
	memcpy(to, "ip6.arpa", sizeof "ip6.arpa");
}

/* False: its addresses are not known yet. */
static bool look_at_name(struct answers *answers, const struct client_address *a, const char *name,
    struct arena *arena, struct client_names *out)
{
	const struct answer *addresses = answers_look(answers, name, a->ipv6 ? DNS_AAAA : DNS_A);
	if (addresses == NULL)
		return false;
	struct view copy;
	if (client_address_among(a, addresses, a->ipv6 ? 128 : 32) &&
	    arena_copy(arena, view_from_string(name), &copy))
		out->names[out->count++] = copy.data;
	return true;
}

bool client_names_find(
    struct answers *answers, const struct client_address *a, struct arena *arena, struct client_names *out)
{
	char reverse[REVERSE_NAME_SIZE], name[DNS_NAME_SIZE];
	*out = (struct client_names){.result = SENDER_NONE};
	client_address_reverse(a, reverse);
	const struct answer *names = answers_look(answers, reverse, DNS_PTR);
	if (names == NULL)
		return false;
	if (names->status == ANSWER_FAILED || names->status == ANSWER_BOGUS) {
		out->result = SENDER_TEMPERROR;
		return true;
	}
	bool known = true;
	for (size_t i = 0; i < names->count && i < CLIENT_NAMES_MAX; i++) {
		struct view copy;
		if (dns_record_name(names->records[i], name) != 0)
			continue;
		if (out->claimed == NULL && arena_copy(arena, view_from_string(name), &copy))
			out->claimed = copy.data;
		known &= look_at_name(answers, a, name, arena, out);
	}
	if (out->count > 0)
		out->result = SENDER_PASS;
	else if (names->count > 0)
		out->result = SENDER_FAIL;
	return known;
}
