/* WebSockets over HTTP/1.1: what opens one, every kind of frame, and what must end one. */
#include "../unit.h"

#include <stdio.h>

#include "http_world.h"

#define OPEN                                                                                                 \
	"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                       \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

static struct http_world w;

static void open_world(void)
{
	const struct http_server_config config = {.secure = true};
	http_world_open(&w, &config);
}

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	open_world();
	http_world_feed(&w, VIEW(OPEN), SIZE_MAX);
	assert_non_null(w.ws);
	buf_clear(&w.out);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_world_close(&w);
	return 0;
}

/* A frame of a client; the mask is not all zeroes. */
static void put(struct buf *out, unsigned first, struct view payload)
{
	static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
	buf_append_u8(out, (uint8_t)first);
	if (payload.len < 126) {
		buf_append_u8(out, (uint8_t)(0x80 | payload.len));
	} else if (payload.len < 65536) {
		buf_append_u8(out, 0x80 | 126);
		buf_append_u16(out, (uint16_t)payload.len);
	} else {
		buf_append_u8(out, 0x80 | 127);
		buf_append_u64(out, payload.len);
	}
	buf_append(out, view_of(mask, 4));
	for (size_t i = 0; i < payload.len; i++)
		buf_append_byte(out, (char)(payload.data[i] ^ mask[i % 4]));
}

static void send(unsigned first, const char *payload, size_t len)
{
	struct buf frame;
	buf_init(&frame, 1 << 20);
	put(&frame, first, view_of(payload, len));
	http_world_feed(&w, buf_view(&frame), SIZE_MAX);
	buf_done(&frame);
}

/* Of the close that was said, perhaps behind a pong. */
static unsigned close_code(void)
{
	struct view said = buf_view(&w.out);
	ptrdiff_t at = view_find(said, (char)0x88);
	const unsigned char *u = (const unsigned char *)said.data + at;
	return at >= 0 && (size_t)at + 4 <= said.len ? (unsigned)(u[2] << 8 | u[3]) : 0;
}

static void echoes(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, 100000};
	static char text[100000];
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		buf_clear(&w.out);
		send(0x82, text, sizes[i]);
		struct view said = buf_view(&w.out);
		size_t head = sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10;
		assert_int_equal(said.len, head + sizes[i]);
		assert_int_equal((unsigned char)said.data[0], 0x82);
		assert_true(view_equal(view_skip(said, head), view_of(text, sizes[i])));
	}
	assert_int_equal(w.messages, sizeof sizes / sizeof sizes[0]);
	assert_int_equal(http_server_phase(w.server), HTTP_UPGRADED);
}

static void joins_fragments_however_they_come(void **state)
{
	(void)state;
	struct buf all;
	buf_init(&all, 1 << 20);
	put(&all, 0x01, VIEW("\xc3"));
	put(&all, 0x00, VIEW(""));
	put(&all, 0x89, VIEW("ping"));
	put(&all, 0x00, VIEW("\xbc"));
	put(&all, 0x80, VIEW("!"));
	for (size_t piece = 1; piece <= all.len; piece++) {
		buf_clear(&w.out);
		http_world_feed(&w, buf_view(&all), piece);
		assert_true(view_equal(buf_view(&w.out), VIEW("\x8a\4ping\x81\3\xc3\xbc!")));
	}
	buf_done(&all);
}

/* One octet a fragment, up to the limit: it takes the memory of the message, and no more. */
static void tiny_fragments(void **state)
{
	(void)state;
	struct buf all;
	buf_init(&all, 4 << 20);
	put(&all, 0x02, VIEW("x"));
	for (int i = 0; i < 99998; i++)
		put(&all, 0x00, VIEW("x"));
	put(&all, 0x80, VIEW("x"));
	http_world_feed(&w, buf_view(&all), 60000);
	assert_int_equal(w.messages, 1);
	assert_int_equal(buf_view(&w.out).len, 100010);
	buf_done(&all);
}

static void ends_what_is_wrong(void **state)
{
	static const struct {
		unsigned first;
		const char *payload;
		size_t len;
		unsigned code;
	} cases[] = {
	    {0x81, "\xff", 1, 1007},         /* not UTF-8 */
	    {0x81, "\xed\xa0\x80", 3, 1007}, /* a surrogate */
	    {0x81, "\xc3", 1, 1007},         /* half a character at the end */
	    {0xc1, "x", 1, 1002},            /* a bit of an extension that was not agreed on */
	    {0x83, "x", 1, 1002},            /* an unknown opcode */
	    {0x8b, "x", 1, 1002},            /* an unknown control frame */
	    {0x80, "x", 1, 1002},            /* goes on with nothing */
	    {0x09, "x", 1, 1002},            /* a control frame in fragments */
	    {0x88, "x", 1, 1002},            /* half a code */
	    {0x88, "\x03\xed", 2, 1002},     /* 1005 is never sent */
	    {0x88, "\x03\xe8\xff", 3, 1007}, /* a reason that is not UTF-8 */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		send(cases[i].first, cases[i].payload, cases[i].len);
		if (close_code() != cases[i].code)
			fail_msg("case %zu: %u instead of %u", i, close_code(), cases[i].code);
		assert_true(http_server_is_done(w.server));
		assert_int_equal(w.closed, 1);
		assert_int_equal(w.messages, 0);
		teardown(state);
		setup(state);
	}
	static const char large_control[126];
	send(0x89, large_control, sizeof large_control);
	assert_int_equal(close_code(), 1002);
	teardown(state);
	setup(state);
	/* Not masked. */
	http_world_feed(&w, VIEW("\x81\x01x"), SIZE_MAX);
	assert_int_equal(close_code(), 1002);
	assert_true(http_server_is_done(w.server));
	teardown(state);
	setup(state);
	/* A length in more octets than it needs, and one that is negative. */
	http_world_feed(&w, VIEW("\x82\xfe\0\x01\0\0\0\0x"), SIZE_MAX);
	assert_int_equal(close_code(), 1002);
	teardown(state);
	setup(state);
	http_world_feed(&w, VIEW("\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0x"), SIZE_MAX);
	assert_int_equal(close_code(), 1002);
	teardown(state);
	setup(state);
	/* A new message within one. */
	send(0x01, "a", 1);
	send(0x01, "b", 1);
	assert_int_equal(close_code(), 1002);
}

static void bounds_messages(void **state)
{
	static char text[100001];
	send(0x82, text, sizeof text);
	assert_int_equal(close_code(), 1009);
	assert_int_equal(w.messages, 0);
	teardown(state);
	setup(state);
	/* Its length alone says so: 2^62 octets. */
	http_world_feed(&w, VIEW("\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0x"), SIZE_MAX);
	assert_int_equal(close_code(), 1009);
	teardown(state);
	setup(state);
	send(0x02, text, 100000);
	send(0x80, text, 1);
	assert_int_equal(close_code(), 1009);
	assert_int_equal(w.messages, 0);
}

static void closes(void **state)
{
	(void)state;
	http_websocket_close(w.ws, 1001, "going away");
	http_server_settle(w.server);
	assert_int_equal(close_code(), 1001);
	assert_false(http_server_is_done(w.server));
	assert_false(http_websocket_send(w.ws, true, VIEW("late")));
	assert_int_not_equal(http_server_phase(w.server), HTTP_UPGRADED);
	send(0x81, "x", 1); /* on its way when we closed */
	assert_int_equal(w.messages, 0);
	send(0x88, "\x03\xe9", 2);
	assert_true(http_server_is_done(w.server));
	assert_int_equal(w.closed, 1);
	assert_int_equal(w.over, 1);
	assert_non_null(strstr(buf_string(&w.log), "closed 1001\n"));
}

static void a_lost_connection_is_1006(void **state)
{
	(void)state;
	struct http_world *lost = &w;
	http_server_free(lost->server);
	lost->server = NULL;
	assert_non_null(strstr(buf_string(&lost->log), "closed 1006\nbroken\n"));
}

/* While it is held nothing is delivered and nothing lost. */
static void holds(void **state)
{
	(void)state;
	struct buf all;
	buf_init(&all, 1 << 20);
	for (int i = 0; i < 300; i++)
		put(&all, 0x81, VIEW("message"));
	http_websocket_hold(w.ws, true);
	size_t taken = http_server_feed(w.server, buf_view(&all));
	assert_int_equal(w.messages, 0);
	assert_false(http_server_wants_input(w.server));
	buf_consume(&all, taken);
	http_websocket_hold(w.ws, false);
	http_server_settle(w.server);
	http_world_feed(&w, buf_view(&all), SIZE_MAX);
	assert_int_equal(w.messages, 300);
	buf_done(&all);
}

static unsigned status_of(const char *request)
{
	open_world();
	http_world_feed(&w, view_from_string(request), SIZE_MAX);
	unsigned status = buf_view(&w.out).len > 9 ? (unsigned)strtoul(buf_string(&w.out) + 9, NULL, 10) : 0;
	http_world_close(&w);
	return status;
}

static void opens_only_what_is_one(void **state)
{
	(void)state;
	static const char *const lines[] = {"Upgrade: websocket\r\n", "Connection: Upgrade\r\n",
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Version: 13\r\n"};
	static const char *const wrong[] = {"Upgrade: h2c\r\n", "Connection: close\r\n",
	    "Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Version: 8\r\n"};
	char request[600];
	memset(&w, 0, sizeof w);
	for (int bad = -1; bad < 8; bad++) {
		int at = snprintf(request, sizeof request, "GET /ws HTTP/1.1\r\nHost: a\r\n");
		for (int i = 0; i < 4; i++)
			at += snprintf(request + at, sizeof request - (size_t)at, "%s",
			    i == bad       ? ""
			    : i + 4 == bad ? wrong[i]
			                   : lines[i]);
		snprintf(request + at, sizeof request - (size_t)at, "\r\n");
		assert_int_equal(status_of(request), bad < 0 ? 101 : 426);
	}
	assert_int_equal(
	    status_of("POST /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
	    426);
	assert_int_equal(
	    status_of("GET /ws HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
	    426);
	/* An upgrade that nobody takes up leaves a request as it is. */
	assert_int_equal(
	    status_of("GET /hello HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), 200);
}

/* Frames that were sent right behind the request are taken. */
static void takes_what_came_at_once(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 300; piece += 50) {
		memset(&w, 0, sizeof w);
		open_world();
		http_world_feed(&w, VIEW(OPEN "\x81\x82\0\0\0\0hi"), piece);
		assert_int_equal(w.messages, 1);
		http_world_close(&w);
	}
}

/* Clients that begin large messages and never end them: together they get so much and no more, and usual
 * messages are taken all the while. */
static void large_messages_are_bounded(void **state)
{
	(void)state;
	enum { COUNT = 800, LEN = 99000, MOST = 64 * 1024 * 1024 };
	static struct http_world worlds[COUNT];
	static char large[LEN];
	const struct http_server_config config = {.secure = true};
	struct buf frame;
	size_t refused = 0;
	buf_init(&frame, 1 << 20);
	put(&frame, 0x02, view_of(large, LEN)); /* binary, and more follows */
	for (size_t i = 0; i < COUNT; i++) {
		http_world_open(&worlds[i], &config);
		http_world_feed(&worlds[i], VIEW(OPEN), SIZE_MAX);
		buf_clear(&worlds[i].out);
		http_world_feed(&worlds[i], buf_view(&frame), SIZE_MAX);
		if (!http_server_is_done(worlds[i].server))
			continue;
		refused++;
		assert_true(view_starts(view_skip(buf_view(&worlds[i].out), 2), VIEW("\x03\xf5")));
	}
	assert_int_equal(refused, COUNT - MOST / LEN);
	send(0x82, "hello", 5);
	assert_int_equal(w.messages, 1);
	for (size_t i = 0; i < COUNT; i++)
		http_world_close(&worlds[i]);
	/* What they held is given back. */
	buf_clear(&frame);
	put(&frame, 0x82, view_of(large, LEN));
	http_world_feed(&w, buf_view(&frame), SIZE_MAX);
	assert_int_equal(w.messages, 2);
	buf_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(echoes, setup, teardown),
	    cmocka_unit_test_setup_teardown(joins_fragments_however_they_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(tiny_fragments, setup, teardown),
	    cmocka_unit_test_setup_teardown(ends_what_is_wrong, setup, teardown),
	    cmocka_unit_test_setup_teardown(bounds_messages, setup, teardown),
	    cmocka_unit_test_setup_teardown(closes, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_lost_connection_is_1006, setup, teardown),
	    cmocka_unit_test_setup_teardown(holds, setup, teardown),
	    cmocka_unit_test_setup_teardown(large_messages_are_bounded, setup, teardown),
	    cmocka_unit_test(opens_only_what_is_one),
	    cmocka_unit_test(takes_what_came_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
