/*
 * A message from its header fields and a tree of parts, as a program that writes mail has put them together
 * (RFC 8621 section 4.6). Unlike compose.h it takes drafts that are half finished: an address may lack its
 * domain, a list its recipients. Whatever the values are, each field stays one field and each address one
 * address, and what comes out has lines of 998 octets at most.
 *
 * Bodies that are texts get the encoding that they need; the line ends that they have, CRLF, LF or CR, become
 * CRLF, and the last line gets none that it does not have. Bodies that are octets kept elsewhere (blobs) are
 * never held here: the writer asks for them where they stand, and encodes them as they pass. They arrive as
 * they are, octet by octet. A pure machine: date, identifier and boundary are the caller's.
 */
#ifndef MIME_DRAFT_H
#define MIME_DRAFT_H

#include "base/buf.h"
#include "format/date.h"
#include "format/transfer.h"
#include "mime/header_form.h"

/* ---- fields ---- */

struct draft_address {
	struct view name, email;
};

struct draft_group {
	bool is_named; /* else they are mailboxes that stand in no group */
	struct view name;
	const struct draft_address *addresses;
	size_t count;
};

/* All texts are UTF-8. */
struct draft_field {
	struct view name;
	enum header_form form;
	struct view text;         /* Raw: what stands behind the colon, folds and all; Text */
	const struct view *items; /* MessageIds, URLs: without brackets */
	size_t item_count;
	const struct draft_group *groups; /* Addresses, GroupedAddresses */
	size_t group_count;
	struct date date;
};

enum {
	/* Octets of one field: its reader keeps MIME_FIELD_MAX; a To with a thousand addresses fits. */
	DRAFT_FIELD_MAX = 1024 * 1024
};

/*
 * Appends the field with its line end. 0; -EINVAL with *why for the writer ("contains a line end"); the
 * result of buf_append. On failure `out` may hold a part of it.
 */
int draft_field_write(struct buf *out, const struct draft_field *field, const char **why);

/* ---- encodings ---- */

/* What octets are, as far as their encoding depends on it. Zeroed before the first ones. */
struct draft_scan {
	uint64_t octets, escaped; /* escaped: those that quoted-printable writes as three */
	size_t column, from;      /* of the line under way; from: how much of "From " it has begun with */
	bool after_cr;
	bool has_nul, has_8bit, has_control, has_bare, has_long_line, has_from;
};

void draft_scan_feed(struct draft_scan *s, struct view bytes);

/* Of a text whose line ends become CRLF; of a text that must arrive octet by octet; of anything else. */
enum transfer_encoding draft_encoding_of_text(const struct draft_scan *s);
enum transfer_encoding draft_encoding_of_text_blob(const struct draft_scan *s);

/* Of a message that another one encloses, which is never encoded itself (RFC 2046 section 5.2.1): 7bit or
 * 8bit. -EINVAL: its lines are too long or end otherwise than with CRLF, or it has a NUL, so that no host
 * would carry it as it is. */
int draft_encoding_of_message(const struct draft_scan *s, enum transfer_encoding *encoding);

/* ---- the tree ---- */

enum draft_content { DRAFT_PARTS, DRAFT_TEXT, DRAFT_BLOB };

struct draft_part {
	/*
	 * Its fields, written: Content-Type is among them, unless it is a text without one; never
	 * Content-Transfer-Encoding. For a multipart and a text it ends within Content-Type, without a line
	 * end, so that boundary and charset can follow; `fields` are the others.
	 */
	struct view content_type; /* "Content-Type: text/plain; format=flowed": without line end */
	struct view fields;       /* whole lines */
	bool adds_charset;        /* of a text: content_type has no charset yet */
	enum draft_content content;
	struct draft_part *parts; /* DRAFT_PARTS */
	size_t part_count;
	struct view text;                /* DRAFT_TEXT */
	size_t blob;                     /* DRAFT_BLOB: the caller's number */
	enum transfer_encoding encoding; /* DRAFT_BLOB: from a scan, or base64, which is always right */
};

struct draft {
	struct view header; /* the message's own fields, whole lines */
	const struct draft_part *body;
	struct view boundary;  /* 16 to 40 random letters and digits */
	bool has_mime_version; /* in `header` */
};

/* ---- the writer ---- */

struct draft_piece;

struct draft_writer {
	struct buf text; /* what stands between bodies */
	struct draft_piece *pieces;
	size_t count, room, at;
	struct view rest; /* of the piece under way */
	bool begun;
	struct transfer_encoder encoder;
};

enum draft_next { DRAFT_MORE, DRAFT_NEEDS_BLOB, DRAFT_END };

enum {
	/* Octets of all headers and boundaries of a message: MIME_HEADERS_MAX are looked at. */
	DRAFT_TEXT_MAX = 4 * 1024 * 1024
};

/* What `d` points to must live as long as the writer. 0, or -ENOMEM (without memory, or past DRAFT_TEXT_MAX):
 * the writer is then empty, and draft_writer_done need not be called. */
int draft_writer_begin(struct draft_writer *w, const struct draft *d) __attribute__((warn_unused_result));
void draft_writer_done(struct draft_writer *w);

/*
 * Appends the message's next octets. DRAFT_MORE: `some` octets or more were appended and more follow;
 * DRAFT_NEEDS_BLOB: the octets of *blob come next, by draft_write_blob; DRAFT_END: that was all. buf_failed
 * tells of a lack of memory.
 */
enum draft_next draft_write(struct draft_writer *w, size_t some, struct buf *out, size_t *blob);

/* A piece of the blob that was asked for, of any size, and whether it is the last. The result of buf_append.
 */
int draft_write_blob(struct draft_writer *w, struct view bytes, bool last, struct buf *out);

#endif
