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

/*
 * store_trace_admin.c: a search in the trace records, in a thread; words: what, days, limit. 0: `done` is called
 * once, on the loop, with 0 or a negative errno, and may then send the answer with store_trace_answer. -EBUSY
 * while another one runs; -EINVAL.
 */
typedef void store_trace_done(int error, void *arg);
int store_trace_start(const struct view *words, size_t count, store_trace_done *done, void *arg);
void store_trace_answer(struct channel *to, uint32_t request);
/* The search ends soon, with `done`; or at once and without it, when the store stops. */
void store_trace_cancel(void);
void store_trace_stop(void);

#endif
