/*
 * What is counted for DMARC's aggregate reports (RFC 9990): each message whose author's domain asks for them,
 * by client, identities, results and what was done.
 */
#ifndef ROLE_SMTP_SMTP_REPORT_H
#define ROLE_SMTP_SMTP_REPORT_H

#include "role/smtp/smtp_sender_private.h"

void smtp_report_start(struct role_process *p);
/* The process is about to end. */
void smtp_report_drain(void);

/* Whether all of its recipients are addresses for reports. */
bool smtp_report_is_report(const struct smtp_sender *s);

/* After the decision on a message. */
void smtp_report_count(const struct smtp_sender *s, const struct sender_decision *d);

#endif
