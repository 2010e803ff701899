/*
 * What is true of a request in both versions: its fields, its target, its length. A request is refused where
 * two readers could understand it in two ways (RFC 9112 section 11.2), rather than repaired.
 */
#include "http/http_private.h"

#include <string.h>

#include "http/http_url.h"
#include "base/mem.h"

enum {
	/* Of each field RFC 9113 section 6.5.2 counts this much besides its octets, and so do we. */
	FIELD_COST = 32,
	PAIRS_FIRST = 16, /* usual requests have so many */
	/* Of all that is kept of a header: names, values, and once more the path and joined fields. */
	HEAD_MAX = 3 * HTTP_HEADER_MAX
};

struct view http_part(const struct http_exchange *x, struct http_part p)
{
	return p.len == 0 ? view_of("", 0) : view_of(x->head.data + x->head.start + p.at, p.len);
}

bool http_keep_part(struct http_exchange *x, struct view v, struct http_part *part)
{
	if (x->head.max == 0)
		buf_init(&x->head, HEAD_MAX);
	*part = (struct http_part){(uint32_t)x->head.len, (uint32_t)v.len};
	return buf_append(&x->head, v) == 0;
}

static bool is_token_octet(char c)
{
	return ascii_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!is_token_octet(v.data[i]))
			return false;
	return v.len > 0;
}

static bool is_value(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (((unsigned char)v.data[i] < ' ' && v.data[i] != '\t') || v.data[i] == 0x7f)
			return false;
	return true;
}

unsigned http_add_pair(struct http_exchange *x, struct view name, struct view value)
{
	x->field_octets += name.len + value.len + FIELD_COST;
	/* The cost is not counted against HTTP/1.1's clients, whose limit is that of the octets they send. */
	if (x->pair_count == HTTP_FIELDS_MAX ||
	    x->field_octets > HTTP_HEADER_MAX + HTTP_FIELDS_MAX * FIELD_COST)
		return 431;
	if (!http_is_token(name) || !is_value(value))
		return 400;
	if (x->pair_count == x->pair_cap) {
		x->pair_cap = x->pair_cap ? 2 * x->pair_cap : PAIRS_FIRST;
		x->pairs = mem_resize(x->pairs, x->pair_cap * sizeof *x->pairs);
	}
	struct http_pair pair;
	if (!http_keep_part(x, name, &pair.name) || !http_keep_part(x, view_trim(value), &pair.value))
		return 503;
	char *stored = x->head.data + x->head.start + pair.name.at;
	for (size_t i = 0; i < name.len; i++)
		stored[i] = ascii_lower(stored[i]);
	x->pairs[x->pair_count++] = pair;
	return 0;
}

/* The place of the first one is written to *at: 0 where there is none.
 */
static size_t count_of(const struct http_exchange *x, struct view name, size_t *at)
{
	size_t count = 0;
	*at = 0;
	for (size_t i = 0; i < x->pair_count; i++)
		if (view_equal(http_part(x, x->pairs[i].name), name)) {
			if (count++ == 0)
				*at = i;
		}
	return count;
}

bool http_exchange_has_field(struct http_exchange *x, const char *name)
{
	size_t at;
	return count_of(x, view_from_string(name), &at) > 0;
}

/* Doubled fields become one: the first one's value is replaced by all of them, joined (RFC 9110 section 5.3).
 */
static void join(struct http_exchange *x, size_t first)
{
	struct view name = http_part(x, x->pairs[first].name);
	struct buf all;
	buf_init(&all, HTTP_HEADER_MAX + 2 * HTTP_FIELDS_MAX);
	size_t kept = first;
	for (size_t i = first; i < x->pair_count; i++) {
		if (!view_equal(http_part(x, x->pairs[i].name), name)) {
			x->pairs[kept++] = x->pairs[i];
			continue;
		}
		if (i == first)
			kept++;
		else
			buf_append_string(&all, view_equal(name, VIEW("cookie")) ? "; " : ", ");
		buf_append(&all, http_part(x, x->pairs[i].value));
	}
	x->pair_count = kept;
	/* The values stand in `head` already, so the joined ones fit HEAD_MAX; without memory there is none.
	 */
	if (!http_keep_part(x, buf_view(&all), &x->pairs[first].value))
		x->pairs[first].value = (struct http_part){0};
	buf_done(&all);
}

/* Once, before anybody reads a field: `head` must not move under the views that were handed out. */
static void join_doubled(struct http_exchange *x)
{
	size_t at = 0;
	for (size_t i = 0; i < x->pair_count; i++) {
		struct view name = http_part(x, x->pairs[i].name);
		if (count_of(x, name, &at) > 1)
			join(x, at);
	}
}

struct view http_exchange_field(struct http_exchange *x, const char *name)
{
	size_t at;
	return count_of(x, view_from_string(name), &at) ? http_part(x, x->pairs[at].value) : view_of("", 0);
}

bool http_list_has(struct view list, struct view token)
{
	struct view item;
	while (view_next(&list, ',', &item))
		if (view_equal_nocase(view_trim(item), token))
			return true;
	return false;
}

/* ---- the judgement ---- */

/* Of these a second one would let two readers choose different ones. */
static const char *const single[] = {"host", "content-length", "transfer-encoding", "content-type",
    "content-encoding", "content-range", "authorization", "origin", "range", "if-range", "if-modified-since",
    "if-unmodified-since", "expect", "sec-websocket-key", "sec-websocket-version", "referer", "user-agent",
    "max-forwards", NULL};

static unsigned judge_doubled(struct http_exchange *x, const char **why)
{
	size_t at;
	for (size_t i = 0; single[i]; i++)
		if (count_of(x, view_from_string(single[i]), &at) > 1) {
			*why = single[i];
			return 400;
		}
	return 0;
}

static const char *const known_methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH",
    "CONNECT", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
    "SEARCH", "MKCALENDAR", "ACL", "BIND", "UNBIND", "REBIND", NULL};

static unsigned judge_method(struct http_exchange *x, const char **why)
{
	struct view method = http_part(x, x->method);
	*why = "method";
	if (!http_is_token(method))
		return 400;
	x->is_head = view_equal(method, VIEW("HEAD"));
	if (x->is_extended_connect)
		return 0;
	if (view_equal(method, VIEW("CONNECT")) || view_equal(method, VIEW("TRACE")))
		return 405; /* no proxy; and TRACE would show cookies to scripts */
	for (size_t i = 0; known_methods[i]; i++)
		if (view_equal(method, view_from_string(known_methods[i])))
			return 0;
	return 501;
}

/* absolute-form (RFC 9112 section 3.2.2): its authority counts; a Host that says something else is refused.
 */
static unsigned split_absolute(struct http_exchange *x, struct view *target, const char **why)
{
	struct view rest = *target;
	if (view_starts_nocase(rest, VIEW("http://")))
		rest = view_skip(rest, 7);
	else if (view_starts_nocase(rest, VIEW("https://")))
		rest = view_skip(rest, 8);
	else
		return *why = "target", 400;
	size_t end = 0;
	while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	if (!http_keep_part(x, view_take(rest, end), &x->authority))
		return *why = "memory", 503;
	x->has_authority = true;
	*target = view_skip(rest, end);
	return 0;
}

static unsigned judge_target(struct http_exchange *x, const char **why)
{
	struct buf copy; /* head may move while parts are kept */
	buf_init(&copy, HTTP_TARGET_MAX);
	unsigned status = 400;
	*why = "target";
	if (x->target.len > HTTP_TARGET_MAX || buf_append(&copy, http_part(x, x->target)) != 0) {
		buf_done(&copy);
		return x->target.len > HTTP_TARGET_MAX ? 414 : 503;
	}
	struct view target = buf_view(&copy);
	if (!http_target_is_plain(target))
		goto out;
	if (view_equal(target, VIEW("*")) && view_equal(http_part(x, x->method), VIEW("OPTIONS"))) {
		x->path = x->raw_path = x->target;
		status = 0;
		goto out;
	}
	if (target.len && target.data[0] != '/' && (status = split_absolute(x, &target, why)) != 0)
		goto out;
	status = 400;
	ptrdiff_t mark = view_find(target, '?');
	struct view path = mark < 0 ? target : view_take(target, (size_t)mark);
	/* What stands before it is cut off, so it lies as far from the end as the rest is long. */
	x->raw_path = (struct http_part){
	    .at = x->target.at + (x->target.len - (uint32_t)target.len), .len = (uint32_t)path.len};
	if (path.len == 0 && x->has_authority)
		path = VIEW("/");
	struct buf decoded;
	buf_init(&decoded, HTTP_TARGET_MAX);
	if (http_path_decode(&decoded, path) == 0)
		status =
		    http_keep_part(x, buf_view(&decoded), &x->path) &&
		            (mark < 0 || http_keep_part(x, view_skip(target, (size_t)mark + 1), &x->query))
		        ? 0
		        : 503;
	buf_done(&decoded);
out:
	buf_done(&copy);
	return status;
}

static unsigned judge_host(struct http_exchange *x, const char **why)
{
	size_t at;
	bool has_host = count_of(x, VIEW("host"), &at) > 0;
	struct view host = has_host ? http_part(x, x->pairs[at].value) : view_of("", 0);
	*why = "host";
	if (!has_host && !x->has_authority)
		return x->is_old ? 0 : 400;
	if ((has_host && !http_authority_is_valid(host)) ||
	    (x->has_authority && !http_authority_is_valid(http_part(x, x->authority))))
		return 400;
	if (has_host && x->has_authority && !view_equal_nocase(host, http_part(x, x->authority)))
		return 400;
	if (!x->has_authority)
		x->authority = x->pairs[at].value;
	return 0;
}

static unsigned judge_length(struct http_exchange *x, const char **why)
{
	size_t at;
	bool has_length = count_of(x, VIEW("content-length"), &at) > 0;
	*why = "content-length";
	if (has_length && !view_to_u64(http_part(x, x->pairs[at].value), INT64_MAX, &x->body_length))
		return 400;
	bool has_coding = count_of(x, VIEW("transfer-encoding"), &at) > 0;
	*why = "transfer-encoding";
	if (has_coding && (has_length || x->is_old))
		return 400;
	if (has_coding && !view_equal_nocase(http_part(x, x->pairs[at].value), VIEW("chunked")))
		return 501;
	if (has_coding)
		x->chunked = true;
	if (x->chunked)
		x->body_length = HTTP_LENGTH_UNKNOWN;
	/* In HTTP/2 a frame says where it ends; nothing can hide behind it. */
	*why = "a body where none belongs";
	bool is_get = x->is_head || view_equal(http_part(x, x->method), VIEW("GET"));
	return is_get && x->body_length != 0 && !x->server->version->is_http2 ? 400 : 0;
}

/* RFC 6455 section 4.2.1; over HTTP/2 the CONNECT with ":protocol" says the rest (RFC 8441 section 5). */
static bool asks_for_websocket(struct http_exchange *x)
{
	enum { KEY_LEN = 24 }; /* base64 of 16 octets */
	if (!view_equal(http_exchange_field(x, "sec-websocket-version"), VIEW("13")))
		return false;
	return x->is_extended_connect ||
	       (!x->is_old && view_equal(http_part(x, x->method), VIEW("GET")) &&
	           http_list_has(http_exchange_field(x, "connection"), VIEW("upgrade")) &&
	           http_list_has(http_exchange_field(x, "upgrade"), VIEW("websocket")) &&
	           http_exchange_field(x, "sec-websocket-key").len == KEY_LEN);
}

static unsigned judge_connection(struct http_exchange *x, const char **why)
{
	struct view connection = http_exchange_field(x, "connection");
	x->keeps = !x->is_old && !http_list_has(connection, VIEW("close"));
	struct view expect = http_exchange_field(x, "expect");
	*why = "expect";
	if (expect.len && !view_equal_nocase(expect, VIEW("100-continue")))
		return 417;
	x->expects = expect.len && !x->is_old && x->body_length != 0;
	x->wants_websocket = asks_for_websocket(x);
	return 0;
}

unsigned http_judge(struct http_exchange *x, const char **why)
{
	static unsigned (*const judges[])(struct http_exchange *, const char **) = {
	    judge_method, judge_doubled, judge_target, judge_host, judge_length, judge_connection};
	for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++) {
		unsigned status = judges[i](x, why);
		if (status)
			return status;
		if (judges[i] == judge_doubled)
			join_doubled(x);
	}
	return 0;
}

/* ---- what the host asks ---- */

struct view http_exchange_method(const struct http_exchange *x)
{
	return x->is_extended_connect ? VIEW("GET") : http_part(x, x->method);
}

bool http_exchange_is(const struct http_exchange *x, const char *method)
{
	return view_equal(http_exchange_method(x), view_from_string(method));
}

struct view http_exchange_path(const struct http_exchange *x)
{
	return http_part(x, x->path);
}

struct view http_exchange_raw_path(const struct http_exchange *x)
{
	return http_part(x, x->raw_path);
}

struct view http_exchange_query(const struct http_exchange *x)
{
	return http_part(x, x->query);
}

struct view http_exchange_authority(const struct http_exchange *x)
{
	return http_part(x, x->authority);
}

uint64_t http_exchange_body_length(const struct http_exchange *x)
{
	return x->body_length;
}

bool http_exchange_is_websocket(const struct http_exchange *x)
{
	return x->wants_websocket;
}
