/*
 * rule try: what a script would do with mail that is there, message by message, and which line would do it.
 * The server runs it, as it does for mail that arrives; nothing is changed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/show.h"
#include "cli/cli_progress.h"
#include "cli/cli_rule.h"
#include "cli/rule_apply.h"
#include "cli/rule_choice.h"
#include "cli/rule_complaints.h"
#include "cli/rule_deeds.h"
#include "cli/rule_owner.h"
#include "format/encoded_word.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "mime/summary.h"

enum {
	DEEDS_MEMORY = 512 << 20, /* of what is told afterwards */
	LINE_MAX_SHOWN = 1000
};

struct trial {
	struct cli *cli;
	struct rule_owner owner;
	const char *name, *file; /* of the script */
	struct buf text, uids;
	struct rule_choice choice;
	uint32_t mailbox;
	struct rule_complaints complaints;
	bool every; /* messages that would stay as they are, too */
	bool apply; /* it is not only tried */

	struct rule_deeds deeds;
	uint64_t total, done;
	size_t next; /* the first deed that was not told */
	bool any;    /* one was told */
};

/* ---- the script ---- */

static void take_text(void *arg, unsigned type, const union mailbox_answer *answer)
{
	if (type == SCRIPT_BYTES)
		buf_append(arg, answer->script_bytes.bytes);
}

static int read_script(struct trial *t)
{
	if (t->file)
		return rule_read_file(t->file, &t->text);
	struct script_get get = {.place = SCRIPT_OWN, .name = view_from_string(t->name)};
	int error = mailbox_client_run(&t->owner.client, SCRIPT_GET, &get, take_text, &t->text, NULL);
	return rule_problem(&t->owner, t->name, error);
}

/* ---- the run ---- */

static void take_deed(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct trial *t = arg;
	if (type == SCRIPT_COMPLAINT)
		rule_complaint(&t->complaints, &answer->complaint);
	if (type != SCRIPT_DEED)
		return;
	rule_deeds_add(&t->deeds, &answer->deed);
	t->done += answer->deed.last;
	cli_progress_often(t->done, t->total, NULL);
}

/* 0 or an exit code. */
static int run(struct trial *t)
{
	struct script_try m = {.mailbox = t->mailbox, .uids = buf_view(&t->uids)};
	t->total = uid_ranges_count(m.uids);
	int error = rule_send_text(&t->owner.client, buf_view(&t->text));
	if (t->cli->json)
		putchar('{');
	rule_complaints_begin(&t->complaints);
	/* Without messages its errors are told all the same. */
	if (error == 0)
		error = t->total > 0
		            ? mailbox_client_run(&t->owner.client, SCRIPT_TRY, &m, take_deed, t, NULL)
		            : mailbox_client_run(&t->owner.client, SCRIPT_CHECK, &(struct script_check){0},
		                  take_deed, t, NULL);
	rule_complaints_end(&t->complaints);
	if (error && t->cli->json)
		puts("}");
	cli_progress_end();
	if (error == -ENOEXEC) {
		fprintf(stderr, "postrider: %s: the script has %zu error%s, and was not tried\n",
		    t->owner.subject, t->complaints.errors, t->complaints.errors == 1 ? "" : "s");
		return EXIT_DATA;
	}
	return rule_problem(&t->owner, t->name, error);
}

/* ---- telling ---- */

static void print_word(const char *what, struct view text)
{
	struct buf decoded;
	buf_init(&decoded, 64 << 10);
	encoded_word_decode(text, &decoded);
	struct view shown = buf_view(&decoded);
	fputs(what, stdout);
	cli_print(view_take(shown, LINE_MAX_SHOWN));
	buf_done(&decoded);
}

static void print_head(struct trial *t, const struct mail_message *m)
{
	struct message_summary summary;
	char day[32] = "";
	time_t when = (time_t)m->internaldate;
	struct tm tm;
	bool known = message_summary_decode_texts(m->summary, &summary) == 0;
	if (gmtime_r(&when, &tm))
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	if (t->cli->json) {
		printf("%s{\"uid\": %" PRIu32 ", \"subject\": ", t->any ? ",\n" : "", m->uid);
		cli_json_string(known ? summary.envelope.subject : (struct view){0});
		fputs(", \"deeds\": [", stdout);
	} else {
		printf("%" PRIu32 "  %s", m->uid, day);
		print_word("  ", known ? summary.envelope.subject : (struct view){0});
		putchar('\n');
	}
	t->any = true;
}

static void take_heads(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct trial *t = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_DATES | MAIL_WANT_SUMMARY, &m);) {
		while (t->next < t->deeds.count && t->deeds.items[t->next].uid < m.uid)
			t->next++;
		print_head(t, &m);
		for (const char *comma = ""; t->next < t->deeds.count && t->deeds.items[t->next].uid == m.uid;
		     t->next++, comma = ", ") {
			if (t->cli->json)
				rule_deed_json(&t->deeds.items[t->next], comma);
			else
				rule_deed_line(&t->deeds.items[t->next]);
		}
		if (t->cli->json)
			fputs("]}", stdout);
	}
}

static int tell(struct trial *t)
{
	struct buf uids;
	int error = 0;
	buf_init(&uids, MAIL_RANGES_MAX);
	for (size_t i = 0; i < t->deeds.count; i++)
		if (i == 0 || t->deeds.items[i].uid != t->deeds.items[i - 1].uid)
			uid_ranges_add(
			    &uids, (uint32_t)t->deeds.items[i].uid, (uint32_t)t->deeds.items[i].uid);
	struct mail_fetch fetch = {
	    .mailbox = t->mailbox, .want = MAIL_WANT_DATES | MAIL_WANT_SUMMARY, .uids = buf_view(&uids)};
	if (t->cli->json)
		printf(",\"messages\": %" PRIu64 ", \"touched\": [", t->done);
	if (fetch.uids.len > 0)
		error = mailbox_client_run(&t->owner.client, MAIL_FETCH, &fetch, take_heads, t, NULL);
	if (t->cli->json)
		printf("], \"more\": %zu}\n", t->deeds.more);
	else
		rule_deeds_sum(&t->deeds, t->done);
	buf_done(&uids);
	return error ? mailbox_client_problem(t->owner.subject, error) : 0;
}

/* ---- the verb ---- */

static int try_it(struct trial *t)
{
	int status = read_script(t);
	if (status)
		return status;
	t->complaints = (struct rule_complaints){
	    .file = t->file ? t->file : t->name, .text = buf_view(&t->text), .json = t->cli->json};
	int error = rule_choice_find(&t->owner.client, &t->choice, &t->mailbox, &t->uids);
	if (error)
		return mailbox_client_problem(t->choice.mailbox, error);
	status = run(t);
	if (status || !t->apply)
		return status ? status : tell(t);
	/* With a part of what a script says of a message, it would be put where the script does not. */
	if (t->deeds.more > 0) {
		fprintf(stderr,
		    "postrider: %s: too much is to be done at a time: choose fewer messages with --since or "
		    "--query\n",
		    t->owner.subject);
		return EXIT_REFUSED;
	}
	struct rule_apply apply = {.client = &t->owner.client, .mailbox = t->mailbox, .script = t->name};
	error = rule_apply_deeds(&apply, &t->deeds, t->cli->json);
	return error ? mailbox_client_problem(t->owner.subject, error) : 0;
}

static int begin(struct cli *cli, struct directory_client *directory, bool apply)
{
	struct trial t = {
	    .cli = cli, .apply = apply, .file = cli_value(cli, "--file"), .every = cli_option(cli, "--all")};
	int status = rule_choice_take(cli, &t.choice);
	if (status == 0)
		status = rule_open(cli, directory, t.file ? 0 : 1, t.file ? 0 : 1, &t.owner);
	if (status)
		return status;
	t.name = t.file ? t.file : cli->argv[0];
	buf_init(&t.text, SCRIPT_SIZE_MAX);
	buf_init(&t.uids, MAIL_RANGES_MAX);
	/* Whether a message stays beside its copies is told by the deed that keeps it. */
	rule_deeds_init(&t.deeds, DEEDS_MEMORY, t.every || apply);
	status = t.owner.place == SCRIPT_OWN ? try_it(&t)
	                                     : cli_usage(cli, "a script is tried on an account's mail");
	rule_deeds_done(&t.deeds);
	buf_done(&t.text);
	buf_done(&t.uids);
	rule_close(&t.owner);
	return status;
}

int rule_try(struct cli *cli, struct directory_client *directory)
{
	return begin(cli, directory, false);
}

int rule_apply(struct cli *cli, struct directory_client *directory)
{
	return begin(cli, directory, true);
}
