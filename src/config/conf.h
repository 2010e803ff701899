/*
 * The grammar of the configuration file: NAME = VALUE, where VALUE is a word, a text in quotes, or a list
 * {VALUE, ...}; include("FILE") reads another file in its place; # and // begin a comment, and what stands
 * between slash-star and star-slash is one. Names and meanings are the table's (settings.c). Each statement
 * keeps where it stands, for whoever complains of it, and for `postrider config set`, which writes the file
 * anew around it.
 */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include <sys/stat.h>

#include "config/findings.h"

enum {
	CONF_FILES_MAX = 32,        /* the file and what it includes */
	CONF_SIZE_MAX = 1 << 20,    /* of one file: every setting with its comment takes 30 KB */
	CONF_MEMORY_MAX = 16 << 20, /* for all that is read out of the files */
	CONF_DEPTH_MAX = 8,         /* includes within includes */
	CONF_ELEMENTS_MAX = 4096    /* of one list */
};

struct conf_value {
	struct view text;
	unsigned line;
};

struct conf_statement {
	struct view name;
	struct conf_value *values;
	size_t count;
	bool list;         /* in braces */
	unsigned file;     /* number in struct conf's files */
	unsigned line;     /* of the name */
	size_t begin, end; /* in the file's text: from the name to behind the value */
	struct conf_statement *next;
};

struct conf_file {
	char *path;
	struct buf text;
	struct stat seen; /* as it was when it was read, for conf_replace; of a text nothing */
};

/* A file that is read as if this were its text: what it is to become. */
struct conf_instead {
	const char *path;
	struct view text;
};

struct conf {
	struct arena arena;
	struct conf_file files[CONF_FILES_MAX];
	unsigned file_count;
	struct conf_statement *first, *last;
	const struct conf_instead *instead; /* may be NULL; is used while the file is read */
};

void conf_init(struct conf *c);
void conf_done(struct conf *c);

/*
 * Reads a file and all that it includes. Whatever is no statement is told in *found, and what follows is read
 * on. Returns 0, or a negative errno when the file itself cannot be read, which is told as well.
 * conf_read_text does so with a text; `path` is what it is called.
 */
int conf_read(struct conf *c, const char *path, struct findings *found);
int conf_read_text(struct conf *c, const char *path, struct view text, struct findings *found);

/* Appends a value as it may stand in a file: in quotes, with what must be escaped. */
void conf_put_text(struct buf *out, struct view value);

#endif
