#include "master/roles.h"

#include <string.h>

#include "role/auth/role_auth.h"
#include "role/dns/role_dns.h"
#include "role/keys/role_keys.h"
#include "role/log/role_log.h"
#include "role/pop3/role_pop3.h"
#include "role/relay/role_relay.h"
#include "role/smtp/role_smtp.h"
#include "role/store/role_store.h"

enum {
	SMTP_SERVICES =
	    1 << SERVICE_SMTP | 1 << SERVICE_SUBMISSION | 1 << SERVICE_SUBMISSIONS | 1 << SERVICE_LMTP,
	POP3_SERVICES = 1 << SERVICE_POP3 | 1 << SERVICE_POP3S
};

/* The order is that of start and, backwards, of stop: whoever is called starts before its callers. */
/* clang-format off */
const struct role roles[ROLES] = {
    {.name = "log", .bit = ROLE_LOG, .sandbox = &sandbox_log, .start = log_role_start, .serve = log_role_serve, .peer = log_role_peer,
	.drain = log_role_drain},
    {.name = "store", .bit = ROLE_STORE, .services = 1 << SERVICE_ADMIN_STORE, .sandbox = &sandbox_store, .gets_folder = true,
	.start = store_role_start, .serve = store_role_serve, .peer = store_role_peer, .listener = store_role_listener, .drain = store_role_drain},
    {.name = "keys", .bit = ROLE_KEYS, .sandbox = &sandbox_values, .files = 1 << FILE_KEY | 1 << FILE_SECRET,
	.start = keys_role_start, .serve = keys_role_serve, .peer = keys_role_peer},
    {.name = "dns", .bit = ROLE_DNS, .sandbox = &sandbox_dns, .files = 1 << FILE_ANCHORS, .start = dns_role_start, .serve = dns_role_serve, .peer = dns_role_peer},
    {.name = "auth", .bit = ROLE_AUTH, .calls = ROLE_STORE, .services = 1 << SERVICE_ADMIN_AUTH, .sandbox = &sandbox_auth,
	.start = auth_role_start, .serve = auth_role_serve, .peer = auth_role_peer, .listener = auth_role_listener, .drain = auth_role_drain},
    {.name = "relay", .bit = ROLE_RELAY, .calls = ROLE_STORE | ROLE_AUTH | ROLE_KEYS | ROLE_DNS, .sandbox = &sandbox_relay,
	.files = 1 << FILE_AUTHORITIES | 1 << FILE_PASSWORD,
	.start = relay_role_start, .prepare = relay_role_prepare, .serve = relay_role_serve, .peer = relay_role_peer, .drain = relay_role_drain},
    {.name = "smtp", .bit = ROLE_SMTP, .calls = ROLE_STORE | ROLE_AUTH | ROLE_KEYS | ROLE_DNS, .services = SMTP_SERVICES,
	.sandbox = &sandbox_edge, .files = 1 << FILE_CHAIN | 1 << FILE_RECIPIENTS,
	.start = smtp_role_start, .serve = smtp_role_serve, .peer = smtp_role_peer, .listener = smtp_role_listener, .drain = smtp_role_drain},
    {.name = "pop3", .bit = ROLE_POP3, .calls = ROLE_AUTH | ROLE_KEYS, .services = POP3_SERVICES,
	.sandbox = &sandbox_edge, .files = 1 << FILE_CHAIN,
	.start = pop3_role_start, .serve = pop3_role_serve, .peer = pop3_role_peer, .listener = pop3_role_listener, .drain = pop3_role_drain},
};
/* clang-format on */

const struct role *role_by_name(const char *name)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

const struct role *role_by_bit(unsigned bit)
{
	for (size_t i = 0; i < ROLES; i++)
		if (roles[i].bit == bit)
			return &roles[i];
	return NULL;
}
