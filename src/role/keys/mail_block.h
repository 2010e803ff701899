/*
 * Is this what a signature of mail signs, and nothing else? The keys role asks before it signs, as for
 * handshakes (tls_block.h): who breaks into a role that has mail signed gets signatures of mail, of this key,
 * and no others.
 *
 * The block ends with a field DKIM-Signature, ARC-Message-Signature or ARC-Seal in its relaxed form, without
 * its line end, whose d=, s= and a= are the key's, and whose b= is empty (RFC 6376
 * section 3.7, RFC 8617 sections 4.1.2 and 5.1.1).
 */
#ifndef ROLE_KEYS_MAIL_BLOCK_H
#define ROLE_KEYS_MAIL_BLOCK_H

#include "format/signing_key.h"

bool mail_block_is_of(
    struct view block, struct view domain, struct view selector, enum signing_algorithm algorithm);

#endif
