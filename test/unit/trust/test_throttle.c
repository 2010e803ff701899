#include "../unit.h"

#include "trust/throttle.h"

enum { MINUTE = 60 * 1000 };

static struct throttle_client client(const char octets[4], const char *account)
{
	return (struct throttle_client){.address = view_of(octets, 4), .account = view_from_string(account)};
}

static const char attacker[] = "\x0a\1\1\1", other[] = "\x0b\1\1\1", home[] = "\x0c\1\1\1";

static void slows_guessing_down(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	struct throttle_client c = client(attacker, "joe");
	int64_t last = 0;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(throttle_ask(t, c, 0).delay_ms, 0);
		throttle_failed(t, c, 0, 0);
	}
	for (int i = 3; i < 20; i++) {
		struct throttle_answer a = throttle_ask(t, c, 0);
		assert_int_equal(a.verdict, THROTTLE_ALLOW);
		assert_true(a.delay_ms >= last && a.delay_ms > 0 && a.delay_ms <= 8000);
		last = a.delay_ms;
		throttle_failed(t, c, 0, 0);
	}
	assert_int_equal(throttle_ask(t, c, 0).verdict, THROTTLE_REFUSE);
	assert_string_equal(throttle_ask(t, c, 0).reason, "address");
	/* Another account from the same address, the same account from another. */
	assert_int_equal(throttle_ask(t, client(attacker, "ann"), 0).verdict, THROTTLE_REFUSE);
	assert_int_equal(throttle_ask(t, client(other, "ann"), 0).delay_ms, 0);
	assert_true(throttle_ask(t, client(other, "joe"), 0).delay_ms > 0);
	/* It passes. */
	assert_int_equal(throttle_ask(t, c, 2 * MINUTE).verdict, THROTTLE_ALLOW);
	assert_int_equal(throttle_ask(t, c, 20 * MINUTE).delay_ms, 0);
	throttle_free(t);
}

static void locks_no_owner_out(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	throttle_succeeded(t, client(home, "joe"), 0);
	for (int i = 0; i < 250; i++) {
		char from[5] = {20, (char)i, 1, 1, 0};
		throttle_failed(t, client(from, "joe"), 0, 0);
	}
	assert_int_equal(throttle_ask(t, client(other, "joe"), 0).verdict, THROTTLE_REFUSE);
	assert_string_equal(throttle_ask(t, client(other, "joe"), 0).reason, "account");
	assert_int_equal(throttle_ask(t, client(home, "joe"), 0).delay_ms, 0);
	/* Also not by failures from behind the same address, nor by own ones: they only wait. */
	for (int i = 0; i < 100; i++) {
		throttle_failed(t, client(home, "ann"), 0, 0);
		throttle_failed(t, client(home, "joe"), 0, 0);
	}
	struct throttle_answer a = throttle_ask(t, client(home, "joe"), 0);
	assert_int_equal(a.verdict, THROTTLE_ALLOW);
	assert_int_equal(a.delay_ms, 8000);
	throttle_succeeded(t, client(home, "joe"), 1);
	assert_int_equal(throttle_ask(t, client(home, "joe"), 1).delay_ms, 0);
	/* Not for ever. */
	assert_int_equal(throttle_ask(t, client(home, "ann"), 1).verdict, THROTTLE_REFUSE);
	throttle_free(t);
}

static void counts_networks(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	char account[8] = "user000";
	for (int i = 0; i < 150; i++) {
		char from[5] = {30, 1, 1, (char)i, 0};
		account[6] = (char)('0' + i % 10);
		account[5] = (char)('0' + i / 10 % 10);
		throttle_failed(t, client(from, account), 0, 0);
	}
	struct throttle_answer a = throttle_ask(t, client("\x1e\1\1\xff", "joe"), 0);
	assert_int_equal(a.verdict, THROTTLE_REFUSE);
	assert_string_equal(a.reason, "network");
	assert_int_equal(throttle_ask(t, client("\x1e\1\2\1", "joe"), 0).delay_ms, 0);
	throttle_free(t);
}

static void counts_a_repeated_password_once(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	struct throttle_client c = client(attacker, "joe");
	for (int i = 0; i < 1000; i++)
		throttle_failed(t, c, 42, i * 100);
	assert_int_equal(throttle_ask(t, c, 100000).delay_ms, 0);
	for (uint64_t i = 0; i < 10; i++)
		throttle_failed(t, c, 100 + i, 100000);
	assert_true(throttle_ask(t, c, 100000).delay_ms > 0);
	throttle_free(t);
}

static void knows_ipv6(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	char a[16] = {0x20, 1, 0x0d, (char)0xb8, 0, 0, 0, 1}, b[16], mapped[16] = {0};
	memcpy(b, a, 16);
	b[15] = 77;
	for (int i = 0; i < 30; i++)
		throttle_failed(t, (struct throttle_client){view_of(a, 16), VIEW("joe")}, 0, 0);
	assert_int_equal(
	    throttle_ask(t, (struct throttle_client){view_of(b, 16), VIEW("x")}, 0).verdict, THROTTLE_REFUSE);
	b[7] = 2;
	assert_int_equal(throttle_ask(t, (struct throttle_client){view_of(b, 16), VIEW("x")}, 0).delay_ms, 0);
	mapped[10] = mapped[11] = (char)0xff;
	memcpy(mapped + 12, attacker, 4);
	for (int i = 0; i < 30; i++)
		throttle_failed(t, client(attacker, "y"), 0, 0);
	assert_int_equal(throttle_ask(t, (struct throttle_client){view_of(mapped, 16), VIEW("x")}, 0).verdict,
	    THROTTLE_REFUSE);
	throttle_free(t);
}

static void is_bounded(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(100);
	throttle_succeeded(t, client(home, "joe"), 0);
	for (int i = 0; i < 5000; i++) {
		char from[5] = {1, (char)(i >> 8), (char)i, 1, 0};
		throttle_failed(t, client(from, "x"), 0, i);
		assert_true(throttle_count(t) <= 101);
	}
	/* Attackers make no owner unknown. */
	for (int i = 0; i < 100; i++)
		throttle_failed(t, client(other, "joe"), 0, 5000);
	assert_int_equal(throttle_ask(t, client(home, "joe"), 5000).delay_ms, 0);
	throttle_free(t);
	throttle_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slows_guessing_down),
	    cmocka_unit_test(locks_no_owner_out),
	    cmocka_unit_test(counts_networks),
	    cmocka_unit_test(counts_a_repeated_password_once),
	    cmocka_unit_test(knows_ipv6),
	    cmocka_unit_test(is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
