/* Blobs in method calls (RFC 9404; RFC 8620 section 6.3). */
#include "jmap/jmap_blob_methods.h"

const struct jmap_method jmap_methods_blob[] = {
    {"Blob/upload", JMAP_BLOB, JMAP_NEEDS_ACCOUNT, jmap_blob_upload},
    {"Blob/get", JMAP_BLOB, JMAP_NEEDS_ACCOUNT, jmap_blob_get},
    {"Blob/lookup", JMAP_BLOB, JMAP_NEEDS_ACCOUNT, jmap_blob_lookup},
    {"Blob/copy", JMAP_CORE, JMAP_NEEDS_ACCOUNT, jmap_blob_copy},
    {0},
};
