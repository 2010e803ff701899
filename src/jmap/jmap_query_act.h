/* The methods of acts, for the table in jmap_email_write.c. */
#ifndef JMAP_JMAP_QUERY_ACT_H
#define JMAP_JMAP_QUERY_ACT_H

#include "jmap/jmap_private.h"

void jmap_email_query_act(struct jmap_call *c);
void jmap_query_act_get(struct jmap_call *c);
void jmap_query_act_set(struct jmap_call *c);

#endif
