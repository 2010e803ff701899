/* Mailboxes that are made, changed and removed (RFC 8621 section 2.5). */
#include "jmap/jmap_private.h"

const struct jmap_method jmap_methods_mailbox_set[] = {{0}};
