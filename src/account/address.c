/* Normal forms of addresses: libidn2 for domains, ICU for local parts beyond ASCII. */
#include "account/address.h"

#include <errno.h>
#include <idn2.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

/* Letters, digits and inner hyphens, in labels of 1 to 63 (RFC 1123 section 2.1); lower case already. */
static bool is_host_name(struct view name)
{
	struct view label;
	while (view_next(&name, '.', &label)) {
		if (view_empty(label) || label.len > 63 || label.data[0] == '-' || label.data[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-')
				return false;
	}
	return true;
}

static int normalize_domain(struct view in, char out[ADDRESS_DOMAIN_MAX], size_t *len)
{
	char text[ADDRESS_DOMAIN_MAX * 4 + 1], *found = NULL;
	if (in.len > 0 && in.data[in.len - 1] == '.')
		in.len--;
	if (view_empty(in) || memchr(in.data, '\0', in.len) || !utf8_valid(in))
		return -EINVAL;
	if (in.len >= sizeof text)
		return -EMSGSIZE;
	memcpy(text, in.data, in.len);
	text[in.len] = '\0';
	/* Transitional processing would map some names to others' domains; non-transitional is what browsers do. */
	if (idn2_to_ascii_8z(text, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return -EINVAL;
	size_t n = strlen(found);
	int error = n == 0 ? -EINVAL : n > ADDRESS_DOMAIN_MAX ? -EMSGSIZE : 0;
	for (size_t i = 0; i < n && error == 0; i++)
		out[i] = ascii_lower(found[i]);
	idn2_free(found);
	if (error == 0 && !is_host_name(view_of(out, n)))
		error = -EINVAL;
	if (error == 0)
		*len = n;
	return error;
}

static int fold_unicode(struct view in, char out[ADDRESS_LOCAL_MAX], size_t *len)
{
	enum { ROOM = ADDRESS_LOCAL_MAX * 2 };
	UChar wide[ROOM], folded[ROOM], normal[ROOM];
	int32_t n = 0;
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&error);
	u_strFromUTF8(wide, ROOM, &n, in.data, (int32_t)in.len, &error);
	n = u_strFoldCase(folded, ROOM, wide, n, U_FOLD_CASE_DEFAULT, &error);
	n = unorm2_normalize(nfc, folded, n, normal, ROOM, &error);
	if (U_FAILURE(error))
		return error == U_BUFFER_OVERFLOW_ERROR ? -EMSGSIZE : -EINVAL;
	u_strToUTF8(out, ADDRESS_LOCAL_MAX, &n, normal, n, &error);
	if (U_FAILURE(error))
		return error == U_BUFFER_OVERFLOW_ERROR ? -EMSGSIZE : -EINVAL;
	*len = (size_t)n;
	return 0;
}

static int normalize_local(struct view in, char out[ADDRESS_LOCAL_MAX], size_t *len)
{
	if (view_empty(in))
		return -EINVAL;
	if (in.len > ADDRESS_LOCAL_MAX)
		return -EMSGSIZE;
	for (size_t i = 0; i < in.len; i++)
		if ((unsigned char)in.data[i] < ' ' || in.data[i] == 0x7f)
			return -EINVAL;
	if (!utf8_is_ascii(in))
		return utf8_valid(in) ? fold_unicode(in, out, len) : -EINVAL;
	for (size_t i = 0; i < in.len; i++)
		out[i] = ascii_lower(in.data[i]);
	*len = in.len;
	return 0;
}

int address_join(struct view local, struct view domain, struct address *out)
{
	struct address joined = {.local_len = local.len, .len = local.len + 1 + domain.len};
	if (local.len > ADDRESS_LOCAL_MAX || domain.len > ADDRESS_DOMAIN_MAX)
		return -EMSGSIZE;
	memcpy(joined.text, local.data, local.len);
	joined.text[local.len] = '@';
	memcpy(joined.text + local.len + 1, domain.data, domain.len);
	*out = joined;
	return 0;
}

int address_normalize(struct view in, struct address *out)
{
	char local[ADDRESS_LOCAL_MAX], domain[ADDRESS_DOMAIN_MAX];
	size_t local_len, domain_len;
	ptrdiff_t at = view_find_last(in, '@');
	if (at < 0)
		return -EINVAL;
	int error = normalize_local(view_take(in, (size_t)at), local, &local_len);
	if (error == 0)
		error = normalize_domain(view_skip(in, (size_t)at + 1), domain, &domain_len);
	return error ? error : address_join(view_of(local, local_len), view_of(domain, domain_len), out);
}

int domain_normalize(struct view in, struct address *out)
{
	char domain[ADDRESS_DOMAIN_MAX];
	size_t len;
	int error = normalize_domain(in, domain, &len);
	if (error)
		return error;
	*out = (struct address){.len = len};
	memcpy(out->text, domain, len);
	return 0;
}
