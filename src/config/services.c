#include "config/services.h"

#include <stddef.h>

#include "trust/login/credentials.h"

#define LISTENS(member) .setting = offsetof(struct settings, member##_listen)

/* clang-format off */
static const struct service_row rows[SERVICES] = {
    [SERVICE_SMTP] = {.name = "smtp", .role = "smtp", LISTENS(smtp), .port = 25},
    [SERVICE_SUBMISSION] = {.name = "submission", .role = "smtp", LISTENS(submission), .port = 587, .credential = CREDENTIAL_SMTP},
    [SERVICE_SUBMISSIONS] = {.name = "submissions", .role = "smtp", LISTENS(submissions), .port = 465, .tls = true, .credential = CREDENTIAL_SMTP},
    [SERVICE_LMTP] = {.name = "lmtp", .role = "smtp", LISTENS(lmtp), .port = 24},
    [SERVICE_POP3] = {.name = "pop3", .role = "pop3", LISTENS(pop3), .port = 110, .credential = CREDENTIAL_POP3, .channel = true},
    [SERVICE_POP3S] = {.name = "pop3s", .role = "pop3", LISTENS(pop3s), .port = 995, .tls = true, .credential = CREDENTIAL_POP3, .channel = true},
    [SERVICE_IMAP] = {.name = "imap", .role = "imap", LISTENS(imap), .port = 143, .credential = CREDENTIAL_IMAP, .channel = true},
    [SERVICE_IMAPS] = {.name = "imaps", .role = "imap", LISTENS(imaps), .port = 993, .tls = true, .credential = CREDENTIAL_IMAP, .channel = true},
    [SERVICE_MANAGESIEVE] = {.name = "managesieve", .role = "managesieve", LISTENS(managesieve), .port = 4190, .credential = CREDENTIAL_SIEVE, .channel = true},
    [SERVICE_HTTP] = {.name = "http", .role = "web", LISTENS(http), .port = 80},
    [SERVICE_HTTPS] = {.name = "https", .role = "web", LISTENS(https), .port = 443, .tls = true, .credential = CREDENTIAL_WEB, .channel = true},
    [SERVICE_METRICS] = {.name = "metrics", .role = "web", LISTENS(metrics)},
    [SERVICE_SENDMAIL] = {.name = "sendmail", .role = "smtp", .socket = "sendmail", .open = true},
    [SERVICE_ADMIN_AUTH] = {.name = "admin-auth", .role = "auth", .socket = "auth"},
    [SERVICE_ADMIN_STORE] = {.name = "admin-store", .role = "store", .socket = "store"},
};
/* clang-format on */

const struct service_row *service_row(enum service service)
{
	return &rows[service];
}

const struct service_row *service_by_name(struct view name)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (view_equal(name, view_from_string(rows[i].name)))
			return &rows[i];
	return NULL;
}

const char *service_name(enum service service)
{
	return rows[service].name;
}

bool service_has_tls(enum service service)
{
	return rows[service].tls;
}

struct view service_addresses(const struct settings *s, enum service service)
{
	if (rows[service].socket)
		return (struct view){0};
	return *(const struct view *)((const char *)s + rows[service].setting);
}

unsigned service_port(const struct settings *s, enum service service)
{
	struct view rest = service_addresses(s, service), line;
	uint64_t port = 0;
	if (rest.len == 0 || !view_next(&rest, '\n', &line))
		return 0;
	ptrdiff_t colon = view_find_last(line, ':');
	return colon >= 0 && view_to_u64(view_skip(line, (size_t)colon + 1), UINT16_MAX, &port)
	           ? (unsigned)port
	           : 0;
}
