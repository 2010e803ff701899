/*
 * What an index costs, and what it answers how fast:
 *   search_bench [MESSAGES]
 * Messages of 4 KB, of words as frequent as in texts, are taken apart and indexed in memory, 1,000 to a
 * segment; the segments are merged as a server merges them, eight to one. Then the time of each step, octets
 * of index for each octet of mail, and the time of searches: medians of nine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/fold.h"
#include "search/search_message.h"
#include "search/segment.h"

enum { WORDS = 60000, BODY = 4096, ROUNDS = 9, FACTOR = 8, SEGMENTS_MAX = 2000 };

struct kept {
	struct segment_head head;
	struct buf parts[SEGMENT_PARTS];
};

static char words[WORDS][16];
static struct kept *segments[SEGMENTS_MAX];
static size_t segment_count;
static uint64_t mail_octets;

static int read_kept(void *arg, enum segment_part part, uint64_t offset, size_t len, char *out)
{
	const struct kept *k = arg;
	memcpy(out, buf_view(&k->parts[part]).data + offset, len);
	return 0;
}

static int write_kept(void *arg, enum segment_part part, struct view bytes)
{
	struct kept *k = arg;
	return buf_append(&k->parts[part], bytes);
}

static struct kept *new_kept(struct segment_sink *sink)
{
	struct kept *k = calloc(1, sizeof *k);
	if (k == NULL)
		abort();
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_init(&k->parts[i], (size_t)1 << 31);
	*sink = (struct segment_sink){.write = write_kept, .arg = k};
	return k;
}

static void check(int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "search_bench: %s\n", strerror(-error));
	exit(1);
}

static const char *any_word(void)
{
	return words[rand() % WORDS];
}

/* A few words are most of a text. */
static const char *frequent_word(void)
{
	double u = rand() / (double)RAND_MAX;
	return words[(size_t)((WORDS - 1) * u * u * u)];
}

static void make_words(void)
{
	for (size_t i = 0; i < WORDS; i++)
		for (int k = 0, len = 2 + rand() % 9; k < len; k++)
			words[i][k] = (char)('a' + rand() % 26);
}

static void make_message(struct buf *m, unsigned number)
{
	buf_clear(m);
	buf_printf(m,
	    "Received: from host%d.example.test by mx.example.net id %x%x\r\nMessage-ID: "
	    "<%x.%x@example.test>\r\n"
	    "Subject: %s %s %s number %u\r\nFrom: User %d <user%d@example.test>\r\nTo: "
	    "bob@example.net\r\n\r\n",
	    rand() % 50, (unsigned)rand(), (unsigned)rand(), (unsigned)rand(), (unsigned)rand(), any_word(),
	    any_word(), any_word(), number, rand() % 500, rand() % 500);
	while (m->len < BODY) {
		buf_append_string(m, frequent_word());
		buf_append_byte(m, rand() % 12 ? ' ' : '\n');
	}
}

static double seconds_since(int64_t start)
{
	return (double)(clock_monotonic_us() - start) / 1e6;
}

/* ---- the index ---- */

static void build(unsigned messages)
{
	struct search_terms terms;
	struct buf message, list;
	struct segment_sink sink;
	double reading = 0, building = 0;
	search_terms_init(&terms);
	buf_init(&message, 1 << 20);
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	for (unsigned first = 0; first < messages; first += SEGMENT_BUILD_MESSAGES) {
		struct segment_builder *b = segment_builder_new();
		for (unsigned i = first; i < messages && i < first + SEGMENT_BUILD_MESSAGES; i++) {
			make_message(&message, i);
			mail_octets += message.len;
			int64_t start = clock_monotonic_us();
			search_terms_clear(&terms);
			buf_clear(&list);
			check(search_message(buf_view(&message), NULL, NULL, 0, &terms));
			check(search_terms_write(&terms, &list));
			reading += seconds_since(start);
			start = clock_monotonic_us();
			check(segment_builder_add(b, i + 1, buf_view(&list), terms.cut));
			building += seconds_since(start);
		}
		int64_t start = clock_monotonic_us();
		struct kept *k = new_kept(&sink);
		check(segment_builder_finish(b, &sink, &k->head));
		segment_builder_free(b);
		segments[segment_count++] = k;
		building += seconds_since(start);
	}
	printf("%u messages: %.0f us each to read, %.0f us to build segments\n", messages,
	    reading / messages * 1e6, building / messages * 1e6);
	search_terms_done(&terms);
	buf_done(&message);
	buf_done(&list);
}

static struct kept *merge_some(struct kept **some, size_t count)
{
	struct segment_input inputs[FACTOR];
	struct segment_sink sink;
	struct kept *k = new_kept(&sink);
	for (size_t i = 0; i < count; i++)
		inputs[i] = (struct segment_input){some[i]->head, {.read = read_kept, .arg = some[i]}};
	check(segment_merge(inputs, count, NULL, NULL, &sink, &k->head));
	for (size_t i = 0; i < count; i++) {
		for (size_t p = 0; p < SEGMENT_PARTS; p++)
			buf_done(&some[i]->parts[p]);
		free(some[i]);
	}
	return k;
}

static void merge_all(unsigned messages)
{
	int64_t start = clock_monotonic_us();
	uint64_t octets = 0;
	while (segment_count >= FACTOR) {
		size_t kept = 0;
		for (size_t i = 0; i < segment_count; i += FACTOR) {
			size_t n = segment_count - i < FACTOR ? segment_count - i : FACTOR;
			segments[kept++] = n == 1 ? segments[i] : merge_some(segments + i, n);
		}
		segment_count = kept;
	}
	for (size_t i = 0; i < segment_count; i++)
		octets += segments[i]->parts[0].len + segments[i]->parts[1].len;
	printf("merged to %zu: %.0f us a message; %.3f octets of index for each of mail\n", segment_count,
	    seconds_since(start) / messages * 1e6, (double)octets / (double)mail_octets);
}

/* ---- searches ---- */

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static void search(const char *name, unsigned sections, enum search_how how, const char *text)
{
	double times[ROUNDS];
	unsigned sure = 0, maybe = 0;
	struct buf folded;
	buf_init(&folded, 1000);
	fold_casemap(view_from_string(text), &folded);
	struct search_query query = {.sections = sections, .how = how, .text = buf_view(&folded)};
	for (size_t round = 0; round < ROUNDS; round++) {
		int64_t start = clock_monotonic_us();
		sure = maybe = 0;
		for (size_t i = 0; i < segment_count; i++) {
			struct segment_source source = {.read = read_kept, .arg = segments[i]};
			struct segment_found found;
			check(segment_find(&segments[i]->head, &source, &query, &found));
			for (uint32_t n = 0; n < found.messages; n++) {
				sure += segment_bit(found.sure, n);
				maybe += segment_bit(found.maybe, n);
			}
			segment_found_done(&found);
		}
		times[round] = seconds_since(start) * 1e3;
	}
	qsort(times, ROUNDS, sizeof *times, compare_doubles);
	printf("%-22s %7.2f ms: %u sure, %u maybe\n", name, times[ROUNDS / 2], sure, maybe);
	buf_done(&folded);
}

int main(int argc, char **argv)
{
	unsigned messages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	unsigned text = 1 << SEARCH_HEADER | 1 << SEARCH_BODY | 1 << SEARCH_ATTACHMENT;
	if (messages == 0 || messages > SEGMENTS_MAX * SEGMENT_BUILD_MESSAGES) {
		fprintf(stderr, "usage: search_bench [MESSAGES]\n");
		return 64;
	}
	srand(1);
	make_words();
	build(messages);
	merge_all(messages);
	search("SUBJECT, a fragment", 1 << SEARCH_SUBJECT, SEARCH_SUBSTRING, "axe");
	search("SUBJECT, a phrase", 1 << SEARCH_SUBJECT, SEARCH_SUBSTRING, "number 777");
	search("FROM, an address", 1 << SEARCH_FROM, SEARCH_SUBSTRING, "user77@ex");
	search("TEXT, a rare word", text, SEARCH_SUBSTRING, words[WORDS - 1]);
	search("TEXT, a fragment", text, SEARCH_SUBSTRING, "axe");
	search("TEXT, a phrase", text, SEARCH_SUBSTRING, "to be");
	search("words, the last begun", text, SEARCH_PREFIX, "user77 num");
	search("TEXT, a word begun", text, SEARCH_PREFIX, words[WORDS - 1]);
	search("SUBJECT, a word begun", 1 << SEARCH_SUBJECT, SEARCH_PREFIX, words[WORDS - 1]);
	search("SUBJECT, two words", 1 << SEARCH_SUBJECT, SEARCH_PREFIX, "number 77");
	return 0;
}
