/* Record data as values: RFC 1035 section 3.3, RFC 3596, RFC 6698 section 2.1. What a zone's owner may make
 * up is checked here, once. */
#include "format/dns_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "format/limits.h"

/* Outside of these characters a name means something else to somebody: a dot inside a label, a line's end in
 * a log. */
static bool is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* Appends a label and its dot. */
static int append_label(struct view label, bool (*allowed)(char), char *out, size_t *len)
{
	if (label.len == 0)
		return -EINVAL;
	if (label.len > DOMAIN_LABEL_MAX || *len + label.len + 1 > DNS_NAME_SIZE)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.data[i];
		if (!allowed(c))
			return -EINVAL;
		out[(*len)++] = ascii_lower(c);
	}
	out[(*len)++] = '.';
	return 0;
}

/* The last dot makes place for the NUL. */
static void finish_name(char *name, size_t len, char out[DNS_NAME_SIZE])
{
	memcpy(out, name, len);
	out[len ? len - 1 : 0] = '\0';
}

/* A dot would end the label. */
static bool is_question_char(char c)
{
	return ascii_is_print(c) && c != '.';
}

static int parse_text(struct view text, bool (*allowed)(char), char out[DNS_NAME_SIZE])
{
	char name[DNS_NAME_SIZE];
	size_t len = 0;
	struct view label;
	if (text.len > 1 && text.data[text.len - 1] == '.')
		text.len--;
	if (text.len == 0 || text.data[text.len - 1] == '.')
		return -EINVAL;
	while (view_next(&text, '.', &label)) {
		int error = append_label(label, allowed, name, &len);
		if (error)
			return error;
	}
	finish_name(name, len, out);
	return 0;
}

int dns_name_parse(struct view text, char out[DNS_NAME_SIZE])
{
	return parse_text(text, is_name_char, out);
}

int dns_question_parse(struct view text, char out[DNS_NAME_SIZE])
{
	return parse_text(text, is_question_char, out);
}

/* A name on the wire, from the cursor; the root gives the empty text. Pointers are refused: in record data
 * that a library hands out there are none. */
static int take_name(struct cursor *in, bool (*allowed)(char), char out[DNS_NAME_SIZE])
{
	char name[DNS_NAME_SIZE];
	size_t len = 0;
	for (;;) {
		uint8_t size = cursor_u8(in);
		struct view label = cursor_bytes(in, size);
		if (!cursor_ok(in))
			return -EINVAL;
		if (size == 0)
			break;
		if (append_label(label, allowed, name, &len) != 0)
			return -EINVAL;
	}
	finish_name(name, len, out);
	return 0;
}

int dns_record_address(unsigned type, struct view data, struct sockaddr_storage *out)
{
	if (type == DNS_A && data.len == 4) {
		struct sockaddr_in v4 = {.sin_family = AF_INET};
		memcpy(&v4.sin_addr, data.data, 4);
		*out = (struct sockaddr_storage){0};
		memcpy(out, &v4, sizeof v4);
		return 0;
	}
	if (type == DNS_AAAA && data.len == 16) {
		struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
		memcpy(&v6.sin6_addr, data.data, 16);
		*out = (struct sockaddr_storage){0};
		memcpy(out, &v6, sizeof v6);
		return 0;
	}
	return -EINVAL;
}

int dns_record_name(struct view data, char out[DNS_NAME_SIZE])
{
	struct cursor in = cursor_on(data);
	char name[DNS_NAME_SIZE];
	if (take_name(&in, is_name_char, name) != 0 || !cursor_at_end(&in) || name[0] == '\0')
		return -EINVAL;
	memcpy(out, name, sizeof name);
	return 0;
}

static int parse_mx(struct view data, bool (*allowed)(char), struct dns_mx *out)
{
	struct cursor in = cursor_on(data);
	struct dns_mx mx = {.preference = cursor_u16(&in)};
	if (take_name(&in, allowed, mx.host) != 0 || !cursor_at_end(&in))
		return -EINVAL;
	*out = mx;
	return 0;
}

int dns_record_mx(struct view data, struct dns_mx *out)
{
	return parse_mx(data, is_name_char, out);
}

int dns_record_mx_question(struct view data, struct dns_mx *out)
{
	return parse_mx(data, is_question_char, out);
}

int dns_record_srv(struct view data, struct dns_srv *out)
{
	struct cursor in = cursor_on(data);
	struct dns_srv srv = {
	    .priority = cursor_u16(&in), .weight = cursor_u16(&in), .port = cursor_u16(&in)};
	if (take_name(&in, is_name_char, srv.host) != 0 || !cursor_at_end(&in))
		return -EINVAL;
	*out = srv;
	return 0;
}

int dns_record_soa(struct view data, struct dns_soa *out)
{
	enum { NUMBERS_BEHIND = 16 };
	struct cursor in = cursor_on(data);
	struct dns_soa soa;
	char person[DNS_NAME_SIZE];
	if (take_name(&in, is_question_char, soa.primary) != 0 ||
	    take_name(&in, is_question_char, person) != 0)
		return -EINVAL;
	soa.serial = cursor_u32(&in);
	cursor_bytes(&in, NUMBERS_BEHIND);
	if (!cursor_ok(&in) || !cursor_at_end(&in))
		return -EINVAL;
	*out = soa;
	return 0;
}

int dns_record_caa(struct view data, struct dns_caa *out)
{
	enum { CRITICAL = 0x80 };
	struct cursor in = cursor_on(data);
	struct dns_caa caa = {.critical = cursor_u8(&in) & CRITICAL};
	caa.tag = cursor_bytes(&in, cursor_u8(&in));
	caa.value = in.rest;
	if (!cursor_ok(&in) || caa.tag.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < caa.tag.len; i++)
		if (!ascii_is_alnum(caa.tag.data[i]))
			return -EINVAL;
	*out = caa;
	return 0;
}

int dns_record_txt(struct view data, struct buf *out)
{
	struct cursor in = cursor_on(data);
	size_t joined = 0;
	while (cursor_ok(&in) && !cursor_at_end(&in))
		joined += cursor_bytes(&in, cursor_u8(&in)).len;
	if (!cursor_ok(&in) || data.len == 0)
		return -EINVAL;
	if (joined > DNS_TXT_MAX)
		return -ENAMETOOLONG;
	char *to = joined ? buf_reserve(out, joined) : NULL;
	if (joined == 0)
		return 0;
	if (to == NULL)
		return -ENOBUFS;
	for (in = cursor_on(data); !cursor_at_end(&in);) {
		struct view part = cursor_bytes(&in, cursor_u8(&in));
		memcpy(to, part.data, part.len);
		to += part.len;
	}
	buf_commit(out, joined);
	return 0;
}

int dns_record_tlsa(struct view data, struct dns_tlsa *out)
{
	struct cursor in = cursor_on(data);
	uint8_t usage = cursor_u8(&in), selector = cursor_u8(&in), matching = cursor_u8(&in);
	if (!cursor_ok(&in) || in.rest.len == 0 || in.rest.len > DNS_TLSA_DATA_MAX)
		return -EINVAL;
	*out = (struct dns_tlsa){usage, selector, matching, in.rest};
	return 0;
}
