/*
 * The key by which push services know this server (VAPID, RFC 8292). It is derived from the secret of the
 * server's signatures, so it is the same after a restart: a subscription names it. Of a token only the URL of
 * the subscription is the asker's choice.
 */
#ifndef ROLE_KEYS_VAPID_H
#define ROLE_KEYS_VAPID_H

#include "config/settings.h"
#include "process/link.h"

/* The secret, and whom a push service may write to. */
void vapid_configure(struct view secret, const struct settings *settings);

/* MESSAGE_VAPID, MESSAGE_VAPID_KEY. */
void vapid_answer_token(struct link *link, struct channel_frame *frame, const void *message);
void vapid_answer_key(struct link *link, struct channel_frame *frame, const void *message);

#endif
