/* What the verdict hooks' files share: smtp_hooks.c (running them; connect and MAIL), smtp_recipient.c
 * (RCPT). RFC 5321 section 7.9: what a server may refuse; RFC 5321 section 6.2: what is not accepted is
 * refused, never dropped in silence. */
#ifndef ROLE_SMTP_SMTP_HOOKS_H
#define ROLE_SMTP_SMTP_HOOKS_H

#include "role/smtp/smtp_connection.h"

/* HOOK_WAIT: an answer will come, and with it smtp_hooks_resume. */
enum smtp_hook_result { HOOK_ACCEPT, HOOK_DECIDED, HOOK_WAIT };

typedef enum smtp_hook_result smtp_hook(struct smtp_connection *c, struct smtp_verdict *verdict);

/* Asks another role; HOOK_WAIT, or HOOK_DECIDED with a temporary verdict when it is away. */
enum smtp_hook_result smtp_hooks_ask(struct smtp_connection *c, struct calls *calls, unsigned type,
    const void *question, call_answered answered, struct smtp_verdict *verdict);

/* An answer has come: the hook that waited has had its say, the others follow. */
void smtp_hooks_resume(
    struct smtp_connection *c, enum smtp_hook_result result, const struct smtp_verdict *verdict);

extern const struct smtp_verdict smtp_unavailable;

/* smtp_recipient.c */
smtp_hook smtp_resolve_recipient, smtp_recipient_has_room;
/* Every hook has accepted: keeps where the recipient's mail goes. */
void smtp_recipient_taken(struct smtp_connection *c);

#endif
