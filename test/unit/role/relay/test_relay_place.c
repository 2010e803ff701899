#include "../../unit.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"

static struct role_process process;

static int start(void **state)
{
	(void)state;
	relay_role.process = &process;
	relay_role.descriptors = 100000;
	process.settings.relay_connections = 1000;
	process.settings.destination_connections = 20;
	relay_places_configure();
	return 0;
}

static struct sockaddr_storage address(const char *text, unsigned port)
{
	struct sockaddr_storage a;
	assert_true(network_parse(view_from_string(text), &a));
	if (a.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&a)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)&a)->sin_port = htons((uint16_t)port);
	return a;
}

static bool same(
    const char *one, unsigned port, const char *other, unsigned other_port, enum relay_place_kind kind)
{
	struct sockaddr_storage a = address(one, port), b = address(other, other_port);
	struct relay_place *p = relay_place_use(&a, kind), *q = relay_place_use(&b, kind);
	bool result = p == q;
	relay_place_release(p);
	relay_place_release(q);
	return result;
}

static void tells_addresses_and_networks_apart(void **state)
{
	(void)state;
	assert_true(same("192.0.2.1", 25, "192.0.2.1", 25, RELAY_ADDRESS));
	assert_true(same("192.0.2.1", 25, "::ffff:192.0.2.1", 25, RELAY_ADDRESS));
	assert_false(same("192.0.2.1", 25, "192.0.2.2", 25, RELAY_ADDRESS));
	assert_false(same("192.0.2.1", 25, "192.0.2.1", 26, RELAY_ADDRESS));
	assert_true(same("192.0.2.1", 25, "192.0.2.254", 26, RELAY_NETWORK));
	assert_false(same("192.0.2.1", 25, "192.0.3.1", 25, RELAY_NETWORK));
	assert_true(same("2001:db8::1", 25, "2001:db8::ffff:2", 25, RELAY_ADDRESS));
	assert_false(same("2001:db8::1", 25, "2001:db8:0:1::1", 25, RELAY_ADDRESS));
	assert_true(same("2001:db8::1", 25, "2001:db8:0:1::1", 25, RELAY_NETWORK));
	assert_false(same("2001:db8::1", 25, "2001:db8:1::1", 25, RELAY_NETWORK));
	assert_int_equal(relay_places_count(), 0);
	struct sockaddr_storage none = {.ss_family = AF_UNIX};
	assert_null(relay_place_use(&none, RELAY_ADDRESS));
}

static void limits_follow_the_settings(void **state)
{
	(void)state;
	struct sockaddr_storage a = address("192.0.2.1", 25);
	struct relay_place *p = relay_place_use(&a, RELAY_ADDRESS), *n = relay_place_use(&a, RELAY_NETWORK);
	assert_int_equal(p->share.max, 20);
	assert_int_equal(n->share.max, 125);
	assert_int_equal(relay_shares.all.max, 1000);
	assert_int_equal(relay_shares.unproven.max, 500);
	assert_int_equal(relay_shares.unknown.max, 250);
	process.settings.relay_connections = 1;
	process.settings.destination_connections = 3;
	relay_places_configure();
	assert_int_equal(p->share.max, 3);
	assert_int_equal(n->share.max, 3);
	assert_int_equal(relay_shares.all.max, 1);
	assert_int_equal(relay_shares.unknown.max, 1);
	relay_role.descriptors = 0; /* as few as that: nobody is let in, and nothing breaks */
	relay_places_configure();
	assert_int_equal(relay_shares.all.max, 0);
	relay_place_release(p);
	relay_place_release(n);
	assert_int_equal(relay_places_count(), 0);
}

/* Who took mail is remembered, and a flood of others puts out of memory what took least. */
static void remembers_who_took_mail(void **state)
{
	char text[40];
	(void)state;
	struct sockaddr_storage a = address("192.0.2.1", 25);
	struct relay_place *p = relay_place_use(&a, RELAY_ADDRESS);
	assert_false(relay_place_is_proven(p));
	for (int i = 0; i < 99; i++)
		relay_place_took_mail(p, RELAY_WAY_TLS);
	/* As long as it might be somebody's only correspondent, nobody is told. */
	assert_int_equal(relay_place_way(&a), RELAY_WAY_UNKNOWN);
	relay_place_took_mail(p, RELAY_WAY_TLS);
	assert_true(relay_place_is_proven(p));
	assert_int_equal(relay_place_way(&a), RELAY_WAY_TLS);
	relay_place_release(p);
	for (unsigned i = 0; i < 60000; i++) {
		snprintf(text, sizeof text, "198.%u.%u.%u", 20 + i / 65536, i / 256 % 256, i % 256);
		struct sockaddr_storage other = address(text, 25);
		struct relay_place *q = relay_place_use(&other, RELAY_ADDRESS);
		relay_place_took_mail(q, RELAY_WAY_CLEAR);
		relay_place_release(q);
	}
	assert_true(relay_places_count() <= 20000);
	p = relay_place_use(&a, RELAY_ADDRESS);
	assert_true(relay_place_is_proven(p));
	relay_place_release(p);
	/* One that was too slow for those who waited gets more time the next times. */
	struct sockaddr_storage late = address("192.0.2.9", 25);
	p = relay_place_use(&late, RELAY_ADDRESS);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(relay_place_hurry(p),
		    (int64_t)RELAY_HURRY_MS << (i < RELAY_HURRIES_MAX ? i : RELAY_HURRIES_MAX));
		relay_place_was_hurried(p);
		relay_place_release(p);
		p = relay_place_use(&late, RELAY_ADDRESS);
	}
	relay_place_took_mail(p, RELAY_WAY_TLS);
	assert_int_equal(relay_place_hurry(p), RELAY_HURRY_MS);
	relay_place_release(p);
	relay_places_forget();
}

/* Told to store, and back after a restart; what is too old, or no memo, is not believed. */
static void a_restart_forgets_nobody(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	struct sockaddr_storage a = address("192.0.2.1", 25);
	struct buf value;
	buf_init(&value, 100);
	buf_append_u8(&value, 1);
	buf_append_u64(&value, 120);
	buf_append_u64(&value, (uint64_t)(now - 3600));
	relay_place_recall(VIEW("01"), buf_view(&value));
	relay_place_recall(VIEW("not hexadecimal"), buf_view(&value));
	assert_int_equal(relay_places_count(), 1);
	relay_places_forget();
	struct relay_place *p = relay_place_use(&a, RELAY_ADDRESS);
	char name[2 * RELAY_PLACE_KEY + 1];
	for (size_t i = 0; i < p->key_len; i++)
		snprintf(name + 2 * i, 3, "%02x", (unsigned char)p->key[i]);
	relay_place_release(p);
	assert_int_equal(relay_places_count(), 0);
	relay_place_recall(view_from_string(name), view_take(buf_view(&value), 16));
	assert_int_equal(relay_places_count(), 0);
	relay_place_recall(view_from_string(name), buf_view(&value));
	p = relay_place_use(&a, RELAY_ADDRESS);
	assert_true(relay_place_is_proven(p));
	assert_int_equal(p->taken, 120);
	assert_true(p->share.max > 0);
	/* How the last one went is not in memos of earlier versions, and no other number is believed. */
	assert_int_equal(relay_place_way(&a), RELAY_WAY_UNKNOWN);
	relay_place_release(p);
	relay_places_forget();
	buf_append_u8(&value, RELAY_WAY_TLS);
	relay_place_recall(view_from_string(name), buf_view(&value));
	assert_int_equal(relay_place_way(&a), RELAY_WAY_TLS);
	relay_places_forget();
	buf_truncate(&value, 17);
	buf_append_u8(&value, RELAY_WAY_TLS + 1);
	relay_place_recall(view_from_string(name), buf_view(&value));
	assert_int_equal(relay_place_way(&a), RELAY_WAY_UNKNOWN);
	relay_places_forget();
	buf_truncate(&value, 9);
	buf_append_u64(&value, (uint64_t)(now - 24 * 3600));
	relay_place_recall(view_from_string(name), buf_view(&value));
	assert_int_equal(relay_places_count(), 0);
	buf_done(&value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(tells_addresses_and_networks_apart, start),
	    cmocka_unit_test_setup(limits_follow_the_settings, start),
	    cmocka_unit_test_setup(remembers_who_took_mail, start),
	    cmocka_unit_test_setup(a_restart_forgets_nobody, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
