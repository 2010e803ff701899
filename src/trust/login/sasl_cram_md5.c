/*
 * CRAM-MD5, RFC 2195: the server sends a unique text, the client its name, a space, and the digest of the
 * text keyed with the password, in hexadecimal.
 */
#include "trust/login/keyed_md5.h"
#include "trust/login/sasl_private.h"

enum { CHALLENGE = 0, RESPONSE = 1 };

/* The challenge has the form of a message identifier: <nonce@host>. */
static enum sasl_step challenge(struct sasl_server *s)
{
	buf_printf(&s->server_first, "<%.*s@%.*s>", VIEW_FMT(s->setup.nonce), VIEW_FMT(s->setup.host));
	if (buf_append(&s->output, buf_view(&s->server_first)))
		return sasl_fail(s, SASL_MALFORMED);
	return SASL_CHALLENGE;
}

enum sasl_step sasl_cram_md5_feed(struct sasl_server *s, struct view message)
{
	if (s->round == CHALLENGE)
		return challenge(s);
	/* A name may hold spaces, a digest may not. */
	ptrdiff_t space = view_find_last(message, ' ');
	if (s->round != RESPONSE || space <= 0 ||
	    buf_append(&s->digest, view_skip(message, (size_t)space + 1)))
		return sasl_fail(s, SASL_MALFORMED);
	sasl_take_identity(s, view_take(message, (size_t)space));
	s->want = (struct sasl_want){.kind = SASL_WANT_SECRETS, .identity = buf_view(&s->identity)};
	return SASL_WAIT;
}

/* Without secrets one digest is computed all the same, so that unknown names take as long. */
enum sasl_step sasl_cram_md5_answer(struct sasl_server *s, const struct sasl_secret *secrets, size_t count)
{
	struct view text = buf_view(&s->server_first), digest = buf_view(&s->digest);
	bool right = false;
	if (count == 0)
		cram_md5_matches(text, VIEW("nobody"), digest);
	for (size_t i = 0; i < count; i++) {
		if (cram_md5_matches(text, secrets[i].secret, digest) && s->identity.len) {
			right = true;
			s->credential = secrets[i].credential;
		}
	}
	return right ? SASL_DONE : sasl_fail(s, SASL_WRONG);
}
