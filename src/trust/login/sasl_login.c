/*
 * LOGIN, draft-murchison-sasl-login-00: never a standard, and what some programs speak alone. The prompts are
 * those that all of them know; their text has no meaning.
 */
#include "trust/login/sasl_private.h"

enum { PROMPTED_FOR_NAME = 0, NAME = 1, PASSWORD = 2 };

enum sasl_step sasl_login_feed(struct sasl_server *s, struct view message)
{
	switch (s->round) {
	case PROMPTED_FOR_NAME:
		buf_append_string(&s->output, "Username:");
		return SASL_CHALLENGE;
	case NAME:
		if (message.len == 0)
			return sasl_fail(s, SASL_MALFORMED);
		sasl_take_identity(s, message);
		buf_append_string(&s->output, "Password:");
		return SASL_CHALLENGE;
	case PASSWORD:
		if (message.len == 0 || buf_append(&s->password, message))
			return sasl_fail(s, SASL_MALFORMED);
		return sasl_want_password(s);
	default:
		return sasl_fail(s, SASL_MALFORMED);
	}
}
