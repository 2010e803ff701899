/* Emails: get, changes, query, queryChanges, parse (RFC 8621 section 4). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_email_read[] = {{0}};
