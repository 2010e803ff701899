/* See trace_subject.h. */
#include "trace/trace_subject.h"

#include <string.h>

#include "format/encoded_word.h"
#include "format/fold.h"
#include "format/words.h"

enum { TEXT_MAX = 4096 /* of a subject that is looked at */, NUMBER_LEN = 8 };

/* FNV-1a: the same in every process and for ever, since it stands in files. */
static uint32_t number_of(struct view word)
{
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < word.len; i++)
		hash = (hash ^ (unsigned char)word.data[i]) * 16777619U;
	return hash;
}

void trace_subject_words(struct view subject, struct buf *out)
{
	struct buf text, folded;
	struct view word;
	size_t count = 0;
	buf_init(&text, TEXT_MAX);
	buf_init(&folded, 18 * TEXT_MAX);
	encoded_word_decode(view_take(subject, TEXT_MAX / 4), &text);
	fold_casemap(buf_view(&text), &folded);
	for (struct words w = words_of(buf_view(&folded));
	     count < TRACE_SUBJECT_WORDS && words_next(&w, &word); count++)
		buf_printf(out, "%s%08x-", count ? "" : "-", number_of(word));
	buf_done(&text);
	buf_done(&folded);
}

bool trace_subject_fits(struct view words, struct view wanted)
{
	/* Each number with the "-" before and behind it. */
	for (; wanted.len > NUMBER_LEN + 1; wanted = view_skip(wanted, NUMBER_LEN + 1))
		if (memmem(words.data, words.len, wanted.data, NUMBER_LEN + 2) == NULL)
			return false;
	return true;
}
