/*
 * Requests in which one reader may see another request than the next: each is refused, however it comes, and
 * nothing that stands behind it is taken for a request. Beside each, one that is so near to it that refusing
 * it would be wrong.
 */
#include "../unit.h"

#include <stdio.h>

#include "http_world.h"

#define HOST "Host: a\r\n"
#define EVIL "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"

struct outcome {
	unsigned status, requests;
	bool done, evil, closes;
};

static struct outcome try(struct view request, size_t piece)
{
	static struct http_world w;
	const struct http_server_config config = {.secure = true};
	http_world_open(&w, &config);
	http_world_feed(&w, request, piece);
	struct outcome o = {.requests = w.requests, .done = http_server_is_done(w.server)};
	const char *said = buf_string(&w.out);
	if (strncmp(said, "HTTP/1.1 ", 9) == 0)
		o.status = (unsigned)strtoul(said + 9, NULL, 10);
	o.closes = strstr(said, "connection: close\r\n") != NULL;
	o.evil = strstr(buf_string(&w.log), "/evil") != NULL;
	http_world_close(&w);
	return o;
}

/* The status is the first answer's. */
static void expect(struct view request, unsigned status, unsigned requests, int line)
{
	for (size_t piece = 1; piece <= request.len; piece += piece < 4 ? 1 : piece) {
		struct outcome o = try(request, piece);
		if (o.status != status || o.requests != requests || o.evil)
			fail_msg("line %d, pieces of %zu: %u instead of %u, %u requests, %s", line, piece,
			    o.status, status, o.requests, o.evil ? "and another one got in" : "");
		if (requests == 0 && (!o.done || !o.closes))
			fail_msg("line %d: the connection goes on", line);
	}
}

#define REFUSED(status, request) expect(VIEW(request), status, 0, __LINE__)
#define TAKEN(request) expect(VIEW(request), 404, 1, __LINE__)

static void line_ends(void **state)
{
	(void)state;
	TAKEN("GET / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.1\n" HOST "\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\nHost: a\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r" HOST "\r\n" EVIL);
	/* CVE-2023-30589 */
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST
	             "X-Abc: \rxTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\nb\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n");
	/* obs-fold */
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n");
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n");
	REFUSED(400, "\r\n\r\n\r\n\r\n\r\n\r\n\r\n" EVIL);
	REFUSED(400, "\n" EVIL);
	REFUSED(400, "\r" EVIL);
	TAKEN("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
}

static void fields(void **state)
{
	(void)state;
	TAKEN("GET / HTTP/1.1\r\n" HOST "X:a\r\nY: \t a \t\r\nZ:\r\nW: \xc3\xbc\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X y: a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X: b\r\n: a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\xc3\xbc: a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\"X\": a\r\n\r\n");
}

static void lengths(void **state)
{
	(void)state;
	static const char *const wrong[] = {"+1", "-1", "1, 1", "1,1", "1 1", "0x1", "1.", "",
	    "99999999999999999999", "18446744073709551616", "\t", "one"};
	char request[200];
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		int len = snprintf(request, sizeof request,
		    "POST / HTTP/1.1\r\n" HOST "Content-Length: %s\r\n\r\nA" EVIL, wrong[i]);
		expect(view_of(request, (size_t)len), 400, 0, (int)i);
	}
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nA" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nAB" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\ncontent-length: 0\r\n\r\nA" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length : 1\r\n\r\nA" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length\t: 1\r\n\r\nA" EVIL);
	/* A body where none belongs is seen by some and not by others. */
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nA");
	REFUSED(400, "HEAD / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nA");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	TAKEN("GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
	TAKEN("POST / HTTP/1.1\r\n" HOST "Content-Length: 33\r\n\r\n" EVIL);
	TAKEN("DELETE / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nA");
}

static void codings(void **state)
{
	(void)state;
	static const char *const unknown[] = {"xchunked", "chunked, identity", "identity, chunked",
	    "identity", "gzip, chunked", "chunked, chunked", "chunked;q=1", "\"chunked\"", "chunked,",
	    ",chunked", "", "chunked\x0b"};
	char request[300];
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		int len = snprintf(request, sizeof request,
		    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: %s\r\n\r\n0\r\n\r\n" EVIL, unknown[i]);
		for (size_t piece = 1; piece < 400; piece += 133) {
			struct outcome o = try(view_of(request, (size_t)len), piece);
			assert_true(o.status == 400 || o.status == 501);
			assert_true(o.done && o.requests == 0);
		}
	}
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST
	             "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST
	             "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST
	             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL);
	TAKEN("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: CHUNKED\r\n\r\n21\r\n" EVIL "\r\n0\r\n\r\n");
}

/* What is wrong in the body is seen only once the host takes it: then its answer is 400, or it was cut. */
static void bad_chunks(const char *body, int line)
{
	char request[400];
	int len = snprintf(request, sizeof request,
	    "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%s" EVIL, body);
	for (size_t piece = 1; piece < 400; piece += piece < 4 ? 1 : 130) {
		struct outcome o = try(view_of(request, (size_t)len), piece);
		if (o.status != 400 || !o.done || o.requests != 1 || o.evil)
			fail_msg("line %d, pieces of %zu: status %u, done %d, requests %u", line, piece,
			    o.status, o.done, o.requests);
	}
}

static void chunks(void **state)
{
	(void)state;
	static const char *const wrong[] = {"x\r\n", "-1\r\nA\r\n0\r\n\r\n", "+1\r\nA\r\n0\r\n\r\n",
	    "0x1\r\nA\r\n0\r\n\r\n", "ffffffffffffffff1\r\n", "\r\n1\r\nA\r\n0\r\n\r\n",
	    " 1\r\nA\r\n0\r\n\r\n", "1\nA\r\n0\r\n\r\n", "1\rXA\r\n0\r\n\r\n", "1\r\r\nA\r\n0\r\n\r\n",
	    "1\r\nA0\r\n\r\n", "1\r\nA\n0\r\n\r\n", "1\r\nAB\r\n0\r\n\r\n", "1\r\nA\r0\r\n\r\n",
	    "1;a\nb\r\nA\r\n0\r\n\r\n", "1;a\rb\r\nA\r\n0\r\n\r\n", "0\n\n", "0\r\n\n", "0\r\nX: a\n\r\n",
	    "0\r\nX: a\r\r\n\r\n", "0\r\nX: a\rb\r\n\r\n", "0\r\nX: a\r\n b\r\n\r\n", "0\r\r\n\r\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		bad_chunks(wrong[i], (int)i);
	static const char *const right[] = {"1\r\nA\r\n0\r\n\r\n", "01\r\nA\r\n00\r\n\r\n",
	    "1;a=b\r\nA\r\n0;c\r\n\r\n", "1;a=\"b;c\"\r\nA\r\n0\r\n\r\n",
	    "1\r\nA\r\n0\r\nX: y\r\nZ: \r\n\r\n"};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		char request[300];
		int len = snprintf(request, sizeof request,
		    "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%s", right[i]);
		expect(view_of(request, (size_t)len), 200, 1, (int)i);
	}
}

/* Chunks of one octet are slow, not wrong; extensions and trailers without end are. */
static void chunks_are_bounded(void **state)
{
	(void)state;
	struct buf request;
	buf_init(&request, 1 << 20);
	buf_append_string(&request, "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 10000; i++)
		buf_append_string(&request, "1\r\nA\r\n");
	buf_append_string(&request, "0\r\n\r\n");
	assert_int_equal(try(buf_view(&request), 1000).status, 200);
	static const char *const endless[][2] = {{"1;", "x"}, {"1\r\nA\r\n0\r\nX: ", "y"},
	    {"1\r\nA\r\n0\r\n", "X: y\r\n"}, {"", "1;aaaaaaaaaaaaaaaa=bbbbbbbbbbbbbbbb\r\nA\r\n"}, {"", "0"}};
	for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
		buf_clear(&request);
		buf_append_string(
		    &request, "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
		buf_append_string(&request, endless[i][0]);
		while (buf_view(&request).len < 40000)
			buf_append_string(&request, endless[i][1]);
		struct outcome o = try(buf_view(&request), 500);
		assert_int_equal(o.status, 400);
		assert_true(o.done);
	}
	/* Requests that were sent ahead are none of it. */
	buf_clear(&request);
	buf_append_string(&request,
	    "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n");
	for (int i = 0; i < 300; i++)
		buf_append_string(&request, EVIL);
	for (size_t piece = 100; piece < 20000; piece += 3000) {
		struct outcome o = try(buf_view(&request), piece);
		assert_int_equal(o.status, 200);
		assert_int_equal(o.requests, 301);
		assert_false(o.done);
	}
	buf_done(&request);
}

static void hosts(void **state)
{
	(void)state;
	REFUSED(400, "GET / HTTP/1.1\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
	static const char *const wrong[] = {"", "a b", "a/b", "a@b", "a:x", "a:99999", "a:1:2", "[::1",
	    "[x]:1", "a?b", "a,b", "a\\b", "\xc3\xbc.example"};
	char request[200];
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		int len = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", wrong[i]);
		expect(view_of(request, (size_t)len), 400, 0, (int)i);
	}
	REFUSED(400, "GET http://b/ HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n");
	TAKEN("GET http://a/ HTTP/1.1\r\n" HOST "\r\n");
	TAKEN("GET / HTTP/1.1\r\nHost: [::1]:2443\r\n\r\n");
	TAKEN("GET / HTTP/1.1\r\nHost: a_b.example.test.:1\r\n\r\n");
	TAKEN("GET / HTTP/1.0\r\n\r\n");
}

static void lines(void **state)
{
	(void)state;
	REFUSED(400, "GET  / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET /  HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.1 \r\n" HOST "\r\n");
	REFUSED(400, "GET /\r\n" HOST "\r\n");
	REFUSED(400, "GET\r\n\r\n");
	REFUSED(400, "GET a HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET * HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET /a b HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "G(T / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "\x16\x03\x01\x02\x01\x01");
	REFUSED(505, "GET / HTTP/2.0\r\n" HOST "\r\n");
	REFUSED(505, "GET / HTTP/0.9\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.10\r\n" HOST "\r\n");
	REFUSED(400, "GET / http/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET / XTTP/1.1\r\n" HOST "\r\n");
	REFUSED(501, "FROB / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(501, "get / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(405, "TRACE / HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(417, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: magic\r\n\r\nA");
	TAKEN("OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
}

static void paths(void **state)
{
	(void)state;
	static const char *const wrong[] = {"/%", "/%4", "/%zz", "/%00", "/%0a", "/%0d%0a", "/%1b", "/%7f",
	    "/%ff", "/%c3", "/..", "/../a", "/a/..", "/a/../b", "/.", "/a/./b", "/%2e%2e", "/%2e",
	    "/a/%2E./b", "/a%2f..", "/..%2fa", "/a<b", "/a\"b", "/a\\b", "/a|b", "/\xc3\xbc", "/a#b",
	    "/%ed%a0%80"};
	char request[200];
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", wrong[i]);
		expect(view_of(request, (size_t)len), 400, 0, (int)i);
	}
	TAKEN("GET /...a/..b/c../.d HTTP/1.1\r\n" HOST "\r\n");
	TAKEN("GET /%252e%252e?a=%zz HTTP/1.1\r\n" HOST "\r\n"); /* decoded once: a segment of "%2e%2e" */
	TAKEN("GET //a;b,c=d&e'()!$*+:@~ HTTP/1.1\r\n" HOST "\r\n");
}

static void doubled(void **state)
{
	(void)state;
	static const char *const single[] = {"Content-Type: a/b", "Authorization: Basic x",
	    "Origin: https://a", "Range: bytes=0-1", "If-Range: \"a\"", "Expect: 100-continue"};
	char request[300];
	for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
		int len = snprintf(request, sizeof request, "GET / HTTP/1.1\r\n" HOST "%s\r\n%s\r\n\r\n",
		    single[i], single[i]);
		expect(view_of(request, (size_t)len), 400, 0, (int)i);
	}
	TAKEN("GET / HTTP/1.1\r\n" HOST "Accept: a/b\r\nAccept: c/d\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n");
}

/* `count` times `text` between two parts. */
static void expect_long(
    unsigned status, const char *before, const char *text, size_t count, const char *after, int line)
{
	struct buf request;
	buf_init(&request, 1 << 20);
	buf_append_string(&request, before);
	for (size_t i = 0; i < count; i++)
		buf_append_string(&request, text);
	buf_append_string(&request, after);
	for (size_t piece = 7; piece < 70000; piece *= 97) {
		struct outcome o = try(buf_view(&request), piece);
		if (o.status != status || o.done != (status != 404))
			fail_msg("line %d: %u instead of %u", line, o.status, status);
	}
	buf_done(&request);
}

static void limits(void **state)
{
	(void)state;
	expect_long(404, "GET /", "a", 16000, " HTTP/1.1\r\n" HOST "\r\n", __LINE__);
	expect_long(414, "GET /", "a", 16500, " HTTP/1.1\r\n" HOST "\r\n", __LINE__);
	expect_long(414, "GET /", "a", 100000, "", __LINE__);
	expect_long(404, "GET / HTTP/1.1\r\n" HOST "X: ", "y", 32000, "\r\n\r\n", __LINE__);
	expect_long(431, "GET / HTTP/1.1\r\n" HOST "X: ", "y", 33000, "\r\n\r\n", __LINE__);
	expect_long(431, "GET / HTTP/1.1\r\n" HOST "X: ", "y", 100000, "", __LINE__);
	expect_long(404, "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", HTTP_FIELDS_MAX - 1, "\r\n", __LINE__);
	expect_long(431, "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", HTTP_FIELDS_MAX, "\r\n", __LINE__);
	expect_long(431, "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", 20000, "", __LINE__);
	expect_long(400, "", "\r\n", 1000, "", __LINE__);
}

/* What servers and proxies in use have taken for something else: those of the HTTP Garden's list that do not
 * stand above. */
static void taken_by_others(void **state)
{
	(void)state;
#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: "
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Header: v\0\ralue\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n\tContent-Length: 1\r\n" HOST "\r\nX");
	REFUSED(400, "GET /test HTTP/1.32\r\n" HOST "\r\n");
	REFUSED(400, "G=\":<>(e),[T];?\" /get HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET ! HTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\xefoo: bar\r\n\r\n");
	REFUSED(400, "GET /\nHTTP/1.1\r\n" HOST "\r\n");
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +1_0\r\n\r\n0123456789" EVIL);
	REFUSED(400, CHUNKED "\xa0"
	                     "chunked\xa0\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Visible: :/\rSmuggled: :)\r\n\r\n");
	REFUSED(400, "GET / HTTP/\r\r1.1\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n: ignored\r\n" HOST "\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Useless:\n\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length\x85: 10\r\n\r\n0123456789" EVIL);
	REFUSED(400, CHUNKED ",chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/4294967295.255\r\n" HOST "\r\n");
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -48\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST ":\r\nI: am chopped off\r\n\r\n");
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length 10\r\n\r\n0123456789" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1Z\r\n\r\nZ" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "\rZ" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\n" HOST "Transfer-\r\nEncoding: chunked\r\n\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "Te\nst: test\r\n\r\n");
	REFUSED(400, "\0 / HTTP/............0596.7407.\r\n" HOST "\r\n");
	REFUSED(400, CHUNKED "blegh\r\n\r\n1\r\nZ\r\n0\r\n\r\n" EVIL);
	REFUSED(400, "POST / HTTP/1.1\r\nHost: \xff"
	             "a\xff\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\nHost: google.com\0.kallus.org\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\r\n" HOST "a:b\r\nc\0\r\n\r\n");
	REFUSED(400, "GET / HTTP/1.1\nHost: a\nConnection: close\n\n" EVIL);
	/* A leading zero is a digit like others, and what stands before and behind obs-text is kept. */
	TAKEN("POST / HTTP/1.1\r\n" HOST "Content-Length: 033\r\n\r\n" EVIL);
	TAKEN("GET / HTTP/1.1\r\n" HOST "User: \x85"
	      "admin\xa0\r\n\r\n");
	static const char *const chunks[] = {"0_2e\r\n", "\r\n\r\n", "5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n",
	    "2\r\r;a\r\n02\r\n41\r\n0\r\n\r\n", "41;a=b\r\rXX\r\n0\r\n\r\n", "INVALID!!!\r\n", "Z\r\nZZ\r\n",
	    "1\r0\n", "1these-octets\r\nZ\r\n0\r\n\r\n", "a\r\n0123456789\n0\r\n\r\n", "-0x0\r\n\r\n",
	    "           0\r\n\r\n"};
	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
		bad_chunks(chunks[i], (int)i);
#undef CHUNKED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_ends),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(codings),
	    cmocka_unit_test(chunks),
	    cmocka_unit_test(chunks_are_bounded),
	    cmocka_unit_test(hosts),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(doubled),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(taken_by_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
