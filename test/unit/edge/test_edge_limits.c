/* How many connections and messages are taken, from whom, and what is remembered of it. */
#include "../unit.h"

#include <stdio.h>

#include "edge/edge_limits.h"

static struct settings settings;
static struct edge_limits limits;
static int64_t now;

static int start(void **state)
{
	(void)state;
	settings_init(&settings);
	settings.connections_max = 100;
	settings.connections_per_address = 3;
	settings.connection_rate = 5;
	settings.messages_rate = 2;
	settings.trusted_networks = VIEW("198.51.100.0/24");
	settings.proxy_from = VIEW("203.0.113.7");
	edge_limits_init(&limits, &settings, 1);
	now = 1000000;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	edge_limits_done(&limits);
	settings.trusted_networks = settings.proxy_from = (struct view){0};
	settings_done(&settings);
	return 0;
}

static struct edge_client client_from(const char *address)
{
	struct edge_client client = {.service = SERVICE_POP3};
	assert_true(network_parse(view_from_string(address), &client.address));
	return client;
}

static bool come(struct edge_client *client, const char *address)
{
	*client = client_from(address);
	return edge_limits_admit(&limits, client, now);
}

static void one_address_has_its_share(void **state)
{
	struct edge_client a[4], b;
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(come(&a[i], "192.0.2.1"));
	assert_string_equal(a[0].text, "192.0.2.1");
	assert_false(come(&a[3], "192.0.2.1"));
	assert_true(come(&b, "192.0.2.2"));
	assert_int_equal(limits.connections, 4);
	/* Whoever goes makes room. */
	edge_limits_leave(&limits, &a[0]);
	assert_true(come(&a[3], "192.0.2.1"));
	/* The fifth within the minute was the last one. */
	edge_limits_leave(&limits, &a[1]);
	assert_true(come(&a[1], "192.0.2.1"));
	edge_limits_leave(&limits, &a[2]);
	assert_false(come(&a[2], "192.0.2.1"));
	now += EDGE_WINDOW_MS;
	assert_true(come(&a[2], "192.0.2.1"));
	assert_int_equal(limits.refused, 2);
}

static void a_network_of_ipv6_is_one(void **state)
{
	struct edge_client client;
	(void)state;
	assert_true(come(&client, "2001:db8::1"));
	assert_true(come(&client, "2001:db8::2"));
	assert_true(come(&client, "2001:db8::3"));
	assert_false(come(&client, "2001:db8::4"));
	assert_true(come(&client, "2001:db8:0:1::1"));
}

static void all_together_have_a_limit(void **state)
{
	struct edge_client client;
	char address[32];
	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "192.0.2.%d", i);
		assert_true(come(&client, address));
	}
	/* Trusted or not. */
	assert_false(come(&client, "192.0.2.200"));
	assert_false(come(&client, "198.51.100.1"));
	limits.connections_most = 100;
	settings.connections_max = 1000;
	assert_false(come(&client, "192.0.2.200"));
	assert_int_equal(limits.connections, 100);
	assert_int_equal(limits.refused, 3);
}

static void the_trusted_and_proxies_are_not_counted_out(void **state)
{
	struct edge_client client;
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(come(&client, "198.51.100.9"));
	for (int i = 0; i < 20; i++)
		assert_true(come(&client, "203.0.113.7"));
	assert_int_equal(limits.connections, 40);
}

static void a_proxy_tells_who_it_is(void **state)
{
	struct edge_client clients[4], other = client_from("192.0.2.1");
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(come(&clients[i], "203.0.113.7"));
		assert_true(edge_limits_rename(&limits, &clients[i], &other.address, now));
		assert_string_equal(clients[i].text, "192.0.2.1");
	}
	assert_true(come(&clients[3], "203.0.113.7"));
	assert_false(edge_limits_rename(&limits, &clients[3], &other.address, now));
	/* It is no more counted for anybody, and leaves like any other. */
	edge_limits_leave(&limits, &clients[3]);
	edge_limits_leave(&limits, &clients[0]);
	assert_int_equal(limits.connections, 2);
	assert_true(come(&clients[0], "192.0.2.1"));
	assert_false(come(&clients[3], "192.0.2.1"));
}

static void messages_are_counted_by_the_minute(void **state)
{
	struct edge_client client, trusted;
	(void)state;
	assert_true(come(&client, "192.0.2.1"));
	assert_true(come(&trusted, "198.51.100.1"));
	assert_true(edge_limits_count_message(&limits, &client, now));
	assert_true(edge_limits_count_message(&limits, &client, now));
	assert_false(edge_limits_count_message(&limits, &client, now));
	for (int i = 0; i < 10; i++)
		assert_true(edge_limits_count_message(&limits, &trusted, now));
	assert_true(edge_limits_count_message(&limits, &client, now + EDGE_WINDOW_MS));
}

static void whoever_has_gone_is_forgotten(void **state)
{
	struct edge_client stays, client;
	char address[32];
	(void)state;
	assert_true(come(&stays, "192.0.2.250"));
	for (int i = 0; i < 99; i++) {
		snprintf(address, sizeof address, "192.0.2.%d", i);
		assert_true(come(&client, address));
		edge_limits_leave(&limits, &client);
	}
	edge_limits_sweep(&limits, now + EDGE_WINDOW_MS - 1);
	assert_int_equal(limits.clients.count, 100);
	edge_limits_sweep(&limits, now + EDGE_WINDOW_MS);
	assert_int_equal(limits.clients.count, 1);
	edge_limits_leave(&limits, &stays);
	edge_limits_sweep(&limits, now + EDGE_WINDOW_MS);
	assert_int_equal(limits.clients.count, 0);
	assert_int_equal(limits.connections, 0);
}

static void a_crowd_is_noticed_when_it_has_gone(void **state)
{
	struct edge_client clients[100];
	size_t left = 100;
	unsigned noticed = 0;
	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_true(come(&clients[i], "198.51.100.1"));
	assert_false(edge_limits_crowd_has_gone(&limits));
	while (left > 0) {
		edge_limits_leave(&limits, &clients[--left]);
		if (edge_limits_crowd_has_gone(&limits))
			noticed += left == 50;
		else
			assert_int_not_equal(left, 50);
	}
	/* The fifty that were left are no crowd. */
	assert_int_equal(noticed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_address_has_its_share, start, stop),
	    cmocka_unit_test_setup_teardown(a_network_of_ipv6_is_one, start, stop),
	    cmocka_unit_test_setup_teardown(all_together_have_a_limit, start, stop),
	    cmocka_unit_test_setup_teardown(the_trusted_and_proxies_are_not_counted_out, start, stop),
	    cmocka_unit_test_setup_teardown(a_proxy_tells_who_it_is, start, stop),
	    cmocka_unit_test_setup_teardown(messages_are_counted_by_the_minute, start, stop),
	    cmocka_unit_test_setup_teardown(a_crowd_is_noticed_when_it_has_gone, start, stop),
	    cmocka_unit_test_setup_teardown(whoever_has_gone_is_forgotten, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
