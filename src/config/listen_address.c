/* See listen_address.h. */
#include "config/listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static int wrong(const char **problem, const char *text)
{
	*problem = text;
	return -EINVAL;
}

int listen_address_parse(
    struct view text, struct sockaddr_storage *address, socklen_t *len, const char **problem)
{
	ptrdiff_t colon = view_find_last(text, ':');
	uint64_t port;
	char name[INET6_ADDRSTRLEN + 1] = "";
	struct view host = colon < 0 ? text : view_take(text, (size_t)colon);
	bool brackets = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
	if (colon < 0 || (text.len && text.data[text.len - 1] == ']'))
		return wrong(problem, "the port is missing");
	if (!view_to_u64(view_skip(text, (size_t)colon + 1), UINT16_MAX, &port) || port == 0)
		return wrong(problem, "the port is no number from 1 to 65535");
	if (brackets)
		host = view_take(view_skip(host, 1), host.len - 2);
	else if (view_find(host, ':') >= 0)
		return wrong(problem, "an IPv6 address stands in [ and ]");
	if (host.len >= sizeof name)
		return wrong(problem, "there is no IP address before the port");
	memcpy(name, host.data, host.len);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	if (!brackets && inet_pton(AF_INET, name, &v4.sin_addr) == 1) {
		memset(address, 0, sizeof *address);
		memcpy(address, &v4, sizeof v4);
		*len = sizeof v4;
		return 0;
	}
	if (brackets && inet_pton(AF_INET6, name, &v6.sin6_addr) == 1) {
		memset(address, 0, sizeof *address);
		memcpy(address, &v6, sizeof v6);
		*len = sizeof v6;
		return 0;
	}
	return wrong(problem, "there is no IP address before the port (a name may lead anywhere)");
}

bool listen_address_clash(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false; /* sockets of IPv6 take IPv6 only */
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
		return x->sin_port == y->sin_port &&
		       (x->sin_addr.s_addr == y->sin_addr.s_addr || x->sin_addr.s_addr == htonl(INADDR_ANY) ||
		           y->sin_addr.s_addr == htonl(INADDR_ANY));
	}
	const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;
	return x->sin6_port == y->sin6_port &&
	       (memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0 ||
	           IN6_IS_ADDR_UNSPECIFIED(&x->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&y->sin6_addr));
}
