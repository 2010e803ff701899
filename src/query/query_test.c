/* Three-valued evaluation of a search program. */
#include "query/query_test.h"

#include "format/date.h"
#include "format/header.h"

/* Whether the message has a keyword by its number (mail_flags.h); a name that the account doesn't know has
 * none. */
static bool has_keyword(const struct mail_message *m, uint64_t number_and_one)
{
	uint64_t number = number_and_one - 1;
	struct cursor more = cursor_on(m->more_keywords);

	if (number_and_one == 0)
		return false;
	if (number < FLAG_KEYWORDS)
		return m->flags & FLAG_KEYWORD << number;
	if (!(m->flags & FLAG_MORE))
		return false;
	while (!cursor_at_end(&more))
		if (cursor_u16(&more) == number)
			return true;
	return false;
}

static enum query_truth truth(bool known, bool is_true)
{
	if (!known)
		return QUERY_MAYBE;
	return is_true ? QUERY_YES : QUERY_NO;
}

static bool within(const struct query *q, int64_t time)
{
	return q->from <= time && time < q->until;
}

/* As the writer's calendar and clock showed it. */
static bool was_sent(const struct query *q, const struct message_order *order)
{
	return order->dated && within(q, order->sent + order->minutes * INT64_C(60));
}

static enum query_truth test_text(const struct query *q, const struct query_known *known)
{
	const struct query_text *text = &known->texts[q->number_of_text];

	if (query_set_has(&text->sure, known->place))
		return QUERY_YES;
	return query_set_has(&text->maybe, known->place) ? QUERY_MAYBE : QUERY_NO;
}

static enum query_truth test_and(const struct query *q, const struct query_known *known)
{
	enum query_truth all = QUERY_YES;

	for (const struct query *child = q->first; child && all != QUERY_NO; child = child->next) {
		enum query_truth one = query_test(child, known);

		if (one < all)
			all = one;
	}
	return all;
}

static enum query_truth test_or(const struct query *q, const struct query_known *known)
{
	enum query_truth any = QUERY_NO;

	for (const struct query *child = q->first; child && any != QUERY_YES; child = child->next) {
		enum query_truth one = query_test(child, known);

		if (one > any)
			any = one;
	}
	return any;
}

enum query_truth query_test(const struct query *q, const struct query_known *known)
{
	const struct mail_message *m = known->message;
	uint64_t want = known->want;

	switch (q->kind) {
	case QUERY_ALL:
		return QUERY_YES;
	case QUERY_AND:
		return test_and(q, known);
	case QUERY_OR:
		return test_or(q, known);
	case QUERY_NOT:
		return QUERY_YES - query_test(q->first, known);
	case QUERY_UIDS:
		return truth(true, query_set_has(&known->uids[q->number_of_text], known->place));
	case QUERY_FLAGS:
		return truth(want & MAIL_WANT_FLAGS, (m->flags & q->flags) == q->flags);
	case QUERY_KEYWORD:
		return truth(want & MAIL_WANT_FLAGS, has_keyword(m, q->number));
	case QUERY_LARGER:
		return truth(want & MAIL_WANT_SIZE, m->size > q->number);
	case QUERY_SMALLER:
		return truth(want & MAIL_WANT_SIZE, m->size < q->number);
	case QUERY_MODSEQ:
		return truth(want & MAIL_WANT_MODSEQ, m->modseq >= q->number);
	case QUERY_EMAIL:
		return truth(want & MAIL_WANT_IDS, q->flags == known->owner && m->emailid == q->number);
	case QUERY_THREAD:
		return truth(want & MAIL_WANT_IDS, q->flags == known->owner && m->thread == q->number);
	case QUERY_ARRIVED:
		return truth(want & MAIL_WANT_DATES, within(q, m->internaldate));
	case QUERY_SAVED:
		return truth(want & MAIL_WANT_DATES, within(q, m->savedate));
	case QUERY_SENT:
		return truth(known->order, known->order && was_sent(q, known->order));
	case QUERY_TEXT:
	case QUERY_HEADER:
	case QUERY_ANNOTATION:
		return test_text(q, known);
	}
	return QUERY_NO;
}

/* Of 64 messages a bit for each that meets the program, and for each that may. */
struct truths {
	uint64_t yes, maybe;
};

static struct truths test_word(const struct query *q, const struct query_known *known, uint32_t word)
{
	struct truths truths = {.yes = 0, .maybe = UINT64_MAX}, one;
	const struct query_text *text;

	switch (q->kind) {
	case QUERY_ALL:
		return (struct truths){.yes = UINT64_MAX};
	case QUERY_AND:
		truths = (struct truths){.yes = UINT64_MAX};
		for (const struct query *child = q->first; child; child = child->next) {
			uint64_t may = truths.yes | truths.maybe;

			one = test_word(child, known, word);
			truths.yes &= one.yes;
			truths.maybe = may & (one.yes | one.maybe) & ~truths.yes;
		}
		return truths;
	case QUERY_OR:
		truths.maybe = 0;
		for (const struct query *child = q->first; child; child = child->next) {
			one = test_word(child, known, word);
			truths.yes |= one.yes;
			truths.maybe = (truths.maybe | one.maybe) & ~truths.yes;
		}
		return truths;
	case QUERY_NOT:
		one = test_word(q->first, known, word);
		return (struct truths){.yes = ~(one.yes | one.maybe), .maybe = one.maybe};
	case QUERY_UIDS:
		return (struct truths){.yes = known->uids[q->number_of_text].words[word]};
	case QUERY_TEXT:
	case QUERY_HEADER:
	case QUERY_ANNOTATION:
		text = &known->texts[q->number_of_text];
		truths.yes = text->sure.words[word];
		truths.maybe = text->maybe.words[word] & ~truths.yes;
		return truths;
	default:
		return truths; /* what isn't known yet */
	}
}

void query_test_all(
    const struct query *q, const struct query_known *known, struct query_set *open, struct query_set *yes)
{
	for (uint32_t word = 0; word <= open->size / 64; word++) {
		struct truths truths;

		if (open->words[word] == 0)
			continue;
		truths = test_word(q, known, word);
		yes->words[word] |= open->words[word] & truths.yes;
		open->words[word] &= truths.maybe;
	}
}

void query_read_date(struct view header, struct message_order *order)
{
	struct view field;
	struct date date;

	order->dated = header_find(header, VIEW("Date"), &field) && date_parse(field, &date) == 0;
	if (order->dated) {
		order->sent = date.seconds;
		order->minutes = date.offset_minutes;
	}
}

uint64_t query_wants(const struct query *q)
{
	uint64_t want = 0;

	switch (q->kind) {
	case QUERY_FLAGS:
	case QUERY_KEYWORD:
		return MAIL_WANT_FLAGS;
	case QUERY_LARGER:
	case QUERY_SMALLER:
		return MAIL_WANT_SIZE;
	case QUERY_MODSEQ:
		return MAIL_WANT_MODSEQ;
	case QUERY_EMAIL:
	case QUERY_THREAD:
		return MAIL_WANT_IDS;
	case QUERY_ARRIVED:
	case QUERY_SAVED:
		return MAIL_WANT_DATES;
	case QUERY_SENT:
		return MAIL_WANT_ORDER;
	default:
		for (const struct query *child = q->first; child; child = child->next)
			want |= query_wants(child);
		return want;
	}
}

void query_flags_demanded(const struct query *q, uint64_t *with, uint64_t *without)
{
	if (q->kind == QUERY_FLAGS) {
		*with |= q->flags;
	} else if (q->kind == QUERY_NOT && q->first->kind == QUERY_FLAGS) {
		if ((q->first->flags & (q->first->flags - 1)) == 0) /* of several one may be there */
			*without |= q->first->flags;
	} else if (q->kind == QUERY_AND) {
		for (const struct query *child = q->first; child; child = child->next)
			query_flags_demanded(child, with, without);
	}
}
