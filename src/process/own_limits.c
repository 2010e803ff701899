/* See own_limits.h. */
#include "process/own_limits.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif

/* Whatever loops is ended by the kernel: nothing in this process could. */
void own_limits_time(unsigned seconds)
{
	struct itimerval limit = {.it_value.tv_sec = (time_t)seconds};
	if (setitimer(ITIMER_PROF, &limit, NULL) != 0)
		log_event(LOG_ERROR, "-", "process-without-limit", log_errno(errno));
}

void own_limits_memory(size_t octets)
{
#ifdef SANITIZED
	(void)octets;
#else
	struct rlimit limit = {.rlim_cur = octets, .rlim_max = octets};
	if (setrlimit(RLIMIT_DATA, &limit) != 0)
		log_event(LOG_WARNING, "-", "memory-not-limited", log_errno(errno));
#endif
}
