/* Targets and queries. One decoding, strict: "%" without two digits is an error, and never itself. */
#include "http/http_url.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undone if it fails, so that nothing half decoded stays. */
static int decode(struct buf *out, struct view v, bool plus)
{
	size_t before = out->len;
	int error = 0;
	for (size_t i = 0; i < v.len && error == 0; i++) {
		char c = v.data[i];
		if (c == '%') {
			int high = i + 2 < v.len ? digit_of(v.data[i + 1]) : -1;
			int low = i + 2 < v.len ? digit_of(v.data[i + 2]) : -1;
			if (high < 0 || low < 0)
				error = -EINVAL;
			else
				error = buf_append_byte(out, (char)(high << 4 | low));
			i += 2;
		} else {
			error = buf_append_byte(out, plus && c == '+' ? ' ' : c);
		}
	}
	if (error)
		buf_truncate(out, before);
	return error;
}

bool http_target_is_plain(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] <= ' ' || v.data[i] > '~' || strchr("\"<>\\^`{|}#", v.data[i]))
			return false;
	return true;
}

static bool has_dot_segment(struct view path)
{
	struct view segment;
	while (view_next(&path, '/', &segment))
		if (view_equal(segment, VIEW(".")) || view_equal(segment, VIEW("..")))
			return true;
	return false;
}

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f)
			return true;
	return false;
}

int http_path_decode(struct buf *out, struct view path)
{
	size_t before = out->len;
	if (path.len == 0 || path.data[0] != '/' || !http_target_is_plain(path) || view_find(path, '?') >= 0)
		return -EINVAL;
	int error = decode(out, path, false);
	struct view decoded = view_skip(buf_view(out), before);
	if (error == 0 && (has_dot_segment(decoded) || has_control(decoded) || !utf8_valid(decoded)))
		error = -EINVAL;
	if (error)
		buf_truncate(out, before);
	return error;
}

static bool is_name(struct view host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!ascii_is_alnum(host.data[i]) && !strchr("-_.", host.data[i]))
			return false;
	return host.len > 0;
}

static bool is_address(struct view host)
{
	if (host.len < 4 || host.data[0] != '[' || host.data[host.len - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < host.len; i++)
		if (digit_of(host.data[i]) < 0 && host.data[i] != ':' && host.data[i] != '.')
			return false;
	return true;
}

struct view http_authority_host(struct view authority)
{
	ptrdiff_t bracket = view_find_last(authority, ']');
	size_t from = bracket < 0 ? 0 : (size_t)bracket;
	ptrdiff_t colon = view_find(view_skip(authority, from), ':');
	return colon < 0 ? authority : view_take(authority, from + (size_t)colon);
}

bool http_authority_is_valid(struct view authority)
{
	struct view host = http_authority_host(authority);
	struct view port = view_skip(authority, host.len);
	uint64_t number;
	if (port.len > 1 && !view_to_u64(view_skip(port, 1), 65535, &number))
		return false;
	/* 255: what a name in the DNS can have (RFC 1035 section 2.3.4). */
	return host.len <= 255 && memchr(authority.data ? authority.data : "", 0, authority.len) == NULL &&
	       (is_name(host) || is_address(host));
}

bool http_query_next(struct view *query, struct view *name, struct view *value)
{
	struct view pair;
	do {
		if (!view_next(query, '&', &pair))
			return false;
	} while (pair.len == 0);
	ptrdiff_t equals = view_find(pair, '=');
	*name = equals < 0 ? pair : view_take(pair, (size_t)equals);
	*value = equals < 0 ? view_skip(pair, pair.len) : view_skip(pair, (size_t)equals + 1);
	return true;
}

int http_query_decode(struct buf *out, struct view v)
{
	size_t before = out->len;
	int error = decode(out, v, true);
	if (error == 0 && !utf8_valid(view_skip(buf_view(out), before)))
		error = -EINVAL;
	if (error)
		buf_truncate(out, before);
	return error;
}

int http_query_get(struct view query, const char *name, struct buf *out)
{
	struct view key, value;
	while (http_query_next(&query, &key, &value))
		if (view_equal(key, view_from_string(name)))
			return http_query_decode(out, value);
	return -ENOENT;
}

int http_url_escape(struct buf *out, struct view text)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (ascii_is_alnum((char)c) || (c && strchr("-._~", c)))
			buf_append_byte(out, (char)c);
		else
			buf_append(out, view_of((char[]){'%', digits[c >> 4], digits[c & 15]}, 3));
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
