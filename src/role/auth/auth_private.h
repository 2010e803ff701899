/* What the auth role's files share. */
#ifndef ROLE_AUTH_AUTH_PRIVATE_H
#define ROLE_AUTH_AUTH_PRIVATE_H

#include "process/messages.h"
#include "process/peers.h"
#include "process/role.h"
#include "role/auth/role_auth.h"

struct auth_role {
	struct role_process *process;
	struct calls store;
	struct peers callers;
};
extern struct auth_role auth_role;

/* ---- auth_directory.c ---- */

/* Raised with each change of the directory: what was learnt in an earlier epoch may be true no more. */
uint64_t auth_directory_epoch(void);
void auth_directory_changed(void);

/* Channels of an account end, with its sessions in all protocols; or those of one session of the web. */
void auth_revoke(uint64_t account, uint64_t session);
/* A right may be gone, and nobody says whose: store ended before it had answered. That has ended nearly all
 * sessions; this ends the others. */
void auth_revoke_everybody(void);
/* The part of it that store does not do. */
void auth_tell_revoked(const struct message_revoke *m);
/* Of the last moments, to a store that has just come. */
void auth_revoke_again(void);
/* Who else is told of it: see auth_administer.h. */
void auth_on_revoke(void (*revoked)(uint64_t account, uint64_t session));

/* Asks the directory; the answer comes as calls.h says. 0 when store is away. `fields` are `count` views. */
uint32_t auth_ask_directory(enum directory_operation operation, uint64_t number, const struct view *fields,
    size_t count, call_answered answered, void *arg);

/* The n-th field of an answer, empty past its end. */
struct view auth_answer_field(const struct message_directory_answer *m, size_t n);

/* ---- auth_changed.c ---- */

/* It has changed: all that is remembered of it is forgotten. */
void auth_directory_forget(void);
/* The auth beside this one, in an upgrade, has changed it; with an account it has taken a right away, which
 * store has carried out. */
void auth_directory_changed_elsewhere(const struct message_revoke *m);

/* ---- auth_secret.c ---- */

enum { AUTH_SECRET_SIZE = 32 };

/* NULL before store has told it. auth_secret_ask asks for it, as long as it is not known; then the role is
 * ready. */
const unsigned char *auth_secret(void);
void auth_secret_ask(void);

/* auth_resolve.c */
void auth_resolve(struct link *edge, const struct channel_frame *frame, struct view address);
void auth_check_sender(
    struct link *edge, const struct channel_frame *frame, uint64_t account, struct view address);
void auth_forget_addresses(void); /* the directory has changed */

/* auth_login.c */
void auth_login_begin(struct link *edge, uint32_t request, const struct message_login *m);
void auth_login_more(struct link *edge, uint32_t request, const struct message_login_more *m);
void auth_login_edge_closed(struct link *edge);

/* auth_sign_verbs.c, auth_sign.c */
void auth_sign(struct link *edge, const struct channel_frame *frame, const struct message_sign_in *m);
void auth_sign_edge_closed(struct link *edge);

/* auth_brake.c: wrong logins by the hour, the oldest hour first */
enum { AUTH_HOURS = 24 };
struct auth_hour {
	int64_t from;             /* seconds since 1970 */
	uint64_t refused, locked; /* locked: held back, whatever they would have been */
};
void auth_brake_hours(struct auth_hour hours[AUTH_HOURS]);

/* auth_admin.c */
extern const struct link_verb auth_admin_verbs[];
void auth_admin_listener(int fd);
void auth_admin_retire(void); /* who connects from now on is the successor's */

/* auth_work.c: jobs that take long, in two threads */
struct auth_work {
	void (*run)(struct auth_work *work);  /* in a thread: touches nothing but the work */
	void (*done)(struct auth_work *work); /* on the loop */
	struct auth_work *next;
};
int auth_work_start(struct loop *loop);
bool auth_work_add(struct auth_work *work); /* false: too many wait */

#endif
