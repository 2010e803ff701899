/*
 * What an account's owner is shown of how it can be opened, as JSON:
 *
 *	{"address", "session": id of this one, "administrator", "proved": seconds that are left, "password":
 *there is one, "secondFactor", "codes", "recoveryCodes": how many, "sessions": [{"id", "agent", "address",
 *"created", "lastUsed", "program"}], "appPasswords": [{"id", "name", "opens": ["imap", ...], "created",
 *"lastUsed"}], "passkeys": [{"id", "name", "site", "created", "lastUsed"}]}
 *
 * Times are seconds since 1970, 0: never.
 */
#include "base/clock.h"
#include "format/json.h"
#include "role/auth/auth_sign.h"

static void put_text(struct buf *out, const char *name, struct view value)
{
	buf_printf(out, ",\"%s\":", name);
	json_append_string(out, value);
}

static void put_number(struct buf *out, const char *name, int64_t value)
{
	buf_printf(out, ",\"%s\":%lld", name, (long long)value);
}

static void put_flag(struct buf *out, const char *name, bool value)
{
	buf_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void begin_one(struct buf *out, bool follows, uint64_t id)
{
	buf_printf(out, "%s{\"id\":%llu", follows ? "," : "", (unsigned long long)id);
}

static void put_sessions(struct buf *out, const struct web_sessions *s, int64_t now)
{
	bool follows = false;
	buf_append_string(out, ",\"sessions\":[");
	for (size_t i = 0; i < s->count; i++) {
		const struct web_session *w = &s->list[i];
		if (now - w->last_used >= WEB_SESSION_SECONDS)
			continue;
		begin_one(out, follows, w->id);
		put_text(out, "agent", w->agent);
		put_text(out, "address", w->address);
		put_number(out, "created", w->created);
		put_number(out, "lastUsed", w->last_used);
		put_flag(out, "program", w->is_token);
		buf_append_byte(out, '}');
		follows = true;
	}
	buf_append_byte(out, ']');
}

static void put_protocols(struct buf *out, unsigned protocols)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{CREDENTIAL_SMTP, "smtp"}, {CREDENTIAL_POP3, "pop3"}, {CREDENTIAL_IMAP, "imap"},
	    {CREDENTIAL_WEB, "web"}, {CREDENTIAL_SIEVE, "sieve"}};
	bool follows = false;
	buf_append_string(out, ",\"opens\":[");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (protocols & names[i].bit) {
			buf_printf(out, "%s\"%s\"", follows ? "," : "", names[i].name);
			follows = true;
		}
	buf_append_byte(out, ']');
}

static void put_apps(struct buf *out, const struct credentials *c)
{
	buf_append_string(out, ",\"appPasswords\":[");
	for (size_t i = 0; i < c->app_count; i++) {
		const struct app_password *app = &c->apps[i];
		begin_one(out, i > 0, app->id);
		put_text(out, "name", app->name);
		put_protocols(out, app->protocols);
		put_number(out, "created", app->created);
		put_number(out, "lastUsed", app->last_used);
		buf_append_byte(out, '}');
	}
	buf_append_byte(out, ']');
}

static void put_passkeys(struct buf *out, const struct second_factor *f)
{
	buf_append_string(out, ",\"passkeys\":[");
	for (size_t i = 0; i < f->passkey_count; i++) {
		const struct passkey *p = &f->passkeys[i];
		begin_one(out, i > 0, p->id);
		put_text(out, "name", p->name);
		put_text(out, "site", p->site);
		put_number(out, "created", p->created);
		put_number(out, "lastUsed", p->last_used);
		buf_append_byte(out, '}');
	}
	buf_append_byte(out, ']');
}

void auth_put_secrets(struct buf *out, const struct credentials *c, int64_t now)
{
	put_flag(out, "password", c->password_hash.len > 0);
	put_flag(out, "secondFactor", second_factor_is_set(&c->second));
	put_flag(out, "codes", c->second.totp.len > 0);
	put_number(out, "recoveryCodes", (int64_t)c->second.recovery_count);
	put_sessions(out, &c->sessions, now);
	put_apps(out, c);
	put_passkeys(out, &c->second);
}

void sign_state(struct sign *s)
{
	const struct credentials *c = &s->login.credentials;
	int64_t now = clock_wall();
	struct buf *out = &s->text;
	bool proved = web_session_is_proved(s->session, now);
	buf_append_string(out, "{\"address\":");
	json_append_string(out, buf_view(&s->login.normal));
	put_number(out, "session", (int64_t)s->session->id);
	put_flag(out, "administrator", s->administrator);
	put_number(out, "proved", proved ? WEB_SESSION_PROOF_SECONDS - (now - s->session->proved) : 0);
	auth_put_secrets(out, c, now);
	buf_append_byte(out, '}');
	sign_end(s, buf_failed(out) ? SIGN_TEMPORARY : SIGN_DONE);
}
