/* A signature of DKIM or ARC in words. */
#ifndef TRUST_SENDER_SIGNATURE_WORDS_H
#define TRUST_SENDER_SIGNATURE_WORDS_H

#include "trust/sender/sender_results.h"

/* A sentence or two, in printable text: "The signature of example.org is good: ...". 0, or the result of
 * buf_append. */
int signature_explain(const struct sender_signature *signature, struct buf *out);

#endif
