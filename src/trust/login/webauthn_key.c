/*
 * COSE keys (RFC 9052 section 7) of the three algorithms that passkeys use: read, judged, verified with.
 * Their numbers come from whoever registers, so they are bounded before the library computes with them.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "trust/login/cbor.h"
#include "trust/login/webauthn.h"

enum {
	COSE_TYPE = 1,
	COSE_ALGORITHM = 3,
	COSE_CURVE = -1,
	COSE_X = -2,
	COSE_Y = -3,
	COSE_N = -1,
	COSE_E = -2,
	TYPE_OKP = 1,
	TYPE_EC2 = 2,
	TYPE_RSA = 3,
	CURVE_P256 = 1,
	CURVE_ED25519 = 6,
	/* 2048 bits are what RS256 has anywhere; more than 4096 only cost time. */
	RSA_LEAST = 256,
	RSA_MOST = 512,
	EXPONENT_MOST = 4,
	COORDINATE = 32,
};

struct key {
	int64_t type, algorithm;
	struct view a, b; /* x and y, or n and e */
};

static bool number_of(const struct cbor *map, int64_t name, int64_t *number)
{
	struct cbor value;
	return cbor_member_number(map, name, &value) && cbor_integer(&value, number);
}

static bool octets_of(const struct cbor *map, int64_t name, struct view *octets)
{
	struct cbor value;
	if (!cbor_member_number(map, name, &value) || value.kind != CBOR_OCTETS)
		return false;
	*octets = value.octets;
	return true;
}

/* An even modulus or exponent, and 1, are no key: anybody could sign by them. */
static bool is_sound_rsa(const struct key *k)
{
	return k->a.len >= RSA_LEAST && k->a.len <= RSA_MOST && (unsigned char)k->a.data[0] >= 0x80 &&
	       k->b.len > 0 && k->b.len <= EXPONENT_MOST && k->b.data[0] != 0 &&
	       k->a.data[k->a.len - 1] & 1 && k->b.data[k->b.len - 1] & 1 &&
	       !(k->b.len == 1 && k->b.data[0] == 1);
}

static bool read_key(struct view text, struct key *k)
{
	struct cbor map;
	int64_t curve;
	if (text.len > WEBAUTHN_KEY_MAX || !cbor_read(text, &map) || !number_of(&map, COSE_TYPE, &k->type) ||
	    !number_of(&map, COSE_ALGORITHM, &k->algorithm))
		return false;
	switch (k->algorithm) {
	case WEBAUTHN_ES256:
		return k->type == TYPE_EC2 && number_of(&map, COSE_CURVE, &curve) && curve == CURVE_P256 &&
		       octets_of(&map, COSE_X, &k->a) && octets_of(&map, COSE_Y, &k->b) &&
		       k->a.len == COORDINATE && k->b.len == COORDINATE;
	case WEBAUTHN_EDDSA:
		return k->type == TYPE_OKP && number_of(&map, COSE_CURVE, &curve) && curve == CURVE_ED25519 &&
		       octets_of(&map, COSE_X, &k->a) && k->a.len == COORDINATE;
	case WEBAUTHN_RS256:
		return k->type == TYPE_RSA && octets_of(&map, COSE_N, &k->a) &&
		       octets_of(&map, COSE_E, &k->b) && is_sound_rsa(k);
	default:
		return false;
	}
}

/* ---- the library's keys ---- */

static EVP_PKEY *from_parts(const char *type, OSSL_PARAM *parts)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, parts);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The library refuses a point that is not on the curve. */
static EVP_PKEY *p256_key(const struct key *k)
{
	unsigned char point[1 + 2 * COORDINATE] = {4};
	char group[] = "P-256";
	memcpy(point + 1, k->a.data, COORDINATE);
	memcpy(point + 1 + COORDINATE, k->b.data, COORDINATE);
	OSSL_PARAM parts[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
	    OSSL_PARAM_construct_end()};
	return from_parts("EC", parts);
}

/* The library takes numbers in the machine's order. */
static void reverse(struct view number, unsigned char *out)
{
	for (size_t i = 0; i < number.len; i++)
		out[i] = (unsigned char)number.data[number.len - 1 - i];
}

static EVP_PKEY *rsa_key(const struct key *k)
{
	unsigned char n[RSA_MOST], e[EXPONENT_MOST];
	reverse(k->a, n);
	reverse(k->b, e);
	OSSL_PARAM parts[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, k->a.len),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, k->b.len), OSSL_PARAM_construct_end()};
	return from_parts("RSA", parts);
}

static EVP_PKEY *library_key(const struct key *k)
{
	if (k->algorithm == WEBAUTHN_EDDSA)
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, (const unsigned char *)k->a.data, k->a.len);
	return k->algorithm == WEBAUTHN_ES256 ? p256_key(k) : rsa_key(k);
}

enum webauthn_fault webauthn_key_check(struct view text, int64_t *algorithm)
{
	struct key k = {0};
	if (!read_key(text, &k))
		return WEBAUTHN_ALGORITHM;
	EVP_PKEY *key = library_key(&k);
	ERR_clear_error();
	if (key == NULL)
		return WEBAUTHN_ALGORITHM;
	EVP_PKEY_free(key);
	*algorithm = k.algorithm;
	return WEBAUTHN_GOOD;
}

enum webauthn_fault webauthn_key_verify(struct view text, struct view message, struct view signature)
{
	struct key k = {0};
	enum webauthn_fault fault = WEBAUTHN_SIGNATURE;
	if (signature.len > WEBAUTHN_SIGNATURE_MAX)
		return WEBAUTHN_MALFORMED;
	if (!read_key(text, &k))
		return WEBAUTHN_ALGORITHM;
	EVP_PKEY *key = library_key(&k);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *hash = k.algorithm == WEBAUTHN_EDDSA ? NULL : EVP_sha256();
	if (key == NULL)
		fault = WEBAUTHN_ALGORITHM;
	else if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, hash, NULL, key) != 1)
		fault = WEBAUTHN_MEMORY;
	else if (EVP_DigestVerify(ctx, (const unsigned char *)signature.data, signature.len,
	             (const unsigned char *)message.data, message.len) == 1)
		fault = WEBAUTHN_GOOD;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return fault;
}
