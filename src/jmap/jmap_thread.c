/* Threads (RFC 8621 section 3). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_thread[] = {{0}};
