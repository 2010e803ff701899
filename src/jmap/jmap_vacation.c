/* The notice of an absence (RFC 8621 section 8). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_vacation[] = {{0}};
