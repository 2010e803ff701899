/*
 * What can be asked about an account's Sieve scripts, and what is answered: as mail.h for mail, on the same
 * channel, and each question ends with MAIL_DONE. A script is named by its number, or by its place and name
 * while `number` is 0. The server's own scripts, which run before and after those of every account or are
 * included by them, are asked for on a channel of their own, which only an administrator gets.
 *
 * Errors common to all: -ENOENT: there is no such script; -EINVAL: no name for a script, or a place that this
 * channel does not have; -EAGAIN, -EIO, -ENOMEM, -EROFS: not now; -ENOSPC: the disk is full; -EBADMSG:
 * damaged.
 */
#ifndef MAIL_SCRIPT_H
#define MAIL_SCRIPT_H

#include "base/view.h"

enum script_type {
	/* Questions. */
	SCRIPT_LIST = 1200, /* SCRIPT_ENTRY for each */
	SCRIPT_GET,         /* SCRIPT_ENTRY, SCRIPT_BYTES */
	SCRIPT_PIECE,       /* no answer: of the text that SCRIPT_PUT or SCRIPT_CHECK will be about */
	SCRIPT_PUT,         /* SCRIPT_COMPLAINT for each */
	SCRIPT_CHECK,       /* SCRIPT_COMPLAINT for each */
	SCRIPT_ACTIVATE,
	SCRIPT_REMOVE,
	SCRIPT_RENAME,
	SCRIPT_SPACE,
	SCRIPT_TRY,     /* SCRIPT_COMPLAINT for each; SCRIPT_DEED for each thing that would be done */
	SCRIPT_CHANGES, /* SCRIPT_ENTRY for each that was made or changed, SCRIPT_GONE */
	SCRIPT_FILED,   /* SCRIPT_DEED for each thing that was done */
	SCRIPT_NOTE,

	/* Answers. */
	SCRIPT_ENTRY,
	SCRIPT_BYTES,
	SCRIPT_COMPLAINT,
	SCRIPT_DEED,
	SCRIPT_GONE,
	SCRIPT_TYPES_END
};

enum {
	/* Characters of a name, and octets: what RFC 5804 section 1.6 asks for at least. */
	SCRIPT_NAME_CHARACTERS_MAX = 128,
	SCRIPT_NAME_MAX = 512,
	SCRIPT_SIZE_MAX = 1 << 20, /* octets of one: SIEVE_SCRIPT_MAX */
	/* Of one account, and of one place of the server. Programs keep one script for each set of rules, and
	 * a few old ones. */
	SCRIPT_COUNT_MAX = 100,
	SCRIPT_BYTES_MAX = 10 << 20, /* octets of all of them */
	SCRIPT_PIECE_MAX = 256 * 1024,
	SCRIPT_GONE_MAX = 1000 * 8, /* octets of numbers in one answer */
	/* What runs for each mail of everybody, of the server before, and after: a run takes so many
	   programs. */
	SCRIPT_RUNNING_MAX = 3,
	SCRIPT_COMPLAINT_MAX = 2000, /* octets of sentences */
	/* Of a mailbox, an address, or the beginning of a text, in an account of what a script does. */
	SCRIPT_TARGET_MAX = 4096,
	SCRIPT_PLACES_MAX = 32 * 8, /* octets of the places of one email */
	/* Of one question: a session's others wait for it, and a run takes a millisecond or two. */
	SCRIPT_TRY_EMAILS_MAX = 256
};

/* Where a script stands, and so when it runs. */
enum script_place {
	SCRIPT_OWN,    /* an account's; one may be active, and runs for each mail */
	SCRIPT_BEFORE, /* the server's: all of them, in the order of their names, before the active one ... */
	SCRIPT_AFTER,  /* ... and behind it, when it has kept the mail */
	SCRIPT_GLOBAL, /* runs where others include it as a global one */
	SCRIPT_AWAY, /* an account's: its setting for out of office (vacation.h), which runs behind its active
	                script while it is active itself. There is one at most, and no list has it */
	SCRIPT_PLACE_LAST = SCRIPT_AWAY
};

/* Whether an account has it, and not the server. */
static inline bool script_place_is_account(uint64_t place)
{
	return place == SCRIPT_OWN || place == SCRIPT_AWAY;
}

/* The name of the one in SCRIPT_AWAY. */
#define SCRIPT_AWAY_NAME VIEW("out of office")

/*
 * A name: UTF-8, at least one character; no control characters, line ends of any kind or "/", and none of "."
 * and "..": such a name is taken for a path by programs that keep scripts in files.
 */
bool script_name_valid(struct view name);

/* All scripts that the channel has, in the order of their names, but that of SCRIPT_AWAY. Done: modseq: the
 * state; number: the active one; messages, uidnext: how many scripts there are, and their octets. */
struct script_list {
	uint64_t unused;
};
struct script_entry {
	uint64_t number, place, active, size;
	uint64_t warnings; /* complaints that did not keep it from being put */
	uint64_t created;  /* modseq */
	uint64_t modseq;   /* of the last change: name, text, whether it is active */
	uint64_t version;  /* modseq of the last change of its text */
	uint64_t changed;  /* when that was: seconds since 1970 */
	struct view name;
};

/* The text comes in pieces, at least one; `last` is set in its last one. */
struct script_get {
	uint64_t number, place;
	struct view name;
};
struct script_bytes {
	uint64_t last;
	struct view bytes;
};

/* A piece is added to the session's text, which the next SCRIPT_PUT or SCRIPT_CHECK takes away. */
struct script_piece {
	struct view bytes;
};

/*
 * Puts the session's text down, if it compiles. Only then anything changes; complaints come in any case.
 * Done: number: the script's; modseq: the state. Errors: -ENOEXEC: it does not compile; -EFBIG: longer than
 * SCRIPT_SIZE_MAX; -EMLINK: SCRIPT_COUNT_MAX, or SCRIPT_RUNNING_MAX of the server; -EDQUOT: SCRIPT_BYTES_MAX;
 * -EEXIST: SCRIPT_NEW, and there is one of that name.
 */
enum script_put_how {
	SCRIPT_ANY,   /* makes it, or gives it another text */
	SCRIPT_NEW,   /* makes it */
	SCRIPT_CHANGE /* gives it another text: -ENOENT when it is not there */
};
struct script_put {
	uint64_t number, place, how;
	uint64_t activate; /* in the same step; of an account */
	/* Only if the text that is there is of this version, which the asker has changed: else -ESTALE. 0:
	 * any */
	uint64_t version;
	struct view name;
};

/* The same without putting it down. -ENOEXEC, -EFBIG. */
struct script_check {
	uint64_t unused;
};

/* line and column from 1. text: one or more sentences that say what is wrong, and what would be right. */
struct script_complaint {
	uint64_t line, column, warning;
	struct view text;
};

/* Makes it the active one of its place; number 0 without a name: none is. Done: modseq; number: what was
 * active before. */
struct script_activate {
	uint64_t number, place;
	struct view name;
};

/* -EBUSY: it is active. Done: modseq. */
struct script_remove {
	uint64_t number, place;
	struct view name;
};

/* -EEXIST. Done: modseq. The active script stays active. */
struct script_rename {
	uint64_t number, place;
	struct view name, to;
};

/*
 * What has changed since a state that an earlier answer gave: scripts whose name or text changed, or whether
 * they are active (`created` tells new ones); numbers of those that are gone, 8 octets each, some of which
 * may stand among the others as well. Done: modseq: the state. -ESTALE: it is not known so far back. Not of
 * the server's (-EINVAL).
 */
struct script_changes {
	uint64_t since;
};
struct script_gone {
	struct view numbers;
};

/* Would a script of this name and size find room now? -EFBIG, -EMLINK, -EDQUOT. */
struct script_space {
	uint64_t place, size;
	struct view name;
};

/*
 * What would the session's text do with these messages of the account's own mailbox, or with these emails of
 * the account (8 octets each, at most SCRIPT_TRY_EMAILS_MAX), if they came now? Nothing is changed. The
 * script alone is run, and the time is that of each message's arrival. Mail that arrives goes first. The
 * answers come in the order of the question; those that are not there are passed over. -ENOEXEC: it does not
 * compile; -EFBIG; -E2BIG: more than MAIL_UIDS_MAX messages.
 */
struct script_try {
	uint64_t mailbox; /* of `uids` */
	struct view uids; /* ranges, as in mail.h */
	struct view emails;
};

/*
 * What rules did with mail when it came, as it is kept with each email until its end, in the order of
 * arrival. email: of this one; 0: of all. since: that came then or later. emails: of these (8 octets each,
 * at most SCRIPT_FILED_MAX), in this order, if there are any.
 */
enum { SCRIPT_FILED_MAX = 1000 };
struct script_filed {
	uint64_t email, since;
	struct view emails;
};

/*
 * Keeps with an email what is about to be done with it by hand, as rules say (`rule apply`), in place of what
 * was kept before: so it can be undone. deed.places: first where it lies, then where it will lie; UIDs there
 * are not known and 0. Done when it is on the disk. -EINVAL: no places, or no email.
 */
struct script_note {
	uint64_t email, action; /* action: a number above 0, common to all that one command does */
	uint64_t kind, line, rule, why_line;
	struct view rule_name, why, script, target, flags, places;
};

/* As enum sieve_action_kind has them. */
enum script_deed_kind {
	SCRIPT_KEEPS,
	SCRIPT_FILES,
	SCRIPT_REDIRECTS,
	SCRIPT_DISCARDS,
	SCRIPT_REJECTS,
	SCRIPT_EREJECTS,
	SCRIPT_ANSWERS,
	SCRIPT_NOTIFIES,
	SCRIPT_DEED_KINDS
};

/*
 * One thing that is done, or was done, with a message, and why: struct sieve_reason (sieve/sieve_outcome.h).
 * `last` is set in the last one of its message. target: the mailbox's path, or the address, or the beginning
 * of a text. failed: the script failed over this message, in `line`, and why; then it would be kept.
 */
struct script_deed {
	uint64_t uid, last, kind, line; /* uid: of what would be done with messages of a mailbox; else 0 */
	uint64_t email;
	/* These, and `server` (the script is the server's), of what was done: when that was, and where the
	 * email was put: mailbox (4 octets) and UID (4) of each place. */
	uint64_t at, server;
	uint64_t action; /* it was done by hand: struct script_note, with its places; 0: when it came */
	struct view places;
	uint64_t rule, why_line;
	uint64_t create, copy, edited; /* edited: the message would not be the one that came */
	struct view rule_name, why, script;
	struct view target, mailbox_id, special_use, flags;
	struct view failed;
};

#endif
