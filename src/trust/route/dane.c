/*
 * DANE for SMTP: which name's TLSA records count (RFC 7672 sections 2.1 and 2.2), which of them are usable
 * (section 3.1), and what follows from their absence, which may be an attacker's doing.
 */
#include "trust/route/dane.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { USAGE_DANE_TA = 2, USAGE_DANE_EE = 3, WHOLE = 0, SHA2_256 = 1, SHA2_512 = 2 };

static const char *say(struct arena *arena, const char *what, const char *name, const struct answer *answer)
{
	char text[512];
	struct view kept;
	int len = snprintf(text, sizeof text, "the %s of %s cannot be looked up%s%.*s", what, name,
	    answer->why.len                  ? ": "
	    : answer->status == ANSWER_BOGUS ? ": the answer is bogus (DNSSEC)"
	                                     : "",
	    VIEW_FMT(answer->why));
	size_t size = len > 0 && (size_t)len < sizeof text ? (size_t)len : 0;
	return arena_copy(arena, view_of(text, size), &kept) ? kept.data : "a record cannot be looked up";
}

static bool failed(const struct answer *a)
{
	return a->status == ANSWER_FAILED || a->status == ANSWER_BOGUS;
}

/* Whole certificates and keys must be some; OpenSSL refuses the record otherwise. */
static bool is_whole(const struct dns_tlsa *r)
{
	const unsigned char *at = (const unsigned char *)r->data.data, *end = at + r->data.len;
	X509 *certificate = r->selector == 0 ? d2i_X509(NULL, &at, (long)r->data.len) : NULL;
	EVP_PKEY *key = r->selector == 1 ? d2i_PUBKEY(NULL, &at, (long)r->data.len) : NULL;
	bool good = (key || (certificate && X509_get0_pubkey(certificate))) && at == end;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return good;
}

static bool is_usable(const struct dns_tlsa *r)
{
	if ((r->usage != USAGE_DANE_TA && r->usage != USAGE_DANE_EE) || r->selector > 1)
		return false;
	if (r->matching == WHOLE)
		return is_whole(r);
	return (r->matching == SHA2_256 && r->data.len == 32) ||
	       (r->matching == SHA2_512 && r->data.len == 64);
}

static bool keep_name(struct dane *dane, struct arena *arena, const char *name)
{
	struct view copy;
	for (size_t i = 0; name && i < dane->name_count; i++)
		if (strcmp(dane->names[i], name) == 0)
			return true;
	if (name == NULL || dane->name_count == DANE_NAMES_MAX)
		return true;
	if (!arena_copy(arena, view_from_string(name), &copy))
		return false;
	dane->names[dane->name_count++] = copy.data;
	return true;
}

/* The data stays where the answers keep it. */
static bool demand(struct dane *out, struct arena *arena, const struct dane_host *host, const char *base,
    const struct answer *answer)
{
	struct dns_tlsa *records = arena_array(arena, DANE_RECORDS_MAX, sizeof *records);
	struct dane dane = {.level = DANE_ENCRYPT, .records = records};
	if (records == NULL || !keep_name(&dane, arena, base) || !keep_name(&dane, arena, host->domain) ||
	    !keep_name(&dane, arena, host->domain_canonical))
		return false;
	for (size_t i = 0; i < answer->count && dane.count < DANE_RECORDS_MAX; i++)
		if (dns_record_tlsa(answer->records[i], &records[dane.count]) == 0 &&
		    is_usable(&records[dane.count]))
			dane.count++;
	if (dane.count > 0)
		dane.level = DANE_VERIFY;
	dane.base = dane.names[0];
	*out = dane;
	return true;
}

/*
 * The names under which records may stand, best first. Through a validated chain of CNAMEs: its end, then its
 * beginning. Where the chain leaves the signed part of the DNS, only the beginning counts, and only if the
 * CNAME there is signed (section 2.2.2).
 */
static enum dane_verdict find_bases(struct answers *answers, const struct dane_host *host,
    struct arena *arena, const char *bases[2], size_t *count, uint32_t *ttl, const char **why)
{
	bool alias = host->canonical && strcmp(host->canonical, host->name) != 0;
	*count = 0;
	if (host->secure) {
		if (alias)
			bases[(*count)++] = host->canonical;
		bases[(*count)++] = host->name;
		return DANE_KNOWN;
	}
	if (!alias)
		return DANE_KNOWN;
	const struct answer *cname = answers_look(answers, host->name, DNS_CNAME);
	if (cname == NULL)
		return DANE_WAIT;
	if (failed(cname)) {
		*why = say(arena, "CNAME record", host->name, cname);
		return DANE_UNAVAILABLE;
	}
	*ttl = cname->ttl;
	if (cname->status == ANSWER_GOOD && cname->secure && cname->count > 0)
		bases[(*count)++] = host->name;
	return DANE_KNOWN;
}

enum dane_verdict dane_find(struct answers *answers, const struct dane_host *host, struct arena *arena,
    struct dane *out, const char **why)
{
	const char *bases[2];
	size_t count;
	uint32_t ttl = UINT32_MAX;
	enum dane_verdict verdict = find_bases(answers, host, arena, bases, &count, &ttl, why);
	if (verdict != DANE_KNOWN)
		return verdict;
	for (size_t i = 0; i < count; i++) {
		char name[DNS_NAME_SIZE + 16];
		snprintf(name, sizeof name, "_%u._tcp.%s", host->port, bases[i]);
		const struct answer *tlsa = answers_look(answers, name, DNS_TLSA);
		if (tlsa == NULL)
			return DANE_WAIT;
		if (failed(tlsa)) {
			*why = say(arena, "TLSA records", name, tlsa);
			return DANE_UNAVAILABLE;
		}
		ttl = tlsa->ttl < ttl ? tlsa->ttl : ttl;
		/* What was not validated might be anybody's. */
		if (tlsa->status != ANSWER_GOOD || !tlsa->secure || tlsa->count == 0)
			continue;
		if (!demand(out, arena, host, bases[i], tlsa)) {
			*why = "no memory for TLSA records";
			return DANE_UNAVAILABLE;
		}
		out->ttl = ttl;
		return DANE_KNOWN;
	}
	*out = (struct dane){.level = DANE_NONE, .ttl = ttl};
	return DANE_KNOWN;
}
