/* See web_relay.h. */
#include "role/web/web_relay.h"

struct calls web_relay;

void web_relay_start(void)
{
	calls_init(&web_relay);
}

void web_relay_link(struct role_process *p, int fd)
{
	calls_link(&web_relay, p, fd, ROLE_RELAY);
}
