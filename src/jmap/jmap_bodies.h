/* Which parts of a message are its text, and which its attachments: RFC 8621 section 4.1.4. */
#ifndef JMAP_JMAP_BODIES_H
#define JMAP_JMAP_BODIES_H

#include "mime/mime.h"

/* Indexes of parts, in their order. */
struct jmap_part_list {
	uint16_t items[MIME_PARTS_MAX];
	size_t count;
};

struct jmap_bodies {
	struct jmap_part_list text, html, attachments;
};

/* Takes the message at `root` apart, without looking into messages within it. */
void jmap_bodies_find(const struct mime_tree *tree, size_t root, struct jmap_bodies *bodies);

/* "If the attachments list contains at least one item that does not have Content-Disposition: inline". */
bool jmap_bodies_have_attachment(const struct mime_tree *tree, const struct jmap_bodies *bodies);

bool jmap_part_is_multipart(const struct mime_tree *tree, size_t index);

#endif
