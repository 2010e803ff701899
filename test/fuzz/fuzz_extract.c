/*
 * The text of attachments. The input's first line is the media type; what is told must keep the promises of
 * extract.h: whole characters of valid UTF-8, no control characters, nothing after the caller had enough.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "extract/extract.h"

struct heard {
	uint64_t len;
	unsigned pieces, stop_after;
};

static bool hear(void *arg, struct view utf8)
{
	struct heard *h = arg;
	check(utf8.len > 0 && utf8.len <= EXTRACT_PIECE_MAX && utf8_valid(utf8));
	for (size_t i = 0; i < utf8.len; i++)
		check((unsigned char)utf8.data[i] >= ' ' || utf8.data[i] == '\t' || utf8.data[i] == '\n');
	check(h->stop_after == 0 || h->pieces < h->stop_after);
	h->len += utf8.len;
	return ++h->pieces != h->stop_after;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size), type;
	struct extract_file file = {.name = VIEW("")};
	if (!view_next(&bytes, '\n', &type))
		return 0;
	file.type = type;
	file.bytes = bytes;
	struct heard all = {0}, first = {.stop_after = 1};
	enum extract_verdict verdict = extract_text(&file, hear, &all);
	check(verdict != EXTRACT_STOPPED && verdict != EXTRACT_NO_MEMORY && all.len <= EXTRACT_TEXT_MAX);
	check((verdict != EXTRACT_NO_FORMAT && verdict != EXTRACT_UNREADABLE) || all.len == 0);
	verdict = extract_text(&file, hear, &first);
	check(all.pieces > 0 ? verdict == EXTRACT_STOPPED && first.pieces == 1 : first.pieces == 0);
	return 0;
}
