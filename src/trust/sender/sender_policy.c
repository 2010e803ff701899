/* The decision, and what a message claims: see sender_policy.h. */
#include "trust/sender/sender_policy.h"

#include "format/domain.h"
#include "trust/sender/arc_trust.h"

/* ---- the decision ---- */

static enum sender_action limit(enum sender_action action, enum sender_wish wish)
{
	if (wish == SENDER_IGNORE)
		return SENDER_DELIVERED;
	return wish == SENDER_MARK && action > SENDER_TO_JUNK ? SENDER_TO_JUNK : action;
}

/* What the author's domain wants of what is not proven. While it may be proven later, too: or a forger would
 * only have to name a key that no name server gives an answer about. */
static enum sender_action wish_of(const struct dmarc_verdict *v)
{
	if (v->result != SENDER_FAIL && v->result != SENDER_TEMPERROR && v->cause != DMARC_TOO_LARGE)
		return SENDER_DELIVERED;
	return v->policy == DMARC_REJECT       ? SENDER_REFUSED
	       : v->policy == DMARC_QUARANTINE ? SENDER_TO_JUNK
	                                       : SENDER_DELIVERED;
}

static struct sender_decision by_policy(const struct sender_verdicts *v, const struct sender_rules *rules)
{
	enum sender_action wanted = wish_of(&v->dmarc);
	struct sender_decision d = {.action = limit(wanted, rules->policy)};
	if (wanted != SENDER_DELIVERED)
		d.ground = v->dmarc.cause == DMARC_TOO_LARGE ? SENDER_UNCLEAR : SENDER_AUTHOR_POLICY;
	if (d.action < wanted)
		d.override = d.action == SENDER_DELIVERED ? SENDER_POLICY_OFF : SENDER_POLICY_MARKED;
	d.later = d.action == SENDER_REFUSED && v->dmarc.result == SENDER_TEMPERROR;
	return d;
}

static struct sender_decision by_claim(const struct sender_rules *rules)
{
	struct sender_decision d = {.action = SENDER_DELIVERED};
	if (!rules->claims_ours)
		return d;
	d.action = limit(SENDER_REFUSED, rules->ours);
	d.ground = SENDER_CLAIMS_OURS;
	d.later = d.action == SENDER_REFUSED && rules->ours_later;
	return d;
}

unsigned sender_find_seal(const struct sender_verdicts *v, struct view trusted_sealers)
{
	return v->authors == 1 ? arc_vouches(v->arc, trusted_sealers, v->dmarc.author) : 0;
}

struct sender_decision sender_decide(const struct sender_verdicts *v, const struct sender_rules *rules)
{
	struct sender_decision d = by_policy(v, rules), ours = by_claim(rules);
	bool unclear = d.ground == SENDER_UNCLEAR;
	if (ours.action > d.action)
		d = ours;
	if (d.action == SENDER_DELIVERED || unclear)
		return d;
	bool seal = rules->seal && (!rules->claims_ours || rules->claims_author);
	if (!seal && (!rules->known_list || v->authors != 1))
		return d;
	/* A list that somebody made his target read must not bring a colleague's name into its inbox. */
	enum sender_action milder = seal || !rules->claims_ours ? SENDER_DELIVERED : SENDER_TO_JUNK;
	if (milder < d.action) {
		d.action = milder;
		d.override = seal ? SENDER_TRUSTED_SEAL : SENDER_KNOWN_LIST;
		d.later = false;
		d.seal = seal ? rules->seal : 0;
	}
	return d;
}

/* ---- claims ---- */

static bool is_or_is_below(struct view name, struct view top)
{
	return view_equal_nocase(name, top) || (name.len > top.len && view_ends_nocase(name, top) &&
	                                           name.data[name.len - top.len - 1] == '.');
}

/* What one identity that was checked says about the domain. */
static void weigh(
    struct view identity, enum sender_result result, struct view domain, bool *proven, bool *later)
{
	if (identity.len == 0 || !is_or_is_below(identity, domain))
		return;
	*proven = *proven || result == SENDER_PASS;
	*later = *later || result == SENDER_TEMPERROR;
}

static bool is_proven(const struct sender_verdicts *v, struct view domain, bool *later)
{
	bool proven = false;
	for (size_t i = 0; v->dkim && i < v->dkim->count; i++)
		weigh(view_from_string(
		          v->dkim->verdicts[i].field.domain ? v->dkim->verdicts[i].field.domain : ""),
		    v->dkim->verdicts[i].result, domain, &proven, later);
	if (!v->spf_of_helo)
		weigh(v->envelope, v->spf.result, domain, &proven, later);
	return proven;
}

static void add_claim(struct sender_claim *claims, size_t *count, struct view domain, bool later)
{
	for (size_t i = 0; i < *count; i++)
		if (view_equal_nocase(claims[i].domain, domain))
			return;
	claims[(*count)++] = (struct sender_claim){domain, later};
}

size_t sender_unproven(const struct sender_verdicts *v, struct sender_claim claims[SENDER_CLAIMS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < v->authors && i < SENDER_AUTHORS_MAX; i++) {
		const struct sender_author *a = &v->author[i];
		bool later = a->result == SENDER_TEMPERROR;
		if (a->result != SENDER_PASS && a->domain.len > 0 && !is_proven(v, a->domain, &later))
			add_claim(claims, &count, a->domain, later);
	}
	bool later = false;
	if (v->envelope.len > 0 && !is_proven(v, v->envelope, &later))
		add_claim(claims, &count, v->envelope, later);
	return count;
}
