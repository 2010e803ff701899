/*
 * Whom mailboxes can be shared with, how, and what those are told (RFC 9670). Questions on an account's
 * channel, as mail/mail.h has them; each ends with MAIL_DONE. The session's own account asks.
 */
#ifndef MAIL_SHARING_H
#define MAIL_SHARING_H

#include "base/view.h"

enum sharing_type {
	/* Questions. */
	SHARING_PRINCIPALS = 1800, /* SHARING_PRINCIPAL for each */
	SHARING_SET,
	SHARING_NOTES,         /* SHARING_NOTE for each */
	SHARING_NOTES_CHANGES, /* SHARING_NOTES_CHANGED */
	SHARING_NOTE_REMOVE,

	/* Answers. */
	SHARING_PRINCIPAL = 1850,
	SHARING_NOTE,
	SHARING_NOTES_CHANGED,
	SHARING_TYPES_END
};

enum {
	/* That one answer tells of: more people than anybody looks through. Of a larger domain a text finds
	   those that are left out. */
	SHARING_PRINCIPALS_MAX = 10000,
	SHARING_TEXT_MAX = 320,   /* octets of what is looked for: an address */
	SHARING_CHANGES_MAX = 64, /* of one question: as many as a mailbox's access list has */
	SHARING_CHANGE_SIZE = 8 + 4 + 4,
	SHARING_NOTES_MAX = 200, /* kept of one account: the oldest one goes when another comes */
	/* Of these; who has so many in a full list pushes out its own oldest one, and nobody else's. */
	SHARING_NOTES_EACH = 20,
	/* Other rights of one person that an account may give and take in an hour: ten folders for each of a
	   hundred people. Each brings an invitation and a note; of a group, to all of its members. */
	SHARING_HOUR_MAX = 1000,
	SHARING_GROUP_COUNTS = 10 /* a group as so many people */
};

enum sharing_kind { SHARING_PERSON, SHARING_GROUP, SHARING_KIND_LAST = SHARING_GROUP };

/*
 * Whom the session may see: itself; the people and groups of its domain, its groups and whoever else is in
 * one of them, as far as the setting people_seen allows; and who shares something with it. numbers: these
 * alone (8 octets each); else text: those alone whose address has it within, in any case. Done: number: 1
 * when there are more than SHARING_PRINCIPALS_MAX, or may be.
 */
struct sharing_principals {
	struct view numbers, text;
};
struct sharing_principal {
	uint64_t number, kind; /* the number of an account or a group: no two are alike */
	struct view address;
};

/*
 * Other rights to a mailbox (RIGHT_ADMIN), in one step: for each of `changes` the number of a person or a
 * group (8 octets), the rights (RIGHT_*, 4 octets) that are given, and those that are taken. replace: all
 * people and groups that are not named lose theirs; negative rights and those of anyone stay. Whoever has
 * any right has RIGHT_LOOKUP too. People are invited, and told of it, and so are the members of groups, soon
 * afterwards. -EUSERS: SHARING_HOUR_MAX; -ENXIO: there is nobody of that number
 * whom the session may see, and who has no right already (done: number); -EINVAL: it is the owner; -EMLINK:
 * too many.
 */
struct sharing_set {
	uint64_t account, mailbox, replace;
	struct view changes;
};

/* What the session was told: somebody has given it other rights to a mailbox. since 0: all; Done: modseq. */
struct sharing_notes {
	uint64_t unused;
};
struct sharing_note {
	uint64_t number, created, modseq; /* created: seconds since 1970 */
	uint64_t by;                      /* who did it: the number of an account; 0: an administrator */
	struct view by_address;
	uint64_t owner, mailbox;         /* the account and its mailbox, by their numbers */
	uint64_t old_rights, new_rights; /* RIGHT_*; 0: none */
	struct view path;                /* of the mailbox at that time */
};

/* Since a state: numbers of 8 octets each. Done: modseq. -ESTALE: it is not known so far back. */
struct sharing_notes_changes {
	uint64_t since;
};
struct sharing_notes_changed {
	struct view created, destroyed;
};

/* -ENOENT. Done: modseq. */
struct sharing_note_remove {
	uint64_t number;
};

#endif
