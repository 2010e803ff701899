/* The methods that read emails, for their table in jmap_email_read.c. */
#ifndef JMAP_JMAP_EMAIL_METHODS_H
#define JMAP_JMAP_EMAIL_METHODS_H

#include "jmap/jmap_private.h"

void jmap_email_get(struct jmap_call *c);
void jmap_email_query(struct jmap_call *c);
void jmap_email_query_changes(struct jmap_call *c);
void jmap_email_parse(struct jmap_call *c);

#endif
