/*
 * The trailer: what is kept behind a message's body in its blob, in sections, so that a reader takes what it
 * knows and passes over what a newer version added. Made by the role that accepted the message; readers treat
 * it as hostile.
 *
 *   trailer = version (1 byte: 1), sections
 *   section = tag (1 byte), length (4 bytes, big-endian), that many bytes
 */
#ifndef MIME_TRAILER_H
#define MIME_TRAILER_H

#include "base/buf.h"

enum trailer_section {
	TRAILER_STRUCTURE = 'S', /* the MIME structure: mime/summary.h */
	TRAILER_ENVELOPE = 'E'   /* lines of the envelope: below */
};

/*
 * The envelope's lines end in LF; values are printable, xtext where SMTP has xtext (RFC 3461 section 4):
 *   FROM <path>              empty between the brackets for the null sender
 *   RET FULL|HDRS            RFC 3461 section 4.3
 *   ENVID value              RFC 3461 section 4.4
 *   REQUIRETLS               RFC 8689
 *   SMTPUTF8                 RFC 6531
 *   BODY 8BITMIME|BINARYMIME RFC 6152, RFC 3030
 *   PRIORITY number          RFC 6710: -9 to 9
 *   BY seconds mode          RFC 2852: since 1970; R, N, RT or NT
 *   HOLD seconds             RFC 4865: since 1970
 *   TO <path> [NOTIFY=value] [ORCPT=value]   one for each recipient
 */

/* Appends a section; the first one begins the trailer. The result of buf_append, or -EMSGSIZE past 4 GB. */
int trailer_append(struct buf *trailer, enum trailer_section tag, struct view content);

/* The section's content in *content; false when there is none, or the trailer is malformed before it. */
bool trailer_find(struct view trailer, enum trailer_section tag, struct view *content);

#endif
