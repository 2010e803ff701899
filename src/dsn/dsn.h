/* Delivery status notifications, what SMTP says of them: RFC 3461 section 4. */
#ifndef DSN_DSN_H
#define DSN_DSN_H

#include "base/buf.h"

/*
 * xtext (section 4): any octets as printable ASCII. Decoding appends to out: 0; -EINVAL for what is no xtext
 * (then nothing is appended); the result of buf_append.
 */
int xtext_decode(struct view xtext, struct buf *out);
int xtext_encode(struct view octets, struct buf *out);

/* utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533 section 3): "\x{20AC}" or the characters themselves. */
int utf8_address_decode(struct view text, struct buf *out);

/* The other way round, for UTF-8 that holds no control characters: with `unitext` the characters themselves,
 * else all ASCII. The result of buf_append. */
int utf8_address_encode(struct view address, bool unitext, struct buf *out);

/*
 * The value of ORCPT=: "rfc822;joe@example.com", "utf-8;...". Sets *type to the address type (a view of
 * `value`) and appends the decoded address. 0; -EINVAL, also past 500 octets; the result of buf_append.
 */
int orcpt_parse(struct view value, struct view *type, struct buf *address);

/* The value of ENVID=: appends the decoded identifier, printable ASCII. The same results; past 100 octets
 * -EINVAL. */
int envid_parse(struct view value, struct buf *envid);

#endif
