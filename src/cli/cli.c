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
#include "cli/option_texts.h"
#include "format/date.h"
#include "format/json.h"
#include "format/plain.h"

enum { CLI_USAGE_MAX = 16384 /* octets; the longest text is a quarter of it */ };

/* How a line begins that goes on with the one before. */
#define CLI_USAGE_GOES_ON "           "

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

/* Whether a line of a usage is about this verb: "postrider NAME VERB|VERB ...". */
static bool is_way_of(struct view line, struct view verb)
{
	struct view words = view_trim(line), word = VIEW(""), one;
	for (int i = 0; i < 3; i++)
		if (words.len == 0 || !view_next(&words, ' ', &word) ||
		    (i == 0 && !view_equal(word, VIEW("postrider"))))
			return false;
	while (word.len && view_next(&word, '|', &one))
		if (view_equal(one, verb))
			return true;
	return false;
}

static bool is_way(struct view line)
{
	return view_starts(view_trim(line), VIEW("postrider "));
}

/* Whether a line that explains a word ("SIZE: ...") is of use beside these lines. Others always are. */
static bool explains(struct view line, const char *beside)
{
	char word[64];
	struct view text = view_trim(line);
	size_t len = 0;
	while (len < text.len && text.data[len] >= 'A' && text.data[len] <= 'Z')
		len++;
	if (len == 0 || len == text.len || text.data[len] != ':' || len >= sizeof word)
		return true;
	snprintf(word, sizeof word, "%.*s", (int)len, (const char *)text.data);
	return strstr(beside, word) != NULL;
}

/* The lines on one verb, and those that explain words of all; false: there is no such verb. */
static bool put_usage_of(struct buf *out, struct view usage, struct view verb)
{
	struct view line;
	bool wanted = false, found = false;
	while (usage.len && view_next(&usage, '\n', &line)) {
		bool goes_on = view_starts(line, VIEW(CLI_USAGE_GOES_ON));
		if (!goes_on)
			wanted = is_way(line) ? is_way_of(line, verb) : explains(line, buf_string(out));
		if (!wanted)
			continue;
		bool first = !found && is_way(line);
		found = found || first;
		buf_printf(out, "%s%.*s\n", first ? "usage: " : "", VIEW_FMT(first ? view_trim(line) : line));
	}
	return found;
}

int cli_usage(const struct cli *cli, const char *problem)
{
	struct buf of_verb, options;
	FILE *out = problem ? stderr : stdout;
	buf_init(&of_verb, CLI_USAGE_MAX);
	buf_init(&options, CLI_USAGE_MAX);
	if (problem)
		fprintf(stderr, "postrider: %s\n", problem);
	bool one = cli->typed &&
	           put_usage_of(&of_verb, view_from_string(cli->usage), view_from_string(cli->typed)) &&
	           !buf_failed(&of_verb);
	if (!one) {
		buf_clear(&of_verb);
		buf_printf(&of_verb, "usage: %s\n", cli->usage);
	}
	fputs(buf_string(&of_verb), out);
	/* Behind a mistake they would only push what is wrong out of sight. */
	if (problem == NULL && cli->command &&
	    option_texts_write(cli->command, buf_view(&of_verb), &options) == 0)
		fputs(buf_string(&options), out);
	buf_done(&of_verb);
	buf_done(&options);
	return problem ? EXIT_USAGE : 0;
}

int cli_no_verb(const struct cli *cli, const char *names)
{
	char problem[600];
	if (cli->argc > 0)
		snprintf(problem, sizeof problem, "unknown subcommand '%s'; choose one of: %s", cli->argv[0],
		    names);
	else
		snprintf(problem, sizeof problem, "a subcommand is missing; choose one of: %s", names);
	return cli_usage(cli, problem);
}

/*
 * Where the usage of the words begins, in its line: behind the subcommand, or at it when it is still one of
 * them; or that of a command without any.
 */
static struct view own_usage(const struct cli *cli)
{
	const char *name = cli->verb ? cli->verb : cli->typed;
	struct view rest = view_from_string(cli->usage), line, word;
	bool found = false;
	while (name && !found && rest.len && view_next(&rest, '\n', &line))
		found = is_way_of(line, view_from_string(name));
	if (!found) {
		rest = view_from_string(cli->usage);
		(void)view_next(&rest, '\n', &line);
	}
	line = view_trim(line);
	for (int i = found && cli->verb ? 3 : 2; i > 0 && line.len; i--)
		(void)view_next(&line, ' ', &word);
	return line;
}

/* The name of the n-th word that a command needs, as its usage has it: those in brackets may be left out. */
static struct view word_name(const struct cli *cli, int n)
{
	struct view rest = own_usage(cli), word;
	int depth = 0;
	while (rest.len && view_next(&rest, ' ', &word)) {
		bool inside = depth > 0;
		for (size_t i = 0; i < word.len; i++)
			depth += word.data[i] == '[' ? 1 : word.data[i] == ']' ? -1 : 0;
		if (word.len == 0 || inside || word.data[0] == '[' || word.data[0] == '-')
			continue;
		if (n-- == 0)
			return word;
	}
	return VIEW("a word");
}

static void refuse_option(const struct cli *cli, const char *option)
{
	char problem[300];
	const char *known = strstr(cli->usage, option);
	size_t len = strlen(option);
	if (known && known[len] == ' ' && known[len + 1] >= 'A' && known[len + 1] <= 'Z')
		snprintf(problem, sizeof problem, "%s needs a value behind it", option);
	else
		snprintf(problem, sizeof problem, "unknown option '%s' here", option);
	cli_usage(cli, problem);
}

bool cli_words(struct cli *cli, int min, int max)
{
	char problem[300];
	for (int i = 0; i < cli->argc; i++) {
		if (cli->argv[i][0] != '-' || cli->argv[i][1] == '\0')
			continue;
		refuse_option(cli, cli->argv[i]);
		return false;
	}
	if (cli->argc >= min && cli->argc <= max)
		return true;
	struct view name = word_name(cli, cli->argc);
	if (cli->argc < min)
		snprintf(problem, sizeof problem, "missing argument: %.*s", VIEW_FMT(name));
	else
		snprintf(problem, sizeof problem, "unexpected argument '%s'", cli->argv[max]);
	cli_usage(cli, problem);
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

void cli_print_size(uint64_t bytes)
{
	struct buf out;
	buf_init(&out, 64);
	plain_size(&out, bytes);
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

void cli_print_time(int64_t seconds)
{
	struct buf out;
	buf_init(&out, 64);
	if (date_write_rfc3339(&out, (struct date){.seconds = seconds, .zone_known = true}) == 0)
		fputs(buf_string(&out), stdout);
	buf_done(&out);
}

void cli_json_list(const char *name, const struct buf *lines)
{
	struct view rest = buf_view(lines), one;
	bool first = true;
	printf(",\"%s\":[", name);
	while (rest.len && view_next(&rest, '\n', &one)) {
		if (one.len == 0)
			continue;
		fputs(first ? "" : ",", stdout);
		cli_json_string(one);
		first = false;
	}
	putchar(']');
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

int cli_confirm(bool yes, const char *what)
{
	struct buf line;
	if (yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr,
		    "postrider: %s needs a yes: repeat the command with --yes; nothing was changed\n", what);
		return EXIT_REFUSED;
	}
	fflush(stdout);
	fputs("Do this? (yes or no) ", stderr);
	buf_init(&line, 64);
	bool agreed = read_line(&line) && (view_equal_nocase(view_trim(buf_view(&line)), VIEW("yes")) ||
	                                      view_equal_nocase(view_trim(buf_view(&line)), VIEW("y")));
	buf_done(&line);
	if (!agreed)
		fputs("postrider: nothing was changed\n", stderr);
	return agreed ? 0 : EXIT_REFUSED;
}

bool cli_ask_password(bool from_stdin, struct buf *password)
{
	bool terminal = !from_stdin && isatty(STDIN_FILENO);
	if (terminal ? ask_terminal("Password: ", password) : read_line(password))
		return true;
	fprintf(stderr, "postrider: there was no password%s\n", terminal ? "" : " on standard input");
	return false;
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
