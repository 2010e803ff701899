/* UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"
#include "base/view.h"

/*
 * Takes the next character off *v. Returns its code point, or -1 when the bytes there are not UTF-8: then one
 * byte has been taken. *v must not be empty.
 */
int32_t utf8_next(struct view *v);

bool utf8_valid(struct view v);
bool utf8_is_ascii(struct view v);

/* Appends a code point; one that is not valid becomes U+FFFD. The result of buf_append. */
int utf8_append(struct buf *b, int32_t code_point);

/* At most so many octets of it, and no character cut apart. */
struct view utf8_cut(struct view text, size_t max);

/* Number of characters; a byte that is not UTF-8 counts as one. */
size_t utf8_length(struct view v);

#endif
