/*
 * Segments of the search index as a disk, or a broken content role, would give them. The first byte chooses:
 * a list of terms is read, and a segment built of it finds each of them; or head and parts are read as they
 * are.
 */
#include "fuzz.h"

#include <string.h>

#include "format/words.h"
#include "search/segment_private.h"

struct octets {
	struct buf parts[SEGMENT_PARTS];
};

static int read_octets(void *arg, enum segment_part part, uint64_t offset, size_t len, char *out)
{
	struct octets *o = arg;
	struct view all = buf_view(&o->parts[part]);
	check(offset <= all.len && len <= all.len - offset);
	if (len > 0)
		memcpy(out, all.data + offset, len);
	return 0;
}

static int write_octets(void *arg, enum segment_part part, struct view bytes)
{
	struct octets *o = arg;
	return buf_append(&o->parts[part], bytes);
}

static void find(const struct segment_head *head, struct octets *o, unsigned sections, enum search_how how,
    struct view text, bool must)
{
	struct segment_source source = {.read = read_octets, .arg = o};
	struct search_query query = {.sections = sections, .how = how, .text = text};
	struct segment_found found;
	int error = segment_find(head, &source, &query, &found);
	check(!must || (error == 0 && (segment_bit(found.sure, 0) || segment_bit(found.maybe, 0))));
	if (error == 0)
		segment_found_done(&found);
}

static void from_list(struct octets *o, struct view list)
{
	struct segment_builder *b = segment_builder_new();
	struct segment_sink sink = {.write = write_octets, .arg = o};
	struct search_terms_reader r;
	struct segment_head head;
	enum search_section section;
	struct view term;
	if (segment_builder_add(b, 7, list, false) == 0) {
		check(segment_builder_finish(b, &sink, &head) == 0);
		search_terms_read(&r, list);
		while (search_terms_next(&r, &section, &term))
			if (term.len <= SEARCH_VALUE_FRAGMENT)
				find(&head, o, 1u << section, SEARCH_SUBSTRING, term,
				    search_section_has_values(section) ||
				        words_fragment(term) == WORDS_WITHIN);
	}
	segment_builder_free(b);
}

static void from_octets(struct octets *o, struct view in)
{
	struct segment_head head;
	size_t head_len = in.len > 0 ? (unsigned char)in.data[0] : 0;
	in = view_skip(in, 1);
	if (segment_head_decode(view_take(in, head_len), &head) != 0)
		return;
	in = view_skip(in, head_len);
	for (size_t i = 0; i < SEGMENT_PARTS; i++) {
		uint64_t len = segment_length(&head, (enum segment_part)i);
		if (len > in.len)
			return;
		buf_append(&o->parts[i], view_take(in, (size_t)len));
		in = view_skip(in, (size_t)len);
	}
	find(&head, o, 0xff, SEARCH_SUBSTRING, VIEW("A"), false);
	find(&head, o, 0xff, SEARCH_PREFIX, VIEW("A B"), false);
	find(&head, o, 0xff, SEARCH_SUBSTRING, VIEW("A B"), false);
	struct octets merged = {0};
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_init(&merged.parts[i], 1 << 20);
	struct segment_input input = {.head = head, .source = {.read = read_octets, .arg = o}};
	struct segment_sink sink = {.write = write_octets, .arg = &merged};
	struct segment_head after;
	/* What is read without complaint is written in a form that is read alike. */
	if (segment_merge(&input, 1, NULL, NULL, &sink, &after) == 0)
		find(&after, &merged, 0xff, SEARCH_SUBSTRING, VIEW("A"), false);
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_done(&merged.parts[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct octets o = {0};
	if (size == 0)
		return 0;
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_init(&o.parts[i], 1 << 20);
	if (data[0] & 1)
		from_list(&o, view_of(data + 1, size - 1));
	else
		from_octets(&o, view_of(data + 1, size - 1));
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_done(&o.parts[i]);
	return 0;
}
