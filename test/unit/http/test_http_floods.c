/*
 * What a hostile client of HTTP/2 does: each attack that servers fell to is played here, with raw frames. It
 * must end in a GOAWAY, or cost no more than what an honest client may have; and it must not touch an
 * exchange that it does not own.
 */
#include "../unit.h"

#include <malloc.h>
#include <stdio.h>

#include "two_client.h"

static struct http_world w;
static struct buf raw;

static const struct http_server_config config = {.http2 = true, .secure = true};

enum {
	DATA,
	HEADERS,
	PRIORITY,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION
};
enum { ACK = 1, END_STREAM = 1, END_HEADERS = 4, PADDED = 8 };

/* "GET https://a/hello", in HPACK: indexed :method GET and :scheme https, literals for the rest. */
static const char hello[] = "\x82\x87\x01\x01"
                            "a\x04\x06/hello";
static const char waits[] = "\x82\x87\x01\x01"
                            "a\x04\x05/wait";

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	w.quiet = true;
	http_world_open(&w, &config);
	buf_init(&raw, 64 << 20);
	buf_append_string(&raw, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_world_close(&w);
	buf_done(&raw);
	return 0;
}

static void frame(unsigned type, unsigned flags, uint32_t stream, struct view payload)
{
	buf_append_u8(&raw, (uint8_t)(payload.len >> 16));
	buf_append_u16(&raw, (uint16_t)payload.len);
	buf_append_u8(&raw, (uint8_t)type);
	buf_append_u8(&raw, (uint8_t)flags);
	buf_append_u32(&raw, stream);
	buf_append(&raw, payload);
}

static void headers(uint32_t stream, struct view block, unsigned flags)
{
	frame(HEADERS, END_HEADERS | flags, stream, block);
}

/* Gives all to the machine; what it says is thrown away, but for the code of the last GOAWAY, plus one. */
static uint32_t play(void)
{
	uint32_t code = 0;
	struct buf all;
	buf_init(&all, 64 << 20);
	size_t at = 0;
	while (at < raw.len) {
		struct view piece = view_take(view_skip(buf_view(&raw), at), 16384);
		size_t taken = http_server_feed(w.server, piece);
		assert_true(taken > 0);
		at += taken;
		buf_append(&all, buf_view(&w.out));
		buf_clear(&w.out);
		http_server_drained(w.server);
	}
	buf_append(&all, buf_view(&w.out));
	struct view said = buf_view(&all);
	while (said.len >= 9) {
		const unsigned char *u = (const unsigned char *)said.data;
		size_t len = (size_t)u[0] << 16 | (size_t)u[1] << 8 | u[2];
		if (u[3] == GOAWAY && len >= 8)
			code =
			    ((uint32_t)u[13] << 24 | (uint32_t)u[14] << 16 | (uint32_t)u[15] << 8 | u[16]) +
			    1;
		said = view_skip(said, 9 + len);
	}
	buf_done(&all);
	buf_clear(&raw);
	return code;
}

static void begin(void)
{
	frame(SETTINGS, 0, 0, view_of("", 0));
}

#define CALM (NGHTTP2_ENHANCE_YOUR_CALM + 1)

static void honest_client(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 2000; i++) {
		headers(1 + 2 * i, view_of(hello, sizeof hello - 1), END_STREAM);
		frame(PING, 0, 0, VIEW("12345678"));
		if (i % 2)
			frame(WINDOW_UPDATE, 0, 0, VIEW("\0\0\0\x10"));
		frame(PRIORITY, 0, 1 + 2 * i, VIEW("\0\0\0\0\x10"));
		if (i % 50 == 49)
			assert_int_equal(play(), 0);
	}
	assert_int_equal(w.whole, 2000);
	/* Pings for hours on a quiet connection. */
	for (int i = 0; i < 5000; i++) {
		w.now += 15;
		frame(PING, 0, 0, VIEW("12345678"));
		assert_int_equal(play(), 0);
	}
}

/* CVE-2023-44487: each request is taken back at once. */
static void rapid_reset(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 20000; i++) {
		headers(1 + 2 * i, view_of(waits, sizeof waits - 1), END_STREAM);
		frame(RST_STREAM, 0, 1 + 2 * i, VIEW("\0\0\0\x08"));
	}
	assert_int_equal(play(), CALM);
	assert_in_range(w.requests, 100, 300);
	assert_int_equal(w.over, w.requests);
	assert_true(http_server_is_done(w.server));
	assert_string_equal(http_server_why(w.server), "too many streams were reset");
}

/* CVE-2025-8671: the client makes the server reset its own streams, here by windows of 0 octets more. */
static void made_to_reset(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 20000; i++) {
		headers(1 + 2 * i, view_of(waits, sizeof waits - 1), END_STREAM);
		frame(WINDOW_UPDATE, 0, 1 + 2 * i, VIEW("\0\0\0\0"));
	}
	assert_int_not_equal(play(), 0);
	assert_in_range(w.requests, 1, 300);
	assert_true(http_server_is_done(w.server));
}

static void more_exchanges_than_allowed(void **state)
{
	(void)state;
	begin();
	frame(SETTINGS, ACK, 0, view_of("", 0));
	for (uint32_t i = 0; i < 150; i++)
		headers(1 + 2 * i, view_of(waits, sizeof waits - 1), END_STREAM);
	play();
	assert_int_equal(w.requests - w.over, HTTP_EXCHANGES_MAX);
}

static void frames_that_carry_nothing(void **state)
{
	static const struct {
		unsigned type;
		const char *payload;
		size_t len;
		bool own; /* on a stream */
	} cases[] = {{PING, "12345678", 8, false}, {SETTINGS, "", 0, false},
	    {PRIORITY, "\0\0\0\0\x10", 5, true}, {WINDOW_UPDATE, "\0\0\0\x01", 4, false},
	    {DATA, "", 0, true}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin();
		headers(1,
		    VIEW("\x83\x87\x01\x01"
		         "a\x04\x06/count"),
		    0);
		for (int n = 0; n < 20000; n++)
			frame(
			    cases[i].type, 0, cases[i].own ? 1 : 0, view_of(cases[i].payload, cases[i].len));
		play();
		if (!http_server_is_done(w.server))
			fail_msg("frames of type %u go on", cases[i].type);
		teardown(state);
		setup(state);
	}
}

/* CVE-2024-27983 and its kind: a header without end. */
static void continuations(void **state)
{
	(void)state;
	begin();
	frame(HEADERS, END_STREAM, 1, view_of(hello, sizeof hello - 1));
	static const char field[] = "\0\x01x\x01y";
	for (int i = 0; i < 100000; i++)
		frame(CONTINUATION, 0, 1, view_of(field, sizeof field - 1));
	play();
	assert_true(http_server_is_done(w.server));
	assert_int_equal(w.requests, 0);
}

/* One field of 4 KB is put into the table, and then named in an octet, 16,000 times: 64 MB of header. */
static void hpack_bomb(void **state)
{
	(void)state;
	struct buf block;
	buf_init(&block, 1 << 20);
	buf_append(&block, view_of(hello, sizeof hello - 1));
	buf_append(&block, VIEW("\x40\x01x\x7f\x81\x1e")); /* with indexing: "x", 4,000 octets */
	for (int i = 0; i < 4000; i++)
		buf_append_byte(&block, 'v');
	for (int i = 0; i < 12000; i++)
		buf_append_u8(&block, 0xbe);
	begin();
	struct mallinfo2 before = mallinfo2();
	headers(1, view_take(buf_view(&block), 16384), END_STREAM);
	play();
	struct mallinfo2 after = mallinfo2();
	assert_int_equal(w.requests, 0);
	assert_true(after.uordblks < before.uordblks + 256 * 1024);
	buf_done(&block);
}

/* Window games: a client that takes nothing makes answers wait; they take what they are, up to a bound. */
static void shut_windows(void **state)
{
	(void)state;
	begin();
	frame(SETTINGS, 0, 0, VIEW("\0\x04\0\0\0\0")); /* INITIAL_WINDOW_SIZE 0 */
	for (uint32_t i = 0; i < 100; i++)
		headers(1 + 2 * i, view_of(hello, sizeof hello - 1), END_STREAM);
	assert_int_equal(play(), 0);
	assert_int_equal(w.requests, 100);
	assert_int_equal(w.over, 0);
	assert_int_equal(http_server_phase(w.server), HTTP_ANSWERING);
	/* The deadline is the driver's. */
	http_server_expire(w.server);
	assert_true(http_server_is_done(w.server));
	/* A window that opens and shuts, over and over. */
	teardown(state);
	setup(state);
	begin();
	headers(1, view_of(waits, sizeof waits - 1), END_STREAM);
	for (int i = 0; i < 20000; i++)
		frame(SETTINGS, 0, 0, i % 2 ? VIEW("\0\x04\0\0\0\0") : VIEW("\0\x04\x7f\xff\xff\xff"));
	play();
	assert_true(http_server_is_done(w.server));
}

/* The same, with answers that are written whole: they go when nothing was taken of them between two looks,
 * and what other exchanges do in between is no excuse. */
static void shut_windows_hold_no_answer(void **state)
{
	(void)state;
	begin();
	frame(SETTINGS, 0, 0, VIEW("\0\x04\0\0\0\0"));
	for (uint32_t i = 0; i < 100; i++)
		headers(1 + 2 * i, view_of(hello, sizeof hello - 1), END_STREAM);
	play();
	http_server_cut_stalled(w.server);
	assert_int_equal(w.over, 0);
	/* One of them is taken, in part, and a new one comes. */
	frame(WINDOW_UPDATE, 0, 1, VIEW("\0\0\0\x01"));
	headers(201, view_of(hello, sizeof hello - 1), END_STREAM);
	play();
	http_server_cut_stalled(w.server);
	assert_int_equal(w.over, 99);
	assert_int_equal(w.whole, 0);
	assert_false(http_server_is_done(w.server));
	http_server_cut_stalled(w.server);
	assert_int_equal(w.over, 101);
	assert_int_equal(http_server_phase(w.server), HTTP_IDLE);
}

/* A slow line is no stall: what waits behind a full output is not held back by its client. */
static void slow_lines_hold_their_answers(void **state)
{
	static const char large[] = "\x82\x87\x01\x01"
	                            "a\x04\x0e/large?3000000";
	(void)state;
	begin();
	frame(SETTINGS, 0, 0, VIEW("\0\x04\x7f\xff\xff\xff"));
	frame(WINDOW_UPDATE, 0, 0, VIEW("\x3f\xff\0\0"));
	headers(1, view_of(large, sizeof large - 1), END_STREAM);
	http_server_feed(w.server, buf_view(&raw));
	assert_true(w.out.len >= HTTP_OUTPUT_HIGH);
	for (int i = 0; i < 3; i++)
		http_server_cut_stalled(w.server);
	assert_int_equal(w.over, 0);
	while (w.over == 0 && w.out.len > 0) {
		buf_clear(&w.out);
		http_server_drained(w.server);
	}
	assert_int_equal(w.whole, 1);
}

/* A body beyond the window, or one that nobody took, is an error of flow control, not memory. */
static void bodies_beyond_the_window(void **state)
{
	(void)state;
	static char zeroes[16384];
	begin();
	headers(1,
	    VIEW("\x83\x87\x01\x01"
	         "a\x04\x05/wait"),
	    0);
	for (int i = 0; i < 100; i++)
		frame(DATA, 0, 1, view_of(zeroes, sizeof zeroes));
	play();
	assert_in_range(http_server_body_taken(w.server), 65535, 65535 + sizeof zeroes);
	assert_int_equal(w.over, 1);
}

/* RFC 9113 section 5.1: a client that has ended a stream, or passed it over, has no more to say there. */
static void frames_for_streams_that_ended(void **state)
{
	for (int i = 0; i < 5; i++) {
		begin();
		headers(5, view_of(hello, sizeof hello - 1), END_STREAM);
		assert_int_equal(play(), 0);
		if (i == 0)
			frame(DATA, 0, 5, VIEW("x"));
		else if (i == 1)
			headers(5, view_of(hello, sizeof hello - 1), END_STREAM);
		else if (i == 2)
			headers(3, view_of(hello, sizeof hello - 1), END_STREAM);
		else if (i == 3)
			frame(DATA, 0, 3, VIEW("x"));
		else
			frame(PRIORITY, 0, 0, VIEW("\0\0\0\0\x10"));
		assert_int_equal(play(), (i < 4 ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR) + 1);
		assert_int_equal(w.requests, 1);
		teardown(state);
		setup(state);
	}
	/* What was on its way when we reset the stream is no error. */
	begin();
	headers(1,
	    VIEW("\x83\x87\x01\x01"
	         "a\x04\x05/deny"),
	    0);
	assert_int_equal(play(), 0);
	assert_int_equal(w.whole, 1);
	frame(DATA, 0, 1, VIEW("x"));
	frame(DATA, END_STREAM, 1, VIEW("x"));
	headers(3, view_of(hello, sizeof hello - 1), END_STREAM);
	assert_int_equal(play(), 0);
	assert_int_equal(w.whole, 2);
}

static void nonsense(void **state)
{
	static const char *const preface[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	    "PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n",
	    "\x16\x03\x01\x02\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
	for (size_t i = 0; i < sizeof preface / sizeof preface[0]; i++) {
		buf_clear(&raw);
		buf_append_string(&raw, preface[i]);
		play();
		assert_true(http_server_is_done(w.server));
		assert_string_not_equal(http_server_why(w.server), "");
		teardown(state);
		setup(state);
	}
	/* A frame larger than was agreed; PUSH_PROMISE; DATA on stream 0; HEADERS on an even stream. */
	for (int i = 0; i < 4; i++) {
		static char large[20000];
		begin();
		frame(i == 1   ? PUSH_PROMISE
		      : i == 3 ? HEADERS
		               : DATA,
		    END_HEADERS,
		    i == 3   ? 2
		    : i == 2 ? 0
		             : 1,
		    view_of(large, i == 0 ? sizeof large : 10));
		assert_int_not_equal(play(), 0);
		assert_true(http_server_is_done(w.server));
		teardown(state);
		setup(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(honest_client, setup, teardown),
	    cmocka_unit_test_setup_teardown(rapid_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(made_to_reset, setup, teardown),
	    cmocka_unit_test_setup_teardown(more_exchanges_than_allowed, setup, teardown),
	    cmocka_unit_test_setup_teardown(frames_that_carry_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(continuations, setup, teardown),
	    cmocka_unit_test_setup_teardown(hpack_bomb, setup, teardown),
	    cmocka_unit_test_setup_teardown(shut_windows, setup, teardown),
	    cmocka_unit_test_setup_teardown(shut_windows_hold_no_answer, setup, teardown),
	    cmocka_unit_test_setup_teardown(slow_lines_hold_their_answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(bodies_beyond_the_window, setup, teardown),
	    cmocka_unit_test_setup_teardown(frames_for_streams_that_ended, setup, teardown),
	    cmocka_unit_test_setup_teardown(nonsense, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
