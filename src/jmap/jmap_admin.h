/*
 * What the methods of administration share (doc/administration.md): questions to auth and store on an
 * administrator's own channels (mail/administration.h), objects as JSON values, from which the frame picks
 * what the client wants, and the command lines that do the same.
 *
 * The call's data is struct jmap_admin, which a type's own data may follow.
 */
#ifndef JMAP_JMAP_ADMIN_H
#define JMAP_JMAP_ADMIN_H

#include "jmap/jmap_private.h"
#include "mail/administration.h"

enum {
	JMAP_ADMIN_ALL_MAX = 1000,       /* objects of a get without ids */
	JMAP_ADMIN_FOUND_MAX = 50000,    /* ids of a query: a server with more has to narrow it */
	JMAP_ADMIN_TEXT_MAX = 16 << 20,  /* octets of store's answer to one command */
	JMAP_ADMIN_WALKED_MAX = 2000000, /* entries that a query passes: some seconds */
	JMAP_ADMIN_SET_MAX = 500         /* changes of one call: each is one commit, or more */
};

typedef void jmap_admin_step(struct jmap_call *c);

struct jmap_admin {
	struct jmap_get get;
	struct jmap_query query;
	json_t *objects;  /* owned: id -> object, in their order */
	json_t *commands; /* owned: id or creation id -> text; of a set */
	struct buf lines; /* commands of one change, with " && " between them */

	/* The question under way. */
	void (*told)(struct jmap_call *c, const struct admin_fields *fields); /* or NULL */
	void (*done)(struct jmap_call *c, int64_t error, uint64_t number);
	struct buf text;      /* of store, or of web */
	struct view sentence; /* auth's words, of an error; in the arena */

	/* A query's result, in the arena. */
	struct view *ids;
	size_t count, room;

	/* jmap_admin_walk.c */
	struct jmap_admin_walk *walk;
};

/* The call's data: at least sizeof(struct jmap_admin), which comes first in it. */
void *jmap_admin_begin(struct jmap_call *c, size_t size);

/* ---- asking ---- */

void jmap_admin_ask(struct jmap_call *c, enum admin_operation operation, uint64_t number,
    const struct view *fields, size_t count,
    void (*told)(struct jmap_call *c, const struct admin_fields *fields),
    void (*done)(struct jmap_call *c, int64_t error, uint64_t number));
/* Store's answer is gathered in `text`; `done` gets its status as the number: 0; 64 unknown words; 66 nothing
 * fits; 75 try again. */
void jmap_admin_command(struct jmap_call *c, const struct view *words, size_t count,
    void (*done)(struct jmap_call *c, int64_t error, uint64_t status));
/* ADMIN_SETTINGS, ADMIN_CERTIFICATES, ADMIN_ROLES */
void jmap_admin_ask_web(
    struct jmap_call *c, unsigned type, void (*done)(struct jmap_call *c, int64_t error, uint64_t number));

/* Ends the call with the error of a question; false: there was none. status: of a command, else 0. */
bool jmap_admin_failed(struct jmap_call *c, int64_t error, uint64_t status);
/* What a change has failed with, as a SetError. */
void jmap_admin_set_failed(struct jmap_call *c, struct view key, int64_t error, const char *what);
/* A command's failure; its words are in `text`. */
void jmap_admin_command_failed(struct jmap_call *c, struct view key, uint64_t status);

/* ---- ids and texts ---- */

/* A name or an address as an id: letters that ids may not have are written otherwise. Empty: it is too long.
 */
struct view jmap_admin_id(struct jmap_call *c, struct view text);
/* And back; empty: it is none. */
struct view jmap_admin_id_read(struct jmap_call *c, struct view id);

/* "postrider WORD WORD", each quoted for a shell where that is needed; in the arena. */
struct view jmap_admin_line(struct jmap_call *c, const struct view *words, size_t count);
#define JMAP_ADMIN_LINE(c, ...)                                                                              \
	jmap_admin_line(c, (const struct view[]){__VA_ARGS__},                                               \
	    sizeof((const struct view[]){__VA_ARGS__}) / sizeof(struct view))

/* ---- objects ---- */

/* Into the arena; empty without memory. */
struct view jmap_admin_copy(struct jmap_call *c, struct view text);

/* Numbers as fields have them, and back. */
struct view jmap_admin_number(struct jmap_call *c, uint64_t n);
uint64_t jmap_admin_number_read(struct view field);
/* The number by which clients know an account. */
static inline uint64_t jmap_admin_account(uint64_t number)
{
	return number & (MAIL_ACCOUNT_END - 1);
}

json_t *jmap_admin_text(struct view text);         /* a string */
json_t *jmap_admin_text_or_null(struct view text); /* null for an empty one */
json_t *jmap_admin_date(int64_t seconds);          /* UTCDate; null for 0 */
/* Each line of `text` is one JSON value, told to `each`; false from it ends the walk. */
void jmap_admin_lines(
    struct jmap_call *c, struct view text, bool (*each)(struct jmap_call *c, json_t *value));

/* Adds one of a get; takes `object` over. */
void jmap_admin_add(struct jmap_call *c, struct view id, json_t *object);
/* Whether a get wants it. */
bool jmap_admin_wants(struct jmap_call *c, struct view id);
/* Writes the list and what is missing, with the command, and ends the call. */
void jmap_admin_end_get(struct jmap_call *c, const char *const *names, struct view command);

/* Adds an id of a query. False: there are too many; the call has been answered. */
bool jmap_admin_found(struct jmap_call *c, struct view id);
void jmap_admin_end_query(struct jmap_call *c, struct view command);
/* Reads the query's arguments; its filter may have these names alone, and is one condition. NULL ends. */
bool jmap_admin_query_begin(struct jmap_call *c, const char *const *filters);
/* The filter's value; NULL: it has none. */
const json_t *jmap_admin_filter(struct jmap_call *c, const char *name);
bool jmap_admin_filter_text(
    struct jmap_call *c, const char *name, struct view text); /* within; or no such filter */
bool jmap_admin_filter_is(struct jmap_call *c, const char *name, struct view text); /* equal */
bool jmap_admin_filter_flag(struct jmap_call *c, const char *name, bool flag);

/* ---- sets ---- */

/* The command line that did it. */
void jmap_admin_did(struct jmap_call *c, struct view key, struct view line);
/* What `postrider WHAT remove ADDRESS` does was done, or failed; the next one. */
void jmap_admin_removed(
    struct jmap_call *c, struct view key, int64_t error, const char *what, struct view address);
/* `finish` of struct jmap_set: writes them. */
void jmap_admin_finish_set(struct jmap_call *c);

/* ---- lists of the directory: jmap_admin_walk.c ---- */

/*
 * Every domain, or every entry of every domain (of one, if `domain` is not empty), in order. each: false
 * stops it. Then `then`; an error has ended the call.
 */
struct jmap_admin_walking {
	enum admin_operation operation; /* ADMIN_DOMAIN_LIST, ADMIN_ACCOUNT_LIST, ADMIN_ALIAS_LIST */
	size_t fields;                  /* of each entry */
	struct view domain;
	bool (*each)(struct jmap_call *c, const struct view *fields);
	jmap_admin_step *then;
};
/* Where a walk is: jmap_admin_walk.c. */
struct jmap_admin_walk {
	struct jmap_admin_walking of;
	struct buf domain, after; /* where it is */
	struct buf domains;       /* a part of their list, with "\n" behind each */
	bool more_domains, stopped;
	size_t passed, entries; /* entries: of the last part */
};

void jmap_admin_walk(struct jmap_call *c, const struct jmap_admin_walking *walking);
void jmap_admin_walk_release(struct jmap_admin *a);

#endif
