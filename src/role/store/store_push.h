/*
 * What is pushed to those who have subscribed to an account (account/push.h). Store watches these accounts:
 * what changes within a second is one push, and relay sends it (process/messages_push.h). Who cannot be
 * reached is told later, and then what holds by then; so nothing is kept of a push but the states that were
 * told. Of emails that were delivered since, their ids are kept in memory, for those who want to be told of
 * them (store_push_emails.h): a restart forgets these, and the next state tells that something has changed,
 * if the subscriber wants states: who wants emails alone is told with the next delivery. A subscription that
 * is gone at its push service is removed.
 */
#ifndef ROLE_STORE_STORE_PUSH_H
#define ROLE_STORE_STORE_PUSH_H

#include <stdint.h>

#include "process/link.h"

void store_push_start(void);
void store_push_stop(void); /* before the store is closed */

/* A subscription of this account has been made: it is watched, and its code is pushed. */
void store_push_now(uint64_t account);

/* Emails were delivered: who wants to know of them is told. */
struct account_target;
void store_push_delivered(const struct account_target *targets, size_t count);

/* What the person signed in with is revoked (session 0: all): the subscriptions made with it go. */
void store_push_revoke(uint64_t account, uint64_t session);

/* Relay's verb; and relay has ended. */
void store_push_sent(struct link *link, struct channel_frame *frame, const void *message);
void store_push_relay_gone(void);

#endif
