/* What a role is told at its start and at a reload: the settings, and the files that its row of the process
 * table names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "config/local_users.h"
#include "config/route.h"
#include "master/master_private.h"

enum { FILE_SIZE_MAX = 480 * 1024, SECRET_SIZE = 32 };

static int send_file(struct child *child, unsigned type, uint64_t kind, uint64_t number, struct view path)
{
	char name[1024];
	static char content[FILE_SIZE_MAX];
	struct stat st;
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(path));
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int error = -errno;
		log_record(LOG_ERROR, "-", "file-unreadable", log_string("file", name), log_errno(error),
		    log_string("do", "check the setting that names this file, and who may read it"));
		if (fd >= 0)
			close(fd);
		return error;
	}
	struct message_file file = {.kind = kind, .number = number, .name = path};
	if (kind == FILE_PASSWORD && st.st_mode & 077)
		log_record(LOG_WARNING, "-", "key-readable-by-others", log_string("file", name),
		    log_string("do", "chmod 600"));
	ssize_t n = read(fd, content, sizeof content);
	close(fd);
	if (n < 0)
		return -errno;
	file.content = view_of(content, (size_t)n);
	return ipc_send(&child->control, type, 0, &file, -1);
}

static int send_chains(struct master *m, struct child *child)
{
	int error = 0;
	for (size_t i = 0; i < m->certificates.count && error == 0; i++) {
		const struct certificate *c = &m->certificates.rows[i];
		struct message_file file = {.kind = FILE_CHAIN,
		    .number = c->number,
		    .name = view_from_string(c->chain_name),
		    .content = buf_view(&c->chain)};
		error = ipc_send(&child->control, MESSAGE_FILE, 0, &file, -1);
	}
	return error;
}

static int send_keys(struct master *m, struct child *child)
{
	int error = 0;
	for (size_t i = 0; i < m->certificates.count && error == 0; i++) {
		const struct certificate *c = &m->certificates.rows[i];
		struct message_file file = {
		    .kind = FILE_KEY, .number = c->number, .name = view_from_string(c->key_name)};
		error = ipc_send(&child->control, MESSAGE_FILE, 0, &file, fcntl(c->key, F_DUPFD_CLOEXEC, 3));
	}
	return error;
}

/* The files that routes and relay domains name; the number is that of the line. */
static int send_line_files(struct child *child, uint64_t kind, struct view lines)
{
	struct view line, domain, path;
	struct route route;
	const char *problem;
	int error = 0;
	for (uint64_t number = 0; error == 0 && lines.len && view_next(&lines, '\n', &line); number++) {
		path = (struct view){0};
		if (kind == FILE_PASSWORD && route_parse(line, &route, &problem) == 0)
			path = route.password_file;
		else if (kind == FILE_RECIPIENTS)
			error = relay_domain_parse(line, &domain, &path, &problem);
		if (error == 0 && path.len > 0)
			error = send_file(child, MESSAGE_FILE, kind, number, path);
	}
	return error;
}

static int write_secret(struct master *m, const char *name, const unsigned char secret[SECRET_SIZE])
{
	char fresh[64];
	snprintf(fresh, sizeof fresh, "%s.new", name);
	int fd = openat(m->folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0 && write(fd, secret, SECRET_SIZE) == SECRET_SIZE && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good && renameat(m->folder, fresh, m->folder, name) == 0 && fsync(m->folder) == 0 ? 0 : -errno;
}

/* 0; -ENOENT: there is none yet; else it is there, and cannot be read now. */
static int read_secret(struct master *m, const char *name, unsigned char secret[SECRET_SIZE])
{
	int fd = openat(m->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, secret, SECRET_SIZE);
	int error = n == SECRET_SIZE ? 0 : n < 0 ? -errno : -EBADMSG;
	close(fd);
	return error;
}

/*
 * Made at the first start. Whoever knew that of SRS could write senders that we believe to have rewritten;
 * without it forwarding works until the next start, when bounces to older senders are refused. With that of
 * signing keys the store's copies of them can be read: one that cannot be kept is not used, since what was
 * sealed with it would be lost, and nor is another made for one that only cannot be read now.
 */
static int send_secret(struct master *m, struct child *child, const char *name, enum secret_number number)
{
	unsigned char secret[SECRET_SIZE];
	struct message_file file = {.kind = FILE_SECRET,
	    .number = number,
	    .name = view_from_string(name),
	    .content = view_of(secret, sizeof secret)};
	int error = read_secret(m, name, secret);
	if (error == -ENOENT || (error && number == SECRET_SRS)) {
		random_bytes(secret, sizeof secret);
		error = write_secret(m, name, secret);
	}
	if (error)
		log_record(LOG_WARNING, "-", "secret-not-kept", log_errno(error), log_string("file", name));
	if (error && number == SECRET_SIGNING)
		return 0;
	return ipc_send(&child->control, MESSAGE_FILE, 0, &file, -1);
}

/* Without it only what must be verified waits. */
static int send_authorities(struct master *m, struct child *child)
{
	if (m->settings->ca_file.len > 0)
		(void)send_file(child, MESSAGE_FILE, FILE_AUTHORITIES, 0, m->settings->ca_file);
	return 0;
}

/* Without its anchors DNSSEC would be off, and what it demands forgotten: better no dns at all. */
static int send_anchors(struct child *child, struct view anchors)
{
	struct view anchor;
	int error = 0;
	for (uint64_t number = 0; error == 0 && anchors.len && view_next(&anchors, '\n', &anchor); number++)
		if (view_starts(anchor, VIEW(DNS_ANCHOR_FILE)))
			error = send_file(child, MESSAGE_FILE, FILE_ANCHORS, number,
			    view_skip(anchor, sizeof DNS_ANCHOR_FILE - 1));
	return error;
}

/*
 * The users of this machine that may send, as numbers and names: smtp, which has no files, knows a caller by
 * its number. Whoever runs the server as itself may send too. One that is not there yet is told of, and sends
 * after the next reload.
 */
static int send_users(struct master *m, struct child *child)
{
	struct view rest = m->settings->local_senders, name;
	struct buf users;
	buf_init(&users, LOCAL_USERS_TEXT_MAX);
	while (rest.len && view_next(&rest, '\n', &name))
		if (!local_users_add(&users, name))
			log_record(LOG_WARNING, "-", "local-sender-unknown", log_text("user", name),
			    log_string("do", "correct local_senders, or make the user and reload"));
	if (geteuid() != 0)
		local_users_add_number(&users, geteuid());
	struct message_file file = {
	    .kind = FILE_USERS, .name = VIEW("local_senders"), .content = buf_view(&users)};
	int error = ipc_send(&child->control, MESSAGE_FILE, 0, &file, -1);
	buf_done(&users);
	return error;
}

int master_start_child(struct child *child)
{
	int error = ipc_send(&child->control, MESSAGE_START, 0, &(struct message_empty){0}, -1);
	if (error == 0)
		child->starts++;
	return error;
}

/* Without them no signature of S/MIME is believed, and everything else goes on. */
static int send_signers(struct master *m, struct child *child)
{
	if (m->settings->smime_anchors.len > 0)
		(void)send_file(child, MESSAGE_FILE, FILE_SIGNERS, 0, m->settings->smime_anchors);
	return 0;
}

int master_configure(struct master *m, struct child *child)
{
	struct buf encoded;
	buf_init(&encoded, 256 * 1024);
	settings_encode(m->settings, &encoded);
	struct message_settings settings = {.encoded = buf_view(&encoded)};
	int error = ipc_send(&child->control, MESSAGE_SETTINGS, 0, &settings, -1);
	buf_done(&encoded);
	unsigned files = child->role->files;
	if (error == 0 && files & 1 << FILE_CHAIN)
		error = send_chains(m, child);
	if (error == 0 && files & 1 << FILE_KEY)
		error = send_keys(m, child);
	if (error == 0 && files & 1 << FILE_SECRET)
		error = send_secret(m, child, "srs-secret", SECRET_SRS);
	if (error == 0 && files & 1 << FILE_SECRET)
		error = send_secret(m, child, "signing-secret", SECRET_SIGNING);
	if (error == 0 && files & 1 << FILE_AUTHORITIES)
		error = send_authorities(m, child);
	if (error == 0 && files & 1 << FILE_SIGNERS)
		error = send_signers(m, child);
	if (error == 0 && files & 1 << FILE_PASSWORD)
		error = send_line_files(child, FILE_PASSWORD, m->settings->routes);
	if (error == 0 && files & 1 << FILE_RECIPIENTS)
		error = send_line_files(child, FILE_RECIPIENTS, m->settings->relay_domains);
	if (error == 0 && files & 1 << FILE_USERS)
		error = send_users(m, child);
	if (error == 0 && files & 1 << FILE_ANCHORS)
		error = send_anchors(child, m->settings->dns_anchors);
	return error || child->waits ? error : master_start_child(child);
}
