/* Compressed answers: chosen as the client says, whole again when unpacked, and never where a secret could
 * leak or an event be late. */
#include "../unit.h"

#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "http_world.h"

static struct http_world w;

static const struct http_server_config config = {.secure = true};

static const char *ask(const char *path, const char *fields)
{
	char request[500];
	int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, fields);
	buf_clear(&w.out);
	http_world_feed(&w, view_of(request, (size_t)len), SIZE_MAX);
	return buf_string(&w.out);
}

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	http_world_open(&w, &config);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_world_close(&w);
	return 0;
}

static bool has(const char *answer, const char *what)
{
	const char *end = strstr(answer, "\r\n\r\n");
	const char *at = strstr(answer, what);
	return at && at < end;
}

static struct view body(void)
{
	const char *all = buf_string(&w.out), *end = strstr(all, "\r\n\r\n");
	assert_non_null(end);
	return view_skip(buf_view(&w.out), (size_t)(end + 4 - all));
}

static void chooses(void **state)
{
	(void)state;
	static const struct {
		const char *accepts, *coding;
	} cases[] = {{"", NULL}, {"gzip", "gzip"}, {"gzip, deflate, br, zstd", "zstd"},
	    {"zstd;q=0, gzip", "gzip"}, {"zstd;q=0.000, gzip;q=0", NULL}, {"gzip;q=0.5,zstd;q=0.1", "zstd"},
	    {"br, deflate", NULL}, {"*", NULL}, {"identity", NULL}, {"GZIP", "gzip"},
	    {"gzip ; q=1.0", "gzip"}, {"xgzip", NULL}, {",,gzip", "gzip"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char field[200], coding[100];
		snprintf(field, sizeof field, "Accept-Encoding: %s\r\n", cases[i].accepts);
		const char *answer = ask("/large?5000", cases[i].accepts[0] ? field : "");
		snprintf(coding, sizeof coding, "\r\ncontent-encoding: %s\r\n",
		    cases[i].coding ? cases[i].coding : "");
		if (has(answer, "content-encoding") != (cases[i].coding != NULL) ||
		    (cases[i].coding && !has(answer, coding)))
			fail_msg("%s", cases[i].accepts);
		assert_true(has(answer, "\r\nvary: accept-encoding\r\n"));
		assert_true(has(answer, "\r\ncontent-length: "));
		assert_true(!cases[i].coding || body().len < 1000);
	}
	/* Small ones are not worth it. */
	assert_false(has(ask("/large?1000", "Accept-Encoding: gzip\r\n"), "content-encoding"));
	/* To HEAD the same header; the length is not known without the work. */
	char head[] = "HEAD /large?5000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
	buf_clear(&w.out);
	http_world_feed(&w, view_of(head, sizeof head - 1), SIZE_MAX);
	assert_true(has(buf_string(&w.out), "\r\ncontent-encoding: gzip\r\n"));
	assert_int_equal(body().len, 0);
}

static void check_text(const char *text, size_t len)
{
	static const char fox[] = "The quick brown fox jumps over the lazy dog.\n";
	for (size_t i = 0; i < len; i++)
		assert_int_equal(text[i], fox[i % (sizeof fox - 1)]);
}

static void unpacks_whole(void **state)
{
	(void)state;
	static const size_t sizes[] = {1024, 5000, 65536, 1000003};
	static char text[1100000];
	char path[40];
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		snprintf(path, sizeof path, "/large?%zu", sizes[i]);
		ask(path, "Accept-Encoding: zstd\r\n");
		size_t len = ZSTD_decompress(text, sizeof text, body().data, body().len);
		assert_int_equal(len, sizes[i]);
		check_text(text, len);
		ask(path, "Accept-Encoding: gzip\r\n");
		z_stream z = {0};
		assert_int_equal(inflateInit2(&z, 31), Z_OK);
		z.next_in = (Bytef *)(uintptr_t)body().data;
		z.avail_in = (uInt)body().len;
		z.next_out = (Bytef *)text;
		z.avail_out = sizeof text;
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.total_out, sizes[i]);
		assert_int_equal(z.avail_in, 0);
		inflateEnd(&z);
		check_text(text, sizes[i]);
	}
}

static void leaves_events_alone(void **state)
{
	(void)state;
	const char *answer = ask("/stream", "Accept-Encoding: zstd, gzip\r\n");
	assert_false(has(answer, "content-encoding"));
	assert_false(has(answer, "vary"));
	http_world_write(&w, "data: 1\n\n");
	assert_non_null(strstr(buf_string(&w.out), "9\r\ndata: 1\n\n\r\n"));
}

/* ---- a host of its own, for what the world's does not say ---- */

static struct http_exchange *asked;
static bool plain;
static const char *type, *tag;

static void request(void *arg, struct http_exchange *x)
{
	(void)arg;
	asked = x;
	if (plain)
		http_exchange_plain(x);
	if (tag)
		http_exchange_add(x, "etag", view_from_string(tag));
	http_exchange_status(x, 200);
	http_exchange_add(x, "content-type", view_from_string(type));
	http_exchange_begin(x, HTTP_LENGTH_UNKNOWN);
}

static size_t no_body(void *arg, struct http_exchange *x, struct view bytes, bool last)
{
	(void)arg;
	(void)x;
	(void)last;
	return bytes.len;
}

static void over(void *arg, struct http_exchange *x, bool whole)
{
	(void)arg;
	(void)x;
	(void)whole;
	asked = NULL;
}

static const struct http_server_host host = {request, no_body, NULL, over, NULL};

static const char *answer_of(struct http_server *s, struct buf *out)
{
	const struct view get = VIEW("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\n\r\n");
	buf_clear(out);
	assert_int_equal(http_server_feed(s, get), get.len);
	http_exchange_write(asked, VIEW("some text"));
	http_exchange_flush(asked);
	http_server_settle(s);
	const char *text = buf_string(out);
	http_exchange_end(asked);
	http_server_settle(s);
	return text;
}

static void hosts_decide(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1 << 20);
	struct http_server *s = http_server_new(&config, &host, NULL, &out);
	type = "application/json";
	tag = "\"v1\"";
	const char *answer = answer_of(s, &out);
	assert_true(has(answer, "\r\ncontent-encoding: zstd\r\n"));
	assert_true(has(answer, "etag: W/\"v1\"\r\n"));
	tag = "W/\"v1\"";
	assert_true(has(answer_of(s, &out), "etag: W/\"v1\"\r\n"));
	plain = true;
	answer = answer_of(s, &out);
	assert_false(has(answer, "content-encoding"));
	assert_non_null(strstr(answer, "some text"));
	plain = false;
	type = "image/jpeg";
	assert_false(has(answer_of(s, &out), "content-encoding"));
	type = "text/html; charset=utf-8";
	assert_true(has(answer_of(s, &out), "content-encoding"));
	http_server_free(s);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(chooses, setup, teardown),
	    cmocka_unit_test_setup_teardown(unpacks_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(leaves_events_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(hosts_decide, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
