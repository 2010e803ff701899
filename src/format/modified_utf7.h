/*
 * Modified UTF-7, in which IMAP4rev1 and Maildir++ write names of mailboxes: RFC 3501 section 5.1.3.
 * Printable ASCII stands for itself, "&-" for "&", and all else is UTF-16 in base64 (with "," for "/")
 * between "&" and
 * "-".
 */
#ifndef FORMAT_MODIFIED_UTF7_H
#define FORMAT_MODIFIED_UTF7_H

#include "base/buf.h"

/* Appends UTF-8 in this form. -EINVAL: it is not UTF-8 (then nothing is appended); the result of buf_append.
 */
int modified_utf7_encode(struct buf *out, struct view utf8);

/*
 * Appends it as UTF-8. Each text has one form only, so that no two names are one mailbox: -EINVAL, with
 * nothing appended, for octets that are not printable ASCII, base64 for what stands for itself, two shifts
 * where one will do, bits left over, half a surrogate pair, and a shift without an end.
 */
int modified_utf7_decode(struct buf *out, struct view text);

#endif
