#include "../../unit.h"

#include "trust/login/throttle.h"

enum { MINUTE = 60 * 1000 };

static struct throttle_client client(const char octets[4], const char *account)
{
	return (struct throttle_client){.address = view_of(octets, 4), .account = view_from_string(account)};
}

static struct throttle_client at_known_place(const char octets[4], const char *account)
{
	struct throttle_client c = client(octets, account);
	c.known_place = true;
	return c;
}

static const char attacker[] = "\x0a\1\1\1", other[] = "\x0b\1\1\1", home[] = "\x0c\1\1\1";

/* An attempt that is begun, if it may be, and fails. */
static struct throttle_answer guess(
    struct throttle *t, struct throttle_client c, uint64_t fingerprint, int64_t now)
{
	struct throttle_answer a = throttle_begin(t, c, now);
	if (a.verdict == THROTTLE_ALLOW)
		throttle_failed(t, c, fingerprint, now);
	return a;
}

/* What an attempt would be told; it is given back. */
static struct throttle_answer ask(struct throttle *t, struct throttle_client c, int64_t now)
{
	struct throttle_answer a = throttle_begin(t, c, now);
	if (a.verdict == THROTTLE_ALLOW)
		throttle_withdrawn(t, c, now);
	return a;
}

static void slows_guessing_down(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	struct throttle_client c = client(attacker, "joe");
	int64_t last = 0;
	for (int i = 0; i < 3; i++)
		assert_int_equal(guess(t, c, 0, 0).delay_ms, 0);
	for (int i = 3; i < 20; i++) {
		struct throttle_answer a = guess(t, c, 0, 0);
		assert_int_equal(a.verdict, THROTTLE_ALLOW);
		assert_true(a.delay_ms >= last && a.delay_ms > 0 && a.delay_ms <= 8000);
		last = a.delay_ms;
	}
	assert_int_equal(ask(t, c, 0).verdict, THROTTLE_APP_ONLY);
	assert_string_equal(ask(t, c, 0).reason, "address");
	/* Another account from the same address, the same account from another. */
	assert_int_equal(ask(t, client(attacker, "ann"), 0).verdict, THROTTLE_APP_ONLY);
	assert_int_equal(ask(t, client(other, "ann"), 0).delay_ms, 0);
	assert_true(ask(t, client(other, "joe"), 0).delay_ms > 0);
	/* It passes. */
	assert_int_equal(ask(t, c, 2 * MINUTE).verdict, THROTTLE_ALLOW);
	assert_int_equal(ask(t, c, 20 * MINUTE).delay_ms, 0);
	throttle_free(t);
}

/* None has ended when the next one begins. */
static void holds_when_hundreds_come_at_once(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	int from_one = 0, from_many = 0;
	for (int i = 0; i < 500; i++)
		from_one += throttle_begin(t, client(attacker, "joe"), 0).verdict == THROTTLE_ALLOW;
	assert_int_equal(from_one, 20);
	for (int i = 0; i < 500; i++) {
		char from[5] = {20, (char)(i >> 8), (char)i, 1, 0};
		from_many += throttle_begin(t, client(from, "ann"), 0).verdict == THROTTLE_ALLOW;
	}
	assert_int_equal(from_many, 30);
	/* Attempts while it is locked make the lock no longer: a minute frees one. */
	assert_int_equal(ask(t, client(other, "ann"), MINUTE).verdict, THROTTLE_ALLOW);
	/* A crowd at one of the owner's places: 20, and 4 that wait for their turn. */
	int at_place = 0;
	for (int i = 0; i < 500; i++)
		at_place += throttle_begin(t, at_known_place(home, "ann"), 0).verdict == THROTTLE_ALLOW;
	assert_int_equal(at_place, 24);
	assert_string_equal(ask(t, at_known_place(home, "ann"), 0).reason, "place");
	assert_int_equal(ask(t, at_known_place(home, "ann"), 8000).verdict, THROTTLE_ALLOW);
	throttle_free(t);
}

static void gives_back_what_was_no_guess(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	struct throttle_client c = client(attacker, "joe");
	for (int i = 0; i < 500; i++) {
		assert_int_equal(throttle_begin(t, c, 0).delay_ms, 0);
		throttle_succeeded(t, c, 0);
		assert_int_equal(throttle_begin(t, c, 0).delay_ms, 0);
		throttle_withdrawn(t, c, 0);
	}
	/* Right ones of many users at one address, all under way at once. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(throttle_begin(t, c, 0).verdict, THROTTLE_ALLOW);
	for (int i = 0; i < 20; i++)
		throttle_succeeded(t, c, 0);
	assert_int_equal(ask(t, c, 0).delay_ms, 0);
	/* To give back more than was taken earns nothing. */
	throttle_withdrawn(t, c, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guess(t, c, 0, 0).delay_ms, 0);
	assert_true(ask(t, c, 0).delay_ms > 0);
	throttle_free(t);
}

static void locks_no_owner_out(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	for (int i = 0; i < 250; i++) {
		char from[5] = {20, (char)i, 1, 1, 0};
		guess(t, client(from, "joe"), 0, 0);
	}
	assert_int_equal(ask(t, client(other, "joe"), 0).verdict, THROTTLE_APP_ONLY);
	assert_string_equal(ask(t, client(other, "joe"), 0).reason, "account");
	assert_int_equal(ask(t, at_known_place(home, "joe"), 0).delay_ms, 0);
	/* Also not by failures for others from behind the same address. */
	for (int i = 0; i < 100; i++)
		guess(t, client(home, "ann"), 0, 0);
	assert_int_equal(ask(t, client(home, "ann"), 0).verdict, THROTTLE_APP_ONLY);
	assert_int_equal(ask(t, at_known_place(home, "joe"), 0).delay_ms, 0);
	/* Own failures make the owner wait, and the right password ends that. */
	for (int i = 0; i < 20; i++)
		guess(t, at_known_place(home, "joe"), 0, 0);
	struct throttle_answer a = throttle_begin(t, at_known_place(home, "joe"), 0);
	assert_int_equal(a.verdict, THROTTLE_ALLOW);
	assert_int_equal(a.delay_ms, 8000);
	throttle_succeeded(t, at_known_place(home, "joe"), 1);
	assert_int_equal(ask(t, at_known_place(home, "joe"), 1).delay_ms, 0);
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
		guess(t, client(from, account), 0, 0);
	}
	struct throttle_answer a = ask(t, client("\x1e\1\1\xff", "joe"), 0);
	assert_int_equal(a.verdict, THROTTLE_APP_ONLY);
	assert_string_equal(a.reason, "network");
	assert_int_equal(ask(t, client("\x1e\1\2\1", "joe"), 0).delay_ms, 0);
	throttle_free(t);
}

static void counts_a_repeated_password_once(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	struct throttle_client c = client(attacker, "joe");
	for (int i = 0; i < 1000; i++)
		guess(t, c, 42, i * 100);
	assert_int_equal(ask(t, c, 100000).delay_ms, 0);
	for (uint64_t i = 0; i < 10; i++)
		guess(t, c, 100 + i, 100000);
	assert_true(ask(t, c, 100000).delay_ms > 0);
	throttle_free(t);
}

static void knows_ipv6(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(1000);
	char a[16] = {0x20, 1, 0x0d, (char)0xb8, 0, 0, 0, 1}, b[16], mapped[16] = {0};
	memcpy(b, a, 16);
	b[15] = 77;
	assert_true(view_equal(throttle_place(view_of(a, 16)), throttle_place(view_of(b, 16))));
	for (int i = 0; i < 30; i++)
		guess(t, (struct throttle_client){view_of(a, 16), VIEW("joe"), false}, 0, 0);
	assert_int_equal(
	    ask(t, (struct throttle_client){view_of(b, 16), VIEW("x"), false}, 0).verdict, THROTTLE_APP_ONLY);
	b[7] = 2;
	assert_int_equal(ask(t, (struct throttle_client){view_of(b, 16), VIEW("x"), false}, 0).delay_ms, 0);
	mapped[10] = mapped[11] = (char)0xff;
	memcpy(mapped + 12, attacker, 4);
	assert_true(view_equal(throttle_place(view_of(mapped, 16)), view_of(attacker, 4)));
	for (int i = 0; i < 30; i++)
		guess(t, client(attacker, "y"), 0, 0);
	assert_int_equal(ask(t, (struct throttle_client){view_of(mapped, 16), VIEW("x"), false}, 0).verdict,
	    THROTTLE_APP_ONLY);
	throttle_free(t);
}

static void is_bounded(void **state)
{
	(void)state;
	struct throttle *t = throttle_new(100);
	for (int i = 0; i < 5000; i++) {
		char from[5] = {1, (char)(i >> 8), (char)i, 1, 0};
		guess(t, client(from, "x"), 0, i);
		assert_true(throttle_count(t) <= 100);
	}
	throttle_free(t);
	throttle_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slows_guessing_down),
	    cmocka_unit_test(holds_when_hundreds_come_at_once),
	    cmocka_unit_test(gives_back_what_was_no_guess),
	    cmocka_unit_test(locks_no_owner_out),
	    cmocka_unit_test(counts_networks),
	    cmocka_unit_test(counts_a_repeated_password_once),
	    cmocka_unit_test(knows_ipv6),
	    cmocka_unit_test(is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
