/*
 * This machine's addresses (relay_own.h). They come and go without a word while the server runs: a
 * container's network, a second line. So they are asked for anew when they are needed and what is known of
 * them is older than OWN_FRESH_MS.
 */
#include "role/relay/relay_own.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/network.h"
#include "role/relay/relay_state.h"

enum {
	OWN_FRESH_MS = 60 * 1000,
	OWN_MAX = 65536 /* addresses in a list: the kernel's own limit of a /16 on one interface, and 8 MB */
};

struct own_list {
	struct sockaddr_storage *addresses;
	size_t count, room;
};

static struct own_list listeners; /* with their ports */
static struct own_list machine;   /* all that this machine has */
static int64_t learned_at;
static bool learned;

static void add(struct own_list *l, const struct sockaddr_storage *address)
{
	if (l->count == OWN_MAX)
		return;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->addresses = mem_resize(l->addresses, l->room * sizeof *l->addresses);
	}
	l->addresses[l->count++] = *address;
}

/* "127.0.0.1:25", "[::1]:25": an address and its port. */
static bool parse_listener(struct view text, struct sockaddr_storage *address)
{
	uint64_t port = 0;
	ptrdiff_t colon = view_find_last(text, ':');
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

/* All of this machine's addresses of the family, with the wildcard's port. */
static void add_machine(const struct sockaddr_storage *wildcard)
{
	for (size_t i = 0; i < machine.count; i++) {
		struct sockaddr_storage a = machine.addresses[i];
		if (a.ss_family != wildcard->ss_family)
			continue;
		if (a.ss_family == AF_INET6)
			((struct sockaddr_in6 *)&a)->sin6_port =
			    ((const struct sockaddr_in6 *)wildcard)->sin6_port;
		else
			((struct sockaddr_in *)&a)->sin_port =
			    ((const struct sockaddr_in *)wildcard)->sin_port;
		add(&listeners, &a);
	}
}

static void learn_listeners(const struct settings *s)
{
	struct view rest = s->smtp_listen, line;
	struct sockaddr_storage address;
	listeners.count = 0;
	while (rest.len > 0 && view_next(&rest, '\n', &line)) {
		if (!parse_listener(line, &address))
			continue;
		if (is_wildcard(&address))
			add_machine(&address);
		else
			add(&listeners, &address);
	}
}

/* If the system does not tell now, its last answer counts. */
static void learn_machine(void)
{
	struct ifaddrs *all, *i;
	if (getifaddrs(&all) != 0) {
		log_event(LOG_WARNING, "-", "own-addresses-unknown", log_errno(-errno));
		return;
	}
	machine.count = 0;
	for (i = all; i; i = i->ifa_next) {
		struct sockaddr_storage a = {0};
		if (i->ifa_addr == NULL ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		memcpy(&a, i->ifa_addr,
		    i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
		                                       : sizeof(struct sockaddr_in));
		add(&machine, &a);
	}
	freeifaddrs(all);
}

static void learn(const struct settings *s)
{
	learned = true;
	learned_at = clock_monotonic_ms();
	learn_machine();
	learn_listeners(s);
}

static void refresh(void)
{
	if (!learned || clock_monotonic_ms() - learned_at > OWN_FRESH_MS)
		learn(&relay_role.process->settings);
}

void relay_own_configure(const struct settings *s)
{
	struct view rest = s->relay_source, line;
	struct sockaddr_storage address;
	learn(s);
	relay_role.source4 = relay_role.source6 = (struct sockaddr_storage){0};
	while (rest.len > 0 && view_next(&rest, '\n', &line))
		if (network_parse(line, &address))
			*(address.ss_family == AF_INET6 ? &relay_role.source6 : &relay_role.source4) =
			    address;
}

const struct sockaddr_storage *relay_own_listeners(size_t *count)
{
	refresh();
	*count = listeners.count;
	return listeners.addresses;
}

bool relay_may_reach(const struct sockaddr_storage *address)
{
	if (network_contains(relay_role.process->settings.relay_networks, address))
		return true;
	refresh();
	for (size_t i = 0; i < machine.count; i++)
		if (network_same(address, &machine.addresses[i]))
			return false;
	return network_is_public(address);
}
