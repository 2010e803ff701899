/*
 * The encoded form: a version, then sections of a tag and a text with its length, so that a reader passes
 * over what a newer version added. One description of each section serves both ways.
 */
#include "trust/sender/sender_results.h"

#include <errno.h>
#include <string.h>

#include "format/wire.h"

enum {
	VERSION = 1,
	SECTION_MAX = 8 * 1024 /* the longest, SPF, has names and a record: 3 KB */
};

enum section {
	SECTION_MESSAGE = 1, /* when, what was done, the client and the envelope */
	SECTION_SPF,
	SECTION_DKIM,
	SECTION_SIGNATURE, /* once for each */
	SECTION_ARC,
	SECTION_DMARC
};

/* Either written or read. */
struct pass {
	struct buf *out; /* or NULL */
	struct cursor in;
};

static uint64_t number(struct pass *p, uint64_t value, uint64_t max)
{
	if (p->out == NULL)
		return wire_number(&p->in, max);
	wire_put_number(p->out, value);
	return value;
}

static bool flag(struct pass *p, bool value)
{
	return number(p, value, 1) != 0;
}

static int64_t signed_number(struct pass *p, int64_t value)
{
	return (int64_t)number(p, (uint64_t)value, UINT64_MAX);
}

static void text(struct pass *p, struct view *value, size_t max)
{
	if (p->out) {
		wire_put_text(p->out, view_take(*value, max));
		return;
	}
	*value = wire_text(&p->in);
	if (value->len > max)
		p->in.failed = true;
}

static enum sender_result result(struct pass *p, enum sender_result value)
{
	return (enum sender_result)number(p, value, SENDER_RESULTS - 1);
}

/* ---- the sections ---- */

static void pass_address(struct pass *p, struct sender_results *r)
{
	size_t len = !r->has_client ? 0 : r->client.ipv6 ? 16 : 4;
	struct view octets = view_of(r->client.bytes, len);
	text(p, &octets, sizeof r->client.bytes);
	if (p->out)
		return;
	if (octets.len != 0 && octets.len != 4 && octets.len != 16) {
		p->in.failed = true;
		return;
	}
	r->has_client = octets.len > 0;
	r->client = (struct client_address){.ipv6 = octets.len == 16};
	if (r->has_client)
		memcpy(r->client.bytes, octets.data, octets.len);
}

static void pass_message(struct pass *p, struct sender_results *r)
{
	r->at = signed_number(p, r->at);
	r->action = (enum sender_action)number(p, r->action, SENDER_ACTIONS - 1);
	r->override = (enum sender_override)number(p, r->override, SENDER_OVERRIDES - 1);
	text(p, &r->override_by, DOMAIN_MAX);
	pass_address(p, r);
	r->client_result = result(p, r->client_result);
	text(p, &r->client_name, DOMAIN_MAX);
	text(p, &r->helo, DOMAIN_MAX);
	text(p, &r->mail_from, SENDER_ADDRESS_KEPT);
}

static void pass_spf(struct pass *p, struct sender_results *r)
{
	r->spf.result = result(p, r->spf.result);
	r->spf.cause = (enum spf_cause)number(p, r->spf.cause, SPF_CAUSES - 1);
	r->spf.of_helo = flag(p, r->spf.of_helo);
	text(p, &r->spf.decided, DOMAIN_MAX);
	text(p, &r->spf.record, SENDER_RECORD_KEPT);
	text(p, &r->spf.term, SENDER_TERM_KEPT);
	text(p, &r->spf.question, DOMAIN_MAX);
	r->spf.lookups = (unsigned)number(p, r->spf.lookups, UINT8_MAX);
	r->spf.voids = (unsigned)number(p, r->spf.voids, UINT8_MAX);
}

static void pass_signature(struct pass *p, struct sender_signature *s)
{
	s->result = result(p, s->result);
	s->cause = (enum dkim_cause)number(p, s->cause, DKIM_CAUSES - 1);
	s->fault = (enum dkim_fault)number(p, s->fault, DKIM_FAULTS - 1);
	s->key_fault = (enum dkim_key_fault)number(p, s->key_fault, DKIM_KEY_FAULTS - 1);
	s->testing = flag(p, s->testing);
	s->secure = flag(p, s->secure);
	s->bits = (unsigned)number(p, s->bits, UINT32_MAX);
	text(p, &s->domain, DOMAIN_MAX);
	text(p, &s->selector, DOMAIN_MAX);
	text(p, &s->identity, SENDER_ADDRESS_KEPT);
	text(p, &s->algorithm, SENDER_WORD_KEPT);
	text(p, &s->id, SENDER_ID_KEPT);
	text(p, &s->tag, SENDER_WORD_KEPT);
	text(p, &s->added, SENDER_WORD_KEPT);
	text(p, &s->why, SENDER_WHY_KEPT);
	s->signed_length = number(p, s->signed_length, UINT64_MAX);
	s->body_length = number(p, s->body_length, UINT64_MAX);
	s->signed_at = signed_number(p, s->signed_at);
	s->expires = signed_number(p, s->expires);
}

static void pass_dkim(struct pass *p, struct sender_results *r)
{
	r->dkim_result = result(p, r->dkim_result);
	r->dkim_passed_over = (size_t)number(p, r->dkim_passed_over, UINT32_MAX);
}

static void pass_arc(struct pass *p, struct sender_results *r)
{
	r->arc.result = result(p, r->arc.result);
	r->arc.cause = (enum arc_cause)number(p, r->arc.cause, ARC_CAUSES - 1);
	r->arc.instance = (unsigned)number(p, r->arc.instance, ARC_SETS_MAX);
	r->arc.sets = (unsigned)number(p, r->arc.sets, ARC_SETS_MAX);
	text(p, &r->arc.sealer, DOMAIN_MAX);
	if (r->arc.cause == ARC_BAD_SEAL || r->arc.cause == ARC_BAD_SIGNATURE)
		pass_signature(p, &r->arc.signature);
}

static void pass_dmarc(struct pass *p, struct sender_results *r)
{
	r->dmarc.result = result(p, r->dmarc.result);
	r->dmarc.cause = (enum dmarc_cause)number(p, r->dmarc.cause, DMARC_CAUSES - 1);
	r->dmarc.policy = (enum dmarc_policy)number(p, r->dmarc.policy, DMARC_REJECT);
	r->dmarc.testing = flag(p, r->dmarc.testing);
	r->dmarc.nonexistent = flag(p, r->dmarc.nonexistent);
	r->dmarc.aligned_spf = flag(p, r->dmarc.aligned_spf);
	r->dmarc.aligned_dkim = flag(p, r->dmarc.aligned_dkim);
	r->dmarc.strict_spf = flag(p, r->dmarc.strict_spf);
	r->dmarc.strict_dkim = flag(p, r->dmarc.strict_dkim);
	text(p, &r->dmarc.author, DOMAIN_MAX);
	text(p, &r->dmarc.organization, DOMAIN_MAX);
	text(p, &r->dmarc.policy_domain, DOMAIN_MAX);
	text(p, &r->dmarc.record, SENDER_RECORD_KEPT);
	text(p, &r->dmarc.question, DOMAIN_MAX);
	text(p, &r->dmarc.proven_by, DOMAIN_MAX);
	r->dmarc.authors = (unsigned)number(p, r->dmarc.authors, UINT32_MAX);
}

static void pass_section(struct pass *p, unsigned tag, struct sender_results *r, size_t signature)
{
	switch (tag) {
	case SECTION_MESSAGE:
		pass_message(p, r);
		break;
	case SECTION_SPF:
		pass_spf(p, r);
		break;
	case SECTION_DKIM:
		pass_dkim(p, r);
		break;
	case SECTION_SIGNATURE:
		pass_signature(p, &r->dkim[signature]);
		break;
	case SECTION_ARC:
		pass_arc(p, r);
		break;
	case SECTION_DMARC:
		pass_dmarc(p, r);
		break;
	default:
		break; /* a newer version's */
	}
}

/* ---- both ways ---- */

static void put_section(
    unsigned tag, struct sender_results *r, size_t signature, struct buf *one, struct buf *out)
{
	struct pass p = {.out = one};
	buf_clear(one);
	pass_section(&p, tag, r, signature);
	wire_put_number(out, tag);
	wire_put_text(out, buf_view(one));
	out->failed |= buf_failed(one);
}

int sender_results_encode(const struct sender_results *results, struct buf *out)
{
	struct sender_results r = *results;
	struct buf one;
	size_t begun = out->len;
	buf_init(&one, SECTION_MAX);
	wire_put_number(out, VERSION);
	put_section(SECTION_MESSAGE, &r, 0, &one, out);
	put_section(SECTION_SPF, &r, 0, &one, out);
	put_section(SECTION_DKIM, &r, 0, &one, out);
	for (size_t i = 0; i < r.dkim_count; i++)
		put_section(SECTION_SIGNATURE, &r, i, &one, out);
	put_section(SECTION_ARC, &r, 0, &one, out);
	put_section(SECTION_DMARC, &r, 0, &one, out);
	buf_done(&one);
	if (!buf_failed(out))
		return 0;
	buf_truncate(out, begun);
	return -ENOBUFS;
}

bool sender_results_decode(struct view encoded, struct sender_results *out)
{
	struct cursor c = cursor_on(encoded);
	struct sender_results r = {0};
	if (wire_number(&c, UINT32_MAX) != VERSION || !cursor_ok(&c))
		return false;
	while (!cursor_at_end(&c)) {
		unsigned tag = (unsigned)wire_number(&c, UINT32_MAX);
		struct pass p = {.in = cursor_on(wire_text(&c))};
		if (!cursor_ok(&c) || (tag == SECTION_SIGNATURE && r.dkim_count == DKIM_SIGNATURES_MAX))
			return false;
		pass_section(&p, tag, &r, r.dkim_count);
		if (!cursor_ok(&p.in))
			return false;
		r.dkim_count += tag == SECTION_SIGNATURE;
	}
	*out = r;
	return true;
}

struct view sender_results_spf_domain(const struct sender_results *r)
{
	ptrdiff_t at = view_find_last(r->mail_from, '@');
	return r->spf.of_helo ? r->helo : view_skip(r->mail_from, (size_t)(at + 1));
}
