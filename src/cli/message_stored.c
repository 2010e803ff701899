/* message show ADDRESS MAILBOX [UID]: a message in a mailbox of the running server, what was found out about
 * who sent it when it came, and what rules did with it then. */
#include "cli/message_stored.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/mailbox_client.h"
#include "cli/message_tool.h"
#include "cli/rule_deeds.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "trust/sender/sender_words.h"

enum { OUTPUT_MAX = 1 << 30, DEEDS_MEMORY = 1 << 20 };

struct stored {
	struct mailbox_client client;
	struct mail_mailbox box;
	uint32_t uid; /* 0: none yet */
	uint64_t email;
	struct buf sender, message; /* the values as they are kept; the message */
	struct rule_deeds deeds;
	int error;
};

/* ---- asking ---- */

static void take_newest(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct stored *s = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_FLAGS, &m);)
		s->uid = m.uid > s->uid ? m.uid : s->uid;
}

static void take_sender(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct stored *s = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_SENDER | MAIL_WANT_IDS, &m);) {
		s->email = m.emailid;
		s->error = m.uid == s->uid ? -(int)m.body_error : s->error;
		buf_clear(&s->sender);
		buf_append(&s->sender, m.sender);
	}
}

static void take_bytes(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct stored *s = arg;
	if (type != MAIL_DATA)
		return;
	if (answer->data.error)
		s->error = (int)answer->data.error;
	buf_append(&s->message, answer->data.bytes);
}

static void take_deed(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct stored *s = arg;
	if (type == SCRIPT_DEED)
		rule_deeds_add(&s->deeds, &answer->deed);
}

static int find_newest(struct stored *s)
{
	struct mail_fetch fetch = {.mailbox = s->box.mailbox, .want = MAIL_WANT_FLAGS};
	int error = mailbox_client_run(&s->client, MAIL_FETCH, &fetch, take_newest, s, NULL);
	return error ? error : s->uid ? 0 : -ENOENT;
}

static int read_message(struct stored *s)
{
	struct buf uids, parts;
	buf_init(&uids, UID_RANGE_SIZE);
	buf_init(&parts, 64);
	uid_ranges_add(&uids, s->uid, s->uid);
	buf_append_u32(&parts, s->uid);
	buf_append_u64(&parts, 0);
	buf_append_u64(&parts, UINT64_MAX);
	struct mail_fetch fetch = {
	    .mailbox = s->box.mailbox, .want = MAIL_WANT_SENDER | MAIL_WANT_IDS, .uids = buf_view(&uids)};
	struct mail_read read = {.mailbox = s->box.mailbox, .parts = buf_view(&parts)};
	int error = mailbox_client_run(&s->client, MAIL_FETCH, &fetch, take_sender, s, NULL);
	if (error == 0)
		error = mailbox_client_run(&s->client, MAIL_READ, &read, take_bytes, s, NULL);
	struct script_filed filed = {.email = s->email};
	if (error == 0 && s->email)
		error = mailbox_client_run(&s->client, SCRIPT_FILED, &filed, take_deed, s, NULL);
	buf_done(&uids);
	buf_done(&parts);
	if (error == 0 && s->error == 0 && (buf_failed(&s->message) || buf_failed(&s->sender)))
		error = -ENOMEM;
	return error ? error : s->error;
}

/* ---- telling ---- */

static void tell(const struct stored *s, const struct sender_results *r, struct buf *out)
{
	sender_words(r, out);
	buf_append_byte(out, '\n');
	message_tool_show(buf_view(&s->message), out, false);
}

/* Before all else: what rules did. */
static void print_deeds(const struct stored *s, bool json)
{
	fputs(json ? "{\"rules\":[" : s->deeds.count ? "Rules did this with it when it came:\n" : "", stdout);
	for (size_t i = 0; i < s->deeds.count; i++) {
		if (json)
			rule_deed_json(&s->deeds.items[i], i ? "," : "");
		else
			rule_deed_line(&s->deeds.items[i]);
	}
	fputs(json ? "]," : s->deeds.count ? "\n" : "", stdout);
}

static int print(struct cli *cli, const struct stored *s)
{
	struct sender_results r;
	struct buf out;
	bool known = s->sender.len > 0 && sender_results_decode(buf_view(&s->sender), &r);
	buf_init(&out, OUTPUT_MAX);
	if (cli->json) {
		buf_printf(&out, "\"uid\":%" PRIu32 ",\"sender\":", s->uid);
		if (known)
			sender_json(&r, &out);
		else
			buf_append_string(&out, "null");
		buf_append_string(&out, ",\"message\":");
		message_tool_show(buf_view(&s->message), &out, true);
		buf_append_string(&out, "}\n");
	} else if (known) {
		tell(s, &r, &out);
	} else {
		buf_append_string(&out, "Who sent this message was not checked when it came.\n\n");
		message_tool_show(buf_view(&s->message), &out, false);
	}
	bool good = !buf_failed(&out);
	if (good)
		print_deeds(s, cli->json);
	if (good)
		fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	else
		fprintf(stderr, "postrider: the message is too large to be shown\n");
	buf_done(&out);
	return good ? 0 : EXIT_DATA;
}

static int show(struct cli *cli, struct stored *s)
{
	char subject[64];
	int error = mailbox_client_find(&s->client, view_from_string(cli->argv[2]), &s->box);
	if (error)
		return mailbox_client_problem(cli->argv[2], error);
	if (s->uid == 0)
		error = find_newest(s);
	if (error == 0)
		error = read_message(s);
	if (error == 0)
		return print(cli, s);
	if (error != -ENOENT) {
		snprintf(subject, sizeof subject, "UID %" PRIu32, s->uid);
		return mailbox_client_problem(subject, error);
	}
	fprintf(stderr, "postrider: %s has no such message\n", cli->argv[2]);
	return EXIT_NOTHING;
}

int message_stored_show(struct cli *cli)
{
	struct directory_client *directory;
	struct stored s = {.uid = 0};
	uint64_t uid = 0;
	if (cli->argc == 4 && (!view_to_u64(view_from_string(cli->argv[3]), UINT32_MAX, &uid) || uid == 0))
		return cli_usage(cli, "a UID is a number from 1 on");
	int status = directory_client_open(cli, &directory);
	if (status)
		return status;
	status = mailbox_client_open(cli, directory, cli->argv[1], &s.client);
	if (status == 0) {
		s.uid = (uint32_t)uid;
		buf_init(&s.sender, SENDER_RESULTS_MAX);
		buf_init(&s.message, OUTPUT_MAX);
		rule_deeds_init(&s.deeds, DEEDS_MEMORY, true);
		status = show(cli, &s);
		buf_done(&s.sender);
		buf_done(&s.message);
		rule_deeds_done(&s.deeds);
		mailbox_client_close(&s.client);
	}
	directory_client_close(directory);
	return status;
}
