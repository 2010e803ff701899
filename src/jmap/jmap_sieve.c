/* Rules as scripts (RFC 9661). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_sieve[] = {{0}};
