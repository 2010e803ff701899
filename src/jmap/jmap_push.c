/* Subscriptions to pushes (RFC 8620 section 7.2). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_push[] = {{0}};
