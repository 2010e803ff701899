/* Results as RFC 8601 section 2.7 names them, with the properties of its tables. */
#include "trust/sender/authentication_results.h"

#include <arpa/inet.h>
#include <errno.h>

#include "format/lex.h"

enum {
	RESULT_MAX = 700, /* octets of one result: two names of 253 and an address's local part */
	SIGNATURE_SHOWN =
	    8 /* characters of b=, which tell signatures of one message apart: RFC 6008 section 4 */
};

/* Whether it may stand as a value without quotes: RFC 8601 section 2.2, pvalue. */
static bool is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!lex_is_mime_token(v.data[i]))
			return false;
	return v.len > 0;
}

/* A local part that needs no quotes. */
static bool is_dot_atom(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!lex_is_atext(v.data[i]) && (v.data[i] != '.' || i == 0 || i + 1 == v.len))
			return false;
	return v.len > 0;
}

static void put_property(struct buf *out, const char *name, struct view value)
{
	if (is_token(value))
		buf_printf(out, " %s=%.*s", name, VIEW_FMT(value));
}

static void put_result(struct buf *out, const char *method, enum sender_result result)
{
	buf_printf(out, ";\r\n\t%s=%s", method, sender_result_name(result));
}

static void put_client(const struct sender_verdicts *v, const struct sender_request *request, struct buf *out)
{
	struct client_address a;
	char address[INET6_ADDRSTRLEN];
	if (!client_address_of(request->client, &a))
		return;
	inet_ntop(a.ipv6 ? AF_INET6 : AF_INET, a.bytes, address, sizeof address);
	put_result(out, "iprev", v->client.result);
	/* A colon is no token's: an IPv6 address stands in quotes. */
	buf_printf(out, a.ipv6 ? " policy.iprev=\"%s\"" : " policy.iprev=%s", address);
	if (v->client.count > 0)
		buf_printf(out, " (%s)", v->client.names[0]);
}

static void put_spf(const struct sender_verdicts *v, const struct sender_request *request, struct buf *out)
{
	put_result(out, "spf", v->spf.result);
	if (v->spf_of_helo) {
		put_property(out, "smtp.helo", request->helo);
		return;
	}
	if (is_dot_atom(request->sender_local) && is_token(request->sender_domain))
		buf_printf(out, " smtp.mailfrom=%.*s@%.*s", VIEW_FMT(request->sender_local),
		    VIEW_FMT(request->sender_domain));
	else
		put_property(out, "smtp.mailfrom", request->sender_domain);
}

/* Why what the author's domain wants was not done: RFC 8601 section 2.2, reasonspec. */
static void put_reason(const struct sender_verdicts *v, const struct sender_decision *d, struct buf *out)
{
	const char *sealer =
	    d->seal > 0 && d->seal <= v->arc->count ? v->arc->sets[d->seal - 1].seal_field.domain : "";
	switch (d->override) {
	case SENDER_POLICY_OFF:
	case SENDER_POLICY_MARKED:
		buf_append_string(out, " reason=\"the policy of this server\"");
		break;
	case SENDER_TRUSTED_SEAL:
		buf_append_string(out, " reason=\"found genuine by a trusted server");
		if (is_token(view_from_string(sealer)))
			buf_printf(out, ", %s", sealer);
		buf_append_byte(out, '"');
		break;
	case SENDER_KNOWN_LIST:
		buf_append_string(out, " reason=\"by a mailing list that is read here\"");
		break;
	case SENDER_NO_OVERRIDE:
	case SENDER_OVERRIDES:
		break;
	}
}

static void put_dmarc(const struct sender_verdicts *v, const struct sender_decision *d, struct buf *out)
{
	put_result(out, "dmarc", v->dmarc.result);
	if (!view_empty(v->dmarc.policy_domain))
		buf_printf(out, " (p=%s)", dmarc_policy_name(v->dmarc.policy));
	put_reason(v, d, out);
	put_property(out, "header.from", v->dmarc.author);
}

static void put_arc(const struct arc *arc, struct buf *out)
{
	if (arc->verdict.result == SENDER_NONE)
		return;
	put_result(out, "arc", arc->verdict.result);
	buf_printf(out, " (%u seal%s", arc->count, arc->count == 1 ? "" : "s");
	const char *sealer = arc->count ? arc->sets[arc->count - 1].seal_field.domain : NULL;
	if (sealer && is_token(view_from_string(sealer)))
		buf_printf(out, ", the last by %s", sealer);
	buf_append_byte(out, ')');
}

/* The beginning of b= as it should be. Of a field that is none, anything may stand there. */
static bool is_base64(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && v.data[i] != '+' && v.data[i] != '/' && v.data[i] != '=')
			return false;
	return true;
}

static void put_signature(const struct dkim_verdict *v, struct buf *out)
{
	put_result(out, "dkim", v->result);
	put_property(out, "header.d", view_from_string(v->field.domain));
	put_property(out, "header.s", view_from_string(v->field.selector));
	put_property(out, "header.a", v->field.algorithm_text);
	struct view b = view_take(v->field.text, SIGNATURE_SHOWN);
	if (b.len == SIGNATURE_SHOWN && is_base64(b))
		buf_printf(out, " header.b=\"%.*s\"", VIEW_FMT(b));
}

/* Appends one result if it fits in `room` octets, with the line's end behind it. */
static bool fits(struct buf *out, size_t start, size_t room, struct view result)
{
	return out->len - start + result.len + 2 <= room && buf_append(out, result) == 0;
}

static void put_signatures(const struct dkim *dkim, size_t start, size_t room, struct buf *out)
{
	struct buf one;
	buf_init(&one, RESULT_MAX);
	for (int passed = 1; passed >= 0; passed--)
		for (size_t i = 0; i < dkim->count; i++) {
			if ((dkim->verdicts[i].result == SENDER_PASS) != passed)
				continue;
			buf_clear(&one);
			put_signature(&dkim->verdicts[i], &one);
			if (!buf_failed(&one))
				fits(out, start, room, buf_view(&one));
		}
	if (dkim->count == 0)
		fits(out, start, room, VIEW(";\r\n\tdkim=none"));
	buf_done(&one);
}

/* What does not fit, or could not be made, is left out. */
static void put_whole(struct buf *one, size_t start, size_t room, struct buf *out)
{
	if (!buf_failed(one))
		fits(out, start, room, buf_view(one));
	buf_clear(one);
}

int authentication_results_write(const struct sender_verdicts *v, const struct sender_decision *decision,
    const struct sender_request *request, size_t room, struct buf *out)
{
	size_t start = out->len;
	struct buf one;
	buf_init(&one, RESULT_MAX);
	buf_printf(out, "Authentication-Results: %.*s", VIEW_FMT(request->receiver));
	put_dmarc(v, decision, &one);
	put_whole(&one, start, room, out);
	put_spf(v, request, &one);
	put_whole(&one, start, room, out);
	put_arc(v->arc, &one);
	put_whole(&one, start, room, out);
	put_signatures(v->dkim, start, room, out);
	put_client(v, request, &one);
	put_whole(&one, start, room, out);
	buf_done(&one);
	int error = buf_append(out, VIEW("\r\n"));
	return buf_failed(out) && error == 0 ? -ENOBUFS : error;
}
