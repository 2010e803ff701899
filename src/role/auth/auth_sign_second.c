/* The second factor, set up and taken away: codes that change with time, and recovery codes. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "format/json.h"
#include "role/auth/auth_sign.h"

static void note(const struct sign *s, const char *change)
{
	log_record(LOG_INFO, s->login.session, "credentials-change",
	    log_text("address", buf_view(&s->login.normal)), log_string("change", change),
	    log_text("client", buf_view(&s->login.client_text)));
}

/* ---- recovery codes ---- */

static void make_recovery(struct sign *s)
{
	struct credentials *c = &s->login.credentials;
	unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM];
	char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE];
	random_bytes(random, sizeof random);
	second_factor_make_recovery(&c->second, view_of(c->salt, sizeof c->salt), random, texts);
	buf_clear(&s->text);
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		buf_printf(&s->text, "%s\"%s\"", i ? "," : "[", texts[i]);
	buf_append_byte(&s->text, ']');
	mem_wipe(random, sizeof random);
	mem_wipe(texts, sizeof texts);
}

void sign_first_recovery(struct sign *s)
{
	/* Somebody may have been faster: then what was made for the record before is nobody's. */
	buf_clear(&s->text);
	if (s->login.credentials.second.recovery_count == 0)
		make_recovery(s);
}

static void recovery_made(struct sign *s)
{
	note(s, "recovery codes made");
	sign_end(s, SIGN_DONE);
}

void sign_recovery_make(struct sign *s)
{
	if (!second_factor_is_set(&s->login.credentials.second)) {
		sign_refuse(s, SIGN_INVALID, "recovery codes are for accounts that have a second step");
		return;
	}
	make_recovery(s);
	sign_write(s, DIRECTORY_CREDENTIALS_ADDED, recovery_made);
}

/* ---- codes that change with time ---- */

void sign_totp_ask(struct sign *s)
{
	char secret[TOTP_BASE32_SIZE];
	struct buf uri;
	struct ticket *t = ticket_new(TICKET_TOTP, buf_view(&s->login.normal));
	t->session = s->session->id;
	random_bytes(t->secret, sizeof t->secret);
	sign_tell_ticket(s, t);
	totp_base32(t->secret, secret);
	buf_init(&uri, 4096);
	totp_uri(t->secret, auth_role.process->settings.hostname, buf_view(&s->login.normal), &uri);
	buf_printf(&s->text, "{\"secret\":\"%s\",\"uri\":", secret);
	json_append_string(&s->text, buf_view(&uri));
	buf_append_byte(&s->text, '}');
	mem_wipe(secret, sizeof secret);
	if (uri.data)
		mem_wipe(uri.data, uri.cap);
	buf_done(&uri);
	sign_end(s, buf_failed(&s->text) ? SIGN_TEMPORARY : SIGN_DONE);
}

static void totp_set(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_TOTP);
	if (t)
		ticket_end(t);
	note(s, "codes added");
	sign_end(s, SIGN_DONE);
}

void sign_totp_set(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_TOTP);
	struct second_factor *f = &s->login.credentials.second;
	uint64_t step;
	if (t == NULL || t->session != s->session->id) {
		sign_end(s, SIGN_STALE);
		return;
	}
	/* Its owner sees that secret: nothing is to be guessed here. */
	int error =
	    totp_check(view_of(t->secret, sizeof t->secret), sign_field(s, 0), clock_wall(), 0, &step);
	if (error == -EACCES) {
		ticket_failed(t);
		sign_end(s, SIGN_WRONG);
		return;
	}
	if (error == 0)
		error = second_factor_set_totp(f, t->secret, step, &s->arena);
	if (error) {
		sign_end(s, SIGN_TEMPORARY);
		return;
	}
	sign_first_recovery(s);
	sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, totp_set);
}

static void totp_removed(struct sign *s)
{
	note(s, "codes removed");
	sign_end(s, SIGN_DONE);
}

void sign_totp_remove(struct sign *s)
{
	struct second_factor *f = &s->login.credentials.second;
	if (f->totp.len == 0) {
		sign_end(s, SIGN_MISSING);
		return;
	}
	f->totp = (struct view){0};
	f->totp_step = 0;
	second_factor_tidy(f);
	sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, totp_removed);
}
