/* The options of cli_remote.h: server, proof, login. Where an option is not given, the choice is such
 * that a password never travels unencrypted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli_remote.h"

/* ---- options ---- */

static void decide_tls(struct remote_options *o, bool first, bool command, bool none)
{
	if (o->kind == REMOTE_POP3)
		o->tls = o->port == 110 ? REMOTE_TLS_COMMAND : REMOTE_TLS_FIRST;
	else if (o->port == 465)
		o->tls = REMOTE_TLS_FIRST;
	else
		o->tls = o->user || o->ca_file || o->tls_name ? REMOTE_TLS_COMMAND : REMOTE_TLS_IF_OFFERED;
	if (first)
		o->tls = REMOTE_TLS_FIRST;
	else if (command)
		o->tls = REMOTE_TLS_COMMAND;
	else if (none)
		o->tls = REMOTE_TLS_NONE;
}

static void decide_port(struct remote_options *o)
{
	if (o->port != 0)
		return;
	if (o->kind == REMOTE_POP3)
		o->port = o->tls == REMOTE_TLS_FIRST ? 995 : 110;
	else
		o->port = o->tls == REMOTE_TLS_FIRST ? 465 : o->user ? 587 : 25;
}

static int take_password(struct cli *cli, struct remote_options *o)
{
	const char *file = cli_value(cli, "--password-file");
	bool from_stdin = cli_option(cli, "--password-stdin");
	if (file && from_stdin)
		return cli_usage(cli, "choose --password-file or --password-stdin, not both");
	if ((file || from_stdin) && o->user == NULL)
		return cli_usage(cli, "a password needs --user");
	if (file == NULL && !from_stdin)
		return 0;
	o->stdin_taken = file == NULL || strcmp(file, "-") == 0;
	int status = remote_read_file(file ? file : "-", &o->password);
	struct view line, rest = buf_view(&o->password);
	if (status == 0 && (!view_next(&rest, '\n', &line) || line.len == 0)) {
		fprintf(stderr, "postrider: there is no password in %s\n", file ? file : "standard input");
		status = EXIT_DATA;
	}
	if (status == 0)
		buf_truncate(&o->password, line.len - (line.data[line.len - 1] == '\r'));
	return status;
}

int remote_options_take(struct cli *cli, enum remote_kind kind, struct remote_options *o)
{
	*o = (struct remote_options){.kind = kind};
	buf_init(&o->password, REMOTE_PASSWORD_MAX);
	const char *server = cli_value(cli, "--server"), *timeout = cli_value(cli, "--timeout");
	bool first = cli_option(cli, "--tls"), command = cli_option(cli, "--starttls"),
	     none = cli_option(cli, "--no-tls");
	uint64_t seconds = 0;
	o->ca_file = cli_value(cli, "--ca-file");
	o->tls_name = cli_value(cli, "--tls-name");
	o->user = cli_value(cli, "--user");
	o->insecure = cli_option(cli, "--insecure");
	o->verbose = cli_option(cli, "--verbose");
	if (!remote_parse_server(server ? server : "localhost", o->host, &o->port))
		return cli_usage(
		    cli, "--server takes the name or address of a host, and a port behind a colon");
	if (timeout &&
	    (!view_to_u64(view_from_string(timeout), REMOTE_TIMEOUT_MAX, &seconds) || seconds == 0))
		return cli_usage(cli, "--timeout takes a number of seconds from 1 to 3600");
	if (first + command + none > 1)
		return cli_usage(cli, "choose one of --tls, --starttls and --no-tls");
	if (none && (o->ca_file || o->tls_name))
		return cli_usage(
		    cli, "--no-tls leaves no certificate to check; leave out --ca-file and --tls-name");
	if (o->user && o->user[0] == '\0')
		o->user = NULL;
	o->timeout = (unsigned)seconds;
	decide_tls(o, first, command, none);
	decide_port(o);
	return take_password(cli, o);
}

void remote_options_done(struct remote_options *o)
{
	if (o->password.data)
		mem_wipe(o->password.data, o->password.cap);
	buf_done(&o->password);
}

/* ---- the password ---- */

enum { CONTROL_C = 3 };

/* One line without its end. False: cancelled, too long, or there is none. */
static bool read_secret(int fd, struct buf *line)
{
	char c;
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == CONTROL_C)
			return false;
		if (c == '\n')
			return buf_view(line).len > 0;
		if (buf_append_byte(line, c) != 0)
			return false;
	}
}

/* ctrl-C comes as a character meanwhile: a signal would leave the terminal silent. */
static bool ask_terminal(const struct remote_options *o, struct buf *password)
{
	struct termios before, silent;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	tcsetattr(fd, TCSAFLUSH, &silent);
	dprintf(fd, "Password of %s at %s: ", o->user, o->host);
	bool good = read_secret(fd, password);
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	close(fd);
	return good;
}

int remote_ask_password(struct remote_options *o)
{
	const char *variable = getenv("POSTRIDER_PASSWORD");
	if (o->user == NULL || buf_view(&o->password).len > 0)
		return 0;
	if (variable && variable[0] && buf_append_string(&o->password, variable) == 0) {
		unsetenv("POSTRIDER_PASSWORD");
		return 0;
	}
	if (ask_terminal(o, &o->password))
		return 0;
	fprintf(stderr, "postrider: no password was given; use --password-file FILE, --password-stdin or the "
	                "variable POSTRIDER_PASSWORD, or run the command at a terminal\n");
	return EXIT_USAGE;
}

/* ---- files ---- */

int remote_read_file(const char *name, struct buf *content)
{
	enum { PIECE = 64 * 1024 };
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC), error = fd < 0 ? errno : 0;
	ssize_t n = fd >= 0;
	while (n > 0) {
		size_t left = content->max - buf_view(content).len;
		char beyond, *room = left > 0 ? buf_reserve(content, left < PIECE ? left : PIECE) : &beyond;
		if (room == NULL) {
			error = ENOMEM;
			break;
		}
		n = read(fd, room, left == 0 ? 1 : left < PIECE ? left : PIECE);
		if (n > 0 && left == 0)
			error = EFBIG;
		if (n < 0 && errno != EINTR)
			error = errno;
		if (error)
			break;
		if (n > 0 && left > 0)
			buf_commit(content, (size_t)n);
		if (n < 0)
			n = 1; /* interrupted: once more */
	}
	if (fd >= 0 && !standard)
		close(fd);
	if (error == 0)
		return 0;
	fprintf(
	    stderr, "postrider: cannot read %s: %s\n", standard ? "standard input" : name, strerror(error));
	return error == ENOMEM ? EXIT_TEMPORARY : error == EFBIG ? EXIT_DATA : EXIT_NOTHING;
}
