/*
 * What a method sees: its row in a table, its arguments, what it may ask, how it answers. A new method is a
 * row and a function `run`, which reads its arguments and answers, at once or in `answered`.
 *
 * A call under way is struct jmap_call. All that it allocates ends with it. Nobody calls another method's
 * functions: jmap_then does.
 */
#ifndef JMAP_JMAP_PRIVATE_H
#define JMAP_JMAP_PRIVATE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "format/json_out.h"
#include "jmap/jmap.h"
#include "mail/mail.h"
#include "mail/mail_id.h"
#include "mail/mail_names.h"

struct jmap_call;

/* ---- methods ---- */

enum jmap_capability {
	JMAP_CORE,
	JMAP_MAIL,
	JMAP_SUBMISSION,
	JMAP_VACATION,
	JMAP_BLOB,
	JMAP_QUOTA,
	JMAP_SIEVE,
	JMAP_MDN,
	JMAP_WEBSOCKET,
	JMAP_PRINCIPALS,
	JMAP_PRINCIPALS_OWNER,
	JMAP_MAIL_SHARE,
	JMAP_VAPID,
	JMAP_ADMINISTRATION,
	JMAP_SNOOZE,
	JMAP_EMAIL_PUSH,
	JMAP_SMIME,
	JMAP_VERDICT, /* this and what follows are our own: doc/jmap.md */
	JMAP_FILED_BY,
	JMAP_HISTORY,
	JMAP_TRACE,
	JMAP_RECIPIENTS,
	JMAP_MASKED,
	JMAP_FILE_LINK,
	JMAP_PREFERENCES,
	JMAP_QUERY_ACT,
	JMAP_RULES,
	JMAP_CLEAN_HTML,
	JMAP_CAPABILITIES /* their number */
};

enum {
	JMAP_NEEDS_ACCOUNT = 1 << 0, /* accountId is checked before `run` */
	JMAP_WRITES = 1 << 1,        /* refused for an account that is read-only */
	JMAP_OWN_ONLY = 1 << 2,      /* accountNotSupportedByMethod for another's account */
	JMAP_ADMINISTERS = 1 << 3    /* forbidden, but for an administrator of the server */
};

struct jmap_method {
	const char *name; /* NULL ends a table */
	enum jmap_capability capability;
	unsigned flags;
	void (*run)(struct jmap_call *c);
};

/* One table for each group, in the file of its name. A capability is announced when a method of it is here.
 */
extern const struct jmap_method jmap_methods_core[], jmap_methods_blob[];
extern const struct jmap_method jmap_methods_mailbox[], jmap_methods_mailbox_set[];
extern const struct jmap_method jmap_methods_thread[], jmap_methods_snippet[];
extern const struct jmap_method jmap_methods_email_read[], jmap_methods_email_write[];
extern const struct jmap_method jmap_methods_submission[], jmap_methods_identity[], jmap_methods_vacation[];
extern const struct jmap_method jmap_methods_quota[], jmap_methods_sieve[], jmap_methods_mdn[];
extern const struct jmap_method jmap_methods_push[], jmap_methods_sharing[];
extern const struct jmap_method jmap_methods_preferences[], jmap_methods_rules[];
extern const struct jmap_method jmap_methods_history[], jmap_methods_trace[], jmap_methods_masked[],
    jmap_methods_file_link[], jmap_methods_recipient[];

extern const struct jmap_method jmap_methods_admin_domain[], jmap_methods_admin_person[],
    jmap_methods_admin_alias[], jmap_methods_admin_queue[], jmap_methods_admin_trace[],
    jmap_methods_admin_health[];

/* ---- the call under way ---- */

struct jmap_account {
	uint64_t number;     /* as ids show it */
	uint64_t ask;        /* `account` of questions: 0 for the session's own */
	struct view address; /* the owner's */
};

struct jmap_session *jmap_session_of(struct jmap_call *c);
const struct jmap_account *jmap_account(struct jmap_call *c); /* only with JMAP_NEEDS_ACCOUNT */
int64_t jmap_now(struct jmap_call *c);
int64_t jmap_delay_max(struct jmap_call *c);                          /* as the config has it */
bool jmap_uses(struct jmap_call *c, enum jmap_capability capability); /* it stands in "using" */
const char *jmap_method_name(struct jmap_call *c);
/* maxSizeBlobSet (RFC 9404 section 3.1): as large as an upload, since a client may send one in pieces and
 * join them. */
uint64_t jmap_blob_set_max(const struct jmap_session *s);

/* Zeroed, the call's own; release (or NULL) is called at its end. Once for each call. */
void *jmap_call_data(struct jmap_call *c, size_t size, void (*release)(void *data));
void *jmap_data(struct jmap_call *c);          /* what jmap_call_data gave; NULL: nothing */
struct arena *jmap_arena(struct jmap_call *c); /* ends with the call */

/*
 * Asks the account. `answered` gets every frame but MAIL_KEYWORDS, which the session takes itself; the last
 * is MAIL_DONE. When the call has ended before, nothing more comes. Several may be asked at once; they are
 * answered in their order. Returns the number of the question; 0: it cannot be asked, and the call has ended.
 */
typedef void jmap_answered(struct jmap_call *c, unsigned type, const void *answer);
uint32_t jmap_ask(struct jmap_call *c, unsigned type, const void *question, jmap_answered *answered);
void jmap_stop(struct jmap_call *c, uint32_t number); /* needs no more answers of it; none come */
/* Says something that has no answer under its number: MAIL_UPLOAD, MAIL_UPLOAD_ABORT. `credited` of the call
 * gets MAIL_UPLOAD_CREDIT; uploads' numbers come from jmap_upload_number, since a session's are shared. */
void jmap_tell(struct jmap_call *c, unsigned type, const void *said);
uint64_t jmap_upload_number(struct jmap_call *c);
void jmap_on_credit(
    struct jmap_call *c, void (*credited)(struct jmap_call *c, const struct mail_upload_credit *credit));

/* ---- what the session keeps between requests ---- */

/* The names of keywords that this session has been told, by accounts as in questions (0: own). */
const struct mail_names *jmap_names(const struct jmap_session *s);

/* What a group of methods keeps in the session, for an account: a table of emails ... NULL: nothing yet. */
enum jmap_slot { JMAP_SLOT_EMAILS, JMAP_SLOT_MAILBOXES, JMAP_SLOT_SIEVE, JMAP_SLOTS };
void *jmap_slot(const struct jmap_session *s, enum jmap_slot slot, uint64_t account);
/* What stood there before is released. NULL empties it. Without memory `value` is released and false given.
 */
bool jmap_slot_set(
    struct jmap_session *s, enum jmap_slot slot, uint64_t account, void *value, void (*release)(void *value));

/* ---- the answer ---- */

/* The writer of this call's response, within its arguments (an open object; accountId is written already when
 * the method has an account). */
struct json_out *jmap_respond(struct jmap_call *c);
/* Ends the call; the object is closed. Whatever is open in it is closed too. */
void jmap_end(struct jmap_call *c);

/* Ends the call with an error (RFC 8620 section 3.6.2); what was written of a response is dropped. */
void jmap_error(struct jmap_call *c, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The error that a negative errno of store has. `what`: "the mailbox", for the words. */
void jmap_error_of(struct jmap_call *c, int64_t error, const char *what);
/* The type of a SetError for an errno, where it has one that is common to all: "notFound", "forbidden",
 * "overQuota", "tooLarge", "serverFail" ... */
const char *jmap_set_error_type(int64_t error);

/*
 * A further method behind this call, with the same call id: onSuccessUpdateEmail and the like. `arguments` is
 * taken over. Several are run in the order in which they were named.
 */
void jmap_then(struct jmap_call *c, const char *method, json_t *arguments);

/* ---- arguments: jmap_arguments.c ---- */

/* The arguments as an object; references are resolved. Borrowed, valid until the call's end. */
json_t *jmap_arguments(struct jmap_call *c);

/* Only these names (and accountId) may occur; NULL ends the list. False: it was answered with
 * invalidArguments. */
bool jmap_arguments_known(struct jmap_call *c, ...) __attribute__((sentinel));
/* The same with two lists, NULL at the end of each; a list may be NULL. */
bool jmap_arguments_are(struct jmap_call *c, const char *const *names, const char *const *more);

/*
 * Arguments by name, of any object. True: it is there with the type, or it is absent or null (then the output
 * is untouched). False: it has another type, and the call has been answered with invalidArguments that names
 * it.
 */
bool jmap_take_bool(struct jmap_call *c, const json_t *object, const char *name, bool *out);
bool jmap_take_int(struct jmap_call *c, const json_t *object, const char *name, int64_t *out); /* Int */
bool jmap_take_unsigned(
    struct jmap_call *c, const json_t *object, const char *name, uint64_t *out); /* UnsignedInt */
bool jmap_take_string(struct jmap_call *c, const json_t *object, const char *name, struct view *out);
bool jmap_take_object(struct jmap_call *c, const json_t *object, const char *name, json_t **out);
bool jmap_take_array(struct jmap_call *c, const json_t *object, const char *name, json_t **out);

/* The text of a string; empty for anything else. */
struct view jmap_string(const json_t *value);
/* Int and UnsignedInt (RFC 8620 section 1.3): whole numbers to 2^53-1. */
bool jmap_is_unsigned(const json_t *value, uint64_t *n);
bool jmap_is_int(const json_t *value, int64_t *n);
/* Id: 1 to 255 of letters, digits, "-" and "_" (RFC 8620 section 1.2). */
bool jmap_is_id(struct view text);

/* UTCDate and Date (RFC 8620 section 1.4), strictly. offset_minutes may be NULL: then only "Z" is taken. */
bool jmap_date_read(struct view text, int64_t *seconds, int *offset_minutes);
void jmap_put_utc_date(struct json_out *w, int64_t seconds);

/* FNV-1a over one text after another, for states: finds changes, proves nothing against an attacker. */
#define JMAP_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t jmap_hash(uint64_t hash, struct view text);
void jmap_put_date(struct json_out *w, int64_t seconds, int offset_minutes);
/* A JSON value as it is. */
void jmap_put_json(struct json_out *w, const json_t *value);
void jmap_put_id(struct json_out *w, char letter, uint64_t account, uint64_t number);
/*
 * A state (RFC 8620 section 1.6.2), as mail_email.h has it: "M", and for what is seen of another's account
 * "M-access"; in the middle of a modseq, "M-access-part"; and of mailboxes, of which some of what changed
 * behind M was told, "M-access-part-until": those up to number `part`, as they were at `until`.
 */
struct jmap_state {
	uint64_t modseq, access, part, until;
};
void jmap_put_state(struct json_out *w, const char *name, struct jmap_state state);
/* False: none that we have written; *state is then untouched. */
bool jmap_state_read(struct view text, struct jmap_state *state);
bool jmap_state_equal(struct jmap_state a, struct jmap_state b);

/* The accounts of the session that have this number, as an object of a Session's Accounts (RFC 8620 section
 * 2); none (0): null. */
void jmap_put_accounts(struct jmap_call *c, const char *name, uint64_t number);

/* Creation ids (RFC 8620 section 5.3): "#k" -> the id that was made of it, empty: none; any other text is
 * given back as it is. And what a creation has become: views are copied. */
struct view jmap_creation(struct jmap_call *c, struct view reference);
void jmap_created(struct jmap_call *c, struct view key, struct view id);

/* ---- Foo/get: jmap_get.c (RFC 8620 section 5.1) ---- */

struct jmap_get {
	bool all; /* ids is null */
	size_t count;
	struct view *ids;    /* each once, in the order asked for; creation references are resolved, and those
	                        that stand for nothing are in notFound already */
	uint64_t properties; /* bits of the names' places; bit 0, "id", is always set */
	size_t names_count;
	struct view *names; /* the properties as they were asked for; 0, NULL: properties is null */
};

/*
 * Reads ids and properties. names: the properties of this type, "id" first, at most 64, NULL at the end;
 * properties not asked for by name: `usual`. other: whether a name that is not in the list is a property too
 * ("header:..."), or NULL. extra: names of further arguments, NULL at the end, or NULL.
 * False: the call has been answered.
 */
bool jmap_get_begin(struct jmap_call *c, struct jmap_get *get, const char *const *names, uint64_t usual,
    bool (*other)(struct view name), const char *const *extra);

/* Opens "list"; then each object is written with jmap_respond, ids that are not there are named by
 * jmap_get_missing, in any order. */
struct json_out *jmap_get_list(struct jmap_call *c);
void jmap_get_missing(struct jmap_call *c, struct view id);
/* Closes the list, writes state and notFound, and ends the call. Blobs have no state. */
void jmap_get_end(struct jmap_call *c, struct jmap_state state);
void jmap_get_end_without_state(struct jmap_call *c);

/* ---- Foo/changes (RFC 8620 section 5.2), Foo/query (5.5), Foo/queryChanges (5.6): jmap_query.c ---- */

struct jmap_changes {
	struct jmap_state since;
	uint64_t max; /* maxChanges; 0: no limit */
};
/* False: the call has been answered. A state that no server of ours wrote: cannotCalculateChanges. */
bool jmap_changes_begin(struct jmap_call *c, struct jmap_changes *changes);

struct jmap_sort {
	struct view property;
	bool descending;
	const json_t *comparator; /* for properties of its own, as "keyword" */
};
enum { JMAP_SORT_MAX = 16 };

/* A filter (RFC 8620 section 5.5): an operator with what it is over, or a condition. */
enum jmap_operator { JMAP_CONDITION, JMAP_AND, JMAP_OR, JMAP_NOT };
enum { JMAP_FILTER_DEPTH_MAX = 32, JMAP_FILTER_NODES_MAX = 1000 };
struct jmap_filter {
	enum jmap_operator op;
	const json_t *condition; /* of JMAP_CONDITION: an object */
	size_t count;
	struct jmap_filter *of;
};

struct jmap_query {
	struct jmap_filter *filter; /* NULL: everything */
	struct jmap_sort sort[JMAP_SORT_MAX];
	size_t sort_count;
	int64_t position;
	bool has_anchor;
	struct view anchor; /* a creation reference is resolved */
	int64_t anchor_offset;
	bool has_limit;
	uint64_t limit;
	bool calculate_total;
};

/*
 * sorts: the properties that can be sorted by, NULL at the end; another one: unsupportedSort. collations are
 * checked. What the conditions of a filter hold is the method's to check (unsupportedFilter).
 * extra: as in jmap_get_begin. False: the call has been answered.
 */
bool jmap_query_begin(
    struct jmap_call *c, struct jmap_query *query, const char *const *sorts, const char *const *extra);

/* Reads a filter into the call's arena; null gives NULL. False: the call has been answered. */
bool jmap_filter_read(struct jmap_call *c, const json_t *json, struct jmap_filter **out);
/* Every condition of the filter, in order; false ends the walk and is given back. */
bool jmap_filter_each(
    const struct jmap_filter *filter, bool (*each)(void *arg, const json_t *condition), void *arg);
/* Whether a thing is in the filter: `matches` judges a condition. An empty one or NULL: yes. */
bool jmap_filter_matches(
    const struct jmap_filter *filter, bool (*matches)(void *arg, const json_t *condition), void *arg);

/* The results, as an ordered list of ids that somebody can name by their place. */
struct jmap_results {
	size_t count;
	void (*put)(struct jmap_call *c, struct json_out *w, size_t i, void *arg); /* writes the id */
	ptrdiff_t (*find)(struct jmap_call *c, struct view id, void *arg);         /* its place; -1: none */
	void *arg;
};
/* Finds the window (position, anchor, limit), writes queryState, canCalculateChanges, position, ids, total
 * and limit, and ends the call; anchorNotFound is answered here too. */
void jmap_query_end(struct jmap_call *c, const struct jmap_query *query, const struct jmap_results *results,
    struct view query_state, bool can_calculate_changes);

struct jmap_query_changes {
	struct jmap_query query; /* filter, sort, calculate_total */
	struct view since;       /* sinceQueryState, as it was written */
	uint64_t max;            /* 0: no limit */
	bool has_up_to;
	struct view up_to;
};
bool jmap_query_changes_begin(struct jmap_call *c, struct jmap_query_changes *changes,
    const char *const *sorts, const char *const *extra);

/* ---- Foo/set (RFC 8620 section 5.3): jmap_set.c ---- */

/*
 * The frame reads the arguments, checks ifInState, limits and ids, and calls for each object one after the
 * other: all of create, then of update, then of destroy. Each of these functions says what became of it, with
 * jmap_set_created, _updated, _destroyed or _failed, and then calls jmap_set_next (at once, or in an answer).
 * One that gathers many for one question calls jmap_set_next at once, and says what became of them in
 * `flush`, which is called behind the last one of each of the three, and ends with jmap_set_next too.
 */
struct jmap_set {
	/* Asks for the state, and calls jmap_set_state. It is asked for again at the end: newState. NULL: the
	   type has no states, and there is no ifInState. */
	void (*state)(struct jmap_call *c);
	void (*create)(struct jmap_call *c, struct view key, json_t *object);
	void (*update)(struct jmap_call *c, struct view id, json_t *patch);
	void (*destroy)(struct jmap_call *c, struct view id);
	void (*flush)(struct jmap_call *c); /* or NULL */
	void (*finish)(
	    struct jmap_call *c); /* before newState is asked for, or NULL; ends with jmap_set_next */
	const char *const *extra; /* names of further arguments, or NULL */
};
/* `set` must be static. The call needs jmap_call_data of its own before, if it wants any. */
void jmap_set_run(struct jmap_call *c, const struct jmap_set *set);
void jmap_set_state(struct jmap_call *c, struct jmap_state state);
void jmap_set_next(struct jmap_call *c);
/* The state before and behind the changes, where their answer tells them: nobody asks for it at the end then.
 */
void jmap_set_states(struct jmap_call *c, struct jmap_state old_state, struct jmap_state new_state);

/* Created: the object is open behind "id"; properties that the client does not know are written with the
 * writer, and jmap_set_created_end ends it. */
struct json_out *jmap_set_created(struct jmap_call *c, struct view key, struct view id);
void jmap_set_created_end(struct jmap_call *c);
/* Refers to a creation that is not there yet: it comes again behind the others. False: nothing was created
 * since it came last, so that it must fail. */
bool jmap_set_later(struct jmap_call *c, struct view key, json_t *object);
void jmap_set_updated(struct jmap_call *c, struct view id);
/* The same, where the server changed more than the client said: properties, then jmap_set_updated_end. */
struct json_out *jmap_set_updated_with(struct jmap_call *c, struct view id);
void jmap_set_updated_end(struct jmap_call *c);
void jmap_set_destroyed(struct jmap_call *c, struct view id);
/* key: of a creation, or the id. properties: names of those that are wrong with commas between, or NULL. */
void jmap_set_failed(struct jmap_call *c, struct view key, const char *type, const char *properties,
    const char *description, ...) __attribute__((format(printf, 5, 6)));
/* The same with members of its own ("existingId"), then jmap_set_failed_end. */
struct json_out *jmap_set_failed_with(struct jmap_call *c, struct view key, const char *type);
void jmap_set_failed_end(struct jmap_call *c);
/* An update that stands in destroy too is failed with willDestroy by the frame. */
bool jmap_set_has_failed(struct jmap_call *c); /* something of it has, so far */

/* `create` and `destroy` of a type with one object, which is always there (RFC 8621 section 8). */
#define JMAP_SINGLETON VIEW("singleton")
void jmap_set_create_singleton(struct jmap_call *c, struct view key, json_t *object);
void jmap_set_destroy_singleton(struct jmap_call *c, struct view id);

/* Patches (RFC 8620 section 5.3): jmap_patch.c. */
enum { JMAP_PATCH_DEPTH_MAX = 16 };
/* Whether no path is the beginning of another one, and all are pointers. */
bool jmap_patch_is_valid(const json_t *patch);
/* The first step of a path, unescaped, into the arena; *rest is what follows it, without "/". */
bool jmap_patch_step(struct jmap_call *c, struct view path, struct view *step, struct view *rest);
/* Applies a patch to an object. False: invalidPatch. A null removes. */
bool jmap_patch_apply(json_t *object, const json_t *patch);

/* ---- Foo/copy (RFC 8620 section 5.4): jmap_copy.c ---- */

/* The account that is copied from: fromAccountId. False: the call has been answered (fromAccountNotFound;
 * invalidArguments when both are the same). */
bool jmap_copy_from(struct jmap_call *c, const struct jmap_account **from);

#endif
