/* What is known of a signature, in a sentence for people: who signed, what was proven, and what was not and
 * why. */
#include "trust/sender/signature_words.h"

#include <errno.h>
#include <stdio.h>

#include "base/show.h"

enum { KEY_NAME_SIZE = 2 * DOMAIN_MAX + 16 };

static void say(struct buf *out, const char *before, struct view text, const char *after)
{
	buf_append_string(out, before);
	show_line(out, text);
	buf_append_string(out, after);
}

static void say_signer(const struct sender_signature *s, struct buf *out)
{
	if (s->domain.len)
		say(out, "The signature of ", s->domain, " ");
	else
		buf_append_string(out, "A signature ");
}

static void say_field_fault(const struct sender_signature *s, struct buf *out)
{
	struct view tag = s->tag;
	switch (s->fault) {
	case DKIM_FIELD_SYNTAX:
		buf_append_string(out, "cannot be read: it is no list of tags.");
		break;
	case DKIM_FIELD_DUPLICATE:
		buf_append_string(out, "cannot be used: one of its tags stands twice.");
		break;
	case DKIM_FIELD_MISSING:
		say(out, "cannot be used: it lacks ", tag, "=.");
		break;
	case DKIM_FIELD_VERSION:
		buf_append_string(out, "cannot be used: it is of another version of DKIM (v=).");
		break;
	case DKIM_FIELD_UNSUPPORTED:
		say(out, "cannot be checked: it uses something unknown in ", tag, "=.");
		break;
	case DKIM_FIELD_IDENTITY:
		buf_append_string(out, "cannot be used: it speaks for an address outside its domain (i=).");
		break;
	case DKIM_FIELD_FROM:
		buf_append_string(out, "proves nothing: it does not cover From.");
		break;
	case DKIM_FIELD_EXPIRY:
		buf_append_string(out, "cannot be used: it expires before it was made (t=, x=).");
		break;
	case DKIM_FIELD_FORBIDDEN:
		say(out, "cannot be used: ", tag, "= says what it must not.");
		break;
	default:
		say(out, "cannot be used: the value of ", tag, "= is broken.");
	}
}

static void say_key_fault(const struct sender_signature *s, struct buf *out)
{
	switch (s->key_fault) {
	case DKIM_KEY_REVOKED:
		buf_append_string(out, "has been revoked by its owner.");
		break;
	case DKIM_KEY_UNSUPPORTED:
		buf_append_string(out, "is of an unknown kind.");
		break;
	case DKIM_KEY_HASH:
		buf_append_string(out, "may not be used with SHA-256.");
		break;
	case DKIM_KEY_SERVICE:
		buf_append_string(out, "is not meant for e-mail.");
		break;
	case DKIM_KEY_SHORT:
		buf_printf(out, "has %u bits, too few to prove anything; %d are needed.", s->bits,
		    DKIM_RSA_BITS_MIN);
		break;
	case DKIM_KEY_LONG:
		buf_printf(out, "is larger than what is verified here (%d bits).", DKIM_RSA_BITS_MAX);
		break;
	default:
		buf_append_string(out, "is broken.");
	}
}

static void say_key(const struct sender_signature *s, struct buf *out)
{
	char text[KEY_NAME_SIZE];
	snprintf(text, sizeof text, "%.*s._domainkey.%.*s", VIEW_FMT(s->selector), VIEW_FMT(s->domain));
	struct view name = view_from_string(text);
	switch (s->cause) {
	case DKIM_NO_KEY:
		say(out, "cannot be checked: there is no key at ", name, ".");
		break;
	case DKIM_SEVERAL_KEYS:
		say(out, "cannot be checked: there are several keys at ", name, ".");
		break;
	case DKIM_NO_ANSWER:
		say(out, "could not be checked now: the key at ", name, " cannot be looked up");
		if (s->why.len)
			say(out, " (", s->why, ")");
		buf_append_byte(out, '.');
		break;
	case DKIM_OTHER_ALGORITHM:
		say(out, "cannot be checked: the key at ", name, " is of another kind than the signature.");
		break;
	case DKIM_STRICT_KEY:
		say(out, "cannot be used: the key at ", name,
		    " is for addresses of the domain itself (t=s).");
		break;
	default:
		say(out, "cannot be checked: the key at ", name, " ");
		say_key_fault(s, out);
	}
}

static void say_message(const struct sender_signature *s, struct buf *out)
{
	unsigned long long length = s->signed_length, body = s->body_length;
	switch (s->cause) {
	case DKIM_BODY_CHANGED:
		buf_append_string(out, "does not fit: the body was changed after it was signed.");
		break;
	case DKIM_BODY_CUT:
		buf_printf(
		    out, "does not fit: the body has %llu octets, and %llu were signed.", body, length);
		break;
	case DKIM_WRONG_SIGNATURE:
		buf_append_string(
		    out, "does not fit: signed header fields were changed, or another key made it.");
		break;
	case DKIM_FIELD_ADDED:
		say(out, "fits, but proves nothing: somebody may have added a ", s->added, " field.");
		break;
	default:
		buf_printf(out, "fits, but proves nothing: %llu octets of the body are not covered (l=).",
		    body - length);
	}
}

static void say_cause(const struct sender_signature *s, struct buf *out)
{
	switch (s->cause) {
	case DKIM_VERIFIED:
		buf_append_string(out, "is good: the signed fields and the body are as they were signed.");
		break;
	case DKIM_BAD_FIELD:
		say_field_fault(s, out);
		break;
	case DKIM_MALFORMED_HEADER:
		buf_append_string(
		    out, "proves nothing: the header is broken, and readers may see different fields.");
		break;
	case DKIM_HISTORIC:
		buf_append_string(out, "proves nothing: SHA-1 can be forged.");
		break;
	case DKIM_EXPIRED:
		buf_append_string(out, "has expired.");
		break;
	case DKIM_IN_FUTURE:
		buf_append_string(out, "is dated in the future.");
		break;
	case DKIM_NO_MEMORY:
		buf_append_string(out, "could not be checked: out of memory.");
		break;
	case DKIM_NO_KEY:
	case DKIM_SEVERAL_KEYS:
	case DKIM_NO_ANSWER:
	case DKIM_BAD_KEY:
	case DKIM_OTHER_ALGORITHM:
	case DKIM_STRICT_KEY:
		say_key(s, out);
		break;
	default:
		say_message(s, out);
	}
}

int signature_explain(const struct sender_signature *s, struct buf *out)
{
	say_signer(s, out);
	say_cause(s, out);
	if (s->testing)
		buf_append_string(out, " The domain is trying DKIM out (t=y).");
	return buf_failed(out) ? -ENOBUFS : 0;
}
