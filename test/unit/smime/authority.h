/* Certificates and signed messages for tests of S/MIME, made as mail programs make them. */
#ifndef TEST_SMIME_AUTHORITY_H
#define TEST_SMIME_AUTHORITY_H

#include "../unit.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

/* What a certificate is to be like; zero: a good one of P-256, for a year. */
struct wanted {
	const char *email;   /* NULL: none */
	const char *usage;   /* keyUsage */
	const char *purpose; /* extendedKeyUsage */
	bool authority;
	unsigned rsa_bits;    /* 0: P-256 */
	const EVP_MD *digest; /* NULL: SHA-256 */
	long begins, ends;    /* days from now; ends 0: 365 */
};

/* NULL issuer: it signs itself. */
struct identity identity_make(const char *name, const struct identity *issuer, const struct wanted *wanted);
void identity_free(struct identity *id);

/* The certificate as PEM, appended. */
void identity_pem(const struct identity *id, struct buf *out);

/* DER of a signature; `flags`: CMS_DETACHED and the like. `with`: a further certificate that goes along. */
void sign_cms(const struct identity *signer, const X509 *with, const char *text, unsigned flags,
    const EVP_MD *digest, struct buf *out);

/* Whole messages with these header fields, which end in CRLF. `text` is the part with its header. */
void message_detached(const char *fields, const char *text, const struct buf *cms, struct buf *out);
void message_opaque(const char *fields, const struct buf *cms, struct buf *out);

#endif
