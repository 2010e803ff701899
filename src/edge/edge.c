/* Accepting and limits of the client-facing roles: see edge.h. */
#include "edge/edge.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "edge/edge_connection.h"

enum {
	ACCEPTS_A_TURN = 64,
	TICKETS_PATIENCE_MS = 1000, /* keys answers within a few */
	ACCEPT_PAUSE_MS = 100 /* without descriptors or memory: the backlog holds the clients meanwhile */
};

static struct edge *the_edge;

const struct settings *edge_settings(void)
{
	return &the_edge->process->settings;
}

/* ---- accepting ---- */

static void start_accepting(void *arg)
{
	struct edge *edge = arg;
	edge->accepting = true;
	for (size_t i = 0; i < edge->listener_count; i++)
		loop_watch_on(&edge->listeners[i].watch);
}

static void stop_accepting(struct edge *edge)
{
	edge->accepting = false;
	for (size_t i = 0; i < edge->listener_count; i++)
		loop_watch_off(&edge->listeners[i].watch);
}

/* Under TLS from the first byte a line in clear would only confuse. */
static void refuse(struct edge *edge, int fd, const struct edge_client *client)
{
	const char *line = edge->protocol->too_many;
	if (!service_has_tls(client->service))
		send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* Of a local socket: who has connected. False: the kernel does not say. */
static bool know_user(int fd, struct edge_client *client)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	if (service_row(client->service)->socket == NULL)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof peer)
		return false;
	client->address =
	    (struct sockaddr_storage){.ss_family = AF_UNIX}; /* a name would be the caller's choice */
	client->user = peer.uid;
	return true;
}

static void on_listener(void *arg)
{
	struct edge_listener *listener = arg;
	struct edge *edge = listener->edge;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct edge_client client = {.service = listener->service};
		socklen_t len = sizeof client.address;
		int fd = accept4(
		    listener->fd, (struct sockaddr *)&client.address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
			log_event(LOG_WARNING, "-", "accept-paused", log_errno(errno));
			stop_accepting(edge);
			loop_timer_set(&edge->accept_again, ACCEPT_PAUSE_MS);
			return;
		}
		if (fd < 0)
			return;
		if (!know_user(fd, &client))
			close(fd);
		else if (edge_limits_admit(&edge->limits, &client, clock_monotonic_ms()))
			edge_connection_open(edge, fd, &client);
		else
			refuse(edge, fd, &client);
	}
}

/* ---- the role ---- */

static void sweep(void *arg)
{
	struct edge *edge = arg;
	edge_limits_sweep(&edge->limits, clock_monotonic_ms());
	loop_timer_set(&edge->sweep, EDGE_WINDOW_MS);
}

static void give_back(void *arg)
{
	(void)arg;
	mem_give_back();
}

static void drain_deadline(void *arg)
{
	struct edge *edge = arg;
	for (struct edge_connection *c = edge->first; c; c = c->next)
		stream_abort(&c->stream);
	/* The sessions' last words are under way; who does not take them is left behind. */
	role_exit(edge->process);
}

void edge_init(struct edge *edge, struct role_process *p, const struct edge_protocol *protocol)
{
	the_edge = edge;
	edge->process = p;
	edge->protocol = protocol;
	calls_init(&edge->keys);
	calls_init(&edge->auth);
	edge_limits_init(&edge->limits, &p->settings, protocol->descriptors_each);
	loop_timer_init(&edge->give_back, &p->loop, give_back, edge);
	loop_timer_init(&edge->sweep, &p->loop, sweep, edge);
	loop_timer_init(&edge->accept_again, &p->loop, start_accepting, edge);
	loop_timer_init(&edge->drain_deadline, &p->loop, drain_deadline, edge);
	loop_timer_set(&edge->sweep, EDGE_WINDOW_MS);
}

void edge_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_KEYS)
		edge_set_keys(the_edge, fd);
	else if (peer == ROLE_AUTH)
		calls_succeed(&the_edge->auth, p, fd, peer);
	else
		close(fd);
}

void edge_role_listener(struct role_process *p, enum service service, int fd)
{
	struct edge *edge = the_edge;
	if (edge->listener_count == LISTENERS_MAX || p->draining || p->retired) {
		close(fd);
		return;
	}
	struct edge_listener *listener = &edge->listeners[edge->listener_count++];
	*listener = (struct edge_listener){.edge = edge, .service = service, .fd = fd};
	loop_watch_init(&listener->watch, &p->loop, fd, LOOP_READ, on_listener, listener);
	if (edge->accepting)
		loop_watch_on(&listener->watch);
}

static void open_with_tickets(struct edge *edge)
{
	edge->tickets_known = NULL;
	if (edge->process->draining)
		return;
	loop_timer_cancel(&edge->accept_again);
	start_accepting(edge);
}

int edge_role_serve(struct role_process *p)
{
	struct edge *edge = the_edge;
	int error = edge_configure_tls(edge);
	if (error || p->serving)
		return error;
	/* A client that comes with a ticket should resume with it: so the ticket keys come first, or a
	 * moment passes. */
	if (edge->tls && edge->keys.link.up) {
		edge->tickets_known = open_with_tickets;
		loop_timer_set(&edge->accept_again, TICKETS_PATIENCE_MS);
	} else {
		start_accepting(edge);
	}
	return 0;
}

static void leave_listeners(struct edge *edge)
{
	edge->tickets_known = NULL;
	loop_timer_cancel(&edge->accept_again);
	stop_accepting(edge);
	for (size_t i = 0; i < edge->listener_count; i++)
		close(edge->listeners[i].fd);
	edge->listener_count = 0;
}

/* Who waits in the backlog is the successor's: the listening sockets are the same. */
void edge_role_retire(struct role_process *p)
{
	leave_listeners(the_edge);
	if (the_edge->limits.connections == 0)
		role_drain(p);
}

void edge_role_drain(struct role_process *p)
{
	struct edge *edge = the_edge;
	leave_listeners(edge);
	for (struct edge_connection *c = edge->first; c; c = c->next)
		edge_connection_drain(c);
	if (edge->limits.connections == 0)
		role_exit(p);
	else
		loop_timer_set(&edge->drain_deadline, (int64_t)p->settings.drain_seconds * 1000 + 1);
}
