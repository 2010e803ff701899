/* SieveRules/try, for the table in jmap_rules.c. */
#ifndef JMAP_JMAP_RULES_TRY_H
#define JMAP_JMAP_RULES_TRY_H

#include "jmap/jmap_private.h"

void jmap_rules_try(struct jmap_call *c);

#endif
