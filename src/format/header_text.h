/*
 * A header field's body as text (RFC 8621 section 4.1.2.2): encoded words are decoded, control characters
 * left out, and what remains is in normal form C.
 */
#ifndef FORMAT_HEADER_TEXT_H
#define FORMAT_HEADER_TEXT_H

#include "base/buf.h"

/* The text of a body that is unfolded. It lies in the body, or in one of the two buffers, which are the
 * caller's; what has no room there is left out. */
struct view header_text(struct view body, struct buf *decoded, struct buf *normal);

/* Text in normal form C; in itself where it is so, else in the buffer. */
struct view header_text_normal(struct view text, struct buf *normal);

#endif
