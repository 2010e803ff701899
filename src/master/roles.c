#include "master/roles.h"

#include <string.h>

#include "role/auth/role_auth.h"
#include "role/content/role_content.h"
#include "role/dns/role_dns.h"
#include "role/imap/role_imap.h"
#include "role/keys/role_keys.h"
#include "role/log/role_log.h"
#include "role/managesieve/role_managesieve.h"
#include "role/pop3/role_pop3.h"
#include "role/relay/role_relay.h"
#include "role/rules/role_rules.h"
#include "role/smtp/role_smtp.h"
#include "role/store/role_store.h"
#include "role/web/role_web.h"

/* clang-format off */
const struct role roles[] = {
    {ROLE_LOG, "log", .stop = STOP_LOG, .sandbox = &sandbox_log, .functions = &log_functions},
    {ROLE_CONTENT, "content", .stop = STOP_STORE, .sandbox = &sandbox_content, .files = 1 << FILE_SIGNERS, .functions = &content_functions},
    {ROLE_RULES, "rules", .stop = STOP_STORE, .sandbox = &sandbox_rules, .functions = &rules_functions},
    {ROLE_STORE, "store", .stop = STOP_STORE, .sandbox = &sandbox_store, .calls = ROLE_CONTENT | ROLE_RULES, .gets_folder = true, .functions = &store_functions},
    {ROLE_DNS, "dns", .stop = STOP_ASKED, .sandbox = &sandbox_dns, .files = 1 << FILE_ANCHORS, .functions = &dns_functions},
    {ROLE_KEYS, "keys", .stop = STOP_ASKED, .sandbox = &sandbox_keys, .calls = ROLE_STORE | ROLE_DNS,
	.files = 1 << FILE_KEY | 1 << FILE_SECRET | 1 << FILE_CHAIN, .functions = &keys_functions},
    {ROLE_AUTH, "auth", .stop = STOP_ASKED, .sandbox = &sandbox_auth, .calls = ROLE_STORE, .functions = &auth_functions},
    {ROLE_RELAY, "relay", .stop = STOP_STRANGERS, .sandbox = &sandbox_relay, .calls = ROLE_STORE | ROLE_AUTH | ROLE_KEYS | ROLE_DNS,
	.files = 1 << FILE_AUTHORITIES | 1 << FILE_PASSWORD | 1 << FILE_CHAIN, .functions = &relay_functions},
    {ROLE_SMTP, "smtp", .stop = STOP_STRANGERS, .sandbox = &sandbox_edge, .calls = ROLE_STORE | ROLE_AUTH | ROLE_KEYS | ROLE_DNS,
	.files = 1 << FILE_CHAIN | 1 << FILE_RECIPIENTS | 1 << FILE_USERS, .functions = &smtp_functions},
    {ROLE_POP3, "pop3", .stop = STOP_STRANGERS, .sandbox = &sandbox_edge, .calls = ROLE_AUTH | ROLE_KEYS,
	.files = 1 << FILE_CHAIN, .functions = &pop3_functions},
    {ROLE_IMAP, "imap", .stop = STOP_STRANGERS, .sandbox = &sandbox_edge, .calls = ROLE_AUTH | ROLE_KEYS,
	.files = 1 << FILE_CHAIN, .functions = &imap_functions},
    {ROLE_MANAGESIEVE, "managesieve", .stop = STOP_STRANGERS, .sandbox = &sandbox_edge, .calls = ROLE_AUTH | ROLE_KEYS,
	.files = 1 << FILE_CHAIN, .functions = &managesieve_functions},
    {ROLE_WEB, "web", .stop = STOP_STRANGERS, .sandbox = &sandbox_edge, .calls = ROLE_AUTH | ROLE_KEYS | ROLE_RELAY,
	.files = 1 << FILE_CHAIN, .functions = &web_functions},
};
/* clang-format on */
const size_t roles_count = sizeof roles / sizeof roles[0];
_Static_assert(sizeof roles / sizeof roles[0] <= ROLES_MAX, "raise ROLES_MAX");

const struct role *role_by_name(const char *name)
{
	for (size_t i = 0; i < roles_count; i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}
