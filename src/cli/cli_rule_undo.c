/*
 * rule log, rule undo: what rules did with mail that came, and taking it back. Each message is looked at
 * where a rule put it, and goes back from there and from nowhere else; so whatever interrupts this, it is
 * done again and goes on.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "cli/cli_progress.h"
#include "cli/cli_rule.h"
#include "cli/rule_choice.h"
#include "cli/rule_deeds.h"
#include "cli/rule_emails.h"
#include "cli/rule_flags.h"
#include "cli/rule_owner.h"
#include "mail/mail_flags.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"

enum { DEEDS_MEMORY = 512 << 20, PLACES_MAX = 32 };

struct place {
	uint32_t mailbox, uid;
};

struct undo {
	struct cli *cli;
	struct rule_owner owner;
	int64_t since;
	const char *rule; /* a number or a name; NULL: all */
	uint64_t action;  /* what was done by this one alone; 0: whatever it was */
	struct rule_emails *emails;
	struct rule_deeds deeds;
	struct view *paths; /* of mailboxes, by number */
	size_t path_count;
	uint32_t inbox;
	struct arena arena;

	bool here;                                /* the message that was looked for lies there */
	uint64_t back, copies, flags, gone, sent; /* what became of them */
	bool any;
};

/* ---- what rules did ---- */

static bool is_wanted(const struct undo *u, const struct script_deed *d)
{
	uint64_t number;
	if (u->action)
		return d->action == u->action;
	if (u->rule == NULL)
		return true;
	if (view_equal(d->rule_name, view_from_string(u->rule)))
		return true;
	return view_to_u64(view_from_string(u->rule), UINT32_MAX, &number) && number == d->rule && number > 0;
}

static void take_deed(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct undo *u = arg;
	if (type == SCRIPT_DEED)
		rule_deeds_add(&u->deeds, &answer->deed);
}

static void take_mailbox(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct undo *u = arg;
	const struct mail_mailbox *box = &answer->mailbox;
	if (type != MAIL_MAILBOX || box->account != 0)
		return;
	if (box->role == MAILBOX_ROLE_INBOX)
		u->inbox = (uint32_t)box->mailbox;
	if (box->mailbox >= u->path_count) {
		size_t count = 2 * (size_t)box->mailbox + 16;
		u->paths = mem_resize(u->paths, count * sizeof *u->paths);
		memset(u->paths + u->path_count, 0, (count - u->path_count) * sizeof *u->paths);
		u->path_count = count;
	}
	if (!arena_copy(&u->arena, box->path, &u->paths[box->mailbox]))
		u->paths[box->mailbox] = (struct view){0};
}

/* 0 or a negative errno. */
static int gather(struct undo *u)
{
	struct script_filed filed = {.since = u->since > 0 ? (uint64_t)u->since : 0};
	int error = mailbox_client_run(
	    &u->owner.client, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, take_mailbox, u, NULL);
	return error ? error : mailbox_client_run(&u->owner.client, SCRIPT_FILED, &filed, take_deed, u, NULL);
}

static size_t places_of(const struct script_deed *d, struct place *places)
{
	struct cursor in = cursor_on(d->places);
	size_t count = 0;
	while (in.rest.len >= 8 && count < PLACES_MAX) {
		places[count].mailbox = cursor_u32(&in);
		places[count++].uid = cursor_u32(&in);
	}
	return count;
}

/* ---- log ---- */

static void print_place(const struct undo *u, struct place p)
{
	fputs(
	    p.mailbox < u->path_count && u->paths[p.mailbox].len > 0 ? "" : "a mailbox that is gone", stdout);
	if (p.mailbox < u->path_count)
		cli_print(u->paths[p.mailbox]);
	if (p.uid)
		printf(", UID %" PRIu32, p.uid);
}

static void print_head(struct undo *u, const struct script_deed *d)
{
	struct place places[PLACES_MAX];
	size_t count = places_of(d, places);
	char when[32] = "";
	time_t at = (time_t)d->at;
	struct tm tm;
	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	printf("%s UTC  ", when);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "; " : "", stdout);
		print_place(u, places[i]);
	}
	putchar('\n');
}

static void print_json(struct undo *u, const struct script_deed *d)
{
	struct place places[PLACES_MAX];
	size_t count = places_of(d, places);
	printf("%s{\"email\": %" PRIu64 ", \"at\": %" PRIu64 ", \"places\": [", u->any ? ",\n" : "", d->email,
	    d->at);
	for (size_t i = 0; i < count; i++) {
		printf("%s{\"uid\": %" PRIu32 ", \"mailbox\": ", i ? ", " : "", places[i].uid);
		cli_json_string(
		    places[i].mailbox < u->path_count ? u->paths[places[i].mailbox] : (struct view){0});
		putchar('}');
	}
	fputs("], \"deeds\": [", stdout);
}

static void print_log(struct undo *u)
{
	const struct rule_deeds *all = &u->deeds;
	bool json = u->cli->json;
	fputs(json ? "[" : "", stdout);
	for (size_t i = 0; i < all->count;) {
		uint64_t email = all->items[i].email;
		bool told = false;
		for (; i < all->count && all->items[i].email == email; i++) {
			const struct script_deed *d = &all->items[i];
			if (!is_wanted(u, d))
				continue;
			if (!told && json)
				print_json(u, d);
			else if (!told)
				print_head(u, d);
			if (json)
				rule_deed_json(d, told ? ", " : "");
			else
				rule_deed_line(d);
			told = u->any = true;
		}
		fputs(told && json ? "]}" : "", stdout);
	}
	if (json)
		puts("]");
	else if (!u->any)
		printf("%s: no rule did anything with mail that is there\n", u->owner.subject);
}

/* ---- undo ---- */

struct look {
	uint64_t email;
	bool here;
};

static void take_email(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct look *look = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_IDS, &m);)
		look->here = look->here || m.emailid == look->email;
}

/* Whether the email still lies there: a negative errno, 0 or 1. */
static int lies_there(struct undo *u, uint64_t email, struct place p, struct view uids)
{
	struct look look = {.email = email};
	struct mail_fetch fetch = {.mailbox = p.mailbox, .want = MAIL_WANT_IDS, .uids = uids};
	int error = mailbox_client_run(&u->owner.client, MAIL_FETCH, &fetch, take_email, &look, NULL);
	if (error == -ENOENT)
		return 0; /* the mailbox is gone */
	return error ? error : look.here;
}

/* Takes the names that the rule gave away again. */
static int take_flags_off(struct undo *u, const struct script_deed *d, uint32_t mailbox, struct view uids)
{
	int error = rule_flags(&u->owner.client, mailbox, d->flags, MAIL_REMOVE_FLAGS, uids);
	u->flags += error == 0;
	return error;
}

/* To where it came from; or away, when it lies there as well. */
static int take_back(struct undo *u, uint32_t from, uint32_t to, bool kept, struct view uids)
{
	struct mail_copy move = {.mailbox = from, .to_mailbox = to, .move = 1, .uids = uids};
	struct mail_expunge expunge = {.mailbox = from, .uids = uids};
	int error = kept ? mailbox_client_run(&u->owner.client, MAIL_EXPUNGE, &expunge, NULL, NULL, NULL)
	                 : mailbox_client_run(&u->owner.client, MAIL_COPY, &move, NULL, NULL, NULL);
	if (error == 0 && kept)
		u->copies++;
	else if (error == 0)
		u->back++;
	return error;
}

/* One place of an email, to which a wanted rule has put it. *in_inbox: it lies in INBOX now. */
static int undo_place(struct undo *u, const struct script_deed *d, struct place p, bool *in_inbox)
{
	struct buf uids;
	buf_init(&uids, UID_RANGE_SIZE);
	uid_ranges_add(&uids, p.uid, p.uid);
	int here = lies_there(u, d->email, p, buf_view(&uids));
	int error = here < 0 ? here : 0;
	u->gone += here == 0;
	if (here > 0 && d->flags.len > 0)
		error = take_flags_off(u, d, p.mailbox, buf_view(&uids));
	if (here > 0 && error == 0 && d->kind == SCRIPT_FILES && p.mailbox != u->inbox) {
		error = take_back(u, p.mailbox, u->inbox, *in_inbox, buf_view(&uids));
		*in_inbox = *in_inbox || error == 0;
	}
	buf_done(&uids);
	return error;
}

/*
 * Whether the email still lies where it was kept in INBOX. If it was removed there since, another place may
 * hold the last copy, which goes back and is not removed.
 */
static int look_into_inbox(struct undo *u, uint64_t email, const struct place *places, size_t count, bool *is)
{
	*is = false;
	for (size_t i = 0; i < count && !*is; i++) {
		struct buf uids;
		if (places[i].mailbox != u->inbox)
			continue;
		buf_init(&uids, UID_RANGE_SIZE);
		uid_ranges_add(&uids, places[i].uid, places[i].uid);
		int here = lies_there(u, email, places[i], buf_view(&uids));
		buf_done(&uids);
		if (here < 0)
			return here;
		*is = here > 0;
	}
	return 0;
}

/* Which of the places is the one of this deed: its path, or INBOX. */
static bool is_its_place(const struct undo *u, const struct script_deed *d, struct place p)
{
	bool inbox = p.mailbox == u->inbox;
	if (d->kind == SCRIPT_KEEPS)
		return inbox;
	return d->kind == SCRIPT_FILES && !inbox;
}

/* All deeds of one email. */
static int undo_email(struct undo *u, const struct script_deed *deeds, size_t count)
{
	struct place places[PLACES_MAX];
	size_t place_count = places_of(&deeds[0], places);
	bool in_inbox, done[PLACES_MAX] = {false};
	int error = look_into_inbox(u, deeds[0].email, places, place_count, &in_inbox);
	for (size_t d = 0, file = 0; d < count && error == 0; d++) {
		bool files = deeds[d].kind == SCRIPT_FILES;
		/* The places stand in the order of what put the mail there. */
		for (size_t i = files ? file : 0; i < place_count && error == 0; i++) {
			if (done[i] || !is_its_place(u, &deeds[d], places[i]))
				continue;
			file = files ? i + 1 : file;
			done[i] = true;
			if (is_wanted(u, &deeds[d]))
				error = undo_place(u, &deeds[d], places[i], &in_inbox);
			break;
		}
		u->sent += is_wanted(u, &deeds[d]) && deeds[d].kind != SCRIPT_KEEPS && !files;
	}
	return error;
}

/* One place of an email that was put there by hand (`rule apply`). *back: it lies where it came from. */
static int undo_target(
    struct undo *u, const struct script_deed *d, uint32_t from, uint32_t target, bool *back, bool *found)
{
	struct buf one;
	int error = 0;
	const struct rule_emails *there = rule_emails_of(&u->emails, &u->owner.client, target, &error);
	uint32_t uid = there ? rule_emails_uid(there, d->email) : 0;
	if (uid == 0)
		return error;
	*found = true;
	buf_init(&one, UID_RANGE_SIZE);
	uid_ranges_add(&one, uid, uid);
	if (d->flags.len > 0)
		error = take_flags_off(u, d, target, buf_view(&one));
	if (error == 0 && target != from)
		error = take_back(u, target, from, *back, buf_view(&one));
	*back = *back || error == 0;
	buf_done(&one);
	return error;
}

static int undo_applied(struct undo *u, const struct script_deed *d)
{
	struct place places[PLACES_MAX];
	size_t count = places_of(d, places);
	bool back, found = false;
	int error = 0;
	if (count == 0)
		return 0;
	const struct rule_emails *here =
	    rule_emails_of(&u->emails, &u->owner.client, places[0].mailbox, &error);
	back = here && rule_emails_uid(here, d->email) != 0;
	if (error == 0 && back && d->flags.len > 0)
		error = undo_target(u, d, places[0].mailbox, places[0].mailbox, &back, &found);
	for (size_t i = 1; i < count && error == 0; i++)
		error = undo_target(u, d, places[0].mailbox, places[i].mailbox, &back, &found);
	u->gone += error == 0 && !found;
	return error;
}

static void print_sum(const struct undo *u)
{
	if (u->cli->json) {
		printf("{\"back\": %" PRIu64 ", \"copiesRemoved\": %" PRIu64 ", \"flagsRemoved\": %" PRIu64
		       ", \"notThere\": %" PRIu64 ", \"cannotBeTakenBack\": %" PRIu64 "}\n",
		    u->back, u->copies, u->flags, u->gone, u->sent);
		return;
	}
	printf("%" PRIu64 " message%s went back", u->back, u->back == 1 ? "" : "s");
	if (u->copies)
		printf("; %" PRIu64 " cop%s removed", u->copies, u->copies == 1 ? "y was" : "ies were");
	if (u->flags)
		printf("; of %" PRIu64 " the flags were taken off", u->flags);
	puts(".");
	if (u->gone)
		printf("%" PRIu64 " did not lie any more where a rule had put %s, and stayed where %s.\n",
		    u->gone, u->gone == 1 ? "it" : "them", u->gone == 1 ? "it is" : "they are");
	if (u->sent)
		printf(
		    "What was sent on, answered or refused (%" PRIu64 ") cannot be taken back.\n", u->sent);
}

static int undo_all(struct undo *u)
{
	const struct rule_deeds *all = &u->deeds;
	int error = 0;
	for (size_t i = 0, end; i < all->count && error == 0; i = end) {
		for (end = i; end < all->count && all->items[end].email == all->items[i].email;)
			end++;
		if (all->items[i].action == 0)
			error = undo_email(u, &all->items[i], end - i);
		else if (is_wanted(u, &all->items[i]))
			error = undo_applied(u, &all->items[i]);
		cli_progress_often(end, all->count, NULL);
	}
	cli_progress_end();
	print_sum(u);
	return error;
}

/* ---- the verbs ---- */

static int run(struct cli *cli, struct directory_client *directory, bool undo)
{
	struct undo u = {.cli = cli};
	const char *action = cli_value(cli, "--action");
	int status = rule_choice_since(cli, &u.since);
	if (action && (!view_to_u64(view_from_string(action), INT64_MAX, &u.action) || u.action == 0))
		return cli_usage(cli, "--action takes the number that rule apply has told");
	if (status == 0)
		status = rule_open(cli, directory, 0, 1, &u.owner);
	if (status)
		return status;
	u.rule = cli->argc > 0 ? cli->argv[0] : NULL;
	rule_deeds_init(&u.deeds, DEEDS_MEMORY, true);
	arena_init(&u.arena, 16 << 20);
	if (u.owner.place != SCRIPT_OWN || (undo && u.rule == NULL && u.since == INT64_MIN && !u.action)) {
		status = cli_usage(
		    cli, undo ? "what is to be undone: a rule, an action, or what was done since a time"
		              : "an account is missing");
	} else {
		int error = gather(&u);
		if (error == 0 && undo)
			error = undo_all(&u);
		else if (error == 0)
			print_log(&u);
		status = error ? mailbox_client_problem(u.owner.subject, error) : 0;
	}
	rule_deeds_done(&u.deeds);
	arena_done(&u.arena);
	mem_free(u.paths);
	rule_emails_free(u.emails);
	rule_close(&u.owner);
	return status;
}

int rule_log(struct cli *cli, struct directory_client *directory)
{
	return run(cli, directory, false);
}

int rule_undo(struct cli *cli, struct directory_client *directory)
{
	return run(cli, directory, true);
}
