/* HTTP/2 as its clients use it: many exchanges at once, in any order, with bodies both ways. */
#include "../unit.h"

#include "two_client.h"

static struct http_world w;
static struct two_client c;

static const struct http_server_config config = {.http2 = true, .secure = true};

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	http_world_open(&w, &config);
	two_client_open(&c, &w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(w.over, w.requests);
	two_client_close(&c);
	http_world_close(&w);
	return 0;
}

static void expect(int32_t stream, unsigned status, const char *body)
{
	struct two_answer *a = two_client_answer(&c, stream);
	assert_int_equal(a->status, status);
	assert_string_equal(buf_string(&a->body), body);
	assert_true(a->ended);
}

static void answers(void **state)
{
	(void)state;
	int32_t hello = two_client_ask(&c, "GET", "/hello", NULL, NULL);
	int32_t head = two_client_ask(&c, "HEAD", "/hello", NULL, NULL);
	int32_t echo = two_client_ask(&c, "POST", "/echo", NULL, "some words");
	int32_t none = two_client_ask(&c, "GET", "/a%20b?c", NULL, NULL);
	/* Its "Upgrade" is for HTTP/1.1 alone: here the client would reset the stream. */
	int32_t upgrade = two_client_ask(&c, "GET", "/ws", NULL, NULL);
	two_client_run(&c);
	expect(upgrade, 426, "WebSocket, please.\n");
	expect(hello, 200, "hello\n");
	expect(head, 200, "");
	expect(echo, 200, "some words");
	expect(none, 404, "No such page.\n");
	const char *fields = buf_string(&two_client_answer(&c, head)->fields);
	assert_non_null(strstr(fields, "content-length: 6\n"));
	assert_non_null(strstr(fields, "date: Sun, 06 Nov 1994 08:49:37 GMT\n"));
	assert_non_null(strstr(buf_string(&w.log), "GET /a b?c of a\n"));
	assert_int_equal(w.whole, 5);
	assert_true(http_server_is_idle(w.server));
	assert_int_equal(http_server_phase(w.server), HTTP_IDLE);
}

static void answers_in_any_order(void **state)
{
	(void)state;
	int32_t first = two_client_ask(&c, "GET", "/wait", NULL, NULL);
	two_client_run(&c);
	struct http_exchange *x = w.open;
	int32_t second = two_client_ask(&c, "GET", "/hello", NULL, NULL);
	two_client_run(&c);
	expect(second, 200, "hello\n");
	assert_int_equal(two_client_answer(&c, first)->status, 0);
	assert_int_equal(http_server_phase(w.server), HTTP_ANSWERING);
	w.open = x;
	http_world_end(&w);
	two_client_run(&c);
	expect(first, 200, "done\n");
}

static void takes_octets_as_they_come(void **state)
{
	(void)state;
	c.piece = 1;
	int32_t echo = two_client_ask(&c, "POST", "/echo", NULL, "some words");
	int32_t hold = two_client_ask(&c, "POST", "/hold", NULL, "");
	two_client_run(&c);
	expect(echo, 200, "some words");
	expect(hold, 200, "");
}

/* More than all windows together, both ways, and a host that takes it in small pieces. */
static void moves_large_bodies(void **state)
{
	(void)state;
	enum { SIZE = 3 << 20 };
	for (size_t i = 0; i < SIZE; i++)
		buf_append_byte(&c.upload, (char)('a' + i % 26));
	int32_t up = two_client_ask(&c, "POST", "/count", NULL, "");
	two_client_run(&c);
	expect(up, 200, "3145728\n");
	assert_int_equal(http_server_body_taken(w.server), SIZE);
	int32_t down = two_client_ask(&c, "GET", "/large?3145728", NULL, NULL);
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, down)->body.len, SIZE);
	assert_true(two_client_answer(&c, down)->ended);
}

/* Nobody takes it: the window stays shut, and the answer ends the stream. */
static void bodies_that_nobody_takes(void **state)
{
	(void)state;
	enum { SIZE = 1 << 20 };
	/* Again and again: what was thrown away must not keep the connection's window. */
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < SIZE; i++)
			buf_append_byte(&c.upload, 'x');
		int32_t deny = two_client_ask(&c, "POST", "/deny", NULL, "");
		int32_t small = two_client_ask(&c, "POST", "/small", NULL, "");
		two_client_run(&c);
		expect(deny, 401, "Who are you?\n");
		assert_int_equal(two_client_answer(&c, small)->status, 413);
		assert_int_equal(two_client_answer(&c, small)->code, NGHTTP2_NO_ERROR);
		buf_clear(&c.upload);
	}
	/* What came before the host wanted it is counted as well. */
	int32_t late = two_client_ask(&c, "POST", "/wait", NULL, "0123456789a");
	two_client_run(&c);
	assert_false(http_exchange_take_body(w.open, 10));
	http_world_end(&w);
	two_client_run(&c);
	expect(late, 200, "done\n");
	int32_t wait = two_client_ask(&c, "POST", "/wait", NULL, "");
	for (size_t i = 0; i < SIZE; i++)
		buf_append_byte(&c.upload, 'x');
	two_client_run(&c);
	assert_true(buf_view(&c.upload).len >= SIZE - 64 * 1024);
	http_world_end(&w);
	two_client_run(&c);
	expect(wait, 200, "done\n");
	buf_clear(&c.upload);
	int32_t count = two_client_ask(&c, "POST", "/count", NULL, "1234");
	two_client_run(&c);
	expect(count, 200, "4\n");
}

static void says_go_on(void **state)
{
	(void)state;
	static const char *const expects[] = {"expect", "100-continue", NULL};
	c.upload_waits = true;
	int32_t take = two_client_ask(&c, "POST", "/count", expects, "");
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, take)->interim, 100);
	int32_t deny = two_client_ask(&c, "POST", "/deny", expects, "");
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, deny)->interim, 0);
	expect(deny, 401, "Who are you?\n");
	c.upload_waits = false;
	buf_append_string(&c.upload, "123");
	nghttp2_session_resume_data(c.session, take);
	two_client_run(&c);
	expect(take, 200, "3\n");
}

static void streams(void **state)
{
	(void)state;
	int32_t stream = two_client_ask(&c, "GET", "/stream", NULL, NULL);
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, stream)->status, 200);
	http_world_write(&w, "one");
	two_client_run(&c);
	assert_string_equal(buf_string(&two_client_answer(&c, stream)->body), "one");
	http_world_write(&w, "two");
	http_world_end(&w);
	two_client_run(&c);
	expect(stream, 200, "onetwo");
	int32_t cut = two_client_ask(&c, "GET", "/stream", NULL, NULL);
	two_client_run(&c);
	http_world_write(&w, "one");
	http_world_abort(&w);
	two_client_run(&c);
	assert_false(two_client_answer(&c, cut)->ended);
	assert_int_equal(two_client_answer(&c, cut)->code, NGHTTP2_INTERNAL_ERROR);
	int32_t part = two_client_ask(&c, "GET", "/part", NULL, NULL);
	int32_t fails = two_client_ask(&c, "GET", "/fail", NULL, NULL);
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, part)->code, NGHTTP2_INTERNAL_ERROR);
	assert_int_equal(two_client_answer(&c, fails)->status, 500);
}

static void client_gives_up(void **state)
{
	(void)state;
	int32_t stream = two_client_ask(&c, "GET", "/wait", NULL, NULL);
	two_client_run(&c);
	nghttp2_submit_rst_stream(c.session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
	two_client_run(&c);
	assert_null(w.open);
	assert_int_equal(w.over, 1);
	assert_int_equal(w.whole, 0);
}

static void drains(void **state)
{
	(void)state;
	int32_t stream = two_client_ask(&c, "GET", "/wait", NULL, NULL);
	two_client_run(&c);
	http_server_drain(w.server);
	two_client_run(&c);
	assert_int_equal(c.goaway, NGHTTP2_NO_ERROR + 1);
	assert_false(http_server_is_done(w.server));
	http_world_end(&w);
	two_client_run(&c);
	expect(stream, 200, "done\n");
	assert_true(http_server_is_done(w.server));
}

static void refuses(void **state)
{
	(void)state;
	static const char *const host[] = {"host", "b", NULL}, *const same[] = {"host", "a", NULL};
	static const char *const doubled[] = {"authorization", "Basic a", "authorization", "Basic b", NULL};
	static const char *const cookies[] = {"cookie", "a=b", "cookie", "c=d", NULL};
	static const struct {
		const char *method, *path;
		const char *const *fields;
		unsigned status;
	} cases[] = {{"GET", "/..", NULL, 400}, {"GET", "/%00", NULL, 400}, {"GET", "/hello", host, 400},
	    {"GET", "/hello", same, 200}, {"GET", "/hello", doubled, 400}, {"GET", "/hello", cookies, 200},
	    {"FROB", "/hello", NULL, 501}, {"TRACE", "/hello", NULL, 405}, {"OPTIONS", "*", NULL, 404},
	    {"GET", "/a#b", NULL, 400}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int32_t stream = two_client_ask(&c, cases[i].method, cases[i].path, cases[i].fields, NULL);
		two_client_run(&c);
		if (two_client_answer(&c, stream)->status != cases[i].status)
			fail_msg("%s %s: %u instead of %u", cases[i].method, cases[i].path,
			    two_client_answer(&c, stream)->status, cases[i].status);
	}
	/* Headers too large, in octets and in number: an answer, and the connection goes on. */
	static char value[4000];
	memset(value, 'v', sizeof value - 1);
	const char *large[2 * 10 + 1] = {0}, *many[2 * 120 + 1] = {0};
	for (size_t i = 0; i < 10; i++)
		large[2 * i] = "x", large[2 * i + 1] = value;
	for (size_t i = 0; i < 120; i++)
		many[2 * i] = "x", many[2 * i + 1] = "v";
	int32_t stream = two_client_ask(&c, "GET", "/hello", large, NULL);
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, stream)->status, 431);
	stream = two_client_ask(&c, "GET", "/hello", many, NULL);
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, stream)->status, 431);
	stream = two_client_ask(&c, "GET", "/hello", NULL, NULL);
	two_client_run(&c);
	expect(stream, 200, "hello\n");
}

static void is_found_by_its_preface(void **state)
{
	(void)state;
	const struct http_server_config clear = {.prior = true};
	for (size_t piece = 1; piece < 100; piece += 33) {
		two_client_close(&c);
		http_world_close(&w);
		http_world_open(&w, &clear);
		two_client_open(&c, &w);
		c.piece = piece;
		int32_t stream = two_client_ask(&c, "GET", "/hello", NULL, NULL);
		two_client_run(&c);
		expect(stream, 200, "hello\n");
		assert_true(http_server_is_http2(w.server));
	}
	/* Not where ALPN has chosen HTTP/1.1. */
	struct http_world plain = {0};
	const struct http_server_config one = {.secure = true};
	http_world_open(&plain, &one);
	http_world_feed(&plain, VIEW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 100);
	assert_non_null(strstr(buf_string(&plain.out), "HTTP/1.1 505 "));
	http_world_close(&plain);
}

/* RFC 8441: CONNECT with ":protocol"; the frames are the same. */
static void opens_a_websocket(void **state)
{
	(void)state;
	two_client_run(&c);
	assert_int_equal(
	    nghttp2_session_get_remote_settings(c.session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL), 1);
	int32_t stream = two_client_open_websocket(&c, "/ws");
	two_client_run(&c);
	struct two_answer *a = two_client_answer(&c, stream);
	assert_int_equal(a->status, 200);
	assert_non_null(strstr(buf_string(&a->fields), "sec-websocket-protocol: talk\n"));
	assert_int_equal(http_server_phase(w.server), HTTP_UPGRADED);
	buf_append(&c.upload, VIEW("\x81\x85\0\0\0\0hello\x89\x80\0\0\0\0"));
	two_client_send(&c, stream);
	assert_true(view_equal(buf_view(&a->body), VIEW("\x81\x05hello\x8a\0")));
	buf_clear(&a->body);
	buf_append(&c.upload, VIEW("\x88\x82\0\0\0\0\x03\xe8"));
	two_client_send(&c, stream);
	assert_true(view_equal(buf_view(&a->body), VIEW("\x88\x02\x03\xe8")));
	assert_true(a->ended);
	assert_int_equal(w.closed, 1);
	/* On another path, and with another protocol, it is refused. */
	stream = two_client_open_websocket(&c, "/none");
	two_client_run(&c);
	assert_int_equal(two_client_answer(&c, stream)->status, 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(answers_in_any_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_octets_as_they_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(moves_large_bodies, setup, teardown),
	    cmocka_unit_test_setup_teardown(bodies_that_nobody_takes, setup, teardown),
	    cmocka_unit_test_setup_teardown(says_go_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(streams, setup, teardown),
	    cmocka_unit_test_setup_teardown(client_gives_up, setup, teardown),
	    cmocka_unit_test_setup_teardown(drains, setup, teardown),
	    cmocka_unit_test_setup_teardown(refuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(is_found_by_its_preface, setup, teardown),
	    cmocka_unit_test_setup_teardown(opens_a_websocket, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
