/*
 * One request, behind the parser library (llhttp): what it tells in pieces is put together here, under
 * caps. Where it is more tolerant than a fetch of a policy may be, this file is not: a response that was cut,
 * or says two things at once, is none.
 */
#include "http/http_fetch.h"

#include <errno.h>
#include <llhttp.h>
#include <string.h>

#include "base/mem.h"

enum {
	RETRY_MAX = 32, /* of Retry-After: a number of seconds, or a date */
	FIELD_MAX = 64, /* of a header field's name: the ones that are looked at are shorter */
	/* What may stand around each octet of the body: chunks of one octet have five more. */
	OVERHEAD = 8
};

struct http_fetch {
	llhttp_t parser;
	enum http_fetch_state state;
	const char *why;
	struct buf body, field, content_type, retry_after, location;
	bool in_value, has_type, in_type;
	struct buf *taking; /* what the value is of: one of those that are looked at, or NULL */
	unsigned status;
	uint64_t taken, taken_max;
};

static struct http_fetch *of(llhttp_t *parser)
{
	return parser->data;
}

static int fail(struct http_fetch *g, const char *why)
{
	if (g->state != HTTP_FETCH_MORE)
		return -1;
	g->state = HTTP_FETCH_FAILED;
	g->why = why;
	return -1;
}

/* ---- what the parser tells; a value other than 0 stops it ---- */

static int begins(llhttp_t *parser)
{
	struct http_fetch *g = of(parser);
	buf_clear(&g->field);
	buf_clear(&g->content_type);
	buf_clear(&g->retry_after);
	buf_clear(&g->location);
	g->in_value = g->has_type = g->in_type = false;
	g->taking = NULL;
	return 0;
}

static int field_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_fetch *g = of(parser);
	if (g->in_value)
		buf_clear(&g->field);
	g->in_value = false;
	/* RFC 9112 section 5.1; the library is left to refuse the rest. */
	if (memchr(at, ' ', len))
		return fail(g, "not HTTP");
	buf_append(&g->field, view_of(at, len)); /* one that is too long is marked, and none of ours */
	return 0;
}

/* Where a field's value goes, of those of which two are no harm: they make one that means nothing. */
static struct buf *taken_by(struct http_fetch *g)
{
	if (buf_failed(&g->field))
		return NULL;
	if (view_equal_nocase(buf_view(&g->field), VIEW("retry-after")))
		return &g->retry_after;
	return view_equal_nocase(buf_view(&g->field), VIEW("location")) ? &g->location : NULL;
}

static int value_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_fetch *g = of(parser);
	if (memchr(at, '\0', len))
		return fail(g, "not HTTP");
	if (!g->in_value) {
		if (buf_view(&g->field).len == 0 &&
		    !buf_failed(&g->field)) /* of an empty name nothing is told */
			return fail(g, "not HTTP");
		g->in_type =
		    !buf_failed(&g->field) && view_equal_nocase(buf_view(&g->field), VIEW("content-type"));
		if (g->in_type && g->has_type)
			return fail(g, "two Content-Type fields");
		g->has_type |= g->in_type;
		g->taking = taken_by(g);
	}
	g->in_value = true;
	if (g->in_type && buf_append(&g->content_type, view_of(at, len)) != 0)
		return fail(g, "a Content-Type that is too long");
	if (g->taking)
		buf_append(
		    g->taking, view_of(at, len)); /* one that is too long is marked, and says nothing */
	return 0;
}

static int value_ended(llhttp_t *parser)
{
	struct http_fetch *g = of(parser);
	buf_clear(&g->field);
	g->in_value = false;
	return 0;
}

static int header_ended(llhttp_t *parser)
{
	struct http_fetch *g = of(parser);
	g->status = parser->status_code;
	if (g->status == 101)
		return fail(g, "an upgrade that nobody asked for");
	if (g->status < 100 || g->status > 599)
		return fail(g, "an invalid status");
	if (g->taken > HTTP_FETCH_HEADER_MAX + g->body.max) /* of several interim responses */
		return fail(g, "a header that is too long");
	return 0;
}

static int body_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_fetch *g = of(parser);
	return buf_append(&g->body, view_of(at, len)) == 0 ? 0 : fail(g, "a body that is too long");
}

static int ended(llhttp_t *parser)
{
	struct http_fetch *g = of(parser);
	if (g->state != HTTP_FETCH_MORE)
		return -1;
	if (g->status < 200)
		return 0; /* 100 and 103: the response itself follows (RFC 9110 section 15.2) */
	g->state = HTTP_FETCH_DONE;
	return HPE_PAUSED;
}

static const llhttp_settings_t told = {.on_message_begin = begins,
    .on_header_field = field_came,
    .on_header_value = value_came,
    .on_header_value_complete = value_ended,
    .on_headers_complete = header_ended,
    .on_body = body_came,
    .on_message_complete = ended};

/* ---- the machine ---- */

struct http_fetch *http_fetch_new(size_t body_max)
{
	struct http_fetch *g = mem_alloc(sizeof *g);
	llhttp_init(&g->parser, HTTP_RESPONSE, &told);
	g->parser.data = g;
	g->taken_max = HTTP_FETCH_HEADER_MAX + OVERHEAD * (uint64_t)body_max;
	buf_init(&g->body, body_max);
	buf_init(&g->field, FIELD_MAX);
	buf_init(&g->content_type, HTTP_FETCH_TYPE_MAX);
	buf_init(&g->retry_after, RETRY_MAX);
	buf_init(&g->location, HTTP_FETCH_LOCATION_MAX);
	return g;
}

void http_fetch_free(struct http_fetch *g)
{
	if (g == NULL)
		return;
	buf_done(&g->body);
	buf_done(&g->field);
	buf_done(&g->content_type);
	buf_done(&g->retry_after);
	buf_done(&g->location);
	mem_free(g);
}

static bool is_plain(const char *s)
{
	for (const char *at = s; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *s != '\0';
}

static bool is_field(const char *s)
{
	for (const char *at = s; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return strchr(s, ':') != NULL && *s != ':';
}

int http_fetch_ask(struct buf *out, const struct http_fetch_request *r)
{
	if (!is_plain(r->host) || !is_plain(r->path) || r->path[0] != '/')
		return -EINVAL;
	for (const char *const *field = r->fields; field && *field; field++)
		if (!is_field(*field))
			return -EINVAL;
	buf_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Postrider\r\n",
	    r->content_type ? "POST" : "GET", r->path, r->host);
	if (r->content_type)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->content_type, r->body.len);
	for (const char *const *field = r->fields; field && *field; field++)
		buf_printf(out, "%s\r\n", *field);
	buf_append_string(out, "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n");
	if (r->content_type)
		buf_append(out, r->body);
	return buf_failed(out) ? -ENOBUFS : 0;
}

static enum http_fetch_state judge(struct http_fetch *g, llhttp_errno_t error)
{
	if (g->state == HTTP_FETCH_MORE && error != HPE_OK)
		fail(g, "not HTTP");
	return g->state;
}

enum http_fetch_state http_fetch_feed(struct http_fetch *g, struct view bytes)
{
	if (g->state != HTTP_FETCH_MORE || bytes.len == 0)
		return g->state;
	g->taken += bytes.len;
	judge(g, llhttp_execute(&g->parser, bytes.data, bytes.len));
	/* The library has no limit of its own. */
	if (g->state == HTTP_FETCH_MORE && g->status == 0 && g->taken > HTTP_FETCH_HEADER_MAX)
		fail(g, "a header that is too long");
	if (g->state == HTTP_FETCH_MORE && g->taken > g->taken_max)
		fail(g, "too much around the body");
	return g->state;
}

enum http_fetch_state http_fetch_end(struct http_fetch *g, bool orderly)
{
	if (g->state != HTTP_FETCH_MORE)
		return g->state;
	/* RFC 9112 section 9.8: without a length the end of the connection must be the peer's own. */
	if (!orderly || g->taken == 0)
		fail(g, "the connection was cut");
	else if (judge(g, llhttp_finish(&g->parser)) == HTTP_FETCH_MORE)
		fail(g, "the connection ended too early");
	return g->state;
}

unsigned http_fetch_status(const struct http_fetch *g)
{
	return g->status;
}

struct view http_fetch_content_type(const struct http_fetch *g)
{
	return view_trim(buf_view(&g->content_type));
}

unsigned http_fetch_retry_after(const struct http_fetch *g)
{
	struct view text = view_trim(buf_view(&g->retry_after));
	unsigned seconds = 0;
	for (size_t i = 0; i < text.len && !buf_failed(&g->retry_after); i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		seconds = seconds * 10 + (unsigned)(text.data[i] - '0');
		if (seconds > HTTP_FETCH_RETRY_MAX)
			return HTTP_FETCH_RETRY_MAX;
	}
	return seconds;
}

struct view http_fetch_location(const struct http_fetch *g)
{
	return buf_failed(&g->location) ? (struct view){0} : view_trim(buf_view(&g->location));
}

struct view http_fetch_body(const struct http_fetch *g)
{
	return buf_view(&g->body);
}

const char *http_fetch_why(const struct http_fetch *g)
{
	return g->why ? g->why : "";
}
