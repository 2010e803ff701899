/* See vapid.h. */
#include "role/keys/vapid.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/web_push.h"

enum {
	NUMBER = 32, /* octets of the private number */
	TRIES = 8,   /* one in 2^32 numbers is none of the curve's */
	CONTACT_MAX = 320,
	SIGNATURE_MAX = 80 /* of ES256 in DER */
};

static struct {
	EVP_PKEY *key; /* NULL: there is no secret */
	unsigned char point[WEB_PUSH_POINT];
	char contact[CONTACT_MAX];
} vapid;

/* ---- the key ---- */

/* The public point of a number; false: the number is none. */
static bool find_point(
    const EC_GROUP *group, const unsigned char number[NUMBER], unsigned char point[WEB_PUSH_POINT])
{
	BIGNUM *n = BN_bin2bn(number, NUMBER, BN_secure_new());
	EC_POINT *p = EC_POINT_new(group);
	bool good = n && p && !BN_is_zero(n) && BN_cmp(n, EC_GROUP_get0_order(group)) < 0 &&
	            EC_POINT_mul(group, p, n, NULL, NULL, NULL) == 1 &&
	            EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, point, WEB_PUSH_POINT,
	                NULL) == WEB_PUSH_POINT;
	EC_POINT_free(p);
	BN_clear_free(n);
	return good;
}

static EVP_PKEY *make_key(unsigned char number[NUMBER], const unsigned char point[WEB_PUSH_POINT])
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	unsigned char turned[NUMBER]; /* OpenSSL has numbers in the machine's own order */
	for (size_t i = 0; i < NUMBER; i++)
		turned[i] = number[NUMBER - 1 - i];
	OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
	    OSSL_PARAM_construct_octet_string(
	        OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, WEB_PUSH_POINT),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, turned, NUMBER), OSSL_PARAM_construct_end()};
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	mem_wipe(turned, sizeof turned);
	return key;
}

/* The first number that HMAC makes of the secret, and that the curve has. */
static EVP_PKEY *derive(struct view secret, unsigned char point[WEB_PUSH_POINT])
{
	static const char what[] = "postrider VAPID key ";
	unsigned char number[NUMBER], text[sizeof what];
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EVP_PKEY *key = NULL;
	for (size_t i = 0; i < sizeof what; i++)
		text[i] = (unsigned char)what[i];
	for (unsigned i = 0; group && key == NULL && i < TRIES; i++) {
		text[sizeof what - 1] = (unsigned char)i;
		if (HMAC(EVP_sha256(), secret.data, (int)secret.len, text, sizeof text, number, NULL) &&
		    find_point(group, number, point))
			key = make_key(number, point);
	}
	EC_GROUP_free(group);
	mem_wipe(number, sizeof number);
	ERR_clear_error();
	return key;
}

void vapid_configure(struct view secret, const struct settings *settings)
{
	EVP_PKEY *key = secret.len ? derive(secret, vapid.point) : NULL;
	EVP_PKEY_free(vapid.key);
	vapid.key = key;
	snprintf(vapid.contact, sizeof vapid.contact, "mailto:postmaster@%.*s", VIEW_FMT(settings->hostname));
}

/* ---- answers ---- */

static int sign(struct view text, struct buf *out)
{
	unsigned char der[SIGNATURE_MAX], signature[WEB_PUSH_SIGNATURE];
	size_t len = sizeof der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, vapid.key) == 1 &&
	            EVP_DigestSign(context, der, &len, (const unsigned char *)text.data, text.len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (!good || web_push_signature(signature, view_of(der, len)) != 0)
		return -EIO;
	return web_push_authorization(out, text, signature, vapid.point);
}

void vapid_answer_token(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_vapid *m = message;
	struct buf token, field;
	buf_init(&token, VAPID_FIELD_MAX);
	buf_init(&field, VAPID_FIELD_MAX);
	int error = vapid.key ? 0 : -ENOENT;
	if (error == 0)
		error = web_push_token(&token, m->url, clock_wall() + WEB_PUSH_TOKEN_SECONDS, vapid.contact);
	if (error == 0)
		error = sign(buf_view(&token), &field);
	struct message_vapid_token answer = {
	    .error = error, .field = error ? (struct view){0} : buf_view(&field)};
	ipc_send(&link->channel, MESSAGE_VAPID_TOKEN, frame->request, &answer, -1);
	buf_done(&token);
	buf_done(&field);
}

void vapid_answer_key(struct link *link, struct channel_frame *frame, const void *message)
{
	struct message_vapid_point answer = {
	    .error = vapid.key ? 0 : -ENOENT, .point = view_of(vapid.point, vapid.key ? WEB_PUSH_POINT : 0)};
	(void)message;
	ipc_send(&link->channel, MESSAGE_VAPID_POINT, frame->request, &answer, -1);
}
