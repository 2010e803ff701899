/* The steps of verifying: RFC 6376 section 6.1, RFC 8301. */
#include "trust/sender/dkim_check.h"

#include "trust/sender/dkim_block.h"

enum dkim_cause dkim_check_field(const struct dkim_header *h, const struct dkim_field *f, int64_t now)
{
	if (f->fault == DKIM_FIELD_MEMORY)
		return DKIM_NO_MEMORY;
	if (f->fault != DKIM_FIELD_GOOD)
		return DKIM_BAD_FIELD;
	if (h->malformed)
		return DKIM_MALFORMED_HEADER;
	if (f->algorithm == DKIM_RSA_SHA1)
		return DKIM_HISTORIC;
	if (f->expires != DKIM_NO_TIME && f->expires <= now)
		return DKIM_EXPIRED;
	if (f->signed_at != DKIM_NO_TIME && f->signed_at - DKIM_CLOCK_AHEAD > now)
		return DKIM_IN_FUTURE;
	return DKIM_VERIFIED;
}

/* ---- the key: section 6.1.2 ---- */

/* t=s: the domains of i= and d= are the same (section 3.6.1). */
static bool is_strictly_aligned(const struct dkim_field *f)
{
	ptrdiff_t at = view_find_last(f->identity, '@');
	return at < 0 || view_equal(view_skip(f->identity, (size_t)at + 1), view_from_string(f->domain));
}

static enum dkim_cause judge_key(const struct dkim_field *f, const struct dkim_key *key)
{
	if (key->fault == DKIM_KEY_MEMORY)
		return DKIM_NO_MEMORY;
	if (key->fault != DKIM_KEY_GOOD)
		return DKIM_BAD_KEY;
	if ((key->kind == DKIM_KEY_ED25519) != (f->algorithm == DKIM_ED25519_SHA256))
		return DKIM_OTHER_ALGORITHM;
	return key->strict && !is_strictly_aligned(f) ? DKIM_STRICT_KEY : DKIM_VERIFIED;
}

bool dkim_check_key(struct answers *answers, const struct dkim_field *f, struct arena *arena,
    struct dkim_found_key *out, enum dkim_cause *cause)
{
	switch (dkim_lookup_key(answers, f, arena, out)) {
	case DKIM_LOOKUP_WAIT:
		return false;
	case DKIM_LOOKUP_KEY:
		*cause = judge_key(f, &out->key);
		return true;
	case DKIM_LOOKUP_NONE:
		*cause = DKIM_NO_KEY;
		return true;
	case DKIM_LOOKUP_SEVERAL:
		*cause = DKIM_SEVERAL_KEYS;
		return true;
	case DKIM_LOOKUP_UNAVAILABLE:
		*cause = DKIM_NO_ANSWER;
		return true;
	default:
		*cause = DKIM_NO_MEMORY;
		return true;
	}
}

/* ---- the message: section 6.1.3 ---- */

enum dkim_cause dkim_check_body(const struct dkim_body *b, const struct dkim_field *f, uint64_t *length)
{
	const unsigned char *digest = dkim_body_digest(b, f->body_canon, f->length);
	*length = dkim_body_length(b, f->body_canon);
	if (digest == NULL)
		return DKIM_NO_MEMORY;
	if (f->length != DKIM_WHOLE && f->length > *length)
		return DKIM_BODY_CUT;
	return view_equal(f->body_hash, view_of(digest, DKIM_HASH_SIZE)) ? DKIM_VERIFIED : DKIM_BODY_CHANGED;
}

enum dkim_cause dkim_check_block(const struct dkim_key *key, struct view block, struct view signature)
{
	unsigned char digest[DKIM_HASH_SIZE];
	if (!dkim_digest(block, digest))
		return DKIM_NO_MEMORY;
	switch (dkim_key_verify(key, digest, signature)) {
	case DKIM_CHECK_GOOD:
		return DKIM_VERIFIED;
	case DKIM_CHECK_BAD:
		return DKIM_WRONG_SIGNATURE;
	default:
		return DKIM_NO_MEMORY;
	}
}

enum dkim_cause dkim_check_message(struct dkim_header *h, const struct dkim_header_field *own,
    const struct dkim_field *f, const struct dkim_key *key, uint64_t body_length, const char **added)
{
	struct buf block;
	buf_init(&block, DKIM_BLOCK_MAX);
	enum dkim_cause cause = DKIM_NO_MEMORY;
	if (dkim_block_write(h, own, f, &block) == 0)
		cause = dkim_check_block(key, buf_view(&block), f->signature);
	buf_done(&block);
	if (cause != DKIM_VERIFIED)
		return cause;
	*added = dkim_block_added(h);
	if (*added)
		return DKIM_FIELD_ADDED;
	return f->length < body_length ? DKIM_BODY_ADDED : DKIM_VERIFIED;
}
