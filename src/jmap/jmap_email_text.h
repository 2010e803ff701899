/*
 * What a person looks for, as filters have it (RFC 8621 section 4.4.1): words and phrases in quotes, all of
 * which must be there. A word finds each word that begins with it, whatever the accents; a phrase, and what
 * is more than a word ("joe@example.com"), is found as it stands.
 */
#ifndef JMAP_JMAP_EMAIL_TEXT_H
#define JMAP_JMAP_EMAIL_TEXT_H

#include "base/arena.h"
#include "query/query.h"

struct jmap_token {
	struct view text; /* unquoted; in the arena, or the text itself */
	bool phrase;
};

/* Takes the next word or phrase off *text; false at the end, also when the arena is full. */
bool jmap_next_token(struct arena *arena, struct view *text, struct jmap_token *token);

/* A condition on it, without field; NULL when the arena is full. */
struct query *jmap_text_condition(struct arena *arena, const struct jmap_token *token);

#endif
