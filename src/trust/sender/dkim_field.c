/*
 * DKIM-Signature and its kin: RFC 6376 sections 3.5 and 6.1.1, RFC 8616 section 5, RFC 8617 section 4.1. A
 * field of which anything is wrong proves nothing, so reading stops at the first fault. Whose it is comes
 * first, so that a fault can be told with the domain.
 */
#include "trust/sender/dkim_field.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "format/dns_record.h"
#include "format/domain.h"
#include "format/header.h"
#include "format/limits.h"

enum { IDENTITY_MAX = LOCAL_PART_MAX + 1 + DOMAIN_MAX, NUMBER_DIGITS_MAX = 76 };

struct reading {
	const struct tag_list *list;
	struct arena *arena;
	struct dkim_field *out;
};

static bool fail(struct reading *r, enum dkim_fault fault, const char *tag)
{
	r->out->fault = fault;
	r->out->tag = tag;
	return false;
}

/* The value of a tag that must be there and not be empty. */
static bool need(struct reading *r, const char *name, struct view *value)
{
	const struct tag *tag = tag_list_find(r->list, name);
	if (tag == NULL)
		return fail(r, DKIM_FIELD_MISSING, name);
	if (tag->value.len == 0)
		return fail(r, DKIM_FIELD_VALUE, name);
	*value = tag->value;
	return true;
}

static bool keep(struct reading *r, struct view v, struct view *copy)
{
	return arena_copy(r->arena, v, copy) || fail(r, DKIM_FIELD_MEMORY, "");
}

/* A value that was not read, though there was room for any good one. */
static bool fail_value(struct reading *r, int error, const char *name)
{
	bool memory = error == -ENOMEM || error == -ENOBUFS;
	return fail(r, memory ? DKIM_FIELD_MEMORY : DKIM_FIELD_VALUE, memory ? "" : name);
}

/* ---- v=, a=, c=, q= ---- */

static bool read_version(struct reading *r)
{
	struct view value;
	if (!need(r, "v", &value))
		return false;
	return view_equal(value, VIEW("1")) || fail(r, DKIM_FIELD_VERSION, "v");
}

static bool read_algorithm(struct reading *r)
{
	static const char *const names[] = {[DKIM_RSA_SHA256] = "rsa-sha256",
	    [DKIM_ED25519_SHA256] = "ed25519-sha256",
	    [DKIM_RSA_SHA1] = "rsa-sha1"};
	if (!need(r, "a", &r->out->algorithm_text))
		return false;
	for (int i = 0; i < DKIM_ALGORITHM_UNKNOWN; i++)
		if (view_equal_nocase(r->out->algorithm_text, view_from_string(names[i]))) {
			r->out->algorithm = (enum dkim_algorithm)i;
			return true;
		}
	return fail(r, DKIM_FIELD_UNSUPPORTED, "a");
}

static bool canon_of(struct view name, enum dkim_canon *canon)
{
	if (!view_equal_nocase(name, VIEW("simple")) && !view_equal_nocase(name, VIEW("relaxed")))
		return false;
	*canon = name.len == 6 ? DKIM_SIMPLE : DKIM_RELAXED;
	return true;
}

/*
 * The header's, "/", the body's; the body's is simple when only one is named. Without c= both are simple, but
 * in ARC relaxed, as all who make it have it.
 */
static bool read_canon(struct reading *r, enum dkim_field_kind kind)
{
	const struct tag *tag = tag_list_find(r->list, "c");
	if (tag == NULL) {
		r->out->header_canon = r->out->body_canon =
		    kind == DKIM_SIGNATURE ? DKIM_SIMPLE : DKIM_RELAXED;
		return true;
	}
	struct view rest = tag->value, header, body;
	view_next(&rest, '/', &header);
	body = rest.data ? rest : VIEW("simple");
	return (canon_of(header, &r->out->header_canon) && canon_of(body, &r->out->body_canon)) ||
	       fail(r, DKIM_FIELD_UNSUPPORTED, "c");
}

/* Ways to the key, in the order of the signer's liking: "dns/txt" is the only one there is. */
static bool read_query(struct reading *r)
{
	const struct tag *tag = tag_list_find(r->list, "q");
	if (tag == NULL)
		return true;
	struct view rest = tag->value, method;
	while (tag_entry_next(&rest, &method))
		if (view_equal_nocase(method, VIEW("dns/txt")) || view_equal_nocase(method, VIEW("dns")))
			return true;
	return fail(r, DKIM_FIELD_UNSUPPORTED, "q");
}

/* ---- b=, bh= ---- */

static bool read_base64(struct reading *r, const char *name, struct view *out)
{
	struct view value;
	struct buf octets;
	if (!need(r, name, &value))
		return false;
	buf_init(&octets, 2 * DKIM_SIGNATURE_MAX);
	int error = value.len > 2 * DKIM_SIGNATURE_MAX ? -EINVAL : tag_base64(value, &octets);
	if (error == 0 && (octets.len == 0 || octets.len > DKIM_SIGNATURE_MAX))
		error = -EINVAL;
	bool good = error ? fail_value(r, error, name) : keep(r, buf_view(&octets), out);
	buf_done(&octets);
	return good;
}

static bool read_signature(struct reading *r)
{
	const struct tag *tag = tag_list_find(r->list, "b");
	if (tag) {
		r->out->text = tag->value;
		r->out->cut = tag->whole;
	}
	return read_base64(r, "b", &r->out->signature);
}

static bool read_body_hash(struct reading *r)
{
	size_t size = r->out->algorithm == DKIM_RSA_SHA1 ? 20 : DKIM_HASH_SIZE;
	return read_base64(r, "bh", &r->out->body_hash) &&
	       (r->out->body_hash.len == size || fail(r, DKIM_FIELD_VALUE, "bh"));
}

/* ---- d=, s=, i= ---- */

/*
 * A domain in A-labels: a name that DNS can be asked for. Of d=, section 3.5 wants two labels at least:
 * domain-name = sub-domain 1*("." sub-domain)
 */
static bool read_name(struct reading *r, const char *tag, size_t max, const char **out)
{
	struct view value, copy;
	struct buf name;
	char parsed[DNS_NAME_SIZE];
	if (!need(r, tag, &value))
		return false;
	buf_init(&name, DOMAIN_MAX + 1);
	int error = value.data[value.len - 1] == '.' ? -EINVAL : domain_normalize(value, &name);
	if (error == 0)
		error = dns_name_parse(buf_view(&name), parsed);
	buf_done(&name);
	if (error || strlen(parsed) > max)
		return fail_value(r, error, tag);
	if (!keep(r, view_from_string(parsed), &copy))
		return false;
	*out = copy.data;
	return true;
}

static bool read_domain(struct reading *r)
{
	enum { BESIDE = sizeof "x._domainkey." - 1 }; /* what a key's name has beside the domain, at least */
	if (!read_name(r, "d", DNS_NAME_SIZE - 1 - BESIDE, &r->out->domain))
		return false;
	if (strchr(r->out->domain, '.') == NULL) {
		r->out->domain = "";
		return fail(r, DKIM_FIELD_VALUE, "d");
	}
	size_t room = DNS_NAME_SIZE - 1 - (BESIDE - 1) - strlen(r->out->domain);
	return read_name(r, "s", room, &r->out->selector);
}

static bool is_within(struct view name, struct view domain)
{
	if (name.len <= domain.len)
		return view_equal(name, domain);
	struct view end = view_skip(name, name.len - domain.len);
	return view_equal(end, domain) && name.data[name.len - domain.len - 1] == '.';
}

/* [Local-part] "@" domain-name: d= or a name below it. */
static bool read_identity(struct reading *r)
{
	const struct tag *tag = tag_list_find(r->list, "i");
	if (tag == NULL)
		return true;
	struct buf text, identity;
	buf_init(&text, 3 * IDENTITY_MAX);
	buf_init(&identity, 4 * IDENTITY_MAX);
	int error = tag->value.len > 3 * IDENTITY_MAX ? -EINVAL : tag_quoted_printable(tag->value, &text);
	ptrdiff_t at = error ? -1 : view_find_last(buf_view(&text), '@');
	if (at >= 0) {
		buf_append(&identity, view_take(buf_view(&text), (size_t)at + 1));
		error = domain_normalize(view_skip(buf_view(&text), (size_t)at + 1), &identity);
	}
	bool good = error == 0 && at >= 0 && utf8_valid(buf_view(&identity));
	good = good ? keep(r, buf_view(&identity), &r->out->identity) : fail_value(r, error, "i");
	buf_done(&text);
	buf_done(&identity);
	if (!good)
		return false;
	return is_within(view_skip(r->out->identity, (size_t)at + 1), view_from_string(r->out->domain)) ||
	       fail(r, DKIM_FIELD_IDENTITY, "i");
}

/* ---- h= ---- */

static bool is_field_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!header_is_ftext(name.data[i]))
			return false;
	return name.len > 0;
}

/*
 * sig-h-tag = hdr-name *( ":" hdr-name ). A message signature of ARC names no seal (RFC 8617 section 4.1.2),
 * and need not name From, or anything: real ones have empty entries.
 */
static bool read_names(struct reading *r, enum dkim_field_kind kind)
{
	const struct tag *tag = tag_list_find(r->list, "h");
	struct view rest, name;
	size_t count = 0;
	bool from = kind != DKIM_SIGNATURE;
	if (tag == NULL)
		return fail(r, DKIM_FIELD_MISSING, "h");
	r->out->names = tag->value;
	for (rest = tag->value; tag_entry_next(&rest, &name);) {
		bool empty = name.len == 0 && kind == ARC_MESSAGE_SIGNATURE;
		if ((!empty && !is_field_name(name)) || ++count > DKIM_NAMES_MAX)
			return fail(r, DKIM_FIELD_VALUE, "h");
		if (kind == ARC_MESSAGE_SIGNATURE && view_equal_nocase(name, VIEW("ARC-Seal")))
			return fail(r, DKIM_FIELD_FORBIDDEN, "h");
		from |= view_equal_nocase(name, VIEW("From"));
	}
	return from || fail(r, DKIM_FIELD_FROM, "h");
}

/* ---- l=, t=, x= ---- */

/* 1*76DIGIT; what is too large for us is as large as can be. */
static bool read_number(struct reading *r, const char *name, uint64_t max, uint64_t *out)
{
	const struct tag *tag = tag_list_find(r->list, name);
	if (tag == NULL)
		return true;
	struct view digits = tag->value;
	uint64_t number = 0;
	if (digits.len == 0 || digits.len > NUMBER_DIGITS_MAX)
		return fail(r, DKIM_FIELD_VALUE, name);
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.data[i]))
			return fail(r, DKIM_FIELD_VALUE, name);
		uint64_t digit = (uint64_t)(digits.data[i] - '0');
		number = number > (max - digit) / 10 ? max : number * 10 + digit;
	}
	*out = number;
	return true;
}

static bool read_time(struct reading *r, const char *name, int64_t *out)
{
	uint64_t seconds = UINT64_MAX;
	if (!read_number(r, name, INT64_MAX, &seconds))
		return false;
	*out = seconds == UINT64_MAX ? DKIM_NO_TIME : (int64_t)seconds;
	return true;
}

static bool read_numbers(struct reading *r)
{
	struct dkim_field *f = r->out;
	if (!read_number(r, "l", DKIM_WHOLE - 1, &f->length) || !read_time(r, "t", &f->signed_at) ||
	    !read_time(r, "x", &f->expires))
		return false;
	return f->signed_at == DKIM_NO_TIME || f->expires == DKIM_NO_TIME || f->expires > f->signed_at ||
	       fail(r, DKIM_FIELD_EXPIRY, "x");
}

/* ---- ARC: RFC 8617 section 4.1 ---- */

/* instance = 1*2DIGIT, from 1 to 50 (section 4.2.1) */
static bool read_instance(struct reading *r)
{
	struct view value;
	uint64_t number = 0;
	if (!need(r, "i", &value))
		return false;
	if (!view_to_u64(value, 50, &number) || number == 0)
		return fail(r, DKIM_FIELD_VALUE, "i");
	r->out->instance = (unsigned)number;
	return true;
}

static bool read_cv(struct reading *r)
{
	static const char *const names[] = {"none", "pass", "fail"};
	struct view value;
	if (!need(r, "cv", &value))
		return false;
	for (int i = 0; i < 3; i++)
		if (view_equal_nocase(value, view_from_string(names[i]))) {
			r->out->cv = (enum arc_cv)i;
			return true;
		}
	return fail(r, DKIM_FIELD_VALUE, "cv");
}

static bool forbid(struct reading *r, const char *name)
{
	return tag_list_find(r->list, name) == NULL || fail(r, DKIM_FIELD_FORBIDDEN, name);
}

static bool read_seal(struct reading *r)
{
	return read_domain(r) && read_instance(r) && read_algorithm(r) && read_signature(r) && read_cv(r) &&
	       forbid(r, "h") && read_time(r, "t", &r->out->signed_at);
}

static bool read_message_signature(struct reading *r, enum dkim_field_kind kind)
{
	bool arc = kind == ARC_MESSAGE_SIGNATURE;
	return read_domain(r) && (arc ? read_instance(r) : read_version(r)) && read_algorithm(r) &&
	       read_signature(r) && read_body_hash(r) && (arc || read_identity(r)) && read_canon(r, kind) &&
	       read_query(r) && read_names(r, kind) && read_numbers(r);
}

void dkim_field_parse(
    enum dkim_field_kind kind, struct view body, struct arena *arena, struct dkim_field *out)
{
	struct tag_list list;
	struct reading r = {.list = &list, .arena = arena, .out = out};
	*out = (struct dkim_field){.tag = "",
	    .domain = "",
	    .selector = "",
	    .algorithm = DKIM_ALGORITHM_UNKNOWN,
	    .length = DKIM_WHOLE,
	    .signed_at = DKIM_NO_TIME,
	    .expires = DKIM_NO_TIME};
	int error = tag_list_parse(body, &list);
	if (error)
		fail(&r, error == -EEXIST ? DKIM_FIELD_DUPLICATE : DKIM_FIELD_SYNTAX, "");
	else if (kind == ARC_SEAL)
		read_seal(&r);
	else
		read_message_signature(&r, kind);
}
