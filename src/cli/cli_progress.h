/* A bar on the terminal that shows how far a long command is. Nothing is written where standard error is
 * none. */
#ifndef CLI_CLI_PROGRESS_H
#define CLI_CLI_PROGRESS_H

#include <stdint.h>

/* progress of total; note: a few words behind the bar, or NULL. */
void cli_progress(uint64_t progress, uint64_t total, const char *note);

/* The same at most ten times a second: for a loop that comes by often. */
void cli_progress_often(uint64_t progress, uint64_t total, const char *note);

/* Takes it away: before anything else is written, and at the end. */
void cli_progress_end(void);

#endif
