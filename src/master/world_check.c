/* Whether what the settings name is there, and can be used: see world_check.h. */
#include "master/world_check.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/dns_update.h"
#include "config/listen_address.h"
#include "config/local_users.h"
#include "config/route.h"
#include "config/services.h"
#include "config/settings_check.h"
#include "io/network.h"

enum { PATH_SIZE = 1024, SOCKET_PATH_MAX = 90 /* sun_path takes 107, and a name stands behind the folder */ };

struct checking {
	const struct settings *s;
	const struct conf *conf;
	enum world_user user;
	struct findings *found;
};

static void tell(struct checking *c, enum finding_level level, const char *setting, size_t element,
    const char *problem, const char *expected)
{
	settings_complain(c->conf, setting, element,
	    (struct finding){.level = level, .problem = problem, .expected = expected}, c->found);
}

static void path_of(struct view v, char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%.*s", VIEW_FMT(v));
}

/* ---- files ---- */

/* A file that must be there, and of which others than its owner may know nothing (`secret`). */
static void check_file(struct checking *c, enum finding_level level, const char *setting, size_t element,
    struct view path, bool secret)
{
	char name[PATH_SIZE], problem[PATH_SIZE + 200];
	struct stat st;
	path_of(path, name);
	FILE *file = fopen(name, "re");
	if (file == NULL || fstat(fileno(file), &st) != 0 || S_ISDIR(st.st_mode)) {
		int error = file ? EISDIR : errno;
		bool hidden = error == EACCES && c->user == WORLD_LOOKS;
		snprintf(problem, sizeof problem, "cannot read %s: %s%s", name, strerror(error),
		    hidden ? " (the server may be allowed to: run this check as root)" : "");
		tell(c, hidden ? FINDING_WARNING : level, setting, element, problem,
		    hidden ? "" : "a file that the server may read");
	} else if (secret && st.st_mode & 077) {
		snprintf(problem, sizeof problem, "others than its owner may read %s", name);
		tell(c, FINDING_WARNING, setting, element, problem, "mode 600: chmod 600");
	} else if (secret && st.st_size == 0) {
		snprintf(problem, sizeof problem, "%s is empty", name);
		tell(c, FINDING_WARNING, setting, element, problem, "the secret in it");
	}
	if (file)
		fclose(file);
}

static void check_socket(struct checking *c, size_t element, struct view path)
{
	char name[PATH_SIZE], problem[PATH_SIZE + 100];
	struct stat st;
	path_of(path, name);
	if (stat(name, &st) == 0 && S_ISSOCK(st.st_mode))
		return;
	snprintf(problem, sizeof problem, "there is no socket %s; mail for it waits", name);
	tell(c, FINDING_WARNING, "routes", element, problem, "the socket of a running LMTP server");
}

static void check_lines(struct checking *c)
{
	struct view rest, line, domain, path;
	struct route route;
	struct dns_update update;
	const char *problem;
	rest = c->s->routes;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++) {
		if (route_parse(line, &route, &problem) != 0)
			continue;
		if (route.password_file.len > 0)
			check_file(c, FINDING_ERROR, "routes", i, route.password_file, true);
		if (route.host.data[0] == '/')
			check_socket(c, i, route.host);
	}
	rest = c->s->relay_domains;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++)
		if (relay_domain_parse(line, &domain, &path, &problem) == 0 && path.len > 0)
			check_file(c, FINDING_ERROR, "relay_domains", i, path, false);
	rest = c->s->dns_anchors;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++)
		if (view_starts(line, VIEW(DNS_ANCHOR_FILE)))
			check_file(c, FINDING_ERROR, "dns_anchors", i,
			    view_skip(line, sizeof DNS_ANCHOR_FILE - 1), false);
	rest = c->s->dns_updates;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &line); i++)
		if (dns_update_parse(line, &update, &problem) == 0)
			check_file(c, FINDING_WARNING, "dns_updates", i, update.key_file, true);
	if (c->s->ca_file.len > 0)
		check_file(c, FINDING_WARNING, "ca_file", 0, c->s->ca_file, false);
	if (c->s->smime_anchors.len > 0)
		check_file(c, FINDING_WARNING, "smime_anchors", 0, c->s->smime_anchors, false);
}

static void check_users(struct checking *c)
{
	struct view rest = c->s->local_senders, name;
	struct buf users;
	char problem[200];
	buf_init(&users, LOCAL_USERS_TEXT_MAX);
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &name); i++) {
		if (!local_users_name_is_good(name) || local_users_add(&users, name))
			continue;
		snprintf(problem, sizeof problem, "this machine has no user %.*s", VIEW_FMT(name));
		tell(c, FINDING_WARNING, "local_senders", i, problem, "a user that `getent passwd` shows");
	}
	buf_done(&users);
}

/* ---- folders ---- */

/* A folder that the server makes at its start must have one to stand in. */
static bool check_parent(struct checking *c, const char *setting, const char *name)
{
	char parent[PATH_SIZE], problem[2 * PATH_SIZE + 100];
	struct stat st;
	snprintf(parent, sizeof parent, "%s", name);
	char *slash = strrchr(parent, '/');
	if (slash == NULL || slash == parent)
		return true;
	*slash = '\0';
	if (stat(parent, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	snprintf(problem, sizeof problem, "%s cannot be made: there is no folder %s", name, parent);
	tell(c, FINDING_ERROR, setting, 0, problem, "a folder that exists, or whose parent does");
	return false;
}

static void check_data(struct checking *c)
{
	char name[PATH_SIZE], problem[PATH_SIZE + 200];
	struct stat st;
	path_of(c->s->data, name);
	if (stat(name, &st) == 0) {
		snprintf(problem, sizeof problem, "%s is no folder", name);
		if (!S_ISDIR(st.st_mode))
			tell(c, FINDING_ERROR, "data", 0, problem, "a folder");
		return;
	}
	if (errno == EACCES || !check_parent(c, "data", name))
		return;
	snprintf(problem, sizeof problem,
	    "there is no folder %s: the server makes it at its start, with no accounts and no mail in it",
	    name);
	tell(c, FINDING_WARNING, "data", 0, problem,
	    "the folder that holds your mail, unless this server is new");
}

/* Somebody who may write there could put another socket in the place of the administrator's, and be told
 * passwords. */
static void check_run(struct checking *c)
{
	char name[PATH_SIZE], problem[PATH_SIZE + 200];
	struct stat st;
	path_of(c->s->run, name);
	if (c->s->run.len > SOCKET_PATH_MAX)
		tell(c, FINDING_ERROR, "run", 0,
		    "the name is too long for the path of a socket in the folder", "at most 90 characters");
	if (stat(name, &st) != 0) {
		if (errno == ENOENT)
			(void)check_parent(c, "run", name);
		return;
	}
	snprintf(problem, sizeof problem, "others may write to %s, and could put sockets of their own there",
	    name);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		tell(c, FINDING_ERROR, "run", 0, problem,
		    "a folder of root or the server's user, with mode 755");
}

/* ---- addresses ---- */

/* Whether this machine has the address: the kernel binds no other. 0, or a negative errno. */
static int try_bind(struct sockaddr_storage address, socklen_t len)
{
	if (address.ss_family == AF_INET)
		((struct sockaddr_in *)&address)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&address)->sin6_port = 0;
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int error = bind(fd, (struct sockaddr *)&address, len) == 0 ? 0 : -errno;
	close(fd);
	return error;
}

static void check_address(struct checking *c, enum finding_level level, const char *setting, size_t element,
    const struct sockaddr_storage *address, socklen_t len)
{
	char problem[200], name[NETWORK_TEXT_SIZE];
	int error = try_bind(*address, len);
	network_text(address, name);
	snprintf(problem, sizeof problem, "this machine has no address %s", name);
	if (error == -EADDRNOTAVAIL)
		tell(c, level, setting, element, problem,
		    "an address that `ip address` shows, 0.0.0.0 or [::]");
}

static void check_addresses(struct checking *c)
{
	struct sockaddr_storage address;
	struct view rest, text;
	const char *problem;
	char setting[64];
	socklen_t len;
	/* Sockets that systemd hands over may be of addresses that come later. */
	for (enum service service = 0; service < SERVICES && getenv("LISTEN_FDS") == NULL; service++) {
		snprintf(setting, sizeof setting, "%s_listen", service_name(service));
		rest = service_addresses(c->s, service);
		for (size_t i = 0; rest.len && view_next(&rest, '\n', &text); i++)
			if (listen_address_parse(text, &address, &len, &problem) == 0)
				check_address(c, FINDING_ERROR, setting, i, &address, len);
	}
	rest = c->s->relay_source;
	for (size_t i = 0; rest.len && view_next(&rest, '\n', &text); i++)
		if (network_parse(text, &address))
			check_address(c, FINDING_WARNING, "relay_source", i, &address,
			    address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
			                                 : sizeof(struct sockaddr_in6));
}

/* ---- all ---- */

static void check_tls(struct checking *c)
{
	if (c->s->tls_certificates.len == 0 && c->s->require_tls_login)
		tell(c, FINDING_WARNING, "tls_certificates", 0,
		    "without a certificate nobody can log in from another machine, and mail travels "
		    "unencrypted",
		    "a certificate, and its key in tls_keys");
}

int world_read_conf(const struct conf *conf, enum world_user user, struct settings *settings,
    struct certificates *certificates, uint64_t first, struct findings *found)
{
	struct settings fresh;
	struct certificates read = {0};
	struct checking c = {.s = &fresh, .conf = conf, .user = user, .found = found};
	settings_take(&fresh, conf, found);
	check_tls(&c);
	check_data(&c);
	check_run(&c);
	check_addresses(&c);
	check_lines(&c);
	check_users(&c);
	int error = certificates_read(&read, &fresh, conf,
	    user == WORLD_SERVES ? CERTIFICATES_SERVES : CERTIFICATES_LOOKS, first, found);
	findings_sort(found);
	if (error == 0 && found->errors) {
		certificates_done(&read);
		error = -EINVAL;
	}
	if (error) {
		settings_done(&fresh);
		return error;
	}
	settings_done(settings);
	*settings = fresh;
	*certificates = read;
	return 0;
}

int world_read(const char *config, enum world_user user, struct settings *settings,
    struct certificates *certificates, uint64_t first, struct findings *found)
{
	struct conf conf;
	conf_init(&conf);
	int error = conf_read(&conf, config, found);
	if (error == 0)
		error = world_read_conf(&conf, user, settings, certificates, first, found);
	conf_done(&conf);
	return error;
}
