/* What the files of answer.h share. */
#ifndef ANSWER_ANSWER_PRIVATE_H
#define ANSWER_ANSWER_PRIVATE_H

#include "answer/answer.h"
#include "mime/compose.h"

/* A text on one line, cut to `max` octets between characters; without blanks at both ends. False: the arena
 * is full (as of all of these). */
bool answer_line(struct arena *arena, struct view text, size_t max, struct view *out);

/* The same of a field's body: unfolded, encoded words decoded. Empty if the message has no such field. */
bool answer_field(const struct answer_context *c, struct view name, size_t max, struct view *out);

/* A text of lines as UTF-8, without control characters. */
bool answer_text(struct arena *arena, struct view text, struct view *out);

/* The owner's address that `wanted` is, else that the message was sent to, else the first one; with a name if
 * `wanted` has one. *field is for From, *address for the envelope. */
bool answer_from(
    const struct answer_context *c, struct view wanted, struct view *field, struct view *address);

/* Message-ID of the message, and what References of an answer to it holds; empty when there is none. */
bool answer_threads(const struct answer_context *c, struct view *id, struct view *references);

/* id@domain, of the address. */
bool answer_message_id(const struct answer_context *c, struct view address, struct view *out);

/* "<address>" for a field of struct compose. */
bool answer_bracketed(struct arena *arena, struct view address, struct view *out);

/* Writes it. The results of answer_vacation. */
int answer_compose(
    const struct compose *message, struct answer *answer, struct buf *out, const char **problem);

#endif
