/* Accepting and limits of the client-facing roles: see edge.h. */
#include "edge/edge.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "edge/edge_connection.h"

enum {
	ACCEPTS_A_TURN = 64,
	WINDOW_MS = 60000,
	TICKETS_PATIENCE_MS = 1000, /* keys answers within a few */
	ACCEPT_PAUSE_MS = 100, /* without descriptors or memory: the backlog holds the clients meanwhile */
	DESCRIPTORS_KEPT = 64  /* for the loop, the peers and the listeners */
};

/* What one address (or IPv6 network) does. */
struct client_count {
	unsigned open, connects, messages;
	int64_t window; /* when connects and messages began to be counted */
};

/* ---- counting ---- */

static struct client_count *count_of(struct edge *edge, const char *key, size_t len)
{
	struct client_count *count = map_get(&edge->clients, view_of(key, len));
	if (count == NULL) {
		count = mem_alloc(sizeof *count);
		count->window = clock_monotonic_ms();
		map_set(&edge->clients, view_of(key, len), count);
	}
	if (clock_monotonic_ms() - count->window >= WINDOW_MS) {
		count->window = clock_monotonic_ms();
		count->connects = count->messages = 0;
	}
	return count;
}

/* What is refused whoever asks. Without a descriptor left a login could not get its account's channel either.
 */
static const char *has_no_room(const struct edge *edge)
{
	size_t most = edge->descriptors > DESCRIPTORS_KEPT
	                  ? (edge->descriptors - DESCRIPTORS_KEPT) / edge->protocol->descriptors_each
	                  : 1;
	if (edge->connections >= edge->process->settings.connections_max)
		return "connections_max";
	return edge->connections >= most ? "descriptors" : NULL;
}

static bool admit(struct edge *edge, struct edge_client *client, const char **reason)
{
	const struct settings *settings = &edge->process->settings;
	client->key_len = network_key(&client->address, client->key);
	struct client_count *count = count_of(edge, client->key, client->key_len);
	/* A proxy speaks for many: they are counted when it has told who they are. */
	bool trusted = network_contains(settings->trusted_networks, &client->address) ||
	               network_contains(settings->proxy_from, &client->address);
	if (!trusted && count->open >= settings->connections_per_address)
		*reason = "connections_per_address";
	else if (!trusted && count->connects >= settings->connection_rate)
		*reason = "connection_rate";
	else
		*reason = NULL;
	if (*reason)
		return false;
	count->open++;
	count->connects++;
	client->counted = true;
	return true;
}

static void forget(struct edge *edge, struct edge_client *client)
{
	struct client_count *count = map_get(&edge->clients, view_of(client->key, client->key_len));
	if (client->counted && count && count->open > 0)
		count->open--;
	client->counted = false;
}

/* The first ones are named; a flood is summed up once a minute. */
static void tell_refused(struct edge *edge, const struct edge_client *client, const char *reason)
{
	if (edge->refused++ - edge->refused_told < 10)
		log_event(LOG_WARNING, "-", "connection-refused", log_string("client", client->text),
		    log_string("service", service_name(client->service)), log_string("reason", reason));
}

bool edge_rename(struct edge *edge, struct edge_client *client, const struct sockaddr_storage *address)
{
	const char *reason;
	forget(edge, client);
	client->address = *address;
	network_text(address, client->text);
	if (admit(edge, client, &reason))
		return true;
	tell_refused(edge, client, reason);
	return false;
}

bool edge_count_message(struct edge *edge, const struct edge_client *client)
{
	struct client_count *count = count_of(edge, client->key, client->key_len);
	if (network_contains(edge->process->settings.trusted_networks, &client->address))
		return true;
	return count->messages++ < edge->process->settings.messages_rate;
}

/* Addresses that have gone are forgotten once a minute, so the table stays as large as the crowd of a minute.
 */
static void sweep(void *arg)
{
	struct edge *edge = arg;
	struct map keep;
	struct view key;
	void *value;
	size_t position = 0;
	map_init(&keep);
	while (map_each(&edge->clients, &position, &key, &value)) {
		struct client_count *count = value;
		if (count->open > 0 || clock_monotonic_ms() - count->window < WINDOW_MS)
			map_set(&keep, key, count);
		else
			mem_free(count);
	}
	map_done(&edge->clients);
	edge->clients = keep;
	if (edge->refused > edge->refused_told) {
		log_event(LOG_WARNING, "-", "connections-refused",
		    log_u64("count", edge->refused - edge->refused_told));
		edge->refused_told = edge->refused;
	}
	loop_timer_set(&edge->sweep, WINDOW_MS);
}

/* ---- accepting ---- */

static void start_accepting(void *arg)
{
	struct edge *edge = arg;
	for (size_t i = 0; i < edge->listener_count; i++)
		loop_watch_on(&edge->listeners[i].watch);
}

static void stop_accepting(struct edge *edge)
{
	for (size_t i = 0; i < edge->listener_count; i++)
		loop_watch_off(&edge->listeners[i].watch);
}

static void refuse(struct edge *edge, int fd, const struct edge_client *client, const char *reason)
{
	/* Under TLS from the first byte a line in clear would only confuse. */
	const char *line = edge->protocol->too_many;
	if (!service_has_tls(client->service))
		send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
	tell_refused(edge, client, reason);
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
		const char *reason;
		network_text(&client.address, client.text);
		reason = has_no_room(edge);
		if (reason || !admit(edge, &client, &reason)) {
			refuse(edge, fd, &client, reason);
			continue;
		}
		edge->connections++;
		edge_connection_open(edge, fd, &client);
	}
}

void edge_disconnected(struct edge *edge, struct edge_client *client)
{
	forget(edge, client);
	edge->connections--;
	if (edge->connections == 0 && edge->process->draining)
		role_exit(edge->process);
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
	edge->process = p;
	edge->protocol = protocol;
	calls_init(&edge->keys);
	struct rlimit files;
	edge->descriptors = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY
	                        ? files.rlim_cur
	                        : SIZE_MAX;
	map_init(&edge->clients);
	loop_timer_init(&edge->sweep, &p->loop, sweep, edge);
	loop_timer_init(&edge->accept_again, &p->loop, start_accepting, edge);
	loop_timer_init(&edge->drain_deadline, &p->loop, drain_deadline, edge);
	loop_timer_set(&edge->sweep, WINDOW_MS);
}

void edge_add_listener(struct edge *edge, enum service service, int fd)
{
	if (edge->listener_count == LISTENERS_MAX) {
		close(fd);
		return;
	}
	struct edge_listener *listener = &edge->listeners[edge->listener_count++];
	*listener = (struct edge_listener){.edge = edge, .service = service, .fd = fd};
	loop_watch_init(&listener->watch, &edge->process->loop, fd, LOOP_READ, on_listener, listener);
}

void edge_drain(struct edge *edge)
{
	stop_accepting(edge);
	loop_timer_cancel(&edge->accept_again);
	for (size_t i = 0; i < edge->listener_count; i++)
		close(edge->listeners[i].fd);
	edge->listener_count = 0;
	for (struct edge_connection *c = edge->first; c; c = c->next)
		edge_connection_drain(c);
	if (edge->connections == 0)
		role_exit(edge->process);
	else
		loop_timer_set(
		    &edge->drain_deadline, (int64_t)edge->process->settings.drain_seconds * 1000 + 1);
}

int edge_serve(struct edge *edge)
{
	int error = edge_configure_tls(edge);
	if (error || edge->process->serving)
		return error;
	/* A client that comes with a ticket should resume with it: so the ticket keys come first, or a
	 * moment passes. */
	edge->opening = edge->tls && edge->keys.link.up;
	if (edge->opening)
		loop_timer_set(&edge->accept_again, TICKETS_PATIENCE_MS);
	else
		start_accepting(edge);
	return 0;
}

void edge_tickets_known(struct edge *edge)
{
	if (!edge->opening || edge->process->draining)
		return;
	edge->opening = false;
	loop_timer_cancel(&edge->accept_again);
	start_accepting(edge);
}
