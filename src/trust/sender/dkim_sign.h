/*
 * Making DKIM signatures: RFC 6376 section 5, RFC 8301, RFC 8463. In two steps, since another process holds
 * the key:
 *
 *     dkim_sign_begin(&mail);                       (when the header has ended: dkim_mail.h)
 *     ... the body ...
 *     dkim_sign(&mail, &signer, &draft);            (once for each key)
 *     draft.block -> the key's holder -> signature  (dkim_key_sign)
 *     dkim_draft_finish(&draft, signature, &out);   (the whole field, to be written above the header)
 *
 * Signatures are relaxed/relaxed and cover all of the body. Signed are the fields that people and programs go
 * by; those that a message has once are named once more than they stand, so that none can be added
 * (section 8.15). Fields that lists and forwarders add are signed if they are there, and may be added.
 */
#ifndef TRUST_SENDER_DKIM_SIGN_H
#define TRUST_SENDER_DKIM_SIGN_H

#include "trust/sender/dkim_key.h"
#include "trust/sender/dkim_mail.h"

struct dkim_signer {
	enum dkim_algorithm algorithm; /* DKIM_RSA_SHA256 or DKIM_ED25519_SHA256 */
	const char *domain, *selector; /* A-labels */
	int64_t signed_at, expires;    /* seconds since 1970, or DKIM_NO_TIME */
	struct view names;             /* h=, when they are not to be chosen; else empty */
};

/* A field without its signature, and the octets that are to be signed. */
struct dkim_draft {
	struct buf field; /* with its name and CRLF */
	size_t at;        /* where the signature goes */
	struct buf block;
};

void dkim_draft_init(struct dkim_draft *draft);
void dkim_draft_done(struct dkim_draft *draft);

/* The body's hash will be wanted. 0; -E2BIG. */
int dkim_sign_begin(struct dkim_mail *m);

/*
 * After dkim_mail_end. 0; -EINVAL: the header is malformed, has no From, or the signer's values make no
 * field; -E2BIG: more fields to sign than a verifier takes; -ENOMEM.
 */
int dkim_sign(struct dkim_mail *m, const struct dkim_signer *signer, struct dkim_draft *out);

/* Appends the field with its signature, in lines of at most 78 octets. 0, or the result of buf_append. */
int dkim_draft_finish(const struct dkim_draft *draft, struct view signature, struct buf *out);

/* Appends h= for a message: the names that are to be signed, with colons. 0; -E2BIG; the result of
 * buf_append. */
int dkim_sign_names(const struct dkim_header *h, struct buf *out);

/*
 * For fields of this kind. Appends "name=value;" to the field behind a blank, or on a line of its own; lists
 * are folded behind colons. The last one is given an empty `end`.
 */
void dkim_draft_begin(struct dkim_draft *draft, const char *name);
void dkim_draft_tag(struct dkim_draft *draft, const char *name, struct view value, const char *end);
void dkim_draft_number(struct dkim_draft *draft, const char *name, int64_t value, const char *end);

/*
 * Ends a draft's field, and appends it to the block with what h= names (`parsed` is its own reading, with
 * `kind`); a seal's block is not written here. 0; -EINVAL: it is no field of that kind; -ENOMEM.
 */
int dkim_draft_end(struct dkim_draft *draft, enum dkim_field_kind kind, struct dkim_header *h);

/* a= of an algorithm */
struct view dkim_algorithm_name(enum dkim_algorithm algorithm);

#endif
