/* One GET: every way in which a response may be told, and many in which it must not; each whole, in halves,
 * and byte by byte. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "http/http_fetch.h"

enum { BODY_MAX = 1000 };

struct outcome {
	enum http_fetch_state state;
	unsigned status;
	char type[300], body[BODY_MAX + 1], why[100];
};

/* In pieces of so many octets; `end`: 0 the connection stays, 1 an orderly end, 2 a cut. */
static struct outcome get(struct view response, size_t piece, int end)
{
	struct http_fetch *g = http_fetch_new(BODY_MAX);
	struct outcome o = {.state = HTTP_FETCH_MORE};
	while (response.len > 0 && o.state == HTTP_FETCH_MORE) {
		o.state = http_fetch_feed(g, view_take(response, piece));
		response = view_skip(response, piece);
	}
	if (end)
		o.state = http_fetch_end(g, end == 1);
	o.status = http_fetch_status(g);
	snprintf(o.type, sizeof o.type, "%.*s", VIEW_FMT(http_fetch_content_type(g)));
	snprintf(o.body, sizeof o.body, "%.*s", VIEW_FMT(http_fetch_body(g)));
	snprintf(o.why, sizeof o.why, "%s", http_fetch_why(g));
	http_fetch_free(g);
	return o;
}

static bool why_varies; /* which of several limits is met first depends on the pieces */

static struct outcome everyhow(struct view response, int end)
{
	struct outcome whole = get(response, SIZE_MAX, end);
	for (size_t piece = 1; piece < response.len && piece < 100; piece += piece < 4 ? 1 : 31) {
		struct outcome o = get(response, piece, end);
		assert_int_equal(o.state, whole.state);
		if (!why_varies)
			assert_string_equal(o.why, whole.why);
		if (o.state == HTTP_FETCH_DONE) {
			assert_int_equal(o.status, whole.status);
			assert_string_equal(o.type, whole.type);
			assert_string_equal(o.body, whole.body);
		}
	}
	return whole;
}

static void good(const char *response, int end, unsigned status, const char *type, const char *body)
{
	struct outcome o = everyhow(view_from_string(response), end);
	assert_string_equal(o.why, "");
	assert_int_equal(o.state, HTTP_FETCH_DONE);
	assert_int_equal(o.status, status);
	assert_string_equal(o.type, type);
	assert_string_equal(o.body, body);
}

static void bad(const char *response, int end, const char *why)
{
	struct outcome o = everyhow(view_from_string(response), end);
	assert_int_equal(o.state, HTTP_FETCH_FAILED);
	assert_string_equal(o.why, why);
}

static int ask(struct buf *out, const char *host, const char *path)
{
	const struct http_fetch_request r = {.host = host, .path = path};
	return http_fetch_ask(out, &r);
}

static void asks(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(ask(&out, "mta-sts.example.org", "/.well-known/mta-sts.txt"), 0);
	assert_view(buf_view(&out),
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org\r\nUser-Agent: Postrider\r\n"
	    "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n");
	static const char *const hosts[] = {"", "a b", "a\r\nX: y", "a\tb", "\xc3\xa9"};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		assert_int_equal(ask(&out, hosts[i], "/"), -EINVAL);
		assert_int_equal(ask(&out, "a", hosts[i]), -EINVAL);
	}
	assert_int_equal(ask(&out, "a", "b"), -EINVAL);
	buf_done(&out);
}

static void posts(void **state)
{
	(void)state;
	struct buf out;
	const struct http_fetch_request r = {
	    .host = "a.example", .path = "/r?x=1", .content_type = "application/x", .body = VIEW("a\0b")};
	static const char request[] = "POST /r?x=1 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: Postrider\r\n"
	                              "Content-Type: application/x\r\nContent-Length: 3\r\nAccept: */*\r\n"
	                              "Accept-Encoding: identity\r\nConnection: close\r\n\r\na\0b";
	buf_init(&out, sizeof request - 1);
	assert_int_equal(http_fetch_ask(&out, &r), 0);
	assert_int_equal(buf_view(&out).len, sizeof request - 1);
	assert_memory_equal(buf_view(&out).data, request, sizeof request - 1);
	buf_done(&out);
	buf_init(&out, sizeof request - 2);
	assert_int_equal(http_fetch_ask(&out, &r), -ENOBUFS);
	buf_done(&out);
}

static void adds_fields(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	static const char *const fields[] = {"TTL: 60", "Urgency: high", NULL};
	struct http_fetch_request r = {
	    .host = "a", .path = "/", .content_type = "b/c", .body = VIEW("x"), .fields = fields};
	assert_int_equal(http_fetch_ask(&out, &r), 0);
	assert_non_null(strstr(buf_string(&out), "\r\nTTL: 60\r\nUrgency: high\r\nAccept: "));
	static const char *const wrong[] = {"a: b\r\nc: d", "a: b\nc", "ab", ": b", "", "a: \x80"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const char *const one[] = {wrong[i], NULL};
		buf_clear(&out);
		r.fields = one;
		assert_int_equal(http_fetch_ask(&out, &r), -EINVAL);
		assert_int_equal(buf_view(&out).len, 0);
	}
	buf_done(&out);
}

static void reads_all_kinds_of_bodies(void **state)
{
	(void)state;
	good(
	    "HTTP/1.1 200 OK\r\nContent-Type:  text/plain ; charset=utf-8 \r\nContent-Length: 5\r\n\r\nhello",
	    0, 200, "text/plain ; charset=utf-8", "hello");
	good("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 0, 200, "", "hello");
	good("HTTP/1.0 200 OK\r\ncontent-TYPE: text/plain\r\n\r\nhello", 1, 200, "text/plain", "hello");
	good("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: "
	     "text/plain\r\n\r\n2;x=y\r\nhe\r\n03\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
	    0, 200, "text/plain", "hello");
	good("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0, 404, "", "");
	good("HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", 0,
	    301, "", "");
	good("HTTP/1.1 204 No Content\r\n\r\n", 0, 204, "", "");
	good("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n", 1, 200, "text/plain",
	    "");
	/* Interim responses come before it, with fields that are not its own. */
	good("HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\nHTTP/1.1 100 "
	     "Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: "
	     "text/plain\r\nContent-Length: 1\r\n\r\nx",
	    0, 200, "text/plain", "x");
	/* The end of the connection changes nothing any more. */
	good("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 2, 200, "", "hello");
}

static void refuses_what_was_cut(void **state)
{
	(void)state;
	bad("", 1, "the connection was cut");
	bad("HTTP/1.1 200 OK\r\n", 1, "not HTTP");
	bad("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 1, "not HTTP");
	bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 1, "not HTTP");
	bad("HTTP/1.1 200 OK\r\n\r\nhello", 2, "the connection was cut");
	bad("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 2, "the connection was cut");
	bad("HTTP/1.1 100 Continue\r\n\r\n", 1, "the connection ended too early");
}

static void refuses_what_is_not_http(void **state)
{
	(void)state;
	static const char *const wrong[] = {"220 mx.example ESMTP\r\n", "<html>", "\r\n\r\nhello",
	    "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 99999 OK\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
	    "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "HTTP/1.1 200 OK\r\nA: c\x01\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n: c\r\n\r\n", "HTTP/1.0 200 OK\nContent-Type: text/plain\n\nhello",
	    "HTTP/1.1 200 OK\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct outcome o = everyhow(view_from_string(wrong[i]), 1);
		if (o.state != HTTP_FETCH_FAILED)
			fail_msg("taken: %s", wrong[i]);
	}
	bad("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 0,
	    "an upgrade that nobody asked for");
	bad("HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", 0, "an invalid status");
	bad("HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n", 0,
	    "two Content-Type fields");
	struct outcome o = everyhow(VIEW("HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n"), 0);
	assert_int_equal(o.state, HTTP_FETCH_FAILED);
}

static void keeps_to_its_limits(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	/* The body, told in three ways. */
	for (int kind = 0; kind < 3; kind++)
		for (int more = 0; more < 2; more++) {
			static const char *const heads[] = {"Content-Length: %d\r\n\r\n",
			    "Transfer-Encoding: chunked\r\n\r\n%x\r\n", "\r\n%.0d"};
			buf_clear(&text);
			buf_append_string(&text, "HTTP/1.1 200 OK\r\n");
			char head[64];
			snprintf(head, sizeof head,
			    kind == 0   ? heads[0]
			    : kind == 1 ? heads[1]
			                : heads[2],
			    BODY_MAX + more);
			buf_append_string(&text, kind == 2 ? "\r\n" : head);
			for (int i = 0; i < BODY_MAX + more; i++)
				buf_append_byte(&text, 'x');
			buf_append_string(&text, kind == 1 ? "\r\n0\r\n\r\n" : "");
			struct outcome o = everyhow(buf_view(&text), 1);
			assert_int_equal(o.state, more ? HTTP_FETCH_FAILED : HTTP_FETCH_DONE);
			assert_string_equal(o.why, more ? "a body that is too long" : "");
		}
	/* Endless headers, endless interim responses, endless chunk extensions. */
	static const char *const endless[][2] = {{"HTTP/1.1 200 OK\r\n", "X: y\r\n"}, {"HTTP/1.1 200 ", "x"},
	    {"", "HTTP/1.1 100 Go\r\n\r\n"}, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: x\r\n"},
	    {"HTTP/1.1 200 OK\r\nX: ", "y"}, {"", "\r\n"}};
	why_varies = true;
	for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
		buf_clear(&text);
		buf_append_string(&text, endless[i][0]);
		while (buf_view(&text).len < 200000)
			buf_append_string(&text, endless[i][1]);
		struct outcome o = everyhow(buf_view(&text), 0);
		assert_int_equal(o.state, HTTP_FETCH_FAILED);
	}
	why_varies = false;
	buf_clear(&text);
	buf_append_string(&text, "HTTP/1.1 200 OK\r\nContent-Type: ");
	while (buf_view(&text).len < 400)
		buf_append_string(&text, "text/plain");
	buf_append_string(&text, "\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(everyhow(buf_view(&text), 0).why, "a Content-Type that is too long");
	/* A field with a long name is none of ours. */
	buf_clear(&text);
	buf_append_string(&text, "HTTP/1.1 200 OK\r\n");
	while (buf_view(&text).len < 400)
		buf_append_string(&text, "content-type");
	buf_append_string(&text, ": x\r\nContent-Type: y\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(everyhow(buf_view(&text), 0).type, "y");
	buf_done(&text);
}

/* Where a response sends one, and only if it says so in one way. */
static void tells_of_redirects(void **state)
{
	static const struct {
		const char *response, *location;
	} cases[] = {
	    {"HTTP/1.1 302 Found\r\nLOCATION:  https://b.example/x?y \r\nContent-Length: 0\r\n\r\n",
	        "https://b.example/x?y"},
	    {"HTTP/1.1 302 Found\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n", ""},
	    /* That of an interim response is not the response's. */
	    {"HTTP/1.1 103 Early Hints\r\nLocation: /a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	        ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t piece = 1; piece < 100; piece += 7) {
			struct http_fetch *g = http_fetch_new(BODY_MAX);
			struct view rest = view_from_string(cases[i].response);
			while (rest.len > 0 && http_fetch_feed(g, view_take(rest, piece)) == HTTP_FETCH_MORE)
				rest = view_skip(rest, piece);
			struct view location = http_fetch_location(g);
			assert_true(view_equal(location, view_from_string(cases[i].location)));
			http_fetch_free(g);
		}
	struct http_fetch *g = http_fetch_new(BODY_MAX);
	struct buf head;
	buf_init(&head, 8192);
	buf_append_string(&head, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /");
	for (unsigned i = 0; i < HTTP_FETCH_LOCATION_MAX; i++)
		buf_append_byte(&head, 'a');
	buf_append_string(&head, "\r\n\r\n");
	assert_int_equal(http_fetch_feed(g, buf_view(&head)), HTTP_FETCH_DONE);
	assert_int_equal(http_fetch_location(g).len, 0);
	http_fetch_free(g);
	buf_done(&head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asks),
	    cmocka_unit_test(posts),
	    cmocka_unit_test(adds_fields),
	    cmocka_unit_test(reads_all_kinds_of_bodies),
	    cmocka_unit_test(refuses_what_was_cut),
	    cmocka_unit_test(refuses_what_is_not_http),
	    cmocka_unit_test(keeps_to_its_limits),
	    cmocka_unit_test(tells_of_redirects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
