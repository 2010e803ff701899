/* The field Authentication-Results: RFC 8601 section 2.2. */
#ifndef TRUST_SENDER_AUTHENTICATION_RESULTS_H
#define TRUST_SENDER_AUTHENTICATION_RESULTS_H

#include "trust/sender/sender_policy.h"

/*
 * Appends the field that says what was found out, in lines with CRLF: DMARC, and why its wish was not
 * followed; SPF, ARC, the client's name, and as many signatures as there is room for up to `room` octets,
 * those that passed first. Values from outside are written where they are tokens, and left out where not. The
 * result of buf_append.
 */
int authentication_results_write(const struct sender_verdicts *verdicts,
    const struct sender_decision *decision, const struct sender_request *request, size_t room,
    struct buf *out);

#endif
