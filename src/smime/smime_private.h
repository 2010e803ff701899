/* Between the files of S/MIME: what is signed, and who signs. */
#ifndef SMIME_SMIME_PRIVATE_H
#define SMIME_SMIME_PRIVATE_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "smime/smime.h"

/* What a message has of a signature. */
struct smime_found {
	enum smime_status status; /* SMIME_SIGNED: there is something to look at */
	uint32_t problems;        /* that are known already */
	bool detached;            /* `text` is signed; else what lies within the signature */
	struct view text;         /* in its canonical form (RFC 8551 section 3.1.1): lines end in CRLF */
	struct view header;       /* of the message, with its author */
	struct buf canonical;     /* holds `text`, where it stands otherwise in the message */
	struct buf cms;           /* the signature in DER or BER */
};

/* Views point into the message and the buffers. 0 or -ENOMEM. */
int smime_find(struct view message, struct smime_found *found) __attribute__((warn_unused_result));
void smime_found_done(struct smime_found *found);

struct smime_anchors {
	X509_STORE *store;
};

/* The problems of a signer's certificate, by its chain at a time. `others`: certificates that may stand
 * between; `anchors` may be NULL. */
uint32_t smime_chain_problems(
    const struct smime_anchors *anchors, X509 *signer, STACK_OF(X509) * others, int64_t time);

/* Whether the message has one author, and the certificate is for that address (RFC 8550 section 3). */
bool smime_is_author(X509 *signer, struct view header);

#endif
