/* The methods of RFC 9670 that are in a file of their own: jmap_share_note.c. */
#ifndef JMAP_JMAP_SHARING_H
#define JMAP_JMAP_SHARING_H

#include "jmap/jmap_private.h"

void jmap_share_note_get(struct jmap_call *c);
void jmap_share_note_changes(struct jmap_call *c);
void jmap_share_note_set(struct jmap_call *c);
void jmap_share_note_query(struct jmap_call *c);
void jmap_share_note_query_changes(struct jmap_call *c);

#endif
