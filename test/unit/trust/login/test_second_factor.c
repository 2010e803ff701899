/* The second factor and the sessions of an account, and both in the stored record. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "trust/login/credentials.h"

static const unsigned char salt[SCRAM_SALT_SIZE] = "0123456789abcde";
static const unsigned char secret[TOTP_SECRET_SIZE + 1] = "12345678901234567890";

static struct view salt_view(void)
{
	return view_of(salt, sizeof salt);
}

static struct passkey passkey(uint64_t id, const char *credential)
{
	return (struct passkey){.id = id,
	    .name = VIEW("phone"),
	    .site = VIEW("mx.example"),
	    .credential = view_from_string(credential),
	    .key = VIEW("a key"),
	    .counter = 3,
	    .created = 1000};
}

static void codes_are_taken_once(void **state)
{
	struct second_factor f = {.passkey_count = 0};
	struct arena arena;
	(void)state;
	arena_init(&arena, 10000);
	assert_false(second_factor_is_set(&f));
	assert_int_equal(second_factor_take_totp(&f, VIEW("287082"), 45), -EACCES);
	assert_int_equal(second_factor_set_totp(&f, secret, 0, &arena), 0);
	assert_true(second_factor_is_set(&f));
	assert_int_equal(second_factor_take_totp(&f, VIEW("287083"), 45), -EACCES);
	assert_int_equal(second_factor_take_totp(&f, VIEW("287082"), 45), 0);
	assert_int_equal(second_factor_take_totp(&f, VIEW("287082"), 45), -EACCES);
	arena_done(&arena);
}

static void recovery_codes_are_taken_once(void **state)
{
	struct second_factor f = {.passkey_count = 0};
	unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM] = {{0}};
	char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE];
	(void)state;
	for (unsigned char i = 0; i < RECOVERY_CODES; i++)
		random[i][RECOVERY_RANDOM - 1] = i;
	assert_false(second_factor_take_recovery(&f, salt_view(), VIEW("aaaa-aaaa-aaaa-aaaa")));
	second_factor_make_recovery(&f, salt_view(), random, texts);
	assert_int_equal(f.recovery_count, RECOVERY_CODES);
	assert_string_equal(texts[0], "aaaa-aaaa-aaaa-aaaa");
	assert_false(
	    second_factor_take_recovery(&f, VIEW("another salt of 16"), VIEW("aaaa-aaaa-aaaa-aaaa")));
	assert_false(second_factor_take_recovery(&f, salt_view(), VIEW("aaaa-aaaa-aaaa-aaa")));
	assert_false(second_factor_take_recovery(&f, salt_view(), VIEW("aaaa-aaaa-aaaa-aaaaa")));
	assert_true(second_factor_take_recovery(&f, salt_view(), VIEW(" AAAA AAAAaaaa-aaaa")));
	assert_false(second_factor_take_recovery(&f, salt_view(), VIEW("aaaaaaaaaaaaaaaa")));
	for (size_t i = 1; i < RECOVERY_CODES; i++)
		assert_true(second_factor_take_recovery(&f, salt_view(), view_from_string(texts[i])));
	assert_int_equal(f.recovery_count, 0);
}

static void passkeys_are_kept(void **state)
{
	struct second_factor f = {.passkey_count = 0};
	struct arena arena;
	struct passkey p = passkey(1, "one"), two = passkey(2, "two");
	char name[8];
	(void)state;
	arena_init(&arena, 100000);
	assert_int_equal(second_factor_add_passkey(&f, &p, &arena), 0);
	assert_int_equal(second_factor_add_passkey(&f, &p, &arena), -EEXIST);
	assert_int_equal(second_factor_add_passkey(&f, &two, &arena), 0);
	assert_int_equal(second_factor_find_passkey(&f, VIEW("two"), VIEW("mx.example"))->id, 2);
	assert_null(second_factor_find_passkey(&f, VIEW("two"), VIEW("other.example")));
	p = passkey(3, "three");
	p.name = VIEW("");
	assert_int_equal(second_factor_add_passkey(&f, &p, &arena), -EINVAL);
	p.name = VIEW("\xff");
	assert_int_equal(second_factor_add_passkey(&f, &p, &arena), -EINVAL);
	for (size_t i = f.passkey_count; i < PASSKEYS_MAX; i++) {
		snprintf(name, sizeof name, "k%zu", i);
		p = passkey(i + 10, name);
		assert_int_equal(second_factor_add_passkey(&f, &p, &arena), 0);
	}
	p = passkey(99, "last");
	assert_int_equal(second_factor_add_passkey(&f, &p, &arena), -ENOSPC);
	assert_true(second_factor_remove_passkey(&f, 1));
	assert_false(second_factor_remove_passkey(&f, 1));
	assert_int_equal(f.passkeys[0].id, 2);
	arena_done(&arena);
}

static void without_the_last_recovery_codes_go(void **state)
{
	struct second_factor f = {.recovery_count = 3};
	struct arena arena;
	struct passkey p = passkey(1, "one");
	(void)state;
	arena_init(&arena, 10000);
	second_factor_add_passkey(&f, &p, &arena);
	second_factor_set_totp(&f, secret, 0, &arena);
	second_factor_remove_passkey(&f, 1);
	assert_int_equal(f.recovery_count, 3);
	f.totp = (struct view){0};
	second_factor_tidy(&f);
	assert_int_equal(f.recovery_count, 0);
	arena_done(&arena);
}

/* ---- sessions ---- */

static void token(unsigned char out[WEB_TOKEN_SIZE], unsigned n)
{
	memset(out, (int)n, WEB_TOKEN_SIZE);
}

/* The session that made room; 0: none. */
static uint64_t add(struct web_sessions *s, uint64_t id, int64_t now, struct arena *arena)
{
	uint64_t pushed_out = 99;
	unsigned char t[WEB_TOKEN_SIZE];
	const struct web_session made = {.id = id,
	    .created = now,
	    .last_used = now,
	    .proved = now,
	    .agent = VIEW("Browser"),
	    .address = VIEW("192.0.2.1")};
	token(t, (unsigned)id);
	assert_int_equal(web_session_add(s, &made, t, arena, &pushed_out), 0);
	return pushed_out;
}

static void sessions_end(void **state)
{
	static struct web_sessions s;
	struct arena arena;
	unsigned char t[WEB_TOKEN_SIZE];
	(void)state;
	arena_init(&arena, 100000);
	assert_int_equal(add(&s, 1, 1000, &arena), 0);
	add(&s, 2, 2000, &arena);
	token(t, 1);
	assert_int_equal(web_session_find(&s, t, 1000)->id, 1);
	assert_non_null(web_session_find(&s, t, 1000 + WEB_SESSION_SECONDS - 1));
	assert_null(web_session_find(&s, t, 1000 + WEB_SESSION_SECONDS)); /* unused for too long */
	token(t, 3);
	assert_null(web_session_find(&s, t, 1000));
	assert_true(web_session_end(&s, 1));
	assert_false(web_session_end(&s, 1));
	token(t, 1);
	assert_null(web_session_find(&s, t, 1000));
	assert_int_equal(s.count, 1);
	/* Of too many, the one that was not used for longest goes; those that have ended go first. */
	for (uint64_t id = 3; s.count < WEB_SESSIONS_MAX; id++)
		add(&s, id, 3000 + (int64_t)id, &arena);
	assert_int_equal(add(&s, 100, 4000, &arena), 2);
	assert_int_equal(s.count, WEB_SESSIONS_MAX);
	token(t, 2);
	assert_null(web_session_find(&s, t, 4000));
	assert_int_equal(add(&s, 101, 5000 + WEB_SESSION_SECONDS, &arena), 0);
	assert_int_equal(s.count, 1);
	arena_done(&arena);
}

static void uses_and_proofs_are_noted(void **state)
{
	struct web_session s = {.last_used = 1000, .proved = 1000, .address = VIEW("192.0.2.1")};
	(void)state;
	assert_false(web_session_touch(&s, VIEW("192.0.2.1"), 1001));
	assert_true(web_session_touch(&s, VIEW("192.0.2.2"), 1001));
	assert_false(web_session_touch(&s, VIEW("192.0.2.2"), 1000 + WEB_SESSION_TOUCH_SECONDS));
	assert_true(web_session_touch(&s, VIEW("192.0.2.2"), 1001 + WEB_SESSION_TOUCH_SECONDS));
	assert_true(web_session_touch(&s, VIEW("192.0.2.2"), 5)); /* the clock was set back */
	assert_true(web_session_is_proved(&s, 1000 + WEB_SESSION_PROOF_SECONDS - 1));
	assert_false(web_session_is_proved(&s, 1000 + WEB_SESSION_PROOF_SECONDS));
	assert_false(web_session_is_proved(&s, 999));
}

static void tokens_are_read_as_they_were_written(void **state)
{
	static const char *const wrong[] = {"", ".", "AA.am9l", "am9l",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.!",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.am9l=",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.am9l"};
	unsigned char t[WEB_TOKEN_SIZE], read[WEB_TOKEN_SIZE];
	struct buf text, address;
	(void)state;
	buf_init(&text, WEB_TOKEN_TEXT_MAX);
	buf_init(&address, 512);
	token(t, 7);
	assert_int_equal(web_token_write(&text, t, VIEW("j\xc3\xb6@example.test")), 0);
	assert_true(web_token_read(buf_view(&text), read, &address));
	assert_memory_equal(t, read, sizeof t);
	assert_view(buf_view(&address), "j\xc3\xb6@example.test");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(web_token_read(view_from_string(wrong[i]), read, &address));
	buf_done(&text);
	buf_done(&address);
}

static void the_record_holds_both(void **state)
{
	struct credentials c, d = {.last_id = 77};
	struct arena arena;
	struct buf record;
	struct passkey p = passkey(1, "one");
	unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM] = {{1}}, t[WEB_TOKEN_SIZE];
	char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE];
	(void)state;
	arena_init(&arena, 100000);
	buf_init(&record, CREDENTIALS_MAX);
	credentials_init(&c, salt);
	second_factor_set_totp(&c.second, secret, 9, &arena);
	second_factor_add_passkey(&c.second, &p, &arena);
	second_factor_make_recovery(&c.second, salt_view(), random, texts);
	add(&c.sessions, 5, 1000, &arena);
	assert_int_equal(credentials_encode(&c, &record), 0);
	/* Cut anywhere, it is no record, and nothing is touched. */
	for (size_t len = 0; len < buf_view(&record).len; len++)
		assert_int_equal(credentials_decode(view_take(buf_view(&record), len), &d), -EINVAL);
	assert_int_equal(d.last_id, 77);
	assert_int_equal(credentials_decode(buf_view(&record), &d), 0);
	assert_int_equal(d.second.totp_step, 9);
	assert_int_equal(d.second.passkeys[0].counter, 3);
	assert_view(d.second.passkeys[0].site, "mx.example");
	assert_true(second_factor_take_recovery(&d.second, salt_view(), view_from_string(texts[9])));
	token(t, 5);
	assert_view(web_session_find(&d.sessions, t, 1000)->agent, "Browser");
	buf_done(&record);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_taken_once),
	    cmocka_unit_test(recovery_codes_are_taken_once),
	    cmocka_unit_test(passkeys_are_kept),
	    cmocka_unit_test(without_the_last_recovery_codes_go),
	    cmocka_unit_test(sessions_end),
	    cmocka_unit_test(uses_and_proofs_are_noted),
	    cmocka_unit_test(tokens_are_read_as_they_were_written),
	    cmocka_unit_test(the_record_holds_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
