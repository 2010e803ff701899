/* What of a message a search found (RFC 8621 section 5). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_snippet[] = {{0}};
