/*
 * The stored form of credentials:
 *
 *	record   = version salt scram [verifiers] password-hash last-id count *app count *place second-factor
 *sessions app      = id name protocols kind created last-used hash [verifiers] [secret] place    = hash
 *last-used second-factor, sessions: second_factor.c, web_session.c verifiers = stored-key server-key
 *stored-key server-key      (SHA-1: 20 octets each, SHA-256: 32)
 */
#include "trust/login/credentials.h"

#include <errno.h>
#include <string.h>

#include "format/wire.h"

enum { VERSION = 3 };

static void put_verifier(enum scram_hash hash, const struct scram_verifier *v, struct buf *out)
{
	buf_append(out, view_of(v->stored_key, scram_key_size(hash)));
	buf_append(out, view_of(v->server_key, scram_key_size(hash)));
}

static void put_verifiers(
    const struct scram_verifier *sha1, const struct scram_verifier *sha256, struct buf *out)
{
	put_verifier(SCRAM_SHA_1, sha1, out);
	put_verifier(SCRAM_SHA_256, sha256, out);
}

static void put_app(const struct app_password *app, struct buf *out)
{
	wire_put_number(out, app->id);
	wire_put_text(out, app->name);
	wire_put_number(out, app->protocols);
	wire_put_number(out, app->kind);
	wire_put_number(out, (uint64_t)app->created);
	wire_put_number(out, (uint64_t)app->last_used);
	buf_append(out, view_of(app->hash, sizeof app->hash));
	if (app->kind == APP_PASSWORD_SCRAM)
		put_verifiers(&app->sha1, &app->sha256, out);
	if (app->kind == APP_PASSWORD_READABLE)
		wire_put_text(out, app->secret);
}

int credentials_encode(const struct credentials *c, struct buf *out)
{
	buf_append_u8(out, VERSION);
	buf_append(out, view_of(c->salt, sizeof c->salt));
	wire_put_number(out, c->scram);
	if (c->scram)
		put_verifiers(&c->sha1, &c->sha256, out);
	wire_put_text(out, c->password_hash);
	wire_put_number(out, c->last_id);
	wire_put_number(out, c->app_count);
	for (size_t i = 0; i < c->app_count; i++)
		put_app(&c->apps[i], out);
	wire_put_number(out, c->place_count);
	for (size_t i = 0; i < c->place_count; i++) {
		buf_append(out, view_of(c->places[i].hash, PLACE_HASH_SIZE));
		wire_put_number(out, (uint64_t)c->places[i].last);
	}
	second_factor_put(&c->second, out);
	web_sessions_put(&c->sessions, out);
	return buf_failed(out) ? -ENOBUFS : 0;
}

static void get_octets(struct cursor *in, unsigned char *to, size_t n)
{
	struct view v = cursor_bytes(in, n);
	if (v.len)
		memcpy(to, v.data, v.len);
}

static void get_verifier(enum scram_hash hash, struct cursor *in, struct scram_verifier *v)
{
	get_octets(in, v->stored_key, scram_key_size(hash));
	get_octets(in, v->server_key, scram_key_size(hash));
}

static void get_verifiers(struct cursor *in, struct scram_verifier *sha1, struct scram_verifier *sha256)
{
	get_verifier(SCRAM_SHA_1, in, sha1);
	get_verifier(SCRAM_SHA_256, in, sha256);
}

static void get_app(struct cursor *in, struct app_password *app)
{
	app->id = wire_number(in, UINT64_MAX);
	app->name = wire_text(in);
	app->protocols = (unsigned)wire_number(in, UINT32_MAX);
	app->kind = (enum app_password_kind)wire_number(in, APP_PASSWORD_READABLE);
	app->created = (int64_t)wire_number(in, INT64_MAX);
	app->last_used = (int64_t)wire_number(in, INT64_MAX);
	get_octets(in, app->hash, sizeof app->hash);
	if (app->kind == APP_PASSWORD_SCRAM)
		get_verifiers(in, &app->sha1, &app->sha256);
	if (app->kind == APP_PASSWORD_READABLE)
		app->secret = wire_text(in);
}

static void get_place(struct cursor *in, struct known_place *place)
{
	get_octets(in, place->hash, sizeof place->hash);
	place->last = (int64_t)wire_number(in, INT64_MAX);
}

int credentials_decode(struct view encoded, struct credentials *c)
{
	struct cursor in = cursor_on(encoded);
	unsigned char salt[SCRAM_SALT_SIZE] = {0};
	if (cursor_u8(&in) != VERSION)
		return -EINVAL;
	get_octets(&in, salt, sizeof salt);
	/* Read twice: first to see that all of it is there, so that *c stays untouched otherwise. */
	for (int pass = 0; pass < 2; pass++) {
		struct cursor at = in;
		struct credentials scratch, *to = pass ? c : &scratch;
		credentials_init(to, salt);
		to->scram = wire_number(&at, 1) == 1;
		if (to->scram)
			get_verifiers(&at, &to->sha1, &to->sha256);
		to->password_hash = wire_text(&at);
		to->last_id = wire_number(&at, UINT64_MAX);
		uint64_t count = wire_number(&at, APP_PASSWORDS_MAX);
		for (uint64_t i = 0; i < count && cursor_ok(&at); i++)
			get_app(&at, &to->apps[to->app_count++]);
		count = wire_number(&at, PLACES_MAX);
		for (uint64_t i = 0; i < count && cursor_ok(&at); i++)
			get_place(&at, &to->places[to->place_count++]);
		second_factor_get(&at, &to->second);
		web_sessions_get(&at, &to->sessions);
		if (!cursor_ok(&at) || !cursor_at_end(&at) || to->password_hash.len > PASSWORD_HASH_MAX)
			return -EINVAL;
	}
	return 0;
}
