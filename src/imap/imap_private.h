/* What the IMAP session's files share. */
#ifndef IMAP_IMAP_PRIVATE_H
#define IMAP_IMAP_PRIVATE_H

#include "base/arena.h"
#include "base/cursor.h"
#include "imap/imap_ranges.h"
#include "imap/imap_session.h"
#include "mail/mail_names.h"
#include "mail/message_wire.h"

enum imap_state { IMAP_NOT_AUTHENTICATED = 1, IMAP_AUTHENTICATED = 2, IMAP_SELECTED = 4, IMAP_LOGOUT = 8 };

/* What the client has enabled (RFC 5161), by ENABLE or by a command that implies it. */
enum {
	IMAP_REV2 = 1 << 0, /* IMAP4rev2: no \Recent, ESEARCH always, UTF-8 in quoted strings */
	IMAP_CONDSTORE = 1 << 1,
	IMAP_QRESYNC = 1 << 2,
	IMAP_UTF8_ACCEPT = 1 << 3,
	IMAP_UIDONLY = 1 << 4
};

/* ---- parsing: imap_parse.c. A command's arguments, all of which are here, literals included ---- */

/*
 * Where in the command we are. A function that finds something else than what it looks for returns false, and
 * has noted why; once one has failed, all fail. What they give lives in the session's command arena or in the
 * command's text.
 */
struct imap_in {
	struct imap_session *session;
	struct cursor text; /* literals stand in it as they came: "{5}\r\nabcde" */
	const char *wrong;  /* NULL: nothing so far. Becomes the text of BAD */
};

bool imap_in_space(struct imap_in *in);        /* exactly one */
bool imap_in_end(struct imap_in *in);          /* nothing is left */
bool imap_in_at_end(const struct imap_in *in); /* the same, asked and not demanded */
bool imap_in_char(struct imap_in *in, char c); /* demands it */
bool imap_in_next_is(const struct imap_in *in, char c);
bool imap_in_take(struct imap_in *in, char c); /* takes it if it is next; no failure if not */
bool imap_in_word(struct imap_in *in,
    const char *word); /* takes it (any case) if it is the whole next atom; no failure if not */
bool imap_in_atom(struct imap_in *in, struct view *out);
bool imap_in_astring(struct imap_in *in, struct view *out);
bool imap_in_string(struct imap_in *in, struct view *out); /* quoted or literal */
bool imap_in_nstring(struct imap_in *in, struct view *out, bool *is_nil);
bool imap_in_number(struct imap_in *in, uint32_t *out);
bool imap_in_number64(struct imap_in *in, uint64_t *out);
bool imap_in_mailbox(struct imap_in *in,
    struct view *path); /* UTF-8 in NFC; modified UTF-7 (RFC 3501 5.1.3) is read unless UTF-8 was enabled */
bool imap_in_pattern(struct imap_in *in, struct view *pattern); /* list-mailbox, decoded as above */
bool imap_in_date(struct imap_in *in, int64_t *day);            /* date: seconds of its midnight, UTC */
bool imap_in_date_time(struct imap_in *in, int64_t *time);
/* flag-list or one flag, in or without brackets: system flags as bits; keywords with one space between them.
 */
bool imap_in_flags(struct imap_in *in, uint64_t *flags, struct view *keywords);
void imap_in_wrong(struct imap_in *in, const char *why);

/*
 * sequence-set, "*" and "$" (RFC 5182) resolved against the selected mailbox, as ranges of UIDs that are
 * there (mail/uid_ranges.h, ascending). Numbers are UIDs or message numbers; a message number that does not
 * exist is BAD.
 */
bool imap_in_sequence_set(struct imap_in *in, bool uids, struct view *ranges);

/* The same as a condition of a search: a message number that does not exist matches nothing. */
bool imap_in_search_set(struct imap_in *in, bool uids, struct view *ranges);

/* ---- writing: imap_write.c ---- */

void imap_put(struct imap_session *s, struct view text);
void imap_puts(struct imap_session *s, const char *text);
void imap_putf(struct imap_session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void imap_put_number(struct imap_session *s, uint64_t n);
void imap_put_string(
    struct imap_session *s, struct view text); /* quoted where that is possible, else a literal */
void imap_put_nstring(struct imap_session *s, struct view text, bool is_nil);
void imap_put_astring(struct imap_session *s, struct view text);
void imap_put_mailbox(
    struct imap_session *s, struct view path); /* in modified UTF-7 unless UTF-8 was enabled */
void imap_put_date_time(struct imap_session *s, int64_t time);     /* quoted */
void imap_put_uid_set(struct imap_session *s, struct view ranges); /* "1:3,5" */
void imap_write_uid_set(struct buf *out, struct view ranges);      /* the same, for a response code */
/* "(\Seen $Junk)": flags of a message of the selected mailbox; with \Recent for who did not enable IMAP4rev2.
 */
void imap_put_flags(struct imap_session *s, const struct mail_message *message);
/* "M1f-2c": MAILBOXID (RFC 8474 section 4), alike in all accounts that see the mailbox. */
void imap_put_mailbox_id(struct imap_session *s, const struct mail_mailbox *mailbox);
/* As users name it: its path, below "Users/ADDRESS/" when it is another's. */
void imap_put_mailbox_name(struct imap_session *s, const struct mail_mailbox *mailbox);
void imap_put_line(struct imap_session *s); /* CR LF */
/* A text for people, in the language that the session speaks (imap_texts.h); "[LIMIT] ..." with the code as
 * it is. What is not in the table stays English. */
void imap_put_text(struct imap_session *s, const char *english);
/* The same; how: "BAD" explains a text that is not in the table in a general way. */
void imap_write_text(const struct imap_session *s, struct buf *out, const char *how, const char *english);
/* "* OK [CODE] text", a whole line. code: NULL for none. */
void imap_put_note(struct imap_session *s, const char *how, const char *code, const char *english);

/* ---- the selected mailbox: imap_view.c ---- */

struct imap_view; /* its UIDs, and by them its message numbers */

/* The message number of a UID, 0: none; and back. Message numbers are as the client knows them (RFC
 * 9051 2.3.1.2). */
uint32_t imap_view_number(const struct imap_view *v, uint32_t uid);
uint32_t imap_view_uid(const struct imap_view *v, uint32_t number);
uint32_t imap_view_count(const struct imap_view *v);
uint32_t imap_view_last_uid(const struct imap_view *v); /* 0: it is empty */
/* All UIDs of the view, as ranges. */
struct view imap_view_ranges(const struct imap_view *v);

struct imap_selected {
	uint64_t account, mailbox, rights;
	uint64_t owner_number; /* the account's number, as ids show it */
	bool read_only;
	bool annotates; /* SELECT (ANNOTATE): annotations that others set are told (RFC 5257 section 4.2) */
	bool uid_not_sticky;
	uint32_t uidvalidity, uidnext, recent; /* recent: the first \Recent UID of this session */
	uint64_t modseq;                       /* what the client knows of is up to here */
	struct view path;                      /* as the client named it, decoded */
	struct imap_view *view;
	struct view saved; /* "$": the last SAVE's ranges (RFC 5182); owned: imap_save */
};

/* How many of its messages have this UID or a higher one. */
uint32_t imap_view_count_from(const struct imap_view *v, uint32_t uid);

/* Sets "$". Without memory it is empty, and false is returned. */
bool imap_save(struct imap_session *s, struct view ranges);

/* ---- commands ---- */

struct imap_command;
typedef void imap_run(struct imap_session *s, struct imap_in *in);
typedef void imap_answered(struct imap_session *s, enum mail_type type, const void *answer);

/*
 * A row of the table in imap_commands.c. `run` parses and begins; the command ends with one of imap_ok,
 * imap_no, imap_bad, at once or in an answer. "UID x" has a row of its own, "UID FETCH", with by_uid.
 */
enum {
	IMAP_BY_UID = 1 << 0,
	/* No EXPUNGE may be told while it runs or at its end (RFC 9051 section 7.5.1: FETCH, STORE, SEARCH by
	   message numbers). */
	IMAP_NO_EXPUNGE = 1 << 1,
	IMAP_STREAMS = 1 << 2,  /* its literals may be messages: see struct imap_stream */
	IMAP_BY_NUMBER = 1 << 3 /* names messages by number: refused after ENABLE UIDONLY (RFC 9586) */
};

struct imap_command {
	const char *name;
	unsigned states, flags;
	imap_run *run;
};

/* The command under way, in the session; reset with each command. `data` is the command's own, from
 * imap_command_data. */
void *imap_command_data(struct imap_session *s, size_t size,
    void (*release)(void *data));        /* zeroed; release (or NULL) is called at the command's end */
void *imap_data(struct imap_session *s); /* what imap_command_data gave */
struct arena *imap_arena(struct imap_session *s); /* lives until the command's end */
bool imap_by_uid(const struct imap_session *s);
struct view imap_tag(const struct imap_session *s);                          /* of the command */
const struct imap_selected *imap_selected_now(const struct imap_session *s); /* the same as imap_selected */
struct view imap_address(const struct imap_session *s);                      /* who is logged in */
int64_t imap_now(const struct imap_session *s);                              /* seconds since 1970 */
uint32_t imap_enabled(const struct imap_session *s);
void imap_enable(struct imap_session *s, uint32_t what);     /* with the responses that RFC 7162 wants */
struct imap_selected *imap_selected(struct imap_session *s); /* NULL: no mailbox is selected */

/* The command's end. code: "TRYCREATE", "COPYUID 1 2:3 4:5" ..., NULL for none. Before it, what has changed
 * in the selected mailbox is told. */
void imap_ok(struct imap_session *s, const char *code, const char *text);
void imap_no(struct imap_session *s, const char *code, const char *text);
void imap_bad(struct imap_session *s, const char *text);
/* NO with the code of RFC 5530 that this errno has, and words for it. `what`: "the mailbox", for the words.
 */
void imap_no_error(struct imap_session *s, int64_t error, const char *what);
/* BAD for what the parser found wrong; true when it did: `if (imap_wrong(s, in)) return;`. Demands the end of
 * the command. */
bool imap_wrong(struct imap_session *s, struct imap_in *in);

/*
 * The command under way may take long, and the client is told that it goes on (imap_tick, RFC 9585). Only for
 * one that writes whole lines: a response that waits for another answer in its middle cannot be interrupted.
 * progress: how many messages of how many are done, if anybody knows; else NULL.
 */
typedef void imap_progress(struct imap_session *s, uint64_t *done, uint64_t *total);
void imap_takes_long(struct imap_session *s, imap_progress *progress);

/*
 * Asks the account. `answered` gets every frame but MAIL_KEYWORDS, which the session takes itself; the last
 * is MAIL_DONE. When the command has ended before, nothing more comes. What changes messages (MAIL_STORE,
 * MAIL_COPY, MAIL_EXPUNGE, MAIL_APPEND) is told to the client before the command's end. Returns the
 * question's number.
 */
uint32_t imap_ask(struct imap_session *s, enum mail_type type, const void *question, imap_answered *answered);

/* A question that outlives the command: MAIL_WATCH of NOTIFY. `answered` is called for each MAIL_CHANGED,
 * whether or not a command is under way. imap_stop ends a question of either kind; no answer comes any more.
 */
uint32_t imap_ask_on(
    struct imap_session *s, enum mail_type type, const void *question, imap_answered *answered);
void imap_stop(struct imap_session *s, uint32_t request);

/* Whether the command under way may write more: else its questions' answers wait at the driver, and its own
 * work does too. */
bool imap_has_room(const struct imap_session *s);

/* Finds a mailbox by its path (own, or "Users/..."), for a command: `found` gets it, or NULL and an errno.
 * The struct is valid during the call. */
typedef void imap_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error);
void imap_find_mailbox(struct imap_session *s, struct view path, imap_found *found);

/* Tells the client what MAIL_CHANGES answers, and goes on with `then`. expunges: whether EXPUNGE and VANISHED
 * may be told now; what may not, waits. */
void imap_sync(struct imap_session *s, bool expunges, void (*then)(struct imap_session *s));

/* What imap_sync would tell of these messages' flags is known to the client, up to this modseq: STORE with
 * .SILENT, and whoever tells the flags itself. Counts until the next imap_sync is over. */
void imap_told(struct imap_session *s, struct view ranges, uint64_t modseq);

/*
 * Messages in literals: APPEND, REPLACE. A command with IMAP_STREAMS is run with its text up to the first
 * literal that is a message or a part of one: "{310}" stands at the end then, and its octets are to come.
 * Whether one is: it stands behind the mailbox, and neither "URL" nor a part of an ANNOTATION. The command
 * takes it (imap_take_literal), and goes on in `text` when the rest of the line, or of it up to the next such
 * literal, is here. Ends the command before, the rest is read and dropped.
 */
struct imap_literal {
	uint64_t size;
	bool binary;  /* literal8: "~{310}" */
	bool awaited; /* the client waits for "+" */
};
struct imap_stream {
	/* A piece, and whether it is the last; an empty literal is one empty piece. Returns how much was
	   taken; less than all: imap_go_on follows. */
	size_t (*bytes)(struct imap_session *s, struct view bytes, bool last);
	imap_run *text;
};
bool imap_in_literal(struct imap_in *in, struct imap_literal *literal);
void imap_take_literal(
    struct imap_session *s, const struct imap_literal *literal, const struct imap_stream *stream);
void imap_go_on(struct imap_session *s);

/* A line of the client for the command under way: SASL responses, DONE of IDLE. NULL: no more. */
void imap_expect_line(struct imap_session *s, void (*respond)(struct imap_session *s, struct view line));

/* The names of keywords that this session has been told. */
const struct mail_names *imap_names(const struct imap_session *s);

#endif
