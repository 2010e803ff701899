/*
 * What relay has learnt and wants to know again after a restart: memos that store keeps (ledger/memo.h).
 * Until they have come, no mail is taken: a domain's policy that was in force before a restart is in force
 * after it (RFC 8461 section 5.1). But a disk that does not read them for relay_memo_patience_ms must not
 * stop all mail: then it is taken without, and they are asked for all the same.
 */
#ifndef ROLE_RELAY_RELAY_MEMO_H
#define ROLE_RELAY_RELAY_MEMO_H

#include "base/view.h"
#include "process/link.h"

/* As ledger/memo.h has them. */
enum relay_memo {
	RELAY_MEMO_POLICY = 1,
	RELAY_MEMO_HOST,
	RELAY_MEMO_ZONE,
	RELAY_MEMO_ZONE_PLAN,
	RELAY_MEMO_KINDS
};
enum { RELAY_MEMO_VALUE_MAX = 32 * 1024 };

/* From the first error on. A variable for tests. */
extern int64_t relay_memo_patience_ms;

/* A memo of this kind as it was set once; one that cannot be read is of no use, and dropped in silence. */
typedef void relay_memo_recall(struct view name, struct view value);

/* `loaded` is called once, when all are known or are waited for no more; later, never from within. */
void relay_memo_init(
    struct loop *loop, relay_memo_recall *const recalls[RELAY_MEMO_KINDS], void (*loaded)(void));
/* Store is there: asks for them, or tells what the last one did not confirm. */
void relay_memo_link(struct calls *store);
/* Or are waited for no more; true as well where nothing was ever to be loaded. */
bool relay_memo_is_loaded(void);

/*
 * Keeps it, soon; expires: seconds of the wall clock. The newest one of a name counts, an empty value
 * removes. A name that is too long, or with other than printable ASCII, is not kept.
 */
void relay_memo_set(enum relay_memo kind, struct view name, int64_t expires, struct view value);

/* The process is about to end: what waits is said now. */
void relay_memo_drain(void);

void relay_memo_done(void);

#endif
