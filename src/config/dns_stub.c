/* One grammar for two readers: see dns_stub.h. */
#include "config/dns_stub.h"

#include <errno.h>
#include <string.h>

#include "io/network.h"

static bool is_server(struct view v)
{
	struct sockaddr_storage address;
	struct view host;
	uint64_t port;
	/* SMTP's "IPv6:" is no part of it, nor is an "@" without a port. */
	if (view_starts_nocase(v, VIEW("IPv6:")) || (v.len && v.data[v.len - 1] == '@'))
		return false;
	return view_next(&v, '@', &host) && network_parse(host, &address) &&
	       (v.len == 0 || (view_to_u64(v, UINT16_MAX, &port) && port > 0));
}

static struct view next_word(struct view *rest)
{
	struct view word = {0};
	*rest = view_trim(*rest);
	if (rest->len)
		view_next(rest, ' ', &word);
	return word;
}

int dns_stub_parse(struct view line, struct dns_stub *out, const char **problem)
{
	struct dns_stub stub = {.insecure = false};
	struct view zone = next_word(&line), server = next_word(&line), option = next_word(&line);
	bool root = view_equal(zone, VIEW("."));
	*problem = NULL;
	if (!root && dns_name_parse(zone, stub.zone) != 0)
		*problem = "begins with no zone's name";
	else if (server.len >= sizeof stub.server || !is_server(server))
		*problem = "has no name server's address behind the zone";
	else if (option.len && !view_equal(option, VIEW("insecure")))
		*problem = "has something other than \"insecure\" behind the address";
	else if (view_trim(line).len)
		*problem = "has too many words";
	if (*problem)
		return -EINVAL;
	if (root)
		strcpy(stub.zone, ".");
	memcpy(stub.server, server.data, server.len);
	stub.insecure = option.len > 0;
	*out = stub;
	return 0;
}
