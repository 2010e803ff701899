/* Words and phrases of a filter: jmap_email_text.h. */
#include "jmap/jmap_email_text.h"

#include "format/fold.h"
#include "format/words.h"

enum { FOLD_GROWTH = 18 /* of one character at most */ };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of a phrase in quotes with its quotes; 0: the text begins with none that ends. */
static size_t phrase_len(struct view text)
{
	if (text.data[0] != '"' && text.data[0] != '\'')
		return 0;
	for (size_t i = 1; i < text.len; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (text.data[i] == text.data[0])
			return i + 1 == text.len || is_blank(text.data[i + 1]) ? i + 1 : 0;
	}
	return 0;
}

/* In a phrase "\" stands before quotes and before itself. */
static bool unescape(struct arena *arena, struct view quoted, struct view *out)
{
	char *to = arena_alloc(arena, quoted.len + 1);
	size_t n = 0;
	if (to == NULL)
		return false;
	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.data[i] == '\\' && i + 1 < quoted.len)
			i++;
		to[n++] = quoted.data[i];
	}
	*out = view_of(to, n);
	return true;
}

bool jmap_next_token(struct arena *arena, struct view *text, struct jmap_token *token)
{
	for (;;) {
		struct view rest = view_trim(*text);
		if (rest.len == 0)
			return false;
		size_t len = phrase_len(rest);
		token->phrase = len > 0;
		if (len == 0)
			while (len < rest.len && !is_blank(rest.data[len]))
				len++;
		*text = view_skip(rest, len);
		token->text = view_take(rest, len);
		if (!token->phrase)
			return true;
		if (!unescape(arena, view_of(rest.data + 1, len - 2), &token->text))
			return false;
		if (view_trim(token->text).len > 0)
			return true;
	}
}

static bool is_one_word(struct view bare)
{
	struct words words = words_of(bare);
	struct view word;
	return words_next(&words, &word) && word.len == bare.len;
}

struct query *jmap_text_condition(struct arena *arena, const struct jmap_token *token)
{
	struct query *q = query_new(arena, QUERY_TEXT);
	struct buf folded, bare;
	bool kept = false;
	buf_init(&folded, token->text.len * FOLD_GROWTH);
	buf_init(&bare, token->text.len * FOLD_GROWTH * 2);
	if (q && fold_casemap(token->text, &folded) == 0 && fold_bare(buf_view(&folded), &bare) == 0) {
		q->fuzzy = !token->phrase && is_one_word(buf_view(&bare));
		kept = arena_copy(arena, buf_view(q->fuzzy ? &bare : &folded), &q->text);
	}
	buf_done(&folded);
	buf_done(&bare);
	return kept ? q : NULL;
}
