/* The public key by which push services know this server (RFC 9749): the Session resource tells it. Keys is
 * asked for it when it comes. */
#ifndef ROLE_WEB_WEB_VAPID_H
#define ROLE_WEB_WEB_VAPID_H

#include "process/role.h"

void web_vapid_start(struct role_process *p);
/* Keys has come, or has come anew. */
void web_vapid_ask(void);

/* base64url without padding; empty: it is not known, or there is none. */
struct view web_vapid_key(void);

#endif
