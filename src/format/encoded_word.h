/* Encoded words in header fields: RFC 2047 section 4 (the encodings) and RFC 2047 section 6 (reading them),
 * with the language tags of RFC 2231 section 5. */
#ifndef FORMAT_ENCODED_WORD_H
#define FORMAT_ENCODED_WORD_H

#include "base/buf.h"

/*
 * Appends the text of a field or name as UTF-8 on one line. Encoded words are read wherever they stand, also
 * inside quotes and words, and a character may be split between two; raw 8-bit text is read as
 * charset_to_utf8 does without a label. Line ends and NULs are left out. The result of buf_append.
 */
int encoded_word_decode(struct view text, struct buf *out);

/*
 * Appends UTF-8 text as encoded words, folded with CRLF and a space before the line gets too long; `column`
 * is where the line stands. The form is one that may stand in a phrase as well as in unstructured text
 * (section 5).
 */
int encoded_word_write(struct buf *out, struct view text, size_t column);

#endif
