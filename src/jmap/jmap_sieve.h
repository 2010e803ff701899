/*
 * What the methods of Sieve scripts share (RFC 9661): the account's scripts, and the text that a blob holds,
 * with what its compiler says of it. The scripts are those of mail/script.h.
 */
#ifndef JMAP_JMAP_SIEVE_H
#define JMAP_JMAP_SIEVE_H

#include "jmap/jmap_blob_read.h"
#include "mail/script.h"

struct jmap_scripts {
	size_t count;
	struct script_entry items[SCRIPT_COUNT_MAX]; /* their names are in the call's arena */
	uint64_t state;
};

/* Asks for the scripts; `answered` hands each answer to jmap_scripts_take. */
void jmap_scripts_ask(struct jmap_call *c, jmap_answered *answered);
/* True: that was the last answer, and the list is whole. With an error the call has been answered. */
bool jmap_scripts_take(struct jmap_call *c, struct jmap_scripts *list, unsigned type, const void *answer);

/* The script of this id, or of this name; NULL: there is none. */
struct script_entry *jmap_scripts_by_id(struct jmap_call *c, struct jmap_scripts *list, struct view id);
struct script_entry *jmap_scripts_by_name(struct jmap_scripts *list, struct view name);

void jmap_put_script_blob(struct jmap_call *c, struct json_out *w, uint64_t number, uint64_t version);

struct jmap_script_text {
	struct jmap_blob blob;
	struct buf bytes, complaints;
	void (*then)(struct jmap_call *c, int64_t error);
};

void jmap_script_text_init(
    struct jmap_script_text *t); /* for a text that comes from elsewhere, into `bytes` */
void jmap_script_text_done(struct jmap_script_text *t);
/*
 * Reads a blob's octets; `answered` hands each answer to jmap_script_text_take. Then `then` is called: 0;
 * -EFBIG: more than SCRIPT_SIZE_MAX; -ENOENT: there is no such blob. False: the same, at once.
 */
bool jmap_script_text_begin(struct jmap_call *c, struct jmap_script_text *t, struct view blob,
    jmap_answered *answered, void (*then)(struct jmap_call *c, int64_t error));
void jmap_script_text_take(
    struct jmap_call *c, struct jmap_script_text *t, unsigned type, const void *answer);
/* Sends the text, for the question that is asked next: nothing may be asked between them. */
void jmap_script_text_tell(struct jmap_call *c, struct jmap_script_text *t);
/* Keeps what an answer to that question complains of. */
void jmap_script_text_hear(struct jmap_script_text *t, unsigned type, const void *answer);

/* The SetError that this has, and words for it; of -ENOEXEC these are the complaints. */
const char *jmap_script_error_type(int64_t error);
void jmap_put_script_error(struct json_out *w, const struct jmap_script_text *t, int64_t error);

/* SieveScript/set: jmap_sieve_set.c. */
void jmap_sieve_set(struct jmap_call *c);

#endif
