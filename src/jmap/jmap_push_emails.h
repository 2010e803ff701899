/* "emailPush" of a PushSubscription (draft-ietf-jmap-emailpush): which emails a push tells of, and what of
 * them. Of the own account. */
#ifndef JMAP_JMAP_PUSH_EMAILS_H
#define JMAP_JMAP_PUSH_EMAILS_H

#include "jmap/jmap_private.h"
#include "mail/push.h"

/* Into the call's arena: the client's words, and the form that store wants; of null both are empty. False: it
 * is not so, for the reason in *why; a memory that is full counts as that, too. */
bool jmap_push_emails_read(
    struct jmap_call *c, const json_t *value, struct view *json, struct view *form, const char **why);

#endif
