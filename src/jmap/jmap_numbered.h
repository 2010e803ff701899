/*
 * What types share whose objects have a number in the account: submissions, identities, file links. Their ids
 * are a letter, the account's number and their own (mail/mail_id.h).
 */
#ifndef JMAP_JMAP_NUMBERED_H
#define JMAP_JMAP_NUMBERED_H

#include "jmap/jmap_private.h"
#include "mail/mail_email.h"

/* The number behind an id of this call's account. False: it is none. */
bool jmap_numbered_read(struct jmap_call *c, struct view id, char letter, uint64_t *number);

/* The id in the call's arena; empty without memory. */
struct view jmap_numbered_id(struct jmap_call *c, char letter, uint64_t number);

/* The numbers of a get's ids, 8 octets each; ids that are none are named as missing. False: the call has been
 * answered. Empty with all of them: nothing is to be asked. */
bool jmap_numbered_list(struct jmap_call *c, const struct jmap_get *get, char letter, struct view *numbers);

/*
 * A whole Foo/get of a type without states, of which an account has few: one question is answered by an entry
 * for each object, and then by mail_done. Those that were not asked for are left out.
 */
struct jmap_numbered_get {
	char letter;
	const char *what; /* for an error: "the file links" */
	const char *const *names;
	uint64_t all; /* the bits of all names */
	unsigned ask, entry;
	const void *question;
	uint64_t (*number)(const void *entry);
	void (*put)(struct jmap_call *c, struct json_out *w, uint64_t properties, const void *entry);
};
void jmap_numbered_get(struct jmap_call *c, const struct jmap_numbered_get *type);

/* Answers Foo/changes: numbers of 8 octets each. */
struct jmap_numbered_changes {
	char letter;
	uint64_t state;
	struct view created, updated, destroyed;
};
void jmap_numbered_changes(
    struct jmap_call *c, const struct jmap_changes *asked, const struct jmap_numbered_changes *changes);

/* Whether this number is among them. */
bool jmap_numbered_has(struct view numbers, uint64_t number);

/* The modseq of one of the account's states. */
uint64_t jmap_state_among(const struct email_state *m, enum mail_state which);

/* Writes a string; a string, or null where it is empty; a time, or null where it is 0; a number; an empty
 * list. */
void jmap_put_string(struct json_out *w, const char *name, struct view text);
void jmap_put_text(struct json_out *w, const char *name, struct view text);
void jmap_put_time(struct json_out *w, const char *name, uint64_t seconds);
void jmap_put_number(struct json_out *w, const char *name, uint64_t n);
void jmap_put_empty(struct json_out *w, const char *name);

#endif
