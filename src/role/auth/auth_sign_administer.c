/* The channels of administration, for a session of an administrator who has just proved who it is: auth's own
 * (auth_administer.h), and store's. */
#include "base/log.h"
#include "role/auth/auth_administer.h"
#include "role/auth/auth_sign.h"

static void note(const struct sign *s, const char *of)
{
	log_record(LOG_INFO, s->login.session, "administration-opened",
	    log_text("address", buf_view(&s->login.normal)),
	    log_text("client", buf_view(&s->login.client_text)), log_string("of", of));
}

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
	s->channel = frame->fd;
	frame->fd = -1;
	note(s, "store");
	sign_end(s, SIGN_DONE);
	return true;
}

static void grant_store(struct sign *s)
{
	const struct message_grant m = {.account = s->login.account,
	    .service = VIEW(MESSAGE_ADMINISTRATION),
	    .session = s->session->id,
	    .who = buf_view(&s->login.normal),
	    .client = buf_view(&s->login.client_text)};
	s->asked = calls_ask(&auth_role.store, MESSAGE_GRANT, &m, granted, s);
	if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}

static void open_own(struct sign *s)
{
	int error =
	    auth_administer_open(s->login.account, s->session->id, buf_view(&s->login.normal), &s->channel);
	if (error == 0)
		note(s, "auth");
	sign_end(s, error ? SIGN_TEMPORARY : SIGN_DONE);
}

/* As with an account's channel, whoever read the record before a change looks again. */
void sign_administer(struct sign *s)
{
	if (!s->administrator)
		sign_end(s, SIGN_FORBIDDEN);
	else if (s->m.number >= SIGN_ADMINISTER_ENDS)
		sign_refuse(s, SIGN_INVALID, "there is no such end");
	else if (s->login.epoch != auth_directory_epoch())
		sign_look_up_session(s);
	else if (s->m.number == SIGN_ADMINISTER_STORE)
		grant_store(s);
	else
		open_own(s);
}
