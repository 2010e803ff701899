/* message send: from the words of the command to a message and its envelope, and what is said of the outcome.
 */
#include "cli/cli_send.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "format/plain.h"
#include "mime/compose.h"
#include "format/header.h"

enum {
	FIELDS_MAX = 100, /* further fields: a person types a few */
	LISTS_MAX = 1024 * 1024,
	ARENA_MAX =
	    64 * 1024 * 1024, /* SEND_RECIPIENTS_MAX addresses, as typed and as sent, with their names */
	PROBLEM_MAX = 16 * 1024,
	BAR_FROM = 256 * 1024 /* octets of a message that takes long enough to be watched */
};

struct letter {
	const char *from, *sender, *subject, *text_word, *html_file, *file;
	struct buf to, cc, bcc; /* lists, as typed */
	struct buf text, html;
	struct compose_field fields[FIELDS_MAX];
	struct compose_file files[COMPOSE_FILES_MAX];
	struct buf contents[COMPOSE_FILES_MAX];
	size_t field_count, file_count;
	char notify[40];
	enum mail_ret ret;

	struct arena arena;
	struct compose_envelope sender_mailbox, recipients;
	struct buf message, problem;
	char message_id[2 * RANDOM_ID_SIZE + REMOTE_HOST_SIZE];
	bool utf8;
};

static struct letter *new_letter(void)
{
	struct letter *l = mem_alloc(sizeof *l);
	arena_init(&l->arena, ARENA_MAX);
	buf_init(&l->to, LISTS_MAX);
	buf_init(&l->cc, LISTS_MAX);
	buf_init(&l->bcc, LISTS_MAX);
	buf_init(&l->text, SEND_MESSAGE_MAX);
	buf_init(&l->html, SEND_MESSAGE_MAX);
	buf_init(&l->message, SEND_MESSAGE_MAX);
	buf_init(&l->problem, PROBLEM_MAX);
	return l;
}

static void free_letter(struct letter *l)
{
	for (size_t i = 0; i < l->file_count; i++)
		buf_done(&l->contents[i]);
	buf_done(&l->to);
	buf_done(&l->cc);
	buf_done(&l->bcc);
	buf_done(&l->text);
	buf_done(&l->html);
	buf_done(&l->message);
	buf_done(&l->problem);
	arena_done(&l->arena);
	mem_free(l);
}

/* What the composer says, for the person who typed it. */
static int wrong(struct letter *l, int error)
{
	if (error == -EINVAL)
		fprintf(stderr, "postrider: %s\n", buf_string(&l->problem));
	else
		fprintf(stderr, "postrider: the message is too large to send: at most 256 MB, and a million "
		                "octets of addresses\n");
	return EXIT_DATA;
}

/* ---- the words ---- */

static void take_list(struct cli *cli, const char *option, struct buf *list)
{
	const char *value;
	while ((value = cli_value(cli, option)) != NULL) {
		if (buf_view(list).len > 0)
			buf_append(list, VIEW(", "));
		buf_append_string(list, value);
	}
}

static int take_fields(struct cli *cli, struct letter *l)
{
	const char *value;
	while ((value = cli_value(cli, "--header")) != NULL) {
		struct view field = view_from_string(value);
		ptrdiff_t colon = view_find(field, ':');
		if (colon <= 0)
			return cli_usage(cli, "--header takes a field: 'NAME: TEXT'");
		if (l->field_count == FIELDS_MAX)
			return cli_usage(cli, "too many --header options: at most 100");
		l->fields[l->field_count++] = (struct compose_field){
		    view_take(field, (size_t)colon), view_trim(view_skip(field, (size_t)colon + 1))};
	}
	return 0;
}

static int take_files(struct cli *cli, struct letter *l)
{
	const char *value;
	while ((value = cli_value(cli, "--attach")) != NULL) {
		const char *slash = strrchr(value, '/');
		if (l->file_count == COMPOSE_FILES_MAX)
			return cli_usage(cli, "too many attachments: at most 400");
		struct buf *content = &l->contents[l->file_count];
		buf_init(content, SEND_MESSAGE_MAX);
		l->files[l->file_count++].name = view_from_string(slash ? slash + 1 : value);
		int status = remote_read_file(value, content);
		if (status)
			return status;
		l->files[l->file_count - 1].content = buf_view(content);
	}
	return 0;
}

/* RFC 3461 section 4.1: NEVER alone, or some of the others. */
static bool read_notify(const char *text, char out[40])
{
	static const char *const names[] = {"SUCCESS", "FAILURE", "DELAY"};
	struct view rest = view_from_string(text), word;
	unsigned seen = 0;
	size_t len = 0;
	if (view_equal_nocase(rest, VIEW("never"))) {
		strcpy(out, "NEVER");
		return true;
	}
	while (view_next(&rest, ',', &word)) {
		unsigned i = 0;
		while (i < 3 && !view_equal_nocase(word, view_from_string(names[i])))
			i++;
		if (i == 3 || seen & 1u << i)
			return false;
		seen |= 1u << i;
		len += (size_t)snprintf(out + len, 40 - len, "%s%s", len ? "," : "", names[i]);
	}
	return seen != 0;
}

static int take_reports(struct cli *cli, struct letter *l)
{
	const char *notify = cli_value(cli, "--notify"), *ret = cli_value(cli, "--ret");
	if (notify && !read_notify(notify, l->notify))
		return cli_usage(cli,
		    "--notify takes never, or some of success, failure and delay, with commas between them");
	if (ret && strcasecmp(ret, "full") != 0 && strcasecmp(ret, "hdrs") != 0)
		return cli_usage(cli, "--ret takes full or hdrs");
	if (ret)
		l->ret = strcasecmp(ret, "full") == 0 ? RET_FULL : RET_HDRS;
	return 0;
}

static int check_words(struct cli *cli, const struct remote_options *o, struct letter *l)
{
	bool composed = l->subject || l->text_word || l->html_file || l->file_count || l->field_count ||
	                buf_view(&l->cc).len || buf_view(&l->bcc).len;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (l->file && composed)
		return cli_usage(cli,
		    "--file sends a message as it is: of the options that describe a message, only "
		    "--from, --sender, --to, --notify and --ret can be given too");
	if (l->from == NULL && l->file == NULL && o->user && strchr(o->user, '@'))
		l->from = o->user;
	if (l->from == NULL && l->file == NULL)
		return cli_usage(cli, "--from ADDRESS is missing: who writes?");
	if (l->file == NULL && buf_view(&l->to).len + buf_view(&l->cc).len + buf_view(&l->bcc).len == 0)
		return cli_usage(cli, "--to ADDRESS is missing: who is to get the message?");
	if (o->stdin_taken &&
	    (l->file ? strcmp(l->file, "-") == 0 : l->text_word == NULL && l->html_file == NULL))
		return cli_usage(cli, "standard input holds the password; give the text with --text TEXT, "
		                      "--html FILE or --file MESSAGE");
	return 0;
}

static int take_words(struct cli *cli, const struct remote_options *o, struct letter *l)
{
	l->from = cli_value(cli, "--from");
	l->sender = cli_value(cli, "--sender");
	l->subject = cli_value(cli, "--subject");
	l->text_word = cli_value(cli, "--text");
	l->html_file = cli_value(cli, "--html");
	l->file = cli_value(cli, "--file");
	take_list(cli, "--to", &l->to);
	take_list(cli, "--cc", &l->cc);
	take_list(cli, "--bcc", &l->bcc);
	int status = take_reports(cli, l);
	if (status == 0)
		status = take_fields(cli, l);
	if (status == 0)
		status = take_files(cli, l);
	if (status == 0 && buf_failed(&l->to) + buf_failed(&l->cc) + buf_failed(&l->bcc) > 0)
		status = wrong(l, -ENOBUFS);
	return status ? status : check_words(cli, o, l);
}

/* ---- the message ---- */

static int read_texts(struct letter *l)
{
	int status = 0;
	if (l->html_file)
		status = remote_read_file(l->html_file, &l->html);
	if (l->text_word && status == 0 && buf_append_string(&l->text, l->text_word) != 0)
		status = wrong(l, -ENOBUFS);
	if (l->html_file || l->text_word)
		return status;
	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Type the text, then ctrl-D on a line of its own:\n");
	return remote_read_file("-", &l->text);
}

static struct date send_now(void)
{
	struct date date = {.seconds = clock_wall(), .zone_known = true};
	time_t t = (time_t)date.seconds;
	struct tm local;
	if (localtime_r(&t, &local))
		date.offset_minutes = (int16_t)(local.tm_gmtoff / 60);
	return date;
}

/* The domain is the writer's: an identifier tells nothing of this machine. */
static void make_message_id(struct letter *l)
{
	struct view from = l->sender_mailbox.items[0];
	ptrdiff_t at = view_find_last(from, '@');
	random_id(l->message_id);
	random_id(l->message_id + RANDOM_ID_SIZE - 1);
	snprintf(l->message_id + 2 * (RANDOM_ID_SIZE - 1), sizeof l->message_id - 2 * (RANDOM_ID_SIZE - 1),
	    "%.*s", VIEW_FMT(view_skip(from, (size_t)at)));
}

static int compose(struct letter *l)
{
	char boundary[2 * RANDOM_ID_SIZE];
	struct view from = view_from_string(l->from);
	random_id(boundary);
	random_id(boundary + RANDOM_ID_SIZE - 1);
	int error = compose_recipients(from, &l->arena, &l->sender_mailbox, &l->problem);
	if (error == 0)
		error = compose_recipients(buf_view(&l->to), &l->arena, &l->recipients, &l->problem);
	if (error == 0)
		error = compose_recipients(buf_view(&l->cc), &l->arena, &l->recipients, &l->problem);
	if (error == 0)
		error = compose_recipients(buf_view(&l->bcc), &l->arena, &l->recipients, &l->problem);
	if (error == 0 && l->sender_mailbox.count != 1) {
		buf_append_string(&l->problem, "--from takes exactly one address");
		error = -EINVAL;
	}
	if (error)
		return wrong(l, error);
	make_message_id(l);
	const struct compose c = {.from = from,
	    .to = buf_view(&l->to),
	    .cc = buf_view(&l->cc),
	    .subject = view_from_string(l->subject),
	    .text = buf_view(&l->text),
	    .html = buf_view(&l->html),
	    .fields = l->fields,
	    .field_count = l->field_count,
	    .files = l->files,
	    .file_count = l->file_count,
	    .date = send_now(),
	    .message_id = view_from_string(l->message_id),
	    .boundary = view_from_string(boundary)};
	error = compose_write(&c, &l->message, &l->utf8, &l->problem);
	return error ? wrong(l, error) : 0;
}

/* ---- a message that is ready ---- */

/* The mailboxes of all fields of that name. */
static int take_field(
    struct letter *l, struct view message, const char *name, struct compose_envelope *envelope)
{
	struct header_reader reader = header_read(message);
	struct header_field field;
	int error = 0;
	while (error == 0 && header_next(&reader, &field)) {
		struct buf text;
		if (!view_equal_nocase(field.name, view_from_string(name)))
			continue;
		buf_init(&text, field.body.len + 1);
		header_unfold(field.body, &text);
		error = compose_recipients(buf_view(&text), &l->arena, envelope, &l->problem);
		buf_done(&text);
	}
	if (error == -EINVAL)
		buf_printf(&l->problem,
		    " (in the message's field %s; --from and --to override the message's fields)", name);
	return error;
}

static int address_ready(struct letter *l, struct view whole)
{
	static const char *const names[] = {"To", "Cc", "Bcc"};
	struct compose_envelope *sender = &l->sender_mailbox;
	int error = 0;
	if (l->from)
		error = compose_recipients(view_from_string(l->from), &l->arena, sender, &l->problem);
	else if (l->sender == NULL)
		error = take_field(l, whole, "Sender", sender);
	if (error == 0 && sender->count == 0 && l->sender == NULL)
		error = take_field(l, whole, "From", sender);
	if (error == 0)
		error = compose_recipients(buf_view(&l->to), &l->arena, &l->recipients, &l->problem);
	for (size_t i = 0; i < 3 && error == 0 && buf_view(&l->to).len == 0; i++)
		error = take_field(l, whole, names[i], &l->recipients);
	if (error == 0 && sender->count == 0 && l->sender == NULL) {
		buf_append_string(&l->problem,
		    "the message's From names nobody; say who sends it, with --from or --sender");
		error = -EINVAL;
	}
	if (error == 0 && l->recipients.count == 0) {
		buf_append_string(
		    &l->problem, "the message's To, Cc and Bcc name nobody; say who is to get it, with --to");
		error = -EINVAL;
	}
	return error;
}

static int take_ready(struct letter *l)
{
	struct buf raw, whole;
	struct view id, body;
	buf_init(&raw, SEND_MESSAGE_MAX);
	buf_init(&whole, SEND_MESSAGE_MAX);
	int status = remote_read_file(l->file, &raw), error = 0;
	if (status == 0)
		error = compose_ready(buf_view(&raw), COMPOSE_FOR_READING, &whole, &l->problem);
	buf_done(&raw);
	if (status == 0 && error == 0)
		error = address_ready(l, buf_view(&whole));
	if (status == 0 && error == 0)
		error = compose_ready(buf_view(&whole), COMPOSE_FOR_SENDING, &l->message, &l->problem);
	buf_done(&whole);
	if (status || error)
		return status ? status : wrong(l, error);
	l->utf8 = header_needs_utf8(buf_view(&l->message));
	if (header_find(buf_view(&l->message), VIEW("Message-ID"), &body) && message_id_next(&body, &id))
		snprintf(l->message_id, sizeof l->message_id, "%.*s", VIEW_FMT(id));
	return 0;
}

/* ---- the envelope ---- */

static int take_sender(struct letter *l, struct view *sender)
{
	struct compose_envelope other = {0};
	if (l->sender == NULL) {
		*sender = l->sender_mailbox.items[0];
		l->utf8 |= l->sender_mailbox.utf8;
		return 0;
	}
	int error = compose_recipients(view_from_string(l->sender), &l->arena, &other, &l->problem);
	if (error == 0 && other.count > 1) {
		buf_append_string(&l->problem, "--sender takes one address, or none");
		error = -EINVAL;
	}
	if (error)
		return wrong(l, error);
	l->utf8 |= other.utf8;
	*sender = other.count ? other.items[0] : (struct view){0};
	return 0;
}

static int take_envelope(struct letter *l, struct send *s)
{
	int status = take_sender(l, &s->sender);
	if (status)
		return status;
	if (l->recipients.count == 0 || l->recipients.count > SEND_RECIPIENTS_MAX) {
		fprintf(stderr, l->recipients.count
		                    ? "postrider: too many recipients: at most 10000 at once\n"
		                    : "postrider: there is no recipient\n");
		return EXIT_DATA;
	}
	s->recipients = mem_array(l->recipients.count, sizeof *s->recipients);
	s->count = l->recipients.count;
	for (size_t i = 0; i < s->count; i++)
		s->recipients[i].address = l->recipients.items[i];
	s->message = buf_view(&l->message);
	s->utf8 = l->utf8 || l->recipients.utf8;
	s->eight_bit = !utf8_is_ascii(s->message);
	s->notify = view_from_string(l->notify);
	s->ret = l->ret;
	s->message_id = view_from_string(l->message_id);
	return 0;
}

/* ---- the outcome ---- */

static void warn(const struct send *s)
{
	if (s->options->user == NULL || s->address[0] == '\0' || strcmp(s->verified, "pkix") == 0)
		return;
	if (s->tls[0])
		fprintf(stderr,
		    "postrider: the certificate of %s was not checked (--insecure): another host may have "
		    "answered in its place\n",
		    s->options->host);
	else if (s->options->tls == REMOTE_TLS_NONE)
		fprintf(stderr, "postrider: the connection was not encrypted (--no-tls)\n");
}

static int report(struct cli *cli, const struct send *s)
{
	struct buf out, line;
	buf_init(&out, 64 * 1024 * 1024); /* SEND_RECIPIENTS_MAX replies of the longest kind, escaped */
	int status = send_exit(s);
	if (status && s->problem[0]) {
		buf_init(&line, sizeof s->problem * 4);
		plain_text(&line, view_from_string(s->problem));
		fprintf(stderr, "postrider: %s\n", buf_string(&line));
		buf_done(&line);
	}
	warn(s);
	if (cli->json)
		send_report_json(s, &out);
	else
		send_report(s, &out);
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&out);
	return status;
}

int cli_send(struct cli *cli)
{
	struct remote_options options;
	struct send s = {.options = &options};
	struct letter *l = new_letter();
	cli->usage = CLI_SEND_USAGE;
	int status = remote_options_take(cli, REMOTE_SMTP, &options);
	if (status == 0)
		status = take_words(cli, &options, l);
	if (status == 0 && l->file == NULL)
		status = read_texts(l);
	if (status == 0)
		status = l->file ? take_ready(l) : compose(l);
	if (status == 0)
		status = take_envelope(l, &s);
	if (status == 0)
		status = remote_ask_password(&options);
	if (status == 0) {
		s.progress =
		    !cli->json && !options.verbose && s.message.len >= BAR_FROM && isatty(STDERR_FILENO);
		send_run(&s);
		status = report(cli, &s);
	}
	mem_free(s.recipients);
	remote_options_done(&options);
	free_letter(l);
	return status;
}
