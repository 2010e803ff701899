/* The relay role's frame: its peers, what store hands out, the credit for more, and the end. See
 * relay_private.h. */
#include "role/relay/role_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

enum { SENDERS_MAX = 10000 /* sender domains that are counted at once */ };

struct relay_role relay_role;

/* ---- store ---- */

void relay_give_credit(uint64_t destinations)
{
	struct message_queue_ready m = {.destinations = destinations};
	if (relay_role.store.link.up && !relay_role.draining && !relay_role.catching_up)
		ipc_send(&relay_role.store.link.channel, MESSAGE_QUEUE_READY, 0, &m, -1);
}

void relay_outcomes_told(void)
{
	if (!relay_role.catching_up)
		return;
	relay_role.catching_up = !relay_outcomes_tell_again();
	relay_give_credit(RELAY_DESTINATIONS_MAX);
}

static void on_store(struct link *link, struct channel_frame *frame)
{
	if (frame->type == MESSAGE_QUEUE_DESTINATION) {
		struct message_queue_destination m;
		if (link_decode(link, frame, &m))
			relay_destination_open(&m);
	} else if (frame->type == MESSAGE_QUEUE_MESSAGE) {
		struct message_queue_message m;
		if (!link_decode(link, frame, &m))
			return;
		struct relay_destination *d = relay_destination_by_number(m.number);
		if (d)
			relay_destination_message(d, &m);
	} else if (frame->type == MESSAGE_QUEUE_TAKEN) {
		struct message_queue_taken m;
		if (!link_decode(link, frame, &m))
			return;
		struct relay_destination *d = relay_destination_by_number(m.number);
		if (d)
			relay_destination_taken(d, &m);
	} else if (frame->type == MESSAGE_QUEUE_MORE) {
		struct message_queue_more m;
		if (!link_decode(link, frame, &m))
			return;
		struct relay_destination *d = relay_destination_by_number(m.number);
		if (d)
			relay_destination_more(d);
	}
}

void relay_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	struct calls *calls = peer == ROLE_STORE  ? &relay_role.store
	                      : peer == ROLE_DNS  ? &relay_role.dns
	                      : peer == ROLE_KEYS ? &relay_role.keys
	                                          : &relay_role.auth;
	/* What an earlier store had given is the new one's to give. */
	if (peer == ROLE_STORE)
		relay_destinations_forget();
	calls_link(calls, p, fd, peer);
	if (peer != ROLE_STORE)
		return;
	relay_role.catching_up = !relay_outcomes_tell_again();
	relay_give_credit(RELAY_DESTINATIONS_MAX);
}

/* ---- sender_domain_rate ---- */

bool relay_sender_may(struct view sender)
{
	static struct map counts; /* domain -> how many in this minute, plus one */
	static int64_t since;
	uint64_t rate = relay_role.process->settings.sender_domain_rate;
	ptrdiff_t at = view_find(sender, '@');
	if (rate == 0 || at < 0)
		return true;
	int64_t now = clock_monotonic_ms();
	if (now - since >= 60000 || counts.count >= SENDERS_MAX) {
		map_done(&counts);
		map_init(&counts);
		since = now;
	}
	struct view domain = view_skip(sender, (size_t)at + 1);
	uintptr_t count = (uintptr_t)map_get(&counts, domain);
	if (count > rate)
		return false;
	map_set(&counts, domain, (void *)(count + 1 + (count == 0)));
	return true;
}

/* ---- what we are told ---- */

/* "127.0.0.1:25", "[::1]:25": an address and its port. */
static bool parse_listener(struct view text, struct sockaddr_storage *address)
{
	uint64_t port = 0;
	ptrdiff_t colon = -1;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == ':')
			colon = (ptrdiff_t)i;
	if (colon < 0 || !view_to_u64(view_skip(text, (size_t)colon + 1), 65535, &port))
		return false;
	struct view host = view_take(text, (size_t)colon);
	if (host.len > 2 && host.data[0] == '[')
		host = view_take(view_skip(host, 1), host.len - 2);
	if (!network_parse(host, address))
		return false;
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
	return true;
}

static bool is_wildcard(const struct sockaddr_storage *a)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	return a->ss_family == AF_INET6
	           ? memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &any, sizeof any) == 0
	           : ((const struct sockaddr_in *)a)->sin_addr.s_addr == INADDR_ANY;
}

static void add_own(const struct sockaddr_storage *address)
{
	if (relay_role.own_address_count < RELAY_OWN_MAX)
		relay_role.own_addresses[relay_role.own_address_count++] = *address;
}

/* All of this machine's addresses of the family, with the wildcard's port. */
static void add_interfaces(const struct sockaddr_storage *wildcard)
{
	struct ifaddrs *all, *i;
	if (getifaddrs(&all) != 0)
		return;
	for (i = all; i; i = i->ifa_next) {
		struct sockaddr_storage a = *wildcard;
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != wildcard->ss_family)
			continue;
		if (a.ss_family == AF_INET6)
			((struct sockaddr_in6 *)&a)->sin6_addr =
			    ((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr;
		else
			((struct sockaddr_in *)&a)->sin_addr =
			    ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
		add_own(&a);
	}
	freeifaddrs(all);
}

/* Whatever listens there, strangers are not to reach it through us. */
static void learn_machine(void)
{
	struct ifaddrs *all, *i;
	if (getifaddrs(&all) != 0)
		return;
	relay_role.machine_address_count = 0;
	for (i = all; i && relay_role.machine_address_count < RELAY_OWN_MAX; i = i->ifa_next) {
		struct sockaddr_storage *a = &relay_role.machine_addresses[relay_role.machine_address_count];
		if (i->ifa_addr == NULL ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		memcpy(a, i->ifa_addr,
		    i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
		                                       : sizeof(struct sockaddr_in));
		relay_role.machine_address_count++;
	}
	freeifaddrs(all);
}

/* Where we listen: a host with such an address is ourselves. */
static void learn_addresses(const struct settings *s)
{
	struct view rest = s->smtp_listen, line;
	struct sockaddr_storage address;
	relay_role.own_address_count = 0;
	learn_machine();
	while (rest.len > 0 && view_next(&rest, '\n', &line)) {
		if (!parse_listener(line, &address))
			continue;
		if (is_wildcard(&address))
			add_interfaces(&address);
		else
			add_own(&address);
	}
	rest = s->relay_source;
	relay_role.source4 = relay_role.source6 = (struct sockaddr_storage){0};
	while (rest.len > 0 && view_next(&rest, '\n', &line))
		if (network_parse(line, &address))
			*(address.ss_family == AF_INET6 ? &relay_role.source6 : &relay_role.source4) =
			    address;
}

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
		return relay_role.tls ? 0 : -12;
	if (relay_role.tls)
		tls_context_unref(relay_role.tls);
	relay_role.tls = fresh;
	return 0;
}

/* ---- start and end ---- */

int relay_role_start(struct role_process *p)
{
	relay_role.process = p;
	calls_init(&relay_role.store);
	calls_init(&relay_role.dns);
	calls_init(&relay_role.keys);
	calls_init(&relay_role.auth);
	relay_role.store.notice = on_store;
	map_init(&relay_role.destinations);
	map_init(&relay_role.hosts);
	map_init(&relay_role.flights);
	map_init(&relay_role.places);
	struct rlimit files;
	relay_role.descriptors =
	    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 2 * RELAY_DESCRIPTORS
	        ? files.rlim_cur - RELAY_DESCRIPTORS
	        : RELAY_DESCRIPTORS;
	/* Everything that OpenSSL loads lazily is loaded now, before confinement. */
	relay_role.tls = tls_client_new((struct view){0});
	return relay_role.tls ? 0 : -12;
}

/* A socket of this machine is found by its folder: what is opened now is all that can be reached later. */
void relay_role_prepare(struct role_process *p)
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
			    log_errno(-errno), log_string("do", "make it, or change the route, and restart"));
		mem_free(folder);
	}
}

int relay_role_serve(struct role_process *p)
{
	learn_addresses(&p->settings);
	relay_places_configure();
	int error = take_files(p);
	if (error == 0 && !p->serving)
		relay_policies_init(&p->loop);
	return error;
}

void relay_check_drained(void)
{
	if (relay_role.draining && relay_role.destinations.count == 0 && relay_role.connections == 0)
		role_exit(relay_role.process);
}

void relay_role_drain(struct role_process *p)
{
	(void)p;
	relay_role.draining = true;
	relay_destinations_drain();
	relay_connections_quit();
	relay_check_drained();
}
