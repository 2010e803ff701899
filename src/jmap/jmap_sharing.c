/* Who shares what with whom (RFC 9670). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_sharing[] = {{0}};
