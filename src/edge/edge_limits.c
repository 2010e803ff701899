/* Counting what clients do: see edge_limits.h. */
#include "edge/edge_limits.h"

#include <sys/resource.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

enum {
	DESCRIPTORS_KEPT = 64, /* for the loop, the peers and the listeners */
	TOLD_ONE_BY_ONE = 10,  /* of those that are refused in a minute */
	REFUSALS_EACH = 10, /* noted of one address in a minute: a person's mistakes, and few of a flood's */
	REFUSALS_ALL = 300, /* and of all: 100 MB a day at the most */
	CROWD = 64          /* fewer connections hold a megabyte */
};

/* What one address (or IPv6 network) does. */
struct client_count {
	unsigned open, connects, messages, refusals;
	int64_t window; /* when all but `open` began to be counted */
};

void edge_limits_init(struct edge_limits *l, const struct settings *settings, size_t descriptors_each)
{
	struct rlimit files;
	size_t descriptors = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY
	                         ? files.rlim_cur
	                         : SIZE_MAX;
	*l = (struct edge_limits){.settings = settings};
	/* Without a descriptor left a login could not get its account's channel either. */
	l->connections_most =
	    descriptors > DESCRIPTORS_KEPT ? (descriptors - DESCRIPTORS_KEPT) / descriptors_each : 1;
	map_init(&l->clients);
}

void edge_limits_done(struct edge_limits *l)
{
	struct view key;
	void *count;
	for (size_t position = 0; map_each(&l->clients, &position, &key, &count);)
		mem_free(count);
	map_done(&l->clients);
}

static struct client_count *count_of(struct edge_limits *l, const struct edge_client *client, int64_t now)
{
	struct view key = view_of(client->key, client->key_len);
	struct client_count *count = map_get(&l->clients, key);
	if (count == NULL) {
		count = mem_alloc(sizeof *count);
		count->window = now;
		map_set(&l->clients, key, count);
	}
	if (now - count->window >= EDGE_WINDOW_MS) {
		count->window = now;
		count->connects = count->messages = count->refusals = 0;
	}
	return count;
}

/* The first ones are named; a flood is summed up once a minute. */
static void tell_refused(struct edge_limits *l, const struct edge_client *client, const char *reason)
{
	metric_add(METRIC_CONNECTIONS_OVER, 0, 1);
	if (l->refused++ - l->refused_told < TOLD_ONE_BY_ONE)
		log_event(LOG_WARNING, "-", "connection-refused", log_string("client", client->text),
		    log_string("service", service_name(client->service)), log_string("reason", reason));
}

/* The setting that this address is over, or NULL. A proxy speaks for many: they are counted when it has told
 * who they are. */
static const char *over_limit(
    const struct edge_limits *l, const struct edge_client *client, const struct client_count *count)
{
	/* A user of this machine is let in, or sent away, by the service that knows it. */
	if (client->address.ss_family == AF_UNIX ||
	    network_contains(l->settings->trusted_networks, &client->address) ||
	    network_contains(l->settings->proxy_from, &client->address))
		return NULL;
	if (count->open >= l->settings->connections_per_address)
		return "connections_per_address";
	return count->connects >= l->settings->connection_rate ? "connection_rate" : NULL;
}

static bool count_client(struct edge_limits *l, struct edge_client *client, int64_t now)
{
	network_text(&client->address, client->text);
	client->key_len = network_key(&client->address, client->key);
	struct client_count *count = count_of(l, client, now);
	const char *reason = over_limit(l, client, count);
	if (reason) {
		tell_refused(l, client, reason);
		return false;
	}
	count->open++;
	count->connects++;
	client->counted = true;
	return true;
}

static void forget_client(struct edge_limits *l, struct edge_client *client)
{
	struct client_count *count = map_get(&l->clients, view_of(client->key, client->key_len));
	if (client->counted && count && count->open > 0)
		count->open--;
	client->counted = false;
}

bool edge_limits_admit(struct edge_limits *l, struct edge_client *client, int64_t now)
{
	const char *reason = l->connections >= l->settings->connections_max ? "connections_max"
	                     : l->connections >= l->connections_most        ? "descriptors"
	                                                                    : NULL;
	network_text(&client->address, client->text);
	if (reason) {
		tell_refused(l, client, reason);
		return false;
	}
	if (!count_client(l, client, now))
		return false;
	l->connections++;
	metric_add(METRIC_CONNECTIONS, client->service, 1);
	metric_set(METRIC_CONNECTIONS_OPEN, 0, l->connections);
	if (l->connections > l->crowd)
		l->crowd = l->connections;
	return true;
}

void edge_limits_leave(struct edge_limits *l, struct edge_client *client)
{
	forget_client(l, client);
	l->connections--;
	metric_set(METRIC_CONNECTIONS_OPEN, 0, l->connections);
}

bool edge_limits_crowd_has_gone(struct edge_limits *l)
{
	if (l->crowd < CROWD || l->connections > l->crowd / 2)
		return false;
	l->crowd = l->connections;
	return true;
}

bool edge_limits_rename(
    struct edge_limits *l, struct edge_client *client, const struct sockaddr_storage *address, int64_t now)
{
	forget_client(l, client);
	client->address = *address;
	return count_client(l, client, now);
}

bool edge_limits_count_message(struct edge_limits *l, const struct edge_client *client, int64_t now)
{
	struct client_count *count = count_of(l, client, now);
	if (client->address.ss_family == AF_UNIX ||
	    network_contains(l->settings->trusted_networks, &client->address))
		return true;
	return count->messages++ < l->settings->messages_rate;
}

bool edge_limits_count_refusal(struct edge_limits *l, const struct edge_client *client, int64_t now)
{
	struct client_count *count = count_of(l, client, now);
	if (now - l->refusals_since >= EDGE_WINDOW_MS) {
		l->refusals_since = now;
		l->refusals = 0;
	}
	if (count->refusals >= REFUSALS_EACH || l->refusals >= REFUSALS_ALL)
		return false;
	count->refusals++;
	l->refusals++;
	return true;
}

void edge_limits_sweep(struct edge_limits *l, int64_t now)
{
	struct map keep;
	struct view key;
	void *value;
	size_t position = 0;
	map_init(&keep);
	while (map_each(&l->clients, &position, &key, &value)) {
		struct client_count *count = value;
		if (count->open > 0 || now - count->window < EDGE_WINDOW_MS)
			map_set(&keep, key, count);
		else
			mem_free(count);
	}
	map_done(&l->clients);
	l->clients = keep;
	if (l->refused > l->refused_told)
		log_event(
		    LOG_WARNING, "-", "connections-refused", log_u64("count", l->refused - l->refused_told));
	l->refused_told = l->refused;
}
