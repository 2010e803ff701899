/* A role's process as its master and its peers see it: the keys role, started in a process of its own. */
#include "../unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "process/role.h"
#include "master/roles.h"

static pid_t role;
static int control;
static struct buf in;
static struct arena arena;

static void send_to(int fd, unsigned type, const void *message, int pass)
{
	assert_int_equal(ipc_send_blocking(fd, type, 0, message, pass), 0);
	if (pass >= 0)
		close(pass);
}

static void expect(int fd, unsigned type, void *message)
{
	struct channel_frame frame;
	assert_int_equal(channel_receive_blocking(fd, &in, &frame, 20000), 0);
	assert_int_equal(frame.type, type);
	assert_int_equal(ipc_decode_as(&frame, NULL, SIZE_MAX, message, &arena), 0);
	assert_int_equal(frame.fd, -1);
}

/* The other end of a channel that the role is handed. */
static int introduce(enum role_bit peer, uint64_t number)
{
	int pair[2];
	struct message_peer m = {.role = peer, .number = number};
	assert_int_equal(channel_pair(pair), 0);
	send_to(control, MESSAGE_PEER, &m, pair[0]);
	return pair[1];
}

static int start(void **state)
{
	int pair[2];
	struct buf encoded;
	struct settings settings;
	struct message_empty none = {0};
	(void)state;
	buf_init(&in, CHANNEL_FRAME_MAX + 64);
	arena_init(&arena, 1 << 20);
	assert_int_equal(channel_pair(pair), 0);
	role = fork();
	if (role == 0) {
		close(pair[0]);
		setenv("POSTRIDER_SANDBOX", "off", 1);
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(99);
		_exit(role_run(role_by_name("keys"), pair[1]));
	}
	close(pair[1]);
	control = pair[0];
	settings_init(&settings);
	buf_init(&encoded, 1 << 20);
	assert_int_equal(settings_encode(&settings, &encoded), 0);
	send_to(control, MESSAGE_SETTINGS, &(struct message_settings){.encoded = buf_view(&encoded)}, -1);
	send_to(control, MESSAGE_START, &none, -1);
	expect(control, MESSAGE_READY, &none);
	buf_done(&encoded);
	settings_done(&settings);
	return 0;
}

static int wait_status(void)
{
	int status;
	assert_int_equal(waitpid(role, &status, 0), role);
	role = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int stop(void **state)
{
	(void)state;
	close(control);
	if (role)
		assert_int_equal(wait_status(), 0); /* without its master it ends by itself */
	buf_done(&in);
	arena_done(&arena);
	return 0;
}

static void expect_lost(enum role_bit peer, uint64_t number)
{
	struct message_peer lost;
	expect(control, MESSAGE_PEER_LOST, &lost);
	assert_int_equal(lost.role, peer);
	assert_int_equal(lost.number, number);
}

static void expect_service(int smtp)
{
	struct message_ticket_key answer;
	send_to(smtp, MESSAGE_TICKET_KEY, &(struct message_empty){0}, -1);
	expect(smtp, MESSAGE_TICKET_KEY_ANSWER, &answer);
}

static void expect_closed(int fd)
{
	char byte;
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void tells_of_a_peer_that_is_gone(void **state)
{
	(void)state;
	close(introduce(ROLE_SMTP, 7));
	expect_lost(ROLE_SMTP, 7);
	int again = introduce(ROLE_SMTP, 8);
	expect_service(again);
	close(again);
	expect_lost(ROLE_SMTP, 8);
}

static void tells_of_a_peer_that_breaks_the_rules(void **state)
{
	(void)state;
	/* A message that it may not send. */
	int smtp = introduce(ROLE_SMTP, 7);
	send_to(smtp, MESSAGE_GRANT, &(struct message_grant){0}, -1);
	expect_lost(ROLE_SMTP, 7);
	expect_closed(smtp);
	/* One that is malformed. */
	smtp = introduce(ROLE_SMTP, 8);
	assert_int_equal(channel_send_blocking(smtp, MESSAGE_SIGN, 1, VIEW("nonsense"), -1), 0);
	expect_lost(ROLE_SMTP, 8);
	expect_closed(smtp);
	/* No frame at all. */
	smtp = introduce(ROLE_SMTP, 9);
	assert_int_equal(write(smtp, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12), 12);
	expect_lost(ROLE_SMTP, 9);
	expect_closed(smtp);
	smtp = introduce(ROLE_SMTP, 10);
	expect_service(smtp);
	close(smtp);
}

/* In an upgrade: each is served, and its end is told by its own number. */
static void serves_two_processes_of_one_role(void **state)
{
	(void)state;
	int first = introduce(ROLE_SMTP, 7), second = introduce(ROLE_SMTP, 8);
	expect_service(first);
	expect_service(second);
	close(first);
	expect_lost(ROLE_SMTP, 7);
	expect_service(second);
	close(second);
	expect_lost(ROLE_SMTP, 8);
}

static void ends_at_a_master_that_talks_nonsense(void **state)
{
	(void)state;
	send_to(control, MESSAGE_SIGN, &(struct message_sign){0}, -1);
	assert_int_equal(wait_status(), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tells_of_a_peer_that_is_gone, start, stop),
	    cmocka_unit_test_setup_teardown(tells_of_a_peer_that_breaks_the_rules, start, stop),
	    cmocka_unit_test_setup_teardown(serves_two_processes_of_one_role, start, stop),
	    cmocka_unit_test_setup_teardown(ends_at_a_master_that_talks_nonsense, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
