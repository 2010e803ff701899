/* The stages of a search, from cheap to dear. */
#include "query/query_run.h"

#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "mime/message_text.h"
#include "mime/summary.h"
#include "query/query_read.h"

#include <errno.h>

enum {
	/* Ranges in one question: 32 KB of a frame. What is open behind them is asked for next. */
	RANGES_MAX = 4096,
	/* Larger messages are read in pieces, a few at a time. */
	BODY_INLINE_MAX = 64 * 1024,
	LARGE_AT_ONCE = 16,
	/* By so much more hits are asked for, when those that were found don't meet the rest of the program.
	 */
	NEWEST_GROWTH = 8,
	NEWEST_MAX = 1000, /* more are found as fast by looking at all */
	FIND_LIMIT_MAX = 1 << 20,
	/* All sets of a run: 50 conditions on text in a mailbox of 4 million messages. A million needs a
	   quarter. */
	SETS_MAX = 64 * 1024 * 1024
};

#define META                                                                                                 \
	(MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ | MAIL_WANT_SIZE | MAIL_WANT_DATES | MAIL_WANT_ORDER |           \
	    MAIL_WANT_IDS)

enum stage {
	STAGE_FLAGS,
	STAGE_META,
	STAGE_ANNOTATIONS,
	STAGE_FIND,
	STAGE_FOUND, /* META once more, now that the index has answered */
	STAGE_SUMMARY,
	STAGE_HEADER,
	STAGE_BODY,
	STAGE_LARGE, /* reads what was too large for STAGE_BODY */
	STAGE_REST,  /* the same as STAGE_SUMMARY, now that these are read */
	STAGE_MODSEQ,
	STAGE_END
};

struct query_run {
	struct query_host host;
	void *arg;
	uint64_t account, mailbox, owner;
	const struct query *program;
	unsigned want_modseq;
	bool unindexed, ended;
	int error;           /* of ours: the run ends with it at the question's end */
	uint64_t wants;      /* of conditions that aren't on text */
	unsigned decided_by; /* bits of enum query_by: which kinds of conditions on text there are */

	struct query_places places;
	struct query_set yes, open, seen;
	struct query_text *texts;
	size_t text_count;
	struct query_set *uids; /* of conditions on UIDs */
	size_t uid_count;
	struct query_reader *reader;

	/* The newest are enough: places from `low` on are looked at, those from `high` on have been. */
	uint32_t newest, low, high;
	uint64_t find_limit; /* 0: all */

	enum stage stage;
	size_t asked;         /* STAGE_FIND: conditions that were */
	uint64_t want;        /* of the question under way */
	uint32_t from, until; /* places that it is about */
	struct buf ranges;
	uint32_t large[LARGE_AT_ONCE]; /* STAGE_LARGE: places */
	size_t large_count, large_at;
	uint64_t modseq;
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

/* A program belongs to its run for as long as that lives: the numbers of its conditions stand in it. */
static struct query *program_of(const struct query *q)
{
	union {
		const struct query *given;
		struct query *own;
	} program = {.given = q};
	return program.own;
}

/* Which header fields there are the index can't tell, and signatures it does not know at all. */
static bool index_knows(const struct query *q)
{
	return q->kind != QUERY_ANNOTATION && !view_empty(q->text) &&
	       !(q->kind == QUERY_HEADER && message_text_is_noise(q->name));
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
	buf_init(&run->ranges, RANGES_MAX * UID_RANGE_SIZE);
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
		r = add_conditions(run, program_of(run->program));
	if (r) {
		query_run_free(run);
		return r;
	}
	run->high = run->places.messages;
	if (question->newest > 0 && question->newest <= NEWEST_MAX && texts == 1 &&
	    index_knows(run->texts[0].condition)) {
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

/* ---- asking ---- */

static bool needs(const struct query_run *run, enum query_by by)
{
	return run->decided_by & 1U << by;
}

/* A message whose header is too large to come with others is read as a whole, for conditions on its header
 * too. */
static bool needs_reading(const struct query_run *run)
{
	return needs(run, QUERY_BY_BODY) || needs(run, QUERY_BY_HEADER) || needs(run, QUERY_BY_SUMMARY);
}

/* What STAGE asks for of each message; 0: the stage has nothing to add. */
static uint64_t stage_wants(const struct query_run *run, enum stage stage)
{
	uint64_t meta = run->wants & META,
	         summary = run->wants | (needs(run, QUERY_BY_SUMMARY) ? MAIL_WANT_SUMMARY : 0);

	switch (stage) {
	case STAGE_FLAGS:
		return meta & MAIL_WANT_FLAGS;
	case STAGE_META:
		return meta & ~(uint64_t)MAIL_WANT_FLAGS ? meta : 0;
	case STAGE_FOUND:
		return run->text_count > 0 ? meta : 0;
	case STAGE_SUMMARY:
		return summary & MAIL_WANT_SUMMARY ? summary : 0;
	case STAGE_HEADER:
		return needs(run, QUERY_BY_HEADER) || summary & (MAIL_WANT_SUMMARY | MAIL_WANT_ORDER)
		           ? summary | MAIL_WANT_HEADER
		           : 0;
	case STAGE_BODY:
		return needs_reading(run) ? summary | MAIL_WANT_BODY : 0;
	case STAGE_REST:
		return needs_reading(run) ? run->wants : 0;
	case STAGE_MODSEQ:
		return MAIL_WANT_MODSEQ;
	default:
		return 0;
	}
}

static const struct query_set *asked_about(const struct query_run *run)
{
	return run->stage == STAGE_MODSEQ && run->want_modseq & QUERY_MODSEQ_ALL ? &run->yes : &run->open;
}

/* Takes the next messages of the stage into run->ranges, from run->until on; false when there are none left.
 */
static bool next_ranges(struct query_run *run)
{
	run->from = query_set_next(asked_about(run), run->until);
	if (run->from >= run->places.messages)
		return false;
	run->until = run->from;
	buf_clear(&run->ranges);
	run->error =
	    query_set_ranges(asked_about(run), &run->places, false, &run->until, RANGES_MAX, &run->ranges);
	return run->error == 0;
}

/* Each of these asks the next question of its stage; false when there is none left, or run->error is set. */

static bool ask_messages(struct query_run *run)
{
	struct mail_fetch fetch = {.account = run->account, .mailbox = run->mailbox, .want = run->want};

	if (run->want == 0 || !next_ranges(run))
		return false;
	fetch.uids = buf_view(&run->ranges);
	if (run->want & MAIL_WANT_BODY)
		fetch.body_max = BODY_INLINE_MAX;
	/* A message without these flags cannot meet the program: store passes over it. */
	if (run->stage == STAGE_FLAGS || run->stage == STAGE_META)
		query_flags_demanded(run->program, &fetch.flags_with, &fetch.flags_without);
	run->host.ask(run->arg, MAIL_FETCH, &fetch);
	return true;
}

static bool ask_annotations(struct query_run *run)
{
	struct mail_annotations question = {.account = run->account, .mailbox = run->mailbox};

	if (!needs(run, QUERY_BY_ANNOTATIONS) || !next_ranges(run))
		return false;
	question.uids = buf_view(&run->ranges);
	run->host.ask(run->arg, MAIL_ANNOTATIONS, &question);
	return true;
}

/* A text for the index, cut to what it takes, at a character's end. */
static struct view index_text(struct view text)
{
	size_t len = text.len;

	if (len > MAIL_FIND_TEXT_MAX)
		for (len = MAIL_FIND_TEXT_MAX; len > 0 && ((unsigned char)text.data[len] & 0xC0) == 0x80;
		     len--)
			;
	return view_take(text, len);
}

/* The UID below which is to be looked; 0: all are. */
static uint32_t uid_before(const struct query_run *run)
{
	size_t hint = 0;
	return run->high < run->places.messages ? query_uid_at(&run->places, run->high, &hint) : 0;
}

/* One question for each condition on text that the index knows about. */
static bool ask_index(struct query_run *run)
{
	for (; run->asked < run->text_count; run->asked++) {
		const struct query *q = run->texts[run->asked].condition;
		struct mail_find find = {.account = run->account,
		    .mailbox = run->mailbox,
		    .field = q->kind == QUERY_HEADER ? MAIL_FIELD_HEADER : q->field,
		    .how = q->fuzzy ? MAIL_FIND_PREFIX : MAIL_FIND_SUBSTRING,
		    .limit = run->find_limit,
		    .before = uid_before(run),
		    .text = index_text(q->text)};

		if (!index_knows(q))
			continue;
		query_set_done(&run->texts[run->asked].maybe);
		run->error = query_set_init(&run->texts[run->asked].maybe, run->places.messages, false);
		if (run->error)
			return false;
		run->host.ask(run->arg, MAIL_FIND, &find);
		return true;
	}
	return false;
}

/* Parts for MAIL_READ: the next messages that are still open, whole. */
static bool ask_large(struct query_run *run)
{
	struct mail_read read = {.account = run->account, .mailbox = run->mailbox};
	size_t hint = 0;
	uint32_t place = run->until;

	if (!needs_reading(run))
		return false;
	buf_clear(&run->ranges);
	run->large_count = run->large_at = 0;
	while (run->large_count < LARGE_AT_ONCE &&
	       (place = query_set_next(&run->open, place)) < run->places.messages) {
		run->large[run->large_count++] = place;
		(void)buf_append_u32(&run->ranges, query_uid_at(&run->places, place, &hint));
		(void)buf_append_u64(&run->ranges, 0);
		(void)buf_append_u64(&run->ranges, UINT64_MAX);
		place++;
	}
	if (buf_failed(&run->ranges)) {
		run->error = -ENOMEM;
		return false;
	}
	run->until = place;
	if (run->large_count == 0)
		return false;
	query_reader_begin(run->reader, run->large[0]);
	read.parts = buf_view(&run->ranges);
	run->host.ask(run->arg, MAIL_READ, &read);
	return true;
}

/* ---- judging ---- */

static void settle(struct query_run *run, uint32_t place, enum query_truth truth)
{
	if (truth == QUERY_MAYBE)
		return;
	query_set_remove(&run->open, place);
	if (truth == QUERY_YES)
		query_set_put(&run->yes, place);
}

/* What is known without asking about messages: UIDs, and what the index and the annotations said. */
static void judge_all(struct query_run *run)
{
	static const struct mail_message nothing;
	struct query_known known = {.message = &nothing, .texts = run->texts, .uids = run->uids};

	query_test_all(run->program, &known, &run->open, &run->yes);
}

/* A keyword may get its number while the search runs, so each frame looks them up. */
static void find_keywords(struct query_run *run, struct query *q)
{
	uint32_t number;

	if (q->kind == QUERY_KEYWORD)
		q->number = run->host.keyword(run->arg, q->text, &number) ? (uint64_t)number + 1 : 0;
	for (struct query *child = q->first; child; child = child->next)
		find_keywords(run, child);
}

/* The summary's part of the conditions on text. */
static void judge_summary(struct query_run *run, const struct query_known *known)
{
	struct message_summary summary;

	if (run->reader && message_summary_decode_texts(known->message->summary, &summary) == 0 &&
	    !summary.envelope.truncated)
		run->error = query_reader_summary(run->reader, known->place, &summary.envelope);
}

static void judge(struct query_run *run, const struct mail_message *m, uint32_t place)
{
	struct query_known known = {.want = run->want,
	    .owner = run->owner,
	    .message = m,
	    .place = place,
	    .texts = run->texts,
	    .uids = run->uids};
	struct message_order read = {.known = true};

	/* Of a message whose order store can't tell, the header has the date, if anything has. */
	if (run->want & MAIL_WANT_ORDER && m->order.known) {
		known.order = &m->order;
	} else if (run->want & MAIL_WANT_HEADER) {
		query_read_date(m->header, &read);
		known.order = &read;
	}
	if (run->want & MAIL_WANT_SUMMARY)
		judge_summary(run, &known);
	if (run->error == 0 && run->reader && run->want & MAIL_WANT_HEADER && m->body_error == 0)
		run->error = query_reader_header(run->reader, place, m->header);
	if (run->error == 0 && run->want & MAIL_WANT_BODY && m->has_body)
		run->error = query_reader_message(run->reader, place, m->body);
	if (run->error == 0)
		settle(run, place, query_test(run->program, &known));
}

static void take_messages(struct query_run *run, struct view entries)
{
	struct cursor in = cursor_on(entries);
	struct mail_message m;
	size_t hint = 0;
	uint32_t place;

	if (run->want & MAIL_WANT_FLAGS)
		find_keywords(run, program_of(run->program));
	while (run->error == 0 && mail_message_get(&in, run->want, &m)) {
		if (!query_place_of(&run->places, m.uid, &hint, &place))
			continue;
		query_set_put(&run->seen, place);
		if (run->stage != STAGE_MODSEQ && query_set_has(&run->open, place))
			judge(run, &m, place);
		else if (run->stage == STAGE_MODSEQ && query_set_has(asked_about(run), place) &&
		         m.modseq > run->modseq)
			run->modseq = m.modseq;
	}
	if (!cursor_ok(&in))
		run->error = -EBADMSG;
}

/* What was asked about and not answered is gone, or lacks the flags that the question named. */
static void drop_unseen(struct query_run *run)
{
	for (uint32_t place = query_set_next(&run->open, run->from);
	     place < run->until && place < run->places.messages;
	     place = query_set_next(&run->open, place + 1))
		if (!query_set_has(&run->seen, place))
			query_set_remove(&run->open, place);
}

static void take_found(struct query_run *run, const struct mail_found *found)
{
	struct query_text *text = &run->texts[run->asked];
	const struct query *q = text->condition;
	/* A cut text, and one in another field than asked for, are no proof. */
	bool proves = q->kind == QUERY_TEXT && q->text.len <= MAIL_FIND_TEXT_MAX;

	query_set_put_uids(proves ? &text->sure : &text->maybe, &run->places, found->sure);
	query_set_put_uids(&text->maybe, &run->places, found->maybe);
}

/* Messages with UIDs below were not looked at: they wait for another round. */
static void leave_older(struct query_run *run, uint64_t uid)
{
	run->low = query_place_from(&run->places, uid);
	if (run->low > run->high)
		run->low = run->high;
	query_set_remove_range(&run->open, 0, run->low);
}

/* Without an index every message may have it. */
static void index_answered(struct query_run *run, const struct mail_done *done)
{
	struct query_text *text = &run->texts[run->asked++];

	if (done->error)
		query_set_put_range(&text->maybe, 0, run->places.messages);
	if (done->error || done->number > 0)
		run->unindexed = true;
	if (!done->error && run->find_limit)
		leave_older(run, done->uidnext);
}

static void take_data(struct query_run *run, const struct mail_data *data)
{
	if (data->index != run->large_at || run->large_at >= run->large_count) {
		run->error = -EBADMSG;
		return;
	}
	run->error = query_reader_feed(run->reader, data->bytes);
	if (run->error || !data->last)
		return;
	run->error = query_reader_end(run->reader);
	if (data->error) /* gone, or unreadable: it is not found by what cannot be read */
		query_set_remove(&run->open, run->large[run->large_at]);
	if (++run->large_at < run->large_count)
		query_reader_begin(run->reader, run->large[run->large_at]);
}

/* RFC 5257 section 4.5: a value that contains the text; the entry's name ends in ".priv" or ".shared". */
static void take_annotation(struct query_run *run, const struct mail_annotation *annotation)
{
	for (size_t i = 0; i < run->text_count; i++)
		if (run->texts[i].condition->kind == QUERY_ANNOTATION &&
		    query_annotation_matches(run->texts[i].condition, annotation->name, annotation->value))
			query_set_put_uids(&run->texts[i].sure, &run->places, annotation->uids);
}

static void forget_annotations(struct query_run *run)
{
	for (size_t i = 0; i < run->text_count; i++)
		if (run->texts[i].condition->kind == QUERY_ANNOTATION)
			for (uint32_t place = query_set_next(&run->texts[i].maybe, run->from);
			     place < run->until && place < run->places.messages;
			     place = query_set_next(&run->texts[i].maybe, place + 1))
				query_set_remove(&run->texts[i].maybe, place);
}

/* ---- going on ---- */

static bool ask_next(struct query_run *run)
{
	switch (run->stage) {
	case STAGE_ANNOTATIONS:
		return ask_annotations(run);
	case STAGE_FIND:
		return ask_index(run);
	case STAGE_LARGE:
		return ask_large(run);
	default:
		return ask_messages(run);
	}
}

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
		if (ask_next(run))
			return;
		if (run->error)
			break;
		if (run->stage == STAGE_FIND || run->stage == STAGE_ANNOTATIONS || run->stage == STAGE_LARGE)
			judge_all(run);
		run->stage++;
		run->want = stage_wants(run, run->stage);
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
	judge_all(run);
	/* The newest: what is cheap to know of a million is dearer than what the index says of a few. */
	run->stage = run->newest ? STAGE_FIND : STAGE_FLAGS;
	run->want = stage_wants(run, run->stage);
	go_on(run);
}

static void question_ended(struct query_run *run, const struct mail_done *done)
{
	if (run->stage == STAGE_FIND)
		index_answered(run, done);
	else if (run->error == 0 && done->error)
		run->error = (int)done->error;
	else if (run->stage == STAGE_ANNOTATIONS)
		forget_annotations(run);
	else if (run->stage < STAGE_MODSEQ && run->stage != STAGE_LARGE)
		drop_unseen(run);
	go_on(run);
}

void query_run_answer(struct query_run *run, enum mail_type type, const void *answer)
{
	if (run->ended || (run->error && type != MAIL_DONE))
		return;
	switch (type) {
	case MAIL_MESSAGES:
		take_messages(run, ((const struct mail_messages *)answer)->entries);
		break;
	case MAIL_FOUND:
		if (run->stage == STAGE_FIND)
			take_found(run, answer);
		break;
	case MAIL_DATA:
		if (run->stage == STAGE_LARGE)
			take_data(run, answer);
		break;
	case MAIL_ANNOTATION:
		take_annotation(run, answer);
		break;
	case MAIL_DONE:
		question_ended(run, answer);
		break;
	default:
		break;
	}
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
