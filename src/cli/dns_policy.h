/* The policy of MTA-STS as its host gives it out, fetched the way that other servers do: RFC 8461
 * section 3.3. */
#ifndef CLI_DNS_POLICY_H
#define CLI_DNS_POLICY_H

#include <sys/socket.h>

#include "config/settings.h"

enum { DNS_POLICY_SECONDS = 5 /* for each address */ };

/*
 * Tries the addresses one after the other, at the port of the setting https_port. Appends the policy to
 * `body`, or leaves it empty and appends to `why` what went wrong, in words.
 */
void dns_policy_fetch(const struct settings *settings, const char *host,
    const struct sockaddr_storage *addresses, size_t count, struct buf *body, struct buf *why);

#endif
