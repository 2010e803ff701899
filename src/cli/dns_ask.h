/* Questions to servers, many at once: by UDP, and by TCP where an answer does not fit. */
#ifndef CLI_DNS_ASK_H
#define CLI_DNS_ASK_H

#include "format/dns_message.h"

enum {
	DNS_ASK_SECONDS = 5, /* for which a server is waited for: three tries by UDP */
	DNS_PORT = 53
};

struct dns_ask {
	struct sockaddr_storage server;
	bool recurse;
	const char *name;
	unsigned type;
	/* What came of it. */
	int error; /* 0: `reply` answers the question and can be read; or a negative errno */
	struct buf reply;
	struct dns_message message; /* points into the reply */
	/* Under way. */
	int fd;
	bool tcp, done;
	uint16_t id;
	unsigned sent;
	int64_t resend_at, deadline;
	struct buf out;
};

/* Asks all and waits for all; dns_ask_done frees each. */
void dns_ask_all(struct dns_ask *asks, size_t count, void (*waiting)(void *arg, unsigned open), void *arg);
void dns_ask_done(struct dns_ask *ask);

/*
 * One message to a server over TCP, and its reply, whole: for updates. The reply is none of ours until
 * somebody has checked it. 0; -ETIMEDOUT; -ENOBUFS; what connect says.
 */
int dns_exchange(const struct sockaddr_storage *server, struct view message, struct buf *reply);

#endif
