/* Base64 (RFC 4648 section 4), strict: for SASL and stored values. MIME's tolerant reading is format's. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"
#include "base/view.h"

/* Appends the encoding, padded, without line breaks. The result of buf_append. */
int base64_encode(struct buf *out, struct view in);

/* Appends the decoding. -EINVAL for any foreign byte, missing padding or stray bits; nothing is appended
 * then. */
int base64_decode(struct buf *out, struct view in);

#endif
