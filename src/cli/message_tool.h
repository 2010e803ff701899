/*
 * What `postrider message show|structure|extract FILE` prints: functions from a whole message to text,
 * without files, so that tests and the command line share them.
 */
#ifndef CLI_MESSAGE_TOOL_H
#define CLI_MESSAGE_TOOL_H

#include "base/buf.h"

/* Header fields, the readable text, what a delivery report says, and the attachments, for a person; or the
 * summary as one JSON object. */
int message_tool_show(struct view message, struct buf *out, bool json);

/* The tree of parts with types, sizes and names, and the defects that were met; or the same as JSON. */
int message_tool_structure(struct view message, struct buf *out, bool json);

/*
 * The decoded body of the part with that number ("1.2"), byte for byte as it was attached; text keeps its
 * charset. -ENOENT if there is no such part.
 *
 * All three: 0, or the result of buf_append; the output may grow to a few times the message.
 */
int message_tool_extract(struct view message, struct view number, struct buf *out);

#endif
