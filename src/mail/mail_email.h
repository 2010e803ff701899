/*
 * What can be asked of an account as a whole, by the ids of its emails: on the same channel as mail.h and
 * answered the same way, frames and then one MAIL_DONE. An email is what JMAP calls so (RFC 8621 section 4):
 * one message, with places in one or more mailboxes. Its id never changes and is never used again.
 *
 * Places that IMAP has marked as \Deleted are not there (RFC 8621 section 4.1.1).
 *
 * `account` is 0 for the session's own account. Of another's the session sees the emails with a place in a
 * mailbox that it may read (RIGHT_LOOKUP and RIGHT_READ), these places, and its own \Seen; whatever else is
 * asked about is answered as if it did not exist. Flags and keywords of an email are those of all its places
 * together.
 *
 * Lists of emails and threads travel as 8 octets for each id (big-endian), mailboxes as 4 octets for each
 * number. Errors common to all are those of mail.h; -EINVAL: a list is no list of these.
 */
#ifndef MAIL_MAIL_EMAIL_H
#define MAIL_MAIL_EMAIL_H

#include "mail/act.h"
#include "mail/mail.h"

enum email_type {
	/* Questions. */
	EMAIL_STATES = 1300, /* EMAIL_STATE */
	EMAIL_GET,           /* MAIL_KEYWORDS, EMAIL_ENTRIES */
	EMAIL_CHANGES,       /* EMAIL_CHANGED */
	EMAIL_THREADS,       /* EMAIL_THREAD for each that there is */
	EMAIL_TABLE,         /* MAIL_KEYWORDS, EMAIL_FORGET, EMAIL_ROWS */
	EMAIL_FIND,          /* MAIL_FOUND: ranges of ids instead of UIDs */
	EMAIL_READ,          /* MAIL_DATA */
	EMAIL_KEEP,
	EMAIL_KEPT,
	EMAIL_SET, /* EMAIL_SET_FAILED */
	EMAIL_IMPORT,
	EMAIL_ACT_BEGIN, /* mail/act.h, these five */
	EMAIL_ACTS,      /* EMAIL_ACT */
	EMAIL_ACT_STOP,
	EMAIL_ACT_UNDO,
	EMAIL_SMIME, /* EMAIL_SMIME_VERDICT for each that there is */
	EMAIL_FIRST, /* EMAIL_FIRSTS */

	/* Answers. */
	EMAIL_STATE = 1340,
	EMAIL_ENTRIES,
	EMAIL_CHANGED,
	EMAIL_THREAD,
	EMAIL_FORGET,
	EMAIL_ROWS,
	EMAIL_SET_FAILED,
	EMAIL_ACT,
	EMAIL_SMIME_VERDICT,
	EMAIL_FIRSTS,
	EMAIL_TYPES_END
};

enum {
	EMAIL_ID_SIZE = 8,
	EMAIL_MAILBOX_SIZE = 4,
	EMAIL_IDS_MAX = 10000,               /* of one question, and of one frame of an answer */
	EMAIL_IDS_BYTES = 8 * EMAIL_IDS_MAX, /* the same in octets */
	EMAIL_PLACES_MAX = 32,               /* mailboxes that one email is in: ACCOUNT_PLACES_MAX */
	EMAIL_SET_BYTES = 900 * 1024,        /* of the changes of one EMAIL_SET, EMAIL_IDS_MAX of them */
	EMAIL_ROWS_BYTES = 256 * 1024,       /* of one EMAIL_ROWS */
	EMAIL_SMIME_IDS_MAX =
	    16, /* of one EMAIL_SMIME: each takes some milliseconds, and others ask as well */
	EMAIL_KEPT_SECONDS =
	    2 * 86400, /* so long an upload is there (RFC 8620 section 6.1: an hour at least) */
};

/* Ids are below this, so that ranges of them are those of mail/uid_ranges.h. An account that has used them
 * up takes no more mail (-EOVERFLOW). */
#define EMAIL_ID_END ((uint64_t)1 << 32)

/* ---- states ---- */

/*
 * What a state is of: the modseq of the last change of these objects. Each commit that changes some
 * of them notes it.
 */
enum mail_state {
	MAIL_STATE_EMAILS,      /* emails: that there are, their mailboxes, flags and keywords */
	MAIL_STATE_THREADS,     /* that there are, their emails */
	MAIL_STATE_MAILBOXES,   /* name, parent, role, order, subscription, access */
	MAIL_STATE_COUNTS,      /* how much is in mailboxes */
	MAIL_STATE_DELIVERIES,  /* mail came in (RFC 8621 section 1.5: EmailDelivery) */
	MAIL_STATE_SUBMISSIONS, /* RFC 8621 section 7 */
	MAIL_STATE_IDENTITIES,
	MAIL_STATE_VACATION,
	MAIL_STATE_SCRIPTS,
	MAIL_STATE_QUOTA,       /* how much is used, and of how much */
	MAIL_STATE_PUSH,        /* push subscriptions */
	MAIL_STATE_SHARE_NOTES, /* what was told of sharing (RFC 9670 section 3) */
	MAIL_STATES
};

struct email_states {
	uint64_t account;
};

/*
 * modseqs: 8 octets for each of enum mail_state; of another's account only the first four, the others
 * are 0. modseq: of the account's last change of anything. access: 0 for the own account; of another's a
 * number that changes with the set of mailboxes that the session may read: a state of emails, threads or
 * mailboxes there is the modseq and this together. owner: the account's number, for its id.
 */
struct email_state {
	uint64_t account, owner, modseq, access;
	struct view modseqs;
};

/* ---- what emails are ---- */

/*
 * ids: in any order, at most EMAIL_IDS_MAX. want: MAIL_WANT_* of mail.h but UIDL; body_max as in mail_fetch.
 * Answered in the order of the ids; one that is not there is passed over. The frames hold entries of
 * mail/email_wire.h. Done: modseq of the account's emails (MAIL_STATE_EMAILS), read before the first of them;
 * number: `access`, as EMAIL_STATE has it.
 */
struct email_get {
	uint64_t account, want, body_max;
	struct view ids;
};
struct email_entries {
	struct view entries;
};

/* threads: ids. The frame: the thread's emails, ascending by receivedAt, then by id; a thread of more than
 * EMAIL_IDS_MAX emails comes in several. Done: modseq (MAIL_STATE_THREADS). */
struct email_threads {
	uint64_t account;
	struct view threads;
};
struct email_thread {
	uint64_t thread;
	struct view emails;
};

/* ---- what has changed ---- */

enum { EMAIL_CHANGES_EMAILS = 1 << 0, EMAIL_CHANGES_THREADS = 1 << 1, EMAIL_CHANGES_MAILBOXES = 1 << 2 };

/*
 * What changed behind the state (since, part, access). part: of the changes with modseq since + 1 those of
 * emails up to this id are known as well; 0: none. access: as email_state had it. max: so many emails at most
 * (0: all); mailboxes are told all. Done: modseq and uidnext: the new state's modseq and part; number: 1 when
 * there is more behind it. -ESTALE: it is not known any more, or the session may read other mailboxes now:
 * everything is to be looked at anew. -E2BIG: more than can be told, likewise.
 */
struct email_changes {
	uint64_t account, want, since, part, access, max;
};

/* Each object stands in one list only (RFC 8620 section 5.2); one that came and went is in none. */
enum email_changed_kind {
	EMAIL_CREATED,
	EMAIL_UPDATED,
	EMAIL_DESTROYED,
	THREAD_CREATED,
	THREAD_UPDATED, /* an email came or went */
	THREAD_DESTROYED,
	MAILBOX_CREATED,
	MAILBOX_UPDATED, /* itself, and maybe its counts */
	MAILBOX_COUNTS,  /* its counts alone may be others: of emails, of unread ones, of threads */
	MAILBOX_DESTROYED,
	EMAIL_CHANGED_KINDS
};
struct email_changed {
	uint64_t kind;
	struct view ids; /* 8 octets each, of mailboxes too */
};

/*
 * What queries need of all emails, to be kept by the asker (mail/email_table.h). since: modseq of the last
 * answer, with its access; 0: all. First come the ids to forget (EMAIL_FORGET; with since 0: none), then rows
 * of mail/email_wire.h: one for each place, so an email that is in several mailboxes has several, which may
 * lie far apart. Rows of an email that is known add to it. Done: modseq; number: 1 when since was 0 or is
 * taken as 0, so that all that was known before is to be forgotten; uidnext: access.
 */
struct email_table_question {
	uint64_t account, since, access;
};
struct email_forget {
	struct view ids;
};
struct email_rows {
	struct view rows;
};

/* As mail_find, of the whole account. MAIL_FOUND: ids in ranges. Of emails without a place some may be among
 * them; in another's account none that the session can't see. Done: number as there. */
struct email_find {
	uint64_t account, field, how;
	struct view text;
};

/* Of the session's own account the emails that are the first ones of their senders (MAIL_CONTACT_FIRST).
 * EMAIL_FIRSTS: struct mail_uids, with ranges of ids; some may be gone. */
struct email_first {
	uint64_t unused;
};

/* ---- signatures ---- */

/* ids: emails that are signed by S/MIME, as their structure says. */
struct email_smime {
	uint64_t account;
	struct view ids;
};

/* status, delivered: enum smime_status of mail/smime.h, now and when it came; problems: bits of enum
 * smime_problem. at: when it was looked at; 0: it could not be, and both are SMIME_SIGNED. */
struct email_smime_verdict {
	uint64_t email, status, delivered, problems, at;
};

/* ---- bytes ---- */

/*
 * As mail_read: parts are id (8 octets), offset (8), length (8; all ones: to the end). The ids are emails',
 * or with `kept` what EMAIL_KEEP gave (account is not looked at then: it is the session's own).
 */
struct email_read {
	uint64_t account, raw, kept;
	struct view parts;
};

/* Makes an upload of this channel (mail_upload) durable for EMAIL_KEPT_SECONDS, in the session's own account.
 * Done: number: its id; messages: its size. -EDQUOT: too many wait, or too much. */
struct email_keep {
	uint64_t upload;
};

/* Done: messages: the size of what was kept. -ENOENT: there is none, or its time is over. */
struct email_kept {
	uint64_t kept;
};

/* ---- changes ---- */

/*
 * changes: entries of mail/email_wire.h, at most EMAIL_IDS_MAX, each of another email. if_modseq: nothing is
 * done unless MAIL_STATE_EMAILS is this (-ESTALE); all ones: whatever it is. Each email is changed whole or
 * not at all, as many as fit in one commit. EMAIL_SET_FAILED tells those that could not be; all others were
 * changed, or were so already. Done: modseq: MAIL_STATE_EMAILS behind it; uidnext: before it; number: emails
 * that were changed. An error: those that are not among the failed ones and stood behind the last change are
 * unknown.
 */
struct email_set {
	uint64_t account, if_modseq;
	struct view changes;
};

/*
 * Entries: id (8 octets), errno (4). ENOENT: no such email; ENXIO: no such mailbox; EACCES: the rights don't
 * suffice; EINVAL: it would be in no mailbox, or a bad keyword, or no snooze; EDOM: it would not be in
 * Snoozed while it is put off, or would come back there; EMLINK: too many mailboxes; E2BIG: too many
 * keywords; EDQUOT; EOVERFLOW; EBADMSG: damaged.
 */
struct email_set_failed {
	struct view entries;
};

/*
 * A new email, in one or more mailboxes. Its bytes: an upload of this channel; or what was kept (kept); or
 * those of an email (from: its id, in from_account), whose prefix goes along. Else as mail_append, with what
 * mime/digest.h knows of it; of bytes that are kept already the trailer is not kept but for its short
 * structure. Done: number: email id; uidnext: thread; messages: size; modseq. -ENXIO: no such mailbox;
 * -EEXIST: the account has an email of these bytes, made of the same `kept` or the one that `from` names;
 * number: its id.
 */
struct email_import {
	uint64_t account;
	struct view mailboxes; /* numbers, 4 octets each, at most ACCOUNT_TARGET_PLACES_MAX; not empty */
	uint64_t upload, kept, from_account, from;
	uint64_t flags, internaldate; /* seconds since 1970; 0: now */
	struct view keywords;
	struct view summary, trailer;
	uint64_t message_id_hash;
	struct view references;
	uint64_t binary, text_growth;
};

#endif
