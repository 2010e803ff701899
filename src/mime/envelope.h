/*
 * The envelope of a message as IMAP means it (RFC 9051 section 7.5.2): the header fields that lists and
 * threads are made from. Built field by field, as they arrive.
 */
#ifndef MIME_ENVELOPE_H
#define MIME_ENVELOPE_H

#include "format/address.h"

struct envelope {
	struct view date, subject;           /* on one line, otherwise as written */
	struct view message_id, in_reply_to; /* the same */
	struct view references;              /* message identifiers in <>, one space between them */
	struct address_list from, sender, reply_to, to, cc, bcc;
	bool truncated; /* something did not fit: who needs all of it reads the header itself */
};

/*
 * Takes one field (its body folded or not) if it is one of an envelope's; others are ignored. Of a field that
 * should be single the first one counts, addresses of repeated fields are joined, the first
 * ENVELOPE_ADDRESSES_MAX of them kept. Copies live in the arena;
 * when it is full the rest is left out and `truncated` set.
 */
void envelope_add(struct envelope *envelope, struct view name, struct view body, struct arena *arena);

/*
 * The envelope of a whole header, with so many addresses of each list: for who needs all of it, and has found
 * the stored one truncated. Texts and lists live in the arena.
 */
void envelope_read(struct view header, size_t addresses_max, struct arena *arena, struct envelope *envelope);

#endif
