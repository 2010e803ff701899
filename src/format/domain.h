/*
 * Domain names and address literals of mail: RFC 5321 sections 2.3.5 and 4.1.3, internationalised names by
 * RFC 5890 and 6531. And the canonical key under which an address is looked up.
 */
#ifndef FORMAT_DOMAIN_H
#define FORMAT_DOMAIN_H

#include "base/buf.h"

enum host_kind {
	HOST_NONE,    /* no domain was given */
	HOST_NAME,    /* a domain name, ASCII or UTF-8 */
	HOST_IPV4,    /* [192.0.2.1] */
	HOST_IPV6,    /* [IPv6:2001:db8::1] */
	HOST_LITERAL, /* [tag:text], a general address literal */
};

/*
 * Whether v is exactly one domain name or address literal, and which. Labels hold letters, digits, hyphens
 * inside, underscores (RFC 5321 forbids them, working hosts have them) and UTF-8. 0; -EINVAL; -ENAMETOOLONG
 * past 255 octets or 63 a label.
 */
int host_parse(struct view v, enum host_kind *kind);

/*
 * Appends the domain as lower-case A-labels, without a final dot (Bücher.Example. -> xn--bcher-kva.example);
 * a literal is appended in lower case. 0; -EINVAL where IDNA 2008 allows no such name; the result of
 * buf_append.
 */
int domain_normalize(struct view domain, struct buf *out);

/* Appends the domain for people: A-labels as UTF-8 where they can be read, else as they are. */
int domain_display(struct view domain, struct buf *out);

/*
 * Appends the canonical key of an address: local part in NFC with full case folding, "@", normalised domain;
 * the form in which addresses are stored and looked up, so that Joe@EXAMPLE.org, joe@example.org are one.
 * Without a domain the "@" is left out. 0; -EINVAL for a domain that is none or a local part that isn't
 * UTF-8; -ENAMETOOLONG past LOCAL_PART_MAX and DOMAIN_MAX; the result of buf_append. At most ADDRESS_KEY_MAX
 * octets.
 */
int address_key(struct view local_part, struct view domain, struct buf *out);

#endif
