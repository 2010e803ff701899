/* What the files of compose.h share. */
#ifndef MIME_COMPOSE_PRIVATE_H
#define MIME_COMPOSE_PRIVATE_H

#include "format/address.h"

/* Appends both, the first made fit to be shown; -EINVAL. */
int compose_wrong(struct buf *problem, struct view what, const char *why);

/* Whether text may stand in a header field: UTF-8 without control characters. */
bool compose_is_line(struct view text);

/* The list, each mailbox fit to be said in SMTP; groups are kept. The results of compose_recipients. */
int compose_addresses(struct view text, struct arena *arena, struct address_list *list, struct buf *problem);

/* Appends the field with its line end, folded: encoded words where the text is beyond ASCII; exactly: also
 * where its readers would read something else. The text is on one line. */
void compose_text_field(struct buf *out, struct view name, struct view text, bool exactly);

/* Appends the fields and the body of a text part, encoded as it needs. 0; -EINVAL; the result of buf_append.
 */
int compose_text(struct buf *out, const char *subtype, struct view text, struct buf *problem);

#endif
