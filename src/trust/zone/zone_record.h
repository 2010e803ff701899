/*
 * Records of a zone as values: made, compared, and written as a zone file has them (RFC 1035 section 5.1).
 * The data is that of the wire, uncompressed.
 */
#ifndef TRUST_ZONE_ZONE_RECORD_H
#define TRUST_ZONE_ZONE_RECORD_H

#include "base/arena.h"
#include "format/dns_record.h"

struct zone_record {
	const char *owner; /* without the final dot */
	unsigned type;
	uint32_t ttl;
	struct view data;
};

/* Of a TXT record; also what the strings of a zone file hold: RFC 1035 section 3.3. */
enum { ZONE_STRING_MAX = 255 };

/*
 * Each makes the data, in the arena. False: no name, a text that is too long, or no memory. host "" is the
 * root.
 */
bool zone_data_address(struct arena *arena, const struct sockaddr_storage *address, struct view *out);
bool zone_data_name(struct arena *arena, const char *name, struct view *out);
bool zone_data_mx(struct arena *arena, uint16_t preference, const char *host, struct view *out);
bool zone_data_srv(struct arena *arena, const struct dns_srv *srv, struct view *out);
bool zone_data_txt(struct arena *arena, struct view text, struct view *out);
bool zone_data_tlsa(struct arena *arena, const struct dns_tlsa *tlsa, struct view *out);
bool zone_data_caa(struct arena *arena, const char *tag, struct view value, struct view *out);

/* "MX"; "TYPE99" (RFC 3597 section 5) for one that we have no word for. */
enum { ZONE_TYPE_SIZE = 12 };
void zone_type_text(unsigned type, char out[ZONE_TYPE_SIZE]);

/* Appends the data as a zone file has it; what is malformed as RFC 3597 section 5 has it. The result of
 * buf_append. */
int zone_data_text(unsigned type, struct view data, struct buf *out);

/* Appends "OWNER. TTL IN TYPE DATA", without a line end. */
int zone_record_text(const struct zone_record *r, struct buf *out);

/* SHA-256, of a key or a certificate as TLSA records have it (RFC 6698 section 2.1.3). False when the library
 * fails: out of memory. */
enum { ZONE_DIGEST_SIZE = 32 };
bool zone_digest(struct view octets, unsigned char out[ZONE_DIGEST_SIZE]);

/* The name of the PTR record of an address: in-addr.arpa, ip6.arpa. */
void zone_reverse_name(const struct sockaddr_storage *address, char out[DNS_NAME_SIZE]);

/* Whether `name` is `zone`, or below it; both in lower case. */
bool zone_contains(const char *zone, const char *name);

#endif
