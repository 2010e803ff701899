/*
 * The names of a client's address: RFC 8601 section 3 (iprev) and RFC 7208 section 5.5. A name counts when
 * its own addresses contain the client's.
 */
#ifndef TRUST_SENDER_CLIENT_NAME_H
#define TRUST_SENDER_CLIENT_NAME_H

#include <sys/socket.h>

#include "trust/dns/answers.h"
#include "trust/sender/sender.h"

enum {
	CLIENT_NAMES_MAX = 10, /* that are looked at: RFC 7208 section 4.6.4 */
	REVERSE_NAME_SIZE = 73 /* of an IPv6 address below ip6.arpa, with a NUL */
};

/* An IPv4 or IPv6 address; one that is mapped into IPv6 is IPv4. */
struct client_address {
	bool ipv6;
	unsigned char bytes[16];
};

/* False for another family. */
bool client_address_of(const struct sockaddr *client, struct client_address *out);

/* Whether it lies in the network of the first `bits` bits. */
bool client_address_in(const struct client_address *a, const unsigned char *network, unsigned bits);

/* Whether an A or AAAA answer contains it, or an address with the same first bits. */
bool client_address_among(const struct client_address *a, const struct answer *answer, unsigned bits);

/* The name under which its PTR records stand: RFC 1035 section 3.5, RFC 3596 section 2.5. */
void client_address_reverse(const struct client_address *a, char out[REVERSE_NAME_SIZE]);

struct client_names {
	enum sender_result result; /* pass: there is a name that counts; fail: names, and none counts; none */
	const char *names[CLIENT_NAMES_MAX]; /* those that count, in the order of the answer */
	size_t count;
	const char *claimed; /* the first name of the answer, counting or not; NULL */
};

/* False: answers are missing. The names live as long as the arena. */
bool client_names_find(
    struct answers *answers, const struct client_address *a, struct arena *arena, struct client_names *out);

#endif
