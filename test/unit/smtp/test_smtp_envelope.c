/* An envelope that finds no room any more: told as such, whatever part it was that did not fit, and the rest
 * goes on. */
#include "../unit.h"

#include "base/buf.h"
#include "smtp/smtp_private.h"

static struct smtp_session *session;
static struct buf out;

static void accept_all(void *arg, enum smtp_stage stage, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	static const struct smtp_verdict accept = {.kind = SMTP_ACCEPT};
	(void)arg;
	(void)stage;
	(void)envelope;
	(void)recipient;
	smtp_checked(session, &accept);
}

static const char *const *no_mechanisms(bool secure)
{
	static const char *const none[] = {NULL};
	(void)secure;
	return none;
}

static const struct smtp_backend backend = {.check = accept_all};

static const char *say(const char *command)
{
	buf_clear(&out);
	assert_int_equal(smtp_feed(session, view_from_string(command)), strlen(command));
	return buf_string(&out);
}

static int start(void **state)
{
	struct smtp_config config = {.kind = SMTP_RELAY,
	    .hostname = VIEW("mx.example.test"),
	    .client_address = VIEW("192.0.2.1"),
	    .id = VIEW("id"),
	    .mechanisms = no_mechanisms(false),
	    .announced = no_mechanisms,
	    .size_max = 1 << 20,
	    .recipients_max = 100,
	    .received_max = 100,
	    .errors_max = 100};
	(void)state;
	buf_init(&out, 1 << 20);
	session = smtp_session_new(&config, &backend, NULL, &out);
	smtp_start(session);
	say("EHLO client.test\r\n");
	assert_memory_equal(say("MAIL FROM:<a@else.test>\r\n"), "250", 3);
	assert_memory_equal(say("RCPT TO:<first@example.test>\r\n"), "250", 3);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	smtp_session_free(session);
	buf_done(&out);
	return 0;
}

static void tells_when_there_is_no_room(void **state)
{
	(void)state;
	static const char *const commands[] = {
	    "RCPT TO:<another.recipient.with.a.long.name@example.test>\r\n",
	    "RCPT TO:<\"quoted local part\"@example.test>\r\n",
	    "RCPT TO:<b@example.test> ORCPT=rfc822;somebody.with.a.long.address@example.test\r\n",
	    "RCPT TO:<b@example.test> NOTIFY=SUCCESS,FAILURE,DELAY\r\n",
	};
	size_t before = session->arena.used, max = session->arena.max;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		session->arena.max = session->arena.used;
		assert_memory_equal(say(commands[i]), "452 4.5.3 ", 10);
		/* What is wrong besides is told as before. */
		assert_memory_equal(say("RCPT TO:nobody\r\n"), "501 5.1.3 ", 10);
		session->arena.max = max;
		assert_memory_equal(say(commands[i]), "250", 3);
	}
	assert_int_equal(session->envelope.count, 1 + sizeof commands / sizeof commands[0]);
	assert_true(session->arena.used > before);
	assert_int_equal(session->arena.max, max);
}

/* At whichever of its allocations a command is cut: one reply, and it is 452. */
static void replies_once_wherever_it_ends(void **state)
{
	(void)state;
	size_t max = session->arena.max;
	for (size_t room = 0;; room += 16) {
		session->arena.max = session->arena.used + room;
		const char *reply =
		    say("RCPT TO:<\"a b\"@example.test> NOTIFY=FAILURE ORCPT=rfc822;c@example.test\r\n");
		assert_ptr_equal(strstr(reply, "\r\n"), reply + strlen(reply) - 2);
		session->arena.max = max;
		if (reply[0] == '2')
			break;
		assert_memory_equal(reply, "452 4.5.3 ", 10);
		assert_true(room < 4096);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tells_when_there_is_no_room, start, stop),
	    cmocka_unit_test_setup_teardown(replies_once_wherever_it_ends, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
