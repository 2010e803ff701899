#include "../../unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/random.h"
#include "trust/login/credentials.h"

static const unsigned char salt[SCRAM_SALT_SIZE] = "0123456789abcde";

struct fixture {
	struct arena arena;
	struct credentials c;
	char hashed[APP_PASSWORD_LENGTH + 1], scram[APP_PASSWORD_LENGTH + 1],
	    readable[APP_PASSWORD_LENGTH + 1];
	uint64_t hashed_id, scram_id, readable_id;
};

static void add(struct fixture *f, const char *name, unsigned protocols, enum app_password_kind kind,
    char *text, uint64_t *id)
{
	unsigned char random[APP_PASSWORD_RANDOM];
	random_bytes(random, sizeof random);
	assert_int_equal(credentials_add_app(&f->c, view_from_string(name), protocols, kind, random, 1000,
	                     &f->arena, text, id),
	    0);
	assert_int_equal(strlen(text), APP_PASSWORD_LENGTH);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	arena_init(&f->arena, 100000);
	credentials_init(&f->c, salt);
	assert_int_equal(credentials_set_password(&f->c, VIEW("main password"), true, &f->arena), 0);
	add(f, "phone", CREDENTIAL_ALL, APP_PASSWORD_HASHED, f->hashed, &f->hashed_id);
	add(f, "laptop", CREDENTIAL_SMTP, APP_PASSWORD_SCRAM, f->scram, &f->scram_id);
	add(f, "scanner", CREDENTIAL_POP3, APP_PASSWORD_READABLE, f->readable, &f->readable_id);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_done(&f->arena);
	free(f);
	return 0;
}

static void opens(
    const struct credentials *c, const char *password, unsigned protocol, int expected, uint64_t id)
{
	uint64_t credential = 99;
	assert_int_equal(credentials_check(c, view_from_string(password), protocol, &credential), expected);
	assert_int_equal(credential, expected == 0 ? id : 99);
}

static void checks_passwords(void **state)
{
	struct fixture *f = *state;
	opens(&f->c, "main password", CREDENTIAL_IMAP, 0, 0);
	opens(&f->c, "wrong", CREDENTIAL_IMAP, -EACCES, 0);
	opens(&f->c, "", CREDENTIAL_IMAP, -EACCES, 0);
	opens(NULL, "main password", CREDENTIAL_IMAP, -EACCES, 0);
	opens(&f->c, f->hashed, CREDENTIAL_IMAP, 0, f->hashed_id);
	opens(&f->c, f->scram, CREDENTIAL_SMTP, 0, f->scram_id);
	opens(&f->c, f->scram, CREDENTIAL_IMAP, -EACCES, 0);
	opens(&f->c, f->readable, CREDENTIAL_POP3, -EACCES, 0);
	char grouped[40];
	snprintf(grouped, sizeof grouped, "%.4s-%.4s %.4s-%.4s", f->hashed, f->hashed + 4, f->hashed + 8,
	    f->hashed + 12);
	opens(&f->c, grouped, CREDENTIAL_WEB, 0, f->hashed_id);
	assert_true(credentials_remove_app(&f->c, f->hashed_id));
	assert_false(credentials_remove_app(&f->c, f->hashed_id));
	opens(&f->c, f->hashed, CREDENTIAL_IMAP, -EACCES, 0);
}

static void answers_sasl(void **state)
{
	struct fixture *f = *state;
	struct sasl_scram_record record;
	const struct sasl_secret *secrets;
	struct scram_verifier expected;
	size_t count;
	assert_int_equal(
	    credentials_scram_record(&f->c, SCRAM_SHA_256, CREDENTIAL_SMTP, &f->arena, &record), 0);
	assert_int_equal(record.count, 2);
	assert_int_equal(record.keys[0].credential, 0);
	assert_int_equal(record.keys[1].credential, f->scram_id);
	assert_int_equal(scram_keys(SCRAM_SHA_256, view_from_string(f->scram), record.salt, record.iterations,
	                     &expected, NULL),
	    0);
	assert_memory_equal(expected.stored_key, record.keys[1].verifier.stored_key, 32);
	assert_int_equal(
	    credentials_scram_record(&f->c, SCRAM_SHA_1, CREDENTIAL_POP3, &f->arena, &record), 0);
	assert_int_equal(record.count, 1);
	/* The salt and the iterations are the account's, also where no verifier counts: for this protocol, or
	 * at all. */
	const struct view salt_of_account = record.salt;
	struct credentials bare;
	credentials_init(&bare, salt);
	assert_int_equal(
	    credentials_scram_record(&bare, SCRAM_SHA_256, CREDENTIAL_IMAP, &f->arena, &record), 0);
	assert_int_equal(record.count, 0);
	assert_true(view_equal(record.salt, salt_of_account));
	assert_int_equal(record.iterations, SCRAM_ITERATIONS);
	assert_int_equal(credentials_scram_record(NULL, SCRAM_SHA_1, CREDENTIAL_POP3, &f->arena, &record), 0);
	assert_int_equal(record.count, 0);
	assert_int_equal(credentials_secrets(&f->c, CREDENTIAL_POP3, &f->arena, &secrets, &count), 0);
	assert_int_equal(count, 1);
	assert_view(secrets[0].secret, f->readable);
	assert_int_equal(credentials_secrets(&f->c, CREDENTIAL_SMTP, &f->arena, &secrets, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(credentials_secrets(NULL, CREDENTIAL_POP3, &f->arena, &secrets, &count), 0);
	assert_int_equal(count, 0);
}

static void takes_an_app_password_made_apart(void **state)
{
	struct fixture *f = *state;
	struct credentials apart;
	struct sasl_scram_record record;
	unsigned char random[APP_PASSWORD_RANDOM] = {7};
	char text[APP_PASSWORD_LENGTH + 1];
	uint64_t id;
	credentials_init(&apart, salt);
	assert_int_equal(credentials_add_app(&apart, VIEW("tablet"), CREDENTIAL_IMAP, APP_PASSWORD_SCRAM,
	                     random, 1000, &f->arena, text, &id),
	    0);
	assert_int_equal(credentials_put_app(&f->c, &apart.apps[0]), 0);
	opens(&f->c, text, CREDENTIAL_IMAP, 0, f->readable_id + 1);
	opens(&f->c, text, CREDENTIAL_SMTP, -EACCES, 0);
	assert_int_equal(
	    credentials_scram_record(&f->c, SCRAM_SHA_256, CREDENTIAL_IMAP, &f->arena, &record), 0);
	assert_int_equal(record.keys[record.count - 1].credential, f->readable_id + 1);
	/* Whoever removes one by its name means that one. */
	assert_int_equal(credentials_put_app(&f->c, &apart.apps[0]), -EEXIST);
	char names[APP_PASSWORDS_MAX];
	while (f->c.app_count < APP_PASSWORDS_MAX) {
		names[f->c.app_count] = (char)('0' + f->c.app_count);
		apart.apps[0].name = view_of(names + f->c.app_count, 1);
		assert_int_equal(credentials_put_app(&f->c, &apart.apps[0]), 0);
	}
	assert_int_equal(credentials_put_app(&f->c, &apart.apps[0]), -ENOSPC);
}

static void reads_back(void **state)
{
	struct fixture *f = *state;
	struct buf out;
	struct credentials back;
	buf_init(&out, CREDENTIALS_MAX);
	assert_int_equal(credentials_encode(&f->c, &out), 0);
	assert_int_equal(credentials_decode(buf_view(&out), &back), 0);
	assert_int_equal(back.app_count, 3);
	assert_view(back.apps[1].name, "laptop");
	assert_int_equal(back.apps[1].created, 1000);
	assert_int_equal(back.last_id, f->readable_id);
	opens(&back, "main password", CREDENTIAL_IMAP, 0, 0);
	opens(&back, f->scram, CREDENTIAL_SMTP, 0, f->scram_id);
	assert_memory_equal(&back.sha256, &f->c.sha256, sizeof back.sha256);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(credentials_decode(view_take(buf_view(&out), len), &back), -EINVAL);
	assert_int_equal(back.app_count, 3);
	buf_append_byte(&out, 'x');
	assert_int_equal(credentials_decode(buf_view(&out), &back), -EINVAL);
	buf_truncate(&out, out.len - 1);
	assert_int_equal(credentials_decode(buf_view(&out), &back), 0);
	for (int version = 0; version < 256; version++) {
		out.data[out.start] = (char)version;
		assert_int_equal(credentials_decode(buf_view(&out), &back), version == 3 ? 0 : -EINVAL);
	}
	buf_done(&out);
}

static void takes_app_passwords_alone_when_locked(void **state)
{
	struct fixture *f = *state;
	struct sasl_scram_record record;
	opens(&f->c, "main password", CREDENTIAL_IMAP | CREDENTIAL_APPS_ONLY, -EACCES, 0);
	opens(&f->c, f->hashed, CREDENTIAL_IMAP | CREDENTIAL_APPS_ONLY, 0, f->hashed_id);
	opens(&f->c, f->scram, CREDENTIAL_IMAP | CREDENTIAL_APPS_ONLY, -EACCES, 0);
	opens(NULL, f->hashed, CREDENTIAL_IMAP | CREDENTIAL_APPS_ONLY, -EACCES, 0);
	assert_int_equal(credentials_scram_record(&f->c, SCRAM_SHA_256,
	                     CREDENTIAL_SMTP | CREDENTIAL_APPS_ONLY, &f->arena, &record),
	    0);
	assert_int_equal(record.count, 1);
	assert_int_equal(record.keys[0].credential, f->scram_id);
}

static void remembers_places(void **state)
{
	struct fixture *f = *state;
	enum { DAY = 86400, NOW = 2000 * DAY };
	unsigned char place[PLACES_MAX + 1][PLACE_HASH_SIZE] = {{0}};
	struct buf out;
	struct credentials back;
	for (size_t i = 0; i <= PLACES_MAX; i++)
		memset(place[i], (int)i + 1, PLACE_HASH_SIZE);
	assert_false(credentials_know_place(&f->c, place[0], NOW));
	for (size_t i = 0; i < PLACES_MAX; i++)
		assert_true(credentials_touch_place(&f->c, place[i], NOW + (int64_t)i));
	/* Once a day is often enough. */
	assert_false(credentials_touch_place(&f->c, place[0], NOW + DAY - 1));
	assert_true(credentials_touch_place(&f->c, place[0], NOW + DAY));
	buf_init(&out, CREDENTIALS_MAX);
	assert_int_equal(credentials_encode(&f->c, &out), 0);
	assert_int_equal(credentials_decode(buf_view(&out), &back), 0);
	assert_true(credentials_know_place(&back, place[0], NOW + DAY));
	assert_true(credentials_know_place(&back, place[0], NOW + DAY + PLACE_SECONDS - 1));
	assert_false(credentials_know_place(&back, place[0], NOW + DAY + PLACE_SECONDS));
	/* The clock was set back: the place is known, and gets a time that is true now. */
	assert_true(credentials_know_place(&back, place[0], NOW - 10 * DAY));
	assert_true(credentials_touch_place(&back, place[0], NOW - 10 * DAY));
	assert_false(credentials_know_place(&back, place[0], NOW - 10 * DAY + PLACE_SECONDS));
	/* One more: the oldest goes. */
	assert_true(credentials_touch_place(&f->c, place[PLACES_MAX], NOW + 2 * DAY));
	assert_true(credentials_know_place(&f->c, place[0], NOW + 2 * DAY));
	assert_false(credentials_know_place(&f->c, place[1], NOW + 2 * DAY));
	assert_int_equal(f->c.place_count, PLACES_MAX);
	/* Whoever knew the old password may have been there. */
	assert_int_equal(credentials_set_password(&f->c, VIEW("another password"), false, &f->arena), 0);
	assert_false(credentials_know_place(&f->c, place[0], NOW + 2 * DAY));
	buf_done(&out);
}

static void keeps_its_limits(void **state)
{
	struct fixture *f = *state;
	unsigned char random[APP_PASSWORD_RANDOM] = {0};
	char text[APP_PASSWORD_LENGTH + 1], name[APP_PASSWORD_NAME_MAX + 2];
	uint64_t id = 0;
	memset(name, 'x', sizeof name);
	assert_int_equal(credentials_add_app(&f->c, view_of(name, sizeof name), 1, APP_PASSWORD_HASHED,
	                     random, 0, &f->arena, text, &id),
	    -EINVAL);
	assert_int_equal(credentials_add_app(
	                     &f->c, VIEW("phone"), 1, APP_PASSWORD_HASHED, random, 0, &f->arena, text, &id),
	    -EEXIST);
	while (f->c.app_count < APP_PASSWORDS_MAX)
		add(f, (char[]){(char)('0' + f->c.app_count), '\0'}, CREDENTIAL_ALL, APP_PASSWORD_HASHED,
		    text, &id);
	assert_int_equal(
	    credentials_add_app(&f->c, VIEW("x"), 1, APP_PASSWORD_HASHED, random, 0, &f->arena, text, &id),
	    -ENOSPC);
	assert_true(credentials_touch_app(&f->c, id, 5000));
	assert_false(credentials_touch_app(&f->c, id, 5000 + 3599));
	assert_true(credentials_touch_app(&f->c, id, 5000 + 3600));
	assert_false(credentials_touch_app(&f->c, 12345, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(checks_passwords, setup, teardown),
	    cmocka_unit_test_setup_teardown(answers_sasl, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_an_app_password_made_apart, setup, teardown),
	    cmocka_unit_test_setup_teardown(reads_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_app_passwords_alone_when_locked, setup, teardown),
	    cmocka_unit_test_setup_teardown(remembers_places, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_its_limits, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
