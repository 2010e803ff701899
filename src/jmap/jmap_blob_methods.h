/* The methods of blobs (RFC 9404; RFC 8620 section 6.3), each in a file of its own. */
#ifndef JMAP_JMAP_BLOB_METHODS_H
#define JMAP_JMAP_BLOB_METHODS_H

#include "jmap/jmap_private.h"

void jmap_blob_upload(struct jmap_call *c);
void jmap_blob_get(struct jmap_call *c);
void jmap_blob_lookup(struct jmap_call *c);
void jmap_blob_copy(struct jmap_call *c);

enum { JMAP_BLOB_SOURCES_MAX = 1000 /* of one blob: maxDataSources */ };

#endif
