/*
 * The data of DNS records, as an answer carries them, to values: RFC 1035 section 3.3, RFC 3596 (AAAA), RFC
 * 6698 section 2.1 (TLSA). The owner of a zone decides what stands there, so every name that comes out is
 * one that may be looked up, logged and compared: lower case, without the final dot, letters, digits,
 * hyphens and underscores only. Outputs are untouched on failure.
 */
#ifndef FORMAT_DNS_RECORD_H
#define FORMAT_DNS_RECORD_H

#include <sys/socket.h>

#include "base/buf.h"

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_DS = 43,
	DNS_TLSA = 52,
	DNS_CAA = 257,
};

enum {
	/* RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters; with a NUL. */
	DNS_NAME_SIZE = 254,
	/* Octets of a joined TXT record: an RSA key of 4096 bits takes 800, the longest sensible SPF record
	   2,000. */
	DNS_TXT_MAX = 8 * 1024,
	/* Octets of certificate data in a TLSA record: a whole certificate at most; digests have 32 or 64. */
	DNS_TLSA_DATA_MAX = 4 * 1024,
};

/*
 * A name from a setting, a message or a library into the form described above. 0; -EINVAL for anything else
 * (UTF-8 too: domain_normalize comes first); -ENAMETOOLONG past 253 octets or 63 a label.
 */
int dns_name_parse(struct view text, char out[DNS_NAME_SIZE]);

/*
 * A name that is only asked for, as SPF's macros make it of what a stranger said (RFC 7208 section 7.3): its
 * labels may hold any printable ASCII. Results as above.
 */
int dns_question_parse(struct view text, char out[DNS_NAME_SIZE]);

/* A or AAAA, port 0. 0; -EINVAL for another type or length. */
int dns_record_address(unsigned type, struct view data, struct sockaddr_storage *out);

/* The one name of CNAME, NS or PTR. 0; -EINVAL: malformed, compressed, the root, or no name that we accept.
 */
int dns_record_name(struct view data, char out[DNS_NAME_SIZE]);

/* host is empty for the root: with RFC 7505 the null MX. 0; -EINVAL as dns_record_name, the root excepted. */
struct dns_mx {
	uint16_t preference;
	char host[DNS_NAME_SIZE];
};
int dns_record_mx(struct view data, struct dns_mx *out);

/* The same where the host is only asked for: its name as in dns_question_parse. */
int dns_record_mx_question(struct view data, struct dns_mx *out);

/*
 * Appends the character strings of a TXT record, joined without anything between them (RFC 7208 section 3.3
 * and others). 0; -EINVAL: malformed, or without any string; -ENAMETOOLONG past DNS_TXT_MAX; the result of
 * buf_append.
 */
int dns_record_txt(struct view data, struct buf *out);

/* SRV: RFC 2782. host is empty for the root: the service is not offered. 0; -EINVAL. */
struct dns_srv {
	uint16_t priority, weight, port;
	char host[DNS_NAME_SIZE];
};
int dns_record_srv(struct view data, struct dns_srv *out);

/* SOA: RFC 1035 section 3.3.13, what we use of it. primary is empty for the root. 0; -EINVAL. */
struct dns_soa {
	char primary[DNS_NAME_SIZE];
	uint32_t serial;
};
int dns_record_soa(struct view data, struct dns_soa *out);

/* CAA: RFC 8659 section 4.1. Views point into the record. 0; -EINVAL. */
struct dns_caa {
	bool critical;
	struct view tag, value;
};
int dns_record_caa(struct view data, struct dns_caa *out);

/* `data` points into the record. 0; -EINVAL: malformed, without data, or with more than DNS_TLSA_DATA_MAX. */
struct dns_tlsa {
	uint8_t usage, selector, matching;
	struct view data;
};
int dns_record_tlsa(struct view data, struct dns_tlsa *out);

#endif
