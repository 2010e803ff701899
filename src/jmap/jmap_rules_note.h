/* SieveRules/note, for the table in jmap_rules.c. */
#ifndef JMAP_JMAP_RULES_NOTE_H
#define JMAP_JMAP_RULES_NOTE_H

#include "jmap/jmap_private.h"

void jmap_rules_note(struct jmap_call *c);

#endif
