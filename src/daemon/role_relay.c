/* The relay role's frame: its peers, and the credit for destinations. */
#include "daemon/role_relay.h"

#include "daemon/role.h"

int relay_role_start(struct role_process *p)
{
	(void)p;
	return 0;
}

int relay_role_serve(struct role_process *p)
{
	(void)p;
	return 0;
}

void relay_role_peer(struct role_process *p, enum role_bit role, int fd)
{
	(void)p;
	(void)role;
	(void)fd; /* kept open: a channel that is closed is made anew */
}

void relay_role_drain(struct role_process *p)
{
	role_exit(p);
}
