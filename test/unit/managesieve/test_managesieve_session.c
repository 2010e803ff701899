/* What no transcript shows: how a large script goes to store and comes back, answers that come too late, no
 * memory, and a client that takes nothing. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mail.h"
#include "managesieve/managesieve_session.h"

enum { ASKED_MAX = 16 };

static struct {
	struct managesieve_session *session;
	struct buf out;
	size_t count;
	struct {
		uint32_t request;
		unsigned type;
	} asked[ASKED_MAX];
	struct buf text; /* of pieces, one behind the other */
	bool closed;
} t;

static void on_login(void *arg, const struct managesieve_login *login)
{
	(void)arg;
	(void)login;
	managesieve_logged_in(t.session, VIEW("alice@example.test"));
}

static void on_ask(void *arg, uint32_t request, unsigned type, const void *question)
{
	(void)arg;
	assert_in_range(t.count, 0, ASKED_MAX - 1);
	t.asked[t.count].request = request;
	t.asked[t.count++].type = type;
	if (type == SCRIPT_PIECE) {
		struct view bytes = ((const struct script_piece *)question)->bytes;
		assert_in_range(bytes.len, 1, SCRIPT_PIECE_MAX);
		assert_int_equal(buf_append(&t.text, bytes), 0);
	}
}

static void on_logout(void *arg)
{
	(void)arg;
}

static void on_close(void *arg)
{
	(void)arg;
	t.closed = true;
}

static const struct managesieve_backend backend = {
    .login = on_login, .ask = on_ask, .logout_account = on_logout, .close = on_close};

static const char *const *mechanisms(bool secure)
{
	static const char *const all[] = {"PLAIN", NULL};
	(void)secure;
	return all;
}

static size_t say(const char *words)
{
	return managesieve_feed(t.session, view_from_string(words));
}

static void heard(const char *words)
{
	struct view said = buf_view(&t.out);
	if (!view_equal(said, view_from_string(words)))
		fail_msg("said '%.*s', not '%s'", VIEW_FMT(said), words);
	buf_clear(&t.out);
}

static void done(int error)
{
	managesieve_answer(
	    t.session, t.asked[t.count - 1].request, MAIL_DONE, &(struct mail_done){.error = error});
}

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	buf_init(&t.out, 8 << 20);
	buf_init(&t.text, 2 << 20);
	struct managesieve_config config = {.hostname = VIEW("mail.example.test"),
	    .mechanisms = mechanisms(true),
	    .announced = mechanisms,
	    .secure = true,
	    .errors_max = 20};
	t.session = managesieve_session_new(&config, &backend, NULL, &t.out);
	say("AUTHENTICATE \"PLAIN\" \"AGEAYg==\"\r\n");
	buf_clear(&t.out);
	return 0;
}

static int end(void **state)
{
	(void)state;
	managesieve_session_free(t.session);
	buf_done(&t.out);
	buf_done(&t.text);
	return 0;
}

/* A script of 1 MB: four pieces under the number of the question behind them. */
static void a_large_script_goes_in_pieces(void **state)
{
	(void)state;
	char *script = mem_array(SCRIPT_SIZE_MAX, 1), head[64];
	memset(script, '#', SCRIPT_SIZE_MAX);
	snprintf(head, sizeof head, "PUTSCRIPT \"a\" {%d+}\r\n", SCRIPT_SIZE_MAX);
	say(head);
	assert_int_equal(managesieve_feed(t.session, view_of(script, SCRIPT_SIZE_MAX)), SCRIPT_SIZE_MAX);
	assert_int_equal(t.count, 0);
	say("\r\n");
	assert_int_equal(t.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(t.asked[i].type, i < 4 ? SCRIPT_PIECE : SCRIPT_PUT);
		assert_int_equal(t.asked[i].request, t.asked[4].request);
	}
	assert_true(view_equal(buf_view(&t.text), view_of(script, SCRIPT_SIZE_MAX)));
	/* Nothing more is taken meanwhile. */
	assert_true(managesieve_is_busy(t.session));
	assert_int_equal(say("NOOP\r\n"), 0);
	done(0);
	heard("OK \"the script is stored\"\r\n");
	mem_free(script);
}

static void answers_that_nobody_waits_for_are_dropped(void **state)
{
	(void)state;
	struct script_entry entry = {.number = 1, .name = VIEW("a"), .size = 5};
	managesieve_answer(t.session, 1, MAIL_DONE, &(struct mail_done){0});
	heard("");
	say("LISTSCRIPTS\r\n");
	managesieve_answer(t.session, t.asked[0].request + 1, SCRIPT_ENTRY, &entry);
	managesieve_answer(t.session, t.asked[0].request + 1, MAIL_DONE, &(struct mail_done){.error = -EIO});
	heard("");
	managesieve_answer(t.session, t.asked[0].request, SCRIPT_ENTRY, &entry);
	done(0);
	heard("\"a\"\r\nOK \"these are the scripts\"\r\n");
	done(0);
	heard("");
	/* What is left of one answer is in no other: the list had no end, and is asked for again. */
	say("LISTSCRIPTS\r\n");
	managesieve_answer(t.session, t.asked[1].request, SCRIPT_ENTRY, &entry);
	done(-EIO);
	heard("NO (TRYLATER) \"this cannot be done now; try again later\"\r\n");
	say("LISTSCRIPTS\r\n");
	done(0);
	heard("OK \"these are the scripts\"\r\n");
}

/* An answer that is longer than it said, or than any script. */
static void a_script_that_is_not_what_it_said(void **state)
{
	(void)state;
	static char much[SCRIPT_PIECE_MAX];
	struct script_entry entry = {.number = 1, .name = VIEW("a"), .size = SCRIPT_SIZE_MAX};
	struct script_bytes bytes = {.bytes = view_of(much, sizeof much)};
	say("GETSCRIPT \"a\"\r\n");
	managesieve_answer(t.session, t.asked[0].request, SCRIPT_ENTRY, &entry);
	for (int i = 0; i < 5; i++)
		managesieve_answer(t.session, t.asked[0].request, SCRIPT_BYTES, &bytes);
	done(0);
	heard("NO (TRYLATER) \"this cannot be done now; try again later\"\r\n");
	say("NOOP\r\n");
	heard("OK \"nothing was done\"\r\n");
}

/* The literal is read to its end all the same, and the session goes on. */
static void no_memory_for_a_script_ends_that_command_alone(void **state)
{
	(void)state;
	static char script[200000];
	memset(script, '#', sizeof script);
	say("PUTSCRIPT \"a\" {200000+}\r\n");
	mem_fail_after(1);
	size_t taken = managesieve_feed(t.session, view_of(script, sizeof script));
	mem_fail_after(0);
	assert_int_equal(taken, sizeof script);
	say("\r\n");
	heard("NO (TRYLATER) \"there is no memory for this command now\"\r\n");
	assert_int_equal(t.count, 0);
	say("PUTSCRIPT \"a\" \"keep;\"\r\n");
	done(0);
	heard("OK \"the script is stored\"\r\n");
}

static void no_memory_for_a_line_ends_the_session(void **state)
{
	(void)state;
	mem_fail_after(1);
	say("LISTSCRIPTS\r\n");
	mem_fail_after(0);
	heard("BYE (TRYLATER) \"there is no memory for this session now\"\r\n");
	assert_true(t.closed);
	assert_int_equal(say("NOOP\r\n"), 0);
}

/* What it asked for stays with it: no further command is read while too much waits. */
static void a_client_that_takes_nothing(void **state)
{
	(void)state;
	char *filler = mem_array(MANAGESIEVE_OUTPUT_HIGH, 1);
	buf_append(&t.out, view_of(filler, MANAGESIEVE_OUTPUT_HIGH));
	mem_free(filler);
	assert_int_equal(say("NOOP\r\n"), 0);
	buf_clear(&t.out);
	assert_int_equal(say("NOOP\r\n"), 6);
	heard("OK \"nothing was done\"\r\n");
}

/* The channel is lost while a command waits, and twice; a late answer changes nothing. */
static void a_channel_that_is_lost(void **state)
{
	(void)state;
	say("LISTSCRIPTS\r\n");
	managesieve_lost(t.session);
	managesieve_lost(t.session);
	heard("BYE (TRYLATER) \"the connection to your scripts is lost; log in again in a moment\"\r\n");
	done(0);
	managesieve_bye(t.session, NULL, "again");
	heard("");
	assert_true(t.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_large_script_goes_in_pieces, begin, end),
	    cmocka_unit_test_setup_teardown(answers_that_nobody_waits_for_are_dropped, begin, end),
	    cmocka_unit_test_setup_teardown(a_script_that_is_not_what_it_said, begin, end),
	    cmocka_unit_test_setup_teardown(no_memory_for_a_script_ends_that_command_alone, begin, end),
	    cmocka_unit_test_setup_teardown(no_memory_for_a_line_ends_the_session, begin, end),
	    cmocka_unit_test_setup_teardown(a_client_that_takes_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(a_channel_that_is_lost, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
