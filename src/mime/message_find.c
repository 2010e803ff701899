/*
 * Finds texts in a message: the last word where an index only proposes, and the only one where there is no
 * index. Text is folded in slices, so that a long one needs little memory; a slice is looked through together
 * with the end of the one before it.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/fold.h"
#include "mime/message_text.h"

enum {
	SLICE = 64 * 1024,
	/* A character may become 18, of three octets each; all of a slice never does. */
	FOLDED_MAX = 20 * SLICE,
	CHARACTER_OCTETS = 4
};

/* ---- one text ---- */

struct search {
	const struct message_sought *sought;
	struct buf text; /* folded: the end of what was looked through, then what was not */
	struct buf folded;
};

static bool is_of_word(int32_t c)
{
	enum fold_class class =
	    c < 0x80 && c >= 0 ? (ascii_is_alnum((char)c) ? FOLD_WORD : FOLD_SEPARATOR) : fold_class(c);
	return class == FOLD_WORD || class == FOLD_MARK;
}

static int32_t character_before(struct view text, size_t at)
{
	size_t from = at;
	while (from > 0 && at - from < CHARACTER_OCTETS) {
		from--;
		if (((unsigned char)text.data[from] & 0xc0) != 0x80)
			break;
	}
	struct view one = view_of(text.data + from, at - from);
	return one.len ? utf8_next(&one) : -1;
}

static int32_t character_after(struct view text, size_t at)
{
	struct view rest = view_skip(text, at);
	return rest.len ? utf8_next(&rest) : -1;
}

/* Whether a word begins, or ends, at the edge of what was found. Where no spaces are written, each character
 * is a word. */
static bool has_edges(struct view text, size_t at, const struct message_sought *sought)
{
	struct view found = view_of(text.data + at, sought->text.len);
	if (sought->how == MESSAGE_TEXT_SUBSTRING)
		return true;
	if (is_of_word(character_after(found, 0)) && is_of_word(character_before(text, at)))
		return false;
	return sought->how == MESSAGE_TEXT_PREFIX || !is_of_word(character_before(found, found.len)) ||
	       !is_of_word(character_after(text, at + found.len));
}

/* In what is there. `last`: the text ends here; else a word at the end may go on. */
static bool look(struct search *s, bool last)
{
	struct view text = buf_view(&s->text), needle = s->sought->text;
	size_t from = 0;
	if (needle.len == 0)
		return true;
	while (needle.len <= text.len - from) {
		const char *found = memmem(text.data + from, text.len - from, needle.data, needle.len);
		if (found == NULL)
			return false;
		size_t at = (size_t)(found - text.data);
		bool sure = last || s->sought->how != MESSAGE_TEXT_WORD ||
		            at + needle.len + CHARACTER_OCTETS <= text.len;
		if (sure && has_edges(text, at, s->sought))
			return true;
		from = at + 1;
	}
	return false;
}

/* Keeps what a match may begin in, with the character before it. */
static void keep_end(struct search *s)
{
	size_t keep = s->sought->text.len + 2 * CHARACTER_OCTETS;
	if (s->text.len > keep)
		buf_consume(&s->text, s->text.len - keep);
}

static int fold_slice(struct search *s, struct view slice)
{
	buf_clear(&s->folded);
	int error = fold_casemap(slice, s->sought->bare ? &s->folded : &s->text);
	if (error == 0 && s->sought->bare)
		error = fold_bare(buf_view(&s->folded), &s->text);
	return error;
}

/* A slice ends where a character does. */
static size_t slice_len(struct view text)
{
	size_t len = SLICE;
	if (text.len <= SLICE)
		return text.len;
	while (len > SLICE - CHARACTER_OCTETS && ((unsigned char)text.data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static int search_text(struct search *s, struct view text, bool last, bool *found)
{
	do {
		struct view slice = view_take(text, slice_len(text));
		int error = fold_slice(s, slice);
		if (error)
			return error;
		text = view_skip(text, slice.len);
		*found = look(s, last && text.len == 0);
		keep_end(s);
	} while (text.len > 0 && !*found);
	return 0;
}

static void search_init(struct search *s, const struct message_sought *sought)
{
	*s = (struct search){.sought = sought};
	buf_init(&s->text, FOLDED_MAX + sought->text.len);
	buf_init(&s->folded, FOLDED_MAX);
}

static void search_done(struct search *s)
{
	buf_done(&s->text);
	buf_done(&s->folded);
}

int message_text_holds(struct view text, const struct message_sought *sought, bool *holds)
{
	struct search s;
	search_init(&s, sought);
	int error = search_text(&s, text, true, holds);
	search_done(&s);
	return error;
}

/* ---- a message ---- */

struct finding {
	struct message_sought *sought;
	struct search *searches;
	size_t count, left; /* left: not found yet, and still possible */
	bool in_body;       /* fields of the header have all been given */
	int error;
};

static const char *const field_names[MESSAGE_IN_FIELDS] = {[MESSAGE_IN_SUBJECT] = "Subject",
    [MESSAGE_IN_FROM] = "From",
    [MESSAGE_IN_TO] = "To",
    [MESSAGE_IN_CC] = "Cc",
    [MESSAGE_IN_BCC] = "Bcc"};

static bool looks_into(const struct message_sought *s, const struct message_text_piece *p)
{
	struct view name =
	    s->field == MESSAGE_IN_HEADER ? s->header : view_from_string(field_names[s->field]);
	switch (s->field) {
	case MESSAGE_IN_TEXT:
		return !p->is_noise && p->kind != MESSAGE_TEXT_ADDRESSES;
	case MESSAGE_IN_BODY:
		return p->kind == MESSAGE_TEXT_BODY;
	case MESSAGE_IN_HEADER:
		return p->kind == MESSAGE_TEXT_FIELD && view_equal_nocase(p->name, name);
	default:
		return (p->kind == MESSAGE_TEXT_FIELD || p->kind == MESSAGE_TEXT_ADDRESSES) &&
		       view_equal_nocase(p->name, name);
	}
}

/* TEXT sees a field with its name, as it stands in the message. */
static int find_in_field(struct search *s, const struct message_text_piece *p, bool *found)
{
	struct buf whole;
	buf_init(&whole, p->name.len + 2 + p->text.len);
	buf_append(&whole, p->name);
	buf_append_string(&whole, ": ");
	int error = buf_append(&whole, p->text);
	if (error == 0)
		error = search_text(s, buf_view(&whole), true, found);
	buf_done(&whole);
	return error;
}

static void find_in_piece(struct finding *f, size_t i, const struct message_text_piece *p)
{
	struct message_sought *sought = &f->sought[i];
	struct search *s = &f->searches[i];
	if (sought->found || !looks_into(sought, p))
		return;
	bool found = false, named = p->kind == MESSAGE_TEXT_FIELD && sought->field == MESSAGE_IN_TEXT;
	int error = named ? find_in_field(s, p, &found) : search_text(s, p->text, !p->continues, &found);
	if (error && f->error == 0)
		f->error = error;
	if (!p->continues)
		buf_clear(&s->text);
	if (found) {
		sought->found = true;
		f->left--;
	}
}

static bool is_of_header(const struct message_sought *s)
{
	return s->field != MESSAGE_IN_BODY && s->field != MESSAGE_IN_TEXT;
}

static bool take_piece(void *arg, const struct message_text_piece *piece)
{
	struct finding *f = arg;
	if (!f->in_body && piece->kind != MESSAGE_TEXT_FIELD && piece->kind != MESSAGE_TEXT_ADDRESSES) {
		f->in_body = true;
		for (size_t i = 0; i < f->count; i++)
			f->left -= !f->sought[i].found && is_of_header(&f->sought[i]);
	}
	for (size_t i = 0; i < f->count; i++)
		find_in_piece(f, i, piece);
	return f->left > 0;
}

int message_text_find(struct view message, struct message_sought *sought, size_t count)
{
	struct finding f = {.sought = sought, .count = count, .left = count};
	f.searches = mem_array(count, sizeof *f.searches);
	for (size_t i = 0; i < count; i++) {
		sought[i].found = false;
		search_init(&f.searches[i], &sought[i]);
	}
	int error = count > 0 ? message_text(message, NULL, take_piece, &f) : 0;
	for (size_t i = 0; i < count; i++)
		search_done(&f.searches[i]);
	mem_free(f.searches);
	return f.error ? f.error : error;
}
