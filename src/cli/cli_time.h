/* Times as people write them on the command line. */
#ifndef CLI_CLI_TIME_H
#define CLI_CLI_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define CLI_TIME_FORMS                                                                                       \
	"2026-11-02, \"2026-11-02 14:30\", 2026-11-02T14:30:00Z, 14:30 (of today), or how long ago: 90s, "   \
	"15m, "                                                                                              \
	"2h, 3d"

/*
 * A moment in seconds since 1970: local time, or UTC with a Z behind it. end: a day or a minute means its
 * last second, not its first. False for what is none of CLI_TIME_FORMS.
 */
bool cli_read_time(const char *text, bool end, int64_t *seconds);

#endif
