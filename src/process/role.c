/* A role's process from start to end: see role.h. */
#include "process/role.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

const struct link_verb *role_verbs(const struct role *role, unsigned peer)
{
	const struct role_hears *row = role->functions->hears;
	while (row && row->from && !(row->from & peer))
		row++;
	return row && row->from ? row->verbs : NULL;
}

static void free_files(struct role_process *p)
{
	while (p->files) {
		struct role_file *file = p->files;
		p->files = file->next;
		if (file->fd >= 0)
			close(file->fd);
		buf_done(&file->content);
		mem_free(file->name);
		mem_free(file);
	}
}

static void take_file(struct role_process *p, const struct message_file *m, int fd)
{
	struct role_file *file = mem_alloc(sizeof *file), **end = &p->files;
	*file =
	    (struct role_file){.kind = m->kind, .number = m->number, .fd = fd, .name = mem_string(m->name)};
	buf_init(&file->content, 1 << 20);
	buf_append(&file->content, m->content);
	while (*end)
		end = &(*end)->next;
	*end = file;
}

/* Started as root, a role takes its own user; where that is missing, a fixed number without rights. */
static int drop_root(struct role_process *p)
{
	const char *uid = getenv("POSTRIDER_UID"), *gid = getenv("POSTRIDER_GID"),
	           *empty = getenv("POSTRIDER_EMPTY");
	if (geteuid() != 0)
		return 0;
	if (!uid || !gid || !empty || atoi(uid) <= 0 || atoi(gid) <= 0)
		return -EPERM;
	return sandbox_drop_root(p->role->sandbox, empty, (uid_t)atoi(uid), (gid_t)atoi(gid));
}

static int confine(struct role_process *p)
{
	const char *mode = getenv("POSTRIDER_SANDBOX");
	int error = drop_root(p);
	if (error == 0 && (mode == NULL || strcmp(mode, "off") != 0))
		error = sandbox_enter(p->role->sandbox, p->folder, mode && strcmp(mode, "trap") == 0);
	if (error)
		log_event(LOG_ERROR, "-", "cannot-confine", log_errno(error),
		    log_string("do", "run a kernel with seccomp, or start as a user that may use it"));
	return error;
}

/* A test asks a role to try what it may not: the outcome, or the death, is what the test looks at. */
static void try_forbidden(struct role_process *p)
{
	const char *role = getenv("POSTRIDER_TRY_ROLE"), *what = getenv("POSTRIDER_TRY");
	if (role == NULL || what == NULL || strcmp(role, p->role->name) != 0)
		return;
	int result = sandbox_try(what);
	log_event(LOG_INFO, "-", "sandbox-try", log_string("what", what), log_i64("result", result));
	_exit(result < 0 ? 87 : 0);
}

/* ---- peers and listeners ---- */

/* A channel or listener that came early: it is held until this role is confined and ready to serve. */
struct role_handover {
	struct role_handover *next;
	unsigned type;   /* MESSAGE_PEER or MESSAGE_LISTENER */
	unsigned what;   /* role or service */
	uint64_t number; /* of a peer's channel */
	int fd;
};

static void hand_over(struct role_process *p, const struct role_handover *h)
{
	if (h->type == MESSAGE_PEER && p->role->functions->peer) {
		p->introduced.fd = h->fd;
		p->introduced.number = h->number;
		p->role->functions->peer(p, (enum role_bit)h->what, h->fd);
		p->introduced.fd = -1;
	} else if (h->type == MESSAGE_LISTENER && p->role->functions->listener) {
		p->role->functions->listener(p, (enum service)h->what, h->fd);
	} else {
		close(h->fd);
	}
}

static void take_over(struct role_process *p, const struct role_handover *fresh)
{
	if (p->serving) {
		hand_over(p, fresh);
		return;
	}
	struct role_handover *h = mem_alloc(sizeof *h);
	*h = *fresh;
	*p->handovers_end = h;
	p->handovers_end = &h->next;
}

/* In the order in which they came, and within this turn of the loop: their first frames are read when the
 * role serves. */
static void hand_all_over(struct role_process *p)
{
	while (p->handovers) {
		struct role_handover *h = p->handovers;
		p->handovers = h->next;
		hand_over(p, h);
		mem_free(h);
	}
	p->handovers_end = &p->handovers;
}

void role_ready(struct role_process *p)
{
	ipc_send(&p->control, MESSAGE_READY, 0, &(struct message_empty){0}, -1);
}

static void serve(struct role_process *p)
{
	int error = 0;
	log_set_threshold((enum log_level)p->settings.log_level);
	if (!p->serving) {
		if (p->role->functions->prepare)
			p->role->functions->prepare(p);
		error = confine(p);
		if (error == 0)
			try_forbidden(p);
	}
	if (error == 0)
		hand_all_over(p);
	if (error == 0 && p->role->functions->serve)
		error = p->role->functions->serve(p);
	free_files(p);
	if (error == ROLE_TRY_AGAIN)
		exit(ROLE_TRY_AGAIN_STATUS);
	if (error < 0) {
		log_event(LOG_ERROR, "-", "role-cannot-serve", log_errno(error));
		exit(78);
	}
	p->serving = true;
	if (error != ROLE_READY_LATER)
		role_ready(p);
}

uint64_t role_peer_number(const struct role_process *p, int fd)
{
	return fd == p->introduced.fd ? p->introduced.number : 0;
}

void role_peer_lost(struct role_process *p, unsigned peer, uint64_t number)
{
	struct message_peer m = {.role = peer, .number = number};
	ipc_send(&p->control, MESSAGE_PEER_LOST, 0, &m, -1);
}

void role_exit(struct role_process *p)
{
	loop_stop(&p->loop);
}

void role_drain(struct role_process *p)
{
	if (p->draining)
		return;
	p->draining = true;
	if (p->role->functions->drain)
		p->role->functions->drain(p);
	else
		role_exit(p);
}

/*
 * Sessions hold views into the settings they began with, so the text of earlier settings stays: a few KB for
 * a reload that changed something, nothing for one that did not.
 */
static void take_settings(struct role_process *p, struct view encoded)
{
	struct settings before = p->settings, fresh = {0};
	struct buf same;
	buf_init(&same, 1 << 20);
	bool changed = settings_encode(&before, &same) != 0 || !view_equal(buf_view(&same), encoded);
	buf_done(&same);
	if (!changed)
		return;
	if (settings_decode(&fresh, encoded) != 0)
		exit(78);
	p->settings = fresh;
}

/* ---- what the master says ---- */

static void on_settings(struct role_process *p, struct channel_frame *frame, const void *message)
{
	const struct message_settings *m = message;
	(void)frame;
	free_files(p); /* of an earlier configuration that did not come to its end */
	take_settings(p, m->encoded);
}

static void on_folder(struct role_process *p, struct channel_frame *frame, const void *message)
{
	(void)message;
	p->folder = frame->fd;
	frame->fd = -1;
}

static void on_file(struct role_process *p, struct channel_frame *frame, const void *message)
{
	take_file(p, message, frame->fd);
	frame->fd = -1;
}

static void on_peer(struct role_process *p, struct channel_frame *frame, const void *message)
{
	const struct message_peer *m = message;
	take_over(
	    p, &(struct role_handover){
	           .type = MESSAGE_PEER, .what = (unsigned)m->role, .number = m->number, .fd = frame->fd});
	frame->fd = -1;
}

static void on_listener(struct role_process *p, struct channel_frame *frame, const void *message)
{
	const struct message_listener *m = message;
	take_over(p,
	    &(struct role_handover){.type = MESSAGE_LISTENER, .what = (unsigned)m->service, .fd = frame->fd});
	frame->fd = -1;
}

static void on_start(struct role_process *p, struct channel_frame *frame, const void *message)
{
	(void)frame;
	(void)message;
	serve(p);
}

static void on_drain(struct role_process *p, struct channel_frame *frame, const void *message)
{
	(void)frame;
	(void)message;
	role_drain(p);
}

static void on_retire(struct role_process *p, struct channel_frame *frame, const void *message)
{
	(void)frame;
	(void)message;
	p->retired = true;
	if (p->role->functions->retire)
		p->role->functions->retire(p);
}

static void on_metrics_text(struct role_process *p, struct channel_frame *frame, const void *message)
{
	const struct message_metrics_text *m = message;
	(void)frame;
	buf_clear(&p->metrics);
	buf_append(&p->metrics, m->text);
}

static void on_roles_text(struct role_process *p, struct channel_frame *frame, const void *message)
{
	const struct message_roles_text *m = message;
	(void)frame;
	buf_clear(&p->roles);
	buf_append(&p->roles, m->text);
}

static const struct control_verb {
	unsigned type;
	bool needs_descriptor;
	void (*carry_out)(struct role_process *p, struct channel_frame *frame, const void *message);
} control_verbs[] = {
    {MESSAGE_SETTINGS, false, on_settings},
    {MESSAGE_PEER, true, on_peer},
    {MESSAGE_LISTENER, true, on_listener},
    {MESSAGE_FILE, false, on_file},
    {MESSAGE_FOLDER, true, on_folder},
    {MESSAGE_START, false, on_start},
    {MESSAGE_DRAIN, false, on_drain},
    {MESSAGE_METRICS_TEXT, false, on_metrics_text},
    {MESSAGE_ROLES_TEXT, false, on_roles_text},
    {MESSAGE_RETIRE, false, on_retire},
};

static const struct control_verb *control_verb_of(unsigned type)
{
	for (size_t i = 0; i < sizeof control_verbs / sizeof control_verbs[0]; i++)
		if (control_verbs[i].type == type)
			return &control_verbs[i];
	return NULL;
}

static void control_received(void *arg, struct channel_frame *frame)
{
	struct role_process *p = arg;
	union {
		struct message_settings settings;
		struct message_file file;
		struct message_peer peer;
		struct message_listener listener;
		struct message_metrics_text metrics;
		struct message_roles_text roles;
		struct message_empty empty;
	} message;
	struct arena arena;
	arena_init(&arena, 4096);
	const struct control_verb *verb = control_verb_of(frame->type);
	if (verb == NULL || !ipc_allowed(frame->type, ROLE_MASTER, p->role->bit) ||
	    ipc_decode(frame, &message, &arena) != 0)
		exit(70); /* our own master never does this: we are not who we think we are */
	if (frame->fd < 0 && verb->needs_descriptor) {
		log_event(LOG_ERROR, "-", "no-descriptor-left",
		    log_string("do", "raise the limit of open files (LimitNOFILE=)"));
		exit(71); /* without this peer nothing works: started anew, all are there */
	}
	verb->carry_out(p, frame, &message);
	arena_done(&arena);
	if (frame->fd >= 0)
		close(frame->fd);
}

static void control_closed(void *arg)
{
	/* The master is gone, and nobody would restart us or our peers: finish and end. */
	role_drain(arg);
}

static void tell_left_out(void *arg)
{
	log_tell_left_out();
	loop_timer_set(arg, LOG_TELL_MS);
}

/* ---- figures ---- */

static struct {
	struct role_process *process;
	struct loop_timer timer;
	uint64_t told[METRICS_SLOTS_MAX];
} metrics;

/* Nothing is said while nothing has changed. */
static void tell_metrics(void *arg)
{
	uint64_t values[METRICS_SLOTS_MAX];
	struct buf bytes;
	(void)arg;
	loop_timer_set(&metrics.timer, METRICS_MS);
	metrics_read(values);
	if (memcmp(values, metrics.told, sizeof values) == 0)
		return;
	memcpy(metrics.told, values, sizeof values);
	buf_init(&bytes, METRICS_SLOTS_MAX * 8);
	for (size_t i = 0; i < metrics_slots(); i++)
		buf_append_u64(&bytes, values[i]);
	ipc_send(
	    &metrics.process->control, MESSAGE_METRICS, 0, &(struct message_metrics){buf_view(&bytes)}, -1);
	buf_done(&bytes);
}

int role_run(const struct role *role, int control)
{
	static struct role_process process;
	static struct loop_timer tell;
	struct role_process *p = &process;
	p->role = role;
	p->folder = p->introduced.fd = -1;
	p->handovers_end = &p->handovers;
	prctl(PR_SET_NAME, role->name);
	signal(SIGINT, SIG_IGN); /* ^C goes to the whole terminal; the master tells us when to stop */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	log_open(p->role->bit == ROLE_LOG ? -1 : STDERR_FILENO, p->role->name, LOG_INFO);
	loop_init(&p->loop);
	loop_timer_init(&tell, &p->loop, tell_left_out, &tell);
	loop_timer_set(&tell, LOG_TELL_MS);
	metrics.process = p;
	loop_timer_init(&metrics.timer, &p->loop, tell_metrics, NULL);
	loop_timer_set(&metrics.timer, METRICS_MS);
	buf_init(&p->metrics, 128 * 1024);
	buf_init(&p->roles, ROLES_TEXT_MAX);
	settings_init(&p->settings);
	channel_init(&p->control, &p->loop, control, control_received, control_closed, p);
	if (p->role->functions->start && p->role->functions->start(p) != 0)
		return 78;
	loop_run(&p->loop);
	log_tell_left_out();
	loop_timer_cancel(&tell);
	loop_timer_cancel(&metrics.timer);
	buf_done(&p->metrics);
	buf_done(&p->roles);
	channel_done(&p->control);
	free_files(p);
	settings_done(&p->settings);
	loop_done(&p->loop);
	return 0;
}
