/* Which mail is a report about our domains: smtp_report.c. */
#ifndef ROLE_SMTP_SMTP_REPORT_ADDRESS_H
#define ROLE_SMTP_SMTP_REPORT_ADDRESS_H

#include "smtp/smtp_session.h"

/* Whether one of its recipients is in report_addresses. */
bool smtp_report_is_among(const struct smtp_envelope *envelope);

#endif
