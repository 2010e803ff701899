#include "format/words.h"

#include "base/utf8.h"
#include "format/fold.h"

enum {
	PIECE = 64, /* of a long run, moved on to where a character begins: at most WORD_MAX */
	STEP = 32,
	CHARACTER_MAX = WORD_MAX
};

/* The length of a character at the beginning, and its class. */
static size_t character(struct view text, enum fold_class *class)
{
	struct view rest = text;
	unsigned char first = (unsigned char)text.data[0];
	if (first < 0x80) {
		*class = ascii_is_alnum(text.data[0]) ? FOLD_WORD : FOLD_SEPARATOR;
		return 1;
	}
	*class = fold_class(utf8_next(&rest));
	return text.len - rest.len;
}

/* A run of letters, digits and marks at the beginning. */
static size_t word_run(struct view text)
{
	size_t n = 0;
	while (n < text.len) {
		enum fold_class class;
		size_t len = character(view_skip(text, n), &class);
		if (class != FOLD_WORD && class != FOLD_MARK)
			break;
		n += len;
	}
	return n;
}

/* A character of a script without spaces, with its marks; 0: there is none. */
static size_t ideograph(struct view text)
{
	enum fold_class class;
	if (text.len == 0)
		return 0;
	size_t n = character(text, &class);
	if (class != FOLD_IDEOGRAPHIC)
		return 0;
	while (n < text.len) {
		size_t len = character(view_skip(text, n), &class);
		if (class != FOLD_MARK)
			break;
		n += len;
	}
	return n;
}

static bool is_inside_character(struct view text, size_t at)
{
	return at > 0 && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

/* `at` moved to where a character begins; octets that are no UTF-8 stop it after three. */
static size_t back_to_character(struct view text, size_t at)
{
	for (size_t i = 0; i < 3 && is_inside_character(text, at); i++)
		at--;
	return at;
}

static size_t on_to_character(struct view text, size_t at)
{
	for (size_t i = 0; i < 3 && is_inside_character(text, at); i++)
		at++;
	return at;
}

/* The next piece of w->run. The last one ends where the run does, and is as long as the others. */
static struct view next_piece(struct words *w)
{
	struct view run = w->run;
	if (run.len <= WORD_MAX) {
		w->run = (struct view){0};
		return run;
	}
	bool last = run.len - STEP < PIECE;
	w->run = view_skip(run, last ? back_to_character(run, run.len - PIECE) : on_to_character(run, STEP));
	return view_take(run, on_to_character(run, PIECE));
}

static bool next_ideographic(struct words *w, struct view *word)
{
	size_t next = ideograph(w->text);
	struct view first = w->first;
	w->first = view_take(w->text, next);
	w->text = view_skip(w->text, next);
	w->ideographic = next > 0;
	if (next == 0 && !w->alone)
		return false;
	w->alone = false;
	if (first.len > CHARACTER_MAX || next > CHARACTER_MAX) {
		w->broken = true;
		return false;
	}
	*word = view_of(first.data, first.len + next);
	return true;
}

bool words_next(struct words *w, struct view *word)
{
	for (;;) {
		enum fold_class class;
		if (w->run.len > 0) {
			*word = next_piece(w);
			return true;
		}
		if (w->ideographic) {
			if (next_ideographic(w, word))
				return true;
			continue;
		}
		if (w->text.len == 0)
			return false;
		size_t len = character(w->text, &class);
		if (class == FOLD_IDEOGRAPHIC) {
			len = ideograph(w->text);
			w->first = view_take(w->text, len);
			w->ideographic = w->alone = true;
		} else if (class != FOLD_SEPARATOR) {
			len = word_run(w->text);
			w->run = view_take(w->text, len);
		}
		w->text = view_skip(w->text, len);
	}
}

/* ---- fragments ---- */

/* Separators and words of a fragment, one after the other. */
struct token {
	enum fold_class class; /* FOLD_MARK: of a word, or of what stood before the fragment */
	struct view text;
	size_t characters; /* of FOLD_IDEOGRAPHIC: a whole run of them */
};

static bool next_token(struct view *rest, struct token *t)
{
	if (rest->len == 0)
		return false;
	size_t len = character(*rest, &t->class), more;
	t->characters = 0;
	if (t->class == FOLD_IDEOGRAPHIC) {
		for (len = 0; (more = ideograph(view_skip(*rest, len))) > 0; len += more)
			t->characters++;
	} else if (t->class != FOLD_SEPARATOR) {
		len = word_run(*rest);
	}
	t->text = view_take(*rest, len);
	*rest = view_skip(*rest, len);
	return true;
}

enum words_fragment words_fragment(struct view folded)
{
	struct view rest = folded;
	struct token t;
	size_t words = 0;
	bool within = folded.len <= FRAGMENT_MAX;
	while (next_token(&rest, &t)) {
		/* Marks at the beginning may belong to a character before them, of any script. */
		within = within && t.class != FOLD_SEPARATOR && t.class != FOLD_MARK && t.characters <= 2;
		words += t.class == FOLD_WORD || t.class == FOLD_IDEOGRAPHIC;
	}
	if (words == 0)
		return WORDS_NONE;
	return within && words == 1 ? WORDS_WITHIN : WORDS_ACROSS;
}

/* A run that is cut off by the fragment's beginning or end, or both, is a part of the text's run. */
static enum words_demand_how how_of(struct view whole, struct view text)
{
	bool first = text.data == whole.data, last = text.data + text.len == whole.data + whole.len;
	if (text.len > WORD_MAX || (first && last))
		return WORDS_CONTAINS;
	if (first || last)
		return text.len > FRAGMENT_MAX ? WORDS_CONTAINS : first ? WORDS_ENDS_WITH : WORDS_BEGINS_WITH;
	return WORDS_EQUALS;
}

/* Of a long one a part is enough: it is rare enough by itself. */
static struct view part_of(struct view text)
{
	size_t len = FRAGMENT_MAX;
	return text.len > FRAGMENT_MAX ? view_take(text, back_to_character(text, len)) : text;
}

bool words_demand_next(struct view whole, struct view *rest, struct words_demand *demand)
{
	struct token t;
	struct view before = *rest;
	while (next_token(rest, &t)) {
		if (t.class == FOLD_WORD) {
			demand->how = how_of(whole, t.text);
			demand->text = demand->how == WORDS_CONTAINS ? part_of(t.text) : t.text;
			return true;
		}
		if (t.class == FOLD_IDEOGRAPHIC) {
			/* Two characters; the next demand begins with the second one of them. */
			size_t one = ideograph(t.text), two = one + ideograph(view_skip(t.text, one));
			size_t skipped = (size_t)(t.text.data - before.data);
			if (t.characters > 2)
				*rest = view_skip(before, skipped + one);
			demand->how = WORDS_CONTAINS;
			demand->text = part_of(view_take(t.text, two));
			return true;
		}
		before = *rest;
	}
	return false;
}
