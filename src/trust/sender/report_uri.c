/* See report_uri.h. */
#include "trust/sender/report_uri.h"

#include <stdio.h>
#include <string.h>

#include "format/dns_record.h"
#include "format/domain.h"
#include "trust/sender/dmarc.h"
#include "trust/sender/tag_list.h"

/* ---- one URI ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9'                             ? c - '0'
	       : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10
	                                                        : -1;
}

/* RFC 3986 section 2.1. Only printable ASCII comes out; a place that needs more is not written to. */
static bool decode(struct view in, char out[REPORT_URI_MAX], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < in.len; i++) {
		char c = in.data[i];
		if (c == '%' && i + 2 < in.len && hex(in.data[i + 1]) >= 0 && hex(in.data[i + 2]) >= 0) {
			c = (char)(hex(in.data[i + 1]) << 4 | hex(in.data[i + 2]));
			i += 2;
		}
		if (c <= ' ' || c > '~' || *len == REPORT_URI_MAX)
			return false;
		out[(*len)++] = c;
	}
	return *len > 0;
}

/* "!10m" at the end: RFC 7489 section 6.4, which writers still use. */
static struct view take_size(struct view uri, uint64_t *size)
{
	ptrdiff_t mark = view_find_last(uri, '!');
	if (mark < 0 || !view_to_size(view_skip(uri, (size_t)mark + 1), size))
		return uri;
	return view_take(uri, (size_t)mark);
}

static bool set_host(struct view name, struct arena *arena, struct view *host)
{
	struct buf out;
	char checked[DNS_NAME_SIZE];
	buf_init(&out, DNS_NAME_SIZE);
	bool good = name.len > 0 && name.data[0] != '[' && domain_normalize(name, &out) == 0 &&
	            dns_name_parse(buf_view(&out), checked) == 0 && arena_copy(arena, buf_view(&out), host);
	buf_done(&out);
	return good;
}

static bool is_local_part(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && strchr("!#$%&'*+-/=?^_`{|}~.", v.data[i]) == NULL)
			return false;
	return v.len > 0 && v.len <= 64;
}

static bool parse_mailto(struct view uri, struct arena *arena, struct report_uri *out)
{
	char text[REPORT_URI_MAX];
	size_t len;
	uri = take_size(uri, &out->size_max);
	ptrdiff_t query = view_find(uri, '?');
	if (query >= 0)
		uri = view_take(uri, (size_t)query);
	if (!decode(uri, text, &len))
		return false;
	struct view address = view_of(text, len);
	ptrdiff_t at = view_find_last(address, '@');
	return at > 0 && is_local_part(view_take(address, (size_t)at)) &&
	       set_host(view_skip(address, (size_t)at + 1), arena, &out->host) &&
	       arena_copy(arena, address, &out->address);
}

/* RFC 8460 section 3: a POST goes there. No user, no password. */
static bool parse_https(struct view uri, struct arena *arena, struct report_uri *out)
{
	struct view rest = view_skip(uri, sizeof "https://" - 1);
	size_t end = 0;
	while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?' && rest.data[end] != '#')
		end++;
	struct view host = view_take(rest, end);
	for (size_t i = 0; i < uri.len; i++)
		if (uri.data[i] <= ' ' || uri.data[i] > '~')
			return false;
	out->https = true;
	return uri.len <= REPORT_URI_MAX && view_find(host, '@') < 0 && view_find(host, ':') < 0 &&
	       set_host(host, arena, &out->host) && arena_copy(arena, uri, &out->address);
}

bool report_uris_parse(struct view rua, bool https, struct arena *arena, struct report_uris *out)
{
	struct view rest = rua, part;
	*out = (struct report_uris){.asked = view_trim(rua).len > 0};
	arena_take_failure(arena);
	while (rest.len > 0 && view_next(&rest, ',', &part) && out->count < REPORT_URIS_MAX) {
		struct report_uri uri = {.size_max = 0};
		part = view_trim(part);
		bool good = false;
		if (view_starts_nocase(part, VIEW("mailto:")))
			good = parse_mailto(view_skip(part, sizeof "mailto:" - 1), arena, &uri);
		else if (https && view_starts_nocase(part, VIEW("https://")))
			good = parse_https(part, arena, &uri);
		if (good)
			out->items[out->count++] = uri;
	}
	return !arena_take_failure(arena);
}

/* ---- DMARC: places outside ---- */

enum consent { CONSENT_UNKNOWN, CONSENT_GIVEN, CONSENT_NOT_GIVEN, CONSENT_LATER };

/* One record: RFC 9990 section 3, steps 6 to 9. It may name another address at the same place. */
static bool read_consent(struct view text, const char *tag_name, struct arena *arena, struct report_uri *uri)
{
	struct tag_list tags;
	struct report_uris other;
	struct view kept;
	if (!view_starts(text, VIEW("v=DMARC1")) || tag_list_parse(text, &tags) != 0 || tags.count == 0 ||
	    !view_equal(tags.tags[0].value, VIEW("DMARC1")))
		return false;
	const struct tag *rua = tag_list_find(&tags, tag_name);
	if (rua == NULL || !arena_copy(arena, rua->value, &kept))
		return true;
	if (!report_uris_parse(kept, false, arena, &other) || other.count == 0)
		return true;
	if (!view_equal(other.items[0].host, uri->host)) {
		uri->address = (struct view){0}; /* then neither */
		return true;
	}
	*uri = other.items[0];
	return true;
}

static enum consent ask_consent(struct answers *answers, const char *domain, const char *tag_name,
    struct arena *arena, struct report_uri *uri)
{
	char name[DNS_NAME_SIZE], checked[DNS_NAME_SIZE];
	int len = snprintf(name, sizeof name, "%s._report._dmarc.%.*s", domain, VIEW_FMT(uri->host));
	if (len >= (int)sizeof name || dns_question_parse(view_of(name, (size_t)len), checked) != 0)
		return CONSENT_NOT_GIVEN;
	const struct answer *a = answers_look(answers, name, DNS_TXT);
	if (a == NULL)
		return CONSENT_UNKNOWN;
	if (a->status == ANSWER_FAILED || a->status == ANSWER_BOGUS)
		return CONSENT_LATER;
	enum consent consent = CONSENT_NOT_GIVEN;
	for (size_t i = 0; i < a->count && consent == CONSENT_NOT_GIVEN; i++) {
		struct buf text;
		buf_init(&text, DNS_TXT_MAX);
		if (dns_record_txt(a->records[i], &text) == 0 &&
		    read_consent(buf_view(&text), tag_name, arena, uri))
			consent = uri->address.len > 0 ? CONSENT_GIVEN : CONSENT_NOT_GIVEN;
		buf_done(&text);
	}
	return consent;
}

static enum consent consent_of(struct answers *answers, const char *domain, struct view organization,
    const char *tag_name, struct arena *arena, struct report_uri *uri)
{
	char host[DNS_NAME_SIZE];
	struct dmarc_walk walk;
	snprintf(host, sizeof host, "%.*s", VIEW_FMT(uri->host));
	if (strcmp(host, domain) == 0)
		return CONSENT_GIVEN;
	if (!dmarc_walk(answers, host, arena, &walk))
		return CONSENT_UNKNOWN;
	if (walk.question)
		return CONSENT_LATER;
	if (view_equal(view_from_string(walk.organization), organization))
		return CONSENT_GIVEN;
	return ask_consent(answers, domain, tag_name, arena, uri);
}

bool report_uris_dmarc(struct answers *answers, const char *domain, struct view rua, const char *tag_name,
    struct arena *arena, struct report_uris *out)
{
	struct report_uris wanted;
	struct dmarc_walk walk;
	bool known = true;
	*out = (struct report_uris){.later = true};
	if (!report_uris_parse(rua, false, arena, &wanted))
		return true;
	if (!dmarc_walk(answers, domain, arena, &walk))
		return false;
	*out = (struct report_uris){.asked = wanted.asked, .later = walk.question != NULL};
	for (size_t i = 0; i < wanted.count; i++) {
		struct report_uri uri = wanted.items[i];
		switch (
		    consent_of(answers, domain, view_from_string(walk.organization), tag_name, arena, &uri)) {
		case CONSENT_UNKNOWN:
			known = false;
			break;
		case CONSENT_GIVEN:
			out->items[out->count++] = uri;
			break;
		case CONSENT_NOT_GIVEN:
			out->refused = true;
			break;
		case CONSENT_LATER:
			out->later = true;
			break;
		}
	}
	if (arena_take_failure(arena))
		out->later = true;
	return known;
}

/* ---- TLS ---- */

bool report_uris_tls(
    struct answers *answers, const char *domain, struct arena *arena, struct report_uris *out)
{
	char name[DNS_NAME_SIZE + 16];
	struct buf text, found;
	unsigned records = 0;
	*out = (struct report_uris){.asked = false};
	snprintf(name, sizeof name, "_smtp._tls.%s", domain);
	const struct answer *a = answers_look(answers, name, DNS_TXT);
	if (a == NULL)
		return false;
	out->later = a->status == ANSWER_FAILED || a->status == ANSWER_BOGUS;
	buf_init(&text, DNS_TXT_MAX);
	buf_init(&found, DNS_TXT_MAX);
	for (size_t i = 0; i < a->count && !out->later; i++) {
		buf_clear(&text);
		if (dns_record_txt(a->records[i], &text) != 0 ||
		    !view_starts(buf_view(&text), VIEW("v=TLSRPTv1;")))
			continue;
		records++;
		buf_clear(&found);
		buf_append(&found, buf_view(&text));
	}
	struct tag_list tags;
	struct view kept;
	/* Section 3: of several records none counts. */
	if (records == 1 && tag_list_parse(buf_view(&found), &tags) == 0) {
		const struct tag *rua = tag_list_find(&tags, "rua");
		if (rua &&
		    (!arena_copy(arena, rua->value, &kept) || !report_uris_parse(kept, true, arena, out)))
			*out = (struct report_uris){.asked = true, .later = true};
	}
	buf_done(&text);
	buf_done(&found);
	return true;
}
