/* Emails that are made, changed and removed: the methods (RFC 8621 sections 4.6 to 4.8). */
#include "jmap/jmap_email_set.h"

const struct jmap_method jmap_methods_email_write[] = {
    {"Email/set", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_set},
    {"Email/import", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_import},
    {"Email/copy", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_copy},
    {0},
};
