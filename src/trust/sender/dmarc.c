/* Policy discovery, alignment and the result: RFC 9989 sections 4.10, 4.4 and 5.3. */
#include "trust/sender/dmarc.h"

#include <stdio.h>
#include <string.h>

#include "format/domain.h"

/* One name of a walk. */
struct step {
	const char *name;
	const struct answer *answer;
	bool has_record;
	struct view text;
	struct dmarc_record record;
};

/* ---- records ---- */

/* The one record of an answer; several count as none (section 4.10). False: no memory. */
static bool read_record(struct step *s, struct arena *arena)
{
	size_t found = 0;
	for (size_t i = 0; i < s->answer->count; i++) {
		struct buf joined;
		struct dmarc_record r;
		buf_init(&joined, DNS_TXT_MAX);
		bool record = dns_record_txt(s->answer->records[i], &joined) == 0 &&
		              dmarc_record_parse(buf_view(&joined), &r);
		bool kept = !record || ++found > 1 || arena_copy(arena, buf_view(&joined), &s->text);
		buf_done(&joined);
		if (!kept)
			return false;
	}
	s->has_record = found == 1 && dmarc_record_parse(s->text, &s->record);
	return true;
}

/* False: not known yet, or (with *failed) no memory. */
static bool look(struct answers *answers, struct step *s)
{
	char question[sizeof "_dmarc." + DNS_NAME_SIZE];
	snprintf(question, sizeof question, "_dmarc.%s", s->name);
	s->answer = answers_look(answers, question, DNS_TXT);
	return s->answer != NULL;
}

/* ---- the walk ---- */

/* The names of section 4.10: the domain, then from its last seven labels upwards. */
static size_t write_names(const char *domain, struct step *steps)
{
	size_t labels = 1, count = 0;
	for (const char *c = domain; *c; c++)
		labels += *c == '.';
	steps[count++] = (struct step){.name = domain};
	const char *name = domain;
	size_t skip = labels > DMARC_WALK_MAX ? labels - (DMARC_WALK_MAX - 1) : 1;
	while (labels > skip) {
		for (size_t i = 0; i < skip; i++)
			name = strchr(name, '.') + 1;
		labels -= skip;
		skip = 1;
		steps[count++] = (struct step){.name = name};
	}
	return count;
}

/* The domain one label below, of a walk that began at `domain`. Where names were passed over it is none that
 * was asked for. */
static const char *one_below(const char *domain, const char *name)
{
	const char *at = name - 1; /* the dot */
	while (at > domain && at[-1] != '.')
		at--;
	return at;
}

/* Section 4.10.2. `steps` go upwards. */
static void choose(const struct step *steps, size_t count, struct dmarc_walk *out)
{
	const struct step *record = NULL;
	out->organization = steps[0].name;
	for (size_t i = 0; i < count; i++) {
		if (!steps[i].has_record)
			continue;
		bool psd = steps[i].record.psd == DMARC_PSD_YES && i > 0;
		if (psd) {
			/* One label below the suffix, be it a name that has no record. */
			out->organization = one_below(steps[0].name, steps[i].name);
			bool own = steps[i - 1].has_record && steps[i - 1].name == out->organization;
			record = own ? &steps[i - 1] : &steps[i];
			break;
		}
		record = &steps[i];
		out->organization = record->name;
		if (record->record.psd != DMARC_PSD_UNKNOWN)
			break;
	}
	if (record == NULL)
		return;
	out->record_domain = record->name;
	out->text = record->text;
	out->record = record->record;
}

bool dmarc_walk(struct answers *answers, const char *domain, struct arena *arena, struct dmarc_walk *out)
{
	struct step steps[DMARC_WALK_MAX];
	size_t count = write_names(domain, steps);
	bool known = true;
	*out = (struct dmarc_walk){0};
	for (size_t i = 0; i < count; i++)
		known &= look(answers, &steps[i]);
	if (!known)
		return false;
	for (size_t i = 0; i < count; i++) {
		enum answer_status status = steps[i].answer->status;
		bool failed =
		    status == ANSWER_FAILED || status == ANSWER_BOGUS || !read_record(&steps[i], arena);
		if (failed && out->question == NULL)
			out->question = steps[i].name;
	}
	choose(steps, count, out);
	return true;
}

/* ---- alignment ---- */

static bool is_below(struct view name, struct view top)
{
	return name.len > top.len && view_ends_nocase(name, top) && name.data[name.len - top.len - 1] == '.';
}

/* A domain as it is looked up; false: it is none. */
static bool normalize(struct view domain, char out[DNS_NAME_SIZE])
{
	struct buf name;
	buf_init(&name, DNS_NAME_SIZE);
	bool good = domain.len > 0 && domain.data[0] != '[' && domain_normalize(domain, &name) == 0 &&
	            dns_name_parse(buf_view(&name), out) == 0;
	buf_done(&name);
	return good;
}

enum alignment { ALIGNED, NOT_ALIGNED, ALIGNMENT_UNKNOWN };

/* Section 4.4: one organization, or with a strict record one name. */
static enum alignment align(struct answers *answers, struct view domain, bool strict,
    const struct dmarc_verdict *v, struct arena *arena)
{
	char name[DNS_NAME_SIZE];
	struct dmarc_walk walk;
	if (!normalize(domain, name))
		return NOT_ALIGNED;
	struct view n = view_from_string(name);
	if (view_equal(n, v->author))
		return ALIGNED;
	if (strict)
		return NOT_ALIGNED;
	if (view_equal(n, v->organization))
		return ALIGNED;
	/* Only what lies below the organization may belong to it: its own walk says whether. */
	if (!is_below(n, v->organization))
		return NOT_ALIGNED;
	if (!dmarc_walk(answers, name, arena, &walk))
		return ALIGNMENT_UNKNOWN;
	return view_equal(view_from_string(walk.organization), v->organization) ? ALIGNED : NOT_ALIGNED;
}

/* ---- the policy ---- */

static bool end(struct dmarc_verdict *v, enum sender_result result, enum dmarc_cause cause)
{
	v->result = result;
	v->cause = cause;
	return true;
}

static enum dmarc_policy choose_policy(const struct dmarc_verdict *v)
{
	const struct dmarc_record *r = &v->record;
	enum dmarc_policy p = view_equal(v->policy_domain, v->author) ? r->domain
	                      : v->nonexistent                        ? r->nonexistent
	                                                              : r->subdomains;
	return r->testing && p > DMARC_NONE ? p - 1 : p;
}

/* Section 4.10.1. False: not known yet. v->policy_domain is empty when there is no policy. */
static bool find_policy(
    struct answers *answers, const char *author, struct arena *arena, struct dmarc_verdict *v)
{
	struct dmarc_walk walk;
	struct step own = {.name = author};
	const struct answer *exists = answers_look(answers, author, DNS_A);
	bool known = dmarc_walk(answers, author, arena, &walk) & (exists != NULL);
	if (!known || !look(answers, &own))
		return false;
	v->nonexistent = exists->status == ANSWER_NXDOMAIN;
	v->organization = view_from_string(walk.organization);
	if (!read_record(&own, arena)) {
		v->question = v->author;
		return true;
	}
	/* With a record of its own the domain has a policy, whatever stands above it. */
	if (walk.question && !own.has_record) {
		v->question = view_from_string(walk.question);
		return true;
	}
	if (own.has_record) {
		v->policy_domain = v->author;
		v->text = own.text;
		v->record = own.record;
	} else if (walk.record_domain) {
		v->policy_domain = view_from_string(walk.record_domain);
		v->text = walk.text;
		v->record = walk.record;
	}
	return true;
}

/* ---- the result ---- */

/* Section 5.3. What could not be checked counts only while nothing else has proven the author. */
static bool judge(
    struct answers *answers, const struct dmarc_request *q, struct arena *arena, struct dmarc_verdict *v)
{
	bool known = true, later = false;
	for (size_t i = 0; i < q->dkim_count && i < DMARC_IDENTITIES_MAX && !v->aligned_dkim; i++) {
		enum sender_result result = q->dkim[i].result;
		if (result != SENDER_PASS && result != SENDER_TEMPERROR)
			continue;
		enum alignment a = align(answers, q->dkim[i].domain, v->record.strict_dkim, v, arena);
		known &= a != ALIGNMENT_UNKNOWN;
		later |= a == ALIGNED && result == SENDER_TEMPERROR;
		v->aligned_dkim = a == ALIGNED && result == SENDER_PASS;
		v->proven = i;
	}
	if (q->spf.result == SENDER_PASS || q->spf.result == SENDER_TEMPERROR) {
		enum alignment a = align(answers, q->spf.domain, v->record.strict_spf, v, arena);
		known &= a != ALIGNMENT_UNKNOWN;
		later |= a == ALIGNED && q->spf.result == SENDER_TEMPERROR;
		v->aligned_spf = a == ALIGNED && q->spf.result == SENDER_PASS;
	}
	if (!known)
		return false;
	if (v->aligned_dkim)
		return end(v, SENDER_PASS, DMARC_ALIGNED_DKIM);
	if (v->aligned_spf)
		return end(v, SENDER_PASS, DMARC_ALIGNED_SPF);
	return later ? end(v, SENDER_TEMPERROR, DMARC_MAYBE_LATER) : end(v, SENDER_FAIL, DMARC_NOT_PROVEN);
}

/* A policy that found no room beside what the message had looked up: whoever has something to hide would make
 * it so. */
static bool had_no_room(struct answers *answers, struct view domain)
{
	char name[DNS_NAME_SIZE];
	struct step step = {.name = name};
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(domain));
	return look(answers, &step) && step.answer->no_room;
}

bool dmarc_check(struct answers *answers, const struct dmarc_request *request, struct arena *arena,
    struct dmarc_verdict *out)
{
	char author[DNS_NAME_SIZE];
	*out = (struct dmarc_verdict){.author = request->author};
	if (!normalize(request->author, author) || strchr(author, '.') == NULL)
		return end(out, SENDER_NONE, DMARC_NO_DOMAIN);
	if (!arena_copy(arena, view_from_string(author), &out->author))
		return end(out, SENDER_TEMPERROR, DMARC_NO_MEMORY);
	if (!find_policy(answers, out->author.data, arena, out))
		return false;
	if (!view_empty(out->question) && had_no_room(answers, out->question)) {
		out->policy = DMARC_QUARANTINE;
		return end(out, SENDER_PERMERROR, DMARC_TOO_LARGE);
	}
	if (!view_empty(out->question))
		return end(out, SENDER_TEMPERROR, DMARC_LOOKUP_FAILED);
	if (view_empty(out->policy_domain))
		return end(out, SENDER_NONE, DMARC_NO_RECORD);
	/* Section 4.10.1: without a policy that can be read, the record counts for its reports alone. */
	if (out->record.unclear && !dmarc_record_asks(&out->record))
		return end(out, SENDER_NONE, DMARC_NO_POLICY);
	out->policy = choose_policy(out);
	return judge(answers, request, arena, out);
}
