/*
 * A message from what a person has written: text, its HTML form, files, addresses as they are typed. What
 * comes out is strict (RFC 5322, 2045, 2047, 2231) and fits every host: lines of 998 octets at most, 7 bits,
 * unless an address itself is beyond ASCII (RFC 6531). It is a pure function: date, identifier and boundary
 * are the caller's.
 */
#ifndef MIME_COMPOSE_H
#define MIME_COMPOSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/date.h"

struct compose_file {
	struct view name;    /* as the reader sees it, UTF-8, without folders */
	struct view type;    /* "image/png"; empty: guessed by the name (mime/file_type.h) */
	struct view content; /* any octets: they arrive as they are */
};

/* A further field. Its text is unfolded, UTF-8. */
struct compose_field {
	struct view name, text;
};

enum {
	/* What file systems allow: longer names could not be kept. */
	COMPOSE_NAME_MAX = 255,
	/* Of a message, so that an index of its parts stays small (MIME_PARTS_MAX with text and wrapping
	   parts). */
	COMPOSE_FILES_MAX = 400,
	/* Random letters and digits that the boundary is made of; fewer could stand in a text by chance. */
	COMPOSE_BOUNDARY_MIN = 16,
	COMPOSE_BOUNDARY_MAX = 50 /* RFC 2046 section 5.1.1 allows 70, with what is put around it */
};

/* All views are UTF-8 and the caller's. An empty one: there is none. */
struct compose {
	struct view from;   /* exactly one mailbox */
	struct view to, cc; /* address lists; Bcc is the envelope's matter and never written */
	struct view subject;
	struct view text, html; /* lines end in CRLF, LF or CR; without both the body is an empty text */
	struct view entity; /* instead of these and of files: Content- fields, empty line and body, ready to
	                       be sent, as the caller has seen to */
	const struct compose_field *fields;
	size_t field_count;
	const struct compose_file *files;
	size_t file_count;
	struct date date;       /* is not used where `fields` has a Date */
	struct view message_id; /* without brackets; the same */
	struct view boundary;   /* COMPOSE_BOUNDARY_MIN random letters and digits, or more */
};

/*
 * Appends the message. *utf8 becomes true when an address in its header is beyond ASCII before its "@": then
 * it can be sent only with SMTPUTF8. 0; -EINVAL with *problem telling the writer what is wrong; the result of
 * buf_append.
 */
int compose_write(const struct compose *c, struct buf *out, bool *utf8, struct buf *problem);

/* Mailboxes as SMTP says them, without brackets, each once. */
struct compose_envelope {
	struct view *items; /* in the arena */
	size_t count;
	bool utf8; /* one of them is beyond ASCII before its "@" */
};

/*
 * The mailboxes of an address list as a person types it, behind those that are there already. It is read
 * strictly, since a guess would send mail to somebody else. Every mailbox has a domain, in A-labels where it
 * was international, and can be said in SMTP. 0; -EINVAL with *problem; -ENOBUFS when the arena is full.
 */
int compose_recipients(
    struct view list, struct arena *arena, struct compose_envelope *envelope, struct buf *problem);

/*
 * A message that is ready made, fit to be sent: each line end becomes CRLF, the last line gets one, a byte
 * order mark and an mbox file's "From " line in front are left out, and so are the fields Bcc, Resent-Bcc and
 * Return-Path. Nothing else is changed. -EINVAL with *problem: no header, a NUL, or a line in the header that
 * is no field (what comes behind it, a Bcc perhaps, would be seen by everybody). Else the result of
 * buf_append.
 */
enum compose_purpose { COMPOSE_FOR_SENDING, COMPOSE_FOR_READING };
int compose_ready(struct view message, enum compose_purpose purpose, struct buf *out, struct buf *problem);

#endif
