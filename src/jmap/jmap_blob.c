/* Blobs (RFC 9404; RFC 8620 section 6.3). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_blob[] = {{0}};
