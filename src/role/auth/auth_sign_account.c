/* What a session may do: open the account's channel, end sessions, make and remove app passwords and tokens,
 * and change the password. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "role/auth/auth_sign.h"
#include "trust/login/strength.h"

static void note(const struct sign *s, const char *change)
{
	log_record(LOG_INFO, s->login.session, "credentials-change",
	    log_text("address", buf_view(&s->login.normal)), log_string("change", change),
	    log_text("client", buf_view(&s->login.client_text)));
}

/* ---- the channel ---- */

static bool granted(void *arg, struct link *link, struct channel_frame *frame)
{
	struct sign *s = arg;
	struct message_granted m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->asked = 0;
	if (frame == NULL || m.error || frame->fd < 0) {
		sign_end(s, SIGN_TEMPORARY);
		return true;
	}
	/* In an upgrade another auth may have ended this session before the channel was granted. */
	if (s->login.epoch != auth_directory_epoch()) {
		sign_look_up_session(s);
		return true;
	}
	s->answer.account = s->login.account;
	s->answer.address = buf_view(&s->login.normal);
	s->answer.administrator = s->administrator && !s->session->is_token;
	s->channel = frame->fd;
	frame->fd = -1;
	sign_end(s, SIGN_DONE);
	return true;
}

/*
 * A session that is ended now has its channels ended behind the directory's change. Whoever read the record
 * before that looks again, so that no channel is granted behind the end.
 */
static void grant(struct sign *s)
{
	if (s->login.epoch != auth_directory_epoch()) {
		sign_look_up_session(s);
		return;
	}
	struct message_grant m = {.account = s->login.account,
	    .service = VIEW("https"),
	    .session = s->session->id,
	    .who = buf_view(&s->login.normal),
	    .client = buf_view(&s->login.client_text)};
	s->asked = calls_ask(&auth_role.store, MESSAGE_GRANT, &m, granted, s);
	if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}

void sign_open(struct sign *s)
{
	if (web_session_touch(s->session, s->m.client, clock_wall()))
		sign_write(s, DIRECTORY_CREDENTIALS_ADDED, grant);
	else
		grant(s);
}

/* ---- the end of sessions ---- */

static void session_ended(struct sign *s)
{
	note(s, "session ended");
	sign_revoke(s, s->ended);
	sign_end(s, SIGN_DONE);
}

static void end_session(struct sign *s, uint64_t id)
{
	s->ended = id;
	if (web_session_end(&s->login.credentials.sessions, id))
		sign_write(s, DIRECTORY_CREDENTIALS_ADDED, session_ended);
	else
		sign_end(s, SIGN_MISSING);
}

void sign_out(struct sign *s)
{
	end_session(s, s->session->id);
}

static void others_ended(struct sign *s)
{
	note(s, "all other sessions ended");
	sign_end(s, SIGN_DONE);
}

/* Somebody who has taken a session over shall not throw its owner out of the others. */
void sign_session_end(struct sign *s)
{
	struct web_sessions *all = &s->login.credentials.sessions;
	if (s->m.number != s->session->id && !web_session_is_proved(s->session, clock_wall())) {
		sign_end(s, SIGN_UNPROVED);
	} else if (s->m.number) {
		end_session(s, s->m.number);
	} else {
		all->list[0] = *s->session;
		all->count = 1;
		sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, others_ended);
	}
}

/* ---- for programs ---- */

static void token_added(struct sign *s)
{
	note(s, "token added");
	if (s->pushed_out)
		sign_revoke(s, s->pushed_out);
	buf_append(&s->text, buf_view(&s->token_text));
	buf_clear(&s->token_text);
	sign_end(s, SIGN_DONE);
}

void sign_token_add(struct sign *s)
{
	struct credentials *c = &s->login.credentials;
	unsigned char token[WEB_TOKEN_SIZE];
	int64_t now = clock_wall();
	struct view name = sign_field(s, 0);
	if (name.len == 0 || name.len > WEB_AGENT_MAX || !utf8_valid(name)) {
		sign_refuse(s, SIGN_INVALID, "the token needs a name of 1 to 120 characters");
		return;
	}
	const struct web_session made = {
	    .id = ++c->last_id, .created = now, .last_used = now, .agent = name, .is_token = true};
	random_bytes(token, sizeof token);
	buf_clear(&s->token_text);
	int error = web_session_add(&c->sessions, &made, token, &s->arena, &s->pushed_out);
	if (error == 0)
		error = web_token_write(&s->token_text, token, buf_view(&s->login.normal));
	mem_wipe(token, sizeof token);
	if (error)
		sign_end(s, SIGN_TEMPORARY);
	else
		sign_write(s, DIRECTORY_CREDENTIALS_ADDED, token_added);
}

static void app_added(struct sign *s)
{
	note(s, "app password added");
	sign_end(s, SIGN_DONE);
}

static void put_app(struct sign *s)
{
	struct credentials *c = &s->login.credentials;
	if (!s->login.known || web_session_find(&c->sessions, s->token, clock_wall()) == NULL) {
		sign_end(s, SIGN_ENDED);
		return;
	}
	s->app.name = sign_field(s, 0);
	buf_clear(&s->text);
	buf_append_string(&s->text, s->app_text);
	int error = credentials_put_app(c, &s->app);
	if (error == 0)
		sign_write(s, DIRECTORY_CREDENTIALS_ADDED, app_added);
	else if (error == -EEXIST)
		sign_refuse(s, SIGN_INVALID, "another app password has this name; choose a name of its own");
	else
		sign_end(s, SIGN_FULL);
}

static void app_made(struct sign *s)
{
	s->step = put_app; /* where sign_write comes back to when somebody was faster */
	put_app(s);
}

void sign_app_add(struct sign *s)
{
	if (s->m.number == 0 || s->m.number > CREDENTIAL_ALL)
		sign_refuse(s, SIGN_INVALID, "the app password needs something that it opens");
	else
		sign_make_app(s, sign_field(s, 0), (unsigned)s->m.number, app_made);
}

static void app_removed(struct sign *s)
{
	note(s, "app password removed");
	sign_end(s, SIGN_DONE);
}

void sign_app_remove(struct sign *s)
{
	if (credentials_remove_app(&s->login.credentials, s->m.number))
		sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, app_removed);
	else
		sign_end(s, SIGN_MISSING);
}

/* ---- the password ---- */

static void password_set(struct sign *s)
{
	note(s, "password changed");
	sign_end(s, SIGN_DONE);
}

/* The password until now was right, and the new one is hashed; the record is the one of now. */
static void put_password(struct sign *s)
{
	struct credentials *c = &s->login.credentials;
	unsigned char name[TICKET_PASSWORD_SIZE];
	s->session = s->login.known ? web_session_find(&c->sessions, s->token, clock_wall()) : NULL;
	if (s->session == NULL) {
		sign_end(s, SIGN_ENDED);
		return;
	}
	sign_name_password(c, name);
	if (memcmp(name, s->password, sizeof name) != 0) {
		sign_failed(s, "changed");
		return;
	}
	struct web_session own = *s->session;
	credentials_put_hash(c, buf_view(&s->hash));
	c->sessions.list[0] = own;
	c->sessions.count = 1;
	auth_brake_given_back(&s->login);
	sign_write(s, DIRECTORY_CREDENTIALS_REPLACED, password_set);
}

static void hashed(struct sign *s)
{
	sign_look_up(s, buf_view(&s->login.identity), put_password);
}

static void old_checked(struct login *l, int result)
{
	struct sign *s = container_of(l, struct sign, login);
	if (result == -EACCES)
		sign_failed(s, "password");
	else if (result)
		sign_end(s, SIGN_TEMPORARY);
	else
		sign_hash(s, sign_field(s, 1), hashed);
}

static void check_old(struct sign *s)
{
	int result = auth_password_check(&s->login, sign_field(s, 0), old_checked);
	if (result != -EINPROGRESS)
		old_checked(&s->login, result);
}

void sign_password_set(struct sign *s)
{
	struct view old = sign_field(s, 0), fresh = sign_field(s, 1);
	const char *weakness = fresh.len > PASSWORD_MAX
	                           ? "it is too long"
	                           : password_weakness(fresh, buf_view(&s->login.normal));
	if (weakness) {
		sign_refuse(s, SIGN_WEAK, weakness);
		return;
	}
	sign_name_password(&s->login.credentials, s->password);
	if (old.len > PASSWORD_MAX)
		sign_end(s, SIGN_WRONG);
	else
		sign_brake(s, check_old);
}
