/* The inside of a session, for the files that make up its core; commands use imap_private.h alone. */
#ifndef IMAP_IMAP_STATE_H
#define IMAP_IMAP_STATE_H

#include "imap/imap_private.h"
#include "imap/imap_texts.h"

enum {
	/*
	 * Octets of a command, literals included, but for messages. Programs write sets of UIDs of tens of
	 * thousands of octets, and a value of metadata has 64 KB.
	 */
	IMAP_COMMAND_MAX = 256 * 1024,
	/*
	 * The same before the login: ID of 30 fields of 1,024 octets (RFC 2971 section 3.3), or a SASL
	 * response of 12,288 octets.
	 */
	IMAP_STRANGER_MAX = 40 * 1024,
	/* A command's memory beside its text: lists that it parses, mailboxes that it gathers. */
	IMAP_ARENA_MAX = 16 * 1024 * 1024,
	/* Octets that a client sends without asking first, in a literal that is refused; they are read and
	   dropped. */
	IMAP_SKIP_MAX = 64 * 1024 * 1024,
	/* A tag is a few octets; it is repeated in the answer. */
	IMAP_TAG_MAX = 200,
	/* The text behind the end of a command: COPYUID of 100,000 single UIDs twice. */
	IMAP_END_MAX = 4 * 1024 * 1024,
	/* Memory that a quiet session may keep of its last command. */
	IMAP_KEPT_MAX = 512,
	/* What tells of changes: ranges of a mailbox in which every other message changed, of two million. */
	IMAP_RANGES_MAX = 16 * 1024 * 1024,
	/* Commands before the login: more are a guess or a nuisance. */
	IMAP_FUTILE_MAX = 100
};

/* Others' mailboxes show below this, each owner's below an address. RFC 2342 calls it the namespace of other
 * users. */
#define IMAP_OTHERS "Users/"

enum imap_input {
	IMAP_INPUT_LINE,    /* a command, from its tag on; what follows a literal; a response */
	IMAP_INPUT_LITERAL, /* octets of a literal that is gathered */
	IMAP_INPUT_MESSAGE, /* octets of a literal that go to the command, in pieces */
	IMAP_INPUT_SKIP_LITERAL
};

/* A question that is not answered to its end. */
struct imap_question {
	uint32_t request, serial; /* serial: of the command that asked; 0: it outlives the command */
	imap_answered *answered;
};

struct imap_sync {
	bool expunges;
	uint64_t since; /* the modseq behind which changes were asked for */
	struct buf changed, vanished, arrived;
	bool failed;      /* there was no memory for one of these */
	struct buf later; /* changed behind what has been told, if `later_known` */
	bool later_known;
	struct mail_done done;
	void (*then)(struct imap_session *s);
};

/* What tells of changes between commands. */
struct imap_listener {
	/* Something may be told now: a command has ended, or something has changed. */
	void (*go_on)(struct imap_session *s);
	/* The session ends, or belongs to nobody any more: all is forgotten, and nobody asked to stop. */
	void (*release)(struct imap_session *s);
};

/* What keeps searches up to date (RFC 5267): it is told what the client is told of the selected mailbox. */
struct imap_follower {
	/* These messages are about to be told to be gone; they are in the view still. */
	void (*gone)(struct imap_session *s, struct view gone);
	/* These messages of the view came or changed, and that was told; then `then`, maybe at once. */
	void (*touched)(struct imap_session *s, struct view touched, void (*then)(struct imap_session *s));
	/* Something changed, and there is no memory to say what. */
	void (*lost)(struct imap_session *s);
	/* The mailbox is not selected any more. */
	void (*release)(struct imap_session *s);
};

struct imap_session {
	struct imap_config config;
	const struct imap_backend *backend;
	void *arg;
	struct buf *out;
	enum imap_state state;
	uint32_t enabled;
	unsigned errors, futile;
	enum imap_tongue tongue; /* of the texts that it says */
	uint64_t account;
	struct view address; /* owned */

	/* Input. */
	enum imap_input input;
	struct buf text; /* of the command */
	struct buf line; /* what comes for a command that runs: the rest of it behind a message, a response */
	uint64_t literal_left;
	bool skipping_line;
	/* What a command gets that is skipped to its end: "BAD ...", "NO [TOOBIG] ..."; "": it has its
	 * answer. */
	const char *refusal;
	bool hears;      /* the command under way wants input */
	bool is_offered; /* a message's literal, of which the command knows, and which it did not take yet */
	struct imap_literal offered;

	/* The command under way. */
	const struct imap_command *command; /* NULL: none */
	uint32_t serial;
	struct view tag; /* in text */
	struct arena arena;
	bool takes_long;         /* INPROGRESS may be told of it */
	imap_progress *progress; /* NULL: nobody knows how far it is */
	int64_t progress_told;   /* when; at first when it began */
	uint32_t lowest; /* UID that it worked on, if it left out what is below (imap_limit.h); else 0 */
	void *data;
	void (*release)(void *data);
	void (*respond)(struct imap_session *s, struct view line); /* gets the next line */
	const struct imap_stream *stream;
	void (*credit)(struct imap_session *s, const struct mail_upload_credit *credit); /* has come */
	struct imap_source *source;   /* what is read by an IMAP URL: imap_source.h */
	struct imap_url_key *url_key; /* what is looked for of its mailbox: imap_urlauth.h */
	struct buf end;               /* its tagged response, while changes are told before it */
	imap_found *found;
	struct mail_mailbox *found_mailbox;
	struct view find_path, find_owner;

	/* Questions. */
	uint32_t last_request, last_upload;
	struct imap_question *questions;
	size_t question_count, question_room;
	struct mail_names names; /* of keywords */
	bool login_garbled;      /* the login was cancelled by us: its line was no base64 */
	bool securing, closing, idling, deflating;
	const struct imap_listener *listener;   /* NOTIFY's */
	struct imap_notify *notify;             /* imap_notify.c; owned by the listener, */
	struct imap_notify_fetching *notifying; /* and so is this, of imap_notify_fetch.c */
	bool telling;                           /* something is told that was not asked for: commands wait */
	bool listens;                           /* NOTIFY is on */

	/* The selected mailbox. */
	struct imap_selected *selected;
	uint32_t watch;   /* the question that tells of its changes; 0: none */
	bool claims;      /* messages that come are \Recent to this session, if to no other */
	bool unclaimed;   /* some came while it was idle */
	uint32_t claimed; /* UIDs below have been claimed, by this session or another */
	bool news;        /* there may be changes that the client was not told of */
	bool untold;      /* the same, but it failed just now: they are told with the next command or event */
	bool flags_untold;      /* keywords have got names since FLAGS was told */
	struct imap_sync *sync; /* under way */
	struct buf gone;        /* messages that are gone, and still in the view */
	struct buf told;        /* flags that the client knows already, up to told_modseq */
	uint64_t told_modseq;
	struct buf noted;                     /* annotations that others set, to be told: imap_noted.c */
	uint16_t noted_lines;                 /* that this will take */
	bool noted_lost;                      /* there were more of them */
	bool notes_annotations;               /* NOTIFY tells of them in the selected mailbox */
	const struct imap_follower *follower; /* NULL: no search is kept up to date */
	struct imap_contexts *contexts;       /* imap_context.c; owned by the follower */
	bool told_new_names; /* among them keywords whose names the session doesn't know yet */
};

/* The command that a text begins: its row, tag and what stands behind its name and a space. NULL: an unknown
 * one; *tag may be empty then. */
const struct imap_command *imap_command_find(struct view text, struct view *tag, struct view *rest);

/* The row of the table with this name, any case; NULL: there is none. */
const struct imap_command *imap_command_named(struct view name);

/* "BAD ...": why a command cannot be given now. */
const char *imap_wrong_state(const struct imap_session *s);

/* Runs what has been gathered: a whole command, or one up to the literal of a message. */
void imap_command_run(struct imap_session *s);

/* The session waits for nothing and has no command: memory is given back. */
void imap_command_end(struct imap_session *s);

/* Answers a command that has not begun. */
void imap_refuse(struct imap_session *s, struct view tag, const char *refusal);

/* As users name it: its path, below "Users/ADDRESS/" when it is another's. False without room. */
bool imap_mailbox_name(struct arena *arena, const struct mail_mailbox *mailbox, struct view *name);

struct imap_view *imap_view_new(void);
struct imap_view *imap_view_copy(const struct imap_view *v); /* NULL without memory */
void imap_view_free(struct imap_view *v);                    /* NULL is allowed */
/* Takes in what is behind its last UID; takes out what is in it of these. False without memory. */
bool imap_view_add(struct imap_view *v, struct view ranges);
bool imap_view_remove(struct imap_view *v, struct view ranges);
/* Appends the UIDs of these message numbers, which are there. The result of buf_append. */
int imap_view_slice(const struct imap_view *v, uint32_t first, uint32_t last, struct buf *out);

/* An error of the client: too many of them end the session. */
void imap_count_error(struct imap_session *s);

/* Says something to the account that has no answer of its own; or more of a question that is under way. */
void imap_tell(struct imap_session *s, uint32_t request, enum mail_type type, const void *said);

/* "Users/ADDRESS/path" into owner and path; one's own: no owner. False: it is a level above others'
 * mailboxes. */
bool imap_split_name(struct view name, struct view *owner, struct view *path);

/* "* 3 FETCH (FLAGS ...)" of a message of the view, with what the client has enabled. */
void imap_put_flags_of(struct imap_session *s, const struct mail_message *m);

/* What the watch of the selected mailbox says. */
imap_answered imap_on_watch;

/* FLAGS and PERMANENTFLAGS of the selected mailbox. */
void imap_put_known_flags(struct imap_session *s);
/* The same, if there are names that the client has not been told: before a line in which they may stand. */
void imap_put_untold_flags(struct imap_session *s);

void imap_sync_forget(struct imap_session *s);
void imap_close(struct imap_session *s);
void imap_questions_forget(struct imap_session *s);
void imap_unselect(struct imap_session *s);
void imap_selected_forget(struct imap_session *s);
void imap_put_capabilities(struct imap_session *s);
/* "* NAMESPACE ...", with the translation of the prefix (RFC 5255 section 3.4). */
void imap_put_namespace(struct imap_session *s);

#endif
