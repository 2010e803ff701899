/* The role's state: below all files that use it, and above none. */
#include "role/store/store_private.h"

struct store_role store_role;

void store_role_relay_gone(void)
{
	if (store_role.draining)
		loop_timer_set(&store_role.last_words, 1);
}
