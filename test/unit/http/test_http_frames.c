/*
 * Frames of HTTP/2 as RFC 9113 and RFC 7541 allow and forbid them, one row for each case of h2spec: what a
 * client sends behind its preface and SETTINGS, and a part of what it is told. Each row is played by whole
 * frames and octet by octet.
 *
 *     TYPE STREAM FLAG...: WORD... ; the next frame | what comes when all before it has been answered
 *
 * A type or flag may be a number. A word of the payload is a name of `blocks`, octets ("0x0a0b"), text
 * ("'test'"), so many octets of 'x' ("x16384"), or a field of HPACK, not indexed ("name=value").
 */
#include "../unit.h"

#include <stdio.h>

#include <nghttp2/nghttp2.h>

#include "http_world.h"

struct frame_case {
	const char *section, *what, *frames, *told;
};

#define GET "HEADERS 1 end done: get; "
#define WAIT "HEADERS 1 end done: wait; "
#define POST "HEADERS 1 done: post; "
#define PINGED "PING 0: 'h2-spec.'"
#define PONG "PING 0 ack 'h2-spec.'"

static const struct frame_case cases[] = {
    {"4.1", "an unknown type", "0x16 0: x8; " PINGED, PONG},
    {"4.1", "an undefined flag", "PING 0 0x16: x8", "PING 0 ack"},
    {"4.1", "the reserved bit", "PING 0x80000000: x8", "PING 0 ack"},
    {"4.2", "DATA of 2^14 octets", POST "DATA 1 end: x16384", "HEADERS 1 200"},
    {"4.2", "a DATA frame too large", POST "DATA 1 end: x16385", "GOAWAY FRAME_SIZE_ERROR"},
    {"4.2", "a HEADERS frame too large", "HEADERS 1 end done: get long long long long long",
        "GOAWAY FRAME_SIZE_ERROR"},
    {"4.3", "a field that is cut", "HEADERS 1 end done: 0x40", "GOAWAY COMPRESSION_ERROR"},
    {"4.3", "PRIORITY within a header", "HEADERS 1: get; PRIORITY 1: 0x00000000ff; CONTINUATION 1 done: long",
        "GOAWAY PROTOCOL_ERROR"},
    {"4.3", "another stream's HEADERS within a header",
        "HEADERS 1: get; HEADERS 3 end done: get; CONTINUATION 1 done: long", "GOAWAY PROTOCOL_ERROR"},

    {"5.1", "idle: DATA", "DATA 1 end: 'test'", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "idle: RST_STREAM", "RST_STREAM 1: 0x00000008", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "idle: WINDOW_UPDATE", "WINDOW_UPDATE 1: 0x00000064", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "idle: CONTINUATION", "CONTINUATION 1 done: get", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "half closed: DATA", WAIT "DATA 1 end: 'test'", "STREAM_CLOSED"},
    {"5.1", "half closed: HEADERS", WAIT "HEADERS 1 end done: wait", "STREAM_CLOSED"},
    {"5.1", "half closed: CONTINUATION", WAIT "CONTINUATION 1 done: wait", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "DATA behind the client's reset", POST "RST_STREAM 1: 0x00000008; DATA 1 end: 'test'",
        "STREAM_CLOSED"},
    {"5.1", "HEADERS behind the client's reset", POST "RST_STREAM 1: 0x00000008; HEADERS 1 end done: get",
        "STREAM_CLOSED"},
    {"5.1", "CONTINUATION behind the client's reset",
        POST "RST_STREAM 1: 0x00000008; CONTINUATION 1 done: long", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "closed: DATA", GET "| DATA 1 end: 'test'", "GOAWAY STREAM_CLOSED"},
    {"5.1", "closed: HEADERS", GET "| HEADERS 1 end done: get", "GOAWAY STREAM_CLOSED"},
    {"5.1", "closed: CONTINUATION", GET "| CONTINUATION 1 done: long", "GOAWAY PROTOCOL_ERROR"},
    {"5.1", "idle: PRIORITY", "PRIORITY 1: 0x00000000ff; " PINGED, PONG},
    {"5.1", "half closed: WINDOW_UPDATE", "SETTINGS 0: 0x000400000000; " GET "WINDOW_UPDATE 1: 0x00000001",
        "DATA 1 1"},
    {"5.1", "half closed: PRIORITY",
        "SETTINGS 0: 0x000400000000; " GET "PRIORITY 1: 0x00000000ff; WINDOW_UPDATE 1: 0x00000001",
        "DATA 1 1"},
    {"5.1", "half closed: RST_STREAM", WAIT "RST_STREAM 1: 0x00000008; " PINGED, PONG},
    {"5.1", "closed: PRIORITY", GET "| PRIORITY 1: 0x00000000ff; " PINGED, PONG},
    {"5.1.1", "an even stream", "HEADERS 2 end done: get", "GOAWAY PROTOCOL_ERROR"},
    {"5.1.1", "a stream that was passed over", "HEADERS 5 end done: wait; HEADERS 3 end done: wait",
        "GOAWAY"},
    {"5.3.1", "HEADERS that depend on themselves", "HEADERS 1 end done priority: 0x00000001ff get",
        "PROTOCOL_ERROR"},
    {"5.3.1", "PRIORITY that depends on itself: priorities are passed over",
        "PRIORITY 1: 0x00000001ff; " PINGED, PONG},
    {"5.4.1", "PING of a stream", "PING 3: x8", "GOAWAY PROTOCOL_ERROR"},
    {"5.5", "an unknown frame within a header", "HEADERS 1 end: get; 0x16 0: x8", "GOAWAY PROTOCOL_ERROR"},

    {"6.1", "DATA of no stream", "DATA 0 end: 'test'", "GOAWAY PROTOCOL_ERROR"},
    {"6.1", "DATA padded beyond its end", POST "DATA 1 end padded: 0x06 'Test'", "GOAWAY PROTOCOL_ERROR"},
    {"6.1", "DATA", POST "DATA 1 end: 'test'", "HEADERS 1 200"},
    {"6.1", "DATA in two frames", POST "DATA 1: 'test'; DATA 1 end: 'test'", "HEADERS 1 200"},
    {"6.1", "DATA with padding", POST "DATA 1 end padded: 0x05 'test' 0x0000000000", "HEADERS 1 200"},
    {"6.2", "HEADERS of no stream", "HEADERS 0 end done: get", "GOAWAY PROTOCOL_ERROR"},
    {"6.2", "HEADERS padded beyond their end", "HEADERS 1 end done padded: 0xff get", "PROTOCOL_ERROR"},
    {"6.2", "HEADERS", GET, "HEADERS 1 200"},
    {"6.2", "HEADERS with padding", "HEADERS 1 end done padded: 0x08 get 0x0000000000000000",
        "HEADERS 1 200"},
    {"6.2", "HEADERS with priority", "HEADERS 1 end done priority: 0x00000000ff get", "HEADERS 1 200"},
    {"6.3", "PRIORITY of no stream", "PRIORITY 0: 0x00000000ff", "GOAWAY PROTOCOL_ERROR"},
    {"6.3", "PRIORITY of 4 octets", WAIT "PRIORITY 1: 0x80000001", "FRAME_SIZE_ERROR"},
    {"6.3", "PRIORITY 1", "PRIORITY 1: 0x0000000000; " GET, "HEADERS 1 200"},
    {"6.3", "PRIORITY 256", "PRIORITY 1: 0x00000000ff; " GET, "HEADERS 1 200"},
    {"6.3", "PRIORITY that depends on another", "PRIORITY 3: 0x0000000100; " GET, "HEADERS 1 200"},
    {"6.3", "exclusive PRIORITY", "PRIORITY 1: 0x8000000000; " GET, "HEADERS 1 200"},
    {"6.3", "PRIORITY of a higher idle stream", "PRIORITY 3: 0x00000000ff; " GET, "HEADERS 1 200"},
    {"6.4", "RST_STREAM of no stream", "RST_STREAM 0: 0x00000008", "GOAWAY PROTOCOL_ERROR"},
    {"6.4", "RST_STREAM of 3 octets", WAIT "RST_STREAM 1: 0x000000", "FRAME_SIZE_ERROR"},
    {"6.4", "RST_STREAM", POST "RST_STREAM 1: 0x00000008; " PINGED, PONG},
    {"6.5", "SETTINGS, acknowledged, with a payload", "SETTINGS 0 ack: 0x00", "GOAWAY FRAME_SIZE_ERROR"},
    {"6.5", "SETTINGS of a stream", "SETTINGS 1: 0x000300000064", "GOAWAY PROTOCOL_ERROR"},
    {"6.5", "SETTINGS of 3 octets", "SETTINGS 0: 0x000300", "GOAWAY FRAME_SIZE_ERROR"},
    {"6.5", "SETTINGS",
        "SETTINGS 0: 0x000100001000 0x000200000001 0x000300000064 0x00040000ffff 0x000500004000 "
        "0x000600000064",
        "SETTINGS 0 ack; SETTINGS 0 ack"},
    {"6.5.2", "ENABLE_PUSH of 2", "SETTINGS 0: 0x000200000002", "GOAWAY PROTOCOL_ERROR"},
    {"6.5.2", "INITIAL_WINDOW_SIZE of 2^31", "SETTINGS 0: 0x000480000000", "GOAWAY FLOW_CONTROL_ERROR"},
    {"6.5.2", "MAX_FRAME_SIZE too small", "SETTINGS 0: 0x000500003fff", "GOAWAY PROTOCOL_ERROR"},
    {"6.5.2", "MAX_FRAME_SIZE too large", "SETTINGS 0: 0x000501000000", "GOAWAY PROTOCOL_ERROR"},
    {"6.5.2", "an unknown setting", "SETTINGS 0: 0x00ff00000001; " PINGED, PONG},
    {"6.5.3", "a setting twice: the last one counts", "SETTINGS 0: 0x000400000064 0x000400000001; " GET,
        "DATA 1 1"},
    {"6.7", "PING", PINGED, PONG},
    {"6.7", "PING that is an answer", "PING 0 ack: 'answered'; " PINGED, "SETTINGS 0 ack; " PONG},
    {"6.7", "PING of 6 octets", "PING 0: x6", "GOAWAY FRAME_SIZE_ERROR"},
    {"6.8", "GOAWAY of a stream", "GOAWAY 1: 0x0000000000000000", "GOAWAY PROTOCOL_ERROR"},
    {"6.8", "GOAWAY, and nothing is open", "GOAWAY 0: 0x0000000000000000 'bye'; " PINGED, "the end"},
    {"6.9", "WINDOW_UPDATE by 0", "WINDOW_UPDATE 0: 0x00000000", "GOAWAY PROTOCOL_ERROR"},
    {"6.9", "WINDOW_UPDATE of a stream by 0", POST "WINDOW_UPDATE 1: 0x00000000", "GOAWAY PROTOCOL_ERROR"},
    {"6.9", "WINDOW_UPDATE of 3 octets", "WINDOW_UPDATE 0: 0x000001", "GOAWAY FRAME_SIZE_ERROR"},
    {"6.9", "WINDOW_UPDATE", "WINDOW_UPDATE 0: 0x00000001; " PINGED, PONG},
    {"6.9", "WINDOW_UPDATE of a stream", GET "WINDOW_UPDATE 1: 0x00000001", "HEADERS 1 200"},
    {"6.9.1", "a window of 1", "SETTINGS 0: 0x000400000001; " GET, "DATA 1 1"},
    {"6.9.1", "more than 2^31 - 1", "WINDOW_UPDATE 0: 0x7fffffff; WINDOW_UPDATE 0: 0x7fffffff",
        "GOAWAY FLOW_CONTROL_ERROR"},
    {"6.9.1", "more than 2^31 - 1 for a stream",
        POST "WINDOW_UPDATE 1: 0x7fffffff; WINDOW_UPDATE 1: 0x7fffffff", "RST_STREAM 1 FLOW_CONTROL_ERROR"},
    {"6.9.2", "the first window changes", "SETTINGS 0: 0x000400000000; " GET "| SETTINGS 0: 0x000400000001",
        "DATA 1 1"},
    {"6.9.2", "a window below 0",
        "SETTINGS 0: 0x000400000003; " GET "| SETTINGS 0: 0x000400000002; WINDOW_UPDATE 1: 0x00000002",
        "DATA 1 3; SETTINGS 0 ack; DATA 1 1"},
    {"6.10", "CONTINUATION", "HEADERS 1 end: :method=GET; CONTINUATION 1 done: rest", "HEADERS 1 200"},
    {"6.10", "CONTINUATION twice", "HEADERS 1 end: get; CONTINUATION 1: long; CONTINUATION 1 done: long",
        "HEADERS 1 200"},
    {"6.10", "CONTINUATION, then another frame", "HEADERS 1: post; CONTINUATION 1: long; DATA 1 end: 'test'",
        "GOAWAY PROTOCOL_ERROR"},
    {"6.10", "CONTINUATION of no stream", "HEADERS 1 end: get; CONTINUATION 0 done: long",
        "GOAWAY PROTOCOL_ERROR"},
    {"6.10", "CONTINUATION behind a complete header", WAIT "CONTINUATION 1 done: long",
        "GOAWAY PROTOCOL_ERROR"},
    {"6.10", "CONTINUATION behind the last one",
        "HEADERS 1 end: wait; CONTINUATION 1 done: long; CONTINUATION 1 done: long", "GOAWAY PROTOCOL_ERROR"},
    {"6.10", "CONTINUATION behind DATA", "HEADERS 1: post; DATA 1 end: 'test'; CONTINUATION 1: long",
        "GOAWAY PROTOCOL_ERROR"},
    {"7", "GOAWAY with an unknown code", "GOAWAY 0: 0x00000000000000ff; " PINGED, "the end"},
    {"7", "RST_STREAM with an unknown code", POST "RST_STREAM 1: 0x000000ff; " PINGED, PONG},

    {"8.1", "a second HEADERS that does not end the stream", POST "DATA 1: 'test'; HEADERS 1 done: x-test=ok",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.1", "HEAD", "HEADERS 1 end done: :method=HEAD rest", "HEADERS 1 200"},
    {"8.1", "trailers", "HEADERS 1 done: post trailer=x-test; DATA 1: 'test'; HEADERS 1 end done: x-test=ok",
        "HEADERS 1 200"},
    {"8.2", "a name in capitals", "HEADERS 1 end done: get X-TEST=ok", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.2.2", "connection", "HEADERS 1 end done: get connection=keep-alive", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.2.2", "te", "HEADERS 1 end done: get te=trailers,deflate", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3", "an unknown pseudo-header", "HEADERS 1 end done: get :test=ok", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3", "one of an answer", "HEADERS 1 end done: get :status=200", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3", "one in trailers", POST "DATA 1: 'test'; HEADERS 1 end done: :method=POST",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3", "one behind a field", "HEADERS 1 end done: x-test=ok get", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", "an empty :path", "HEADERS 1 end done: :method=GET :scheme=https :path= :authority=a",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", "no :method", "HEADERS 1 end done: rest", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", "no :scheme", "HEADERS 1 end done: :method=GET :path=/hello :authority=a",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", "no :path", "HEADERS 1 end done: :method=GET :scheme=https :authority=a",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", ":method twice", "HEADERS 1 end done: get :method=GET", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", ":scheme twice", "HEADERS 1 end done: get :scheme=https", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.3.1", ":path twice", "HEADERS 1 end done: get :path=/hello", "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.1.1", "a length that is not the body's", "HEADERS 1 done: post content-length=1; DATA 1 end: 'test'",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.1.1", "a length that is not that of all frames",
        "HEADERS 1 done: post content-length=1; DATA 1: 'test'; DATA 1 end: 'test'",
        "RST_STREAM 1 PROTOCOL_ERROR"},
    {"8.4", "PUSH_PROMISE", "PUSH_PROMISE 1 done: 0x00000003 get", "GOAWAY PROTOCOL_ERROR"},

    {"HPACK 2.3.3", "an index that is not there", "HEADERS 1 end done: get 0xc6", "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 2.3.3", "a name that is not there", "HEADERS 1 end done: get 0x7f0700",
        "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 4.2", "a table's size at the end", "HEADERS 1 end done: get 0x21", "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 5.2", "padding of Huffman above 7 bits", "HEADERS 1 end done: get 0x0085f2b24a84ff8449509fff",
        "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 5.2", "padding of Huffman by zeroes", "HEADERS 1 end done: get 0x0085f2b24a84ff83495090",
        "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 5.2", "the end of string in Huffman", "HEADERS 1 end done: get 0x0085f2b24a84ff874951fffffffa7f",
        "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 6.1", "an index of the table", "HEADERS 1 end done: get 0xba", "HEADERS 1 200"},
    {"HPACK 6.1", "index 0", "HEADERS 1 end done: get 0x80", "GOAWAY COMPRESSION_ERROR"},
    {"HPACK 6.2.1", "added, name of the table", "HEADERS 1 end done: get 0x7a06 'h2spec'", "HEADERS 1 200"},
    {"HPACK 6.2.1", "added, name of the table, Huffman", "HEADERS 1 end done: get 0x7a849c48aca4",
        "HEADERS 1 200"},
    {"HPACK 6.2.1", "added, new name", "HEADERS 1 end done: get 0x4006 'x-test' 0x06 'h2spec' 0xbe",
        "HEADERS 1 200"},
    {"HPACK 6.2.1", "added, new name, Huffman", "HEADERS 1 end done: get 0x4085f2b24a84ff849c48aca4",
        "HEADERS 1 200"},
    {"HPACK 6.2.2", "not added, name of the table", "HEADERS 1 end done: get 0x0f2b06 'h2spec'",
        "HEADERS 1 200"},
    {"HPACK 6.2.2", "not added, new name, Huffman", "HEADERS 1 end done: get 0x0085f2b24a84ff849c48aca4",
        "HEADERS 1 200"},
    {"HPACK 6.2.3", "never added, name of the table", "HEADERS 1 end done: get 0x1f2b06 'h2spec'",
        "HEADERS 1 200"},
    {"HPACK 6.2.3", "never added, new name, Huffman", "HEADERS 1 end done: get 0x1085f2b24a84ff849c48aca4",
        "HEADERS 1 200"},
    {"HPACK 6.3", "a smaller table", "HEADERS 1 end done: 0x3f61 get", "HEADERS 1 200"},
    {"HPACK 6.3", "a smaller table, then the whole one", "HEADERS 1 end done: 0x3f613fe11f get",
        "HEADERS 1 200"},
    {"HPACK 6.3", "a table larger than was allowed", "HEADERS 1 end done: 0x3fe21f get",
        "GOAWAY COMPRESSION_ERROR"},
};

/* ---- from words to octets ---- */

static const char *const types[] = {"DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE",
    "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"};
static const char *const codes[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM"};

enum { LONG = 4000 /* octets of a field's value, of which five do not fit a frame */ };

static void put_string(struct buf *out, struct view text)
{
	assert_true(text.len < 127); /* its length takes one octet */
	buf_append_byte(out, (char)text.len);
	buf_append(out, text);
}

static void put_fill(struct buf *out, size_t len)
{
	while (len-- > 0)
		buf_append_byte(out, 'x');
}

static void put_field(struct buf *out, struct view name, struct view value)
{
	buf_append_byte(out, 0); /* RFC 7541 section 6.2.2 */
	put_string(out, name);
	put_string(out, value);
}

/* A name of a header's part; false: it is none. */
static bool put_block(struct buf *out, struct view word)
{
	static const struct {
		const char *name;
		struct view octets;
	} blocks[] = {
	    {"rest", {"\x87\x04\x06/hello\x01\x01"
	              "a",
	                 12}},
	    {"get", {"\x82\x87\x04\x06/hello\x01\x01"
	             "a",
	                13}},
	    {"wait", {"\x82\x87\x04\x05/wait\x01\x01"
	              "a",
	                 12}},
	    {"post", {"\x83\x87\x04\x06/count\x01\x01"
	              "a",
	                 13}},
	    {"long", {"\0\x06x-long\x7f\xa1\x1e", 11}}, /* of LONG octets, which follow */
	};
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
		if (view_equal(word, view_from_string(blocks[i].name))) {
			buf_append(out, blocks[i].octets);
			put_fill(out, word.data[0] == 'l' ? LONG : 0);
			return true;
		}
	return false;
}

static unsigned long number_of(struct view word)
{
	char text[20], *end;
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(word));
	unsigned long number = strtoul(text, &end, 0);
	if (*end != '\0')
		fail_msg("\"%s\" is no number", text);
	return number;
}

static void put_word(struct buf *out, struct view word)
{
	ptrdiff_t equals = view_find(word, '=');
	if (put_block(out, word))
		return;
	if (equals >= 0) {
		put_field(out, view_take(word, (size_t)equals), view_skip(word, (size_t)equals + 1));
	} else if (word.data[0] == '\'') {
		buf_append(out, view_take(view_skip(word, 1), word.len - 2));
	} else if (word.data[0] == 'x') {
		put_fill(out, number_of(view_skip(word, 1)));
	} else {
		assert_true(view_starts(word, VIEW("0x")) && word.len % 2 == 0);
		for (size_t i = 2; i < word.len; i += 2) {
			char octet[5] = {'0', 'x', word.data[i], word.data[i + 1]};
			buf_append_byte(out, (char)number_of(view_from_string(octet)));
		}
	}
}

static unsigned flag_of(struct view word)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {{"end", NGHTTP2_FLAG_END_STREAM}, {"ack", NGHTTP2_FLAG_ACK},
	    {"done", NGHTTP2_FLAG_END_HEADERS}, {"padded", NGHTTP2_FLAG_PADDED},
	    {"priority", NGHTTP2_FLAG_PRIORITY}};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (view_equal(word, view_from_string(flags[i].name)))
			return flags[i].flag;
	return (unsigned)number_of(word);
}

static unsigned type_of(struct view word)
{
	for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
		if (view_equal(word, view_from_string(types[i])))
			return i;
	return (unsigned)number_of(word);
}

static void put_frame(struct buf *out, struct view text)
{
	struct buf payload;
	struct view head, word;
	unsigned flags = 0;
	buf_init(&payload, 1 << 16);
	bool has_head = view_next(&text, ':', &head);
	assert_true(has_head);
	while (view_next(&text, ' ', &word))
		if (word.len)
			put_word(&payload, word);
	view_next(&head, ' ', &word);
	unsigned type = type_of(word);
	view_next(&head, ' ', &word);
	uint32_t stream = (uint32_t)number_of(word);
	while (view_next(&head, ' ', &word))
		flags |= flag_of(word);
	buf_append_u8(out, (uint8_t)(payload.len >> 16));
	buf_append_u16(out, (uint16_t)payload.len);
	buf_append_u8(out, (uint8_t)type);
	buf_append_u8(out, (uint8_t)flags);
	buf_append_u32(out, stream);
	buf_append(out, buf_view(&payload));
	buf_done(&payload);
}

/* ---- from octets to words ---- */

static uint32_t u32(const unsigned char *u)
{
	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static void tell_status(struct buf *told, nghttp2_hd_inflater *inflater, struct view block)
{
	for (;;) {
		nghttp2_nv field;
		int flags = 0;
		ssize_t taken = nghttp2_hd_inflate_hd2(
		    inflater, &field, &flags, (const uint8_t *)block.data, block.len, 1);
		assert_true(taken >= 0);
		block = view_skip(block, (size_t)taken);
		if (flags & NGHTTP2_HD_INFLATE_EMIT && field.namelen == 7 &&
		    memcmp(field.name, ":status", 7) == 0)
			buf_printf(told, " %.*s", (int)field.valuelen, (const char *)field.value);
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
	}
	nghttp2_hd_inflate_end_headers(inflater);
}

static void tell_frame(struct buf *told, nghttp2_hd_inflater *inflater, const unsigned char *u, size_t len)
{
	struct view payload = view_of((const char *)u + 9, len);
	unsigned type = u[3];
	assert_true(type < sizeof types / sizeof types[0]);
	buf_printf(told, "%s", types[type]);
	if (type != NGHTTP2_GOAWAY)
		buf_printf(told, " %u", (unsigned)u32(u + 5));
	if (type == NGHTTP2_HEADERS)
		tell_status(told, inflater, payload);
	else if (type == NGHTTP2_DATA)
		buf_printf(told, " %zu", len);
	else if ((type == NGHTTP2_SETTINGS || type == NGHTTP2_PING) && u[4] & NGHTTP2_FLAG_ACK)
		buf_append_string(told, " ack");
	if (type == NGHTTP2_PING)
		buf_printf(told, " '%.*s'", VIEW_FMT(payload));
	if (type == NGHTTP2_GOAWAY || type == NGHTTP2_RST_STREAM) {
		uint32_t code = u32(type == NGHTTP2_GOAWAY ? u + 13 : u + 9);
		assert_true(code < sizeof codes / sizeof codes[0]);
		buf_printf(told, " %s", codes[code]);
	}
	buf_append_string(told, "; ");
}

/* All that the server has said, frame by frame. */
static void tell(struct buf *told, struct view said)
{
	nghttp2_hd_inflater *inflater;
	assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
	while (said.len > 0) {
		const unsigned char *u = (const unsigned char *)said.data;
		size_t len = said.len < 9 ? SIZE_MAX : (size_t)u[0] << 16 | (size_t)u[1] << 8 | u[2];
		assert_true(said.len >= 9 && len <= said.len - 9);
		tell_frame(told, inflater, u, len);
		said = view_skip(said, 9 + len);
	}
	nghttp2_hd_inflate_del(inflater);
}

/* ---- the tests ---- */

static const struct http_server_config config = {.http2 = true, .secure = true};

/* What stands in `frames` is given to a new connection, in pieces of so many octets, and told in words. */
static bool play(const char *frames, size_t piece, struct buf *told)
{
	static struct http_world w;
	struct view left = view_from_string(frames), part, frame;
	struct buf raw;
	http_world_open(&w, &config);
	buf_init(&raw, 1 << 20);
	buf_append_string(&raw, NGHTTP2_CLIENT_MAGIC);
	buf_append(&raw, VIEW("\0\0\0\x04\0\0\0\0\0"));
	while (view_next(&left, '|', &part)) {
		while (view_next(&part, ';', &frame))
			if (view_trim(frame).len)
				put_frame(&raw, view_trim(frame));
		http_world_feed(&w, buf_view(&raw), piece);
		buf_clear(&raw);
	}
	tell(told, buf_view(&w.out));
	bool done = http_server_is_done(w.server);
	buf_append_string(told, done ? "the end" : "");
	buf_done(&raw);
	http_world_close(&w);
	return done;
}

static void each_case(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t piece = 1; piece <= 1 << 20; piece <<= 20) {
			const struct frame_case *c = &cases[i];
			struct buf told;
			buf_init(&told, 1 << 16);
			bool done = play(c->frames, piece, &told);
			const char *text = buf_string(&told);
			bool good = strstr(text, c->told) && (done || strstr(text, "GOAWAY") == NULL);
			if (!good)
				print_message(
				    "%s, %s, pieces of %zu: %s\n", c->section, c->what, piece, text);
			wrong += !good;
			buf_done(&told);
		}
	assert_int_equal(wrong, 0);
}

/* Section 3.4: the server's SETTINGS are the first that it says, and another preface ends the connection. */
static void prefaces(void **state)
{
	(void)state;
	struct http_world w = {0};
	struct buf told;
	buf_init(&told, 1 << 16);
	http_world_open(&w, &config);
	http_world_feed(&w, VIEW(NGHTTP2_CLIENT_MAGIC), 100);
	tell(&told, buf_view(&w.out));
	assert_true(view_starts(buf_view(&told), VIEW("SETTINGS 0; ")));
	http_world_close(&w);
	http_world_open(&w, &config);
	http_world_feed(&w, VIEW("INVALID CONNECTION PREFACE\r\n\r\n"), 100);
	assert_true(http_server_is_done(w.server));
	http_world_close(&w);
	buf_done(&told);
}

/* Section 5.1.2: one more stream than the server has allowed. */
static void too_many_streams(void **state)
{
	(void)state;
	struct buf frames, told;
	buf_init(&frames, 1 << 16);
	buf_init(&told, 1 << 16);
	for (unsigned i = 0; i <= HTTP_EXCHANGES_MAX; i++)
		buf_printf(&frames, "HEADERS %u end done: wait;", 1 + 2 * i);
	assert_false(play(buf_string(&frames), 1 << 20, &told));
	assert_non_null(strstr(buf_string(&told), "RST_STREAM 257 REFUSED_STREAM"));
	buf_done(&frames);
	buf_done(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case),
	    cmocka_unit_test(prefaces),
	    cmocka_unit_test(too_many_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
