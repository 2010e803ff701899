/* Verifying: RFC 6376 section 6.1, in its order: the field, the key, the body, the signature. */
#include "trust/sender/dkim.h"

#include <errno.h>

#include "trust/sender/dkim_block.h"

static const enum sender_result results[] = {
    [DKIM_VERIFIED] = SENDER_PASS,
    [DKIM_BAD_FIELD] = SENDER_PERMERROR,
    [DKIM_MALFORMED_HEADER] = SENDER_NEUTRAL,
    [DKIM_HISTORIC] = SENDER_POLICY,
    [DKIM_EXPIRED] = SENDER_POLICY,
    [DKIM_IN_FUTURE] = SENDER_POLICY,
    [DKIM_NO_KEY] = SENDER_PERMERROR,
    [DKIM_SEVERAL_KEYS] = SENDER_PERMERROR,
    [DKIM_NO_ANSWER] = SENDER_TEMPERROR,
    [DKIM_BAD_KEY] = SENDER_PERMERROR,
    [DKIM_OTHER_ALGORITHM] = SENDER_PERMERROR,
    [DKIM_STRICT_KEY] = SENDER_PERMERROR,
    [DKIM_BODY_CHANGED] = SENDER_FAIL,
    [DKIM_BODY_CUT] = SENDER_FAIL,
    [DKIM_WRONG_SIGNATURE] = SENDER_FAIL,
    [DKIM_FIELD_ADDED] = SENDER_POLICY,
    [DKIM_BODY_ADDED] = SENDER_POLICY,
    [DKIM_NO_MEMORY] = SENDER_TEMPERROR,
};

static enum sender_result result_of(const struct dkim_verdict *v, enum dkim_cause cause)
{
	enum dkim_key_fault fault = v->key.key.fault;
	if (cause == DKIM_BAD_KEY && (fault == DKIM_KEY_SHORT || fault == DKIM_KEY_LONG))
		return SENDER_POLICY;
	if (results[cause] == SENDER_FAIL && v->key.key.testing)
		return SENDER_NEUTRAL;
	return results[cause];
}

static void settle(struct dkim *d, size_t i, enum dkim_cause cause)
{
	d->verdicts[i].cause = cause;
	d->verdicts[i].result = result_of(&d->verdicts[i], cause);
	d->judged[i] = true;
}

/* ---- the field ---- */

/* What can be said before anything is asked. */
static enum dkim_cause judge_field(const struct dkim *d, const struct dkim_field *f)
{
	if (f->fault == DKIM_FIELD_MEMORY)
		return DKIM_NO_MEMORY;
	if (f->fault != DKIM_FIELD_GOOD)
		return DKIM_BAD_FIELD;
	if (d->mail->header.malformed)
		return DKIM_MALFORMED_HEADER;
	if (f->algorithm == DKIM_RSA_SHA1)
		return DKIM_HISTORIC;
	if (f->expires != DKIM_NO_TIME && f->expires <= d->now)
		return DKIM_EXPIRED;
	if (f->signed_at != DKIM_NO_TIME && f->signed_at - DKIM_CLOCK_AHEAD > d->now)
		return DKIM_IN_FUTURE;
	return DKIM_VERIFIED;
}

static void add(struct dkim *d, const struct dkim_header_field *own)
{
	if (d->count == DKIM_SIGNATURES_MAX) {
		d->passed_over++;
		return;
	}
	size_t i = d->count++;
	struct dkim_field *field = &d->verdicts[i].field;
	d->own[i] = own;
	dkim_field_parse(DKIM_SIGNATURE, own->body, &d->arena, field);
	enum dkim_cause cause = judge_field(d, field);
	if (cause == DKIM_VERIFIED && dkim_body_want(&d->mail->body, field->body_canon, field->length) != 0)
		cause = DKIM_NO_MEMORY;
	if (cause != DKIM_VERIFIED)
		settle(d, i, cause);
}

void dkim_begin(struct dkim *d, struct dkim_mail *mail, int64_t now)
{
	*d = (struct dkim){.mail = mail, .now = now};
	arena_init(&d->arena, DKIM_ARENA_MAX);
	for (size_t i = 0; i < mail->header.count; i++)
		if (view_equal_nocase(mail->header.fields[i].name, VIEW("DKIM-Signature")))
			add(d, &mail->header.fields[i]);
}

void dkim_done(struct dkim *d)
{
	arena_done(&d->arena);
}

void dkim_ask(struct dkim *d, struct answers *answers)
{
	for (size_t i = 0; i < d->count; i++)
		if (!d->judged[i])
			dkim_lookup_ask(answers, &d->verdicts[i].field);
}

/* ---- the key ---- */

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

static enum dkim_cause cause_of(enum dkim_lookup found)
{
	switch (found) {
	case DKIM_LOOKUP_NONE:
		return DKIM_NO_KEY;
	case DKIM_LOOKUP_SEVERAL:
		return DKIM_SEVERAL_KEYS;
	case DKIM_LOOKUP_UNAVAILABLE:
		return DKIM_NO_ANSWER;
	default:
		return DKIM_NO_MEMORY;
	}
}

/* ---- the message ---- */

static enum dkim_cause judge_body(const struct dkim *d, struct dkim_verdict *v)
{
	const struct dkim_field *f = &v->field;
	const unsigned char *digest = dkim_body_digest(&d->mail->body, f->body_canon, f->length);
	v->body_length = dkim_body_length(&d->mail->body, f->body_canon);
	if (digest == NULL)
		return DKIM_NO_MEMORY;
	if (f->length != DKIM_WHOLE && f->length > v->body_length)
		return DKIM_BODY_CUT;
	return view_equal(f->body_hash, view_of(digest, DKIM_HASH_SIZE)) ? DKIM_VERIFIED : DKIM_BODY_CHANGED;
}

static enum dkim_cause judge_signature(struct dkim *d, size_t i)
{
	struct dkim_verdict *v = &d->verdicts[i];
	enum dkim_check check = DKIM_CHECK_MEMORY;
	unsigned char digest[DKIM_HASH_SIZE];
	struct buf block;
	buf_init(&block, DKIM_BLOCK_MAX);
	if (dkim_block_write(&d->mail->header, d->own[i], &v->field, &block) == 0 &&
	    dkim_digest(buf_view(&block), digest))
		check = dkim_key_verify(&v->key.key, digest, v->field.signature);
	buf_done(&block);
	if (check != DKIM_CHECK_GOOD)
		return check == DKIM_CHECK_BAD ? DKIM_WRONG_SIGNATURE : DKIM_NO_MEMORY;
	v->added = dkim_block_added(&d->mail->header);
	if (v->added)
		return DKIM_FIELD_ADDED;
	return v->field.length < v->body_length ? DKIM_BODY_ADDED : DKIM_VERIFIED;
}

static enum dkim_cause judge_message(struct dkim *d, size_t i)
{
	struct dkim_verdict *v = &d->verdicts[i];
	enum dkim_cause cause = judge_key(&v->field, &v->key.key);
	if (cause == DKIM_VERIFIED)
		cause = judge_body(d, v);
	return cause == DKIM_VERIFIED ? judge_signature(d, i) : cause;
}

bool dkim_judge(struct dkim *d, struct answers *answers)
{
	bool complete = true;
	for (size_t i = 0; i < d->count; i++) {
		struct dkim_verdict *v = &d->verdicts[i];
		if (d->judged[i])
			continue;
		enum dkim_lookup found = dkim_lookup_key(answers, &v->field, &d->arena, &v->key);
		if (found == DKIM_LOOKUP_WAIT)
			complete = false;
		else
			settle(d, i, found == DKIM_LOOKUP_KEY ? judge_message(d, i) : cause_of(found));
	}
	return complete;
}

/* ---- the result ---- */

enum sender_result dkim_result(const struct dkim *d)
{
	enum sender_result best = SENDER_NONE;
	if (d->mail->error)
		return d->mail->error == -ENOMEM ? SENDER_TEMPERROR : SENDER_NEUTRAL;
	for (size_t i = 0; i < d->count; i++)
		if (best == SENDER_NONE || d->verdicts[i].result < best)
			best = d->verdicts[i].result;
	return best;
}
