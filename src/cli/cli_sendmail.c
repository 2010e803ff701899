/*
 * sendmail, for cron, scripts and mail programs of this machine: a message on standard input goes to the
 * server's local socket. The server must run: nothing is kept here, and exit status 75 says so. If one
 * recipient is refused the message goes to nobody, so that a caller that sends it again sends nothing twice.
 */
#include "cli/cli_sendmail.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/show.h"
#include "base/utf8.h"
#include "cli/sendmail_letter.h"
#include "cli/sendmail_session.h"
#include "format/header.h"

enum {
	ARENA_MAX = 16 << 20,
	RECIPIENTS_MAX = 1000, /* of one message: what the server takes from its users */
	GROWTH_MAX = 1 << 20,  /* octets by which completing the header lets a message grow */
	PROBLEM_MAX = 8 << 10,
	ENVID_MAX = 100 /* RFC 3461 section 4.4 */
};

struct sending {
	struct cli *cli;
	char mode; /* of -b: m, s, p, v, i */
	bool dots, take_recipients, verbose, queue;
	bool said_all; /* the message is at the server, or on its way there */
	const char *sender, *name, *notify, *ret, *envid; /* NULL: not given */
	struct sendmail_session session;
	struct arena arena;
	struct compose_envelope from, to;
	struct buf text, message, problem;
	char user[64], person[256];
};

/* ---- how it was called ---- */

static bool is_name_of_ours(const char *path)
{
	static const char *const names[] = {"sendmail", "mailq", "newaliases"};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool cli_sendmail_is_called(int *argc, char ***argv, const char **config)
{
	char **words = *argv;
	int at = 1;
	if (*argc < 1)
		return false;
	if (is_name_of_ours(words[0]))
		return true;
	if (at < *argc && strncmp(words[at], "--config=", 9) == 0) {
		*config = words[at] + 9;
		at++;
	} else if (at + 1 < *argc && strcmp(words[at], "--config") == 0) {
		*config = words[at + 1];
		at += 2;
	}
	if (at >= *argc || strcmp(words[at], "sendmail") != 0)
		return false;
	*argc -= at;
	*argv += at;
	return true;
}

/* ---- what is said ---- */

static int fail(int status, const char *text)
{
	fprintf(stderr, "postrider: %s\n", text);
	return status;
}

/* The server's last reply, without its codes where they only repeat what was said. */
static int refused(struct sending *s, const char *what, int permanent)
{
	struct buf line;
	if (s->session.code == 0 && s->said_all)
		return fail(EX_TEMPFAIL, "the server ended the conversation behind the message: it may have "
		                         "been taken; sending it again may "
		                         "bring it twice");
	if (s->session.code == 0)
		return fail(EX_TEMPFAIL, "the server ended the conversation; nothing was sent, try again");
	buf_init(&line, 4 * SENDMAIL_REPLY_MAX);
	show_line(&line, view_trim(buf_view(&s->session.reply)));
	fprintf(stderr, "postrider: %s: the server says: %s\n", what, buf_string(&line));
	buf_done(&line);
	return s->session.code < 500 ? EX_TEMPFAIL : permanent;
}

static int wrong_list(struct sending *s, int error)
{
	if (error == -EINVAL && !buf_failed(&s->problem))
		return fail(EX_DATAERR, buf_string(&s->problem));
	return fail(EX_DATAERR, "the message has too many recipients: at most 1000");
}

/* ---- who sends ---- */

/* Who has called, for From: the server asks the kernel, and not us. */
static void know_user(struct sending *s)
{
	const struct passwd *entry = getpwuid(getuid());
	struct buf person;
	snprintf(s->user, sizeof s->user, "uid-%u", (unsigned)getuid());
	if (entry == NULL)
		return;
	snprintf(s->user, sizeof s->user, "%s", entry->pw_name);
	buf_init(&person, sizeof s->person);
	sendmail_letter_person(view_from_string(entry->pw_gecos), view_from_string(s->user), &person);
	snprintf(s->person, sizeof s->person, "%.*s", VIEW_FMT(buf_view(&person)));
	buf_done(&person);
}

/* "<>" and "" are the null sender, of mail that nobody shall answer by machine. */
static bool is_null_sender(const struct sending *s)
{
	return s->sender && (s->sender[0] == '\0' || strcmp(s->sender, "<>") == 0);
}

static int find_sender(struct sending *s)
{
	struct view host = view_from_string(s->session.hostname);
	const char *text = s->sender && !is_null_sender(s) ? s->sender : s->user;
	int error = sendmail_letter_list(view_from_string(text), host, &s->arena, &s->from, &s->problem);
	if (error == 0 && s->from.count != 1)
		return fail(EX_USAGE, "-f takes one address");
	return error ? wrong_list(s, error) : 0;
}

/* ---- the conversation ---- */

static int greet(struct sending *s)
{
	char text[300];
	int fd = sendmail_connect(&s->cli->settings);
	if (fd < 0) {
		snprintf(text, sizeof text,
		    "the server does not answer (%s); the message was not kept, send it again when the "
		    "server runs",
		    strerror(errno));
		return fail(EX_TEMPFAIL, text);
	}
	sendmail_session_init(&s->session, fd);
	if (s->session.code == 554) {
		snprintf(text, sizeof text,
		    "the user %s may not send mail from this machine; `postrider config set local_senders %s "
		    "--add` allows it",
		    s->user, s->user);
		return fail(EX_NOPERM, text);
	}
	if (s->session.code != 220 || s->session.hostname[0] == '\0')
		return refused(s, "nothing was sent", EX_UNAVAILABLE);
	if (sendmail_say(&s->session, VIEW("EHLO localhost")) != 250)
		return refused(s, "nothing was sent", EX_UNAVAILABLE);
	return 0;
}

static void goodbye(struct sending *s)
{
	if (s->session.code)
		(void)sendmail_say(&s->session, VIEW("QUIT"));
	sendmail_session_done(&s->session);
}

static bool needs_utf8(const struct sending *s)
{
	return s->from.utf8 || s->to.utf8 || header_needs_utf8(buf_view(&s->message));
}

static int say_mail(struct sending *s)
{
	struct buf line;
	struct view sender = is_null_sender(s) ? (struct view){0} : s->from.items[0];
	buf_init(&line, 4096);
	buf_printf(&line, "MAIL FROM:<%.*s>%s%s", VIEW_FMT(sender),
	    utf8_is_ascii(buf_view(&s->message)) ? "" : " BODY=8BITMIME", needs_utf8(s) ? " SMTPUTF8" : "");
	if (s->ret)
		buf_printf(&line, " RET=%s", s->ret);
	if (s->envid)
		buf_printf(&line, " ENVID=%s", s->envid);
	unsigned code = sendmail_say(&s->session, buf_view(&line));
	buf_done(&line);
	return code == 250 ? 0 : refused(s, "the sender was refused", EX_NOPERM);
}

static unsigned say_rcpt(struct sending *s, struct view address)
{
	struct buf line;
	buf_init(&line, 4096);
	buf_printf(&line, "RCPT TO:<%.*s>", VIEW_FMT(address));
	if (s->notify)
		buf_printf(&line, " NOTIFY=%s", s->notify);
	unsigned code = sendmail_say(&s->session, buf_view(&line));
	buf_done(&line);
	return code;
}

static int say_recipients(struct sending *s)
{
	char what[SENDMAIL_HOST_SIZE + 400];
	int status = 0;
	for (size_t i = 0; i < s->to.count && s->session.code; i++) {
		unsigned code = say_rcpt(s, s->to.items[i]);
		if (code == 250)
			continue;
		snprintf(what, sizeof what, "%.*s was refused, so nothing was sent to anybody",
		    VIEW_FMT(s->to.items[i]));
		int one = refused(s, what, EX_NOUSER);
		/* What cannot be mended by waiting is said first. */
		status = status == 0 || status == EX_TEMPFAIL ? one : status;
	}
	return status;
}

static int say_message(struct sending *s)
{
	int status = say_mail(s);
	if (status == 0)
		status = say_recipients(s);
	if (status == 0 && sendmail_say(&s->session, VIEW("DATA")) != 354)
		status = refused(s, "the message was refused", EX_UNAVAILABLE);
	s->said_all = status == 0;
	if (status == 0 && sendmail_data(&s->session, buf_view(&s->message)) != 250)
		status = refused(s, "the message was refused", EX_DATAERR);
	if (status == 0 && s->verbose) {
		struct buf line;
		buf_init(&line, 4 * SENDMAIL_REPLY_MAX);
		show_line(&line, view_trim(buf_view(&s->session.reply)));
		printf("%s\n", buf_string(&line));
		buf_done(&line);
	}
	return status;
}

/* -bv */
static int verify(struct sending *s)
{
	int status = say_mail(s);
	for (size_t i = 0; status != EX_TEMPFAIL && i < s->to.count; i++) {
		unsigned code = say_rcpt(s, s->to.items[i]);
		if (code == 0)
			return refused(s, "", EX_TEMPFAIL);
		printf("%.*s: %s\n", VIEW_FMT(s->to.items[i]),
		    code == 250  ? "would be taken"
		    : code < 500 ? "cannot be taken now"
		                 : "would be refused");
		status = code == 250 ? status : code < 500 ? EX_TEMPFAIL : EX_NOUSER;
	}
	return status;
}

/* ---- the message ---- */

static int read_text(struct sending *s)
{
	char piece[64 << 10];
	size_t from = 0, end = SIZE_MAX;
	ssize_t n;
	while (end == SIZE_MAX && (n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(EX_IOERR, "the message on standard input cannot be read");
		if (buf_append(&s->text, view_of(piece, (size_t)n)) != 0)
			return fail(EX_DATAERR,
			    "the message is larger than this server accepts (setting: message_size_max)");
		if (s->dots)
			end = sendmail_letter_dot(buf_view(&s->text), &from);
	}
	if (end != SIZE_MAX)
		buf_truncate(&s->text, end);
	return 0;
}

static int take_addresses(struct sending *s, int from)
{
	struct view host = view_from_string(s->session.hostname);
	int error = 0;
	for (int i = from; i < s->cli->argc && error == 0; i++)
		error = sendmail_letter_list(
		    view_from_string(s->cli->argv[i]), host, &s->arena, &s->to, &s->problem);
	if (error == 0 && s->take_recipients)
		error = sendmail_letter_recipients(buf_view(&s->text), host, &s->arena, &s->to, &s->problem);
	if (error || s->to.count > RECIPIENTS_MAX)
		return wrong_list(s, error);
	if (s->to.count == 0)
		return fail(EX_USAGE, s->take_recipients
		                          ? "the message names no recipient in To, Cc or Bcc"
		                          : "no recipient is named: give addresses, or -t to take those in "
		                            "the message's header");
	return 0;
}

static int complete(struct sending *s)
{
	struct sendmail_letter letter = {.hostname = view_from_string(s->session.hostname),
	    .from = s->from.items[0],
	    .name = view_from_string(s->name ? s->name : s->person)};
	if (!show_is_value(letter.name))
		return fail(EX_USAGE, "-F takes a name in UTF-8, on one line");
	buf_init(&s->message, s->text.len + GROWTH_MAX);
	return sendmail_letter_write(&letter, buf_view(&s->text), &s->message) == 0
	           ? 0
	           : fail(EX_DATAERR, "the message's header is larger than this server accepts");
}

static int send_or_verify(struct sending *s, int words)
{
	bool verifies = s->mode == 'v';
	int status = 0;
	buf_init(&s->text, s->cli->settings.message_size_max);
	/* All of it first: cron's jobs write for hours, and no server waits so long for a message. */
	if (!verifies)
		status = read_text(s);
	if (status == 0)
		status = greet(s);
	if (status == 0)
		status = find_sender(s);
	if (status == 0)
		status = take_addresses(s, words);
	if (status == 0 && !verifies)
		status = complete(s);
	if (status == 0)
		status = verifies ? verify(s) : say_message(s);
	goodbye(s);
	return status;
}

/* ---- other ways ---- */

static int speak_smtp(struct sending *s)
{
	int fd = sendmail_connect(&s->cli->settings);
	if (fd < 0) {
		puts("421 4.3.2 the server does not answer, try again later\r");
		return EX_TEMPFAIL;
	}
	sendmail_pump(fd, STDIN_FILENO, STDOUT_FILENO);
	close(fd);
	return 0;
}

static int ask_queue(struct sending *s, bool retry)
{
	char list[] = "list", again[] = "retry", all[] = "--all";
	char *words[] = {retry ? again : list, all, NULL};
	s->cli->argc = retry ? 2 : 1;
	s->cli->argv = words;
	s->cli->usage = "";
	int status = cli_queue(s->cli);
	/* Nothing to be tried is nothing wrong. */
	return retry && status == EXIT_NOTHING ? 0 : status;
}

/* ---- the words ---- */

static bool take_notify(struct sending *s, const char *word)
{
	struct view rest = view_from_string(word), one;
	bool never = false, other = false;
	while (rest.len && view_next(&rest, ',', &one)) {
		if (view_equal_nocase(one, VIEW("never")))
			never = true;
		else if (view_equal_nocase(one, VIEW("success")) || view_equal_nocase(one, VIEW("failure")) ||
		         view_equal_nocase(one, VIEW("delay")))
			other = true;
		else
			return false;
	}
	s->notify = word;
	return never != other;
}

/* It goes into a command as it is: letters and digits, and what stands between them in identifiers. */
static bool is_envid(const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(word[i]) && strchr(".-_@", word[i]) == NULL)
			return false;
	return len > 0 && len <= ENVID_MAX;
}

static int take_mode(struct sending *s, const char *word)
{
	if (strlen(word) == 1 && strchr("mspvi", word[0])) {
		s->mode = word[0];
		return 0;
	}
	if (word[0] == 'd' || word[0] == 'D')
		return fail(EX_USAGE, "-bd: the server is a service of its own; `postrider serve` runs it");
	return fail(EX_USAGE, "-b takes m, s, p, v or i; other ways of sendmail are not known here");
}

static int take_option(struct sending *s, int option, char *value)
{
	switch (option) {
	case 'b':
		return take_mode(s, value);
	case 'f':
	case 'r':
		s->sender = value;
		return 0;
	case 'F':
		s->name = value;
		return 0;
	case 'i':
		s->dots = false;
		return 0;
	case 'I':
		s->mode = 'i';
		return 0;
	case 'N':
		return take_notify(s, value)
		           ? 0
		           : fail(EX_USAGE, "-N takes never, or some of success, failure and delay");
	case 'o': /* -oi is -i; all others say how some other program should work */
		s->dots = s->dots && strcmp(value, "i") != 0;
		return 0;
	case 'q':
		s->queue = true;
		return value == NULL
		           ? 0
		           : fail(EX_USAGE, "-q takes nothing behind it: the server itself tries its "
		                            "queue again, at the right times");
	case 'R':
		s->ret = value;
		return strcasecmp(value, "full") == 0 || strcasecmp(value, "hdrs") == 0
		           ? 0
		           : fail(EX_USAGE, "-R takes full or hdrs");
	case 't':
		s->take_recipients = true;
		return 0;
	case 'v':
		s->verbose = true;
		return 0;
	case 'V':
		s->envid = value;
		return is_envid(value)
		           ? 0
		           : fail(EX_USAGE, "-V takes at most 100 letters, digits, dots, hyphens and @");
	case '?':
		fprintf(stderr, "usage: %s\n", CLI_SENDMAIL_USAGE);
		return EX_USAGE;
	default:
		return 0;
	}
}

static int take_options(struct sending *s, int *words)
{
	/* Up to the first address: one that begins with a hyphen behind it is no option. */
	static const char letters[] = "+A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:q::r:tvx";
	int option, status = 0;
	optind = 1;
	while (status == 0 && (option = getopt(s->cli->argc, s->cli->argv, letters)) != -1)
		status = take_option(s, option, optarg);
	*words = optind;
	return status;
}

static int run(struct sending *s, int words)
{
	if (s->mode == 'i')
		return 0;
	int status = cli_settings(s->cli);
	if (status)
		return status;
	if (s->mode == 'p')
		return ask_queue(s, false);
	if (s->queue)
		return ask_queue(s, true);
	return s->mode == 's' ? speak_smtp(s) : send_or_verify(s, words);
}

int cli_sendmail(struct cli *cli)
{
	return cli_usage(cli, NULL);
}

int cli_sendmail_main(struct cli *cli)
{
	const char *slash = strrchr(cli->argv[0], '/'), *name = slash ? slash + 1 : cli->argv[0];
	struct sending *s = mem_alloc(sizeof *s);
	int words = 1;
	*s = (struct sending){.cli = cli, .mode = 'm', .dots = true, .session = {.fd = -1}};
	cli->usage = CLI_SENDMAIL_USAGE;
	cli->command = "sendmail";
	if (cli->argc == 2 && strcmp(cli->argv[1], "--help") == 0) {
		printf("postrider sendmail: send mail from this machine, as cron and scripts do\n\n");
		mem_free(s);
		return cli_usage(cli, NULL);
	}
	arena_init(&s->arena, ARENA_MAX);
	buf_init(&s->problem, PROBLEM_MAX);
	know_user(s);
	if (strcmp(name, "mailq") == 0)
		s->mode = 'p';
	if (strcmp(name, "newaliases") == 0)
		s->mode = 'i';
	int status = take_options(s, &words);
	if (status == 0)
		status = run(s, words);
	arena_done(&s->arena);
	buf_done(&s->text);
	buf_done(&s->message);
	buf_done(&s->problem);
	mem_free(s);
	settings_done(&cli->settings);
	return status;
}
