/*
 * Web Push: what a server tells a browser, or another program, by way of a push service that must not read
 * it. The text is encrypted for the subscriber (RFC 8291, in the coding of RFC 8188), and the request says
 * who sends it (VAPID, RFC 8292). Pure: the request itself is http_fetch's, the private key of VAPID is
 * signed with elsewhere.
 */
#ifndef HTTP_WEB_PUSH_H
#define HTTP_WEB_PUSH_H

#include "base/buf.h"

enum {
	WEB_PUSH_POINT = 65,     /* octets of a public key of P-256, uncompressed */
	WEB_PUSH_AUTH = 16,      /* of a subscription's secret */
	WEB_PUSH_SIGNATURE = 64, /* of ES256: r and s */
	/* A body is 4,096 octets at most (RFC 8291 section 4), of which 86 are its header and 17 what seals
	   it. */
	WEB_PUSH_TEXT_MAX = 4096 - 86 - 17,
	/* RFC 8292 section 2: a token may not be good for longer than a day. Half of it, so that no clock is
	   to blame. */
	WEB_PUSH_TOKEN_SECONDS = 12 * 3600
};

/* The keys of a subscription, which the subscriber has made. */
struct web_push_keys {
	unsigned char point[WEB_PUSH_POINT], auth[WEB_PUSH_AUTH];
};

/* Reads them as JavaScript has them: "p256dh" and "auth", in base64url. -EINVAL: wrong lengths, foreign
 * octets, or a point that is not on the curve. */
int web_push_read_keys(struct web_push_keys *keys, struct view p256dh, struct view auth);

/*
 * Appends the body of the request, for "content-encoding: aes128gcm". -EMSGSIZE: the text is longer than
 * WEB_PUSH_TEXT_MAX; -EINVAL: the keys are none; -ENOMEM; or the result of buf_append.
 */
int web_push_encrypt(struct buf *out, const struct web_push_keys *keys, struct view text);

/* For the test of RFC 8291's example: the same with this pair of keys and this salt. */
int web_push_encrypt_with(struct buf *out, const struct web_push_keys *keys, struct view text,
    const unsigned char private_key[32], const unsigned char point[WEB_PUSH_POINT],
    const unsigned char salt[16]);

/*
 * Appends what is to be signed with ES256: the token's header and claims. `endpoint`: the subscription's URL,
 * of which the origin counts; expires: seconds since 1970; contact: "mailto:..." or "https:...", of whoever
 * runs this server. -EINVAL: the endpoint is no URL of HTTPS, or the contact has octets that no URL has.
 */
int web_push_token(struct buf *out, struct view endpoint, int64_t expires, const char *contact);

/* A signature as OpenSSL makes it (DER) in the form of JSON Web Signatures (RFC 7518 section 3.4). -EINVAL:
 * it is none. */
int web_push_signature(unsigned char signature[WEB_PUSH_SIGNATURE], struct view der);

/* Appends the value of the Authorization field: "vapid t=..., k=...". token: what was signed. */
int web_push_authorization(struct buf *out, struct view token,
    const unsigned char signature[WEB_PUSH_SIGNATURE], const unsigned char public_key[WEB_PUSH_POINT]);

#endif
