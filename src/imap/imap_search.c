/* SEARCH and UID SEARCH: RFC 9051 section 6.4.4, RFC 3501 section 6.4.4. */
#include "imap/imap_search.h"
#include "imap/imap_state.h"

#include "imap/imap_commands.h"
#include "imap/imap_context.h"
#include "imap/imap_limit.h"
#include "mail/uid_ranges.h"

#include <errno.h>

#define SEARCH_OPTIONS                                                                                       \
	(IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_ALL | IMAP_RETURN_COUNT | IMAP_RETURN_SAVE |        \
	    IMAP_RETURN_PARTIAL | IMAP_RETURN_RELEVANCY | IMAP_RETURN_UPDATE | IMAP_RETURN_CONTEXT)

#define LASTING (unsigned)(IMAP_RETURN_UPDATE | IMAP_RETURN_CONTEXT)

/* ---- running ---- */

void imap_search_release(void *data)
{
	struct imap_search *search = data;

	query_run_free(search->run);
	search->run = NULL;
}

void *imap_search_new(struct imap_session *s, size_t size, void (*release)(void *data))
{
	struct imap_search *search = imap_command_data(s, size, release ? release : imap_search_release);

	search->program.arena = imap_arena(s);
	return search;
}

bool imap_search_wrong(struct imap_session *s, struct imap_in *in, const struct imap_program *program)
{
	if (program->bad_charset) {
		imap_no(s,
		    "BADCHARSET (US-ASCII UTF-8 ISO-8859-1 ISO-8859-15 WINDOWS-1252 KOI8-R ISO-2022-JP "
		    "GB18030)",
		    "this charset is not known");
		return true;
	}
	return imap_wrong(s, in);
}

static void answered(struct imap_session *s, enum mail_type type, const void *answer)
{
	query_run_answer(((struct imap_search *)imap_data(s))->run, type, answer);
}

static void ask(void *arg, enum mail_type type, const void *question)
{
	imap_ask(arg, type, question, answered);
}

static bool keyword(void *arg, struct view name, uint32_t *number)
{
	const struct imap_search *search = imap_data(arg);
	return mail_names_find(imap_names(arg), search->place.account, name, number);
}

/* A search that failed leaves nothing in "$" (RFC 5182 section 2.1). */
static void fail(struct imap_session *s, const struct imap_search *search, int64_t error)
{
	if (search->returns.options & IMAP_RETURN_SAVE)
		(void)imap_save(s, (struct view){0});
	if (error == -E2BIG)
		imap_no(s, "LIMIT", "the search is too large for this mailbox");
	else
		imap_no_error(s, error, "the search");
}

static void done(void *arg, int64_t error)
{
	struct imap_search *search = imap_data(arg);

	if (error)
		fail(arg, search, error);
	else
		search->found(arg);
}

static void progress(struct imap_session *s, uint64_t *done, uint64_t *total)
{
	const struct imap_search *search = imap_data(s);

	if (search->run) {
		*done = query_run_decided(search->run);
		*total = query_run_places(search->run)->messages;
	}
}

static void start(struct imap_session *s, struct imap_search *search)
{
	static const struct query_host host = {.ask = ask, .keyword = keyword, .done = done};
	struct query_question question = {.account = search->place.account,
	    .mailbox = search->place.mailbox,
	    .owner = search->place.owner_number,
	    .uids = search->place.uids,
	    .program = search->program.root,
	    .modseq = search->modseq,
	    .newest = search->newest};
	int r = query_run_new(&question, &host, s, &search->run);

	imap_takes_long(s, progress);
	if (r)
		fail(s, search, r);
	else
		query_run_start(search->run);
}

/* ---- filters: RFC 5466 section 3 ---- */

static void ask_filter(struct imap_session *s, struct imap_search *search, bool shared);
static void begin(struct imap_session *s, struct imap_search *search);

static void no_filter(struct imap_session *s, const struct imap_search *search)
{
	struct view name = search->program.filters[search->program.filters_read].name;
	struct buf code;

	if (search->returns.options & IMAP_RETURN_SAVE)
		(void)imap_save(s, (struct view){0});
	buf_init(&code, MAIL_METADATA_NAME_MAX + 32);
	(void)buf_printf(&code, "UNDEFINED-FILTER %.*s", VIEW_FMT(name));
	imap_no(s, buf_string(&code), "there is no such filter");
	buf_done(&code);
}

static void filter_answered(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_search *search = imap_data(s);
	const struct mail_metadata_entry *entry = answer;
	const struct mail_done *end = answer;

	if (type == MAIL_METADATA_ENTRY && !entry->none) {
		search->filter_found = arena_copy(imap_arena(s), entry->value, &search->filter_text);
		return;
	}
	if (type != MAIL_DONE)
		return;
	if (end->error && end->error != -ENOENT) {
		fail(s, search, end->error);
	} else if (!search->filter_found && !search->filter_shared) {
		ask_filter(s, search, true);
	} else if (!search->filter_found || !imap_search_filter(s, &search->program, search->filter_text)) {
		if (search->filter_found)
			search->program.filters_read--;
		no_filter(s, search);
	} else {
		begin(s, search);
	}
}

static void ask_filter(struct imap_session *s, struct imap_search *search, bool shared)
{
	struct view name = search->program.filters[search->program.filters_read].name;
	struct mail_metadata question = {0};
	struct buf entry;

	buf_init(&entry, MAIL_METADATA_NAME_MAX);
	(void)buf_append_string(&entry, shared ? "/shared/filters/values/" : "/private/filters/values/");
	for (size_t i = 0; i < name.len; i++)
		(void)buf_append_byte(&entry, ascii_lower(name.data[i]));
	search->filter_shared = shared;
	search->filter_found = false;
	if (buf_failed(&entry)) {
		no_filter(s, search);
	} else {
		question.name = buf_view(&entry);
		imap_ask(s, MAIL_METADATA, &question, filter_answered);
	}
	buf_done(&entry);
}

static void begin(struct imap_session *s, struct imap_search *search)
{
	if (search->program.filters_read < search->program.filter_count)
		ask_filter(s, search, false);
	else if (search->limit == IMAP_SEARCH_UNLIMITED ||
	         imap_limit_search(s, search, search->limit == IMAP_SEARCH_WHOLE))
		start(s, search);
}

void imap_search_in(struct imap_session *s, struct imap_search *search, const struct imap_search_place *place,
    void (*found)(struct imap_session *s))
{
	search->place = *place;
	search->found = found;
	begin(s, search);
}

void imap_search_run(
    struct imap_session *s, struct imap_search *search, void (*found)(struct imap_session *s))
{
	const struct imap_selected *selected = imap_selected(s);

	imap_search_in(s, search,
	    &(struct imap_search_place){.account = selected->account,
	        .mailbox = selected->mailbox,
	        .owner_number = selected->owner_number,
	        .uids = imap_view_ranges(selected->view)},
	    found);
}

/* ---- answers ---- */

void imap_put_esearch(struct imap_session *s, bool uid)
{
	imap_puts(s, "* ESEARCH (TAG "); /* RFC 9051 section 7.3.4 */
	imap_put_string(s, imap_tag(s));
	imap_puts(s, uid ? ") UID" : ")");
}

static void put_range(struct imap_session *s, bool *first, uint32_t from, uint32_t to)
{
	if (!*first)
		imap_puts(s, ",");
	*first = false;
	imap_put_number(s, from);
	if (to != from) {
		imap_puts(s, ":");
		imap_put_number(s, to);
	}
}

/* The place of the n-th result. */
static uint32_t nth(const struct query_set *found, size_t n)
{
	uint32_t place = query_set_next(found, 0);

	for (; n > 0; n--)
		place = query_set_next(found, place + 1);
	return place;
}

void imap_put_found(struct imap_session *s, const struct query_run *run, size_t from, size_t until, bool uid)
{
	const struct query_set *found = query_run_found(run);
	const struct query_places *places = query_run_places(run);
	uint32_t place = from < until ? nth(found, from) : found->size;
	size_t left = until - from, hint = 0;
	bool first = true;

	while (left > 0 && place < found->size) {
		uint32_t gap = query_set_next_gap(found, place), number = place + 1;

		if (gap - place > left)
			gap = place + (uint32_t)left;
		if (uid) {
			uint32_t whole;

			number = query_uid_at(places, place, &hint);
			whole = places->ranges[hint].last - number + 1;
			if (gap - place > whole)
				gap = place + whole;
		}
		put_range(s, &first, number, number + (gap - place) - 1);
		left -= gap - place;
		place = query_set_next(found, gap);
	}
}

static uint32_t shown(const struct query_run *run, uint32_t place, bool uid)
{
	size_t hint = 0;
	return uid ? query_uid_at(query_run_places(run), place, &hint) : place + 1;
}

static void put_partial(struct imap_session *s, const struct imap_search *search, size_t count, bool uid)
{
	size_t from, until;

	imap_partial(&search->returns, count, &from, &until);
	imap_put_partial(s, &search->returns);
	if (from < until)
		imap_put_found(s, search->run, from, until, uid);
	else
		imap_puts(s, "NIL");
	imap_puts(s, ")");
}

/* RFC 6203 section 4: a number from 1 to 100 for each result. The words that were sought are all in each of
 * them, so none is better than another by what we know. */
static void put_relevancy(struct imap_session *s, size_t count)
{
	imap_puts(s, " RELEVANCY (");
	for (size_t i = 0; i < count; i++)
		imap_puts(s, i == 0 ? "100" : " 100");
	imap_puts(s, ")");
}

void imap_put_results(struct imap_session *s, const struct imap_search *search, bool uid)
{
	const struct query_set *found = query_run_found(search->run);
	unsigned options = search->returns.options;
	uint32_t count = query_set_count(found);

	if (options & IMAP_RETURN_MIN && count > 0) {
		imap_puts(s, " MIN ");
		imap_put_number(s, shown(search->run, query_set_next(found, 0), uid));
	}
	if (options & IMAP_RETURN_MAX && count > 0) {
		imap_puts(s, " MAX ");
		imap_put_number(s, shown(search->run, query_set_previous(found, found->size), uid));
	}
	if (options & IMAP_RETURN_COUNT) {
		imap_puts(s, " COUNT ");
		imap_put_number(s, count);
	}
	if (options & IMAP_RETURN_ALL && count > 0) {
		imap_puts(s, " ALL ");
		imap_put_found(s, search->run, 0, count, uid);
	}
	if (options & IMAP_RETURN_PARTIAL)
		put_partial(s, search, count, uid);
	if (options & IMAP_RETURN_RELEVANCY && count > 0)
		put_relevancy(s, count);
	if (query_run_modseq(search->run) > 0) {
		imap_puts(s, " MODSEQ ");
		imap_put_number(s, query_run_modseq(search->run));
	}
}

size_t imap_put_all(const struct imap_session *s)
{
	return buf_view(s->out).len;
}

bool imap_put_all_line(struct imap_session *s, size_t begun)
{
	imap_put_line(s);
	if (!buf_failed(s->out))
		return true;
	buf_truncate(s->out, begun);
	s->out->failed = false;
	imap_no(s, "LIMIT", "too many for one line: ask for a part, or with RETURN (COUNT)");
	return false;
}

/* "* SEARCH 2 84 882", for who knows no other (RFC 3501 section 7.2.5). Its end is the caller's. */
static void put_plain(struct imap_session *s, const struct imap_search *search)
{
	const struct query_set *found = query_run_found(search->run);
	const struct query_places *places = query_run_places(search->run);
	bool uid = imap_by_uid(s);
	size_t hint = 0;

	imap_puts(s, "* SEARCH");
	for (uint32_t place = query_set_next(found, 0); place < found->size;
	     place = query_set_next(found, place + 1)) {
		imap_puts(s, " ");
		imap_put_number(s, uid ? query_uid_at(places, place, &hint) : place + 1);
	}
	if (query_run_modseq(search->run) > 0)
		imap_putf(s, " (MODSEQ %llu)", (unsigned long long)query_run_modseq(search->run));
}

/* What "$" becomes: RFC 5182 section 2.1, RFC 9394 section 3.1. False without memory. */
bool imap_search_save(struct imap_session *s, const struct imap_search *search)
{
	const struct query_set *found = query_run_found(search->run);
	unsigned options = search->returns.options;
	uint32_t count = query_set_count(found), from = 0;
	struct query_set saved;
	struct buf ranges;
	bool ok;

	if (query_set_init(&saved, found->size, false))
		return imap_save(s, (struct view){0}) && false;
	if (count > 0 && options & IMAP_RETURN_MIN)
		query_set_put(&saved, query_set_next(found, 0));
	if (count > 0 && options & IMAP_RETURN_MAX)
		query_set_put(&saved, query_set_previous(found, found->size));
	if (options & IMAP_RETURN_PARTIAL) {
		size_t first, until;

		imap_partial(&search->returns, count, &first, &until);
		for (uint32_t place = first < until ? nth(found, first) : found->size; first < until;
		     first++) {
			query_set_put(&saved, place);
			place = query_set_next(found, place + 1);
		}
	}
	buf_init(&ranges, (size_t)found->size * UID_RANGE_SIZE + UID_RANGE_SIZE);
	if (options & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT) ||
	    !(options & (IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_PARTIAL)))
		ok = query_set_ranges(found, query_run_places(search->run), true, &from, SIZE_MAX, &ranges) ==
		     0;
	else
		ok = query_set_ranges(
		         &saved, query_run_places(search->run), true, &from, SIZE_MAX, &ranges) == 0;
	ok = imap_save(s, ok ? buf_view(&ranges) : (struct view){0}) && ok;
	buf_done(&ranges);
	query_set_done(&saved);
	return ok;
}

static void found(struct imap_session *s)
{
	const struct imap_search *search = imap_data(s);
	unsigned options = search->returns.options;

	if (options & IMAP_RETURN_SAVE && !imap_search_save(s, search)) {
		imap_no_error(s, -ENOMEM, "the search");
		return;
	}
	size_t begun = imap_put_all(s);
	/* SAVE alone wants no answer. */
	bool answers = (options & ~LASTING) != (IMAP_RETURN_GIVEN | IMAP_RETURN_SAVE);
	if (!(options & IMAP_RETURN_GIVEN) && !(imap_enabled(s) & IMAP_REV2)) {
		put_plain(s, search);
	} else if (answers) {
		imap_put_esearch(s, imap_by_uid(s));
		imap_put_results(s, search, imap_by_uid(s));
	}
	if (answers && !imap_put_all_line(s, begun)) {
		if (options & IMAP_RETURN_SAVE)
			(void)imap_save(s, (struct view){0});
		return;
	}
	imap_context_keep(s, search, NULL);
	imap_ok(s, NULL, "this is what was found");
}

/* Of which messages MODSEQ is the highest: RFC 7162 section 3.1.10. */
static unsigned modseq_of(unsigned options)
{
	if (options & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT | IMAP_RETURN_PARTIAL) ||
	    !(options & (IMAP_RETURN_MIN | IMAP_RETURN_MAX)))
		return QUERY_MODSEQ_ALL;
	return (options & IMAP_RETURN_MIN ? QUERY_MODSEQ_FIRST : 0) |
	       (options & IMAP_RETURN_MAX ? QUERY_MODSEQ_LAST : 0);
}

void imap_search_keys(struct imap_in *in, struct imap_program *program)
{
	struct view charset;

	if (imap_in_word(in, "CHARSET") &&
	    (!imap_in_space(in) || !imap_in_astring(in, &charset) || !imap_in_space(in) ||
	        !imap_search_charset(in, program, charset)))
		return;
	imap_search_program(in, program);
}

void imap_search_options(struct imap_session *s, struct imap_search *search)
{
	if (!(search->returns.options & IMAP_RETURN_GIVEN))
		search->returns.options |= IMAP_RETURN_ALL;
	if (search->program.modseq) {
		imap_enable(s, IMAP_CONDSTORE);
		search->modseq = modseq_of(search->returns.options);
	}
}

bool imap_search_is_fine(struct imap_session *s, const struct imap_search *search)
{
	if (!(search->returns.options & IMAP_RETURN_RELEVANCY) || search->program.fuzzy)
		return true;
	imap_bad(s, "RELEVANCY is for searches with FUZZY"); /* RFC 6203 section 4 */
	return false;
}

/* How many of the last ones the answer shows, when it shows no others: what whoever types waits for. 0: all.
 */
static uint32_t newest(const struct imap_search *search)
{
	const struct imap_return *returns = &search->returns;

	switch (returns->options & ~(unsigned)IMAP_RETURN_SAVE) {
	case IMAP_RETURN_GIVEN | IMAP_RETURN_MAX:
		return 1;
	case IMAP_RETURN_GIVEN | IMAP_RETURN_PARTIAL:
		return search->modseq || !returns->from_end ? 0 : returns->to;
	default:
		return 0;
	}
}

void imap_search(struct imap_session *s, struct imap_in *in)
{
	struct imap_search *search = imap_search_new(s, sizeof(*search), NULL);

	if (imap_in_space(in) && imap_in_returns(in, SEARCH_OPTIONS, &search->returns)) {
		search->program.lasting = search->returns.options & IMAP_RETURN_UPDATE;
		imap_search_keys(in, &search->program);
	}
	if (imap_search_wrong(s, in, &search->program) || !imap_search_is_fine(s, search) ||
	    !imap_context_may_begin(s, search))
		return;
	imap_search_options(s, search);
	search->newest = newest(search);
	search->limit = IMAP_SEARCH_PART;
	imap_search_run(s, search, found);
}
