/* Who a person sends as (RFC 8621 section 6). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_identity[] = {{0}};
