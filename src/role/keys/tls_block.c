/* The form of what is signed in a TLS handshake: see tls_block.h. */
#include "role/keys/tls_block.h"

#include "base/cursor.h"

enum { RANDOMS = 64, NAMED_CURVE = 3, PARAMS_HEAD = 4, UNCOMPRESSED = 4 };

/* RFC 8422 sections 5.1.1 and 5.4.1: X25519 and X448 are bare numbers, the NIST curves have both coordinates
 * behind a 4 and no compressed form. */
static const struct curve {
	unsigned number;
	size_t point;
	bool uncompressed;
} curves[] = {
    {23, 65, true},  /* secp256r1 */
    {24, 97, true},  /* secp384r1 */
    {25, 133, true}, /* secp521r1 */
    {29, 32, false}, /* x25519 */
    {30, 56, false}, /* x448 */
};

static bool is_tls13(struct view block)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";
	for (size_t i = 0; i < 64; i++)
		if (i >= block.len || block.data[i] != ' ')
			return false;
	struct view rest = view_skip(block, 64);
	/* sizeof counts the zero octet that separates the text from the hash. */
	return view_starts(rest, view_of(context, sizeof context)) &&
	       (rest.len == sizeof context + 32 || rest.len == sizeof context + 48);
}

static bool is_tls12(struct view block)
{
	struct view params = view_skip(block, RANDOMS);
	if (params.len <= PARAMS_HEAD || params.data[0] != NAMED_CURVE)
		return false;
	unsigned number = (unsigned char)params.data[1] * 256u + (unsigned char)params.data[2];
	struct view point = view_skip(params, PARAMS_HEAD);
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		if (curves[i].number == number)
			return point.len == curves[i].point && (unsigned char)params.data[3] == point.len &&
			       (!curves[i].uncompressed || point.data[0] == UNCOMPRESSED);
	return false;
}

enum { SEQUENCE = 0x30, SET = 0x31, LONG_TAG = 0x1f, LONG = 0x80 };

/*
 * Takes one element off the front. False when there is none. An element whose end only its contents tell
 * (BER's indefinite form) takes all: what cannot be told apart from a document counts as one.
 */
static bool take_element(struct view *rest, struct view *content)
{
	struct cursor in = cursor_on(*rest);
	if ((cursor_u8(&in) & LONG_TAG) == LONG_TAG)
		while (cursor_u8(&in) & LONG)
			;
	unsigned octets = 0, first = cursor_u8(&in);
	uint64_t length = first;
	if (first > LONG)
		for (octets = first - LONG, length = 0; octets > 0 && length <= rest->len; octets--)
			length = length << 8 | cursor_u8(&in);
	if (first == LONG)
		length = in.rest.len;
	if (!cursor_ok(&in) || octets > 0 || length > in.rest.len)
		return false;
	*content = cursor_bytes(&in, (size_t)length);
	*rest = in.rest;
	return true;
}

bool tls_block_is_asn1(struct view block)
{
	struct view content, element;
	if (block.len == 0 ||
	    ((unsigned char)block.data[0] != SEQUENCE && (unsigned char)block.data[0] != SET))
		return false;
	if (!take_element(&block, &content) || block.len > 0)
		return false;
	while (content.len > 0)
		if (!take_element(&content, &element))
			return false;
	return true;
}

enum tls_block tls_block_kind(struct view block)
{
	if (tls_block_is_asn1(block))
		return TLS_BLOCK_NONE;
	return is_tls13(block) ? TLS_BLOCK_13 : is_tls12(block) ? TLS_BLOCK_12 : TLS_BLOCK_NONE;
}

bool tls_block_digest_allowed(struct view name)
{
	static const char *const allowed[] = {
	    "SHA256", "SHA2-256", "SHA384", "SHA2-384", "SHA512", "SHA2-512"};
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (view_equal_nocase(name, view_from_string(allowed[i])))
			return true;
	return false;
}
