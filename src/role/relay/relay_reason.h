/* Why something went wrong on the way to a host, and who says so: the host, or this server. */
#ifndef ROLE_RELAY_RELAY_REASON_H
#define ROLE_RELAY_RELAY_REASON_H

#include "dsn/dsn_explain.h"
#include "smtp/smtp_client.h"

/*
 * Why something went wrong. The words of a host and of this server are never mixed: without a cause the
 * text is the host's reply, word for word; with one it is ours.
 */
struct relay_reason {
	enum trouble cause;
	char status[16];   /* "4.4.1" */
	const char *stage; /* what was under way, a constant: smtp_client_stage_name, "connect"; "": no host
	                      is concerned */
	const char *text;  /* NULL: there is no reason. Owned, of one that relay_reason_done is called for */
};

/* Another reason; the text is copied, and may be the old one. */
void relay_reason_set(
    struct relay_reason *r, enum trouble cause, const char *status, const char *stage, struct view text);
/* What a host replied; `status` NULL: its own enhanced code as one of class 4, or a general one. */
void relay_reason_reply(struct relay_reason *r, const char *status, const struct smtp_client_reply *reply);
/* Why the client machine gave a connection up: what the host replied is its own, how it ends without a reply
 * is ours to say. */
void relay_reason_failure(
    struct relay_reason *r, enum smtp_client_failure failure, const struct smtp_client_reply *reply);
/* What the system says of an attempt to connect: a negative errno. */
enum trouble relay_trouble_of_connect(int error);
/* The cause in words; a host's reply has some too. For logs. */
const char *relay_reason_cause(const struct relay_reason *r);
void relay_reason_copy(struct relay_reason *to, const struct relay_reason *from);
void relay_reason_done(struct relay_reason *r);

#endif
