/*
 * The two mechanisms that prove a password with MD5, and need it readable on the server: CRAM-MD5 (RFC 2195)
 * and POP3's APOP (RFC 1939 section 7). Only app passwords made for them are kept so.
 */
#ifndef TRUST_LOGIN_KEYED_MD5_H
#define TRUST_LOGIN_KEYED_MD5_H

#include "base/view.h"

/* Whether `digest` (hexadecimal, either case) is HMAC-MD5(secret, challenge). In constant time. */
bool cram_md5_matches(struct view challenge, struct view secret, struct view digest);

/* Whether `digest` (lower-case hexadecimal) is MD5(timestamp secret); the timestamp with its "<" and ">". */
bool apop_matches(struct view timestamp, struct view secret, struct view digest);

/* The digests, in hexadecimal with a NUL; for clients. */
enum { MD5_HEX_SIZE = 33 };
void cram_md5_digest(struct view challenge, struct view secret, char out[MD5_HEX_SIZE]);
void apop_digest(struct view timestamp, struct view secret, char out[MD5_HEX_SIZE]);

#endif
