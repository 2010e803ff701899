/* A change of the directory, and all of this role that it concerns. */
#include "role/auth/auth_login.h"

void auth_directory_forget(void)
{
	auth_directory_changed();
	auth_forget_addresses();
	auth_password_forget();
}

void auth_directory_changed_elsewhere(const struct message_revoke *m)
{
	auth_directory_forget();
	if (m->account)
		auth_tell_revoked(m);
}
