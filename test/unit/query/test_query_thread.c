#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/digest.h"
#include "mime/summary.h"
#include "query/query_thread.h"

/* A message in short: its identifier, those it refers to (nearest first), its subject, and its day. */
struct message {
	uint64_t id;
	uint64_t references[8]; /* up to the first 0 */
	const char *subject;
	int64_t day;
};

static void add(struct query_thread *t, uint32_t number, const struct message *m)
{
	struct message_summary summary = {0};
	struct mail_message message = {.internaldate = m->day * 86400};
	struct buf encoded, references;

	buf_init(&encoded, 10000);
	buf_init(&references, 1000);
	summary.envelope.subject = view_from_string(m->subject ? m->subject : "");
	assert_int_equal(message_summary_encode(&summary, &encoded), 0);
	message.order = message_summary_order(buf_view(&encoded));
	assert_int_equal(buf_append_u64(&references, m->id), 0);
	for (size_t i = 0; i < 8 && m->references[i]; i++)
		assert_int_equal(buf_append_u64(&references, m->references[i]), 0);
	message.references = buf_view(&references);
	assert_int_equal(query_thread_add(t, number, &message), 0);
	buf_done(&encoded);
	buf_done(&references);
}

/* The trees as THREAD shows them, but for dummies: "0". */
static void show(const struct query_node *nodes, uint32_t node, struct buf *out)
{
	assert_int_equal(buf_printf(out, "%u", nodes[node].number), 0);
	for (uint32_t child = nodes[node].child; child; child = nodes[child].next) {
		bool alone = nodes[nodes[node].child].next == 0;

		assert_int_equal(nodes[child].parent, node);
		assert_int_equal(buf_append_string(out, alone ? " " : "("), 0);
		show(nodes, child, out);
		if (!alone)
			assert_int_equal(buf_append_string(out, ")"), 0);
	}
}

static void check(enum query_thread_by by, const struct message *messages, size_t count, const char *expected)
{
	struct query_thread *t = query_thread_new(by);
	const struct query_node *nodes;
	struct buf out;

	buf_init(&out, 100000);
	for (size_t i = 0; i < count; i++)
		add(t, (uint32_t)i + 1, &messages[i]);
	assert_int_equal(query_thread_end(t, &nodes), 0);
	for (uint32_t root = nodes[0].child; root; root = nodes[root].next) {
		assert_int_equal(buf_append_string(&out, "("), 0);
		show(nodes, root, &out);
		assert_int_equal(buf_append_string(&out, ")"), 0);
	}
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
	query_thread_free(t);
}

#define THREADS(by, expected, ...)                                                                           \
	do {                                                                                                 \
		const struct message messages[] = {__VA_ARGS__};                                             \
		check(by, messages, sizeof(messages) / sizeof(messages[0]), expected);                       \
	} while (0)

static void ordered_subject(void **state)
{
	(void)state;
	check(QUERY_THREAD_ORDEREDSUBJECT, NULL, 0, "");
	THREADS(QUERY_THREAD_ORDEREDSUBJECT, "(5)(1(3)(4))(2)", {1, {0}, "apples", 3}, {2, {0}, "pears", 9},
	    {3, {0}, "Re: apples", 4}, {4, {0}, "[x] Apples (fwd)", 5}, {5, {0}, "plums", 1});
	THREADS(QUERY_THREAD_ORDEREDSUBJECT, "(2 1)", {1, {0}, "", 3}, {2, {0}, "", 1});
}

static void references(void **state)
{
	(void)state;
	check(QUERY_THREAD_REFERENCES, NULL, 0, "");
	check(QUERY_THREAD_REFS, NULL, 0, "");
	/* A chain, a fork, and a message by itself. */
	THREADS(QUERY_THREAD_REFERENCES, "(1 2(3)(4 5))(6)", {1, {0}, "a", 1}, {2, {1}, "b", 2},
	    {3, {2, 1}, "c", 3}, {4, {2, 1}, "d", 4}, {5, {4, 2, 1}, "e", 5}, {6, {0}, "f", 6});
	/* The answer before what it answers. */
	THREADS(QUERY_THREAD_REFERENCES, "(2 1)", {2, {1}, "b", 9}, {1, {0}, "a", 1});
	/* Without an identifier, or with another one's. */
	THREADS(QUERY_THREAD_REFERENCES, "(1 3)(2)(4)", {1, {0}, "a", 1}, {1, {0}, "b", 2}, {3, {1}, "c", 3},
	    {0, {0}, "d", 4});
}

static void messages_that_are_not_here(void **state)
{
	(void)state;
	/* One answer to a message that is gone takes its place. */
	THREADS(QUERY_THREAD_REFERENCES, "(1)", {2, {1}, "b", 1});
	THREADS(QUERY_THREAD_REFERENCES, "(1 2)", {3, {2, 1}, "b", 1}, {4, {3, 2, 1}, "b", 1});
	/* Two answers keep it as a dummy. */
	THREADS(QUERY_THREAD_REFERENCES, "(0(1)(2))", {2, {1}, "b", 1}, {3, {1}, "c", 2});
	/* A dummy within a thread: its children go up to its parent. */
	THREADS(
	    QUERY_THREAD_REFERENCES, "(1(2)(3))", {1, {0}, "a", 1}, {3, {2, 1}, "b", 2}, {4, {2, 1}, "c", 3});
	/* A dummy goes by its earliest child. */
	THREADS(
	    QUERY_THREAD_REFERENCES, "(0(3)(2))(1)", {7, {0}, "x", 5}, {2, {1}, "b", 9}, {3, {1}, "c", 4});
}

static void loops(void **state)
{
	(void)state;
	THREADS(QUERY_THREAD_REFERENCES, "(2 1)", {1, {2}, "a", 1}, {2, {1}, "b", 2});
	THREADS(QUERY_THREAD_REFERENCES, "(1)", {1, {1}, "a", 1});
	THREADS(QUERY_THREAD_REFERENCES, "(3 2 1)", {1, {2, 3}, "a", 1}, {2, {3, 1}, "b", 2},
	    {3, {1, 2}, "c", 3});
	/* The last one's own link would close a circle, and it has no other. */
	THREADS(QUERY_THREAD_REFERENCES, "(3 2)(1)", {1, {0}, "a", 3}, {2, {3, 1}, "b", 1}, {3, {2}, "c", 2});
}

static void a_message_s_own_references_count_more(void **state)
{
	(void)state;
	/* 3 was put below 1 by a shortened list; its own says 2. */
	THREADS(QUERY_THREAD_REFERENCES, "(1 2 3 4)", {1, {0}, "a", 1}, {2, {1}, "b", 2}, {3, {2, 1}, "c", 3},
	    {4, {3, 1}, "d", 4});
	THREADS(QUERY_THREAD_REFERENCES, "(4 2 3 1)", {4, {3, 1}, "d", 4}, {2, {1}, "b", 2},
	    {3, {2, 1}, "c", 3}, {1, {0}, "a", 1});
	/* Its own says that it begins a thread. */
	THREADS(QUERY_THREAD_REFERENCES, "(2 1)(3)", {3, {2, 1}, "c", 3}, {2, {0}, "b", 2}, {1, {0}, "a", 9});
}

static void subjects_join_threads(void **state)
{
	(void)state;
	/* An answer without references goes below what it answers. */
	THREADS(QUERY_THREAD_REFERENCES, "(1 2)", {1, {0}, "a", 1}, {2, {0}, "Re: a", 2});
	THREADS(QUERY_THREAD_REFERENCES, "(2 1)", {1, {0}, "Re: a", 1}, {2, {0}, "a", 2});
	/* Two that are none, or both: a dummy over them. */
	THREADS(QUERY_THREAD_REFERENCES, "(0(1)(2))", {1, {0}, "a", 1}, {2, {0}, "a", 2});
	THREADS(QUERY_THREAD_REFERENCES, "(0(1)(2)(3))", {1, {0}, "Re: a", 1}, {2, {0}, "Re: a", 2},
	    {3, {0}, "Re: a", 3});
	/* An empty subject joins nothing. */
	THREADS(QUERY_THREAD_REFERENCES, "(1)(2)", {1, {0}, "Re:", 1}, {2, {0}, "", 2});
	/* Two dummies become one. */
	THREADS(QUERY_THREAD_REFERENCES, "(0(1)(2)(3)(4))", {3, {1}, "a", 1}, {4, {1}, "a", 2},
	    {5, {2}, "a", 3}, {6, {2}, "a", 4});
	/* A message below a dummy with its subject. */
	THREADS(QUERY_THREAD_REFERENCES, "(0(1)(2)(3))", {3, {1}, "Re: a", 1}, {4, {1}, "Re: a", 2},
	    {5, {0}, "a", 3});
	/* REFS asks nothing of subjects. */
	THREADS(QUERY_THREAD_REFS, "(1)(2)", {1, {0}, "a", 1}, {2, {0}, "Re: a", 2});
}

static void refs_has_the_newest_thread_last(void **state)
{
	(void)state;
	THREADS(QUERY_THREAD_REFS, "(2)(1 3)", {1, {0}, "a", 1}, {2, {0}, "b", 2}, {3, {1}, "c", 3});
	THREADS(QUERY_THREAD_REFERENCES, "(1 3)(2)", {1, {0}, "a", 1}, {2, {0}, "b", 2}, {3, {1}, "c", 3});
	THREADS(QUERY_THREAD_REFS, "(2)(0(1)(3))", {2, {1}, "a", 1}, {9, {0}, "b", 2}, {3, {1}, "c", 3});
}

/* Every message is in the trees exactly once, whatever the references say; and hostile ones cost no more than
 * others. */
static void any_references(void **state)
{
	enum { COUNT = 20000 };
	static bool seen[COUNT + 1];

	(void)state;
	srandom(11);
	for (int round = 0; round < 6; round++) {
		struct query_thread *t =
		    query_thread_new(round % 2 ? QUERY_THREAD_REFS : QUERY_THREAD_REFERENCES);
		const struct query_node *nodes;
		uint32_t count = round < 2 ? COUNT : 300, node, found = 0;

		for (uint32_t i = 1; i <= count; i++) {
			struct message m = {.subject = "a", .day = random() % 100};

			if (round < 2) { /* one chain, in a bad order */
				m.id = (uint64_t)i * 7919 % COUNT + 1;
				m.references[0] = m.id + 1;
			} else {
				m.id = (uint64_t)random() % 200;
				for (int n = 0; n < 4; n++)
					m.references[n] = (uint64_t)random() % 200 + 1;
			}
			add(t, i, &m);
		}
		assert_int_equal(query_thread_end(t, &nodes), 0);
		memset(seen, 0, sizeof(seen));
		for (node = nodes[0].child; node;) { /* without recursion: the chain is long */
			if (nodes[node].number) {
				assert_false(seen[nodes[node].number]);
				seen[nodes[node].number] = true;
				found++;
			}
			if (nodes[node].child) {
				node = nodes[node].child;
				continue;
			}
			while (node && !nodes[node].next)
				node = nodes[node].parent;
			node = nodes[node].next;
		}
		assert_int_equal(found, count);
		query_thread_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ordered_subject),
	    cmocka_unit_test(references),
	    cmocka_unit_test(messages_that_are_not_here),
	    cmocka_unit_test(loops),
	    cmocka_unit_test(a_message_s_own_references_count_more),
	    cmocka_unit_test(subjects_join_threads),
	    cmocka_unit_test(refs_has_the_newest_thread_last),
	    cmocka_unit_test(any_references),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
