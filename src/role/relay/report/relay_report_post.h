/*
 * A TLS report by HTTPS POST: RFC 8460 section 5.4. The certificate must prove the host, though section 3
 * would allow any: whoever can attack the domain's mail could take in the report that tells of it.
 */
#ifndef ROLE_RELAY_REPORT_RELAY_REPORT_POST_H
#define ROLE_RELAY_REPORT_RELAY_REPORT_POST_H

#include "process/letter.h"
#include "trust/sender/report_uri.h"

struct relay_report_post;

/*
 * document: JSON; it is packed here. `done` is called once, later; the post is gone then. LETTER_LATER: the
 * host did not take it, and `why` says why in a few words. 0; -E2BIG: it is larger than any report that is
 * sent; -ENOMEM. After an error `done` is not called.
 */
typedef void (*relay_report_posted)(void *arg, enum letter_end how, const char *why);
int relay_report_post_send(const struct report_uri *uri, struct view document, relay_report_posted done,
    void *arg, struct relay_report_post **out);

/* `done` is not called any more. NULL is allowed. */
void relay_report_post_free(struct relay_report_post *p);

#endif
