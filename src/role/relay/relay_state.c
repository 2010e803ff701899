/* What all of relay's files share: relay_state.h. */
#include "role/relay/relay_state.h"

struct relay_role relay_role;

static void check(void)
{
	if (relay_role.draining && relay_role.under_way == 0)
		role_exit(relay_role.process);
}

void relay_begins(void)
{
	relay_role.under_way++;
}

void relay_is_gone(void)
{
	relay_role.under_way--;
	check();
}

void relay_end_when_idle(void)
{
	relay_role.draining = true;
	check();
}
