/*
 * A user's channels of administration (mail/administration.h), to auth and to store, and the questions that
 * JMAP asks on them: one after the other, so that neither end has to queue. They are opened by
 * POST /auth/administration (web_admin_open.c), which auth allows to a session of an administrator who has
 * just proved who it is; whichever has ended, questions to it are answered with -EACCES.
 */
#ifndef ROLE_WEB_WEB_ADMIN_H
#define ROLE_WEB_WEB_ADMIN_H

#include "mail/administration.h"
#include "role/web/web_exchange.h"
#include "role/web/web_user.h"

extern const struct web_user_part web_admin_part;
extern const struct web_route web_admin_routes[];

void web_admin_start(struct role_process *p);

/* A question of JMAP's, copied; answered by web_user_answer under this number, never within the call. */
void web_admin_ask(struct web_user *user, uint32_t number, unsigned type, const void *question);
bool web_admin_is_question(unsigned type);

/* Takes both channels over; those that were there before are closed. */
void web_admin_take(struct web_user *user, int auth, int store);

/* web_admin_local.c: what this process knows itself, as JSON. */
void web_admin_settings(struct buf *out);
void web_admin_certificates(struct buf *out);
void web_admin_roles(struct buf *out);
/* Each time that the role is configured. */
void web_admin_note_certificates(const struct role_process *p);

#endif
