/* Writing JSON (RFC 8259): the pieces that need care. Braces and commas are the caller's. */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/buf.h"

/*
 * Appends a string in quotes. What is not UTF-8 becomes U+FFFD; what could drive a terminal or deceive who
 * reads it there is escaped as \uXXXX (base/show.h). The result of buf_append.
 */
int json_append_string(struct buf *out, struct view text);

#endif
