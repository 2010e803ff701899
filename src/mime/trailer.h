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
	TRAILER_SUMMARY = 'M',   /* the summary, when it is too long for the index: SUMMARY_INLINE_MAX */
	TRAILER_SENDER = 'F'     /* who sent it, as far as it was checked: trust/sender/sender_results.h */
};

/*
 * Appends a section; the first one begins the trailer. The result of buf_append, or -EMSGSIZE past 4 GB; then
 * the trailer is as before.
 */
int trailer_append(struct buf *trailer, enum trailer_section tag, struct view content);

/*
 * The same for a writer: what is appended between the two is the section's content. trailer_end with a bad
 * result of the writer, or a buffer that has failed, takes the section back; its result is that error.
 */
size_t trailer_begin(struct buf *trailer, enum trailer_section tag);
int trailer_end(struct buf *trailer, size_t begun, int result);

/* The section's content in *content; false when there is none, or the trailer is malformed before it. */
bool trailer_find(struct view trailer, enum trailer_section tag, struct view *content);

/* The structure, if it has at most STRUCTURE_INLINE_MAX octets, so that it can stand in the index as well;
 * else empty. */
struct view trailer_short_structure(struct view trailer);

#endif
