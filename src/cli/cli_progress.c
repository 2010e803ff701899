/* See cli_progress.h. */
#include "cli/cli_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR = 40, OFTEN_MS = 100 };

static int64_t last_drawn;

void cli_progress(uint64_t progress, uint64_t total, const char *note)
{
	if (!isatty(STDERR_FILENO) || total == 0)
		return;
	unsigned done = (unsigned)(progress >= total ? BAR : progress * BAR / total);
	fprintf(stderr, "\r[%.*s%*s] %3u %%", (int)done, "########################################",
	    (int)(BAR - done), "", (unsigned)(progress >= total ? 100 : progress * 100 / total));
	if (note)
		fprintf(stderr, "  %s\x1b[K", note);
	fflush(stderr);
}

void cli_progress_often(uint64_t progress, uint64_t total, const char *note)
{
	int64_t now = clock_monotonic_ms();
	if (now - last_drawn < OFTEN_MS)
		return;
	last_drawn = now;
	cli_progress(progress, total, note);
}

void cli_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\x1b[K", stderr);
}
