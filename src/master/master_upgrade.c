/*
 * Upgrade: the installed program takes this one's place role by role, while everybody is served
 * (doc/architecture.md, "An upgrade"). Nothing is given up before what takes its place has proved that it
 * runs: until all successors but relay's and store's are ready, the upgrade can be dropped and nobody has
 * noticed it. From then on edges of two programs live side by side, until the sessions of the old ones end.
 */
#include "master/master_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/master_adopt.h"
#include "master/master_status.h"
#include "process/ipc_digest.h"

enum {
	ASK_MS =
	    20000, /* the new program has only to print a line: so long it may be read from a slow disk */
	START_MS = 180000, /* until all successors are ready, on a busy machine too; nobody waits for them */
	YIELD_MS =
	    10000, /* beyond drain_seconds: store knows itself how long it waits for what is half told */
	CALLED_MS =
	    5000, /* a role that is only asked has answered what it was asked before its successor came */
	KILL_MS = 10000,     /* for a process without connections to end */
	MASTER_LOOK_MS = 20, /* for a moment in which the master can execute the new program */
	ANSWER_MAX = 256
};

static size_t row_of(const struct child *child)
{
	return (size_t)(child->role - roles);
}

/* ---- the end ---- */

static void rest(struct master *m)
{
	loop_timer_cancel(&m->upgrade.patience);
	if (m->upgrade.executable >= 0)
		close(m->upgrade.executable);
	m->upgrade.executable = -1;
	m->upgrade.step = UPGRADE_NOT;
}

static void forget_beside(struct master *m, struct child *child)
{
	m->beside[row_of(child)] = NULL;
	child->place = CHILD_FREE;
}

static void kill_successors(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->beside[i] && m->beside[i]->place == CHILD_SUCCESSOR && m->beside[i]->pid > 0)
			kill(m->beside[i]->pid, SIGKILL);
}

/* Nothing has changed: the old program serves on. */
static void refuse(struct master *m, const char *why, const char *what_to_do)
{
	char text[512];
	log_record(
	    LOG_ERROR, "-", "upgrade-refused", log_string("reason", why), log_string("do", what_to_do));
	snprintf(text, sizeof text, "postrider: not upgraded: %s; %s\n", why, what_to_do);
	kill_successors(m);
	rest(m);
	master_command_upgraded(m, MASTER_STATUS_REFUSED, view_from_string(text));
}

/* The new program cannot serve here. What is started from now on is what did. */
static void take_back(struct master *m)
{
	int failed = m->executable;
	m->executable = m->upgrade.executable;
	m->upgrade.executable = failed;
}

static void spawn_relay(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->current[i]->role->bit == ROLE_RELAY && m->current[i]->pid == 0)
			loop_timer_set(&m->current[i]->restart, 0);
}

/* Said by the new master, or by the old one that could not execute it. */
static void tell_upgraded(struct master *m, const char *version)
{
	struct upgrade *u = &m->upgrade;
	char text[256];
	log_record(LOG_INFO, "-", "upgraded", log_text("version", view_from_string(version)),
	    log_u64("pause_ms", u->pause), log_i64("took_ms", clock_monotonic_ms() - u->began));
	snprintf(text, sizeof text,
	    "upgraded to version %s; mail waited %" PRIu64
	    " ms for the new store. Sessions that began before go on with the old program; `postrider "
	    "status` "
	    "shows its processes\n",
	    version, u->pause);
	rest(m);
	master_command_upgraded(m, 0, view_from_string(text));
}

/* Nothing is half read or half sent, so what is known of the children is all that there is to know. */
static bool may_pass_on(const struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (!m->current[i]->ready)
			return false;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m->children[i].place != CHILD_FREE && m->children[i].pid > 0 &&
		    channel_backlog(&m->children[i].control) + channel_unread(&m->children[i].control).len >
		        0)
			return false;
	return m->reload_waits == NULL && master_command_is_quiet(m);
}

static void pass_on(struct master *m)
{
	struct upgrade *u = &m->upgrade;
	if (!may_pass_on(m) && clock_monotonic_ms() - u->yielded < START_MS) {
		loop_timer_set(&u->patience, MASTER_LOOK_MS);
		return;
	}
	char version[sizeof u->version];
	memcpy(version, u->version, sizeof version);
	if (may_pass_on(m))
		master_pass_on(m);
	else
		log_record(LOG_WARNING, "-", "master-stays",
		    log_string("do", "a role of the new program is not ready, which the log above explains; "
		                     "restart the server when "
		                     "it suits, for its master"));
	tell_upgraded(m, version);
}

static void finish(struct master *m)
{
	spawn_relay(m);
	m->upgrade.step = UPGRADE_MASTER;
	loop_timer_set(&m->upgrade.patience, 0);
	master_reload_if_asked(m);
}

/* ---- the new program is asked ---- */

bool master_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	/* A package upgrade has replaced the file: the kernel marks ours as deleted, the name is the new one.
	 */
	char *deleted = strstr(path, " (deleted)");
	if (deleted)
		*deleted = '\0';
	return true;
}

/* In the new process: what a program says to `serve --speaks`. */
static void become_asked(int executable, int out)
{
	static char program[] = "postrider", command[] = "serve", option[] = "--speaks";
	char *arguments[] = {program, command, option, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	out = fcntl(out, F_DUPFD_CLOEXEC, 64);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("NOTIFY_SOCKET");
	fexecve(executable, arguments, environ);
	_exit(71);
}

static void ask(struct master *m)
{
	struct upgrade *u = &m->upgrade;
	char path[1024];
	int pair[2];
	u->step = UPGRADE_ASKS;
	u->executable = master_program(path, sizeof path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (u->executable < 0 || pipe2(pair, O_CLOEXEC) != 0) {
		refuse(m, "the installed program cannot be opened", "install it again, then upgrade");
		return;
	}
	u->asked = fork();
	if (u->asked == 0)
		become_asked(u->executable, pair[1]);
	close(pair[1]);
	u->answer = pair[0];
	if (u->asked < 0) {
		u->asked = 0;
		close(u->answer);
		refuse(m, "no process can be started", "see how many this machine and this user may have");
		return;
	}
	loop_timer_set(&u->patience, ASK_MS);
}

/* A successor's process, which no channel and no listener leads to yet. */
static int spawn_beside(struct master *m, size_t row, bool waits)
{
	struct child *child = NULL;
	for (size_t i = 0; i < CHILDREN_MAX && child == NULL; i++)
		if (m->children[i].place == CHILD_FREE)
			child = &m->children[i];
	if (child == NULL || m->beside[row])
		return -EBUSY;
	m->init_child(m, child, row, CHILD_SUCCESSOR);
	child->waits = waits;
	m->beside[row] = child;
	int error = master_spawn(m, child);
	/* No process, no end of it that would clear its place. */
	if (error && child->pid <= 0)
		forget_beside(m, child);
	return error;
}

/* Relay and store can have no successor beside: what each has taken is its own. */
static bool starts_beside(const struct role *role)
{
	return role->bit != ROLE_RELAY && role->bit != ROLE_STORE;
}

/* ---- the change ---- */

/* The successor becomes the current one. */
static void change(struct master *m, size_t row)
{
	struct child *before = m->current[row], *after = m->beside[row];
	m->current[row] = after;
	m->beside[row] = before;
	after->place = CHILD_CURRENT;
	after->ends += before->ends; /* a role's, whichever process it has */
	before->place = CHILD_RETIRED;
	loop_timer_cancel(&before->restart);
	/* It has died, and its successor is there already. */
	if (before->pid <= 0)
		master_upgrade_ended(m, before);
}

/* An edge has upgrade_seconds for its sessions; another a moment for what it was asked. The log takes what is
 * there and ends: its successor reads as well. */
static void time_of(struct master *m, struct child *before)
{
	bool edge = before->role->bit & EDGES, log = before->role->bit == ROLE_LOG;
	loop_timer_set(&before->restart, edge  ? (int64_t)m->settings->upgrade_seconds * 1000
	                                 : log ? 0
	                                       : CALLED_MS);
}

static void retire(struct master *m, struct child *before)
{
	if (before->place != CHILD_RETIRED)
		return;
	ipc_send(&before->control, MESSAGE_RETIRE, 0, &(struct message_empty){0}, -1);
	time_of(m, before);
}

static struct child *current_of(struct master *m, enum role_bit bit)
{
	size_t i = 0;
	while (roles[i].bit != bit)
		i++;
	return m->current[i];
}

/* The one before has ended, or said that it works no more: what it called serves this one now. */
static void start_store(struct master *m)
{
	struct child *store = current_of(m, ROLE_STORE);
	master_introduce_called(m, store);
	master_start_child(store);
}

/* From now on what is asked of store waits in the new one's channels, until that one serves. */
static void change_store(struct master *m)
{
	struct child *before = current_of(m, ROLE_STORE);
	struct child *after = m->beside[row_of(before)];
	m->upgrade.yielded = clock_monotonic_ms();
	loop_timer_cancel(&m->upgrade.patience);
	after->waits = false;
	change(m, row_of(before));
	m->upgrade.step = UPGRADE_YIELDS; /* from now on its end starts the successor */
	master_introduce_callers(m, after);
	master_give_listeners(m, after);
	if (before->up) {
		master_introduce_stores(before, after);
		loop_timer_set(&before->patience, KILL_MS);
	} else {
		start_store(m);
	}
}

static void prepare_store(struct master *m)
{
	struct child *store = current_of(m, ROLE_STORE);
	m->upgrade.step = UPGRADE_STORE;
	loop_timer_set(&m->upgrade.patience, YIELD_MS + (int64_t)m->settings->drain_seconds * 1000);
	int error = spawn_beside(m, row_of(store), true);
	if (error) {
		take_back(m);
		refuse(m, "the new program's store cannot be started",
		    "the other roles run the new program; restart the server");
		spawn_relay(m);
		return;
	}
	if (store->pid > 0)
		ipc_send(&store->control, MESSAGE_RETIRE, 0, &(struct message_empty){0}, -1);
	else
		change_store(m); /* it is between two starts: nobody has to yield */
}

static void finish_relay(struct master *m)
{
	struct child *relay = current_of(m, ROLE_RELAY);
	m->upgrade.step = UPGRADE_RELAY;
	loop_timer_cancel(&relay->restart);
	if (relay->pid <= 0) {
		prepare_store(m);
		return;
	}
	relay->told_to_stop = true;
	ipc_send(&relay->control, MESSAGE_DRAIN, 0, &(struct message_empty){0}, -1);
	loop_timer_set(&relay->patience, KILL_MS + (int64_t)m->settings->drain_seconds * 1000);
}

/* All that could be started beside runs: now it serves. Edges of both programs take connections until the old
 * ones have heard of it. */
static void change_all(struct master *m)
{
	int before = m->executable;
	loop_timer_cancel(&m->upgrade.patience);
	m->executable = m->upgrade.executable;
	m->upgrade.executable = before; /* if the new store cannot serve, the old one does */
	for (size_t i = 0; i < roles_count; i++)
		if (m->beside[i])
			change(m, i);
	for (size_t i = 0; i < roles_count; i++)
		if (starts_beside(&roles[i]) && m->current[i]->up)
			master_introduce_callers(m, m->current[i]);
	for (size_t i = 0; i < roles_count; i++)
		master_give_listeners(m, m->current[i]);
	for (size_t i = 0; i < roles_count; i++)
		if (m->beside[i])
			retire(m, m->beside[i]);
	finish_relay(m);
}

/* One after the other, so that those who serve keep most of the processors. */
static void start_next(struct master *m)
{
	size_t i = 0;
	while (i < roles_count && (!starts_beside(&roles[i]) || (m->beside[i] && m->beside[i]->ready)))
		i++;
	if (i == roles_count)
		change_all(m);
	else if (m->beside[i] == NULL && spawn_beside(m, i, false) != 0)
		refuse(m, "the new program's processes cannot be started",
		    "look at the log above, then upgrade");
}

static void start_successors(struct master *m)
{
	m->upgrade.step = UPGRADE_STARTS;
	loop_timer_set(&m->upgrade.patience, START_MS);
	start_next(m);
}

static void drain_first(struct master *m, const char *theirs)
{
	log_record(LOG_WARNING, "-", "upgrade-drains-first", log_text("version", view_from_string(theirs)),
	    log_string("reason",
	        "the processes of this version speak otherwise to each other than ours, so the two cannot "
	        "live side by side: all sessions end, then it starts"));
	rest(m);
	master_command_upgraded(
	    m, 0, VIEW("the new version speaks otherwise: all sessions end first, then it starts\n"));
	m->drain_first(m);
}

void master_upgrade_answered(struct master *m, int status)
{
	struct upgrade *u = &m->upgrade;
	char text[ANSWER_MAX + 1], own[IPC_DIGEST_SIZE], theirs[ANSWER_MAX + 1];
	ssize_t n = read(u->answer, text, ANSWER_MAX);
	u->asked = 0;
	close(u->answer);
	if (m->stopping || u->step != UPGRADE_ASKS)
		return;
	text[n > 0 ? n : 0] = '\0';
	ipc_digest(own);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    sscanf(text, "%31s %256s", u->version, theirs) != 2)
		refuse(m,
		    "the installed program does not say what its processes speak: it is damaged, or too old",
		    "install it again; to go back to an old version, restart the server");
	else if (strcmp(own, theirs) != 0)
		drain_first(m, u->version);
	else
		start_successors(m);
}

/* ---- what happens ---- */

void master_upgrade_heard(struct master *m, struct child *child, unsigned type)
{
	struct upgrade *u = &m->upgrade;
	bool store = child->role->bit == ROLE_STORE;
	if (m->stopping)
		return;
	if (type == MESSAGE_READY && u->step == UPGRADE_STARTS && child->place == CHILD_SUCCESSOR)
		start_next(m);
	else if (type == MESSAGE_MAY_YIELD && u->step == UPGRADE_STORE && child->place == CHILD_CURRENT)
		change_store(m);
	else if (type == MESSAGE_YIELDED && u->step == UPGRADE_YIELDS && child->place == CHILD_RETIRED)
		start_store(m);
	else if (type == MESSAGE_READY && u->step == UPGRADE_YIELDS && store &&
	         child->place == CHILD_CURRENT) {
		u->pause = (uint64_t)(clock_monotonic_ms() - u->yielded);
		finish(m);
	}
}

static bool any_retired(const struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->beside[i])
			return true;
	return false;
}

void master_upgrade_ended(struct master *m, struct child *child)
{
	bool successor = child->place == CHILD_SUCCESSOR;
	bool store = child->role->bit == ROLE_STORE;
	loop_timer_cancel(&child->restart);
	loop_timer_cancel(&child->patience);
	forget_beside(m, child);
	if (m->stopping)
		return;
	if (successor && (m->upgrade.step == UPGRADE_STARTS || m->upgrade.step == UPGRADE_STORE)) {
		log_record(LOG_ERROR, "-", "successor-ended", log_string("role", child->role->name));
		bool nothing_changed = m->upgrade.step == UPGRADE_STARTS;
		if (!nothing_changed)
			take_back(m);
		refuse(m, "a process of the new program ended at its start",
		    nothing_changed
		        ? "the log above says why; this program serves on"
		        : "its store did; the other roles run the new program: restart the server");
		spawn_relay(m);
	} else if (!successor && store && m->upgrade.step == UPGRADE_YIELDS &&
	           current_of(m, ROLE_STORE)->starts == 0 && !current_of(m, ROLE_STORE)->ready) {
		start_store(m); /* it ended without a word */
	} else if (m->upgrade.step == UPGRADE_CLEARS && !any_retired(m)) {
		ask(m);
	}
	/* One that had to wait for it. */
	if (!successor && store && current_of(m, ROLE_STORE)->pid == 0)
		loop_timer_set(&current_of(m, ROLE_STORE)->restart, 0);
}

bool master_upgrade_must_wait(const struct child *child)
{
	const struct child *before = child->master->beside[row_of(child)];
	return child->role->bit == ROLE_STORE && before && before->place == CHILD_RETIRED && before->pid > 0;
}

bool master_upgrade_took_over(struct master *m, struct child *child)
{
	struct upgrade *u = &m->upgrade;
	bool relay = child->role->bit == ROLE_RELAY, store = child->role->bit == ROLE_STORE;
	if (m->stopping || u->step == UPGRADE_NOT)
		return false;
	if (relay && u->step == UPGRADE_RELAY) {
		prepare_store(m);
	} else if (relay && (u->step == UPGRADE_STORE || u->step == UPGRADE_YIELDS)) {
		return true;
	} else if (store && u->step == UPGRADE_STORE) {
		change_store(m); /* it has ended by itself: the successor is there */
	} else if (store && u->step == UPGRADE_YIELDS) {
		take_back(m);
		refuse(m, "the new program's store ended at its start",
		    "the old program's store serves; restart the server when the log above is understood");
		spawn_relay(m);
		master_reload_if_asked(m);
		return false;
	} else {
		return false;
	}
	return true;
}

static void lost_patience(void *arg)
{
	struct master *m = arg;
	struct upgrade *u = &m->upgrade;
	struct child *store = current_of(m, ROLE_STORE);
	if (u->step == UPGRADE_ASKS && u->asked > 0) {
		kill(u->asked, SIGKILL);
		refuse(m, "the installed program does not answer", "install it again, then upgrade");
	} else if (u->step == UPGRADE_STARTS) {
		refuse(m, "the new program's processes are not ready in time", "the log above says why");
	} else if (u->step == UPGRADE_MASTER) {
		pass_on(m);
	} else if (u->step == UPGRADE_STORE && store->pid > 0) {
		kill(store->pid, SIGKILL); /* its end brings the change, as any end of it would */
	}
}

void master_upgrade(struct master *m)
{
	if (m->stopping || m->upgrade.step != UPGRADE_NOT)
		return;
	if (!m->announced) {
		refuse(m, "the server is not ready yet", "upgrade when it is");
		return;
	}
	m->upgrade.began = clock_monotonic_ms();
	log_record(LOG_INFO, "-", "upgrade-begins", log_u64("clears", any_retired(m)));
	if (!any_retired(m)) {
		ask(m);
		return;
	}
	/* Two programs at a time are enough: what the one before has left ends now. New connections are
	 * served all the while. */
	m->upgrade.step = UPGRADE_CLEARS;
	for (size_t i = 0; i < roles_count; i++)
		if (m->beside[i])
			loop_timer_set(&m->beside[i]->restart, 0);
}

void master_upgrade_stop(struct master *m)
{
	kill_successors(m);
	if (m->upgrade.asked > 0)
		kill(m->upgrade.asked, SIGKILL);
	loop_timer_cancel(&m->upgrade.patience);
	m->upgrade.step = UPGRADE_NOT;
}

/* Those before had their times from the master before. */
void master_upgrade_adopted(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++) {
		struct child *before = m->beside[i];
		if (before && before->told_to_stop)
			loop_timer_set(
			    &before->patience, KILL_MS + (int64_t)m->settings->drain_seconds * 1000);
		else if (before)
			time_of(m, before);
	}
	tell_upgraded(m, POSTRIDER_VERSION);
}

void master_upgrade_init(struct master *m)
{
	m->upgrade.executable = -1;
	loop_timer_init(&m->upgrade.patience, &m->loop, lost_patience, m);
}
