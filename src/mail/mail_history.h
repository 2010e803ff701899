/*
 * What was deleted and can be brought back: questions on an account's channel, as mail/mail.h has them; each
 * ends with MAIL_DONE. Of the session's own account alone.
 *
 * A deleted email is kept for a while (the setting undelete_days), with the mailbox that it lay in last. The
 * number under which it was known and the time at which it is erased name it. What is brought back is a new
 * email, since whoever had seen the old one go must see this one come.
 */
#ifndef MAIL_MAIL_HISTORY_H
#define MAIL_MAIL_HISTORY_H

#include "base/buf.h"
#include "base/cursor.h"
#include "mail/mail_email.h"

enum history_type {
	/* Questions. */
	HISTORY_LIST = 1360, /* HISTORY_ROWS */
	HISTORY_GET,         /* HISTORY_ROWS, with summaries */
	HISTORY_RESTORE,     /* HISTORY_RESTORED */
	HISTORY_MAILBOXES,   /* HISTORY_MAILBOX for each */

	/* Answers. */
	HISTORY_ROWS = 1370,
	HISTORY_RESTORED,
	HISTORY_MAILBOX,
	HISTORY_TYPES_END
};

enum {
	HISTORY_ID_SIZE = 16, /* octets of an id in a list: email (8), expires (8) */
	HISTORY_IDS_MAX = EMAIL_IDS_MAX,
	HISTORY_ROWS_BYTES = 256 * 1024 /* of one frame */
};

/* All, in the order in which they are erased. */
struct history_list {
	uint64_t unused;
};
/* These, in their order; one that is not there is passed over. */
struct history_get {
	struct view ids;
};
struct history_rows {
	struct view rows;
};

/* In a frame. */
struct history_row {
	uint64_t email, mailbox, size, flags; /* flags: of FLAGS_SYSTEM, and FLAG_HAS_ATTACHMENT */
	int64_t expires, deleted, received;   /* seconds since 1970 */
	struct view summary;                  /* mime/summary.h; empty in a list, and where it is long */
};
/* False when the buffer has no room for the row; it is then as it was, without the mark of a failure. */
bool history_row_put(struct buf *out, const struct history_row *row);
/* False at the end, and when it is broken (cursor_ok tells). */
bool history_row_get(struct cursor *in, struct history_row *row);

/*
 * Brings them back: into this mailbox, or where each lay (0): if that is gone, it is made again, or else
 * INBOX takes its place. Done: number: how many came back. An error: those that HISTORY_RESTORED did not tell
 * are unknown.
 */
struct history_restore {
	uint64_t mailbox;
	struct view ids;
};
/* Entries: the email as it was named (8 octets), as it is named now (8; 0: it did not come back), errno (4).
 * ENOENT: it is not there; ENXIO: no such mailbox; EDQUOT; EBADMSG: damaged. */
struct history_restored {
	struct view entries;
};

/* Mailboxes that were removed, and whose mail can be brought back still. */
struct history_mailboxes {
	uint64_t unused;
};
struct history_mailbox {
	uint64_t mailbox, role, until; /* until: seconds since 1970 */
	struct view path;
};

#endif
