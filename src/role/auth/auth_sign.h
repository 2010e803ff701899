/*
 * What the files of signing in share: auth_sign.c (a question's life: the directory, writing, the answer)
 * carries the operations of auth_sign_in.c (nobody is signed in yet), auth_sign_account.c (what a session may
 * see and change), auth_sign_passkey.c, auth_sign_file.c and auth_sign_state.c.
 */
#ifndef ROLE_AUTH_AUTH_SIGN_H
#define ROLE_AUTH_AUTH_SIGN_H

#include "role/auth/auth_login.h"
#include "role/auth/auth_ticket.h"

struct sign;

/* The account's record is here: login.known, login.credentials. */
typedef void (*sign_step)(struct sign *s);

struct sign {
	struct sign *next, *previous;
	struct login login; /* for the brake and the password; identity, record and credentials */
	struct link *edge;
	uint64_t generation;
	uint32_t request;
	uint32_t asked; /* of store */
	struct buf payload;
	struct message_sign_in m; /* its views are of the payload */
	struct arena arena;       /* for the question, and what changes the credentials */
	const struct sign_verb *verb;

	/* With a token. */
	unsigned char token[WEB_TOKEN_SIZE];
	struct web_session *session; /* among login.credentials: found anew each time they are read */
	bool has_token;
	bool administrator; /* the account is one */

	/* What is under way. */
	sign_step step;    /* after the directory has answered */
	sign_step written; /* after the record has been written */
	enum directory_credentials how;
	unsigned tries;
	bool delayed, is_program;
	struct ticket used;                           /* the passkey's, which is good for one answer */
	unsigned char password[TICKET_PASSWORD_SIZE]; /* the one that was right: see sign_name_password */
	const char *means;                            /* by which somebody signed in, for the log */
	uint64_t ended;                               /* the session that ends */
	uint64_t pushed_out;                          /* the one that makes room for a new one; 0: none */
	struct hashing *hashing;
	struct buf hash;         /* of the new password */
	struct app_password app; /* a new one, and its text */
	char app_text[APP_PASSWORD_LENGTH + 1];

	/* The answer. */
	struct message_sign_in_answer answer;
	int channel; /* of the account, that goes with it; -1 */
	struct buf text, token_text;
	char ticket[TICKET_NAME_SIZE];
};

enum sign_needs { SIGN_NEEDS_SESSION = 1, SIGN_NEEDS_PROOF = 2, SIGN_PROGRAMS_MAY = 4 };

struct sign_verb {
	unsigned needs;
	/* Without a session: the beginning. With one: `session` is there. */
	void (*run)(struct sign *s);
};

/* ---- auth_sign.c ---- */

/* A question has come: the session of its token, if it has one, then the verb. */
void sign_begin(struct link *edge, const struct channel_frame *frame, const struct sign_verb *verb);

/* The n-th field of the question. */
struct view sign_field(const struct sign *s, size_t n);

/* Answers, with what stands in s->answer and s->text; frees it. */
void sign_end(struct sign *s, enum sign_why why);
/* The same with a sentence. */
void sign_refuse(struct sign *s, enum sign_why why, const char *text);

/* Which password the account has: what was right for one is not for the next. */
void sign_name_password(const struct credentials *c, unsigned char name[TICKET_PASSWORD_SIZE]);
/* What was tried was wrong: counted, logged, answered. */
void sign_failed(struct sign *s, const char *means);

/* Asks the directory for the account of that address, then goes on. */
void sign_look_up(struct sign *s, struct view address, sign_step step);
/* Anew for the session of the question's token; then its verb. */
void sign_look_up_session(struct sign *s);
/* The same for the account of that number. */
void sign_look_up_number(struct sign *s, uint64_t account, sign_step step);

/*
 * Writes the credentials, as they have been changed, then goes on. When somebody else has changed them
 * meanwhile, they are read again and `s->step` is called again, to change them anew. REPLACED: what others
 * had may be gone: remembered passwords are forgotten, and all channels of the account end.
 */
void sign_write(struct sign *s, enum directory_credentials how, sign_step written);

/* A session has ended: so do its channels. */
void sign_revoke(struct sign *s, uint64_t session);

/* The brake, then `step`; or SIGN_LOCKED. */
void sign_brake(struct sign *s, sign_step step);

/* Hashes a new password in a thread, into s->hash; then `step`, or SIGN_TEMPORARY. */
void sign_hash(struct sign *s, struct view password, sign_step step);

/* Makes an app password in a thread, with the verifiers of SCRAM, into s->app; then `step`, or what is wrong.
 */
void sign_make_app(struct sign *s, struct view name, unsigned protocols, sign_step step);

/* Text of base64 for URLs, decoded into the arena. False: it is none. */
bool sign_base64(struct sign *s, struct view text, struct view *octets);
void sign_put_base64(struct buf *out, struct view octets);

/* Names the ticket in the answer. */
void sign_tell_ticket(struct sign *s, const struct ticket *t);

/* ---- auth_sign_in.c ---- */

void sign_password(struct sign *s);
/* The session was proved: noted, then done. */
void sign_note_proof(struct sign *s);
void sign_code(struct sign *s);
void sign_prove(struct sign *s);
/* Everything is proved: makes a session, and answers with its token. */
void sign_in(struct sign *s, const char *means);

/* ---- auth_sign_passkey.c ---- */

void sign_passkey_ask(struct sign *s);
void sign_passkey(struct sign *s);
void sign_passkey_make(struct sign *s);
void sign_passkey_add(struct sign *s);
void sign_passkey_remove(struct sign *s);

/* ---- auth_sign_account.c ---- */

void sign_open(struct sign *s);
void sign_out(struct sign *s);
void sign_session_end(struct sign *s);
void sign_token_add(struct sign *s);
void sign_app_add(struct sign *s);
void sign_app_remove(struct sign *s);
void sign_password_set(struct sign *s);

/* ---- auth_sign_second.c ---- */

void sign_totp_ask(struct sign *s);
void sign_totp_set(struct sign *s);
void sign_totp_remove(struct sign *s);
void sign_recovery_make(struct sign *s);
/* The first part of the second factor has been set: recovery codes into the answer, unless there are some. */
void sign_first_recovery(struct sign *s);

/* ---- auth_sign_administer.c ---- */

void sign_administer(struct sign *s);

/* ---- auth_sign_file.c ---- */

void sign_file(struct sign *s);

/* ---- auth_sign_state.c ---- */

/* Members of a JSON object, with a comma before each: what opens the account. No hash, no secret. */
void auth_put_secrets(struct buf *out, const struct credentials *c, int64_t now);

void sign_state(struct sign *s);

#endif
