/*
 * The Sender Rewriting Scheme: forwarded mail gets a sender in the forwarder's own domain, so that SPF holds
 * at the next host, and a bounce finds its way back through the forwarder. After the paper by Meng Weng Wong
 * and libsrs2: SRS0=HHHHHH=TT=domain=local at the first forwarder, SRS1=HHHHHH=host==HHHH=TT=domain=local at
 * the following ones, which need not understand the first one's hash.
 *
 * The hash is HMAC-SHA-256 under a secret of the forwarder, the first 30 bits as six base32 characters: case
 * may change on the way. The time stamp is the day modulo 1024 as two base32 characters. A bounce is taken
 * back for SRS_DAYS days. Without the secret nobody can make an address that we forward to a third party.
 */
#ifndef TRUST_ROUTE_SRS_H
#define TRUST_ROUTE_SRS_H

#include "base/buf.h"

enum {
	SRS_DAYS = 21,
	SRS_SECRET_MIN = 16,  /* octets */
	SRS_ADDRESS_MAX = 254 /* octets of an address that is made: a path of RFC 5321 without its brackets */
};

/*
 * Appends the rewritten sender to `out`: local part, "@" and `forwarder`, a domain of ours. `local` is
 * unquoted, `day` is days since 1970. 0; -EALREADY: the sender's domain is the forwarder's, it stays as it
 * is; -EINVAL: no secret, a null sender (it stays null: a bounce must never be bounced), or a local part that
 * cannot stand unquoted; -ENAMETOOLONG past the limits: the caller sends with the sender as it is, which is
 * what forwarding without SRS does.
 */
int srs_forward(struct view local, struct view domain, struct view forwarder, int64_t day, struct view secret,
    struct buf *out);

/* Whether a local part at a domain of ours looks like one of ours: SRS0 or SRS1 and one of = + - behind it.
 */
bool srs_is(struct view local);

/*
 * Appends the address that a bounce to this local part of ours goes to. 0; -EINVAL: malformed; -EACCES: the
 * hash is not ours; -ETIME: older than SRS_DAYS, or from a day to come; the result of buf_append.
 */
int srs_reverse(struct view local, int64_t today, struct view secret, struct buf *out);

#endif
