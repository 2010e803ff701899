/*
 * Answers of Email/get, kept with the table of the session's own account: who looks at a list again, or goes
 * back to it, asks for the same emails with the same properties. An answer holds as long as no email of the
 * account has changed, which the table is asked for anew before each use. Only what an email's state says
 * everything of is kept (jmap_page_is_fit).
 */
#ifndef JMAP_JMAP_PAGE_H
#define JMAP_JMAP_PAGE_H

#include "jmap/jmap_email.h"
#include "jmap/jmap_table.h"

enum {
	/* Answers of one account: the list that a person looks at, and those that they go back to. */
	JMAP_PAGES_MAX = 4,
	/* Octets of one: 50 emails of a list have some 30 KB. */
	JMAP_PAGE_MAX = 128 * 1024,
	/* Octets of what was asked for: 128 emails of twenty properties. */
	JMAP_PAGE_KEY_MAX = 2048
};

/* Whether an answer of this form may be kept: the rules' deeds, contacts, signatures and what is not named
 * can change without the email, and bodies are large. */
bool jmap_page_is_fit(struct jmap_call *c, const struct jmap_get *get);
/* What was asked for, as `key`; a key that is too long fails, and nothing is kept of it. */
void jmap_page_key(const struct jmap_get *get, struct view numbers, struct buf *key);

/* Whether there may be such an answer; jmap_page_find tells, once the table is up to date. */
bool jmap_page_is_known(const struct jmap_table *t, struct view key);
/* The members of "list", and the state that goes with them. Valid until something is kept or the table
 * changes. */
bool jmap_page_find(struct jmap_table *t, struct view key, struct view *list, struct jmap_state *state);
/* `modseq`: where the table was before the emails were asked for. An answer that is too long is not kept. */
void jmap_page_keep(
    struct jmap_table *t, struct view key, uint64_t modseq, struct view list, struct jmap_state state);

size_t jmap_pages_bytes(const struct jmap_table *t);
void jmap_pages_clear(struct jmap_table *t);

#endif
