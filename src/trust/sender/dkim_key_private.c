/* What is done with private keys: RFC 6376 sections 3.3 and 3.6.1, RFC 8463 sections 3 and 4. In the product
 * the keys role alone calls this. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "trust/sender/dkim_key.h"

static int sign_rsa(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
	            EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	            EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	            EVP_PKEY_sign(ctx, out, len, digest, DKIM_HASH_SIZE) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good ? 0 : -EIO;
}

static int sign_ed25519(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	            EVP_DigestSign(ctx, out, len, digest, DKIM_HASH_SIZE) == 1;
	EVP_MD_CTX_free(ctx);
	return good ? 0 : -EIO;
}

static bool is_usable_rsa(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);
	return EVP_PKEY_is_a(key, "RSA") && bits >= DKIM_RSA_BITS_MIN && bits <= DKIM_RSA_BITS_MAX;
}

int dkim_key_sign(EVP_PKEY *key, struct view block, unsigned char *out, size_t *len)
{
	unsigned char digest[DKIM_HASH_SIZE];
	bool rsa = is_usable_rsa(key);
	if (!rsa && !EVP_PKEY_is_a(key, "ED25519"))
		return -EINVAL;
	if (*len < (size_t)EVP_PKEY_get_size(key))
		return -ENOBUFS;
	int error = dkim_digest(block, digest) ? 0 : -EIO;
	if (error == 0)
		error = rsa ? sign_rsa(key, digest, out, len) : sign_ed25519(key, digest, out, len);
	ERR_clear_error();
	return error;
}

int dkim_key_record(EVP_PKEY *key, struct buf *out)
{
	unsigned char point[DKIM_ED25519_SIZE], *der = NULL;
	size_t size = sizeof point;
	if (EVP_PKEY_is_a(key, "ED25519")) {
		if (EVP_PKEY_get_raw_public_key(key, point, &size) != 1)
			return -EIO;
		buf_append_string(out, "v=DKIM1; k=ed25519; p=");
		return base64_encode(out, view_of(point, size));
	}
	if (!is_usable_rsa(key))
		return -EINVAL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return -EIO;
	buf_append_string(out, "v=DKIM1; k=rsa; p=");
	int error = base64_encode(out, view_of(der, (size_t)len));
	OPENSSL_free(der);
	return error;
}
