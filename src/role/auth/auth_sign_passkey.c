/* Passkeys: what the browser is asked, and what it answers. A passkey that was used without the password
 * signs in alone, so it must have looked who its user is; as the second step, or as a proof, a touch is
 * enough. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/json.h"
#include "role/auth/auth_sign.h"

enum { WAIT_MS = 5 * 60 * 1000, HANDLE_SIZE = 8 };

static void put_name(struct buf *out, const char *name, struct view value)
{
	buf_printf(out, "\"%s\":", name);
	json_append_string(out, value);
}

/* The account's passkeys of this site, as a list of what names them. */
static void put_passkeys(struct buf *out, const struct second_factor *f, struct view site)
{
	bool follows = false;
	buf_append_byte(out, '[');
	for (size_t i = 0; f && i < f->passkey_count; i++) {
		if (!view_equal(f->passkeys[i].site, site))
			continue;
		buf_append_string(out,
		    follows ? ",{\"type\":\"public-key\",\"id\":\"" : "{\"type\":\"public-key\",\"id\":\"");
		sign_put_base64(out, f->passkeys[i].credential);
		buf_append_string(out, "\"}");
		follows = true;
	}
	buf_append_byte(out, ']');
}

static void put_challenge(struct buf *out, const struct ticket *t)
{
	buf_append_string(out, "\"challenge\":\"");
	sign_put_base64(out, view_of(t->challenge, sizeof t->challenge));
	buf_printf(out, "\",\"timeout\":%d,", WAIT_MS);
}

static struct webauthn_expected expected(const struct sign *s, const struct ticket *t, bool verified)
{
	return (struct webauthn_expected){.challenge = view_of(t->challenge, sizeof t->challenge),
	    .origin = s->m.origin,
	    .rp_id = s->m.site,
	    .verified = verified};
}

/* ---- asked for ---- */

static void ask(struct sign *s, struct ticket *t, const struct second_factor *f)
{
	sign_tell_ticket(s, t);
	buf_append_byte(&s->text, '{');
	put_challenge(&s->text, t);
	put_name(&s->text, "rpId", s->m.site);
	buf_printf(
	    &s->text, ",\"userVerification\":\"%s\",\"allowCredentials\":", f ? "discouraged" : "required");
	put_passkeys(&s->text, f, s->m.site);
	buf_append_byte(&s->text, '}');
	sign_end(s, buf_failed(&s->text) ? SIGN_TEMPORARY : SIGN_DONE);
}

static void ask_second(struct sign *s)
{
	const struct ticket *second = ticket_find(s->m.ticket, TICKET_SECOND);
	if (second == NULL || !s->login.known) {
		sign_end(s, SIGN_STALE);
		return;
	}
	/* A new ticket may push the old one out. */
	struct ticket copy = *second, *t = ticket_new(TICKET_PASSKEY, view_from_string(copy.address));
	t->password_was_right = true;
	t->for_program = copy.for_program;
	memcpy(t->password, copy.password, sizeof t->password);
	ask(s, t, &s->login.credentials.second);
}

void sign_passkey_ask(struct sign *s)
{
	if (s->session) {
		struct ticket *t = ticket_new(TICKET_PASSKEY, buf_view(&s->login.normal));
		t->session = s->session->id;
		ask(s, t, &s->login.credentials.second);
		return;
	}
	const struct ticket *second = ticket_find(s->m.ticket, TICKET_SECOND);
	if (s->m.ticket.len == 0)
		ask(s, ticket_new(TICKET_PASSKEY, (struct view){0}), NULL);
	else if (second)
		sign_look_up(s, view_from_string(second->address), ask_second);
	else
		sign_end(s, SIGN_STALE);
}

/* ---- answered ---- */

static uint64_t account_of(struct view handle)
{
	struct cursor c = cursor_on(handle);
	uint64_t account = cursor_u64(&c);
	return cursor_ok(&c) && cursor_at_end(&c) ? account : 0;
}

static void refuse(struct sign *s, enum webauthn_fault fault)
{
	if (fault == WEBAUTHN_COUNTER)
		log_event(LOG_WARNING, s->login.session, "passkey-copied",
		    log_text("address", buf_view(&s->login.normal)),
		    log_string("advice", "somebody may have copied this passkey; remove it"));
	if (fault == WEBAUTHN_MEMORY)
		sign_end(s, SIGN_TEMPORARY);
	else
		sign_failed(s, webauthn_fault_name(fault));
}

/* The password that was right before is still the account's. */
static bool password_holds(const struct sign *s)
{
	unsigned char name[TICKET_PASSWORD_SIZE];
	if (!s->used.password_was_right)
		return true;
	sign_name_password(&s->login.credentials, name);
	return memcmp(name, s->used.password, sizeof name) == 0;
}

static void judge(struct sign *s)
{
	struct view id, client, data, signature, handle = {0};
	int64_t now = clock_wall();
	arena_reset(&s->login.arena);
	if (!sign_base64(s, sign_field(s, 0), &id) || !sign_base64(s, sign_field(s, 1), &client) ||
	    !sign_base64(s, sign_field(s, 2), &data) || !sign_base64(s, sign_field(s, 3), &signature) ||
	    (sign_field(s, 4).len && !sign_base64(s, sign_field(s, 4), &handle))) {
		refuse(s, WEBAUTHN_MALFORMED);
		return;
	}
	struct passkey *key =
	    s->login.known ? second_factor_find_passkey(&s->login.credentials.second, id, s->m.site) : NULL;
	if (key == NULL || !password_holds(s) || (handle.len && account_of(handle) != s->login.account)) {
		refuse(s, WEBAUTHN_SITE);
		return;
	}
	struct webauthn_credential credential = {
	    .id = key->credential, .key = key->key, .counter = key->counter};
	const struct webauthn_expected wanted =
	    expected(s, &s->used, !s->used.password_was_right && s->used.session == 0);
	enum webauthn_fault fault = webauthn_assert(&wanted, client, data, signature, &credential);
	if (fault) {
		refuse(s, fault);
		return;
	}
	key->counter = credential.counter;
	key->last_used = now;
	s->is_program = s->used.for_program;
	if (s->used.session)
		sign_note_proof(s);
	else
		sign_in(s, s->used.password_was_right ? "password-and-passkey" : "passkey");
}

void sign_passkey(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_PASSKEY);
	uint64_t session = s->session ? s->session->id : 0, account;
	struct view handle;
	if (t == NULL || t->session != session) {
		sign_end(s, SIGN_STALE);
		return;
	}
	/* One challenge, one answer. */
	s->used = *t;
	ticket_end(t);
	if (s->session) {
		s->step = judge;
		judge(s);
	} else if (s->used.address[0]) {
		sign_look_up(s, view_from_string(s->used.address), judge);
	} else if (sign_base64(s, sign_field(s, 4), &handle) && handle.len == HANDLE_SIZE &&
	           (account = account_of(handle)) != 0 && account <= INT64_MAX) {
		sign_look_up_number(s, account, judge);
	} else {
		refuse(s, WEBAUTHN_MALFORMED);
	}
}

/* ---- made ---- */

void sign_passkey_make(struct sign *s)
{
	struct buf *out = &s->text;
	const struct second_factor *f = &s->login.credentials.second;
	struct view address = buf_view(&s->login.normal);
	char handle[HANDLE_SIZE];
	if (s->m.site.len == 0) {
		sign_refuse(s, SIGN_INVALID, "a passkey needs a name of this server, and not its number");
		return;
	}
	if (f->passkey_count == PASSKEYS_MAX) {
		sign_end(s, SIGN_FULL);
		return;
	}
	struct ticket *t = ticket_new(TICKET_PASSKEY_MAKE, address);
	t->session = s->session->id;
	sign_tell_ticket(s, t);
	for (size_t i = 0; i < sizeof handle; i++)
		handle[i] = (char)(s->login.account >> (56 - 8 * i));
	buf_append_byte(out, '{');
	put_challenge(out, t);
	buf_append_string(out, "\"rp\":{");
	put_name(out, "id", s->m.site);
	buf_append_byte(out, ',');
	put_name(out, "name", s->m.site);
	buf_append_string(out, "},\"user\":{\"id\":\"");
	sign_put_base64(out, view_of(handle, sizeof handle));
	buf_append_string(out, "\",");
	put_name(out, "name", address);
	buf_append_byte(out, ',');
	put_name(out, "displayName", address);
	buf_printf(out,
	    "},\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":%d},{\"type\":\"public-key\",\"alg\":%"
	    "d},"
	    "{\"type\":\"public-key\",\"alg\":%d}],\"attestation\":\"none\",\"authenticatorSelection\":"
	    "{\"residentKey\":\"preferred\",\"userVerification\":\"preferred\"},\"excludeCredentials\":",
	    WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256);
	put_passkeys(out, f, s->m.site);
	buf_append_byte(out, '}');
	sign_end(s, buf_failed(out) ? SIGN_TEMPORARY : SIGN_DONE);
}

static void added(struct sign *s)
{
	log_record(LOG_INFO, s->login.session, "credentials-change",
	    log_text("address", buf_view(&s->login.normal)), log_string("change", "passkey added"),
	    log_text("client", buf_view(&s->login.client_text)));
	sign_end(s, SIGN_DONE);
}

static void add(struct sign *s)
{
	struct view client, attestation;
	struct webauthn_credential made;
	struct second_factor *f = &s->login.credentials.second;
	const struct webauthn_expected wanted = expected(s, &s->used, false);
	if (s->login.known)
		s->session = web_session_find(&s->login.credentials.sessions, s->token, clock_wall());
	if (!s->login.known || s->session == NULL) {
		sign_end(s, SIGN_ENDED);
		return;
	}
	if (!sign_base64(s, sign_field(s, 1), &client) || !sign_base64(s, sign_field(s, 2), &attestation)) {
		refuse(s, WEBAUTHN_MALFORMED);
		return;
	}
	enum webauthn_fault fault = webauthn_register(&wanted, client, attestation, &made);
	if (fault) {
		refuse(s, fault);
		return;
	}
	const struct passkey key = {.id = ++s->login.credentials.last_id,
	    .name = sign_field(s, 0),
	    .site = s->m.site,
	    .credential = made.id,
	    .key = made.key,
	    .counter = made.counter,
	    .created = clock_wall()};
	int error = second_factor_add_passkey(f, &key, &s->arena);
	sign_first_recovery(s);
	if (error == -EINVAL)
		sign_refuse(s, SIGN_INVALID, "the passkey needs a name of 1 to 128 characters");
	else if (error)
		sign_end(s, error == -EEXIST ? SIGN_EXISTS : error == -ENOSPC ? SIGN_FULL : SIGN_TEMPORARY);
	else
		sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, added);
}

void sign_passkey_add(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_PASSKEY_MAKE);
	if (t == NULL || t->session != s->session->id) {
		sign_end(s, SIGN_STALE);
		return;
	}
	s->used = *t;
	ticket_end(t);
	s->step = add;
	add(s);
}

static void removed(struct sign *s)
{
	log_record(LOG_INFO, s->login.session, "credentials-change",
	    log_text("address", buf_view(&s->login.normal)), log_string("change", "passkey removed"),
	    log_text("client", buf_view(&s->login.client_text)));
	sign_end(s, SIGN_DONE);
}

void sign_passkey_remove(struct sign *s)
{
	if (second_factor_remove_passkey(&s->login.credentials.second, s->m.number))
		sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, removed);
	else
		sign_end(s, SIGN_MISSING);
}
