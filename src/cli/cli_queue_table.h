/* The queue by figures, for people: pure, as cli_queue_text.h. */
#ifndef CLI_CLI_QUEUE_TABLE_H
#define CLI_CLI_QUEUE_TABLE_H

#include "base/buf.h"

/* `queue age`: a table, a line each destination. False: the line is no such answer. */
bool queue_text_age(struct view json, struct buf *out);

/* What is paused, by an answer of `queue stats`: a sentence each. */
void queue_text_pauses(struct view json, struct buf *out);

#endif
