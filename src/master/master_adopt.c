/* See master_adopt.h. */
#include "master/master_adopt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "master/passage.h"

#define VARIABLE "POSTRIDER_ADOPT"

enum {
	STATE_MAX = 8 * 1024 * 1024, /* settings and chains, each at most a few hundred KB, and some KB */
	SETTINGS_MAX = 1024 * 1024
};

/* ---- what the master has ---- */

static void pass_settings(struct master *m, struct passage *p)
{
	struct buf encoded;
	buf_init(&encoded, SETTINGS_MAX);
	if (!p->reads)
		settings_encode(m->settings, &encoded);
	passage_bytes(p, &encoded);
	if (p->reads && settings_decode(m->settings, buf_view(&encoded)) != 0)
		p->in.failed = true;
	buf_done(&encoded);
}

static void pass_certificates(struct certificates *all, struct passage *p)
{
	uint64_t count = all->count;
	passage_number(p, &count);
	if (p->reads) {
		all->count = count <= CERTIFICATES_MAX_SETTING ? (size_t)count : 0;
		all->rows = mem_array(CERTIFICATES_MAX_SETTING, sizeof *all->rows);
	}
	for (size_t i = 0; i < all->count; i++) {
		struct certificate *c = &all->rows[i];
		passage_string(p, &c->chain_name);
		passage_string(p, &c->key_name);
		passage_bytes(p, &c->chain);
		passage_descriptor(p, &c->key);
		passage_number(p, &c->number);
	}
}

static void pass_listeners(struct master *m, struct passage *p)
{
	uint64_t count = m->listener_count;
	passage_number(p, &count);
	m->listener_count = count <= LISTENERS_MAX ? (size_t)count : 0;
	for (size_t i = 0; i < m->listener_count; i++) {
		struct listener *l = &m->listeners[i];
		uint64_t service = l->service;
		passage_number(p, &service);
		l->service = (enum service)service;
		passage_string(p, &l->address);
		passage_descriptor(p, &l->fd);
	}
	passage_string(p, &m->command_path);
	passage_descriptor(p, &m->command_fd);
}

/* A socket's process by its place in the pool; the master's own: CHILDREN_MAX. */
static void pass_log_sockets(struct master *m, struct passage *p)
{
	uint64_t count = m->log_socket_count;
	passage_number(p, &count);
	m->log_socket_count = count <= LOG_SOURCES_MAX ? (size_t)count : 0;
	for (size_t i = 0; i < m->log_socket_count; i++) {
		struct log_socket *s = &m->log_sockets[i];
		uint64_t from = s->from, child = s->child ? (uint64_t)(s->child - m->children) : CHILDREN_MAX;
		passage_number(p, &from);
		passage_number(p, &child);
		passage_descriptor(p, &s->fd);
		s->from = (enum role_bit)from;
		s->child = child < CHILDREN_MAX ? &m->children[child] : NULL;
	}
	passage_descriptor(p, &m->log_write);
	passage_descriptor(p, &m->standard_error);
}

static void pass_upgrade(struct upgrade *u, struct passage *p)
{
	passage_time(p, &u->began);
	passage_number(p, &u->pause);
}

static void pass_master(struct master *m, struct passage *p)
{
	pass_settings(m, p);
	pass_certificates(&m->certificates, p);
	passage_number(p, &m->next_key);
	passage_number(p, &m->last_channel);
	passage_time(p, &m->began);
	passage_descriptor(p, &m->executable);
	passage_descriptor(p, &m->folder);
	pass_listeners(m, p);
	pass_log_sockets(m, p);
	pass_upgrade(&m->upgrade, p);
}

/* ---- its children ---- */

static void pass_process(struct child *c, struct passage *p)
{
	int64_t pid = c->pid;
	passage_time(p, &pid);
	c->pid = (pid_t)pid;
	passage_time(p, &c->started);
	passage_time(p, &c->since);
	passage_count(p, &c->ends);
	passage_count(p, &c->crashes);
	passage_count(p, &c->starts);
	passage_flag(p, &c->up);
	passage_flag(p, &c->ready);
	passage_flag(p, &c->told_to_stop);
	passage_flag(p, &c->listens);
	int control = c->pid > 0 ? c->control.fd : -1;
	passage_descriptor(p, &control);
	if (p->reads && control >= 0)
		master_child_hear(c, control);
}

static void pass_child(struct master *m, struct child *c, struct passage *p)
{
	uint64_t place = c->place, row = c->role ? (uint64_t)(c->role - roles) : 0;
	passage_number(p, &place);
	passage_number(p, &row);
	if (place == CHILD_FREE || row >= roles_count)
		return;
	if (p->reads) {
		m->init_child(m, c, (size_t)row, (enum child_place)place);
		*(place == CHILD_CURRENT ? &m->current[row] : &m->beside[row]) = c;
	}
	pass_process(c, p);
}

static void pass_children(struct master *m, struct passage *p)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		pass_child(m, &m->children[i], p);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		for (size_t j = 0; j < CHILDREN_MAX; j++) {
			passage_number(p, &m->introductions[i][j].number);
			passage_time(p, &m->introductions[i][j].made);
		}
	master_command_pass(m, p);
	master_metrics_pass(m, p);
}

/* ---- the execution ---- */

static int write_state(const struct buf *state)
{
	struct view rest = buf_view(state);
	int fd = memfd_create("postrider-master", 0);
	while (fd >= 0 && rest.len > 0) {
		ssize_t n = write(fd, rest.data, rest.len);
		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		if (n > 0)
			rest = view_skip(rest, (size_t)n);
	}
	return fd;
}

static void execute(struct master *m, int state)
{
	static char program[] = "postrider", command[] = "serve", option[] = "--config";
	char *arguments[] = {program, command, option, (char *)(uintptr_t)m->options->config, NULL};
	char number[24];
	sigset_t all, before;
	snprintf(number, sizeof number, "%d", state);
	setenv(VARIABLE, number, 1);
	/* What comes meanwhile waits until the new master hears signals. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fexecve(m->executable, arguments, environ);
	int error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	unsetenv(VARIABLE);
	errno = error;
}

/* All that was to survive the execution is this process's alone again: no role shall be born with it. */
static void keep_all(void)
{
	DIR *folder = opendir("/proc/self/fd");
	for (const struct dirent *e; folder && (e = readdir(folder)) != NULL;)
		if (atoi(e->d_name) > STDERR_FILENO)
			fcntl(atoi(e->d_name), F_SETFD, FD_CLOEXEC);
	if (folder)
		closedir(folder);
}

void master_pass_on(struct master *m)
{
	struct passage p = {.reads = false};
	buf_init(&p.out, STATE_MAX);
	pass_master(m, &p);
	pass_children(m, &p);
	int state = buf_failed(&p.out) ? -1 : write_state(&p.out);
	if (state >= 0)
		execute(m, state);
	log_record(LOG_ERROR, "-", "master-stays", log_errno(errno),
	    log_string(
	        "do", "the roles run the new program; restart the server when it suits, for its master"));
	if (state >= 0)
		close(state);
	buf_done(&p.out);
	keep_all();
}

static struct buf adopted; /* what the master before has written */
static struct passage adopting;

bool master_is_adopted(void)
{
	return getenv(VARIABLE) != NULL;
}

bool master_adopt(struct master *m)
{
	int fd = atoi(getenv(VARIABLE));
	char *room;
	unsetenv(VARIABLE);
	buf_init(&adopted, STATE_MAX);
	off_t size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || size > STATE_MAX || (room = buf_reserve(&adopted, (size_t)size)) == NULL ||
	    pread(fd, room, (size_t)size, 0) != size)
		return false;
	close(fd);
	buf_commit(&adopted, (size_t)size);
	adopting = (struct passage){.reads = true, .in = cursor_on(buf_view(&adopted))};
	pass_master(m, &adopting);
	m->announced = m->open = true;
	return cursor_ok(&adopting.in);
}

void master_adopt_children(struct master *m)
{
	sigset_t none;
	pass_children(m, &adopting);
	buf_done(&adopted);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
