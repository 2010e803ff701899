/* ARC chains: RFC 8617 section 5.2, step by step. Seals are checked from the newest down, as the standard has
 * it; what fails first is what is told. */
#include "trust/sender/arc.h"

#include <errno.h>

#include "format/lex.h"
#include "trust/sender/dkim_block.h"

static void settle(struct arc *a, enum arc_cause cause, unsigned instance)
{
	static const enum sender_result results[] = {
	    [ARC_NO_CHAIN] = SENDER_NONE,
	    [ARC_VALID] = SENDER_PASS,
	    [ARC_BAD_SET] = SENDER_FAIL,
	    [ARC_BAD_RESULTS] = SENDER_FAIL,
	    [ARC_BAD_SIGNATURE] = SENDER_FAIL,
	    [ARC_BAD_SEAL] = SENDER_FAIL,
	    [ARC_BROKEN_BEFORE] = SENDER_FAIL,
	    [ARC_WRONG_CV] = SENDER_FAIL,
	    [ARC_NO_MEMORY] = SENDER_TEMPERROR,
	};
	if (a->judged)
		return;
	a->judged = true;
	a->verdict.cause = cause;
	a->verdict.instance = instance;
	a->verdict.result = results[cause];
}

/* A signature or a seal did not verify. */
static void settle_signature(struct arc *a, enum arc_cause cause, unsigned instance,
    const struct dkim_field *field, enum dkim_cause why)
{
	if (a->judged)
		return;
	a->verdict.signature.field = *field;
	a->verdict.signature.cause = why;
	settle(a, why == DKIM_NO_MEMORY ? ARC_NO_MEMORY : cause, instance);
	if (why == DKIM_NO_ANSWER)
		a->verdict.result = SENDER_TEMPERROR;
	a->verdict.signature.result = a->verdict.result;
}

/* ---- collecting sets: section 4.2 ---- */

/* arc-info = instance [CFWS] ";" authres-payload ; instance = [CFWS] "i" [CFWS] "=" [CFWS] 1*2DIGIT [CFWS] */
static bool read_results(struct view body, unsigned *instance, struct view *text)
{
	struct cursor in = cursor_on(body);
	uint64_t number = 0;
	lex_skip_cfws(&in, NULL);
	if (!cursor_accept(&in, 'i'))
		return false;
	lex_skip_cfws(&in, NULL);
	if (!cursor_accept(&in, '='))
		return false;
	lex_skip_cfws(&in, NULL);
	struct view digits = cursor_while(&in, ascii_is_digit);
	lex_skip_cfws(&in, NULL);
	if (!view_to_u64(digits, ARC_SETS_MAX, &number) || number == 0 || !cursor_accept(&in, ';'))
		return false;
	*instance = (unsigned)number;
	*text = view_trim(in.rest);
	return true;
}

/* The set of that number takes a field, once. */
static struct arc_set *take_set(struct arc *a, unsigned instance, const struct dkim_header_field *field,
    const struct dkim_header_field **place)
{
	if (instance > a->count)
		a->count = instance;
	if (*place)
		settle(a, ARC_BAD_SET, instance);
	*place = field;
	return &a->sets[instance - 1];
}

static void add_results(struct arc *a, const struct dkim_header_field *field)
{
	unsigned instance = 0;
	struct view text;
	if (!read_results(field->body, &instance, &text)) {
		settle(a, ARC_BAD_RESULTS, 0);
		return;
	}
	take_set(a, instance, field, &a->sets[instance - 1].results)->text = text;
}

static void add_signature(struct arc *a, const struct dkim_header_field *field, enum dkim_field_kind kind)
{
	struct dkim_field parsed;
	bool seal = kind == ARC_SEAL;
	enum arc_cause cause = seal ? ARC_BAD_SEAL : ARC_BAD_SIGNATURE;
	dkim_field_parse(kind, field->body, &a->arena, &parsed);
	if (parsed.instance == 0) {
		enum dkim_cause why = parsed.fault == DKIM_FIELD_MEMORY ? DKIM_NO_MEMORY : DKIM_BAD_FIELD;
		settle_signature(a, cause, 0, &parsed, why);
		return;
	}
	struct arc_set *set = &a->sets[parsed.instance - 1];
	take_set(a, parsed.instance, field, seal ? &set->seal : &set->signature);
	*(seal ? &set->seal_field : &set->signature_field) = parsed;
}

static void collect(struct arc *a)
{
	enum { FIELDS_MAX = 3 * ARC_SETS_MAX };
	size_t fields = 0;
	for (size_t i = 0; i < a->mail->header.count && !a->judged; i++) {
		const struct dkim_header_field *field = &a->mail->header.fields[i];
		if (!view_starts_nocase(field->name, VIEW("ARC-")))
			continue;
		bool results = view_equal_nocase(field->name, VIEW("ARC-Authentication-Results")),
		     signature = view_equal_nocase(field->name, VIEW("ARC-Message-Signature")),
		     seal = view_equal_nocase(field->name, VIEW("ARC-Seal"));
		if ((results || signature || seal) && ++fields > FIELDS_MAX)
			settle(a, ARC_BAD_SET, 0);
		else if (results)
			add_results(a, field);
		else if (signature || seal)
			add_signature(a, field, seal ? ARC_SEAL : ARC_MESSAGE_SIGNATURE);
	}
}

/* ---- steps 1 to 3 ---- */

static void check_set(struct arc *a, unsigned instance)
{
	const struct arc_set *set = &a->sets[instance - 1];
	const struct dkim_header *h = &a->mail->header;
	if (set->results == NULL || set->signature == NULL || set->seal == NULL) {
		settle(a, ARC_BAD_SET, instance);
		return;
	}
	enum dkim_cause why = dkim_check_field(h, &set->seal_field, a->now);
	if (why != DKIM_VERIFIED)
		settle_signature(a, ARC_BAD_SEAL, instance, &set->seal_field, why);
	/* An old signature may have expired: it was checked when the set after it was made. */
	why = dkim_check_field(h, &set->signature_field, instance == a->count ? a->now : INT64_MIN);
	if (why != DKIM_VERIFIED && (instance == a->count || why != DKIM_IN_FUTURE))
		settle_signature(a, ARC_BAD_SIGNATURE, instance, &set->signature_field, why);
}

static void check_cv(struct arc *a, unsigned instance)
{
	enum arc_cv cv = a->sets[instance - 1].seal_field.cv;
	if (cv != (instance == 1 ? ARC_CV_NONE : ARC_CV_PASS))
		settle(a, ARC_WRONG_CV, instance);
}

void arc_begin(struct arc *a, struct dkim_mail *mail, int64_t now)
{
	*a = (struct arc){.mail = mail, .now = now};
	arena_init(&a->arena, ARC_ARENA_MAX);
	if (mail->error)
		settle(a, mail->error == -ENOMEM ? ARC_NO_MEMORY : ARC_BAD_SET, 0);
	collect(a);
	if (a->count == 0)
		settle(a, ARC_NO_CHAIN, 0);
	if (a->judged)
		return;
	const struct arc_set *last = &a->sets[a->count - 1];
	if (last->seal && last->seal_field.fault == DKIM_FIELD_GOOD && last->seal_field.cv == ARC_CV_FAIL)
		settle(a, ARC_BROKEN_BEFORE, a->count);
	for (unsigned i = a->count; i > 0; i--)
		check_set(a, i);
	for (unsigned i = a->count; i > 0; i--)
		check_cv(a, i);
	const struct dkim_field *newest = &last->signature_field;
	if (!a->judged && dkim_body_want(&mail->body, newest->body_canon, newest->length) != 0)
		settle(a, ARC_NO_MEMORY, a->count);
}

void arc_done(struct arc *a)
{
	arena_done(&a->arena);
}

/* Names all questions; whether all are answered, so that nothing is verified twice. */
static bool all_known(struct arc *a, struct answers *answers)
{
	bool known = dkim_lookup_ask(answers, &a->sets[a->count - 1].signature_field);
	for (unsigned i = a->count; i > 0; i--)
		known &= dkim_lookup_ask(answers, &a->sets[i - 1].seal_field);
	return known;
}

void arc_ask(struct arc *a, struct answers *answers)
{
	if (!a->judged)
		(void)all_known(a, answers);
}

/* ---- steps 4 to 6 ---- */

static enum dkim_cause check_signature(
    struct arc *a, const struct arc_set *set, const struct dkim_found_key *key)
{
	struct dkim_verdict *v = &a->verdict.signature;
	enum dkim_cause cause = dkim_check_body(&a->mail->body, &set->signature_field, &v->body_length);
	if (cause != DKIM_VERIFIED)
		return cause;
	return dkim_check_message(
	    &a->mail->header, set->signature, &set->signature_field, &key->key, v->body_length, &v->added);
}

int arc_write_sets(const struct arc *a, unsigned count, struct buf *out)
{
	for (unsigned i = 0; i < count; i++)
		if (dkim_header_write(a->sets[i].results, DKIM_RELAXED, out) != 0 ||
		    dkim_header_write(a->sets[i].signature, DKIM_RELAXED, out) != 0 ||
		    dkim_header_write(a->sets[i].seal, DKIM_RELAXED, out) != 0)
			return -ENOMEM;
	return 0;
}

static enum dkim_cause check_seal(struct arc *a, unsigned instance, const struct dkim_found_key *key)
{
	const struct arc_set *set = &a->sets[instance - 1];
	struct buf block;
	enum dkim_cause cause = DKIM_NO_MEMORY;
	buf_init(&block, DKIM_BLOCK_MAX);
	if (arc_write_sets(a, instance - 1, &block) == 0 &&
	    dkim_header_write(set->results, DKIM_RELAXED, &block) == 0 &&
	    dkim_header_write(set->signature, DKIM_RELAXED, &block) == 0 &&
	    dkim_header_write_cut(set->seal, set->seal_field.cut, DKIM_RELAXED, &block) == 0)
		cause = dkim_check_block(&key->key, buf_view(&block), set->seal_field.signature);
	buf_done(&block);
	return cause;
}

static void judge(struct arc *a, struct answers *answers, unsigned instance, bool seal)
{
	const struct arc_set *set = &a->sets[instance - 1];
	const struct dkim_field *field = seal ? &set->seal_field : &set->signature_field;
	struct dkim_found_key *key = &a->verdict.signature.key;
	enum dkim_cause cause = DKIM_NO_MEMORY;
	if (a->judged)
		return;
	if (dkim_check_key(answers, field, &a->arena, key, &cause) && cause == DKIM_VERIFIED)
		cause = seal ? check_seal(a, instance, key) : check_signature(a, set, key);
	if (cause != DKIM_VERIFIED)
		settle_signature(a, seal ? ARC_BAD_SEAL : ARC_BAD_SIGNATURE, instance, field, cause);
}

bool arc_judge(struct arc *a, struct answers *answers)
{
	if (!a->judged && !all_known(a, answers))
		return false;
	if (!a->judged)
		judge(a, answers, a->count, false);
	for (unsigned i = a->judged ? 0 : a->count; i > 0; i--)
		judge(a, answers, i, true);
	settle(a, ARC_VALID, a->count);
	return true;
}
