/*
 * DNS messages, RFC 1035 section 4: questions and updates are written, answers read. An answer comes from a
 * stranger: names are checked as in dns_record.h, compression may only point back, and every count is held
 * against what is there.
 */
#ifndef FORMAT_DNS_MESSAGE_H
#define FORMAT_DNS_MESSAGE_H

#include "base/cursor.h"
#include "format/dns_record.h"

enum {
	DNS_MESSAGE_MAX = 65535, /* RFC 1035 section 4.2.2 */
	/* What we say that we take by UDP: more would come in fragments, which get lost (RFC 9715). */
	DNS_UDP_MAX = 1232,
	DNS_HEADER_SIZE = 12,
	DNS_CLASS_IN = 1,
	DNS_CLASS_NONE = 254, /* RFC 2136 section 1.3 */
	DNS_CLASS_ANY = 255
};

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_UPDATE = 5 };

/* RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_YXRRSET = 7,
	DNS_NXRRSET = 8,
	DNS_NOTAUTH = 9,
	DNS_NOTZONE = 10
};

/* "SERVFAIL"; "an unknown error" for other numbers. */
const char *dns_rcode_name(unsigned rcode);

/* ---- writing ---- */

/* Appends a name as it goes over the wire, uncompressed; the empty text and "." are the root. 0; -EINVAL: no
 * name (dns_question_parse); the result of buf_append. */
int dns_name_write(struct buf *out, const char *name);

/*
 * Appends a question. recurse: for a resolver, which is asked to say whether it has validated (RFC 6840
 * section 5.7); else for the zone's own servers. 0; -EINVAL as dns_name_write.
 */
int dns_question_write(struct buf *out, uint16_t id, const char *name, unsigned type, bool recurse);

/* ---- reading ---- */

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/* Points into the message. */
struct dns_message {
	struct view whole;
	struct cursor in;
	uint16_t id;
	unsigned opcode, rcode;
	bool response, authoritative, truncated, recursive, authentic;
	char name[DNS_NAME_SIZE]; /* of the question, or the zone; empty: none, the root, or none we accept */
	unsigned type;
	unsigned left[3]; /* records not read yet, by section */
};

struct dns_resource {
	enum dns_section section;
	char owner[DNS_NAME_SIZE]; /* empty: the root, or a name that we do not accept */
	unsigned type, class;
	uint32_t ttl;
	size_t start;     /* in the message: where the record begins, */
	struct view data; /* and its data as it stands there */
};

/* Reads the header and the one question (or none). 0; -EBADMSG. */
int dns_message_open(struct view whole, struct dns_message *out);

/* The next record: 1; 0 at the end; -EBADMSG. Octets behind the last record are -EBADMSG, too. */
int dns_message_next(struct dns_message *m, struct dns_resource *out);

/*
 * Appends the data of a record without compression, names in lower case; the types of which a name may be
 * compressed are known (RFC 3597 section 4), others are appended as they are. 0; -EBADMSG; the result of
 * buf_append.
 */
int dns_resource_data(const struct dns_message *m, const struct dns_resource *r, struct buf *out);

/*
 * Whether the answer belongs to the question: its id and the question itself. One that does not is somebody
 * else's guess, and is not looked at further.
 */
bool dns_message_answers(const struct dns_message *m, uint16_t id, const char *name, unsigned type);

#endif
