/* A message's terms: what mime/message_text.h gives, put into sections. */
#ifndef SEARCH_SEARCH_MESSAGE_H
#define SEARCH_SEARCH_MESSAGE_H

#include "mime/message_text.h"
#include "search/search_terms.h"

/*
 * Reads an attachment: adds its text to SEARCH_ATTACHMENT of the terms, in pieces (search_terms_add), and
 * ends it with an empty one that does not continue. 0 or -ENOMEM; an attachment that cannot be read has no
 * text.
 */
typedef int search_extract(
    void *arg, const struct message_text_piece *attachment, struct search_terms *terms);

/*
 * Adds a message's terms. extract: NULL: attachments have no text. attachment_max: octets of one that is
 * extracted. 0 or -ENOMEM; what is past a limit marks the terms as cut.
 */
int search_message(struct view message, search_extract *extract, void *arg, size_t attachment_max,
    struct search_terms *terms);

#endif
