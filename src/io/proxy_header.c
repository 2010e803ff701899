#include "io/proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cursor.h"

enum { V2_FIXED = 16, V2_ADDRESSES_V4 = 12, V2_ADDRESSES_V6 = 36 };

static const char v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static bool set_address(struct view text, struct view port, bool v6, struct sockaddr_storage *out)
{
	char name[INET6_ADDRSTRLEN];
	uint64_t number;
	if (text.len == 0 || text.len >= sizeof name || !view_to_u64(port, 65535, &number))
		return false;
	memcpy(name, text.data, text.len);
	name[text.len] = '\0';
	memset(out, 0, sizeof *out);
	if (v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)out;
		a->sin6_family = AF_INET6;
		a->sin6_port = htons((uint16_t)number);
		return inet_pton(AF_INET6, name, &a->sin6_addr) == 1;
	}
	struct sockaddr_in *a = (struct sockaddr_in *)out;
	a->sin_family = AF_INET;
	a->sin_port = htons((uint16_t)number);
	return inet_pton(AF_INET, name, &a->sin_addr) == 1;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\n" */
static int parse_v1(struct view bytes, struct sockaddr_storage *client, bool *local)
{
	ptrdiff_t end = view_find(view_take(bytes, PROXY_HEADER_MAX), '\n');
	if (end < 0)
		return bytes.len >= PROXY_HEADER_MAX ? -EBADMSG : 0;
	if (end < 1 || bytes.data[end - 1] != '\r')
		return -EBADMSG;
	struct view rest = view_take(bytes, (size_t)end - 1), part[6];
	size_t count = 0;
	while (count < 6 && view_next(&rest, ' ', &part[count]))
		count++;
	if (count >= 2 && view_equal(part[1], VIEW("UNKNOWN"))) {
		*local = true;
		return (int)end + 1;
	}
	bool v6 = count == 6 && view_equal(part[1], VIEW("TCP6"));
	if (count != 6 || rest.data || (!v6 && !view_equal(part[1], VIEW("TCP4"))))
		return -EBADMSG;
	struct sockaddr_storage source, destination;
	if (!set_address(part[2], part[4], v6, &source) || !set_address(part[3], part[5], v6, &destination))
		return -EBADMSG;
	*client = source;
	*local = false;
	return (int)end + 1;
}

/* Addresses of another family than these two are extensions like others: nobody reads them. */
static int parse_v2(struct view bytes, struct sockaddr_storage *client, bool *local, size_t *rest)
{
	struct cursor c = cursor_on(view_skip(bytes, sizeof v2_signature));
	uint8_t command = cursor_u8(&c), family = cursor_u8(&c);
	size_t len = cursor_u16(&c);
	if (!cursor_ok(&c))
		return 0;
	if (command >> 4 != 2 || (command & 15) > 1)
		return -EBADMSG;
	bool none = (command & 15) == 0 || (family >> 4 != 1 && family >> 4 != 2), v6 = family >> 4 == 2;
	size_t needed = none ? 0 : v6 ? V2_ADDRESSES_V6 : V2_ADDRESSES_V4;
	if (len < needed)
		return -EBADMSG;
	if (bytes.len < V2_FIXED + needed)
		return 0;
	*local = none;
	*rest = len - needed;
	if (none)
		return V2_FIXED;
	struct cursor body = cursor_on(cursor_bytes(&c, needed));
	struct view source = cursor_bytes(&body, v6 ? 16 : 4);
	cursor_bytes(&body, v6 ? 16 : 4);
	uint16_t port = cursor_u16(&body);
	memset(client, 0, sizeof *client);
	if (v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)client;
		a->sin6_family = AF_INET6;
		a->sin6_port = htons(port);
		memcpy(&a->sin6_addr, source.data, 16);
	} else {
		struct sockaddr_in *a = (struct sockaddr_in *)client;
		a->sin_family = AF_INET;
		a->sin_port = htons(port);
		memcpy(&a->sin_addr, source.data, 4);
	}
	return (int)(V2_FIXED + needed);
}

int proxy_header_parse(struct view bytes, struct sockaddr_storage *client, bool *local, size_t *rest)
{
	*rest = 0;
	struct view v2 = view_of(v2_signature, sizeof v2_signature), v1 = VIEW("PROXY ");
	if (bytes.len == 0)
		return 0;
	if (view_starts(bytes, v2))
		return parse_v2(bytes, client, local, rest);
	if (view_starts(bytes, v1))
		return parse_v1(bytes, client, local);
	return view_starts(v2, bytes) || view_starts(v1, bytes) ? 0 : -EBADMSG;
}
