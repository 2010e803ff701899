/* The master's life: start, restart with back-off, reload, orderly stop, upgrade in place. */
#include "master/master_private.h"
#include "process/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "master/master_adopt.h"
#include "master/world_check.h"

enum {
	STATUS_OS = 71,
	STATUS_CANT_CREATE = 73,
	STATUS_CONFIG = 78,
	RESTART_FIRST_MS = 50,   /* after a single crash: service is back within a second */
	RESTART_MOST_MS = 10000, /* a role that keeps crashing */
	TRY_AGAIN_MS = 1000, /* a role that cannot serve now: soon after the cause has gone, and few lines of
	                        log meanwhile */
	/* At the start clients wait for so long until the roles are ready; a program that waits for longer
	 * believes that nobody is there, and is better told to come again. */
	OPEN_ALL_MS = 20000,
	CALM_MS = 60000,          /* after this long, a crash counts as the first again */
	STOP_PATIENCE_MS = 10000, /* for a role without connections to finish */
	FILES_WANTED = 65536
};

/* ---- stopping ---- */

static void lost_patience(void *arg)
{
	struct child *child = arg;
	if (child->pid <= 0)
		return;
	log_record(LOG_WARNING, "-", "role-killed", log_string("role", child->role->name),
	    log_string("reason", "did not finish in time"));
	kill(child->pid, SIGKILL);
}

static void continue_stopping(struct master *m)
{
	for (; m->stop_group < STOP_GROUPS; m->stop_group++) {
		bool waiting = false;
		for (size_t i = 0; i < CHILDREN_MAX; i++) {
			struct child *child = &m->children[i];
			if (child->pid <= 0 || child->role->stop != m->stop_group)
				continue;
			waiting = true;
			if (child->told_to_stop)
				continue;
			child->told_to_stop = true;
			ipc_send(&child->control, MESSAGE_DRAIN, 0, &(struct message_empty){0}, -1);
			loop_timer_set(&child->patience,
			    STOP_PATIENCE_MS + (m->stop_group == STOP_STRANGERS
			                               ? (int64_t)m->settings->drain_seconds * 1000
			                               : 0));
		}
		if (waiting)
			return;
	}
	loop_stop(&m->loop);
}

static void stop(struct master *m)
{
	if (m->stopping)
		return;
	m->stopping = true;
	log_record(LOG_INFO, "-", "stopping", log_u64("upgrading", m->upgrading));
	/* Behind an upgrade comes a READY=1; whoever has heard of a stop waits for the end of this process.
	 */
	master_notify(m->upgrading ? "RELOADING=1" : "STOPPING=1");
	if (!m->upgrading)
		master_stop_listening(m);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m->children[i].place != CHILD_FREE)
			loop_timer_cancel(&m->children[i].restart);
	master_upgrade_stop(m);
	continue_stopping(m);
}

static void on_terminate(void *arg)
{
	struct master *m = arg;
	m->upgrading = false; /* an upgrade under way becomes a stop */
	stop(m);
}

static void on_reload(void *arg)
{
	master_reload(arg);
}

static void on_upgrade(void *arg)
{
	master_upgrade(arg);
}

static void drain_first(struct master *m)
{
	m->upgrading = true;
	stop(m);
}

/* ---- ends and restarts of roles ---- */

/* Twice as long with each time in a row. */
static void restart_later(struct child *child)
{
	int64_t delay = RESTART_FIRST_MS;
	for (unsigned i = 1; i < child->crashes && delay < RESTART_MOST_MS; i++)
		delay *= 2;
	loop_timer_set(&child->restart, delay < RESTART_MOST_MS ? delay : RESTART_MOST_MS);
}

/* One that a successor has taken the place of has had its time: sessions may go on for drain_seconds. */
static void end_retired(struct child *child)
{
	if (child->pid <= 0 || child->told_to_stop)
		return;
	child->told_to_stop = true;
	ipc_send(&child->control, MESSAGE_DRAIN, 0, &(struct message_empty){0}, -1);
	loop_timer_set(
	    &child->patience, STOP_PATIENCE_MS + (int64_t)child->master->settings->drain_seconds * 1000);
}

static void restart(void *arg)
{
	struct child *child = arg;
	struct master *m = child->master;
	if (m->stopping)
		return;
	if (child->place != CHILD_CURRENT) {
		end_retired(child);
		return;
	}
	if (master_upgrade_must_wait(child))
		return;
	int error = master_spawn(m, child);
	if (error == 0)
		return;
	log_record(
	    LOG_ERROR, "-", "cannot-start-role", log_string("role", child->role->name), log_errno(error));
	if (child->pid > 0) {
		kill(child->pid,
		    SIGKILL); /* it waits for what could not be sent; its end brings the next try */
		return;
	}
	child->crashes++;
	restart_later(child);
}

/*
 * The index is a mapped file: what the disk cannot read comes as this signal, at whichever instruction, and
 * the same page may end the next store as well. It is the disk's matter, so the line names where to look.
 */
static void tell_of_disk(const struct master *m, const struct child *child)
{
	struct stat st;
	char device[32] = "?";
	if (fstat(m->folder, &st) == 0)
		snprintf(device, sizeof device, "%u:%u", major(st.st_dev), minor(st.st_dev));
	log_record(LOG_ERROR, "-", "disk-failed", log_string("role", child->role->name),
	    log_text("folder", m->settings->data), log_string("device", device),
	    log_string("do",
	        "a page of the index could not be read, so the index is rebuilt from snapshot and log; "
	        "look at the kernel's log (dmesg) for this device, and run `postrider store check`"));
}

static void tell_end(const struct child *child, int status)
{
	log_record(LOG_ERROR, "-", "role-ended", log_string("role", child->role->name),
	    log_i64("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
	    log_i64("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

static void ended(struct master *m, struct child *child, int status)
{
	bool crashed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool calm = clock_monotonic_ms() - child->started > CALM_MS;
	loop_timer_cancel(&child->patience);
	channel_done(&child->control);
	child->pid = 0;
	child->up = child->ready = false;
	if (!child->told_to_stop)
		child->ends++;
	master_metrics_ended(m, child);
	if (child->place == CHILD_RETIRED && crashed && !child->told_to_stop)
		tell_end(child, status);
	if (child->place != CHILD_CURRENT)
		master_upgrade_ended(m, child);
	if (m->stopping) {
		continue_stopping(m);
		return;
	}
	/* The others need not wait for it: the next one gets all at its start. */
	master_reload_continue(m, child);
	if (child->place == CHILD_FREE || master_upgrade_took_over(m, child))
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ROLE_TRY_AGAIN_STATUS) {
		log_event(LOG_WARNING, "-", "role-tries-again", log_string("role", child->role->name),
		    log_i64("in_ms", TRY_AGAIN_MS));
		/* A service manager that waits for us to be ready must wait longer. */
		if (!m->announced)
			master_notify("EXTEND_TIMEOUT_USEC=30000000");
		master_open(m); /* this may take long: the others say so */
		loop_timer_set(&child->restart, TRY_AGAIN_MS);
		return;
	}
	tell_end(child, status);
	if (child->role->gets_folder && WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
		tell_of_disk(m, child);
	/* Before the first announcement a role that cannot serve is a wrong setting: say so and stop. */
	if (crashed && (m->settings->crash_stop || (!m->announced && child->crashes >= 2))) {
		/* The log may not be there to say it. */
		fprintf(stderr,
		    "postrider: the role %s ended at once (status %d, signal %d), so the server stops; the "
		    "log above says why\n",
		    child->role->name, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		m->status = STATUS_OS;
		stop(m);
		return;
	}
	child->crashes = calm ? 1 : child->crashes + 1;
	restart_later(child);
}

static void on_child(void *arg)
{
	struct master *m = arg;
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->upgrade.asked)
			master_upgrade_answered(m, status);
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (m->children[i].pid == pid)
				ended(m, &m->children[i], status);
	}
}

/* ---- start ---- */

static int make_folder(struct view path, mode_t mode)
{
	char name[1024];
	if (path.len >= sizeof name)
		return -ENAMETOOLONG;
	memcpy(name, path.data, path.len);
	name[path.len] = '\0';
	for (char *at = name + 1; *at; at++)
		if (*at == '/') {
			*at = '\0';
			if (mkdir(name, 0755) != 0 && errno != EEXIST)
				return -errno;
			*at = '/';
		}
	return mkdir(name, mode) != 0 && errno != EEXIST ? -errno : 0;
}

static void give_folder(int folder, uid_t uid, gid_t gid)
{
	struct stat st;
	if (geteuid() != 0 || fstat(folder, &st) != 0 || (st.st_uid == uid && st.st_gid == gid))
		return;
	/* Everything below has the same owner as the folder, which changes last: a cut is done over at the
	 * next start. */
	char command[64];
	snprintf(command, sizeof command, "/proc/self/fd/%d", folder);
	pid_t pid = fork();
	if (pid == 0) {
		char owner[32];
		snprintf(owner, sizeof owner, "%u:%u", (unsigned)uid, (unsigned)gid);
		if (fchdir(folder) == 0)
			execlp("chown", "chown", "-R", "-h", owner, ".", (char *)NULL);
		_exit(71);
	}
	waitpid(pid, NULL, 0);
}

/* Somebody who may write to the folder of the administrator's sockets could put another socket there,
 * and be told passwords. */
static bool others_may_write(struct view path)
{
	char name[1024];
	struct stat st;
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(path));
	return stat(name, &st) != 0 || (st.st_uid != geteuid() && st.st_uid != 0) ||
	       st.st_mode & (S_IWGRP | S_IWOTH);
}

static int make_folders(struct master *m)
{
	char empty[1024], data[1024];
	snprintf(empty, sizeof empty, "%.*s/empty", VIEW_FMT(m->settings->run));
	snprintf(data, sizeof data, "%.*s", VIEW_FMT(m->settings->data));
	int error = make_folder(m->settings->run, 0755);
	if (error == 0)
		error = make_folder(view_from_string(empty), 0555);
	if (error == 0)
		error = make_folder(m->settings->data, 0700);
	if (error == 0 && others_may_write(m->settings->run)) {
		fprintf(stderr,
		    "postrider: others may write to the folder %.*s, and could put sockets of their own "
		    "there; make it yours or root's, with mode 755, or set run to another folder\n",
		    VIEW_FMT(m->settings->run));
		return STATUS_CANT_CREATE;
	}
	if (error == 0) {
		m->folder = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = m->folder < 0 ? -errno : 0;
	}
	if (error) {
		fprintf(stderr,
		    "postrider: cannot create or open the folders %.*s and %.*s: %s; create them, or change "
		    "the settings data and run\n",
		    VIEW_FMT(m->settings->data), VIEW_FMT(m->settings->run), strerror(-error));
		return STATUS_CANT_CREATE;
	}
	return 0;
}

static void raise_limits(const struct settings *settings)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (geteuid() == 0 && files.rlim_max < FILES_WANTED)
		files.rlim_cur = files.rlim_max = FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < settings->connections_max + 100)
		log_record(LOG_WARNING, "-", "few-descriptors", log_u64("limit", files.rlim_cur),
		    log_u64("connections_max", settings->connections_max),
		    log_string(
		        "do", "raise the limit of open files (LimitNOFILE=) or lower connections_max"));
}

/* As at a reload: all that is wrong is said, before anything is opened. */
static int read_settings(struct master *m)
{
	struct certificates certificates;
	struct findings found;
	struct buf text;
	findings_init(&found);
	buf_init(&text, FINDINGS_MEMORY_MAX);
	int error = world_read(m->options->config, WORLD_SERVES, m->settings, &certificates, 0, &found);
	if (error == 0)
		master_use_certificates(m, &certificates);
	for (size_t i = 0; i < found.count; i++) {
		buf_clear(&text);
		finding_text(&found.rows[i], &text);
		fprintf(stderr, "postrider: %s\n", buf_string(&text));
	}
	buf_done(&text);
	findings_done(&found);
	return error ? STATUS_CONFIG : 0;
}

static void tell_left_out(void *arg)
{
	struct master *m = arg;
	log_tell_left_out();
	loop_timer_set(&m->tell_left_out, LOG_TELL_MS);
}

static void open_all(void *arg)
{
	master_open(arg);
}

static void init_child(struct master *m, struct child *child, size_t row, enum child_place place)
{
	*child = (struct child){.master = m, .role = &roles[row], .place = place};
	master_choose_user(child, (unsigned)row);
	loop_timer_init(&child->restart, &m->loop, restart, child);
	loop_timer_init(&child->patience, &m->loop, lost_patience, child);
}

/* The folders, sockets and the way of the log: made, or taken over. */
static int open_all_of(struct master *m)
{
	if (master_is_adopted())
		return master_adopt(m) ? 0 : STATUS_OS;
	int status = read_settings(m);
	if (status == 0)
		status = make_folders(m);
	if (status == 0)
		status = master_listen(m);
	if (status == 0)
		status = master_log_open(m) == 0 ? 0 : STATUS_OS;
	m->executable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return status == 0 && m->executable < 0 ? STATUS_OS : status;
}

static void start_children(struct master *m)
{
	loop_timer_set(&m->open_all, OPEN_ALL_MS);
	for (unsigned i = 0; i < roles_count; i++) {
		struct child *child = m->current[i] = &m->children[i];
		init_child(m, child, i, CHILD_CURRENT);
		if (roles[i].gets_folder)
			give_folder(m->folder, child->uid, child->gid);
	}
	int error = 0;
	for (unsigned i = 0; i < roles_count && error == 0; i++)
		error = master_spawn(m, m->current[i]);
	if (error) {
		fprintf(stderr, "postrider: cannot start: %s\n", strerror(-error));
		m->status = STATUS_OS;
		stop(m);
	}
}

static int start(struct master *m)
{
	bool adopted = master_is_adopted();
	int status = open_all_of(m);
	if (status)
		return status;
	log_open(m->log_write, "master", (enum log_level)m->settings->log_level);
	if (clock_is_simulated() && !adopted)
		log_record(LOG_WARNING, "-", "simulated-clock",
		    log_i64("ahead", clock_wall() - (int64_t)time(NULL)),
		    log_string("do", "this is for tests: for real mail, start without POSTRIDER_CLOCK"));
	loop_timer_init(&m->tell_left_out, &m->loop, tell_left_out, m);
	loop_timer_set(&m->tell_left_out, LOG_TELL_MS);
	raise_limits(m->settings);
	loop_signal_on(&m->on_child, &m->loop, SIGCHLD, on_child, m);
	loop_signal_on(&m->on_terminate, &m->loop, SIGTERM, on_terminate, m);
	loop_signal_on(&m->on_interrupt, &m->loop, SIGINT, on_terminate, m);
	loop_signal_on(&m->on_reload, &m->loop, SIGHUP, on_reload, m);
	loop_signal_on(&m->on_upgrade, &m->loop, SIGUSR2, on_upgrade, m);
	master_command_serve(m);
	master_metrics_start(m);
	master_introduce_init(m);
	master_upgrade_init(m);
	loop_timer_init(&m->open_all, &m->loop, open_all, m);
	if (!adopted) {
		start_children(m);
		return 0;
	}
	master_adopt_children(m);
	on_child(m); /* who has ended meanwhile */
	master_upgrade_adopted(m);
	return 0;
}

/* The installed program in our place, with our sockets; it adopts them and nobody is refused meanwhile. */
static void upgrade(struct master *m)
{
	static char program[] = "postrider", command[] = "serve", option[] = "--config";
	char *arguments[] = {program, command, option, (char *)(uintptr_t)m->options->config, NULL};
	char path[1024];
	if (!master_program(path, sizeof path))
		return;
	dup2(m->standard_error, STDERR_FILENO);
	master_keep_listeners(m);
	execv(path, arguments);
	fprintf(stderr, "postrider: cannot start the new program %s: %s\n", path, strerror(errno));
	m->status = STATUS_OS;
}

int master_run(struct master_options *options)
{
	struct master *m = mem_alloc(sizeof *m);
	m->options = options;
	m->hear = master_hear;
	m->stop = stop;
	m->reload = master_reload;
	m->begin_upgrade = master_upgrade;
	m->drain_first = drain_first;
	m->init_child = init_child;
	m->upgrade_heard = master_upgrade_heard;
	m->began = clock_wall();
	m->settings = options->settings;
	loop_init(&m->loop);
	int status = start(m);
	if (status == 0) {
		loop_run(&m->loop);
		status = m->status;
		master_command_end(m);
		loop_turn(&m->loop); /* a signal that came with the last role's end still counts */
		if (m->upgrading)
			upgrade(m);
		status = status ? status : m->status;
	}
	master_close_listeners(m);
	certificates_done(&m->certificates);
	master_metrics_stop(m);
	loop_done(&m->loop);
	mem_free(m);
	return status;
}
