/* Messages on their way out (RFC 8621 section 7). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_submission[] = {{0}};
