/*
 * The world of MTA-STS policies around a relay, on one loop: a dns role, and a host for each domain's policy,
 * with a certificate of a CA of its own. All hosts are one listener on loopback. Days pass by the simulated
 * clock.
 */
#ifndef TEST_POLICY_WORLD_H
#define TEST_POLICY_WORLD_H

#include "io/network.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_policy.h"
#include "role/relay/relay_state.h"

enum {
	WORLD_DOMAINS = 60, /* d0.example, d1.example ...: those that the certificate names */
	DAY = 86400
};

/* What a host does when it was asked. */
enum manner {
	ANSWERS, /* gives the response and ends the connection in order */
	HANGS,   /* gives it and waits */
	POURS,   /* gives it, and more, without end */
	HANGS_UP /* gives it and breaks the connection */
};

struct world {
	/* dns: the TXT records, or NULL; their status (RCODE); the addresses of hosts: none, or a dead one
	 * too. */
	const char *record, *second_record;
	unsigned dns_status;
	bool no_host, two_addresses;

	/* Hosts. */
	enum manner manner;
	char response[100000];
	size_t response_len;

	/* What has happened since the beginning of the test. */
	unsigned records_asked, hosts_asked;             /* by questions */
	unsigned connections, open_connections, fetches; /* a fetch: a request that has come */
	unsigned failures;                               /* lines of the log */
	char request[1000];                              /* the first one */
	struct sockaddr_storage client;                  /* who connected last */
	char logged[1000];                               /* the last one */

	struct tls_context *trusting, *distrusting;
	struct role_process process;
};
extern struct world world;

/* Before and after all tests, and each of them. */
int world_make(void **state);
int world_end(void **state);
int world_setup(void **state);
int world_teardown(void **state);

/* Runs the loop until the counter is n at least. */
void world_until(const unsigned *counter, unsigned n);
void world_until_left(void); /* until no connection is open */
void world_pass(int64_t seconds);

void world_open_dns(void);
void world_close_dns(void);
void world_stop_listening(void); /* connections are refused from now on */

/* The response: status line and fields without the last line's end; body. */
void world_serve(const char *head, const char *body);
void world_serve_policy(const char *body);
void world_serve_nothing(void);
void world_respond_to_all(void); /* that are connected */

#endif
