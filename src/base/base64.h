/* Base64 (RFC 4648), strict: for SASL and stored values. MIME's tolerant reading is format's. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"
#include "base/view.h"

/* Appends the encoding (section 4), padded, without line breaks. The result of buf_append. */
int base64_encode(struct buf *out, struct view in);

/* Appends the decoding. -EINVAL for any foreign byte, missing padding or stray bits; nothing is appended
 * then. */
int base64_decode(struct buf *out, struct view in);

/* The alphabet of URLs (section 5), without padding, which is not accepted either. The same results. */
int base64url_encode(struct buf *out, struct view in);
int base64url_decode(struct buf *out, struct view in);

/* The same into `out`, which has `room` octets; *len is how many there are. -EINVAL, with `out` in any state.
 */
int base64url_read(struct view in, void *out, size_t room, size_t *len) __attribute__((warn_unused_result));

#endif
