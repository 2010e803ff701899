/* Why a login was refused: one list for auth, which says it, and for every protocol, which puts it into words
 * of its own. */
#ifndef FORMAT_LOGIN_FAILURE_H
#define FORMAT_LOGIN_FAILURE_H

enum login_failure {
	LOGIN_BAD_CREDENTIALS,
	LOGIN_TEMPORARY,     /* a failure on our side */
	LOGIN_THROTTLED,     /* too many guesses */
	LOGIN_MALFORMED,     /* the mechanism's message */
	LOGIN_BAD_MECHANISM, /* not offered */
	LOGIN_DISABLED,      /* the account; the client is told that its credentials are wrong */
	LOGIN_CANCELLED,     /* by the client */
	LOGIN_APP_PASSWORD,  /* the main password is right, but the account has a second factor */
	LOGIN_FAILURES
};

/* One word for logs: "wrong", "locked" ... "unknown" for a number that is none. */
const char *login_failure_word(unsigned why);

#endif
