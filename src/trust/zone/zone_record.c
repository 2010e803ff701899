/* Data made, and written for people and name servers: zone_record.h. */
#include "trust/zone/zone_record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "format/dns_message.h"
#include "trust/sender/dkim_key.h"

/* ---- making ---- */

/* Takes what was written out of the buffer, which is done with. */
static bool keep(struct arena *arena, struct buf *data, struct view *out)
{
	bool good = !buf_failed(data) && arena_copy(arena, buf_view(data), out);
	buf_done(data);
	return good;
}

bool zone_data_address(struct arena *arena, const struct sockaddr_storage *address, struct view *out)
{
	if (address->ss_family == AF_INET)
		return arena_copy(arena, view_of(&((const struct sockaddr_in *)address)->sin_addr, 4), out);
	return address->ss_family == AF_INET6 &&
	       arena_copy(arena, view_of(&((const struct sockaddr_in6 *)address)->sin6_addr, 16), out);
}

/* Numbers of two octets, and the name behind them. */
static bool numbers_and_name(
    struct arena *arena, const uint16_t *numbers, size_t count, const char *name, struct view *out)
{
	struct buf data;
	buf_init(&data, 2 * DNS_NAME_SIZE);
	for (size_t i = 0; i < count; i++)
		buf_append_u16(&data, numbers[i]);
	if (dns_name_write(&data, name) == 0)
		return keep(arena, &data, out);
	buf_done(&data);
	return false;
}

bool zone_data_name(struct arena *arena, const char *name, struct view *out)
{
	return numbers_and_name(arena, NULL, 0, name, out);
}

bool zone_data_mx(struct arena *arena, uint16_t preference, const char *host, struct view *out)
{
	return numbers_and_name(arena, &preference, 1, host, out);
}

bool zone_data_srv(struct arena *arena, const struct dns_srv *srv, struct view *out)
{
	const uint16_t numbers[] = {srv->priority, srv->weight, srv->port};
	return numbers_and_name(arena, numbers, 3, srv->host, out);
}

bool zone_data_txt(struct arena *arena, struct view text, struct view *out)
{
	struct buf data;
	buf_init(&data, DNS_TXT_MAX + DNS_TXT_MAX / ZONE_STRING_MAX + 2);
	do {
		struct view part = view_take(text, ZONE_STRING_MAX);
		buf_append_u8(&data, (uint8_t)part.len);
		buf_append(&data, part);
		text = view_skip(text, part.len);
	} while (text.len);
	return keep(arena, &data, out);
}

bool zone_data_tlsa(struct arena *arena, const struct dns_tlsa *tlsa, struct view *out)
{
	struct buf data;
	buf_init(&data, DNS_TLSA_DATA_MAX + 3);
	buf_append_u8(&data, tlsa->usage);
	buf_append_u8(&data, tlsa->selector);
	buf_append_u8(&data, tlsa->matching);
	buf_append(&data, tlsa->data);
	return keep(arena, &data, out);
}

bool zone_data_caa(struct arena *arena, const char *tag, struct view value, struct view *out)
{
	struct buf data;
	buf_init(&data, 1024);
	buf_append_u8(&data, 0);
	buf_append_u8(&data, (uint8_t)strlen(tag));
	buf_append_string(&data, tag);
	buf_append(&data, value);
	return keep(arena, &data, out);
}

/* ---- writing ---- */

void zone_type_text(unsigned type, char out[ZONE_TYPE_SIZE])
{
	static const struct {
		unsigned type;
		const char *text;
	} types[] = {{DNS_A, "A"}, {DNS_NS, "NS"}, {DNS_CNAME, "CNAME"}, {DNS_SOA, "SOA"}, {DNS_PTR, "PTR"},
	    {DNS_MX, "MX"}, {DNS_TXT, "TXT"}, {DNS_AAAA, "AAAA"}, {DNS_SRV, "SRV"}, {DNS_DS, "DS"},
	    {DNS_TLSA, "TLSA"}, {DNS_CAA, "CAA"}};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (types[i].type == type) {
			snprintf(out, ZONE_TYPE_SIZE, "%s", types[i].text);
			return;
		}
	}
	snprintf(out, ZONE_TYPE_SIZE, "TYPE%u", type & UINT16_MAX);
}

static void hex(struct view data, struct buf *out)
{
	for (size_t i = 0; i < data.len; i++)
		buf_printf(out, "%02x", (unsigned char)data.data[i]);
}

/* In quotes; anything but printable ASCII in decimals: RFC 1035 section 5.1. */
static void quoted(struct view text, struct buf *out)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (ascii_is_print(c))
			buf_append_byte(out, c);
		else
			buf_printf(out, "\\%03u", (unsigned)(unsigned char)c);
	}
	buf_append_byte(out, '"');
}

static bool txt(struct view data, struct buf *out)
{
	struct cursor in = cursor_on(data);
	for (bool first = true; cursor_ok(&in) && !cursor_at_end(&in); first = false) {
		struct view part = cursor_bytes(&in, cursor_u8(&in));
		if (!first)
			buf_append_byte(out, ' ');
		quoted(part, out);
	}
	return cursor_ok(&in) && data.len > 0;
}

static bool address(unsigned type, struct view data, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	if (data.len != (type == DNS_A ? 4 : 16))
		return false;
	inet_ntop(type == DNS_A ? AF_INET : AF_INET6, data.data, text, sizeof text);
	return buf_append_string(out, text) == 0;
}

/* False: malformed, and what stands in *out is of no use. */
static bool known_text(unsigned type, struct view data, struct buf *out)
{
	char name[DNS_NAME_SIZE];
	struct dns_mx mx;
	struct dns_srv srv;
	struct dns_tlsa tlsa;
	struct dns_caa caa;
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return address(type, data, out);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return dns_record_name(data, name) == 0 && buf_printf(out, "%s.", name) == 0;
	case DNS_MX:
		return dns_record_mx(data, &mx) == 0 &&
		       buf_printf(out, "%u %s.", mx.preference, mx.host) == 0;
	case DNS_SRV:
		return dns_record_srv(data, &srv) == 0 &&
		       buf_printf(out, "%u %u %u %s.", srv.priority, srv.weight, srv.port, srv.host) == 0;
	case DNS_TXT:
		return txt(data, out);
	case DNS_TLSA:
		if (dns_record_tlsa(data, &tlsa) != 0)
			return false;
		buf_printf(out, "%u %u %u ", tlsa.usage, tlsa.selector, tlsa.matching);
		hex(tlsa.data, out);
		return true;
	case DNS_CAA:
		if (dns_record_caa(data, &caa) != 0)
			return false;
		buf_printf(out, "%u %.*s ", caa.critical ? 128U : 0U, VIEW_FMT(caa.tag));
		quoted(caa.value, out);
		return true;
	default:
		return false;
	}
}

int zone_data_text(unsigned type, struct view data, struct buf *out)
{
	size_t before = buf_view(out).len;
	if (!known_text(type, data, out) && !buf_failed(out)) {
		buf_truncate(out, before);
		buf_printf(out, "\\# %zu ", data.len);
		hex(data, out);
	}
	return buf_append(out, (struct view){0});
}

int zone_record_text(const struct zone_record *r, struct buf *out)
{
	char type[ZONE_TYPE_SIZE];
	zone_type_text(r->type, type);
	buf_printf(out, "%s. %u IN %s ", r->owner, r->ttl, type);
	return zone_data_text(r->type, r->data, out);
}

bool zone_digest(struct view octets, unsigned char out[ZONE_DIGEST_SIZE])
{
	return dkim_digest(octets, out);
}

/* ---- names ---- */

void zone_reverse_name(const struct sockaddr_storage *address, char out[DNS_NAME_SIZE])
{
	size_t len = 0;
	if (address->ss_family == AF_INET) {
		const unsigned char *b =
		    (const unsigned char *)&((const struct sockaddr_in *)address)->sin_addr;
		snprintf(out, DNS_NAME_SIZE, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
		return;
	}
	const unsigned char *b = ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;
	for (size_t i = 16; i-- > 0;)
		len += (size_t)snprintf(out + len, DNS_NAME_SIZE - len, "%x.%x.", b[i] & 15U, b[i] >> 4);
	snprintf(out + len, DNS_NAME_SIZE - len, "ip6.arpa");
}

bool zone_contains(const char *zone, const char *name)
{
	size_t len = strlen(name), tail = strlen(zone);
	return strcmp(name, zone) == 0 ||
	       (len > tail && name[len - tail - 1] == '.' && strcmp(name + len - tail, zone) == 0);
}
