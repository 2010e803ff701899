#include "../unit.h"

#include <stdio.h>

#include "format/header.h"
#include "format/trace.h"

static void writes_received_fields(void **state)
{
	(void)state;
	struct received r = {.helo = VIEW("client.example"),
	    .name = VIEW("host.example"),
	    .address = VIEW("192.0.2.1"),
	    .by = VIEW("mx.example.org"),
	    .with = VIEW("ESMTPS"),
	    .tls = VIEW("TLS1.3"),
	    .id = VIEW("abc"),
	    .for_ = VIEW("joe@example.org"),
	    .date = {880127706, 0, true}};
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(received_write(&out, &r), 0);
	assert_view(buf_view(&out), "Received: from client.example (host.example [192.0.2.1])\r\n\tby "
	                            "mx.example.org with ESMTPS (TLS1.3) id abc"
	                            "\r\n\tfor <joe@example.org>;\r\n\tFri, 21 Nov 1997 15:55:06 +0000\r\n");
	buf_clear(&out);
	assert_int_equal(received_write(&out, &(struct received){.by = VIEW("a")}), 0);
	assert_view(buf_view(&out), "Received: by a;\r\n\tThu, 1 Jan 1970 00:00:00 -0000\r\n");
	buf_done(&out);
}

static void lets_no_peer_write_the_trace(void **state)
{
	(void)state;
	struct received r = {.helo = VIEW("a\r\nBcc: x (y) ; z"),
	    .address = VIEW("192.0.2.1"),
	    .by = VIEW("b"),
	    .tls = VIEW("x)\r\n"),
	    .for_ = VIEW("\"a\r\n\"@b")};
	struct buf out;
	struct header_field field;
	buf_init(&out, 10000);
	assert_int_equal(received_write(&out, &r), 0);
	struct header_reader reader = header_read(buf_view(&out));
	assert_true(header_next(&reader, &field));
	assert_int_equal(field.len, buf_view(&out).len);
	assert_false(header_next(&reader, &field));
	/* Octets beyond ASCII, unless they are UTF-8 and the message is for hosts that read it. */
	static const struct {
		const char *helo, *expected;
		bool utf8;
	} names[] = {
	    {"B\xfcro-PC", "B?ro-PC", false},
	    {"B\xfcro-PC", "B?ro-PC", true},
	    {"B\xc3\xbcro-PC", "B??ro-PC", false},
	    {"B\xc3\xbcro-PC", "B\xc3\xbcro-PC", true},
	    {"My Laptop", "My?Laptop", true},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char expected[100];
		buf_clear(&out);
		r = (struct received){
		    .helo = view_from_string(names[i].helo), .by = VIEW("b"), .utf8 = names[i].utf8};
		assert_int_equal(received_write(&out, &r), 0);
		snprintf(expected, sizeof expected, "Received: from %s\r\n\tby b;\r\n", names[i].expected);
		assert_true(view_starts(buf_view(&out), view_from_string(expected)));
	}
	buf_clear(&out);
	assert_int_equal(return_path_write(&out, VIEW("")), 0);
	assert_view(buf_view(&out), "Return-Path: <>\r\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_received_fields),
	    cmocka_unit_test(lets_no_peer_write_the_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
