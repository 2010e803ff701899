/*
 * Folding and words. The first byte says where the text is cut: its two parts folded apart are what it is
 * folded whole; and a part of it is found among its words as words.h promises.
 */
#include "fuzz.h"

#include <string.h>

#include "format/fold.h"
#include "format/words.h"

static bool contains(struct view text, struct view part)
{
	return part.len <= text.len &&
	       (part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL);
}

static bool meets(struct view word, const struct words_demand *d)
{
	switch (d->how) {
	case WORDS_CONTAINS:
		return contains(word, d->text);
	case WORDS_EQUALS:
		return view_equal(word, d->text);
	case WORDS_BEGINS_WITH:
		return view_starts(word, d->text);
	default:
		return word.len >= d->text.len &&
		       view_equal(view_skip(word, word.len - d->text.len), d->text);
	}
}

/* *broken: the text has a character that no fragment is promised for. */
static bool some_word_meets(struct view text, const struct words_demand *d, bool *broken)
{
	struct words w = words_of(text);
	struct view word;
	bool met = false;
	while (words_next(&w, &word)) {
		check(word.len > 0 && word.len <= WORD_OCTETS_MAX && word.data >= text.data &&
		      word.data + word.len <= text.data + text.len);
		met = met || meets(word, d);
	}
	*broken = w.broken;
	return met;
}

static void check_fragment(struct view text, struct view fragment)
{
	struct words_demand d = {WORDS_CONTAINS, fragment};
	struct view rest = fragment;
	bool broken = false, met;
	switch (words_fragment(fragment)) {
	case WORDS_WITHIN:
		met = some_word_meets(text, &d, &broken);
		check(broken || met == contains(text, fragment));
		break;
	case WORDS_ACROSS:
		while (words_demand_next(fragment, &rest, &d)) {
			check(d.text.len > 0 && d.text.len <= WORD_OCTETS_MAX);
			met = some_word_meets(text, &d, &broken);
			check(broken || met || !contains(text, fragment));
		}
		break;
	default:
		break;
	}
}

static size_t at_character(struct view text, size_t at)
{
	while (at > 0 && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80)
		at--;
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, parts, bare;
	if (size < 3)
		return 0;
	struct view text = view_of(data + 3, size - 3);
	size_t cut = at_character(text, text.len ? data[0] % (text.len + 1) : 0);
	buf_init(&whole, 20 * size + 64);
	buf_init(&parts, 20 * size + 64);
	buf_init(&bare, 40 * size + 64);
	fold_casemap(text, &whole);
	fold_casemap(view_take(text, cut), &parts);
	fold_casemap(view_skip(text, cut), &parts);
	/* A character that the cut has split is none. */
	if (cut == text.len || ((unsigned char)text.data[cut] & 0xc0) != 0x80)
		check(view_equal(buf_view(&whole), buf_view(&parts)));
	struct view folded = buf_view(&whole);
	check(fold_bare(folded, &bare) == 0);
	if (folded.len > 0) {
		size_t from = at_character(folded, data[1] % folded.len);
		size_t to = at_character(folded, from + data[2] % 80);
		check_fragment(folded, view_take(view_skip(folded, from), to > from ? to - from : 0));
	}
	buf_done(&whole);
	buf_done(&parts);
	buf_done(&bare);
	return 0;
}
