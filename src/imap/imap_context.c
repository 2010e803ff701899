/* See imap_context.h. */
#include "imap/imap_context.h"

#include <string.h>

#include "base/mem.h"
#include "imap/imap_commands.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"
#include "query/query_gather.h"

struct context {
	struct arena arena; /* of the tag and the program */
	struct view tag;
	bool uid, sorts;
	struct query *program;
	struct buf found; /* ranges of UIDs: what the client knows as the results */
	/* Of SORT: the same in its order. */
	struct query_sort_by by[QUERY_SORT_KEYS_MAX];
	size_t by_count;
	uint32_t *order;
};

struct imap_contexts {
	struct context *list[IMAP_CONTEXTS_MAX];
	size_t count;
	/* An update under way: of list[at]. */
	size_t at;
	struct buf touched;
	struct query_run *run;
	struct query_places places; /* of what is sorted */
	struct query_set set, there;
	struct query_sort *sort;
	struct query_gather *gather;
	struct buf added, removed;
	void (*then)(struct imap_session *s);
};

/* ---- ranges ---- */

static size_t count_of(struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last;
	size_t count = 0;

	while (uid_ranges_next(&in, &first, &last))
		count += (size_t)(last - first) + 1;
	return count;
}

/* found becomes what is in it and not in `less`, and what is in `more`. */
static bool change(struct context *c, struct view less, struct view more)
{
	struct buf kept, all;
	bool ok;

	buf_init(&kept, IMAP_CONTEXT_RANGES_MAX);
	buf_init(&all, IMAP_CONTEXT_RANGES_MAX);
	ok = imap_ranges_without(&kept, buf_view(&c->found), less) &&
	     imap_ranges_either(&all, buf_view(&kept), more);
	buf_done(&kept);
	if (ok) {
		buf_done(&c->found);
		c->found = all;
	} else {
		buf_done(&all);
	}
	return ok;
}

/* ---- beginning and ending ---- */

static void free_context(struct context *c)
{
	if (!c)
		return;
	arena_done(&c->arena);
	buf_done(&c->found);
	mem_free(c->order);
	mem_free(c);
}

static struct context *named(const struct imap_contexts *contexts, struct view tag, size_t *at)
{
	for (size_t i = 0; contexts && i < contexts->count; i++)
		if (view_equal(contexts->list[i]->tag, tag)) {
			*at = i;
			return contexts->list[i];
		}
	return NULL;
}

static void drop(struct imap_contexts *contexts, size_t i)
{
	free_context(contexts->list[i]);
	contexts->count--;
	memmove(&contexts->list[i], &contexts->list[i + 1], (contexts->count - i) * sizeof(struct context *));
}

static void end_step(struct imap_contexts *contexts)
{
	query_gather_free(contexts->gather);
	query_sort_free(contexts->sort);
	query_run_free(contexts->run);
	contexts->gather = NULL;
	contexts->sort = NULL;
	contexts->run = NULL;
	query_set_done(&contexts->set);
	query_set_done(&contexts->there);
	query_places_done(&contexts->places);
	contexts->set = contexts->there = (struct query_set){0};
	contexts->places = (struct query_places){0};
	buf_done(&contexts->added);
	buf_done(&contexts->removed);
}

static void release(struct imap_session *s)
{
	struct imap_contexts *contexts = s->contexts;

	if (!contexts)
		return;
	s->contexts = NULL;
	s->follower = NULL;
	end_step(contexts);
	while (contexts->count > 0)
		drop(contexts, contexts->count - 1);
	buf_done(&contexts->touched);
	mem_free(contexts);
}

/* RFC 5267 section 4.3.1 */
static void put_no_update(struct imap_session *s, struct view tag)
{
	imap_puts(s, "* NO [NOUPDATE ");
	imap_put_string(s, tag);
	imap_puts(s, "] ");
	imap_put_text(s, "this search is not kept up to date");
	imap_put_line(s);
}

bool imap_context_may_begin(struct imap_session *s, const struct imap_search *search)
{
	size_t at;

	if (!(search->returns.options & IMAP_RETURN_UPDATE) || !named(s->contexts, imap_tag(s), &at))
		return true;
	imap_bad(s, "the search with this tag is being kept up to date");
	return false;
}

static bool keep_sorted(struct imap_session *s, struct context *c, const struct imap_sorted *sorted)
{
	if (sorted->count > IMAP_CONTEXT_SORTED_MAX)
		return false;
	/* What is sorted by annotations was asked for all messages at once. */
	for (size_t i = 0; i < sorted->by_count; i++)
		if (sorted->by[i].key == QUERY_SORT_ANNOTATION)
			return false;
	c->sorts = true;
	c->by_count = sorted->by_count;
	for (size_t i = 0; i < sorted->by_count; i++)
		c->by[i] = sorted->by[i];
	c->order = mem_alloc((sorted->count + 1) * sizeof(*c->order));
	for (size_t i = 0; i < sorted->count; i++)
		c->order[i] = imap_view_uid(s->selected->view, sorted->numbers[i]);
	return true;
}

static struct context *make(
    struct imap_session *s, const struct imap_search *search, const struct imap_sorted *sorted)
{
	struct context *c = mem_alloc(sizeof(*c));
	uint32_t from = 0;

	arena_init(&c->arena, IMAP_CONTEXT_PROGRAM_MAX);
	buf_init(&c->found, IMAP_CONTEXT_RANGES_MAX);
	c->uid = imap_by_uid(s);
	c->program = query_copy(&c->arena, search->program.root);
	if (c->program && arena_copy(&c->arena, imap_tag(s), &c->tag) &&
	    query_set_ranges(query_run_found(search->run), query_run_places(search->run), true, &from,
	        SIZE_MAX, &c->found) == 0 &&
	    (!sorted || keep_sorted(s, c, sorted)))
		return c;
	free_context(c);
	return NULL;
}

/* ---- what is told ---- */

static void put_begin(struct imap_session *s, const struct context *c)
{
	imap_puts(s, "* ESEARCH (TAG ");
	imap_put_string(s, c->tag);
	imap_puts(s, c->uid ? ") UID" : ")");
}

/* " ADDTO (0 3:5)": the order of SEARCH is that of the mailbox, and needs no positions. */
static bool put_set(struct imap_session *s, const struct context *c, const char *item, struct view uids)
{
	struct buf numbers;
	bool ok = true;

	if (uids.len == 0)
		return true;
	imap_puts(s, item);
	imap_puts(s, " (0 ");
	buf_init(&numbers, IMAP_CONTEXT_RANGES_MAX * 4);
	if (c->uid)
		imap_put_uid_set(s, uids);
	else if (imap_number_set_write(&numbers, s->selected->view, uids) == 0)
		imap_put(s, buf_view(&numbers));
	else
		ok = false;
	imap_puts(s, ")");
	buf_done(&numbers);
	return ok;
}

static void put_position(
    struct imap_session *s, const struct context *c, const char **before, size_t position, uint32_t uid)
{
	imap_puts(s, *before);
	*before = " ";
	imap_put_number(s, position);
	imap_puts(s, " ");
	imap_put_number(s, c->uid ? uid : imap_view_number(s->selected->view, uid));
}

/* Each by itself, at its place when those before it are removed already (RFC 5267 section 4.3.4). */
static void remove_sorted(struct imap_session *s, struct context *c, struct view removed)
{
	size_t count = count_of(buf_view(&c->found)), left = 0;
	const char *before = " REMOVEFROM (";

	if (removed.len == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (uid_ranges_have(removed, c->order[i]))
			put_position(s, c, &before, left + 1, c->order[i]);
		else
			c->order[left++] = c->order[i];
	}
	imap_puts(s, ")");
}

/* Each at the place that it has in the new order: those before it are there already (section 4.3.3). */
static void add_sorted(struct imap_session *s, const struct context *c, size_t count, struct view added)
{
	const char *before = " ADDTO (";

	for (size_t i = 0; i < count; i++)
		if (uid_ranges_have(added, c->order[i]))
			put_position(s, c, &before, i + 1, c->order[i]);
	imap_puts(s, ")");
}

/* Without memory, or with too many results, nobody can tell any more what the client knows. */
static void give_up(struct imap_session *s, size_t i)
{
	put_no_update(s, s->contexts->list[i]->tag);
	drop(s->contexts, i);
}

static void lose(struct imap_session *s)
{
	while (s->contexts->count > 0)
		give_up(s, 0);
}

static void tell_gone(struct imap_session *s, struct view gone)
{
	struct imap_contexts *contexts = s->contexts;

	for (size_t i = 0; contexts && i < contexts->count;) {
		struct context *c = contexts->list[i];
		struct buf removed;
		bool ok;

		buf_init(&removed, IMAP_CONTEXT_RANGES_MAX);
		ok = imap_ranges_both(&removed, buf_view(&c->found), gone);
		if (ok && buf_view(&removed).len > 0) {
			put_begin(s, c);
			if (c->sorts)
				remove_sorted(s, c, buf_view(&removed));
			else
				ok = put_set(s, c, " REMOVEFROM", buf_view(&removed));
			imap_put_line(s);
			ok = ok && change(c, buf_view(&removed), (struct view){0});
		}
		buf_done(&removed);
		if (ok)
			i++;
		else
			give_up(s, i);
	}
}

/* ---- updates ---- */

static void update_next(struct imap_session *s);

static void next(struct imap_session *s, bool ok)
{
	struct imap_contexts *contexts = s->contexts;

	end_step(contexts);
	if (ok)
		contexts->at++;
	else
		give_up(s, contexts->at);
	update_next(s);
}

static struct context *current(struct imap_session *s)
{
	return s->contexts->list[s->contexts->at];
}

static void run_answered(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (s->contexts && s->contexts->run)
		query_run_answer(s->contexts->run, type, answer);
}

static void run_ask(void *arg, enum mail_type type, const void *question)
{
	imap_ask(arg, type, question, run_answered);
}

static bool run_keyword(void *arg, struct view name, uint32_t *number)
{
	const struct imap_session *s = arg;
	return mail_names_find(&s->names, s->selected->account, name, number);
}

static void gather_answered(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (s->contexts && s->contexts->gather)
		query_gather_answer(s->contexts->gather, type, answer);
}

static void gather_ask(void *arg, enum mail_type type, const void *question)
{
	imap_ask(arg, type, question, gather_answered);
}

static int gather_take(void *arg, uint32_t place, const struct mail_message *message)
{
	const struct imap_session *s = arg;

	query_set_put(&s->contexts->there, place);
	return query_sort_add(s->contexts->sort, place, message);
}

static bool tell(struct imap_session *s, struct context *c)
{
	struct imap_contexts *contexts = s->contexts;
	struct view added = buf_view(&contexts->added), removed = buf_view(&contexts->removed);
	bool ok = true;

	if (added.len == 0 && removed.len == 0)
		return true;
	put_begin(s, c);
	if (c->sorts)
		remove_sorted(s, c, removed);
	else
		ok = put_set(s, c, " REMOVEFROM", removed) && put_set(s, c, " ADDTO", added);
	imap_put_line(s);
	return ok && change(c, removed, added);
}

/* Of what was to be sorted some may have gone meanwhile, which is told the next time. */
static bool is_there(const struct imap_contexts *contexts, uint32_t uid)
{
	size_t hint = 0;
	uint32_t place;

	return query_place_of(&contexts->places, uid, &hint, &place) &&
	       query_set_has(&contexts->there, place);
}

/*
 * The new order, and in it those of the old one that are gone and not told to be so: they keep their places.
 * What a message is sorted by never changes, so what is in both orders stands in the same order in both.
 */
static size_t merge(
    const struct imap_contexts *contexts, struct context *c, size_t old, const uint32_t *places, size_t count)
{
	uint32_t *order = mem_alloc((old + count + 1) * sizeof(*order));
	size_t at = 0, n = 0;

	for (size_t i = 0; i < old; i++) {
		bool met = !is_there(contexts, c->order[i]);

		while (!met && at < count) {
			size_t hint = 0;
			order[n] = query_uid_at(&contexts->places, places[at++], &hint);
			met = order[n++] == c->order[i];
		}
		if (!is_there(contexts, c->order[i]))
			order[n++] = c->order[i];
	}
	while (at < count) {
		size_t hint = 0;
		order[n++] = query_uid_at(&contexts->places, places[at++], &hint);
	}
	mem_free(c->order);
	c->order = order;
	return n;
}

/* Of what is new only that which is still there. */
static bool narrow(struct imap_contexts *contexts)
{
	struct buf there, added;
	uint32_t from = 0;
	bool ok;

	buf_init(&there, IMAP_CONTEXT_RANGES_MAX);
	buf_init(&added, IMAP_CONTEXT_RANGES_MAX);
	ok = query_set_ranges(&contexts->there, &contexts->places, true, &from, SIZE_MAX, &there) == 0 &&
	     imap_ranges_both(&added, buf_view(&contexts->added), buf_view(&there));
	buf_done(&there);
	buf_done(&contexts->added);
	contexts->added = added;
	return ok;
}

static void gather_done(void *arg, int64_t error)
{
	struct imap_session *s = arg;
	struct imap_contexts *contexts = s->contexts;
	struct context *c = current(s);
	const uint32_t *places;
	size_t count;
	bool ok = error == 0 && query_sort_end(contexts->sort, &places, &count) == 0 && narrow(contexts);

	if (ok && buf_view(&contexts->added).len > 0) {
		struct view added = buf_view(&contexts->added), removed = buf_view(&contexts->removed);

		put_begin(s, c);
		remove_sorted(s, c, removed);
		ok = change(c, removed, (struct view){0});
		count = merge(contexts, c, count_of(buf_view(&c->found)), places, count);
		add_sorted(s, c, count, added);
		imap_put_line(s);
		ok = ok && change(c, (struct view){0}, added);
	} else if (ok) {
		ok = tell(s, c);
	}
	next(s, ok);
}

/* All results, with those that are new: sorted as the command sorts. */
static void sort(struct imap_session *s, struct context *c)
{
	struct imap_contexts *contexts = s->contexts;
	struct query_gathering gathering = {.account = s->selected->account,
	    .mailbox = s->selected->mailbox,
	    .places = &contexts->places,
	    .set = &contexts->set,
	    .ask = gather_ask,
	    .take = gather_take,
	    .done = gather_done};
	struct buf kept, all;
	bool ok;

	buf_init(&kept, IMAP_CONTEXT_RANGES_MAX);
	buf_init(&all, IMAP_CONTEXT_RANGES_MAX);
	ok = imap_ranges_without(&kept, buf_view(&c->found), buf_view(&contexts->removed)) &&
	     imap_ranges_either(&all, buf_view(&kept), buf_view(&contexts->added)) &&
	     count_of(buf_view(&all)) <= IMAP_CONTEXT_SORTED_MAX &&
	     query_places_init(&contexts->places, buf_view(&all)) == 0 &&
	     query_set_init(&contexts->set, contexts->places.messages, true) == 0 &&
	     query_set_init(&contexts->there, contexts->places.messages, false) == 0;
	buf_done(&kept);
	buf_done(&all);
	if (!ok) {
		next(s, false);
		return;
	}
	contexts->sort = query_sort_new(c->by, c->by_count);
	gathering.want = query_sort_wants(contexts->sort);
	contexts->gather = query_gather_new(&gathering, s);
	query_gather_start(contexts->gather);
}

/* What is found among the messages that were touched, beside what the client knows. */
static bool compare(struct imap_contexts *contexts, const struct context *c)
{
	struct buf found, known;
	uint32_t from = 0;
	bool ok;

	buf_init(&found, IMAP_CONTEXT_RANGES_MAX);
	buf_init(&known, IMAP_CONTEXT_RANGES_MAX);
	ok = query_set_ranges(query_run_found(contexts->run), query_run_places(contexts->run), true, &from,
	         SIZE_MAX, &found) == 0 &&
	     imap_ranges_both(&known, buf_view(&c->found), buf_view(&contexts->touched)) &&
	     imap_ranges_without(&contexts->added, buf_view(&found), buf_view(&known)) &&
	     imap_ranges_without(&contexts->removed, buf_view(&known), buf_view(&found));
	buf_done(&found);
	buf_done(&known);
	return ok;
}

static void run_done(void *arg, int64_t error)
{
	struct imap_session *s = arg;
	struct context *c = current(s);
	bool ok = error == 0 && compare(s->contexts, c);

	if (ok && c->sorts && buf_view(&s->contexts->added).len > 0)
		sort(s, c);
	else
		next(s, ok && tell(s, c));
}

static void update_next(struct imap_session *s)
{
	static const struct query_host host = {.ask = run_ask, .keyword = run_keyword, .done = run_done};
	struct imap_contexts *contexts = s->contexts;
	struct query_question question;

	if (contexts->at >= contexts->count) {
		buf_done(&contexts->touched);
		contexts->then(s);
		return;
	}
	buf_init(&contexts->added, IMAP_CONTEXT_RANGES_MAX);
	buf_init(&contexts->removed, IMAP_CONTEXT_RANGES_MAX);
	question = (struct query_question){.account = s->selected->account,
	    .mailbox = s->selected->mailbox,
	    .owner = s->selected->owner_number,
	    .uids = buf_view(&contexts->touched),
	    .program = current(s)->program};
	if (query_run_new(&question, &host, s, &contexts->run))
		next(s, false);
	else
		query_run_start(contexts->run);
}

static void touch(struct imap_session *s, struct view touched, void (*then)(struct imap_session *s))
{
	struct imap_contexts *contexts = s->contexts;

	if (!contexts || contexts->count == 0 || touched.len == 0) {
		then(s);
		return;
	}
	contexts->then = then;
	contexts->at = 0;
	buf_init(&contexts->touched, IMAP_RANGES_MAX);
	if (buf_append(&contexts->touched, touched) != 0)
		lose(s);
	update_next(s);
}

static const struct imap_follower follower = {
    .gone = tell_gone, .touched = touch, .lost = lose, .release = release};

void imap_context_keep(
    struct imap_session *s, const struct imap_search *search, const struct imap_sorted *sorted)
{
	struct context *c = NULL;

	if (!(search->returns.options & IMAP_RETURN_UPDATE))
		return;
	if (!s->contexts) {
		s->contexts = mem_alloc(sizeof(*s->contexts));
		s->follower = &follower;
	}
	if (s->contexts->count < IMAP_CONTEXTS_MAX)
		c = make(s, search, sorted);
	if (c)
		s->contexts->list[s->contexts->count++] = c;
	else
		put_no_update(s, imap_tag(s));
}

/* ---- CANCELUPDATE: RFC 5267 section 4.3.5 ---- */

/* A tag without a context is no error: NOUPDATE may have been on its way. */
void imap_cancelupdate(struct imap_session *s, struct imap_in *in)
{
	struct view tags[IMAP_CONTEXTS_MAX];
	size_t count = 0, at;

	if (imap_in_space(in)) {
		do {
			if (count == IMAP_CONTEXTS_MAX)
				imap_in_wrong(in, "[LIMIT] there are not so many searches");
			else if (imap_in_string(in, &tags[count]))
				count++;
		} while (imap_in_take(in, ' '));
	}
	if (imap_wrong(s, in))
		return;
	for (size_t i = 0; i < count; i++)
		if (named(s->contexts, tags[i], &at))
			drop(s->contexts, at);
	imap_ok(s, NULL, "nothing of these searches is told any more");
}
