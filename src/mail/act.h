/*
 * What is done with very many emails at once: an act. It changes all of a list in the same way, in commits of
 * a slice each, goes on after a restart, can be stopped, and undone as a whole. Questions on the account's
 * channel, of its own account; each ends with MAIL_DONE.
 */
#ifndef MAIL_ACT_H
#define MAIL_ACT_H

#include "base/view.h"

enum {
	ACT_EMAILS_MAX = 1000000, /* of one: its lists of ids are written in commits of EMAIL_IDS_MAX */
	ACT_COUNT_MAX = 50,       /* kept in an account; the oldest that has ended makes room */
	ACT_CHANGE_MAX = 1500,    /* octets of its change: an entry holds it */
	ACT_KEPT_SECONDS = 86400, /* so long an act that has ended is known, and can be undone */
	ACT_GATHER_SECONDS = 3600 /* an act whose list has not come to its end by then is forgotten */
};

enum act_state {
	ACT_GATHERING, /* more ids are to come */
	ACT_RUNNING,
	ACT_DONE,
	ACT_STOPPED, /* what was done until then stays */
	ACT_UNDOING,
	ACT_UNDONE,
	ACT_STATE_LAST = ACT_UNDONE
};

/*
 * Begins one (number 0), or adds to one that gathers. change: an entry of mail/email_wire.h with an id of 0,
 * when it begins. ids: 8 octets each, ascending, behind those before. more: the list goes on. Done: number.
 * -EINVAL; -E2BIG: more than ACT_EMAILS_MAX; -EBUSY: ACT_COUNT_MAX, and none has ended; -ENOENT: none that
 * gathers has this number.
 */
struct act_begin {
	uint64_t number, more;
	struct view change, ids;
};

/* number 0: all. EMAIL_ACT for each, ascending. */
struct act_get {
	uint64_t number;
};
struct act_entry {
	uint64_t number, state;           /* enum act_state */
	uint64_t created, ended;          /* seconds since 1970; ended 0: it has not */
	uint64_t total, finished, failed; /* emails: of the list; that were looked at; of these refused */
	uint64_t undone;
};

/* Stop: of one that is running, or undoing. Undo: of one that is done, stopped or running, which stops.
 * -EBUSY: it is in no such state; -ENOENT. */
struct act_number {
	uint64_t number;
};

#endif
