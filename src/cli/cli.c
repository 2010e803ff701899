/* What all commands need: words and options, settings, passwords, values that are safe to print. See cli.h.
 */
#include "cli/cli.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/show.h"
#include "format/json.h"

/* ---- words ---- */

bool cli_option(struct cli *cli, const char *name)
{
	for (int i = 0; i < cli->argc; i++) {
		if (strcmp(cli->argv[i], name) != 0)
			continue;
		cli->argc--;
		memmove(&cli->argv[i], &cli->argv[i + 1], (size_t)(cli->argc - i) * sizeof cli->argv[0]);
		return true;
	}
	return false;
}

const char *cli_value(struct cli *cli, const char *name)
{
	size_t len = strlen(name);
	for (int i = 0; i < cli->argc; i++) {
		const char *value = NULL;
		int words = 1;
		if (strncmp(cli->argv[i], name, len) == 0 && cli->argv[i][len] == '=')
			value = cli->argv[i] + len + 1;
		else if (strcmp(cli->argv[i], name) == 0 && i + 1 < cli->argc)
			value = cli->argv[i + 1], words = 2;
		if (value == NULL)
			continue;
		cli->argc -= words;
		memmove(&cli->argv[i], &cli->argv[i + words], (size_t)(cli->argc - i) * sizeof cli->argv[0]);
		return value;
	}
	return NULL;
}

int cli_usage(const struct cli *cli, const char *problem)
{
	if (problem)
		fprintf(stderr, "postrider: %s\n", problem);
	fprintf(problem ? stderr : stdout, "usage: %s\n", cli->usage);
	return problem ? EXIT_USAGE : 0;
}

bool cli_words(struct cli *cli, int min, int max)
{
	char problem[200];
	for (int i = 0; i < cli->argc; i++) {
		if (cli->argv[i][0] != '-' || cli->argv[i][1] == '\0')
			continue;
		snprintf(problem, sizeof problem, "unknown option, or an option without its value: %s",
		    cli->argv[i]);
		cli_usage(cli, problem);
		return false;
	}
	if (cli->argc >= min && cli->argc <= max)
		return true;
	cli_usage(cli, cli->argc < min ? "an argument is missing" : "too many words");
	return false;
}

int cli_settings(struct cli *cli)
{
	struct buf problem;
	if (cli->have_settings)
		return 0;
	buf_init(&problem, 1 << 20);
	settings_init(&cli->settings);
	int error = settings_read(&cli->settings, cli->config, &problem);
	struct view rest = buf_view(&problem), line;
	while (error && rest.len && view_next(&rest, '\n', &line))
		fprintf(stderr, "postrider: %.*s\n", VIEW_FMT(line));
	buf_done(&problem);
	cli->have_settings = error == 0;
	return error ? EXIT_SETTINGS : 0;
}

void cli_become_owner(const char *folder)
{
	struct stat st;
	if (geteuid() != 0 || stat(folder, &st) != 0 || st.st_uid == 0)
		return;
	if (setgroups(0, NULL) != 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
		fprintf(stderr,
		    "postrider: cannot become the owner of %s; files that are written there may belong to "
		    "root\n",
		    folder);
}

const char *cli_invoking_user(void)
{
	const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *entry = sudo && sudo[0] ? NULL : getpwuid(getuid());
	static char number[24];
	if (sudo && sudo[0])
		return sudo;
	if (entry)
		return entry->pw_name;
	snprintf(number, sizeof number, "uid %u", (unsigned)getuid());
	return number;
}

void cli_print(struct view text)
{
	struct buf out;
	buf_init(&out, 4 * text.len + 16);
	show_line(&out, text);
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

void cli_json_string(struct view text)
{
	struct buf out;
	buf_init(&out, 6 * text.len + 16);
	json_append_string(&out, text);
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

/* ---- passwords ---- */

static bool read_line(struct buf *line)
{
	char c;
	buf_clear(line);
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n <= 0)
			return buf_view(line).len > 0;
		if (c == '\n')
			return true;
		if (buf_append_byte(line, c) != 0)
			return false;
	}
}

static bool ask_terminal(const char *prompt, struct buf *line)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
		fputs(prompt, stderr);
	}
	bool good = read_line(line);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return good;
}

bool cli_read_password(struct cli *cli, bool from_stdin, struct buf *password)
{
	struct buf again;
	(void)cli;
	if (from_stdin || !isatty(STDIN_FILENO)) {
		if (read_line(password))
			return true;
		fprintf(stderr, "postrider: there was no password on standard input\n");
		return false;
	}
	buf_init(&again, password->max);
	bool good = ask_terminal("Password: ", password) && ask_terminal("Repeat the password: ", &again);
	if (!good || !view_equal(buf_view(password), buf_view(&again))) {
		fprintf(stderr, "postrider: the two passwords differ; nothing was changed\n");
		good = false;
	}
	if (again.data)
		mem_wipe(again.data, again.cap);
	buf_done(&again);
	return good;
}
