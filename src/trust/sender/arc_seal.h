/*
 * Sealing what is passed on: RFC 8617 section 5.1. A set of three fields says what was found when the message
 * came, what it is now, and that the sets before it are whole:
 *
 *     dkim_sign_begin(&mail) when its header has ended; its body; arc_judge
 *     arc_seal_results(&arc, "mx.example.org", results, &fields);
 *     arc_seal_message(&arc, &mail, &signer, &draft);  sign, dkim_draft_finish -> signature field
 *     arc_seal_chain(&arc, &signer, results field, signature field, &draft);  sign, dkim_draft_finish -> seal
 *     (seal, signature, results are written above the header, in this order)
 *
 * `mail` is the message as it leaves: a list that changes it judges the chain of what came (arc.mail), and
 * gives here the message that it makes of it.
 *
 * Others know RSA alone in ARC (dkimpy calls Ed25519 an unknown algorithm), so seal with an RSA key.
 */
#ifndef TRUST_SENDER_ARC_SEAL_H
#define TRUST_SENDER_ARC_SEAL_H

#include "trust/sender/arc.h"
#include "trust/sender/dkim_sign.h"

/* The number of the set that would be added; -EALREADY: the chain's last seal says that it is broken, and
 * nobody seals it again (section 5.1); -E2BIG: it has ARC_SETS_MAX sets; -EAGAIN: it is not known whether it
 * is whole. */
int arc_seal_instance(const struct arc *a);

/*
 * Appends ARC-Authentication-Results: `results` is what stands behind the authserv-id in
 * Authentication-Results, folded or not. 0; an error of arc_seal_instance; the result of buf_append.
 */
int arc_seal_results(const struct arc *a, const char *authserv_id, struct view results, struct buf *out);

/*
 * The message signature of `mail`, whose body has ended. Signed are the fields that dkim_sign chooses, and
 * the DKIM signatures that are there. 0; an error of arc_seal_instance or dkim_sign.
 */
int arc_seal_message(
    const struct arc *a, struct dkim_mail *mail, const struct dkim_signer *signer, struct dkim_draft *out);

/* The seal over the chain and the set's other two fields, as they were finished. 0; the same errors. */
int arc_seal_chain(const struct arc *a, const struct dkim_signer *signer, struct view results,
    struct view signature, struct dkim_draft *out);

#endif
