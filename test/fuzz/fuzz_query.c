/*
 * Searches, sorts and threads over what store and strangers make up: base subjects, references that lead
 * anywhere, frames that are broken. Every message that was given is in the order, and in the threads, exactly
 * once.
 */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "mime/summary.h"
#include "query/query_run.h"
#include "query/query_sort.h"
#include "mime/base_subject.h"
#include "query/query_thread.h"

enum { MESSAGES_MAX = 64 };

/* A lone accent and a blank that joins words fold to a space; they come as encoded words too. */
static bool may_fold_to_space(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] >= 0x80 || text.data[i] == '=')
			return true;
	return false;
}

static void subjects(struct view text)
{
	struct buf out;
	bool is_answer;

	buf_init(&out, 1 << 20);
	if (base_subject_append(text, &out, &is_answer) == 0 && out.len > 0) {
		struct view base = buf_view(&out);

		check(may_fold_to_space(text) || (base.data[base.len - 1] != ' ' && base.data[0] != ' '));
	}
	buf_done(&out);
}

/* A message from the input: few identifiers, so that they meet; a date, and a subject of one letter. */
static bool take_message(
    struct cursor *in, struct mail_message *m, struct buf *summary, struct buf *references)
{
	struct message_summary s = {0};
	struct view subject = cursor_bytes(in, 1);
	unsigned count = cursor_u8(in) % 6;

	buf_clear(summary);
	buf_clear(references);
	m->internaldate = cursor_u8(in);
	buf_append_u64(references, cursor_u8(in) % 32);
	while (count-- > 0)
		buf_append_u64(references, cursor_u8(in) % 32 + 1);
	s.envelope.subject = subject;
	check(message_summary_encode(&s, summary) == 0);
	m->summary = buf_view(summary);
	m->order = message_summary_order(m->summary);
	m->references = buf_view(references);
	return cursor_ok(in);
}

static void orders(struct view input, enum query_thread_by by)
{
	const struct query_sort_by keys[] = {{QUERY_SORT_SUBJECT, true}, {QUERY_SORT_DATE, false}};
	struct query_thread *thread = query_thread_new(by);
	struct query_sort *sort = query_sort_new(keys, 2);
	struct cursor in = cursor_on(input);
	struct buf summary, references;
	const struct query_node *nodes;
	const uint32_t *numbers;
	size_t count = 0, sorted, found = 0;
	uint64_t seen = 0;

	buf_init(&summary, 10000);
	buf_init(&references, 1000);
	for (struct mail_message m = {0};
	     count < MESSAGES_MAX && take_message(&in, &m, &summary, &references); count++) {
		check(query_thread_add(thread, (uint32_t)count + 1, &m) == 0);
		check(query_sort_add(sort, (uint32_t)count, &m) == 0);
	}
	check(query_sort_end(sort, &numbers, &sorted) == 0 && sorted == count);
	for (size_t i = 0; i < sorted; i++)
		seen |= (uint64_t)1 << numbers[i];
	check((size_t)__builtin_popcountll(seen) == count);
	check(query_thread_end(thread, &nodes) == 0);
	seen = 0;
	for (uint32_t node = nodes[0].child; node;) {
		if (nodes[node].number) {
			seen |= (uint64_t)1 << (nodes[node].number - 1);
			found++;
		} else {
			check(nodes[node].child != 0); /* a dummy stands over something */
		}
		if (nodes[node].child) {
			check(nodes[nodes[node].child].parent == node);
			node = nodes[node].child;
			continue;
		}
		while (node && !nodes[node].next)
			node = nodes[node].parent;
		node = nodes[node].next;
	}
	check(found == count && (size_t)__builtin_popcountll(seen) == count);
	query_thread_free(thread);
	query_sort_free(sort);
	buf_done(&summary);
	buf_done(&references);
}

struct search {
	struct query_run *run;
	struct view frame;
	enum mail_type asked;
	bool done;
};

static void ask(void *arg, enum mail_type type, const void *question)
{
	((struct search *)arg)->asked = type;
	if (type == MAIL_FETCH)
		touch(((const struct mail_fetch *)question)->uids);
}

static bool keyword(void *arg, struct view name, uint32_t *number)
{
	(void)arg;
	*number = (uint32_t)name.len;
	return true;
}

static void done(void *arg, int64_t error)
{
	(void)error;
	((struct search *)arg)->done = true;
}

/* Frames that nobody should send: the search ends, with an error or without. */
static void frames(struct view frame)
{
	const struct query_host host = {.ask = ask, .keyword = keyword, .done = done};
	struct search s = {.frame = frame};
	struct arena arena;
	struct query *all, *text, *sent;
	struct query_question question = {
	    .uids = view_of("\0\0\0\1\0\0\0\100", 8), .modseq = QUERY_MODSEQ_ALL};

	arena_init(&arena, 10000);
	all = query_new(&arena, QUERY_OR);
	text = query_new(&arena, QUERY_TEXT);
	sent = query_new(&arena, QUERY_SENT);
	check(all && text && sent);
	text->text = VIEW("A");
	sent->until = INT64_MAX;
	query_add(all, text);
	query_add(all, sent);
	query_add(all, query_new(&arena, QUERY_KEYWORD));
	question.program = all;
	check(query_run_new(&question, &host, &s, &s.run) == 0);
	query_run_start(s.run);
	while (!s.done) {
		struct mail_done end = {0};

		if (s.asked == MAIL_FETCH)
			query_run_answer(s.run, MAIL_MESSAGES, &(struct mail_messages){.entries = frame});
		else if (s.asked == MAIL_FIND)
			query_run_answer(
			    s.run, MAIL_FOUND, &(struct mail_found){.sure = frame, .maybe = frame});
		else
			query_run_answer(s.run, MAIL_DATA, &(struct mail_data){.bytes = frame, .last = 1});
		query_run_answer(s.run, MAIL_DONE, &end);
	}
	check(query_set_count(query_run_found(s.run)) <= 64);
	query_run_free(s.run);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);

	if (size == 0)
		return 0;
	subjects(input);
	orders(view_skip(input, 1), (enum query_thread_by)(data[0] % 3));
	frames(view_skip(input, 1));
	return 0;
}
