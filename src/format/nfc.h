/* Unicode Normalization Form C (UAX 15): names that look alike are the same octets. */
#ifndef FORMAT_NFC_H
#define FORMAT_NFC_H

#include "base/buf.h"

/* Appends the text's normal form. 0; -EINVAL: it is not UTF-8; -EMSGSIZE: a text of more than NFC_TEXT_MAX
 * octets; buf_append's. The buffer is then as it was. */
enum { NFC_TEXT_MAX = 8192 };
int nfc_append(struct view text, struct buf *out) __attribute__((warn_unused_result));

#endif
