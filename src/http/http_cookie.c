/* Cookies, strictly: what browsers send is read, and what only a tolerant reader would find is none. */
#include "http/http_cookie.h"

#include <errno.h>
#include <string.h>

static bool is_name(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && !(v.data[i] && strchr("!#$%&'*+-.^_`|~", v.data[i])))
			return false;
	return v.len > 0;
}

static bool is_value(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] <= ' ' || v.data[i] > '~' || strchr("\",;\\", v.data[i]))
			return false;
	return true;
}

bool http_cookie_next(struct view *field, struct view *name, struct view *value)
{
	struct view pair;
	while (view_next(field, ';', &pair)) {
		ptrdiff_t equals = view_find(pair, '=');
		if (equals < 0)
			continue;
		struct view n = view_trim(view_take(pair, (size_t)equals));
		struct view v = view_trim(view_skip(pair, (size_t)equals + 1));
		if (v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"')
			v = view_take(view_skip(v, 1), v.len - 2);
		if (!is_name(n) || !is_value(v) || n.len + v.len > HTTP_COOKIE_MAX)
			continue;
		*name = n;
		*value = v;
		return true;
	}
	return false;
}

bool http_cookie_get(struct view field, const char *name, struct view *value)
{
	struct view n, v, found = {0};
	bool has = false;
	for (size_t count = 0; http_cookie_next(&field, &n, &v); count++) {
		if (count == HTTP_COOKIES_MAX)
			return false;
		if (!view_equal(n, view_from_string(name)))
			continue;
		if (has && !view_equal(v, found))
			return false;
		found = v;
		has = true;
	}
	if (has)
		*value = found;
	return has;
}

int http_cookie_write(struct buf *out, const struct http_cookie *c)
{
	struct view name = view_from_string(c->name), path = view_from_string(c->path);
	bool is_host = view_starts_nocase(name, VIEW("__Host-")),
	     is_secure = view_starts_nocase(name, VIEW("__Secure-"));
	bool none = c->same_site && strcmp(c->same_site, "None") == 0;
	if (!is_name(name) || !is_value(c->value) || !is_value(path) ||
	    name.len + c->value.len > HTTP_COOKIE_MAX || (is_host && !view_equal(path, VIEW("/"))) ||
	    ((is_host || is_secure || none) && !c->secure))
		return -EINVAL;
	buf_printf(out, "%s=%.*s", c->name, VIEW_FMT(c->value));
	if (path.len)
		buf_printf(out, "; Path=%s", c->path);
	if (c->max_age >= 0)
		buf_printf(out, "; Max-Age=%lld", (long long)c->max_age);
	if (c->secure)
		buf_append_string(out, "; Secure");
	if (c->http_only)
		buf_append_string(out, "; HttpOnly");
	if (c->same_site)
		buf_printf(out, "; SameSite=%s", c->same_site);
	return buf_failed(out) ? -ENOBUFS : 0;
}
