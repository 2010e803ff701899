/* check_host, RFC 7208 section 4. Records call one another by include and redirect; what they ask is counted
 * for all together, so that no chain of them is deeper than SPF_LOOKUPS_MAX. */
#include "trust/sender/spf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "format/domain.h"
#include "trust/sender/client_name.h"
#include "trust/sender/spf_macro.h"
#include "trust/sender/spf_record.h"

/* What became of a part of the evaluation. */
enum step { STEP_NO, STEP_MATCH, STEP_END, STEP_WAIT }; /* STEP_END: result and cause are set */

enum { EXPANDED_MAX = 8 * 1024 }; /* of a name before its left labels are cut off */

struct spf {
	struct answers *answers;
	const struct spf_request *request;
	struct arena *arena;
	struct spf_verdict *out;
	struct client_address client;
	char readable[INET6_ADDRSTRLEN], nibbles[64];
	struct view sender_domain, local_part;
	struct view current; /* the domain whose record is being evaluated */
};

/* ---- results ---- */

static enum step end(struct spf *e, enum sender_result result, enum spf_cause cause)
{
	e->out->result = result;
	e->out->cause = cause;
	e->out->domain = e->current;
	return STEP_END;
}

static enum step end_at(struct spf *e, enum sender_result result, enum spf_cause cause, struct view term)
{
	e->out->term = term;
	return end(e, result, cause);
}

static enum step no_memory(struct spf *e)
{
	return end(e, SENDER_TEMPERROR, SPF_NO_MEMORY);
}

/* STEP_MATCH: it is known, and good or says that there is nothing. */
static enum step look(struct spf *e, const char *name, unsigned type, const struct answer **answer)
{
	*answer = answers_look(e->answers, name, type);
	if (*answer == NULL)
		return STEP_WAIT;
	if ((*answer)->status == ANSWER_GOOD || (*answer)->status == ANSWER_NXDOMAIN)
		return STEP_MATCH;
	if (!arena_copy(e->arena, view_from_string(name), &e->out->question))
		return no_memory(e);
	return end(e, SENDER_TEMPERROR, SPF_LOOKUP_FAILED);
}

/* ---- macros ---- */

/* Section 5.5: the name that is the domain itself, else one below it, else any. */
static bool validated_name(void *arg, struct view *name)
{
	struct spf *e = arg;
	struct client_names names;
	if (!client_names_find(e->answers, &e->client, e->arena, &names))
		return false;
	*name = VIEW("unknown");
	int best = -1;
	for (size_t i = 0; i < names.count; i++) {
		struct view n = view_from_string(names.names[i]);
		bool below = n.len > e->current.len && view_ends_nocase(n, e->current) &&
		             n.data[n.len - e->current.len - 1] == '.';
		int good = view_equal_nocase(n, e->current) ? 2 : below ? 1 : 0;
		if (good > best) {
			best = good;
			*name = n;
		}
	}
	return true;
}

static int expand(struct spf *e, struct view text, enum spf_macro_place place, struct buf *out)
{
	struct spf_macro_values values = {.sender_local = e->local_part,
	    .sender_domain = e->sender_domain,
	    .domain = e->current,
	    .address = view_from_string(e->nibbles),
	    .readable_address = view_from_string(e->readable),
	    .helo = e->request->helo,
	    .receiver = e->request->receiver,
	    .ipv6 = e->client.ipv6,
	    .now = e->request->now,
	    .validated = validated_name,
	    .arg = e};
	return spf_macro_expand(text, place, &values, out);
}

/* Section 7.3: of a name that is too long, labels at the left are left out. */
static struct view cut_left(struct view name)
{
	while (name.len > 0 && name.data[name.len - 1] == '.')
		name.len--;
	while (name.len > DNS_NAME_SIZE - 1) {
		ptrdiff_t dot = view_find(name, '.');
		if (dot < 0)
			return view_of(NULL, 0);
		name = view_skip(name, (size_t)dot + 1);
	}
	return name;
}

/* The name that a domain-spec stands for, in the arena; without one the current domain. */
static enum step target(struct spf *e, struct view spec, struct view *name)
{
	if (view_empty(spec)) {
		*name = e->current;
		return STEP_MATCH;
	}
	struct buf text;
	buf_init(&text, EXPANDED_MAX);
	int error = expand(e, spec, SPF_IN_DOMAIN, &text);
	bool copied = error == 0 && arena_copy(e->arena, cut_left(buf_view(&text)), name);
	buf_done(&text);
	if (error == -EAGAIN)
		return STEP_WAIT;
	return copied ? STEP_MATCH : no_memory(e);
}

/* ---- records ---- */

/* The text of a TXT record, in the arena. 0; -ENAMETOOLONG, -EINVAL, -ENOMEM. */
static int text_of(struct spf *e, struct view data, struct view *text)
{
	struct buf joined;
	buf_init(&joined, DNS_TXT_MAX);
	int error = dns_record_txt(data, &joined);
	if (error == 0 && !arena_copy(e->arena, buf_view(&joined), text))
		error = -ENOMEM;
	buf_done(&joined);
	return error;
}

/* Section 4.5. */
static enum step select_record(struct spf *e, const struct answer *answer, struct view *record)
{
	size_t found = 0;
	for (size_t i = 0; i < answer->count; i++) {
		struct view text;
		int error = text_of(e, answer->records[i], &text);
		if (error == -ENAMETOOLONG &&
		    view_starts_nocase(view_skip(answer->records[i], 1), VIEW("v=spf1 ")))
			return end_at(e, SENDER_PERMERROR, SPF_BAD_SYNTAX, VIEW("v=spf1"));
		if (error == -ENOMEM)
			return no_memory(e);
		if (error != 0 || !spf_record_is(text))
			continue;
		if (++found > 1)
			return end(e, SENDER_PERMERROR, SPF_SEVERAL_RECORDS);
		*record = text;
	}
	return found ? STEP_MATCH : end(e, SENDER_NONE, SPF_NO_RECORD);
}

static enum step fetch_record(struct spf *e, struct spf_record *record)
{
	const struct answer *answer;
	struct view text, bad = {0};
	enum step s = look(e, e->current.data, DNS_TXT, &answer);
	if (s == STEP_MATCH)
		s = select_record(e, answer, &text);
	if (s != STEP_MATCH)
		return s;
	if (view_empty(e->out->record))
		e->out->record = text;
	int error = spf_record_parse(text, e->arena, record, &bad);
	if (error == -ENOMEM)
		return no_memory(e);
	return error ? end_at(e, SENDER_PERMERROR, SPF_BAD_SYNTAX, bad) : STEP_MATCH;
}

/* ---- mechanisms, section 5 ---- */

static enum step count_void(struct spf *e, const struct answer *answer, struct view term)
{
	if (answer->status == ANSWER_GOOD && answer->count > 0)
		return STEP_MATCH;
	if (++e->out->voids <= SPF_VOID_LOOKUPS_MAX)
		return STEP_NO;
	return end_at(e, SENDER_PERMERROR, SPF_TOO_MANY_VOIDS, term);
}

static enum step match_addresses(struct spf *e, const char *name, const struct spf_term *term, bool counts)
{
	const struct answer *answer;
	enum step s = look(e, name, e->client.ipv6 ? DNS_AAAA : DNS_A, &answer);
	if (s == STEP_MATCH && counts)
		s = count_void(e, answer, term->text);
	if (s != STEP_MATCH)
		return s;
	unsigned bits = e->client.ipv6 ? term->prefix6 : term->prefix4;
	return client_address_among(&e->client, answer, bits) ? STEP_MATCH : STEP_NO;
}

static enum step match_exists(struct spf *e, const char *name, const struct spf_term *term)
{
	const struct answer *answer;
	enum step s = look(e, name, DNS_A, &answer);
	return s == STEP_MATCH ? count_void(e, answer, term->text) : s;
}

static enum step match_mx(struct spf *e, const char *name, const struct spf_term *term)
{
	const struct answer *answer;
	enum step s = look(e, name, DNS_MX, &answer), result = STEP_NO;
	if (s == STEP_MATCH)
		s = count_void(e, answer, term->text);
	if (s != STEP_MATCH)
		return s;
	if (answer->count > SPF_HOSTS_MAX)
		return end_at(e, SENDER_PERMERROR, SPF_TOO_MANY_HOSTS, term->text);
	for (size_t i = 0; i < answer->count; i++) {
		struct dns_mx mx;
		if (dns_record_mx_question(answer->records[i], &mx) != 0 || mx.host[0] == '\0')
			continue;
		/* Section 4.6.4 limits terms that find nothing, and this one has found hosts: those of many
		   domains have no IPv6 address. */
		s = match_addresses(e, mx.host, term, false);
		/* The others are named while one is missing; it decides when it is there. */
		if (s == STEP_WAIT)
			result = STEP_WAIT;
		else if (s != STEP_NO && result != STEP_WAIT)
			return s;
	}
	return result;
}

static enum step match_ptr(struct spf *e, struct view name)
{
	struct client_names names;
	if (!client_names_find(e->answers, &e->client, e->arena, &names))
		return STEP_WAIT;
	for (size_t i = 0; i < names.count; i++) {
		struct view n = view_from_string(names.names[i]);
		if (view_equal_nocase(n, name) ||
		    (n.len > name.len && view_ends_nocase(n, name) && n.data[n.len - name.len - 1] == '.'))
			return STEP_MATCH;
	}
	return STEP_NO;
}

static enum step check_host(struct spf *e, struct view domain, bool included);

/* Section 5.2: only what the other record says of a pass is taken over. */
static enum step match_include(struct spf *e, struct view name, const struct spf_term *term)
{
	struct view outer = e->current;
	enum step s = check_host(e, name, true);
	struct view inner = e->current;
	e->current = outer;
	if (s != STEP_END)
		return s;
	switch (e->out->result) {
	case SENDER_PASS:
		return STEP_MATCH;
	case SENDER_FAIL:
	case SENDER_SOFTFAIL:
	case SENDER_NEUTRAL:
		return STEP_NO;
	case SENDER_NONE:
		return end_at(e, SENDER_PERMERROR, SPF_NO_TARGET, term->text);
	default:
		e->out->domain = inner;
		return STEP_END;
	}
}

static enum step match_term(struct spf *e, const struct spf_term *term)
{
	struct view name;
	if (term->mechanism == SPF_ALL)
		return STEP_MATCH;
	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6) {
		bool ipv6 = term->mechanism == SPF_IP6;
		return e->client.ipv6 == ipv6 && client_address_in(&e->client, term->network,
		                                     ipv6 ? term->prefix6 : term->prefix4)
		           ? STEP_MATCH
		           : STEP_NO;
	}
	if (++e->out->lookups > SPF_LOOKUPS_MAX)
		return end_at(e, SENDER_PERMERROR, SPF_TOO_MANY_LOOKUPS, term->text);
	enum step s = target(e, term->domain, &name);
	if (s != STEP_MATCH)
		return s;
	switch (term->mechanism) {
	case SPF_INCLUDE:
		return match_include(e, name, term);
	case SPF_A:
		return match_addresses(e, name.data, term, true);
	case SPF_MX:
		return match_mx(e, name.data, term);
	case SPF_PTR:
		return match_ptr(e, name);
	default:
		return match_exists(e, name.data, term);
	}
}

/* ---- a whole record ---- */

/* While an answer is awaited: names the first question of each later term. */
static void look_ahead(struct spf *e, const struct spf_record *record, size_t from)
{
	struct spf_verdict kept = *e->out;
	unsigned room = kept.lookups < SPF_LOOKUPS_MAX ? SPF_LOOKUPS_MAX - kept.lookups : 0;
	for (size_t i = from; i < record->count && room > 0; i++) {
		const struct spf_term *t = &record->terms[i];
		struct view name;
		if (t->mechanism == SPF_ALL)
			break;
		if (t->mechanism == SPF_IP4 || t->mechanism == SPF_IP6)
			continue;
		room--;
		unsigned type = t->mechanism == SPF_INCLUDE               ? DNS_TXT
		                : t->mechanism == SPF_MX                  ? DNS_MX
		                : t->mechanism == SPF_A && e->client.ipv6 ? DNS_AAAA
		                                                          : DNS_A;
		if (t->mechanism != SPF_PTR && target(e, t->domain, &name) == STEP_MATCH)
			(void)answers_look(e->answers, name.data, type);
	}
	*e->out = kept;
}

/* Section 6.2. Whatever is wrong with an explanation, there is none then. */
static enum step explain(struct spf *e, struct view spec)
{
	struct view name, text;
	struct spf_verdict kept = *e->out;
	enum step s = target(e, spec, &name);
	const struct answer *answer = s == STEP_MATCH ? answers_look(e->answers, name.data, DNS_TXT) : NULL;
	*e->out = kept;
	if (s == STEP_WAIT || (s == STEP_MATCH && answer == NULL))
		return STEP_WAIT;
	if (s != STEP_MATCH || answer->status != ANSWER_GOOD || answer->count != 1 ||
	    text_of(e, answer->records[0], &text) != 0 || !spf_macro_valid(text, SPF_IN_EXPLANATION))
		return STEP_END;
	struct buf words;
	buf_init(&words, SPF_EXPLANATION_MAX);
	int error = expand(e, text, SPF_IN_EXPLANATION, &words);
	bool printable = true;
	for (size_t i = 0; i < buf_view(&words).len; i++)
		printable &= ascii_is_print(buf_view(&words).data[i]);
	if (error != 0 || !printable || !arena_copy(e->arena, buf_view(&words), &e->out->explanation))
		e->out->explanation = view_of(NULL, 0);
	buf_done(&words);
	return error == -EAGAIN ? STEP_WAIT : STEP_END;
}

/* Section 6.1: the other record says everything. */
static enum step redirect(struct spf *e, const struct spf_record *record, bool included)
{
	struct view name, outer = e->current;
	size_t before = sizeof "redirect=" - 1;
	struct view term = view_of(record->redirect.data - before, record->redirect.len + before);
	if (++e->out->lookups > SPF_LOOKUPS_MAX)
		return end_at(e, SENDER_PERMERROR, SPF_TOO_MANY_LOOKUPS, term);
	enum step s = target(e, record->redirect, &name);
	if (s != STEP_MATCH)
		return s;
	s = check_host(e, name, included);
	if (s == STEP_END && e->out->result == SENDER_NONE) {
		e->current = outer;
		return end_at(e, SENDER_PERMERROR, SPF_NO_TARGET, term);
	}
	return s;
}

static enum step evaluate(struct spf *e, const struct spf_record *record, bool included)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct spf_term *t = &record->terms[i];
		enum step s = match_term(e, t);
		if (s == STEP_NO)
			continue;
		if (s == STEP_WAIT)
			look_ahead(e, record, i + 1);
		if (s != STEP_MATCH)
			return s;
		end_at(e, t->qualifier, SPF_MATCHED, t->text);
		if (t->qualifier == SENDER_FAIL && !included && e->request->explain &&
		    !view_empty(record->exp))
			return explain(e, record->exp);
		return STEP_END;
	}
	if (!view_empty(record->redirect))
		return redirect(e, record, included);
	e->out->term = view_of(NULL, 0);
	return end(e, SENDER_NEUTRAL, SPF_NOTHING_MATCHED);
}

/* STEP_END or STEP_WAIT. The current domain stays the one that was evaluated. */
static enum step check_host(struct spf *e, struct view domain, bool included)
{
	struct spf_record record;
	e->current = domain;
	enum step s = fetch_record(e, &record);
	return s == STEP_MATCH ? evaluate(e, &record, included) : s;
}

/* ---- the request ---- */

static bool write_client(struct spf *e)
{
	if (!client_address_of(e->request->client, &e->client))
		return false;
	inet_ntop(e->client.ipv6 ? AF_INET6 : AF_INET, e->client.bytes, e->readable, sizeof e->readable);
	if (!e->client.ipv6) {
		snprintf(e->nibbles, sizeof e->nibbles, "%s", e->readable);
		return true;
	}
	for (size_t i = 0; i < 16; i++)
		snprintf(e->nibbles + 4 * i, 5, "%X.%X%s", e->client.bytes[i] >> 4, e->client.bytes[i] & 15,
		    i < 15 ? "." : "");
	return true;
}

/* Section 4.3: a name of several labels that can be looked up. */
static bool write_domain(struct spf *e)
{
	struct buf name;
	char parsed[DNS_NAME_SIZE];
	struct view given = e->request->domain;
	buf_init(&name, DNS_NAME_SIZE);
	bool good = given.len > 0 && given.data[0] != '[' && domain_normalize(given, &name) == 0 &&
	            dns_name_parse(buf_view(&name), parsed) == 0 && strchr(parsed, '.') != NULL;
	buf_done(&name);
	return good && arena_copy(e->arena, view_from_string(parsed), &e->sender_domain);
}

bool spf_check(
    struct answers *answers, const struct spf_request *request, struct arena *arena, struct spf_verdict *out)
{
	struct spf e = {.answers = answers, .request = request, .arena = arena, .out = out};
	*out = (struct spf_verdict){.result = SENDER_NONE, .cause = SPF_NO_DOMAIN, .domain = request->domain};
	if (!write_client(&e) || !write_domain(&e))
		return true;
	e.local_part = view_empty(request->local_part) ? VIEW("postmaster") : request->local_part;
	return check_host(&e, e.sender_domain, false) != STEP_WAIT;
}
