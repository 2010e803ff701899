/* One connection by itself: its host is a table of functions in this test. */
#include "relay_world.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/outcome.h"
#include "role/relay/relay_connection.h"
#include "role/relay/relay_idle.h"
#include "role/relay/relay_transaction.h"

static struct host {
	struct relay_connections connections;
	struct share_claim claim;
	struct relay_message *messages[4];
	size_t message_count;
	bool endless; /* there is always one more */
	unsigned ready, succeeded, failed, leaves, gone, finished;
	struct relay_message *again; /* came back */
	char why[300];
} host;

static void on_finished(void *arg, struct relay_message *again)
{
	(void)arg;
	host.finished += again == NULL;
	host.again = again;
}

static const struct relay_message_owner message_owner = {.finished = on_finished};

static void add_message(const char *id)
{
	struct message_queue_message m = relay_world_message(1, id, "alice@example.test");
	host.messages[host.message_count++] = relay_message_new("example.net", &m, &message_owner, NULL);
}

static struct relay_message *next(void *arg)
{
	(void)arg;
	if (host.endless)
		add_message("aaaaaaaaaaaa");
	return host.message_count ? host.messages[--host.message_count] : NULL;
}

static void on_ready(void *arg)
{
	(void)arg;
	host.ready++;
}

static void on_succeeded(void *arg)
{
	(void)arg;
	host.succeeded++;
}

static void on_failed(void *arg, const struct relay_reason *why)
{
	(void)arg;
	host.failed++;
	snprintf(host.why, sizeof host.why, "%s %s %s", why->status, why->stage, why->text);
}

static void on_leaves(void *arg)
{
	(void)arg;
	host.leaves++;
}

static void on_gone(void *arg)
{
	(void)arg;
	host.gone++;
}

static const struct relay_connection_owner owner = {.next = next,
    .ready = on_ready,
    .succeeded = on_succeeded,
    .failed = on_failed,
    .leaves = on_leaves,
    .gone = on_gone};

static struct relay_endpoint *endpoint;

static int start(void **state)
{
	relay_world_start(state);
	host = (struct host){0};
	endpoint = relay_world_endpoint();
	host.claim.shares[0] = &relay_shares.all;
	host.claim.share_count = 1;
	host.connections =
	    (struct relay_connections){.owner = &owner, .endpoint = endpoint, .claim = &host.claim};
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host.connections.count, 0);
	assert_int_equal(host.connections.connecting, 0);
	assert_null(host.connections.idle);
	relay_message_free(host.again);
	relay_endpoint_free(endpoint);
	return relay_world_stop(state);
}

static int open_one(void)
{
	assert_true(share_take(&host.claim));
	relay_connection_open(&host.connections);
	return relay_world_accept();
}

static void carries_messages_until_it_is_told_to_quit(void **state)
{
	(void)state;
	add_message("aaaaaaaaaaaa");
	add_message("bbbbbbbbbbbb");
	int fd = open_one();
	assert_int_equal(host.connections.connecting, 1);
	relay_world_greet(fd);
	relay_world_receive(fd, "alice@example.test", "250 2.0.0 kept\r\n");
	relay_world_receive(fd, "alice@example.test", "550 5.7.1 not that one\r\n");
	relay_world_until(&relay_world.outcomes, 2);
	assert_int_equal(relay_world.result.verdict, QUEUE_FAILED);
	assert_string_equal(relay_world.words, "5.7.1 550 5.7.1 not that one");
	assert_string_equal(relay_world.host, "host.example.net");
	assert_int_equal(host.ready, 1);
	assert_int_equal(host.succeeded, 1);
	assert_int_equal(host.finished, 2);
	while (host.connections.idle == NULL)
		relay_world_turn();
	relay_connections_quit(&host.connections);
	relay_world_hear(fd, "QUIT\r\n");
	relay_world_say(fd, "221 bye\r\n");
	relay_world_until(&host.gone, 1);
	assert_int_equal(host.failed, 0);
	close(fd);
}

static void tells_why_nobody_is_there(void **state)
{
	(void)state;
	relay_world_refuse();
	assert_true(share_take(&host.claim));
	relay_connection_open(&host.connections);
	relay_world_until(&host.gone, 1);
	assert_int_equal(host.failed, 1);
	assert_int_equal(host.ready, 0);
	assert_non_null(strstr(host.why, "4.4.1 connect no connection to 127.0.0.1:"));
}

static void tells_what_the_host_said(void **state)
{
	(void)state;
	int fd = open_one();
	relay_world_say(fd, "554 5.7.1 go away\r\n");
	relay_world_until(&host.gone, 1);
	assert_int_equal(host.failed, 1);
	assert_non_null(strstr(host.why, "554 5.7.1 go away"));
	close(fd);
}

/* Two losses bring the message back; the third one defers it. */
static void a_message_has_three_attempts(void **state)
{
	(void)state;
	add_message("aaaaaaaaaaaa");
	for (unsigned i = 1; i <= RELAY_TRIES_MAX; i++) {
		int fd = open_one();
		relay_world_greet(fd);
		relay_world_hear(
		    fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
		close(fd);
		relay_world_until(&host.gone, i);
		assert_int_equal(host.failed, i);
		if (i == RELAY_TRIES_MAX)
			break;
		assert_int_equal(relay_world.outcomes, 0);
		assert_non_null(host.again);
		assert_int_equal(host.again->tries, i);
		host.messages[host.message_count++] = host.again;
		host.again = NULL;
	}
	relay_world_until(&relay_world.outcomes, 1);
	assert_int_equal(relay_world.result.verdict, QUEUE_DEFERRED);
	assert_int_equal(relay_world.result.cause, TROUBLE_LOST);
	assert_int_equal(host.finished, 1);
}

/* Where TLS need not be, a handshake that fails is nothing against the host: the next connection is in clear.
 */
static void broken_tls_is_avoided(void **state)
{
	(void)state;
	int fd = open_one();
	relay_world_say(fd, "220 host.example.net ESMTP\r\n");
	relay_world_hear(fd, "EHLO relay.example.test\r\n");
	relay_world_say(fd, "250-host.example.net\r\n250 STARTTLS\r\n");
	relay_world_hear(fd, "STARTTLS\r\n");
	relay_world_say(fd, "220 go\r\n");
	relay_world_say(fd, "this is no handshake\r\n");
	relay_world_until(&host.gone, 1);
	assert_int_equal(host.failed, 0);
	assert_true(host.connections.clear_until > clock_monotonic_ms());
	close(fd);
	add_message("aaaaaaaaaaaa");
	fd = open_one();
	relay_world_say(fd, "220 host.example.net ESMTP\r\n");
	relay_world_hear(fd, "EHLO relay.example.test\r\n");
	relay_world_say(fd, "250-host.example.net\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
	relay_world_receive(fd, "alice@example.test", "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 1);
	close(fd);
	relay_world_until(&host.gone, 2);
	assert_int_equal(host.failed, 0);
}

static void on_granted(void *arg)
{
	++*(unsigned *)arg;
}

/* Others wait for its only share: without work it goes after half a second, and they get its place. */
static void an_idle_one_makes_room(void **state)
{
	unsigned granted = 0;
	struct share_claim other = {
	    .granted = on_granted, .arg = &granted, .shares = {&relay_shares.all}, .share_count = 1};
	(void)state;
	share_limit(&relay_shares.all, 1);
	int fd = open_one();
	relay_world_greet(fd);
	while (host.connections.idle == NULL)
		relay_world_turn();
	assert_false(share_take(&other));
	relay_idle_spare(&relay_shares.all);
	relay_world_hear(fd, "QUIT\r\n");
	relay_world_say(fd, "221 bye\r\n");
	relay_world_until(&granted, 1);
	assert_int_equal(host.gone, 1);
	share_give_back(other.shares, 1);
	close(fd);
}

/* Others wait, and it has carried so many messages: it says goodbye though there are more. */
static void its_turn_ends(void **state)
{
	unsigned granted = 0;
	struct share_claim other = {
	    .granted = on_granted, .arg = &granted, .shares = {&relay_shares.all}, .share_count = 1};
	(void)state;
	share_limit(&relay_shares.all, 1);
	host.endless = true;
	int fd = open_one();
	assert_false(share_take(&other));
	relay_world_greet(fd);
	for (unsigned i = 1; i <= RELAY_TURN_MESSAGES; i++)
		relay_world_receive(fd, "alice@example.test", "250 kept\r\n");
	relay_world_hear(fd, "QUIT\r\n");
	assert_int_equal(host.leaves, 1);
	close(fd);
	relay_world_until(&granted, 1);
	share_give_back(other.shares, 1);
	assert_int_equal(relay_world.outcomes, RELAY_TURN_MESSAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(carries_messages_until_it_is_told_to_quit, start, stop),
	    cmocka_unit_test_setup_teardown(tells_why_nobody_is_there, start, stop),
	    cmocka_unit_test_setup_teardown(tells_what_the_host_said, start, stop),
	    cmocka_unit_test_setup_teardown(a_message_has_three_attempts, start, stop),
	    cmocka_unit_test_setup_teardown(broken_tls_is_avoided, start, stop),
	    cmocka_unit_test_setup_teardown(an_idle_one_makes_room, start, stop),
	    cmocka_unit_test_setup_teardown(its_turn_ends, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
