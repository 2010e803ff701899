#include "../unit.h"

#include "segments.h"

#include <errno.h>
#include <string.h>

static int read_memory(void *arg, enum segment_part part, uint64_t offset, size_t len, char *out)
{
	struct memory_segment *s = arg;
	struct view all = buf_view(&s->parts[part]);
	assert_true(offset <= all.len && len <= all.len - offset);
	if (++s->reads == s->fail_at)
		return -EIO;
	if (len > 0)
		memcpy(out, all.data + offset, len);
	return 0;
}

static int write_memory(void *arg, enum segment_part part, struct view bytes)
{
	struct memory_segment *s = arg;
	return buf_append(&s->parts[part], bytes);
}

struct segment_sink memory_segment_begin(struct memory_segment *s)
{
	*s = (struct memory_segment){.reads = 0};
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_init(&s->parts[i], 1 << 30);
	s->source = (struct segment_source){.read = read_memory, .arg = s};
	return (struct segment_sink){.write = write_memory, .arg = s};
}

void memory_segment_done(struct memory_segment *s)
{
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_done(&s->parts[i]);
}

void memory_segment_finish(struct memory_segment *s, struct segment_builder *b)
{
	struct segment_sink sink = memory_segment_begin(s);
	assert_int_equal(segment_builder_finish(b, &sink, &s->head), 0);
	segment_builder_free(b);
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		assert_int_equal(buf_view(&s->parts[i]).len, segment_length(&s->head, (enum segment_part)i));
}
