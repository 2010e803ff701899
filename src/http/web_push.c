/* The cryptography of Web Push, by OpenSSL: ECDH on P-256, HKDF with SHA-256, AES-128-GCM. */
#include "http/web_push.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/random.h"
#include "http/http_url.h"

enum {
	SECRET = 32, /* octets of an ECDH secret, and of SHA-256 */
	SALT = 16,
	KEY = 16,
	NONCE = 12,
	TAG = 16,
	RECORD = 4096 /* "rs" of RFC 8188: the whole body is one record, the last one */
};

/* ---- keys ---- */

/* A key of P-256 from its public point and, if there is one, its private number. NULL: it is none. */
static EVP_PKEY *make_key(const unsigned char *point, const unsigned char *private_key)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	unsigned char number[SECRET]; /* OpenSSL has numbers in the machine's own order */
	OSSL_PARAM parameters[4], *p = parameters;
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0);
	if (point)
		*p++ = OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, WEB_PUSH_POINT);
	if (private_key) {
		for (size_t i = 0; i < SECRET; i++)
			number[i] = private_key[SECRET - 1 - i];
		*p++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number, SECRET);
	}
	*p = OSSL_PARAM_construct_end();
	int selection = private_key ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, selection, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	mem_wipe(number, sizeof number);
	return key;
}

/* What both sides know. False also for a point that is not on the curve. */
static bool agree(EVP_PKEY *own, EVP_PKEY *peer, unsigned char secret[SECRET])
{
	size_t len = SECRET;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	bool done = context && EVP_PKEY_derive_init(context) == 1 &&
	            EVP_PKEY_derive_set_peer_ex(context, peer, 1) == 1 &&
	            EVP_PKEY_derive(context, secret, &len) == 1 && len == SECRET;
	EVP_PKEY_CTX_free(context);
	return done;
}

static bool read_octets(struct view text, unsigned char *octets, size_t len)
{
	struct buf decoded;
	buf_init(&decoded, 2 * WEB_PUSH_POINT);
	bool right = base64url_decode(&decoded, text) == 0 && decoded.len == len;
	if (right)
		memcpy(octets, buf_view(&decoded).data, len);
	buf_done(&decoded);
	return right;
}

int web_push_read_keys(struct web_push_keys *keys, struct view p256dh, struct view auth)
{
	struct web_push_keys read;
	if (!read_octets(p256dh, read.point, sizeof read.point) ||
	    !read_octets(auth, read.auth, sizeof read.auth) || read.point[0] != 4)
		return -EINVAL;
	EVP_PKEY *key = make_key(read.point, NULL);
	ERR_clear_error(); /* TLS of this thread must not find it */
	if (key == NULL)
		return -EINVAL;
	EVP_PKEY_free(key);
	*keys = read;
	return 0;
}

/* ---- encryption ---- */

/* HKDF (RFC 5869) for at most 32 octets: extract, and the first block of expand. `info` ends in the octet 1.
 */
static bool derive(const void *salt, size_t salt_len, const void *secret, size_t secret_len, struct view info,
    void *out, size_t len)
{
	unsigned char prk[SECRET], block[SECRET];
	unsigned n;
	bool done =
	    HMAC(EVP_sha256(), salt, (int)salt_len, secret, secret_len, prk, &n) != NULL &&
	    HMAC(EVP_sha256(), prk, SECRET, (const unsigned char *)info.data, info.len, block, &n) != NULL;
	if (done)
		memcpy(out, block, len);
	mem_wipe(prk, sizeof prk);
	mem_wipe(block, sizeof block);
	return done;
}

/* The key and the nonce (RFC 8291 section 3.4, RFC 8188 section 2.2). */
static bool derive_all(const struct web_push_keys *keys, const unsigned char own_point[WEB_PUSH_POINT],
    const unsigned char ecdh[SECRET], const unsigned char salt[SALT], unsigned char key[KEY],
    unsigned char nonce[NONCE])
{
	unsigned char info[14 + 2 * WEB_PUSH_POINT + 1], secret[SECRET];
	memcpy(info, "WebPush: info", 14); /* with its NUL */
	memcpy(info + 14, keys->point, WEB_PUSH_POINT);
	memcpy(info + 14 + WEB_PUSH_POINT, own_point, WEB_PUSH_POINT);
	info[sizeof info - 1] = 1;
	bool done =
	    derive(keys->auth, WEB_PUSH_AUTH, ecdh, SECRET, view_of(info, sizeof info), secret, SECRET) &&
	    derive(salt, SALT, secret, SECRET, VIEW("Content-Encoding: aes128gcm\0\1"), key, KEY) &&
	    derive(salt, SALT, secret, SECRET, VIEW("Content-Encoding: nonce\0\1"), nonce, NONCE);
	mem_wipe(secret, sizeof secret);
	return done;
}

/* The text and the octet 2, which ends the last record, sealed. */
static int seal(
    struct buf *out, struct view text, const unsigned char key[KEY], const unsigned char nonce[NONCE])
{
	static const unsigned char end = 2;
	char *room = buf_reserve(out, text.len + 1 + TAG);
	if (room == NULL)
		return -ENOBUFS;
	unsigned char *to = (unsigned char *)room;
	int len = 0, more = 0, last = 0;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool done =
	    context && EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
	    EVP_EncryptUpdate(context, to, &len, (const unsigned char *)text.data, (int)text.len) == 1 &&
	    EVP_EncryptUpdate(context, to + len, &more, &end, 1) == 1 &&
	    EVP_EncryptFinal_ex(context, to + len + more, &last) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, to + len + more + last) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!done)
		return -ENOMEM;
	buf_commit(out, text.len + 1 + TAG);
	return 0;
}

static int encrypt(struct buf *out, const struct web_push_keys *keys, struct view text, EVP_PKEY *own,
    const unsigned char salt[SALT])
{
	unsigned char point[WEB_PUSH_POINT], ecdh[SECRET], key[KEY], nonce[NONCE];
	size_t len = 0;
	EVP_PKEY *peer = make_key(keys->point, NULL);
	int error = 0;
	if (peer == NULL)
		return -EINVAL;
	if (EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) != 1 ||
	    len != sizeof point || !agree(own, peer, ecdh) ||
	    !derive_all(keys, point, ecdh, salt, key, nonce))
		error = -ENOMEM;
	if (error == 0) { /* RFC 8188 section 2.1: salt, record size, the length of the key's name, and it */
		buf_append(out, view_of(salt, SALT));
		buf_append_u32(out, RECORD);
		buf_append_u8(out, WEB_PUSH_POINT);
		error = buf_append(out, view_of(point, sizeof point));
	}
	if (error == 0)
		error = seal(out, text, key, nonce);
	EVP_PKEY_free(peer);
	mem_wipe(ecdh, sizeof ecdh);
	mem_wipe(key, sizeof key);
	ERR_clear_error();
	return error;
}

int web_push_encrypt(struct buf *out, const struct web_push_keys *keys, struct view text)
{
	unsigned char salt[SALT];
	if (text.len > WEB_PUSH_TEXT_MAX)
		return -EMSGSIZE;
	EVP_PKEY *own = EVP_EC_gen("P-256"); /* one for each message */
	if (own == NULL)
		return -ENOMEM;
	random_bytes(salt, sizeof salt);
	int error = encrypt(out, keys, text, own, salt);
	EVP_PKEY_free(own);
	return error;
}

int web_push_encrypt_with(struct buf *out, const struct web_push_keys *keys, struct view text,
    const unsigned char private_key[32], const unsigned char point[WEB_PUSH_POINT],
    const unsigned char salt[16])
{
	EVP_PKEY *own = make_key(point, private_key);
	if (own == NULL)
		return -EINVAL;
	int error = encrypt(out, keys, text, own, salt);
	EVP_PKEY_free(own);
	return error;
}

/* ---- VAPID ---- */

/* "https://host:port" of a URL. */
static struct view origin_of(struct view url)
{
	if (!view_starts_nocase(url, VIEW("https://")) || !http_target_is_plain(url))
		return (struct view){0};
	ptrdiff_t slash = view_find(view_skip(url, 8), '/');
	struct view origin = slash < 0 ? url : view_take(url, 8 + (size_t)slash);
	return http_authority_is_valid(view_skip(origin, 8)) ? origin : (struct view){0};
}

int web_push_token(struct buf *out, struct view endpoint, int64_t expires, const char *contact)
{
	enum { CLAIMS_MAX = 1024 };
	struct view origin = origin_of(endpoint), who = view_from_string(contact);
	if (origin.len == 0 || who.len == 0 || !http_target_is_plain(who))
		return -EINVAL;
	struct buf claims;
	buf_init(&claims, CLAIMS_MAX);
	/* None of the three has a character that JSON would have to escape. */
	int error = buf_printf(&claims, "{\"aud\":\"%.*s\",\"exp\":%lld,\"sub\":\"%s\"}", VIEW_FMT(origin),
	    (long long)expires, contact);
	if (error == 0)
		error = base64url_encode(out, VIEW("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
	if (error == 0)
		error = buf_append_byte(out, '.');
	if (error == 0)
		error = base64url_encode(out, buf_view(&claims));
	buf_done(&claims);
	return error;
}

int web_push_signature(unsigned char signature[WEB_PUSH_SIGNATURE], struct view der)
{
	const unsigned char *at = (const unsigned char *)der.data;
	ECDSA_SIG *read = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	int error = -EINVAL;
	if (read && at == (const unsigned char *)der.data + der.len &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(read), signature, WEB_PUSH_SIGNATURE / 2) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(read), signature + WEB_PUSH_SIGNATURE / 2, WEB_PUSH_SIGNATURE / 2) >
	        0)
		error = 0;
	ECDSA_SIG_free(read);
	ERR_clear_error();
	return error;
}

int web_push_authorization(struct buf *out, struct view token,
    const unsigned char signature[WEB_PUSH_SIGNATURE], const unsigned char public_key[WEB_PUSH_POINT])
{
	buf_append_string(out, "vapid t=");
	buf_append(out, token);
	buf_append_byte(out, '.');
	base64url_encode(out, view_of(signature, WEB_PUSH_SIGNATURE));
	buf_append_string(out, ", k=");
	base64url_encode(out, view_of(public_key, WEB_PUSH_POINT));
	return buf_failed(out) ? -ENOBUFS : 0;
}
