/* A destination by itself: store is a table of what it was told, the host a listener on loopback. */
#include "relay_world.h"

#include <stdio.h>
#include <unistd.h>

#include "format/outcome.h"
#include "role/relay/relay_destination.h"
#include "role/relay/relay_host.h"
#include "role/relay/relay_place.h"

enum { NUMBER = 7, ROUNDS = 20 /* of the loop, in which nothing happens */ };

static struct relay_lease others[RELAY_DESTINATIONS_MAX];

static void ignore_message(struct relay_lease *l, const struct message_queue_message *m)
{
	(void)l;
	(void)m;
}

static void ignore_taken(struct relay_lease *l, const struct message_queue_taken *m)
{
	(void)l;
	(void)m;
}

static void ignore(struct relay_lease *l)
{
	(void)l;
}

static const struct relay_lease_functions nobody = {
    .message = ignore_message, .taken = ignore_taken, .more = ignore, .drain = ignore, .lost = ignore};

static void begin_others(size_t count)
{
	for (size_t i = 0; i < count; i++)
		relay_lease_begin(&others[i], 1000 + i, &nobody);
}

static int start(void **state)
{
	static char route[100];
	relay_world_start(state);
	snprintf(route, sizeof route, "* smtp:127.0.0.1:%d", relay_world.port);
	relay_world.process.settings.routes = view_from_string(route);
	relay_world.process.settings.queue_retry_min = 1;
	return 0;
}

static int stop(void **state)
{
	relay_queue_forget();
	relay_hosts_quit();
	for (int i = 0; i < 10; i++)
		relay_world_turn();
	return relay_world_stop(state);
}

static void open_as(uint64_t number, bool asked)
{
	struct message_queue_destination m = {.number = number, .name = VIEW("example.net"), .asked = asked};
	relay_destination_open(&m);
}

static void open_destination(void)
{
	open_as(NUMBER, false);
}

/* Store gives what it was asked for. */
static void give_to(uint64_t number, const char *sender)
{
	struct message_queue_message m = relay_world_message(number, "aaaaaaaaaaaa", sender);
	struct message_queue_taken taken = {.number = number, .count = 1};
	relay_world_until(&relay_world.takes, 1);
	relay_world_tell(MESSAGE_QUEUE_MESSAGE, &m);
	relay_world_tell(MESSAGE_QUEUE_TAKEN, &taken);
}

static void give(const char *sender)
{
	give_to(NUMBER, sender);
}

static void a_message_goes_to_the_host(void **state)
{
	(void)state;
	open_destination();
	int fd = relay_world_accept();
	relay_world_greet(fd);
	give("alice@example.test");
	relay_world_receive(fd, "alice@example.test", "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 1);
	assert_int_equal(relay_world.result.verdict, QUEUE_RELAYED);
	close(fd);
}

static void without_a_host_it_goes_back(void **state)
{
	(void)state;
	relay_world_refuse();
	open_destination();
	relay_world_until(&relay_world.rests, 1);
	assert_int_equal(relay_world.rest_number, NUMBER);
	assert_int_equal(relay_world.rest_how, REST_FAILED);
	assert_non_null(strstr(relay_world.words, "4.4.1 no connection to"));
	assert_int_equal(relay_queue_leases(), 0);
}

/* An administrator who has mended a host and asks for an attempt need not wait until the host counts as dead
 * no longer. */
static void an_attempt_that_is_asked_for_is_made(void **state)
{
	(void)state;
	relay_world_refuse();
	open_destination();
	relay_world_until(&relay_world.rests, 1);
	relay_world_return();
	open_as(NUMBER + 1, false);
	relay_world_until(&relay_world.rests, 2);
	assert_int_equal(relay_world.rest_how, REST_FAILED);
	open_as(NUMBER + 2, true);
	int fd = relay_world_accept();
	relay_world_greet(fd);
	give_to(NUMBER + 2, "alice@example.test");
	relay_world_receive(fd, "alice@example.test", "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 1);
	assert_int_equal(relay_world.result.verdict, QUEUE_RELAYED);
	close(fd);
}

/* Reports to a host for which there is no place make room for others when half of the room is used. */
static void reports_make_room(void **state)
{
	(void)state;
	share_limit(&relay_shares.all, 0);
	begin_others(RELAY_DESTINATIONS_MAX / 2);
	open_destination();
	give("");
	relay_world_until(&relay_world.rests, 1);
	assert_int_equal(relay_world.rest_number, NUMBER);
	assert_int_equal(relay_world.rest_how, REST_LATER);
	assert_int_equal(relay_world.rest_seconds, RELAY_ROOM_SECONDS);
	assert_int_equal(relay_queue_leases(), RELAY_DESTINATIONS_MAX / 2);
}

static void wait_in_vain(const char *sender)
{
	share_limit(&relay_shares.all, 0);
	open_destination();
	give(sender);
	for (int i = 0; i < ROUNDS; i++)
		relay_world_turn();
	assert_int_equal(relay_world.rests, 0);
	/* It is there still, and goes when there is a place. */
	share_limit(&relay_shares.all, 10);
	int fd = relay_world_accept();
	relay_world_greet(fd);
	relay_world_receive(fd, sender, "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 1);
	close(fd);
}

static void other_mail_keeps_its_place(void **state)
{
	(void)state;
	begin_others(RELAY_DESTINATIONS_MAX / 2);
	wait_in_vain("alice@example.test");
}

static void reports_wait_while_there_is_room(void **state)
{
	(void)state;
	begin_others(RELAY_DESTINATIONS_MAX / 2 - 1);
	wait_in_vain("");
}

/* The server stops; the last message's connection is lost, and with it the destination goes, the last user of
 * its host: which is told of its connection's end all the same. */
static void the_last_message_is_lost_while_the_server_stops(void **state)
{
	(void)state;
	open_destination();
	int fd = relay_world_accept();
	relay_world_greet(fd);
	give("alice@example.test");
	relay_world_hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	relay_role.draining = true;
	relay_queue_drain();
	assert_int_equal(relay_world.rests, 0);
	close(fd);
	relay_world_until(&relay_world.rests, 1);
	assert_int_equal(relay_world.rest_how, REST_LATER);
	assert_int_equal(relay_world.outcomes, 0);
	for (int i = 0; i < ROUNDS; i++)
		relay_world_turn();
	assert_int_equal(relay_role.under_way, 0);
}

static void give_another(const char *id)
{
	struct message_queue_message m = relay_world_message(NUMBER, id, "alice@example.test");
	relay_world_tell(MESSAGE_QUEUE_MESSAGE, &m);
}

/* Two messages are under way and two wait for the same host when the server stops: the one that is done first
 * brings no new connection, which would be there for nothing. */
static void a_stop_makes_no_connections(void **state)
{
	static const char envelope[] =
	    "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n";
	(void)state;
	relay_world.process.settings.destination_connections = 2;
	open_destination();
	int first = relay_world_accept();
	relay_world_greet(first);
	give_another("bbbbbbbbbbbb");
	give_another("cccccccccccc");
	give_another("dddddddddddd");
	give("alice@example.test");
	relay_world_hear(first, envelope);
	int second = relay_world_accept();
	relay_world_greet(second);
	relay_world_hear(second, envelope);
	relay_role.draining = true;
	relay_queue_drain();
	relay_world_say(first, "250 ok\r\n250 ok\r\n354 go\r\n");
	relay_world_hear(first, "x\r\n.\r\n");
	relay_world_say(first, "250 kept\r\n");
	relay_world_until(&relay_world.outcomes, 1);
	relay_world_hear(first, "QUIT\r\n");
	close(first);
	for (int i = 0; i < ROUNDS; i++)
		relay_world_turn();
	assert_false(relay_world_is_called());
	close(second);
	relay_world_until(&relay_world.rests, 1);
	assert_int_equal(relay_world.rest_how, REST_LATER);
}

/* Forwarded mail never goes under its own sender because keys, which rewrites it, ended meanwhile. */
static void without_keys_forwarded_mail_waits(void **state)
{
	int keys[2];
	(void)state;
	assert_int_equal(channel_pair(keys), 0);
	calls_link(&relay_role.keys, &relay_world.process, keys[0], ROLE_KEYS);
	struct message_queue_message m = relay_world_message(NUMBER, "aaaaaaaaaaaa", "alice@example.test");
	struct message_queue_recipient bob = *(struct message_queue_recipient *)m.recipients.items;
	struct message_queue_taken taken = {.number = NUMBER, .count = 1};
	bob.forwarder = VIEW("list@here.example.test");
	m.recipients.items = &bob;
	open_destination();
	int fd = relay_world_accept();
	relay_world_greet(fd);
	relay_world_until(&relay_world.takes, 1);
	relay_world_tell(MESSAGE_QUEUE_MESSAGE, &m);
	relay_world_tell(MESSAGE_QUEUE_TAKEN, &taken);
	while (relay_role.keys.pending.count == 0)
		relay_world_turn();
	assert_int_equal(relay_world.outcomes, 0);
	close(keys[1]);
	relay_world_until(&relay_world.outcomes, 1);
	assert_int_equal(relay_world.result.verdict, QUEUE_UNTRIED);
	close(fd);
}

/* Store handed it out before it knew. */
static void one_that_comes_while_the_server_stops_goes_back(void **state)
{
	(void)state;
	relay_role.draining = true;
	open_destination();
	relay_world_until(&relay_world.rests, 1);
	assert_int_equal(relay_world.rest_number, NUMBER);
	assert_int_equal(relay_world.rest_how, REST_LATER);
	for (int i = 0; i < ROUNDS; i++)
		relay_world_turn();
	assert_int_equal(relay_role.under_way, 0);
	assert_false(relay_world_is_called());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_message_goes_to_the_host, start, stop),
	    cmocka_unit_test_setup_teardown(without_a_host_it_goes_back, start, stop),
	    cmocka_unit_test_setup_teardown(an_attempt_that_is_asked_for_is_made, start, stop),
	    cmocka_unit_test_setup_teardown(reports_make_room, start, stop),
	    cmocka_unit_test_setup_teardown(other_mail_keeps_its_place, start, stop),
	    cmocka_unit_test_setup_teardown(reports_wait_while_there_is_room, start, stop),
	    cmocka_unit_test_setup_teardown(the_last_message_is_lost_while_the_server_stops, start, stop),
	    cmocka_unit_test_setup_teardown(a_stop_makes_no_connections, start, stop),
	    cmocka_unit_test_setup_teardown(without_keys_forwarded_mail_waits, start, stop),
	    cmocka_unit_test_setup_teardown(one_that_comes_while_the_server_stops_goes_back, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
