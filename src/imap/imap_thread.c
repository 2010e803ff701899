/* THREAD and UID THREAD: RFC 5256 section 3. */
#include "imap/imap_commands.h"
#include "imap/imap_search.h"
#include "query/query_gather.h"
#include "query/query_thread.h"

struct threading {
	struct imap_search search; /* first: see imap_search_new */
	struct query_thread *thread;
	struct query_gather *gather;
};

static void release(void *data)
{
	struct threading *threading = data;

	query_gather_free(threading->gather);
	query_thread_free(threading->thread);
	imap_search_release(&threading->search);
}

static void put_message(struct imap_session *s, uint32_t number)
{
	imap_put_number(s, imap_by_uid(s) ? imap_view_uid(imap_selected(s)->view, number) : number);
}

/*
 * thread-members of RFC 5256 section 5: a message, a space, and its only child, or each of its children in
 * parentheses. A dummy shows nothing but its children. By pointers, not by recursion: a thread is as deep as
 * its writers like.
 */
static void put_threads(struct imap_session *s, const struct query_node *nodes)
{
	uint32_t node = nodes[0].child;

	while (node) {
		uint32_t child = nodes[node].child;

		if (nodes[node].parent == 0 || nodes[nodes[nodes[node].parent].child].next)
			imap_puts(s, "(");
		if (nodes[node].number)
			put_message(s, nodes[node].number);
		if (child) {
			if (nodes[node].number)
				imap_puts(s, " ");
			node = child;
			continue;
		}
		while (node && !nodes[node].next) { /* up, past those that are the last of their kind */
			uint32_t parent = nodes[node].parent;

			if (parent == 0 || nodes[nodes[parent].child].next)
				imap_puts(s, ")");
			node = parent;
		}
		if (node) {
			imap_puts(s, ")");
			node = nodes[node].next;
		}
	}
}

static void answer(struct imap_session *s)
{
	struct threading *threading = imap_data(s);
	const struct query_node *nodes;
	int r = query_thread_end(threading->thread, &nodes);

	if (r) {
		imap_no_error(s, r, "the threads");
		return;
	}
	size_t begun = imap_put_all(s);
	imap_puts(s, nodes[0].child ? "* THREAD " : "* THREAD");
	put_threads(s, nodes);
	if (imap_put_all_line(s, begun))
		imap_ok(s, NULL, "these are the threads");
}

static void answered(struct imap_session *s, enum mail_type type, const void *what)
{
	query_gather_answer(((struct threading *)imap_data(s))->gather, type, what);
}

static void ask(void *arg, enum mail_type type, const void *question)
{
	imap_ask(arg, type, question, answered);
}

static int take(void *arg, uint32_t place, const struct mail_message *message)
{
	return query_thread_add(((struct threading *)imap_data(arg))->thread, place + 1, message);
}

static void done(void *arg, int64_t error)
{
	if (error)
		imap_no_error(arg, error, "the threads");
	else
		answer(arg);
}

static void found(struct imap_session *s)
{
	struct threading *threading = imap_data(s);
	const struct imap_selected *selected = imap_selected(s);
	struct query_gathering gathering = {.account = selected->account,
	    .mailbox = selected->mailbox,
	    .want = query_thread_wants(threading->thread),
	    .places = query_run_places(threading->search.run),
	    .set = query_run_found(threading->search.run),
	    .ask = ask,
	    .take = take,
	    .done = done};

	threading->gather = query_gather_new(&gathering, s);
	query_gather_start(threading->gather);
}

static bool algorithm(struct imap_in *in, enum query_thread_by *by)
{
	if (imap_in_word(in, "ORDEREDSUBJECT"))
		*by = QUERY_THREAD_ORDEREDSUBJECT;
	else if (imap_in_word(in, "REFERENCES"))
		*by = QUERY_THREAD_REFERENCES;
	else if (imap_in_word(in, "REFS"))
		*by = QUERY_THREAD_REFS;
	else
		imap_in_wrong(in, "there is no such way to make threads");
	return !in->wrong;
}

void imap_thread(struct imap_session *s, struct imap_in *in)
{
	struct threading *threading = imap_search_new(s, sizeof(*threading), release);
	struct imap_program *program = &threading->search.program;
	enum query_thread_by by = QUERY_THREAD_REFERENCES;
	struct view charset;

	if (imap_in_space(in) && algorithm(in, &by) && imap_in_space(in) && imap_in_astring(in, &charset) &&
	    imap_in_space(in) && imap_search_charset(in, program, charset))
		imap_search_program(in, program);
	if (imap_search_wrong(s, in, program))
		return;
	if (program->modseq)
		imap_enable(s, IMAP_CONDSTORE);
	threading->thread = query_thread_new(by);
	threading->search.limit = IMAP_SEARCH_WHOLE;
	imap_search_run(s, &threading->search, found);
}
