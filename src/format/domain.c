/*
 * Domain names, address literals and look-up keys: RFC 5321 sections 2.3.5, 2.4 and 4.1.3, RFC 5890, RFC
 * 6531. RFC 5321 leaves the case of local parts to the receiving host; ours are one in every case, which is
 * what people expect, by full case folding so that it holds in every script.
 */
#include "format/domain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <idn2.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/cursor.h"
#include "base/utf8.h"
#include "format/limits.h"

/*
 * Domain     = sub-domain *("." sub-domain)
 * sub-domain = Let-dig [Ldh-str] / U-label
 */
static int check_name(struct view v)
{
	struct view label;
	if (v.len == 0 || v.data[v.len - 1] == '.')
		return -EINVAL;
	while (view_next(&v, '.', &label)) {
		if (label.len == 0 || label.data[0] == '-' || label.data[label.len - 1] == '-')
			return -EINVAL;
		bool ascii = utf8_is_ascii(label);
		if (ascii && label.len > DOMAIN_LABEL_MAX)
			return -ENAMETOOLONG;
		if (!ascii && !utf8_valid(label))
			return -EINVAL;
		for (size_t i = 0; i < label.len; i++) {
			char c = label.data[i];
			if (!ascii_is_alnum(c) && c != '-' && c != '_' && (unsigned char)c < 0x80)
				return -EINVAL;
		}
	}
	return 0;
}

/*
 * address-literal         = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
 * IPv6-address-literal    = "IPv6:" IPv6-addr
 * General-address-literal = Standardized-tag ":" 1*dcontent
 */
static int check_literal(struct view v, enum host_kind *kind)
{
	char text[INET6_ADDRSTRLEN] = {0};
	unsigned char address[16];
	v = view_take(view_skip(v, 1), v.len - 2);
	bool ipv6 = view_starts_nocase(v, VIEW("IPv6:"));
	struct view digits = ipv6 ? view_skip(v, 5) : v;
	if (digits.len < sizeof text && digits.len > 0 && memchr(digits.data, '\0', digits.len) == NULL) {
		memcpy(text, digits.data, digits.len);
		if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address) == 1) {
			*kind = ipv6 ? HOST_IPV6 : HOST_IPV4;
			return 0;
		}
	}
	ptrdiff_t colon = view_find(v, ':');
	if (ipv6 || colon <= 0 || (size_t)colon + 1 == v.len || v.data[colon - 1] == '-')
		return -EINVAL;
	for (size_t i = 0; i < (size_t)colon; i++)
		if (!ascii_is_alnum(v.data[i]) && v.data[i] != '-')
			return -EINVAL;
	for (size_t i = (size_t)colon + 1; i < v.len; i++)
		if (!ascii_is_print(v.data[i]) || strchr(" []\\", v.data[i]))
			return -EINVAL;
	*kind = HOST_LITERAL;
	return 0;
}

int host_parse(struct view v, enum host_kind *kind)
{
	if (v.len > DOMAIN_MAX)
		return -ENAMETOOLONG;
	if (v.len >= 2 && v.data[0] == '[' && v.data[v.len - 1] == ']')
		return check_literal(v, kind);
	int error = check_name(v);
	if (error == 0)
		*kind = HOST_NAME;
	return error;
}

static int append_lower(struct buf *out, struct view v)
{
	char *to = buf_reserve(out, v.len);
	if (to == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < v.len; i++)
		to[i] = ascii_lower(v.data[i]);
	buf_commit(out, v.len);
	return 0;
}

int domain_normalize(struct view domain, struct buf *out)
{
	enum host_kind kind;
	if (domain.len > 1 && domain.data[domain.len - 1] == '.')
		domain.len--;
	int error = host_parse(domain, &kind);
	if (error)
		return error;
	if (utf8_is_ascii(domain))
		return append_lower(out, domain);
	char text[DOMAIN_MAX + 1];
	memcpy(text, domain.data, domain.len);
	text[domain.len] = '\0';
	uint8_t *ascii = NULL;
	int rc = idn2_lookup_u8((const uint8_t *)text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return rc == IDN2_MALLOC ? -ENOMEM : -EINVAL;
	/* Compatibility forms may have turned into something that is no host name: check what came out. */
	struct view name = view_from_string((const char *)ascii);
	error = name.len > DOMAIN_MAX ? -ENAMETOOLONG : check_name(name);
	if (error == 0)
		error = append_lower(out, name);
	idn2_free(ascii);
	return error;
}

int domain_display(struct view domain, struct buf *out)
{
	char text[DOMAIN_MAX + 1];
	if (domain.len == 0 || domain.len > DOMAIN_MAX || !utf8_is_ascii(domain) ||
	    memchr(domain.data, '\0', domain.len))
		return buf_append(out, domain);
	memcpy(text, domain.data, domain.len);
	text[domain.len] = '\0';
	char *readable = NULL;
	if (idn2_to_unicode_8z8z(text, &readable, 0) != IDN2_OK)
		return buf_append(out, domain);
	int error = buf_append_string(out, readable);
	idn2_free(readable);
	return error;
}

/* NFC, full case folding, and NFC again, because folding may take a text out of it. */
static int append_folded(struct buf *out, struct view v)
{
	enum { UNITS = 3 * LOCAL_PART_MAX };
	UErrorCode status = U_ZERO_ERROR;
	UChar text[UNITS], folded[UNITS];
	char utf8[3 * UNITS];
	int32_t len = 0;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	u_strFromUTF8(text, UNITS, &len, v.data, (int32_t)v.len, &status);
	len = unorm2_normalize(nfc, text, len, folded, UNITS, &status);
	len = u_strFoldCase(text, UNITS, folded, len, U_FOLD_CASE_DEFAULT, &status);
	len = unorm2_normalize(nfc, text, len, folded, UNITS, &status);
	u_strToUTF8(utf8, sizeof utf8, &len, folded, len, &status);
	if (status == U_BUFFER_OVERFLOW_ERROR || (U_SUCCESS(status) && len > 3 * LOCAL_PART_MAX))
		return -ENAMETOOLONG;
	if (U_FAILURE(status))
		return -EINVAL;
	return buf_append(out, view_of(utf8, (size_t)len));
}

int address_key(struct view local_part, struct view domain, struct buf *out)
{
	if (local_part.len > LOCAL_PART_MAX || domain.len > DOMAIN_MAX)
		return -ENAMETOOLONG;
	if (local_part.len == 0 || !utf8_valid(local_part))
		return -EINVAL;
	size_t before = out->len;
	int error =
	    utf8_is_ascii(local_part) ? append_lower(out, local_part) : append_folded(out, local_part);
	if (error == 0 && domain.len) {
		error = buf_append_byte(out, '@');
		if (error == 0)
			error = domain_normalize(domain, out);
	}
	if (error)
		buf_truncate(out, before);
	return error;
}
