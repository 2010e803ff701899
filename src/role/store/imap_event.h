/*
 * Events of IMAP (RFC 6785), and the same by JMAP: somebody has put messages into a mailbox, or changed their
 * flags, and a script of the mailbox's owner runs over each. Which one, the metadata
 * "/shared/imapsieve/script" of the mailbox says, or else that of the account. Deliveries are no events, and
 * neither is what scripts do.
 *
 * Events wait here, behind the commits that they are about, so no command waits for a script or fails by one.
 * They are in memory: the end of the process loses those that wait, and none ever runs twice.
 */
#ifndef ROLE_STORE_IMAP_EVENT_H
#define ROLE_STORE_IMAP_EVENT_H

#include "account/account.h"

enum imap_event_cause { EVENT_APPEND, EVENT_COPY, EVENT_FLAG };

struct imap_event {
	enum imap_event_cause cause;
	uint64_t shard; /* whose mailbox it is */
	uint32_t mailbox;
	uint64_t actor; /* the account that has logged in */
	const uint32_t *uids;
	size_t count;
	const uint64_t *changed; /* EVENT_FLAG: of each message, the flags that are not as before */
};

/* It has happened. Everything is copied; of an account without such scripts it costs a look into a table. */
void imap_event_note(const struct imap_event *event);

/* Metadata of this name has been set or removed in the account. */
void imap_event_metadata_set(uint64_t shard, struct view name);

/* Before the store is closed: what waits is dropped. */
void imap_event_stop(void);

#endif
