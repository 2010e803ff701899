/*
 * message fetch: one message of a mailbox, by POP3 (RFC 1939), so that what was sent can be seen where it
 * went. It deletes nothing. The session is a few lines, one after the other: nothing is sent ahead.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli_remote.h"
#include "format/plain.h"
#include "cli/message_tool.h"

enum {
	MESSAGE_MAX = 256 * 1024 * 1024, /* it stands in memory, twice when it is shown */
	LINE_MAX_LEN =
	    4096, /* RFC 1939 section 3 allows 512 of a reply; of a message longer ones are taken in pieces */
	ANSWER_SECONDS = 60, /* a server that opens a large mailbox takes its time */
	WAIT_MAX = 3600,
	AGAIN_MS = 500 /* between two looks */
};

enum step { GREETING, STLS, HANDSHAKE, USER, PASS, STAT, RETR, MESSAGE, QUIT };

struct fetch {
	const struct remote_options *options;
	struct remote remote;
	enum step step;
	uint64_t wished; /* the message's number; 0: the last one */
	uint64_t number, count;
	struct buf message;
	bool at_line_start, complete;
	bool absent; /* everything went well, and there is no such message */
};

/* ---- what is said ---- */

static void deadline(struct fetch *f)
{
	unsigned seconds = f->options->timeout ? f->options->timeout : ANSWER_SECONDS;
	stream_set_deadline(&f->remote.stream, 1000 * (int64_t)seconds);
}

static void say(struct fetch *f, enum step step, const char *word, struct view argument)
{
	struct buf *out = stream_out(&f->remote.stream);
	f->step = step;
	buf_append_string(out, word);
	buf_append(out, argument);
	buf_append(out, VIEW("\r\n"));
	remote_wrote(&f->remote);
	deadline(f);
}

static void log_in(struct fetch *f)
{
	say(f, USER, "USER ", view_from_string(f->options->user));
}

static void go_away(struct fetch *f)
{
	say(f, QUIT, "QUIT", VIEW(""));
}

static void fail(struct fetch *f, int status, const char *text, struct view reply)
{
	remote_note(&f->remote, status, "%s: %.*s", text, VIEW_FMT(view_take(reply, 400)));
	if (f->step == GREETING)
		remote_close(&f->remote);
	else
		go_away(f);
}

/* ---- what is answered ---- */

static void stat_answered(struct fetch *f, struct view line)
{
	struct view rest = view_skip(line, 4), word;
	char number[24];
	if (!view_next(&rest, ' ', &word) || !view_to_u64(word, UINT32_MAX, &f->count)) {
		fail(f, EXIT_UNAVAILABLE, "the server's answer to STAT makes no sense", line);
		return;
	}
	f->number = f->wished ? f->wished : f->count;
	if (f->number == 0 || f->number > f->count) {
		go_away(f);
		return;
	}
	snprintf(number, sizeof number, "%lu", (unsigned long)f->number);
	say(f, RETR, "RETR ", view_from_string(number));
}

static void good(struct fetch *f, struct view line)
{
	switch (f->step) {
	case GREETING:
		if (f->options->tls == REMOTE_TLS_COMMAND)
			say(f, STLS, "STLS", VIEW(""));
		else
			log_in(f);
		break;
	case STLS:
		f->step = HANDSHAKE;
		remote_start_tls(&f->remote);
		break;
	case USER:
		say(f, PASS, "PASS ", buf_view(&f->options->password));
		break;
	case PASS:
		say(f, STAT, "STAT", VIEW(""));
		break;
	case STAT:
		stat_answered(f, line);
		break;
	case RETR:
		f->step = MESSAGE;
		f->at_line_start = true;
		break;
	default:
		remote_close(&f->remote);
	}
}

static void bad(struct fetch *f, struct view line)
{
	bool later = view_starts(line, VIEW("-ERR [SYS/TEMP]")) || view_starts(line, VIEW("-ERR [IN-USE]")) ||
	             view_starts(line, VIEW("-ERR [LOGIN-DELAY]"));
	if (f->step == QUIT)
		remote_close(&f->remote);
	else if (f->step == STLS)
		fail(f, EXIT_UNAVAILABLE, "the server offers no TLS", line);
	else if (f->step == USER || f->step == PASS)
		fail(f, later ? EXIT_TEMPORARY : EXIT_REFUSED, "the login was refused", line);
	else
		fail(f, EXIT_TEMPORARY, "the server refuses", line);
}

static void take_reply(struct fetch *f, struct view line)
{
	if (view_starts(line, VIEW("+OK")))
		good(f, line);
	else if (view_starts(line, VIEW("-ERR")))
		bad(f, line);
	else
		fail(f, EXIT_UNAVAILABLE, "the host does not speak POP3 there (is it the right port?)", line);
}

/* ---- the message ---- */

/*
 * A line of it, or a piece of a long one. Only CR LF dot CR LF ends a message, and only a dot behind CR LF
 * was doubled: what a message with bare line ends holds is content.
 */
static void take_piece(struct fetch *f, struct view piece)
{
	if (f->at_line_start && view_equal(piece, VIEW(".\r\n"))) {
		f->complete = true;
		go_away(f);
		return;
	}
	if (f->at_line_start && view_starts(piece, VIEW(".")))
		piece = view_skip(piece, 1);
	size_t len = piece.len;
	f->at_line_start = len > 1 && piece.data[len - 2] == '\r' && piece.data[len - 1] == '\n';
	if (buf_append(&f->message, piece) != 0) {
		remote_note(&f->remote, EXIT_DATA, "the message is larger than 256 MB");
		remote_close(&f->remote);
	}
}

/* How much of the bytes can be taken now: a line, or of a longer one all but what may be half of its end. */
static size_t next_piece(struct view bytes)
{
	ptrdiff_t end = view_find(bytes, '\n');
	if (end >= 0)
		return (size_t)end + 1;
	return bytes.len > LINE_MAX_LEN ? bytes.len - 1 : 0;
}

static size_t on_input(void *arg, struct view bytes)
{
	struct fetch *f = arg;
	size_t consumed = 0, n;
	while (!f->remote.stream.closing && f->step != HANDSHAKE &&
	       (n = next_piece(view_skip(bytes, consumed))) > 0) {
		struct view piece = view_take(view_skip(bytes, consumed), n);
		consumed += n;
		if (f->step == MESSAGE) {
			take_piece(f, piece);
		} else {
			remote_heard(&f->remote, piece);
			take_reply(f, view_trim(piece));
		}
	}
	if (f->step == MESSAGE)
		deadline(f);
	return consumed;
}

/* ---- the connection ---- */

static void on_connected(void *arg)
{
	struct fetch *f = arg;
	f->step = GREETING;
	deadline(f);
}

static void on_secured(void *arg)
{
	log_in(arg);
}

static const char *on_deadline(void *arg)
{
	struct fetch *f = arg;
	return f->step == GREETING  ? "its greeting"
	       : f->step == MESSAGE ? "the rest of the message"
	                            : "an answer";
}

static void on_ended(void *arg)
{
	struct fetch *f = arg;
	if (f->step != QUIT)
		remote_note(&f->remote, EXIT_TEMPORARY, "the connection was lost");
}

static void on_work(void *arg)
{
	(void)arg;
}

static const struct remote_handler handler = {
    .connected = on_connected,
    .input = on_input,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended,
    .work = on_work,
};

static void say_problem(const struct fetch *f)
{
	struct buf line;
	if (f->remote.problem[0] == '\0')
		return;
	buf_init(&line, sizeof f->remote.problem * 4);
	plain_text(&line, view_from_string(f->remote.problem));
	fprintf(stderr, "postrider: %s\n", buf_string(&line));
	buf_done(&line);
}

/* One look. 0 with the message; EXIT_NOTHING when it is absent; else the reason is printed. */
static int look(struct fetch *f)
{
	buf_clear(&f->message);
	f->complete = false;
	f->number = f->count = 0;
	int status = remote_run(&f->remote, f->options, &handler, f);
	f->absent = status == 0 && !f->complete;
	if (f->complete)
		status = 0;
	else if (f->absent)
		status = EXIT_NOTHING;
	else
		say_problem(f);
	remote_done(&f->remote);
	return status;
}

/* Until it is there, or the time is over. */
static int look_again(struct fetch *f, uint64_t seconds)
{
	const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
	int64_t end = clock_monotonic_ms() + 1000 * (int64_t)seconds;
	int status = look(f);
	while (f->absent && clock_monotonic_ms() < end) {
		nanosleep(&pause, NULL);
		status = look(f);
	}
	return status;
}

/* ---- the outcome ---- */

/* As it is; but what a stranger wrote drives no terminal. */
static void write_raw(struct view message)
{
	struct view line;
	struct buf out;
	if (!isatty(STDOUT_FILENO)) {
		fwrite(message.data, 1, message.len, stdout);
		return;
	}
	while (message.len > 0 && view_next(&message, '\n', &line)) {
		buf_init(&out, line.len + 1);
		plain_text(
		    &out, view_take(line, line.len - (line.len > 0 && line.data[line.len - 1] == '\r')));
		buf_append_byte(&out, '\n');
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
		buf_done(&out);
	}
}

static int print(struct cli *cli, const struct fetch *f, bool show)
{
	struct buf out;
	int error = 0;
	buf_init(&out, 2 * (size_t)MESSAGE_MAX);
	if (show)
		error = message_tool_show(buf_view(&f->message), &out, cli->json);
	if (error)
		fprintf(stderr, "postrider: the message is too large to be shown: %s\n", strerror(-error));
	else if (show)
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	else
		write_raw(buf_view(&f->message));
	bool written = fflush(stdout) == 0;
	buf_done(&out);
	if (!written)
		fprintf(stderr, "postrider: cannot write the message: %s\n", strerror(errno));
	return error ? EXIT_DATA : written ? 0 : EXIT_UNAVAILABLE;
}

static int take_words(struct cli *cli, struct remote_options *o, struct fetch *f, uint64_t *wait, bool *show)
{
	int status = remote_options_take(cli, REMOTE_POP3, o);
	const char *seconds = cli_value(cli, "--wait");
	*show = cli_option(cli, "--show");
	if (status)
		return status;
	if (!cli_words(cli, 1, 2))
		return EXIT_USAGE;
	if (cli->argc == 2 &&
	    (!view_to_u64(view_from_string(cli->argv[1]), UINT32_MAX, &f->wished) || f->wished == 0))
		return cli_usage(cli, "a message is named by its number, from 1 on; without a number the "
		                      "last message is fetched");
	if (seconds && !view_to_u64(view_from_string(seconds), WAIT_MAX, wait))
		return cli_usage(cli, "--wait takes a number of seconds, at most 3600");
	if (o->user == NULL)
		return cli_usage(cli, "--user NAME is missing: whose mailbox?");
	if (o->tls == REMOTE_TLS_NONE && !o->insecure)
		return cli_usage(
		    cli, "--no-tls would send the password unencrypted; add --insecure if you want that");
	if (cli->json && !*show)
		return cli_usage(cli, "--json works only together with --show");
	return 0;
}

int cli_fetch(struct cli *cli)
{
	struct remote_options options;
	struct fetch f = {.options = &options};
	uint64_t wait = 0;
	bool show;
	cli->usage = CLI_FETCH_USAGE;
	buf_init(&f.message, MESSAGE_MAX);
	int status = take_words(cli, &options, &f, &wait, &show);
	if (status == 0)
		status = remote_ask_password(&options);
	struct view password = buf_view(&options.password);
	if (status == 0 && (view_find(password, '\n') >= 0 || view_find(password, '\r') >= 0 ||
	                       strpbrk(options.user, "\r\n"))) {
		fprintf(stderr, "postrider: POP3 cannot send a name or password that contains a line end\n");
		status = EXIT_DATA;
	}
	if (status == 0) {
		status = look_again(&f, wait);
		if (status == 0)
			status = print(cli, &f, show);
		else if (f.absent)
			fprintf(stderr, "postrider: there is no such message: the mailbox holds %lu\n",
			    (unsigned long)f.count);
	}
	buf_done(&f.message);
	remote_options_done(&options);
	return status;
}
