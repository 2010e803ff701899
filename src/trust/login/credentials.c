/* An account's credentials: what they prove, and how they are changed. Their stored form is in
 * credentials_record.c. */
#include "trust/login/credentials.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "trust/login/password.h"
#include "trust/login/random_words.h"

enum { TOUCH_AFTER = 3600 };

void credentials_init(struct credentials *c, const unsigned char salt[SCRAM_SALT_SIZE])
{
	memset(c, 0, sizeof *c);
	memcpy(c->salt, salt, SCRAM_SALT_SIZE);
}

static struct view salt_of(const struct credentials *c)
{
	return view_of(c->salt, SCRAM_SALT_SIZE);
}

static int make_verifiers(const struct credentials *c, struct view password, struct scram_verifier *sha1,
    struct scram_verifier *sha256)
{
	int error = scram_keys(SCRAM_SHA_1, password, salt_of(c), SCRAM_ITERATIONS, sha1, NULL);
	return error ? error
	             : scram_keys(SCRAM_SHA_256, password, salt_of(c), SCRAM_ITERATIONS, sha256, NULL);
}

int credentials_set_password(struct credentials *c, struct view password, bool scram, struct arena *arena)
{
	struct scram_verifier sha1 = {0}, sha256 = {0};
	struct view kept;
	struct buf hash;
	buf_init(&hash, PASSWORD_HASH_MAX);
	int error = password_hash(password, &hash);
	if (error == 0 && scram)
		error = make_verifiers(c, password, &sha1, &sha256);
	if (error == 0 && !arena_copy(arena, buf_view(&hash), &kept))
		error = -ENOBUFS;
	buf_done(&hash);
	if (error)
		return error;
	credentials_put_hash(c, kept);
	c->scram = scram;
	c->sha1 = sha1;
	c->sha256 = sha256;
	return 0;
}

void credentials_put_hash(struct credentials *c, struct view hash)
{
	c->password_hash = hash;
	c->scram = false;
	c->place_count = 0;
	c->sessions.count = 0;
}

/* ---- known places ---- */

static size_t find_place(const struct credentials *c, const unsigned char hash[PLACE_HASH_SIZE])
{
	size_t i = 0;
	while (i < c->place_count && memcmp(c->places[i].hash, hash, PLACE_HASH_SIZE) != 0)
		i++;
	return i;
}

bool credentials_know_place(
    const struct credentials *c, const unsigned char hash[PLACE_HASH_SIZE], int64_t now)
{
	size_t i = find_place(c, hash);
	/* A time that is still to come is that of a clock which was set back. */
	return i < c->place_count && now - c->places[i].last < PLACE_SECONDS;
}

bool credentials_touch_place(struct credentials *c, const unsigned char hash[PLACE_HASH_SIZE], int64_t now)
{
	size_t i = find_place(c, hash);
	if (i < c->place_count && c->places[i].last <= now && now - c->places[i].last < PLACE_TOUCH_SECONDS)
		return false;
	if (i == c->place_count && c->place_count < PLACES_MAX) {
		c->place_count++;
	} else if (i == c->place_count) {
		i = 0;
		for (size_t k = 1; k < c->place_count; k++)
			if (c->places[k].last < c->places[i].last)
				i = k;
	}
	memcpy(c->places[i].hash, hash, PLACE_HASH_SIZE);
	c->places[i].last = now;
	return true;
}

/* ---- app passwords ---- */

/* Fast, because what is hashed is random: 80 bits are out of reach for any hash. */
static void app_password_hash(
    const struct credentials *c, struct view text, unsigned char hash[APP_PASSWORD_HASH_SIZE])
{
	crypto_generichash(hash, APP_PASSWORD_HASH_SIZE, (const unsigned char *)text.data, text.len, c->salt,
	    sizeof c->salt);
}

static bool has_name(const struct credentials *c, struct view name)
{
	for (size_t i = 0; i < c->app_count; i++)
		if (view_equal(c->apps[i].name, name))
			return true;
	return false;
}

int credentials_add_app(struct credentials *c, struct view name, unsigned protocols,
    enum app_password_kind kind, const unsigned char random[APP_PASSWORD_RANDOM], int64_t now,
    struct arena *arena, char text[APP_PASSWORD_LENGTH + 1], uint64_t *id)
{
	struct app_password app = {
	    .id = c->last_id + 1, .protocols = protocols, .kind = kind, .created = now};
	char shown[APP_PASSWORD_LENGTH + 1];
	if (c->app_count == APP_PASSWORDS_MAX)
		return -ENOSPC;
	if (name.len == 0 || name.len > APP_PASSWORD_NAME_MAX || !utf8_valid(name))
		return -EINVAL;
	if (has_name(c, name))
		return -EEXIST;
	random_letters(random, shown, APP_PASSWORD_LENGTH);
	struct view secret = view_of(shown, APP_PASSWORD_LENGTH);
	app_password_hash(c, secret, app.hash);
	int error = kind == APP_PASSWORD_SCRAM ? make_verifiers(c, secret, &app.sha1, &app.sha256) : 0;
	if (error == 0 && !arena_copy(arena, name, &app.name))
		error = -ENOBUFS;
	if (error == 0 && kind == APP_PASSWORD_READABLE && !arena_copy(arena, secret, &app.secret))
		error = -ENOBUFS;
	if (error)
		return error;
	c->apps[c->app_count++] = app;
	c->last_id = app.id;
	*id = app.id;
	memcpy(text, shown, sizeof shown);
	mem_wipe(shown, sizeof shown);
	return 0;
}

int credentials_put_app(struct credentials *c, const struct app_password *made)
{
	if (c->app_count == APP_PASSWORDS_MAX)
		return -ENOSPC;
	if (has_name(c, made->name))
		return -EEXIST;
	c->apps[c->app_count] = *made;
	c->apps[c->app_count++].id = ++c->last_id;
	return 0;
}

static size_t find_app(const struct credentials *c, uint64_t id)
{
	size_t i = 0;
	while (i < c->app_count && c->apps[i].id != id)
		i++;
	return i;
}

bool credentials_remove_app(struct credentials *c, uint64_t id)
{
	size_t i = find_app(c, id);
	if (i == c->app_count)
		return false;
	c->app_count--;
	memmove(&c->apps[i], &c->apps[i + 1], (c->app_count - i) * sizeof c->apps[0]);
	return true;
}

bool credentials_touch_app(struct credentials *c, uint64_t id, int64_t now)
{
	size_t i = find_app(c, id);
	if (i == c->app_count)
		return false;
	int64_t last = c->apps[i].last_used;
	bool worth = last > now || now - last >= TOUCH_AFTER; /* later than now: the clock was set back */
	if (worth)
		c->apps[i].last_used = now;
	return worth;
}

/* People copy app passwords with the blanks and hyphens with which they are shown in groups. */
static struct view without_separators(struct view typed, char out[APP_PASSWORD_LENGTH])
{
	size_t n = 0;
	for (size_t i = 0; i < typed.len; i++) {
		if (typed.data[i] == ' ' || typed.data[i] == '-')
			continue;
		if (n == APP_PASSWORD_LENGTH)
			return (struct view){0};
		out[n++] = typed.data[i];
	}
	return view_of(out, n);
}

/* The app password that was typed; NULL if none. Readable ones are for APOP and CRAM-MD5 alone. */
static const struct app_password *match_app(const struct credentials *c, struct view typed, unsigned protocol)
{
	unsigned char hash[APP_PASSWORD_HASH_SIZE];
	char text[APP_PASSWORD_LENGTH];
	const struct app_password *found = NULL;
	app_password_hash(c, without_separators(typed, text), hash);
	for (size_t i = 0; i < c->app_count; i++) {
		const struct app_password *app = &c->apps[i];
		bool same = sodium_memcmp(hash, app->hash, sizeof hash) == 0;
		if (same && app->kind != APP_PASSWORD_READABLE && app->protocols & protocol)
			found = app;
	}
	mem_wipe(text, sizeof text);
	return found;
}

int credentials_check(
    const struct credentials *c, struct view password, unsigned protocol, uint64_t *credential)
{
	static const struct credentials nobody;
	if (sodium_init() < 0)
		return -ENOMEM;
	bool apps_only = protocol & CREDENTIAL_APPS_ONLY;
	if (c == NULL && !apps_only)
		return password_verify_nobody(password);
	if (c == NULL)
		c = &nobody;
	const struct app_password *app = match_app(c, password, protocol);
	if (app) {
		*credential = app->id;
		return 0;
	}
	if (apps_only)
		return -EACCES;
	if (c->password_hash.len == 0)
		return password_verify_nobody(password);
	int error = password_verify(c->password_hash, password);
	if (error == 0)
		*credential = 0;
	return error == -EINVAL ? -EACCES : error;
}

int credentials_scram_record(const struct credentials *c, enum scram_hash hash, unsigned protocol,
    struct arena *arena, struct sasl_scram_record *record)
{
	struct sasl_scram_record r = {.iterations = SCRAM_ITERATIONS};
	bool sha1 = hash == SCRAM_SHA_1;
	if (c) {
		struct sasl_scram_key *keys = arena_array(arena, c->app_count + 1, sizeof *keys);
		if (keys == NULL)
			return -ENOBUFS;
		if (c->scram && !(protocol & CREDENTIAL_APPS_ONLY))
			keys[r.count++].verifier = sha1 ? c->sha1 : c->sha256;
		for (size_t i = 0; i < c->app_count; i++) {
			const struct app_password *app = &c->apps[i];
			if (app->kind != APP_PASSWORD_SCRAM || !(app->protocols & protocol))
				continue;
			keys[r.count].credential = app->id;
			keys[r.count++].verifier = sha1 ? app->sha1 : app->sha256;
		}
		r.keys = keys;
		r.salt = salt_of(c);
	}
	*record = r;
	return 0;
}

int credentials_secrets(const struct credentials *c, unsigned protocol, struct arena *arena,
    const struct sasl_secret **secrets, size_t *count)
{
	size_t n = 0;
	struct sasl_secret *list = arena_array(arena, c ? c->app_count + 1 : 1, sizeof *list);
	if (list == NULL)
		return -ENOBUFS;
	for (size_t i = 0; c && i < c->app_count; i++) {
		const struct app_password *app = &c->apps[i];
		if (app->kind == APP_PASSWORD_READABLE && app->protocols & protocol)
			list[n++] = (struct sasl_secret){.secret = app->secret, .credential = app->id};
	}
	*secrets = list;
	*count = n;
	return 0;
}
