/*
 * Signed DNS messages: TSIG, RFC 8945, with HMAC-SHA-256, -384 or -512. Older algorithms are refused. One
 * question and its answer over TCP; no chains of messages.
 */
#ifndef TRUST_ZONE_TSIG_H
#define TRUST_ZONE_TSIG_H

#include "format/dns_message.h"

enum {
	TSIG_SECRET_MAX = 512, /* octets; tsig-keygen makes 32 */
	TSIG_MAC_MAX = 64,
	TSIG_FUDGE = 300, /* seconds that clocks may differ: section 10 */
	TSIG_FILE_MAX = 16 * 1024
};

struct tsig_key {
	char name[DNS_NAME_SIZE];
	const char *algorithm; /* a constant: "hmac-sha256" */
	unsigned char secret[TSIG_SECRET_MAX];
	size_t secret_len;
};

/*
 * Reads a key as BIND and Knot have it, `key "NAME" { algorithm hmac-sha256; secret "..."; };` (tsig-keygen
 * writes it), or in one line, "hmac-sha256:NAME:SECRET" (keymgr writes it behind "#"). 0; -EINVAL with
 * *problem, a constant. tsig_key_wipe afterwards.
 */
int tsig_key_parse(struct view text, struct tsig_key *out, const char **problem);
void tsig_key_wipe(struct tsig_key *key);

struct tsig_mac {
	unsigned char octets[TSIG_MAC_MAX];
	size_t len;
};

/* Signs the message, at `now` (seconds since 1970): appends the TSIG record and counts it. 0; -EIO: the
 * library failed; the result of buf_append. */
int tsig_sign(struct buf *message, const struct tsig_key *key, uint64_t now, struct tsig_mac *mac);

enum tsig_verdict {
	TSIG_GOOD,          /* it is the server's answer to the request with that MAC */
	TSIG_UNSIGNED,      /* it has no TSIG record, as of a server that does not know the key */
	TSIG_BAD_KEY,       /* the server says: it does not know the key (BADKEY) */
	TSIG_BAD_SIGNATURE, /* the server says: the request's signature is wrong (BADSIG) */
	TSIG_BAD_TIME,      /* the server says: its clock is another (BADTIME), in *server_time */
	TSIG_FORGED         /* it is signed wrongly, or at another time, or cannot be read */
};

enum tsig_verdict tsig_verify(struct view reply, const struct tsig_key *key, const struct tsig_mac *request,
    uint64_t now, uint64_t *server_time);

#endif
