/*
 * Mail as other programs keep it on a disk: Maildir and Maildir++, mbox, folders of .eml files. A tree is
 * looked through for mailboxes, and each mailbox is read message by message, with all that these programs
 * note beside it: flags, keywords, dates, UIDs, UIDLs, subscriptions. The writers make the same, so that
 * whatever leaves a server through here comes back unchanged.
 *
 * What is read was made by others, perhaps by one who may not read what we may: no symbolic link is followed,
 * nothing but regular files is opened, and each length and count has a limit. A message that cannot be read
 * is named and passed over.
 *
 * All of this reads and writes files and waits for the disk: it is for commands, not for a role.
 */
#ifndef FOLDER_FOLDER_H
#define FOLDER_FOLDER_H

#include "base/arena.h"
#include "base/buf.h"
#include "mail/mail_flags.h"

enum folder_format {
	FOLDER_UNKNOWN, /* to be found out */
	FOLDER_MAILDIR,
	FOLDER_MBOX,  /* one ">" goes from lines that begin with any number of them and "From " (mboxrd) */
	FOLDER_MBOXO, /* it goes from lines that begin with exactly one */
	FOLDER_EML
};

enum {
	/* A message is held in memory whole; providers take some 50 MB, and base64 adds a third. */
	FOLDER_MESSAGE_MAX = 256 * 1024 * 1024,
	/* As many as an account can have; and levels of them. */
	FOLDER_MAILBOXES_MAX = 5000,
	FOLDER_DEPTH_MAX = 20,
	/* Octets of a mailbox's path, and of a file's place below the root. */
	FOLDER_PATH_MAX = 4200,
	/* Keywords of one message: what a question of mail/mail.h takes. */
	FOLDER_KEYWORDS_MAX = 100,
	FOLDER_UIDL_MAX = 70, /* RFC 1939 section 7 */
	/* Files that note UIDs, keywords or subscriptions: 100 octets for each of two million messages. */
	FOLDER_NOTES_MAX = 200 * 1024 * 1024
};

/* The format of that name ("maildir", "mbox", "mboxo", "eml"); FOLDER_UNKNOWN: there is none. */
enum folder_format folder_format_by_name(struct view name);

/* ---- the tree ---- */

struct folder_mailbox {
	struct view path;     /* UTF-8, levels joined by "/"; "INBOX" for the root of a Maildir */
	struct view location; /* of its folder or file, below the tree's root; empty: the root itself */
	enum folder_format format;
	bool subscribed;
};

struct folder_tree {
	int root; /* descriptor of the folder, or of the one file */
	struct arena arena;
	struct folder_mailbox *mailboxes; /* by path */
	size_t count, room;
	bool knows_subscriptions; /* `subscribed` means something */
};

/* Told of what cannot be read, and why; goes on behind it. `where` is the place below the root. */
typedef void (*folder_problem)(void *arg, struct view where, const char *why);

/*
 * Looks through what `path` names: a folder, or one file. `name`: what the root itself is called as a
 * mailbox, when it is not INBOX. 0; or a negative errno, and then there is nothing to free: -ENOENT, -EACCES
 * ...; -ENODATA: no mailbox was found there; -E2BIG: more than FOLDER_MAILBOXES_MAX.
 */
int folder_tree_read(const char *path, struct view name, enum folder_format format, struct folder_tree *tree,
    folder_problem problem, void *arg);
void folder_tree_done(struct folder_tree *tree);

/* ---- messages ---- */

struct folder_message {
	/* What tells it from all others in its mailbox, the same at each reading of the same files; it serves
	   to name it to people, too. */
	struct view name;
	int64_t date;         /* when it arrived, seconds since 1970; 0: nothing tells */
	uint64_t flags;       /* of FLAGS_SYSTEM */
	struct view keywords; /* names with one space between them */
	struct view uidl;     /* as a POP3 server told it; empty: none is known */
	uint32_t uid;         /* 0: none is known. Messages with one come first, ascending */
};

struct folder_reader;

/* Opens a mailbox of the tree. 0, or a negative errno with nothing to close. */
int folder_reader_open(
    const struct folder_tree *tree, const struct folder_mailbox *mailbox, struct folder_reader **out);

/*
 * The next message, with CR LF at the end of each line. 1; 0 at the end; or a negative errno: this message
 * cannot be read (message->name tells which one), go on with the next. Views live until the next call.
 * -EFBIG: longer than FOLDER_MESSAGE_MAX.
 */
int folder_reader_next(struct folder_reader *reader, struct folder_message *message, struct buf *body);

/* How far it is, in parts of `*total`; both may grow. */
void folder_reader_progress(const struct folder_reader *reader, uint64_t *done, uint64_t *total);

void folder_reader_close(struct folder_reader *reader); /* NULL is allowed */

/* ---- writing ---- */

struct folder_writer;

/*
 * Writes below `path`, a folder that is made if it is missing. What an earlier run has written there stays: a
 * message that is there already is not written again. 0, or a negative errno with nothing to close.
 */
int folder_writer_open(const char *path, enum folder_format format, struct folder_writer **out);

/* Begins a mailbox. uidvalidity and uidnext are noted where the format has a place for them. */
int folder_writer_begin(
    struct folder_writer *w, struct view path, bool subscribed, uint32_t uidvalidity, uint32_t uidnext);

/*
 * Whether a message of this name and size (octets with CR LF) is there already. If it is, its flags are
 * brought to what the message says, and no folder_writer_put may follow.
 */
bool folder_writer_has(struct folder_writer *w, const struct folder_message *message, uint64_t size);

/* Adds a message. message->name: unique in its mailbox, of letters, digits and dashes. 0 or a negative errno.
 */
int folder_writer_put(struct folder_writer *w, const struct folder_message *message, struct view body);

/* Ends the mailbox: it is complete, and on the disk. 0 or a negative errno. */
int folder_writer_end(struct folder_writer *w);

/* Keywords that the format has no room for (a Maildir has 26). */
uint64_t folder_writer_lost_keywords(const struct folder_writer *w);

/* What was begun and not ended is left incomplete. 0 or a negative errno, when the notes cannot be written.
 */
int folder_writer_close(struct folder_writer *w);

#endif
