/* Terms of SMTP that a server and a client share: what the parameters of MAIL can say. */
#ifndef SMTP_SMTP_TERMS_H
#define SMTP_SMTP_TERMS_H

enum smtp_body_kind { SMTP_7BIT, SMTP_8BITMIME, SMTP_BINARYMIME }; /* RFC 6152, RFC 3030 */

/* RFC 2852: what is to happen when the time has passed. */
enum smtp_by_mode {
	SMTP_BY_NONE,   /* there is no such time */
	SMTP_BY_RETURN, /* the message goes back */
	SMTP_BY_NOTIFY  /* the sender is told of the delay */
};

enum {
	SMTP_BY_SECONDS_MAX = 999999999, /* RFC 2852: nine digits */
	SMTP_PRIORITY_MIN = -9,          /* RFC 6710 */
	SMTP_PRIORITY_MAX = 9
};

#endif
