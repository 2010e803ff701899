/* Sealing private keys: see signing_seal.h. The sealed form: a version, a nonce, the key in DER (PKCS #8)
 * encrypted, the tag. A random nonce of 96 bits is good for 2^32 keys under one secret. */
#include "role/keys/signing_seal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

enum { VERSION = 1, NONCE = 12, TAG = 16, PLAIN_MAX = 2048 };

/* Begins either direction, with the names as data that is bound to it. */
static EVP_CIPHER_CTX *begin(bool seals, const unsigned char *secret, const unsigned char *nonce,
    struct view domain, struct view selector)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;
	bool good =
	    ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret, nonce, seals) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)domain.data, (int)domain.len) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)"\0", 1) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)selector.data, (int)selector.len) == 1;
	if (good)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static int write_der(EVP_PKEY *key, unsigned char plain[PLAIN_MAX])
{
	unsigned char *at = plain;
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	if (len > 0 && len <= PLAIN_MAX)
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &at);
	PKCS8_PRIV_KEY_INFO_free(info);
	return len > 0 && len <= PLAIN_MAX ? len : -1;
}

int signing_seal_key(const unsigned char secret[SIGNING_SECRET_SIZE], struct view domain,
    struct view selector, EVP_PKEY *key, struct buf *out)
{
	unsigned char plain[PLAIN_MAX], sealed[1 + NONCE + PLAIN_MAX + TAG];
	int len = write_der(key, plain), part = 0, last = 0;
	EVP_CIPHER_CTX *ctx = NULL;
	sealed[0] = VERSION;
	random_bytes(sealed + 1, NONCE);
	if (len > 0)
		ctx = begin(true, secret, sealed + 1, domain, selector);
	bool good = ctx && EVP_CipherUpdate(ctx, sealed + 1 + NONCE, &part, plain, len) == 1 &&
	            EVP_CipherFinal_ex(ctx, sealed + 1 + NONCE + part, &last) == 1 && part + last == len &&
	            EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, sealed + 1 + NONCE + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	mem_wipe(plain, sizeof plain);
	ERR_clear_error();
	if (!good)
		return -EIO;
	return buf_append(out, view_of(sealed, 1 + NONCE + (size_t)len + TAG));
}

int signing_unseal(const unsigned char secret[SIGNING_SECRET_SIZE], struct view domain, struct view selector,
    struct view sealed, EVP_PKEY **out)
{
	unsigned char plain[PLAIN_MAX], tag[TAG];
	*out = NULL;
	if (sealed.len <= 1 + NONCE + TAG || sealed.len > 1 + NONCE + PLAIN_MAX + TAG ||
	    sealed.data[0] != VERSION)
		return -EBADMSG;
	size_t len = sealed.len - 1 - NONCE - TAG;
	const unsigned char *nonce = (const unsigned char *)sealed.data + 1, *from = nonce + NONCE;
	int part = 0, last = 0;
	memcpy(tag, from + len, TAG);
	EVP_CIPHER_CTX *ctx = begin(false, secret, nonce, domain, selector);
	bool ready = ctx && EVP_CipherUpdate(ctx, plain, &part, from, (int)len) == 1 &&
	             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1;
	bool good = ready && EVP_CipherFinal_ex(ctx, plain + part, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	const unsigned char *at = plain;
	if (good)
		*out = d2i_AutoPrivateKey(NULL, &at, part + last);
	mem_wipe(plain, sizeof plain);
	ERR_clear_error();
	return *out ? 0 : ready && !good ? -EBADMSG : -EIO;
}
