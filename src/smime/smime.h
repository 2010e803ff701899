/*
 * S/MIME signatures (RFC 8551, RFC 8550): whether the author that a message names has signed it, and whether
 * somebody whom this server trusts vouches for the signer. A pure function over a message, anchors and two
 * times; OpenSSL reads the CMS and the certificates. Nothing is fetched: neither certificates nor lists of
 * revoked ones.
 */
#ifndef SMIME_SMIME_H
#define SMIME_SMIME_H

#include "base/view.h"
#include "mail/smime.h"

enum {
	/* Of a signature beside its text: a chain of certificates takes some 8 KB. */
	SMIME_SIGNATURE_MAX = 256 * 1024,
	/* People sign alone; a gateway may add its own. */
	SMIME_SIGNERS_MAX = 4,
	/* Each signer's chain, and some that programs add. Building chains takes time that grows with them.
	 */
	SMIME_CERTIFICATES_MAX = 16,
	/* Certificates between the signer and the anchor: authorities have one or two. */
	SMIME_CHAIN_MAX = 5,
	/* Anchors: Mozilla's list of all authorities for mail has some 100. */
	SMIME_ANCHORS_MAX = 500
};

struct smime_anchors;

/*
 * The certificates of a PEM file. *count: how many it has. NULL: it has none, more than SMIME_ANCHORS_MAX, or
 * one that cannot be read; nothing is believed then.
 */
struct smime_anchors *smime_anchors_new(struct view pem, size_t *count);
void smime_anchors_free(struct smime_anchors *a); /* NULL is allowed */

/* OpenSSL loads what it needs; for a process that will reach no files any more. */
void smime_prepare(void);

/*
 * anchors: NULL: nobody is trusted, so no signature is verified. now, delivered: seconds since 1970, at which
 * certificates must be valid. 0, or -ENOMEM.
 */
int smime_verify(struct view message, const struct smime_anchors *anchors, int64_t now, int64_t delivered,
    struct smime_verdict *verdict) __attribute__((warn_unused_result));

#endif
