/*
 * Codes that change with time (TOTP, RFC 6238), as every authenticator program makes them: HMAC-SHA-1, 6
 * digits, 30 seconds. Pure: time is an argument.
 */
#ifndef TRUST_LOGIN_TOTP_H
#define TRUST_LOGIN_TOTP_H

#include "base/buf.h"

enum {
	TOTP_SECRET_SIZE = 20, /* octets: RFC 4226 section 4 recommends 160 bits */
	TOTP_DIGITS = 6,
	TOTP_STEP_SECONDS = 30,
	/* Steps before and behind the server's own that are taken: a clock that is off, and a slow hand (RFC
	   6238 section 5.2). */
	TOTP_WINDOW = 1,
	TOTP_BASE32_SIZE = 32 + 1, /* of a secret, with a NUL */
};

/* The code of a step, 6 to 8 digits with leading zeros and a NUL (RFC 4226 section 5.3). 0 or -ENOMEM. */
int totp_code(struct view secret, uint64_t step, unsigned digits, char code[9]);

/*
 * Whether the code is right at this time (seconds since 1970), and belongs to a step behind `last`, the one
 * that was used last: no code is taken twice (RFC 6238 section 5.2). 0, with its step in *step; -EACCES;
 * -ENOMEM. Blanks within the code don't matter.
 */
int totp_check(struct view secret, struct view code, int64_t now, uint64_t last, uint64_t *step);

/* The secret as a person types it (RFC 4648 section 6). */
void totp_base32(const unsigned char secret[TOTP_SECRET_SIZE], char text[TOTP_BASE32_SIZE]);

/* "otpauth://totp/ISSUER:ACCOUNT?secret=...": what the QR code says. The result of buf_append. */
int totp_uri(
    const unsigned char secret[TOTP_SECRET_SIZE], struct view issuer, struct view account, struct buf *out);

#endif
