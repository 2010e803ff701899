/* Times, sizes and foreign words as the command line prints them. Each appends. */
#ifndef FORMAT_PLAIN_H
#define FORMAT_PLAIN_H

#include "base/buf.h"

/* "2026-11-22 08:25:06", local time. */
void plain_time(struct buf *out, int64_t seconds);

/* "1.2 KB" */
void plain_size(struct buf *out, uint64_t bytes);

/* Text from outside, on one line, without what could drive a terminal. */
void plain_text(struct buf *out, struct view text);

/* The same, its first letter small: for a sentence of dsn_explain.h behind a colon; and without its full
 * stop. */
void plain_clause(struct buf *out, const char *sentence);

/* "90", "30s", "15m", "2h", "3d" to seconds. False for anything else. */
bool plain_read_duration(const char *text, uint64_t *seconds);

#endif
