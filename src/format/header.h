/*
 * Header fields: RFC 5322 sections 2.2 and 4.5. A reader over one header block that lies in memory; fields
 * come in their order, with their place, so that a caller can cut one out or replace it.
 */
#ifndef FORMAT_HEADER_H
#define FORMAT_HEADER_H

#include "base/arena.h"
#include "base/buf.h"

struct header_field {
	struct view name;   /* without the colon */
	struct view body;   /* after the colon, folds included, without the last line end */
	size_t offset, len; /* of the whole field with its last line end, in the block */
};

struct header_reader {
	struct view block;
	size_t at;      /* where the next field begins; at the end: the offset of the body */
	size_t sure;    /* up to here the header goes on, whatever the lines are */
	bool strict;    /* to be set by a caller that passes over broken lines itself: each ends the header */
	bool ended;     /* the blank line, or lines that are text, were met */
	bool defective; /* a line that is no field, or a field without a name, was met */
};

struct header_reader header_read(struct view block);

/*
 * The next field; false at the end: after the blank line (CRLF or a bare LF; it is taken), before lines that
 * are no fields (the body has begun without a blank line), or where the block ends. A broken line does not
 * end the header when a field of a known name follows within HEADER_DOUBT_MAX octets and before a blank line:
 * the lines up to it that are no fields are skipped. A "From " line of mbox before the first field and fields
 * without a name are skipped too. Views point into the block, or, if a name was repaired, to static memory.
 */
bool header_next(struct header_reader *r, struct header_field *field);

/* The body of the first field of that name; false if there is none. */
bool header_find(struct view block, struct view name, struct view *body);

/*
 * Whether the message's header holds UTF-8 beyond ASCII, so that it travels by SMTPUTF8 alone (RFC 6532
 * section 3.2). A header in another charset is no such one: it is sent as it is, as it always was.
 */
bool header_needs_utf8(struct view message);

/*
 * The name part of one line: its length with the colon, at most FIELD_NAME_MAX; 0 if it begins no field.
 * *name is set without blanks before the colon (obs-optional).
 */
size_t header_field_name(struct view line, struct view *name);

/*
 * The name that a lenient reader finds in a line (with its continuations) where header_field_name finds none:
 * behind a byte order mark or blanks, with control characters or stray octets in it, or folded before the
 * colon. Only names of known fields are found, so that text is not taken for a field. The length with the
 * colon, at most FIELD_NAME_MAX; 0 if there is none.
 */
size_t header_field_name_repaired(struct view lines, struct view *name);

/* Whether these lines begin a field whose name is known (RFC 5322, MIME, trace fields, X- and their like), as
 * it stands or repaired. Their presence tells a header from text. *name and the length as above, else 0. */
size_t header_field_known(struct view lines, struct view *name);

/*
 * The same where line is added to line: whether it is with the last one, which begins at `at`, that the name
 * shows. A colon before it has settled that, so no line is looked through more than once.
 */
size_t header_field_becomes_known(struct view lines, size_t at, struct view *name);

/* Printable US-ASCII but the colon: what a field's name is made of. */
bool header_is_ftext(char c);

/* Appends a body on one line: line ends go, blanks at both ends go. The result of buf_append. */
int header_unfold(struct view body, struct buf *out);

/*
 * The next message identifier of a list (Message-ID, In-Reply-To, References: RFC 5322 section 3.6.4) is
 * taken off *rest: what stands in <>; phrases and comments between them are skipped. *id is without brackets
 * and may hold folds, which message_id_append leaves out. False at the end.
 */
bool message_id_next(struct view *rest, struct view *id);
int message_id_append(struct view id, struct buf *out);

#endif
