/* The beginning of a message's text, as lists of messages show it (RFC 8621 section 4.1.4: "preview"). */
#ifndef MIME_PREVIEW_H
#define MIME_PREVIEW_H

#include "mime/mime.h"

/*
 * Appends up to PREVIEW_MAX octets of readable UTF-8 on one line: of the first plain and the first
 * HTML text, without its tags, the one that comes first, or the other when that is blank. Blanks and
 * invisible characters become one space. After mime_parser_end. The result of buf_append.
 */
int preview_append(const struct mime_parser *parser, const struct mime_tree *tree, struct buf *out);

/* Appends the text of HTML: no tags, comments, scripts, styles; entities read; blocks end lines. */
int html_to_text(struct view html, struct buf *out);

#endif
