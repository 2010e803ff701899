/* The auth role's frame: its links and what the edges may ask. */
#include "role/auth/auth_administer.h"
#include "role/auth/auth_login.h"
#include "role/auth/auth_private.h"

static void on_resolve(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_resolve *m = message;
	auth_resolve(link, frame, m->address);
}

static void on_login(struct link *link, struct channel_frame *frame, const void *message)
{
	auth_login_begin(link, frame->request, message);
}

static void on_login_more(struct link *link, struct channel_frame *frame, const void *message)
{
	auth_login_more(link, frame->request, message);
}

static void on_sender(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_sender *m = message;
	auth_check_sender(link, frame, m->account, m->address);
}

static void on_sign_in(struct link *link, struct channel_frame *frame, const void *message)
{
	auth_sign(link, frame, message);
}

static void on_directory_changed(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)link;
	(void)frame;
	auth_directory_changed_elsewhere(message);
}

static void edge_closed(struct link *link)
{
	auth_login_edge_closed(link);
	auth_sign_edge_closed(link);
}

static const struct link_verb caller_verbs[] = {
    {MESSAGE_RESOLVE, on_resolve},
    {MESSAGE_LOGIN, on_login},
    {MESSAGE_LOGIN_MORE, on_login_more},
    {MESSAGE_SENDER, on_sender},
    {MESSAGE_SIGN_IN, on_sign_in},
    {0},
};

static const struct link_verb store_verbs[] = {
    {MESSAGE_DIRECTORY_CHANGED, on_directory_changed},
    {0},
};

static const struct role_hears hears[] = {
    {ROLE_ADMIN, auth_admin_verbs},
    {ROLE_STORE, store_verbs},
    {EDGES | ROLE_RELAY, caller_verbs},
    {0},
};

static int auth_role_start(struct role_process *p)
{
	auth_role.process = p;
	calls_init(&auth_role.store);
	auth_on_revoke(auth_administer_revoke);
	return 0;
}

static int auth_role_serve(struct role_process *p)
{
	if (p->serving)
		return 0;
	int error = auth_work_start(&p->loop);
	if (error == 0) {
		auth_brake_start();
		auth_password_start();
		auth_secret_ask();
	}
	/* When the server is called ready, people may log in: so auth is ready only once it knows the
	 * server's secret. */
	return error ? error : ROLE_READY_LATER;
}

static void auth_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_STORE) {
		calls_succeed(&auth_role.store, p, fd, peer);
		/* The one before tells no more what another auth has it change. */
		auth_directory_forget();
		auth_revoke_again();
		if (p->serving)
			auth_secret_ask();
		return;
	}
	peers_open(&auth_role.callers, p, fd, peer, edge_closed);
}

static void auth_role_listener(struct role_process *p, enum service service, int fd)
{
	(void)p;
	(void)service;
	auth_admin_listener(fd);
}

/* Whoever administers goes to the successor, which tells its callers whom a change concerns. What is under
 * way here still changes the directory: store tells the successor of it. */
static void auth_role_retire(struct role_process *p)
{
	(void)p;
	auth_admin_retire();
	auth_administer_retire();
}

static void auth_role_drain(struct role_process *p)
{
	role_exit(p);
}

const struct role_functions auth_functions = {
    .start = auth_role_start,
    .serve = auth_role_serve,
    .peer = auth_role_peer,
    .listener = auth_role_listener,
    .retire = auth_role_retire,
    .drain = auth_role_drain,
    .hears = hears,
};
