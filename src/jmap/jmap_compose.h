/*
 * An Email object that a client gives for creation (RFC 8621 section 4.6), read: as the fields and the tree
 * of mime/draft.h. Everything that the section forbids is refused, with the properties named.
 */
#ifndef JMAP_JMAP_COMPOSE_H
#define JMAP_JMAP_COMPOSE_H

#include "jmap/jmap_private.h"
#include "mime/draft.h"

struct jmap_compose_blob {
	struct view id; /* as the client gave it */
	struct draft_part *part;
	bool is_text, is_message; /* what its part is, which decides about its encoding */
};

/* All lives in the arena, or in the object. */
struct jmap_composed {
	struct draft draft;
	struct jmap_compose_blob *blobs; /* the numbers of DRAFT_BLOB */
	size_t blob_count;

	/* Of what was refused: names with commas between; what is wrong with the first. Empty: nothing. */
	struct view properties;
	const char *description;
	bool too_large; /* more parts, depth or octets of headers than a message may have */
};

/*
 * What else stands in the object (mailboxIds, keywords, receivedAt) is the caller's: these are passed over.
 * now: for Date, where the object has none; message_id: the same, without brackets; boundary: as in struct
 * draft. 0; -EINVAL: refused; -ENOMEM.
 */
int jmap_compose(const json_t *object, struct arena *arena, int64_t now, struct view message_id,
    struct view boundary, struct jmap_composed *composed);

#endif
