/* The time of the processor that one message may take: what takes more ends the process. */
#ifndef ROLE_CONTENT_CONTENT_LIMIT_H
#define ROLE_CONTENT_CONTENT_LIMIT_H

#include <stdbool.h>

/* From now on; or no longer. */
void content_limit_time(bool on);

#endif
