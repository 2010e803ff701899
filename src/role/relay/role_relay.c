/* The relay role's frame: its peers, its files, its beginning and end. relay_state.h tells the way of mail
 * through the files. */
#include "role/relay/role_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/route.h"
#include "io/tls.h"
#include "role/relay/notify/relay_notify.h"
#include "role/relay/relay_destination.h"
#include "role/relay/relay_errand.h"
#include "role/relay/relay_host.h"
#include "role/relay/relay_memo.h"
#include "role/relay/relay_own.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_policy.h"
#include "role/relay/relay_push.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_recipient.h"
#include "role/relay/relay_state.h"
#include "role/relay/relay_tls_report.h"
#include "role/relay/report/relay_report.h"
#include "role/relay/submit/relay_submit.h"
#include "role/relay/relay_zone.h"

/* ---- peers ---- */

/* A destination that store has handed out. */
static void open_destination(const struct message_queue_destination *m)
{
	if (view_equal(m->name, VIEW(RELAY_NOTIFY_NAME)))
		relay_notify_open(m);
	else if (view_equal(m->name, VIEW(RELAY_SUBMIT_NAME)))
		relay_submit_open(m);
	else
		relay_destination_open(m);
}

static void relay_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_STORE)
		relay_queue_link(fd);
	else if (peer == ROLE_WEB)
		relay_errand_link(p, fd);
	else
		calls_succeed(peer == ROLE_DNS    ? &relay_role.dns
		              : peer == ROLE_KEYS ? &relay_role.keys
		                                  : &relay_role.auth,
		    p, fd, peer);
}

/* ---- what we are told ---- */

static void forget_passwords(void)
{
	for (size_t i = 0; i < RELAY_ROUTES_MAX; i++) {
		if (relay_role.passwords[i])
			mem_wipe(relay_role.passwords[i], strlen(relay_role.passwords[i]));
		mem_free(relay_role.passwords[i]);
		relay_role.passwords[i] = NULL;
	}
}

static int take_files(struct role_process *p)
{
	struct view authorities = {0};
	forget_passwords();
	for (const struct role_file *f = p->files; f; f = f->next) {
		struct view content = buf_view(&f->content);
		if (f->kind == FILE_AUTHORITIES)
			authorities = content;
		else if (f->kind == FILE_PASSWORD && f->number < RELAY_ROUTES_MAX)
			relay_role.passwords[f->number] = mem_string(view_trim(content));
	}
	/* Sessions go on with the context that they have. */
	struct tls_context *fresh = tls_client_new(authorities);
	if (fresh == NULL)
		return relay_role.tls ? 0 : -ENOMEM;
	if (relay_role.tls)
		tls_context_unref(relay_role.tls);
	relay_role.tls = fresh;
	return 0;
}

/* ---- start and end ---- */

static int relay_role_start(struct role_process *p)
{
	static relay_memo_recall *const recalls[RELAY_MEMO_KINDS] = {
	    [RELAY_MEMO_POLICY] = relay_policy_recall,
	    [RELAY_MEMO_HOST] = relay_place_recall,
	    [RELAY_MEMO_ZONE] = relay_zone_recall};
	relay_role.process = p;
	relay_queue_init(open_destination);
	relay_memo_init(&p->loop, recalls, relay_queue_begin);
	calls_init(&relay_role.dns);
	calls_init(&relay_role.keys);
	calls_init(&relay_role.auth);
	struct rlimit files;
	relay_role.descriptors =
	    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 2 * RELAY_DESCRIPTORS_KEPT
	        ? files.rlim_cur - RELAY_DESCRIPTORS_KEPT
	        : RELAY_DESCRIPTORS_KEPT;
	/* Everything that OpenSSL loads lazily is loaded now, before confinement. */
	relay_role.tls = tls_client_new((struct view){0});
	return relay_role.tls ? 0 : -ENOMEM;
}

/* A socket of this machine is found by its folder: what is opened now is all that can be reached later. */
static void relay_role_prepare(struct role_process *p)
{
	struct view lines = p->settings.routes, line;
	const char *problem;
	struct route route;
	for (size_t number = 0; lines.len > 0 && number < RELAY_ROUTES_MAX && view_next(&lines, '\n', &line);
	     number++) {
		if (route_parse(line, &route, &problem) != 0 || route.host.data[0] != '/')
			continue;
		size_t end = route.host.len;
		while (route.host.data[end - 1] != '/')
			end--;
		char *folder = mem_string(view_take(route.host, end));
		relay_role.folders[number] = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (relay_role.folders[number] < 0)
			log_event(LOG_ERROR, "-", "socket-folder-missing", log_string("folder", folder),
			    log_errno(-errno),
			    log_string("do", "create it, or change the route, and restart the server"));
		mem_free(folder);
	}
}

static int relay_role_serve(struct role_process *p)
{
	relay_own_configure(&p->settings);
	relay_places_configure();
	relay_zone_configure(p);
	int error = take_files(p);
	if (error == 0 && !p->serving) {
		relay_policies_init(&p->loop);
		relay_report_start();
		relay_zone_init(&p->loop);
		relay_recipients_start(&p->loop);
		relay_tls_report_start();
	}
	return error;
}

static void relay_role_drain(struct role_process *p)
{
	(void)p;
	relay_role.draining = true;
	relay_memo_drain();
	relay_report_stop();
	relay_tls_report_drain();
	relay_push_forget();
	relay_errand_forget();
	relay_recipients_forget();
	relay_queue_drain();
	relay_hosts_quit();
	relay_end_when_idle();
}

static const struct link_verb web_verbs[] = {
    {MESSAGE_ERRAND, relay_errand_ask},
    {MESSAGE_RECIPIENT, relay_recipient_ask},
    {0},
};

static const struct role_hears hears[] = {
    {ROLE_STORE, relay_queue_verbs},
    {ROLE_WEB, web_verbs},
    {0},
};

const struct role_functions relay_functions = {
    .start = relay_role_start,
    .prepare = relay_role_prepare,
    .serve = relay_role_serve,
    .peer = relay_role_peer,
    .drain = relay_role_drain,
    .hears = hears,
};
