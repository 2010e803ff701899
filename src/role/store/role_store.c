/*
 * The store role's frame: opens the engine, ties its results to the loop, and takes its peers. What the peers
 * may ask is in store_deliver.c, right.c, store_directory.c and store_admin.c.
 */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "role/store/right.h"
#include "role/store/directory_job.h"
#include "role/store/right_pass.h"
#include "role/store/store_figures.h"
#include "role/store/store_act.h"
#include "role/store/store_answer.h"
#include "role/store/imap_event.h"
#include "role/store/store_filtering.h"
#include "role/store/store_names.h"
#include "role/store/store_private.h"
#include "role/store/store_push.h"
#include "role/store/rules_state.h"
#include "role/store/store_rules.h"
#include "role/store/store_search.h"
#include "role/store/store_smime.h"
#include "role/store/store_snooze.h"
#include "role/store/right_trace.h"
#include "trace/trace_write.h"
#include "role/store/store_upkeep.h"
#include "role/store/store_yield.h"

enum { LAST_WORDS_MS = 500 };

static void on_results(void *arg)
{
	(void)arg;
	store_dispatch(store_role.store);
}

static void on_grant(struct link *link, struct channel_frame *frame, const void *message)
{
	right_grant(link, frame->request, message);
}

static void on_grant_file(struct link *link, struct channel_frame *frame, const void *message)
{
	right_file_grant(link, frame, message);
}

static void on_revoke(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_revoke *m = message;
	(void)frame;
	/* Before what that one is granted from now on: so it knows of this when it hears of the grant. */
	peers_tell_others(&store_role.auth, link, MESSAGE_DIRECTORY_CHANGED, m);
	right_revoke(m->account, m->session);
	right_pass_revoke(m->account, m->session);
	/* Subscriptions end in the commit that changes the credentials; only sessions have to be ended
	 * blindly. */
	if (m->account)
		store_push_revoke(m->account, m->session);
}

static const struct link_verb auth_verbs[] = {
    {MESSAGE_GRANT, on_grant},
    {MESSAGE_GRANT_FILE, on_grant_file},
    {MESSAGE_REVOKE, on_revoke},
    {MESSAGE_DIRECTORY, store_directory_received},
    {0},
};

static const struct link_verb keys_verbs[] = {
    {MESSAGE_SIGNING, store_directory_received},
    {0},
};

static const struct role_hears hears[] = {
    {ROLE_AUTH, auth_verbs},
    {ROLE_KEYS, keys_verbs},
    {ROLE_SMTP, store_smtp_verbs},
    {ROLE_RELAY, store_relay_verbs},
    {ROLE_POP3 | ROLE_IMAP | ROLE_MANAGESIEVE | ROLE_WEB, right_verbs},
    {ROLE_ADMIN, store_admin_verbs},
    {ROLE_STORE, right_pass_verbs},
    {0},
};

static int store_role_start(struct role_process *p)
{
	store_role.process = p;
	return 0;
}

/* Only a person mends these; all else may pass: a disk that cannot be read or written now, no memory, no
 * descriptors. */
static bool is_wrong_folder(int error)
{
	return error == -EBUSY || error == -EPROTO || error == -EBADMSG || error == -ENOTDIR ||
	       error == -EACCES || error == -EPERM || error == -ENAMETOOLONG;
}

static void drain(struct role_process *p);

/* For a store that must begin anew. */
static void begin_anew(void)
{
	drain(store_role.process);
}

static int store_role_serve(struct role_process *p)
{
	int64_t undelete = (int64_t)p->settings.undelete_days * 86400;
	if (p->serving) {
		store_role.accounts.undelete_seconds = undelete;
		accounts_set_language(&store_role.accounts, p->settings.language);
		store_queue_configure();
		store_smime_forget();
		trace_set_days((unsigned)p->settings.trace_days);
		/* What auth remembers of addresses may be true no more. */
		if (directory_job_serves(p->settings.hostname, p->settings.local_senders))
			peers_tell(&store_role.auth, MESSAGE_DIRECTORY_CHANGED, &(struct message_revoke){0});
		return 0;
	}
	if (p->folder < 0 || fchdir(p->folder) != 0)
		return -ENOTDIR;
	struct store_options options = {
	    .folder = ".", .min_free = p->settings.disk_reserve, .names_blobs = store_all_names_blobs};
	int error = store_open(&options, &store_role.store);
	if (error)
		return is_wrong_folder(error) ? error : ROLE_TRY_AGAIN;
	(void)directory_job_serves(p->settings.hostname, p->settings.local_senders);
	accounts_init(&store_role.accounts, store_role.store, undelete);
	accounts_set_language(&store_role.accounts, p->settings.language);
	error = trace_open(p->folder, (unsigned)p->settings.trace_days);
	if (error) {
		log_event(LOG_ERROR, "-", "trace-open-failed", log_errno(error));
		return is_wrong_folder(error) ? error : ROLE_TRY_AGAIN;
	}
	loop_watch_init(
	    &store_role.dispatch, &p->loop, store_event_fd(store_role.store), LOOP_READ, on_results, NULL);
	loop_watch_on(&store_role.dispatch);
	store_queue_start();
	store_upkeep_start();
	store_search_start();
	store_report_in_start();
	store_smime_start();
	store_answer_start();
	store_push_start();
	store_snooze_start();
	store_figures_start();
	store_heal_start(begin_anew);
	return 0;
}

static void store_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	switch (peer) {
	case ROLE_SMTP:
		store_deliver_open(fd);
		break;
	case ROLE_AUTH:
		peers_open(&store_role.auth, p, fd, peer, NULL);
		break;
	case ROLE_KEYS:
		peers_open(&store_role.keys, p, fd, peer, NULL);
		break;
	case ROLE_RELAY:
		store_queue_open(fd);
		break;
	case ROLE_RULES:
		store_rules_open(p, fd);
		filter_rules_up();
		break;
	case ROLE_CONTENT:
		store_search_content(p, fd);
		store_report_in_look();
		break;
	case ROLE_STORE:
		if (p->retired)
			store_yield_now(fd);
		else
			right_pass_receive(p, fd);
		break;
	default:
		close(fd); /* nobody else calls */
	}
}

static void store_role_listener(struct role_process *p, enum service service, int fd)
{
	(void)p;
	(void)service;
	store_admin_listener(fd);
}

static void close_all(void)
{
	store_role.draining = true;
	store_upkeep_stop();
	store_answer_stop();
	store_push_stop();
	store_figures_stop();
	store_snooze_stop();
	store_act_stop();
	store_report_in_stop();
	store_smime_stop();
	imap_event_stop();
	filtering_stop_all();
	store_heal_stop();
	right_end_all();
	store_rules_stop();
	rules_state_forget_all();
	store_deliver_close();
	store_queue_stop();
	peers_close(&store_role.auth);
	peers_close(&store_role.keys);
	right_trace_stop();
	store_search_stop();
	loop_watch_off(&store_role.dispatch);
	loop_timer_cancel(&store_role.last_words);
	store_close(store_role.store);
	store_search_end();
	store_role.store = NULL;
	store_queue_free();
	store_trace_stop();
	trace_close();
}

static void finish(void *arg)
{
	close_all();
	role_exit(arg);
}

static void retire(struct role_process *p)
{
	loop_timer_init(&store_role.last_words, &p->loop, finish, p);
	store_yield_retire(p, close_all);
}

static void drain(struct role_process *p)
{
	/* The edges have ended before us, or get a temporary error; closing the store finishes what is under
	 * way. What relay had said before it ended may still stand in its channel: without it messages that
	 * it has delivered would go out again. */
	if (store_yield_is_done()) {
		role_exit(p);
		return;
	}
	if (store_role.draining)
		return;
	store_role.draining = true;
	loop_timer_init(&store_role.last_words, &p->loop, finish, p);
	if (store_role.relay.up)
		loop_timer_set(&store_role.last_words, LAST_WORDS_MS);
	else
		finish(p);
}

const struct role_functions store_functions = {
    .start = store_role_start,
    .serve = store_role_serve,
    .peer = store_role_peer,
    .listener = store_role_listener,
    .retire = retire,
    .drain = drain,
    .hears = hears,
};
