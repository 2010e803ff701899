/* What the files of Mailbox/set share. */
#ifndef JMAP_JMAP_MAILBOX_SETTING_H
#define JMAP_JMAP_MAILBOX_SETTING_H

#include "jmap/jmap_mailbox_list.h"
#include "jmap/jmap_rights.h"
#include "jmap/jmap_table.h"

/* What an object or a patch wants of a mailbox. */
struct mailbox_wish {
	bool has_name, has_parent, has_role, has_order, has_subscribed, has_shares;
	struct view name;
	uint64_t parent, role, order; /* parent 0: on top */
	bool subscribed;
	struct jmap_shares shares;
	/* What is wrong: the SetError. */
	const char *type, *property, *why;
	bool waits; /* for a mailbox that is to be made in this call */
};

struct mailbox_going { /* a mailbox that is to be destroyed */
	struct view id;
	uint64_t number;
	size_t depth;
};

struct mailbox_setting {
	struct jmap_table_use table; /* for the counts of a patch that names them */
	struct jmap_mailbox_list list;
	struct jmap_state state;
	bool is_listed, removes_emails;

	/* The one under way. */
	struct view key;
	uint64_t number;
	json_t *patch;
	struct mailbox_wish wish;
	struct buf path, old_path, name;
	bool was_renamed;
	unsigned was_set; /* MAIL_SET_*: these are other now than the list has them */
	uint64_t holder;  /* that gives up its role first; 0: none */
	void (*shared)(struct jmap_call *c, bool done);

	struct mailbox_going *going;
	size_t going_count, going_room, going_at;
};

/* ---- jmap_mailbox_wish.c ---- */

/* Notes what is wrong; false. */
bool mailbox_refuse(struct mailbox_wish *w, const char *type, const char *property, const char *why);

/* Whether the patch names what only s->table knows. */
bool mailbox_wish_names_counts(const json_t *patch);

/* Reads an object or a patch, of the mailbox s->number (0: a new one). False: the wish says what is wrong. */
bool mailbox_wish_read(
    struct jmap_call *c, struct mailbox_setting *s, json_t *object, struct mailbox_wish *w);

/* Whether it may have the role; own: the mailbox, NULL: a new one. s->holder becomes the one that has it,
 * when the same call takes it away there. */
bool mailbox_wish_role(
    struct jmap_call *c, struct mailbox_setting *s, struct mailbox_wish *w, const struct jmap_listed *own);

/* s->path becomes where it is to be; for one that is there, s->old_path where it is. */
bool mailbox_wish_place(struct mailbox_setting *s, struct mailbox_wish *w, const struct jmap_listed *own);

/* Who has s->path already; NULL: nobody. */
const struct jmap_listed *mailbox_wish_sibling(const struct mailbox_setting *s);

/* ---- jmap_mailbox_error.c ---- */

const char *mailbox_error_type(int64_t error);
const char *mailbox_error_text(int64_t error);

/* The object under way (s->key) fails, and the next one comes. existing: the mailbox that has the name; 0:
 * not known. */
void mailbox_fail(struct jmap_call *c, struct mailbox_setting *s, int64_t error, uint64_t existing);
void mailbox_fail_wish(struct jmap_call *c, struct mailbox_setting *s);

/* ---- jmap_mailbox_share.c ---- */

/* Gives others the rights that the wish has for them to the mailbox under way, and calls `then`: false:
 * nobody has got other rights, and the wish says why. */
void mailbox_give_rights(
    struct jmap_call *c, struct mailbox_setting *s, void (*then)(struct jmap_call *c, bool done));

/* ---- jmap_mailbox_destroy.c ---- */

void mailbox_destroy(struct jmap_call *c, struct view id);
void mailbox_destroy_flush(struct jmap_call *c);

#endif
