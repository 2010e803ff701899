/* How much there may be, and how much there is (RFC 9425). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_quota[] = {{0}};
