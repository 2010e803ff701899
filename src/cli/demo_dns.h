/* The name server of `postrider demo`: it knows the demo's domains, the keys that sign their mail, and
 * nothing else. */
#ifndef CLI_DEMO_DNS_H
#define CLI_DEMO_DNS_H

#include <sys/types.h>

struct demo_site {
	const char *domain, *address;
	const char
	    *config; /* path of its settings, which may not be there yet; NULL: a domain without a server */
};

/*
 * A process that answers on 127.0.0.1 and this port (UDP) until it is sent SIGTERM, or its parent ends. -1:
 * the port is taken, or there is no process. Sites and their texts are copied by the fork.
 */
pid_t demo_dns_start(const struct demo_site *sites, size_t count, unsigned port);

#endif
