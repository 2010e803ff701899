/* Mailboxes: get, changes, query, queryChanges (RFC 8621 section 2). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_mailbox[] = {{0}};
