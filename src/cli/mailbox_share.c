/*
 * mailbox share: who else may see a mailbox, and do what with it (RFC 4314). mailbox shares: what an account
 * shares, with whom, and what others share with it; which it can accept, and leave.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli_mailbox.h"
#include "cli/mailbox_client.h"
#include "base/mem.h"

/* RFC 4314 section 2.1, in the order of the bits. */
static const char letters[] = "lrswipkxtean";

/* What people want, in a word. */
static const struct {
	const char *word;
	unsigned rights;
} bundles[] = {
    {"none", 0},
    {"read", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN},
    {"add", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_INSERT},
    {"write", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_POST |
                  RIGHT_DELETE | RIGHT_EXPUNGE},
    {"all", RIGHT_ALL},
};

static bool read_rights(const char *text, uint64_t *rights)
{
	*rights = 0;
	for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++)
		if (strcmp(text, bundles[i].word) == 0) {
			*rights = bundles[i].rights;
			return true;
		}
	for (; *text; text++) {
		const char *letter = strchr(letters, *text);
		if (letter == NULL)
			return false;
		*rights |= 1u << (letter - letters);
	}
	return *rights != 0;
}

static void write_rights(uint64_t rights, char out[sizeof letters])
{
	size_t n = 0;
	for (size_t i = 0; letters[i]; i++)
		if (rights & 1u << i)
			out[n++] = letters[i];
	out[n] = '\0';
}

int mailbox_share(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct mail_mailbox found;
	uint64_t rights;
	if (!cli_words(cli, 4, 4))
		return EXIT_USAGE;
	if (!read_rights(cli->argv[3], &rights))
		return cli_usage(
		    cli, "the rights are read, add, write, all or none, or letters of RFC 4314 such as lrs");
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	const char *subject = cli->argv[1];
	int error = mailbox_client_find(&client, view_from_string(cli->argv[1]), &found);
	if (error == 0) {
		struct mail_grant grant = {
		    .mailbox = found.mailbox, .rights = rights, .who = view_from_string(cli->argv[2])};
		error = mailbox_client_run(&client, MAIL_GRANT_SET, &grant, NULL, NULL, NULL);
		subject = cli->argv[2];
	}
	mailbox_client_close(&client);
	return mailbox_client_problem(subject, error);
}

/* ---- accept, leave ---- */

struct wanted_share {
	struct view owner, path;
	struct mail_share found;
	bool any;
};

static void look_for_share(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct wanted_share *wanted = arg;
	const struct mail_share *share = &answer->share;
	if (type != MAIL_SHARE || !view_equal_nocase(share->owner, wanted->owner) ||
	    !view_equal(share->path, wanted->path))
		return;
	wanted->found = (struct mail_share){.account = share->account, .mailbox = share->mailbox};
	wanted->any = true;
}

static int set_share(struct cli *cli, struct directory_client *directory, enum mail_share_state state)
{
	struct mailbox_client client;
	struct mail_shares question = {0};
	if (!cli_words(cli, 3, 3))
		return EXIT_USAGE;
	struct wanted_share wanted = {
	    .owner = view_from_string(cli->argv[1]), .path = view_from_string(cli->argv[2])};
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	int error = mailbox_client_run(&client, MAIL_SHARES, &question, look_for_share, &wanted, NULL);
	if (error == 0 && !wanted.any) {
		fprintf(stderr,
		    "postrider: %s shares no mailbox of this name with %s (`postrider mailbox shares %s` "
		    "lists them)\n",
		    cli->argv[1], cli->argv[0], cli->argv[0]);
		mailbox_client_close(&client);
		return EXIT_NOTHING;
	}
	wanted.found.state = state;
	if (error == 0)
		error = mailbox_client_run(&client, MAIL_SHARE_SET, &wanted.found, NULL, NULL, NULL);
	mailbox_client_close(&client);
	return mailbox_client_problem(cli->argv[2], error);
}

int mailbox_accept(struct cli *cli, struct directory_client *directory)
{
	return set_share(cli, directory, MAIL_SHARE_ACCEPTED);
}

int mailbox_leave(struct cli *cli, struct directory_client *directory)
{
	return set_share(cli, directory, MAIL_SHARE_LEFT);
}

/* ---- shares ---- */

struct shares {
	struct cli *cli;
	struct mailbox_client *client;
	struct arena arena;
	struct shared {
		uint64_t mailbox;
		struct view path;
	} * mailboxes;
	size_t count;
	const struct view *path; /* of the mailbox whose grants come */
	bool any;
};

static void put(struct shares *s, const char *kind, struct view path, const char *with, struct view who,
    uint64_t rights, const char *state)
{
	char text[sizeof letters];
	write_rights(rights, text);
	if (s->cli->json) {
		printf("%s{\"%s\":", s->any ? ",\n" : "", kind);
		cli_json_string(path);
		printf(",\"%s\":", with);
		cli_json_string(who);
		printf(",\"rights\":\"%s\"%s%s%s}", text, state ? ",\"state\":\"" : "", state ? state : "",
		    state ? "\"" : "");
	} else {
		cli_print(path);
		printf(" %s ", with);
		cli_print(who);
		printf(": %s%s%s%s\n", text, state ? " (" : "", state ? state : "", state ? ")" : "");
	}
	s->any = true;
}

static void take_mailbox(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct shares *s = arg;
	const struct mail_mailbox *m = &answer->mailbox;
	if (type != MAIL_MAILBOX || m->account != 0 || !(m->marks & MAIL_MAILBOX_SHARED))
		return;
	s->mailboxes = mem_resize(s->mailboxes, (s->count + 1) * sizeof *s->mailboxes);
	s->mailboxes[s->count].mailbox = m->mailbox;
	if (arena_copy(&s->arena, m->path, &s->mailboxes[s->count].path))
		s->count++;
}

static void take_grant(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct shares *s = arg;
	if (type == MAIL_GRANT && !view_equal(answer->grant.who, VIEW("owner")))
		put(s, "mailbox", *s->path, "with", answer->grant.who, answer->grant.rights, NULL);
}

static void take_share(void *arg, unsigned type, const union mailbox_answer *answer)
{
	static const char *const states[] = {"invited", "accepted", "left"};
	if (type == MAIL_SHARE)
		put(arg, "others_mailbox", answer->share.path, "from", answer->share.owner,
		    answer->share.rights,
		    states[answer->share.state <= MAIL_SHARE_LEFT ? answer->share.state : 0]);
}

static int list_all(struct shares *s)
{
	struct mail_mailboxes question = {.own_only = 1};
	struct mail_shares shares = {0};
	int error = mailbox_client_run(s->client, MAIL_MAILBOXES, &question, take_mailbox, s, NULL);
	for (size_t i = 0; error == 0 && i < s->count; i++) {
		struct mail_grants grants = {.mailbox = s->mailboxes[i].mailbox};
		s->path = &s->mailboxes[i].path;
		error = mailbox_client_run(s->client, MAIL_GRANTS, &grants, take_grant, s, NULL);
	}
	return error ? error : mailbox_client_run(s->client, MAIL_SHARES, &shares, take_share, s, NULL);
}

int mailbox_shares(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct shares s = {.cli = cli, .client = &client};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	arena_init(&s.arena, 64 << 20);
	if (cli->json)
		putchar('[');
	int error = list_all(&s);
	if (cli->json)
		puts("]");
	arena_done(&s.arena);
	mem_free(s.mailboxes);
	mailbox_client_close(&client);
	return mailbox_client_problem(cli->argv[0], error);
}
