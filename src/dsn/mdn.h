/*
 * Message disposition notifications, which people call read receipts: RFC 8098, with the addresses of RFC
 * 6533. Reading is tolerant, every view that is read is text from outside. Writing is strict: whatever stands
 * in a field stays one field.
 */
#ifndef DSN_MDN_H
#define DSN_MDN_H

#include "base/arena.h"
#include "base/buf.h"
#include "mime/mime.h"

enum {
	MDN_VALUE_MAX = 2000,    /* octets of a field's value that are kept: some lines that a person reads */
	MDN_FIELDS_MAX = 1000,   /* fields, and lines that are none, that are looked at */
	MDN_EXTENSIONS_MAX = 20, /* fields of others that are kept, or written */
	MDN_ERRORS_MAX = 20,     /* fields Error that are kept */
	/* A maximum for what mdn_write appends, beside the text (quoted-printable: three times its octets)
	   and the original. */
	MDN_FRAME_MAX = 256 * 1024,
	MDN_PARSE_MEMORY = 256 * 1024 /* an arena of this size holds all that mdn_parse keeps */
};

/* RFC 8098 section 3.2.6.2. */
enum mdn_type { MDN_DELETED, MDN_DISPATCHED, MDN_DISPLAYED, MDN_PROCESSED, MDN_TYPES };

/* "deleted" ...; and back: -1 for an unknown one. Case does not count. */
const char *mdn_type_name(enum mdn_type type);
int mdn_type_by_name(struct view name);

struct mdn_field {
	struct view name, value;
};

/* What the part for programs says. Texts are on one line; empty: the field is missing. */
struct mdn {
	bool automatic_action;   /* else the person did what the disposition says */
	bool sent_automatically; /* else the person agreed to tell of it */
	enum mdn_type type;
	struct view reporting_ua, gateway;
	struct view original_recipient, final_recipient; /* with their type: "rfc822; joe@example.com" */
	struct view original_message_id;                 /* with its brackets */
	struct view errors[MDN_ERRORS_MAX];
	size_t error_count;
	struct mdn_field extensions[MDN_EXTENSIONS_MAX];
	size_t extension_count;
};

/*
 * Reads the decoded body of a message/disposition-notification. Everything lives in the arena. What is
 * malformed or past a limit is left out. 0; -ENOBUFS when the arena is full; -EINVAL when there is no
 * Disposition that can be read: then it tells nothing.
 */
int mdn_parse(struct view body, struct arena *arena, struct mdn *mdn);

/* The index of the part that holds the disposition in a report of a message; -1 if there is none. */
int mdn_part(const struct mime_tree *tree);

/* ---- writing ---- */

/* Whether a notification has a field of this name already, or the name is none, so that no extension may have
 * it. */
bool mdn_field_is_taken(struct view name);

struct mdn_report {
	struct mdn mdn;       /* final_recipient is there; original_message_id if the original has one */
	struct view text;     /* for a person: UTF-8, lines that end in LF or CRLF */
	struct view original; /* the whole message, lines that end in CRLF; empty: it does not follow */
	struct view boundary; /* 16 to 50 random letters and digits */
};

enum { MDN_NEEDS_8BITMIME = 1 << 0, MDN_NEEDS_SMTPUTF8 = 1 << 1 };

/*
 * Appends the Content-Type field, an empty line and the body of the notification. *needs: what it asks of
 * hosts on its way. 0; -EINVAL: there is no final recipient or no boundary; -EILSEQ: the original cannot
 * follow, since it holds a NUL or a line of more than 998 octets; -ENOBUFS.
 */
int mdn_write(const struct mdn_report *report, struct buf *out, unsigned *needs);

#endif
