/* One grammar for each, for two readers: see dns_update.h. */
#include "config/dns_update.h"

#include <errno.h>

#include "config/dns_stub.h"

int dns_update_parse(struct view line, struct dns_update *out, const char **problem)
{
	struct dns_update update = {.key_file = {0}};
	struct dns_stub stub;
	struct view rest = view_trim(line), zone, server;
	/* The first two words are those of dns_stubs. */
	if (!view_next(&rest, ' ', &zone) || !view_next(&rest, ' ', &server)) {
		*problem = "has no name server's address behind the zone";
		return -EINVAL;
	}
	struct view stub_line = view_of(line.data, (size_t)(server.data + server.len - line.data));
	if (dns_stub_parse(stub_line, &stub, problem) != 0)
		return -EINVAL;
	if (dns_name_parse(zone, update.zone) != 0) {
		*problem = "begins with no zone's name";
		return -EINVAL;
	}
	update.server = server;
	update.key_file = view_trim(rest);
	if (update.key_file.len == 0 || update.key_file.data[0] != '/') {
		*problem = "has no absolute path of a key behind the address";
		return -EINVAL;
	}
	*out = update;
	return 0;
}

/* What may stand in a TXT record's tag without changing it (RFC 3986, without ";"). */
static bool is_url(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_print(v.data[i]) || v.data[i] == ';' || v.data[i] == '"' || v.data[i] == '\\')
			return false;
	return v.len <= 400 && view_starts_nocase(v, VIEW("https://"));
}

int bimi_parse(
    struct view line, struct view *domain, struct view *picture, struct view *mark, const char **problem)
{
	struct view rest = view_trim(line), words[3] = {{0}};
	char name[DNS_NAME_SIZE];
	for (size_t i = 0; i < 3 && rest.len; i++, rest = view_trim(rest))
		view_next(&rest, ' ', &words[i]);
	*problem = NULL;
	if (dns_name_parse(words[0], name) != 0)
		*problem = "begins with no domain";
	else if (!is_url(words[1]) || (words[2].len && !is_url(words[2])))
		*problem = "has no URL behind the domain that begins with https://";
	else if (rest.len)
		*problem = "has too many words";
	if (*problem)
		return -EINVAL;
	*domain = words[0];
	*picture = words[1];
	*mark = words[2];
	return 0;
}
