/* A message's path (trace_search.h) for people and for scripts. Pure: lines in, text out. */
#ifndef TRACE_TRACE_TEXT_H
#define TRACE_TRACE_TEXT_H

#include "base/buf.h"

/*
 * Whether, by these lines, a recipient of the message still waits: then the queue knows more about what
 * happens next than its past does. Appends the message's id.
 */
bool trace_waits(struct view lines, struct buf *id);

/*
 * The lines of one message, in their order, as a heading, one line an event with local time, and a last
 * sentence that says where the message is now, why, and what the administrator can do: `next` where it is not
 * empty, which the queue has told, else what follows from the lines. `now` in seconds since 1970. Lines that
 * are none are left out. False (and nothing appended) if no line was one.
 */
bool trace_text(struct view lines, int64_t now, struct view next, struct buf *out);

/* The same as a JSON object: {"id","events":[{"time","event","text",fields...}],"state"}; text: as
 * trace_words says it. */
bool trace_json(struct view lines, int64_t now, struct view next, struct buf *out);

#endif
