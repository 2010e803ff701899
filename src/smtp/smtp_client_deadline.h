/*
 * How long a driver of the client machine waits for what the machine waits for: RFC 5321 section 4.5.3.2.
 * Pure: the driver says how many octets its stream has sent and how many wait there, and sets the deadline.
 */
#ifndef SMTP_SMTP_CLIENT_DEADLINE_H
#define SMTP_SMTP_CLIENT_DEADLINE_H

#include "smtp/smtp_client.h"

enum {
	SMTP_CLIENT_QUIT_SECONDS =
	    5 /* for the answer to QUIT: nothing depends on it (RFC 5321 section 4.1.1.10) */
};

/* What the deadline was set for. A zeroed one is ready: none is set. */
struct smtp_client_deadline {
	bool set; /* to false: the next call finds that it changes */
	enum smtp_client_waiting waiting;
	uint64_t progress, sent;
	bool sending; /* some of a body waited to be taken */
};

/* Some of a body waits to be taken, behind DATA or within a BDAT. */
bool smtp_client_is_sending(const struct smtp_client *c, size_t backlog);
/* True: something else is waited for than before, for *seconds; 0: for us. */
bool smtp_client_deadline_changes(struct smtp_client_deadline *d, const struct smtp_client *c, uint64_t sent,
    size_t backlog, unsigned *seconds);
/* What is waited for, in words: "its greeting". */
const char *smtp_client_deadline_text(const struct smtp_client_deadline *d);

#endif
