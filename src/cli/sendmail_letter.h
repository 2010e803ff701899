/*
 * What `postrider sendmail` makes of a message as programs write it: a header that may lack fields, names
 * without a domain, lines that end in LF, perhaps no header at all. Pure functions.
 */
#ifndef CLI_SENDMAIL_LETTER_H
#define CLI_SENDMAIL_LETTER_H

#include "mime/compose.h"

struct sendmail_letter {
	struct view hostname; /* completes addresses without a domain */
	struct view from;     /* for a text without a From field: an address without brackets */
	struct view name;     /* and its person's name; may be empty */
};

/*
 * Appends the message: without mbox's "From " line in front, with a From field, and with the domain in each
 * address of its header that has none. Date, Message-ID and the end of Bcc are the server's matter. The
 * result of buf_append.
 */
int sendmail_letter_write(const struct sendmail_letter *letter, struct view text, struct buf *out);

/*
 * The recipients that the header names: in To, Cc and Bcc, or in Resent-To, Resent-Cc and Resent-Bcc where
 * there is one of these. Behind those that are in the envelope already, each once. 0; -EINVAL with *problem
 * for a list that cannot be read without a guess; -ENOBUFS when there are too many.
 */
int sendmail_letter_recipients(struct view text, struct view hostname, struct arena *arena,
    struct compose_envelope *envelope, struct buf *problem);

/* The same of a list such as a word of the command: "root", "bob@example.org, carol". */
int sendmail_letter_list(struct view list, struct view hostname, struct arena *arena,
    struct compose_envelope *envelope, struct buf *problem);

/*
 * Where a line that is a single dot ends the text: the octets before it. `from` is where to go on looking, at
 * the beginning of a line, and is moved. SIZE_MAX: there is none yet.
 */
size_t sendmail_letter_dot(struct view text, size_t *from);

/* A person's name in passwd's fifth field: up to its first comma, "&" for the user's name, its first letter
 * large. Nothing of it where it cannot be shown. */
void sendmail_letter_person(struct view gecos, struct view user, struct buf *out);

#endif
