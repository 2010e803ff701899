/* See content_limit.h. */
#include "role/content/content_limit.h"

#include <errno.h>
#include <sys/time.h>

#include "base/log.h"

enum {
	/* Of the processor's time for one message: 64 MB of text take some 3 s. */
	SECONDS_MAX = 30,
};

/* Whatever loops is ended by the kernel: nothing in this process could. */
void content_limit_time(bool on)
{
	struct itimerval limit = {.it_value.tv_sec = on ? SECONDS_MAX : 0};
	if (setitimer(ITIMER_PROF, &limit, NULL) != 0)
		log_event(LOG_ERROR, "-", "content-without-limit", log_errno(errno));
}
