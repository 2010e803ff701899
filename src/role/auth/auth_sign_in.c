/* The way in: the password, then the second step where the account has one, then a session; and the proof
 * that somebody who is signed in gives again before something dangerous. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/auth/auth_sign.h"

/* ---- the end of the way ---- */

static void signed_in(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_SECOND);
	if (t)
		ticket_end(t);
	auth_brake_given_back(&s->login);
	if (s->pushed_out)
		sign_revoke(s, s->pushed_out);
	log_record(LOG_INFO, s->login.session, "sign-in", log_text("address", buf_view(&s->login.normal)),
	    log_text("client", buf_view(&s->login.client_text)), log_string("service", "web"),
	    log_string("result", "accepted"), log_string("by", s->means));
	s->answer.account = s->login.account;
	s->answer.address = buf_view(&s->login.normal);
	sign_end(s, SIGN_DONE);
}

void sign_in(struct sign *s, const char *means)
{
	struct credentials *c = &s->login.credentials;
	unsigned char token[WEB_TOKEN_SIZE];
	int64_t now = clock_wall();
	random_bytes(token, sizeof token);
	struct web_session made = {.id = ++c->last_id,
	    .created = now,
	    .last_used = now,
	    .proved = now,
	    .agent = s->m.agent,
	    .address = s->m.client,
	    .is_token = s->is_program};
	buf_clear(&s->token_text);
	int error = web_session_add(&c->sessions, &made, token, &s->arena, &s->pushed_out);
	if (error == 0)
		error = web_token_write(&s->token_text, token, buf_view(&s->login.normal));
	mem_wipe(token, sizeof token);
	auth_brake_touch_place(&s->login);
	auth_password_put_renewed(&s->login);
	s->means = means;
	if (error)
		sign_end(s, SIGN_TEMPORARY);
	else
		sign_write(s, DIRECTORY_CREDENTIALS_ADDED, signed_in);
}

/* ---- the password ---- */

/* Which second steps there are for this site. */
static void ask_second(struct sign *s)
{
	const struct second_factor *f = &s->login.credentials.second;
	struct ticket *t = ticket_new(TICKET_SECOND, buf_view(&s->login.normal));
	bool passkey = false;
	for (size_t i = 0; i < f->passkey_count; i++)
		passkey = passkey || view_equal(f->passkeys[i].site, s->m.site);
	t->password_was_right = true;
	t->for_program = s->m.number == 1;
	sign_name_password(&s->login.credentials, t->password);
	sign_tell_ticket(s, t);
	buf_printf(&s->text, "{\"code\":%s,\"passkey\":%s}", f->totp.len ? "true" : "false",
	    passkey ? "true" : "false");
	/* Given back, not forgotten: who knows the password still has the code to guess. */
	auth_brake_withdrawn(&s->login);
	sign_end(s, SIGN_SECOND);
}

/* The ticket names the password by its hash: a new one is written before. */
static void go_to_second(struct sign *s)
{
	if (s->login.renewed.len == 0) {
		ask_second(s);
		return;
	}
	auth_password_put_renewed(&s->login);
	sign_write(s, DIRECTORY_CREDENTIALS_ADDED, ask_second);
}

/* The record may be another one by now than that for which the password was right. */
static void go_in(struct sign *s)
{
	unsigned char name[TICKET_PASSWORD_SIZE];
	if (s->login.known)
		sign_name_password(&s->login.credentials, name);
	if (!s->login.known || memcmp(name, s->password, sizeof name) != 0)
		sign_failed(s, "changed");
	else if (second_factor_is_set(&s->login.credentials.second))
		go_to_second(s);
	else
		sign_in(s, "password");
}

static void password_known(struct sign *s)
{
	struct login *l = &s->login;
	s->is_program = s->m.number == 1;
	sign_name_password(&l->credentials, s->password);
	if (l->epoch != auth_directory_epoch())
		sign_look_up(s, buf_view(&l->identity), go_in);
	else {
		s->step = go_in; /* where sign_write comes back to when somebody was faster */
		go_in(s);
	}
}

static void password_checked(struct login *l, int result)
{
	struct sign *s = container_of(l, struct sign, login);
	if (result == 0 && l->known)
		password_known(s);
	else if (result == 0 || result == -EACCES)
		sign_failed(s, "password");
	else
		sign_end(s, SIGN_TEMPORARY);
}

static void check_password(struct sign *s)
{
	int result = auth_password_check(&s->login, sign_field(s, 1), password_checked);
	if (result != -EINPROGRESS)
		password_checked(&s->login, result);
}

static void account_read(struct sign *s)
{
	sign_brake(s, check_password);
}

void sign_password(struct sign *s)
{
	struct view address = sign_field(s, 0);
	if (address.len == 0 || address.len > SASL_IDENTITY_MAX || sign_field(s, 1).len > PASSWORD_MAX)
		sign_failed(s, "malformed");
	else
		sign_look_up(s, address, account_read);
}

/* ---- the second step ---- */

/* A code of six digits changes with time; anything else can only be a recovery code. */
static int take_code(struct sign *s, struct view code)
{
	struct credentials *c = &s->login.credentials;
	int error = second_factor_take_totp(&c->second, code, clock_wall());
	s->means = "code";
	if (error == -EACCES &&
	    second_factor_take_recovery(&c->second, view_of(c->salt, sizeof c->salt), code)) {
		s->means = "recovery-code";
		error = 0;
	}
	return error;
}

static void code_counted(struct sign *s)
{
	struct ticket *t = ticket_find(s->m.ticket, TICKET_SECOND);
	unsigned char name[TICKET_PASSWORD_SIZE];
	if (t == NULL || !s->login.known) {
		auth_brake_withdrawn(&s->login);
		sign_end(s, SIGN_STALE);
		return;
	}
	sign_name_password(&s->login.credentials, name);
	if (memcmp(name, t->password, sizeof name) != 0) {
		auth_brake_withdrawn(&s->login);
		sign_end(s, SIGN_STALE);
		return;
	}
	s->is_program = t->for_program;
	int error = take_code(s, sign_field(s, 0));
	if (error == 0) {
		sign_in(s, s->means);
	} else if (error == -EACCES) {
		ticket_failed(t);
		sign_failed(s, "code");
	} else {
		sign_end(s, SIGN_TEMPORARY);
	}
}

static void code_read(struct sign *s)
{
	sign_brake(s, code_counted);
}

void sign_code(struct sign *s)
{
	const struct ticket *t = ticket_find(s->m.ticket, TICKET_SECOND);
	if (t)
		sign_look_up(s, view_from_string(t->address), code_read);
	else
		sign_end(s, SIGN_STALE);
}

/* ---- proved once more ---- */

static void proved(struct sign *s)
{
	auth_brake_given_back(&s->login);
	sign_end(s, SIGN_DONE);
}

void sign_note_proof(struct sign *s)
{
	s->session =
	    s->login.known ? web_session_find(&s->login.credentials.sessions, s->token, clock_wall()) : NULL;
	if (s->session == NULL) {
		sign_end(s, SIGN_ENDED);
		return;
	}
	s->session->proved = clock_wall();
	sign_write(s, DIRECTORY_CREDENTIALS_ADDED, proved);
}

static void proof_checked(struct login *l, int result)
{
	struct sign *s = container_of(l, struct sign, login);
	s->step = sign_note_proof;
	if (result == 0 && l->known)
		sign_note_proof(s);
	else if (result == -EACCES)
		sign_failed(s, "password");
	else
		sign_end(s, SIGN_TEMPORARY);
}

static void prove_code(struct sign *s)
{
	s->session =
	    s->login.known ? web_session_find(&s->login.credentials.sessions, s->token, clock_wall()) : NULL;
	if (s->session == NULL) {
		sign_end(s, SIGN_ENDED);
		return;
	}
	int error = take_code(s, sign_field(s, 0));
	if (error == -EACCES) {
		sign_failed(s, "code");
	} else if (error) {
		sign_end(s, SIGN_TEMPORARY);
	} else {
		sign_note_proof(s);
	}
}

static void prove_password(struct sign *s)
{
	int result = auth_password_check(&s->login, sign_field(s, 0), proof_checked);
	if (result != -EINPROGRESS)
		proof_checked(&s->login, result);
}

/* Where there is a second factor it is what proves: a password may have been looked at over a shoulder. */
void sign_prove(struct sign *s)
{
	if (sign_field(s, 0).len > PASSWORD_MAX)
		sign_end(s, SIGN_WRONG);
	else
		sign_brake(
		    s, second_factor_is_set(&s->login.credentials.second) ? prove_code : prove_password);
}
