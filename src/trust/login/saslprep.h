/* Preparation of names and passwords before they are compared: SASLprep, RFC 4013. */
#ifndef TRUST_LOGIN_SASLPREP_H
#define TRUST_LOGIN_SASLPREP_H

#include "base/buf.h"

/*
 * Appends the prepared text: NFKC, all kinds of blanks as a space, invisible characters left out. 0; -EINVAL
 * for text that isn't UTF-8, holds control characters or mixes directions as no text does, and for what
 * nothing is left of; the result of buf_append. Characters younger than Unicode 3.2 pass unchanged, in stored
 * texts too (RFC 4013 forbids them there): people do use them in passwords, and both sides prepare alike.
 */
int saslprep(struct view text, struct buf *out);

#endif
