/* What the files of src/jmap share among themselves, and methods do not see. */
#ifndef JMAP_JMAP_STATE_H
#define JMAP_JMAP_STATE_H

#include "jmap/jmap_private.h"

enum {
	/* Containers in each other in a request. What JMAP defines needs some ten, with a filter of
	   JMAP_FILTER_DEPTH_MAX twice as many again. */
	JMAP_JSON_DEPTH_MAX = 96,
	/* Octets that the tree of a request takes, as jmap_scan reckons: a request of JMAP_SIZE_REQUEST_MAX
	   that holds what real ones hold takes some 40 million; one that is nothing but brackets would take a
	   thousand. */
	JMAP_TREE_MAX = 96 * 1024 * 1024,
	JMAP_SESSION_TREES_MAX = 128 * 1024 * 1024, /* of all requests of a session that are under way */
	JMAP_ARENA_MAX = 64 * 1024 * 1024,          /* of one call */
	JMAP_THEN_MAX = 8,                          /* calls that a call asks for by jmap_then */
	JMAP_REFERENCE_STEPS_MAX = 32,              /* of a path in a reference */
	/* Octets of results that the references of a request are followed through: each passes through the
	   result that it names, and nobody else is served meanwhile. */
	JMAP_FOLLOWED_MAX = 4 * JMAP_RESPONSE_MAX,
	JMAP_ACCOUNTS_MAX = 1000, /* others' that share with one */
	/* Of a session under way, those of requests that were dropped among them: a client may begin requests
	   and go faster than store answers. */
	JMAP_QUESTIONS_MAX = 4096
};

struct jmap_question {
	uint32_t number;
	struct jmap_request *request; /* NULL: the session asks itself, or the request has gone */
	uint64_t serial;              /* of the call */
	jmap_answered *answered;
};

struct jmap_kept {
	enum jmap_slot slot;
	uint64_t account;
	void *value;
	void (*release)(void *value);
};

struct jmap_session {
	const struct jmap_host *host;
	void *arg;
	struct jmap_config config;
	char *texts[7]; /* what the config's views show */
	bool lost;

	struct jmap_question *questions;
	size_t question_count, question_room;
	uint32_t last_number, accounts_number; /* accounts_number: of the question for them; 0: none */
	uint64_t last_upload;

	struct jmap_request *requests; /* under way */
	size_t request_count;
	size_t trees; /* octets */

	/* The own one first. `gathered` is the next list, while it is asked for. */
	struct jmap_account *accounts, *gathered;
	size_t account_count, gathered_count;
	bool accounts_known;
	uint64_t state; /* of the Session resource */
	/* jmap_put_account, for methods, whose tables it looks at. */
	void (*put_account)(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a);

	struct mail_names names; /* of keywords */
	struct jmap_kept *kept;
	size_t kept_count;
};

/* A response that a reference may name. */
struct jmap_result {
	const char *name;
	struct view id;
	size_t start, len; /* of its arguments in the output, counted from the response's first octet */
};

struct jmap_set_state;
struct jmap_get_state;

struct jmap_call {
	struct jmap_request *request;
	const struct jmap_method *method;
	json_t *arguments; /* owned */
	struct view id;
	struct jmap_account account; /* only with JMAP_NEEDS_ACCOUNT; its address lives in the arena */
	uint64_t serial;             /* 0: none is under way */
	bool ended;
	bool looked_anew; /* for the account that it names: what is shared may be new */
	bool again;       /* it is run again, when the accounts are known */
	bool implied;     /* by another one (jmap_then): "using" need not name its capability */
	struct arena arena;
	void *data;
	void (*release)(void *data);
	void (*credited)(struct jmap_call *c, const struct mail_upload_credit *credit);
	size_t start; /* of the response in the output */
	size_t arguments_start;
	bool opened;
	struct json_out writer;
	struct jmap_set_state *set; /* jmap_set.c */
	struct jmap_get_state *get; /* jmap_get.c */
};

struct jmap_then {
	const char *method;
	json_t *arguments;
	struct view id;
};

struct jmap_request {
	struct jmap_session *session;
	struct jmap_request *next;
	struct buf *out;
	size_t out_start, out_max; /* where the response begins; the output's own maximum */
	size_t reserve;            /* octets at its end that no call's answer may take */
	jmap_done *done;
	void *arg;
	bool websocket, object;  /* object: it asks for the Session resource */
	bool advancing, waiting; /* waiting: for the accounts */

	json_t *root, *calls; /* owned; borrowed */
	size_t tree;          /* octets that were reckoned for it */
	size_t followed;      /* octets of results that references were followed through */
	uint32_t uses;        /* bits of enum jmap_capability */
	size_t next_call;
	json_t *created; /* owned; creation id -> id */
	bool tells_created;
	struct view id; /* of a WebSocket's request; its data is NULL where there is none */

	uint64_t last_serial;
	struct jmap_call call;
	struct jmap_then then[JMAP_THEN_MAX];
	size_t then_first, then_count;
	struct jmap_result *results;
	size_t result_count, result_room;
	struct buf nowhere; /* of no size: for what is written behind a call's end */
	struct json_out dead;
};

/* ---- jmap_ask.c ---- */

/* The account of this id; NULL: none. */
const struct jmap_account *jmap_find_account(const struct jmap_session *s, struct view id);
/* Asks for the accounts, if nobody does already; the requests that wait are advanced when they are known. */
void jmap_ask_accounts(struct jmap_session *s);
/* All questions of the request are forgotten. */
void jmap_forget_questions(struct jmap_session *s, const struct jmap_request *r);

/* ---- jmap_answer.c ---- */

/* The response of the call under way begins: its name. */
void jmap_begin_response(struct jmap_request *r, const char *name);

/* ---- jmap_request.c ---- */

/* Carries out calls until one waits for an answer. True: the request has ended and is gone. */
bool jmap_advance(struct jmap_request *r);
const struct jmap_method *jmap_find_method(const char *name);
/* Each method of all tables; NULL behind the last one. */
const struct jmap_method *jmap_method_at(size_t position);

/* ---- jmap_parse.c ---- */

/* What a text needs in memory as a tree; false: containers nest deeper than JMAP_JSON_DEPTH_MAX. Any text is
 * taken; what is no JSON is found by the parser. */
bool jmap_scan(struct view text, size_t *octets);
/* Parses strictly, as RFC 7493 wants it. NULL: it is no I-JSON, or there is no memory. */
json_t *jmap_parse(struct view text, bool *no_memory);
struct jmap_problem {
	const char *type;   /* behind "urn:ietf:params:jmap:error:"; NULL: there is no memory */
	const char *detail; /* words for people */
	const char *limit;  /* of the type "limit": which one */
};
/* Reads the request object. False: *problem says why not. */
bool jmap_parse_request(struct jmap_request *r, struct view body, struct jmap_problem *problem);
void jmap_put_problem(struct jmap_request *r, const struct jmap_problem *problem);

/* ---- jmap_reference.c ---- */

/* Replaces "#name" by what it refers to. False: the call has been answered. */
bool jmap_resolve_references(struct jmap_call *c);

/* ---- jmap_object.c ---- */

extern const char *const jmap_capability_names[JMAP_CAPABILITIES];
bool jmap_capability_is_true(const struct jmap_session *s, enum jmap_capability capability);
bool jmap_supports(const struct jmap_account *account, enum jmap_capability capability);
void jmap_put_session_object(struct jmap_request *r);
/* A member of "accounts". */
void jmap_put_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a);

/* ---- what frames keep for a call; called at its end ---- */

void jmap_set_release(struct jmap_call *c);
void jmap_get_release(struct jmap_call *c);

#endif
