/* SORT and UID SORT: RFC 5256 section 3, the names of RFC 5957, RETURN of RFC 5267 section 3.1. */
#include "imap/imap_annotation.h"
#include "imap/imap_commands.h"
#include "imap/imap_context.h"
#include "imap/imap_search.h"
#include "query/query_gather.h"
#include "query/query_sort.h"

#include <errno.h>

#define SORT_OPTIONS                                                                                         \
	(IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_ALL | IMAP_RETURN_COUNT | IMAP_RETURN_PARTIAL |     \
	    IMAP_RETURN_SAVE | IMAP_RETURN_UPDATE | IMAP_RETURN_CONTEXT)

enum { ANNOTATION_KEYS_MAX = 4 };

struct sorting {
	struct imap_search search; /* first: see imap_search_new */
	struct query_sort_by by[QUERY_SORT_KEYS_MAX];
	size_t by_count, annotations; /* keys; those of annotations among them */
	int annotations_error;
	struct buf uids; /* of what was found, when annotations are asked for */
	struct query_sort *sort;
	struct query_gather *gather;
};

static void release(void *data)
{
	struct sorting *sorting = data;

	query_gather_free(sorting->gather);
	query_sort_free(sorting->sort);
	buf_done(&sorting->uids);
	imap_search_release(&sorting->search);
}

/* ---- parsing ---- */

static bool sort_key(struct imap_in *in, enum query_sort_key *key)
{
	static const struct {
		const char *name;
		enum query_sort_key key;
	} keys[] = {{"ARRIVAL", QUERY_SORT_ARRIVAL}, {"CC", QUERY_SORT_CC}, {"DATE", QUERY_SORT_DATE},
	    {"DISPLAYFROM", QUERY_SORT_DISPLAY_FROM}, {"DISPLAYTO", QUERY_SORT_DISPLAY_TO},
	    {"FROM", QUERY_SORT_FROM}, {"SIZE", QUERY_SORT_SIZE}, {"SUBJECT", QUERY_SORT_SUBJECT},
	    {"TO", QUERY_SORT_TO}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (imap_in_word(in, keys[i].name)) {
			*key = keys[i].key;
			return true;
		}
	imap_in_wrong(in, "there is no such sort key");
	return false;
}

/* ANNOTATION entry attribute (RFC 5257 section 4.9). */
static bool annotation_key(struct imap_in *in, struct sorting *sorting, bool reverse)
{
	struct query_sort_by by = {.key = QUERY_SORT_ANNOTATION, .reverse = reverse};
	struct view entry, attribute;
	struct buf name;
	bool kept;

	if (!imap_in_space(in) || !imap_in_annotation_entry(in, false, &entry) || !imap_in_space(in) ||
	    !imap_in_astring(in, &attribute))
		return false;
	if (!view_equal_nocase(attribute, VIEW("value.priv")) &&
	    !view_equal_nocase(attribute, VIEW("value.shared"))) {
		imap_in_wrong(in, "an attribute to sort by is value.priv or value.shared");
		return false;
	}
	if (sorting->annotations == ANNOTATION_KEYS_MAX) {
		imap_in_wrong(in, "[LIMIT] there are too many annotations to sort by");
		return false;
	}
	buf_init(&name, MAIL_ANNOTATION_NAME_MAX + 10);
	buf_append(&name, entry);
	buf_append(&name, view_skip(attribute, 5)); /* ".priv" */
	kept = !buf_failed(&name) && arena_copy(imap_arena(in->session), buf_view(&name), &by.name);
	buf_done(&name);
	if (!kept)
		imap_in_wrong(in, "[LIMIT] the command is too large");
	sorting->by[sorting->by_count++] = by;
	sorting->annotations++;
	return kept;
}

/* "(REVERSE DATE SUBJECT)". RELEVANCY (RFC 6203 section 5) is the same for all that was found, and decides
 * nothing. */
static bool sort_criteria(struct imap_in *in, struct sorting *sorting, bool *relevancy)
{
	unsigned seen = 0;

	if (!imap_in_char(in, '('))
		return false;
	do {
		bool reverse = imap_in_word(in, "REVERSE");
		enum query_sort_key key;

		if (reverse && !imap_in_space(in))
			return false;
		if (imap_in_word(in, "RELEVANCY")) {
			*relevancy = true;
			continue;
		}
		if (imap_in_word(in, "ANNOTATION")) {
			if (!annotation_key(in, sorting, reverse))
				return false;
			continue;
		}
		if (!sort_key(in, &key))
			return false;
		if (!(seen & 1U << key)) /* the first one decides */
			sorting->by[sorting->by_count++] =
			    (struct query_sort_by){.key = key, .reverse = reverse};
		seen |= 1U << key;
	} while (imap_in_take(in, ' '));
	return imap_in_char(in, ')');
}

/* ---- answers ---- */

static uint32_t shown(struct imap_session *s, uint32_t number)
{
	return imap_by_uid(s) ? imap_view_uid(imap_selected(s)->view, number) : number;
}

/* An ordered set: numbers that follow one another make a range. */
static void put_ordered(struct imap_session *s, const uint32_t *numbers, size_t from, size_t until)
{
	for (size_t i = from; i < until;) {
		uint32_t first = shown(s, numbers[i]), last = first;

		for (i++; i < until && shown(s, numbers[i]) == last + 1; i++)
			last++;
		imap_put_number(s, first);
		if (last != first) {
			imap_puts(s, ":");
			imap_put_number(s, last);
		}
		if (i < until)
			imap_puts(s, ",");
	}
}

static void put_number(struct imap_session *s, const char *name, uint32_t number)
{
	imap_puts(s, name);
	imap_put_number(s, number);
}

/* RFC 5267 section 3.1: MIN and MAX are the first and the last in this order. */
static void put_extended(
    struct imap_session *s, const struct sorting *sorting, const uint32_t *numbers, size_t count)
{
	const struct imap_return *returns = &sorting->search.returns;
	uint64_t modseq = query_run_modseq(sorting->search.run);

	imap_put_esearch(s, imap_by_uid(s));
	if (returns->options & IMAP_RETURN_MIN && count > 0)
		put_number(s, " MIN ", shown(s, numbers[0]));
	if (returns->options & IMAP_RETURN_MAX && count > 0)
		put_number(s, " MAX ", shown(s, numbers[count - 1]));
	if (returns->options & IMAP_RETURN_COUNT)
		put_number(s, " COUNT ", (uint32_t)count);
	if (returns->options & IMAP_RETURN_ALL && count > 0) {
		imap_puts(s, " ALL ");
		put_ordered(s, numbers, 0, count);
	}
	if (returns->options & IMAP_RETURN_PARTIAL) {
		size_t from, until;

		imap_partial(returns, count, &from, &until);
		imap_put_partial(s, returns);
		if (from == until)
			imap_puts(s, "NIL");
		put_ordered(s, numbers, from, until);
		imap_puts(s, ")");
	}
	if (modseq > 0)
		imap_putf(s, " MODSEQ %llu", (unsigned long long)modseq);
}

static void put_plain(
    struct imap_session *s, const struct sorting *sorting, const uint32_t *numbers, size_t count)
{
	uint64_t modseq = query_run_modseq(sorting->search.run);

	imap_puts(s, "* SORT");
	for (size_t i = 0; i < count; i++)
		put_number(s, " ", shown(s, numbers[i]));
	if (modseq > 0)
		imap_putf(s, " (MODSEQ %llu)", (unsigned long long)modseq);
}

static void answer(struct imap_session *s)
{
	struct sorting *sorting = imap_data(s);
	const uint32_t *numbers;
	size_t count;
	int r = query_sort_end(sorting->sort, &numbers, &count);

	if (r == 0 && sorting->search.returns.options & IMAP_RETURN_SAVE &&
	    !imap_search_save(s, &sorting->search))
		r = -ENOMEM;
	if (r) {
		imap_no_error(s, r, "the sort");
		return;
	}
	size_t begun = imap_put_all(s);
	bool saves = sorting->search.returns.options & IMAP_RETURN_SAVE;
	if (sorting->search.returns.options & IMAP_RETURN_GIVEN)
		put_extended(s, sorting, numbers, count);
	else
		put_plain(s, sorting, numbers, count);
	if (!imap_put_all_line(s, begun)) {
		if (saves)
			(void)imap_save(s, (struct view){0});
		return;
	}
	imap_context_keep(s, &sorting->search,
	    &(struct imap_sorted){
	        .by = sorting->by, .by_count = sorting->by_count, .numbers = numbers, .count = count});
	imap_ok(s, NULL, "this is the order");
}

/* ---- running ---- */

static void answered(struct imap_session *s, enum mail_type type, const void *what)
{
	query_gather_answer(((struct sorting *)imap_data(s))->gather, type, what);
}

static void ask(void *arg, enum mail_type type, const void *question)
{
	imap_ask(arg, type, question, answered);
}

static int take(void *arg, uint32_t place, const struct mail_message *message)
{
	return query_sort_add(((struct sorting *)imap_data(arg))->sort, place + 1, message);
}

static void done(void *arg, int64_t error)
{
	if (error == 0)
		answer(arg);
	else if (error == -E2BIG)
		imap_no(arg, "LIMIT", "the texts to sort by are too large");
	else
		imap_no_error(arg, error, "the sort");
}

static void annotation_came(struct imap_session *s, enum mail_type type, const void *what)
{
	struct sorting *sorting = imap_data(s);
	const struct mail_annotation *annotation = what;
	const struct mail_done *ended = what;

	if (type == MAIL_ANNOTATION) {
		struct cursor in = cursor_on(annotation->uids);
		uint32_t uid = 0, last;

		uid_ranges_next(&in, &uid, &last);
		if (sorting->annotations_error == 0)
			sorting->annotations_error =
			    query_sort_annotation(sorting->sort, uid, annotation->name, annotation->value);
	} else if (type == MAIL_DONE && (ended->error || sorting->annotations_error)) {
		done(s, ended->error ? ended->error : sorting->annotations_error);
	} else if (type == MAIL_DONE) {
		query_gather_start(sorting->gather);
	}
}

/* Of all that are in the mailbox: few messages have any, and a set of what was found may be long. */
static void ask_annotations(struct imap_session *s, struct sorting *sorting)
{
	const struct imap_selected *selected = imap_selected(s);

	buf_init(&sorting->uids, UID_RANGE_SIZE);
	uid_ranges_add(&sorting->uids, 1, UINT32_MAX);
	imap_ask(s, MAIL_ANNOTATIONS,
	    &(struct mail_annotations){
	        .account = selected->account, .mailbox = selected->mailbox, .uids = buf_view(&sorting->uids)},
	    annotation_came);
}

static void found(struct imap_session *s)
{
	struct sorting *sorting = imap_data(s);
	const struct imap_selected *selected = imap_selected(s);
	struct query_gathering gathering = {.account = selected->account,
	    .mailbox = selected->mailbox,
	    .places = query_run_places(sorting->search.run),
	    .set = query_run_found(sorting->search.run),
	    .ask = ask,
	    .take = take,
	    .done = done};

	sorting->sort = query_sort_new(sorting->by, sorting->by_count);
	gathering.want = query_sort_wants(sorting->sort);
	sorting->gather = query_gather_new(&gathering, s);
	if (query_sort_needs_annotations(sorting->sort))
		ask_annotations(s, sorting);
	else
		query_gather_start(sorting->gather);
}

void imap_sort(struct imap_session *s, struct imap_in *in)
{
	struct sorting *sorting = imap_search_new(s, sizeof(*sorting), release);
	struct imap_program *program = &sorting->search.program;
	bool relevancy = false;
	struct view charset;

	if (imap_in_space(in) && imap_in_returns(in, SORT_OPTIONS, &sorting->search.returns) &&
	    sort_criteria(in, sorting, &relevancy) && imap_in_space(in) && imap_in_astring(in, &charset) &&
	    imap_in_space(in) && imap_search_charset(in, program, charset)) {
		program->lasting = sorting->search.returns.options & IMAP_RETURN_UPDATE;
		imap_search_program(in, program);
	}
	if (imap_search_wrong(s, in, program) || !imap_context_may_begin(s, &sorting->search))
		return;
	if (relevancy && !program->fuzzy) {
		imap_bad(s, "RELEVANCY is for searches with FUZZY");
		return;
	}
	if (program->modseq) {
		imap_enable(s, IMAP_CONDSTORE);
		sorting->search.modseq = QUERY_MODSEQ_ALL;
	}
	sorting->search.limit = IMAP_SEARCH_WHOLE;
	imap_search_run(s, &sorting->search, found);
}
