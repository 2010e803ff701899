/* How long a connection waits for what it waits for: RFC 5321 section 4.5.3.2, and a rate for hosts that take
 * a message slowly. */
#ifndef ROLE_RELAY_RELAY_PATIENCE_H
#define ROLE_RELAY_RELAY_PATIENCE_H

#include "io/stream.h"
#include "smtp/smtp_client_deadline.h"

enum { RELAY_PATIENCE_TEXT = 100 };

/* The wait for which the stream's deadline was set. A zeroed one is ready: none is set. */
struct relay_patience {
	struct smtp_client_deadline deadline;
	int64_t since;
};

/* Sets the deadline for the client's present wait, unless that is the one before. */
void relay_patience_set(struct relay_patience *p, const struct smtp_client *client, struct stream *stream);
/* The deadline is over. False: the host takes a body, at a rate that is not too little (data_rate_min); the
 * next deadline is set. */
bool relay_patience_is_over(
    struct relay_patience *p, const struct smtp_client *client, struct stream *stream);
/* What the host did not do in time, for logs and reports. */
void relay_patience_text(const struct relay_patience *p, char text[RELAY_PATIENCE_TEXT]);

#endif
