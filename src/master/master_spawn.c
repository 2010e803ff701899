/* Starting a role: fork, exec of our own open executable, and the messages that equip it. */
#include "master/master_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* systemd leaves 60706 to 61183 unused; from 61184 on it gives numbers to services of its own (DynamicUser).
 */
enum { CONTROL_FD = 3, FALLBACK_ID = 60800 };

void master_choose_user(struct child *child, unsigned index)
{
	char name[64];
	snprintf(name, sizeof name, "postrider-%s", child->role->name);
	const struct passwd *user = getpwnam(name);
	child->uid = user && user->pw_uid ? user->pw_uid : FALLBACK_ID + index;
	child->gid = user && user->pw_gid ? user->pw_gid : FALLBACK_ID + index;
}

/* In the new process, between fork and exec. */
static void become(struct master *m, struct child *child, int control, int log)
{
	char uid[24], gid[24], empty[512];
	static char program[] = "postrider", command[] = "role";
	char *arguments[] = {program, command, (char *)(uintptr_t)child->role->name, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool logs = child->role->bit == ROLE_LOG;
	snprintf(uid, sizeof uid, "%u", (unsigned)child->uid);
	snprintf(gid, sizeof gid, "%u", (unsigned)child->gid);
	snprintf(empty, sizeof empty, "%.*s/empty", VIEW_FMT(m->settings->run));
	setenv("POSTRIDER_UID", uid, 1);
	setenv("POSTRIDER_GID", gid, 1);
	setenv("POSTRIDER_EMPTY", empty, 1);
	unsetenv("NOTIFY_SOCKET");
	/* These may have a number that is about to be overwritten: move them up first. */
	control = fcntl(control, F_DUPFD, 64);
	log = logs ? -1 : fcntl(log, F_DUPFD_CLOEXEC, 64);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(logs ? m->standard_error : log, STDERR_FILENO);
	dup2(control, CONTROL_FD);
	close(control);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* From the change on, the new program is the master's: it is store's successor too. */
	bool before_the_change = child->place == CHILD_SUCCESSOR && m->upgrade.step == UPGRADE_STARTS;
	fexecve(before_the_change ? m->upgrade.executable : m->executable, arguments, environ);
	_exit(71);
}

static void control_closed(void *arg)
{
	(void)arg; /* the end of the process tells the same, with its reason */
}

void master_child_hear(struct child *child, int control)
{
	channel_init(
	    &child->control, &child->master->loop, control, child->master->hear, control_closed, child);
}

int master_spawn(struct master *m, struct child *child)
{
	int pair[2], log = -1, error = channel_pair(pair);
	if (error)
		return error;
	if (child->role->bit != ROLE_LOG)
		error = master_log_for(m, child, &log);
	if (error) {
		close(pair[0]);
		close(pair[1]);
		return error;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		become(m, child, pair[1], log);
	}
	close(pair[1]);
	if (log >= 0)
		close(log);
	if (pid < 0) {
		close(pair[0]);
		return -errno;
	}
	child->pid = pid;
	child->up = true;
	child->ready = child->told_to_stop = false;
	child->starts = 0;
	child->started = clock_monotonic_ms();
	child->since = clock_wall();
	master_child_hear(child, pair[0]);
	if (child->role->gets_folder)
		ipc_send(&child->control, MESSAGE_FOLDER, 0, &(struct message_empty){0},
		    fcntl(m->folder, F_DUPFD_CLOEXEC, 3));
	if (child->role->bit == ROLE_LOG)
		master_log_introduce(m, child);
	master_introduce_everywhere(m, child);
	child->listens = false;
	master_give_listeners(m, child);
	return master_configure(m, child);
}
