/*
 * Whether a chain of seals speaks for the author of a message that DMARC cannot prove any more: a list or a
 * forwarder changed it, and had found before that it was genuine (RFC 8617 section 7.2.2, RFC 9989 section
 * 5.4).
 *
 * A chain is only as good as its worst sealer: whoever seals last may have changed the message and sealed it
 * anew. So the sets are read from the newest down, as long as their sealers are trusted, and the author is
 * believed if one of these found DMARC to pass for this very author.
 */
#ifndef TRUST_SENDER_ARC_TRUST_H
#define TRUST_SENDER_ARC_TRUST_H

#include "trust/sender/arc.h"

/*
 * trusted: domains as they seal (d=), in any form, separated by newlines. author: the author's
 * domain in A-labels. The instance whose results say it; 0: the chain does not pass, or nobody trusted says
 * it.
 */
unsigned arc_vouches(const struct arc *a, struct view trusted, struct view author);

#endif
