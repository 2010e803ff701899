/* The edges and relay ask auth: who is this recipient, who logs in, who may send as whom. */
#ifndef PROCESS_MESSAGES_LOGIN_H
#define PROCESS_MESSAGES_LOGIN_H

#include "format/login_failure.h"
#include "process/message.h"

enum messages_login {
	MESSAGE_RESOLVE = MESSAGES_LOGIN, /* who is this recipient? */
	MESSAGE_RESOLVED,
	MESSAGE_LOGIN,      /* the first message of a SASL exchange (or APOP, USER/PASS as PLAIN) */
	MESSAGE_LOGIN_MORE, /* a further one, with the same request number; cancelled when `cancel` is set */
	MESSAGE_CHALLENGE,
	MESSAGE_LOGGED_IN, /* success: the account's channel comes along, where the service has one */
	MESSAGE_LOGIN_FAILED,
	MESSAGE_SENDER, /* may this account send as this address? */
	MESSAGE_VERDICT
};

/* clang-format off */
struct message_resolve { struct view address; };
enum resolve_verdict { RESOLVE_LOCAL, RESOLVE_UNKNOWN_USER, RESOLVE_NOT_OURS, RESOLVE_DISABLED, RESOLVE_TEMPORARY, RESOLVE_LOOP, RESOLVE_TOO_MANY };
struct message_target { uint64_t account; struct view mailbox, address; uint64_t limited; }; /* limited: the account has a quota of its own */
struct message_resolved { uint64_t verdict; struct codec_list targets; };

struct message_login {
	struct view session, service, client, mechanism, initial, binding_type, binding;
	uint64_t has_initial, secure;
	struct view apop_stamp; /* the banner's time stamp, for APOP */
};
struct message_login_more { struct view response; uint64_t cancel; };
struct message_challenge { struct view text; };
struct message_logged_in { uint64_t account; struct view address; };
struct message_login_failed { uint64_t why; }; /* enum login_failure */
struct message_sender { uint64_t account; struct view address; };
struct message_verdict { uint64_t allowed, temporary, foreign; }; /* temporary: it cannot be told now; foreign: of another domain than ours */

#define MESSAGES_LOGIN_STRUCTS(X) X(message_resolve) X(message_target) X(message_resolved) \
	X(message_login) X(message_login_more) X(message_challenge) X(message_logged_in) X(message_login_failed) \
	X(message_sender) X(message_verdict)
/* clang-format on */
MESSAGES_LOGIN_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_login[MESSAGES_IN_GROUP];

#endif
