/*
 * verify: who sent the message in a file, as a server would find out that gets it now: by its signatures, by
 * its domain's policy, and, where it is known which host brought it, by SPF. Name servers are asked; the
 * server need not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/dns_client.h"
#include "format/header.h"
#include "io/network.h"
#include "trust/sender/sender_results_make.h"
#include "trust/sender/sender_words.h"

enum {
	MESSAGE_MAX = 1 << 30,
	OUTPUT_MAX = 1 << 20,
	ANSWERS_MEMORY = 4 * 1024 * 1024 /* as smtp has for one message, four times */
};

/* ---- the file ---- */

/* Of a file with bare LFs, each is a line end: mail has none. */
static int take_octets(struct view file, struct buf *message)
{
	ptrdiff_t lf = view_find(file, '\n');
	if (view_starts(file, VIEW("From ")) && lf >= 0) /* the line before a message in an mbox */
		file = view_skip(file, (size_t)lf + 1);
	if (memmem(file.data, file.len, "\r\n", 2))
		return buf_append(message, file);
	for (struct view line; file.len > 0;) {
		bool ended = view_find(file, '\n') >= 0;
		view_next(&file, '\n', &line);
		buf_append(message, line);
		buf_append_string(message, ended ? "\r\n" : "");
	}
	return buf_failed(message) ? -ENOMEM : 0;
}

static int read_file(const char *name, struct buf *message)
{
	struct buf file;
	char *room;
	ssize_t n = 1;
	int fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	buf_init(&file, MESSAGE_MAX);
	while (n > 0 && (room = buf_reserve(&file, 1 << 16)) != NULL) {
		n = read(fd, room, 1 << 16);
		if (n > 0)
			buf_commit(&file, (size_t)n);
	}
	int error = n < 0 ? -errno : buf_failed(&file) ? -EFBIG : take_octets(buf_view(&file), message);
	close(fd);
	buf_done(&file);
	return error;
}

/* ---- the envelope ---- */

struct envelope {
	struct sockaddr_storage client;
	bool has_client;
	struct view helo, mail_from;
};

/* What a server wrote above the message that delivered it; nothing for a null sender. */
static struct view return_path(struct view message)
{
	struct view path;
	return header_find(message, VIEW("Return-Path"), &path) ? view_trim(path) : (struct view){0};
}

static struct view without_brackets(struct view path)
{
	if (path.len >= 2 && path.data[0] == '<' && path.data[path.len - 1] == '>')
		return view_take(view_skip(path, 1), path.len - 2);
	return path;
}

/* 0, or an exit code with the reason printed. */
static int take_envelope(struct cli *cli, const char *ip, struct envelope *e)
{
	e->has_client = ip != NULL;
	if (ip && !network_parse(view_from_string(ip), &e->client))
		return cli_usage(cli,
		    "--ip takes the address of the host that brought the message: 192.0.2.1 or 2001:db8::1");
	if (!ip && (e->helo.len || e->mail_from.len))
		return cli_usage(cli, "--mail-from and --helo say nothing without --ip");
	return 0;
}

/* Settings are needed for names that only this server knows how to look up. A user's machine may have none.
 */
static int take_settings(struct cli *cli)
{
	if (access(cli->config, R_OK) == 0 || !cli->config_is_default)
		return cli_settings(cli);
	settings_init(&cli->settings);
	cli->have_settings = true;
	return 0;
}

/* ---- checking ---- */

static void waiting(void *arg, unsigned open)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "postrider: waiting for %u answers of name servers\n", open);
}

static void check(struct dns_source *source, const struct sender_request *request, struct view message,
    struct answers *answers, struct sender_check **out)
{
	struct dns_table table = {.source = source, .answers = answers};
	struct sender_check *c = sender_check_new(request, answers);
	sender_check_bytes(c, message);
	sender_check_end(c);
	while (!sender_check_judge(c))
		dns_fill(&table, 1, waiting, NULL);
	*out = c;
}

static int status_of(const struct sender_results *r)
{
	switch (sender_standing(r)) {
	case SENDER_PROVEN:
		return 0;
	case SENDER_UNPROVEN:
		return EXIT_DATA;
	case SENDER_LATER:
		return EXIT_TEMPORARY;
	default:
		return EXIT_NOTHING;
	}
}

static int tell(const struct cli *cli, const struct sender_results *r)
{
	struct buf out;
	buf_init(&out, OUTPUT_MAX);
	if (cli->json) {
		sender_json(r, &out);
		buf_append_byte(&out, '\n');
	} else {
		sender_words(r, &out);
	}
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&out);
	return status_of(r);
}

static int verify(struct cli *cli, const struct envelope *e, struct view message)
{
	struct dns_source source;
	struct answers answers;
	struct sender_check *c;
	struct sender_results results;
	struct view sender = without_brackets(e->mail_from);
	ptrdiff_t at = view_find_last(sender, '@');
	struct sender_request request = {.client = e->has_client ? (const struct sockaddr *)&e->client : NULL,
	    .helo = e->helo,
	    .sender_local = view_take(sender, at < 0 ? 0 : (size_t)at),
	    .sender_domain = view_skip(sender, (size_t)(at + 1)),
	    .receiver = cli->settings.hostname,
	    .now = (uint64_t)clock_wall()};
	int error = dns_source_resolver(&cli->settings, &source);
	if (error) {
		fprintf(stderr, "postrider: there is no name server to ask: %s\n", strerror(-error));
		return EXIT_UNAVAILABLE;
	}
	answers_init_for(&answers, SENDER_QUESTIONS_MAX, ANSWERS_MEMORY);
	check(&source, &request, message, &answers, &c);
	sender_results_make(sender_check_verdicts(c), &results);
	int status = tell(cli, &results);
	sender_check_free(c);
	answers_done(&answers);
	dns_source_done(&source);
	return status;
}

int cli_verify(struct cli *cli)
{
	const char *ip = cli_value(cli, "--ip"), *mail_from = cli_value(cli, "--mail-from");
	struct envelope e = {
	    .helo = view_from_string(cli_value(cli, "--helo")), .mail_from = view_from_string(mail_from)};
	struct buf message;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = take_envelope(cli, ip, &e);
	if (status == 0)
		status = take_settings(cli);
	if (status)
		return status;
	buf_init(&message, 2 * (size_t)MESSAGE_MAX);
	int error = read_file(cli->argv[0], &message);
	if (error) {
		fprintf(stderr, "postrider: cannot read %s: %s\n", cli->argv[0], strerror(-error));
		status = EXIT_NOTHING;
	} else {
		if (ip && mail_from == NULL)
			e.mail_from = return_path(buf_view(&message));
		status = verify(cli, &e, buf_view(&message));
	}
	buf_done(&message);
	return status;
}
