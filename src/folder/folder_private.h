/* Inside folder/: what the formats share. */
#ifndef FOLDER_FOLDER_PRIVATE_H
#define FOLDER_FOLDER_PRIVATE_H

#include "base/map.h"
#include "folder/folder.h"

/* ---- files ---- */

/* Opens a regular file for reading, following no link at its end. The descriptor or a negative errno:
 * -EINVAL: it is no regular file. `at`, if not NULL, is its time of change. */
int folder_open_file(int folder, const char *name, uint64_t *size, int64_t *at);
int folder_open_folder(int folder, const char *name);

/* The same below the tree's root, level by level, so that no link is followed on the way either. */
int folder_open_below(int root, struct view location, bool is_folder);

/* Appends a whole file of at most `max` octets. 0, -EFBIG or another negative errno. */
int folder_read_file(int folder, const char *name, size_t max, struct buf *out);
int folder_read_all(int fd, size_t max, struct buf *out);

int folder_write_all(int fd, struct view bytes);

/* Replaces a file in one step, durably. */
int folder_replace(int folder, const char *name, struct view content);

/* Names in a folder, in byte order, without those that begin with a dot unless `hidden`. 0 or a negative
 * errno. */
struct folder_names {
	struct arena arena;
	struct view *items; /* NUL-terminated */
	size_t count, room;
};
int folder_names_read(int folder, bool hidden, struct folder_names *names);
void folder_names_done(struct folder_names *names);

/* ---- texts ---- */

/* Appends text with CR LF for each LF that stands alone. */
void folder_take_text(struct buf *out, struct view text);

/* Appends text with LF for each CR LF. */
void folder_give_text(struct buf *out, struct view text);

/* A keyword that IMAP can name (RFC 9051 section 9, flag-keyword). */
bool folder_is_keyword(struct view name);

/* Adds a name to a message's keywords, each once; one that is none, or one too many, is left out. */
void folder_add_keyword(struct buf *keywords, struct view name);

bool folder_is_uidl(struct view text);

/* When the message says that it arrived: its first Received field, or else its Date. 0: neither tells. */
int64_t folder_message_date(struct view body);

/* Flags by their names in IMAP, "\Seen" and so on, and back. */
struct folder_flag {
	uint64_t flag;
	const char *name;
	char maildir;
};
extern const struct folder_flag folder_flags[5];

/* ---- names of mailboxes ---- */

/* A level's name as a file's, in UTF-8: what a file may not be called is written as Courier does ("&AC4-").
 */
int folder_level_to_file(struct buf *out, struct view level);
/* A file's name (without its suffix) as a level, in UTF-8 whatever it was written in. */
int folder_level_from_file(struct buf *out, struct view name);

/* A path as a Maildir++ folder's name (".Work.2024"), and back. */
int maildir_name_encode(struct buf *out, struct view path);
int maildir_name_decode(struct buf *out, struct view name);

/* ---- formats ---- */

struct folder_reader {
	int (*next)(struct folder_reader *r, struct folder_message *m, struct buf *body);
	void (*progress)(const struct folder_reader *r, uint64_t *done, uint64_t *total);
	void (*close)(struct folder_reader *r);
};

/* `folder` and `file` become the reader's, on failure too. */
int maildir_reader_open(int folder, struct folder_reader **out);
int mbox_reader_open(int file, bool quoted_once, struct folder_reader **out);
int eml_reader_open(int folder, struct folder_reader **out);

/* Whether a file's first octets begin an mbox. */
bool mbox_is_begun(int file);

/* The file beside .eml files that keeps what they have no place for. */
extern const char eml_notes_name[];

/* Subscriptions of a Maildir's root, as Dovecot and Courier note them: paths with "/". 0 or a negative errno;
 * -ENOENT: it notes none. */
int maildir_read_subscriptions(int root, void (*subscribed)(void *arg, struct view path), void *arg);

struct folder_format_writer {
	int (*begin)(struct folder_writer *w, struct view path, uint32_t uidvalidity, uint32_t uidnext);
	bool (*has)(struct folder_writer *w, const struct folder_message *m, uint64_t size);
	int (*put)(struct folder_writer *w, const struct folder_message *m, struct view body);
	int (*end)(struct folder_writer *w);
	void (*abandon)(struct folder_writer *w);
	int (*subscriptions)(struct folder_writer *w);
};

struct folder_writer {
	const struct folder_format_writer *format;
	int root, folder, file;   /* -1: none is open */
	bool open;                /* between begin and end */
	struct buf subscriptions; /* paths, each with LF */
	struct buf notes;         /* of the mailbox, in the format's own form */
	struct buf text;          /* of the message on its way */
	struct buf name;          /* of the mailbox's file */
	struct map *files;        /* Maildir: base names of what is there -> the file's whole name */
	struct view keywords[26]; /* Maildir: their letters' names */
	struct arena arena;       /* of the mailbox */
	size_t keyword_count;
	uint64_t lost_keywords, messages;
};

extern const struct folder_format_writer maildir_writer, mbox_writer, eml_writer;

/* A folder for a mailbox's file, made with those above it: the last level's name is appended to `last`. */
int folder_make_parents(int root, struct view path, struct buf *last);

#endif
