/* The master's sockets: bound here, where root may be; adopted from systemd or from the master before an
 * upgrade. */
#include "master/master_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/listen_address.h"

enum { BACKLOG = 4096, FIRST_PASSED_FD = 3, STATUS_UNAVAILABLE = 69, STATUS_CONFIG = 78 };

/* Sockets that were handed to us: systemd's protocol (sd_listen_fds(3)), which an upgrading master uses as
 * well. */
static int adopt(const struct sockaddr_storage *wanted, socklen_t len)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	if (count == NULL || pid == NULL || atol(pid) != (long)getpid())
		return -1;
	for (int fd = FIRST_PASSED_FD; fd < FIRST_PASSED_FD + atoi(count); fd++) {
		struct sockaddr_storage bound;
		socklen_t bound_len = sizeof bound;
		memset(&bound, 0, sizeof bound);
		if (getsockname(fd, (struct sockaddr *)&bound, &bound_len) == 0 && bound_len == len &&
		    memcmp(&bound, wanted, len) == 0)
			return fd;
	}
	return -1;
}

static int bind_socket(const struct sockaddr_storage *address, socklen_t len)
{
	int on = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static const char *advice(int error)
{
	if (error == -EADDRINUSE)
		return "another program listens there; stop it (`ss -ltnp` names it) or change the setting";
	if (error == -EACCES)
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
	if (error == -EADDRNOTAVAIL)
		return "this machine has no such address";
	return "check the setting";
}

static int add(struct master *m, enum service service, struct view text, int fd)
{
	if (m->listener_count == LISTENERS_MAX)
		return -ENOSPC;
	m->listeners[m->listener_count++] =
	    (struct listener){.service = service, .address = mem_string(text), .fd = fd};
	return 0;
}

static int listen_tcp(struct master *m, enum service service, struct view text)
{
	struct sockaddr_storage address;
	socklen_t len;
	const char *problem;
	if (listen_address_parse(text, &address, &len, &problem) != 0)
		return STATUS_CONFIG; /* the check of the settings has told it */
	int fd = adopt(&address, len);
	if (fd >= 0) {
		/* systemd passes blocking sockets; a role accepts until there is nothing left. */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	} else {
		fd = bind_socket(&address, len);
	}
	if (fd == -EAFNOSUPPORT) {
		fprintf(stderr, "postrider: %.*s (%s): this machine has no IPv6; continuing without it\n",
		    VIEW_FMT(text), service_name(service));
		return 0;
	}
	if (fd < 0 || add(m, service, text, fd) != 0) {
		fprintf(stderr, "postrider: cannot listen on %.*s (%s): %s; %s\n", VIEW_FMT(text),
		    service_name(service), strerror(-fd), advice(fd));
		return STATUS_UNAVAILABLE;
	}
	return 0;
}

/* The administrator's sockets: whoever may open them (root, or the user we run as) may administer. One that
 * is open is for all users of this machine: its role asks the kernel who each is. */
int master_listen_unix(struct master *m, const char *name, bool open, int *listening, char **path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n =
	    snprintf(address.sun_path, sizeof address.sun_path, "%.*s/%s", VIEW_FMT(m->settings->run), name);
	if (n < 0 || (size_t)n >= sizeof address.sun_path) {
		fprintf(stderr, "postrider: run: the folder's name is too long for the path of a socket in "
		                "it; choose a shorter one\n");
		return STATUS_CONFIG;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		fprintf(stderr,
		    "postrider: another server uses the folder %.*s; stop that server, or set run (and data) "
		    "to other folders\n",
		    VIEW_FMT(m->settings->run));
		close(fd);
		return STATUS_UNAVAILABLE;
	}
	mode_t before = umask(open ? 0111 : 0177);
	unlink(address.sun_path); /* left behind by one that was killed */
	int failed =
	    fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0;
	umask(before);
	if (failed) {
		fprintf(stderr,
		    "postrider: cannot make the socket %s: %s; check that the folder exists and is yours\n",
		    address.sun_path, strerror(errno));
		return STATUS_UNAVAILABLE;
	}
	*listening = fd;
	*path = mem_string(view_from_string(address.sun_path));
	return 0;
}

static int listen_unix(struct master *m, enum service service)
{
	const struct service_row *row = service_row(service);
	char *path;
	int fd, status = master_listen_unix(m, row->socket, row->open, &fd, &path);
	if (status)
		return status;
	status = add(m, service, view_from_string(path), fd) ? STATUS_CONFIG : 0;
	mem_free(path);
	return status;
}

int master_listen(struct master *m)
{
	int status = 0;
	for (enum service service = 0; service < SERVICES && status == 0; service++) {
		struct view rest = service_addresses(m->settings, service), text;
		while (status == 0 && rest.len && view_next(&rest, '\n', &text))
			status = listen_tcp(m, service, text);
		if (status == 0 && service_row(service)->socket)
			status = listen_unix(m, service);
	}
	if (status == 0)
		status = master_listen_unix(m, "master", false, &m->command_fd, &m->command_path);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	return status;
}

static bool peers_are_ready(const struct master *m, const struct child *child)
{
	for (size_t i = 0; i < roles_count; i++)
		if (child->role->calls & roles[i].bit && !m->current[i]->ready)
			return false;
	return true;
}

void master_give_listeners(struct master *m, struct child *child)
{
	if (child->place != CHILD_CURRENT || child->listens || !child->up || m->stopping ||
	    !(m->open || peers_are_ready(m, child)))
		return;
	child->listens = true;
	for (size_t i = 0; i < m->listener_count; i++) {
		const struct listener *l = &m->listeners[i];
		if (strcmp(service_row(l->service)->role, child->role->name) != 0)
			continue;
		struct message_listener message = {
		    .service = l->service, .address = view_from_string(l->address)};
		ipc_send(&child->control, MESSAGE_LISTENER, 0, &message, fcntl(l->fd, F_DUPFD_CLOEXEC, 3));
	}
}

void master_open(struct master *m)
{
	m->open = true;
	loop_timer_cancel(&m->open_all);
	for (size_t i = 0; i < roles_count; i++)
		master_give_listeners(m, m->current[i]);
}

void master_close_listeners(struct master *m)
{
	for (size_t i = 0; i < m->listener_count; i++) {
		struct listener *l = &m->listeners[i];
		if (service_row(l->service)->socket)
			unlink(l->address);
		close(l->fd);
		mem_free(l->address);
	}
	m->listener_count = 0;
	if (m->command_path) {
		unlink(m->command_path);
		close(m->command_fd);
		mem_free(m->command_path);
		m->command_path = NULL;
	}
}

void master_stop_listening(struct master *m)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->listener_count; i++) {
		struct listener *l = &m->listeners[i];
		if (service_row(l->service)->socket) {
			m->listeners[kept++] = *l;
			continue;
		}
		close(l->fd);
		mem_free(l->address);
	}
	m->listener_count = kept;
}

void master_keep_listeners(struct master *m)
{
	char number[24];
	int next = FIRST_PASSED_FD, moved[LISTENERS_MAX], count = 0;
	/* First out of the way of the numbers that they shall have, then into place. */
	for (size_t i = 0; i < m->listener_count; i++)
		if (service_row(m->listeners[i].service)->socket == NULL)
			moved[count++] = fcntl(m->listeners[i].fd, F_DUPFD, FIRST_PASSED_FD + LISTENERS_MAX);
	for (int i = 0; i < count; i++)
		if (moved[i] >= 0 && dup2(moved[i], next) == next) {
			close(moved[i]);
			next++;
		}
	snprintf(number, sizeof number, "%d", next - FIRST_PASSED_FD);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof number, "%ld", (long)getpid());
	setenv("LISTEN_PID", number, 1);
}
