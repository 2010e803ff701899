#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "search/search_message.h"
#include "segments.h"

static void add(struct segment_builder *b, uint64_t emailid, const char *message, bool cut)
{
	struct search_terms t;
	struct buf list;
	search_terms_init(&t);
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	assert_int_equal(search_message(view_from_string(message), NULL, NULL, 0, &t), 0);
	assert_int_equal(search_terms_write(&t, &list), 0);
	assert_int_equal(segment_builder_add(b, emailid, buf_view(&list), cut), 0);
	search_terms_done(&t);
	buf_done(&list);
}

/* Ids of what is found: "3 5 | 7" is what is sure and what may be. */
static void finds(struct memory_segment *s, struct search_query query, const char *expected)
{
	struct segment_found found;
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(segment_find(&s->head, &s->source, &query, &found), 0);
	for (uint32_t i = 0; i < found.messages; i++)
		if (segment_bit(found.sure, i))
			buf_printf(&out, "%llu ", (unsigned long long)found.emailids[i]);
	buf_append_byte(&out, '|');
	for (uint32_t i = 0; i < found.messages; i++)
		if (segment_bit(found.maybe, i))
			buf_printf(&out, " %llu", (unsigned long long)found.emailids[i]);
	assert_string_equal(buf_string(&out), expected);
	segment_found_done(&found);
	buf_done(&out);
}

#define SUBSTRING(section, what)                                                                             \
	(struct search_query)                                                                                \
	{                                                                                                    \
		.sections = 1 << section, .text = VIEW(what)                                                 \
	}
#define WORDS(section, what)                                                                                 \
	(struct search_query)                                                                                \
	{                                                                                                    \
		.sections = 1 << section, .how = SEARCH_WORDS, .text = VIEW(what)                            \
	}
#define PREFIX(section, what)                                                                                \
	(struct search_query)                                                                                \
	{                                                                                                    \
		.sections = 1 << section, .how = SEARCH_PREFIX, .text = VIEW(what)                           \
	}

static void make_some(struct memory_segment *s)
{
	struct segment_builder *b = segment_builder_new();
	add(b, 3, "Subject: Caf\xc3\xa9 plans\nFrom: bob@example.test\n\nthe quick brown fox\n", false);
	add(b, 5, "Subject: other plans\nFrom: carol@example.test\n\nquickly, brown bear\n", false);
	add(b, 900,
	    "Subject: \xe4\xbc\x9a\xe8\xad\xb0\xe3\x81\xae\xe4\xbb\xb6\nFrom: bob@example.test\n\nbrown the "
	    "quick\n",
	    false);
	add(b, 901, "Subject: partly read\n\n", true);
	memory_segment_finish(s, b);
}

static void finds_fragments_words_and_values(void **state)
{
	struct memory_segment s;
	(void)state;
	make_some(&s);
	finds(&s, SUBSTRING(SEARCH_BODY, "QUICK"), "3 5 900 | 901");
	finds(&s, SUBSTRING(SEARCH_BODY, "UICKL"), "5 | 901");
	finds(&s, SUBSTRING(SEARCH_BODY, "ABSENT"), "| 901");
	finds(&s, SUBSTRING(SEARCH_BODY, "QUICK BROWN"), "| 3 900 901");
	finds(&s, SUBSTRING(SEARCH_BODY, "BROWN BE"), "| 5 901");
	finds(&s, SUBSTRING(SEARCH_BODY, "  "), "| 3 5 900 901");
	finds(&s, SUBSTRING(SEARCH_SUBJECT, "ER PLANS"), "5 | 901");
	finds(&s, SUBSTRING(SEARCH_SUBJECT, "\xe8\xad\xb0\xe3\x81\xae\xe4\xbb\xb6"), "900 | 901");
	finds(&s, SUBSTRING(SEARCH_FROM, "BOB@EXAMPLE"), "3 900 | 901");
	finds(&s, SUBSTRING(SEARCH_HEADER, "FROM: BOB"), "| 3 900 901");
	finds(&s, WORDS(SEARCH_BODY, "QUICK BROWN"), "3 900 | 901");
	finds(&s, WORDS(SEARCH_BODY, "QUIC"), "| 901");
	finds(&s, PREFIX(SEARCH_BODY, "BROWN QUIC"), "3 5 900 | 901");
	finds(&s, WORDS(SEARCH_SUBJECT, "CAFE"), "3 | 901");
	finds(&s, PREFIX(SEARCH_SUBJECT, "PLAN"), "3 5 | 901");
	finds(&s, PREFIX(SEARCH_FROM, "EXAM"), "3 5 900 | 901");
	finds(&s, WORDS(SEARCH_SUBJECT, "\xe4\xbb\xb6"), "900 | 901");
	struct search_query both = {.sections = 1 << SEARCH_SUBJECT | 1 << SEARCH_BODY,
	    .how = SEARCH_WORDS,
	    .text = VIEW("PLANS BEAR")};
	finds(&s, both, "5 | 901");
	both.propose = true;
	finds(&s, both, "| 5 901");
	memory_segment_done(&s);
}

static void keeps_its_head(void **state)
{
	struct memory_segment s;
	struct segment_head read;
	struct buf head;
	(void)state;
	make_some(&s);
	buf_init(&head, SEGMENT_HEAD_MAX);
	assert_int_equal(segment_head_encode(&s.head, &head), 0);
	assert_int_equal(segment_head_decode(buf_view(&head), &read), 0);
	assert_memory_equal(&read, &s.head, sizeof read);
	for (size_t len = 0; len < head.len; len++)
		assert_int_equal(segment_head_decode(view_take(buf_view(&head), len), &read), -EBADMSG);
	buf_done(&head);
	memory_segment_done(&s);
}

static bool keep_odd(void *arg, uint64_t emailid)
{
	(void)arg;
	return emailid % 2 == 1;
}

/* Three of them whose ids are mixed, and terms in one, some or all. */
static void merges(void **state)
{
	struct memory_segment s[3], merged;
	struct segment_input inputs[3];
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct segment_builder *b = segment_builder_new();
		for (unsigned k = 0; k < 50; k++) {
			char text[200];
			snprintf(text, sizeof text, "Subject: number %u\n\ncommon in%u only%u x%u\n", k, i,
			    i * 50 + k, k % 7);
			add(b, 1 + i + 3 * k, text, k == 4);
		}
		memory_segment_finish(&s[i], b);
		inputs[i] = (struct segment_input){s[i].head, s[i].source};
	}
	struct segment_sink sink = memory_segment_begin(&merged);
	assert_int_equal(segment_merge(inputs, 3, keep_odd, NULL, &sink, &merged.head), 0);
	assert_int_equal(merged.head.messages, 75);
	assert_int_equal(merged.head.first_email, 1);
	assert_int_equal(merged.head.last_email, 149);
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		assert_int_equal(
		    buf_view(&merged.parts[i]).len, segment_length(&merged.head, (enum segment_part)i));
	finds(&merged, SUBSTRING(SEARCH_BODY, "ONLY57"), "23 | 13 15");
	finds(&merged, SUBSTRING(SEARCH_BODY, "ONLY58"), "| 13 15"); /* 26: left out */
	finds(&merged, SUBSTRING(SEARCH_BODY, "ONLY0"), "1 | 13 15");
	finds(&merged, SUBSTRING(SEARCH_SUBJECT, "NUMBER 1"),
	    "5 31 33 35 37 39 41 43 45 47 49 51 53 55 57 59 | 13 15");
	struct segment_found found;
	struct search_query all = SUBSTRING(SEARCH_BODY, "COMMON");
	assert_int_equal(segment_find(&merged.head, &merged.source, &all, &found), 0);
	for (uint32_t i = 0; i < 75; i++)
		assert_true(segment_bit(found.sure, i));
	segment_found_done(&found);
	for (unsigned i = 0; i < 3; i++)
		memory_segment_done(&s[i]);
	memory_segment_done(&merged);
}

static bool keep_none(void *arg, uint64_t emailid)
{
	(void)arg;
	(void)emailid;
	return false;
}

static void merges_to_nothing(void **state)
{
	struct memory_segment s, merged;
	(void)state;
	make_some(&s);
	struct segment_input input = {s.head, s.source};
	struct segment_sink sink = memory_segment_begin(&merged);
	assert_int_equal(segment_merge(&input, 1, keep_none, NULL, &sink, &merged.head), 0);
	assert_int_equal(merged.head.messages, 0);
	assert_int_equal(buf_view(&merged.parts[0]).len, 0);
	memory_segment_done(&s);
	memory_segment_done(&merged);
}

/* Whatever a disk gives back: an error, or an answer, and never a wild read. */
static void bears_damage(void **state)
{
	struct memory_segment s;
	struct search_query query = SUBSTRING(SEARCH_BODY, "O");
	(void)state;
	make_some(&s);
	srand(3);
	for (unsigned round = 0; round < 3000; round++) {
		struct segment_found found;
		size_t part = (size_t)rand() % SEGMENT_PARTS,
		       at = (size_t)rand() % buf_view(&s.parts[part]).len;
		char *octet = s.parts[part].data + s.parts[part].start + at, before = *octet;
		*octet = (char)rand();
		query.sections = 1u << rand() % SEARCH_SECTIONS;
		query.how = (enum search_how)(rand() % 3);
		if (segment_find(&s.head, &s.source, &query, &found) == 0)
			segment_found_done(&found);
		*octet = before;
	}
	for (size_t fail = 1; fail < 8; fail++) {
		struct segment_found found;
		s.reads = 0;
		s.fail_at = fail;
		query = SUBSTRING(SEARCH_BODY, "O");
		int error = segment_find(&s.head, &s.source, &query, &found);
		assert_true(error == -EIO || (error == 0 && s.reads < fail));
		if (error == 0)
			segment_found_done(&found);
	}
	memory_segment_done(&s);
}

static void survives_lack_of_memory(void **state)
{
	struct memory_segment s;
	struct search_query query = SUBSTRING(SEARCH_BODY, "QUICK BROWN");
	(void)state;
	make_some(&s);
	for (unsigned n = 1; n < 40; n++) {
		struct segment_found found;
		mem_fail_after(n);
		int error = segment_find(&s.head, &s.source, &query, &found);
		bool pending = mem_fault_pending();
		mem_fail_after(0);
		assert_true(error == -ENOMEM || pending);
		if (error == 0)
			segment_found_done(&found);
	}
	memory_segment_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_fragments_words_and_values),
	    cmocka_unit_test(keeps_its_head),
	    cmocka_unit_test(merges),
	    cmocka_unit_test(merges_to_nothing),
	    cmocka_unit_test(bears_damage),
	    cmocka_unit_test(survives_lack_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
