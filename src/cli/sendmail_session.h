/* A conversation with the server's local socket, for `postrider sendmail`: it waits for each reply. */
#ifndef CLI_SENDMAIL_SESSION_H
#define CLI_SENDMAIL_SESSION_H

#include "base/buf.h"
#include "config/settings.h"

enum {
	SENDMAIL_REPLY_MAX = 64 << 10, /* octets of one reply; ours take a tenth of it */
	SENDMAIL_HOST_SIZE = 256
};

struct sendmail_session {
	int fd;
	struct buf in;                     /* what came behind the last reply */
	struct buf reply;                  /* the last one: its lines without CR, "250-..." */
	unsigned code;                     /* of it; 0: the server has gone, or said nothing for too long */
	char hostname[SENDMAIL_HOST_SIZE]; /* the server's, once it has greeted */
};

/* A descriptor, or -1 with errno. */
int sendmail_connect(const struct settings *settings);

/* fd is the session's from then on. Takes the greeting. sendmail_session_done closes. */
void sendmail_session_init(struct sendmail_session *s, int fd);
void sendmail_session_done(struct sendmail_session *s);

/* Sends a line (CRLF is added), and takes the reply: its code. */
unsigned sendmail_say(struct sendmail_session *s, struct view line);

/* The message and its end, behind a reply of 354; the reply's code. */
unsigned sendmail_data(struct sendmail_session *s, struct view message);

/* Bytes from one side to the other until the server ends: for a program that speaks SMTP itself. */
void sendmail_pump(int fd, int in, int out);

#endif
