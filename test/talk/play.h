/* Plays transcripts (test/talk/README.md) against a session machine. */
#ifndef TEST_TALK_PLAY_H
#define TEST_TALK_PLAY_H

#include "base/buf.h"

/* What a stage provides for one kind of session. */
struct stage {
	void *(*open)(struct buf *out); /* a new session after the K: and O: lines are known */
	size_t (*feed)(void *session, struct view bytes);
	void (*close)(void *session);
	bool (*direct)(char letter, struct view argument); /* A:, F:, K:, O: ... ; false: unknown */
	bool (*is_closed)(void);                           /* the session whose turn it was last */
	struct view (*delivered)(void); /* all messages that were delivered, one after the other */
	void (*settle)(void *session);  /* answers what is pending */
	bool is_client;                 /* the machine is the client: it is fed the S: lines */
	bool (*finished)(void);         /* whether nothing is left over at the end; may be NULL */
};

/* Plays the files named in the arguments; the exit status. Prints cmocka-like closing lines. */
int play_main(int argc, char **argv, const struct stage *stage);

#endif
