/* Emails: get, changes, query, queryChanges, parse (RFC 8621 section 4). */
#include "jmap/jmap_email_methods.h"
#include "jmap/jmap_mail_state.h"

static void changes(struct jmap_call *c)
{
	jmap_mail_changes(c, JMAP_KIND_EMAILS);
}

const struct jmap_method jmap_methods_email_read[] = {
    {"Email/get", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_email_get},
    {"Email/changes", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, changes},
    {"Email/query", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_email_query},
    {"Email/queryChanges", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_email_query_changes},
    {"Email/parse", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_email_parse},
    {0},
};
