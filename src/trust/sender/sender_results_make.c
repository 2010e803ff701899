/* Takes over what is worth keeping: see sender_results_make.h. */
#include "trust/sender/sender_results_make.h"

void sender_results_take_signature(const struct dkim_verdict *v, struct sender_signature *out)
{
	const struct dkim_field *f = &v->field;
	*out = (struct sender_signature){.result = v->result,
	    .cause = v->cause,
	    .fault = f->fault,
	    .key_fault = v->key.key.fault,
	    .testing = v->key.key.testing,
	    .secure = v->key.secure,
	    .bits = v->key.key.bits,
	    .domain = view_from_string(f->domain),
	    .selector = view_from_string(f->selector),
	    .identity = f->identity,
	    .algorithm = f->algorithm_text,
	    .id = view_take(f->text, SENDER_ID_KEPT),
	    .tag = view_from_string(f->tag),
	    .added = view_from_string(v->added),
	    .why = v->key.why,
	    .signed_length = f->length,
	    .body_length = v->body_length,
	    .signed_at = f->signed_at,
	    .expires = f->expires};
}

void sender_results_take_arc(const struct arc *arc, struct sender_results *out)
{
	const struct arc_verdict *v = &arc->verdict;
	out->arc.result = v->result;
	out->arc.cause = v->cause;
	out->arc.instance = v->instance;
	out->arc.sets = arc->count;
	if (arc->count > 0)
		out->arc.sealer = view_from_string(arc->sets[arc->count - 1].seal_field.domain);
	if (v->cause == ARC_BAD_SEAL || v->cause == ARC_BAD_SIGNATURE)
		sender_results_take_signature(&v->signature, &out->arc.signature);
}

static void take_client(const struct sender_verdicts *v, struct sender_results *out)
{
	out->has_client = v->request->client && client_address_of(v->request->client, &out->client);
	out->client_result = v->client.result;
	out->client_name = view_from_string(v->client.count ? v->client.names[0] : v->client.claimed);
	out->helo = v->request->helo;
	out->mail_from = v->mail_from;
}

static void take_spf(const struct sender_verdicts *v, struct sender_results *out)
{
	out->spf.result = v->spf.result;
	out->spf.cause = v->spf.cause;
	out->spf.of_helo = v->spf_of_helo;
	out->spf.decided = v->spf.domain;
	out->spf.record = v->spf.record;
	out->spf.term = v->spf.term;
	out->spf.question = v->spf.question;
	out->spf.lookups = v->spf.lookups;
	out->spf.voids = v->spf.voids;
}

static void take_dmarc(const struct sender_verdicts *v, struct sender_results *out)
{
	const struct dmarc_verdict *d = &v->dmarc;
	out->dmarc.result = d->result;
	out->dmarc.cause = d->cause;
	out->dmarc.policy = d->policy;
	out->dmarc.testing = d->record.testing;
	out->dmarc.nonexistent = d->nonexistent;
	out->dmarc.aligned_spf = d->aligned_spf;
	out->dmarc.aligned_dkim = d->aligned_dkim;
	out->dmarc.strict_spf = d->record.strict_spf;
	out->dmarc.strict_dkim = d->record.strict_dkim;
	out->dmarc.author = d->author;
	out->dmarc.organization = d->organization;
	out->dmarc.policy_domain = d->policy_domain;
	out->dmarc.record = d->text;
	out->dmarc.question = d->question;
	out->dmarc.authors = (unsigned)v->authors;
	if (d->aligned_dkim)
		out->dmarc.proven_by = v->proven_by;
}

void sender_results_make(const struct sender_verdicts *v, struct sender_results *out)
{
	*out = (struct sender_results){.at = (int64_t)v->request->now};
	take_client(v, out);
	take_spf(v, out);
	for (size_t i = 0; i < v->dkim->count; i++)
		sender_results_take_signature(&v->dkim->verdicts[i], &out->dkim[i]);
	out->dkim_count = v->dkim->count;
	out->dkim_passed_over = v->dkim->passed_over;
	out->dkim_result = dkim_result(v->dkim);
	sender_results_take_arc(v->arc, out);
	take_dmarc(v, out);
}
