/*
 * Key records: RFC 6376 sections 3.6.1 and 6.1.2. The record comes from whoever owns a domain, so the numbers
 * of a key are read by our own few lines of DER and bounded before any computation; the library's decoder
 * would take four times as long as the verification itself.
 */
#include "trust/sender/dkim_key.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/cursor.h"
#include "format/dns_record.h"

bool dkim_digest(struct view octets, unsigned char digest[DKIM_HASH_SIZE])
{
	return EVP_Digest(octets.data, octets.len, digest, NULL, EVP_sha256(), NULL) == 1;
}

/* ---- DER ---- */

/* The contents of the next element, which must have this tag (X.690 section 8.1; at most 64 KB). */
static bool der_take(struct cursor *in, uint8_t tag, struct view *contents)
{
	if (cursor_u8(in) != tag)
		return false;
	size_t len = cursor_u8(in);
	if (len == 0x81)
		len = cursor_u8(in);
	else if (len == 0x82)
		len = cursor_u16(in);
	else if (len >= 0x80)
		return false;
	*contents = cursor_bytes(in, len);
	return cursor_ok(in);
}

/* A positive INTEGER, without the zero octet that keeps it positive. */
static bool der_integer(struct cursor *in, struct view *number)
{
	struct view octets;
	if (!der_take(in, 0x02, &octets) || octets.len == 0 || (octets.data[0] & 0x80))
		return false;
	while (octets.len > 0 && octets.data[0] == 0)
		octets = view_skip(octets, 1);
	*number = octets;
	return octets.len > 0;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 appendix A.1.1) */
static bool read_rsa_key(struct view der, struct dkim_key *out)
{
	struct cursor in = cursor_on(der), numbers;
	struct view sequence;
	if (!der_take(&in, 0x30, &sequence) || !cursor_at_end(&in))
		return false;
	numbers = cursor_on(sequence);
	return der_integer(&numbers, &out->n) && der_integer(&numbers, &out->e) && cursor_at_end(&numbers);
}

/*
 * SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) with the algorithm rsaEncryption, which is what everybody
 * publishes; RFC 6376 itself speaks of the RSAPublicKey inside, which is taken too.
 */
static bool read_rsa(struct view der, struct dkim_key *out)
{
	static const char rsa_encryption[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	struct cursor in = cursor_on(der), parts, algorithm;
	struct view sequence, part, name, bits;
	if (!der_take(&in, 0x30, &sequence) || !cursor_at_end(&in))
		return false;
	parts = cursor_on(sequence);
	if (cursor_peek(&parts) != 0x30)
		return read_rsa_key(der, out);
	if (!der_take(&parts, 0x30, &part))
		return false;
	algorithm = cursor_on(part);
	if (!der_take(&algorithm, 0x06, &name) || !view_equal(name, VIEW(rsa_encryption)) ||
	    !der_take(&parts, 0x03, &bits) || !cursor_at_end(&parts))
		return false;
	return bits.len > 1 && bits.data[0] == 0 && read_rsa_key(view_skip(bits, 1), out);
}

static unsigned bit_length(struct view number)
{
	unsigned bits = (unsigned)number.len * 8;
	for (unsigned char top = (unsigned char)number.data[0]; !(top & 0x80);
	     top = (unsigned char)(top << 1))
		bits--;
	return bits;
}

/* An even modulus or exponent, and 1, are no key: anybody could sign by them. */
static enum dkim_key_fault judge_rsa(struct dkim_key *k)
{
	bool odd = (k->n.data[k->n.len - 1] & 1) && (k->e.data[k->e.len - 1] & 1);
	k->bits = bit_length(k->n);
	if (!odd || (k->e.len == 1 && k->e.data[0] == 1))
		return DKIM_KEY_BROKEN;
	if (k->bits < DKIM_RSA_BITS_MIN)
		return DKIM_KEY_SHORT;
	return k->bits > DKIM_RSA_BITS_MAX || k->e.len > DKIM_RSA_EXPONENT_MAX ? DKIM_KEY_LONG
	                                                                       : DKIM_KEY_GOOD;
}

/* ---- the record ---- */

static bool lists(const struct tag_list *tags, const char *name, struct view word, struct view other)
{
	const struct tag *tag = tag_list_find(tags, name);
	struct view rest, entry;
	if (tag == NULL)
		return false;
	for (rest = tag->value; tag_entry_next(&rest, &entry);)
		if (view_equal_nocase(entry, word) || (other.len && view_equal_nocase(entry, other)))
			return true;
	return false;
}

static enum dkim_key_fault read_key(struct view text, struct arena *arena, struct dkim_key *k)
{
	struct buf der;
	struct view copy;
	buf_init(&der, DNS_TXT_MAX);
	int error = tag_base64(text, &der);
	bool kept = error == 0 && arena_copy(arena, buf_view(&der), &copy);
	buf_done(&der);
	if (!kept)
		return error == -EINVAL ? DKIM_KEY_BROKEN : DKIM_KEY_MEMORY;
	if (k->kind == DKIM_KEY_RSA)
		return read_rsa(copy, k) ? judge_rsa(k) : DKIM_KEY_BROKEN;
	k->point = copy;
	k->bits = 256;
	return copy.len == DKIM_ED25519_SIZE ? DKIM_KEY_GOOD : DKIM_KEY_BROKEN;
}

/* v= is DKIM1 and comes first, or is left out. A text without it is a key record only if it has p=. */
static enum dkim_key_fault read_tags(const struct tag_list *tags, struct arena *arena, struct dkim_key *out)
{
	const struct tag *v = tag_list_find(tags, "v"), *k = tag_list_find(tags, "k"),
	                 *p = tag_list_find(tags, "p"), *n = tag_list_find(tags, "n");
	if (v ? v != &tags->tags[0] || !view_equal(v->value, VIEW("DKIM1")) : p == NULL)
		return DKIM_KEY_NONE;
	if (p == NULL)
		return DKIM_KEY_SYNTAX;
	out->notes = n ? n->value : (struct view){0};
	out->testing = lists(tags, "t", VIEW("y"), VIEW(""));
	out->strict = lists(tags, "t", VIEW("s"), VIEW(""));
	if (p->value.len == 0)
		return DKIM_KEY_REVOKED;
	if (k && view_equal_nocase(k->value, VIEW("ed25519")))
		out->kind = DKIM_KEY_ED25519;
	else if (k && !view_equal_nocase(k->value, VIEW("rsa")))
		return DKIM_KEY_UNSUPPORTED;
	if (tag_list_find(tags, "h") && !lists(tags, "h", VIEW("sha256"), VIEW("")))
		return DKIM_KEY_HASH;
	if (tag_list_find(tags, "s") && !lists(tags, "s", VIEW("*"), VIEW("email")))
		return DKIM_KEY_SERVICE;
	return read_key(p->value, arena, out);
}

void dkim_key_parse(struct view text, struct arena *arena, struct dkim_key *out)
{
	struct tag_list tags;
	*out = (struct dkim_key){.kind = DKIM_KEY_RSA};
	if (tag_list_parse(text, &tags) == 0)
		out->fault = read_tags(&tags, arena, out);
	else
		out->fault = view_starts(view_trim(text), VIEW("v=DKIM1")) ? DKIM_KEY_SYNTAX : DKIM_KEY_NONE;
}

/* ---- verifying ---- */

/* The library takes numbers in the machine's order. */
static void reverse(struct view number, unsigned char *out)
{
	for (size_t i = 0; i < number.len; i++)
		out[i] = (unsigned char)number.data[number.len - 1 - i];
}

static EVP_PKEY *rsa_key(const struct dkim_key *k)
{
	unsigned char n[DKIM_RSA_BITS_MAX / 8], e[DKIM_RSA_EXPONENT_MAX];
	EVP_PKEY *key = NULL;
	reverse(k->n, n);
	reverse(k->e, e);
	OSSL_PARAM parts[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, k->n.len),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, k->e.len), OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, parts);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static enum dkim_check verify_rsa(EVP_PKEY *key, const unsigned char *digest, struct view signature)
{
	enum dkim_check check = DKIM_CHECK_MEMORY;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	if (ctx && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
		check = EVP_PKEY_verify(ctx, (const unsigned char *)signature.data, signature.len, digest,
		            DKIM_HASH_SIZE) == 1
		            ? DKIM_CHECK_GOOD
		            : DKIM_CHECK_BAD;
	EVP_PKEY_CTX_free(ctx);
	return check;
}

static enum dkim_check verify_ed25519(EVP_PKEY *key, const unsigned char *digest, struct view signature)
{
	enum dkim_check check = DKIM_CHECK_MEMORY;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		check = EVP_DigestVerify(ctx, (const unsigned char *)signature.data, signature.len, digest,
		            DKIM_HASH_SIZE) == 1
		            ? DKIM_CHECK_GOOD
		            : DKIM_CHECK_BAD;
	EVP_MD_CTX_free(ctx);
	return check;
}

enum dkim_check dkim_key_verify(
    const struct dkim_key *key, const unsigned char *digest, struct view signature)
{
	bool rsa = key->kind == DKIM_KEY_RSA;
	EVP_PKEY *public = rsa ? rsa_key(key)
	                       : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	                             (const unsigned char *)key->point.data, key->point.len);
	enum dkim_check check = DKIM_CHECK_MEMORY;
	if (public)
		check =
		    rsa ? verify_rsa(public, digest, signature) : verify_ed25519(public, digest, signature);
	EVP_PKEY_free(public);
	ERR_clear_error();
	return check;
}
