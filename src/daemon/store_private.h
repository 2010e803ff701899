/* What the store role's files share. */
#ifndef DAEMON_STORE_PRIVATE_H
#define DAEMON_STORE_PRIVATE_H

#include "account/account.h"
#include "daemon/role.h"
#include "daemon/role_store.h"
#include "store/store_embedded.h"

struct store_role {
	struct role_process *process;
	struct store *store;
	struct accounts accounts;
	struct loop_watch dispatch;
	struct link auth, smtp;
	bool draining;
};
extern struct store_role store_role;

/* store_deliver.c: smtp's uploads and deliveries. */
void store_deliver_open(int fd);
void store_deliver_close(void);

/* store_heal.c: an index that is found damaged is made anew. */
void store_heal_start(void);
void store_heal_stop(void);

/* store_session.c: channels bound to an account. */
void store_session_grant(struct link *auth, uint32_t request, uint64_t account);
void store_session_revoke(uint64_t account);
void store_session_close_all(void);

/* store_directory.c: auth's questions. */
void store_directory_received(struct link *auth, struct channel_frame *frame);

/* store_admin.c: the administrator's commands. */
void store_admin_listener(int fd);

#endif
