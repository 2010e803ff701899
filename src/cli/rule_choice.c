/* See rule_choice.h. The search is the one that IMAP has (query/query_run.h), asked by this command. */
#include "cli/rule_choice.h"

#include <errno.h>

#include "base/clock.h"
#include "format/date.h"
#include "format/fold.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "query/query_run.h"

enum { DAYS_MAX = 100 * 366, SECONDS_OF_DAY = 24 * 3600, QUERY_MEMORY = 64 * 1024, TEXT_MAX = 4096 };

/* ---- options ---- */

/* "2026-11-02", or so many days before now, or hours or minutes: "2h", "30m". */
static bool take_day(struct view text, int64_t *since)
{
	struct view year, month, day, rest = text;
	uint64_t y, m, d;
	struct view number = view_take(text, text.len ? text.len - 1 : 0);
	char unit = text.len ? text.data[text.len - 1] : 0;
	if ((unit == 'h' || unit == 'm') && view_to_u64(number, DAYS_MAX, &d)) {
		*since = clock_wall() - (int64_t)d * (unit == 'h' ? 3600 : 60);
		return true;
	}
	if (view_to_u64(text, DAYS_MAX, &d)) {
		*since = clock_wall() - (int64_t)d * SECONDS_OF_DAY;
		return true;
	}
	if (!view_next(&rest, '-', &year) || !view_next(&rest, '-', &month) || !view_next(&rest, '-', &day) ||
	    rest.len > 0 || !view_to_u64(year, 9999, &y) || !view_to_u64(month, 12, &m) ||
	    !view_to_u64(day, 31, &d) || y < 1900 || m < 1 || d < 1)
		return false;
	*since = days_from_civil((int64_t)y, (unsigned)m, (unsigned)d) * SECONDS_OF_DAY;
	return true;
}

int rule_choice_since(struct cli *cli, int64_t *since)
{
	const char *text = cli_value(cli, "--since");
	*since = INT64_MIN;
	if (text && !take_day(view_from_string(text), since))
		return cli_usage(
		    cli, "--since takes a day, as 2026-11-02, or a number of days, or 12h, or 30m");
	return 0;
}

int rule_choice_take(struct cli *cli, struct rule_choice *choice)
{
	const char *mailbox = cli_value(cli, "--mailbox");
	*choice =
	    (struct rule_choice){.mailbox = mailbox ? mailbox : "INBOX", .query = cli_value(cli, "--query")};
	return rule_choice_since(cli, &choice->since);
}

/* ---- all messages ---- */

static void take_uids(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_FLAGS, &m);)
		uid_ranges_add(arg, m.uid, m.uid);
}

static int find_all(struct mailbox_client *client, uint32_t mailbox, struct buf *uids)
{
	struct mail_fetch fetch = {.mailbox = mailbox, .want = MAIL_WANT_FLAGS};
	int error = mailbox_client_run(client, MAIL_FETCH, &fetch, take_uids, uids, NULL);
	return error ? error : buf_failed(uids) ? -ENOMEM : 0;
}

/* ---- some of them ---- */

struct search {
	struct mailbox_client *client;
	struct query_run *run;
	bool over;
	int64_t error;
};

static void ask(void *arg, enum mail_type type, const void *question)
{
	struct search *s = arg;
	int error = mailbox_client_ask(s->client, type, question, NULL);
	if (error)
		s->error = error;
}

static bool keyword(void *arg, struct view name, uint32_t *number)
{
	(void)arg, (void)name, (void)number;
	return false;
}

static void over(void *arg, int64_t error)
{
	struct search *s = arg;
	s->over = true;
	s->error = error;
}

/* NULL: there is no memory. */
static struct query *program_of(const struct rule_choice *choice, struct arena *arena)
{
	struct query *all = query_new(arena, QUERY_AND), *q;
	struct buf folded;
	if (all && choice->since != INT64_MIN) {
		q = query_new(arena, QUERY_ARRIVED);
		if (q == NULL)
			return NULL;
		q->from = choice->since;
		q->until = INT64_MAX;
		query_add(all, q);
	}
	if (all == NULL || choice->query == NULL)
		return all;
	q = query_new(arena, QUERY_TEXT);
	buf_init(&folded, TEXT_MAX);
	bool good = q && fold_casemap(view_from_string(choice->query), &folded) == 0 &&
	            arena_copy(arena, buf_view(&folded), &q->text);
	buf_done(&folded);
	if (good)
		query_add(all, q);
	return good ? all : NULL;
}

static void take_found(const struct query_run *run, struct buf *found)
{
	const struct query_places *places = query_run_places(run);
	for (uint32_t from = 0; from < places->messages && !buf_failed(found);)
		query_set_ranges(
		    query_run_found(run), places, true, &from, MAIL_RANGES_MAX / UID_RANGE_SIZE, found);
}

static int search(struct search *s, const struct query_question *question)
{
	static const struct query_host host = {ask, keyword, over};
	union mailbox_answer answer;
	uint32_t request;
	unsigned type;
	int error = query_run_new(question, &host, s, &s->run);
	if (error)
		return error;
	query_run_start(s->run);
	while (!s->over && s->error == 0) {
		error = mailbox_client_answer(s->client, &request, &type, &answer);
		if (error)
			return error;
		query_run_answer(s->run, (enum mail_type)type, &answer);
	}
	return (int)s->error;
}

int rule_choice_find(
    struct mailbox_client *client, const struct rule_choice *choice, uint32_t *mailbox, struct buf *uids)
{
	struct search s = {.client = client};
	struct mail_mailbox box;
	struct arena arena;
	struct buf all;
	int error = mailbox_client_find(client, view_from_string(choice->mailbox), &box);
	if (error)
		return error;
	*mailbox = (uint32_t)box.mailbox;
	if (choice->query == NULL && choice->since == INT64_MIN)
		return find_all(client, *mailbox, uids);
	buf_init(&all, MAIL_RANGES_MAX);
	arena_init(&arena, QUERY_MEMORY);
	error = find_all(client, *mailbox, &all);
	const struct query *program = program_of(choice, &arena);
	struct query_question question = {.mailbox = *mailbox, .uids = buf_view(&all), .program = program};
	if (error == 0)
		error = program ? search(&s, &question) : -ENOMEM;
	if (error == 0)
		take_found(s.run, uids);
	query_run_free(s.run);
	arena_done(&arena);
	buf_done(&all);
	return error ? error : buf_failed(uids) ? -ENOMEM : 0;
}
