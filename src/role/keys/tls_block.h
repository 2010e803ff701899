/*
 * Is this what a TLS server signs in a handshake, and nothing else? The keys role asks before it signs,
 * because who breaks into an edge role could otherwise have a certificate, a request for one, or any other
 * document signed.
 *
 * TLS 1.3 (RFC 8446 section 4.4.3): 64 spaces, the server's context text, a zero octet, the transcript's
 * hash. TLS 1.2 (RFC 8422 section 5.4): the client's random, the server's random, then ServerECDHParams: a
 * named curve and a point in the form that this curve has. Both randoms may be an attacker's choice, so
 * whatever reads as one ASN.1 SEQUENCE or SET from its first octet to its last is refused: all that X.509,
 * CMS and OCSP sign is one of these. Of the handshakes in TLS 1.2 less than one in 30,000 looks like that by
 * chance; it fails, and the client's next one has other randoms.
 */
#ifndef ROLE_KEYS_TLS_BLOCK_H
#define ROLE_KEYS_TLS_BLOCK_H

#include "base/view.h"

enum tls_block { TLS_BLOCK_NONE, TLS_BLOCK_12, TLS_BLOCK_13 };

enum tls_block tls_block_kind(struct view block);

/* Whether the block is one SEQUENCE or SET in BER or DER from its first octet to its last, made of whole
 * elements. */
bool tls_block_is_asn1(struct view block);

/* Whether a handshake of ours signs with this digest, by OpenSSL's names for it: SHA-256, SHA-384, SHA-512.
 */
bool tls_block_digest_allowed(struct view name);

#endif
