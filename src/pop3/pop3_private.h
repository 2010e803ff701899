/* What the POP3 session's files share. */
#ifndef POP3_POP3_PRIVATE_H
#define POP3_POP3_PRIVATE_H

#include "format/dot_stuff.h"
#include "pop3/pop3_session.h"

enum pop3_state {
	POP3_AUTHORIZATION = 1,
	POP3_TRANSACTION = 2,
	POP3_ENDED = 4 /* QUIT was taken: nothing more is read */
};

enum pop3_wait {
	POP3_NO_WAIT,
	POP3_WAIT_LOGIN,    /* an answer of auth */
	POP3_WAIT_RESPONSE, /* the client's next SASL line: input is read */
	POP3_WAIT_TLS,
	POP3_WAIT_OPEN,
	POP3_WAIT_MESSAGE,
	POP3_WAIT_EXPUNGE
};

/* A reply that is longer than the output may be: it goes on from `next` whenever there is room. */
enum pop3_long_reply { POP3_NO_REPLY, POP3_LIST_REPLY, POP3_UIDL_REPLY };

struct pop3_message {
	uint64_t size; /* with the marks below; pop3_size is the size */
	uint64_t id;
};

#define POP3_DELETED (UINT64_C(1) << 63)
#define POP3_BINARY (UINT64_C(1) << 62)

static inline uint64_t pop3_size(const struct pop3_message *m)
{
	return m->size & ~(POP3_DELETED | POP3_BINARY);
}

struct pop3_session {
	struct pop3_config config;
	const struct pop3_backend *backend;
	void *arg;
	struct buf *out;
	enum pop3_state state;
	enum pop3_wait wait;
	enum pop3_long_reply reply;
	uint32_t next; /* of the long reply */
	bool utf8, skipping_line;
	bool login_garbled; /* the login was cancelled by us: its line was no base64 */
	unsigned errors;
	size_t futile;   /* commands since the login, or since a message was asked for */
	struct buf user; /* the argument of USER, until PASS */

	struct pop3_message *messages;
	size_t count, room;
	struct view *uidls;   /* imported ones; NULL when there are none */
	char uidl_prefix[18]; /* 16 digits and a dot */
	struct arena uidl_arena;
	uint32_t deleted;
	uint64_t deleted_bytes, total_bytes;

	/* RETR and TOP: what is being sent. */
	uint32_t current;
	uint64_t offset, asked; /* TOP: what has come, and up to where it was asked for */
	uint64_t lines_left;    /* of the body, TOP */
	bool top, binary, in_body, line_start, last_cr, line_empty, announced;
	struct dot_stuff stuff; /* of a binary one */
};

/* ---- replies: pop3_reply.c ---- */
void pop3_ok(struct pop3_session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `code`: a response code such as "AUTH", or NULL. Counts as an error of the client if `counts`. */
void pop3_err(struct pop3_session *s, const char *code, const char *text, bool counts);
/* Ends the session when the client has made too many errors, or said too much that brings nothing. */
void pop3_end_if_too_many(struct pop3_session *s);

/* ---- commands: the argument is what follows the word and one space, trimmed at the end ---- */
typedef void pop3_handler(struct pop3_session *s, struct view argument);
pop3_handler pop3_user, pop3_pass, pop3_apop, pop3_auth, pop3_stls, pop3_capa, pop3_utf8,
    pop3_lang;                                                      /* pop3_login.c */
pop3_handler pop3_stat, pop3_list, pop3_uidl, pop3_dele, pop3_rset; /* pop3_maildrop.c */
pop3_handler pop3_retr, pop3_top;                                   /* pop3_message.c */
pop3_handler pop3_noop, pop3_quit;

/* A line of the client within a SASL exchange. */
void pop3_sasl_line(struct pop3_session *s, struct view line);

/* Goes on with a long reply. */
void pop3_continue(struct pop3_session *s);

/* The message number in an argument; an error has been answered when it returns false. */
bool pop3_number(struct pop3_session *s, struct view text, uint32_t *index);

#endif
