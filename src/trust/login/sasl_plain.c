/*
 * PLAIN, RFC 4616:
 *
 *	message = [authzid] UTF8NUL authcid UTF8NUL passwd
 */
#include "trust/login/sasl_private.h"

enum sasl_step sasl_plain_feed(struct sasl_server *s, struct view message)
{
	struct view authzid, authcid, rest = message;
	if (!view_next(&rest, '\0', &authzid) || rest.data == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	if (!view_next(&rest, '\0', &authcid) || rest.data == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	struct view passwd = rest;
	if (authcid.len == 0 || passwd.len == 0 || view_find(passwd, '\0') >= 0)
		return sasl_fail(s, SASL_MALFORMED);
	if (buf_append(&s->authorization, authzid) || buf_append(&s->password, passwd))
		return sasl_fail(s, SASL_MALFORMED);
	sasl_take_identity(s, authcid);
	return sasl_want_password(s);
}
