/*
 * address explain: where mail for an address goes, step by step, and why. The directory is asked as SMTP asks
 * it (directory/resolve.c); of each mailbox at the end its room is told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/address_rules.h"
#include "cli/cli.h"
#include "format/address_normal.h"
#include "format/plain.h"

/* In each the address it is about, then, where there are two places, the one it leads to. */
static const struct {
	const char *step, *text;
	bool ends; /* nothing follows from it */
} sentences[] = {
    {"domain-alias", "%1's domain is an alias domain: it means %2.", false},
    {"domain-disabled",
        "the domain %1 is disabled: no mail is taken for it (`postrider domain set --enable`).", true},
    {"domain-broken",
        "%1 leads to an alias domain of an alias domain: correct it with `postrider domain set`.", true},
    {"account", "%1 has a mailbox here.", false},
    {"account-disabled",
        "%1 has a mailbox here, but the account is disabled: its mail is refused (`postrider account "
        "enable`).",
        true},
    {"alias", "%1 is an alias: it leads to %2.", false},
    {"loop", "%1 was met before: the aliases lead in a circle, which ends here.", true},
    {"too-many", "%1 leads through too many aliases, or too many behind one another: its mail is refused.",
        true},
    {"sub-address", "%1 is a sub-address: its mail is for %2.", false},
    {"masked", "%1 is a masked address of %2.", false},
    {"masked-off",
        "%1 is a masked address that is switched off, or whose account is gone: its mail is refused.", true},
    {"duty", "%1 must always reach a person: nobody else has it, so it is for %2.", false},
    {"catch-all", "%1 does not exist, so the domain's catch-all has it: %2.", false},
    {"group", "%1 is a group, which shares mailboxes and gets no mail.", true},
    {"remote", "%1 is at another server; `postrider route %1` shows how its mail would leave.", false},
    {"unknown", "%1 does not exist here: its mail is refused (550 5.1.1).", true},
    {"not-ours",
        "the domain of %1 is not served here: its mail is taken from users who have logged in, and sent on; "
        "`postrider route %1` shows how.",
        true},
};

static void say_sentence(const char *text, struct view from, struct view to)
{
	for (; *text; text++) {
		if (text[0] == '%' && (text[1] == '1' || text[1] == '2')) {
			cli_print(*++text == '1' ? from : to);
			continue;
		}
		putchar(*text);
	}
	putchar('\n');
}

static const char *sentence_of(struct view step)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (view_equal(step, view_from_string(sentences[i].step)))
			return sentences[i].text;
	return "%1: the server tells of a step that this command does not know; does it run another version?";
}

/* ---- the mailboxes at the end ---- */

enum {
	MAILBOXES_TOLD = 20,  /* of a list: whoever wants to know of all asks for each */
	MEMORY_MAX = 64 << 20 /* of the steps, and of what these mailboxes' scripts say */
};

struct room {
	uint64_t messages, bytes, quota, quota_messages;
};

static bool ask_room(struct directory_client *client, struct view address, struct room *room)
{
	struct message_directory_answer answer;
	if (directory_client_ask(client, DIRECTORY_ACCOUNT_STAT, 0, &address, 1, &answer) != 0 ||
	    answer.fields.count < 5)
		return false;
	const struct message_field *f = answer.fields.items;
	*room = (struct room){.messages = directory_number(f[0].value),
	    .bytes = directory_number(f[1].value),
	    .quota = directory_number(f[3].value),
	    .quota_messages = directory_number(f[4].value)};
	return true;
}

static bool is_full(const struct room *r)
{
	return (r->quota && r->bytes >= r->quota) || (r->quota_messages && r->messages >= r->quota_messages);
}

static void say_room(const struct cli *cli, struct view address, const struct room *r)
{
	struct buf out;
	buf_init(&out, 512);
	uint64_t quota = r->quota ? r->quota : cli->settings.quota_default;
	plain_size(&out, r->bytes);
	if (quota) {
		buf_append_string(&out, " of ");
		plain_size(&out, quota);
	}
	fputs("  mailbox of ", stdout);
	cli_print(address);
	printf(": %llu message%s, %s%s\n", (unsigned long long)r->messages, r->messages == 1 ? "" : "s",
	    buf_string(&out), is_full(r) ? ": it is FULL, so its mail is refused for now" : "");
	buf_done(&out);
}

/* ---- where rules send it on to ---- */

static void say_forward(const struct address_forward *f)
{
	fputs("    its rules send it on to ", stdout);
	cli_print(f->to);
	printf("%s%s (script ", f->sometimes ? ", under a condition" : "",
	    f->copies ? ", and a copy stays" : ", and no copy stays");
	cli_print(f->script);
	printf(", line %u)\n", (unsigned)f->line);
}

static void say_groups(const struct view *groups, size_t count)
{
	fputs(count ? "    in the groups" : "", stdout);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : " ", stdout);
		cli_print(groups[i]);
	}
	fputs(count ? "\n" : "", stdout);
}

/* The groups that the account is in, copied. */
static size_t ask_groups(struct directory_client *client, struct view address, struct arena *arena,
    struct view groups[ADDRESS_FORWARDS_MAX])
{
	struct message_directory_answer answer;
	size_t count = 0;
	if (directory_client_ask(client, DIRECTORY_GROUPS_OF, 0, &address, 1, &answer) != 0)
		return 0;
	const struct message_field *f = answer.fields.items;
	while (count < answer.fields.count && count < ADDRESS_FORWARDS_MAX &&
	       arena_copy(arena, f[count].value, &groups[count]))
		count++;
	return count;
}

struct beside {
	struct address_forward forwards[ADDRESS_FORWARDS_MAX];
	struct view groups[ADDRESS_FORWARDS_MAX];
	size_t forward_count, group_count;
};

static void ask_beside(struct cli *cli, struct directory_client *client, struct view mailbox,
    struct arena *arena, struct beside *b)
{
	char address[ADDRESS_MAX + 1];
	snprintf(address, sizeof address, "%.*s", VIEW_FMT(mailbox));
	int forwards = address_forwards(cli, client, address, arena, b->forwards);
	b->forward_count = forwards > 0 ? (size_t)forwards : 0;
	b->group_count = ask_groups(client, mailbox, arena, b->groups);
}

static void beside_json(const struct beside *b)
{
	fputs(",\"forwards\":[", stdout);
	for (size_t i = 0; i < b->forward_count; i++) {
		const struct address_forward *f = &b->forwards[i];
		fputs(i ? ",{\"to\":" : "{\"to\":", stdout);
		cli_json_string(f->to);
		fputs(",\"script\":", stdout);
		cli_json_string(f->script);
		printf(",\"line\":%u,\"conditional\":%s,\"keep\":%s}", (unsigned)f->line,
		    f->sometimes ? "true" : "false", f->copies ? "true" : "false");
	}
	fputs("],\"groups\":[", stdout);
	for (size_t i = 0; i < b->group_count; i++) {
		fputs(i ? "," : "", stdout);
		cli_json_string(b->groups[i]);
	}
	putchar(']');
}

/* ---- the answer ---- */

struct steps {
	struct arena arena;
	struct view *words; /* three for each: step, from, to */
	size_t count;
	int error;
};

static int ask(struct directory_client *client, const char *address, struct steps *s)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	int error = directory_client_ask(client, DIRECTORY_EXPLAIN, 0, &field, 1, &answer);
	if (error)
		return error;
	const struct message_field *f = answer.fields.items;
	s->count = answer.fields.count / 3;
	s->error = -(int)answer.number;
	s->words = arena_array(&s->arena, 3 * s->count + 1, sizeof *s->words);
	for (size_t i = 0; i < 3 * s->count && s->words; i++)
		if (!arena_copy(&s->arena, f[i].value, &s->words[i]))
			return -ENOMEM;
	return s->words ? 0 : -ENOMEM;
}

/* What leads nowhere may be a group's name: that is worth saying. */
static void look_for_group(struct directory_client *client, struct steps *s)
{
	struct message_directory_answer answer;
	struct view *last = s->count ? &s->words[3 * (s->count - 1)] : NULL;
	if (last == NULL || !view_equal(last[0], VIEW("unknown")))
		return;
	const struct view fields[] = {last[1], VIEW("")};
	if (directory_client_ask(client, DIRECTORY_GROUP_MEMBERS, 0, fields, 2, &answer) == 0 &&
	    answer.fields.count > 0)
		last[0] = VIEW("group");
}

static bool is_mailbox(const struct steps *s, size_t i)
{
	return view_equal(s->words[3 * i], VIEW("account"));
}

static bool seen_before(const struct steps *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_mailbox(s, k) && view_equal(s->words[3 * k + 1], s->words[3 * i + 1]))
			return true;
	return false;
}

static void print_words(struct cli *cli, struct directory_client *client, struct steps *s)
{
	size_t mailboxes = 0;
	struct room room;
	struct beside beside;
	for (size_t i = 0; i < s->count; i++) {
		printf("%zu. ", i + 1);
		say_sentence(sentence_of(s->words[3 * i]), s->words[3 * i + 1], s->words[3 * i + 2]);
	}
	for (size_t i = 0; i < s->count && mailboxes < MAILBOXES_TOLD; i++)
		if (is_mailbox(s, i) && !seen_before(s, i) && ask_room(client, s->words[3 * i + 1], &room)) {
			fputs(mailboxes++ ? "" : "\nThe mail comes into:\n", stdout);
			say_room(cli, s->words[3 * i + 1], &room);
			ask_beside(cli, client, s->words[3 * i + 1], &s->arena, &beside);
			for (size_t k = 0; k < beside.forward_count; k++)
				say_forward(&beside.forwards[k]);
			say_groups(beside.groups, beside.group_count);
		}
	if (mailboxes)
		puts("\nRules of these accounts may file it into other mailboxes: `postrider rule list "
		     "ADDRESS` "
		     "shows them.");
}

static void print_json(struct cli *cli, struct directory_client *client, const char *address, struct steps *s)
{
	struct room room;
	struct beside beside;
	size_t mailboxes = 0;
	bool first = true;
	fputs("{\"address\":", stdout);
	cli_json_string(view_from_string(address));
	printf(",\"accepted\":%s,\"steps\":[", s->error ? "false" : "true");
	for (size_t i = 0; i < s->count; i++) {
		fputs(i ? ",{\"step\":" : "{\"step\":", stdout);
		cli_json_string(s->words[3 * i]);
		fputs(",\"address\":", stdout);
		cli_json_string(s->words[3 * i + 1]);
		if (s->words[3 * i + 2].len) {
			fputs(",\"to\":", stdout);
			cli_json_string(s->words[3 * i + 2]);
		}
		putchar('}');
	}
	fputs("],\"mailboxes\":[", stdout);
	for (size_t i = 0; i < s->count; i++) {
		if (!is_mailbox(s, i) || seen_before(s, i) || !ask_room(client, s->words[3 * i + 1], &room))
			continue;
		fputs(first ? "{\"address\":" : ",{\"address\":", stdout);
		cli_json_string(s->words[3 * i + 1]);
		printf(",\"messages\":%llu,\"bytes\":%llu,\"quota\":%llu,\"full\":%s",
		    (unsigned long long)room.messages, (unsigned long long)room.bytes,
		    (unsigned long long)room.quota, is_full(&room) ? "true" : "false");
		if (mailboxes++ < MAILBOXES_TOLD) {
			ask_beside(cli, client, s->words[3 * i + 1], &s->arena, &beside);
			beside_json(&beside);
		}
		putchar('}');
		first = false;
	}
	puts("]}");
}

static int explain(struct cli *cli, struct directory_client *client)
{
	struct steps s = {.count = 0};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	arena_init(&s.arena, MEMORY_MAX);
	int error = ask(client, cli->argv[0], &s);
	if (error == 0)
		look_for_group(client, &s);
	if (error == 0 && cli->json)
		print_json(cli, client, cli->argv[0], &s);
	else if (error == 0)
		print_words(cli, client, &s);
	int status = error ? cli_directory_problem(cli->argv[0], error) : s.error ? EXIT_NOTHING : 0;
	arena_done(&s.arena);
	return status;
}

int cli_address(struct cli *cli)
{
	static const struct cli_verb verbs[] = {{"explain", explain}};
	return cli_run_verb(cli, verbs, 1);
}
