/* Emails that are made, changed and removed: the methods (RFC 8621 sections 4.6 to 4.8). */
#include "jmap/jmap_email_set.h"
#include "jmap/jmap_query_act.h"

const struct jmap_method jmap_methods_email_write[] = {
    {"Email/set", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_set},
    {"Email/import", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_import},
    {"Email/copy", JMAP_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, jmap_email_copy},
    {"Email/queryAct", JMAP_QUERY_ACT, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES,
        jmap_email_query_act},
    {"QueryAct/get", JMAP_QUERY_ACT, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, jmap_query_act_get},
    {"QueryAct/set", JMAP_QUERY_ACT, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, jmap_query_act_set},
    {0},
};
