/*
 * What is known of the S/MIME signature of a message (RFC 8551, RFC 9219): values that content works out,
 * that store hands on and JMAP puts into words.
 */
#ifndef MAIL_SMIME_H
#define MAIL_SMIME_H

#include <stdint.h>

/* RFC 9219 section 4.1. */
enum smime_status {
	SMIME_NONE,     /* nothing that this server can see is signed: no S/MIME, or encrypted */
	SMIME_UNKNOWN,  /* S/MIME without a signer, or signed by other means, as OpenPGP */
	SMIME_SIGNED,   /* it is signed, and the signature could not be looked at */
	SMIME_FAILED,   /* it was looked at, and is not to be believed */
	SMIME_VERIFIED, /* the author that From names has signed all of it, and an anchor vouches for that */
	SMIME_STATUSES
};

/* Why a signature is not to be believed: bits. All are named that were met. */
enum smime_problem {
	SMIME_MALFORMED = 1 << 0,      /* it is no signature that can be read */
	SMIME_TOO_MUCH = 1 << 1,       /* more signers or certificates than are looked at */
	SMIME_PARTLY = 1 << 2,         /* it covers a part of the message, which has other parts */
	SMIME_NO_CERTIFICATE = 1 << 3, /* the signer's certificate is not with it */
	SMIME_CHANGED = 1 << 4,        /* the text is not what was signed */
	SMIME_WEAK = 1 << 5,           /* a digest or a key that can be forged */
	SMIME_UNTRUSTED = 1 << 6,      /* the certificate leads to no anchor */
	SMIME_EXPIRED = 1 << 7,        /* a certificate is not valid at the time: not any more, or not yet */
	SMIME_PURPOSE = 1 << 8,        /* the certificate is not for signing mail */
	SMIME_CHAIN = 1 << 9,          /* the certificates break another rule of RFC 5280 */
	SMIME_ADDRESS = 1 << 10,       /* the certificate is for another address than that in From */
	SMIME_PROBLEMS_END = 1 << 11
};

struct smime_verdict {
	enum smime_status now, delivered; /* as seen at these two times */
	uint32_t problems;                /* now */
};

#endif
