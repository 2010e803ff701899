/* RETR and TOP: dots are stuffed at the beginnings of lines, what is binary becomes lines, however the
 * message is cut, and TOP of all is RETR. */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "format/line_ends.h"
#include "pop3/pop3_session.h"

static struct pop3_session *session;
static struct buf out;
static struct view message;
static bool binary;
static struct {
	bool wanted;
	uint64_t offset, length;
} fetch;

static void on_login(void *arg, const struct pop3_login *login)
{
	(void)arg;
	(void)login;
	pop3_logged_in(session);
}

static void on_open(void *arg)
{
	(void)arg;
	assert_true(
	    pop3_entry(session, &(struct pop3_entry){.size = message.len, .id = 1, .binary = binary}));
	pop3_opened(session, POP3_OPENED);
}

static void on_fetch(void *arg, uint32_t index, uint64_t offset, uint64_t length)
{
	(void)arg;
	assert_int_equal(index, 0);
	fetch.wanted = true;
	fetch.offset = offset;
	fetch.length = length;
}

static void on_close(void *arg)
{
	(void)arg;
	fail();
}

static const struct pop3_backend backend = {
    .login = on_login, .open = on_open, .fetch = on_fetch, .close = on_close};

static const char *const *no_mechanisms(bool secure)
{
	static const char *const none[] = {NULL};
	(void)secure;
	return none;
}

static void say(const char *command)
{
	buf_clear(&out);
	assert_int_equal(pop3_feed(session, view_from_string(command)), strlen(command));
}

static void open_maildrop(struct view with)
{
	struct pop3_config config = {.hostname = VIEW("pop.example.test"),
	    .errors_max = 20,
	    .mechanisms = no_mechanisms(false),
	    .announced = no_mechanisms,
	    .secure = true,
	    .clear_login = true};
	message = with;
	buf_init(&out, 1 << 20);
	session = pop3_session_new(&config, &backend, NULL, &out);
	say("USER a\r\n");
	say("PASS b\r\n");
}

static void close_maildrop(void)
{
	pop3_session_free(session);
	buf_done(&out);
}

/* The command's reply without its first line; the message comes in pieces of at most `piece` bytes, or of
 * random ones. */
static const char *reply_to(const char *command, size_t piece)
{
	say(command);
	while (fetch.wanted) {
		struct view rest = view_skip(message, fetch.offset);
		rest = view_take(rest, fetch.length < rest.len ? (size_t)fetch.length : rest.len);
		fetch.wanted = false;
		do {
			size_t len = piece ? piece : 1 + (size_t)rand() % 3;
			struct view part = view_take(rest, len);
			rest = view_skip(rest, len);
			pop3_piece(session, part, rest.len == 0, 0);
		} while (rest.len > 0);
	}
	const char *text = buf_string(&out);
	assert_memory_equal(text, "+OK", 3);
	return strchr(text, '\n') + 1;
}

static void expect_view(struct view with, const char *command, const char *expected)
{
	open_maildrop(with);
	for (size_t piece = 1; piece < 6; piece++)
		assert_string_equal(reply_to(command, piece), expected);
	close_maildrop();
}

static void expect(const char *with, const char *command, const char *expected)
{
	expect_view(view_from_string(with), command, expected);
}

static const char *const both[] = {"RETR 1\r\n", "TOP 1 100\r\n"};

static void stuffs_dots(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		binary = i >= 2;
		expect(".a: b\r\n\r\n.c\r\n..\r\n", both[i % 2], "..a: b\r\n\r\n..c\r\n...\r\n.\r\n");
		expect("a: b\r\n\r\nc", both[i % 2], "a: b\r\n\r\nc\r\n.\r\n");
		expect("a: b\r\n\r\n.", both[i % 2], "a: b\r\n\r\n..\r\n.\r\n");
	}
	binary = false;
}

/* RFC 1939 section 3: lines end in CR LF. Else a program that ends them at LF would take the sender's words
 * for ours. */
static void makes_lines_of_what_is_binary(void **state)
{
	(void)state;
	binary = true;
	for (size_t i = 0; i < 2; i++) {
		expect("a: b\r\n\r\nc\n.d\r.e\r\n.f\r\n", both[i],
		    "a: b\r\n\r\nc\r\n..d\r\n..e\r\n..f\r\n.\r\n");
		expect("a: b\n\n.c\n.\n", both[i], "a: b\r\n\r\n..c\r\n..\r\n.\r\n");
		expect("a: b\r\n\r\nc\r", both[i], "a: b\r\n\r\nc\r\n.\r\n");
		expect_view(VIEW("a: b\r\n\r\n\0.\r\n\0"), both[i], "a: b\r\n\r\n?.\r\n?\r\n.\r\n");
	}
	expect("a: b\r\n\r\n1\n.2\n3\r\n", "TOP 1 2\r\n", "a: b\r\n\r\n1\r\n..2\r\n.\r\n");
	expect("a: b\n\n1\n", "TOP 1 0\r\n", "a: b\r\n\r\n.\r\n");
	expect("a: b\r\r1\r2\r", "TOP 1 1\r\n", "a: b\r\n\r\n1\r\n.\r\n");
	binary = false;
}

static void top_ends_after_its_lines(void **state)
{
	(void)state;
	expect("a: b\r\n\r\n.1\r\n2\r\n", "TOP 1 0\r\n", "a: b\r\n\r\n.\r\n");
	expect("a: b\r\n\r\n.1\r\n2\r\n", "TOP 1 1\r\n", "a: b\r\n\r\n..1\r\n.\r\n");
}

/* A message whose length is a whole number of the pieces that TOP asks for: the next one is empty, and the
 * end. */
static void top_of_whole_pieces_ends(void **state)
{
	(void)state;
	char *text = malloc(2 * POP3_TOP_PIECE);
	assert_non_null(text);
	memset(text, 'x', 2 * POP3_TOP_PIECE);
	memcpy(text, "a: b\r\n\r\n", 8);
	open_maildrop(view_of(text, 2 * POP3_TOP_PIECE));
	assert_int_equal(strlen(reply_to("TOP 1 10\r\n", 10000)), 2 * POP3_TOP_PIECE + 5);
	close_maildrop();
	free(text);
}

/* Octets of a reply that LIST speaks of: without its last line, and without the dots that were doubled. */
static size_t octets(const char *reply)
{
	size_t len = strlen(reply) - 3, dots = 0;
	for (size_t i = 0; i < len; i++)
		dots += reply[i] == '.' && (i == 0 || reply[i - 1] == '\n');
	return len - dots;
}

static void top_of_all_is_retr(void **state)
{
	(void)state;
	static const char alphabet[] = "\r\n.x\r\n.";
	char text[40];
	srand(1);
	for (int round = 0; round < 3000; round++) {
		size_t len = 1 + (size_t)rand() % sizeof text;
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
		binary = round % 2;
		open_maildrop(view_of(text, len));
		char *whole = strdup(reply_to("RETR 1\r\n", SIZE_MAX));
		struct line_ends ends = {0};
		line_ends_feed(&ends, message);
		if (binary)
			assert_int_equal(octets(whole), len + line_ends_growth(&ends));
		assert_string_equal(reply_to("RETR 1\r\n", 0), whole);
		assert_string_equal(reply_to("TOP 1 4000\r\n", SIZE_MAX), whole);
		assert_string_equal(reply_to("TOP 1 4000\r\n", 0), whole);
		free(whole);
		close_maildrop();
	}
	binary = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stuffs_dots),
	    cmocka_unit_test(makes_lines_of_what_is_binary),
	    cmocka_unit_test(top_of_whole_pieces_ends),
	    cmocka_unit_test(top_ends_after_its_lines),
	    cmocka_unit_test(top_of_all_is_retr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
