/* Queries over the table, with texts: jmap_search.h. */
#include "jmap/jmap_search.h"

#include <errno.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mail/uid_ranges.h"

enum {
	/* Larger messages are read in pieces, one after the other. */
	BODY_INLINE_MAX = 64 * 1024,
	/* Of one summary, decoded. */
	SUMMARY_MEMORY = 1 << 20
};

/* What is looked at of the emails of a batch, one after the other: signatures, texts; then comes what is too
 * large for one answer. */
enum stage {
	READ_SIGNATURES = -1,
	READ_SUMMARY = QUERY_BY_SUMMARY,
	READ_HEADER = QUERY_BY_HEADER,
	READ_BODY = QUERY_BY_BODY,
	READ_LARGE,
	READ_END
};

static void decide(struct jmap_call *c, struct jmap_search *s);

static void clear(struct jmap_search *s)
{
	for (size_t i = 0; i < s->text_count; i++) {
		query_set_done(&s->texts[i].sure);
		query_set_done(&s->texts[i].maybe);
	}
	for (size_t i = 0; s->by_smime && i < JMAP_SMIME_CONDITIONS; i++) {
		query_set_done(&s->smime[i].sure);
		query_set_done(&s->smime[i].maybe);
	}
	jmap_smime_done(&s->signatures);
	s->by_smime = false;
	query_reader_free(s->reader);
	query_set_done(&s->threads);
	query_set_done(&s->first);
	buf_done(&s->ids);
	mem_free(s->candidates);
	mem_free(s->rows);
	s->candidates = s->rows = NULL;
	s->reader = NULL;
	s->text_count = 0;
	s->count = s->room = s->candidate_count = s->at = s->until = 0;
}

void jmap_search_end(struct jmap_search *s)
{
	clear(s);
	jmap_table_leave(&s->use);
}

static void restarted(struct jmap_call *c, struct jmap_table *t)
{
	(void)t;
	jmap_search_start(c);
}

/* Whether rows are others than at the beginning, for the table was made anew meanwhile: then all begins anew.
 */
static bool is_outdated(struct jmap_call *c, struct jmap_search *s)
{
	if (s->epoch == s->use.table->epoch)
		return false;
	jmap_table_refresh(c, restarted);
	return true;
}

static bool failed(struct jmap_call *c, const struct jmap_search *s, const struct mail_done *done)
{
	int64_t error = done && done->error ? done->error : s->error;
	if (error)
		jmap_error_of(c, error, "the emails");
	return error;
}

/* ---- results ---- */

/* Takes a row among the results, unless one of its thread is there. */
static void take_result(struct jmap_search *s, uint32_t row)
{
	uint32_t group = s->use.table->rows[row].group;
	if (s->collapse && query_set_has(&s->threads, group))
		return;
	if (s->count == s->room) {
		uint32_t room = s->room ? s->room * 2 : JMAP_SEARCH_BATCH;
		uint32_t *more = mem_try_resize(s->rows, room * sizeof *more);
		if (more == NULL) {
			s->error = -ENOMEM;
			return;
		}
		s->rows = more;
		s->room = room;
	}
	if (s->collapse)
		query_set_put(&s->threads, group);
	s->rows[s->count++] = row;
}

static bool is_enough(const struct jmap_search *s)
{
	return s->count >= s->enough;
}

static enum query_truth test(const struct jmap_search *s, uint32_t row)
{
	const struct jmap_email_known known = {.texts = s->texts, .smime = s->smime, .first = &s->first};
	return row < s->row_count ? jmap_email_filter_test(s->program, s->use.table, row, &known) : QUERY_NO;
}

/* Whether the table alone does not decide. */
static bool looks_further(const struct jmap_search *s)
{
	return s->text_count > 0 || s->by_smime;
}

/* ---- reading what the index can't tell ---- */

static uint64_t want_of(int stage)
{
	return stage == READ_SUMMARY  ? MAIL_WANT_SUMMARY
	       : stage == READ_HEADER ? MAIL_WANT_HEADER
	                              : MAIL_WANT_BODY;
}

/* Gathers the ids of the batch that are still open. */
static void gather(struct jmap_search *s, uint32_t most)
{
	buf_clear(&s->ids);
	for (uint32_t i = s->at; i < s->until && s->ids.len < (size_t)most * EMAIL_ID_SIZE; i++)
		if (test(s, s->candidates[i]) == QUERY_MAYBE)
			buf_append_u64(&s->ids, s->use.table->rows[s->candidates[i]].id);
	if (buf_failed(&s->ids))
		s->error = -ENOMEM;
}

static void read_entry(struct jmap_search *s, const struct mail_message *m, struct arena *arena)
{
	struct message_summary summary;
	uint32_t row = jmap_table_find(s->use.table, m->emailid);
	if (row == JMAP_NO_ROW || row >= s->texts[0].maybe.size)
		return;
	arena_reset(arena);
	if (s->stage == READ_SUMMARY && message_summary_decode(m->summary, arena, &summary) == 0 &&
	    !summary.envelope.truncated)
		s->error = query_reader_summary(s->reader, row, &summary.envelope);
	else if (s->stage == READ_HEADER && m->body_error == 0)
		s->error = query_reader_header(s->reader, row, m->header);
	else if (s->stage == READ_BODY && m->has_body)
		s->error = query_reader_message(s->reader, row, m->body);
}

static void take_entries(struct jmap_search *s, const struct email_entries *entries)
{
	struct cursor in = cursor_on(entries->entries);
	struct email_entry e;
	struct arena arena;
	arena_init(&arena, SUMMARY_MEMORY);
	while (s->error == 0 && email_entry_get(&in, want_of(s->stage), &e))
		read_entry(s, &e.message, &arena);
	arena_done(&arena);
}

/* What is still open has gone, or can't be read: it is not found. */
static void give_up(struct jmap_search *s)
{
	for (uint32_t i = s->at; i < s->until; i++)
		for (size_t k = 0; k < s->text_count; k++)
			query_set_remove(&s->texts[k].maybe, s->candidates[i]);
	for (uint32_t i = s->at; i < s->until && s->by_smime; i++)
		for (size_t k = 0; k < JMAP_SMIME_CONDITIONS; k++)
			query_set_remove(&s->smime[k].maybe, s->candidates[i]);
}

static void read_next(struct jmap_call *c, struct jmap_search *s);

/* ---- signatures ---- */

static void decide_smime(struct jmap_search *s, uint32_t row, const struct email_smime_verdict *v)
{
	const bool yes[JMAP_SMIME_CONDITIONS] = {[JMAP_SMIME_SIGNED] = v && v->status != SMIME_NONE,
	    [JMAP_SMIME_VERIFIED] = v && v->status == SMIME_VERIFIED,
	    [JMAP_SMIME_DELIVERED] = v && v->delivered == SMIME_VERIFIED};
	if (row >= s->smime[0].maybe.size)
		return;
	for (size_t k = 0; k < JMAP_SMIME_CONDITIONS; k++) {
		if (yes[k])
			query_set_put(&s->smime[k].sure, row);
		query_set_remove(&s->smime[k].maybe, row);
	}
}

/* All that was asked about is known now: who is not among the signed ones is not signed. */
static void signatures_known(struct jmap_call *c, struct jmap_search *s)
{
	for (struct cursor in = cursor_on(buf_view(&s->ids)); !cursor_at_end(&in);) {
		uint64_t id = cursor_u64(&in);
		uint32_t row = jmap_table_find(s->use.table, id);
		if (row != JMAP_NO_ROW)
			decide_smime(s, row, jmap_smime_find(&s->signatures, id));
	}
	s->stage++;
	read_next(c, s);
}

static void signatures_answered(struct jmap_call *c, unsigned type, const void *answer);

static void ask_signatures(struct jmap_call *c, struct jmap_search *s)
{
	struct email_smime question = {
	    .account = jmap_account(c)->ask, .ids = jmap_smime_next(&s->signatures)};
	if (question.ids.len > 0)
		jmap_ask(c, EMAIL_SMIME, &question, signatures_answered);
	else
		signatures_known(c, s);
}

/* The answers to both questions: who is signed, and what is thought of these. */
static void signatures_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	if (type == EMAIL_ENTRIES)
		jmap_smime_entries(&s->signatures, answer);
	if (type == EMAIL_SMIME_VERDICT)
		jmap_smime_take(&s->signatures, answer);
	if (type != MAIL_DONE)
		return;
	s->error = s->error ? s->error : s->signatures.error;
	if (!failed(c, s, answer) && !is_outdated(c, s))
		ask_signatures(c, s);
}

static void read_signatures(struct jmap_call *c, struct jmap_search *s)
{
	struct email_get question = {
	    .account = jmap_account(c)->ask, .want = MAIL_WANT_STRUCTURE, .ids = buf_view(&s->ids)};
	jmap_smime_done(&s->signatures);
	jmap_smime_init(&s->signatures);
	jmap_ask(c, EMAIL_GET, &question, signatures_answered);
}

/* ---- texts ---- */

static void entries_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	if (type == EMAIL_ENTRIES && s->error == 0 && s->epoch == s->use.table->epoch)
		take_entries(s, answer);
	if (type != MAIL_DONE || failed(c, s, answer) || is_outdated(c, s))
		return;
	s->stage++;
	read_next(c, s);
}

static void large_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	const struct mail_data *data = answer;
	if (type == MAIL_DATA && s->error == 0 && data->error == 0)
		s->error = query_reader_feed(s->reader, data->bytes);
	if (type != MAIL_DONE || failed(c, s, answer) || is_outdated(c, s))
		return;
	s->error = query_reader_end(s->reader);
	if (failed(c, s, NULL))
		return;
	/* The message was read whole: what it does not have is decided. The next one that is open is read. */
	read_next(c, s);
}

static void read_large(struct jmap_call *c, struct jmap_search *s)
{
	struct cursor in = cursor_on(buf_view(&s->ids));
	uint64_t id = cursor_u64(&in);
	uint32_t row = jmap_table_find(s->use.table, id);
	buf_append_u64(&s->ids, 0);
	buf_append_u64(&s->ids, UINT64_MAX);
	struct email_read question = {.account = jmap_account(c)->ask, .parts = buf_view(&s->ids)};
	query_reader_begin(s->reader, row);
	if (buf_failed(&s->ids))
		jmap_error_of(c, -ENOMEM, "the emails");
	else
		jmap_ask(c, EMAIL_READ, &question, large_answered);
}

/* Whether the stage under way has nothing to decide. */
static bool is_passed_over(const struct jmap_search *s)
{
	if (s->stage == READ_SIGNATURES)
		return !s->by_smime;
	/* What a summary or a header that is cut could not decide, the message does. */
	return s->text_count == 0 || (s->stage < READ_BODY && !(s->decided_by & 1U << s->stage));
}

/* The next question about the batch; at its end more candidates are decided. */
static void read_next(struct jmap_call *c, struct jmap_search *s)
{
	for (; s->stage < READ_END; s->stage++) {
		bool large = s->stage == READ_LARGE;
		if (is_passed_over(s))
			continue;
		gather(s, large ? 1 : JMAP_SEARCH_BATCH_MAX);
		if (failed(c, s, NULL))
			return;
		if (s->ids.len == 0)
			break;
		if (s->stage == READ_SIGNATURES) {
			read_signatures(c, s);
			return;
		}
		if (large) {
			read_large(c, s);
			return;
		}
		struct email_get question = {.account = jmap_account(c)->ask,
		    .want = want_of(s->stage),
		    .body_max = BODY_INLINE_MAX,
		    .ids = buf_view(&s->ids)};
		jmap_ask(c, EMAIL_GET, &question, entries_answered);
		return;
	}
	give_up(s);
	decide(c, s);
}

/* Goes through the candidates in their order, as far as they are decided or enough are found. */
static void decide(struct jmap_call *c, struct jmap_search *s)
{
	for (; s->at < s->candidate_count && !is_enough(s); s->at++) {
		enum query_truth truth = test(s, s->candidates[s->at]);
		if (truth == QUERY_MAYBE)
			break;
		if (truth == QUERY_YES)
			take_result(s, s->candidates[s->at]);
	}
	if (failed(c, s, NULL))
		return;
	/* What was certain at the walk has changed meanwhile, so that its end was too early. */
	if (s->at == s->candidate_count && s->cut && !is_enough(s)) {
		jmap_search_start(c);
		return;
	}
	s->complete = s->at == s->candidate_count && !s->cut;
	if (s->complete || is_enough(s)) {
		s->done(c);
		return;
	}
	uint32_t left = s->candidate_count - s->at;
	s->until = s->at + (left < s->batch ? left : s->batch);
	s->batch = s->batch < JMAP_SEARCH_BATCH_MAX ? s->batch * 2 : s->batch;
	s->stage = READ_SIGNATURES;
	read_next(c, s);
}

/* ---- candidates ---- */

static void sort_candidates(struct jmap_call *c, struct jmap_search *s)
{
	s->error = jmap_email_sort_rows(s->sort, s->use.table, s->candidates, s->candidate_count);
	if (!failed(c, s, NULL))
		decide(c, s);
}

static void ask_texts(struct jmap_call *c, struct jmap_search *s);

static void texts_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	struct jmap_table *t = s->use.table;
	if (type == EMAIL_ENTRIES && s->error == 0 && s->epoch == t->epoch) {
		struct cursor in = cursor_on(((const struct email_entries *)answer)->entries);
		struct email_entry e;
		struct arena arena;
		arena_init(&arena, SUMMARY_MEMORY);
		while (s->error == 0 && email_entry_get(&in, MAIL_WANT_SUMMARY, &e)) {
			struct message_summary summary = {0};
			uint32_t row = jmap_table_find(t, e.message.emailid);
			arena_reset(&arena);
			if (message_summary_decode(e.message.summary, &arena, &summary) != 0)
				summary = (struct message_summary){0}; /* as one without a header */
			if (row != JMAP_NO_ROW)
				s->error = jmap_sort_text_make(t, row, &summary.envelope);
		}
		arena_done(&arena);
	}
	if (type == MAIL_DONE && !failed(c, s, answer) && !is_outdated(c, s))
		ask_texts(c, s);
}

/* Asks for what candidates are sorted by, of those where it isn't known yet. */
static void ask_texts(struct jmap_call *c, struct jmap_search *s)
{
	const struct jmap_table *t = s->use.table;
	buf_clear(&s->ids);
	for (; s->until < s->candidate_count && s->ids.len < EMAIL_IDS_BYTES; s->until++)
		if (t->texts[s->candidates[s->until]] == NULL)
			buf_append_u64(&s->ids, t->rows[s->candidates[s->until]].id);
	if (buf_failed(&s->ids))
		s->error = -ENOMEM;
	if (failed(c, s, NULL))
		return;
	if (s->ids.len == 0) {
		sort_candidates(c, s);
		return;
	}
	struct email_get question = {
	    .account = jmap_account(c)->ask, .want = MAIL_WANT_SUMMARY, .ids = buf_view(&s->ids)};
	jmap_ask(c, EMAIL_GET, &question, texts_answered);
}

/* In the order in which they were received the table has its rows: the walk ends when there are enough. */
static void walk_received(struct jmap_search *s, bool descending)
{
	const struct jmap_table *t = s->use.table;
	uint32_t certain = 0; /* candidates that nothing is read of, and that no other one stands for */
	for (uint32_t i = 0; i < t->received_count && !(is_enough(s) && !looks_further(s)); i++) {
		s->cut = certain >= s->enough;
		if (s->cut)
			break;
		uint32_t row = t->received[descending ? t->received_count - 1 - i : i];
		enum query_truth truth = test(s, row);
		if (looks_further(s) && truth != QUERY_NO)
			s->candidates[s->candidate_count++] = row;
		else if (truth == QUERY_YES)
			take_result(s, row);
		certain += looks_further(s) && truth == QUERY_YES && !s->collapse;
	}
	/* What is left of the walk was not looked at. */
	s->complete = !looks_further(s) && !is_enough(s);
}

static void walk(struct jmap_call *c, struct jmap_search *s)
{
	const struct jmap_table *t = s->use.table;
	bool descending, received = jmap_email_sort_is_received(s->sort, &descending);
	if (!received || looks_further(s)) {
		s->candidates = mem_try(t->count * sizeof *s->candidates + 1);
		s->error = s->candidates ? 0 : -ENOMEM;
	}
	if (failed(c, s, NULL))
		return;
	if (received) {
		walk_received(s, descending);
		if (failed(c, s, NULL))
			return;
		if (looks_further(s))
			decide(c, s);
		else
			s->done(c);
		return;
	}
	for (uint32_t row = 0; row < t->count; row++)
		if (test(s, row) != QUERY_NO)
			s->candidates[s->candidate_count++] = row;
	if (s->sort->by_texts)
		ask_texts(c, s);
	else
		sort_candidates(c, s);
}

/* ---- the index ---- */

/* As jmap_table_from. Ranges ascend: the next one mostly begins a few rows behind `row`. */
static uint32_t row_from(const struct jmap_table *t, uint32_t row, uint64_t id)
{
	enum { NEAR = 16 };
	if (row > 0 && t->rows[row - 1].id >= id)
		return jmap_table_from(t, id);
	for (unsigned i = 0; i < NEAR && row < t->count && t->rows[row].id < id; i++)
		row++;
	return row < t->count && t->rows[row].id < id ? jmap_table_from(t, id) : row;
}

static void put_ids(const struct jmap_table *t, struct query_set *set, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last, row = 0;
	while (uid_ranges_next(&in, &first, &last))
		for (row = row_from(t, row, first); row < set->size && t->rows[row].id <= last; row++)
			query_set_put(set, row);
}

static void found(struct jmap_search *s, const struct mail_found *answer)
{
	struct query_text *text = &s->texts[s->text_at];
	/* A cut text, and one in another field than asked for, are no proof. */
	bool proves = text->condition->kind == QUERY_TEXT && text->condition->text.len <= MAIL_FIND_TEXT_MAX;
	put_ids(s->use.table, proves ? &text->sure : &text->maybe, answer->sure);
	put_ids(s->use.table, &text->maybe, answer->maybe);
}

static void pass_unasked(struct jmap_search *s)
{
	while (s->text_at < s->text_count && !s->asked[s->text_at])
		s->text_at++;
}

static void index_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (s->epoch == s->use.table->epoch && type == MAIL_FOUND && s->text_at < s->text_count)
		found(s, answer);
	if (type != MAIL_DONE)
		return;
	/* Without an index each message may have it. */
	if (done->error && s->text_at < s->text_count)
		query_set_put_range(&s->texts[s->text_at].maybe, 0, s->texts[s->text_at].maybe.size);
	s->text_at++;
	pass_unasked(s);
	if (s->text_at == s->text_count && !is_outdated(c, s))
		walk(c, s);
}

static void ask_index(struct jmap_call *c, const struct query *q)
{
	struct email_find question = {.account = jmap_account(c)->ask,
	    .field = q->kind == QUERY_HEADER ? MAIL_FIELD_HEADER : q->field,
	    .how = q->fuzzy ? MAIL_FIND_PREFIX : MAIL_FIND_SUBSTRING,
	    .text = utf8_cut(q->text, MAIL_FIND_TEXT_MAX)};
	jmap_ask(c, EMAIL_FIND, &question, index_answered);
}

/* Nothing is known of signatures, of any email. */
static int begin_signatures(struct jmap_search *s)
{
	int error = 0;
	s->by_smime = jmap_email_filter_is_smime(s->program);
	for (size_t i = 0; s->by_smime && i < JMAP_SMIME_CONDITIONS && error == 0; i++) {
		s->smime[i] = (struct query_text){.condition = NULL};
		error = query_set_init(&s->smime[i].sure, s->row_count, false);
		if (error == 0)
			error = query_set_init(&s->smime[i].maybe, s->row_count, true);
	}
	return error;
}

static int begin_texts(struct jmap_search *s)
{
	uint32_t rows = s->row_count;
	int error = 0;
	for (; s->text_count < s->program->text_count && error == 0; s->text_count++) {
		struct query_text *text = &s->texts[s->text_count];
		*text = (struct query_text){.condition = s->program->texts[s->text_count]};
		s->asked[s->text_count] = query_index_knows(text->condition);
		s->decided_by |= 1U << query_decided_by(text->condition);
		error = query_set_init(&text->sure, rows, false);
		if (error == 0)
			error = query_set_init(&text->maybe, rows, !s->asked[s->text_count]);
	}
	if (error == 0 && s->collapse)
		error = query_set_init(&s->threads, s->use.table->group_count, false);
	if (s->text_count > 0)
		s->reader = query_reader_new(s->texts, s->text_count);
	return error;
}

/* What is not known already is asked of the index; then the table is gone through. */
static void begin_walk(struct jmap_call *c, struct jmap_search *s)
{
	pass_unasked(s);
	if (s->text_at == s->text_count) {
		walk(c, s);
		return;
	}
	/* Answers never come within a question: text_at stays where it is. */
	for (size_t i = s->text_at; i < s->text_count; i++)
		if (s->asked[i])
			ask_index(c, s->texts[i].condition);
}

static void first_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_search *s = jmap_data(c);
	if (type == EMAIL_FIRSTS && s->epoch == s->use.table->epoch)
		put_ids(s->use.table, &s->first, ((const struct mail_uids *)answer)->ranges);
	if (type == MAIL_DONE && !failed(c, s, answer) && !is_outdated(c, s))
		begin_walk(c, s);
}

static int begin_first(struct jmap_search *s)
{
	return s->program->by_first ? query_set_init(&s->first, s->row_count, false) : 0;
}

void jmap_search_start(struct jmap_call *c)
{
	struct jmap_search *s = jmap_data(c);
	clear(s);
	buf_init(&s->ids, EMAIL_IDS_BYTES + 2 * EMAIL_ID_SIZE);
	s->epoch = s->use.table->epoch;
	s->row_count = s->use.table->count;
	s->batch = JMAP_SEARCH_BATCH;
	s->decided_by = 0;
	s->text_at = 0;
	s->complete = s->cut = false;
	s->error = begin_texts(s);
	if (s->error == 0)
		s->error = begin_signatures(s);
	if (s->error == 0)
		s->error = begin_first(s);
	if (failed(c, s, NULL))
		return;
	if (s->program->by_first)
		jmap_ask(c, EMAIL_FIRST, &(struct email_first){.unused = 0}, first_answered);
	else
		begin_walk(c, s);
}
