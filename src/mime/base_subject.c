/* RFC 5256 section 2.1, step by step, and its grammar in section 5. */
#include "mime/base_subject.h"

#include "format/encoded_word.h"
#include "format/fold.h"

enum { TEXT_GROWTH = 3 /* an octet of an old charset becomes three of UTF-8 at most */ };

/* Step 1: tabs and folds become spaces, several of them one. The octets are the caller's own. */
static struct view squeeze(struct buf *text)
{
	char *bytes = text->data + text->start;
	size_t len = 0;

	for (size_t i = 0; i < text->len; i++) {
		bool blank = bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n';

		if (!blank)
			bytes[len++] = bytes[i];
		else if (len == 0 || bytes[len - 1] != ' ')
			bytes[len++] = ' ';
	}
	return view_of(bytes, len);
}

/* subj-trailer: "(fwd)" or a blank. */
static bool take_trailer(struct view *text, bool *is_answer)
{
	if (view_ends_nocase(*text, VIEW("(fwd)"))) {
		*text = view_take(*text, text->len - 5);
		*is_answer = true;
		return true;
	}
	if (text->len > 0 && text->data[text->len - 1] == ' ') {
		*text = view_take(*text, text->len - 1);
		return true;
	}
	return false;
}

/* subj-blob: "[" without brackets inside "]", and blanks. */
static bool take_blob(struct view *text)
{
	size_t end = 1;

	if (text->len == 0 || text->data[0] != '[')
		return false;
	while (end < text->len && text->data[end] != ']' && text->data[end] != '[')
		end++;
	if (end == text->len || text->data[end] != ']')
		return false;
	*text = view_skip(*text, end + 1);
	while (text->len > 0 && text->data[0] == ' ')
		*text = view_skip(*text, 1);
	return true;
}

/* subj-refwd: "re", "fw" or "fwd", blanks, perhaps a blob, ":". */
static bool take_refwd(struct view *text)
{
	struct view rest;

	if (view_starts_nocase(*text, VIEW("fwd")))
		rest = view_skip(*text, 3);
	else if (view_starts_nocase(*text, VIEW("re")) || view_starts_nocase(*text, VIEW("fw")))
		rest = view_skip(*text, 2);
	else
		return false;
	while (rest.len > 0 && rest.data[0] == ' ')
		rest = view_skip(rest, 1);
	(void)take_blob(&rest);
	if (rest.len == 0 || rest.data[0] != ':')
		return false;
	*text = view_skip(rest, 1);
	return true;
}

/* subj-leader: blobs and a refwd, or a blank. */
static bool take_leader(struct view *text, bool *is_answer)
{
	struct view rest = *text;

	if (rest.len > 0 && rest.data[0] == ' ') {
		*text = view_skip(rest, 1);
		return true;
	}
	while (take_blob(&rest))
		;
	if (!take_refwd(&rest))
		return false;
	*text = rest;
	*is_answer = true;
	return true;
}

/* Step 4: a blob goes when something is left without it. */
static bool take_leading_blob(struct view *text)
{
	struct view rest = *text;

	if (!take_blob(&rest) || rest.len == 0)
		return false;
	*text = rest;
	return true;
}

static struct view base_of(struct view text, bool *is_answer)
{
	struct view hdr = VIEW("[fwd:");

	for (;;) {
		while (take_trailer(&text, is_answer)) /* step 2 */
			;
		do /* steps 3 to 5 */
			while (take_leader(&text, is_answer))
				;
		while (take_leading_blob(&text));
		if (!view_starts_nocase(text, hdr) || text.data[text.len - 1] != ']') /* step 6 */
			return text;
		text = view_skip(view_take(text, text.len - 1), hdr.len);
		*is_answer = true;
	}
}

/* Printable ASCII without encoded words, as most subjects are: there is nothing to decode. */
static bool is_plain(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if ((!ascii_is_print(c) && c != '\t') ||
		    (c == '=' && i + 1 < text.len && text.data[i + 1] == '?'))
			return false;
	}
	return true;
}

int base_subject_append(struct view subject, struct buf *out, bool *is_answer)
{
	struct buf text;
	int r;

	*is_answer = false;
	buf_init(&text, (subject.len + 1) * TEXT_GROWTH);
	r = is_plain(subject) ? buf_append(&text, view_trim(subject)) : encoded_word_decode(subject, &text);
	if (r == 0 && text.len > 0)
		r = fold_casemap(base_of(squeeze(&text), is_answer), out);
	buf_done(&text);
	return r;
}

uint64_t base_subject_hash(struct view base)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < base.len; i++)
		hash = (hash ^ (unsigned char)base.data[i]) * UINT64_C(0x100000001b3);
	return base.len ? hash | 1 : 0;
}
