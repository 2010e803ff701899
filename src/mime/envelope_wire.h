/* The stored form of an envelope, inside summaries and structures. */
#ifndef MIME_ENVELOPE_WIRE_H
#define MIME_ENVELOPE_WIRE_H

#include "base/cursor.h"
#include "mime/envelope.h"

/*
 * References are not stored: they are long, a list of messages shows none of them, and threads need only
 * their hashes (mime/digest.h). Texts and lists past their share (limits.h) are cut, and the stored envelope
 * is marked truncated. The result of buf_append.
 */
int envelope_put(const struct envelope *envelope, struct buf *out);

/* Its first part: the texts, and whether it was cut. The cursor tells whether they could be read. */
void envelope_get_texts(struct cursor *in, struct envelope *envelope);

/* 0, -EINVAL (also when the cursor has failed), -ENOBUFS when the arena is full. */
int envelope_get(struct cursor *in, struct arena *arena, struct envelope *envelope);

#endif
