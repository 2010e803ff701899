/* Verifying: RFC 6376 section 6.1, in its order: the field, the key, the body, the signature. */
#include "trust/sender/dkim.h"

#include <errno.h>

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
	enum dkim_cause cause = dkim_check_field(&d->mail->header, field, d->now);
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

static enum dkim_cause judge_message(struct dkim *d, size_t i)
{
	struct dkim_verdict *v = &d->verdicts[i];
	enum dkim_cause cause = dkim_check_body(&d->mail->body, &v->field, &v->body_length);
	if (cause != DKIM_VERIFIED)
		return cause;
	return dkim_check_message(
	    &d->mail->header, d->own[i], &v->field, &v->key.key, v->body_length, &v->added);
}

bool dkim_judge(struct dkim *d, struct answers *answers)
{
	bool complete = true;
	for (size_t i = 0; i < d->count; i++) {
		struct dkim_verdict *v = &d->verdicts[i];
		enum dkim_cause cause;
		if (d->judged[i])
			continue;
		if (dkim_check_key(answers, &v->field, &d->arena, &v->key, &cause))
			settle(d, i, cause == DKIM_VERIFIED ? judge_message(d, i) : cause);
		else
			complete = false;
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
