/* Reads what a header field says about its part. For the parser in mime.c alone. */
#ifndef MIME_MIME_PART_H
#define MIME_MIME_PART_H

#include "mime/mime.h"

/* Marks a defect in the part and in the tree. */
void mime_part_defect(struct mime_tree *tree, size_t index, enum mime_defect defect);

/* A new part's values before its header is read. */
void mime_part_init(struct mime_part *part, bool in_digest);

/* Takes one field; texts are kept in the arena, and left out with a defect when it is full. */
void mime_part_field(
    struct mime_tree *tree, size_t index, struct view name, struct view body, struct arena *arena);

/* When the header is complete: what follows from several fields together. */
void mime_part_header_done(struct mime_tree *tree, size_t index, struct arena *arena);

/* A multipart that can't be read as one: text, which is what its reader will want to see. */
void mime_part_make_text(struct mime_part *part);

#endif
