/* Segments in memory, for the tests of the search. */
#ifndef TEST_SEARCH_SEGMENTS_H
#define TEST_SEARCH_SEGMENTS_H

#include "search/segment.h"

struct memory_segment {
	struct segment_head head;
	struct buf parts[SEGMENT_PARTS];
	struct segment_source source;
	size_t reads, fail_at; /* the read of this number fails (0: none) */
};

/* Empty, to be written to by the sink. */
struct segment_sink memory_segment_begin(struct memory_segment *s);
void memory_segment_done(struct memory_segment *s);

/* The builder's segment; the builder is freed. */
void memory_segment_finish(struct memory_segment *s, struct segment_builder *b);

#endif
