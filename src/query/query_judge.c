/* What the answers to a search's questions say of its messages. */
#include "query/query_run_private.h"

#include "mime/summary.h"

#include <errno.h>

static void settle(struct query_run *run, uint32_t place, enum query_truth truth)
{
	if (truth == QUERY_MAYBE)
		return;
	query_set_remove(&run->open, place);
	if (truth == QUERY_YES)
		query_set_put(&run->yes, place);
}

void query_judge_all(struct query_run *run)
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
		find_keywords(run, query_program_of(run->program));
	while (run->error == 0 && mail_message_get(&in, run->want, &m)) {
		if (!query_place_of(&run->places, m.uid, &hint, &place))
			continue;
		query_set_put(&run->seen, place);
		if (run->stage != STAGE_MODSEQ && query_set_has(&run->open, place))
			judge(run, &m, place);
		else if (run->stage == STAGE_MODSEQ && query_set_has(query_asked_about(run), place) &&
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

void query_judge_end(struct query_run *run, const struct mail_done *done)
{
	if (run->stage == STAGE_FIND)
		index_answered(run, done);
	else if (run->stage == STAGE_ANNOTATIONS)
		forget_annotations(run);
	else if (run->stage < STAGE_MODSEQ && run->stage != STAGE_LARGE)
		drop_unseen(run);
}

void query_take(struct query_run *run, enum mail_type type, const void *answer)
{
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
	default:
		break;
	}
}
