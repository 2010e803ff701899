/* The questions of a search's stages. */
#include "query/query_run_private.h"

#include "base/buf.h"
#include "mail/uid_ranges.h"
#include "mime/message_text.h"

#include <errno.h>

/* Larger messages are read in pieces, a few at a time. */
enum { BODY_INLINE_MAX = 64 * 1024 };

#define META                                                                                                 \
	(MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ | MAIL_WANT_SIZE | MAIL_WANT_DATES | MAIL_WANT_ORDER |           \
	    MAIL_WANT_IDS)

/* Which header fields there are the index can't tell, and signatures it does not know at all. */
bool query_index_knows(const struct query *q)
{
	return q->kind != QUERY_ANNOTATION && !view_empty(q->text) &&
	       !(q->kind == QUERY_HEADER && message_text_is_noise(q->name));
}

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

uint64_t query_stage_wants(const struct query_run *run, enum query_stage stage)
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

const struct query_set *query_asked_about(const struct query_run *run)
{
	return run->stage == STAGE_MODSEQ && run->want_modseq & QUERY_MODSEQ_ALL ? &run->yes : &run->open;
}

/* Takes the next messages of the stage into run->ranges, from run->until on; false when there are none left.
 */
static bool next_ranges(struct query_run *run)
{
	run->from = query_set_next(query_asked_about(run), run->until);
	if (run->from >= run->places.messages)
		return false;
	run->until = run->from;
	buf_clear(&run->ranges);
	run->error = query_set_ranges(
	    query_asked_about(run), &run->places, false, &run->until, QUERY_RANGES_MAX, &run->ranges);
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

		if (!query_index_knows(q))
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
	while (run->large_count < QUERY_LARGE_AT_ONCE &&
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

bool query_ask_next(struct query_run *run)
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
