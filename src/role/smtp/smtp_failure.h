/*
 * DMARC failure reports (RFC 9991) about mail that came here: which failures are told, and what of them. Only
 * with the setting failure_reports. Nothing is kept on the disk: a report that is lost with this process is
 * counted in the aggregate report all the same.
 */
#ifndef ROLE_SMTP_SMTP_FAILURE_H
#define ROLE_SMTP_SMTP_FAILURE_H

#include "role/smtp/smtp_sender_private.h"

void smtp_failure_start(struct role_process *p);
/* The process is about to end: what waits is forgotten. */
void smtp_failure_drain(void);

/* After the decision on a message. */
void smtp_failure_note(const struct smtp_sender *s, const struct sender_decision *d);

#endif
