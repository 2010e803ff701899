/* What JMAP asks about recipients (mail/recipient.h): each address is asked of relay, all of a question at
 * the same time. */
#ifndef ROLE_WEB_WEB_RECIPIENT_H
#define ROLE_WEB_WEB_RECIPIENT_H

#include "mail/recipient.h"
#include "role/web/web_user.h"

extern const struct web_user_part web_recipient_part;

void web_recipient_start(struct role_process *p);

/* Answered by web_user_answer under this number, never within the call. */
void web_recipient_ask(struct web_user *user, uint32_t number, const struct recipient_ask *ask);

#endif
