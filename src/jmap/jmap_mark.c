/*
 * Marks what a search has found: jmap_mark.h. Texts are compared in their folded form (format/fold.h), which
 * is made character by character; so each octet of it knows the character that it comes from.
 */
#include "jmap/jmap_mark.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/fold.h"

enum { FOLD_GROWTH = 18, CHARACTER_MAX = 4, MARK_LEN = 6, END_LEN = 7 };

/* A text in a form in which it is compared. */
struct form {
	struct buf text;
	uint32_t *from; /* for each octet: where its character begins in the text */
	size_t room;
};

struct marking {
	struct view text;
	struct form folded, bare;
	uint8_t *marked; /* for each octet of the text */
	size_t first;    /* the first one that is marked */
	bool found;
};

static int note_origin(struct form *f, size_t before, size_t origin)
{
	if (f->text.len > f->room) {
		size_t room = f->text.len * 2;
		uint32_t *more = mem_try_resize(f->from, room * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		f->from = more;
		f->room = room;
	}
	for (size_t i = before; i < f->text.len; i++)
		f->from[i] = (uint32_t)origin;
	return 0;
}

/* Makes both forms. 0 or -ENOMEM. */
static int fold(struct marking *m)
{
	struct buf one;
	int error = 0;
	buf_init(&one, FOLD_GROWTH * CHARACTER_MAX);
	for (struct view rest = m->text; rest.len > 0 && error == 0;) {
		size_t at = m->text.len - rest.len, folded = m->folded.text.len, bare = m->bare.text.len;
		utf8_next(&rest);
		struct view c = view_take(view_skip(m->text, at), m->text.len - rest.len - at);
		buf_clear(&one);
		error = fold_casemap(c, &one);
		if (error == 0)
			error = buf_append(&m->folded.text, buf_view(&one));
		if (error == 0)
			error = fold_bare(buf_view(&one), &m->bare.text);
		if (error == 0)
			error = note_origin(&m->folded, folded, at);
		if (error == 0)
			error = note_origin(&m->bare, bare, at);
	}
	buf_done(&one);
	return error;
}

/* The offset behind the character that begins at `at`, with what is written on it. */
static size_t character_end(struct view text, size_t at)
{
	struct view rest = view_skip(text, at);
	utf8_next(&rest);
	while (rest.len > 0) {
		struct view next = rest;
		if (fold_class(utf8_next(&next)) != FOLD_MARK)
			break;
		rest = next;
	}
	return text.len - rest.len;
}

/* Whether a word may begin at this octet of a form. */
static bool begins_word(struct view text, size_t at)
{
	size_t before = at;
	if (at == 0)
		return true;
	do {
		before--;
	} while (before > 0 && ((unsigned char)text.data[before] & 0xc0) == 0x80);
	struct view c = view_of(text.data + before, at - before);
	enum fold_class class = fold_class(utf8_next(&c));
	return class != FOLD_WORD && class != FOLD_MARK;
}

static void mark(struct marking *m, const struct form *f, size_t at, size_t len)
{
	size_t begin = f->from[at], end = character_end(m->text, f->from[at + len - 1]);
	memset(m->marked + begin, 1, end - begin);
	m->first = m->found && m->first < begin ? m->first : begin;
	m->found = true;
}

static void find(struct marking *m, const struct query *q)
{
	const struct form *f = q->fuzzy ? &m->bare : &m->folded;
	struct view text = buf_view(&f->text);
	size_t at = 0;
	while (q->text.len > 0 && at + q->text.len <= text.len) {
		const char *hit = memmem(text.data + at, text.len - at, q->text.data, q->text.len);
		if (hit == NULL)
			return;
		size_t place = (size_t)(hit - text.data);
		bool whole = !q->fuzzy || begins_word(text, place);
		if (whole)
			mark(m, f, place, q->text.len);
		at = place + (whole ? q->text.len : 1);
	}
}

static int begin(struct marking *m, const struct jmap_sought *sought, struct view text)
{
	*m = (struct marking){.text = text};
	buf_init(&m->folded.text, text.len * FOLD_GROWTH + CHARACTER_MAX * FOLD_GROWTH);
	buf_init(&m->bare.text, text.len * FOLD_GROWTH * 2 + CHARACTER_MAX * FOLD_GROWTH);
	m->marked = mem_try(text.len + 1);
	if (m->marked == NULL)
		return -ENOMEM;
	memset(m->marked, 0, text.len + 1);
	int error = fold(m);
	for (size_t i = 0; i < sought->count && error == 0; i++)
		find(m, sought->conditions[i]);
	return error;
}

static void end(struct marking *m)
{
	buf_done(&m->folded.text);
	buf_done(&m->bare.text);
	mem_free(m->folded.from);
	mem_free(m->bare.from);
	mem_free(m->marked);
}

/* ---- writing ---- */

static struct view entity_of(struct view c)
{
	switch (c.data[0]) {
	case '&':
		return VIEW("&amp;");
	case '<':
		return VIEW("&lt;");
	case '>':
		return VIEW("&gt;");
	default:
		return c;
	}
}

static bool is_space(struct view c)
{
	unsigned char first = (unsigned char)c.data[0];
	return first <= ' ' || first == 0x7f;
}

/* What is written of a text, and what is open in it. */
struct writing {
	struct buf *out;
	size_t before, max;
	bool open, space; /* space: a blank is to come, if anything comes behind it */
};

/* Writes a character. False: it has no room, with all that must be written behind it. */
static bool write_character(struct writing *w, struct view c, bool marked)
{
	bool starts = marked && !w->open, ends = !marked && w->open;
	size_t need =
	    c.len + w->space + (marked ? END_LEN : 0) + (starts ? MARK_LEN : 0) + (ends ? END_LEN : 0);
	if (w->out->len - w->before + need > w->max)
		return false;
	if (ends)
		buf_append_string(w->out, "</mark>");
	if (w->space)
		buf_append_byte(w->out, ' ');
	if (starts)
		buf_append_string(w->out, "<mark>");
	buf_append(w->out, c);
	w->open = marked;
	w->space = false;
	return true;
}

/* Appends the text from `at` on, as far as it has room in `max` octets. */
static void write_from(const struct marking *m, size_t at, size_t max, bool one_line, struct buf *out)
{
	struct writing w = {.out = out, .before = out->len, .max = max};
	for (struct view rest = view_skip(m->text, at); rest.len > 0;) {
		size_t place = m->text.len - rest.len;
		utf8_next(&rest);
		struct view c = view_of(m->text.data + place, m->text.len - rest.len - place);
		if (one_line && is_space(c))
			w.space = out->len > w.before;
		else if (!write_character(&w, entity_of(c), m->marked[place]))
			break;
	}
	if (w.open)
		buf_append_string(out, "</mark>");
}

int jmap_mark_all(const struct jmap_sought *sought, struct view text, struct buf *out, bool *found)
{
	struct marking m;
	int error = begin(&m, sought, text);
	*found = m.found;
	if (error == 0)
		write_from(&m, 0, SIZE_MAX, false, out);
	end(&m);
	return error ? error : buf_failed(out) ? -ENOMEM : 0;
}

/* Where the preview begins: at a word, not far before what was found. */
static size_t preview_begin(const struct marking *m)
{
	if (m->first <= JMAP_PREVIEW_BEFORE)
		return 0;
	size_t at = m->first - JMAP_PREVIEW_BEFORE;
	while (at < m->first && !is_space(view_skip(m->text, at)))
		at++;
	if (at < m->first)
		return at;
	/* One long word, or a script without blanks: at a character. */
	at = m->first - JMAP_PREVIEW_BEFORE;
	while (at < m->first && ((unsigned char)m->text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

int jmap_mark_preview(const struct jmap_sought *sought, struct view text, struct buf *out, bool *found)
{
	struct marking m;
	int error = begin(&m, sought, text);
	*found = m.found;
	if (error == 0 && m.found)
		write_from(&m, preview_begin(&m), JMAP_PREVIEW_MAX, true, out);
	end(&m);
	return error ? error : buf_failed(out) ? -ENOMEM : 0;
}
