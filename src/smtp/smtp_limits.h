/* The limits of SMTP, each with its reason. Past one the client gets the protocol's error. */
#ifndef SMTP_SMTP_LIMITS_H
#define SMTP_SMTP_LIMITS_H

enum {
	/* Octets of a line of a refusal: RFC 5321 section 4.5.3.1.5 allows a reply line 512. */
	SMTP_REFUSAL_LINE = 400,
	SMTP_LINE_MAX =
	    2048, /* RFC 5321 section 4.5.3.1.4: 512 octets; the extensions' parameters add up to 1,300 */
	SMTP_AUTH_LINE_MAX = 12290, /* RFC 4954 section 4: 12,288 octets of base64 */
	SMTP_BURL_LINE_MAX =
	    12 * 1024, /* RFC 4468 names none: a path of 20 levels, percent-encoded, has 12,000 */
	SMTP_SHOWN_MAX = 256 * 1024, /* a piece of what a URL names: one answer of the backend */
	SMTP_OUTPUT_HIGH =
	    256 *
	    1024, /* a client that sends and never reads waits here, until the driver has got rid of some */
	SMTP_USER_RECIPIENTS_MAX = 1000, /* of one message of a user's: what large providers allow */
	SMTP_TRANSACTION_MAX = 4 << 20,  /* bytes of an envelope: 4,000 recipients with all parameters */
	SMTP_HELO_MAX = 255,             /* a domain name */
	SMTP_FUTILE_MAX = 100, /* commands since the last message that bring none nearer; a client that keeps
	                          a connection open says one a minute */
	SMTP_RECIPIENTS_SAID_MAX =
	    10000, /* RCPT commands since the last message, taken or refused for now: a list's program may say
	              all of its recipients before it looks at the replies */
	SMTP_CHUNK_MEAN =
	    2, /* octets: chunks that bring fewer on average are futile but for the last one (RFC 3030); a
	          program that sends each line in one brings that many with an empty line */
	SMTP_DELIVER_BY_MIN = 60 /* seconds (RFC 2852): a next host may take that long to answer */
};

#endif
