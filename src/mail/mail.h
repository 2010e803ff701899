/*
 * What can be asked of an account, and what is answered: the vocabulary that protocols, edges and store
 * share. Each struct is a message on an account's channel (process/messages_mailbox.c has its limits). A
 * protocol's machine asks its backend for these and is given the answers; it knows no other way to mail.
 *
 * A question is answered by any number of frames of the kinds that are named behind it, each as often as it
 * takes, and then by one MAIL_DONE. Questions of a session are carried out one after the other. `account` is
 * 0 for the session's own account; another's is allowed as far as the access list of the mailbox says
 * (-EACCES; -ENOENT without RIGHT_LOOKUP). Errors common to all: -ENOENT no such mailbox or account; -EACCES;
 * -EAGAIN, -EIO, -ENOMEM, -EROFS: not now; -ENOSPC: the disk is full; -EBADMSG: damaged.
 *
 * UIDs travel as ranges: pairs of 32-bit numbers, first and last, ascending, not overlapping
 * (mail/uid_ranges.h). Paths are names of mailboxes in UTF-8 with "/" between levels; "INBOX" in any case.
 * Keywords travel as their names with one space between them.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include "base/view.h"
#include "mail/mail_flags.h"

enum mail_type {
	/* Questions. */
	MAIL_MAILBOXES = 430, /* MAIL_MAILBOX for each */
	MAIL_CREATE,
	MAIL_RENAME,
	MAIL_REMOVE,
	MAIL_SET,
	MAIL_OPEN, /* MAIL_KEYWORDS, one MAIL_MAILBOX (its numbers alone), MAIL_UIDS, then what MAIL_CHANGES
	              answers */
	MAIL_CHANGES,      /* MAIL_CHANGED_FLAGS, MAIL_VANISHED, MAIL_ARRIVED */
	MAIL_FETCH,        /* MAIL_KEYWORDS, MAIL_MESSAGES */
	MAIL_READ,         /* MAIL_DATA */
	MAIL_STORE,        /* MAIL_MODIFIED, MAIL_UIDS: those that were changed */
	MAIL_COPY,         /* MAIL_COPIED */
	MAIL_EXPUNGE,      /* MAIL_VANISHED */
	MAIL_UPLOAD,       /* no answer but MAIL_UPLOAD_CREDIT */
	MAIL_UPLOAD_ABORT, /* no answer */
	MAIL_APPEND,       /* MAIL_UIDS: of the new messages, in order */
	MAIL_FIND,         /* MAIL_FOUND */
	MAIL_QUOTA,
	MAIL_QUOTA_SET, /* administrators alone */
	MAIL_GRANTS,    /* MAIL_GRANT for each */
	MAIL_GRANT_SET,
	MAIL_SHARES, /* MAIL_SHARE for each */
	MAIL_SHARE_SET,
	MAIL_METADATA, /* MAIL_METADATA_ENTRY for each */
	MAIL_METADATA_SET,
	MAIL_ANNOTATIONS, /* MAIL_ANNOTATION for each */
	MAIL_ANNOTATE,    /* MAIL_MODIFIED, MAIL_UIDS: those that were changed */
	MAIL_WATCH,       /* MAIL_CHANGED and MAIL_NOTED, from now on; never MAIL_DONE but for an error */
	MAIL_STOP,   /* the question of this number needs no more answers: MAIL_DONE with -ECANCELED comes,
	                unless it was on its way */
	MAIL_SHOW,   /* MAIL_SHOWN */
	MAIL_BRANCH, /* MAIL_BRANCHED */

	/* Answers. */
	MAIL_DONE = 465,
	MAIL_MAILBOX,
	MAIL_UIDS,
	MAIL_VANISHED,
	MAIL_ARRIVED,
	MAIL_CHANGED_FLAGS,
	MAIL_MODIFIED,
	MAIL_KEYWORDS,
	MAIL_MESSAGES,
	MAIL_DATA,
	MAIL_COPIED,
	MAIL_UPLOAD_CREDIT,
	MAIL_FOUND,
	MAIL_GRANT,
	MAIL_SHARE,
	MAIL_METADATA_ENTRY,
	MAIL_ANNOTATION,
	MAIL_CHANGED,
	MAIL_SHOWN,
	MAIL_NOTED,
	MAIL_BRANCHED,
	MAIL_TYPES_END
};

enum {
	MAIL_PATH_MAX = 4200, /* 20 levels of 200 octets, and the owner's address */
	/* Octets of the keywords that one question names: as many as JMAP takes for one email. */
	MAIL_KEYWORDS_MAX = 250 * (MAIL_KEYWORD_MAX + 1),
	MAIL_FIND_TEXT_MAX = 1024, /* octets of what is looked for */
	MAIL_METADATA_NAME_MAX = 500,
	MAIL_METADATA_VALUE_MAX = 64 * 1024,
	/*
	 * Octets of UIDs' ranges in one question: of a mailbox of 200,000 messages every second one. What a
	 * person selects has a handful; a session refuses, or asks several times.
	 */
	MAIL_RANGES_MAX = 800 * 1024,
	MAIL_UIDS_MAX = 1000000, /* messages that one question may change, copy or remove: else -E2BIG */
	/*
	 * Annotations: an entry of the index holds a value. So many values of one message, whoever they are,
	 * so that it can be removed and copied in a step.
	 */
	MAIL_ANNOTATION_NAME_MAX = 180,
	MAIL_ANNOTATION_VALUE_MAX = 1700,
	MAIL_ANNOTATIONS_OF_MESSAGE = 32,
	MAIL_ANNOTATIONS_SET_MAX = 64 * 1024, /* octets of those that one question sets */
	MAIL_BODY_MAX = 256 * 1024,           /* body_max of MAIL_FETCH */
	MAIL_PARTS_MAX = 1000,                /* of one MAIL_READ */
	MAIL_NOTED_UIDS_MAX = 8 * 1024,       /* octets of ranges in MAIL_NOTED: a thousand gaps */
	MAIL_BRANCHES_MAX = 8,                /* of one channel, at a time */
	MAIL_PIECE_MAX = 256 * 1024           /* octets of MAIL_DATA and of MAIL_UPLOAD */
};

/* Numbers of accounts are below this. */
#define MAIL_ACCOUNT_END ((uint64_t)1 << 56)

/* The end of an answer. Which of the numbers mean something stands with the question. */
struct mail_done {
	int64_t error; /* 0 or a negative errno */
	uint64_t modseq, uidvalidity, uidnext, messages, number;
};

/* MAIL_STOP says all with its number. */
struct mail_stop {
	uint64_t unused;
};

/*
 * Another channel with the same right as this one: its descriptor comes with MAIL_BRANCHED. For what takes
 * long, so that nothing else waits for it. It ends by itself or with the account's rights, not with this
 * channel; and when this one's day is over. -EMFILE: this channel has MAIL_BRANCHES_MAX of them; a branch can
 * have none.
 */
struct mail_branch {
	uint64_t unused;
};
struct mail_branched {
	uint64_t unused;
};

/* ---- mailboxes ---- */

/* All mailboxes that the session may see (RIGHT_LOOKUP): its own, and those of others that it has accepted.
 * changed_since: only those whose names, messages or counts changed behind this modseq of their account.
 * account, mailbox: only this one. Done: modseq of the session's account, where its mailboxes were looked at.
 */
struct mail_mailboxes {
	uint64_t account, mailbox; /* 0, 0: all */
	uint64_t own_only;
	uint64_t offered; /* those of others, too, that it was invited to, or has left */
	uint64_t changed_since;
	struct view path, owner; /* path: only the mailbox of this path, of the account with the address
	                            `owner` (empty: own) */
};

enum {
	MAIL_MAILBOX_SHARED = 1 << 0, /* somebody else has rights to it */
	MAIL_MAILBOX_NO_MAILBOX =
	    1 << 1 /* a subscription to a name that has no mailbox: only path and subscribed count */
};

struct mail_mailbox {
	uint64_t account, mailbox; /* account 0: own. Together they are the mailbox's id, never used again */
	uint64_t owner_number;     /* the account's number, for ids that are unique among accounts */
	uint64_t parent;           /* its number; 0: none */
	struct view path;          /* within its account */
	struct view owner;         /* of another's: its address; of one's own: empty */
	uint64_t role, subscribed, order, marks; /* enum mailbox_role; MAIL_MAILBOX_* */
	uint64_t rights;                         /* of this session: RIGHT_* */
	uint64_t uidvalidity, uidnext, recent;   /* recent: the first UID that is \Recent */
	uint64_t messages, unseen, deleted, bytes;
	uint64_t deleted_bytes; /* of messages with \Deleted: counted when `deleted` is above 0, else 0 */
	uint64_t modseq;        /* HIGHESTMODSEQ (RFC 7162) */
	uint64_t names_modseq;  /* of its last change of name, role, rights ... */
};

/* Makes the mailbox, and its parents where they are missing. Done: number, uidvalidity. -EEXIST; -EINVAL: no
 * name for a mailbox, or the role is taken; -EMLINK: too many, or too deep. */
struct mail_create {
	uint64_t account;
	struct view path;
	uint64_t role;
};

/* What is below goes with it; missing parents are made. INBOX itself cannot be renamed (-EPERM). -EEXIST,
 * -EINVAL, -EMLINK as above; -ELOOP: below itself. */
struct mail_rename {
	uint64_t account, mailbox;
	struct view path;
};

/* -EPERM: INBOX; -ENOTEMPTY: there are mailboxes below it. Its messages can be brought back for a while. */
struct mail_remove {
	uint64_t account, mailbox;
	uint64_t only_empty; /* -EBUSY while it has messages that are not marked as \Deleted */
};

enum { MAIL_SET_SUBSCRIBED = 1 << 0, MAIL_SET_ROLE = 1 << 1, MAIL_SET_ORDER = 1 << 2 };

/* mailbox 0: the subscription of `path`, whether or not there is such a mailbox. */
struct mail_set {
	uint64_t account, mailbox;
	struct view path;
	uint64_t set, subscribed, role, order;
};

/*
 * Opens a mailbox for a session: its state and UIDs of one moment. take_recent: this session is told of the
 * recent messages, and no later one. since: also what changed behind this modseq, when uidvalidity fits.
 * Done: modseq, uidvalidity, uidnext, messages; number: 1 when what has vanished since is not known any more
 * (then nothing of changes is answered, and all that is not in MAIL_UIDS is gone).
 */
struct mail_open {
	uint64_t account, mailbox, take_recent;
	uint64_t uidvalidity, since; /* 0: no changes are asked for */
};

struct mail_uids {
	struct view ranges;
};

/* ---- messages ---- */

/* What of messages is asked for: `want` of MAIL_FETCH. The UID always comes. */
enum {
	MAIL_WANT_FLAGS = 1 << 0,
	MAIL_WANT_MODSEQ = 1 << 1,
	MAIL_WANT_SIZE = 1 << 2,       /* octets as they are sent */
	MAIL_WANT_DATES = 1 << 3,      /* INTERNALDATE, SAVEDATE */
	MAIL_WANT_IDS = 1 << 4,        /* email id, thread id */
	MAIL_WANT_SUMMARY = 1 << 5,    /* mime/summary.h: envelope, preview */
	MAIL_WANT_STRUCTURE = 1 << 6,  /* mime/summary.h: mime_tree_decode; offsets are behind the prefix */
	MAIL_WANT_HEADER = 1 << 7,     /* the message's header, prefix and all, with the empty line */
	MAIL_WANT_REFERENCES = 1 << 8, /* hashes: its own Message-ID, those it refers to */
	MAIL_WANT_BODY = 1 << 9,       /* the whole message, where it has at most body_max octets */
	MAIL_WANT_UIDL = 1 << 10,
	MAIL_WANT_PREFIX = 1 << 11, /* only how long it is */
	MAIL_WANT_ORDER = 1 << 12,  /* format/message_order.h: what it is sorted by */
	/* Who sent it, as it was found when it came: trust/sender/sender_results.h. */
	MAIL_WANT_SENDER = 1 << 13,
	/* Whether it is the first message of its sender, and whom the sender may be taken for; of EMAIL_GET
	   in the own account, else unknown. */
	MAIL_WANT_CONTACT = 1 << 14,
	MAIL_WANT_SNOOZE = 1 << 16 /* of EMAIL_GET alone: mail/snooze.h; of another's account nothing */
};

enum mail_contact { MAIL_CONTACT_UNKNOWN, MAIL_CONTACT_FIRST, MAIL_CONTACT_KNOWN, MAIL_CONTACTS };

/*
 * Messages, ascending; UIDs that are not there are passed over. changed_since: only those whose modseq is
 * higher. Only those with all of flags_with, and none of flags_without (system flags). limit: of these the
 * first ones; 0: all. The frames hold entries of mail/message_wire.h. Done: modseq of the mailbox.
 */
struct mail_fetch {
	uint64_t account, mailbox, want, body_max;
	uint64_t changed_since, flags_with, flags_without, limit;
	struct view uids; /* ranges; empty: all */
};

struct mail_messages {
	struct view entries;
};

/* Parts of messages' bytes: uid (4 octets), offset (8), length (8; all ones: to the end) of each, in any
 * order. Offsets count from the message's first octet, with its prefix, as it is sent (a body that came as
 * BINARYMIME with its line ends mended). Each comes in pieces, one part after the other. */
struct mail_read {
	uint64_t account, mailbox;
	uint64_t raw; /* as the body is kept: of one that came as BINARYMIME the line ends are not mended */
	struct view parts;
};

struct mail_data {
	uint64_t index; /* of the part in the question */
	int64_t error;  /* ends the part: -ENOENT: there is no such message any more */
	uint64_t last;  /* of this part */
	struct view bytes;
};

enum mail_how { MAIL_ADD, MAIL_REMOVE_FLAGS, MAIL_REPLACE };

/*
 * Flags. unchanged_since: messages with a higher modseq are left alone and named by MAIL_MODIFIED (RFC 7162
 * section 3.1.3); all ones: none. Done: modseq of the change, 0 when nothing changed; number: messages that
 * could get no more keywords. -EMLINK: too many keywords in the account.
 */
struct mail_store {
	uint64_t account, mailbox, how, flags, unchanged_since;
	struct view keywords, uids;
};

/* MAIL_MODIFIED: struct mail_uids. */

/*
 * Copies, or moves, to another mailbox, of another account too. Flags go with them, as far as the session may
 * set them there. A copy is whole or nothing; of a move each message is in one place at any time, and what
 * was moved before an error is told. Done: uidvalidity of the target, modseq of the source's (a move).
 * -E2BIG: too many at once; -ESTALE: messages went meanwhile, again and again. -ENODEV: there is no such
 * target; -EDQUOT; -ETOOMANYREFS: annotations go along, and the account can have no more; -EOVERFLOW.
 */
struct mail_copy {
	uint64_t account, mailbox, to_account, to_mailbox, move;
	struct view uids;
};

/* Two lists of ranges of the same number of UIDs, in the same order: from where, to where. */
struct mail_copied {
	struct view from, to;
};

/* Removes messages for good (they can be brought back for a while); deleted_only: of these UIDs the ones with
 * \Deleted. Empty uids: all. Done: modseq. */
struct mail_expunge {
	uint64_t account, mailbox, deleted_only;
	struct view uids;
};

/* MAIL_VANISHED: struct mail_uids. */

/* What changed in a mailbox behind a modseq. MAIL_ARRIVED: UIDs that are new (struct mail_uids);
 * MAIL_CHANGED_FLAGS: those whose flags changed, and maybe new ones among them; MAIL_VANISHED: those that
 * went. Done: modseq, up to which this is all; uidnext, messages; -ESTALE: it is not known so far back. */
struct mail_changes {
	uint64_t account, mailbox, since;
};

/* ---- new messages ---- */

/* A piece of a body. The number is the asker's. The asker sends no more than its credit, MAIL_UPLOAD_WINDOW
 * at first; what has been taken is credited once it is a quarter of that. Uploads under way: at most
 * MAIL_UPLOADS_MAX. */
enum { MAIL_UPLOAD_WINDOW = 256 * 1024, MAIL_UPLOADS_MAX = 100 };

/* An administrator's appends are answered as they are done, in their order, and so many may be under way;
 * `more` and `replace` are not for them. */
enum { MAIL_IMPORTS_MAX = 256 };

struct mail_upload {
	uint64_t upload;
	struct view bytes;
};
struct mail_upload_credit {
	uint64_t upload, bytes;
};
struct mail_upload_abort {
	uint64_t upload;
};

/*
 * A new message, from an upload, with what mime/digest.h knows of it. Several in a row with `more` are
 * added together with the last one, all or none (RFC 3502), into the last one's mailbox; MAIL_DONE comes
 * after the last. They are asked in a row when all bodies are up. replace: the UID of a message in
 * replace_mailbox that goes in the same step (RFC 8508). Done: uidvalidity, uidnext, modseq. -EDQUOT: over
 * the quota; -EFBIG: larger than the quota; -EMSGSIZE; -ETOOMANYREFS: the account can have no more
 * annotations.
 */
struct mail_append {
	uint64_t account, mailbox, more;
	struct view path; /* of the session's own mailbox, looked up in the same step; mailbox is 0 then */
	uint64_t upload;
	uint64_t flags, internaldate; /* seconds since 1970; 0: now */
	struct view keywords;
	struct view summary, trailer;
	uint64_t message_id_hash;
	struct view references; /* hashes, 8 octets each */
	uint64_t binary, text_growth;
	uint64_t replace_mailbox, replace; /* 0: none */
	uint64_t uid; /* administrators alone: an imported UID, above all that there are; 0: the next one */
	struct view uidl;        /* the same: an imported UIDL */
	struct view delivery;    /* the same: 16 octets; a message with the same ones is not added twice */
	struct view annotations; /* mail/annotation_wire.h; those that are shared need RIGHT_ANNOTATE */
};

/* ---- keywords and news ---- */

/* Names of keywords, before the first answer in which their numbers occur: for each its number (4 octets),
 * the length of its name (1), the name. They replace what is known of the number. */
struct mail_keywords {
	uint64_t account;
	struct view entries;
};

/* modseq: what the session knows of already. mailbox: this one alone, since the others are not looked at; 0:
 * all, of the own account. Each change is told, though several as one. notes: MAIL_NOTED too. */
struct mail_watch {
	uint64_t account, mailbox, modseq, notes;
};

/* mailboxes: numbers (4 octets each) whose messages, flags or names changed; empty: any may have. */
struct mail_changed {
	uint64_t account, modseq;
	struct view mailboxes;
};

/*
 * Somebody else has set or removed an entry: `name` of the metadata of a mailbox (0: of the account), or,
 * with uids, of the annotations of these messages; of what the session may read. An empty name: there was
 * more of it than could be told.
 */
struct mail_noted {
	uint64_t account, mailbox;
	struct view uids, name;
};

/* ---- search ---- */

enum mail_field {
	MAIL_FIELD_ANY,
	/* TEXT: header and body */ MAIL_FIELD_BODY,
	MAIL_FIELD_SUBJECT,
	MAIL_FIELD_FROM,
	MAIL_FIELD_TO,
	MAIL_FIELD_CC,
	MAIL_FIELD_BCC,
	MAIL_FIELD_HEADER,
	/* any other: the index knows words of all headers together */ MAIL_FIELD_ATTACHMENT,
	MAIL_FIELDS
};
enum mail_find_how {
	MAIL_FIND_SUBSTRING,
	/* RFC 9051: exactly */ MAIL_FIND_WORDS,
	/* all these words */ MAIL_FIND_PREFIX /* the last word is begun only */
};

/*
 * text: folded (format/fold.h). MAIL_FOUND: UIDs that have it for certain, and UIDs that may have it. Done:
 * number: messages that the index does not know yet (they are among those that may). limit: so many are
 * enough, those with the highest UIDs, below `before` (0: of all); 0: all. Done: uidnext: messages with UIDs
 * below it were not looked at, and may be asked about next; 0: all were.
 */
struct mail_find {
	uint64_t account, mailbox, field, how, limit, before;
	struct view text;
};
struct mail_found {
	struct view sure, maybe;
};

/* ---- quota, rights, shares, metadata ---- */

/* Of the account. MAIL_DONE: number: bytes in use; messages: messages in use; modseq: the limit of bytes;
 * uidnext: of messages (0: none). */
struct mail_quota {
	uint64_t account, mailbox;
};
struct mail_quota_set {
	uint64_t account, bytes, messages;
};

/* The access list; needs RIGHT_ADMIN. who: "user@domain", "group:name@domain", "anyone", "owner"; with "-" in
 * front: rights that are taken away. */
struct mail_grants {
	uint64_t account, mailbox;
};
/* MAIL_GRANT, MAIL_GRANT_SET. A grant without rights is removed. -ENXIO: there is nobody of that name. */
struct mail_grant {
	uint64_t account, mailbox, rights;
	uint64_t keep;   /* MAIL_GRANT_SET: of what it has at that moment this stays beside `rights` */
	uint64_t number; /* MAIL_GRANT: of the user's account, or of the group; 0: neither */
	struct view who;
};

/* What others share with this account. state: MAIL_SHARE_*. */
enum mail_share_state { MAIL_SHARE_INVITED, MAIL_SHARE_ACCEPTED, MAIL_SHARE_LEFT };
struct mail_shares {
	uint64_t unused;
};
/* MAIL_SHARE; MAIL_SHARE_SET: state, of account and mailbox, or of owner and path. What is accepted is
 * subscribed. */
struct mail_share {
	uint64_t account, mailbox, state, rights;
	struct view owner, path;
};

/* Metadata (RFC 5464) of a mailbox, or of the account (mailbox 0; account 0: the server's, as this account
 * sees it). Names in lower case. MAIL_METADATA: the entry `name`, and depth levels below it (0, 1; 2: all).
 */
struct mail_metadata {
	uint64_t account, mailbox, depth;
	struct view name;
};
struct mail_metadata_entry { /* MAIL_METADATA_ENTRY, MAIL_METADATA_SET; `none`: there is no value, or it is
	                        removed. -EMLINK: too many; -EMSGSIZE */
	uint64_t account, mailbox, none;
	struct view name, value;
};

/*
 * Annotations of messages (RFC 5257). MAIL_ANNOTATIONS: all that the session sees of these messages; of each
 * its name with ".priv" or ".shared" behind it, in the order of UIDs. Names in lower case.
 */
struct mail_annotations {
	uint64_t account, mailbox;
	struct view uids;
};
struct mail_annotation {
	uint64_t account, mailbox;
	struct view uids, name, value;
};

/*
 * Sets annotations of each of the messages, or removes some: entries of mail/annotation_wire.h. What is
 * shared needs RIGHT_ANNOTATE, what is private RIGHT_READ. unchanged_since: as in mail_store. Done: modseq of
 * the change. -EMSGSIZE: a name or value is too long; -EMLINK: there are too many, of a message or in the
 * account; -EDQUOT.
 */
struct mail_annotate {
	uint64_t account, mailbox, unchanged_since;
	struct view uids, entries;
};

/* ---- what a URL shows ---- */

/*
 * A piece of what a URL with a token names (RFC 4467), in a mailbox of any account: `offset` octets are
 * passed over. The token is the right to it, whatever the session may read otherwise; it is looked at for
 * each piece anew. raw: the URL's PARTIAL counts behind the encoding, so all of a section that is encoded is
 * meant. Done: -EACCES, whatever the reason is that there is nothing to show, and other errors when it cannot
 * be told now.
 */
struct mail_show {
	uint64_t offset, raw;
	struct view url; /* at most MAIL_URL_MAX of mail_url.h */
};
/*
 * size: octets of all pieces. encoding: enum transfer_encoding of the part whose body is named. structure: of
 * what is named, if it is a message or a part, and of nothing around it (mime/summary.h: mime_tree_decode),
 * with the first piece.
 */
struct mail_shown {
	uint64_t size, encoding;
	struct view structure, bytes;
};

#endif
