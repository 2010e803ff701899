/*
 * Web and auth: signing in with a browser or for a token, and what somebody who is signed in sees and changes
 * of the account's credentials. One question with an operation, one answer; what auth remembers between two
 * questions is a session (kept with the account) or a ticket (ten minutes, in its memory). Programs that have
 * a password ask by MESSAGE_LOGIN, as mail programs do.
 */
#ifndef PROCESS_MESSAGES_SIGN_IN_H
#define PROCESS_MESSAGES_SIGN_IN_H

#include "process/message.h"

enum messages_sign_in {
	MESSAGE_SIGN_IN = MESSAGES_SIGN_IN,
	MESSAGE_SIGN_IN_ANSWER /* SIGN_OPEN: the account's channel comes along; SIGN_ADMINISTER and SIGN_FILE:
	                          another one */
};

/* clang-format off */

/*
 * `session` names the connection in the log; `client` is its address, `agent` what it calls itself. `token`: of a session, where the
 * operation needs one. `ticket`: of an earlier answer. `site` and `origin`: as the browser sees this server, for passkeys.
 */
struct message_sign_in {
	uint64_t operation, number;
	struct view session, client, agent, token, ticket, site, origin;
	struct codec_list fields;
};

/* account: with SIGN_OPEN, and with a new session. text: what the operation says it is; with SIGN_INVALID and SIGN_WEAK a sentence for people. */
struct message_sign_in_answer { uint64_t why, account, administrator; struct view token, ticket, address, text; };

/* Fields of a question, in order, `number` beside them; behind "->" what is answered. "Proved": the session's owner has to have proved who it is within 15 minutes. */
enum sign_operation {
	/* Nobody is signed in. number 1: a token for a program is wanted, not a session of a browser. */
	SIGN_PASSWORD = 1,  /* address, password -> token; or SIGN_SECOND: ticket, text: JSON {"code", "passkey"}: what can be used */
	SIGN_CODE,          /* ticket; code (6 digits, or a recovery code) -> token */
	SIGN_PASSKEY_ASK,   /* a ticket of SIGN_PASSWORD, or a token, or neither -> ticket; text: JSON for navigator.credentials.get */
	SIGN_PASSKEY,       /* ticket; credential, client data, authenticator data, signature, user handle -> token. With a token: it is proved */
	/* With a token. */
	SIGN_OPEN,          /* -> the account's channel; address; administrator: it is one */
	SIGN_OUT,           /* -> */
	SIGN_PROVE,         /* a password, or a code where the account has a second factor -> */
	SIGN_STATE,         /* -> text: JSON, as auth_sign_state.c writes it */
	SIGN_SESSION_END,   /* number: which; 0: all but this one. Proved, unless it is this one */
	SIGN_TOKEN_ADD,     /* name -> text: the token. Proved */
	SIGN_APP_ADD,       /* name; number: CREDENTIAL_* -> text: the password. Proved */
	SIGN_APP_REMOVE,    /* number: which. Proved */
	SIGN_PASSWORD_SET,  /* the password until now, the new one. Proved. All other sessions end */
	SIGN_TOTP_ASK,      /* -> ticket; text: JSON {"secret", "uri"}. Proved */
	SIGN_TOTP_SET,      /* ticket; code -> text: JSON list of recovery codes, if the account has none yet. Proved */
	SIGN_TOTP_REMOVE,   /* Proved */
	SIGN_PASSKEY_MAKE,  /* -> ticket; text: JSON for navigator.credentials.create. Proved */
	SIGN_PASSKEY_ADD,   /* ticket; name, client data, attestation -> as SIGN_TOTP_SET. Proved */
	SIGN_PASSKEY_REMOVE, /* number: which. Proved */
	SIGN_RECOVERY_MAKE, /* -> text: JSON list of new recovery codes. Proved */
	SIGN_ADMINISTER,    /* number: enum sign_administer -> the channel of administration to it. Proved; SIGN_FORBIDDEN: no administrator */
	/* Nobody is signed in. */
	SIGN_FILE,          /* what the URL of a file link has (mail/file_link.h) -> a channel that reads that file. SIGN_FULL: too many fetch files now */
	SIGN_OPERATIONS
};

enum sign_administer { SIGN_ADMINISTER_AUTH, SIGN_ADMINISTER_STORE, SIGN_ADMINISTER_ENDS };

enum sign_why {
	SIGN_DONE,
	SIGN_WRONG,     /* name, password, code or passkey; nobody is told which */
	SIGN_SECOND,    /* so far right: now the second step */
	SIGN_LOCKED,    /* too many guesses */
	SIGN_TEMPORARY, /* a failure on our side */
	SIGN_ENDED,     /* no such session (any more) */
	SIGN_STALE,     /* no such ticket (any more): begin again */
	SIGN_UNPROVED,  /* prove who you are first */
	SIGN_INVALID,   /* what was asked for makes no sense: text says why */
	SIGN_WEAK,      /* the new password: text says why */
	SIGN_FULL,      /* there are too many of these */
	SIGN_EXISTS,
	SIGN_MISSING,   /* there is none of that number, or no such file */
	SIGN_FORBIDDEN, /* no administrator's session */
	SIGN_WHYS
};
/* clang-format on */

enum {
	SIGN_FIELDS_MAX = 5,
	SIGN_FIELD_MAX = 16 * 1024, /* octets: an attestation is the largest */
	SIGN_TEXT_MAX = 64 * 1024   /* octets: all sessions, app passwords and passkeys of an account */
};

/* How many fields the question has; -1 for an operation that does not exist. */
int sign_operation_fields(uint64_t operation);

/* clang-format off */
#define MESSAGES_SIGN_IN_STRUCTS(X) X(message_sign_in) X(message_sign_in_answer)
/* clang-format on */
MESSAGES_SIGN_IN_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_sign_in[MESSAGES_IN_GROUP];

#endif
