/* The stages of a search, from cheap to dear. */
#include "query/query_run_private.h"

#include "base/mem.h"
#include "mail/uid_ranges.h"

#include <errno.h>

enum {
	/* By so much more hits are asked for, when those that were found don't meet the rest of the program.
	 */
	NEWEST_GROWTH = 8,
	NEWEST_MAX = 1000, /* more are found as fast by looking at all */
	FIND_LIMIT_MAX = 1 << 20,
	/* All sets of a run: 50 conditions on text in a mailbox of 4 million messages. A million needs a
	   quarter. */
	SETS_MAX = 64 * 1024 * 1024
};

/* ---- beginning ---- */

static bool is_on_text(const struct query *q)
{
	return q->kind == QUERY_TEXT || q->kind == QUERY_HEADER || q->kind == QUERY_ANNOTATION;
}

static void count_conditions(const struct query *q, size_t *texts, size_t *uids)
{
	if (is_on_text(q))
		++*texts;
	if (q->kind == QUERY_UIDS)
		++*uids;
	for (const struct query *child = q->first; child; child = child->next)
		count_conditions(child, texts, uids);
}

static int add_conditions(struct query_run *run, struct query *q)
{
	int r = 0;

	if (is_on_text(q)) {
		struct query_text *text = &run->texts[run->text_count];

		q->number_of_text = (unsigned)run->text_count++;
		text->condition = q;
		run->decided_by |= 1U << query_decided_by(q);
		r = query_set_init(&text->sure, run->places.messages, false);
		if (r == 0)
			r = query_set_init(&text->maybe, run->places.messages, true);
	} else if (q->kind == QUERY_UIDS) {
		q->number_of_text = (unsigned)run->uid_count;
		r = query_set_init(&run->uids[run->uid_count++], run->places.messages, false);
		if (r == 0)
			query_set_put_uids(&run->uids[q->number_of_text], &run->places, q->text);
	}
	for (struct query *child = q->first; child && r == 0; child = child->next)
		r = add_conditions(run, child);
	return r;
}

int query_run_new(
    const struct query_question *question, const struct query_host *host, void *arg, struct query_run **out)
{
	struct query_run *run = mem_alloc(sizeof(*run));
	size_t texts = 0, uids = 0;
	int r;

	*run = (struct query_run){.host = *host,
	    .arg = arg,
	    .account = question->account,
	    .mailbox = question->mailbox,
	    .owner = question->owner,
	    .program = question->program,
	    .want_modseq = question->modseq,
	    .wants = query_wants(question->program)};
	buf_init(&run->ranges, QUERY_RANGES_MAX * UID_RANGE_SIZE);
	count_conditions(run->program, &texts, &uids);
	run->texts = mem_array(texts, sizeof(*run->texts));
	run->uids = mem_array(uids, sizeof(*run->uids));
	r = query_places_init(&run->places, question->uids);
	if (r == 0 &&
	    (texts > QUERY_TEXTS_MAX || (texts * 2 + uids + 3) * (run->places.messages / 8) > SETS_MAX))
		r = -E2BIG;
	if (r == 0 && (query_set_init(&run->yes, run->places.messages, false) ||
	                  query_set_init(&run->open, run->places.messages, true) ||
	                  query_set_init(&run->seen, run->places.messages, false)))
		r = -ENOMEM;
	if (r == 0)
		r = add_conditions(run, query_program_of(run->program));
	if (r) {
		query_run_free(run);
		return r;
	}
	run->high = run->places.messages;
	if (question->newest > 0 && question->newest <= NEWEST_MAX && texts == 1 &&
	    query_index_knows(run->texts[0].condition)) {
		run->newest = question->newest;
		run->find_limit = question->newest;
	}
	if (texts > 0)
		run->reader = query_reader_new(run->texts, run->text_count);
	*out = run;
	return 0;
}

void query_run_free(struct query_run *run)
{
	if (!run)
		return;
	query_reader_free(run->reader);
	for (size_t i = 0; i < run->text_count; i++) {
		query_set_done(&run->texts[i].sure);
		query_set_done(&run->texts[i].maybe);
	}
	for (size_t i = 0; i < run->uid_count; i++)
		query_set_done(&run->uids[i]);
	mem_free(run->texts);
	mem_free(run->uids);
	query_set_done(&run->yes);
	query_set_done(&run->open);
	query_set_done(&run->seen);
	query_places_done(&run->places);
	buf_done(&run->ranges);
	mem_free(run);
}

/* ---- going on ---- */

/* Whose modseq is wanted: all that was found, or the first and the last. False: nobody's. */
static bool begin_modseq(struct query_run *run)
{
	uint32_t first = query_set_next(&run->yes, 0),
	         last = query_set_previous(&run->yes, run->places.messages);

	if (!run->want_modseq || first >= run->places.messages)
		return false;
	query_set_clear(&run->open); /* what nothing could decide is out */
	if (run->want_modseq & QUERY_MODSEQ_FIRST)
		query_set_put(&run->open, first);
	if (run->want_modseq & QUERY_MODSEQ_LAST)
		query_set_put(&run->open, last);
	return true;
}

/* Whether enough was found among those that were looked at: older ones can be known by their UIDs alone. */
static bool has_enough(const struct query_run *run)
{
	uint32_t place = run->places.messages;

	for (uint32_t n = 0; n < run->newest; n++) {
		place = query_set_previous(&run->yes, place);
		if (place >= run->places.messages || place < run->low)
			return false;
	}
	return true;
}

/* Goes on with the older messages, if those that were found are not enough. False: they are. */
static bool begin_round(struct query_run *run)
{
	if (run->low == 0 || has_enough(run))
		return false;
	query_set_clear(&run->open);
	query_set_put_range(&run->open, 0, run->low);
	run->high = run->low;
	run->low = 0;
	if (run->find_limit < FIND_LIMIT_MAX)
		run->find_limit *= NEWEST_GROWTH;
	run->asked = 0;
	return true;
}

/* Asks on, in this stage or a later one. Nothing may follow a call: the run may be freed in `done`. */
static void go_on(struct query_run *run)
{
	while (run->error == 0 && run->stage != STAGE_END) {
		if (query_ask_next(run))
			return;
		if (run->error)
			break;
		if (run->stage == STAGE_FIND || run->stage == STAGE_ANNOTATIONS || run->stage == STAGE_LARGE)
			query_judge_all(run);
		run->stage++;
		run->want = query_stage_wants(run, run->stage);
		run->from = run->until = 0;
		query_set_clear(&run->seen);
		if (run->stage < STAGE_MODSEQ && query_set_next(&run->open, 0) >= run->places.messages)
			run->stage = STAGE_REST; /* nothing is open: on to the end */
		if (run->stage == STAGE_MODSEQ && begin_round(run)) {
			run->stage = STAGE_FIND;
			continue;
		}
		if (run->stage == STAGE_MODSEQ && !begin_modseq(run))
			run->stage = STAGE_END;
	}
	run->ended = true;
	run->host.done(run->arg, run->error);
}

void query_run_start(struct query_run *run)
{
	query_judge_all(run);
	/* The newest: what is cheap to know of a million is dearer than what the index says of a few. */
	run->stage = run->newest ? STAGE_FIND : STAGE_FLAGS;
	run->want = query_stage_wants(run, run->stage);
	go_on(run);
}

static void question_ended(struct query_run *run, const struct mail_done *done)
{
	if (run->stage != STAGE_FIND && run->error == 0 && done->error)
		run->error = (int)done->error;
	else
		query_judge_end(run, done);
	go_on(run);
}

void query_run_answer(struct query_run *run, enum mail_type type, const void *answer)
{
	if (run->ended || (run->error && type != MAIL_DONE))
		return;
	if (type == MAIL_DONE)
		question_ended(run, answer);
	else
		query_take(run, type, answer);
}

const struct query_set *query_run_found(const struct query_run *run)
{
	return &run->yes;
}

const struct query_places *query_run_places(const struct query_run *run)
{
	return &run->places;
}

uint64_t query_run_modseq(const struct query_run *run)
{
	return run->modseq;
}

bool query_run_unindexed(const struct query_run *run)
{
	return run->unindexed;
}

uint32_t query_run_decided(const struct query_run *run)
{
	return run->places.messages - query_set_count(&run->open);
}
