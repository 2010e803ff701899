/* Receipts (RFC 9007). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_mdn[] = {{0}};
